"""What customers prefer binds what they get: pauses, caps, another channel and quiet hours of their own."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import respx

from app.callbacks.schemas import HandedOver
from app.container import Container
from app.core.clock import ManualClock
from app.core.settings import Settings
from app.messages.dispatch import Dispatcher
from app.messages.statements.frequency import take_turns
from tests.support.driving import (
    PHONE,
    Driver,
    accept_all,
    another_dispatcher,
    blocked,
    copy_sender,
    dispatch,
    numbered_phone,
    sends,
    sent_ids,
    waits_for,
)
from tests.support.world import WORDING, order_confirmed, webhook

SHIPPED = {
    "order_number": "A-1001",
    "carrier": "Yurtiçi Kargo",
    "tracking_number": "YK1",
    "tracking_url": "https://shop.example/track/YK1",
}
OUTAGE = {"service": "elektrik", "area": "Moda", "expected_end": "2026-11-25T18:30:00+03:00"}
OTHER_TOPIC = "appointment-reminder"
APPOINTMENT = {"starts_at": "2998-11-24T14:30:00+03:00", "place": "Klinik"}


async def prefer(driver: Driver, act: str, phone: str = PHONE, **more: Any) -> None:
    answer = await driver.consent(phone, act=act, source="account_settings", **more)
    assert answer.status_code == 200, answer.text


async def pause(driver: Driver, until: datetime, *topics: str) -> None:
    await prefer(driver, "pause", until=until.isoformat(), topics=list(topics) or ["*"])


async def cap(driver: Driver, most: int, days: int, *topics: str, phone: str = PHONE) -> None:
    await prefer(driver, "frequency", phone, cap={"most": most, "days": days}, topics=list(topics) or ["*"])


async def send_all(dispatcher: Dispatcher, clock: ManualClock) -> None:
    """Whatever may leave now, at the pace of the number."""
    for _ in range(20):
        await dispatch(dispatcher)
        clock.advance(timedelta(milliseconds=100))


def of_rule(story: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [rule for rule in story["decision"] if rule["rule"] == name]


async def feed(driver: Driver, **params: Any) -> list[dict[str, Any]]:
    answer = await driver.request("GET", "/v1/feed", params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["events"]
    return found


async def test_paused_message_waits_until_the_pause_is_over(
    driver: Driver, dispatcher: Dispatcher, clock: ManualClock, graph: respx.MockRouter
) -> None:
    await driver.world.opt_in(PHONE)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    until = clock.now() + timedelta(hours=3)
    await pause(driver, until)
    answer = (await driver.report()).json()
    assert (answer["status"], answer["waiting_for"]["what"]) == ("scheduled", "pause")
    assert datetime.fromisoformat(answer["waiting_for"]["until"]) == until
    (rule,) = of_rule(await driver.story(answer["id"]), "pause")
    assert (rule["verdict"], rule["input"]["topic"]) == ("hold", "*")
    await dispatch(dispatcher)
    assert not route.called
    clock.advance(timedelta(hours=3))
    await dispatch(dispatcher)
    assert sent_ids(route) == [answer["id"]]


async def test_pause_of_a_topic_holds_that_topics_messages_alone(driver: Driver, clock: ManualClock) -> None:
    await driver.world.opt_in(PHONE)
    await pause(driver, clock.now() + timedelta(hours=3), "appointments")
    order = (await driver.report()).json()
    appointment = (await driver.report(order_confirmed(data=APPOINTMENT), event=OTHER_TOPIC)).json()
    assert (order["status"], order["waiting_for"]) == ("queued", None)
    assert (appointment["status"], appointment["waiting_for"]["what"]) == ("scheduled", "pause")


async def test_pause_holds_what_is_critical_too_and_says_so(driver: Driver, clock: ManualClock) -> None:
    await driver.world.opt_in(PHONE)
    await pause(driver, clock.now() + timedelta(hours=1))
    answer = (await driver.report(order_confirmed(data=OUTAGE), event="outage-notice")).json()
    assert answer["waiting_for"]["what"] == "pause"
    (rule,) = of_rule(await driver.story(answer["id"]), "pause")
    assert rule["input"]["critical"] is True


async def test_message_that_would_expire_in_the_pause_is_suppressed_at_once(driver: Driver, clock: ManualClock) -> None:
    await driver.world.opt_in(PHONE)
    until = clock.now() + timedelta(hours=3)
    await pause(driver, until)
    answer = (await driver.report(order_confirmed(expires_at=until.isoformat()))).json()
    assert (answer["status"], answer["reason"], answer["waiting_for"]) == ("suppressed", "paused", None)
    (rule,) = of_rule(await driver.story(answer["id"]), "pause")
    assert rule["verdict"] == "suppress"


async def test_message_to_be_sent_after_the_pause_is_not_held_by_it(driver: Driver, clock: ManualClock) -> None:
    await driver.world.opt_in(PHONE)
    until = clock.now() + timedelta(hours=3)
    await pause(driver, until)
    answer = (await driver.report(order_confirmed(send_at=(until + timedelta(minutes=1)).isoformat()))).json()
    assert answer["waiting_for"]["what"] == "send_at"


async def test_pause_that_begins_while_messages_wait_is_found_by_the_claim(
    driver: Driver, dispatcher: Dispatcher, clock: ManualClock, graph: respx.MockRouter
) -> None:
    await driver.world.opt_in(PHONE)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    until = clock.now() + timedelta(hours=3)
    waits = await driver.accepted()
    expires = await driver.accepted(order_confirmed(expires_at=(until - timedelta(hours=1)).isoformat()))
    await pause(driver, until)
    await send_all(dispatcher, clock)
    assert not route.called
    story = await driver.story(waits)
    assert (story["status"], story["reason"], waits_for(story)) == ("queued", "paused", "pause")
    assert story["attempts"] == []
    ended = await driver.story(expires)
    assert (ended["status"], ended["reason"]) == ("suppressed", "paused")
    assert of_rule(ended, "pause")[-1]["at"] is not None


@pytest.mark.parametrize("how", ["resume", "opt_in", "shorter"])
async def test_pause_that_ends_early_lets_go_of_what_it_held(
    driver: Driver, dispatcher: Dispatcher, clock: ManualClock, graph: respx.MockRouter, how: str
) -> None:
    await driver.world.opt_in(PHONE)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    await pause(driver, clock.now() + timedelta(hours=3))
    held = await driver.accepted()
    later = await driver.accepted(order_confirmed(send_at=(clock.now() + timedelta(hours=2)).isoformat()))
    assert waits_for(await driver.story(later)) == "pause"
    match how:
        case "resume":
            await prefer(driver, "resume")
        case "opt_in":
            await driver.world.opt_in(PHONE)
        case _:
            await pause(driver, clock.now() + timedelta(minutes=1))
            assert waits_for(await driver.story(held)) == "pause"
            clock.advance(timedelta(minutes=1))
    await dispatch(dispatcher)
    assert sent_ids(route) == [held]
    assert waits_for(await driver.story(later)) == "send_at"
    clock.advance(timedelta(hours=2))
    await dispatch(dispatcher)
    assert sent_ids(route) == [held, later]


async def test_customers_own_quiet_hours_replace_the_businesss(
    driver: Driver, dispatcher: Dispatcher, clock: ManualClock, graph: respx.MockRouter
) -> None:
    await driver.world.opt_in(PHONE)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    local = clock.now() + timedelta(hours=3)
    begins, ends = ((local + timedelta(hours=by)).strftime("%H:%M") for by in (-1, 4))
    waiting = (await driver.report(order_confirmed(data=SHIPPED), event="order-shipped")).json()
    await prefer(driver, "quiet_hours", quiet_hours={"begins": begins, "ends": ends})
    held = (await driver.report(order_confirmed(data=SHIPPED), event="order-shipped")).json()
    critical = await driver.accepted(order_confirmed(data=OUTAGE), event="outage-notice")
    assert held["waiting_for"]["what"] == "quiet_hours"
    (rule,) = of_rule(await driver.story(held["id"]), "quiet_hours")
    assert (rule["input"]["set_by"], rule["input"]["begins"], rule["input"]["ends"]) == ("contact", begins, ends)
    await send_all(dispatcher, clock)
    assert sent_ids(route) == [critical], "what waited before the customer said so is held by it, too"
    assert waits_for(await driver.story(waiting["id"])) == "quiet_hours"
    await prefer(driver, "quiet_hours", quiet_hours=None)
    await send_all(dispatcher, clock)
    assert sorted(sent_ids(route)[1:]) == sorted([waiting["id"], held["id"]])


async def test_cap_holds_within_its_window_and_no_longer(
    driver: Driver, dispatcher: Dispatcher, clock: ManualClock, graph: respx.MockRouter
) -> None:
    await driver.world.opt_in(PHONE)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    await cap(driver, 1, 2)
    first = await driver.accepted()
    (rule,) = of_rule(await driver.story(first), "frequency")
    assert (rule["verdict"], rule["input"]) == ("later", {"caps": [{"topic": "*", "most": 1, "days": 2}]})
    await dispatch(dispatcher)
    clock.advance(timedelta(days=1))
    over = await driver.accepted()
    await dispatch(dispatcher)
    story = await driver.story(over)
    assert (story["status"], story["reason"], story["attempts"]) == ("suppressed", "frequency_cap", [])
    assert of_rule(story, "frequency")[-1]["input"] == {"topic": "*", "most": 1, "days": 2, "count": 1}
    clock.advance(timedelta(days=1, seconds=1))
    again = await driver.accepted()
    await dispatch(dispatcher)
    assert sent_ids(route) == [first, again]


async def test_cap_of_a_topic_counts_only_that_topic_own_event_types_included(
    driver: Driver, dispatcher: Dispatcher, clock: ManualClock, graph: respx.MockRouter
) -> None:
    await driver.world.opt_in(PHONE)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    await cap(driver, 1, 7, "orders")
    appointments = [await driver.accepted(order_confirmed(data=APPOINTMENT), event=OTHER_TOPIC) for _ in range(2)]
    orders = [await driver.accepted() for _ in range(2)]
    await send_all(dispatcher, clock)
    assert sorted(sent_ids(route)) == sorted([*appointments, orders[0]])
    assert (await driver.story(orders[1]))["reason"] == "frequency_cap"


async def test_cap_over_all_neither_counts_nor_holds_what_is_critical(
    driver: Driver, dispatcher: Dispatcher, clock: ManualClock, graph: respx.MockRouter
) -> None:
    await driver.world.opt_in(PHONE)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    await cap(driver, 1, 7)
    critical = [await driver.accepted(order_confirmed(data=OUTAGE), event="outage-notice") for _ in range(2)]
    order = await driver.accepted()
    await send_all(dispatcher, clock)
    assert sorted(sent_ids(route)) == sorted([*critical, order])
    for message_id in critical:
        (rule,) = of_rule(await driver.story(message_id), "frequency")
        assert (rule["verdict"], rule["input"]["critical"]) == ("bypass", True)


async def test_cap_does_not_count_what_never_left(
    driver: Driver, dispatcher: Dispatcher, clock: ManualClock, graph: respx.MockRouter
) -> None:
    await driver.world.opt_in(PHONE)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    await cap(driver, 1, 7)
    cancelled = await driver.accepted()
    assert (await driver.request("POST", f"/v1/messages/{cancelled}/cancel")).status_code == 200
    held = await driver.accepted(order_confirmed(send_at=(clock.now() + timedelta(hours=1)).isoformat()))
    first = await driver.accepted()
    await dispatch(dispatcher)
    assert sent_ids(route) == [first]
    assert (await driver.story(held))["status"] == "scheduled"


async def test_caps_are_exact_with_several_workers_and_numbers(
    driver: Driver,
    settings: Settings,
    container: Container,
    clock: ManualClock,
    connection: asyncpg.Connection,
    graph: respx.MockRouter,
) -> None:
    """Two numbers of one business, so that claims of the same customers really run beside each other."""
    phones = [numbered_phone(number) for number in range(4)]
    await driver.world.opt_in(*phones)
    for phone in phones:
        await cap(driver, 3, 1, phone=phone)
    second = await copy_sender(container, driver.world, mode="test", phone_number_id="100000000000009")
    first_route = sends(graph, driver.world).mock(side_effect=accept_all)
    second_route = graph.post("http://sandbox.test/v25.0/100000000000009/messages").mock(side_effect=accept_all)
    async with another_dispatcher(settings, clock) as one, another_dispatcher(settings, clock) as other:
        events = [{"type": "order-confirmed", **order_confirmed(phone)} for phone in phones for _ in range(10)]
        assert (await driver.report_many(events)).json()["accepted"] == 40
        moved = "UPDATE messages SET sender_id = $1 WHERE id IN (SELECT id FROM messages ORDER BY id OFFSET $2 LIMIT 1)"
        for number in range(0, 40, 2):
            await connection.execute(moved, second, number)
        await connection.execute("UPDATE senders SET next_send_at = $1", clock.now() - timedelta(hours=1))
        for _ in range(30):
            busy = await asyncio.gather(one.step(), other.step())
            await asyncio.gather(one.drain(), other.drain())
            if not any(busy):
                break
            clock.advance(timedelta(milliseconds=200))
    counts = await connection.fetch(
        "SELECT recipient, status, count(*) AS n FROM messages GROUP BY recipient, status ORDER BY 1, 2"
    )
    assert [(row["recipient"], row["status"], row["n"]) for row in counts] == [
        (phone, status, number) for phone in phones for status, number in (("accepted", 3), ("suppressed", 7))
    ]
    assert len(first_route.calls) + len(second_route.calls) == 12


async def test_claim_waits_for_another_of_the_same_customer_and_counts_what_that_sent(
    driver: Driver,
    dispatcher: Dispatcher,
    clock: ManualClock,
    database_url: str,
    connection: asyncpg.Connection,
    graph: respx.MockRouter,
) -> None:
    await driver.world.opt_in(PHONE)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    await cap(driver, 1, 7)
    elsewhere = await driver.accepted(order_confirmed(send_at=(clock.now() + timedelta(days=1)).isoformat()))
    asked = await driver.accepted()
    contact_id = await connection.fetchval("SELECT id FROM contacts")
    async with connection.transaction():
        await take_turns(connection, driver.world.business_id, [contact_id])  # type: ignore[arg-type]
        claimed = "UPDATE messages SET status = 'sending', due_at = NULL WHERE id = $1"
        await connection.execute(claimed, UUID(elsewhere.removeprefix("msg_")))
        step = asyncio.create_task(dispatcher.step())
        await blocked(database_url)
    await step
    await dispatcher.drain()
    assert not route.called
    assert (await driver.story(asked))["reason"] == "frequency_cap"


async def test_preview_says_how_many_left_already(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter
) -> None:
    await driver.world.opt_in(PHONE)
    sends(graph, driver.world).mock(side_effect=accept_all)
    await cap(driver, 3, 7)
    await driver.accepted()
    await dispatch(dispatcher)
    answer = await driver.request("POST", "/v1/events/order-confirmed/preview", json=order_confirmed())
    (rule,) = of_rule(answer.json(), "frequency")
    assert rule["input"]["caps"] == [{"topic": "*", "most": 3, "days": 7, "count": 1}]


@pytest.mark.parametrize("channel", ["sms", "email"])
async def test_message_for_another_channel_is_handed_over_with_all_that_it_says(
    driver: Driver, dispatcher: Dispatcher, connection: asyncpg.Connection, channel: str, clock: ManualClock
) -> None:
    await driver.world.opt_in(PHONE)
    await prefer(driver, "channel", channel=channel)
    body = order_confirmed(data=SHIPPED, reference="order-1", metadata={"till": "7"})
    answer = (await driver.report(body, event="order-shipped")).json()
    (rule,) = of_rule(await driver.story(answer["id"]), "channel")
    assert (rule["verdict"], rule["input"]) == ("later", {"channel": channel})
    assert await feed(driver, types="message.handed_over") == []
    await dispatch(dispatcher)
    story = await driver.story(answer["id"])
    assert (story["status"], story["reason"], story["attempts"]) == ("suppressed", "preferred_channel", [])
    (event,) = await feed(driver, types="message.handed_over")
    told = HandedOver.model_validate(event["data"])
    assert (told.message, told.event_type, told.channel) == (answer["id"], "order-shipped", channel)
    assert (told.contact.id, told.contact.phone, told.contact.name) == (answer["contact"], PHONE, "Ayşe Yılmaz")
    assert (told.language, told.reference, told.metadata) == ("tr", "order-1", {"till": "7"})
    link = next(button.url for button in told.rendered.buttons if button.type == "url")
    assert link == SHIPPED["tracking_url"]
    assert "*A-1001*" in told.rendered.body
    assert "A-1001" in told.text
    assert "*" not in told.text
    assert link in told.text
    assert datetime.fromisoformat(event["created_at"]) == clock.now()
    pace = await connection.fetchval("SELECT next_send_at FROM senders")
    assert pace <= clock.now(), "what does not go by this number does not slow it"


async def test_nothing_is_handed_over_without_consent_beyond_a_test_list_or_in_a_pause(
    driver: Driver, dispatcher: Dispatcher, clock: ManualClock
) -> None:
    await driver.world.opt_in(PHONE)
    await prefer(driver, "channel", channel="sms")
    refused = await driver.accepted()
    await driver.opt_out()
    listed = await driver.request("PUT", "/v1/test-lists/staff", json={"contacts": []})
    assert listed.status_code == 200
    await driver.world.opt_in(PHONE)
    beyond = await driver.accepted(order_confirmed(test_list="staff"))
    await pause(driver, clock.now() + timedelta(hours=1))
    paused = await driver.accepted()
    await send_all(dispatcher, clock)
    assert await feed(driver, types="message.handed_over") == []
    assert [(await driver.story(one))["reason"] for one in (refused, beyond)] == ["opted_out", "not_on_test_list"]
    clock.advance(timedelta(hours=1))
    await send_all(dispatcher, clock)
    assert [event["data"]["message"] for event in await feed(driver, types="message.handed_over")] == [paused]


async def test_what_meta_thinks_of_a_template_does_not_hold_up_another_channel(
    driver: Driver,
    settings: Settings,
    clock: ManualClock,
    connection: asyncpg.Connection,
) -> None:
    await driver.world.opt_in(PHONE)
    await prefer(driver, "channel", channel="sms")
    message_id = await driver.accepted()
    await connection.execute("UPDATE templates SET status = 'PAUSED'")
    async with another_dispatcher(settings, clock) as dispatcher:
        await dispatch(dispatcher)
    assert (await driver.story(message_id))["reason"] == "preferred_channel"


async def test_cap_counts_what_another_channel_carried(driver: Driver, dispatcher: Dispatcher) -> None:
    await driver.world.opt_in(PHONE)
    await prefer(driver, "channel", channel="sms")
    await cap(driver, 1, 7)
    first = await driver.accepted()
    await dispatch(dispatcher)
    second = await driver.accepted()
    await dispatch(dispatcher)
    assert [(await driver.story(one))["reason"] for one in (first, second)] == ["preferred_channel", "frequency_cap"]


async def test_confirmation_of_the_customers_choice_answers_it_whatever_is_preferred(
    driver: Driver, dispatcher: Dispatcher, clock: ManualClock, graph: respx.MockRouter
) -> None:
    await driver.world.opt_in(PHONE)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    await prefer(driver, "channel", channel="sms")
    await cap(driver, 1, 7)
    await pause(driver, clock.now() + timedelta(days=1))
    data = {"channel": "website", "requested_at": clock.now().isoformat()}
    await driver.opt_out()
    message_id = await driver.accepted(order_confirmed(data=data), event="opt-out-confirmation")
    await dispatch(dispatcher)
    assert sent_ids(route) == [message_id]
    verdicts = {rule["rule"]: rule["verdict"] for rule in (await driver.story(message_id))["decision"]}
    assert (verdicts["frequency"], verdicts["channel"]) == ("bypass", "bypass")


async def test_cap_goes_on_for_contacts_that_turn_out_to_be_one(
    driver: Driver, dispatcher: Dispatcher, clock: ManualClock, graph: respx.MockRouter
) -> None:
    user_id = "TR.88123"
    agreed = {"act": "opt_in", "source": "checkout", "wording": WORDING}
    assert (await driver.consent(user_id, **agreed)).status_code == 200
    await driver.world.opt_in(PHONE)
    answer = {"contacts": [{"input": user_id, "user_id": user_id}], "messages": [{"id": "wamid.1"}]}
    route = sends(graph, driver.world).mock(return_value=httpx.Response(200, json=answer))
    await cap(driver, 1, 7, phone=user_id)
    first = await driver.accepted({**order_confirmed(), "contact": {"bsuid": user_id}})
    await send_all(dispatcher, clock)
    assert (await driver.story(first))["status"] == "accepted"
    said = {"from": PHONE.lstrip("+"), "from_user_id": user_id, "id": "wamid.in.1", "type": "text"}
    said |= {"timestamp": str(int(clock.now().timestamp())), "text": {"body": "Merhaba"}}
    body = webhook(driver.world, messages=[said])
    del body["entry"][0]["changes"][0]["value"]["contacts"]
    assert (await driver.webhook(body)).status_code == 200
    over = await driver.accepted()
    await send_all(dispatcher, clock)
    assert sent_ids(route) == [first]
    assert (await driver.story(over))["reason"] == "frequency_cap"


async def test_what_the_pace_of_a_pair_holds_back_takes_no_place_within_a_cap(
    driver: Driver, settings: Settings, clock: ManualClock, graph: respx.MockRouter
) -> None:
    await driver.world.opt_in(PHONE)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    await cap(driver, 3, 1)
    orders = [await driver.accepted() for _ in range(6)]
    clock.advance(timedelta(seconds=1))
    paced = settings.model_copy(update={"pair_interval": timedelta(seconds=6), "pair_burst": 2})
    async with another_dispatcher(paced, clock) as dispatcher:
        for _ in range(10):
            await dispatch(dispatcher)
            clock.advance(timedelta(seconds=3))
    assert len(sent_ids(route)) == 3
    ended = [(await driver.story(one))["status"] for one in orders]
    assert sorted(ended) == ["accepted"] * 3 + ["suppressed"] * 3


async def test_what_a_paused_template_holds_back_takes_no_place_within_a_cap(
    driver: Driver,
    settings: Settings,
    clock: ManualClock,
    graph: respx.MockRouter,
    connection: asyncpg.Connection,
) -> None:
    await driver.world.opt_in(PHONE)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    await cap(driver, 1, 1)
    held = await driver.accepted(order_confirmed(data=SHIPPED), event="order-shipped")
    order = await driver.accepted()
    await connection.execute("UPDATE templates SET status = 'PAUSED' WHERE name LIKE '%shipped%'")
    clock.advance(timedelta(seconds=1))
    async with another_dispatcher(settings, clock) as dispatcher:
        await dispatch(dispatcher)
    assert sent_ids(route) == [order]
    assert (await driver.story(held))["waiting_for"]["what"] == "template"
