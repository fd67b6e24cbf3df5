"""When templates were last used, as each worker writes it down."""

import asyncio

import asyncpg

from app.container import Container
from app.core.clock import ManualClock
from app.core.settings import Settings
from app.templates.use import FLUSH
from tests.support.world import World

FIRST, SECOND = "order_confirmed", "order_shipped"
LOCK = "SELECT FROM templates WHERE name = $1 AND language = 'tr' FOR UPDATE"


async def test_use_is_written_down_for_the_template_alone(
    container: Container, world: World, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    business = await container.directory.business(world.business_id)
    assert business is not None
    book = await container.book.account(world.business_id, world.waba_id)
    for name in (SECOND, FIRST):
        container.template_use.mark(business.senders[0], book[name, "tr"])
    await container.template_use.flush()
    used = await connection.fetch(
        "SELECT name, language FROM templates WHERE last_used_at = $1 ORDER BY 1", clock.now()
    )
    assert [tuple(one) for one in used] == [(FIRST, "tr"), (SECOND, "tr")]


async def test_uses_are_written_in_the_order_in_which_all_lock_templates(
    world: World, settings: Settings, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    """However they lie in the table, and whichever way the planner reads it."""
    await connection.execute("UPDATE templates SET known_at = known_at WHERE name = $1", FIRST)  # to the table's end
    await connection.execute("ANALYZE templates")
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(LOCK, FIRST)
    worker = await asyncpg.connect(settings.database_url)
    await worker.execute("SET enable_nestloop = off")
    await worker.execute("SET enable_mergejoin = off")
    named = ([world.business_id] * 2, [world.waba_id] * 2, [FIRST, SECOND], ["tr"] * 2, [clock.now()] * 2)
    flush = asyncio.create_task(worker.execute(FLUSH, *named))
    blocked = "SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    async with asyncio.timeout(10):
        while not await connection.fetchval(blocked):  # noqa: ASYNC110 - another session's wait sets no event
            await asyncio.sleep(0.01)
    await connection.execute(f"{LOCK} NOWAIT", SECOND)
    await transaction.commit()
    assert await flush == "UPDATE 2"
    await worker.close()
