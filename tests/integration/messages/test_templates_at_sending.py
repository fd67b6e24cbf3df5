"""Meta refuses a message because of its template: the mirror is mended, another variant serves, or it waits."""

from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
import respx

from app.core.clock import ManualClock
from app.events.catalogue import catalogue
from app.messages.dispatch import Dispatcher
from app.templates.definition import submission
from tests.support.driving import PHONE, Driver, accept_all, dispatch, refusal, sends, waits_for
from tests.support.world import BASES, World, meta_id_of

STATUS = "SELECT status FROM templates WHERE name = 'order_confirmed' AND language = $1"
SECONDS = timedelta(seconds=10)


def only_english(code: int) -> Any:
    """Graph takes the English template and refuses the Turkish one."""

    def answer(request: httpx.Request) -> httpx.Response:
        language = orjson.loads(request.content)["template"]["language"]["code"]
        return accept_all(request) if language == "en" else refusal(code)

    return answer


def listing(graph: respx.MockRouter, world: World, **statuses: str) -> respx.Route:
    """Graph's list of templates, with these statuses by language, APPROVED otherwise."""
    rows = [
        {
            "id": str(number),
            "status": statuses.get(one.language, "APPROVED") if one.name == "order_confirmed" else "APPROVED",
            **submission(one, BASES),
        }
        for number, one in enumerate((one for kind in catalogue().values() for one in kind.templates), 1)
    ]
    return graph.get(f"http://sandbox.test/v25.0/{world.waba_id}/message_templates").respond(json={"data": rows})


@pytest.mark.parametrize(("code", "status"), [(132015, "PAUSED"), (132016, "DISABLED")])
async def test_paused_template_is_marked_and_the_next_variant_serves(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    clock: ManualClock,
    connection: asyncpg.Connection,
    code: int,
    status: str,
) -> None:
    await driver.world.opt_in(PHONE)
    message_id = await driver.accepted()
    route = sends(graph, driver.world).mock(side_effect=only_english(code))
    await dispatch(dispatcher)
    assert await connection.fetchval(STATUS, "tr") == status
    assert waits_for(await driver.story(message_id)) == "template"
    driver.world.container.book._accounts.clear()  # as its notification would
    clock.advance(SECONDS)
    await dispatch(dispatcher)
    story = await driver.story(message_id)
    assert (story["status"], story["language"], story["template"]) == ("accepted", "en", "order_confirmed")
    sent = orjson.loads(route.calls.last.request.content)["template"]
    assert sent["language"] == {"code": "en"}
    texts = [value["text"] for part in sent["components"] if part["type"] == "body" for value in part["parameters"]]
    assert texts == ["Ayşe Yılmaz", "A-1001", "TRY 1,299.90"], "filled anew, in the language of the variant"
    assert story["parameters"]["texts"]["total"] == "TRY 1,299.90"
    rule = story["decision"][-1]
    assert (rule["rule"], rule["verdict"]) == ("template", "switch")
    assert rule["input"]["instead_of"] == "order_confirmed (tr)"
    assert rule["input"]["why"] == f"template_{status.lower()}"


async def test_with_no_variant_left_the_message_waits_and_leaves_when_meta_lifts_the_pause(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    await driver.world.opt_in(PHONE)
    await connection.execute("UPDATE templates SET status = 'REJECTED' WHERE language = 'en'")
    message_id = await driver.accepted()
    route = sends(graph, driver.world).mock(return_value=refusal(132015))
    for _ in range(3):
        await dispatch(dispatcher)
        driver.world.container.book._accounts.clear()
        clock.advance(timedelta(minutes=2))
    assert route.call_count == 1, "what is known to be paused is not tried"
    story = await driver.story(message_id)
    assert (story["status"], waits_for(story), story["reason"]) == ("queued", "template", "template_paused")
    route.mock(side_effect=accept_all)
    change = {
        "event": "APPROVED",
        "message_template_id": meta_id_of("order_confirmed"),
        "message_template_name": "order_confirmed",
        "message_template_language": "tr",
        "reason": None,
    }
    entry = {
        "id": driver.world.waba_id,
        "time": 1,
        "changes": [{"field": "message_template_status_update", "value": change}],
    }
    await driver.webhook({"object": "whatsapp_business_account", "entry": [entry]})
    driver.world.container.book._accounts.clear()
    await dispatch(dispatcher)
    assert (await driver.story(message_id))["status"] == "accepted"


@pytest.mark.parametrize("code", [132000, 132001, 132007, 132012])
async def test_any_other_refusal_asks_graph_what_the_templates_are(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    clock: ManualClock,
    connection: asyncpg.Connection,
    code: int,
) -> None:
    await driver.world.opt_in(PHONE)
    message_id = await driver.accepted()
    asked = listing(graph, driver.world, tr="REJECTED")
    sends(graph, driver.world).mock(side_effect=only_english(code))
    clock.advance(SECONDS)
    await dispatch(dispatcher)
    assert asked.call_count == 1
    assert await connection.fetchval(STATUS, "tr") == "REJECTED"
    driver.world.container.book._accounts.clear()
    clock.advance(SECONDS)
    await dispatch(dispatcher)
    story = await driver.story(message_id)
    assert (story["status"], story["language"]) == ("accepted", "en")


async def test_many_refusals_ask_once_and_graphs_absence_loses_nothing(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock
) -> None:
    await driver.world.opt_in(PHONE)
    ids = [await driver.accepted() for _ in range(5)]
    clock.advance(timedelta(seconds=1))
    address = f"http://sandbox.test/v25.0/{driver.world.waba_id}/message_templates"
    asked = graph.get(address).mock(side_effect=httpx.ConnectError("refused"))
    sends(graph, driver.world).mock(return_value=refusal(132001))
    await dispatch(dispatcher)
    assert asked.call_count == 1
    for message_id in ids:
        story = await driver.story(message_id)
        assert (story["status"], waits_for(story), story["reason"]) == ("queued", "template", "error_132001")
        assert [one["outcome"] for one in story["attempts"]] == ["refused"]
