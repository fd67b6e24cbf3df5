"""Our mirror of a number, and what a person may change about it."""

from typing import Any

import asyncpg
import httpx
import pytest
import respx

from app.accounts.directory import SenderAccount
from app.accounts.service import SenderCredentials
from app.container import Container
from app.core.clock import ManualClock
from app.housekeeping import Housekeeping
from tests.support.driving import Driver, pointers, problem, rows
from tests.support.world import World

NUMBER: dict[str, Any] = {
    "id": "100000000000001",
    "display_phone_number": "+90 850 555 10 10",
    "verified_name": "Demo Mağaza",
    "status": "CONNECTED",
    "quality_rating": "GREEN",
    "throughput": {"level": "HIGH"},
    "whatsapp_business_manager_messaging_limit": "TIER_10K",
}


async def account_of(world: World) -> SenderAccount:
    business = await world.container.directory.business(world.business_id)
    assert business is not None
    return business.senders[0]


def knows(graph: respx.MockRouter, **changes: Any) -> respx.Route:
    return graph.get("http://sandbox.test/v25.0/100000000000001").respond(json=NUMBER | changes)


async def test_sync_takes_over_what_graph_says(
    driver: Driver, container: Container, graph: respx.MockRouter, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    asked = knows(graph)
    await container.senders.sync(await account_of(driver.world))
    assert "whatsapp_business_manager_messaging_limit" in asked.calls.last.request.url.params["fields"]
    shown = (await driver.request("GET", "/v1/senders")).json()["senders"][0]
    assert (shown["throughput"], shown["status"], shown["quality"]) == (1000, "CONNECTED", "GREEN")
    assert await connection.fetchval("SELECT messaging_limit FROM portfolios") == 10_000
    knows(graph, throughput={"level": "STANDARD"}, status="FLAGGED", quality_rating="RED")
    await container.senders.sync(await account_of(driver.world))
    shown = (await driver.request("GET", "/v1/senders")).json()["senders"][0]
    assert (shown["throughput"], shown["status"], shown["quality"]) == (80, "FLAGGED", "RED")


async def test_a_persons_throughput_outlives_a_sync(
    driver: Driver, container: Container, graph: respx.MockRouter
) -> None:
    knows(graph)
    await driver.request("PATCH", f"/v1/senders/{driver.world.sender}", json={"throughput": 20})
    await container.senders.sync(await account_of(driver.world))
    shown = (await driver.request("GET", "/v1/senders")).json()["senders"][0]
    assert (shown["throughput"], shown["throughput_at_meta"], shown["rate"]) == (20, 1000, 20.0)


async def test_housekeeping_asks_for_every_number_and_bears_refusals(
    world: World, container: Container, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    route = knows(graph)
    await Housekeeping(container)._sync_numbers()
    assert (await rows(connection, "senders"))["senders"][0]["status"] == "CONNECTED"
    route.mock(side_effect=httpx.ConnectError("refused"))
    await Housekeeping(container)._sync_numbers()
    assert (await rows(connection, "senders"))["senders"][0]["status"] == "CONNECTED"


async def test_paces_and_counts_that_hold_nothing_back_are_forgotten(
    world: World, container: Container, connection: asyncpg.Connection
) -> None:
    for age in (1, 100):
        await connection.execute(
            "INSERT INTO pair_paces VALUES ($1, $2, gen_random_uuid(), now(), 1, 1,"
            " now() - $3 * interval '1 hour', now())",
            world.business_id,
            world.sender_id,
            age,
        )
        await connection.execute(
            "INSERT INTO portfolio_contacts VALUES ($1, 'test', gen_random_uuid(), now() - $2 * interval '1 hour')",
            world.business_id,
            age,
        )
        await connection.execute(
            "INSERT INTO portfolio_slots VALUES ($1, 'test', now() - $2 * interval '1 hour', 1)",
            world.business_id,
            age,
        )
    await Housekeeping(container)._forget_paces()
    for table in ("pair_paces", "portfolio_contacts", "portfolio_slots"):
        assert len((await rows(connection, table))[table]) == 1, table


@pytest.mark.parametrize("throughput", [0, -1, 1001, 1.5, "80", True, [], {}])
async def test_throughput_that_is_none_is_refused(
    driver: Driver, connection: asyncpg.Connection, throughput: Any
) -> None:
    before = await rows(connection, "senders")
    answer = await driver.request("PATCH", f"/v1/senders/{driver.world.sender}", json={"throughput": throughput})
    assert pointers(problem(answer, 422, "invalid_request")) == ["#/throughput"]
    assert await rows(connection, "senders") == before


async def test_reason_of_a_pause_is_plain_text(driver: Driver) -> None:
    path = f"/v1/senders/{driver.world.sender}/pause"
    for reason in ("a\x00b", "a\nb", 7, "x" * 501):
        answer = await driver.request("POST", path, json={"reason": reason})
        assert pointers(problem(answer, 422, "invalid_request")) == ["#/reason"]
    assert (await driver.request("GET", f"/v1/senders/{driver.world.sender}")).json()["state"] == "active"


@pytest.mark.parametrize("share", [-1, 101, 2.5, "20", True])
async def test_share_that_is_none_is_refused(driver: Driver, share: Any) -> None:
    path = f"/v1/businesses/biz_{driver.world.business_id.hex}"
    answer = await driver.request("PATCH", path, json={"critical_share": share})
    assert pointers(problem(answer, 422, "invalid_request")) == ["#/critical_share"]


@pytest.mark.parametrize("sender", ["snd_" + "0" * 32, "snd_x", "x", "msg_" + "0" * 32])
async def test_unknown_sender_is_not_found(driver: Driver, sender: str) -> None:
    problem(await driver.request("GET", f"/v1/senders/{sender}"), 404, "not_found")
    problem(await driver.request("POST", f"/v1/senders/{sender}/pause"), 404, "not_found")
    problem(await driver.request("POST", f"/v1/senders/{sender}/resume"), 404, "not_found")
    problem(await driver.request("PATCH", f"/v1/senders/{sender}", json={"throughput": 5}), 404, "not_found")


async def test_renewed_credentials_end_a_pause_of_metas_but_not_a_persons(
    driver: Driver, container: Container, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    knows(graph)
    base = f"http://sandbox.test/v25.0/{driver.world.waba_id}"
    graph.get(f"{base}/phone_numbers").respond(json={"data": [{"id": driver.world.phone_number_id}]})
    graph.post(f"{base}/subscribed_apps").respond(json={"success": True})
    credentials = SenderCredentials(
        driver.world.phone_number_id, driver.world.waba_id, "EAAG-renewed", driver.world.app_secret, "verify-token"
    )
    for paused_by, state in (("meta", "active"), ("person", "paused")):
        await connection.execute("UPDATE senders SET paused_at = now(), paused_by = $1", paused_by)
        await container.accounts.add_sender(driver.world.business_id, credentials, mode="test")
        shown = (await driver.request("GET", "/v1/senders")).json()["senders"][0]
        assert shown["state"] == state
