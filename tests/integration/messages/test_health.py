"""Health events on their way in: what is refused, and whose consent a reminder to prevent needs."""

from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from app.core.clock import ManualClock
from app.events.catalogue import catalogue
from tests.support.driving import PHONE, Driver, pointers, problem, rows

AMOUNT = {"amount": 480000, "currency": "TRY"}


def event(name: str, **changes: Any) -> dict[str, Any]:
    """The type's example to the contact of the tests; `changes` replace fields of its data."""
    example = catalogue()[name].example
    return {
        **example,
        "contact": {"phone": PHONE, "name": "Ayşe Yılmaz", "language": "tr"},
        "data": {**example["data"], **changes},
    }


@pytest.mark.parametrize(
    ("name", "changes", "pointer", "code"),
    [
        ("insurance-claim-update", {"status": "paid", "amount": None}, "#/data/amount", "missing"),
        ("insurance-claim-update", {"status": "received", "amount": AMOUNT}, "#/data/amount", "not_applicable"),
        ("prescription-refill", {"pickup_place": None}, "#/data/pickup_place", "missing"),
        ("appointment-rescheduled", {"starts_at": "2026-11-24T11:30:00Z"}, "#/data/starts_at", "same_time"),
        (
            "lab-result-ready",
            {"result_url": "https://elsewhere.example/1"},
            "#/data/result_url",
            "link_outside_template",
        ),
        ("post-visit-care", {"help_phone": "call us"}, "#/data/help_phone", "string_pattern_mismatch"),
    ],
)
async def test_what_cannot_be_told_is_refused_at_its_place_and_changes_nothing(
    driver: Driver, connection: asyncpg.Connection, name: str, changes: dict[str, Any], pointer: str, code: str
) -> None:
    before = await rows(connection)
    body = problem(await driver.report(event(name, **changes), event=name), 422, "invalid_request")
    assert pointers(body) == [pointer]
    assert body["errors"][0]["code"] == code
    assert await rows(connection) == before


@pytest.mark.parametrize(
    ("topics", "status", "reason"),
    [
        (["*"], "suppressed", "no_marketing_consent"),
        (["appointments"], "suppressed", "no_marketing_consent"),
        (["preventive_care"], "queued", None),
        (["marketing"], "queued", None),
    ],
)
async def test_a_reminder_to_prevent_needs_a_consent_of_its_own(
    driver: Driver, topics: list[str], status: str, reason: str | None
) -> None:
    await driver.world.opt_in(PHONE, topics=topics)
    name = "preventive-care-reminder"
    answer = (await driver.report(event(name), event=name)).json()
    assert answer["status"] == status
    assert answer["reason"] == reason


async def test_an_appointment_that_is_confirmed_again_is_reminded_of_once(driver: Driver, clock: ManualClock) -> None:
    await driver.world.opt_in(PHONE)
    times = [(clock.now() + timedelta(days=days)).replace(microsecond=0) for days in (3, 4)]
    body, again = [event("appointment-confirmed", starts_at=one.isoformat()) for one in times]
    first = (await driver.report(body | {"remind_before": ["PT24H"]}, event="appointment-confirmed")).json()
    second = (await driver.report(again, event="appointment-confirmed")).json()
    stale = [await driver.story(one) for one in (first["id"], first["reminders"][0]["id"])]
    assert [one["reason"] for one in stale] == ["superseded"] * 2
    (reminder,) = second["reminders"]
    assert datetime.fromisoformat(reminder["send_at"]) == times[1] - timedelta(hours=24)


async def test_a_flight_that_is_cancelled_is_not_checked_in_for(driver: Driver, clock: ManualClock) -> None:
    await driver.world.opt_in(PHONE)
    closes_at, leaves_at = [clock.now() + timedelta(days=2, hours=hours) for hours in (0, 1)]
    asked = event("check-in-reminder", check_in_closes_at=closes_at.isoformat(), departs_at=leaves_at.isoformat())
    reminder = await driver.accepted(asked | {"remind_before": ["PT24H"]}, event="check-in-reminder")
    status = event("flight-status", status="cancelled", expected_at=None, gate=None)
    await driver.accepted(status | {"reference": asked["reference"]}, event="flight-status")
    assert (await driver.story(reminder))["reason"] == "superseded"
