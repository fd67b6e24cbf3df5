"""Taking a message without a template: for a customer whose window is open. From there it goes the way of all."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount, Caller, SenderAccount
from app.accounts.senders import DUE_CHANNEL
from app.consent.countries import country_of
from app.consent.models import Contact
from app.core.database import announce
from app.core.ids import new_id, public_id
from app.core.marks import mark
from app.events.event_type import EventType
from app.events.reply import REPLY
from app.messages.choosing import choose_language
from app.messages.free_form import FreeForm
from app.messages.models import IdempotencyKey, Link, Message
from app.messages.schemas import MESSAGE_PREFIX, MessageSummary
from app.messages.service import summary_of
from app.messages.short_links import ShortLinks, new_code
from app.messages.states import Status
from app.messages.submission import Answer
from app.messages.verdicts import verdict
from app.messages.windows import Window


@dataclass(frozen=True, slots=True)
class FreeMessage:
    """A message on its way to being one, of which all is decided."""

    business: BusinessAccount
    sender: SenderAccount
    contact: Contact
    window: Window
    """Which is open."""
    form: FreeForm
    asked: Mapping[str, Any]
    """What it says, as it was given, and what it answers: kept as `data`."""
    event_type: EventType[Any] = REPLY
    answered: UUID | None = None
    """The reply that it answers, where it is not the last."""
    expires_at: datetime | None = None
    """Before the window closes."""
    reference: str | None = None
    metadata: Mapping[str, str] | None = None
    rules: list[dict[str, Any]] = field(default_factory=list)
    """That were asked before."""
    id: UUID = field(default_factory=new_id)


def recipient_of(contact: Contact) -> str | None:
    """Nothing of who has neither number nor id any more."""
    return contact.phone or contact.bsuid


async def take(session: AsyncSession, free: FreeMessage, short_links: ShortLinks, now: datetime) -> Message:
    """In the caller's transaction, at whose end workers are told."""
    contact, form = free.contact, free.form
    if form.link is not None and free.business.link_style == "tracked":
        code = new_code()
        session.add(Link(business_id=contact.business_id, message_id=free.id, position=0, code=code, url=form.link))
        form = replace(form, link=short_links.address(code))
    expires_at = min(free.expires_at or free.window.expires_at, free.window.expires_at)
    language = choose_language(None, contact.language, None, free.business.language)
    message = Message(
        business_id=contact.business_id,
        id=free.id,
        created_at=now,
        due_at=now,
        expires_at=expires_at,
        sender_id=free.sender.id,
        contact_id=contact.id,
        priority=int(free.event_type.priority),
        attempt_count=0,
        mode=contact.mode,
        event_type=free.event_type.name,
        status=Status.QUEUED.value,
        recipient=recipient_of(contact),
        country=country_of(recipient_of(contact)),
        language=language.language,
        template_name=None,
        reference=free.reference,
        data=dict(free.asked),
        fill=form.stored(),
        meta=dict(free.metadata) if free.metadata else None,
        decision=[
            *free.rules,
            free.window.rule(free.answered),
            verdict("schedule", "now", send_at=None, expires_at=expires_at.isoformat()),
        ],
    )
    session.add(message)
    await mark(session, free.contact.business_id, [free.id])
    await announce(session, DUE_CHANNEL, "")
    return message


def answer_of(message: Message) -> Answer:
    """To the request for it."""
    shown = MessageSummary(**summary_of(message, {}))
    body = orjson.dumps(shown.model_dump(mode="json"))
    return Answer(body, f"/v1/messages/{public_id(MESSAGE_PREFIX, message.id)}")


class KeyTaken(Exception):
    """By the same request, a moment ago."""


async def keep(
    session: AsyncSession, caller: Caller, key: str, fingerprint: bytes, answer: Answer, now: datetime
) -> None:
    """The answer by its key. Of two at the same time the second waits here for the first. Raises KeyTaken."""
    row = insert(IdempotencyKey).values(
        business_id=caller.business_id,
        mode=caller.mode,
        key=key,
        fingerprint=fingerprint,
        location=answer.location,
        answer=answer.body,
        created_at=now,
    )
    if await session.scalar(row.on_conflict_do_nothing().returning(IdempotencyKey.key)) is None:
        raise KeyTaken
