"""The whole story of a message: what was decided, tried, reported, clicked, answered and told, in its order."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import repository as accounts
from app.callbacks.models import CallbackDelivery, CallbackEndpoint, CallbackEvent
from app.callbacks.schemas import RenderedMessage
from app.consent.models import Contact
from app.consent.repository import ids_of_person
from app.console.phrases import Phrase, Sentence, Tone, phrase
from app.console.rules import reason, told, tone_of
from app.core.clock import Clock
from app.core.database import Database
from app.core.ids import parse_id, public_id
from app.core.problems import NotFound
from app.messages import repository as messages
from app.messages.models import Message
from app.messages.rendering import rendered
from app.messages.schemas import MESSAGE_PREFIX, AttemptOut, MessageDetail, ReceiptOut, RuleVerdict
from app.messages.service import MessageService
from app.messages.shown import bubble_shown
from app.messages.states import IN_DOUBT, WAITING, Status
from app.templates import repository as templates
from app.templates.mirror import TEMPLATE_PREFIX


@dataclass(frozen=True, slots=True)
class Line:
    """Something that belongs to an entry."""

    said: Phrase
    tone: Tone = "plain"
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened, or is waited for."""

    at: datetime | None
    title: Phrase
    tone: Tone = "plain"
    lines: Sequence[Line] = ()
    path: str | None = None
    """The page that says more."""
    document: Mapping[str, Any] | None = None
    """As it came, for whoever wants to see it."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of an event at an endpoint."""

    endpoint: str
    url: str
    status: str
    attempts: int
    error: str | None


@dataclass(frozen=True, slots=True)
class ToldEvent:
    id: str
    type: str
    at: datetime
    deliveries: Sequence[Delivery]


@dataclass(frozen=True, slots=True)
class Around:
    """What is known beside the message itself."""

    bubble: RenderedMessage | None
    contact: Contact | None
    sender: accounts.Sender | None
    template: str | None
    answers: Sequence[Message] = ()
    told: Sequence[ToldEvent] = ()


@dataclass(frozen=True, slots=True)
class Story:
    message: MessageDetail
    around: Around
    entries: Sequence[Entry] = field(default_factory=list)

    @property
    def can_be_canceled(self) -> bool:
        """Whether it waits, or may be sent again and nobody has stopped that."""
        stopped = any(rule.rule == "stop" for rule in self.message.decision)
        return self.message.status in WAITING or (self.message.status in IN_DOUBT and not stopped)


class Stories:
    def __init__(self, database: Database, service: MessageService, clock: Clock) -> None:
        self._database = database
        self._service = service
        self._clock = clock

    async def of(self, business_id: UUID, mode: str, message_id: UUID) -> Story:
        """Raises NotFound."""
        detail = await self._service.detail(business_id, mode, message_id)
        async with self._database.transaction() as session:
            row = await messages.one(session, business_id, mode, message_id)
            if row is None:
                raise NotFound("The business has no message with this id.")
            around = await _around(session, row, [one.id for one in detail.replies])
        return Story(detail, around, entries(detail, around, self._clock.now()))


async def _around(session: AsyncSession, row: Message, replies: Sequence[str]) -> Around:
    bubble = await bubble_shown(session, row)
    sender = await accounts.sender(session, row.business_id, row.sender_id)
    template = None
    if row.template_name is not None and sender is not None:
        name, language = row.template_name, row.language
        template = await templates.as_known(session, row.business_id, sender.waba_id, name, language)
    persons = (await session.scalars(ids_of_person(row.business_id, row.contact_id))).all() if replies else ()
    return Around(
        bubble=rendered(bubble) if bubble is not None else None,
        contact=await session.get(Contact, (row.business_id, row.contact_id)),
        sender=sender,
        template=public_id(TEMPLATE_PREFIX, template.id) if template is not None else None,
        answers=await messages.answers_by_hand(session, row.business_id, persons, replies, row.id) if replies else (),
        told=await _told(session, row),
    )


async def _told(session: AsyncSession, row: Message) -> list[ToldEvent]:
    """Events about it, and what became of each at each endpoint that there is."""
    query = select(CallbackEvent.id, CallbackEvent.type, CallbackEvent.created_at).where(
        CallbackEvent.business_id == row.business_id, CallbackEvent.message_id == row.id
    )
    events = (await session.execute(query.order_by(CallbackEvent.sequence))).all()
    if not events:
        return []
    endpoints = {
        one.id: one.url
        for one in await session.execute(
            select(CallbackEndpoint.id, CallbackEndpoint.url).where(
                CallbackEndpoint.business_id == row.business_id,
                CallbackEndpoint.mode == row.mode,
                CallbackEndpoint.deleted_at.is_(None),
            )
        )
    }
    deliveries = await session.scalars(
        select(CallbackDelivery)
        .where(
            CallbackDelivery.business_id == row.business_id,
            CallbackDelivery.endpoint_id.in_(endpoints),
            CallbackDelivery.event_id.in_([one.id for one in events]),
        )
        .order_by(CallbackDelivery.endpoint_id)
    )
    by_event: dict[UUID, list[Delivery]] = {}
    for one in deliveries:
        error = one.attempts[-1].get("detail") if one.attempts else None
        delivery = Delivery(
            public_id("cbe", one.endpoint_id), endpoints[one.endpoint_id], one.status, one.attempt_count, error
        )
        by_event.setdefault(one.event_id, []).append(delivery)
    return [ToldEvent(public_id("evt", one.id), one.type, one.created_at, by_event.get(one.id, ())) for one in events]


def entries(message: MessageDetail, around: Around, now: datetime) -> list[Entry]:
    """In order of time; what happened at the same moment in the order in which it must have. Last what is waited
    for."""
    found = [
        _accepted(message),
        *_rules_later(message.decision),
        *(_attempt(one) for one in message.attempts),
        *(_receipt(one) for one in message.receipts),
        *_clicks(message),
        *_answers(message, around),
        *_told_entries(around.told),
        *_erasure(message),
    ]
    ordered = sorted(found, key=lambda one: one.at or message.created_at)
    return [*_told_together(ordered), *_waiting(message, now)]


def _accepted(message: MessageDetail) -> Entry:
    rules = [one for one in message.decision if one.at is None]
    silenced = any(one.verdict == "suppress" for one in rules)
    free = message.template is None
    key = "story_answer_taken" if free else "story_suppressed" if silenced else "story_accepted"
    answered = message.in_answer_to
    lines = [_line(rule) for rule in rules]
    if answered is not None and answered.reply is not None:
        lines.append(Line(phrase("story_in_answer"), path=f"replies/{answered.reply}"))
    return Entry(message.created_at, phrase(key), "bad" if silenced else "ok", lines)


def _line(rule: RuleVerdict) -> Line:
    return Line(told(rule), tone_of(rule))


def _rules_later(rules: Iterable[RuleVerdict]) -> Iterator[Entry]:
    for rule in rules:
        if rule.at is not None:
            yield Entry(rule.at, told(rule), tone_of(rule))


_OUTCOMES: Mapping[str, Tone] = {"accepted": "ok", "refused": "bad", "not_sent": "warn", "unknown": "warn"}


def _attempt(attempt: AttemptOut) -> Entry:
    lines = []
    error = attempt.error or {}
    if "code" in error:
        lines = [
            Line(phrase("error_line", code=str(error["code"]), title=error.get("title", "")), "bad"),
            Line(phrase("meaning_line", meaning=Sentence(str(error.get("meaning", ""))))),
            Line(phrase("next_line", step=Sentence(str(error.get("next_step", ""))))),
        ]
        if error.get("details"):
            lines.append(Line(phrase("details_line", details=error["details"])))
    elif error.get("reason"):
        lines = [Line(phrase("details_line", details=error["reason"]))]
    title = phrase(f"attempt_{attempt.outcome}", number=attempt.number)
    return Entry(attempt.ended_at, title, _OUTCOMES[attempt.outcome], lines, document=attempt.error)


_RECEIPTS: Mapping[str, Tone] = {"sent": "plain", "delivered": "ok", "read": "ok", "failed": "bad"}


def _receipt(receipt: ReceiptOut) -> Entry:
    lines = []
    late = (receipt.received_at - receipt.occurred_at).total_seconds()
    if late >= _LATE:
        lines.append(Line(phrase("receipt_late", received_at=receipt.received_at)))
    lines += [Line(one) for one in _price(receipt.payload)]
    for error in receipt.payload.get("errors") or ():
        if isinstance(error, Mapping):
            lines.append(Line(phrase("error_line", code=str(error.get("code")), title=error.get("title", "")), "bad"))
    title = phrase(f"receipt_{receipt.status}")
    return Entry(receipt.occurred_at, title, _RECEIPTS[receipt.status], lines, document=receipt.payload or None)


_LATE = 60
"""Seconds after which it is worth a word that a receipt came late."""


def _price(payload: Mapping[str, Any]) -> list[Phrase]:
    pricing = payload.get("pricing")
    if not isinstance(pricing, Mapping) or not isinstance(pricing.get("category"), str):
        return []
    free = pricing.get("billable") is False or str(pricing.get("type", "")).startswith("free")
    return [phrase("price_free" if free else "price_billed", category=phrase(f"price_{pricing['category'].lower()}"))]


def _clicks(message: MessageDetail) -> Iterator[Entry]:
    for link in message.links:
        label = link.label or link.url
        if link.first_clicked_at is not None:
            yield Entry(
                link.first_clicked_at,
                phrase("story_clicked", label=label),
                "ok",
                [Line(phrase("plain", text=link.url))],
            )
        if link.last_clicked_at is not None and link.clicks > 1:
            yield Entry(link.last_clicked_at, phrase("story_clicked_last", label=label, clicks=link.clicks), "ok")


def _answers(message: MessageDetail, around: Around) -> Iterator[Entry]:
    for reply in message.replies:
        lines = [Line(phrase(f"tied_{reply.tied_by}"))] if reply.tied_by is not None else []
        if reply.deleted_at is not None:
            lines.append(Line(phrase("reply_deleted", at=reply.deleted_at), "bad"))
        elif reply.edited_at is not None:
            lines.append(Line(phrase("reply_edited", at=reply.edited_at)))
        title = phrase("story_replied", kind=phrase(f"kind_{reply.kind}"))
        yield Entry(reply.occurred_at, title, "ok", lines, path=f"replies/{reply.id}")
    for answer in message.automatic_answers:
        title = phrase("story_answered_itself", kind=phrase(f"kind_{answer.kind}"))
        yield Entry(answer.answered_at, title, path=f"messages/{answer.message}")
    for written in around.answers:
        path = f"messages/{public_id(MESSAGE_PREFIX, written.id)}"
        if written.id in {parse_id(MESSAGE_PREFIX, one.message) for one in message.automatic_answers}:
            continue
        yield Entry(written.created_at, phrase("story_answered"), path=path)


_DELIVERED: Mapping[str, Tone] = {"delivered": "ok", "pending": "warn", "parked": "bad"}


def _told_entries(told_of: Iterable[ToldEvent]) -> Iterator[Entry]:
    for event in told_of:
        lines = [
            Line(
                phrase(f"told_{one.status}", type=event.type, url=one.url, attempts=one.attempts),
                _DELIVERED[one.status],
                f"callbacks/{one.endpoint}/{event.id}",
            )
            for one in event.deliveries
        ]
        yield Entry(event.at, _TOLD, _worst(lines), lines or [Line(phrase("told_feed", type=event.type))])


_TOLD = phrase("story_told")


def _worst(lines: Iterable[Line]) -> Tone:
    tones = {one.tone for one in lines}
    return "bad" if "bad" in tones else "warn" if "warn" in tones else "plain"


def _told_together(ordered: Iterable[Entry]) -> Iterator[Entry]:
    """What the business was told at one stretch is one thing: every step of a message is told by an event."""
    for is_told, group in itertools.groupby(ordered, lambda one: one.title is _TOLD):
        found = list(group)
        if is_told:
            lines = [line for one in found for line in one.lines]
            yield Entry(found[0].at, _TOLD, _worst(lines), lines)
        else:
            yield from found


def _erasure(message: MessageDetail) -> Iterator[Entry]:
    if message.content_erased_at is not None:
        yield Entry(message.content_erased_at, phrase("story_erased"))


def _waiting(message: MessageDetail, now: datetime) -> Iterator[Entry]:
    """What comes next, if anything."""
    if message.waiting_for is not None:
        lines = [Line(reason(message.reason))] if message.reason is not None else []
        what, until = message.waiting_for.what, message.waiting_for.until
        title = phrase(
            "story_waits_until" if until is not None else "story_waits", what=phrase(f"waits_{what}"), until=until
        )
        yield Entry(None, title, "warn", lines)
    elif message.status in (Status.QUEUED, Status.SENDING):
        yield Entry(None, phrase(f"story_{message.status}"), "warn")
    if message.status in WAITING and message.expires_at > now:
        yield Entry(None, phrase("story_expires", at=message.expires_at))
