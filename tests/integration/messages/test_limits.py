"""Meta's limits for one customer and for a portfolio, and what they hold back."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import hypothesis
import orjson
import respx
from hypothesis import strategies as st

from app.container import Container
from app.core.clock import ManualClock
from app.core.ids import new_id
from app.core.settings import Settings
from app.messages.dispatch import Dispatcher
from app.messages.statements.paces import pace_pairs
from tests.support.driving import (
    PHONE,
    Driver,
    accept_all,
    another_dispatcher,
    copy_sender,
    dispatch,
    numbered_phone,
    opt_in_many,
    refusal,
    sends,
    sent_ids,
    waits_for,
)
from tests.support.world import build_world, order_confirmed

SIX = timedelta(seconds=6)
SECOND = timedelta(seconds=1)
OUTAGE = {"service": "elektrik", "area": "Moda", "expected_end": "2026-11-25T18:30:00+03:00"}


async def test_one_customers_messages_are_paced_and_nobody_else_waits(
    driver: Driver,
    container: Container,
    settings: Settings,
    clock: ManualClock,
    graph: respx.MockRouter,
) -> None:
    strict = settings.model_copy(update={"pair_burst": 1})
    await driver.world.opt_in(PHONE)
    await opt_in_many(container, driver.world, 5)
    mine = [await driver.accepted() for _ in range(3)]
    theirs = await driver.accepted_many(5)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    left: dict[str, Any] = {}
    started = clock.now()
    async with another_dispatcher(strict, clock) as dispatcher:
        for _ in range(150):
            await dispatch(dispatcher)
            for message_id in sent_ids(route):
                left.setdefault(message_id, clock.now() - started)
            if len(left) == 1 + len(theirs):
                story = await driver.story(mine[1])
                assert (story["status"], waits_for(story), story["reason"]) == ("queued", "pair", "pair_pace")
                assert story["waiting_for"]["until"] is not None
            clock.advance(timedelta(milliseconds=100))
    assert all(left[message_id] <= SECOND for message_id in theirs)
    times = [left[message_id] for message_id in mine]
    assert times[0] <= SECOND
    assert times[1] - times[0] >= SIX
    assert times[2] - times[1] >= SIX
    assert times[2] <= timedelta(seconds=14), "no longer than the limit asks for"
    assert Counter(sent_ids(route)) == Counter([*mine, *theirs])


async def test_a_burst_goes_at_once_and_is_paid_for_by_silence(
    driver: Driver, dispatcher: Dispatcher, clock: ManualClock, graph: respx.MockRouter
) -> None:
    await driver.world.opt_in(PHONE)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    for _ in range(3):
        await driver.accepted()
    clock.advance(timedelta(milliseconds=100))
    await dispatch(dispatcher)
    assert route.call_count == 3
    await driver.accepted()
    clock.advance(timedelta(seconds=17))
    await dispatch(dispatcher)
    assert route.call_count == 3, "three messages are paid for after eighteen seconds"
    clock.advance(timedelta(seconds=2))
    await dispatch(dispatcher)
    assert route.call_count == 4


async def test_meta_says_too_many_for_this_customer(
    driver: Driver, dispatcher: Dispatcher, clock: ManualClock, graph: respx.MockRouter, container: Container
) -> None:
    await driver.world.opt_in(PHONE)
    await opt_in_many(container, driver.world, 1)
    route = sends(graph, driver.world).mock(return_value=refusal(131056))
    refused = await driver.accepted()
    await dispatch(dispatcher)
    story = await driver.story(refused)
    assert (waits_for(story), story["reason"]) == ("pair", "error_131056")
    route.reset()
    route.mock(side_effect=accept_all)
    (other,) = await driver.accepted_many(1)
    clock.advance(timedelta(milliseconds=100))
    await dispatch(dispatcher)
    assert sent_ids(route) == [other], "only this customer waits"
    clock.advance(timedelta(seconds=2))
    await dispatch(dispatcher)
    assert sent_ids(route) == [other, refused]


async def test_what_meta_refused_does_not_count(
    driver: Driver, dispatcher: Dispatcher, clock: ManualClock, graph: respx.MockRouter
) -> None:
    await driver.world.opt_in(PHONE)
    route = sends(graph, driver.world).mock(return_value=refusal(131026))
    await driver.accepted()
    await dispatch(dispatcher)
    route.mock(side_effect=accept_all)
    await driver.accepted()
    clock.advance(SECOND)
    await dispatch(dispatcher)
    await driver.accepted()
    clock.advance(SIX)
    await dispatch(dispatcher)
    assert route.call_count == 3, "one was refused, one is paid for after six seconds"


@hypothesis.settings(
    max_examples=60, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(
    st.lists(st.tuples(st.floats(0, 30), st.integers(1, 60)), min_size=1, max_size=12),
    st.sampled_from([1, 2, 45]),
)
async def test_no_customer_gets_more_than_the_limit_in_any_stretch(
    connection: asyncpg.Connection, clock: ManualClock, asked: list[tuple[float, int]], burst: int
) -> None:
    """Whatever is asked for and when: a burst at the most within one interval, and on the whole one per interval."""
    business, sender, contact = new_id(), new_id(), new_id()
    now = clock.now()
    granted: list[tuple[Any, int]] = []
    for wait, number in asked:
        now += timedelta(seconds=wait)
        grants = await pace_pairs(connection, business, sender, {contact: number}, now=now, interval=SIX, burst=burst)
        grant = grants[contact]
        assert 0 <= grant.granted <= min(number, burst)
        assert grant.granted == number or grant.promised_to >= grant.free_at > now
        granted.append((now, grant.granted))
    for index, (start, _) in enumerate(granted):
        for end, _ in granted[index:]:
            within = sum(count for at, count in granted if start <= at <= end)
            assert within <= burst + (end - start) / SIX


async def limit(driver: Driver, most: int | None, *, share: int = 20) -> None:
    await driver.world.container.database.pool.execute(
        "INSERT INTO portfolios (business_id, mode, messaging_limit, known_at) VALUES ($1, 'test', $2, now())"
        " ON CONFLICT (business_id, mode) DO UPDATE SET messaging_limit = excluded.messaging_limit",
        driver.world.business_id,
        most,
    )
    path = f"/v1/businesses/biz_{driver.world.business_id.hex}"
    answer = await driver.request("PATCH", path, json={"critical_share": share})
    assert answer.status_code == 200, answer.text
    driver.world.container.directory.forget()


async def test_portfolio_stops_at_its_limit_and_keeps_a_share_for_what_is_critical(
    driver: Driver, dispatcher: Dispatcher, clock: ManualClock, graph: respx.MockRouter, container: Container
) -> None:
    await limit(driver, 10, share=20)
    await opt_in_many(container, driver.world, 20)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    ids = await driver.accepted_many(12)
    for _ in range(5):
        await dispatch(dispatcher)
        clock.advance(SECOND)
    assert sent_ids(route) == ids[:8], "eight of ten: two are kept"
    story = await driver.story(ids[8])
    assert (story["status"], waits_for(story), story["reason"]) == ("queued", "portfolio", "portfolio_limit")
    critical = [
        await driver.accepted(order_confirmed(numbered_phone(15 + number), data=OUTAGE), event="outage-notice")
        for number in range(3)
    ]
    again = await driver.accepted(order_confirmed(numbered_phone(0)))
    for _ in range(5):
        await dispatch(dispatcher)
        clock.advance(SECOND)
    assert sent_ids(route)[8:] == [*critical[:2], again], "a customer of today costs nothing"
    assert waits_for(await driver.story(critical[2])) == "portfolio"
    shown = (await driver.request("GET", f"/v1/businesses/biz_{driver.world.business_id.hex}")).json()["portfolio"]
    assert (shown["messaging_limit"], shown["used"]) == (10, 10)


async def test_a_day_later_the_portfolio_may_begin_anew(
    driver: Driver, dispatcher: Dispatcher, clock: ManualClock, graph: respx.MockRouter, container: Container
) -> None:
    await limit(driver, 2, share=0)
    await opt_in_many(container, driver.world, 4)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    week = (clock.now() + timedelta(days=7)).isoformat()
    ids = await driver.accepted_many(4, expires_at=week)
    clock.advance(SECOND)
    await dispatch(dispatcher)
    assert sent_ids(route) == ids[:2]
    clock.advance(timedelta(hours=23, minutes=59))
    await dispatch(dispatcher)
    assert route.call_count == 2
    clock.advance(timedelta(minutes=12))
    await dispatch(dispatcher)
    assert sent_ids(route) == ids


async def test_a_customer_who_is_told_again_counts_a_day_from_then(
    driver: Driver, dispatcher: Dispatcher, clock: ManualClock, graph: respx.MockRouter, container: Container
) -> None:
    await limit(driver, 2, share=0)
    await opt_in_many(container, driver.world, 3)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    week = (clock.now() + timedelta(days=7)).isoformat()
    for hours in (0, 23):
        clock.advance(timedelta(hours=hours))
        await driver.accepted(order_confirmed(numbered_phone(0), expires_at=week))
        await dispatch(dispatcher)
    assert route.call_count == 2
    clock.advance(timedelta(minutes=80))
    others = [await driver.accepted(order_confirmed(numbered_phone(one), expires_at=week)) for one in (1, 2)]
    await dispatch(dispatcher)
    clock.advance(SECOND)
    await dispatch(dispatcher)
    assert sent_ids(route)[2:] == others[:1], "the first customer was told an hour ago"
    shown = (await driver.request("GET", f"/v1/businesses/biz_{driver.world.business_id.hex}")).json()["portfolio"]
    assert shown["used"] == 2


async def test_portfolios_limit_holds_for_two_numbers_that_race(
    driver: Driver, container: Container, settings: Settings, clock: ManualClock, graph: respx.MockRouter
) -> None:
    other = await copy_sender(container, driver.world, mode="test", phone_number_id="100000000000077")
    await limit(driver, 20, share=0)
    await opt_in_many(container, driver.world, 60)
    await driver.accepted_many(30)
    await driver.accepted_many(30, first=30, sender=f"snd_{other.hex}")
    clock.advance(SECOND)
    graph.post(url__regex=r"http://sandbox.test/v25.0/\d+/messages").mock(side_effect=accept_all)
    async with another_dispatcher(settings, clock) as one, another_dispatcher(settings, clock) as two:
        for _ in range(15):
            await asyncio.gather(one.step(), two.step())
            await asyncio.gather(one.drain(), two.drain())
            clock.advance(timedelta(milliseconds=100))
    told = {orjson.loads(call.request.content)["to"] for call in graph.calls if "/messages" in call.request.url.path}
    assert len(told) == 20


async def test_portfolios_limit_holds_for_dispatchers_that_race(
    driver: Driver, container: Container, settings: Settings, clock: ManualClock, graph: respx.MockRouter
) -> None:
    await limit(driver, 30, share=0)
    await opt_in_many(container, driver.world, 100)
    await driver.accepted_many(100)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    async with (
        another_dispatcher(settings, clock) as one,
        another_dispatcher(settings, clock) as two,
        another_dispatcher(settings, clock) as three,
    ):
        for _ in range(20):
            for dispatcher in (one, two, three):
                await dispatcher.step()
            for dispatcher in (one, two, three):
                await dispatcher.drain()
            clock.advance(timedelta(milliseconds=100))
    recipients = {orjson.loads(call.request.content)["to"] for call in route.calls}
    assert len(recipients) == route.call_count == 30


async def test_unlimited_portfolio_counts_nothing(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    container: Container,
    connection: asyncpg.Connection,
) -> None:
    await limit(driver, None)
    await opt_in_many(container, driver.world, 3)
    await driver.accepted_many(3)
    sends(graph, driver.world).mock(side_effect=accept_all)
    await dispatch(dispatcher)
    assert await connection.fetchval("SELECT count(*) FROM portfolio_contacts") == 0


async def test_critical_leaves_before_a_backlog(
    driver: Driver,
    dispatcher: Dispatcher,
    clock: ManualClock,
    graph: respx.MockRouter,
    container: Container,
) -> None:
    await opt_in_many(container, driver.world, 61)
    await driver.accepted_many(60)
    clock.advance(SECOND)
    critical = await driver.accepted(order_confirmed(numbered_phone(60), data=OUTAGE), event="outage-notice")
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    await dispatch(dispatcher)
    assert sent_ids(route)[0] == critical
    assert route.call_count < 20


async def test_a_deep_backlog_of_one_business_does_not_delay_another(
    http: httpx.AsyncClient, driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, container: Container
) -> None:
    other = await build_world(container, name="Other", phone_number_id="100000000000009", waba_id="200000000000009")
    await opt_in_many(container, driver.world, 1)
    (one,) = await driver.accepted_many(1)
    await container.database.pool.execute(
        """
        INSERT INTO messages SELECT (json_populate_record(m, json_build_object(
            'id', overlay(m.id::text placing lpad(to_hex(n), 12, '0') from 25)))).*
          FROM messages m, generate_series(1, 20000) n WHERE id = $1
        """,
        UUID(hex=one.removeprefix("msg_")),
    )
    sends(graph, driver.world).mock(side_effect=accept_all)
    route = sends(graph, other).mock(side_effect=accept_all)
    await opt_in_many(container, other, 1)
    (message_id,) = await Driver(http, other).accepted_many(1)
    await dispatch(dispatcher)
    assert sent_ids(route) == [message_id], "in the very next round"


async def test_outage_of_meta_is_not_the_portfolios_business(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, container: Container
) -> None:
    """What could not be sent stays counted: rather too few new customers than a block."""
    await limit(driver, 1, share=0)
    await opt_in_many(container, driver.world, 1)
    (message_id,) = await driver.accepted_many(1)
    route = sends(graph, driver.world).mock(side_effect=httpx.ConnectError("refused"))
    await dispatch(dispatcher)
    route.mock(side_effect=accept_all)
    clock.advance(timedelta(seconds=10))
    await dispatch(dispatcher)
    assert (await driver.story(message_id))["status"] == "accepted", "the same customer may still be told"
