"""The job that counts what was marked, in the worker.

It takes marks and counts their slots in one snapshot: a change that the snapshot does not see has left a mark that it
does not see either, which stays for the next time. A job that dies gives its marks back with its transaction. Of one
business one job counts at a time, which has locked it before its snapshot is taken: so each sees what the last one
wrote. Any number of workers share in it.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from random import Random
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import structlog
from prometheus_client import Counter, Histogram

from app.analytics.buckets import days_of
from app.analytics.counting import count_slots, forget_days, kept, sum_days
from app.analytics.each import alone
from app.core.database import UNAVAILABLE, Connection, Database, is_unavailable

log = structlog.get_logger(__name__)

CHANNEL = "ulak_figures"
"""NOTIFY, with the business whose figures were counted anew."""

COUNTED = Counter("ulak_figures_slots_counted_total", "Quarters of an hour that were counted anew.")
TOOK = Histogram(
    "ulak_figures_count_seconds",
    "Time to count some slots of a business anew.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)

SLOTS_AT_ONCE = 96
"""A day: enough to make a rebuild quick, few enough for others not to wait."""

MESSAGES_AT_ONCE = 200_000
"""As far as is known of how many messages slots have: where they are many, few slots are counted at once."""

_POLL = 1.0
_REST = 9
"""Times as long as it worked it rests: a tenth of a core at most, whatever there is to count."""

_ATTEMPTS = 3

MARKED = """
    WITH RECURSIVE marked AS (
        (SELECT business_id FROM figure_marks ORDER BY business_id LIMIT 1)
        UNION ALL
        SELECT (SELECT f.business_id FROM figure_marks f WHERE f.business_id > m.business_id
                 ORDER BY f.business_id LIMIT 1)
          FROM marked m WHERE m.business_id IS NOT NULL)
    SELECT business_id FROM marked WHERE business_id IS NOT NULL
    UNION
    SELECT d.business_id FROM figure_days d JOIN businesses b USING (business_id) WHERE d.time_zone <> b.time_zone
"""
"""Businesses with something to count; those whose clock changed have their days to be counted."""

NEWEST = """
    SELECT DISTINCT f.slot_at FROM figure_marks f WHERE f.business_id = $1 ORDER BY f.slot_at DESC LIMIT $2
"""

TAKE_MARKS = "DELETE FROM figure_marks WHERE business_id = $1 AND slot_at = ANY($2::timestamptz[])"

MARK_ALL = """
    INSERT INTO figure_marks (business_id, slot_at)
    SELECT DISTINCT m.business_id, ulak_slot(m.id, m.send_at) FROM messages m
     WHERE m.business_id = $1 AND ($2::timestamptz IS NULL OR ulak_slot(m.id, m.send_at) >= $2)
    UNION
    SELECT DISTINCT f.business_id, f.starts_at FROM figures f
     WHERE f.business_id = $1 AND f.span = 'slot' AND ($2::timestamptz IS NULL OR f.starts_at >= $2)
"""

SET_DAYS = """
    INSERT INTO figure_days (business_id, time_zone) VALUES ($1, $2)
    ON CONFLICT (business_id) DO UPDATE SET time_zone = excluded.time_zone
"""

_KINDLY = "SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on; SET LOCAL plan_cache_mode = auto"
"""A slot has hundreds of thousands of messages, where the statements of the hot path have hundreds."""


class OtherCounter(Protocol):
    """Counts something else, of which it knows by itself how far it is counted."""

    async def step(self) -> int:
        """Some of it; answers how much that was."""

    async def begin_anew(self, business_id: UUID) -> None:
        """The next steps count everything."""


class Refresher:
    def __init__(self, database: Database, chance: Random, others: Sequence[OtherCounter] = ()) -> None:
        self._database = database
        self._chance = chance
        self._others = others

    async def run(self, stop: asyncio.Event) -> None:
        """Works until told to stop; what is being counted then is finished."""
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            started = loop.time()
            try:
                await self.step()
            except Exception as error:
                if is_unavailable(error) or isinstance(error, UNAVAILABLE):
                    log.warning("figures postponed", error=type(error).__name__)
                else:
                    log.exception("figures not counted")
            rest = max(_POLL, _REST * (loop.time() - started))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), rest)

    async def refresh(self) -> int:
        """Until nothing is marked that others are not counting just now; answers of how many slots."""
        counted = 0
        while more := await self.step():
            counted += more
        return counted

    async def step(self) -> int:
        """A few slots of each business, in no order. What goes wrong with one does not hold up the others."""
        businesses = [row["business_id"] for row in await self._database.pool.fetch(MARKED)]
        self._chance.shuffle(businesses)
        counted = 0
        for business_id in businesses:
            try:
                counted += await self.count(business_id)
            except asyncpg.PostgresError as error:
                if is_unavailable(error) or isinstance(error, UNAVAILABLE):
                    raise
                log.exception("figures not counted", business_id=str(business_id))
        for other in self._others:
            counted += await other.step()
        return counted

    async def count(self, business_id: UUID, most: int = SLOTS_AT_ONCE) -> int:
        """The newest slots of those that are marked; answers how many they were."""
        async with self._database.pool.acquire() as connection, alone(connection, f"figures {business_id}") as is_alone:
            if not is_alone:
                return 0
            for attempt in range(1, _ATTEMPTS + 1):
                try:
                    return await self._count(connection, business_id, most)
                except asyncpg.SerializationError:
                    if attempt == _ATTEMPTS:
                        raise
        return 0

    async def _count(self, connection: Connection, business_id: UUID, most: int) -> int:
        with TOOK.time():
            async with connection.transaction(isolation="repeatable_read"):
                await connection.execute(_KINDLY)
                marked = [row["slot_at"] for row in await connection.fetch(NEWEST, business_id, most)]
                before = await kept(connection, business_id, marked)
                slots = sorted(_first_of(marked, before))
                await connection.execute(TAKE_MARKS, business_id, slots)
                counted = await count_slots(connection, business_id, slots, before) if slots else []
                await _count_days(connection, business_id, counted)
                await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, str(business_id))
        COUNTED.inc(len(slots))
        return len(slots)

    async def mark_all(self, business_id: UUID, since: datetime | None = None) -> None:
        """Of all that messages there are of: the next steps count them anew."""
        await self._database.pool.execute(MARK_ALL, business_id, since, timeout=600)
        for other in self._others:
            await other.begin_anew(business_id)

    async def businesses(self) -> list[UUID]:
        rows = await self._database.pool.fetch("SELECT business_id FROM businesses ORDER BY business_id")
        return [row["business_id"] for row in rows]


def _first_of(slots: list[datetime], messages: Mapping[datetime, int]) -> list[datetime]:
    """As many as do not have too many messages together; one always."""
    sums = accumulate(messages.get(slot, 0) for slot in slots)
    return [slot for slot, total in zip(slots, sums, strict=True) if total <= MESSAGES_AT_ONCE] or slots[:1]


async def _count_days(connection: Connection, business_id: UUID, slots: list[datetime]) -> None:
    """On the business's clock; all of them where that is another than they were counted by."""
    time_zone = await connection.fetchval("SELECT time_zone FROM businesses WHERE business_id = $1", business_id)
    counted_by = await connection.fetchval("SELECT time_zone FROM figure_days WHERE business_id = $1", business_id)
    if time_zone is None:
        return
    if time_zone != counted_by:
        await forget_days(connection, business_id)
        rows = await connection.fetch(
            "SELECT DISTINCT starts_at FROM figures WHERE business_id = $1 AND span = 'slot'", business_id
        )
        slots = [row["starts_at"] for row in rows]
        await connection.execute(SET_DAYS, business_id, time_zone)
    if slots:
        await sum_days(connection, business_id, days_of(slots, ZoneInfo(time_zone)))
