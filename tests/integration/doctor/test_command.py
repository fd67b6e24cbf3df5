"""`ulak doctor` where it cannot look at everything: it says so, and its exit code does, too."""

import asyncio

import typer
from typer.testing import CliRunner, Result

from app.cli.doctor import doctor
from app.core.settings import Settings
from tests.support.world import World


async def run(settings: Settings, *typed: str, **environment: str) -> Result:
    application = typer.Typer()
    application.command()(doctor)
    given = {
        "ULAK_DATABASE_URL": settings.require_database_url(),
        "ULAK_SECRET_KEYS": ",".join(settings.require_secret_keys()),
        "ULAK_GRAPH_SANDBOX_URL": "http://127.0.0.1:1",
    }
    return await asyncio.to_thread(CliRunner().invoke, application, list(typed), env=given | environment)


async def test_what_is_away_is_a_finding_and_what_there_is_not_cannot_be_checked(
    settings: Settings, world: World
) -> None:
    for option, value, said in (
        ("--sender", "snd_" + "0" * 32, "there is no sender"),
        ("--business", "biz_" + "0" * 32, "there is no business"),
        ("--business", "Demo", "is not a business id"),
    ):
        done = await run(settings, option, value)
        assert (done.exit_code, done.stdout) == (3, "")
        assert said in done.stderr

    silent = await run(settings, "--language", "tr")
    assert silent.exit_code == 2
    told = " ".join(silent.stdout.split())
    assert "http://127.0.0.1:1 yanıt vermiyor" in told
    assert "Veritabanına bağlı gönderici süreç yok" in told
    assert told.count("Meta yanıt vermedi") == 1, "one reason for all that could not be asked"

    away = await run(settings, ULAK_DATABASE_URL="postgresql://127.0.0.1:1/ulak")
    assert away.exit_code == 2
    assert "The database does not answer." in away.stdout
    assert "access-token" not in silent.stdout + silent.stderr + away.stdout + away.stderr
