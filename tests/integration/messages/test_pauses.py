"""What Meta says of a sender: pauses with their alerts, probes, resumption, and a rate that falls and recovers."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import respx

from app.accounts import health
from app.container import Container
from app.core.clock import ManualClock
from app.core.settings import Settings
from app.messages.dispatch import Dispatcher
from app.whatsapp.errors import ENTRIES, PAUSING
from tests.support.driving import (
    HANGS_AFTER,
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
from tests.support.world import World, build_world, order_confirmed, status_item

PAUSES = [entry.code for entry in ENTRIES if entry.error_class in PAUSING]
LIFTS = [entry.code for entry in ENTRIES if entry.error_class in PAUSING and entry.may_lift]
SECOND = timedelta(seconds=1)


async def sender_of(driver: Driver) -> dict[str, Any]:
    answer = await driver.request("GET", f"/v1/senders/{driver.world.sender}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def alerts_of(driver: Driver, **params: str) -> list[dict[str, Any]]:
    answer = await driver.request("GET", "/v1/alerts", params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["alerts"]
    return found


async def probe_reaches(driver: Driver, message_id: str, clock: ManualClock) -> None:
    """Meta reports the message as sent, again and again, until the API has been told that its sender is paused."""
    item = status_item(message_id, "sent", wamid=f"wamid.{message_id}", at=int(clock.now().timestamp()))
    async with asyncio.timeout(HANGS_AFTER):
        while (await sender_of(driver))["state"] == "paused":
            await driver.receipts(item)


@pytest.fixture
async def three(driver: Driver, container: Container, clock: ManualClock) -> list[str]:
    """Messages that the sender's pace lets go at once."""
    await opt_in_many(container, driver.world, 3)
    ids = await driver.accepted_many(3)
    clock.advance(SECOND)
    return ids


@pytest.mark.parametrize("code", PAUSES)
async def test_error_of_the_sender_pauses_it_raises_one_alert_and_holds_its_messages(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, three: list[str], code: int
) -> None:
    route = sends(graph, driver.world).mock(return_value=refusal(code))
    for _ in range(4):
        await dispatch(dispatcher)
        clock.advance(SECOND)
    assert route.call_count == 3, "those that were claimed together, and nothing after them"
    shown = await sender_of(driver)
    assert (shown["state"], shown["paused_by"]) == ("paused", "meta")
    (alert,) = await alerts_of(driver)
    assert shown["alerts"] == [alert]
    assert (alert["kind"], alert["code"], alert["sender"]) == ("sender_paused", code, driver.world.sender)
    assert (alert["resolved_at"], alert["resolution"]) == (None, None)
    assert alert["meaning"]
    assert alert["next_step"]
    assert alert["details"] == "As told by the test."
    for message_id in three:
        story = await driver.story(message_id)
        assert (story["status"], waits_for(story), story["reason"]) == ("queued", "sender", f"error_{code}")
        assert story["waiting_for"]["until"] == shown["probe_at"]
    later = await driver.accepted(order_confirmed(numbered_phone(0)))
    assert waits_for(await driver.story(later)) == "sender", "whatever comes now waits too, and says so"


async def test_person_resumes_and_everything_leaves_once(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, three: list[str]
) -> None:
    route = sends(graph, driver.world).mock(return_value=refusal(190))
    await dispatch(dispatcher)
    clock.advance(timedelta(hours=5))
    await dispatch(dispatcher)
    assert route.call_count == 3, "no probe: an expired token does not mend itself"
    route.reset()
    route.mock(side_effect=accept_all)
    answer = await driver.request("POST", f"/v1/senders/{driver.world.sender}/resume")
    assert (answer.status_code, answer.json()["state"], answer.json()["alerts"]) == (200, "active", [])
    await dispatch(dispatcher)
    assert sorted(sent_ids(route)) == sorted(three)
    assert await alerts_of(driver) == []
    (resolved,) = await alerts_of(driver, all="true")
    assert (resolved["resolution"], resolved["resolved_at"] is not None) == ("person", True)
    feed = (await driver.request("GET", "/v1/feed", params={"types": "sender.alert"})).json()
    opened, closed = (event["data"] for event in feed["events"])
    assert closed == {"alert": resolved.pop("id"), "change": "resolved", **resolved}
    raised = {"change": "opened", "occurrences": 1, "resolved_at": None, "resolution": None}
    assert opened == closed | raised | {"last_seen_at": resolved["raised_at"]}, "once, however often it was seen"
    story = await driver.story(three[0])
    assert [one["outcome"] for one in story["attempts"]] == ["refused", "accepted"]


async def test_waiting_messages_of_a_paused_sender_expire_in_their_time(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, container: Container
) -> None:
    await opt_in_many(container, driver.world, 2)
    until = (clock.now() + timedelta(minutes=5)).isoformat()
    short = await driver.accepted(order_confirmed(numbered_phone(0), expires_at=until))
    long = await driver.accepted(order_confirmed(numbered_phone(1)))
    sends(graph, driver.world).mock(return_value=refusal(131042))
    await dispatch(dispatcher)
    clock.advance(timedelta(minutes=5))
    await dispatch(dispatcher)
    story = await driver.story(short)
    assert (story["status"], story["reason"], waits_for(story)) == ("expired", "expired", None)
    rule = story["decision"][-1]
    assert (rule["rule"], rule["verdict"], rule["input"]) == ("expiry", "expire", {"waited_for": "error_131042"})
    assert (await driver.story(long))["status"] == "queued"


@pytest.mark.parametrize("code", LIFTS)
async def test_probe_tries_with_one_message_and_its_acceptance_ends_the_pause(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    clock: ManualClock,
    settings: Settings,
    three: list[str],
    code: int,
) -> None:
    route = sends(graph, driver.world).mock(return_value=refusal(code))
    await dispatch(dispatcher)
    clock.advance(settings.probe_interval - SECOND)
    await dispatch(dispatcher)
    assert route.call_count == 3
    clock.advance(SECOND)
    for _ in range(3):
        await dispatch(dispatcher)
        clock.advance(SECOND)
    assert route.call_count == 4, "one message, and it found the obstacle still there"
    (alert,) = await alerts_of(driver)
    assert alert["occurrences"] == 2
    route.mock(side_effect=accept_all)
    clock.advance(settings.probe_interval)
    await dispatch(dispatcher)
    assert route.call_count == 5
    await dispatch(dispatcher)
    assert (await sender_of(driver))["state"] == "paused", "that Meta accepts it says nothing of a bill"
    await probe_reaches(driver, sent_ids(route)[-1], clock)
    assert (await sender_of(driver))["state"] == "active"
    assert [one["resolution"] for one in await alerts_of(driver, all="true")] == ["probe"]
    clock.advance(SECOND)
    await dispatch(dispatcher)
    for message_id in three:
        assert (await driver.story(message_id))["status"] in ("accepted", "sent")


async def test_probe_that_finds_nothing_to_send_is_not_used_up(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    clock: ManualClock,
    settings: Settings,
    three: list[str],
) -> None:
    route = sends(graph, driver.world).mock(return_value=refusal(368))
    await dispatch(dispatcher)
    await driver.world.opt_out(numbered_phone(0))
    route.reset()
    route.mock(side_effect=accept_all)
    clock.advance(settings.probe_interval)
    await dispatch(dispatcher)
    (probe,) = sent_ids(route)
    await probe_reaches(driver, probe, clock)
    clock.advance(SECOND)
    await dispatch(dispatcher)
    assert sorted(sent_ids(route)) == sorted(three[1:])


async def test_probe_of_a_moment_ago_does_not_end_a_persons_pause(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    clock: ManualClock,
    settings: Settings,
    container: Container,
    three: list[str],
) -> None:
    route = sends(graph, driver.world).mock(return_value=refusal(368))
    await dispatch(dispatcher)
    route.mock(side_effect=accept_all)
    clock.advance(settings.probe_interval)
    await dispatch(dispatcher)
    probe = UUID(hex=sent_ids(route)[-1].removeprefix("msg_"))
    await driver.request("POST", f"/v1/senders/{driver.world.sender}/pause")
    async with container.database.pool.acquire() as connection:
        key = (driver.world.business_id, driver.world.sender_id)
        assert not await health.resume(connection, *key, now=clock.now(), resolution="probe", reached=[probe])
        assert not await health.resume(connection, *key, now=clock.now(), resolution="credentials")
    assert (await sender_of(driver))["state"] == "paused"


async def test_receipts_of_other_messages_end_no_pause(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, container: Container
) -> None:
    """They left before it, and arrive all the same."""
    await opt_in_many(container, driver.world, 2)
    earlier, later = await driver.accepted_many(2)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    await dispatch(dispatcher)
    route.mock(return_value=refusal(131042))
    clock.advance(SECOND)
    await dispatch(dispatcher)
    async with container.database.pool.acquire() as connection:
        key = (driver.world.business_id, driver.world.sender_id)
        ids = [UUID(hex=one.removeprefix("msg_")) for one in (earlier, later)]
        assert not await health.resume(connection, *key, now=clock.now(), resolution="probe", reached=ids)


async def test_news_of_before_the_resumption_is_none(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, three: list[str]
) -> None:
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    await dispatch(dispatcher)
    before = int(clock.now().timestamp())
    await driver.request("POST", f"/v1/senders/{driver.world.sender}/pause")
    clock.advance(timedelta(minutes=10))
    await driver.request("POST", f"/v1/senders/{driver.world.sender}/resume")
    assert route.call_count == 3
    item = status_item(three[0], "failed", at=before, errors=[{"code": 131042, "title": "?"}])
    await driver.receipts(item)
    assert (await sender_of(driver))["state"] == "active"


async def test_number_that_is_gone_pauses_whatever_code_says_so(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, three: list[str]
) -> None:
    error = {"message": "Unsupported post request", "type": "GraphMethodException", "code": 100, "error_subcode": 33}
    sends(graph, driver.world).respond(400, json={"error": error})
    await dispatch(dispatcher)
    (alert,) = await alerts_of(driver)
    assert (alert["code"], (await sender_of(driver))["probe_at"]) == (33, None)
    assert waits_for(await driver.story(three[0])) == "sender"


async def test_what_was_claimed_and_not_sent_gives_its_pace_back(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, container: Container
) -> None:
    await opt_in_many(container, driver.world, 20)
    ids = await driver.accepted_many(20)
    await container.database.pool.execute("UPDATE senders SET throughput = 10")
    await container.database.pool.execute("UPDATE consents SET state = 'opted_out'")
    await opt_in_many(container, driver.world, 1, first=20)
    (going,) = await driver.accepted_many(1, first=20)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    for _ in range(25):
        await dispatch(dispatcher)
    assert sent_ids(route) == [going], "without a moment passing, since nothing else left"
    assert len(ids) == 20


async def test_one_critical_message_now_and_then_does_not_hide_the_others(
    driver: Driver, dispatcher: Dispatcher, clock: ManualClock, container: Container, left: list[Any]
) -> None:
    await opt_in_many(container, driver.world, 200)
    await driver.accepted_many(150)
    await container.database.pool.execute("UPDATE senders SET throughput = 20")
    outage = {"service": "elektrik", "area": "Moda", "expected_end": "2026-11-25T18:30:00+03:00"}
    for second in range(5):
        await driver.accepted(order_confirmed(numbered_phone(150 + second), data=outage), event="outage-notice")
        for _ in range(20):
            await dispatch(dispatcher)
            clock.advance(timedelta(milliseconds=50))
    assert len(left) >= 95, "twenty a second"


async def test_pause_of_one_number_leaves_the_businesss_others_alone(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, container: Container, clock: ManualClock
) -> None:
    other = await copy_sender(container, driver.world, mode="test", phone_number_id="100000000000077")
    await opt_in_many(container, driver.world, 2)
    sends(graph, driver.world).mock(return_value=refusal(190))
    route = graph.post("http://sandbox.test/v25.0/100000000000077/messages").mock(side_effect=accept_all)
    stuck = await driver.accepted(order_confirmed(numbered_phone(0)))
    await dispatch(dispatcher)
    going = await driver.accepted(order_confirmed(numbered_phone(1), sender=f"snd_{other.hex}"))
    clock.advance(SECOND)
    await dispatch(dispatcher)
    assert sent_ids(route) == [going]
    assert waits_for(await driver.story(stuck)) == "sender"
    assert waits_for(await driver.story(going)) is None


async def test_person_pauses_and_nothing_but_a_person_resumes(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    clock: ManualClock,
    settings: Settings,
    three: list[str],
) -> None:
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    path = f"/v1/senders/{driver.world.sender}/pause"
    answer = await driver.request("POST", path, json={"reason": "stock-taking"})
    shown = answer.json()
    assert (shown["state"], shown["paused_by"], shown["probe_at"]) == ("paused", "person", None)
    assert (await driver.request("POST", path)).status_code == 200, "twice is as good as once"
    (alert,) = await alerts_of(driver)
    assert (alert["code"], alert["details"], alert["error_class"]) == (0, "stock-taking", None)
    clock.advance(10 * settings.probe_interval)
    await dispatch(dispatcher)
    assert not route.called
    await driver.request("POST", f"/v1/senders/{driver.world.sender}/resume")
    await dispatch(dispatcher)
    assert sorted(sent_ids(route)) == sorted(three)


async def test_in_doubt_while_paused_is_settled_all_the_same(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, container: Container
) -> None:
    await opt_in_many(container, driver.world, 1)
    data = {"starts_at": "2026-11-24T14:30:00+03:00", "place": "Klinik"}
    body = order_confirmed(numbered_phone(0), data=data)
    message_id = await driver.accepted(body, event="appointment-reminder")
    sends(graph, driver.world).mock(side_effect=httpx.ReadTimeout("lost"))
    await dispatch(dispatcher)
    await driver.request("POST", f"/v1/senders/{driver.world.sender}/pause")
    clock.advance(timedelta(minutes=11))
    await dispatch(dispatcher)
    story = await driver.story(message_id)
    assert (story["status"], story["reason"]) == ("failed", "unconfirmed")


@pytest.mark.parametrize(
    ("code", "state"), [(131042, "paused"), (131031, "paused"), (131026, "active"), (130429, "active")]
)
async def test_failed_receipt_pauses_as_an_answer_would(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    clock: ManualClock,
    three: list[str],
    code: int,
    state: str,
) -> None:
    sends(graph, driver.world).mock(side_effect=accept_all)
    await dispatch(dispatcher)
    error = {"code": code, "title": "told by a receipt", "error_data": {"details": "In Meta's words."}}
    item = status_item(three[0], "failed", at=int(clock.now().timestamp()), errors=[error])
    await driver.receipts(item)
    assert (await sender_of(driver))["state"] == state
    assert [one["details"] for one in await alerts_of(driver)] == ["In Meta's words."] * (state == "paused")
    await driver.request("POST", f"/v1/senders/{driver.world.sender}/resume")
    await driver.receipts(item)
    assert (await sender_of(driver))["state"] == "active", "a repeated receipt is no news"


async def test_receipt_of_long_ago_pauses_nothing(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, three: list[str]
) -> None:
    sends(graph, driver.world).mock(side_effect=accept_all)
    await dispatch(dispatcher)
    at = int((clock.now() - timedelta(days=2)).timestamp())
    await driver.receipts(status_item(three[0], "failed", at=at, errors=[{"code": 131042, "title": "?"}]))
    assert (await sender_of(driver))["state"] == "active"


async def test_too_fast_halves_the_rate_once_for_all_that_was_under_way_and_it_recovers(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, container: Container
) -> None:
    await opt_in_many(container, driver.world, 9)
    await driver.accepted_many(9)
    clock.advance(SECOND)
    route = sends(graph, driver.world).mock(return_value=refusal(130429, status=429))
    await dispatch(dispatcher)
    assert route.call_count == 9
    assert (await sender_of(driver))["rate"] == 40.0
    clock.advance(timedelta(seconds=15))
    assert (await sender_of(driver))["rate"] == 60.0
    clock.advance(timedelta(seconds=15))
    assert (await sender_of(driver))["rate"] == 80.0
    await dispatch(dispatcher)
    assert (await sender_of(driver))["rate"] == 40.0, "and falls again"


@pytest.fixture
def left(graph: respx.MockRouter, world: World, clock: ManualClock) -> Iterator[list[Any]]:
    """When messages left, as Graph saw it."""
    times: list[Any] = []

    def note(request: httpx.Request) -> httpx.Response:
        times.append(clock.now())
        return accept_all(request)

    sends(graph, world).mock(side_effect=note)
    return times


async def test_lower_rate_is_kept_by_several_dispatchers_together(
    driver: Driver,
    container: Container,
    settings: Settings,
    clock: ManualClock,
    connection: asyncpg.Connection,
    left: list[Any],
) -> None:
    await opt_in_many(container, driver.world, 200)
    await driver.accepted_many(200)
    started = clock.now()
    await connection.execute("UPDATE senders SET throttled_rate = 10, throttled_at = $1", started)
    async with (
        another_dispatcher(settings, clock) as one,
        another_dispatcher(settings, clock) as two,
    ):
        for _ in range(40):
            await one.step()
            await two.step()
            await one.drain()
            await two.drain()
            clock.advance(timedelta(milliseconds=100))
    passed = 4.0
    # From 10 a second it rises by 80 in a minute: 10 t + 80 t² / 120, and the burst of a tenth of a second.
    most = 10 * passed + 80 * passed**2 / 120 + 80 * 0.1 + 2
    assert most - 15 < len(left) <= most


async def test_throughput_set_by_a_person_holds_with_the_next_claim(
    driver: Driver, container: Container, clock: ManualClock, dispatcher: Dispatcher, left: list[Any]
) -> None:
    await opt_in_many(container, driver.world, 120)
    await driver.accepted_many(120)
    for _ in range(10):
        await dispatch(dispatcher)
        clock.advance(timedelta(milliseconds=100))
    at_eighty = len(left)
    assert 70 <= at_eighty <= 81
    path = f"/v1/senders/{driver.world.sender}"
    changed = await driver.request("PATCH", path, json={"throughput": 5})
    assert (changed.json()["throughput"], changed.json()["throughput_at_meta"]) == (5, 80)
    for _ in range(20):
        await dispatch(dispatcher)
        clock.advance(timedelta(milliseconds=100))
    assert 9 <= len(left) - at_eighty <= 12
    assert (await driver.request("PATCH", path, json={"throughput": None})).json()["throughput"] == 80


async def test_slow_sender_leaves_room_for_another_business(
    http: httpx.AsyncClient,
    container: Container,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    world: World,
    clock: ManualClock,
) -> None:
    other = await build_world(container, name="Other", phone_number_id="100000000000009", waba_id="200000000000009")
    hog, quick = Driver(http, world), Driver(http, other)
    await opt_in_many(container, world, 100)
    await opt_in_many(container, other, 1)
    await container.database.pool.execute("UPDATE senders SET throughput = 1000")
    dispatcher._slots._total = 20
    await hog.accepted_many(100)
    clock.advance(SECOND)
    sends(graph, world).mock(side_effect=accept_all)
    route = sends(graph, other).mock(side_effect=accept_all)
    claimed, _ = await dispatcher._claims.next(
        world.business_id, world.sender_id, dispatcher._slots.open_to(world.business_id, world.sender_id)
    )
    for message in claimed:  # under way at a Meta that does not answer
        dispatcher._slots.take(message.sender.business_id, message.sender.id)
    assert len(claimed) == 16
    (message_id,) = await quick.accepted_many(1)
    await dispatch(dispatcher)
    assert sent_ids(route) == [message_id]
