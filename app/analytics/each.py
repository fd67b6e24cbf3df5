"""Counting business by business, of which none holds up the others, and each by one at a time."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from uuid import UUID

import asyncpg
import structlog

from app.core.database import UNAVAILABLE, Connection, is_unavailable

log = structlog.get_logger(__name__)


async def count_each(businesses: Iterable[UUID], count: Callable[[UUID], Awaitable[int]]) -> int:
    """How much was counted in all. What goes wrong with one business is logged; that the database is away, raised."""
    counted = 0
    for business_id in businesses:
        try:
            counted += await count(business_id)
        except asyncpg.PostgresError as error:
            if is_unavailable(error) or isinstance(error, UNAVAILABLE):
                raise
            log.exception("figures not counted", business_id=str(business_id))
    return counted


@contextlib.asynccontextmanager
async def alone(connection: Connection, what: str) -> AsyncIterator[bool]:
    """Whether nobody else counts this until the end of the block. The lock is the connection's: by one of the
    transaction the snapshot would be taken before it is granted. Whoever is stopped over it ends the connection, which
    else would keep it in the pool."""
    try:
        locked = await connection.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", what)
    except BaseException:
        connection.terminate()
        raise
    try:
        yield bool(locked)
    finally:
        if locked and not connection.is_closed():
            try:
                await connection.execute("SELECT pg_advisory_unlock(hashtextextended($1, 0))", what)
            except BaseException:
                connection.terminate()
                raise
