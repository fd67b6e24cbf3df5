"""Whether and how an event becomes a message, and the story that is told of it."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from app.consent.preferences import Channel, FrequencyCap, Preferences
from app.events.catalogue import catalogue
from app.messages.decision import (
    LanguageChoice,
    Timing,
    choose_language,
    choose_template,
    choose_usable,
    consent_for,
    decide,
)
from app.messages.quiet_hours import QuietHours
from app.messages.states import Status
from app.messages.verdicts import verdict
from app.templates.book import BookedTemplate
from app.templates.compiled import compile_template
from app.templates.states import usability

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
EXPIRES = NOW + timedelta(days=1)
NAME = "order_confirmed"
ORDER_CONFIRMED = catalogue()["order-confirmed"]
QUIET = QuietHours(time(22), time(8))


def _template(language: str, status: str = "APPROVED") -> BookedTemplate:
    compiled = compile_template([{"type": "BODY", "text": "Fixed."}], "NAMED")
    return BookedTemplate(NAME, language, status, "UTILITY", None, usability(status), compiled)


def _book(**statuses: str) -> dict[tuple[str, str], BookedTemplate]:
    return {(NAME, language): _template(language, status) for language, status in statuses.items()}


@pytest.mark.parametrize(
    ("contact", "known", "request_", "expected"),
    [
        ("en", "de", "fr", ("en", "contact")),
        (None, "de", "fr", ("de", "contact")),
        (None, None, "fr", ("fr", "request")),
        (None, None, None, ("tr", "business")),
        ("pt-BR", None, None, ("pt_BR", "contact")),
        (None, "pt-BR", None, ("pt_BR", "contact")),
        (None, None, "pt-BR", ("pt_BR", "request")),
    ],
)
def test_the_customers_language_comes_before_the_requests_before_the_businesss(
    contact: str | None, known: str | None, request_: str | None, expected: tuple[str, str]
) -> None:
    choice = choose_language(contact, known, request_, "tr")
    assert (choice.language, choice.source) == expected


@pytest.mark.parametrize(
    ("book", "language", "chosen"),
    [
        ({"tr": "APPROVED", "en": "APPROVED"}, "en", "en"),
        ({"tr": "APPROVED", "en": "APPROVED", "en_GB": "APPROVED"}, "en_GB", "en_GB"),
        ({"tr": "APPROVED", "en": "APPROVED"}, "en_GB", "en"),
        ({"tr": "APPROVED", "en": "APPROVED"}, "de", "tr"),
        ({"en": "APPROVED"}, "de", "en"),
        ({"de": "APPROVED"}, "fr", None),
        ({}, "tr", None),
        ({"tr": "APPROVED", "en": "REJECTED"}, "en", "tr"),
        ({"tr": "APPROVED", "en": "APPROVED", "en_GB": "DISABLED"}, "en_GB", "en"),
        ({"tr": "PENDING", "en": "REJECTED"}, "en", "tr"),
        ({"tr": "APPROVED", "en": "PAUSED"}, "en", "en"),
        ({"tr": "APPROVED", "en": "PENDING"}, "en", "en"),
        ({"tr": "REJECTED", "en": "DISABLED"}, "en", "en"),
        ({"tr": "REJECTED", "en": "REJECTED"}, "de", "tr"),
    ],
)
def test_the_template_is_in_the_language_or_the_nearest_that_can_be_used(
    book: dict[str, str], language: str, chosen: str | None
) -> None:
    found = choose_template(_book(**book), NAME, language, ("tr", "en"))
    assert (found.language if found else None) == chosen


def test_a_template_of_another_name_is_none() -> None:
    assert choose_template(_book(tr="APPROVED"), "order_shipped", "tr", ("tr", "en")) is None


@pytest.mark.parametrize(
    ("fallbacks", "language", "chosen"),
    [
        (("en", "tr"), "de", "en"),
        (("tr", "en"), "de", "tr"),
        (("pt_BR",), "de", "pt_BR"),
        (("fr", "pt_BR"), "de", "pt_BR"),
        (("en", "tr"), "tr", "tr"),
        ((), "tr", "tr"),
        ((), "tr_CY", "tr"),
        ((), "de", None),
    ],
)
def test_the_declared_chain_comes_after_the_language_and_its_base(
    fallbacks: tuple[str, ...], language: str, chosen: str | None
) -> None:
    book = _book(tr="APPROVED", en="APPROVED", pt_BR="APPROVED")
    for choose in (choose_template, choose_usable):
        found = choose(book, NAME, language, fallbacks)
        assert (found.language if found else None) == chosen


def test_what_may_be_sent_just_now_is_the_first_of_the_chain_that_is_approved() -> None:
    book = _book(tr="PAUSED", en="PENDING", fr="APPROVED")
    assert choose_usable(book, NAME, "tr", ("en", "fr")) is book[NAME, "fr"]
    assert choose_usable(book, NAME, "tr", ("en",)) is None


def _decided(
    consents: dict[str, str],
    *,
    send_at: datetime | None = None,
    status: str = "APPROVED",
    event_type: Any = ORDER_CONFIRMED,
    **more: Any,
) -> Any:
    return decide(
        event_type,
        consents,
        LanguageChoice("tr", "contact"),
        _template("tr", status),
        Timing(NOW, send_at, EXPIRES, QUIET, None),
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
