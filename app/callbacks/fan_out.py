"""Which events an endpoint gets, found without missing any, and without waiting for transactions that still run.

An event carries the number of its transaction, given when that began to write; events become visible when transactions
end, in another order. So an endpoint remembers up to where it has looked as PostgreSQL describes a snapshot: a number
before which it has seen everything (`seen_before`), except what belongs to transactions that still ran then
(`seen_except`). What is new since then has a number from there on, or is of one of those exceptions: both are found by
the index of the feed.

**Nothing is missed.** The new place is that of a snapshot taken *before* the statement that looks. Whatever was visible
to that snapshot is visible to the statement, which takes it; whatever was not is still new by the new place. What the
statement sees beyond that snapshot it takes, too, and passes over the next time, as there is a delivery already. The
transaction that fans out tells no event itself: its own number may count as seen.

**Order.** If of one contact event A came about before event B, A's transaction had ended when B's got hold of what both
tell of. So A has the smaller `sequence`, and whoever sees B sees A. One statement sees by one snapshot: it takes both,
or A has been taken before. Deliveries are only claimed when a fan-out was complete, in the same transaction, and who
fans out or claims holds the row of the endpoint. So no claim finds B without A; and of a contact's pending deliveries
only one is ever due, the others wait for it in the order of `sequence`. A fan-out in parts goes by the order of
transactions and may take B before A: in it nothing becomes due before the last part.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from app.callbacks.lanes import let_first_go
from app.callbacks.models import ENDPOINT_TEST
from app.core.database import Connection

AT_ONCE = 5_000
"""Events looked through in one transaction: after a long rest the first few are quick, and none of the rest claimed."""

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_NO_END = 2**63 - 1

LOOK = """
    WITH now AS (SELECT pg_current_snapshot() AS snapshot)
    SELECT pg_snapshot_xmax(snapshot)::text::bigint AS before,
           ARRAY(SELECT running::text::bigint FROM pg_snapshot_xip(snapshot) AS running) AS except,
           (SELECT transaction FROM callback_events
             WHERE business_id = $1 AND mode = $2 AND transaction >= $3
             ORDER BY transaction, id OFFSET $5 LIMIT 1) AS up_to,
           EXISTS (SELECT FROM callback_events WHERE business_id = $1 AND mode = $2 AND transaction >= $3)
           OR EXISTS (SELECT FROM callback_events
                       WHERE business_id = $1 AND mode = $2 AND transaction = ANY($4::bigint[])) AS is_news
      FROM now
"""

FAN_OUT = """
    WITH fresh AS (
        SELECT e.id, e.sequence, e.contact_id,
               row_number() OVER (PARTITION BY e.contact_id ORDER BY e.sequence) AS place
          FROM (SELECT id, sequence, contact_id, type, created_at FROM callback_events
                 WHERE business_id = $1 AND mode = $3 AND transaction = ANY($5::bigint[])
                UNION ALL
                SELECT id, sequence, contact_id, type, created_at FROM callback_events
                 WHERE business_id = $1 AND mode = $3 AND transaction BETWEEN $4 AND $6) e
         WHERE ($7::text[] IS NULL OR e.type = ANY($7)) AND e.type <> $8 AND (e.created_at >= $9) IS TRUE
           AND NOT EXISTS (SELECT FROM callback_deliveries d
                            WHERE d.business_id = $1 AND d.endpoint_id = $2 AND d.event_id = e.id OFFSET 0))
    INSERT INTO callback_deliveries
           (business_id, endpoint_id, event_id, sequence, contact_id, status, created_at, due_at)
    SELECT $1, $2, id, sequence, contact_id, 'pending', $10,
           CASE WHEN contact_id IS NULL
                  OR (NOT $11::bool AND place = 1
                      AND NOT EXISTS (SELECT FROM callback_deliveries d
                                       WHERE d.business_id = $1 AND d.endpoint_id = $2 AND d.status = 'pending'
                                         AND d.contact_id = fresh.contact_id))
                THEN $10::timestamptz END
      FROM fresh
"""

"""The comparison of times is written so that no index by time alone is thought of, and what is there already looked up
by its key, whatever is known of the table (OFFSET)."""

MOVE_ON = """
    UPDATE callback_endpoints SET seen_before = $3, seen_except = $4, is_behind = $5 WHERE business_id = $1 AND id = $2
"""

OF_ENDPOINT = """
    SELECT mode, types, started_at, seen_before, seen_except, is_behind
      FROM callback_endpoints WHERE business_id = $1 AND id = $2
"""


async def fan_out(
    connection: Connection, business_id: UUID, endpoint_id: UUID, now: datetime, *, most: int = AT_ONCE
) -> bool:
    """Adds deliveries of what is new, in a transaction that holds the endpoint's row. Answers whether that was all."""
    endpoint = await connection.fetchrow(OF_ENDPOINT, business_id, endpoint_id)
    assert endpoint is not None  # noqa: S101 - it is held
    since, exceptions, not_before = endpoint["seen_before"], endpoint["seen_except"], _LONG_AGO
    look = await _look(connection, business_id, endpoint["mode"], since, exceptions, most)
    if since > look["before"]:
        # Restored into another server, whose transactions are counted anew: what has no delivery yet is new.
        since, exceptions, not_before = 0, [], endpoint["started_at"]
        look = await _look(connection, business_id, endpoint["mode"], since, exceptions, most)
    elif not look["is_news"] and not endpoint["is_behind"]:
        return True
    up_to = look["up_to"] if look["up_to"] is not None else _NO_END
    is_complete = up_to == _NO_END
    await connection.execute(
        FAN_OUT,
        business_id,
        endpoint_id,
        endpoint["mode"],
        since,
        exceptions,
        up_to,
        endpoint["types"],
        ENDPOINT_TEST,
        not_before,
        now,
        endpoint["is_behind"] or not is_complete,
    )
    if is_complete and endpoint["is_behind"]:
        await let_first_go(connection, business_id, endpoint_id, now)
    before = look["before"] if is_complete else min(up_to + 1, look["before"])
    running = [one for one in look["except"] if one < before]
    await connection.execute(MOVE_ON, business_id, endpoint_id, before, running, not is_complete)
    return is_complete


async def _look(
    connection: Connection, business_id: UUID, mode: str, since: int, exceptions: Sequence[int], most: int
) -> asyncpg.Record:
    found = await connection.fetchrow(LOOK, business_id, mode, since, exceptions, most)
    assert found is not None  # noqa: S101 - of one row whatever is there
    return found
