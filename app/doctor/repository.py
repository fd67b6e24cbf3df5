"""Every query of the check-up: each looks at few rows, found by index."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Mode
from app.callbacks.models import CallbackEndpoint
from app.core.database import WORKER_NAME, Connection
from app.doctor.webhook_rules import Arrivals

NEWEST = 500
"""Messages of a business that are looked at."""

_SETTLED = timedelta(minutes=5)
"""After which a first receipt should have come: Meta tells of most within seconds."""

NEWEST_MESSAGES = """
    SELECT m.id, m.sender_id, m.mode, m.event_type, m.accepted_at,
           coalesce(m.sent_at, m.delivered_at, m.read_at, m.failed_at) IS NOT NULL AS is_receipted
      FROM messages m WHERE m.business_id = $1 ORDER BY m.id DESC LIMIT $2
"""

LAST_RECEIPT = """
    SELECT max(r.received_at) FROM receipts r
     WHERE r.business_id = $1 AND r.message_id = ANY($2::uuid[]) AND r.message_id >= $3 AND r.message_id <= $4
"""

LAST_REPLY = """
    SELECT max(n.received_at) FROM (
        SELECT r.received_at, r.sender_id FROM replies r
         WHERE r.business_id = $1 AND r.mode = $2 ORDER BY r.id DESC LIMIT $4) AS n
     WHERE n.sender_id = $3
"""

OLDEST_DUE = """
    SELECT min(o.due_at) FROM unnest(ARRAY[0, 1, 2]::smallint[]) AS p(priority), LATERAL (
        SELECT m.due_at FROM messages m
         WHERE m.business_id = $1 AND m.sender_id = $2 AND m.priority = p.priority AND m.due_at IS NOT NULL
           AND m.due_at <= $3 AND (m.lease_until IS NULL OR m.lease_until <= $3)
         ORDER BY m.due_at LIMIT 1) AS o
"""
"""$3 now. What a worker has in hand is not counted."""

WORKERS = """
    SELECT count(*) AS count, min(backend_start) AS since FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = $1
"""


async def schema_version(connection: Connection) -> str | None:
    try:
        found: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return None
    return found


async def database_time(connection: Connection) -> datetime:
    found: datetime = await connection.fetchval("SELECT clock_timestamp()")
    return found


async def workers(connection: Connection) -> tuple[int, datetime | None]:
    """How many are connected just now, and since when the first of them is."""
    row = await connection.fetchrow(WORKERS, WORKER_NAME)
    return (row["count"], row["since"]) if row is not None else (0, None)


async def newest_messages(connection: Connection, business_id: UUID) -> Sequence[asyncpg.Record]:
    return await connection.fetch(NEWEST_MESSAGES, business_id, NEWEST)


async def arrivals(
    connection: Connection,
    business_id: UUID,
    mode: Mode,
    sender_id: UUID,
    newest: Sequence[asyncpg.Record],
    now: datetime,
) -> Arrivals:
    mine = [row for row in newest if row["sender_id"] == sender_id]
    accepted = [row for row in mine if row["accepted_at"] is not None and now - row["accepted_at"] >= _SETTLED]
    ids = sorted(row["id"] for row in mine)
    receipt = await connection.fetchval(LAST_RECEIPT, business_id, ids, ids[0], ids[-1]) if ids else None
    reply = await connection.fetchval(LAST_REPLY, business_id, mode, sender_id, NEWEST)
    return Arrivals(
        accepted=len(accepted),
        receipted=sum(row["is_receipted"] for row in accepted),
        since=min((row["accepted_at"] for row in accepted), default=None),
        last_at=max((at for at in (receipt, reply) if at is not None), default=None),
    )


async def oldest_due(connection: Connection, business_id: UUID, sender_id: UUID, now: datetime) -> datetime | None:
    found: datetime | None = await connection.fetchval(OLDEST_DUE, business_id, sender_id, now)
    return found


async def endpoint_secrets(session: AsyncSession, business_id: UUID) -> list[bytes]:
    """Of the business's callback endpoints; one that is deleted has none."""
    rows = await session.scalars(select(CallbackEndpoint).where(CallbackEndpoint.business_id == business_id))
    return [sealed for row in rows for sealed in (row.secret, row.former_secret) if sealed]
