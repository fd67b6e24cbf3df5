"""`ulak consent import`, as it is typed, with neither API nor worker running."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from app.cli.consent import consent
from app.cli.run import CommandError
from app.core.settings import Settings
from tests.support.driving import count
from tests.support.world import WORDING, World

LIST = "telefon;tarih\n0532 111 22 33;31.05.2024\n12;31.05.2024\n"


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    file = tmp_path / "list.csv"
    file.write_text(LIST, encoding="utf-8")
    return file


async def run(settings: Settings, world: World, file: Path, *options: str) -> Result:
    environment = {
        "ULAK_DATABASE_URL": settings.require_database_url(),
        "ULAK_SECRET_KEYS": ",".join(settings.require_secret_keys()),
    }
    typed = ["import", str(file), "--business", f"biz_{world.business_id.hex}", *options]
    return await asyncio.to_thread(CliRunner().invoke, consent, typed, env=environment)


async def test_a_file_is_imported_to_its_end_with_the_report(
    settings: Settings, world: World, connection: asyncpg.Connection, listed: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report.csv"
    said = ["--set", f"wording={WORDING}", "--set", "original_source=dükkân", "--set", "topics=orders,bills"]
    done = await run(settings, world, listed, "--watch", "--report", str(report), *said)
    assert done.exit_code == 0, done.output
    assert "2 of 2 rows: 1 recorded, 0 unchanged, 1 refused" in done.output
    assert "3,refused,phone,phone," in report.read_text(encoding="utf-8")
    topics = await connection.fetch("SELECT topic FROM consents ORDER BY topic")
    assert [row["topic"] for row in topics] == ["bills", "orders"]
    assert await connection.fetchval("SELECT mode FROM contacts") == "live"


async def test_without_watch_a_worker_is_left_to_it(
    settings: Settings, world: World, connection: asyncpg.Connection, listed: Path
) -> None:
    done = await run(settings, world, listed, "--dry-run", "--mode", "test")
    assert done.exit_code == 0, done.output
    assert "waiting" in done.output
    assert await count(connection, "consent_acts") == 0
    assert "the same list as before" in (await run(settings, world, listed, "--dry-run", "--mode", "test")).output


@pytest.mark.parametrize(
    ("text", "options", "told"),
    [
        ("colour\nred\n", [], "no column is called 'colour'"),
        (LIST, ["--charset", "klingon"], "klingon"),
        (LIST, ["--set", "colour=red"], "colour"),
        (LIST, ["--report", "there.csv"], "--watch"),
        (LIST, ["--business", "biz_" + "0" * 32], "no such business"),
    ],
)
async def test_what_a_person_can_mend_is_said(
    settings: Settings,
    world: World,
    connection: asyncpg.Connection,
    tmp_path: Path,
    text: str,
    options: list[str],
    told: str,
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(text, encoding="utf-8")
    done = await run(settings, world, file, *options)
    assert isinstance(done.exception, CommandError)
    assert told in str(done.exception)
    assert await count(connection, "consent_imports") == 0
