"""Answers that go back by themselves: one for each message and kind of answer, in the customer's words."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
import respx

from app.consent.models import Contact
from app.container import Container
from app.core.clock import ManualClock
from app.messages.dispatch import Dispatcher
from app.messages.models import Message
from tests.support.driving import PHONE, Driver, accept_all, count, dispatch, pointers, problem, rows, sends
from tests.support.media import dispatch_all
from tests.support.windows import A_DAY, Wrote, wrote
from tests.support.world import order_confirmed, webhook

PATH = "/v1/event-types/order-confirmed/answers"
ANSWERS: dict[str, Any] = {
    "confirmed": {
        "text": {
            "tr": "Teşekkürler {customer_name}, {reference} için onayınızı aldık. {business}",
            "en": "Thank you, {customer_name}.",
        },
        "buttons": [{"id": "parking", "title": {"tr": "Otopark var mı?", "en": "Is there parking?"}}],
    },
    "declined": {
        "text": {"en": "All right: {reference}."},
        "link_button": {"label": {"en": "Choose a day"}, "url": "https://shop.example/days"},
    },
    "text": {"text": {"tr": "Mesajınızı aldık."}},
}


@pytest.fixture
async def told(driver: Driver) -> str:
    """A message that customers answer, of a type whose answers bring others."""
    assert (await driver.request("PUT", PATH, json={"answers": ANSWERS})).status_code == 200
    await driver.world.opt_in(PHONE)
    return await driver.accepted(order_confirmed(reference="A-1001"))


async def hear(container: Container, driver: Driver, said: Wrote, message: str | None) -> UUID | None:
    """What becomes of a reply, in the transaction that has stored it."""
    world = driver.world
    business = await container.directory.required(world.business_id)
    sender = business.sender(world.mode, world.sender_id)
    assert sender is not None
    async with container.database.transaction() as session:
        contact = await session.get_one(Contact, (world.business_id, said.contact_id))
        row = UUID(message.removeprefix("msg_")) if message is not None else None
        answered = await session.get_one(Message, (world.business_id, row)) if row is not None else None
        return await container.automatic_answers(
            session, said, answered, business, sender, contact, container.clock.now()
        )


async def test_answer_goes_back_once_and_is_told_with_both_messages(
    driver: Driver,
    container: Container,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    clock: ManualClock,
    told: str,
    connection: asyncpg.Connection,
) -> None:
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    await dispatch(dispatcher)
    clock.advance(timedelta(minutes=1))
    yes = await wrote(container, driver.world, kind="confirmed", answers=told)
    twice = await wrote(container, driver.world, kind="confirmed", answers=told)
    made = await asyncio.gather(*(hear(container, driver, one, told) for one in (yes, twice)))
    (answer_id,) = (one for one in made if one is not None)
    await dispatch(dispatcher)
    assert route.call_count == 2
    sent = orjson.loads(route.calls.last.request.content)
    assert sent["interactive"]["body"]["text"] == "Teşekkürler Ayşe Yılmaz, A-1001 için onayınızı aldık. Demo Mağaza"
    assert sent["interactive"]["action"]["buttons"][0]["reply"] == {"id": "parking", "title": "Otopark var mı?"}
    back = await driver.story(f"msg_{answer_id.hex}")
    automatic = {"message": told, "event_type": "order-confirmed", "kind": "confirmed"}
    assert (back["status"], back["event_type"], back["reference"]) == ("accepted", "reply", "A-1001")
    assert back["in_answer_to"]["automatic"] == automatic
    assert back["in_answer_to"]["reply"] in (yes.reply, twice.reply)
    (shown,) = (await driver.story(told))["automatic_answers"]
    assert (shown["kind"], shown["message"], shown["reply"]) == ("confirmed", back["id"], back["in_answer_to"]["reply"])
    no = await wrote(container, driver.world, kind="declined", answers=told)
    other = await hear(container, driver, no, told)
    assert other is not None, "another kind of answer brings its own"
    assert (await driver.story(f"msg_{other.hex}"))["content"]["link_button"]["body"] == "All right: A-1001."
    assert await hear(container, driver, twice, told) is None
    assert await count(connection, "automatic_answers") == 2


async def test_nothing_goes_back_where_nothing_was_set_or_the_window_is_closed_or_it_is_enough(
    driver: Driver, container: Container, clock: ManualClock, told: str, connection: asyncpg.Connection
) -> None:
    for kind in ("rating", "opt_out", "reaction"):
        said = await wrote(container, driver.world, kind=kind, answers=told)
        assert await hear(container, driver, said, told) is None, kind
    said = await wrote(container, driver.world)
    assert await hear(container, driver, said, None) is None, "it answers no message"
    clock.advance(A_DAY)
    late = replace(said, kind="text")
    assert await hear(container, driver, late, told) is None, "told of a day late"
    assert await count(connection, "messages") == 1
    messages = [await driver.accepted(order_confirmed(reference=f"A-{one}")) for one in range(6)]
    made = [
        await hear(container, driver, await wrote(container, driver.world, kind="text", answers=one), one)
        for one in messages
    ]
    assert [one is not None for one in made] == [True] * 5 + [False], "a machine may be answering us"
    clock.advance(timedelta(hours=23))
    said = await wrote(container, driver.world, kind="declined", answers=messages[0])
    assert await hear(container, driver, said, messages[0]) is None
    clock.advance(timedelta(hours=1))
    assert await hear(container, driver, said, messages[0]) is not None, "another day"


async def test_answers_are_set_shown_and_removed(driver: Driver, told: str, connection: asyncpg.Connection) -> None:
    assert (await driver.request("GET", PATH)).json()["answers"] == ANSWERS
    one = {"answers": {"text": {"text": {"en": "Noted."}}}}
    assert (await driver.request("PUT", PATH, json=one)).json()["answers"] == one["answers"]
    for _ in range(2):
        assert (await driver.request("DELETE", PATH)).status_code == 204
    assert (await driver.request("GET", PATH)).json() == {
        "event_type": "order-confirmed",
        "answers": {},
        "updated_at": None,
    }
    before = await rows(connection)
    missing = PATH.replace("order-confirmed", "x-none")
    problem(await driver.request("PUT", missing, json=one), 404, "unknown_event_type")
    problem(await driver.request("DELETE", missing), 404, "unknown_event_type")
    at = "#/answers/confirmed"
    text = {"tr": "Tamam."}
    titles = {"tr": "A"}
    for wrong, pointer, code in (
        ({"text": {"tr": "Merhaba {name}"}}, f"{at}/text/tr", "unknown_placeholder"),
        ({"text": {"tr": "{business} {business}"}}, f"{at}/text/tr", "placeholder_twice"),
        ({"text": {"tr": "Merhaba {customer_name"}}, f"{at}/text/tr", "unpaired_brace"),
        ({"text": {"tr": "Merhaba {{customer_name}}"}}, f"{at}/text/tr", "unpaired_brace"),
        ({"text": {}}, f"{at}/text", "too_short"),
        ({"text": text, "buttons": [{"id": "a", "title": {"en": "A"}}]}, at, "languages"),
        ({"text": text, "buttons": [{"id": one, "title": titles} for one in "ab"]}, at, "not_unique"),
        (
            {
                "text": text,
                "buttons": [{"id": "a", "title": titles}],
                "link_button": {"label": titles, "url": "https://a.example"},
            },
            at,
            "buttons_or_link",
        ),
    ):
        body = problem(
            await driver.request("PUT", PATH, json={"answers": {"confirmed": wrong}}), 422, "invalid_request"
        )
        assert pointers(body) == [pointer]
        assert [error["code"] for error in body["errors"]] == [code]
    body = problem(
        await driver.request("PUT", PATH, json={"answers": {"opt_out": {"text": text}}}), 422, "invalid_request"
    )
    assert await rows(connection) == before


async def test_taps_and_words_on_whatsapp_bring_their_answers_but_wishes_to_stop_do_not(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    clock: ManualClock,
    connection: asyncpg.Connection,
) -> None:
    reminder = "appointment-reminder"
    answers = {kind: {"text": {"tr": f"{kind}: {{customer_name}}"}} for kind in ("confirmed", "declined", "text")}
    path = f"/v1/event-types/{reminder}/answers"
    assert (await driver.request("PUT", path, json={"answers": answers})).status_code == 200
    business = f"/v1/businesses/biz_{driver.world.business_id.hex}"
    assert (await driver.request("PATCH", business, json={"ask_when_unsure": True})).status_code == 200
    await driver.world.opt_in(PHONE)
    data = {"starts_at": (clock.now() + timedelta(days=2)).isoformat(), "place": "Demo Klinik, Kadıköy"}
    contact = {"phone": PHONE, "name": "Ayşe", "language": "tr"}
    told = await driver.accepted({"contact": contact, "data": data}, event=reminder)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    await dispatch_all(dispatcher, clock, rounds=1)

    async def says(wamid: str, **message: Any) -> None:
        at = str(int(clock.now().timestamp()))
        said = {"from": PHONE.lstrip("+"), "id": wamid, "timestamp": at, **message}
        assert (await driver.webhook(webhook(driver.world, messages=[said]))).status_code == 200
        clock.advance(timedelta(seconds=10))
        await dispatch_all(dispatcher, clock, rounds=1)

    def bodies() -> list[str]:
        sent = [orjson.loads(call.request.content) for call in route.calls]
        return [one["text"]["body"] for one in sent if one["type"] == "text"]

    context = {"context": {"id": f"wamid.{told}"}}
    tap = {"type": "button", "button": {"payload": "appointment.confirmed", "text": "Geleceğim"}, **context}
    await says("wamid.in.1", **tap)
    await says("wamid.in.1", **tap)
    await says("wamid.in.2", **tap)
    assert bodies() == ["confirmed: Ayşe"]
    await says("wamid.in.3", type="text", text={"body": "Otopark var mı?"})
    assert bodies()[1:] == ["text: Ayşe"], "of the reminder, though an answer went back after it"
    await says("wamid.in.4", type="text", text={"body": "mesaj gelmesin artık belki"})
    await says("wamid.in.5", type="text", text={"body": "STOP"})
    kinds = [row["kind"] for row in await connection.fetch("SELECT kind FROM replies ORDER BY id")]
    assert kinds[:2] == ["confirmed", "confirmed"]
    assert kinds[-1] == "opt_out"
    assert bodies()[2:] == []
    story = await driver.story(told)
    assert [one["kind"] for one in story["automatic_answers"]] == ["confirmed", "text"]
