"""Whether and how an event becomes a message: each rule, what it was asked about, and its verdict. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.consent.rules import (
    ALL_TOPICS,
    Verdict,
    permits,
    permits_after_opt_out,
    permits_promotion,
    permits_to_any,
)
from app.events.event_type import EventType
from app.messages.quiet_hours import QuietHours
from app.messages.states import Status
from app.templates.book import BookedTemplate
from app.templates.states import Usability

Book = Mapping[tuple[str, str], BookedTemplate]

NOT_ON_TEST_LIST = "not_on_test_list"


def verdict(rule: str, verdict: str, at: datetime | None = None, **asked: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"rule": rule, "verdict": verdict, "input": asked}
    if at is not None:
        row["at"] = at.isoformat()
    return row


def consent_for(event_type: EventType[Any], category: str | None, consents: Mapping[str, str]) -> Verdict:
    """Whether the customer agreed to such a message. What Meta made of the template counts, and so does what the type
    is: `category` is the template's, or nothing where that is not known yet. Even a customer's own opt-out is not
    confirmed by what Meta calls marketing."""
    confirmed = permits_after_opt_out(consents) if event_type.consent == "after_opt_out" else None
    if confirmed is not None and not confirmed.permitted:
        return confirmed
    if event_type.is_promotional or category == "MARKETING":
        return permits_promotion(consents, event_type.topic)
    if confirmed is not None:
        return confirmed
    return permits_to_any(consents) if event_type.consent == "any_topic" else permits(consents, event_type.topic)


@dataclass(slots=True)
class Decision:
    status: Status = Status.QUEUED
    reason: str | None = None
    waiting_for: str | None = None
    due_at: datetime | None = None
    rules: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LanguageChoice:
    language: str
    source: str
    """`contact`, `request` or `business`: who said so."""


def choose_language(contact: str | None, known: str | None, request: str | None, business: str) -> LanguageChoice:
    """What the customer prefers comes before what the sender of the request assumes."""
    if contact or known:
        return LanguageChoice((contact or known or "").replace("-", "_"), "contact")
    if request:
        return LanguageChoice(request.replace("-", "_"), "request")
    return LanguageChoice(business, "business")


def choose_template(book: Book, name: str, language: str, fallbacks: Sequence[str]) -> BookedTemplate | None:
    """In the language, else in its base language (en_GB → en), else in a fallback language. A usable one first."""
    candidates = _variants(book, name, language, fallbacks)
    exact = candidates[0] if candidates else None
    if exact is None or exact.usability is not Usability.UNUSABLE:
        return exact
    return next((one for one in candidates if one.usability is not Usability.UNUSABLE), exact)


def choose_usable(book: Book, name: str, language: str, fallbacks: Sequence[str]) -> BookedTemplate | None:
    """The first in the same order that may be sent just now."""
    variants = _variants(book, name, language, fallbacks)
    return next((one for one in variants if one.usability is Usability.USABLE), None)


def _variants(book: Book, name: str, language: str, fallbacks: Sequence[str]) -> list[BookedTemplate]:
    return [book[name, one] for one in languages_for(language, fallbacks) if (name, one) in book]


def languages_for(language: str, fallbacks: Sequence[str]) -> list[str]:
    """Those in which a customer of this language may be told, best first."""
    return list(dict.fromkeys((language, language.split("_", maxsplit=1)[0], *fallbacks)))


@dataclass(frozen=True, slots=True)
class Timing:
    """When the message is to leave, and what may hold it back until then."""

    now: datetime
    send_at: datetime | None
    expires_at: datetime
    quiet: QuietHours
    time_zone: str | None
    """The customer's, where the event type keeps quiet hours."""


def decide(
    event_type: EventType[Any],
    consents: Mapping[str, str],
    language: LanguageChoice,
    template: BookedTemplate,
    timing: Timing,
    *,
    on_lists: Mapping[str, bool] | None = None,
    already_confirmed: bool = False,
) -> Decision:
    """`on_lists`: of the test lists that it is limited to, whether the contact is on them. `already_confirmed`: it
    confirms an opt-out, and an earlier message did so."""
    decision = Decision()
    consent = consent_for(event_type, template.category, consents)
    if consent.permitted and already_confirmed:
        consent = Verdict(False, "already_confirmed", ALL_TOPICS)
    decision.rules.append(
        verdict(
            "consent",
            "pass" if consent.permitted else "suppress",
            topic=event_type.topic,
            category=template.category,
            decided_by=consent.topic,
            state=consent.reason,
        )
    )
    on_lists = on_lists or {}
    decision.rules += [list_rule(name, is_on_it=is_on_it) for name, is_on_it in on_lists.items()]
    decision.rules.append(
        verdict(
            "template",
            "pass" if template.usability is Usability.USABLE else "hold",
            name=template.name,
            language=template.language,
            asked_language=language.language,
            language_from=language.source,
            status=template.status,
            category=template.category,
        )
    )
    _schedule(decision, timing)
    if not consent.permitted or not all(on_lists.values()):
        decision.status = Status.SUPPRESSED
        decision.reason = NOT_ON_TEST_LIST if consent.permitted else consent.reason
        decision.waiting_for = decision.due_at = None
    return decision


def list_rule(name: str, *, is_on_it: bool, at: datetime | None = None) -> dict[str, Any]:
    return verdict("test_list", "pass" if is_on_it else "suppress", at, name=name)


def _schedule(decision: Decision, timing: Timing) -> None:
    """Not before `send_at`, and not in the customer's night. What would expire meanwhile is looked at when it does."""
    send_at, now = timing.send_at, timing.now
    later = send_at is not None and send_at > now
    decision.rules.append(
        verdict(
            "schedule",
            "later" if later else "now",
            send_at=send_at.isoformat() if send_at else None,
            expires_at=timing.expires_at.isoformat(),
        )
    )
    decision.due_at = send_at if send_at is not None and later else now
    quiet_until = quiet_hours_rule(decision.rules, timing.quiet, timing.time_zone, decision.due_at)
    if quiet_until is not None:
        decision.due_at, decision.waiting_for = min(quiet_until, timing.expires_at), "quiet_hours"
    elif later:
        decision.waiting_for = "send_at"
    if decision.waiting_for is not None:
        decision.status = Status.SCHEDULED


def quiet_hours_rule(
    rules: list[dict[str, Any]], quiet: QuietHours, time_zone: str | None, moment: datetime, at: datetime | None = None
) -> datetime | None:
    """Asks the rule, notes its verdict, and says until when the customer is left alone, if so."""
    if time_zone is None:
        rules.append(verdict("quiet_hours", "bypass", at))
        return None
    until = quiet.end_after(moment, time_zone)
    asked = {
        "time_zone": time_zone,
        "begins": quiet.begins.isoformat("minutes"),
        "ends": quiet.ends.isoformat("minutes"),
    }
    if until is not None:
        asked["until"] = until.isoformat()
    rules.append(verdict("quiet_hours", "pass" if until is None else "hold", at, **asked))
    return until
