"""`ulak businesses create`, as it is typed."""

import asyncio

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from app.cli.accounts import businesses
from app.cli.run import CommandError
from app.core.settings import Settings
from tests.support.driving import count


async def create(settings: Settings, *options: str) -> Result:
    environment = {
        "ULAK_DATABASE_URL": settings.require_database_url(),
        "ULAK_SECRET_KEYS": ",".join(settings.require_secret_keys()),
    }
    typed = ["create", "Otel Deniz", "--website", "https://otel.example", *options]
    return await asyncio.to_thread(CliRunner().invoke, businesses, typed, env=environment)


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
