"""What one customer may get of one number just now: Meta's pair limit.

It is kept in rows that the claim's transaction locks, so it holds for any number of workers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.messages.statements.batch import Connection

PLACE = 1.05
"""Intervals from one promised place to the next: a little more than one, so that whoever comes to its place finds it
paid for, though the one before it came some milliseconds late."""

PACE_PAIRS = f"""
    INSERT INTO pair_paces AS p (business_id, sender_id, contact_id, burst_from, burst, granted, free_at, promised_to)
    SELECT $1, $2, i.contact_id, $3::timestamptz, first, first, $3::timestamptz + first * $4::interval,
           $3::timestamptz + first * $4::interval + (i.asked - first) * {PLACE} * $4::interval
      FROM unnest($6::uuid[], $7::int[]) AS i(contact_id, asked), least(i.asked, $5::int) AS first
    ON CONFLICT (business_id, sender_id, contact_id) DO UPDATE
       SET (burst_from, burst, granted, free_at, promised_to) = (
            SELECT burst_from, burst + more, more, free_at + more * $4::interval,
                   greatest(free_at + more * $4::interval, p.promised_to) + (asked - more) * {PLACE} * $4::interval
              FROM (SELECT burst_from, burst, free_at, asked,
                           -- Within a burst's first interval more may go; after it, only when it is paid for.
                           CASE WHEN burst_from + $4::interval > $3::timestamptz
                                THEN least(asked, $5::int - burst) ELSE 0 END AS more
                      FROM (SELECT CASE WHEN paid THEN $3::timestamptz ELSE p.burst_from END AS burst_from,
                                   CASE WHEN paid THEN 0 ELSE p.burst END AS burst,
                                   CASE WHEN paid THEN $3::timestamptz ELSE p.free_at END AS free_at,
                                   excluded.granted + round(extract(epoch FROM excluded.promised_to - excluded.free_at)
                                       / extract(epoch FROM $4::interval) / {PLACE})::int AS asked
                              FROM (SELECT p.free_at <= $3::timestamptz AS paid) AS ledger) AS before) AS grants)
    RETURNING contact_id, granted, free_at, promised_to
"""  # noqa: S608 - constants
"""$1 business, $2 sender, $3 now, $4 interval, $5 most at once, $6 and $7 customers in order and how many messages each
is to get."""


@dataclass(frozen=True, slots=True)
class PairGrant:
    granted: int
    free_at: datetime
    promised_to: datetime


async def pace_pairs(
    connection: Connection,
    business_id: UUID,
    sender_id: UUID,
    asked: Mapping[UUID, int],
    *,
    now: datetime,
    interval: timedelta,
    burst: int,
) -> dict[UUID, PairGrant]:
    """How many of the messages asked for each customer may go now."""
    contacts = sorted(asked)
    counts = [asked[contact] for contact in contacts]
    rows = await connection.fetch(PACE_PAIRS, business_id, sender_id, now, interval, burst, contacts, counts)
    return {row["contact_id"]: PairGrant(row["granted"], row["free_at"], row["promised_to"]) for row in rows}


BLOCK_PAIR = """
    UPDATE pair_paces p SET free_at = $4::timestamptz, burst_from = 'epoch', burst = 0
     WHERE p.business_id = $1 AND p.sender_id = $2 AND p.contact_id = $3
"""


async def block_pair(
    connection: Connection, business_id: UUID, sender_id: UUID, contact_id: UUID, until: datetime
) -> None:
    """After Meta said that this customer got too much from this number: silence until then, for what follows too.

    Meta's word goes before our own count, in which this message stands though it did not leave.
    """
    await connection.execute(BLOCK_PAIR, business_id, sender_id, contact_id, until)


GIVE_BACK_PAIRS = """
    UPDATE pair_paces p
       SET free_at = p.free_at - i.messages * $3::interval, burst = greatest(0, p.burst - i.messages)
      FROM unnest($4::uuid[], $5::int[]) AS i(contact_id, messages)
     WHERE p.business_id = $1 AND p.sender_id = $2 AND p.contact_id = i.contact_id AND p.contact_id = ANY($4::uuid[])
       AND p.burst > 0 -- or Meta has set the time
"""


async def give_back_pairs(
    connection: Connection, business_id: UUID, sender_id: UUID, messages: Mapping[UUID, int], interval: timedelta
) -> None:
    """For messages that Meta refused, or that never left: they do not count there either."""
    contacts = sorted(messages)
    counts = [messages[contact] for contact in contacts]
    await connection.execute(GIVE_BACK_PAIRS, business_id, sender_id, interval, contacts, counts)


FORGET_PAIRS = "DELETE FROM pair_paces WHERE free_at < $1"


async def forget_pairs(connection: Connection, before: datetime) -> None:
    """What no longer holds anything back."""
    await connection.execute(FORGET_PAIRS, before)
