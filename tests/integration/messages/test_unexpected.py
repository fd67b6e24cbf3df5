"""Where our own code fails over one event, that event is answered so, and nothing beside it suffers."""

import asyncio
import copy
from datetime import timedelta
from typing import Any

import asyncpg
import orjson
import pytest
import respx

from app.container import Container
from app.core.clock import ManualClock
from app.core.problems import InternalError
from app.events.catalogue import catalogue
from app.events.event_type import EventType
from app.events.schemas import EXAMPLE, EXAMPLE_NAME
from app.messages.bodies import read_body
from app.messages.dispatch import Dispatcher
from app.messages.submission import Answer, Submission
from tests.support.driving import PHONE, Driver, accept_all, count, dispatch, problem, sends, sent_ids, waits_for
from tests.support.world import World, order_confirmed


@pytest.fixture
def unspeakable(clock: ManualClock) -> dict[str, Any]:
    """An event with a value for which its type has no words."""
    body: dict[str, Any] = copy.deepcopy(EXAMPLE["examples"]["tr"])
    body["data"] |= {"area": "hall", "held_until": (clock.now() + timedelta(hours=1)).isoformat()}
    return body


async def forget_words(connection: asyncpg.Connection, *languages: str) -> None:
    """Such a definition is refused at the door: an older version may have taken it."""
    definition = copy.deepcopy(EXAMPLE)
    for language in languages:
        del definition["parameters"]["area"]["labels"][language]["hall"]
    await connection.execute("UPDATE event_types SET definition = $1", orjson.dumps(definition).decode())


@pytest.fixture
async def words_are_missing(world: World, connection: asyncpg.Connection) -> None:
    await world.opt_in(PHONE)
    await forget_words(connection, "tr", "en")


async def submission_of(world: World, event_type: EventType[Any] | None, body: dict[str, Any]) -> Submission:
    caller = await world.container.directory.caller(world.token)
    assert caller is not None
    assert event_type is not None
    intake = await world.container.acceptor.prepare(caller, event_type, read_body(event_type, body))
    return Submission(caller, [intake], False, None, b"")


@pytest.mark.usefixtures("words_are_missing")
async def test_neighbours_in_the_same_transaction_are_stored(
    world: World, container: Container, connection: asyncpg.Connection, unspeakable: dict[str, Any]
) -> None:
    own = await container.event_types.find(world.business_id, EXAMPLE_NAME)
    plain = catalogue()["order-confirmed"]
    submissions = [
        await submission_of(world, plain, order_confirmed()),
        await submission_of(world, own, unspeakable),
        await submission_of(world, plain, order_confirmed()),
    ]
    answers = await asyncio.gather(*map(container.acceptor.submit, submissions), return_exceptions=True)
    assert [type(one) for one in answers] == [Answer, InternalError, Answer]
    assert await count(connection, "messages") == 2


@pytest.mark.usefixtures("words_are_missing")
async def test_such_an_event_is_answered_alone_or_in_a_batch_and_may_be_sent_again(
    driver: Driver, connection: asyncpg.Connection, unspeakable: dict[str, Any]
) -> None:
    refused = await driver.report(unspeakable, event=EXAMPLE_NAME, key="k")
    problem(refused, 500, "internal_error")
    events = [{"type": EXAMPLE_NAME, **unspeakable}, {"type": "order-confirmed", **order_confirmed()}]
    answer = (await driver.report_many(events)).json()
    assert (answer["accepted"], answer["refused"]) == (1, 1)
    assert answer["results"][0]["problem"]["code"] == "internal_error"
    assert await count(connection, "messages") == 1
    assert await count(connection, "idempotency_keys") == 0


@pytest.mark.usefixtures("words_are_missing")
async def test_such_an_event_is_previewed_alone_or_in_a_dry_run(driver: Driver, unspeakable: dict[str, Any]) -> None:
    problem(await driver.report(unspeakable, event=f"{EXAMPLE_NAME}/preview"), 500, "internal_error")
    events = [{"type": EXAMPLE_NAME, **unspeakable}, {"type": "order-confirmed", **order_confirmed()}]
    seen = await driver.request("POST", "/v1/events", json={"events": events, "dry_run": True})
    assert (seen.status_code, seen.json()["accepted"]) == (200, 1)
    assert seen.json()["results"][0]["problem"]["code"] == "internal_error"


async def test_message_that_cannot_be_filled_anew_waits_and_the_others_go(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    clock: ManualClock,
    connection: asyncpg.Connection,
    unspeakable: dict[str, Any],
) -> None:
    await driver.world.opt_in(PHONE)
    waits = await driver.accepted(unspeakable, event=EXAMPLE_NAME)
    goes = await driver.accepted()
    await forget_words(connection, "en")
    await connection.execute("UPDATE templates SET status = 'PAUSED' WHERE name = 'x_table_ready' AND language = 'tr'")
    driver.world.container.book._accounts.clear()  # as their notifications would
    driver.world.container.event_types.forget(driver.world.business_id)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    clock.advance(timedelta(seconds=1))
    await dispatch(dispatcher)
    assert sent_ids(route) == [goes]
    assert waits_for(await driver.story(waits)) == "template"
