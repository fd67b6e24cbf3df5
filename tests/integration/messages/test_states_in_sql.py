"""The transition table as PostgreSQL runs it is the one in Python."""

import asyncpg

from app.messages.statements.batch import case_of
from app.messages.states import Event, Status, after


async def test_the_case_in_sql_agrees_with_the_table_for_every_status_and_event(
    connection: asyncpg.Connection,
) -> None:
    case = case_of(list(Event), "s.status", "e.event")
    pairs = "unnest($1::text[]) AS s(status), unnest($2::text[]) AS e(event)"
    rows = await connection.fetch(
        f"SELECT s.status, e.event, {case} AS target FROM {pairs}",  # noqa: S608 - constants
        list(Status),
        list(Event),
    )
    assert len(rows) == len(Status) * len(Event)
    in_sql = {(row["status"], row["event"]): row["target"] for row in rows}
    assert in_sql == {(status, event): after(status, event) for status in Status for event in Event}


async def test_an_event_that_is_not_among_the_given_ones_changes_nothing(connection: asyncpg.Connection) -> None:
    case = case_of([Event.RECEIPT_READ], "$1::text", "$2::text")
    for event in Event:
        expected = Status.READ if event is Event.RECEIPT_READ else Status.SENDING
        assert await connection.fetchval(f"SELECT {case}", Status.SENDING, event) == expected
