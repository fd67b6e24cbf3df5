"""Up to 1,000 events at once: each is judged by itself."""

from typing import Any

import asyncpg
import orjson
import pytest

from app.container import Container
from tests.support.driving import Driver, count, numbered_phone, opt_in_many, pointers, problem, rows
from tests.support.world import order_confirmed


def event(number: int = 0, **changes: Any) -> dict[str, Any]:
    return {"type": "order-confirmed", **order_confirmed(numbered_phone(number), **changes)}


def shipped(number: int, url: str) -> dict[str, Any]:
    data = {"order_number": "A-1", "carrier": "YK", "tracking_number": "YK1", "tracking_url": url}
    return {"type": "order-shipped", **order_confirmed(numbered_phone(number), data=data)}


def appointment(number: int, starts_at: str = "2026-11-24T14:30:00+03:00") -> dict[str, Any]:
    data = {"starts_at": starts_at, "place": "Klinik"}
    return {"type": "appointment-reminder", **order_confirmed(numbered_phone(number), data=data)}


BAD: dict[int, tuple[Any, str, str]] = {
    0: ("no object", "invalid_request", "#/events/0"),
    3: (
        event(3, data={"order_number": "A-1", "total": {"amount": -1, "currency": "TRY"}}),
        "invalid_request",
        "#/events/3/data/total/amount",
    ),
    10: ({"type": "no-such-event"}, "unknown_event_type", "#/events/10/type"),
    11: (order_confirmed(), "unknown_event_type", "#/events/11/type"),
    12: ({**event(12), "type": ["order-confirmed"]}, "unknown_event_type", "#/events/12/type"),
    20: (event(20, contact={"phone": "12"}), "invalid_request", "#/events/20/contact/phone"),
    30: (event(30, sender="snd_" + "0" * 32), "unknown_sender", "#/events/30/sender"),
    40: (shipped(40, "https://elsewhere.example/1"), "invalid_request", "#/events/40/data/tracking_url"),
    50: (event(50, colour="red"), "invalid_request", "#/events/50/colour"),
    60: (event(60, metadata={"k": "a\x00b"}), "invalid_request", "#/events/60/metadata/k"),
    70: (event(70, send_at="9999-12-31T23:59:59Z"), "invalid_request", "#/events/70/send_at"),
    80: (appointment(80, "0001-01-01T00:00:00+14:00"), "invalid_request", "#/events/80/data/starts_at"),
    90: (event(90, expires_at="2001-01-01T00:00:00Z"), "invalid_request", "#/events/90/expires_at"),
    999: (None, "invalid_request", "#/events/999"),
}


async def test_thousand_mixed_events_lose_only_the_bad_ones(
    driver: Driver, container: Container, connection: asyncpg.Connection
) -> None:
    await opt_in_many(container, driver.world, 1000)
    kinds = (event, lambda number: shipped(number, "https://shop.example/track/1"), appointment)
    events = [BAD[number][0] if number in BAD else kinds[number % 3](number) for number in range(1000)]
    answer = await driver.report_many(events)
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert (body["accepted"], body["refused"]) == (1000 - len(BAD), len(BAD))
    assert [result["index"] for result in body["results"]] == list(range(1000))
    for number, (_, code, pointer) in BAD.items():
        refused = body["results"][number]["problem"]
        assert (number, refused["code"], pointers(refused)) == (number, code, [pointer])
    taken = [result["message"] for result in body["results"] if "message" in result]
    assert {message["status"] for message in taken} == {"queued"}
    assert [message["to"] for message in taken] == [numbered_phone(one) for one in range(1000) if one not in BAD]
    assert await count(connection, "messages") == 1000 - len(BAD)
    assert {str(row["id"]).replace("-", "") for row in await connection.fetch("SELECT id FROM messages")} == {
        message["id"].removeprefix("msg_") for message in taken
    }


async def test_batch_of_bad_events_stores_no_message(driver: Driver, connection: asyncpg.Connection) -> None:
    before = await rows(connection)
    answer = await driver.report_many([bad for bad, _, _ in BAD.values()])
    assert answer.status_code == 202
    assert answer.json()["refused"] == len(BAD)
    assert await rows(connection) == before


async def test_one_contact_may_be_in_a_batch_several_times(driver: Driver, connection: asyncpg.Connection) -> None:
    answer = await driver.report_many([event(1), event(1), event(2), event(1)])
    assert answer.json()["accepted"] == 4
    assert await count(connection, "contacts") == 2
    assert await count(connection, "messages") == 4


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/events"),
        ([], "#/events"),
        ({"events": None}, "#/events"),
        ({"events": {}}, "#/events"),
        ({"events": []}, "#/events"),
        ({"events": [event()] * 1001}, "#/events"),
        ({"events": [event()], "colour": "red"}, "#/colour"),
    ],
    ids=["empty", "list", "null", "object", "none", "1001", "unknown field"],
)
async def test_batch_that_is_none_is_refused_whole(
    driver: Driver, connection: asyncpg.Connection, body: Any, pointer: str
) -> None:
    before = await rows(connection)
    answer = await driver.request("POST", "/v1/events", json=body)
    assert pointers(problem(answer, 422, "invalid_request")) == [pointer]
    assert await rows(connection) == before


async def test_numbers_of_a_batch_are_read_as_those_of_a_single_event(driver: Driver) -> None:
    body = orjson.dumps(order_confirmed()).replace(b"129990", b"12345678901234567890123")
    (one,) = problem(await driver.report(body), 422, "invalid_request")["errors"]
    content = b'{"events": [{"type": "order-confirmed", %b]}' % body[1:]
    batch = await driver.request("POST", "/v1/events", content=content)
    (other,) = batch.json()["results"][0]["problem"]["errors"]
    assert (other["pointer"], other["code"]) == ("#/events/0/data/total/amount", one["code"])


@pytest.mark.parametrize("value", [b"NaN", b"[" * 300 + b"]" * 300])
async def test_what_no_json_reader_agrees_on_is_malformed(driver: Driver, value: bytes) -> None:
    body = b'{"events": [{"type": "order-confirmed", "data": %b}]}' % value
    answer = await driver.request("POST", "/v1/events", content=body)
    problem(answer, 400, "malformed_body")
