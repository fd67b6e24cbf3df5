"""The job that sums up conversions by day, in the worker.

Whatever changes conversions marks their quarter of an hour in the same transaction. The job takes marks and sums their
days up anew, from the conversions, in one snapshot: what that does not see has a mark that it does not see either.
Of one business one job does so at a time, which has locked it before its snapshot is taken.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from app.analytics.buckets import days_of
from app.analytics.each import alone, count_each
from app.analytics.refreshing import CHANNEL
from app.core.database import Connection, Database

MARKS_AT_ONCE = 500

DIMENSIONS = ("sender_id", "event_type", "template_name", "language", "experiment_id", "arm")

LEVEL_OF_VALUES = 4
"""Rows of values: by type, way and currency. Below it are rows of counts, which are by way where the first bit is set,
and by type where the second is: of how many messages they came cannot be added up over types or ways, since a message
may have several."""

MARK = """
    INSERT INTO conversion_marks (business_id, slot_at)
    SELECT DISTINCT $1::uuid, i.slot_at FROM unnest($2::timestamptz[]) AS i(slot_at)
"""

BEHIND = """
    SELECT b.business_id FROM businesses b
      LEFT JOIN conversion_clocks k ON k.business_id = b.business_id
     WHERE EXISTS (SELECT FROM conversion_marks m WHERE m.business_id = b.business_id) OR k.time_zone <> b.time_zone
     ORDER BY b.business_id
"""

TAKE_MARKS = """
    DELETE FROM conversion_marks
     WHERE business_id = $1
       AND slot_at = ANY(ARRAY(SELECT DISTINCT m.slot_at FROM conversion_marks m WHERE m.business_id = $1
                                ORDER BY m.slot_at DESC LIMIT $2))
    RETURNING slot_at
"""

ALL_SLOTS = "SELECT DISTINCT slot_at FROM conversions WHERE business_id = $1"

MARK_ALL = """
    INSERT INTO conversion_marks (business_id, slot_at)
    SELECT DISTINCT business_id, slot_at FROM conversions WHERE business_id = $1
"""

FORGET_ALL = "DELETE FROM conversion_days WHERE business_id = $1"

FORGET = f"{FORGET_ALL} AND mode = ANY($2::text[]) AND starts_at = ANY($3::timestamptz[])"

SET_CLOCK = """
    INSERT INTO conversion_clocks (business_id, time_zone) VALUES ($1, $2)
    ON CONFLICT (business_id) DO UPDATE SET time_zone = excluded.time_zone
"""

_TOLD = ", ".join(DIMENSIONS)

SUM_UP = f"""
    WITH chosen AS (
        SELECT d.starts_at, c.mode, {", ".join(f"c.{name}" for name in DIMENSIONS)}, c.type, c.attributed_by,
               c.message_id, c.currency, c.amount
          FROM unnest($3::timestamptz[], $4::timestamptz[]) AS d(starts_at, ends_at)
          JOIN conversions c ON c.business_id = $1 AND c.mode = ANY($2::text[])
                            AND c.slot_at >= d.starts_at AND c.slot_at < d.ends_at AND c.canceled_at IS NULL),
    summed AS (
        SELECT starts_at, mode, 3 - grouping(type, attributed_by) AS level, {_TOLD}, type, attributed_by,
               NULL AS currency, count(*) AS conversions, count(message_id) AS attributed,
               count(DISTINCT message_id) AS converted, 0::numeric AS amount, 0::numeric AS attributed_amount
          FROM chosen
         GROUP BY GROUPING SETS ((starts_at, mode, {_TOLD}), (starts_at, mode, {_TOLD}, attributed_by),
                                 (starts_at, mode, {_TOLD}, type), (starts_at, mode, {_TOLD}, type, attributed_by))
        UNION ALL
        SELECT starts_at, mode, {LEVEL_OF_VALUES}, {_TOLD}, type, attributed_by, currency, 0, 0, 0, sum(amount),
               coalesce(sum(amount) FILTER (WHERE message_id IS NOT NULL), 0)
          FROM chosen WHERE currency IS NOT NULL
         GROUP BY starts_at, mode, {_TOLD}, type, attributed_by, currency)
    INSERT INTO conversion_days (business_id, mode, starts_at, number, level, {_TOLD}, type, attributed_by, currency,
                                 conversions, attributed, converted, amount, attributed_amount)
    SELECT $1, mode, starts_at,
           row_number() OVER (PARTITION BY mode, starts_at ORDER BY level, {_TOLD}, type, attributed_by, currency),
           level, {_TOLD}, type, attributed_by, currency, conversions, attributed, converted, amount, attributed_amount
      FROM summed
"""  # noqa: S608 - constants

_MODES = ["live", "test"]
_LONG = 600
_KINDLY = "SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on; SET LOCAL plan_cache_mode = auto"


async def mark(connection: Connection, business_id: UUID, slots: Sequence[datetime]) -> None:
    """Conversions of these quarters of an hour are no longer what they were."""
    if slots:
        await connection.execute(MARK, business_id, list(slots))


class ConversionCounter:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def step(self) -> int:
        """Some days of each business that has any to be summed up; answers how many marks they had."""
        businesses = [row["business_id"] for row in await self._database.pool.fetch(BEHIND)]
        return await count_each(businesses, self.count)

    async def count(self, business_id: UUID, most: int = MARKS_AT_ONCE) -> int:
        """Nothing where another does just now."""
        async with (
            self._database.pool.acquire() as connection,
            alone(connection, f"conversions {business_id}") as is_alone,
        ):
            if not is_alone:
                return 0
            async with connection.transaction(isolation="repeatable_read"):
                return await _count(connection, business_id, most)

    async def begin_anew(self, business_id: UUID) -> None:
        await self._database.pool.execute(MARK_ALL, business_id, timeout=_LONG)


async def _count(connection: Connection, business_id: UUID, most: int) -> int:
    await connection.execute(_KINDLY)
    time_zone = await connection.fetchval("SELECT time_zone FROM businesses WHERE business_id = $1", business_id)
    counted_by = await connection.fetchval(
        "SELECT time_zone FROM conversion_clocks WHERE business_id = $1", business_id
    )
    marked = [row["slot_at"] for row in await connection.fetch(TAKE_MARKS, business_id, most)]
    slots = sorted(set(marked))
    if time_zone != counted_by:
        await connection.execute(FORGET_ALL, business_id, timeout=_LONG)
        await connection.execute(SET_CLOCK, business_id, time_zone)
        slots = [row["slot_at"] for row in await connection.fetch(ALL_SLOTS, business_id, timeout=_LONG)]
    if slots:
        days = days_of(slots, ZoneInfo(time_zone))
        starts, ends = [start for start, _ in days], [end for _, end in days]
        await connection.execute(FORGET, business_id, _MODES, starts, timeout=_LONG)
        await connection.execute(SUM_UP, business_id, _MODES, starts, ends, timeout=_LONG)
        await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, str(business_id))
    return max(len(marked), int(time_zone != counted_by))
