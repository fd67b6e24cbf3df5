"""Several dispatchers on one queue: consent at the claim, each message once, the pace of a number."""

import asyncio
import contextlib
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
import respx
from sqlalchemy import text

from app.consent.repository import LOCK_CONSENTS_SHARED, lock_consents
from app.container import Container
from app.core.clock import ManualClock
from app.core.settings import Settings
from app.messages.dispatch import Dispatcher
from tests.support.driving import (
    HANGS_AFTER,
    PHONE,
    Driver,
    accept_all,
    another_dispatcher,
    copy_sender,
    count,
    dispatch,
    graph_calls,
    numbered_phone,
    opt_in_many,
    refusal,
    sends,
    sent_ids,
)
from tests.support.world import World, build_world, order_confirmed

TICK = timedelta(milliseconds=100)


async def run_dry(dispatchers: list[Dispatcher], clock: ManualClock, *, rounds: int = 200) -> None:
    """Lets dispatchers race, and time pass, until nothing is due."""
    for _ in range(rounds):
        busy = await asyncio.gather(*(one.step() for one in dispatchers))
        await asyncio.gather(*(one.drain() for one in dispatchers))
        if not any(busy):
            return
        clock.advance(TICK)
    raise AssertionError("still busy")


async def test_opt_out_after_acceptance_is_seen_at_the_claim(
    driver: Driver, dispatcher: Dispatcher, connection: asyncpg.Connection, graph: respx.MockRouter
) -> None:
    await driver.world.opt_in(PHONE)
    message_id = await driver.accepted()
    # As if the opt-out had come between the look at the consent and the storing of the message.
    await connection.execute("UPDATE consents SET state = 'opted_out'")
    await dispatch(dispatcher)
    story = await driver.story(message_id)
    assert (story["status"], story["reason"], story["attempts"]) == ("suppressed", "opted_out", [])
    consent = [rule for rule in story["decision"] if rule["rule"] == "consent"]
    assert [rule["verdict"] for rule in consent] == ["pass", "suppress"]
    assert (consent[0]["at"], consent[1]["at"] is None) == (None, False)
    assert not graph_calls(graph)


async def test_opt_out_ends_what_waits_and_counts_it(
    driver: Driver, dispatcher: Dispatcher, clock: ManualClock, graph: respx.MockRouter
) -> None:
    other = "+905321112299"
    await driver.world.opt_in(PHONE, other)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    gone = await driver.accepted()
    await dispatch(dispatcher)
    later = (clock.now() + timedelta(hours=1)).isoformat()
    ended = [await driver.accepted(), await driver.accepted(order_confirmed(send_at=later))]
    kept = await driver.accepted(order_confirmed(other))
    assert (await driver.opt_out())["canceled_messages"] == 2
    for message_id in ended:
        story = await driver.story(message_id)
        assert (story["status"], story["reason"], story["waiting_for"]) == ("suppressed", "opted_out", None)
        rule = story["decision"][-1]
        assert (rule["rule"], rule["verdict"], rule["at"] is not None) == ("consent", "suppress", True)
    assert (await driver.story(gone))["status"] == "accepted"
    clock.advance(timedelta(hours=2))
    await dispatch(dispatcher)
    assert sent_ids(route) == [gone, kept]
    assert (await driver.opt_out())["canceled_messages"] == 0


async def test_opt_out_of_a_topic_ends_only_that_topics_messages(driver: Driver) -> None:
    await driver.world.opt_in(PHONE)
    order = await driver.accepted()
    data = {"starts_at": "2026-11-24T14:30:00+03:00", "place": "Klinik"}
    appointment = await driver.accepted(order_confirmed(data=data), event="appointment-reminder")
    answer = await driver.consent(PHONE, act="opt_out", source="checkout", topics=["appointments"])
    assert answer.json()["canceled_messages"] == 1
    assert (await driver.story(order))["status"] == "queued"
    assert (await driver.story(appointment))["status"] == "suppressed"


async def test_opt_outs_while_dispatchers_work_leave_nothing_waiting_and_nothing_sent_that_they_ended(
    driver: Driver,
    container: Container,
    settings: Settings,
    clock: ManualClock,
    connection: asyncpg.Connection,
    graph: respx.MockRouter,
) -> None:
    await opt_in_many(container, driver.world, 200)
    await connection.execute("UPDATE senders SET throughput = 1000")
    ids = await driver.accepted_many(200)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    left_waiting: list[str] = []
    ended = 0

    async def leave(numbers: range) -> None:
        nonlocal ended
        for number in numbers:
            ended += (await driver.opt_out(numbered_phone(number)))["canceled_messages"]
            status = await container.database.pool.fetchval(
                "SELECT status FROM messages WHERE business_id = $1 AND recipient = $2",
                driver.world.business_id,
                numbered_phone(number),
            )
            if status in ("queued", "scheduled"):
                left_waiting.append(ids[number])

    async with contextlib.AsyncExitStack() as stack:
        workers = [await stack.enter_async_context(another_dispatcher(settings, clock)) for _ in range(2)]
        await asyncio.gather(run_dry(workers, clock), leave(range(199, 150, -1)))
    assert left_waiting == []
    by_status: dict[str, set[str]] = {}
    for row in await connection.fetch("SELECT id, status FROM messages"):
        by_status.setdefault(row["status"], set()).add(f"msg_{row['id'].hex}")
    assert set(by_status) <= {"accepted", "suppressed"}
    assert len(by_status["suppressed"]) == ended > 0
    assert set(sent_ids(route)) == by_status["accepted"]
    assert by_status["suppressed"] <= set(ids[151:])


async def someone_waits(connection: asyncpg.Connection) -> bool:
    """For a lock that another transaction holds."""
    found: bool = await connection.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
    return found


async def until_it_waits(task: asyncio.Task[Any], connection: asyncpg.Connection) -> None:
    async with asyncio.timeout(HANGS_AFTER):
        while not task.done() and not await someone_waits(connection):
            pass


async def test_opt_out_waits_for_the_claim_under_way(
    driver: Driver, container: Container, connection: asyncpg.Connection
) -> None:
    await driver.world.opt_in(PHONE)
    async with container.database.pool.acquire() as claiming, claiming.transaction():
        await claiming.execute(LOCK_CONSENTS_SHARED, driver.world.business_id)
        leaving = asyncio.create_task(driver.opt_out())
        await until_it_waits(leaving, connection)
        assert not leaving.done()
        assert await connection.fetchval("SELECT state FROM consents") == "opted_in"
    await leaving
    assert await connection.fetchval("SELECT state FROM consents") == "opted_out"


async def test_claim_waits_for_the_opt_out_under_way_and_sees_it(
    driver: Driver,
    container: Container,
    connection: asyncpg.Connection,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
) -> None:
    await driver.world.opt_in(PHONE)
    message_id = await driver.accepted()
    async with container.database.transaction() as leaving:
        await lock_consents(leaving, driver.world.business_id)
        claiming = asyncio.create_task(dispatcher.step())
        await until_it_waits(claiming, connection)
        assert not claiming.done()
        await leaving.execute(text("UPDATE consents SET state = 'opted_out'"))
    await claiming
    await dispatcher.drain()
    assert (await driver.story(message_id))["status"] == "suppressed"
    assert not graph_calls(graph)


async def test_opt_out_at_one_business_holds_no_other_back(
    driver: Driver,
    http: httpx.AsyncClient,
    container: Container,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
) -> None:
    other = Driver(http, await build_world(container, phone_number_id="100000000000002", waba_id="200000000000002"))
    await other.world.opt_in(PHONE)
    await other.accepted()
    route = sends(graph, other.world).mock(side_effect=accept_all)
    async with container.database.transaction() as leaving:
        await lock_consents(leaving, driver.world.business_id)
        async with asyncio.timeout(HANGS_AFTER):
            await dispatch(dispatcher)
    assert route.call_count == 1


@pytest.mark.parametrize("workers", [2, 4])
async def test_racing_dispatchers_send_each_message_once(
    driver: Driver,
    container: Container,
    settings: Settings,
    clock: ManualClock,
    connection: asyncpg.Connection,
    graph: respx.MockRouter,
    workers: int,
) -> None:
    await opt_in_many(container, driver.world, 300)
    ids = await driver.accepted_many(300)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    async with contextlib.AsyncExitStack() as stack:
        dispatchers = [await stack.enter_async_context(another_dispatcher(settings, clock)) for _ in range(workers)]
        await run_dry(dispatchers, clock)
    assert Counter(sent_ids(route)) == Counter(ids)
    assert await count(connection, "attempts") == 300
    assert {row["status"] for row in await connection.fetch("SELECT status FROM messages")} == {"accepted"}


async def test_racing_dispatchers_try_again_what_was_refused_and_nothing_else(
    driver: Driver,
    container: Container,
    settings: Settings,
    clock: ManualClock,
    graph: respx.MockRouter,
) -> None:
    await opt_in_many(container, driver.world, 100)
    ids = await driver.accepted_many(100)
    refused: set[str] = set()

    def every_third_once(request: httpx.Request) -> httpx.Response:
        message_id = orjson.loads(request.content)["biz_opaque_callback_data"]
        if ids.index(message_id) % 3 == 0 and message_id not in refused:
            refused.add(message_id)
            return refusal(130429, status=429)
        return accept_all(request)

    route = sends(graph, driver.world).mock(side_effect=every_third_once)
    async with contextlib.AsyncExitStack() as stack:
        dispatchers = [await stack.enter_async_context(another_dispatcher(settings, clock)) for _ in range(2)]
        for _ in range(3):
            await run_dry(dispatchers, clock, rounds=2000)  # "too fast" has slowed the sender
            clock.advance(timedelta(seconds=10))
    assert Counter(sent_ids(route)) == Counter(ids) + Counter(refused)


async def test_number_never_exceeds_its_throughput_however_many_dispatchers_work(
    http: httpx.AsyncClient,
    container: Container,
    settings: Settings,
    clock: ManualClock,
    graph: respx.MockRouter,
) -> None:
    world = await build_world(container, throughput=10)
    driver = Driver(http, world)
    await opt_in_many(container, world, 100)
    await driver.accepted_many(100)
    left_at: list[datetime] = []

    def note(request: httpx.Request) -> httpx.Response:
        left_at.append(clock.now())
        return accept_all(request)

    sends(graph, world).mock(side_effect=note)
    started = clock.now()
    async with contextlib.AsyncExitStack() as stack:
        workers = [await stack.enter_async_context(another_dispatcher(settings, clock)) for _ in range(2)]
        for _ in range(200):
            await asyncio.gather(*(one.step() for one in workers))
            await asyncio.gather(*(one.drain() for one in workers))
            clock.advance(timedelta(milliseconds=30))
    simulated = (clock.now() - started).total_seconds()
    for first in left_at:
        within = [one for one in left_at if first <= one < first + timedelta(seconds=1)]
        assert len(within) <= 10 + 1
    assert len(left_at) >= 10 * simulated - 2, "nor does it idle"


async def test_unused_pace_is_not_saved_up(
    http: httpx.AsyncClient, container: Container, clock: ManualClock, dispatcher: Dispatcher, graph: respx.MockRouter
) -> None:
    world = await build_world(container, throughput=10)
    driver = Driver(http, world)
    await opt_in_many(container, world, 50)
    route = sends(graph, world).mock(side_effect=accept_all)
    clock.advance(timedelta(hours=1))
    await driver.accepted_many(50)
    for _ in range(5):
        await dispatch(dispatcher)
    assert route.call_count <= 2


async def test_pace_of_one_number_is_not_that_of_another(
    driver: Driver, container: Container, clock: ManualClock, graph: respx.MockRouter, dispatcher: Dispatcher
) -> None:
    second = await copy_sender(container, driver.world, mode="test", phone_number_id="100000000000009")
    await opt_in_many(container, driver.world, 2)
    first_route = sends(graph, driver.world).mock(side_effect=accept_all)
    second_route = graph.post("http://sandbox.test/v25.0/100000000000009/messages").mock(side_effect=accept_all)
    container.directory.forget()
    await driver.accepted(order_confirmed(numbered_phone(0)))
    await driver.accepted(order_confirmed(numbered_phone(1), sender=f"snd_{second.hex}"))
    await dispatch(dispatcher)
    assert (first_route.call_count, second_route.call_count) == (1, 1)


async def test_critical_messages_leave_before_those_that_wait_longer(
    driver: Driver,
    container: Container,
    connection: asyncpg.Connection,
    clock: ManualClock,
    graph: respx.MockRouter,
    dispatcher: Dispatcher,
) -> None:
    await opt_in_many(container, driver.world, 40)
    normal = await driver.accepted_many(30)
    critical = await driver.accepted_many(10, first=30)
    await connection.execute(
        "UPDATE messages SET priority = 0 WHERE id = ANY($1::uuid[])", [one.removeprefix("msg_") for one in critical]
    )
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    await run_dry([dispatcher], clock)
    assert sorted(sent_ids(route)[:10]) == sorted(critical)
    assert sorted(sent_ids(route)[10:]) == sorted(normal)


async def test_one_business_does_not_starve_another(
    driver: Driver,
    http: httpx.AsyncClient,
    container: Container,
    clock: ManualClock,
    graph: respx.MockRouter,
    dispatcher: Dispatcher,
) -> None:
    quiet = Driver(http, await build_world(container, phone_number_id="100000000000002", waba_id="200000000000002"))
    await opt_in_many(container, driver.world, 300)
    await driver.accepted_many(300)
    await quiet.world.opt_in(PHONE)
    await quiet.accepted()
    sends(graph, driver.world).mock(side_effect=accept_all)
    route = sends(graph, quiet.world).mock(side_effect=accept_all)
    await dispatch(dispatcher)
    assert route.call_count == 1


async def test_trouble_of_one_sender_does_not_stop_another(
    driver: Driver,
    http: httpx.AsyncClient,
    container: Container,
    connection: asyncpg.Connection,
    graph: respx.MockRouter,
    dispatcher: Dispatcher,
) -> None:
    other: World = await build_world(container, phone_number_id="100000000000002", waba_id="200000000000002")
    await driver.world.opt_in(PHONE)
    await other.opt_in(PHONE)
    await driver.accepted()
    await Driver(http, other).accepted()
    await connection.execute(
        "UPDATE messages SET event_type = 'gone-since' WHERE business_id = $1", driver.world.business_id
    )
    route = sends(graph, other).mock(side_effect=accept_all)
    await dispatch(dispatcher)
    assert route.call_count == 1
