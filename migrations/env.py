"""Runs migrations one at a time (an advisory lock), with a limit on how long they may wait for a table."""

import asyncio
from typing import Any

from alembic import context
from sqlalchemy import Connection, make_url, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

import app.accounts.models
import app.analytics.consents.models
import app.analytics.conversions.models
import app.analytics.models
import app.consent.imports.models
import app.consent.models
import app.console.models
import app.events.models
import app.experiments.models
import app.integrations.models
import app.media.models
import app.messages.models
import app.provider_events.models
import app.replies.answer_models
import app.replies.models
import app.templates.models  # noqa: F401 - each module adds its tables to the metadata
from app.core.database import Base
from app.core.settings import load_settings

MIGRATION_LOCK = 7_305_114_862


def _is_ours(_object: Any, name: str | None, kind: str, reflected: bool, _compare_to: Any) -> bool:  # noqa: FBT001
    """Partitions are made by the database's own function and follow their parents."""
    return not (kind == "table" and reflected and name is not None and "_p_" in name)


def _migrate(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": MIGRATION_LOCK})
    connection.execute(text("SET lock_timeout = '10s'"))
    connection.commit()
    context.configure(connection=connection, target_metadata=Base.metadata, include_object=_is_ours, compare_type=True)
    try:
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": MIGRATION_LOCK})
        connection.commit()


async def _run() -> None:
    url = context.config.get_main_option("sqlalchemy.url") or load_settings().require_database_url()
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"), poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_migrate)
    await engine.dispose()


asyncio.run(_run())
