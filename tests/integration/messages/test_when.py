"""When a message leaves, and what is told while it does not: quiet hours, the times asked for, cancellation."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import respx

from app.core.clock import ManualClock
from app.core.settings import Settings
from app.messages.dispatch import Dispatcher
from tests.support.driving import (
    PHONE,
    Driver,
    accept_all,
    dispatch,
    pointers,
    problem,
    refusal,
    sends,
    sent_ids,
    waits_for,
)
from tests.support.world import order_confirmed

SHIPPED = {
    "order_number": "A-1001",
    "carrier": "Yurtiçi Kargo",
    "tracking_number": "YK1",
    "tracking_url": "https://shop.example/track/YK1",
}
OUTAGE = {"service": "elektrik", "area": "Moda", "expected_end": "2026-11-25T18:30:00+03:00"}
BERLIN = "+4915112345678"


async def quiet(driver: Driver, begins: str, ends: str) -> None:
    path = f"/v1/businesses/biz_{driver.world.business_id.hex}"
    answer = await driver.request("PATCH", path, json={"quiet_hours": {"begins": begins, "ends": ends}})
    assert answer.status_code == 200, answer.text
    assert answer.json()["quiet_hours"] == {"begins": begins, "ends": ends}


def around(clock: ManualClock, *, hours: int, zone_ahead: int = 3) -> tuple[str, str]:
    """Quiet hours on a clock so many hours ahead of UTC, from an hour ago to `hours` from now."""
    local = clock.now() + timedelta(hours=zone_ahead)
    return (local - timedelta(hours=1)).strftime("%H:%M"), (local + timedelta(hours=hours)).strftime("%H:%M")


async def shipped(driver: Driver, phone: str = PHONE, **more: Any) -> dict[str, Any]:
    answer = await driver.report(order_confirmed(phone, data=SHIPPED, **more), event="order-shipped")
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


def moment(text: str | None) -> datetime:
    assert text is not None
    return datetime.fromisoformat(text)


async def test_message_waits_out_the_customers_night_and_says_so(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock
) -> None:
    await quiet(driver, *around(clock, hours=4))
    await driver.world.opt_in(PHONE)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    answer = await shipped(driver)
    assert (answer["status"], answer["waiting_for"]["what"]) == ("scheduled", "quiet_hours")
    until = moment(answer["waiting_for"]["until"])
    assert timedelta(hours=3) < until - clock.now() <= timedelta(hours=4)
    story = await driver.story(answer["id"])
    assert story["waiting_for"]["what"] == "quiet_hours"
    rule = next(rule for rule in story["decision"] if rule["rule"] == "quiet_hours")
    assert (rule["verdict"], rule["input"]["time_zone"]) == ("hold", "Europe/Istanbul")
    assert moment(rule["input"]["until"]) == until
    await dispatch(dispatcher)
    assert not route.called
    clock.advance(until - clock.now())
    await dispatch(dispatcher)
    assert sent_ids(route) == [answer["id"]]


@pytest.mark.parametrize(("event", "data"), [("order-confirmed", None), ("outage-notice", OUTAGE)])
async def test_what_the_customer_waits_for_or_must_know_goes_at_any_hour(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    clock: ManualClock,
    event: str,
    data: dict[str, Any] | None,
) -> None:
    await quiet(driver, *around(clock, hours=4))
    await driver.world.opt_in(PHONE)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    body = order_confirmed() if data is None else order_confirmed(data=data)
    message_id = await driver.accepted(body, event=event)
    await dispatch(dispatcher)
    assert sent_ids(route) == [message_id]
    rules = {rule["rule"]: rule["verdict"] for rule in (await driver.story(message_id))["decision"]}
    assert rules["quiet_hours"] == "bypass"


async def test_the_customers_own_clock_counts_not_the_businesss(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock
) -> None:
    """Tokyo's clock is given, Berlin's follows from the number; Istanbul's is the business's."""
    tokyo = "+905321112277"
    await quiet(driver, *around(clock, hours=1, zone_ahead=9))
    await driver.world.opt_in(PHONE, BERLIN, tokyo)
    here = await shipped(driver)
    berlin = await shipped(driver, BERLIN)
    person = {"phone": tokyo, "language": "tr", "time_zone": "Asia/Tokyo"}
    there = await shipped(driver, contact=person)
    assert there["waiting_for"]["what"] == "quiet_hours"
    assert here["status"] == berlin["status"] == "queued"
    zones = {
        rule["input"]["time_zone"]
        for one in (here, berlin, there)
        for rule in (await driver.story(one["id"]))["decision"]
        if rule["rule"] == "quiet_hours"
    }
    assert zones == {"Europe/Istanbul", "Europe/Berlin", "Asia/Tokyo"}


async def test_night_that_falls_while_a_message_waits_holds_it_too(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock
) -> None:
    await driver.world.opt_in(PHONE)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    answer = await shipped(driver)
    assert answer["status"] == "queued"
    await quiet(driver, *around(clock, hours=2))
    driver.world.container.directory.forget()  # as its notification would
    await dispatch(dispatcher)
    assert not route.called
    story = await driver.story(answer["id"])
    assert (story["status"], waits_for(story)) == ("queued", "quiet_hours")
    assert [rule["verdict"] for rule in story["decision"] if rule["rule"] == "quiet_hours"] == ["pass", "hold"]
    clock.advance(timedelta(hours=2))
    await dispatch(dispatcher)
    assert sent_ids(route) == [answer["id"]]


async def test_message_that_would_be_stale_by_morning_expires_in_the_night(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock
) -> None:
    await quiet(driver, *around(clock, hours=8))
    await driver.world.opt_in(PHONE)
    until = clock.now() + timedelta(hours=2)
    answer = await shipped(driver, expires_at=until.isoformat())
    assert moment(answer["waiting_for"]["until"]) == until
    clock.advance(timedelta(hours=2))
    await dispatch(dispatcher)
    story = await driver.story(answer["id"])
    assert (story["status"], story["waiting_for"]) == ("expired", None)


async def test_time_asked_for_is_shown_as_what_is_waited_for(driver: Driver, clock: ManualClock) -> None:
    await driver.world.opt_in(PHONE)
    later = (clock.now() + timedelta(hours=3)).replace(microsecond=0)
    answer = (await driver.report(order_confirmed(send_at=later.isoformat()))).json()
    assert (answer["status"], answer["waiting_for"]["what"]) == ("scheduled", "send_at")
    assert moment(answer["waiting_for"]["until"]) == later
    told = (await driver.story(answer["id"]))["waiting_for"]
    assert (told["what"], moment(told["until"])) == ("send_at", later)


@pytest.mark.parametrize(
    ("hours", "pointer"),
    [
        ({"begins": "22:00"}, "#/quiet_hours/ends"),
        ({"begins": "25:00", "ends": "08:00"}, "#/quiet_hours/begins"),
        ({"begins": "22:00:01", "ends": "08:00"}, "#/quiet_hours/begins"),
        ({"begins": "22:00", "ends": "08:00+03:00"}, "#/quiet_hours/ends"),
        ({"begins": "22:00", "ends": "08:00", "zone": "UTC"}, "#/quiet_hours/zone"),
    ],
)
async def test_quiet_hours_that_are_none_are_refused(driver: Driver, hours: dict[str, str], pointer: str) -> None:
    path = f"/v1/businesses/biz_{driver.world.business_id.hex}"
    answer = await driver.request("PATCH", path, json={"quiet_hours": hours})
    assert pointers(problem(answer, 422, "invalid_request")) == [pointer]


async def test_waiting_message_is_canceled_and_never_leaves(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock
) -> None:
    await driver.world.opt_in(PHONE)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    later = (clock.now() + timedelta(hours=1)).isoformat()
    for message_id in (await driver.accepted(), await driver.accepted(order_confirmed(send_at=later))):
        for _ in range(2):
            answer = await driver.request("POST", f"/v1/messages/{message_id}/cancel")
            assert answer.status_code == 200, answer.text
            shown = answer.json()
            assert (shown["status"], shown["reason"], shown["waiting_for"]) == ("canceled", "canceled", None)
        rules = [rule["rule"] for rule in (await driver.story(message_id))["decision"]]
        assert rules.count("stop") == 1, "the second time changes nothing"
    clock.advance(timedelta(hours=2))
    await dispatch(dispatcher)
    assert not route.called


@pytest.mark.parametrize("how", ["canceled", "superseded"])
async def test_message_in_doubt_is_kept_from_being_sent_again(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, settings: Settings, how: str
) -> None:
    await driver.world.opt_in(PHONE)
    route = sends(graph, driver.world).mock(side_effect=httpx.ReadTimeout("lost"))
    old = await driver.accepted(order_confirmed(reference="order-1"))
    await dispatch(dispatcher)
    route.mock(side_effect=accept_all)
    clock.advance(timedelta(seconds=10))
    if how == "canceled":
        answer = await driver.request("POST", f"/v1/messages/{old}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (200, "unconfirmed")
    else:
        await driver.accepted(order_confirmed(reference="order-1", supersedes="order-1"))
        await dispatch(dispatcher)
    assert settings.unconfirmed_window is not None
    for _ in range(3):
        clock.advance(settings.unconfirmed_window)
        await dispatch(dispatcher)
    assert sent_ids(route).count(old) == 1, "it may have arrived; it is not sent twice, and not after its successor"
    story = await driver.story(old)
    assert (story["status"], story["reason"]) == ("failed", "unconfirmed")
    assert story["decision"][-1]["input"]["stopped"] == how


@pytest.mark.parametrize("how", ["canceled", "superseded"])
async def test_message_that_is_stopped_while_meta_refuses_it_is_not_tried_again(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, how: str
) -> None:
    await driver.world.opt_in(PHONE)
    ids: list[str] = []

    async def stop_meanwhile(_request: httpx.Request) -> httpx.Response:
        if how == "canceled":
            assert (await driver.request("POST", f"/v1/messages/{ids[0]}/cancel")).status_code == 200
        else:
            await driver.accepted(order_confirmed(supersedes="order-1"))
        return refusal(133004)

    route = sends(graph, driver.world).mock(side_effect=stop_meanwhile)
    ids.append(await driver.accepted(order_confirmed(reference="order-1")))
    await dispatch(dispatcher)
    route.mock(side_effect=accept_all)
    for _ in range(3):
        clock.advance(timedelta(minutes=5))
        await dispatch(dispatcher)
    assert sent_ids(route).count(ids[0]) == 1
    story = await driver.story(ids[0])
    assert (story["status"], story["reason"]) == ("canceled", how)


async def test_misspelt_filter_shows_nothing(driver: Driver) -> None:
    for path, name in (("/v1/messages", "phone"), ("/v1/messages", "created_after"), ("/v1/alerts", "open")):
        body = problem(await driver.request("GET", path, params={name: "x"}), 422, "invalid_request")
        assert [error["parameter"] for error in body["errors"]] == [name]


async def test_message_that_has_left_cannot_be_canceled(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter
) -> None:
    await driver.world.opt_in(PHONE)
    sends(graph, driver.world).mock(side_effect=accept_all)
    message_id = await driver.accepted()
    await dispatch(dispatcher)
    before = await driver.story(message_id)
    problem(await driver.request("POST", f"/v1/messages/{message_id}/cancel"), 409, "too_late")
    assert await driver.story(message_id) == before
    for unknown in ("msg_" + "0" * 32, "msg_x", "x"):
        problem(await driver.request("POST", f"/v1/messages/{unknown}/cancel"), 404, "not_found")


async def test_event_types_tell_their_policies(driver: Driver) -> None:
    shown = (await driver.request("GET", "/v1/event-types")).json()["event_types"]
    by_name = {one["name"]: one for one in shown}
    outage, reminder = by_name["outage-notice"], by_name["appointment-reminder"]
    assert (outage["priority"], outage["quiet_hours"]) == ("critical", "bypass")
    assert (reminder["priority"], reminder["quiet_hours"]) == ("normal", "keep")
    assert reminder["unconfirmed"] == {"window_seconds": 600, "then": "fail"}, "the configuration's window goes first"
    assert reminder["languages"] == ["tr", "en"]


async def test_errors_tell_their_meaning_and_what_happens(driver: Driver) -> None:
    shown = (await driver.request("GET", "/v1/errors")).json()
    consequences = {one["code"]: one["ulak"] for one in shown["errors"]}
    assert consequences[190] == consequences[131042] == consequences[368] == "pauses_sender"
    assert consequences[131000] == "waits_for_receipt"
    assert consequences[130429] == consequences[131056] == consequences[131057] == "retries"
    assert consequences[132015] == "holds_for_template"
    assert consequences[131026] == consequences[100] == "fails"
    assert {one["subcode"] for one in shown["subcodes"]} >= {33, 463, 2388024}
