"""Reading messages, and stopping one."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import repository as accounts
from app.consent import repository as contacts
from app.consent.repository import ContactKey
from app.core.clock import Clock
from app.core.cursors import page_of, read_cursor
from app.core.database import Database
from app.core.ids import public_id
from app.core.marks import mark
from app.core.problems import NotFound
from app.messages import repository, telling
from app.messages.errors import TooLate
from app.messages.free_form import KINDS
from app.messages.models import Message
from app.messages.repository import Clicked, Filters
from app.messages.schemas import (
    MESSAGE_PREFIX,
    AttemptOut,
    FailureOut,
    LinkOut,
    MessageDetail,
    MessagePage,
    MessageReply,
    MessageSummary,
    ReceiptOut,
    RuleVerdict,
)
from app.messages.short_links import ShortLinks
from app.messages.states import IN_DOUBT, WAITING, Event, Status, after
from app.messages.telling import Move
from app.messages.verdicts import verdict
from app.templates import repository as templates
from app.templates.compiled import compile_template

Paused = Mapping[UUID, datetime | None]
"""By paused sender: when the next message may try whether it may send again."""


Replies = Callable[[AsyncSession, UUID, UUID], Awaitable[list[MessageReply]]]
"""Of a business's message, what was answered to it. Given by the floor above."""


def _said(message: Message) -> dict[str, Any]:
    """What the event gave and what goes into the template; of what is free in its form, what it says itself."""
    if message.template_name is not None:
        return {"data": message.data, "parameters": message.fill}
    content = {name: value for name, value in message.data.items() if name in KINDS}
    answers = {name: value for name, value in message.data.items() if name not in KINDS}
    return {"data": {}, "parameters": {}, "content": content, "in_answer_to": answers or None}


class MessageService:
    def __init__(self, database: Database, clock: Clock, short_links: ShortLinks, replies: Replies) -> None:
        self._database = database
        self._replies = replies
        self._clock = clock
        self._short_links = short_links

    async def detail(self, business_id: UUID, mode: str, message_id: UUID) -> MessageDetail:
        async with self._database.transaction() as session:
            message = await repository.one(session, business_id, mode, message_id)
            if message is None:
                raise NotFound("The business has no message with this id.")
            return await self._told(session, message, await self._paused(session, business_id))

    async def of_contacts(
        self, business_id: UUID, contact_ids: Sequence[UUID], *, after_id: UUID | None, size: int
    ) -> list[tuple[UUID, MessageDetail]]:
        """Oldest first, from just after the id that the last ones ended with."""
        async with self._database.transaction() as session:
            rows = await repository.of_contacts(session, business_id, contact_ids, after=after_id, size=size)
            paused = await self._paused(session, business_id)
            return [(row.id, await self._told(session, row, paused)) for row in rows]

    async def _told(self, session: AsyncSession, message: Message, paused: Paused) -> MessageDetail:
        attempts = await repository.attempts(session, message.business_id, message.id)
        receipts = await repository.receipts(session, message.business_id, message.id)
        links = await repository.links(session, message.business_id, message.id)
        labels = await _labels(session, message) if links else ()
        return MessageDetail(
            **summary_of(message, paused),
            **_said(message),
            automatic_answers=await repository.automatic_answers(session, message.business_id, message.id),
            decision=[RuleVerdict.model_validate(rule) for rule in message.decision],
            attempts=[AttemptOut.model_validate(row, from_attributes=True) for row in attempts],
            receipts=[ReceiptOut.model_validate(row, from_attributes=True) for row in receipts],
            links=[self._link(message, one, labels) for one in links],
            replies=await self._replies(session, message.business_id, message.id),
            failure=FailureOut.model_validate(message.failure) if message.failure else None,
            wamid=message.wamid,
            price_category=message.price_category,
            price_type=message.price_type,
            accepted_at=message.accepted_at,
            sent_at=message.sent_at,
            delivered_at=message.delivered_at,
            read_at=message.read_at,
            failed_at=message.failed_at,
        )

    def _link(self, message: Message, clicked: Clicked, labels: Sequence[str]) -> LinkOut:
        """As it was sent, under whichever of our addresses; one that was not, as it would be now."""
        link = clicked.link
        sent = (url for url in message.fill.get("links", ()) if url.endswith(f"/{link.code}"))
        return LinkOut(
            position=link.position,
            label=labels[link.position] if link.position < len(labels) else None,
            url=link.url,
            short_url=next(sent, self._short_links.address(link.code)),
            clicks=clicked.clicks,
            first_clicked_at=clicked.first_clicked_at,
            last_clicked_at=clicked.last_clicked_at,
        )

    async def contact_id(self, business_id: UUID, mode: str, phone: str) -> UUID:
        """Of nobody, for a phone that no contact has."""
        async with self._database.transaction() as session:
            contact = await contacts.find_contact(session, ContactKey(business_id, mode, "phone", phone))
        return contact.id if contact is not None else UUID(int=0)

    async def page(
        self, business_id: UUID, mode: str, filters: Filters, *, cursor: str | None, size: int
    ) -> MessagePage:
        before = read_cursor(cursor) if cursor else None
        async with self._database.transaction() as session:
            rows = await repository.page(session, business_id, mode, filters, before=before, size=size + 1)
            paused = await self._paused(session, business_id)
        shown, next_cursor = page_of(rows, size, lambda one: one.id)
        return MessagePage(
            messages=[MessageSummary(**summary_of(row, paused)) for row in shown],
            next_cursor=next_cursor,
        )

    async def cancel(self, business_id: UUID, mode: str, message_id: UUID) -> MessageSummary:
        """Ends a message that waits, and keeps one that is in doubt from being sent again; one that is canceled already
        stays so. Raises NotFound or TooLate."""
        async with self._database.transaction() as session:
            message = await repository.one_for_update(session, business_id, mode, message_id)
            if message is None:
                raise NotFound("The business has no message with this id.")
            status = Status(message.status)
            if status in WAITING:
                message.status, message.reason = after(status, Event.CANCELED), "canceled"
                message.due_at = message.waiting_for = None
            elif status not in (*IN_DOUBT, Status.CANCELED):
                raise TooLate(f"The message is {status}: it can no longer be stopped.")
            now = self._clock.now()
            if message.stop is None:
                message.stop = "canceled"
                message.decision = [*message.decision, verdict("stop", "cancel", now)]
            if status in WAITING:
                await mark(session, business_id, [message_id])
                move = Move(business_id, message_id, message.mode, status, Status(message.status))
                await telling.tell_in(session, [move], now)
        return MessageSummary(**summary_of(message, {}))

    async def _paused(self, session: AsyncSession, business_id: UUID) -> Paused:
        return {row.id: row.probe_at for row in await accounts.paused_senders(session, business_id)}


async def _labels(session: AsyncSession, message: Message) -> tuple[str, ...]:
    """Of the buttons whose link varies, in their order."""
    if message.template_name is None:
        return tuple(button["label"] for name, button in message.data.items() if name == "link_button")
    sender = await accounts.sender(session, message.business_id, message.sender_id)
    if sender is None:
        return ()
    name, language = message.template_name, message.language
    template = await templates.as_known(session, message.business_id, sender.waba_id, name, language)
    if template is None:
        return ()
    compiled = compile_template(template.components, template.parameter_format)
    return tuple(label for _, label, _ in compiled.url_prefixes)


def _waiting_for(message: Message, paused: Paused) -> dict[str, Any] | None:
    """What holds it back, or holds its sender: a pause touches no message."""
    waits = Status(message.status) in WAITING
    if waits and message.sender_id in paused and message.waiting_for not in ("send_at", "quiet_hours", "pause"):
        return {"what": "sender", "until": paused[message.sender_id]}
    if message.waiting_for is None or message.waiting_for == "sender":  # which is no longer paused
        return None
    return {"what": message.waiting_for, "until": message.due_at}


def summary_of(message: Message, paused: Paused) -> dict[str, Any]:
    """As schemas.MessageSummary."""
    return {
        "id": public_id(MESSAGE_PREFIX, message.id),
        "status": message.status,
        "reason": message.reason,
        "waiting_for": _waiting_for(message, paused),
        "event_type": message.event_type,
        "contact": public_id("con", message.contact_id),
        "to": message.recipient,
        "sender": public_id("snd", message.sender_id),
        "template": message.template_name,
        "template_version": message.template_version,
        "language": message.language,
        "reference": message.reference,
        "metadata": message.meta,
        "created_at": message.created_at,
        "send_at": message.send_at,
        "expires_at": message.expires_at,
        "content_erased_at": message.content_erased_at,
    }
