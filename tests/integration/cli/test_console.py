"""`ulak console`, as it is typed."""

from datetime import datetime

import asyncpg

from app.cli.console import console
from app.cli.run import CommandError
from app.core.settings import Settings
from tests.integration.cli.test_businesses import run
from tests.support.world import World


async def test_links_are_printed_and_sessions_ended(
    settings: Settings, world: World, connection: asyncpg.Connection
) -> None:
    of = ("--business", f"biz_{world.business_id.hex}")
    key = await connection.fetchval("SELECT id FROM api_keys")
    for typed, key_id in (((), None), (("--key", f"key_{key.hex}"), key)):
        made = await run(settings, console, "link", *of, *typed)
        assert made.exit_code == 0, made.output
        url = made.output.splitlines()[-1]
        assert url.startswith("http://127.0.0.1:8000/console/link/")
        assert await world.container.console_sessions.link_opens(url.rpartition("/")[2]), "folded, it would be none"
        row = await connection.fetchrow("SELECT key_id, mode FROM console_links ORDER BY id DESC LIMIT 1")
        assert row is not None
        assert (row["key_id"], row["mode"]) == (key_id, "test")
    for typed in (("--mode", "live", "--key", f"key_{key.hex}"), ("--key", "key_1"), ("--business", f"biz_{key.hex}")):
        refused = await run(settings, console, "link", *of, *typed)
        assert isinstance(refused.exception, CommandError), typed
    begun = await world.container.console_sessions.begin_by_key(world.token, None)
    assert begun is not None
    assert (await run(settings, console, "end", *of)).output.splitlines()[-1] == "1 sessions ended"
    assert await world.container.console_sessions.open(begun.text, is_visit=False) is None
    assert isinstance(await connection.fetchval("SELECT ended_at FROM console_sessions"), datetime)
