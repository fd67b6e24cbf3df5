"""Every table belongs to a business, in the models and in the database that the migrations make."""

import asyncpg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, ForeignKeyConstraint, Table, UniqueConstraint, make_url
from sqlalchemy.ext.asyncio import create_async_engine

import app.accounts.models
import app.analytics.consents.models
import app.analytics.conversions.models
import app.analytics.models
import app.callbacks.models
import app.consent.imports.models
import app.consent.models
import app.console.models
import app.events.models
import app.experiments.models
import app.integrations.models
import app.media.models
import app.messages.models
import app.privacy.models
import app.provider_events.models
import app.replies.answer_models
import app.templates.models  # noqa: F401 - each module adds its tables to the metadata
from app.cli.run import ROOT
from app.core.database import Base

NOBODYS = {"kept_webhook_items", "alembic_version"}
"""Whose these rows are is not known, or not a question."""

TENANT_TABLES = {name: table for name, table in Base.metadata.tables.items() if name not in NOBODYS}


def _unique_columns(table: Table) -> list[list[str]]:
    constraints = [one for one in table.constraints if isinstance(one, UniqueConstraint)]
    indexes = [index for index in table.indexes if index.unique]
    return [[column.name for column in one.columns] for one in (table.primary_key, *constraints, *indexes)]


@pytest.mark.parametrize("name", TENANT_TABLES)
def test_every_key_of_a_model_begins_with_its_business(name: str) -> None:
    keys = _unique_columns(TENANT_TABLES[name])
    assert keys
    assert {columns[0] for columns in keys} == {"business_id"}


@pytest.mark.parametrize("name", TENANT_TABLES)
def test_every_reference_of_a_model_stays_inside_one_business(name: str) -> None:
    for constraint in TENANT_TABLES[name].constraints:
        if isinstance(constraint, ForeignKeyConstraint):
            assert constraint.columns[0].name == "business_id"
            assert constraint.elements[0].column.name == "business_id"


async def test_every_table_of_the_database_is_known(connection: asyncpg.Connection) -> None:
    found = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
        " AND relnamespace = 'public'::regnamespace"
    )
    assert {row["relname"] for row in found} == set(Base.metadata.tables) | {"alembic_version"}


async def test_every_key_of_the_database_begins_with_its_business(connection: asyncpg.Connection) -> None:
    """Of partitions, too."""
    keys = await connection.fetch(
        """
        SELECT c.relname AS table, i.indexrelid::regclass::text AS index, a.attname AS first
          FROM pg_index i
          JOIN pg_class c ON c.oid = i.indrelid AND c.relnamespace = 'public'::regnamespace
          LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
         WHERE i.indisunique
        """
    )
    by_table: dict[str, set[str]] = {}
    for row in keys:
        by_table.setdefault(row["table"], set()).add(row["first"])
    tables = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
    )
    assert len(tables) > len(Base.metadata.tables)
    for (table,) in tables:
        if table not in NOBODYS:
            assert by_table.get(table) == {"business_id"}, table


async def test_every_reference_of_the_database_stays_inside_one_business(connection: asyncpg.Connection) -> None:
    references = await connection.fetch(
        """
        SELECT c.conname,
               (SELECT attname FROM pg_attribute WHERE attrelid = c.conrelid AND attnum = c.conkey[1]) AS own,
               (SELECT attname FROM pg_attribute WHERE attrelid = c.confrelid AND attnum = c.confkey[1]) AS other
          FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
        """
    )
    assert references
    for row in references:
        assert (row["own"], row["other"]) == ("business_id", "business_id"), row["conname"]


async def test_business_of_a_row_is_never_missing(connection: asyncpg.Connection) -> None:
    found = await connection.fetch(
        "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND column_name = 'business_id' AND is_nullable = 'YES'"
    )
    assert found == []


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def test_migrations_have_one_head() -> None:
    assert len(ScriptDirectory.from_config(_config("postgresql:///unused")).get_heads()) == 1


async def test_models_match_migrations(database_url: str) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                "include_object": lambda _object, name, kind, reflected, _other: (
                    not (kind == "table" and reflected and "_p_" in name)
                ),
            },
        )
        return list(compare_metadata(context, Base.metadata))

    engine = create_async_engine(make_url(database_url).set(drivername="postgresql+asyncpg"))
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def _catalogue(url: str) -> list[tuple[object, ...]]:
    """Tables, columns, indexes, constraints, functions and triggers of a database."""
    connection = await asyncpg.connect(url)
    found = await connection.fetch(
        """
        SELECT 'column', table_name::text, column_name::text,
               data_type::text || is_nullable || coalesce(column_default, '')
          FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
          FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT 'function', proname, '', prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, '' FROM pg_trigger WHERE NOT tgisinternal
        ORDER BY 1, 2, 3, 4
        """
    )
    await connection.close()
    return [tuple(row) for row in found]


def test_migrations_go_down_and_up_again(scratch_url: str, run: object) -> None:
    config = _config(scratch_url)
    before = run(_catalogue(scratch_url))  # type: ignore[operator]
    command.downgrade(config, "base")
    empty = run(_catalogue(scratch_url))  # type: ignore[operator]
    assert {row[1] for row in empty} == {"alembic_version"}
    command.upgrade(config, "head")
    assert run(_catalogue(scratch_url)) == before  # type: ignore[operator]
