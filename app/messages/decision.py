"""Whether and how an event becomes a message: each rule, what it was asked about, and its verdict. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.consent.rules import permits
from app.events.event_type import EventType
from app.messages.states import Status
from app.templates.book import BookedTemplate
from app.templates.states import Usability

FALLBACK_LANGUAGES = ("tr", "en")
"""Tried, in this order, after the language that was asked for."""


def verdict(rule: str, verdict: str, at: datetime | None = None, **asked: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"rule": rule, "verdict": verdict, "input": asked}
    if at is not None:
        row["at"] = at.isoformat()
    return row


@dataclass(slots=True)
class Decision:
    status: Status = Status.QUEUED
    reason: str | None = None
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


def choose_template(book: Mapping[tuple[str, str], BookedTemplate], name: str, language: str) -> BookedTemplate | None:
    """In the language, else in its base language (en_GB → en), else in a fallback language. A usable one first."""
    candidates = [
        book[name, candidate]
        for candidate in dict.fromkeys((language, language.split("_", maxsplit=1)[0], *FALLBACK_LANGUAGES))
        if (name, candidate) in book
    ]
    exact = candidates[0] if candidates else None
    if exact is None or exact.usability is not Usability.UNUSABLE:
        return exact
    return next((one for one in candidates if one.usability is not Usability.UNUSABLE), exact)


def decide(
    event_type: EventType[Any],
    consents: Mapping[str, str],
    language: LanguageChoice,
    template: BookedTemplate,
    *,
    now: datetime,
    send_at: datetime | None,
    expires_at: datetime,
) -> Decision:
    decision = Decision()
    consent = permits(consents, event_type.topic)
    decision.rules.append(
        verdict(
            "consent",
            "pass" if consent.permitted else "suppress",
            topic=event_type.topic,
            decided_by=consent.topic,
            state=consent.reason,
        )
    )
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
    later = send_at is not None and send_at > now
    decision.rules.append(
        verdict(
            "schedule",
            "later" if later else "now",
            send_at=send_at.isoformat() if send_at else None,
            expires_at=expires_at.isoformat(),
        )
    )
    if not consent.permitted:
        decision.status, decision.reason = Status.SUPPRESSED, consent.reason
    elif later:
        decision.status, decision.due_at = Status.SCHEDULED, send_at
    else:
        decision.due_at = now
    return decision
