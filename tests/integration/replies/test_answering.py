"""Answers to customers: what goes out while their window is open, and nothing once it is closed."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
import respx

from app.container import Container
from app.core.clock import ManualClock
from app.core.settings import Settings
from app.messages.dispatch import Dispatcher
from tests.support.driving import (
    PHONE,
    Driver,
    accept_all,
    another_api,
    copy_sender,
    count,
    dispatch,
    numbered_phone,
    pointers,
    problem,
    refusal,
    rows,
    sends,
    sent_ids,
)
from tests.support.files import png
from tests.support.media import MediaAtGraph, added, dispatch_all
from tests.support.windows import A_DAY, Wrote, wrote
from tests.support.world import order_confirmed, status_item, webhook

TEXT = {"text": {"body": "Paketiniz bugün\n18.00’e kadar kapınızda.", "preview_url": False}}
FOOTER = "Demo Mağaza"


@pytest.fixture
async def customer(container: Container, driver: Driver) -> Wrote:
    """Who has just written, of their own accord."""
    return await wrote(container, driver.world)


async def answer(driver: Driver, to: dict[str, Any], key: str | None = None, **body: Any) -> httpx.Response:
    content = (
        body if {"text", "buttons", "list", "link_button", "media", "location"} & body.keys() else {**TEXT, **body}
    )
    given = {"Idempotency-Key": key} if key is not None else {}
    headers = {**driver.world.headers, **given}
    return await driver.request("POST", "/v1/messages/reply", json={"to": to, **content}, headers=headers)


async def answered(driver: Driver, to: dict[str, Any], **body: Any) -> str:
    taken = await answer(driver, to, **body)
    assert taken.status_code == 202, taken.text
    assert taken.headers["location"] == f"/v1/messages/{taken.json()['id']}"
    found: str = taken.json()["id"]
    return found


async def ended(driver: Driver, message_id: str) -> tuple[str, str | None]:
    story = await driver.story(message_id)
    return story["status"], story["reason"]


def _interactive(kind: str, action: dict[str, Any], body: str, **around: Any) -> dict[str, Any]:
    return {"type": "interactive", "interactive": {"type": kind, "body": {"text": body}, "action": action, **around}}


async def test_each_kind_goes_out_as_meta_takes_it_and_is_shown(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, customer: Wrote, clock: ManualClock
) -> None:
    business = f"/v1/businesses/biz_{driver.world.business_id.hex}"
    assert (await driver.request("PATCH", business, json={"link_style": "tracked"})).status_code == 200
    media = await added(driver, png(), "image/png", name="masa.png")
    at_meta = MediaAtGraph(graph, driver.world)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    link = "https://shop.example/orders/A-1001"
    rows_ = [{"id": "kadikoy", "title": "Kadıköy", "description": "Hafta içi"}, {"id": "lara", "title": "Lara"}]
    asked: list[tuple[dict[str, Any], dict[str, Any]]] = [
        (TEXT, {"type": "text", "text": TEXT["text"]}),
        (
            {
                "buttons": {
                    "body": "Hangisi uygun?",
                    "buttons": [{"id": "am", "title": "Sabah"}, {"id": "pm", "title": "Akşam"}],
                    "header": {"text": "Teslimat"},
                    "footer": FOOTER,
                }
            },
            _interactive(
                "button",
                {
                    "buttons": [
                        {"type": "reply", "reply": {"id": "am", "title": "Sabah"}},
                        {"type": "reply", "reply": {"id": "pm", "title": "Akşam"}},
                    ]
                },
                "Hangisi uygun?",
                header={"type": "text", "text": "Teslimat"},
                footer={"text": FOOTER},
            ),
        ),
        (
            {"list": {"body": "Hangi şube?", "button": "Şubeler", "sections": [{"title": "Hepsi", "rows": rows_}]}},
            _interactive("list", {"button": "Şubeler", "sections": [{"title": "Hepsi", "rows": rows_}]}, "Hangi şube?"),
        ),
        (
            {
                "link_button": {
                    "body": "Siparişiniz",
                    "label": "Siparişi izle",
                    "url": link,
                    "header": {"image": {"media": media}},
                }
            },
            _interactive(
                "cta_url",
                {"name": "cta_url", "parameters": {"display_text": "Siparişi izle", "url": "…"}},
                "Siparişiniz",
                header={"type": "image", "image": {"id": "7001"}},
            ),
        ),
        (
            {"media": {"type": "image", "media": media, "caption": "Masanız"}},
            {"type": "image", "image": {"id": "7001", "caption": "Masanız"}},
        ),
        (
            {"media": {"type": "document", "link": "https://shop.example/f.docx", "filename": "sözleşme.docx"}},
            {
                "type": "document",
                "document": {"link": "https://shop.example/f.docx", "filename": "sözleşme.docx"},
            },
        ),
        (
            {"location": {"latitude": 36.8529, "longitude": 30.7894, "name": "Lara"}},
            {"type": "location", "location": {"latitude": 36.8529, "longitude": 30.7894, "name": "Lara"}},
        ),
    ]
    sent = [await answered(driver, {"reply": customer.reply}, **content) for content, _ in asked]
    await dispatch_all(dispatcher, clock, rounds=10)
    assert at_meta.ids == ["7001"]
    bodies = {one["biz_opaque_callback_data"]: one for one in (orjson.loads(c.request.content) for c in route.calls)}
    for message_id, (content, expected) in zip(sent, asked, strict=True):
        body = bodies[message_id]
        assert body.pop("to") == PHONE
        story = await driver.story(message_id)
        if "link_button" in content:
            (tracked,) = story["links"]
            parameters = body["interactive"]["action"]["parameters"]
            assert parameters["url"] == tracked["short_url"] != link
            assert (tracked["url"], tracked["label"]) == (link, "Siparişi izle")
            parameters["url"] = "…"
        wire = {"messaging_product": "whatsapp", "recipient_type": "individual", "biz_opaque_callback_data": message_id}
        assert body == {**wire, **expected}
        assert (story["status"], story["template"], story["template_version"]) == ("accepted", None, None)
        assert (story["event_type"], story["parameters"], story["data"]) == ("reply", {}, {})
        assert story["content"].keys() == content.keys()
        assert story["in_answer_to"] == {"reply": customer.reply, "quote": False, "automatic": None}
        (window,) = (rule for rule in story["decision"] if rule["rule"] == "window")
        assert window["verdict"] == "pass"
        assert (window["input"]["reply"], window["input"]["expires_at"]) == (
            customer.reply,
            story["expires_at"][:-1] + "+00:00",
        )
    listed = (await driver.request("GET", "/v1/messages", params={"event_type": "reply"})).json()["messages"]
    assert {one["id"] for one in listed} == set(sent)


async def test_what_is_quoted_is_shown_above_and_the_reply_marked_as_read(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, customer: Wrote, connection: asyncpg.Connection
) -> None:
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    await answered(
        driver, {"reply": customer.reply}, quote=True, mark_read=True, reference="case-1", metadata={"a": "b"}
    )
    await dispatch(dispatcher)
    read, sent = (orjson.loads(call.request.content) for call in route.calls)
    assert read == {"messaging_product": "whatsapp", "status": "read", "message_id": customer.wamid}
    assert sent["context"] == {"message_id": customer.wamid}
    assert await connection.fetchval("SELECT marked_read_at FROM replies") is not None


async def test_answer_to_a_contact_goes_by_the_number_that_they_wrote_to_last(
    driver: Driver, container: Container, clock: ManualClock
) -> None:
    other = await copy_sender(container, driver.world, mode="test", phone_number_id="100000000000009")
    container.directory.forget()
    first = await wrote(container, driver.world, ago=timedelta(hours=3))
    await wrote(container, driver.world, sender_id=other, ago=timedelta(hours=1))
    for named in (PHONE, PHONE.removeprefix("+90"), first.contact):
        taken = await answer(driver, {"contact": named})
        assert taken.json()["sender"] == f"snd_{other.hex}"
    chosen = await answer(driver, {"contact": PHONE, "sender": driver.world.sender})
    assert chosen.json()["sender"] == driver.world.sender
    clock.advance(timedelta(hours=22))
    problem(await answer(driver, {"contact": PHONE, "sender": driver.world.sender}), 409, "window_closed")
    assert (await answer(driver, {"contact": PHONE})).status_code == 202


async def test_closed_window_is_refused_with_what_could_tell_the_customer_something(
    driver: Driver, container: Container, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    await driver.world.opt_in(PHONE, topics=["orders", "conversations"])
    message = await driver.accepted(order_confirmed())
    customer = await wrote(container, driver.world, answers=message)
    clock.advance(A_DAY)
    before = await rows(connection)
    refused = problem(await answer(driver, {"reply": customer.reply}), 409, "window_closed")
    closed_at = await connection.fetchval("SELECT expires_at FROM service_windows")
    assert refused["window"]["expires_at"] == closed_at.isoformat().replace("+00:00", "Z")
    found = refused["template_alternatives"]
    assert [one["event_type"] for one in found[:2]] == ["order-confirmed", "continue-on-whatsapp"]
    assert {one["topic"] for one in found} <= {"orders", "conversations"}
    assert {one["language"] for one in found} == {"tr"}
    never = problem(await answer(driver, {"contact": await _known(driver)}), 409, "window_closed")
    assert (never["window"], never["template_alternatives"]) == (None, [])
    await driver.opt_out()
    assert problem(await answer(driver, {"reply": customer.reply}), 409, "window_closed")["template_alternatives"] == []
    assert (await rows(connection, "messages"))["messages"] != []
    assert len((await rows(connection, "messages"))["messages"]) == len(before["messages"])


async def _known(driver: Driver) -> str:
    """A contact who never wrote."""
    phone = "+905339998877"
    await driver.world.opt_in(phone)
    await driver.world.opt_out(phone)
    return phone


async def test_window_that_closes_while_the_answer_waits_ends_it(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, customer: Wrote, clock: ManualClock
) -> None:
    route = sends(graph, driver.world).mock(side_effect=httpx.ConnectError("down"))
    waiting = await answered(driver, {"reply": customer.reply})
    soon = (clock.now() + timedelta(hours=2)).isoformat()
    short = await answered(driver, {"reply": customer.reply}, expires_at=soon)
    await dispatch_all(dispatcher, clock, rounds=2)
    tried = route.call_count
    assert tried >= 2
    clock.advance(timedelta(hours=3))
    await dispatcher.settle_overdue()
    assert await ended(driver, short) == ("expired", "expired")
    clock.advance(A_DAY)
    await dispatch(dispatcher)
    assert await ended(driver, waiting) == ("expired", "window_closed")
    assert route.call_count == tried


@pytest.mark.parametrize("how", ["answer", "receipt"])
async def test_what_meta_says_of_the_window_closes_it_unless_the_customer_wrote_since(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    container: Container,
    clock: ManualClock,
    how: str,
) -> None:
    other = await copy_sender(container, driver.world, mode="test", phone_number_id="100000000000009")
    container.directory.forget()
    first = await wrote(container, driver.world, ago=timedelta(hours=1))
    route = sends(graph, driver.world)
    route.mock(side_effect=[refusal(131047)] if how == "answer" else accept_all)
    failing = await answered(driver, {"reply": first.reply})
    queued = await answered(driver, {"reply": first.reply}) if how == "answer" else None
    await wrote(container, driver.world, sender_id=other)
    if queued is not None:
        await container.database.pool.execute(
            "UPDATE messages SET due_at = due_at + interval '1 minute' WHERE id = $1", queued.removeprefix("msg_")
        )
    await dispatch(dispatcher)
    if how == "receipt":
        error = {"code": 131047, "title": "Re-engagement message"}
        at = int(clock.now().timestamp())
        await driver.receipts(status_item(failing, "failed", wamid=f"wamid.{failing}", at=at, errors=[error]))
    story = await driver.story(failing)
    assert (story["status"], story["failure"]["code"]) == ("failed", 131047)
    assert "24-hour" in story["failure"]["meaning"]
    problem(await answer(driver, {"reply": first.reply}), 409, "window_closed")
    to = {"contact": PHONE, "sender": f"snd_{other.hex}"}
    assert (await answer(driver, to)).status_code == 202, "another number's stays"
    if queued is not None:
        clock.advance(timedelta(minutes=2))
        await dispatch(dispatcher)
        assert await ended(driver, queued) == ("expired", "window_closed")
    clock.advance(timedelta(minutes=5))
    again = await wrote(container, driver.world)
    late = (
        status_item(failing, "failed", wamid="wamid.other", at=int(clock.now().timestamp()) - 200, errors=[error])
        if (how == "receipt")
        else None
    )
    if late is not None:
        await driver.receipts(late)
    assert (await answer(driver, {"reply": again.reply})).status_code == 202


async def test_same_key_answers_once(
    driver: Driver,
    container: Container,
    customer: Wrote,
    connection: asyncpg.Connection,
    settings: Settings,
    clock: ManualClock,
) -> None:
    async with another_api(settings, clock) as elsewhere:
        there = Driver(elsewhere, driver.world)
        both = await asyncio.gather(*(answer(one, {"reply": customer.reply}, "k") for one in (driver, there)))
    assert [one.status_code for one in both] == [202, 202]
    assert both[0].content == both[1].content
    assert sorted(one.headers.get("idempotency-replayed", "") for one in both) == ["", "true"]
    assert await count(connection, "messages") == 1
    other = {"reply": customer.reply}
    problem(await answer(driver, other, "k", text={"body": "Başka"}), 422, "idempotency_mismatch")
    clock.advance(A_DAY)
    assert (await answer(driver, {"reply": customer.reply}, "k")).content == both[0].content, (
        "the window has no say in it"
    )
    assert await count(connection, "messages") == 1


async def test_nothing_that_the_customer_prefers_keeps_an_answer_back_but_their_erasure_does(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    container: Container,
    customer: Wrote,
    connection: asyncpg.Connection,
) -> None:
    await driver.world.opt_in(PHONE)
    for act in (
        {"act": "frequency", "cap": {"most": 1, "days": 30}, "topics": ["*"]},
        {"act": "channel", "channel": "sms"},
        {"act": "quiet_hours", "quiet_hours": {"begins": "00:00", "ends": "23:59"}},
        {"act": "pause", "until": "2998-01-01T00:00:00Z"},
    ):
        assert (await driver.consent(PHONE, source="account_settings", **act)).status_code == 200, act
    waiting = await answered(driver, {"reply": customer.reply})
    assert (await driver.opt_out())["canceled_messages"] == 0
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    await dispatch(dispatcher)
    assert sent_ids(route) == [waiting]
    held = await answered(driver, {"reply": customer.reply})
    erased = await driver.request(
        "DELETE", f"/v1/contacts/{PHONE}", params={"reason": "request", "requested_by": "customer"}
    )
    if erased.status_code == 422:
        erased = await driver.request("DELETE", f"/v1/contacts/{PHONE}")
    assert erased.status_code == 200, erased.text
    await dispatch(dispatcher)
    assert await ended(driver, held) == ("canceled", "erased")
    assert (await driver.story(held))["content"] == {}
    assert sent_ids(route) == [waiting]
    refused = problem(await answer(driver, {"reply": customer.reply}), 422, "invalid_request")
    assert [one["code"] for one in refused["errors"]] == ["contact_gone"]
    kept = await connection.fetch("SELECT data::text, fill::text, recipient FROM messages")
    assert {(one["data"], one["fill"], one["recipient"]) for one in kept} == {("{}", "{}", None)}


async def test_answers_go_after_what_is_critical_and_before_the_rest(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    container: Container,
    customer: Wrote,
    connection: asyncpg.Connection,
    clock: ManualClock,
) -> None:
    phones = [numbered_phone(one) for one in range(2)]
    await driver.world.opt_in(*phones)
    normal = await driver.accepted(order_confirmed(phones[0]))
    reply = await answered(driver, {"reply": customer.reply})
    critical = await driver.accepted(order_confirmed(phones[1]))
    await connection.execute("UPDATE messages SET priority = 0 WHERE id = $1", critical.removeprefix("msg_"))
    await connection.execute("UPDATE senders SET throughput = 1")
    container.directory.forget()
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    for _ in range(3):
        await dispatch(dispatcher)
        clock.advance(timedelta(seconds=1))
    assert sent_ids(route) == [critical, reply, normal]


async def test_answer_costs_nothing_of_the_limit_of_new_customers(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    container: Container,
    customer: Wrote,
    connection: asyncpg.Connection,
    clock: ManualClock,
) -> None:
    await driver.world.opt_in(numbered_phone(1))
    await connection.execute(
        "INSERT INTO portfolios (business_id, mode, messaging_limit, known_at) VALUES ($1, 'test', 0, now())"
        " ON CONFLICT (business_id, mode) DO UPDATE SET messaging_limit = 0",
        driver.world.business_id,
    )
    container.directory.forget()
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    told = await driver.accepted(order_confirmed(numbered_phone(1)))
    reply = await answered(driver, {"reply": customer.reply})
    await dispatch_all(dispatcher, clock, rounds=2)
    assert sent_ids(route) == [reply]
    assert await ended(driver, told) == ("queued", "portfolio_limit")
    assert await count(connection, "portfolio_contacts") == 0


async def test_neither_an_answer_in_doubt_nor_a_canceled_one_is_sent_again(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, customer: Wrote, clock: ManualClock
) -> None:
    route = sends(graph, driver.world).mock(side_effect=httpx.ReadTimeout("late"))
    doubtful = await answered(driver, {"reply": customer.reply})
    await dispatch(dispatcher)
    assert await ended(driver, doubtful) == ("unconfirmed", "answer_lost")
    route.mock(side_effect=accept_all)
    canceled = await answered(driver, {"reply": customer.reply})
    assert (await driver.request("POST", f"/v1/messages/{canceled}/cancel")).json()["status"] == "canceled"
    clock.advance(timedelta(minutes=10))
    for _ in range(2):
        await dispatch(dispatcher)
    assert sent_ids(route) == [doubtful]
    assert (await driver.story(doubtful))["status"] == "failed"


async def test_refused_answers_say_where_and_change_nothing(
    driver: Driver, container: Container, customer: Wrote, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    live = await copy_sender(container, driver.world, mode="live", phone_number_id="100000000000009")
    container.directory.forget()
    before = await rows(connection)
    to = {"reply": customer.reply}
    late = (clock.now() + A_DAY + timedelta(seconds=1)).isoformat()
    unknown = "med_" + "0" * 32
    for refused, pointer, code in (
        (await answer(driver, {"reply": "rep_" + "0" * 32}), "#/to/reply", "unknown_reply"),
        (await answer(driver, {"contact": "con_" + "0" * 32}), "#/to/contact", "contact_gone"),
        (await answer(driver, {"contact": "12"}), "#/to/contact", "contact"),
        (await answer(driver, {"contact": PHONE, "sender": f"snd_{live.hex}"}), "#/to/sender", "unknown_sender"),
        (await answer(driver, to, expires_at=late), "#/expires_at", "outside_window"),
        (await answer(driver, to, media={"type": "image", "media": unknown}), "#/media/media", "unknown_media"),
        (
            await answer(
                driver,
                to,
                link_button={
                    "body": "A",
                    "label": "B",
                    "url": "https://a.example",
                    "header": {"document": {"media": unknown}},
                },
            ),
            "#/link_button/header/document/media",
            "unknown_media",
        ),
        (await answer(driver, {}), "#/to", "reply_or_contact"),
        (await answer(driver, to, text={"body": ""}), "#/text/body", "string_too_short"),
        (await answer(driver, to, text={"body": "a\x00"}), "#/text/body", "control_characters"),
    ):
        assert refused.status_code == 422, refused.text
        body = refused.json()
        assert pointers(body) == [pointer]
        assert [one["code"] for one in body["errors"]] == [code]
    assert await rows(connection) == before


async def test_reply_is_marked_as_read_once_with_all_before_it(
    driver: Driver,
    graph: respx.MockRouter,
    container: Container,
    connection: asyncpg.Connection,
    clock: ManualClock,
) -> None:
    earlier = await wrote(container, driver.world, ago=timedelta(minutes=2))
    asked = await wrote(container, driver.world, ago=timedelta(minutes=1))
    later = await wrote(container, driver.world)
    route = sends(graph, driver.world).mock(side_effect=[refusal(100), httpx.ReadTimeout("late")])
    path = f"/v1/replies/{asked.reply}/read"
    problem(await driver.request("POST", path), 422, "not_marked_read")
    problem(await driver.request("POST", path), 503, "meta_unreachable")
    assert await connection.fetchval("SELECT count(*) FROM replies WHERE marked_read_at IS NOT NULL") == 0
    route.mock(return_value=httpx.Response(200, json={"success": True}))
    first = await driver.request("POST", path)
    clock.advance(timedelta(minutes=1))
    again = await driver.request("POST", path, json={})
    typing = await driver.request("POST", path, json={"typing": True})
    assert (first.status_code, first.json()) == (
        200,
        {"reply": asked.reply, "marked_read_at": first.json()["marked_read_at"]},
    )
    assert first.json() == again.json() == typing.json()
    bodies = [orjson.loads(call.request.content) for call in route.calls]
    assert [body.get("typing_indicator") for body in bodies[2:]] == [None, {"type": "text"}]
    assert {body["message_id"] for body in bodies} == {asked.wamid}
    marked = {row["id"] for row in await connection.fetch("SELECT id FROM replies WHERE marked_read_at IS NOT NULL")}
    assert marked == {earlier.id, asked.id}
    await connection.execute("UPDATE replies SET content_erased_at = now() WHERE id = $1", later.id)
    problem(await driver.request("POST", f"/v1/replies/{later.reply}/read"), 409, "reply_gone")
    problem(await driver.request("POST", "/v1/replies/rep_1/read"), 404, "not_found")


async def test_opt_out_is_confirmed_in_the_window_where_no_template_can_be_used(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    container: Container,
    clock: ManualClock,
    connection: asyncpg.Connection,
) -> None:
    await connection.execute("UPDATE templates SET status = 'REJECTED' WHERE name = 'opt_out_confirmation'")
    await driver.world.opt_in(PHONE)
    await wrote(container, driver.world)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    for wamid in ("wamid.stop.1", "wamid.stop.1", "wamid.stop.2"):
        said = {"from": PHONE.lstrip("+"), "id": wamid, "timestamp": str(int(clock.now().timestamp()))}
        body = webhook(driver.world, messages=[{**said, "type": "text", "text": {"body": "İPTAL"}}])
        assert (await driver.webhook(body)).status_code == 200
        await dispatch_all(dispatcher, clock, rounds=1)
    (sent,) = (orjson.loads(call.request.content) for call in route.calls)
    assert sent["text"]["body"].startswith(
        "*WhatsApp bildirimleri durduruldu*\n\nMerhaba değerli müşterimiz, isteğiniz"
    )
    assert "BAŞLAT" in sent["text"]["body"]
    story = await driver.story(sent["biz_opaque_callback_data"])
    assert (story["status"], story["event_type"], story["template"]) == ("accepted", "opt-out-confirmation", None)
    assert [rule["rule"] for rule in story["decision"][:2]] == ["consent", "window"]
