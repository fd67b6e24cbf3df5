"""A business's languages and its style of links: shown, changed, refused."""

from typing import Any

import asyncpg
import pytest
import respx

from app.messages.dispatch import Dispatcher
from tests.support.driving import PHONE, Driver, accept_all, dispatch, pointers, problem, rows, sends
from tests.support.world import order_confirmed


def path(driver: Driver) -> str:
    return f"/v1/businesses/biz_{driver.world.business_id.hex}"


async def change(driver: Driver, **body: Any) -> dict[str, Any]:
    answer = await driver.request("PATCH", path(driver), json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_business_begins_with_turkish_english_and_plain_links(driver: Driver) -> None:
    shown = (await driver.request("GET", path(driver))).json()
    assert (shown["language"], shown["fallback_languages"], shown["link_style"]) == ("tr", ["tr", "en"], "plain")


async def test_only_what_is_given_changes(driver: Driver) -> None:
    before = (await driver.request("GET", path(driver))).json()
    assert await change(driver, link_style="tracked") == before | {"link_style": "tracked"}
    changed = await change(driver, language="en-GB", fallback_languages=["pt-BR", "tr"])
    assert changed == before | {"link_style": "tracked", "language": "en_GB", "fallback_languages": ["pt_BR", "tr"]}
    assert await change(driver, fallback_languages=[]) == changed | {"fallback_languages": []}
    changed = await change(driver, feed_types=["message.failed", "link.clicked"])
    assert changed["feed_types"] == ["message.failed", "link.clicked"]
    assert await change(driver, feed_types=[]) == changed | {"feed_types": []}


async def test_null_brings_back_what_nobody_set(driver: Driver) -> None:
    before = (await driver.request("GET", path(driver))).json()
    told: dict[str, Any] = {
        "colour": "#112233",
        "privacy_url": "https://shop.example/kvkk",
        "offered_topics": {"orders": {}},
        "retention": {"replies": 30},
    }
    assert await change(driver, **told) == {**before, **told, "retention": {**before["retention"], "replies": 30}}
    assert await change(driver, **dict.fromkeys(told)) == before


async def test_the_keys_own_business_is_called_me(driver: Driver) -> None:
    shown = await driver.request("GET", "/v1/businesses/me")
    assert shown.json() == (await driver.request("GET", path(driver))).json()
    changed = await driver.request("PATCH", "/v1/businesses/me", json={"critical_share": 35})
    assert (changed.json()["id"], changed.json()["critical_share"]) == (shown.json()["id"], 35)
    problem(await driver.request("GET", "/v1/businesses/you"), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"language": "turkish"}, "#/language"),
        ({"language": ""}, "#/language"),
        ({"fallback_languages": "tr"}, "#/fallback_languages"),
        ({"fallback_languages": ["tr", "TR"]}, "#/fallback_languages/1"),
        ({"fallback_languages": ["tr", "en", "tr"]}, "#/fallback_languages"),
        ({"fallback_languages": ["en_GB", "en-GB"]}, "#/fallback_languages"),
        ({"fallback_languages": [f"a{chr(97 + one)}" for one in range(11)]}, "#/fallback_languages"),
        ({"link_style": "short"}, "#/link_style"),
        ({"offered_topics": {"orders": {}, "order": {"en": "Orders"}}}, "#/offered_topics/order"),
        ({"language": None}, "#/language"),
        ({"fallback_languages": None}, "#/fallback_languages"),
        ({"link_style": None}, "#/link_style"),
        ({"quiet_hours": None}, "#/quiet_hours"),
        ({"critical_share": None}, "#/critical_share"),
        ({"wording_check": None}, "#/wording_check"),
        ({"double_opt_in": None}, "#/double_opt_in"),
        ({"ask_when_unsure": None, "privacy_url": None}, "#/ask_when_unsure"),
        ({"feed_types": None}, "#/feed_types"),
        ({"feed_types": ["message.sent", "consent.changed"]}, "#/feed_types/1"),
        ({"feed_types": ["message.sent", "message.sent"]}, "#/feed_types"),
        ({"link_style": "tracked", "critical_share": 101}, "#/critical_share"),
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(
    driver: Driver, connection: asyncpg.Connection, body: dict[str, Any], pointer: str
) -> None:
    before = await rows(connection, "businesses")
    refused = problem(await driver.request("PATCH", path(driver), json=body), 422, "invalid_request")
    assert pointers(refused) == [pointer]
    assert await rows(connection, "businesses") == before


async def test_declared_chain_decides_at_acceptance_and_in_the_claim(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    await change(driver, fallback_languages=["en", "tr"])
    await driver.world.opt_in(PHONE)
    german = order_confirmed(contact={"phone": PHONE, "language": "de"})
    message_id = await driver.accepted(german)
    story = await driver.story(message_id)
    assert story["language"] == "en"
    (rule,) = (one for one in story["decision"] if one["rule"] == "template")
    assert (rule["input"]["asked_language"], rule["input"]["language_from"]) == ("de", "contact")
    await connection.execute("UPDATE templates SET status = 'PAUSED' WHERE language = 'en'")
    driver.world.container.book._accounts.clear()  # as its notification would
    sends(graph, driver.world).mock(side_effect=accept_all)
    await dispatch(dispatcher)
    assert (await driver.story(message_id))["language"] == "tr"


async def test_without_a_fallback_there_is_no_template_for_another_language(driver: Driver) -> None:
    await change(driver, fallback_languages=[])
    await driver.world.opt_in(PHONE)
    german = order_confirmed(contact={"phone": PHONE, "language": "de"})
    refused = problem(await driver.report(german), 409, "template_missing")
    assert '"order_confirmed" in de ' in refused["detail"]
    assert "only in en, tr: " in refused["detail"], "it exists, and pushing it once more would change nothing"
