"""How many customers all numbers of a business may begin to message in 24 hours: Meta's limit for a portfolio.

Kept in rows that the claim's transaction locks, so that it holds for any number of workers. Source: Meta's page
"Messaging limits".
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.core.database import Connection

SLOT = timedelta(minutes=10)
DAY = timedelta(hours=24)

LOCK_PORTFOLIO = "SELECT messaging_limit FROM portfolios WHERE business_id = $1 AND mode = $2 FOR UPDATE"

COUNTED_CONTACTS = """
    SELECT p.contact_id, p.counted_at
      FROM unnest($3::uuid[]) AS i(contact_id),
           LATERAL (SELECT * FROM portfolio_contacts p
                     WHERE p.business_id = $1 AND p.mode = $2 AND p.contact_id = i.contact_id LIMIT 1) AS p
     WHERE p.counted_at > $4::timestamptz
"""

COUNTED_SLOTS = """
    SELECT starts_at, counted FROM portfolio_slots
     WHERE business_id = $1 AND mode = $2 AND starts_at > $3::timestamptz ORDER BY starts_at
"""

COUNT_CONTACTS = """
    WITH counted AS (
        INSERT INTO portfolio_contacts AS p (business_id, mode, contact_id, counted_at)
        SELECT $1, $2, contact_id, $4::timestamptz FROM unnest($3::uuid[]) AS i(contact_id)
        ON CONFLICT (business_id, mode, contact_id) DO UPDATE SET counted_at = excluded.counted_at)
    INSERT INTO portfolio_slots AS s (business_id, mode, starts_at, counted)
    SELECT $1, $2, i.starts_at, i.change FROM unnest($5::timestamptz[], $6::int[]) AS i(starts_at, change)
    ON CONFLICT (business_id, mode, starts_at) DO UPDATE SET counted = s.counted + excluded.counted
"""
"""$3 customers, $4 now, $5 and $6 slots and by how much their counts change."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a portfolio may still do today. Locked until the end of the transaction."""

    limit: int
    used: int
    counted: Mapping[UUID, datetime]
    """Of the customers asked about, those who are counted already, and when they were."""
    frees_at: datetime
    """When the oldest of what is used is a day old."""


async def budget(
    connection: Connection, business_id: UUID, mode: str, contacts: Sequence[UUID], now: datetime
) -> Budget | None:
    """Nothing where the portfolio is unlimited. A slot counts until its last moment is a day old: never too few."""
    limit = await connection.fetchval(LOCK_PORTFOLIO, business_id, mode)
    if limit is None:
        return None
    counted = await connection.fetch(COUNTED_CONTACTS, business_id, mode, contacts, now - DAY)
    slots = await connection.fetch(COUNTED_SLOTS, business_id, mode, now - DAY - SLOT)
    frees_at = (slots[0]["starts_at"] if slots else now) + DAY + SLOT
    used = sum(row["counted"] for row in slots)
    return Budget(limit, used, {row["contact_id"]: row["counted_at"] for row in counted}, frees_at)


async def count_contacts(
    connection: Connection, business_id: UUID, mode: str, contacts: Mapping[UUID, datetime | None], now: datetime
) -> None:
    """Counts customers from now on, with the time at which each was counted before: the day rolls from the last
    message. Within the transaction that holds the budget."""
    changes = Counter({_slot(now): len(contacts)})
    changes.subtract(_slot(before) for before in contacts.values() if before is not None)
    slots = sorted(slot for slot, change in changes.items() if change)
    await connection.execute(
        COUNT_CONTACTS, business_id, mode, sorted(contacts), now, slots, [changes[slot] for slot in slots]
    )


def _slot(moment: datetime) -> datetime:
    seconds = int(moment.timestamp())
    return datetime.fromtimestamp(seconds - seconds % int(SLOT.total_seconds()), UTC)


USED = "SELECT coalesce(sum(counted), 0) FROM portfolio_slots WHERE business_id = $1 AND mode = $2 AND starts_at > $3"

FORGET_CONTACTS = "DELETE FROM portfolio_contacts WHERE counted_at < $1"
FORGET_SLOTS = "DELETE FROM portfolio_slots WHERE starts_at < $1"


async def used(connection: Connection, business_id: UUID, mode: str, now: datetime) -> int:
    found: int = await connection.fetchval(USED, business_id, mode, now - DAY - SLOT)
    return found


async def forget(connection: Connection, now: datetime) -> None:
    """What no longer counts."""
    await connection.execute(FORGET_CONTACTS, now - 2 * DAY)
    await connection.execute(FORGET_SLOTS, now - 2 * DAY)


_MOST = 10**9
"""No limit that anybody has is larger."""

_TIERS = {"TIER_50": 50, "TIER_250": 250, "TIER_1K": 1_000, "TIER_2K": 2_000, "TIER_10K": 10_000, "TIER_100K": 100_000}


def limit_of_tier(tier: object) -> tuple[bool, int | None]:
    """Whether Meta said something, and the limit (none for unlimited). Pages show names as well as numbers, -1 for
    unlimited."""
    match tier:
        case "TIER_UNLIMITED" | -1 | "-1":
            return True, None
        case str() if tier in _TIERS:
            return True, _TIERS[tier]
        case int() if not isinstance(tier, bool) and 0 < tier <= _MOST:
            return True, tier
        case str() if re.fullmatch("[0-9]{1,9}", tier) and int(tier) > 0:
            return True, int(tier)
        case _:
            return False, None
