"""What a key may do: its scopes, its end, its mode."""

from datetime import timedelta

import asyncpg
import httpx
import pytest
import respx

from app.accounts.directory import CHANNEL
from app.accounts.keys import Scope
from app.container import Container
from app.core.clock import ManualClock
from app.core.settings import Settings
from tests.support.driving import PHONE, Driver, copy_sender, hearing_container, problem, rows
from tests.support.prepared import prepare
from tests.support.walk import OPERATIONS, call, each_operation
from tests.support.world import World, order_confirmed


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@each_operation
async def test_operation_needs_its_own_scope_and_no_other(
    driver: Driver,
    container: Container,
    connection: asyncpg.Connection,
    graph: respx.MockRouter,
    subtests: pytest.Subtests,
    operations: list[str],
) -> None:
    business = driver.world.business_id
    await driver.world.opt_in(PHONE)
    ids = {"message": await driver.accepted(), **await prepare(driver, graph)}
    for operation in operations:
        with subtests.test(operation=operation):
            needed = OPERATIONS[operation].scope
            others = [scope for scope in Scope if scope != needed]
            without = await container.accounts.create_key(business, "without", mode="test", scopes=others)
            before = await rows(connection)
            problem(await call(driver.http, operation, bearer(without), **ids), 403, "forbidden")
            assert await rows(connection) == before
            only = await container.accounts.create_key(business, "only", mode="test", scopes=[needed])
            assert (await call(driver.http, operation, bearer(only), **ids)).is_success


BAD_HEADERS = {
    "missing": {},
    "empty": {"Authorization": ""},
    "no scheme": {"Authorization": "ulak_test_abc"},
    "basic": {"Authorization": "Basic dXNlcjpwYXNz"},
    "no token": {"Authorization": "Bearer "},
    "no key": {"Authorization": "Bearer hello"},
    "unknown mode": {"Authorization": "Bearer ulak_demo_" + "a" * 77},
    "unknown key": {"Authorization": "Bearer ulak_test_" + "a" * 77},
    "long": {"Authorization": "Bearer ulak_test_" + "a" * 5000},
    "bytes": {"Authorization": b"Bearer ulak_test_\xff\xfe"},
}


@pytest.mark.parametrize("name", BAD_HEADERS)
async def test_request_without_a_usable_key_is_unauthorized(driver: Driver, name: str) -> None:
    answer = await driver.http.get("/v1/messages", headers=BAD_HEADERS[name])  # type: ignore[arg-type]
    problem(answer, 401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_key_of_one_character_more_or_less_is_unknown(driver: Driver) -> None:
    token = driver.world.token
    for wrong in (token[:-1], token + "a", token.replace("test", "live"), token.upper(), token[:20] + token[21:]):
        problem(await driver.http.get("/v1/messages", headers=bearer(wrong)), 401, "unauthorized")


async def test_expired_key_is_unauthorized_from_that_moment(
    driver: Driver, container: Container, clock: ManualClock
) -> None:
    token = await container.accounts.create_key(
        driver.world.business_id, "short", mode="test", expires_at=clock.now() + timedelta(minutes=1)
    )
    assert (await driver.http.get("/v1/messages", headers=bearer(token))).status_code == 200
    clock.advance(timedelta(minutes=1))
    problem(await driver.http.get("/v1/messages", headers=bearer(token)), 401, "unauthorized")


async def test_revoked_key_is_unauthorized(driver: Driver, connection: asyncpg.Connection) -> None:
    await connection.execute("UPDATE api_keys SET revoked_at = now()")
    problem(await driver.request("GET", "/v1/messages"), 401, "unauthorized")


async def test_revocation_reaches_processes_that_know_the_key(
    world: World, settings: Settings, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    async with hearing_container(settings, clock, CHANNEL) as (process, hear):
        assert await process.directory.caller(world.token) is not None
        await connection.execute("UPDATE api_keys SET revoked_at = now()")
        await connection.execute(f"SELECT pg_notify('{CHANNEL}', $1)", str(world.business_id))
        await hear()
        assert await process.directory.caller(world.token) is None


async def test_keys_of_both_modes_see_only_their_own(
    driver: Driver, container: Container, http: httpx.AsyncClient, connection: asyncpg.Connection
) -> None:
    await copy_sender(container, driver.world, mode="live", phone_number_id="100000000000009")
    live = bearer(await container.accounts.create_key(driver.world.business_id, "live", mode="live"))
    await driver.world.opt_in(PHONE)
    test_id = await driver.accepted(order_confirmed(reference="order-1"))
    before = await rows(connection)

    problem(await http.get(f"/v1/messages/{test_id}", headers=live), 404, "not_found")
    problem(await http.get(f"/v1/contacts/{PHONE}", headers=live), 404, "not_found")
    assert (await http.get("/v1/messages", headers=live)).json()["messages"] == []
    for filtered in ({"contact": PHONE}, {"reference": "order-1"}, {"contact": before["contacts"][0]["id"].hex}):
        answer = await http.get("/v1/messages", headers=live, params=filtered)
        assert answer.status_code == 422 or answer.json()["messages"] == []
    body = order_confirmed(sender=driver.world.sender)
    problem(await http.post("/v1/events/order-confirmed", headers=live, json=body), 422, "unknown_sender")
    assert await rows(connection) == before

    # Consent given to a test key is worth nothing to a live one, and taken from a live one takes nothing from a test.
    answer = await http.post("/v1/events/order-confirmed", headers=live, json=order_confirmed(supersedes="order-1"))
    assert (answer.status_code, answer.json()["reason"]) == (202, "no_consent")
    opted_out = await http.put(
        f"/v1/contacts/{PHONE}/consent", headers=live, json={"act": "opt_out", "source": "support_agent"}
    )
    assert opted_out.json()["canceled_messages"] == 0
    assert (await driver.story(test_id))["status"] == "queued"
    assert len((await driver.request("GET", "/v1/messages")).json()["messages"]) == 1


async def test_test_key_never_reaches_meta(driver: Driver, container: Container) -> None:
    account = await container.directory.business(driver.world.business_id)
    assert account is not None
    assert {sender.access.base_url for sender in account.senders if sender.mode == "test"} == {"http://sandbox.test"}
