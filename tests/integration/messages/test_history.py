"""Asking Meta about messages of which no receipt came, where the account may ask."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
import respx

from app.core.clock import ManualClock
from app.core.settings import Settings
from app.messages.dispatch import Dispatcher
from tests.support.driving import PHONE, Driver, accept_all, another_dispatcher, dispatch, refusal, sends, waits_for
from tests.support.telling import steps, told, want
from tests.support.world import status_item


@pytest.fixture
async def asking(settings: Settings, clock: ManualClock) -> AsyncIterator[Dispatcher]:
    async with another_dispatcher(settings.model_copy(update={"message_history": True}), clock) as dispatcher:
        yield dispatcher


def history(graph: respx.MockRouter, driver: Driver, message_id: str, *events: tuple[str, int]) -> respx.Route:
    wamid = f"wamid.{message_id}"
    rows = [{"id": str(at), "delivery_status": status, "timestamp": at} for status, at in events]
    document: dict[str, Any] = {"data": [{"id": "1", "message_id": wamid, "events": {"data": rows}}]}
    address = f"http://sandbox.test/v25.0/{driver.world.phone_number_id}/message_history"
    return graph.get(address, params={"message_id": wamid}).respond(json=document)


async def silent(driver: Driver, asking: Dispatcher, graph: respx.MockRouter) -> str:
    """A message that Meta took, and of which nothing is heard."""
    await driver.world.opt_in(PHONE)
    sends(graph, driver.world).mock(side_effect=accept_all)
    message_id = await driver.accepted()
    await dispatch(asking)
    story = await driver.story(message_id)
    assert (story["status"], waits_for(story)) == ("accepted", "receipt")
    return message_id


async def test_what_meta_knows_is_applied_as_if_it_had_been_reported(
    driver: Driver, asking: Dispatcher, graph: respx.MockRouter, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    await want(driver)
    message_id = await silent(driver, asking, graph)
    asked = history(graph, driver, message_id, ("SENT", 1795400000), ("DELIVERED", 1795400005))
    clock.advance(timedelta(minutes=14))
    await dispatch(asking)
    assert not asked.called
    clock.advance(timedelta(minutes=1))
    await dispatch(asking)
    assert asked.call_count == 1
    story = await driver.story(message_id)
    assert (story["status"], story["waiting_for"]) == ("delivered", None)
    assert [one["status"] for one in story["receipts"]] == ["sent", "delivered"]
    assert story["receipts"][0]["payload"]["source"] == "message_history"
    assert await connection.fetchval("SELECT due_at FROM messages") is None
    await driver.receipts(status_item(message_id, "read", wamid=f"wamid.{message_id}"))
    assert (await driver.story(message_id))["status"] == "read"
    assert steps(await told(connection)) == ["accepted", "sent", "delivered", "read"]


async def test_a_receipt_that_comes_while_meta_is_asked_stands(
    driver: Driver, asking: Dispatcher, graph: respx.MockRouter, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    message_id = await silent(driver, asking, graph)

    async def report_meanwhile(_request: httpx.Request) -> httpx.Response:
        await driver.receipts(status_item(message_id, "delivered", wamid=f"wamid.{message_id}"))
        return httpx.Response(200, json={"data": []})

    address = f"http://sandbox.test/v25.0/{driver.world.phone_number_id}/message_history"
    graph.get(address).mock(side_effect=report_meanwhile)
    clock.advance(timedelta(minutes=15))
    await dispatch(asking)
    story = await driver.story(message_id)
    assert (story["status"], story["waiting_for"]) == ("delivered", None)
    assert await connection.fetchval("SELECT due_at FROM messages") is None


async def test_a_receipt_that_comes_makes_asking_needless(
    driver: Driver, asking: Dispatcher, graph: respx.MockRouter, clock: ManualClock
) -> None:
    message_id = await silent(driver, asking, graph)
    asked = history(graph, driver, message_id)
    await driver.receipts(status_item(message_id, "sent", wamid=f"wamid.{message_id}"))
    clock.advance(timedelta(days=2))
    await dispatch(asking)
    assert not asked.called


async def test_asking_ends_after_a_day_and_refusals_are_borne(
    driver: Driver, asking: Dispatcher, graph: respx.MockRouter, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    message_id = await silent(driver, asking, graph)
    address = f"http://sandbox.test/v25.0/{driver.world.phone_number_id}/message_history"
    asked = graph.get(address).mock(return_value=refusal(100))
    for _ in range(400):
        await dispatch(asking)
        clock.advance(timedelta(minutes=10))
    assert asked.call_count == 4
    story = await driver.story(message_id)
    assert (story["status"], story["waiting_for"]) == ("accepted", None)
    assert await connection.fetchval("SELECT due_at FROM messages") is None


async def test_without_the_setting_nobody_is_asked(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock
) -> None:
    await driver.world.opt_in(PHONE)
    sends(graph, driver.world).mock(side_effect=accept_all)
    message_id = await driver.accepted()
    await dispatch(dispatcher)
    clock.advance(timedelta(days=1))
    await dispatch(dispatcher)
    assert (await driver.story(message_id))["waiting_for"] is None
