"""However transactions interleave: nothing is missed or taken twice, and each contact's events keep their order."""

from datetime import datetime, timedelta
from random import Random

import asyncpg
import pytest

from app.callbacks import fan_out
from app.callbacks.claiming import Call, EndpointKey, claim
from app.callbacks.recording import Finished, RetryPolicy, record
from app.callbacks.sending import Answer
from app.container import Container
from app.core.clock import ManualClock
from app.core.ids import parse_id
from tests.integration.callbacks.endpoint import Endpoint, numbers, tell
from tests.support.driving import Driver
from tests.support.receiver import Receiver

CONTACTS = 5
CONNECTIONS = 6
STEPS = 250
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
CENTURY = timedelta(days=36500)


async def test_late_commits_neither_get_lost_nor_hold_up(
    driver: Driver, container: Container, shop: Receiver, database_url: str
) -> None:
    """By number of transaction the first event of the contact is the later one, while a third transaction, older than
    both, still runs."""
    await Endpoint.create(driver, shop.url)
    old, early, late = [await asyncpg.connect(database_url) for _ in range(3)]
    try:
        still_runs, begun_first, begun_last = old.transaction(), early.transaction(), late.transaction()
        await still_runs.start()
        await tell(old, driver, 0, contact=9)
        await begun_first.start()
        await early.execute("SELECT pg_current_xact_id()")
        await begun_last.start()
        await tell(late, driver, 1, contact=1)
        await begun_last.commit()
        await tell(early, driver, 2, contact=1)
        await begun_first.commit()
        await container.deliverer.step()
        assert numbers(shop.events) == [1, 2]
        await still_runs.commit()
        await container.deliverer.step()
        assert numbers(shop.events) == [1, 2, 0]
        assert len(shop.calls) == 3
    finally:
        for connection in (old, early, late):
            await connection.close()


class Story:
    """Transactions that tell of contacts, each of whom it holds locked until its end, as all do that tell of one; and
    deliveries in between, some of which fail."""

    def __init__(
        self, driver: Driver, endpoint: Endpoint, connections: list[asyncpg.Connection], chance: Random
    ) -> None:
        self._driver = driver
        self._key = EndpointKey(driver.world.business_id, parse_id("cbe", endpoint.id))  # type: ignore[arg-type] # is one
        self._pool = driver.world.container.database.pool
        self._connections = connections
        self._chance = chance
        self._running: dict[int, tuple[asyncpg.transaction.Transaction, list[tuple[int, str]]]] = {}
        self._contact_of: dict[str, int] = {}
        self.told: dict[int, list[str]] = {contact: [] for contact in range(CONTACTS)}
        self.claimed: dict[int, list[str]] = {contact: [] for contact in range(CONTACTS)}

    async def go_on(self) -> None:
        """One step of one transaction."""
        number = self._chance.randrange(CONNECTIONS)
        connection = self._connections[number]
        if number not in self._running:
            self._running[number] = (connection.transaction(), [])
            await self._running[number][0].start()
            if self._chance.random() < 0.5:
                await connection.execute("SELECT pg_current_xact_id()")
        elif self._chance.random() < 0.6:
            contact = self._chance.randrange(CONTACTS)
            if await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", contact):
                event = await tell(connection, self._driver, 0, contact=contact)
                self._contact_of[event] = contact
                self._running[number][1].append((contact, event))
        elif self._chance.random() < 0.8:
            await self._commit(number)
        else:
            await self._running.pop(number)[0].rollback()

    async def end(self) -> None:
        for number in list(self._running):
            await self._commit(number)

    async def _commit(self, number: int) -> None:
        transaction, events = self._running.pop(number)
        await transaction.commit()
        for contact, event in events:
            self.told[contact].append(event)

    async def deliver(self, now: datetime) -> int:
        """What is due, once; answers how many calls that would be."""
        calls = None
        async with self._pool.acquire() as connection:
            while calls is None:
                calls = await claim(connection, self._key, now, most=self._chance.randint(1, 4), lease=DAY)
            finished = [Finished(call, self._answer(call), now, now, 0.0) for call in calls]
            await record(connection, self._key, finished, now, RetryPolicy(CENTURY, CENTURY), self._chance)
        return len(finished)

    def _answer(self, call: Call) -> Answer:
        if self._chance.random() < 0.3:
            return Answer(500, "status", "answered 500")
        for one in call.deliveries:
            event = f"evt_{one.event_id.hex}"
            self.claimed[self._contact_of[event]].append(event)
        return Answer(204, None)


@pytest.mark.parametrize(("seed", "batch_size"), [(2, 1), (3, 3)])
async def test_any_interleaving(
    driver: Driver,
    clock: ManualClock,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
    batch_size: int,
) -> None:
    """With fan-outs in as small parts as there can be."""
    monkeypatch.setitem(fan_out.fan_out.__kwdefaults__, "most", 1)
    endpoint = await Endpoint.create(driver, "https://shop.example/", batch_size=batch_size)
    chance = Random(seed)
    connections = [await asyncpg.connect(database_url) for _ in range(CONNECTIONS)]
    story = Story(driver, endpoint, connections, chance)
    try:
        for _ in range(STEPS):
            await story.go_on()
            if chance.random() < 0.1:
                await story.deliver(clock.now())
                clock.advance(SECOND * chance.randrange(60))
        await story.end()
        rounds = 0
        while await story.deliver(clock.now()) or rounds < 10:
            rounds += 1
            clock.advance(DAY)
    finally:
        for connection in connections:
            await connection.close()
    assert sum(map(len, story.told.values())) > 20
    assert story.claimed == story.told


async def test_a_restored_database_goes_on_with_what_was_not_delivered(
    driver: Driver, container: Container, shop: Receiver, connection: asyncpg.Connection
) -> None:
    """In another server transactions are counted anew, and the place that was reached is none there."""
    await tell(connection, driver, 0, at=driver.world.container.clock.now() - DAY)
    await Endpoint.create(driver, shop.url)
    await tell(connection, driver, 1, contact=1)
    await container.deliverer.step()
    await tell(connection, driver, 2, contact=1)
    await connection.execute("UPDATE callback_endpoints SET seen_before = 1000000000000")
    await container.deliverer.step()
    await tell(connection, driver, 3, contact=1)
    await container.deliverer.step()
    assert numbers(shop.events) == [1, 2, 3]
    assert len(shop.calls) == 3
