"""What customers answer, and what Meta decides about templates."""

from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
import respx

from app.container import Container
from app.core.clock import ManualClock
from app.messages.dispatch import Dispatcher
from tests.support.driving import PHONE, Driver, accept_all, count, dispatch, rows, sends, waits_for
from tests.support.world import build_world, meta_id_of, status_item, webhook


def inbound(wamid: str = "wamid.in.1", **more: Any) -> dict[str, Any]:
    return {
        "from": "905321112233",
        "from_user_id": "TR.88123",
        "id": wamid,
        "timestamp": "1795400000",
        "type": "text",
        "text": {"body": "DUR"},
        **more,
    }


async def test_inbound_message_is_stored_once_however_often_it_comes(
    driver: Driver, connection: asyncpg.Connection
) -> None:
    document = webhook(driver.world, messages=[inbound(), inbound(), inbound("wamid.in.2")])
    for _ in range(3):
        assert (await driver.webhook(document)).status_code == 200
    replies = (await rows(connection, "replies"))["replies"]
    assert sorted(reply["wamid"] for reply in replies) == ["wamid.in.1", "wamid.in.2"]
    assert {reply["business_id"] for reply in replies} == {driver.world.business_id}
    assert {reply["sender_id"] for reply in replies} == {driver.world.sender_id}
    assert replies[0]["from_wa_id"] == "905321112233"
    assert replies[0]["from_user_id"] == "TR.88123"


@pytest.mark.parametrize(
    "kind",
    [
        {"type": "button", "button": {"payload": "appointment.confirmed", "text": "Geleceğim"}},
        {"type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"id": "y", "title": "Y"}}},
        {"type": "reaction", "reaction": {"message_id": "wamid.A", "emoji": "👍"}},
        {"type": "image", "image": {"id": "99", "mime_type": "image/jpeg", "sha256": "b"}},
        {"type": "never_seen", "never_seen": {"a": 1}},
        {"type": "unsupported", "errors": [{"code": 131051, "title": "Message type unknown"}]},
    ],
    ids=lambda kind: kind["type"],
)
async def test_reply_of_any_kind_is_tied_to_the_message_it_answers(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    connection: asyncpg.Connection,
    kind: dict[str, Any],
) -> None:
    await driver.world.opt_in(PHONE)
    message_id = await driver.accepted()
    sends(graph, driver.world).mock(side_effect=accept_all)
    await dispatch(dispatcher)
    reply = inbound(context={"from": "908505551010", "id": f"wamid.{message_id}"}, **kind)
    assert (await driver.webhook(webhook(driver.world, messages=[reply]))).status_code == 200
    (stored,) = (await rows(connection, "replies"))["replies"]
    assert f"msg_{stored['message_id'].hex}" == message_id
    assert stored["type"] == kind["type"]


@pytest.mark.parametrize("context", [None, {"forwarded": True}, {"id": "wamid.of.nobody"}], ids=str)
async def test_reply_that_answers_no_message_of_ours_is_stored_all_the_same(
    driver: Driver, connection: asyncpg.Connection, context: dict[str, Any] | None
) -> None:
    reply = inbound() if context is None else inbound(context=context)
    assert (await driver.webhook(webhook(driver.world, messages=[reply]))).status_code == 200
    assert await connection.fetchval("SELECT message_id IS NULL FROM replies")


@pytest.mark.parametrize(
    "text",
    [r"\ud83d", r"\u0000", "\\u202e", "🎉", r"\ud83d\ude00"],
    ids=["half an emoji", "NUL", "RTL", "emoji", "pair"],
)
async def test_whatever_a_customer_writes_is_stored_and_spoils_nothing_beside_it(
    driver: Driver, connection: asyncpg.Connection, text: str
) -> None:
    message_id = await driver.accepted()
    document = webhook(driver.world, statuses=[status_item(message_id, "delivered")], messages=[inbound()])
    body = orjson.dumps(document).replace(b"DUR", text.encode())
    answer = await driver.webhook(body)
    assert answer.status_code == 200, answer.text
    assert (await driver.story(message_id))["status"] == "delivered"
    assert await count(connection, "replies") + await count(connection, "kept_webhook_items") == 1


@pytest.mark.parametrize("name", ["id", "type", "from", "from_user_id"])
async def test_text_that_the_database_cannot_hold_is_kept_and_spoils_nothing_beside_it(
    driver: Driver, connection: asyncpg.Connection, name: str
) -> None:
    broken = inbound("wamid.in.9", **{name: "a\x00b"})
    answer = await driver.webhook(webhook(driver.world, messages=[broken, inbound()]))
    assert answer.status_code == 200, answer.text
    assert "wamid.in.1" in {row["wamid"] for row in await connection.fetch("SELECT wamid FROM replies")}
    assert await count(connection, "replies") + await count(connection, "kept_webhook_items") == 2


async def test_message_without_an_id_is_kept(driver: Driver, connection: asyncpg.Connection) -> None:
    broken = inbound()
    del broken["id"]
    assert (await driver.webhook(webhook(driver.world, messages=[broken, inbound()]))).status_code == 200
    assert await count(connection, "replies") == 1
    assert [row["why"] for row in await connection.fetch("SELECT why FROM kept_webhook_items")] == ["unreadable"]


def template_change(waba_id: str, event: str, **more: Any) -> dict[str, Any]:
    value = {
        "event": event,
        "message_template_id": meta_id_of("order_confirmed"),
        "message_template_name": "order_confirmed",
        "message_template_language": "tr",
        "reason": "NONE",
        **more,
    }
    change = {"field": "message_template_status_update", "value": value}
    entry = {"id": waba_id, "time": 1795400000, "changes": [change]}
    return {"object": "whatsapp_business_account", "entry": [entry]}


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ("APPROVED", "APPROVED"),
        ("PENDING", "PENDING"),
        ("REJECTED", "REJECTED"),
        ("PAUSED", "PAUSED"),
        ("DISABLED", "DISABLED"),
        ("FLAGGED", "APPROVED"),
        ("REINSTATED", "APPROVED"),
        ("IN_APPEAL", "IN_APPEAL"),
        ("LIMIT_EXCEEDED", "LIMIT_EXCEEDED"),
        ("LOCKED", "LOCKED"),
        ("ARCHIVED", "ARCHIVED"),
        ("UNARCHIVED", "APPROVED"),
        ("PENDING_DELETION", "PENDING_DELETION"),
        ("DELETED", "DELETED"),
        ("NEVER_SEEN", "APPROVED"),
    ],
)
async def test_what_meta_decides_of_a_template_is_mirrored(
    driver: Driver, connection: asyncpg.Connection, event: str, status: str
) -> None:
    others = "SELECT status FROM templates WHERE NOT (name = 'order_confirmed' AND language = 'tr')"
    before = await connection.fetch(others)
    assert (await driver.webhook(template_change(driver.world.waba_id, event))).status_code == 200
    query = "SELECT status FROM templates WHERE name = 'order_confirmed' AND language = 'tr'"
    assert await connection.fetchval(query) == status
    assert await connection.fetch(others) == before


async def test_rejection_comes_with_its_reason_and_category(driver: Driver, connection: asyncpg.Connection) -> None:
    document = template_change(
        driver.world.waba_id,
        "REJECTED",
        reason="INVALID_FORMAT",
        message_template_category="MARKETING",
        message_template_language="tr",
    )
    await driver.webhook(document)
    row = await connection.fetchrow("SELECT * FROM templates WHERE name = 'order_confirmed' AND language = 'tr'")
    assert row is not None
    assert (row["status"], row["rejected_reason"], row["category"]) == ("REJECTED", "INVALID_FORMAT", "MARKETING")


async def test_template_that_is_not_ours_is_kept(driver: Driver, connection: asyncpg.Connection) -> None:
    document = template_change(driver.world.waba_id, "APPROVED", message_template_name="of_somebody")
    assert (await driver.webhook(document)).status_code == 200
    assert [row["why"] for row in await connection.fetch("SELECT why FROM kept_webhook_items")] == ["unmatched"]


async def test_approval_releases_only_what_waits_for_that_template(
    http: httpx.AsyncClient,
    container: Container,
    connection: asyncpg.Connection,
    dispatcher: Dispatcher,
    clock: ManualClock,
) -> None:
    world = await build_world(container, template_status="PENDING")
    driver = Driver(http, world)
    await world.opt_in(PHONE)
    data = {"starts_at": "2026-11-24T14:30:00+03:00", "place": "Klinik"}
    order = await driver.accepted()
    body = {"contact": {"phone": PHONE, "language": "tr"}, "data": data}
    reminder = await driver.accepted(body, event="appointment-reminder")
    for _ in range(2):
        await dispatch(dispatcher)
        clock.advance(timedelta(seconds=1))
    assert waits_for(await driver.story(order)) == "template"
    await driver.webhook(template_change(world.waba_id, "APPROVED"))
    due = {row["id"].hex: row["due_at"] for row in await connection.fetch("SELECT id, due_at FROM messages")}
    now = clock.now()
    assert due[order.removeprefix("msg_")] <= now
    assert due[reminder.removeprefix("msg_")] > now
