"""Customers who stop marketing at Meta itself: promotions end, and what tells them what happened goes on."""

from datetime import timedelta
from typing import Any

import asyncpg
import respx

from app.core.clock import ManualClock
from app.events.catalogue import catalogue
from app.messages.dispatch import Dispatcher
from tests.support.driving import PHONE, Driver, dispatch, refusal, rows, sends
from tests.support.world import status_item

WA_ID = PHONE.lstrip("+")
PROMOTION = "price-drop"


def told(driver: Driver, clock: ManualClock, *values: str, **more: Any) -> dict[str, Any]:
    at = int(clock.now().timestamp())
    row = {"wa_id": WA_ID, "detail": "…", "category": "marketing_messages", "timestamp": at, **more}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "908505551010", "phone_number_id": driver.world.phone_number_id},
        "contacts": [{"wa_id": WA_ID, "user_id": "TR.88123"}],
        "user_preferences": [{**row, "value": each} for each in values],
    }
    change = {"field": "user_preferences", "value": value}
    return {"object": "whatsapp_business_account", "entry": [{"id": driver.world.waba_id, "changes": [change]}]}


async def hears(driver: Driver, body: dict[str, Any]) -> None:
    assert (await driver.webhook(body)).status_code == 200


async def marketing_acts(driver: Driver) -> list[tuple[str, str, str]]:
    found = (await driver.request("GET", f"/v1/contacts/{PHONE}/consents")).json()["acts"]
    return [(one["act"], one["topic"], one["source"]) for one in found if one["source"] == "meta"]


STOP = ("marketing_stop", "meta:marketing", "meta")
RESUME = ("marketing_resume", "meta:marketing", "meta")


async def promotion(driver: Driver) -> dict[str, Any]:
    body = {**catalogue()[PROMOTION].example, "contact": {"phone": PHONE, "language": "tr"}}
    answer = await driver.report(body, event=PROMOTION)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_stop_ends_promotions_that_wait_and_lets_everything_else_go_on(
    driver: Driver, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    await driver.world.opt_in(PHONE, topics=["*", "price_alerts"])
    waiting, order = (await promotion(driver))["id"], await driver.accepted()
    for _ in range(3):
        await hears(driver, told(driver, clock, "stop"))
    assert await marketing_acts(driver) == [STOP]
    story = await driver.story(waiting)
    assert (story["status"], story["reason"]) == ("suppressed", "stopped_at_meta")
    assert (await driver.story(order))["status"] == "queued"
    later = await promotion(driver)
    assert (later["status"], later["reason"]) == ("suppressed", "stopped_at_meta")
    assert (await driver.report()).json()["status"] == "queued"
    (event,) = [one for one in (await rows(connection, "callback_events"))["callback_events"] if "meta:" in one["data"]]
    assert event["type"] == "consent.changed"


async def test_a_resume_agrees_to_nothing_and_what_is_older_than_it_changes_nothing(
    driver: Driver, clock: ManualClock
) -> None:
    await driver.world.opt_in(PHONE, topics=["*", "price_alerts"])
    stop = told(driver, clock, "stop")
    await hears(driver, stop)
    clock.advance(timedelta(minutes=1))
    await hears(driver, told(driver, clock, "resume"))
    await hears(driver, stop)
    assert await marketing_acts(driver) == [STOP, RESUME]
    assert (await promotion(driver))["status"] == "queued"
    await driver.world.opt_out(PHONE, topics=["marketing"])
    await hears(driver, told(driver, clock, "resume"))
    assert (await promotion(driver))["reason"] == "opted_out"


async def test_a_stop_by_somebody_unknown_is_not_lost(driver: Driver, clock: ManualClock) -> None:
    await hears(driver, told(driver, clock, "resume"))
    assert (await driver.request("GET", f"/v1/contacts/{PHONE}")).status_code == 404
    await hears(driver, told(driver, clock, "stop"))
    await driver.world.opt_in(PHONE, topics=["*", "price_alerts"])
    assert (await promotion(driver))["reason"] == "stopped_at_meta"
    assert (await driver.request("GET", f"/v1/contacts/{PHONE}")).json()["bsuid"] == "TR.88123"


async def test_what_cannot_be_used_is_kept_and_changes_nothing(
    driver: Driver, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    await driver.world.opt_in(PHONE)
    before = await rows(connection, "contacts", "consent_acts", "consents")
    foreign = told(driver, clock, "stop")
    foreign["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "1"
    nameless = told(driver, clock, "stop", wa_id=None)
    nameless["entry"][0]["changes"][0]["value"]["contacts"] = []
    for body in (
        foreign,
        nameless,
        told(driver, clock, "snooze"),
        told(driver, clock, "stop", category="other"),
        told(driver, clock, "stop", timestamp="soon"),
    ):
        await hears(driver, body)
    assert await rows(connection, "contacts", "consent_acts", "consents") == before
    kept = (await rows(connection, "kept_webhook_items"))["kept_webhook_items"]
    assert sorted(one["why"] for one in kept) == ["unknown", "unknown", "unmatched", "unmatched", "unreadable"]


async def test_an_answer_that_says_so_is_a_stop_too(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter
) -> None:
    await driver.world.opt_in(PHONE, topics=["*", "price_alerts"])
    first, second = (await promotion(driver))["id"], await driver.accepted()
    sends(graph, driver.world).mock(return_value=refusal(131050))
    await dispatch(dispatcher)
    assert (await driver.story(first))["failure"]["code"] == 131050
    assert await marketing_acts(driver) == [STOP]
    assert (await promotion(driver))["reason"] == "stopped_at_meta"
    assert (await driver.story(second))["id"] == second


async def test_a_failed_receipt_that_says_so_is_a_stop_too_once(driver: Driver, clock: ManualClock) -> None:
    await driver.world.opt_in(PHONE, topics=["*", "price_alerts"])
    message = (await promotion(driver))["id"]
    at = int(clock.now().timestamp())
    errors = [{"code": 131050, "title": "User has stopped marketing messages from this business"}]
    for _ in range(2):
        await driver.receipts(status_item(message, "failed", errors=errors, at=at))
    assert await marketing_acts(driver) == [STOP]
    clock.advance(timedelta(minutes=1))
    await hears(driver, told(driver, clock, "resume"))
    await driver.receipts(status_item(message, "failed", errors=errors, at=at))
    assert await marketing_acts(driver) == [STOP, RESUME]
