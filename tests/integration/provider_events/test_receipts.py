"""What Meta reports of a message: in any order, repeated, in batches, with garbage between."""

import itertools
from datetime import UTC, datetime
from random import Random
from typing import Any

import asyncpg
import orjson
import pytest
import respx

from app.container import Container
from app.messages.dispatch import Dispatcher
from tests.support.driving import PHONE, Driver, accept_all, count, dispatch, opt_in_many, rows, sends
from tests.support.world import status_item, webhook

AT = {"sent": 1795400000, "delivered": 1795400010, "read": 1795400020, "failed": 1795400030}
FAULT = [{"code": 131026, "title": "Message undeliverable", "error_data": {"details": "Message Undeliverable."}}]


def item(message_id: str | None, status: str, **more: Any) -> dict[str, Any]:
    errors = {"errors": FAULT} if status == "failed" else {}
    return status_item(message_id, status, at=AT[status], **errors, **more)


async def sent_one(driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter) -> str:
    """A message that Graph has taken as wamid.<its id>."""
    await driver.world.opt_in(PHONE)
    message_id = await driver.accepted()
    sends(graph, driver.world).mock(side_effect=accept_all)
    await dispatch(dispatcher)
    return message_id


def known(row: dict[str, Any]) -> dict[str, Any]:
    """What may not depend on the order of receipts."""
    names = (
        "status", "reason", "waiting_for", "due_at", "lease_until", "sent_at", "delivered_at", "read_at", "failed_at",
        "price_category", "failure", "wamid",
    )  # fmt: skip
    return {name: row[name] for name in names}


async def test_garbage_in_a_batch_of_thousand_loses_only_itself(
    driver: Driver, container: Container, connection: asyncpg.Connection
) -> None:
    await opt_in_many(container, driver.world, 999)
    ids = await driver.accepted_many(999)
    statuses: list[Any] = [item(message_id, "delivered", wamid=f"wamid.{message_id}") for message_id in ids]
    garbage = {"id": 7, "status": ["delivered"], "text": "çöp"}
    statuses.insert(500, garbage)
    await driver.receipts(*statuses)
    assert {row["status"] for row in await connection.fetch("SELECT status FROM messages")} == {"delivered"}
    assert await count(connection, "receipts") == 999
    (kept,) = (await rows(connection, "kept_webhook_items"))["kept_webhook_items"]
    assert (kept["why"], kept["field"], kept["phone_number_id"]) == (
        "unreadable",
        "messages",
        driver.world.phone_number_id,
    )
    assert orjson.loads(kept["raw"]) == garbage
    assert kept["error"]


BROKEN_ITEMS = {
    "no object": b"7",
    "null": b"null",
    "list": b"[]",
    "no status": b'{"id":"wamid.1","timestamp":"1795400000"}',
    "timestamp of words": b'{"id":"wamid.1","status":"sent","timestamp":"yesterday"}',
    "timestamp of the past": b'{"id":"wamid.1","status":"sent","timestamp":"1"}',
    "timestamp of sixty digits": b'{"id":"wamid.1","status":"sent","timestamp":' + b"1" * 60 + b"}",
    "NUL in the id": rb'{"id":"wamid\u0000","status":"sent","timestamp":"1795400000"}',
    "NUL in our id": rb'{"id":"wamid.1","status":"sent","timestamp":"1795400000",'
    rb'"biz_opaque_callback_data":"msg\u0000"}',
    "broken UTF-8 in the id": b'{"id":"wamid\xff","status":"sent","timestamp":"1795400000"}',
    "our id of somebody else": b'{"id":"wamid.1","status":"sent","timestamp":"1795400000",'
    b'"biz_opaque_callback_data":"msg_00000000000000000000000000000000"}',
}

BROKEN_ABOUT_OURS = {
    "NUL in the id": rb'{"id":"wamid\u0000","status":"read","timestamp":"1795400000",%s}',
    "half a surrogate pair in the id": rb'{"id":"wamid\ud83d","status":"read","timestamp":"1795400000",%s}',
    "half a surrogate pair beside": rb'{"id":"wamid.1","status":"read","timestamp":"1795400000","x":"\ud800",%s}',
    "broken UTF-8 beside": b'{"id":"wamid.1","status":"read","timestamp":"1795400000","x":"\xff",%s}',
    "NUL beside": rb'{"id":"wamid.1","status":"read","timestamp":"1795400000","x":"\u0000",%s}',
    "NUL in the price": rb'{"id":"wamid.1","status":"read","timestamp":"1795400000",'
    rb'"pricing":{"category":"a\u0000"},%s}',
    "NUL in the error": rb'{"id":"wamid.1","status":"failed","timestamp":"1795400000",'
    rb'"errors":[{"code":1,"title":"a\u0000"}],%s}',
    "code of sixty digits": b'{"id":"wamid.1","status":"failed","timestamp":"1795400000",'
    b'"errors":[{"code":' + b"1" * 60 + b"}],%s}",
    "errors of words": b'{"id":"wamid.1","status":"failed","timestamp":"1795400000","errors":"none",%s}',
}


def _body(driver: Driver, *items: bytes) -> bytes:
    return orjson.dumps(webhook(driver.world, statuses=["@"])).replace(b'"@"', b",".join(items))


@pytest.mark.parametrize("name", BROKEN_ITEMS)
async def test_broken_item_spoils_no_other_and_is_kept(
    driver: Driver, connection: asyncpg.Connection, name: str
) -> None:
    message_id = await driver.accepted()
    whole = orjson.dumps(item(message_id, "delivered"))
    answer = await driver.webhook(_body(driver, BROKEN_ITEMS[name], whole))
    assert answer.status_code == 200, answer.text
    assert (await driver.story(message_id))["status"] == "delivered"
    kept = (await rows(connection, "kept_webhook_items"))["kept_webhook_items"]
    assert [row["raw"] for row in kept] == [BROKEN_ITEMS[name]]


@pytest.mark.parametrize("name", BROKEN_ABOUT_OURS)
async def test_item_about_our_message_with_something_broken_in_it_spoils_no_other(
    driver: Driver, connection: asyncpg.Connection, name: str
) -> None:
    broken_id, message_id = await driver.accepted(), await driver.accepted()
    ours = b'"biz_opaque_callback_data":"%s"' % broken_id.encode()
    broken = BROKEN_ABOUT_OURS[name] % ours
    whole = orjson.dumps(item(message_id, "delivered", wamid="wamid.2"))
    answer = await driver.webhook(_body(driver, broken, whole))
    assert answer.status_code == 200, answer.text
    assert (await driver.story(message_id))["status"] == "delivered"
    kept = (await rows(connection, "kept_webhook_items"))["kept_webhook_items"]
    story = await driver.story(broken_id)
    assert story["status"] in ("read", "failed") or [row["raw"] for row in kept] == [broken]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff",
        b'{"object":"x"}',
        b'{"object":"x","entry":{}}',
        b'{"entry":[7]}',
        b"[" * 100_000,
    ],
)
async def test_body_that_cannot_be_read_is_kept_as_it_came(
    driver: Driver, connection: asyncpg.Connection, body: bytes
) -> None:
    assert (await driver.webhook(body)).status_code == 200
    (kept,) = (await rows(connection, "kept_webhook_items"))["kept_webhook_items"]
    assert (kept["why"], kept["raw"]) == ("unreadable", body)


ORDERS = [
    *itertools.permutations(("sent", "delivered", "read")),
    *itertools.permutations(("sent", "failed", "delivered")),
]


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
@pytest.mark.parametrize("how", ["one webhook", "a webhook each", "twice each", "one webhook, then one by one"])
async def test_order_and_repetition_of_receipts_change_nothing(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    connection: asyncpg.Connection,
    order: tuple[str, ...],
    how: str,
) -> None:
    message_id = await sent_one(driver, dispatcher, graph)
    items = [item(message_id, status, wamid=f"wamid.{message_id}") for status in order]
    deliveries = {
        "one webhook": [items],
        "a webhook each": [[one] for one in items],
        "twice each": [[one] for one in items for _ in range(2)],
        "one webhook, then one by one": [items, *([one] for one in items)],
    }[how]
    for delivery in deliveries:
        await driver.receipts(*delivery)
    (row,) = (await rows(connection, "messages"))["messages"]
    seen = known(row)
    moments = {
        name: None if seen[name] is None else int(seen[name].timestamp()) for name in seen if name.endswith("_at")
    }
    expected = {f"{status}_at": AT[status] if status in order else None for status in AT}
    assert {name: moments[name] for name in expected} == expected
    assert row["status"] == ("read" if "read" in order else "delivered")
    assert (row["reason"], row["waiting_for"], row["due_at"], row["price_category"]) == (None, None, None, "utility")
    assert row["failure"] is None, "what was delivered has not failed"
    assert await count(connection, "receipts") == 3


async def test_same_batch_twice_reversed_and_interleaved_leaves_the_same_rows(
    driver: Driver, container: Container, connection: asyncpg.Connection
) -> None:
    ids = await driver.accepted_many(40)
    random = Random(5)
    statuses = [
        item(message_id, status, wamid=f"wamid.{message_id}")
        for message_id in ids
        for status in random.sample(("sent", "delivered", "read"), random.randint(1, 3))
    ]
    await driver.receipts(*statuses)
    before = await rows(connection)
    for again in (statuses, statuses[::-1], random.sample(statuses, len(statuses)), statuses[::2], statuses[1::2]):
        await driver.receipts(*again)
    assert await rows(connection) == before


async def test_read_implies_delivered_and_sent(driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter) -> None:
    message_id = await sent_one(driver, dispatcher, graph)
    await driver.receipts(item(message_id, "read"))
    story = await driver.story(message_id)
    assert story["status"] == "read"
    assert (
        story["read_at"]
        == story["delivered_at"]
        == story["sent_at"]
        == datetime.fromtimestamp(AT["read"], UTC).isoformat().replace("+00:00", "Z")
    )


async def test_failure_after_sending_ends_the_message_and_explains_itself(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter
) -> None:
    message_id = await sent_one(driver, dispatcher, graph)
    await driver.receipts(item(message_id, "sent"))
    await driver.receipts(item(message_id, "failed"))
    story = await driver.story(message_id)
    assert story["status"] == "failed"
    assert story["sent_at"] is not None
    assert story["failed_at"] is not None
    failure = story["failure"]
    assert (failure["source"], failure["code"], failure["details"]) == ("receipt", 131026, "Message Undeliverable.")
    assert failure["meaning"]
    assert failure["next_step"]


async def test_status_without_our_id_is_matched_by_metas(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    message_id = await sent_one(driver, dispatcher, graph)
    await driver.receipts(item(None, "delivered", wamid=f"wamid.{message_id}"))
    assert (await driver.story(message_id))["status"] == "delivered"
    assert await count(connection, "kept_webhook_items") == 0


async def test_status_with_data_that_is_not_ours_is_matched_by_metas_id(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter
) -> None:
    message_id = await sent_one(driver, dispatcher, graph)
    await driver.receipts(item("somebody-elses-7", "delivered", wamid=f"wamid.{message_id}"))
    assert (await driver.story(message_id))["status"] == "delivered"


@pytest.mark.parametrize("ours", ["msg_019a8f3c2b7d7c31a4e5f60718293a4b", None], ids=["our id", "no id"])
async def test_status_of_an_unknown_message_is_kept(
    driver: Driver, connection: asyncpg.Connection, ours: str | None
) -> None:
    unknown = item(ours, "delivered", wamid="wamid.nobody")
    await driver.receipts(unknown)
    (kept,) = (await rows(connection, "kept_webhook_items"))["kept_webhook_items"]
    assert (kept["why"], kept["phone_number_id"]) == ("unmatched", driver.world.phone_number_id)
    assert orjson.loads(kept["raw"]) == unknown
    assert await count(connection, "receipts") == 0


async def test_status_for_an_unknown_number_is_kept(driver: Driver, connection: asyncpg.Connection) -> None:
    document = webhook(driver.world, statuses=[item(None, "sent")])
    document["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "999"
    assert (await driver.webhook(document)).status_code == 200
    (kept,) = (await rows(connection, "kept_webhook_items"))["kept_webhook_items"]
    assert (kept["why"], kept["phone_number_id"]) == ("unmatched", "999")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"field": "never_seen", "value": {"a": 1}}, "unknown"),
        ({"field": "account_update", "value": {"event": "ACCOUNT_RESTRICTION"}}, "unknown"),
        ({"field": "never_seen", "value": None}, "unknown"),
        ({"field": "a\x00b", "value": {}}, "unreadable"),
    ],
    ids=["new", "known to Meta", "null", "NUL"],
)
async def test_field_that_is_not_known_is_kept(
    driver: Driver, connection: asyncpg.Connection, change: dict[str, Any], why: str
) -> None:
    message_id = await driver.accepted()
    document = webhook(driver.world, statuses=[item(message_id, "sent")])
    document["entry"][0]["changes"].append(change)
    assert (await driver.webhook(document)).status_code == 200
    assert (await driver.story(message_id))["status"] == "sent"
    (kept,) = (await rows(connection, "kept_webhook_items"))["kept_webhook_items"]
    assert kept["why"] == why
    assert orjson.loads(kept["raw"]) == change


@pytest.mark.parametrize("status", ["played", "deleted", "warning", "held"])
async def test_status_that_is_not_known_is_kept_and_moves_nothing(
    driver: Driver, connection: asyncpg.Connection, status: str
) -> None:
    message_id = await driver.accepted()
    before = await rows(connection, "messages")
    await driver.receipts(status_item(message_id, status))
    assert await rows(connection, "messages") == before
    assert [row["why"] for row in await connection.fetch("SELECT why FROM kept_webhook_items")] == ["unknown"]
