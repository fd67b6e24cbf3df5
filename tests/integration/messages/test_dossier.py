"""The dossier that Meta's support is shown when it has misjudged a template."""

from datetime import timedelta

import asyncpg
import httpx
import pytest
import respx

from app.core.clock import ManualClock
from app.core.ids import public_id
from app.messages.dispatch import Dispatcher
from tests.support.driving import PHONE, Driver, accept_all, dispatch, sends


async def template_id(connection: asyncpg.Connection, name: str, language: str = "tr") -> str:
    found = await connection.fetchval("SELECT id FROM templates WHERE name = $1 AND language = $2", name, language)
    return public_id("tpl", found)


async def asked(driver: Driver, template: str) -> httpx.Response:
    return await driver.request("GET", f"/v1/templates/{template}/dossier")


async def test_dossier_says_what_the_template_is_for_and_how_it_was_used(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    clock: ManualClock,
    connection: asyncpg.Connection,
) -> None:
    await driver.world.opt_in(PHONE)
    sends(graph, driver.world).mock(side_effect=accept_all)
    await driver.accepted()
    await dispatch(dispatcher)
    await connection.execute(
        "UPDATE templates SET approved_at = $1, category = 'MARKETING', previous_category = 'UTILITY',"
        " category_changed_at = $1 WHERE name = 'order_confirmed' AND language = 'tr'",
        clock.now() - timedelta(days=59),
    )
    response = await asked(driver, await template_id(connection, "order_confirmed"))
    assert response.status_code == 200, response.text
    told = response.json()
    assert (told["category"], told["wanted_category"], told["is_open"]) == ("MARKETING", "UTILITY", True)
    assert told["use"] | {"first_at": None, "last_at": None} == {
        "days": 30,
        "messages": 1,
        "by_status": {"accepted": 1},
        "first_at": None,
        "last_at": None,
    }
    assert [one["event_type"] for one in told["events"]] == ["order-confirmed"]
    assert told["guideline"]["use"] == "Order management"
    assert "Ayşe Yılmaz" in told["says"]["body"], "with the samples that the review saw"
    for part in (
        told["guideline"]["page"],
        "submitted as UTILITY",
        "1 messages (1 accepted)",
        told["events"][0]["title"],
    ):
        assert part in told["text"]
    clock.advance(timedelta(days=2))
    assert (await asked(driver, told["template"])).json()["is_open"] is False


@pytest.mark.parametrize(
    ("name", "use"),
    [
        ("outage_notice", "Essential or critical messages"),
        ("bill_ready", "Account alerts or updates"),
        ("feedback_request", "Feedback surveys"),
        ("opt_out_confirmation", "Opt-in management"),
    ],
)
async def test_the_guideline_is_the_one_of_the_event_types_kind(
    driver: Driver, connection: asyncpg.Connection, name: str, use: str
) -> None:
    told = (await asked(driver, await template_id(connection, name))).json()
    assert told["guideline"]["use"] == use
    assert told["use"]["messages"] == 0


@pytest.mark.parametrize("asked_for", ["tpl_019a8f3c2b7d7c31a4e5f60718293a4b", "nonsense", "msg_1"])
async def test_no_dossier_of_what_there_is_not(driver: Driver, asked_for: str) -> None:
    response = await asked(driver, asked_for)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
