"""Endpoints by API: what is taken and refused, the list of deliveries, replays, deletion, and what erasure leaves."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from app.callbacks import deliveries, interest
from app.container import Container
from app.core.clock import ManualClock
from app.housekeeping import Housekeeping
from tests.integration.callbacks.endpoint import ENDPOINTS, Endpoint, numbers, tell
from tests.support.driving import PHONE, Driver, count, pointers, problem
from tests.support.receiver import TAKEN, Receiver
from tests.support.world import build_world

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
URL = "https://shop.example/callbacks"
_BEFORE_TIME = {"since": "0001-01-01T00:00:00+14:00"}
"""Which no time in UTC says."""


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "#/url", "missing"),
        ({"url": "https://10.0.0.1/"}, "#/url", "url"),
        ({"url": "https://[::ffff:192.168.0.1]/"}, "#/url", "url"),
        ({"url": "https://user:secret@shop.example/"}, "#/url", "url"),
        ({"url": "ftp://shop.example/"}, "#/url", "url"),
        ({"url": URL, "types": []}, "#/types", "too_short"),
        ({"url": URL, "types": ["no.such"]}, "#/types/0", "literal_error"),
        ({"url": URL, "types": ["consent.changed"] * 2}, "#/types", "repeated"),
        ({"url": URL, "batch_size": 101}, "#/batch_size", "less_than_equal"),
        ({"url": URL, "description": "a\nb"}, "#/description", "control_characters"),
        ({"url": URL, "secret": "whsec_mine"}, "#/secret", "extra_forbidden"),
    ],
)
async def test_what_cannot_be_an_endpoint_is_refused_and_makes_none(
    driver: Driver, connection: asyncpg.Connection, body: dict[str, Any], pointer: str, code: str
) -> None:
    answer = await driver.request("POST", ENDPOINTS, json=body)
    refused = problem(answer, 422, "invalid_request")
    assert (pointers(refused), refused["errors"][0]["code"]) == ([pointer], code)
    assert await count(connection, "callback_endpoints") == 0


async def test_endpoints_are_listed_changed_and_limited_in_number(
    driver: Driver, container: Container, connection: asyncpg.Connection
) -> None:
    made = [await Endpoint.create(driver, f"https://ŞOP{n}.example") for n in range(20)]
    problem(await driver.request("POST", ENDPOINTS, json={"url": URL}), 409, "too_many_endpoints")
    listed = (await driver.request("GET", ENDPOINTS)).json()["endpoints"]
    assert [one["id"] for one in listed] == [one.id for one in made]
    assert listed[0]["url"].startswith("https://xn--op0-")
    assert "whsec_" not in str(listed)
    stored = await connection.fetchval("SELECT string_agg(encode(secret, 'escape'), ' ') FROM callback_endpoints")
    assert all(one.secret not in stored for one in made)
    first = made[0]
    changed = await first.ask("PATCH", json={"url": URL, "description": "CRM", "batch_size": 50})
    assert (changed["url"], changed["description"], changed["batch_size"]) == (URL, "CRM", 50)
    assert (await first.ask("PATCH", json={"description": None}))["description"] is None
    kept = await first.shown()
    for body, pointer in (
        ({"url": None}, "#/url"),
        ({"batch_size": None}, "#/batch_size"),
        ({"batch_size": "5"}, "#/batch_size"),
        ({"enabled": None}, "#/enabled"),
        ({"enabled": "false"}, "#/enabled"),
        ({"url": "https://localhost:22/"}, "#/url"),
    ):
        answer = await driver.request("PATCH", first.path, json=body)
        assert pointers(problem(answer, 422, "invalid_request")) == [pointer], body
    answer = await driver.request("POST", f"{first.path}/rotate-secret", json={"overlap_seconds": "0"})
    assert pointers(problem(answer, 422, "invalid_request")) == ["#/overlap_seconds"]
    assert await first.shown() == kept
    await first.ask("DELETE", status=204)
    problem(await driver.request("GET", first.path), 404, "not_found")
    live = Driver(driver.http, await build_world(container, mode="live", phone_number_id="1", waba_id="2"))
    problem(await live.request("GET", made[1].path), 404, "not_found")
    problem(await driver.request("GET", f"{ENDPOINTS}/12"), 404, "not_found")
    await Endpoint.create(driver, URL)


async def test_deliveries_are_found_by_what_they_are_about(
    driver: Driver, container: Container, connection: asyncpg.Connection, shop: Receiver
) -> None:
    endpoint = await Endpoint.create(driver, shop.url)
    told = [
        await tell(connection, driver, 0, contact=1),
        await tell(connection, driver, 1, contact=2, type="template.changed"),
        await tell(connection, driver, 2, contact=1),
    ]
    message = "0" * 31 + "7"
    await connection.execute(
        "UPDATE callback_events SET message_id = $1::text::uuid WHERE data->>'number' = '2'", message
    )
    await container.deliverer.step()
    for params, expected in (
        ({}, told[::-1]),
        ({"type": "template.changed"}, [told[1]]),
        ({"contact": "con_" + "0" * 31 + "1"}, [told[2], told[0]]),
        ({"message": f"msg_{message}"}, [told[2]]),
        ({"status": "parked"}, []),
        ({"status": "delivered", "type": "consent.changed"}, [told[2], told[0]]),
    ):
        assert [one["event"] for one in await endpoint.deliveries(**params)] == expected, params
    page = await endpoint.ask("GET", "/deliveries", params={"limit": 2})
    rest = await endpoint.ask("GET", "/deliveries", params={"limit": 2, "cursor": page["next_cursor"]})
    assert [one["event"] for one in page["deliveries"] + rest["deliveries"]] == told[::-1]
    assert rest["next_cursor"] is None
    for params in ({"contact": PHONE}, {"message": "12"}, {"status": "lost"}, {"cursor": "§"}, {"sort": "type"}):
        answer = await driver.request("GET", f"{endpoint.path}/deliveries", params=params)
        assert problem(answer, 422, "invalid_request")["errors"][0]["parameter"] == next(iter(params))
    for event in ("evt_" + "0" * 32, "12"):
        problem(await driver.request("GET", f"{endpoint.path}/deliveries/{event}"), 404, "not_found")


async def test_events_are_sent_again_by_time_and_one_by_one(
    driver: Driver,
    container: Container,
    clock: ManualClock,
    connection: asyncpg.Connection,
    shop: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = await tell(connection, driver, 0, contact=1, at=clock.now() - DAY)
    endpoint = await Endpoint.create(driver, shop.url, types=["consent.changed"])
    other = await tell(connection, driver, 1, contact=1, type="template.changed")
    await tell(connection, driver, 2, contact=1)
    await container.deliverer.step()
    assert numbers(shop.events) == [2]

    async def replay(status: int = 202, **body: Any) -> Any:
        period = {"since": (clock.now() - 2 * DAY).isoformat(), "until": (clock.now() + HOUR).isoformat()}
        return await endpoint.ask("POST", "/replay", status=status, json=period | body)

    assert await replay() == {"events": 1}
    assert await replay(only="all") == {"events": 1}, "what is on its way is left alone"
    await container.deliverer.step()
    assert sorted(call.document["data"]["number"] for call in shop.calls) == [0, 2, 2]
    assert await replay(only="all", types=["template.changed"]) == {"events": 0}
    assert await replay(only="all", until=(clock.now() - HOUR).isoformat()) == {"events": 1}
    monkeypatch.setattr(deliveries, "MOST_REPLAYED", 0)
    assert (await replay(422, only="all"))["code"] == "too_many_events"
    for body in ({"until": (clock.now() - 3 * DAY).isoformat()}, {"since": "2026-01-01T00:00:00"}, _BEFORE_TIME):
        assert (await replay(422, **body))["code"] == "invalid_request"
    await container.deliverer.step()
    shown = await endpoint.ask("POST", f"/deliveries/{other}/replay", status=202)
    assert (shown["status"], shown["attempt_count"]) == ("pending", 0)
    await container.deliverer.step()
    assert shop.calls[-1].id == other, "of whatever type"
    again = await endpoint.ask("POST", f"/deliveries/{before}/replay", status=202)
    assert again["next_attempt_at"] is not None
    await container.deliverer.step()
    assert [call.id for call in shop.calls].count(before) == 3
    problem(await driver.request("POST", f"{endpoint.path}/deliveries/evt_{'0' * 32}/replay"), 404, "not_found")


async def test_who_waits_to_be_tried_again_is_tried_at_once_when_somebody_asks(
    driver: Driver, container: Container, connection: asyncpg.Connection, shop: Receiver
) -> None:
    """Also by an endpoint that rests."""
    endpoint = await Endpoint.create(driver, shop.url)
    shop.answer = lambda _: (500, {"Retry-After": "3600"}, b"")
    event = await tell(connection, driver, 1, contact=1)
    for _ in range(6):
        await container.deliverer.step()
        await endpoint.ask("POST", f"/deliveries/{event}/replay", status=202)
    shop.answer = lambda _: TAKEN
    calls = len(shop.calls)
    assert calls == 6
    await container.deliverer.step()
    assert len(shop.calls) == calls + 1
    assert (await endpoint.delivery(event))["status"] == "delivered"


async def test_a_disabled_endpoint_gets_nothing_and_takes_no_wish(
    driver: Driver, container: Container, connection: asyncpg.Connection, shop: Receiver
) -> None:
    endpoint = await Endpoint.create(driver, shop.url)
    event = await tell(connection, driver, 1, contact=1)
    disabled = await endpoint.ask("PATCH", json={"enabled": False})
    assert (disabled["enabled"], disabled["disabled_reason"], disabled["parked"]) == (False, "request", 1)
    await tell(connection, driver, 2, contact=1)
    period = {"since": "2020-01-01T00:00:00Z", "until": "2998-01-01T00:00:00Z"}
    for more, body in (("/test", None), (f"/deliveries/{event}/replay", None), ("/replay", period)):
        problem(await driver.request("POST", endpoint.path + more, json=body), 409, "endpoint_disabled")
    assert await container.deliverer.step() == 0
    assert (await endpoint.ask("PATCH", json={"enabled": True}))["disabled_reason"] is None
    assert await container.deliverer.step() == 0
    assert await endpoint.ask("POST", "/replay", status=202, json=period) == {"events": 2}
    await container.deliverer.step()
    assert numbers(shop.events) == [1, 2]


async def test_messages_are_told_of_while_an_endpoint_of_that_mode_wants_it(
    driver: Driver, container: Container
) -> None:
    mine = driver.world.business_id

    async def wanted() -> interest.Wanted:
        async with container.database.pool.acquire() as connection:
            return await interest.wanted(connection, [mine])

    await Endpoint.create(driver, URL, types=["consent.changed"])
    assert await wanted() == {}
    endpoint = await Endpoint.create(driver, URL, types=["message.read", "consent.changed"])
    of_these = {(mine, driver.world.mode): {"message.read"}}
    assert await wanted() == of_these, "the other mode's messages interest nobody"
    await endpoint.ask("PATCH", json={"enabled": False})
    assert await wanted() == {}
    await endpoint.ask("PATCH", json={"enabled": True})
    assert await wanted() == of_these
    await endpoint.ask("DELETE", status=204)
    assert await wanted() == {}


async def test_what_is_deleted_or_old_goes_and_what_waits_stays(
    driver: Driver, container: Container, clock: ManualClock, connection: asyncpg.Connection, shop: Receiver
) -> None:
    gone = await Endpoint.create(driver, shop.url)
    stays = await Endpoint.create(driver, shop.url)
    await tell(connection, driver, 1, contact=1)
    await container.deliverer.step()
    shop.answer = lambda _: (500, {}, b"")
    waiting = await tell(connection, driver, 2, contact=1)
    await container.deliverer.step()
    await gone.ask("DELETE", status=204)
    clock.advance(HOUR)
    await container.callback_tidying.run()
    await container.callback_tidying.run()
    assert await count(connection, "callback_endpoints") == 1
    assert await count(connection, "callback_deliveries") == 2
    clock.advance(31 * DAY)
    await Housekeeping(container).forget_events()
    assert [one["event"] for one in await stays.deliveries()] == [waiting]
    assert await count(connection, "callback_events") == 1
    await container.deliverer.step()
    await Housekeeping(container).forget_events()
    assert await count(connection, "callback_events") == 0
    assert await count(connection, "callback_deliveries") == 0


async def test_erasure_takes_the_answers_to_what_was_told_of_a_person(
    driver: Driver, container: Container, connection: asyncpg.Connection, shop: Receiver
) -> None:
    await Endpoint.create(driver, shop.url)
    shop.answer = lambda _: (500, {}, f"no customer {PHONE}".encode())
    await driver.world.opt_in(PHONE)
    await container.deliverer.step()
    assert PHONE in await connection.fetchval("SELECT attempts::text FROM callback_deliveries")
    assert (await driver.request("DELETE", f"/v1/contacts/{PHONE}")).is_success
    rows = await connection.fetch("SELECT attempts::text AS attempts, answers_since FROM callback_deliveries")
    assert rows
    assert not any(PHONE in row["attempts"] or row["answers_since"] for row in rows)
    shop.answer = lambda _: TAKEN
    container.clock.advance(DAY)  # type: ignore[attr-defined] # by hand
    await container.deliverer.step()
    assert [event["data"]["erased"] for event in shop.events][:1] == [True], "and what still waits is sent without them"
