"""Health events on their way in: what is refused, and whose consent a reminder to prevent needs."""

from typing import Any

import asyncpg
import pytest

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
