"""Whether and how an event becomes a message: each rule, what it was asked about, and its verdict. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.consent.preferences import NO_PREFERENCES, Preferences
from app.consent.rules import (
    ALL_TOPICS,
    Verdict,
    permits,
    permits_after_opt_out,
    permits_answer,
    permits_pending,
    permits_promotion,
    permits_to_any,
)
from app.events.event_type import EventType
from app.messages import preferring
from app.messages.choosing import LanguageChoice
from app.messages.quiet_hours import QuietHours
from app.messages.states import Status
from app.messages.verdicts import verdict
from app.templates.book import BookedTemplate
from app.templates.states import RECATEGORISED

NOT_ON_TEST_LIST = "not_on_test_list"


def consent_for(event_type: EventType[Any], category: str | None, consents: Mapping[str, str]) -> Verdict:
    """Whether the customer agreed to such a message. What Meta made of the template counts, and so does what the type
    is: `category` is the template's, or nothing where that is not known yet. Even a customer's own opt-out is not
    confirmed by what Meta calls marketing."""
    own = _OF_ITS_OWN.get(event_type.consent)
    decided = own(consents) if own is not None else None
    if decided is not None and not decided.permitted:
        return decided
    if event_type.is_promotional or category == "MARKETING":
        return permits_promotion(consents, event_type.topic)
    if decided is not None:
        return decided
    return permits_to_any(consents) if event_type.consent == "any_topic" else permits(consents, event_type.topic)


_OF_ITS_OWN: Mapping[str, Callable[[Mapping[str, str]], Verdict]] = {
    "after_opt_out": permits_after_opt_out,
    "pending": permits_pending,
    "window": permits_answer,
}
"""What must hold for event types that are about consent themselves."""


@dataclass(slots=True)
class Decision:
    status: Status = Status.QUEUED
    reason: str | None = None
    waiting_for: str | None = None
    due_at: datetime | None = None
    rules: list[dict[str, Any]] = field(default_factory=list)


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
    obstacle: str | None = None,
    preferences: Preferences = NO_PREFERENCES,
    on_lists: Mapping[str, bool] | None = None,
    already_confirmed: bool = False,
) -> Decision:
    """`obstacle`: why the template must not be used just now; the message waits for that to change. `on_lists`: of the
    test lists that it is limited to, whether the contact is on them. `already_confirmed`: it confirms an opt-out, and
    an earlier message did so."""
    decision = Decision()
    # Nothing is sent by what Meta has made something else of, until a person accepts it: then its consent is asked for.
    category = template.category if obstacle != RECATEGORISED else event_type.expected_category
    consent = consent_for(event_type, category, consents)
    if consent.permitted and already_confirmed:
        consent = Verdict(False, "already_confirmed", ALL_TOPICS)
    decision.rules.append(
        verdict(
            "consent",
            "pass" if consent.permitted else "suppress",
            topic=event_type.topic,
            category=category,
            decided_by=consent.topic,
            state=consent.reason,
        )
    )
    on_lists = on_lists or {}
    decision.rules += [list_rule(name, is_on_it=is_on_it) for name, is_on_it in on_lists.items()]
    decision.rules.append(
        verdict(
            "template",
            "pass" if obstacle is None else "hold",
            name=template.name,
            language=template.language,
            asked_language=language.language,
            language_from=language.source,
            status=template.status,
            category=template.category,
            **_why(obstacle),
        )
    )
    outlasted = _schedule(decision, event_type, preferences, timing)
    decision.rules += preferring.noted(preferences, event_type)
    if not consent.permitted:
        return _suppressed(decision, consent.reason)
    if not all(on_lists.values()):
        return _suppressed(decision, NOT_ON_TEST_LIST)
    return _suppressed(decision, preferring.PAUSED) if outlasted else decision


def _why(obstacle: str | None) -> dict[str, Any]:
    return {"why": obstacle} if obstacle is not None else {}


def _suppressed(decision: Decision, reason: str) -> Decision:
    decision.status, decision.reason = Status.SUPPRESSED, reason
    decision.waiting_for = decision.due_at = None
    return decision


def list_rule(name: str, *, is_on_it: bool, at: datetime | None = None) -> dict[str, Any]:
    return verdict("test_list", "pass" if is_on_it else "suppress", at, name=name)


def _schedule(decision: Decision, event_type: EventType[Any], preferences: Preferences, timing: Timing) -> bool:
    """Not before `send_at`, not while the customer pauses, and not in the customer's night, which is asked for when the
    pause is over. What would expire meanwhile is looked at when it does; whether the pause outlasts it is the answer.
    """
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
    pause = preferring.pause_of(preferences, event_type, decision.due_at)
    if pause is not None:
        outlasted = pause.outlasts(timing.expires_at)
        decision.rules.append(pause.rule(outlasted=outlasted))
        decision.status, decision.waiting_for, decision.due_at = Status.SCHEDULED, preferring.PAUSE, pause.until
        return outlasted
    quiet_until = quiet_hours_rule(decision.rules, timing.quiet, timing.time_zone, decision.due_at)
    if quiet_until is not None:
        decision.due_at, decision.waiting_for = min(quiet_until, timing.expires_at), "quiet_hours"
    elif later:
        decision.waiting_for = "send_at"
    if decision.waiting_for is not None:
        decision.status = Status.SCHEDULED
    return False


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
    if quiet.of_contact:
        asked["set_by"] = "contact"
    if until is not None:
        asked["until"] = until.isoformat()
    rules.append(verdict("quiet_hours", "pass" if until is None else "hold", at, **asked))
    return until
