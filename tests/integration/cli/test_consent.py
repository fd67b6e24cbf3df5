"""`ulak consent verify` with seals kept in a file, and `ulak consent rebuild`."""

import asyncio
from pathlib import Path

import asyncpg
from typer.testing import CliRunner, Result

from app.cli.consent import consent
from app.cli.run import CommandError
from app.core.settings import Settings
from tests.support.driving import PHONE, Driver, count
from tests.support.world import World

CUT_SHORT = """
    SET session_replication_role = replica;
    DELETE FROM consent_evidence WHERE act_id = (SELECT id FROM consent_acts WHERE number = 2);
    UPDATE consents SET state = 'opted_in', act_id = a.id, since = a.occurred_at FROM consent_acts a WHERE a.number = 1;
    DELETE FROM consent_acts WHERE number = 2;
    UPDATE consent_ledgers SET length = 1, head = (SELECT mac FROM consent_acts WHERE number = 1);
    SET session_replication_role = DEFAULT;
"""


async def run(settings: Settings, *typed: str) -> Result:
    environment = {
        "ULAK_DATABASE_URL": settings.require_database_url(),
        "ULAK_SECRET_KEYS": ",".join(settings.require_secret_keys()),
    }
    return await asyncio.to_thread(CliRunner().invoke, consent, list(typed), env=environment)


async def test_a_ledger_set_back_to_an_earlier_end_is_found_by_the_seals_in_the_file(
    driver: Driver, settings: Settings, world: World, connection: asyncpg.Connection, tmp_path: Path
) -> None:
    seals = tmp_path / "seals"
    command = ("verify", "--seal-file", str(seals))
    await driver.world.opt_in(PHONE)
    assert (await run(settings, *command)).exit_code == 0
    await driver.opt_out(PHONE)
    for _ in range(2):
        assert (await run(settings, *command)).exit_code == 0
    first, second = seals.read_text().splitlines()
    assert first.startswith(f"biz_{world.business_id.hex} 1:")
    assert second.startswith(f"biz_{world.business_id.hex} 2:")
    await connection.execute(CUT_SHORT)
    assert (await run(settings, "verify")).exit_code == 0
    for _ in range(2):
        found = await run(settings, *command)
        assert found.exit_code == 1
        assert "had 2 lines when it was sealed and has 1" in found.output
    assert seals.read_text().splitlines() == [first, second]


async def test_nothing_is_made_anew_from_a_ledger_that_was_tampered_with(
    driver: Driver, settings: Settings, world: World, connection: asyncpg.Connection
) -> None:
    await driver.world.opt_in(PHONE)
    await connection.execute("DELETE FROM consents")
    await connection.execute("ALTER TABLE consent_acts DISABLE TRIGGER USER")
    await connection.execute("UPDATE consent_acts SET topic = 'orders'")
    command = ("rebuild", "--business", f"biz_{world.business_id.hex}")
    refused = await run(settings, *command)
    assert isinstance(refused.exception, CommandError)
    assert "line 1" in str(refused.exception)
    assert await count(connection, "consents") == 0
    await connection.execute("UPDATE consent_acts SET topic = '*'")
    assert "1 contacts" in (await run(settings, *command)).output
    assert await count(connection, "consents") == 1
