"""Customers whose answer may be a wish to stop are asked what they meant: where the business wants that, and once."""

from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
import respx

from app.core.clock import ManualClock
from app.events.catalogue import catalogue
from app.messages.dispatch import Dispatcher
from tests.support.driving import PHONE, Driver, accept_all, dispatch, refusal, rows, sends
from tests.support.world import accepted_answer, status_item, webhook


@pytest.fixture
async def asking(driver: Driver) -> Driver:
    """A business that asks, and a customer who gets its messages."""
    business = f"biz_{driver.world.business_id.hex}"
    changed = await driver.request("PATCH", f"/v1/businesses/{business}", json={"ask_when_unsure": True})
    assert changed.json()["ask_when_unsure"] is True
    await driver.world.opt_in(PHONE)
    return driver


class Customer:
    def __init__(self, driver: Driver, clock: ManualClock) -> None:
        self.driver = driver
        self.clock = clock
        self.said = 0

    async def writes(self, words: str, **more: Any) -> None:
        await self.says(type="text", text={"body": words}, **more)

    async def taps(self, said: str, title: str) -> None:
        reply = {"type": "button_reply", "button_reply": {"id": said, "title": title}}
        await self.says(type="interactive", interactive=reply, context={"id": "wamid.000001"})

    async def says(self, **message: Any) -> None:
        self.said += 1
        at = str(int(self.clock.now().timestamp()))
        body = {"from": PHONE.lstrip("+"), "id": f"wamid.in.{self.said}", "timestamp": at, **message}
        assert (await self.driver.webhook(webhook(self.driver.world, messages=[body]))).status_code == 200


@pytest.fixture
def customer(asking: Driver, clock: ManualClock) -> Customer:
    return Customer(asking, clock)


@pytest.fixture
def route(graph: respx.MockRouter, driver: Driver) -> respx.Route:
    return sends(graph, driver.world).mock(return_value=httpx.Response(200, json=accepted_answer()))


async def states(driver: Driver) -> dict[str, str]:
    consents = (await driver.request("GET", f"/v1/contacts/{PHONE}")).json()["consents"]
    return {one["topic"]: one["state"] for one in consents}


class Informed:
    """A customer who got messages, some of which ask for an answer."""

    def __init__(self, driver: Driver, dispatcher: Dispatcher, route: respx.Route) -> None:
        self.driver = driver
        self.dispatcher = dispatcher
        self.route = route

    async def of(self, event: str) -> str:
        """Meta's id of a message of this type."""
        body = {"contact": {"phone": PHONE}, "data": {**catalogue()[event].example["data"], **_DATA.get(event, {})}}
        message_id = await self.driver.accepted(body, event=event)
        self.route.mock(side_effect=accept_all)
        await dispatch(self.dispatcher)
        return str((await self.driver.story(message_id))["wamid"])


_DATA = {"appointment-reminder": {"starts_at": "2026-12-05T14:30:00+03:00"}}


@pytest.fixture
def informed(driver: Driver, dispatcher: Dispatcher, route: respx.Route) -> Informed:
    return Informed(driver, dispatcher, route)


async def test_the_question_has_two_buttons_and_the_reply_is_the_businesss(
    asking: Driver, customer: Customer, route: respx.Route, connection: asyncpg.Connection
) -> None:
    await customer.writes("iptal?")
    (call,) = route.calls
    sent = orjson.loads(call.request.content)
    assert (sent["to"], sent["type"], sent["interactive"]["type"]) == (PHONE, "interactive", "button")
    assert "WhatsApp’tan bildirim göndermeyi durduralım mı?" in sent["interactive"]["body"]["text"]
    buttons = [one["reply"] for one in sent["interactive"]["action"]["buttons"]]
    assert buttons == [
        {"id": "consent.stop", "title": "Mesajları durdur"},
        {"id": "consent.continue", "title": "Hayır, devam"},
    ]
    assert all(len(one["title"]) <= 20 for one in buttons)
    assert len((await rows(connection, "replies"))["replies"]) == 1
    assert await states(asking) == {"*": "opted_in"}


async def test_the_tap_decides(asking: Driver, customer: Customer, route: respx.Route) -> None:
    await customer.writes("istemiyorum")
    await customer.taps("consent.continue", "Hayır, devam")
    assert await states(asking) == {"*": "opted_in"}
    await customer.taps("consent.stop", "Mesajları durdur")
    assert await states(asking) == {"*": "opted_out"}
    assert route.call_count == 1


@pytest.mark.parametrize("words", ["cancel", "Lütfen iptal edin", "RET"])
async def test_an_answer_to_what_a_message_asks_is_asked_about(
    asking: Driver, customer: Customer, informed: Informed, words: str
) -> None:
    """The reminder of an appointment has buttons of its own: who writes "cancel" to it means the appointment."""
    context = {"id": await informed.of("appointment-reminder")}
    for _ in range(2):
        await customer.writes(words, context=context)
        assert await states(asking) == {"*": "opted_in"}
        assert "consent.stop" in informed.route.calls.last.request.content.decode()
        customer.said = 0  # as Meta tells it again
    listed = (await asking.request("GET", "/v1/messages")).json()["messages"]
    assert [one["event_type"] for one in listed] == ["appointment-reminder"]


@pytest.mark.parametrize(
    ("words", "event"),
    [("İPTAL", "appointment-reminder"), ("dur", "appointment-reminder"), ("cancel", "order-confirmed"), ("ret", None)],
)
async def test_the_plain_words_stop_whatever_they_answer(
    asking: Driver, customer: Customer, informed: Informed, words: str, event: str | None
) -> None:
    await customer.writes(words, **({"context": {"id": await informed.of(event)}} if event else {}))
    assert await states(asking) == {"*": "opted_out"}


async def test_a_message_whose_only_button_stops_asks_nothing_else(
    asking: Driver, customer: Customer, informed: Informed, connection: asyncpg.Connection
) -> None:
    wamid = await informed.of("appointment-reminder")
    await connection.execute(
        """UPDATE messages SET fill = jsonb_set(fill::jsonb, '{replies}', '["consent.stop", "consent.stop"]')"""
    )
    await customer.writes("cancel", context={"id": wamid})
    assert await states(asking) == {"*": "opted_out"}


@pytest.mark.parametrize("words", ["Devam et", "devam edin", "Yeniden başlat", "Tamam, devam", "resume", "Üye ol"])
async def test_nobody_agrees_by_going_on(asking: Driver, customer: Customer, route: respx.Route, words: str) -> None:
    answer = await asking.consent(PHONE, act="opt_out", source="checkout", topics=["orders"])
    assert answer.status_code == 200
    before = await states(asking)
    await customer.writes("iptal?")
    await customer.writes(words)
    assert await states(asking) == before == {"*": "opted_in", "orders": "opted_out"}


async def test_nobody_is_asked_twice_in_a_day(
    asking: Driver, customer: Customer, route: respx.Route, clock: ManualClock
) -> None:
    await customer.writes("iptal?")
    await customer.writes("yeter artık")
    assert route.call_count == 1
    clock.advance(timedelta(hours=24))
    await customer.writes("yeter artık")
    assert route.call_count == 2


async def test_the_language_is_the_customers(
    asking: Driver, customer: Customer, route: respx.Route, connection: asyncpg.Connection
) -> None:
    await connection.execute("UPDATE contacts SET language = 'en_GB'")
    await customer.writes("I want to cancel")
    assert "Stop messages" in route.calls.last.request.content.decode()


@pytest.mark.parametrize("words", ["İPTAL", "siparişi iptal etmek istiyorum, iade nasıl?", "teşekkürler", "hayır"])
async def test_what_is_clear_is_not_asked_about(
    asking: Driver, customer: Customer, route: respx.Route, words: str
) -> None:
    await customer.writes(words)
    assert route.call_count == 0


async def test_who_gets_nothing_is_not_asked_whether_it_should_stop(
    asking: Driver, customer: Customer, route: respx.Route
) -> None:
    await asking.opt_out()
    await customer.writes("iptal?")
    assert route.call_count == 0


async def test_a_business_that_does_not_want_it_asks_nobody(
    driver: Driver, clock: ManualClock, route: respx.Route
) -> None:
    await driver.world.opt_in(PHONE)
    await Customer(driver, clock).writes("iptal?")
    assert route.call_count == 0


async def test_an_answer_that_comes_late_opens_no_window(
    asking: Driver, customer: Customer, route: respx.Route, clock: ManualClock
) -> None:
    await customer.writes("iptal?", timestamp=str(int((clock.now() - timedelta(hours=25)).timestamp())))
    assert route.call_count == 0


@pytest.mark.parametrize("answer", [refusal(131047), httpx.ConnectError("gone"), httpx.ReadTimeout("silent")])
async def test_a_question_that_does_not_get_through_is_not_repeated(
    asking: Driver, customer: Customer, graph: respx.MockRouter, answer: Any
) -> None:
    failing = sends(graph, asking.world)
    if isinstance(answer, httpx.Response):
        failing.mock(return_value=answer)
    else:
        failing.mock(side_effect=answer)
    await customer.writes("iptal?")
    await customer.writes("iptal?")
    assert failing.call_count == 1
    assert await states(asking) == {"*": "opted_in"}


async def test_receipts_of_a_question_are_no_strangers(
    asking: Driver, customer: Customer, route: respx.Route, connection: asyncpg.Connection
) -> None:
    await customer.writes("iptal?")
    mark = orjson.loads(route.calls.last.request.content)["biz_opaque_callback_data"]
    await asking.receipts(*(status_item(mark, one) for one in ("sent", "delivered", "read")))
    assert await rows(connection, "receipts", "kept_webhook_items") == {"receipts": [], "kept_webhook_items": []}


async def test_who_left_in_the_next_words_is_not_asked(
    asking: Driver, clock: ManualClock, route: respx.Route, connection: asyncpg.Connection
) -> None:
    at = int(clock.now().timestamp())
    said = [
        {
            "from": PHONE.lstrip("+"),
            "id": f"wamid.in.{number}",
            "timestamp": str(at),
            "type": "text",
            "text": {"body": one},
        }
        for number, one in enumerate(("iptal?", "STOP"))
    ]
    assert (await asking.webhook(webhook(asking.world, messages=said))).status_code == 200
    assert await states(asking) == {"*": "opted_out"}
    assert route.calls == []
    assert len((await rows(connection, "replies"))["replies"]) == 2
