"""What the business is told of its messages: every step of each, once, in order, and only if it wants to know."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
import respx

from app.container import Container
from app.core.clock import ManualClock
from app.core.ids import parse_id
from app.core.settings import Settings
from app.messages import telling
from app.messages.dispatch import Dispatcher
from app.messages.statements.receipts import Reported
from app.messages.states import Event, Status, told_of
from app.worker import build_dispatcher
from tests.support.driving import (
    PHONE,
    Driver,
    accept_all,
    another_container,
    blocked,
    count,
    dispatch,
    numbered_phone,
    opt_in_many,
    refusal,
    sends,
)
from tests.support.telling import steps, told, want
from tests.support.world import build_world, order_confirmed, status_item

AT = 1795400000


@pytest.fixture
async def watched(connection: asyncpg.Connection) -> asyncpg.Connection:
    """The database itself notes each move of each message."""
    await connection.execute(
        f"""
        CREATE TABLE moves (number bigserial, message text, before text, now text);
        CREATE FUNCTION note_move() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO moves (message, before, now) VALUES (
                'msg_' || replace(NEW.id::text, '-', ''),
                CASE WHEN TG_OP = 'INSERT' THEN '{Status.QUEUED}' ELSE OLD.status END, NEW.status);
            RETURN NULL;
        END $$;
        CREATE TRIGGER note_move AFTER INSERT OR UPDATE ON messages FOR EACH ROW EXECUTE FUNCTION note_move();
        """  # noqa: S608 - constants
    )
    return connection


async def moved(connection: asyncpg.Connection) -> dict[str, list[str]]:
    """What had to be told, by message, going by what the database noted."""
    rows = await connection.fetch("SELECT * FROM moves WHERE before <> now ORDER BY message, number")
    found = {}
    for message_id, mine in groupby(rows, key=itemgetter("message")):
        expected = [status.value for row in mine for status, _ in told_of(Status(row["before"]), Status(row["now"]))]
        first = expected.index("unconfirmed") + 1 if "unconfirmed" in expected else 0
        found[message_id] = expected[:first] + [one for one in expected[first:] if one != "unconfirmed"]
    return {message_id: expected for message_id, expected in found.items() if expected}


async def test_every_step_of_every_message_is_told_once_and_in_order(
    driver: Driver,
    dispatcher: Dispatcher,
    container: Container,
    graph: respx.MockRouter,
    clock: ManualClock,
    settings: Settings,
    watched: asyncpg.Connection,
) -> None:
    await want(driver)
    await opt_in_many(container, driver.world, 13)
    refused, lost, doubtful = (numbered_phone(number) for number in (2, 3, 4))

    def answer(request: httpx.Request) -> httpx.Response:
        to = orjson.loads(request.content)["to"]
        if to == refused:
            return refusal(131026)
        if to == doubtful or (to == lost and clock.now() < lost_until):
            raise httpx.ReadTimeout("no answer")
        return accept_all(request)

    sends(graph, driver.world).mock(side_effect=answer)
    lost_until = clock.now() + settings.unconfirmed_window + timedelta(minutes=1)
    later, soon_after = ((clock.now() + timedelta(days=2, hours=hours)).isoformat() for hours in (0, 1))

    async def post(number: int, event: str = "order-confirmed", **changes: Any) -> str:
        return await driver.accepted(order_confirmed(numbered_phone(number), **changes), event=event)

    abandoned = await post(12)
    await build_dispatcher(container)._claims.next(driver.world.business_id, driver.world.sender_id, 10)
    told_all, read_only = await post(0), await post(1, reference="order-1", metadata={"till": "4"})
    refused_then_delivered, sent_again = await post(2), await post(3)
    appointment = {"starts_at": (clock.now() + timedelta(days=3)).isoformat(), "place": "Klinik"}
    given_up = await post(4, "appointment-reminder", data=appointment)
    stopped, overtaken = await post(5, send_at=later), await post(6, send_at=later, reference="order-2")
    newer = await post(6, send_at=later, supersedes="order-2")
    unwanted = await driver.accepted(order_confirmed(numbered_phone(99)))
    silenced, forgotten = await post(7, send_at=later), await post(8, send_at=later)
    failed_late, stale = await post(9), await post(10, send_at=later, expires_at=soon_after)
    other_channel = await post(11)
    await driver.consent(numbered_phone(11), act="channel", source="other", channel="sms")

    await driver.request("POST", f"/v1/messages/{stopped}/cancel")
    await driver.request("POST", f"/v1/messages/{stopped}/cancel")
    await driver.opt_out(numbered_phone(7))
    assert (await driver.request("DELETE", f"/v1/contacts/{numbered_phone(8)}")).status_code == 200
    for _ in range(30):
        await dispatch(dispatcher)
        clock.advance(timedelta(milliseconds=100))
    for status in ("sent", "delivered", "read", "read", "sent"):
        await driver.receipts(status_item(told_all, status, wamid=f"wamid.{told_all}", at=AT))
    await driver.receipts(status_item(read_only, "read", wamid=f"wamid.{read_only}", at=AT))
    await driver.receipts(status_item(read_only, "delivered", wamid=f"wamid.{read_only}", at=AT + 1))
    await driver.receipts(status_item(refused_then_delivered, "delivered", at=AT))
    await driver.receipts(status_item(refused_then_delivered, "failed", at=AT))
    error = {"code": 131026, "title": "Message undeliverable"}
    late = {"wamid": f"wamid.{failed_late}"}
    await driver.receipts(
        status_item(failed_late, "failed", at=AT + 2, errors=[error], **late), status_item(failed_late, "sent", **late)
    )
    for _ in range(3):
        clock.advance(settings.unconfirmed_window)
        await dispatch(dispatcher)
    clock.advance(timedelta(days=3))
    await dispatch(dispatcher)

    events = await told(watched)
    by_message = {
        one: steps(event for event in events if event["data"]["message"] == one)
        for one in {event["data"]["message"] for event in events}
    }
    noted = {one: [step.rstrip("*") for step in mine] for one, mine in by_message.items() if one != failed_late}
    assert {**noted, failed_late: ["accepted", "failed"]} == await moved(watched), "in one batch it was sent and failed"
    assert by_message == {
        told_all: ["accepted", "sent", "delivered", "read"],
        read_only: ["accepted", "sent*", "delivered*", "read"],
        refused_then_delivered: ["failed", "delivered"],
        sent_again: ["unconfirmed", "accepted"],
        abandoned: ["unconfirmed", "accepted"],
        given_up: ["unconfirmed", "failed"],
        failed_late: ["accepted", "sent", "failed"],
        **{one: ["expired"] for one in (stale, newer)},
        **{one: ["canceled"] for one in (stopped, overtaken, forgotten)},
        **{one: ["suppressed"] for one in (unwanted, silenced, other_channel)},
    }


async def test_an_event_says_whose_message_it_was_and_what_became_of_it(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, watched: asyncpg.Connection
) -> None:
    """The wanted types alone are stored, and say what the message's own story says."""
    await want(driver, ["message.failed", "message.delivered"])
    await driver.world.opt_in(PHONE)
    sends(graph, driver.world).mock(return_value=refusal(131026))
    message_id = await driver.accepted(order_confirmed(reference="order-1", metadata={"till": "4"}))
    await dispatch(dispatcher)
    story = await driver.story(message_id)
    (failed,) = await told(watched)
    assert failed["type"] == "message.failed"
    assert datetime.fromisoformat(failed["data"].pop("occurred_at")) == datetime.fromisoformat(story["failed_at"])
    assert failed["data"] == {
        **{name: story[name] for name in ("event_type", "sender", "reference", "metadata", "template", "language")},
        **{name: story[name] for name in ("status", "reason", "failure", "price_category", "wamid")},
        "message": message_id,
        "contact": {"id": story["contact"], "phone": PHONE, "bsuid": None},
        "implied": False,
        "erased": False,
    }
    await driver.receipts(status_item(message_id, "read", at=AT))
    lifted = (await told(watched))[-1]
    assert (lifted["type"], lifted["data"]["implied"], lifted["data"]["failure"]) == ("message.delivered", True, None)
    assert datetime.fromisoformat(lifted["data"]["occurred_at"]) == datetime.fromtimestamp(AT, UTC)
    assert (lifted["data"]["wamid"], lifted["data"]["price_category"]) == ("wamid.000001", "utility")


async def test_what_nobody_wants_is_not_stored_whatever_others_want(
    driver: Driver,
    dispatcher: Dispatcher,
    container: Container,
    graph: respx.MockRouter,
    connection: asyncpg.Connection,
) -> None:
    """Two businesses in the same batches; and the same one before it asks, and after."""
    other = await build_world(container, name="Other", phone_number_id="100000000000002", waba_id="200000000000002")
    theirs = Driver(driver.http, other)
    await want(theirs, ["message.accepted", "message.sent"])
    for one in (driver, theirs):
        sends(graph, one.world).mock(side_effect=accept_all)
        await one.world.opt_in(PHONE)
    events_before = await count(connection, "callback_events")
    ids = {one: await one.accepted() for one in (driver, theirs)}
    await dispatch(dispatcher)
    both = [(one, status_item(message_id, "sent", wamid=f"wamid.{message_id}")) for one, message_id in ids.items()]
    await asyncio.gather(*(one.receipts(item) for one, item in both))
    assert steps(await told(connection)) == ["accepted", "sent"]
    assert {event["data"]["message"] for event in await told(connection)} == {ids[theirs]}
    await want(theirs, [])
    await want(driver, ["message.read"])
    for one, message_id in ids.items():
        await one.receipts(status_item(message_id, "read", wamid=f"wamid.{message_id}"))
    assert steps(await told(connection, ids[driver])) == ["read"], "what happened before is not told any more"
    assert await count(connection, "callback_events") == events_before + 3


async def test_receipts_that_come_at_once_tell_each_step_once(
    driver: Driver,
    dispatcher: Dispatcher,
    container: Container,
    settings: Settings,
    clock: ManualClock,
    graph: respx.MockRouter,
    connection: asyncpg.Connection,
) -> None:
    """The second waits for what the first makes of the message, and tells the rest."""
    await want(driver)
    await driver.world.opt_in(PHONE)
    sends(graph, driver.world).mock(side_effect=accept_all)
    message_id = await driver.accepted()
    await dispatch(dispatcher)
    at = datetime.fromtimestamp(AT, UTC)
    ours = parse_id("msg", message_id)
    assert ours is not None
    first = Reported(driver.world.business_id, ours, Event.RECEIPT_DELIVERED, delivered_at=at)
    async with another_container(settings, clock) as elsewhere:
        async with elsewhere.database.pool.acquire() as other, other.transaction():
            await telling.apply_receipts(other, [first], at)
            second = asyncio.create_task(driver.receipts(status_item(message_id, "read", at=AT + 1)))
            await blocked(settings.database_url)
        await second
    assert steps(await told(connection)) == ["accepted", "sent*", "delivered", "read"]


async def test_of_a_message_whose_content_is_erased_only_what_became_of_it_is_told(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    await want(driver)
    await driver.world.opt_in(PHONE)
    sends(graph, driver.world).mock(side_effect=accept_all)
    message_id = await driver.accepted(order_confirmed(reference="order-1", metadata={"till": "4"}))
    await dispatch(dispatcher)
    assert PHONE in str(await told(connection))
    assert (await driver.request("DELETE", f"/v1/contacts/{PHONE}")).status_code == 200
    await driver.receipts(status_item(message_id, "delivered", wamid=f"wamid.{message_id}"))
    events = await told(connection)
    assert steps(events) == ["accepted", "sent*", "delivered"]
    for event in events:
        data = event["data"]
        assert data["erased"]
        assert (data["contact"]["phone"], data["reference"], data["metadata"]) == (None, None, None)
        assert data["event_type"] == "order-confirmed"
        assert f"wamid.{message_id}" != data["wamid"]
    answer = await driver.request("GET", "/v1/feed", params={"types": "message.delivered"})
    assert [event["data"]["message"] for event in answer.json()["events"]] == [message_id]
