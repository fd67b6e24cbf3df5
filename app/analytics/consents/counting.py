"""The job that counts the ledger, in the worker.

The ledger is its own list of what is to be counted: its lines are numbered without a gap, and a line is committed
before the next one can be. So a number says how far it is counted, and moves in the transaction that adds up what was
read; whoever dies on the way has counted nothing. A business that was never counted, or is to be counted anew, has no
such number, and begins with nothing counted. Some lines a transaction: a long one that writes would hold up the feed.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from app.analytics.consents.steps import Door, Line, Person
from app.analytics.consents.sums import COUNTS, Sums
from app.analytics.each import count_each
from app.analytics.refreshing import CHANNEL
from app.consent.fold import Act
from app.core.database import Connection, Database

LINES_AT_ONCE = 5_000

_AT_A_STRETCH = 200
"""Lines, between which others of this process have their turn."""

_LONG = 600
"""Seconds that may be taken by lines which are read at once, however many they are."""

BEHIND = """
    SELECT b.business_id FROM businesses b
      LEFT JOIN consent_ledgers l ON l.business_id = b.business_id
      LEFT JOIN consent_figures_read r ON r.business_id = b.business_id
     WHERE coalesce(l.length, 0) > r.number
        OR (r.number IS NULL AND EXISTS (SELECT FROM consent_acts a WHERE a.business_id = b.business_id))
     ORDER BY b.business_id
"""

ALONE = "SELECT pg_try_advisory_xact_lock(hashtextextended('consent figures ' || $1::uuid::text, 0))"

WAIT = "SELECT pg_advisory_xact_lock(hashtextextended('consent figures ' || $1::uuid::text, 0))"

READ_TO = "SELECT number FROM consent_figures_read WHERE business_id = $1"

LENGTH = "SELECT length FROM consent_ledgers WHERE business_id = $1"

_LINE = (
    "a.id, a.contact_id, a.number, a.act, a.topic, a.value, a.source, a.place, a.link_id, a.occurred_at, a.recorded_at"
)

PEOPLE = """
    SELECT DISTINCT a.contact_id FROM consent_acts a
     WHERE a.business_id = $1 AND a.number > $2 AND a.number <= $3 AND a.channel = 'whatsapp'
"""

LINES = f"""
    SELECT {_LINE}, c.mode
      FROM unnest($2::uuid[]) AS i(id),
           LATERAL (SELECT * FROM contacts c WHERE c.business_id = $1 AND c.id = i.id LIMIT 1) AS c,
           LATERAL (SELECT * FROM consent_acts a
                     WHERE a.business_id = $1 AND a.contact_id = i.id AND a.channel = 'whatsapp'
                       AND (a.number IS NULL OR a.number <= $3)) AS a
     ORDER BY a.contact_id, a.number NULLS FIRST, a.id
"""  # noqa: S608 - constants
"""Of these contacts, from the first one on: what a line did follows from those before it."""

UNNUMBERED = f"""
    SELECT {_LINE}, c.mode
      FROM consent_acts a JOIN contacts c ON c.business_id = a.business_id AND c.id = a.contact_id
     WHERE a.business_id = $1 AND a.channel = 'whatsapp' AND a.number IS NULL
     ORDER BY a.contact_id, a.id
"""  # noqa: S608 - constants
"""From before the ledger was a chain."""

FORGET = "DELETE FROM consent_figures WHERE business_id = $1"

ADD_UP = f"""
    INSERT INTO consent_figures AS f (business_id, mode, slot_at, topic, source, place, link_id, {", ".join(COUNTS)})
    SELECT $1, i.* FROM unnest($2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::uuid[],
                               {", ".join(f"${number}::int[]" for number in range(8, 8 + len(COUNTS)))}) AS i
    ON CONFLICT (business_id, mode, slot_at, topic, source, place, link_id) DO UPDATE
       SET {", ".join(f"{name} = f.{name} + excluded.{name}" for name in COUNTS)}
"""  # noqa: S608 - constants

MOVE_ON = """
    INSERT INTO consent_figures_read (business_id, number) VALUES ($1, $2)
    ON CONFLICT (business_id) DO UPDATE SET number = excluded.number
"""

BEGIN_ANEW = "DELETE FROM consent_figures_read WHERE business_id = $1"

_KINDLY = "SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on; SET LOCAL plan_cache_mode = auto"
"""A ledger has millions of lines, where the statements of the hot path have hundreds."""


class LedgerCounter:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def step(self) -> int:
        """Some lines of each ledger that is not counted to its end; answers how many they were."""
        businesses = [row["business_id"] for row in await self._database.pool.fetch(BEHIND)]
        return await count_each(businesses, self.count)

    async def count(self, business_id: UUID, most: int = LINES_AT_ONCE) -> int:
        """The next lines; nothing where another counts this ledger just now."""
        async with self._database.pool.acquire() as connection, connection.transaction():
            if not await connection.fetchval(ALONE, business_id):
                return 0
            await connection.execute(_KINDLY)
            read_to = await connection.fetchval(READ_TO, business_id)
            lines = 0
            if read_to is None:
                await connection.execute(FORGET, business_id)
                unnumbered = await connection.fetch(UNNUMBERED, business_id, timeout=_LONG)
                await _add_up(connection, business_id, await _summed(unnumbered, after=None))
                lines, read_to = len(unnumbered), 0
            upto = min(await connection.fetchval(LENGTH, business_id) or 0, read_to + most)
            await _add_up(connection, business_id, await _further(connection, business_id, read_to, upto))
            await connection.execute(MOVE_ON, business_id, upto)
            await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, str(business_id))
        return int(lines + upto - read_to)

    async def begin_anew(self, business_id: UUID) -> None:
        """The next steps read the ledger from its first line."""
        async with self._database.pool.acquire() as connection, connection.transaction():
            await connection.execute(WAIT, business_id)  # who counts just now would write its number back
            await connection.execute(BEGIN_ANEW, business_id)


async def _further(connection: Connection, business_id: UUID, after: int, upto: int) -> Sums:
    people = [row["contact_id"] for row in await connection.fetch(PEOPLE, business_id, after, upto)]
    return await _summed(await connection.fetch(LINES, business_id, people, upto), after=after)


async def _summed(rows: Sequence[asyncpg.Record], *, after: int | None) -> Sums:
    """Of lines by contact, from the first one on, what those did that have a number over `after`, or all."""
    sums, person, of = Sums(), Person(), None
    for place, row in enumerate(rows):
        if row["contact_id"] != of:
            person, of = Person(), row["contact_id"]
        step = person.after(_line(row))
        if after is None or (row["number"] is not None and row["number"] > after):
            sums.add(row["mode"], step)
        if place % _AT_A_STRETCH == 0:
            await asyncio.sleep(0)
    return sums


def _line(row: asyncpg.Record) -> Line:
    return Line(
        id=row["id"],
        act=Act(row["act"]),
        topic=row["topic"],
        value=orjson.loads(row["value"]) if row["value"] is not None else None,
        door=Door(row["source"], row["place"], row["link_id"]),
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
    )


async def _add_up(connection: Connection, business_id: UUID, sums: Sums) -> None:
    places: Sequence[tuple[str, datetime, str, str, str, UUID]] = sorted(sums.rows)
    if not places:
        return
    columns = [list(column) for column in zip(*places, strict=True)]
    counts = [[sums.rows[place][name] for place in places] for name in COUNTS]
    await connection.execute(ADD_UP, business_id, *columns, *counts, timeout=_LONG)
