"""Events of utilities at the door: examples are taken, and what contradicts itself is named by its place."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from app.core.clock import ManualClock
from app.events.catalogue import catalogue
from app.events.event_type import Industry
from tests.support.driving import Driver, pointers, problem, rows

EXAMPLE_PHONE = catalogue()["bill-ready"].example["contact"]["phone"]
EXAMPLES = [
    pytest.param(event_type.name, language, body, id=f"{event_type.name}-{language}")
    for event_type in catalogue().values()
    if event_type.industry is Industry.UTILITIES
    for language, body in event_type.examples.items()
]


@pytest.mark.parametrize(("event", "language", "body"), EXAMPLES)
async def test_an_example_becomes_a_message_in_its_language(
    driver: Driver, event: str, language: str, body: dict[str, Any]
) -> None:
    event_type = catalogue()[event]
    await driver.world.opt_in(body["contact"]["phone"], topics=[event_type.topic])
    story = await driver.story(await driver.accepted(body, event=event))
    assert (story["status"], story["language"], story["template"]) == ("queued", language, event_type.template_name)
    assert story["reference"] == body["reference"]


async def test_a_renewal_needs_a_consent_of_its_own(driver: Driver) -> None:
    body = catalogue()["contract-renewal-reminder"].example
    await driver.world.opt_in(body["contact"]["phone"])
    story = await driver.story(await driver.accepted(body, event="contract-renewal-reminder"))
    assert (story["status"], story["reason"]) == ("suppressed", "no_marketing_consent")


@pytest.mark.parametrize(
    ("event", "changes", "field", "code"),
    [
        ("restoration-update", {"status": "delayed", "restored_at": None}, "expected_end", "missing"),
        ("restoration-update", {"restored_at": None}, "restored_at", "missing"),
        ("restoration-update", {"expected_end": "2026-11-25T20:00:00+03:00"}, "expected_end", "not_applicable"),
        ("service-appointment-confirmed", {"ends_at": "2026-11-25T12:00:00+03:00"}, "ends_at", "too_late"),
        ("maintenance-notice", {"expected_end": "2026-11-27T13:00:00+03:00"}, "expected_end", "not_later"),
        ("usage-alert", {"used_percent": 0}, "used_percent", "greater_than_equal"),
        ("payment-due", {"payment_url": "https://elsewhere.example/1"}, "payment_url", "link_outside_template"),
        ("bill-ready", {"document": {"filename": "bill.pdf"}}, "document", "value_error"),
        ("contract-renewal-reminder", {"request": None}, "request", "model_type"),
    ],
)
async def test_what_contradicts_itself_is_named_and_changes_nothing(
    driver: Driver, connection: asyncpg.Connection, event: str, changes: dict[str, Any], field: str, code: str
) -> None:
    example = catalogue()[event].example
    before = await rows(connection)
    answer = await driver.report({**example, "data": {**example["data"], **changes}}, event=event)
    body = problem(answer, 422, "invalid_request")
    assert pointers(body) == [f"#/data/{field}"]
    assert [error["code"] for error in body["errors"]] == [code]
    assert await rows(connection) == before


def later(clock: ManualClock, days: int) -> str:
    return (clock.now() + timedelta(days=days)).date().isoformat()


async def post(driver: Driver, event: str, **changes: Any) -> dict[str, Any]:
    """The Turkish example; `changes` replace fields of its data."""
    example = catalogue()[event].example
    asked = {name: changes.pop(name) for name in ("remind_before",) if name in changes}
    body = {**example, "data": {**example["data"], **changes}, **asked}
    answer = await driver.report(body, event=event)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_who_agreed_to_bills_is_reminded_of_them_until_a_payment_fails(
    driver: Driver, clock: ManualClock
) -> None:
    await driver.world.opt_in(EXAMPLE_PHONE, topics=["bills"])
    bill = await post(driver, "bill-ready", pay_by=later(clock, 9), remind_before=["P2D"])
    (reminder,) = bill["reminders"]
    assert reminder["status"] == "scheduled"
    await post(driver, "payment-failed")
    assert (await driver.story(reminder["id"]))["reason"] == "superseded"


async def test_a_bill_that_is_corrected_is_reminded_of_with_its_new_amount(driver: Driver, clock: ManualClock) -> None:
    await driver.world.opt_in(EXAMPLE_PHONE, topics=["bills"])
    first = await post(driver, "bill-ready", pay_by=later(clock, 9), remind_before=["P2D"])
    corrected = {"amount": 50000, "currency": "TRY"}
    second = await post(driver, "bill-ready", pay_by=later(clock, 9), amount=corrected)
    stale = [await driver.story(one) for one in (first["id"], first["reminders"][0]["id"])]
    assert [(one["status"], one["reason"]) for one in stale] == [("canceled", "superseded")] * 2
    (reminder,) = second["reminders"]
    assert (await driver.story(reminder["id"]))["data"]["amount"] == corrected


async def test_a_newer_notice_of_an_outage_replaces_one_that_waits(driver: Driver) -> None:
    await driver.world.opt_in(EXAMPLE_PHONE, topics=["outages"])
    first = await post(driver, "outage-notice")
    second = await post(driver, "outage-notice", expected_end="2026-11-25T20:00:00+03:00")
    assert (await driver.story(first["id"]))["reason"] == "superseded"
    assert (await driver.story(second["id"]))["status"] == "queued"
