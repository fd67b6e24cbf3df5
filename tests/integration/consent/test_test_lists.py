"""Test lists: who is on them, and what is limited to them."""

from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
import respx

from app.accounts.keys import Scope
from app.consent.test_lists import CHANNEL as LISTS
from app.consent.test_lists import Limit
from app.container import Container
from app.core.clock import ManualClock
from app.core.settings import Settings
from app.events.limits import CHANNEL as LIMITS
from app.messages.dispatch import Dispatcher
from app.worker import build_dispatcher
from tests.support.driving import (
    PHONE,
    Driver,
    accept_all,
    another_api,
    count,
    dispatch,
    hearing_container,
    numbered_phone,
    pointers,
    problem,
    rows,
    sends,
    sent_ids,
)
from tests.support.world import WORDING, build_world, order_confirmed

STAFF = "+905321112299"
BSUID = "TR.13491208655302741918"
LIST, LIMIT = "/v1/test-lists/staff", "/v1/event-types/order-confirmed/test-list"


async def put(driver: Driver, *phones: str, path: str = LIST) -> dict[str, Any]:
    answer = await driver.request("PUT", path, json={"contacts": [{"phone": phone} for phone in phones]})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def limit(driver: Driver, path: str = LIMIT) -> None:
    answer = await driver.request("PUT", path, json={"test_list": "staff"})
    assert answer.status_code == 200, answer.text


async def lift(driver: Driver, path: str = LIMIT) -> None:
    assert (await driver.request("DELETE", path)).status_code == 204


async def decided(driver: Driver, phone: str = PHONE, **more: Any) -> tuple[str, str | None]:
    answer = await driver.report(order_confirmed(phone, **more))
    assert answer.status_code == 202, answer.text
    return answer.json()["status"], answer.json()["reason"]


async def about_lists(driver: Driver, message_id: str) -> list[tuple[str, str]]:
    rules = (await driver.story(message_id))["decision"]
    return [(rule["verdict"], rule["input"]["name"]) for rule in rules if rule["rule"] == "test_list"]


async def limited_to(driver: Driver, **headers: Any) -> dict[str, str | None]:
    shown = (await driver.request("GET", "/v1/event-types", **headers)).json()["event_types"]
    return {one["name"]: one["test_list"] for one in shown}


async def test_list_is_made_shown_replaced_and_deleted(driver: Driver, connection: asyncpg.Connection) -> None:
    made = await put(driver, "0532 111 22 33", PHONE, STAFF)
    assert [one["phone"] for one in made["contacts"]] == [PHONE, STAFF], "the same number twice is one contact"
    assert made["size"] == 2
    assert (await driver.request("GET", LIST)).json() == made
    by_bsuid = await driver.request("PUT", LIST, json={"contacts": [{"bsuid": BSUID}, {"phone": STAFF}]})
    assert {(one["phone"], one["bsuid"]) for one in by_bsuid.json()["contacts"]} == {(None, BSUID), (STAFF, None)}
    assert by_bsuid.json()["created_at"] == made["created_at"]
    await put(driver, path="/v1/test-lists/nobody")
    listed = (await driver.request("GET", "/v1/test-lists")).json()["test_lists"]
    assert [(one["name"], one["size"]) for one in listed] == [("nobody", 0), ("staff", 2)]
    assert (await driver.request("DELETE", LIST)).status_code == 204
    for method in ("GET", "DELETE"):
        problem(await driver.request(method, LIST), 404, "not_found")
    assert await count(connection, "test_list_members") == 0
    assert await count(connection, "contacts") == 3, "its contacts stay"
    assert await count(connection, "consents") == 0, "being on a list permits nothing"


async def test_list_keeps_what_is_known_of_its_contacts(driver: Driver) -> None:
    await driver.consent(PHONE, act="opt_in", source="checkout", wording=WORDING, contact={"name": "Ayşe"})
    known = (await driver.request("GET", f"/v1/contacts/{PHONE}")).json()
    made = await put(driver, PHONE)
    assert made["contacts"][0]["id"] == known["id"]
    assert (await driver.request("GET", f"/v1/contacts/{PHONE}")).json() == known


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, ["#/contacts"]),
        ({"contacts": [{}]}, ["#/contacts/0"]),
        ({"contacts": [{"phone": PHONE, "bsuid": BSUID}]}, ["#/contacts/0"]),
        (
            {"contacts": [{"phone": PHONE}, {"phone": "12"}, {"phone": "x"}]},
            ["#/contacts/1/phone", "#/contacts/2/phone"],
        ),
        ({"contacts": [{"bsuid": "x"}]}, ["#/contacts/0/bsuid"]),
        ({"contacts": [{"phone": PHONE, "name": "A"}]}, ["#/contacts/0/name"]),
        ({"contacts": [{"phone": PHONE}] * 1001}, ["#/contacts"]),
    ],
)
async def test_contacts_that_cannot_be_are_refused_and_change_nothing(
    driver: Driver, connection: asyncpg.Connection, body: dict[str, Any], faults: list[str]
) -> None:
    await put(driver, STAFF)
    before = await rows(connection)
    assert pointers(problem(await driver.request("PUT", LIST, json=body), 422, "invalid_request")) == faults
    assert await rows(connection) == before


@pytest.mark.parametrize("name", ["Staff", "-staff", "s" * 41, "ş", "%00", "a%20b"])
async def test_name_that_no_list_may_have_is_refused(driver: Driver, name: str) -> None:
    path = f"/v1/test-lists/{name}"
    refused = problem(await driver.request("PUT", path, json={"contacts": []}), 422, "invalid_request")
    assert [one["parameter"] for one in refused["errors"]] == ["name"]
    for method in ("GET", "DELETE"):
        problem(await driver.request(method, path), 404, "not_found")


async def test_thousand_contacts_are_a_list(driver: Driver, connection: asyncpg.Connection) -> None:
    made = await put(driver, *(numbered_phone(number) for number in range(1000)))
    assert made["size"] == len(made["contacts"]) == 1000
    await put(driver, *(numbered_phone(number) for number in range(500, 1000)))
    assert await count(connection, "test_list_members") == 500


async def test_event_type_that_is_limited_reaches_the_list_alone(driver: Driver) -> None:
    await driver.world.opt_in(PHONE, STAFF)
    await put(driver, STAFF)
    await limit(driver)
    assert (await limited_to(driver))["order-confirmed"] == "staff"
    assert (await limited_to(driver))["order-shipped"] is None
    inside = await driver.accepted(order_confirmed(STAFF))
    outside = await driver.accepted(order_confirmed())
    stories = [await driver.story(one) for one in (inside, outside)]
    assert [(one["status"], one["reason"]) for one in stories] == [
        ("queued", None),
        ("suppressed", "not_on_test_list"),
    ]
    assert await about_lists(driver, inside) == [("pass", "staff")]
    assert await about_lists(driver, outside) == [("suppress", "staff")]
    assert await decided(driver, "+905321112277") == ("suppressed", "no_consent"), "an unknown contact"
    await put(driver, PHONE)
    assert await decided(driver) == ("queued", None)
    assert await decided(driver, STAFF) == ("suppressed", "not_on_test_list")
    await lift(driver)
    unlimited = await driver.accepted(order_confirmed(STAFF))
    assert await about_lists(driver, unlimited) == []
    assert (await limited_to(driver))["order-confirmed"] is None


async def test_being_on_a_list_is_no_consent(driver: Driver) -> None:
    await put(driver, STAFF)
    await limit(driver)
    assert await decided(driver, STAFF) == ("suppressed", "no_consent")


async def test_request_may_ask_for_a_list_by_itself(driver: Driver, connection: asyncpg.Connection) -> None:
    await driver.world.opt_in(PHONE, STAFF)
    await put(driver, STAFF)
    assert await decided(driver, STAFF, test_list="staff") == ("queued", None)
    assert await decided(driver, test_list="staff") == ("suppressed", "not_on_test_list")
    assert await decided(driver) == ("queued", None)
    await put(driver, PHONE, path="/v1/test-lists/others")
    answer = await driver.request("PUT", LIMIT, json={"test_list": "others"})
    assert answer.json() == {"event_type": "order-confirmed", "test_list": "others"}
    both = await driver.accepted(order_confirmed(test_list="staff"))
    assert await about_lists(driver, both) == [("pass", "others"), ("suppress", "staff")]
    before = await rows(connection)
    for name, code in (("nobody", "unknown_test_list"), ("No", "string_pattern_mismatch"), (1, "string_type")):
        body = order_confirmed(test_list=name)
        refused = problem(await driver.report(body), 422, "invalid_request")
        assert (pointers(refused), refused["errors"][0]["code"]) == (["#/test_list"], code)
    batch = await driver.report_many([{"type": "order-confirmed", **order_confirmed(test_list="nobody")}])
    assert pointers(batch.json()["results"][0]["problem"]) == ["#/events/0/test_list"]
    assert await rows(connection) == before


async def test_reminders_of_a_series_obey_the_limit_of_their_own_type(driver: Driver, clock: ManualClock) -> None:
    await driver.world.opt_in(PHONE)
    await put(driver, STAFF)
    await limit(driver, "/v1/event-types/appointment-reminder/test-list")
    data = {"starts_at": (clock.now() + timedelta(days=2)).isoformat(), "place": "Klinik"}
    body = order_confirmed(data=data, reference="appointment-77", remind_before=["PT1H"])
    answer = (await driver.report(body, event="appointment-confirmed")).json()
    assert (answer["status"], answer["reminders"][0]["status"]) == ("queued", "suppressed")


async def test_list_of_a_limited_event_type_is_not_deleted(driver: Driver, connection: asyncpg.Connection) -> None:
    await put(driver, STAFF)
    await limit(driver)
    before = await rows(connection)
    problem(await driver.request("DELETE", LIST), 409, "test_list_in_use")
    assert await rows(connection) == before
    await lift(driver)
    assert (await driver.request("DELETE", LIST)).status_code == 204


async def test_limit_names_an_event_type_and_a_list_that_there_are(
    driver: Driver, connection: asyncpg.Connection
) -> None:
    await put(driver, STAFF)
    before = await rows(connection)
    refused = problem(await driver.request("PUT", LIMIT, json={"test_list": "nobody"}), 422, "invalid_request")
    assert (pointers(refused), refused["errors"][0]["code"]) == (["#/test_list"], "unknown_test_list")
    for name in ("no-such-type", "No", "%00", "a" * 101):
        path = f"/v1/event-types/{name}/test-list"
        problem(await driver.request("PUT", path, json={"test_list": "staff"}), 404, "not_found")
        problem(await driver.request("DELETE", path), 404, "not_found")
    await lift(driver)
    assert await rows(connection) == before, "there was no limit to lift"


async def test_business_may_limit_an_event_type_of_its_own(driver: Driver, connection: asyncpg.Connection) -> None:
    await put(driver, STAFF)
    await connection.execute(
        "INSERT INTO event_types (business_id, name, definition) VALUES ($1, 'own-type', '{}')",
        driver.world.business_id,
    )
    await limit(driver, "/v1/event-types/own-type/test-list")
    assert await connection.fetchval("SELECT event_type FROM event_type_limits") == "own-type"


async def test_limit_holds_for_what_waits_and_lifting_it_too(
    driver: Driver,
    settings: Settings,
    clock: ManualClock,
    graph: respx.MockRouter,
) -> None:
    """Seen by a worker that had asked before, as soon as it hears."""
    await driver.world.opt_in(PHONE, STAFF)
    await put(driver, STAFF)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    async with hearing_container(settings, clock, LIMITS) as (worker, hear):
        dispatcher = build_dispatcher(worker)
        await dispatch(dispatcher)
        first = await driver.accepted(order_confirmed())
        await dispatch(dispatcher)
        assert sent_ids(route) == [first]
        outside, inside = await driver.accepted(order_confirmed()), await driver.accepted(order_confirmed(STAFF))
        await limit(driver)
        assert await hear() == str(driver.world.business_id)
        for _ in range(3):
            clock.advance(timedelta(seconds=10))
            await dispatch(dispatcher)
        assert sent_ids(route) == [first, inside]
        story = await driver.story(outside)
        assert (story["status"], story["reason"]) == ("suppressed", "not_on_test_list")
        rule = story["decision"][-1]
        assert (rule["rule"], rule["verdict"], rule["input"]) == ("test_list", "suppress", {"name": "staff"})
        assert rule["at"] is not None
        await lift(driver)
        assert await hear() == str(driver.world.business_id)
        after = await driver.accepted(order_confirmed())
        clock.advance(timedelta(seconds=10))
        await dispatch(dispatcher)
    assert sent_ids(route) == [first, inside, after]
    assert (await driver.story(outside))["status"] == "suppressed"


async def test_changed_list_holds_for_what_waits(
    driver: Driver, settings: Settings, clock: ManualClock, graph: respx.MockRouter
) -> None:
    await driver.world.opt_in(PHONE)
    await put(driver, PHONE)
    await limit(driver)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    async with hearing_container(settings, clock, LISTS) as (worker, hear):
        dispatcher = build_dispatcher(worker)
        first = await driver.accepted(order_confirmed())
        await dispatch(dispatcher)
        second = await driver.accepted(order_confirmed())
        await put(driver, STAFF)
        assert await hear() == str(driver.world.business_id)
        clock.advance(timedelta(seconds=10))
        await dispatch(dispatcher)
    assert sent_ids(route) == [first]
    assert (await driver.story(second))["reason"] == "not_on_test_list"


async def test_a_change_of_one_business_is_no_news_of_another(
    driver: Driver,
    http: httpx.AsyncClient,
    container: Container,
    connection: asyncpg.Connection,
    settings: Settings,
    clock: ManualClock,
) -> None:
    """What is kept of the others stays: there is nothing to look up again. News comes in the order of commits: with the
    one of a limit, the one of the list before it has come."""
    world = await build_world(container, name="Other", phone_number_id="100000000000003", waba_id="200000000000003")
    other = Driver(http, world)
    async with hearing_container(settings, clock, LIMITS) as (worker, hear):
        limits, key = worker.limits, (driver.world.business_id, "test")
        await put(driver, STAFF)
        await limit(driver)
        await hear()
        known = await limits.by_type(*key)
        assert len(known["order-confirmed"].members) == 1
        await connection.execute("DELETE FROM event_type_limits")
        await connection.execute("DELETE FROM test_list_members")
        await put(other, STAFF)
        await limit(other)
        await hear()
        assert await limits.by_type(*key) == known
        await lift(driver)
        await hear()
        assert await limits.by_type(*key) == {}
        assert len((await limits.named(*key, "staff")).members) == 1  # type: ignore[union-attr]
        await put(driver)
        await lift(driver)
        await hear()
        assert (await limits.named(*key, "staff")).members == frozenset()  # type: ignore[union-attr]


async def test_other_processes_hear_whose_lists_and_limits_changed(
    driver: Driver, settings: Settings, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    await put(driver, STAFF)
    await limit(driver)
    key = (driver.world.business_id, "test")
    async with hearing_container(settings, clock, LIMITS) as (other, hear):
        known = await other.limits.by_type(*key)
        await connection.execute("DELETE FROM event_type_limits")
        await connection.execute("SELECT pg_notify($1, gen_random_uuid()::text)", LIMITS)
        await hear()
        assert await other.limits.by_type(*key) == known
        await connection.execute("SELECT pg_notify($1, $2)", LIMITS, str(key[0]))
        await hear()
        assert await other.limits.by_type(*key) == {}
    async with hearing_container(settings, clock, LISTS) as (other, hear):
        before = await other.limits.named(*key, "staff")
        await connection.execute("DELETE FROM test_list_members")
        await connection.execute("SELECT pg_notify($1, gen_random_uuid()::text)", LISTS)
        await hear()
        assert await other.limits.named(*key, "staff") == before
        await connection.execute("SELECT pg_notify($1, $2)", LISTS, str(key[0]))
        await hear()
        assert await other.limits.named(*key, "staff") == Limit("staff", frozenset())


async def test_name_of_no_list_is_not_looked_up_each_time(driver: Driver, container: Container) -> None:
    key = (driver.world.business_id, "test")
    await put(driver, STAFF)
    assert await container.limits.named(*key, "staff") is not None
    await container.database.close()
    for number in range(3):
        assert await container.limits.named(*key, f"none-{number}") is None


async def test_live_and_test_keys_have_lists_and_limits_of_their_own(
    driver: Driver, container: Container, connection: asyncpg.Connection
) -> None:
    await put(driver, STAFF)
    await limit(driver)
    token = await container.accounts.create_key(driver.world.business_id, "live", mode="live", scopes=list(Scope))
    live = {"headers": {"Authorization": f"Bearer {token}"}}
    assert (await driver.request("GET", "/v1/test-lists", **live)).json() == {"test_lists": []}
    for method in ("GET", "DELETE"):
        problem(await driver.request(method, LIST, **live), 404, "not_found")
    problem(await driver.request("PUT", LIMIT, json={"test_list": "staff"}, **live), 422, "invalid_request")
    assert (await limited_to(driver, **live))["order-confirmed"] is None
    await driver.request("PUT", LIST, json={"contacts": [{"phone": STAFF}]}, **live)
    contacts = await connection.fetch("SELECT mode FROM contacts WHERE phone = $1", STAFF)
    assert {row["mode"] for row in contacts} == {"live", "test"}
    assert (await driver.request("DELETE", LIMIT, **live)).status_code == 204
    assert (await limited_to(driver))["order-confirmed"] == "staff"


async def test_limit_of_one_business_is_none_of_another(
    driver: Driver, http: httpx.AsyncClient, container: Container
) -> None:
    await put(driver, STAFF)
    await limit(driver)
    other = Driver(http, await build_world(container, phone_number_id="100000000000002", waba_id="200000000000002"))
    await other.world.opt_in(PHONE)
    assert await decided(other) == ("queued", None)
    problem(await other.report(order_confirmed(test_list="staff")), 422, "invalid_request")


async def test_hot_path_asks_the_database_no_more_for_a_limit(
    driver: Driver, dispatcher: Dispatcher, connection: asyncpg.Connection, settings: Settings, clock: ManualClock
) -> None:
    """Once loaded, lists and limits are looked up in memory: the tables may go away."""
    await driver.world.opt_in(PHONE, STAFF)
    await put(driver, STAFF)
    await limit(driver)
    assert await decided(driver) == ("suppressed", "not_on_test_list")
    await connection.execute("ALTER TABLE test_list_members RENAME TO gone_members")
    await connection.execute("ALTER TABLE event_type_limits RENAME TO gone_limits")
    assert await decided(driver) == ("suppressed", "not_on_test_list")
    assert await decided(driver, STAFF) == ("queued", None)
    async with another_api(settings, clock) as api:
        assert (await Driver(api, driver.world).report()).status_code == 500, "which has to load them"
