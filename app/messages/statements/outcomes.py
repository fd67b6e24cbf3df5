"""What came of calls to Meta: the attempt, and the message's next status."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from app.core.marks import marking
from app.messages.statements.batch import ONLY_THESE, Connection, case_of, columns_of, unnest
from app.messages.states import Event, Status


@dataclass(slots=True)
class Outcome:
    """What came of one call, to be recorded."""

    business_id: UUID
    id: UUID
    number: int
    event: str
    """A value of states.Event."""
    outcome: str
    """As `attempts.outcome`."""
    started_at: datetime | None
    ended_at: datetime
    wamid: str | None
    error: str | None
    """JSON, for the attempt."""
    reason: str | None
    waiting_for: str | None
    due_at: datetime | None
    """When to look again; null when nothing is left to do."""
    failure: str | None
    """JSON, for a message that ends here."""
    note: str | None
    """JSON array of verdicts to add to the decision."""
    template_version: int | None
    """Of its template, that Meta was asked to send; none where nobody knows."""


_ANSWERS = (
    Event.ANSWER_ACCEPTED,
    Event.ANSWER_RETRY,
    Event.ANSWER_REFUSED,
    Event.ANSWER_LOST,
    Event.LEASE_ENDED,
)

_OUTCOME_FIELDS = [field.name for field in fields(Outcome)]

# An acceptance is true whenever it comes; any other answer speaks only of its own attempt.
_ANSWERED_STATUS = f"""CASE WHEN i.event = '{Event.ANSWER_ACCEPTED}' OR m.attempt_count = i.number
                THEN {case_of(_ANSWERS, "m.status", "i.event")} ELSE m.status END"""
_MOVED = f"({_ANSWERED_STATUS}) <> m.status"


def _recorded(then: str) -> str:
    """`then`: what is done with those that were found."""
    return f"""
    WITH i AS MATERIALIZED (SELECT * FROM {unnest(_OUTCOME_FIELDS)}),
    noted AS (
        INSERT INTO attempts (business_id, message_id, number, outcome, started_at, ended_at, wamid, error)
        SELECT business_id, id, number, outcome, started_at, ended_at, wamid, error::json FROM i
        ON CONFLICT (business_id, message_id, number) DO UPDATE
           SET outcome = excluded.outcome, started_at = excluded.started_at, ended_at = excluded.ended_at,
               wamid = excluded.wamid, error = excluded.error
         WHERE attempts.outcome = 'unknown'),
    moved AS (
    UPDATE messages m
       SET status = {_ANSWERED_STATUS},
           wamid = CASE WHEN m.content_erased_at IS NULL THEN coalesce(m.wamid, i.wamid) ELSE m.wamid END,
           template_version = coalesce(i.template_version, m.template_version),
           accepted_at = CASE WHEN i.event = '{Event.ANSWER_ACCEPTED}' THEN coalesce(m.accepted_at, i.ended_at)
                              ELSE m.accepted_at END,
           due_at = CASE WHEN {_MOVED} THEN i.due_at ELSE m.due_at END,
           lease_until = CASE WHEN {_MOVED} THEN NULL ELSE m.lease_until END,
           reason = CASE WHEN {_MOVED} THEN i.reason ELSE m.reason END,
           waiting_for = CASE WHEN {_MOVED} THEN i.waiting_for ELSE m.waiting_for END,
           failed_at = CASE WHEN {_MOVED} AND i.event = '{Event.ANSWER_REFUSED}' THEN i.ended_at ELSE m.failed_at END,
           failure = CASE WHEN NOT ({_MOVED}) THEN m.failure
                          WHEN m.content_erased_at IS NULL THEN i.failure::json
                          ELSE (i.failure::jsonb - 'details' - 'trace_id')::json END,
           decision = CASE WHEN {_MOVED} AND i.note IS NOT NULL THEN m.decision || i.note::jsonb ELSE m.decision END
      FROM i
     WHERE m.business_id = i.business_id AND m.id = i.id AND {ONLY_THESE}
    RETURNING m.business_id, m.id, m.send_at, m.status)
    {then}
"""  # noqa: S608 - constants


RECORD = _recorded(marking("moved"))
"""A receipt that came before the answer has already said more than the answer can: then nothing moves."""

RECORD_AND_SHOW = _recorded(f", marked AS ({marking('moved')}) SELECT id, status FROM moved")  # noqa: S608 - constants
"""For those who must know what became of each."""


async def record(connection: Connection, outcomes: Sequence[Outcome]) -> None:
    """Writes what came of calls: the attempt, and the message's next status."""
    rows = sorted(outcomes, key=lambda row: row.id)
    await connection.execute(RECORD, *columns_of(rows, _OUTCOME_FIELDS))


async def record_and_show(connection: Connection, outcomes: Sequence[Outcome]) -> dict[UUID, Status]:
    """The same, answering the status that each message has now."""
    rows = sorted(outcomes, key=lambda row: row.id)
    shown = await connection.fetch(RECORD_AND_SHOW, *columns_of(rows, _OUTCOME_FIELDS))
    return {row["id"]: Status(row["status"]) for row in shown}
