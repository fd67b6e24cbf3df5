"""What becomes of a message by each kind of answer: accepted, refused in each class, lost, never sent."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import httpx
import orjson
import pytest
import respx

from app.container import Container
from app.core.clock import ManualClock
from app.core.settings import Settings
from app.messages.dispatch import Dispatcher
from app.messages.statements import outcomes
from app.messages.statements.outcomes import Outcome
from app.messages.states import Event
from app.whatsapp.errors import ENTRIES, ErrorClass, describe
from app.worker import build_dispatcher
from tests.support.driving import (
    HANGS_AFTER,
    PHONE,
    Driver,
    accept_all,
    dispatch,
    graph_calls,
    refusal,
    rows,
    sends,
    sent_ids,
    waits_for,
)
from tests.support.world import accepted_answer, order_confirmed, status_item, webhook

TICK = timedelta(milliseconds=100)
"""Longer than the pace of one message, shorter than any wait after an error."""

APPOINTMENT = {"starts_at": "2026-11-24T14:30:00+03:00", "place": "Klinik"}


async def waiting(driver: Driver, event: str = "order-confirmed") -> str:
    """A message on its way to a contact who agreed."""
    await driver.world.opt_in(PHONE)
    body = order_confirmed() if event == "order-confirmed" else order_confirmed(data=APPOINTMENT)
    return await driver.accepted(body, event=event)


async def due_at(connection: asyncpg.Connection) -> datetime | None:
    found: datetime | None = await connection.fetchval("SELECT due_at FROM messages")
    return found


def one_of(error_class: ErrorClass) -> list[int]:
    return sorted(entry.code for entry in ENTRIES if entry.error_class is error_class and not entry.may_exist)


def classes(*wanted: ErrorClass) -> list[int]:
    return [code for each in wanted for code in one_of(each)]


async def test_acceptance_is_recorded_with_its_attempt(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    message_id = await waiting(driver)
    sends(graph, driver.world).respond(json=accepted_answer())
    await dispatch(dispatcher)
    story = await driver.story(message_id)
    assert (story["status"], story["reason"], story["wamid"]) == ("accepted", None, "wamid.000001")
    assert story["accepted_at"] is not None
    (attempt,) = story["attempts"]
    assert (attempt["number"], attempt["outcome"], attempt["wamid"]) == (1, "accepted", "wamid.000001")
    assert await due_at(connection) is None


async def test_message_held_by_meta_for_its_quality_says_so(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter
) -> None:
    message_id = await waiting(driver)
    answer = accepted_answer()
    answer["messages"][0]["message_status"] = "held_for_quality_assessment"
    sends(graph, driver.world).respond(json=answer)
    await dispatch(dispatcher)
    story = await driver.story(message_id)
    assert (story["status"], story["reason"]) == ("accepted", "held_for_quality_assessment")


@pytest.mark.parametrize("code", classes(ErrorClass.PERMANENT, ErrorClass.RECIPIENT))
async def test_permanent_refusal_ends_the_message_and_explains_itself(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    clock: ManualClock,
    connection: asyncpg.Connection,
    code: int,
) -> None:
    message_id = await waiting(driver)
    route = sends(graph, driver.world).mock(return_value=refusal(code))
    await dispatch(dispatcher)
    story = await driver.story(message_id)
    entry = describe(code)
    assert (story["status"], story["reason"], waits_for(story)) == ("failed", f"error_{code}", None)
    assert story["failed_at"] is not None
    failure = story["failure"]
    assert (failure["source"], failure["code"], failure["error_class"]) == ("answer", code, entry.error_class.value)
    assert (failure["meaning"], failure["next_step"]) == (entry.meaning, entry.next_step)
    assert (failure["details"], failure["trace_id"]) == ("As told by the test.", "AbCdEf")
    assert [attempt["outcome"] for attempt in story["attempts"]] == ["refused"]
    assert await due_at(connection) is None
    clock.advance(timedelta(hours=12))
    await dispatch(dispatcher)
    assert route.call_count == 1


@pytest.mark.parametrize(
    ("obstacle", "code"),
    [
        *(("pace", code) for code in classes(ErrorClass.THROTTLE)),
        *(("pair", code) for code in classes(ErrorClass.PAIR)),
        *(("retry", code) for code in classes(ErrorClass.RETRY)),
    ],
)
async def test_refusal_that_may_pass_keeps_the_message_waiting_until_it_is_due_again(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    clock: ManualClock,
    connection: asyncpg.Connection,
    obstacle: str,
    code: int,
) -> None:
    message_id = await waiting(driver)
    route = sends(graph, driver.world).mock(return_value=refusal(code))
    await dispatch(dispatcher)
    story = await driver.story(message_id)
    assert (story["status"], waits_for(story), story["reason"]) == ("queued", obstacle, f"error_{code}")
    assert story["failure"] is None
    due = await due_at(connection)
    assert due is not None
    assert due > clock.now() + TICK
    clock.advance(due - clock.now() - timedelta(milliseconds=1))
    await dispatch(dispatcher)
    assert route.call_count == 1, "not before it is due"
    route.mock(side_effect=accept_all)
    # "Too fast" holds the whole sender a little longer than the message.
    clock.advance(timedelta(minutes=1) if obstacle == "pace" else timedelta(milliseconds=1))
    await dispatch(dispatcher)
    story = await driver.story(message_id)
    assert (story["status"], waits_for(story), story["reason"]) == ("accepted", None, None)
    assert [(one["number"], one["outcome"]) for one in story["attempts"]] == [(1, "refused"), (2, "accepted")]


async def test_waits_grow_from_refusal_to_refusal_until_the_message_expires(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    clock: ManualClock,
    connection: asyncpg.Connection,
) -> None:
    await driver.world.opt_in(PHONE)
    message_id = await driver.accepted(order_confirmed(expires_at=(clock.now() + timedelta(minutes=30)).isoformat()))
    sends(graph, driver.world).mock(return_value=refusal(133004))
    waits: list[timedelta] = []
    for _ in range(40):
        await dispatch(dispatcher)
        due = await due_at(connection)
        if due is None:
            break
        waits.append(due - clock.now())
        clock.advance(due - clock.now())
    story = await driver.story(message_id)
    assert (story["status"], story["reason"], story["failure"]) == ("expired", "expired", None)
    # Twice as long each time, of which the upper half is drawn by lot: every second one is longer for certain.
    assert all(later > earlier for earlier, later in zip(waits[:6], waits[2:8], strict=True))
    assert max(waits) <= timedelta(minutes=5)
    assert sum(waits, timedelta()) == timedelta(minutes=30), "the last one ends where the message expires"


async def test_retry_after_is_obeyed(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    clock: ManualClock,
    connection: asyncpg.Connection,
) -> None:
    await waiting(driver)
    route = sends(graph, driver.world).mock(return_value=refusal(130429, status=429, headers={"Retry-After": "77"}))
    await dispatch(dispatcher)
    assert await due_at(connection) == clock.now() + timedelta(seconds=77)
    clock.advance(timedelta(seconds=76))
    await dispatch(dispatcher)
    assert route.call_count == 1


async def test_refused_connection_is_tried_again(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    clock: ManualClock,
    connection: asyncpg.Connection,
) -> None:
    message_id = await waiting(driver)
    route = sends(graph, driver.world).mock(side_effect=httpx.ConnectError("refused"))
    await dispatch(dispatcher)
    story = await driver.story(message_id)
    assert (story["status"], waits_for(story), story["reason"]) == ("queued", "retry", "meta_unreachable")
    assert [attempt["outcome"] for attempt in story["attempts"]] == ["not_sent"]
    route.mock(side_effect=accept_all)
    clock.advance(timedelta(seconds=3))
    await dispatch(dispatcher)
    story = await driver.story(message_id)
    assert [attempt["outcome"] for attempt in story["attempts"]] == ["not_sent", "accepted"]


LOST = {
    "time-out": httpx.ReadTimeout("slow"),
    "reset": httpx.ReadError("reset"),
    "write failed": httpx.WriteError("reset"),
    "disconnected": httpx.RemoteProtocolError("gone"),
    "empty 500": httpx.Response(500),
    "page of a proxy": httpx.Response(502, html="<h1>Bad Gateway</h1>"),
    "200 without an id": httpx.Response(200, json={"messages": []}),
    "200 without JSON": httpx.Response(200, text="ok"),
    **{str(entry.code): refusal(entry.code, status=500) for entry in ENTRIES if entry.may_exist},
    "new transient code": httpx.Response(500, json={"error": {"code": 999, "message": "?", "is_transient": True}}),
}


def lost(graph: respx.MockRouter, driver: Driver, name: str) -> respx.Route:
    what = LOST[name]
    route = sends(graph, driver.world)
    return route.mock(return_value=what) if isinstance(what, httpx.Response) else route.mock(side_effect=what)


@pytest.mark.parametrize("name", LOST)
async def test_unknown_outcome_is_settled_by_the_receipt_that_echoes_our_id_and_never_by_sending_again(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    clock: ManualClock,
    settings: Settings,
    name: str,
) -> None:
    message_id = await waiting(driver)
    route = lost(graph, driver, name)
    await dispatch(dispatcher)
    story = await driver.story(message_id)
    assert (story["status"], waits_for(story)) == ("unconfirmed", "receipt")
    assert story["reason"]
    clock.advance(settings.unconfirmed_window - timedelta(milliseconds=1))
    await dispatch(dispatcher)
    assert route.call_count == 1, "within the window"
    await driver.receipts(status_item(message_id, "sent", wamid="wamid.000777"))
    story = await driver.story(message_id)
    assert (story["status"], waits_for(story), story["reason"]) == ("sent", None, None)
    assert story["wamid"] == "wamid.000777"
    clock.advance(timedelta(hours=1))
    await dispatch(dispatcher)
    assert route.call_count == 1, "settled"
    assert (await driver.story(message_id))["status"] == "sent"


async def test_end_of_the_window_sends_again_where_not_telling_is_worse(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, settings: Settings
) -> None:
    message_id = await waiting(driver)
    route = lost(graph, driver, "time-out")
    await dispatch(dispatcher)
    route.mock(side_effect=accept_all)
    clock.advance(settings.unconfirmed_window)
    await dispatch(dispatcher)
    clock.advance(TICK)
    await dispatch(dispatcher)
    assert sent_ids(route) == [message_id, message_id]
    story = await driver.story(message_id)
    assert story["status"] == "accepted"
    assert [(one["number"], one["outcome"]) for one in story["attempts"]] == [(1, "unknown"), (2, "accepted")]
    rule = story["decision"][-1]
    assert (rule["rule"], rule["verdict"]) == ("unconfirmed", "resend")
    assert rule["at"] is not None


async def test_end_of_the_window_fails_where_telling_twice_is_worse(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, settings: Settings
) -> None:
    message_id = await waiting(driver, "appointment-reminder")
    route = lost(graph, driver, "time-out")
    await dispatch(dispatcher)
    clock.advance(settings.unconfirmed_window)
    await dispatch(dispatcher)
    clock.advance(timedelta(hours=1))
    await dispatch(dispatcher)
    assert route.call_count == 1
    story = await driver.story(message_id)
    assert (story["status"], story["reason"], waits_for(story)) == ("failed", "unconfirmed", None)
    assert (story["failure"]["source"], story["failure"]["code"]) == ("ulak", "unconfirmed")
    assert story["failure"]["next_step"]
    await driver.receipts(status_item(message_id, "delivered"))
    story = await driver.story(message_id)
    assert (story["status"], story["failure"]) == ("delivered", None), "what Meta reports is the truth, however late"


async def test_message_that_expired_in_the_window_is_not_sent_again(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, settings: Settings
) -> None:
    await driver.world.opt_in(PHONE)
    message_id = await driver.accepted(order_confirmed(expires_at=(clock.now() + timedelta(minutes=1)).isoformat()))
    route = lost(graph, driver, "time-out")
    await dispatch(dispatcher)
    clock.advance(settings.unconfirmed_window)
    await dispatch(dispatcher)
    clock.advance(TICK)
    await dispatch(dispatcher)
    assert route.call_count == 1
    assert (await driver.story(message_id))["status"] == "failed"


async def test_opt_out_in_the_window_keeps_it_from_being_sent_again(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, settings: Settings
) -> None:
    message_id = await waiting(driver)
    route = lost(graph, driver, "time-out")
    await dispatch(dispatcher)
    await driver.opt_out()
    for _ in range(3):
        clock.advance(settings.unconfirmed_window)
        await dispatch(dispatcher)
    assert route.call_count == 1
    assert (await driver.story(message_id))["status"] in ("suppressed", "failed")


async def claim_and_die(container: Container, driver: Driver) -> None:
    """As a worker would that is killed between its claim and its call, or after it."""
    killed = build_dispatcher(container)
    claimed, _ = await killed._claims.next(driver.world.business_id, driver.world.sender_id, 10)
    assert len(claimed) == 1


async def test_message_of_a_dead_worker_becomes_unconfirmed_and_the_receipt_settles_it(
    driver: Driver,
    dispatcher: Dispatcher,
    container: Container,
    graph: respx.MockRouter,
    clock: ManualClock,
    settings: Settings,
    connection: asyncpg.Connection,
) -> None:
    message_id = await waiting(driver)
    await claim_and_die(container, driver)
    clock.advance(settings.lease - timedelta(milliseconds=1))
    await dispatch(dispatcher)
    assert (await driver.story(message_id))["status"] == "sending", "the lease is not over"
    clock.advance(timedelta(milliseconds=1))
    await dispatch(dispatcher)
    story = await driver.story(message_id)
    assert (story["status"], waits_for(story), story["reason"]) == ("unconfirmed", "receipt", "lease_ended")
    assert [(one["number"], one["outcome"]) for one in story["attempts"]] == [(1, "unknown")]
    assert await due_at(connection) == clock.now() + settings.unconfirmed_window
    await driver.receipts(status_item(message_id, "delivered"))
    clock.advance(timedelta(hours=2))
    await dispatch(dispatcher)
    story = await driver.story(message_id)
    assert (story["status"], waits_for(story), story["reason"]) == ("delivered", None, None)
    assert not graph_calls(graph)


async def test_message_of_a_dead_worker_is_sent_after_its_window(
    driver: Driver,
    dispatcher: Dispatcher,
    container: Container,
    graph: respx.MockRouter,
    clock: ManualClock,
    settings: Settings,
) -> None:
    message_id = await waiting(driver)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    await claim_and_die(container, driver)
    clock.advance(settings.lease)
    await dispatch(dispatcher)
    assert not route.calls
    clock.advance(settings.unconfirmed_window)
    await dispatch(dispatcher)
    clock.advance(TICK)
    await dispatch(dispatcher)
    assert sent_ids(route) == [message_id]
    assert [one["number"] for one in (await driver.story(message_id))["attempts"]] == [1, 2]


async def test_answer_that_comes_after_the_lease_is_still_recorded(
    driver: Driver,
    dispatcher: Dispatcher,
    container: Container,
    graph: respx.MockRouter,
    clock: ManualClock,
    settings: Settings,
) -> None:
    message_id = await waiting(driver)
    arrived, answer = asyncio.Event(), asyncio.Event()

    async def slowly(request: httpx.Request) -> httpx.Response:
        arrived.set()
        await answer.wait()
        return accept_all(request)

    route = sends(graph, driver.world).mock(side_effect=slowly)
    await dispatcher.step()
    async with asyncio.timeout(HANGS_AFTER):
        await arrived.wait()
    clock.advance(settings.lease)
    await dispatcher.step()
    assert (await driver.story(message_id))["status"] == "unconfirmed"
    answer.set()
    await dispatcher.drain()
    story = await driver.story(message_id)
    assert (story["status"], waits_for(story), story["reason"]) == ("accepted", None, None)
    assert [(one["number"], one["outcome"]) for one in story["attempts"]] == [(1, "accepted")]
    clock.advance(settings.unconfirmed_window)
    await dispatch(dispatcher)
    assert route.call_count == 1


async def answer_late(container: Container, driver: Driver, message_id: str, event: Event, *, number: int) -> None:
    """Records the answer to an attempt as a worker would that was cut off from the database for long."""
    now = container.clock.now()
    late = Outcome(
        business_id=driver.world.business_id,
        id=UUID(message_id.removeprefix("msg_")),
        number=number,
        event=event,
        outcome="accepted" if event is Event.ANSWER_ACCEPTED else "refused",
        started_at=now,
        ended_at=now,
        wamid="wamid.late" if event is Event.ANSWER_ACCEPTED else None,
        error=None,
        reason=None if event is Event.ANSWER_ACCEPTED else "late",
        note=None,
        waiting_for="retry" if event is Event.ANSWER_RETRY else None,
        due_at=now if event is Event.ANSWER_RETRY else None,
        failure=None,
        template_version=None,
    )
    async with container.database.pool.acquire() as connection:
        await outcomes.record(connection, [late])


@pytest.mark.parametrize("event", [Event.ANSWER_RETRY, Event.ANSWER_REFUSED, Event.ANSWER_LOST])
async def test_answer_to_an_earlier_attempt_does_not_touch_the_attempt_under_way(
    driver: Driver,
    container: Container,
    connection: asyncpg.Connection,
    clock: ManualClock,
    settings: Settings,
    graph: respx.MockRouter,
    dispatcher: Dispatcher,
    event: Event,
) -> None:
    message_id = await waiting(driver)
    lost(graph, driver, "time-out")
    await dispatch(dispatcher)
    clock.advance(settings.unconfirmed_window)
    await dispatcher._claims.settle_overdue(driver.world.business_id, driver.world.sender_id)
    await claim_and_die(container, driver)  # the second attempt is under way
    (before,) = (await rows(connection, "messages"))["messages"]
    await answer_late(container, driver, message_id, event, number=1)
    (after,) = (await rows(connection, "messages"))["messages"]
    kept = ("status", "due_at", "lease_until", "attempt_count")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert (await driver.story(message_id))["status"] == "sending"


async def test_acceptance_that_comes_after_the_decision_to_send_again_keeps_it_from_being_sent(
    driver: Driver,
    container: Container,
    connection: asyncpg.Connection,
    clock: ManualClock,
    settings: Settings,
    graph: respx.MockRouter,
    dispatcher: Dispatcher,
) -> None:
    message_id = await waiting(driver)
    route = lost(graph, driver, "time-out")
    await dispatch(dispatcher)
    clock.advance(settings.unconfirmed_window)
    # Decides to send it again.
    await dispatcher._claims.settle_overdue(driver.world.business_id, driver.world.sender_id)
    await answer_late(container, driver, message_id, Event.ANSWER_ACCEPTED, number=1)
    for _ in range(3):
        clock.advance(timedelta(seconds=10))
        await dispatch(dispatcher)
    assert route.call_count == 1
    story = await driver.story(message_id)
    assert (story["status"], waits_for(story), story["reason"]) == ("accepted", None, None)
    assert await due_at(connection) is None


@pytest.mark.parametrize("status", ["sent", "delivered", "read", "failed"])
async def test_receipt_that_comes_before_the_answer_is_not_lost(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, status: str
) -> None:
    message_id = await waiting(driver)

    async def report_first(request: httpx.Request) -> httpx.Response:
        ours = orjson.loads(request.content)["biz_opaque_callback_data"]
        errors = [{"code": 131026, "title": "Message undeliverable"}] if status == "failed" else []
        item = status_item(ours, status, wamid=f"wamid.{ours}", errors=errors)
        answer = await driver.webhook(webhook(driver.world, statuses=[item]))
        assert answer.status_code == 200
        return accept_all(request)

    route = sends(graph, driver.world).mock(side_effect=report_first)
    await dispatch(dispatcher)
    story = await driver.story(message_id)
    assert (story["status"], waits_for(story), story["reason"]) == (status, None, None)
    assert story["wamid"] == f"wamid.{message_id}"
    assert story["accepted_at"] is not None
    assert [one["outcome"] for one in story["attempts"]] == ["accepted"]
    assert [one["status"] for one in story["receipts"]] == [status]
    assert (story["failure"] is not None) == (status == "failed")
    clock.advance(timedelta(hours=2))
    await dispatch(dispatcher)
    assert route.call_count == 1


async def test_receipt_that_comes_before_an_answer_that_never_comes_settles_it(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock
) -> None:
    message_id = await waiting(driver)

    async def report_and_vanish(request: httpx.Request) -> httpx.Response:
        await driver.receipts(status_item(message_id, "sent"))
        raise httpx.ReadTimeout("slow", request=request)

    route = sends(graph, driver.world).mock(side_effect=report_and_vanish)
    await dispatch(dispatcher)
    story = await driver.story(message_id)
    assert (story["status"], waits_for(story), story["reason"]) == ("sent", None, None)
    clock.advance(timedelta(hours=2))
    await dispatch(dispatcher)
    assert route.call_count == 1
