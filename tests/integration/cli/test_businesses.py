"""`ulak businesses create`, as it is typed."""

import asyncio

import asyncpg
import pytest
from typer import Typer
from typer.testing import CliRunner, Result

from app.cli.accounts import businesses, keys, senders
from app.cli.run import CommandError
from app.core.settings import Settings
from tests.support.driving import count
from tests.support.world import World


async def run(settings: Settings, app: Typer, *typed: str) -> Result:
    environment = {
        "ULAK_DATABASE_URL": settings.require_database_url(),
        "ULAK_SECRET_KEYS": ",".join(settings.require_secret_keys()),
        "COLUMNS": "80",
    }
    return await asyncio.to_thread(CliRunner().invoke, app, list(typed), env=environment)


async def create(settings: Settings, *options: str) -> Result:
    return await run(settings, businesses, "create", "Otel Deniz", "--website", "https://otel.example", *options)


async def test_ids_are_shown_whole_however_narrow_the_terminal(
    settings: Settings, world: World, connection: asyncpg.Connection
) -> None:
    listed = await run(settings, businesses, "list")
    assert f"biz_{world.business_id.hex}" in listed.output
    assert world.sender in listed.output
    of = ("--business", f"biz_{world.business_id.hex}")
    assert world.sender in (await run(settings, senders, "list", *of)).output
    key = await connection.fetchval("SELECT id FROM api_keys")
    assert f"key_{key.hex}" in (await run(settings, keys, "list", *of)).output


@pytest.mark.parametrize(
    ("options", "languages", "style"),
    [
        ([], ["tr", "en"], "plain"),
        (["--fallback-languages", "en, pt-BR", "--link-style", "tracked"], ["en", "pt_BR"], "tracked"),
        (["--fallback-languages", ""], [], "plain"),
    ],
)
async def test_a_business_is_created_with_its_languages_and_links(
    settings: Settings, connection: asyncpg.Connection, options: list[str], languages: list[str], style: str
) -> None:
    done = await create(settings, *options)
    assert done.exit_code == 0, done.output
    row = await connection.fetchrow("SELECT business_id, fallback_languages, link_style FROM businesses")
    assert row is not None
    assert done.output.strip() == f"biz_{row['business_id'].hex}"
    assert (row["fallback_languages"], row["link_style"]) == (languages, style)


@pytest.mark.parametrize("languages", ["Turkish", "tr,en,tr", ",".join(f"a{chr(97 + one)}" for one in range(11))])
async def test_languages_that_are_none_create_nothing(
    settings: Settings, connection: asyncpg.Connection, languages: str
) -> None:
    done = await create(settings, "--fallback-languages", languages)
    assert isinstance(done.exception, CommandError)
    assert await count(connection, "businesses") == 0


async def test_a_style_of_links_that_is_none_creates_nothing(
    settings: Settings, connection: asyncpg.Connection
) -> None:
    assert (await create(settings, "--link-style", "short")).exit_code == 2
    assert await count(connection, "businesses") == 0
