"""Delivery of events by HTTP to receivers that know nothing but the public library: order, failure, rest, workers."""

import asyncio
import socket
import threading
from collections.abc import Callable
from datetime import timedelta

import asyncpg
import httpx
import pytest
from standardwebhooks import Webhook

from app.callbacks.recording import ATTEMPTS_KEPT
from app.container import Container
from app.core.clock import ManualClock
from app.core.settings import Settings
from tests.integration.callbacks.conftest import CONCURRENCY
from tests.integration.callbacks.endpoint import Endpoint, acts, numbers, tell
from tests.support.driving import HANGS_AFTER, PHONE, Driver, another_container
from tests.support.receiver import TAKEN, Received, Receiver, Reply

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(HANGS_AFTER):
        while not done():  # noqa: ASYNC110 - it comes about in threads
            await asyncio.sleep(0)


async def deliver_until(
    container: Container, clock: ManualClock, done: Callable[[], object], *, step: timedelta = HOUR
) -> int:
    """Lets time pass; answers how many calls were made."""
    calls = 0
    for _ in range(500):
        calls += await container.deliverer.step()
        if done():
            return calls
        clock.advance(step)
    raise AssertionError("in vain")


async def test_what_the_feed_has_is_delivered_signed_in_order_and_accounted_for(
    driver: Driver, container: Container, shop: Receiver
) -> None:
    endpoint = await Endpoint.create(driver, shop.url, description="CRM")
    assert (await endpoint.shown())["health"]["state"] == "untried"
    await driver.world.opt_in(PHONE)
    await driver.opt_out()
    assert await container.deliverer.step() == 2
    assert acts(shop.events) == ["opt_in", "opt_out"]
    feed = (await driver.request("GET", "/v1/feed")).json()["events"]
    assert [{name: value for name, value in one.items() if name != "timestamp"} for one in shop.events] == feed
    for call in shop.calls:
        assert call.is_signed_with(endpoint.secret)
        assert not call.is_signed_with("whsec_" + "A" * 32)
        assert (call.id, call.document["timestamp"]) == (call.document["id"], call.document["created_at"])
        assert (call.headers["content-type"], call.path) == ("application/json", "/callbacks")
    shown = await endpoint.shown()
    assert (shown["health"]["state"], shown["pending"], shown["parked"]) == ("healthy", 0, 0)
    first = await endpoint.delivery(feed[0]["id"])
    assert (first["status"], first["attempt_count"], first["contact"]) == (
        "delivered",
        1,
        feed[0]["data"]["contact"]["id"],
    )
    (attempt,) = first["attempts"]
    assert (attempt["callback_id"], attempt["status_code"], attempt["error"]) == (feed[0]["id"], 204, None)


async def test_types_are_chosen_and_a_change_holds_for_what_comes_after(
    driver: Driver, container: Container, connection: asyncpg.Connection, shop: Receiver
) -> None:
    endpoint = await Endpoint.create(driver, shop.url, types=["template.changed"])
    await tell(connection, driver, 1)
    await tell(connection, driver, 2, type="template.changed")
    await endpoint.ask("PATCH", json={"types": ["consent.changed"]})
    await tell(connection, driver, 3)
    await tell(connection, driver, 4, type="template.changed")
    await endpoint.ask("PATCH", json={"types": None})
    await tell(connection, driver, 5, type="a.later.version")
    await container.deliverer.step()
    assert sorted(numbers(shop.events)) == [2, 3, 5]


async def test_batches_hold_what_there_is_and_keep_each_contact_in_one(
    driver: Driver, container: Container, connection: asyncpg.Connection, shop: Receiver
) -> None:
    endpoint = await Endpoint.create(driver, shop.url, batch_size=4)
    told = [await tell(connection, driver, number, contact=number % 2) for number in range(10)]
    shop.answer = lambda _: TAKEN if len(shop.calls) > 1 else (500, {}, b"")
    assert await container.deliverer.step() == 1
    first = shop.calls[0]
    assert (first.document["type"], numbers(first.events)) == ("events.batch", [0, 1, 2, 3])
    container.clock.advance(DAY)  # type: ignore[attr-defined] # by hand
    assert await container.deliverer.step() == 3
    again = shop.calls[1]
    assert (again.id, again.body) == (first.id, first.body), "the same events are the same batch"
    assert first.id.startswith("bat_")
    assert [numbers(call.events) for call in shop.taken] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    delivery = await endpoint.delivery(told[0])
    assert [one["callback_id"] for one in delivery["attempts"]] == [first.id] * 2
    assert [one["status_code"] for one in delivery["attempts"]] == [500, 204]


async def test_a_contacts_events_wait_for_one_that_fails_until_it_is_parked(
    driver: Driver, container: Container, clock: ManualClock, connection: asyncpg.Connection, shop: Receiver
) -> None:
    """Which is after three days and a last try; others go on meanwhile."""
    endpoint = await Endpoint.create(driver, shop.url)

    def refuse_the_first(call: Received) -> Reply:
        return (422, {}, b"kapal\xc4\xb1\x00 \xff") if call.document["data"]["number"] == 1 else TAKEN

    shop.answer = refuse_the_first
    poison = await tell(connection, driver, 1, contact=1)
    behind = await tell(connection, driver, 2, contact=1)
    await tell(connection, driver, 3, contact=2)
    began = clock.now()
    assert await container.deliverer.step() == 2
    assert numbers(shop.events) == [3]
    waits = await endpoint.delivery(behind)
    assert (waits["waits_for_earlier"], waits["next_attempt_at"], waits["attempt_count"]) == (True, None, 0)
    failed = await endpoint.delivery(poison)
    assert failed["next_attempt_at"] is not None
    assert (failed["attempts"][0]["error"], failed["attempts"][0]["detail"]) == ("status", "answered 422")
    assert failed["attempts"][0]["answer"] == "kapalı \ufffd"
    tries = await deliver_until(container, clock, lambda: 2 in numbers(shop.events))
    assert clock.now() - began >= timedelta(days=3)
    assert 8 < tries < 100
    parked = await endpoint.delivery(poison)
    assert (parked["status"], parked["parked_reason"], parked["next_attempt_at"]) == ("parked", "window", None)
    assert parked["attempt_count"] >= len(parked["attempts"]) > 8
    assert len(parked["attempts"]) <= ATTEMPTS_KEPT
    shown = await endpoint.shown()
    assert (shown["parked"], shown["pending"]) == (1, 0)
    assert [one["event"] for one in await endpoint.deliveries(status="parked")] == [poison]
    await container.callback_tidying.run()
    assert "answer" in (await endpoint.delivery(poison))["attempts"][-1]
    clock.advance(8 * DAY)
    await container.callback_tidying.run()
    assert [one["answer"] for one in (await endpoint.delivery(poison))["attempts"]] == [None] * len(parked["attempts"])


async def test_an_endpoint_that_is_down_is_left_in_peace_and_caught_up_with_afterwards(
    driver: Driver, container: Container, clock: ManualClock, connection: asyncpg.Connection, shop: Receiver
) -> None:
    """However much waits for it: first a few calls, then one now and then."""
    endpoint = await Endpoint.create(driver, shop.url)
    shop.answer = lambda _: (503, {}, b"")
    for number in range(40):
        await tell(connection, driver, number, contact=number // 2)
    assert await container.deliverer.step() <= 2 * CONCURRENCY
    for _ in range(6):
        clock.advance(timedelta(minutes=20))
        assert await container.deliverer.step() == 1
    shown = await endpoint.shown()
    assert (shown["pending"], shown["health"]["state"]) == (40, "failing")
    assert shown["health"]["last_error"] == "answered 503"
    assert shown["health"]["retry_at"] is not None
    await tell(connection, driver, 40, contact=0)
    await container.deliverer.step()
    assert (await endpoint.shown())["pending"] == 41, "what comes while it rests is not counted later"
    shop.answer = lambda _: TAKEN
    clock.advance(timedelta(minutes=20))
    await container.deliverer.step()
    assert sorted(numbers(shop.events)) == list(range(41)), "all of it, also what would have been tried later"
    for contact in range(20):
        own = [number for number in numbers(shop.events) if number // 2 == contact]
        assert own[:2] == [2 * contact, 2 * contact + 1]
    assert (await endpoint.shown())["health"] | {"last_success_at": None, "last_failure_at": None} == {
        "state": "healthy",
        "failing_since": None,
        "consecutive_failures": 0,
        "retry_at": None,
        "last_success_at": None,
        "last_failure_at": None,
        "last_error": "answered 503",
    }


async def test_retry_after_is_honoured(
    driver: Driver, container: Container, clock: ManualClock, connection: asyncpg.Connection, shop: Receiver
) -> None:
    await Endpoint.create(driver, shop.url)
    shop.answer = lambda _: (429, {"Retry-After": "1800"}, b"")
    await tell(connection, driver, 1, contact=1)
    assert await container.deliverer.step() == 1
    await tell(connection, driver, 2, contact=2)
    clock.advance(timedelta(minutes=29))
    assert await container.deliverer.step() == 0, "nor is anything else sent"
    shop.answer = lambda _: TAKEN
    clock.advance(timedelta(minutes=2))
    await container.deliverer.step()
    assert sorted(numbers(shop.events)) == [1, 2]


@pytest.mark.parametrize(("status", "reason", "days"), [(410, "gone", 0), (500, "failing", 5)])
async def test_endpoint_is_disabled_with_notice_and_gets_what_comes_once_it_is_enabled(
    driver: Driver,
    container: Container,
    clock: ManualClock,
    connection: asyncpg.Connection,
    shop: Receiver,
    other_shop: Receiver,
    status: int,
    reason: str,
    days: int,
) -> None:
    endpoint = await Endpoint.create(driver, shop.url)
    await Endpoint.create(driver, other_shop.url, types=["callback_endpoint.disabled"])
    shop.answer = lambda _: (status, {}, b"")
    began = clock.now()
    for number in range(3):
        await tell(connection, driver, number, contact=1)
    await deliver_until(container, clock, lambda: other_shop.events)
    assert (clock.now() - began) // DAY == days
    (notice,) = other_shop.events
    assert (notice["data"]["endpoint"], notice["data"]["reason"]) == (endpoint.id, reason)
    assert notice["data"]["error"] == f"answered {status}"
    feed = (await driver.request("GET", "/v1/feed", params={"types": "callback_endpoint.disabled"})).json()
    assert [event["id"] for event in feed["events"]] == [notice["id"]]
    await container.callback_tidying.run()
    shown = await endpoint.shown()
    assert (shown["enabled"], shown["disabled_reason"], shown["health"]["state"]) == (False, reason, "disabled")
    assert (shown["pending"], shown["parked"]) == (0, 3)
    assert (await endpoint.deliveries())[0]["parked_reason"] == "endpoint_disabled"
    await tell(connection, driver, 3, contact=1)
    shop.answer = lambda _: TAKEN
    assert await container.deliverer.step() == 0
    assert (await endpoint.ask("PATCH", json={"enabled": True}))["health"]["state"] == "untried"
    await tell(connection, driver, 4, contact=1)
    await container.deliverer.step()
    assert numbers(shop.events) == [4], "what it missed is replayed on request"
    period = {"since": began.isoformat(), "until": (clock.now() + HOUR).isoformat()}
    assert await endpoint.ask("POST", "/replay", status=202, json=period) == {"events": 5}
    await container.deliverer.step()
    replayed = [event["data"]["number"] for event in shop.events if event["type"] == "consent.changed"]
    assert replayed == [4, 0, 1, 2, 3]


async def test_a_slow_and_a_dead_endpoint_disturb_nobody(
    driver: Driver, container: Container, connection: asyncpg.Connection, shop: Receiver, other_shop: Receiver
) -> None:
    """The healthy one has everything while of the slow one not a single call has ended."""
    let_go = threading.Event()
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))  # and never listens
        dead = await Endpoint.create(driver, f"http://127.0.0.1:{unheard.getsockname()[1]}/")
        slow = await Endpoint.create(driver, other_shop.url)
        await Endpoint.create(driver, shop.url)

        def answer_late(_: Received) -> Reply:
            assert let_go.wait(HANGS_AFTER)
            return TAKEN

        other_shop.answer = answer_late
        for number in range(60):
            await tell(connection, driver, number, contact=number // 3)
        stop = asyncio.Event()
        running = asyncio.create_task(container.deliverer.run(stop))
        try:
            await until(lambda: len(shop.events) == 60 and len(other_shop.calls) == CONCURRENCY)
            assert (len(other_shop.calls), len(other_shop.taken)) == (CONCURRENCY, 0)
            assert (await slow.shown())["pending"] == 60
            failing = await dead.shown()
            assert (failing["pending"], failing["health"]["state"]) == (60, "failing")
            for contact in range(20):
                assert [one for one in numbers(shop.events) if one // 3 == contact] == [
                    3 * contact,
                    3 * contact + 1,
                    3 * contact + 2,
                ]
        finally:
            let_go.set()
            stop.set()
            await running
    assert len(other_shop.taken) == CONCURRENCY, "calls under way are finished, and recorded"
    assert len(await slow.deliveries(status="delivered")) == CONCURRENCY


async def test_two_workers_share_an_endpoint(
    driver: Driver,
    container: Container,
    settings: Settings,
    clock: ManualClock,
    connection: asyncpg.Connection,
    shop: Receiver,
) -> None:
    await Endpoint.create(driver, shop.url)
    for number in range(60):
        await tell(connection, driver, number, contact=number // 6)
    async with another_container(settings, clock) as other:
        stop = asyncio.Event()
        workers = [asyncio.create_task(one.deliverer.run(stop)) for one in (container, other)]
        try:
            await until(lambda: len(shop.events) == 60)
        finally:
            stop.set()
            await asyncio.gather(*workers)
    assert len(shop.calls) == 60, "each was sent once"
    for contact in range(10):
        own = [one for one in numbers(shop.events) if one // 6 == contact]
        assert own == sorted(own)


async def test_a_call_whose_worker_died_is_made_again_and_one_that_ends_late_is_believed(
    driver: Driver, container: Container, clock: ManualClock, connection: asyncpg.Connection, shop: Receiver
) -> None:
    endpoint = await Endpoint.create(driver, shop.url)
    event = await tell(connection, driver, 1, contact=1)
    await tell(connection, driver, 2, contact=1)
    reached, let_go = threading.Event(), threading.Event()

    def answer_late(_: Received) -> Reply:
        reached.set()
        assert let_go.wait(HANGS_AFTER)
        return TAKEN

    shop.answer = answer_late
    dying = asyncio.create_task(container.deliverer.step())
    assert await asyncio.to_thread(reached.wait, HANGS_AFTER)
    assert (await endpoint.delivery(event))["is_being_sent"]
    assert not dying.done()
    shop.answer = lambda _: TAKEN
    async with another_container(container.settings, clock) as other:
        assert await other.deliverer.step() == 0, "it is leased"
        clock.advance(timedelta(minutes=1))
        assert await other.deliverer.step() == 2
    let_go.set()
    assert await dying == 1
    assert numbers(shop.events) == [1, 2]
    delivery = await endpoint.delivery(event)
    assert (delivery["status"], delivery["attempt_count"], len(delivery["attempts"])) == ("delivered", 2, 1)


async def test_an_event_that_was_forgotten_meanwhile_holds_up_nothing(
    driver: Driver, container: Container, shop: Receiver, connection: asyncpg.Connection
) -> None:
    """A replay of what is just old enough adds deliveries that whoever forgets the events does not see yet."""
    endpoint = await Endpoint.create(driver, shop.url)
    await container.deliverer.step()
    events = [await tell(connection, driver, number, contact=contact) for number, contact in enumerate((1, 1, None))]
    assert [one["status"] for one in await endpoint.deliveries()] == []
    answer = await driver.request("POST", f"{endpoint.path}/deliveries/{events[0]}/replay")
    assert answer.status_code in (200, 202), answer.text
    await connection.execute("DELETE FROM callback_events WHERE data ->> 'number' IN ('0', '2')")
    await container.deliverer.step()
    assert numbers(shop.events) == [1]
    assert await connection.fetchval("SELECT count(*) FROM callback_deliveries") == 1


async def test_secret_is_rotated_with_both_valid_and_resealed(
    driver: Driver, container: Container, clock: ManualClock, shop: Receiver
) -> None:
    endpoint = await Endpoint.create(driver, shop.url)
    rotated = await endpoint.ask("POST", "/rotate-secret", json={"overlap_seconds": 3600})
    new = rotated["secret"]
    assert new != endpoint.secret
    assert rotated["former_secret_until"] is not None
    assert await container.callback_endpoints.reseal() == 2
    await driver.world.opt_in(PHONE)
    await container.deliverer.step()
    (both,) = shop.calls
    assert both.is_signed_with(endpoint.secret)
    assert both.is_signed_with(new)
    assert both.headers["webhook-signature"].startswith("v1,")
    clock.advance(HOUR)
    await driver.opt_out()
    await container.deliverer.step()
    last = shop.calls[-1]
    expected = Webhook(new).sign(last.id, clock.now(), last.body.decode())
    assert last.headers["webhook-signature"] == expected
    assert (await endpoint.shown())["former_secret_until"] is None
    await endpoint.ask("POST", "/rotate-secret", json={"overlap_seconds": 0})
    assert (await endpoint.shown())["former_secret_until"] is None


async def test_a_test_event_goes_to_one_endpoint_alone(
    driver: Driver, container: Container, shop: Receiver, other_shop: Receiver, http: httpx.AsyncClient
) -> None:
    endpoint = await Endpoint.create(driver, shop.url, types=["template.changed"])
    await Endpoint.create(driver, other_shop.url)
    sent = await endpoint.ask("POST", "/test", status=202)
    await container.deliverer.step()
    (event,) = shop.events
    assert (event["id"], event["type"], event["data"]["endpoint"]) == (sent["event"], "endpoint.test", endpoint.id)
    assert other_shop.calls == []
    assert (await driver.request("GET", "/v1/feed")).json()["events"] == []
    assert (await endpoint.delivery(sent["event"]))["status"] == "delivered"
