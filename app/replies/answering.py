"""Answering customers by hand: what the business writes back, and that it has read what they wrote."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from pydantic import BaseModel, Field
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount, Caller, Directory, SenderAccount
from app.accounts.errors import SenderMissing, UnknownSender
from app.consent import holdings
from app.consent import repository as contacts
from app.consent.models import Contact
from app.consent.phones import PhoneError
from app.consent.repository import ContactKey
from app.core.clock import Clock
from app.core.database import Database
from app.core.ids import parse_id, public_id
from app.core.problems import InvalidRequest
from app.media.schemas import MEDIA_PREFIX
from app.media.service import MediaLibrary
from app.messages import free_accept
from app.messages.erasing import forgotten_wamid
from app.messages.errors import IdempotencyMismatch
from app.messages.free_accept import FreeMessage, KeyTaken, recipient_of
from app.messages.free_schemas import AnswerIn
from app.messages.models import IdempotencyKey, Message
from app.messages.short_links import ShortLinks
from app.messages.submission import Answer, repeated
from app.messages.windows import REPLY_PREFIX, Window, window_of, windows_of
from app.replies import repository
from app.replies.alternatives import Alternatives
from app.replies.errors import NotMarked, ReplyGone, WindowClosed, no_such_reply
from app.replies.models import Reply
from app.templates.errors import MetaUnreachable
from app.whatsapp.client import GraphClient, GraphUnreachableError
from app.whatsapp.errors import GraphError

log = structlog.get_logger(__name__)


class ReplyRead(BaseModel):
    """That the customer was told that their message was read."""

    reply: str = Field(examples=["rep_019a8f3c2b7d7c31a4e5f60718293a4b"])
    marked_read_at: datetime = Field(description="When first")


@dataclass(frozen=True, slots=True)
class _Addressed:
    """Who is to be answered, by which number, and what they wrote."""

    contact: Contact
    sender: SenderAccount
    window: Window | None
    reply: Reply | None


class _Closed(Exception):
    """The window is; and all that is to be said of it."""

    def __init__(self, addressed: _Addressed, consents: Mapping[str, str], answered: str | None) -> None:
        super().__init__()
        self.sender, self.window, self.language = addressed.sender, addressed.window, addressed.contact.language
        self.consents, self.answered = consents, answered


class Answering:
    def __init__(
        self,
        database: Database,
        directory: Directory,
        library: MediaLibrary,
        alternatives: Alternatives,
        short_links: ShortLinks,
        graph: GraphClient,
        clock: Clock,
    ) -> None:
        self._database = database
        self._directory = directory
        self._library = library
        self._alternatives = alternatives
        self._short_links = short_links
        self._graph = graph
        self._clock = clock

    async def send(self, caller: Caller, body: AnswerIn, key: str | None, fingerprint: bytes) -> Answer:
        """Returns after the commit. Raises Problem."""
        stored = await self._stored(caller, key, fingerprint) if key is not None else None
        if stored is not None:
            return stored
        business = await self._directory.required(caller.business_id)
        own_name = await self._check_file(caller, body)
        try:
            async with self._database.transaction() as session:
                addressed = await self._addressed(session, caller, business, body)
                answer = await self._take(session, business, addressed, body, own_name)
                if key is not None:
                    await free_accept.keep(session, caller, key, fingerprint, answer, self._clock.now())
        except _Closed as closed:
            alternatives = await self._alternatives.of(
                caller,
                business,
                closed.sender,
                consents=closed.consents,
                language=closed.language,
                answered=closed.answered,
            )
            raise WindowClosed(closed.window, alternatives) from None
        except KeyTaken:
            stored = await self._stored(caller, key or "", fingerprint)
            if stored is None:
                raise  # forgotten since: what was made here was rolled back, so it is no answer
            return stored
        if body.mark_read and addressed.reply is not None:
            await self._try_to_mark(addressed.sender, addressed.reply)
        return answer

    async def _stored(self, caller: Caller, key: str, fingerprint: bytes) -> Answer | None:
        """What an earlier request with the key was answered with. Raises IdempotencyMismatch."""
        async with self._database.transaction() as session:
            row = await session.get(IdempotencyKey, (caller.business_id, caller.mode, key))
        if row is None:
            return None
        answer = repeated(Answer(row.answer, row.location, replayed=True), row.fingerprint, fingerprint)
        if isinstance(answer, IdempotencyMismatch):
            raise answer
        return answer

    async def _check_file(self, caller: Caller, body: AnswerIn) -> str | None:
        """Whether its file is the caller's and of the kind that it is to be; its name. Raises InvalidRequest."""
        found = body.file()
        if found is None or found[2].media is None:
            return None
        place, kind, file = found
        media_id = parse_id(MEDIA_PREFIX, file.media or "")
        head = await self._library.head(caller.business_id, media_id) if media_id is not None else None
        if head is None or head.mode != caller.mode:
            message = "is not a file of this business and kind of key"
            raise InvalidRequest.at(f"#/{place}/media", "unknown_media", message)
        if head.kind != kind:
            raise InvalidRequest.at(f"#/{place}/media", "media_kind", f"is no {kind}, but a {head.kind}")
        return head.name

    async def _addressed(
        self, session: AsyncSession, caller: Caller, business: BusinessAccount, body: AnswerIn
    ) -> _Addressed:
        """Raises Problem."""
        to = body.to
        if to.reply is not None:
            reply_id = parse_id(REPLY_PREFIX, to.reply)
            reply = await repository.reply(session, caller.business_id, caller.mode, reply_id) if reply_id else None
            if reply is None:
                message = "is no reply to this business and kind of key"
                raise InvalidRequest.at("#/to/reply", "unknown_reply", message)
            who = ContactKey(caller.business_id, caller.mode, "id", str(reply.contact_id))
            contact = await _reachable(session, who, "#/to/reply") if reply.contact_id is not None else None
            sender = business.sender(caller.mode, reply.sender_id)
            if contact is None:
                raise InvalidRequest.at("#/to/reply", "contact_gone", "is of nobody who can be written to")
            if sender is None:
                raise UnknownSender.at("#/to/reply", "unknown_sender", "came to a number that is no sender any more")
            window = await window_of(session, caller.business_id, sender.id, contact.id)
            return _Addressed(contact, sender, window, reply)
        contact = await _reachable(session, _key(caller, business, to.contact or ""), "#/to/contact")
        if to.sender is not None:
            sender = business.sender(caller.mode, parse_id("snd", to.sender))
            if sender is None:
                message = "is not a sender of this business and kind of key"
                raise UnknownSender.at("#/to/sender", "unknown_sender", message)
            window = await window_of(session, caller.business_id, sender.id, contact.id)
            return _Addressed(contact, sender, window, None)
        for window in await windows_of(session, caller.business_id, contact.id):
            if (sender := business.sender(caller.mode, window.sender_id)) is not None:
                return _Addressed(contact, sender, window, None)
        first = business.sender(caller.mode)
        if first is None:
            raise SenderMissing(f"Connect a WhatsApp number first: ulak senders add --mode {caller.mode}")
        return _Addressed(contact, first, None, None)

    async def _take(
        self,
        session: AsyncSession,
        business: BusinessAccount,
        addressed: _Addressed,
        body: AnswerIn,
        own_name: str | None,
    ) -> Answer:
        """Raises Problem or _Closed."""
        now, window, reply = self._clock.now(), addressed.window, addressed.reply
        if window is None or not window.is_open(now):
            raise await _closed(session, addressed)
        if body.expires_at is not None and not now < body.expires_at <= window.expires_at:
            bounds = f"must lie between now and the end of the window, {window.expires_at.isoformat()}"
            raise InvalidRequest.at("#/expires_at", "outside_window", bounds)
        quotes = None
        if body.quote and reply is not None:
            if reply.deleted_at is not None or _is_erased(reply):
                raise InvalidRequest.at("#/quote", "reply_gone", "is not possible: the reply is gone")
            quotes = reply.wamid
        answers: dict[str, Any] = {"reply": public_id(REPLY_PREFIX, reply.id)} if reply is not None else {}
        free = FreeMessage(
            business,
            addressed.sender,
            addressed.contact,
            window,
            body.free_form(own_name=own_name, quotes=quotes),
            asked={**body.stored(), **answers, **({"quote": True} if body.quote else {})},
            answered=reply.id if reply is not None else None,
            expires_at=body.expires_at,
            reference=body.reference,
            metadata=body.metadata,
        )
        return free_accept.answer_of(await free_accept.take(session, free, self._short_links, now))

    async def mark_read(self, caller: Caller, reply_id: UUID, *, typing: bool) -> ReplyRead:
        """Once, however often it is asked for; typing shows each time. Raises Problem."""
        business = await self._directory.required(caller.business_id)
        async with self._database.transaction() as session:
            reply = await repository.reply(session, caller.business_id, caller.mode, reply_id)
        if reply is None:
            raise no_such_reply()
        if reply.marked_read_at is not None and not typing:
            return _read(reply, reply.marked_read_at)
        if _is_erased(reply):
            raise ReplyGone("Meta's id of it was erased with its content.")
        sender = business.sender(caller.mode, reply.sender_id)
        if sender is None:
            raise SenderMissing("The number that it came to is no sender any more.")
        try:
            return _read(reply, await self._mark(sender, reply, typing=typing))
        except GraphError as error:
            raise NotMarked(f"Meta's error {error.code}: {error.details or error.message}") from error
        except GraphUnreachableError as error:
            raise MetaUnreachable(str(error)) from error

    async def _try_to_mark(self, sender: SenderAccount, reply: Reply) -> None:
        """The answer goes out, whatever comes of it."""
        if reply.marked_read_at is not None or _is_erased(reply):
            return
        try:
            await self._mark(sender, reply, typing=False)
        except (GraphError, GraphUnreachableError) as error:
            log.warning("reply not marked as read", reply=public_id(REPLY_PREFIX, reply.id), error=type(error).__name__)

    async def _mark(self, sender: SenderAccount, reply: Reply, *, typing: bool) -> datetime:
        """Since when it is. Of a chat Meta marks all that came before, too."""
        await self._graph.mark_read(sender.access, sender.phone_number_id, reply.wamid, typing=typing)
        now = self._clock.now()
        mine = (Reply.business_id == reply.business_id, Reply.marked_read_at.is_(None))
        its = [Reply.id == reply.id]
        if reply.contact_id is not None:
            its = [
                Reply.contact_id == reply.contact_id,
                Reply.sender_id == reply.sender_id,
                Reply.occurred_at <= reply.occurred_at,
            ]
        ordered = select(Reply.id).where(*mine, *its).order_by(Reply.id).with_for_update()
        async with self._database.transaction() as session:
            ids = (await session.scalars(ordered)).all()
            await session.execute(
                update(Reply)
                .where(Reply.business_id == reply.business_id, Reply.id.in_(ids))
                .values(marked_read_at=now)
                .execution_options(synchronize_session=False)
            )
        return reply.marked_read_at or now


def _key(caller: Caller, business: BusinessAccount, named: str) -> ContactKey:
    """Raises InvalidRequest."""
    contact_id = parse_id("con", named)
    if contact_id is not None:
        return ContactKey(caller.business_id, caller.mode, "id", str(contact_id))
    try:
        return ContactKey.of(caller.business_id, caller.mode, _Phone(named), business.country)
    except PhoneError as error:
        raise InvalidRequest.at("#/to/contact", "contact", "is neither a contact's id nor a phone") from error


@dataclass(frozen=True, slots=True)
class _Phone:
    phone: str | None
    bsuid: str | None = None


async def _reachable(session: AsyncSession, key: ContactKey, pointer: str) -> Contact:
    """Raises InvalidRequest."""
    contact = await contacts.find_contact(session, key)
    if contact is None or contact.ended_at is not None or recipient_of(contact) is None:
        raise InvalidRequest.at(pointer, "contact_gone", "is of nobody who can be written to")
    return contact


async def _closed(session: AsyncSession, addressed: _Addressed) -> _Closed:
    contact, reply = addressed.contact, addressed.reply
    if reply is None and addressed.window is not None:
        reply = await session.get(Reply, (contact.business_id, addressed.window.last_reply_id))
    answered = None
    if reply is not None and reply.message_id is not None:
        message = await session.get(Message, (contact.business_id, reply.message_id))
        answered = message.event_type if message is not None else None
    return _Closed(addressed, await holdings.states(session, contact.business_id, contact.id), answered)


def _is_erased(reply: Reply) -> bool:
    return reply.content_erased_at is not None or forgotten_wamid(reply.wamid) == reply.wamid


def _read(reply: Reply, at: datetime) -> ReplyRead:
    return ReplyRead(reply=public_id(REPLY_PREFIX, reply.id), marked_read_at=at)
