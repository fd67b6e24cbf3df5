"""Whether and how an event becomes a message, and the story that is told of it."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from app.consent.preferences import Channel, FrequencyCap, Preferences
from app.events.catalogue import catalogue
from app.messages.choosing import LanguageChoice
from app.messages.decision import Timing, consent_for, decide
from app.messages.quiet_hours import QuietHours
from app.messages.states import Status
from app.messages.verdicts import verdict
from app.templates.book import BookedTemplate
from app.templates.compiled import compile_template
from app.templates.states import obstacle, usability

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
EXPIRES = NOW + timedelta(days=1)
NAME = "order_confirmed"
ORDER_CONFIRMED = catalogue()["order-confirmed"]
QUIET = QuietHours(time(22), time(8))


def _template(language: str, status: str = "APPROVED") -> BookedTemplate:
    compiled = compile_template([{"type": "BODY", "text": "Fixed."}], "NAMED")
    return BookedTemplate(NAME, language, status, "UTILITY", None, usability(status), compiled)


def _decided(
    consents: dict[str, str],
    *,
    send_at: datetime | None = None,
    status: str = "APPROVED",
    category: str = "UTILITY",
    event_type: Any = ORDER_CONFIRMED,
    **more: Any,
) -> Any:
    template = replace(_template("tr", status), category=category)
    return decide(
        event_type,
        consents,
        LanguageChoice("tr", "contact"),
        template,
        Timing(NOW, send_at, EXPIRES, QUIET, None),
        obstacle=obstacle(status, category, event_type.expected_category),
        **more,
    )


@pytest.mark.parametrize(
    ("consents", "send_at", "status", "reason", "due_at"),
    [
        ({"*": "opted_in"}, None, Status.QUEUED, None, NOW),
        ({"orders": "opted_in"}, None, Status.QUEUED, None, NOW),
        ({"*": "opted_in"}, LATER, Status.SCHEDULED, None, LATER),
        ({"*": "opted_in"}, NOW, Status.QUEUED, None, NOW),
        ({"*": "opted_in"}, NOW - timedelta(hours=1), Status.QUEUED, None, NOW),
        ({}, None, Status.SUPPRESSED, "no_consent", None),
        ({"appointments": "opted_in"}, None, Status.SUPPRESSED, "no_consent", None),
        ({"*": "opted_out"}, None, Status.SUPPRESSED, "opted_out", None),
        ({"*": "opted_in", "orders": "opted_out"}, None, Status.SUPPRESSED, "opted_out", None),
        ({"*": "opted_out"}, LATER, Status.SUPPRESSED, "opted_out", None),
    ],
)
def test_consent_decides_first_and_then_the_time(
    consents: dict[str, str], send_at: datetime | None, status: Status, reason: str | None, due_at: datetime | None
) -> None:
    decision = _decided(consents, send_at=send_at)
    assert (decision.status, decision.reason, decision.due_at) == (status, reason, due_at)


@pytest.mark.parametrize(
    ("consents", "send_at", "template", "verdicts"),
    [
        ({"*": "opted_in"}, None, "APPROVED", ["pass", "pass", "now"]),
        ({"*": "opted_in"}, LATER, "APPROVED", ["pass", "pass", "later"]),
        ({"*": "opted_in"}, None, "PAUSED", ["pass", "hold", "now"]),
        ({}, None, "PENDING", ["suppress", "hold", "now"]),
    ],
)
def test_every_rule_is_asked_and_tells_its_verdict(
    consents: dict[str, str], send_at: datetime | None, template: str, verdicts: list[str]
) -> None:
    rules = _decided(consents, send_at=send_at, status=template).rules
    assert [rule["rule"] for rule in rules] == ["consent", "template", "schedule", "quiet_hours"]
    assert [rule["verdict"] for rule in rules] == [*verdicts, "bypass"]


def test_a_rule_tells_what_it_was_asked_about() -> None:
    consent, template, schedule, _ = _decided({"*": "opted_in"}, send_at=LATER).rules
    assert consent["input"] == {
        "topic": "orders",
        "category": "UTILITY",
        "decided_by": "*",
        "state": "opted_in",
    }
    assert template["input"] == {
        "name": NAME,
        "language": "tr",
        "asked_language": "tr",
        "language_from": "contact",
        "status": "APPROVED",
        "category": "UTILITY",
    }
    assert schedule["input"] == {"send_at": LATER.isoformat(), "expires_at": EXPIRES.isoformat()}


def test_what_was_made_marketing_of_waits_for_a_person_instead_of_asking_for_another_consent() -> None:
    decision = _decided({"*": "opted_in"}, category="MARKETING")
    assert (decision.status, decision.reason) == (Status.QUEUED, None)
    consent, template = decision.rules[:2]
    assert (consent["verdict"], consent["input"]["category"]) == ("pass", "UTILITY")
    assert (template["verdict"], template["input"]["why"]) == ("hold", "template_recategorised")
    assert _decided({}, category="MARKETING").reason == "no_consent"


def test_a_verdict_carries_its_time_only_where_it_has_one() -> None:
    assert verdict("expiry", "expire", NOW) == {
        "rule": "expiry",
        "verdict": "expire",
        "input": {},
        "at": NOW.isoformat(),
    }
    assert "at" not in verdict("consent", "pass", topic="orders")


@pytest.mark.parametrize(
    ("basis", "category", "consents", "permitted", "reason"),
    [
        ("topic", "UTILITY", {"billing": "opted_in"}, False, "no_consent"),
        ("any_topic", "UTILITY", {"billing": "opted_in"}, True, "opted_in"),
        ("any_topic", "UTILITY", {"*": "opted_out"}, False, "opted_out"),
        ("any_topic", "MARKETING", {"billing": "opted_in"}, False, "no_marketing_consent"),
        ("after_opt_out", "UTILITY", {"*": "opted_out"}, True, "opted_out"),
        ("after_opt_out", None, {"*": "opted_out"}, True, "opted_out"),
        ("after_opt_out", "UTILITY", {"*": "opted_in"}, False, "not_opted_out"),
        ("after_opt_out", "MARKETING", {"*": "opted_out"}, False, "opted_out"),
        ("after_opt_out", "MARKETING", {"*": "opted_in", "marketing": "opted_in"}, False, "not_opted_out"),
        ("pending", "UTILITY", {"billing": "pending"}, True, "pending"),
        ("pending", None, {"*": "opted_out", "billing": "pending"}, True, "pending"),
        ("pending", "UTILITY", {"*": "opted_in"}, False, "nothing_pending"),
        ("pending", "MARKETING", {"billing": "pending"}, False, "no_marketing_consent"),
    ],
)
def test_an_event_type_says_what_permits_it(
    basis: Any, category: str | None, consents: dict[str, str], *, permitted: bool, reason: str
) -> None:
    found = consent_for(replace(ORDER_CONFIRMED, consent=basis), category, consents)
    assert (found.permitted, found.reason) == (permitted, reason)


def test_an_opt_out_is_confirmed_once() -> None:
    confirmation = replace(ORDER_CONFIRMED, consent="after_opt_out")
    first = _decided({"*": "opted_out"}, event_type=confirmation)
    second = _decided({"*": "opted_out"}, event_type=confirmation, already_confirmed=True)
    assert (first.status, second.status, second.reason) == (Status.QUEUED, Status.SUPPRESSED, "already_confirmed")
    assert second.rules[0]["input"]["state"] == "already_confirmed"
    back = _decided({"*": "opted_in"}, event_type=confirmation, already_confirmed=True)
    assert back.reason == "not_opted_out"


@pytest.mark.parametrize(
    ("consents", "on_lists", "status", "reason"),
    [
        ({"*": "opted_in"}, {}, Status.QUEUED, None),
        ({"*": "opted_in"}, {"staff": True}, Status.QUEUED, None),
        ({"*": "opted_in"}, {"staff": False}, Status.SUPPRESSED, "not_on_test_list"),
        ({"*": "opted_in"}, {"staff": True, "pilots": False}, Status.SUPPRESSED, "not_on_test_list"),
        ({}, {"staff": True}, Status.SUPPRESSED, "no_consent"),
        ({"*": "opted_out"}, {"staff": False}, Status.SUPPRESSED, "opted_out"),
    ],
)
def test_what_is_limited_needs_consent_and_every_list(
    consents: dict[str, str], on_lists: dict[str, bool], status: Status, reason: str | None
) -> None:
    decision = _decided(consents, on_lists=on_lists)
    assert (decision.status, decision.reason) == (status, reason)
    asked = [(rule["input"], rule["verdict"]) for rule in decision.rules if rule["rule"] == "test_list"]
    assert asked == [({"name": name}, "pass" if is_on_it else "suppress") for name, is_on_it in on_lists.items()]
    assert (decision.due_at is None) is (status is Status.SUPPRESSED)


@pytest.mark.parametrize(
    ("consents", "pause", "expected"),
    [
        ({"*": "opted_in"}, timedelta(hours=1), (Status.SCHEDULED, None, "pause", NOW + timedelta(hours=1))),
        ({"*": "opted_in"}, timedelta(days=1), (Status.SUPPRESSED, "paused", None, None)),
        ({"*": "opted_in"}, timedelta(hours=-1), (Status.QUEUED, None, None, NOW)),
        ({"*": "opted_out"}, timedelta(days=1), (Status.SUPPRESSED, "opted_out", None, None)),
    ],
)
def test_pause_is_asked_after_consent_and_before_the_night(
    consents: dict[str, str], pause: timedelta, expected: tuple[Status, str | None, str | None, datetime | None]
) -> None:
    timing = Timing(NOW, None, EXPIRES, QUIET, "Europe/Istanbul")
    decision = decide(
        ORDER_CONFIRMED,
        consents,
        LanguageChoice("tr", "contact"),
        _template("tr"),
        timing,
        preferences=Preferences(paused_until={"orders": NOW + pause}),
    )
    assert (decision.status, decision.reason, decision.waiting_for, decision.due_at) == expected
    asked = [rule["rule"] for rule in decision.rules]
    assert ("pause" in asked, "quiet_hours" in asked) == (pause > timedelta(0), pause <= timedelta(0))


def test_what_is_asked_only_when_the_message_leaves_is_noted_at_the_end() -> None:
    wanted = Preferences(caps={"*": FrequencyCap(3, 7)}, channel=Channel.EMAIL)
    timing = Timing(NOW, None, EXPIRES, QUIET, None)
    choice = LanguageChoice("tr", "contact")
    decision = decide(ORDER_CONFIRMED, {"*": "opted_in"}, choice, _template("tr"), timing, preferences=wanted)
    assert decision.status is Status.QUEUED
    assert [(rule["rule"], rule["verdict"]) for rule in decision.rules[-2:]] == [
        ("frequency", "later"),
        ("channel", "later"),
    ]
