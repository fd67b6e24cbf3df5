"""Every query about imports, but for what is recorded of their rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy import delete, exists, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.consent.imports.judging import Claim
from app.consent.imports.models import ConsentImport, ConsentImportChunk, ConsentImportClaim
from app.core.database import Connection

OPEN = ("waiting", "processing")


class Counts(NamedTuple):
    judged: int = 0
    done: int = 0
    recorded: int = 0
    unchanged: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Chunk:
    number: int
    content: bytes


def _mine(business_id: UUID, import_id: UUID) -> tuple[Any, ...]:
    return ConsentImport.business_id == business_id, ConsentImport.id == import_id


def _chunks(business_id: UUID, import_id: UUID) -> tuple[Any, ...]:
    return ConsentImportChunk.business_id == business_id, ConsentImportChunk.import_id == import_id


ADD_CHUNK = """
    WITH touched AS (
        UPDATE consent_imports SET touched_at = $6 WHERE business_id = $1 AND id = $2 AND status = 'receiving'
        RETURNING business_id, id)
    INSERT INTO consent_import_chunks (business_id, import_id, number, size, content)
    SELECT business_id, id, $3, $4, $5 FROM touched RETURNING number
"""


async def add_chunk(
    pool: asyncpg.Pool, business_id: UUID, import_id: UUID, chunk: Chunk, *, size: int, now: datetime
) -> bool:
    """Nothing where the import is not received any more."""
    added = await pool.fetchval(ADD_CHUNK, business_id, import_id, chunk.number, size, chunk.content, now)
    return added is not None


async def lock_intake(session: AsyncSession, business_id: UUID) -> None:
    """Two uploads of the same list end one after the other."""
    key = f"consent imports {business_id}"
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))


async def with_key(session: AsyncSession, business_id: UUID, mode: str, key: str) -> ConsentImport | None:
    query = select(ConsentImport).where(
        ConsentImport.business_id == business_id, ConsentImport.mode == mode, ConsentImport.idempotency_key == key
    )
    return await session.scalar(query)


async def with_content(session: AsyncSession, business_id: UUID, mode: str, content: bytes) -> ConsentImport | None:
    """The same list, where to take it again could change nothing: it is under way, or no row of it was refused."""
    refused = exists().where(
        ConsentImportChunk.business_id == ConsentImport.business_id,
        ConsentImportChunk.import_id == ConsentImport.id,
        ConsentImportChunk.refused > 0,
    )
    query = (
        select(ConsentImport)
        .where(
            ConsentImport.business_id == business_id,
            ConsentImport.mode == mode,
            ConsentImport.content_hash == content,
            ConsentImport.status.in_(OPEN) | ((ConsentImport.status == "finished") & ~refused),
        )
        .order_by(ConsentImport.id.desc())
        .limit(1)
    )
    return await session.scalar(query)


async def drop(session: AsyncSession, business_id: UUID, import_id: UUID) -> None:
    """One that was not received to its end."""
    mine = _mine(business_id, import_id)
    await session.execute(delete(ConsentImport).where(*mine, ConsentImport.status == "receiving"))


DROP_ABANDONED = """
    DELETE FROM consent_imports WHERE business_id = $1 AND id = $2 AND status = 'receiving' AND touched_at < $3
"""
ABANDONED = "SELECT business_id, id FROM consent_imports WHERE status = 'receiving' AND touched_at < $1"


async def drop_abandoned(pool: asyncpg.Pool, before: datetime) -> int:
    """Those whose receiver died: nothing of them came in since."""
    found = await pool.fetch(ABANDONED, before)
    for row in found:
        await pool.execute(DROP_ABANDONED, row["business_id"], row["id"], before)
    return len(found)


async def one(session: AsyncSession, business_id: UUID, mode: str, import_id: UUID) -> ConsentImport | None:
    return await session.scalar(select(ConsentImport).where(*_mine(business_id, import_id), ConsentImport.mode == mode))


async def page(
    session: AsyncSession, business_id: UUID, mode: str, *, before: UUID | None, size: int
) -> Sequence[ConsentImport]:
    query = select(ConsentImport).where(ConsentImport.business_id == business_id, ConsentImport.mode == mode)
    if before is not None:
        query = query.where(ConsentImport.id < before)
    return (await session.scalars(query.order_by(ConsentImport.id.desc()).limit(size))).all()


async def counts(session: AsyncSession, business_id: UUID, import_ids: Sequence[UUID]) -> dict[UUID, Counts]:
    chunk = ConsentImportChunk
    done = func.coalesce(func.sum(chunk.size).filter(chunk.state == "done"), 0)
    judged = func.coalesce(func.sum(chunk.size).filter(chunk.outcomes.is_not(None) | (chunk.state == "judged")), 0)
    query = (
        select(
            chunk.import_id, judged, done, func.sum(chunk.recorded), func.sum(chunk.unchanged), func.sum(chunk.refused)
        )
        .where(chunk.business_id == business_id, chunk.import_id.in_(import_ids))
        .group_by(chunk.import_id)
    )
    return {row[0]: Counts(*(int(one) for one in row[1:])) for row in await session.execute(query)}


async def lock(session: AsyncSession, business_id: UUID, import_id: UUID) -> ConsentImport | None:
    """Not against workers that judge its chunks: the foreign keys of what they insert hold the import's key, and
    whoever cancels waits for their chunks."""
    query = select(ConsentImport).where(*_mine(business_id, import_id)).with_for_update(key_share=True)
    return await session.scalar(query.execution_options(populate_existing=True))


async def outcomes(
    pool: asyncpg.Pool, business_id: UUID, import_id: UUID, *, after: int, most: int
) -> Sequence[tuple[int, bytes]]:
    found = await pool.fetch(OUTCOMES, business_id, import_id, after, most)
    return [(row["number"], row["outcomes"]) for row in found]


OUTCOMES = """
    SELECT number, outcomes FROM consent_import_chunks
     WHERE business_id = $1 AND import_id = $2 AND number > $3 AND state = 'done' ORDER BY number LIMIT $4
"""

OPEN_IMPORTS = "SELECT business_id, id FROM consent_imports WHERE status IN ('waiting', 'processing')"

BEGIN = """
    UPDATE consent_imports SET status = 'processing', started_at = $3
     WHERE business_id = $1 AND id = $2 AND status = 'waiting'
"""

CLAIM_RECEIVED = """
    SELECT number, content FROM consent_import_chunks
     WHERE business_id = $1 AND import_id = $2 AND state = 'received' ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED
"""

KEEP_JUDGED = """
    UPDATE consent_import_chunks SET state = 'judged', content = $4
     WHERE business_id = $1 AND import_id = $2 AND number = $3
"""

CLAIM_ROWS = """
    INSERT INTO consent_import_claims AS held (business_id, import_id, digest, line, occurred_at, refuses)
    SELECT $1, $2, digest, line, occurred_at, refuses
      FROM unnest($3::bytea[], $4::bigint[], $5::timestamptz[], $6::boolean[]) AS i(digest, line, occurred_at, refuses)
    ON CONFLICT (business_id, import_id, digest) DO UPDATE
       SET line = excluded.line, occurred_at = excluded.occurred_at, refuses = excluded.refuses
     WHERE (excluded.occurred_at, excluded.refuses, -excluded.line) > (held.occurred_at, held.refuses, -held.line)
"""
"""The order of `Claim.rank`."""


async def open_imports(pool: asyncpg.Pool) -> list[tuple[UUID, UUID]]:
    """Business and id of those that wait for work."""
    return [(row["business_id"], row["id"]) for row in await pool.fetch(OPEN_IMPORTS)]


async def claim_received(connection: Connection, business_id: UUID, import_id: UUID) -> Chunk | None:
    """A chunk to be judged, which nobody else has until the end of the transaction."""
    row = await connection.fetchrow(CLAIM_RECEIVED, business_id, import_id)
    return Chunk(row["number"], row["content"]) if row is not None else None


async def keep_judged(
    connection: Connection, business_id: UUID, import_id: UUID, chunk: Chunk, claims: Mapping[bytes, Claim]
) -> None:
    """Claims in sorted order: two workers wait for each other instead of locking crosswise."""
    digests = sorted(claims)
    found = [claims[digest] for digest in digests]
    await connection.execute(
        CLAIM_ROWS,
        business_id,
        import_id,
        digests,
        [claim.line for claim in found],
        [claim.occurred_at for claim in found],
        [claim.refuses for claim in found],
    )
    await connection.execute(KEEP_JUDGED, business_id, import_id, chunk.number, chunk.content)


async def lock_unless_locked(session: AsyncSession, business_id: UUID, import_id: UUID) -> ConsentImport | None:
    """The import, where it is being processed and nobody else records of it just now."""
    query = select(ConsentImport).where(*_mine(business_id, import_id), ConsentImport.status == "processing")
    return await session.scalar(query.with_for_update(skip_locked=True))


async def is_judged(session: AsyncSession, business_id: UUID, import_id: UUID) -> bool:
    """Whether every chunk is."""
    waits = select(ConsentImportChunk.number).where(
        *_chunks(business_id, import_id), ConsentImportChunk.state == "received"
    )
    return await session.scalar(waits.limit(1)) is None


async def next_judged(session: AsyncSession, business_id: UUID, import_id: UUID) -> ConsentImportChunk | None:
    query = select(ConsentImportChunk).where(*_chunks(business_id, import_id), ConsentImportChunk.state == "judged")
    return await session.scalar(query.order_by(ConsentImportChunk.number).limit(1).with_for_update())


async def winners(
    session: AsyncSession, business_id: UUID, import_id: UUID, digests: Sequence[bytes]
) -> dict[bytes, int]:
    """By digest the line that counts."""
    claim = ConsentImportClaim
    query = select(claim.digest, claim.line).where(
        claim.business_id == business_id, claim.import_id == import_id, claim.digest == func.any(digests)
    )
    return {row[0]: row[1] for row in await session.execute(query)}


async def drop_chunks(session: AsyncSession, business_id: UUID, import_id: UUID) -> None:
    """What is not recorded yet, of an import that is canceled. Waits for whoever judges some of it just now."""
    await session.execute(
        update(ConsentImportChunk)
        .where(*_chunks(business_id, import_id), ConsentImportChunk.state.in_(("received", "judged")))
        .values(state="dropped", content=None)
    )


FORGET_CLAIMS = "DELETE FROM consent_import_claims WHERE business_id = $1 AND import_id = $2 AND digest >= $3"
FORGET_CLAIMS_BEFORE = f"{FORGET_CLAIMS} AND digest < $4"
_PARTS = 32

ENDED_WITH_CLAIMS = """
    SELECT i.business_id, i.id FROM consent_imports i
     WHERE i.status IN ('finished', 'canceled') AND EXISTS (
           SELECT FROM consent_import_claims c WHERE c.business_id = i.business_id AND c.import_id = i.id)
"""


async def forget_claims(pool: asyncpg.Pool, business_id: UUID, import_id: UUID) -> None:
    """Of an import that has ended; in parts, since there is a row of it for each of the list."""
    step = 256 // _PARTS
    for first in range(0, 256, step):
        if first + step < 256:  # noqa: PLR2004 - values of a byte
            ends = bytes([first + step])
            await pool.execute(FORGET_CLAIMS_BEFORE, business_id, import_id, bytes([first]), ends)
        else:
            await pool.execute(FORGET_CLAIMS, business_id, import_id, bytes([first]))


async def forget_left_claims(pool: asyncpg.Pool) -> None:
    """Of imports that ended while their worker died."""
    for row in await pool.fetch(ENDED_WITH_CLAIMS):
        await forget_claims(pool, row["business_id"], row["id"])


async def steady_plans(session: AsyncSession) -> None:
    """For this transaction: look things up by index, whatever size the planner believes a table to have that this
    import is filling."""
    for setting in ("enable_seqscan", "enable_hashjoin", "enable_mergejoin"):
        await session.execute(text(f"SET LOCAL {setting} = off"))
