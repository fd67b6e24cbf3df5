"""Whatever cannot be taken is answered with a problem that names the place, and changes nothing."""

import copy
from datetime import timedelta
from typing import Any

import asyncpg
import orjson
import pytest

from app.core.clock import ManualClock
from app.events.catalogue import catalogue
from app.events.fields import CustomerRequest
from tests.support.driving import PHONE, Driver, pointers, problem, rows
from tests.support.world import order_confirmed

APPOINTMENT = {
    "contact": {"phone": PHONE, "language": "tr"},
    "data": {"starts_at": "2026-11-24T14:30:00+03:00", "place": "Klinik"},
}
SHIPPED = {
    "contact": {"phone": PHONE, "language": "tr"},
    "data": {
        "order_number": "A-1001",
        "carrier": "Yurtiçi Kargo",
        "tracking_number": "YK1",
        "tracking_url": "https://shop.example/track/YK1",
    },
}
ASKED_FOR = [
    name
    for name, event_type in catalogue().items()
    if "request" in event_type.payload.model_fields
    and event_type.payload.model_fields["request"].annotation is CustomerRequest
]
GONE = "<left out>"


def changed(body: dict[str, Any], path: str, value: Any) -> bytes:
    """The body with one value replaced, added, or (GONE) removed."""
    document = copy.deepcopy(body)
    *parents, last = path.split("/")
    inner: Any = document
    for name in parents:
        inner = inner[name]
    if value is GONE:
        del inner[last]
    else:
        inner[last] = value
    return orjson.dumps(document)


WRONG_VALUES: list[tuple[str, Any]] = [
    *((name, GONE) for name in ("contact", "data", "data/order_number", "data/total", "data/total/amount")),
    *((name, None) for name in ("contact", "data", "data/order_number", "data/total/currency")),
    *((name, []) for name in ("contact", "data", "data/total", "data/order_number", "metadata", "send_at")),
    *((name, "text") for name in ("contact", "data", "data/total", "data/total/amount", "send_at", "metadata")),
    *((name, 7) for name in ("data/order_number", "contact/name", "reference", "sender", "language")),
    *(
        (name, "a\x00b")
        for name in (
            "contact/phone",
            "contact/name",
            "contact/language",
            "contact/time_zone",
            "data/order_number",
            "data/total/currency",
            "sender",
            "language",
            "reference",
            "supersedes",
        )
    ),
    *((name, "x" * 100_000) for name in ("contact/phone", "contact/name", "data/order_number", "reference", "sender")),
    *((name, "") for name in ("contact/phone", "contact/name", "data/order_number", "reference", "supersedes")),
    *((name, "   ") for name in ("contact/name", "data/order_number", "reference")),
    *((name, {}) for name in ("data/order_number", "reference", "expires_at")),
    ("contact/phone", "12"),
    ("contact/phone", "+90532"),
    ("contact/phone", "+1" + "5" * 59),
    ("contact/phone", "+905321112233;ext=7"),
    ("contact/bsuid", "TR.123"),
    ("contact/language", "turkish"),
    ("contact/time_zone", "Mars/Olympus"),
    ("contact/time_zone", "../../etc/passwd"),
    ("contact/colour", "red"),
    ("data/colour", "red"),
    ("data/total/colour", "red"),
    ("colour", "red"),
    ("data/total/amount", -1),
    ("data/total/amount", 1.5),
    ("data/total/amount", 10**15 + 1),
    ("data/total/currency", "XXQ"),
    ("data/total/currency", "try"),
    ("send_at", "2026-11-24T14:30:00"),
    ("send_at", "2026-13-24T14:30:00Z"),
    ("send_at", "9999-12-31T23:59:59Z"),
    ("send_at", "9999-12-31T23:59:59-23:59"),
    ("expires_at", "2001-01-01T00:00:00Z"),
    ("expires_at", "0001-01-01T00:00:00+14:00"),
    ("expires_at", "9999-12-31T23:59:59-23:59"),
    ("sender", "snd_019a8f3c2b7d7c31a4e5f60718293a4b"),
    ("sender", "snd_019A8F3C2B7D7C31A4E5F60718293A4B"),
    ("sender", "con_019a8f3c2b7d7c31a4e5f60718293a4b"),
    ("reference", "r" * 121),
    ("metadata", {str(number): "x" for number in range(21)}),
]


def _expected_pointer(path: str) -> str:
    exactly_at_contact = {"contact/bsuid": "contact"}
    return "#/" + exactly_at_contact.get(path, path)


@pytest.mark.parametrize(("path", "value"), WRONG_VALUES, ids=lambda value: str(value)[:40].replace("\x00", "NUL"))
async def test_wrong_value_is_named_by_its_place(
    driver: Driver, connection: asyncpg.Connection, path: str, value: Any
) -> None:
    await driver.world.opt_in(PHONE)
    before = await rows(connection)
    answer = await driver.report(changed(order_confirmed(), path, value), key="k")
    assert answer.status_code == 422, answer.text
    body = problem(answer, 422, answer.json()["code"])
    assert body["code"] in ("invalid_request", "unknown_sender")
    assert _expected_pointer(path) in pointers(body)
    assert await rows(connection) == before


@pytest.mark.parametrize(
    ("event", "body", "path", "value"),
    [
        ("appointment-reminder", APPOINTMENT, "data/starts_at", "0001-01-01T00:00:00+14:00"),
        ("appointment-reminder", APPOINTMENT, "data/starts_at", "9999-12-31T23:59:59-14:00"),
        ("appointment-reminder", APPOINTMENT, "data/starts_at", "tomorrow"),
        ("appointment-reminder", APPOINTMENT, "data/starts_at", "2026-11-24T14:30:00"),
        ("appointment-reminder", APPOINTMENT, "data/place", "p" * 121),
        ("order-shipped", SHIPPED, "data/tracking_url", "javascript:alert(1)"),
        ("order-shipped", SHIPPED, "data/tracking_url", "https://shop.example/a b"),
        ("order-shipped", SHIPPED, "data/tracking_url", "https://shop.example/\x00"),
        ("order-shipped", SHIPPED, "data/tracking_url", "https://shop.example/" + "x" * 2000),
    ],
)
async def test_wrong_value_of_other_events_is_named_by_its_place(
    driver: Driver, connection: asyncpg.Connection, event: str, body: dict, path: str, value: str
) -> None:
    before = await rows(connection)
    answer = await driver.report(changed(body, path, value), event=event)
    assert pointers(problem(answer, 422, "invalid_request")) == ["#/" + path]
    assert await rows(connection) == before


@pytest.mark.parametrize("metadata", [{"k": "a\x00b"}, {"k\x00": "v"}, {"k": ["v"]}, {"k": None}, {"k": "v" * 501}])
async def test_wrong_metadata_is_named_by_its_place(
    driver: Driver, connection: asyncpg.Connection, metadata: dict
) -> None:
    before = await rows(connection)
    body = problem(await driver.report(order_confirmed(metadata=metadata)), 422, "invalid_request")
    assert all(str(pointer).startswith("#/metadata/k") for pointer in pointers(body))
    assert await rows(connection) == before


async def test_number_of_sixty_digits_is_named_by_its_place(driver: Driver, connection: asyncpg.Connection) -> None:
    before = await rows(connection)
    raw = orjson.dumps(order_confirmed()).replace(b"129990", b"1" * 60)
    assert pointers(problem(await driver.report(raw), 422, "invalid_request")) == ["#/data/total/amount"]
    assert await rows(connection) == before


async def test_expiry_before_sending_is_named_by_its_place(driver: Driver, connection: asyncpg.Connection) -> None:
    before = await rows(connection)
    body = order_confirmed(send_at="2027-01-02T00:00:00Z", expires_at="2027-01-01T00:00:00Z")
    assert pointers(problem(await driver.report(body), 422, "invalid_request")) == ["#/expires_at"]
    assert await rows(connection) == before


async def test_contact_that_nothing_identifies_is_named_by_its_place(
    driver: Driver, connection: asyncpg.Connection
) -> None:
    before = await rows(connection)
    body = problem(await driver.report(order_confirmed(contact={"name": "Ayşe"})), 422, "invalid_request")
    assert pointers(body) == ["#/contact"]
    assert await rows(connection) == before


@pytest.mark.parametrize("raw", [b"[]", b"null", b'"text"', b"7", b"[{}]"])
async def test_body_that_is_no_object_is_refused(driver: Driver, connection: asyncpg.Connection, raw: bytes) -> None:
    before = await rows(connection)
    assert pointers(problem(await driver.report(raw), 422, "invalid_request")) == ["#"]
    assert await rows(connection) == before


_BODY = orjson.dumps(order_confirmed())

MALFORMED = {
    "nothing": b"",
    "a brace": b"{",
    "cut short": _BODY[:-3],
    "two documents": _BODY + _BODY,
    "single quotes": b"{'contact': 1}",
    "UTF-16": _BODY.decode().encode("utf-16"),
    "Latin-1": _BODY.decode().replace("Ayşe", "Ayse é").encode("latin-1", "replace"),
    "broken UTF-8": _BODY.replace("Ayşe".encode(), b"Ay\xff\xfee"),
    "overlong UTF-8": _BODY.replace("Ayşe".encode(), b"\xc0\xafe"),
    "surrogate in UTF-8": _BODY.replace("Ayşe".encode(), b"\xed\xa0\x80"),
    "lone surrogate": _BODY.replace("Ayşe".encode(), rb"\ud800"),
    "deep": _BODY[:-1] + b',"metadata":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "NUL byte": _BODY.replace(b"A-1001", b"A\x00"),
}


@pytest.mark.parametrize("name", MALFORMED)
@pytest.mark.parametrize("operation", ["single", "batch"])
async def test_bytes_that_are_no_json_are_refused(
    driver: Driver, connection: asyncpg.Connection, name: str, operation: str
) -> None:
    before = await rows(connection)
    method, path, frame = {
        "single": ("POST", "/v1/events/order-confirmed", b"%s"),
        "batch": ("POST", "/v1/events", b'{"events":[%s]}'),
    }[operation]
    if operation == "batch" and name == "nothing":
        frame = b"%s"
    if operation == "batch" and name == "two documents":
        frame = b'{"events":[]}%s'
    headers = {**driver.world.headers, "Content-Type": "application/json"}
    answer = await driver.request(method, path, content=frame % MALFORMED[name], headers=headers)
    problem(answer, 400, "malformed_body")
    assert await rows(connection) == before


@pytest.mark.parametrize("how", ["announced", "chunked"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/events/order-confirmed"),
        ("POST", "/v1/events"),
        ("PUT", f"/v1/contacts/{PHONE}/consent"),
        ("POST", "/webhooks/whatsapp"),
    ],
)
async def test_ten_megabytes_are_too_large(
    driver: Driver, connection: asyncpg.Connection, method: str, path: str, how: str
) -> None:
    before = await rows(connection)
    large = changed(order_confirmed(), "data/order_number", "x" * 10_000_000)

    async def pieces():
        for start in range(0, len(large), 1_000_000):
            yield large[start : start + 1_000_000]

    headers = {**driver.world.headers, **driver.world.signed(large)}
    answer = await driver.request(method, path, content=large if how == "announced" else pieces(), headers=headers)
    problem(answer, 413, "body_too_large")
    assert await rows(connection) == before


async def test_body_under_the_limit_is_read_in_pieces(driver: Driver) -> None:
    body = orjson.dumps(order_confirmed())

    async def pieces():
        for start in range(0, len(body), 10):
            yield body[start : start + 10]

    headers = {**driver.world.headers, "Content-Type": "application/json"}
    answer = await driver.request("POST", "/v1/events/order-confirmed", content=pieces(), headers=headers)
    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "/v1/events/no-such-event", 404, "unknown_event_type"),
        ("POST", "/v1/events/x-no-such-event", 404, "unknown_event_type"),
        ("GET", "/v1/event-types/no-such-event", 404, "unknown_event_type"),
        ("GET", "/v1/event-types/x-%00", 404, "unknown_event_type"),
        ("DELETE", "/v1/event-types/order-confirmed", 404, "unknown_event_type"),
        ("GET", "/v1/nothing", 404, "not_found"),
        ("GET", "/v1/events/order-confirmed", 405, "method_not_allowed"),
        ("DELETE", "/v1/messages", 405, "method_not_allowed"),
        ("GET", "/v1/messages/msg_1", 404, "not_found"),
        ("GET", "/v1/messages/msg_019A8F3C2B7D7C31A4E5F60718293A4B", 404, "not_found"),
        ("GET", "/v1/messages/con_019a8f3c2b7d7c31a4e5f60718293a4b", 404, "not_found"),
        ("GET", "/v1/messages/%00", 404, "not_found"),
    ],
)
async def test_address_of_nothing_is_a_problem(driver: Driver, method: str, path: str, status: int, code: str) -> None:
    answer = await driver.request(method, path, json={} if method == "POST" else None)
    problem(answer, status, code)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("status=gone", "status.0"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=" + "1" * 60, "limit"),
        ("cursor=!", "cursor"),
        ("cursor=AAAA", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=%C3%A9", "cursor"),
        ("created_from=yesterday", "created_from"),
        ("created_from=2026-11-24T14:30:00", "created_from"),
        ("contact=nobody", "contact"),
        ("contact=%00", "contact"),
        ("reference=%00", "reference"),
        ("reference=" + "r" * 121, "reference"),
        ("event_type=%00", "event_type"),
    ],
)
async def test_wrong_parameter_of_the_list_is_named(driver: Driver, query: str, parameter: str) -> None:
    body = problem(await driver.request("GET", f"/v1/messages?{query}"), 422, "invalid_request")
    assert [error["parameter"] for error in body["errors"]] == [parameter]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
@pytest.mark.parametrize("parameter", ["created_from", "created_to"])
async def test_moments_beyond_all_time_bound_the_list_all_the_same(driver: Driver, parameter: str, moment: str) -> None:
    message_id = await driver.accepted()
    answer = await driver.request("GET", "/v1/messages", params={parameter: moment})
    assert answer.status_code == 200, answer.text
    wanted = (parameter == "created_from") == moment.startswith("0001")
    assert [message["id"] for message in answer.json()["messages"]] == ([message_id] if wanted else [])


@pytest.mark.parametrize("name", ASKED_FOR)
async def test_request_that_the_customer_has_not_made_yet_is_refused(
    driver: Driver, connection: asyncpg.Connection, clock: ManualClock, name: str
) -> None:
    body = {**catalogue()[name].example, "contact": {"phone": PHONE, "language": "tr"}}
    before = await rows(connection)
    requested_at = (clock.now() + timedelta(seconds=1)).isoformat()
    answer = await driver.report(changed(body, "data/request/requested_at", requested_at), event=name)
    found = problem(answer, 422, "invalid_request")
    assert [(one["pointer"], one["code"]) for one in found["errors"]] == [
        ("#/data/request/requested_at", "in_the_future")
    ]
    assert await rows(connection) == before
    now = clock.now().isoformat()
    assert (await driver.report(changed(body, "data/request/requested_at", now), event=name)).status_code == 202
