"""Storing what customers write, tap and change: tied to the message that it answers, understood, told, and with the
window that it opens; in the transaction of the webhook that brought it, and once, however often Meta tells of it."""

import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, BigInteger, Text, cast, func, literal, select
from sqlalchemy.dialects.postgresql import JSON, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount, SenderAccount
from app.consent.models import Contact
from app.core.ids import new_id
from app.core.marks import mark
from app.events.service import BusinessTypes, EventTypes
from app.messages.erasing import forgotten_wamid
from app.messages.follow_ups import REQUEST
from app.messages.models import Message
from app.replies import changing, windows
from app.replies.contents import Content, content_of, document_of, edited, original_of
from app.replies.models import Reply
from app.replies.telling import tell
from app.replies.tying import Tie, tie
from app.replies.understanding import NOTHING_ASKED, Asked, Understood, Wish, understood
from app.replies.whose import contact_of, names_of
from app.whatsapp.webhook_items import InboundItem

Key = tuple[UUID, str]
"""Business and Meta's id."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """The business that was written to, as far as it must be known before the transaction: whoever waits in one for
    another connection may wait for ever."""

    business: BusinessAccount
    types: BusinessTypes


@dataclass(frozen=True, slots=True)
class Arrived:
    """What a webhook brought."""

    addressee: Addressee
    sender: SenderAccount
    item: InboundItem
    wish: Wish | None = None
    """About our messages, which was heard in it."""
    wish_of_request: Wish | None = None
    """That it is where it answers a request to confirm an opt-in."""
    is_doubtful: bool = False
    """Whether the customer is to be asked, as far as one may, what was meant."""

    @property
    def key(self) -> Key:
        return self.sender.business_id, self.item.wamid


@dataclass(frozen=True, slots=True)
class Stored:
    new: frozenset[Key]
    erased: frozenset[Key]
    """Those that were erased since they came first: they may neither come back nor be answered."""


AnswerAutomatically = Callable[
    [AsyncSession, Reply, Message | None, BusinessAccount, SenderAccount, Contact | None, datetime],
    Awaitable[UUID | None],
]
"""Tells the customer something at once, in answer to a reply, where the business wants that."""

ChangeNumber = Callable[[Arrived], Awaitable[None]]
"""Brings the customer's names up to date, where an item says that they are others now. Given by the floor above."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """Something new, and everything around it."""

    arrived: Arrived
    document: Mapping[str, Any]
    content: Content
    contact: Contact | None
    now: datetime

    @property
    def item(self) -> InboundItem:
        return self.arrived.item

    @property
    def types(self) -> BusinessTypes:
        return self.arrived.addressee.types


class ReplyRecorder:
    def __init__(
        self,
        event_types: EventTypes,
        tied_within: timedelta,
        not_opening: Collection[str],
        answer: AnswerAutomatically,
    ) -> None:
        """`tied_within`: how long after a message an answer that names none is taken to be one to it. `not_opening`:
        types that open no window."""
        self._event_types = event_types
        self._tied_within = tied_within
        self._not_opening = frozenset(not_opening)
        self._answer = answer

    async def addressee(self, business: BusinessAccount) -> Addressee:
        return Addressee(business, await self._event_types.of(business.business_id))

    async def record(
        self, session: AsyncSession, arrived: Sequence[Arrived], change_number: ChangeNumber, now: datetime
    ) -> Stored:
        """In the order of time, which is the same in all transactions: two bodies may tell of the same replies, and who
        changes the number is somebody else before it."""
        ordered = sorted(arrived, key=lambda one: (one.key[0], one.item.at, one.item.wamid))
        documents = {id(one): document_of(one.item.raw) for one in ordered}
        await _wait_for_each_other(session, [(one, documents[id(one)]) for one in ordered])
        known, erased = await _known(session, ordered)
        new: set[Key] = set()
        for one in ordered:
            if one.key not in known | erased | new and await self._store(
                session, one, documents[id(one)], change_number, now
            ):
                new.add(one.key)
        return Stored(frozenset(new), frozenset(erased))

    async def _store(
        self,
        session: AsyncSession,
        arrived: Arrived,
        document: Mapping[str, Any],
        change_number: ChangeNumber,
        now: datetime,
    ) -> bool:
        contact = await contact_of(session, arrived.addressee.business, arrived.sender, arrived.item, now)
        heard = _Heard(arrived, document, content_of(document), contact, now)
        if arrived.item.type in ("edit", "revoke"):
            return await self._store_change(session, heard)
        if arrived.item.renamed is not None:
            await change_number(arrived)
        return await self._store_reply(session, heard)

    async def _store_reply(self, session: AsyncSession, heard: _Heard) -> bool:
        item, sender = heard.item, heard.arrived.sender
        found = await self._tie(session, heard)
        waiting = await changing.waiting_for(session, sender.business_id, sender.id, item.wamid)
        payload, content, kind = None, heard.content, item.type
        if waiting.edit is not None or waiting.deleted_at is not None:
            document = waiting.apply(heard.document)
            payload, content = orjson.dumps(document).decode(), content_of(document)
            kind = str(document.get("type", item.type))
        meant = _meant(heard, kind, content, found)
        reply = await _insert(
            session,
            heard,
            found,
            meant,
            payload,
            type=kind,
            edited_at=waiting.edit.occurred_at if waiting.edit is not None else None,
            deleted_at=waiting.deleted_at,
        )
        if reply is None:
            return False
        until = await self._window(session, heard, reply)
        if waiting.deleted_at is None:
            _tell(session, replace(heard, content=content), reply, found, until)
            await self._answer_back(session, heard, found, reply)
        return True

    async def _answer_back(self, session: AsyncSession, heard: _Heard, found: Tie | None, reply: Reply) -> None:
        """Never to a wish about our messages, which is answered, or asked about, by itself."""
        arrived = heard.arrived
        message = found.message if found is not None else None
        is_of_request = message is not None and message.event_type == REQUEST and arrived.wish_of_request is not None
        if arrived.wish is None and not is_of_request and not arrived.is_doubtful:
            await self._answer(
                session, reply, message, arrived.addressee.business, arrived.sender, heard.contact, heard.now
            )

    async def _tie(self, session: AsyncSession, heard: _Heard) -> Tie | None:
        contact_id = heard.contact.id if heard.contact is not None else None
        sender, item = heard.arrived.sender, heard.item
        return await tie(session, sender, contact_id, item, heard.content, heard.types, self._tied_within)

    async def _store_change(self, session: AsyncSession, heard: _Heard) -> bool:
        sender, wamid = heard.arrived.sender, original_of(heard.document)
        original = await changing.original(session, sender.business_id, sender.id, wamid)
        found = await _tie_of(session, original)
        if heard.item.type == "edit":
            return await self._store_edit(session, heard, original, found)
        reply = await _insert(session, heard, found, Understood("deleted"), changes_wamid=wamid)
        if reply is None:
            return False
        is_news = original is None or original.deleted_at is None
        if wamid is not None:
            await changing.delete(session, sender.business_id, sender.id, wamid, original, heard.item.at)
        until = await self._window(session, heard, reply)
        if is_news:
            _tell(session, heard, reply, found, until, changes=original)
        return True

    async def _store_edit(
        self, session: AsyncSession, heard: _Heard, original: Reply | None, found: Tie | None
    ) -> bool:
        sender, item, wamid = heard.arrived.sender, heard.item, original_of(heard.document)
        if original is not None:
            is_gone, is_late = changing.is_gone(original), changing.is_overtaken(original, item.at)
        else:
            waiting = await changing.waiting_for(session, sender.business_id, sender.id, wamid)
            is_gone = is_late = waiting.deleted_at is not None
        meant = _of_edit(heard, found)
        if original is not None and not is_late:
            document = edited(original.payload, heard.document)
            original.payload, original.type = document, str(document.get("type", original.type))
            original.kind, original.value, original.edited_at = meant.kind, meant.value, item.at
            if original.message_id is not None:
                await mark(session, original.business_id, [original.message_id])
        payload, value = ("{}", None) if is_gone else (None, {"kind": meant.kind, "value": meant.value})
        reply = await _insert(session, heard, found, Understood("edited", value), payload, changes_wamid=wamid)
        if reply is None:
            return False
        until = await self._window(session, heard, reply)
        if not is_late:
            _tell(session, heard, reply, found, until, changes=original)
        return True

    async def _window(self, session: AsyncSession, heard: _Heard, reply: Reply) -> datetime | None:
        if heard.contact is None:
            return None
        sender, contact_id = heard.arrived.sender, heard.contact.id
        if heard.item.type in self._not_opening:
            return await windows.open_until(session, sender.business_id, sender.id, contact_id, heard.now)
        opening = windows.Opening(sender.business_id, sender.id, contact_id, reply.id, reply.occurred_at)
        return await windows.extend(session, opening, heard.now)


def _tell(
    session: AsyncSession,
    heard: _Heard,
    reply: Reply,
    found: Tie | None,
    until: datetime | None,
    changes: Reply | None = None,
) -> None:
    tell(
        session,
        reply,
        text=heard.content.text,
        contact=heard.contact,
        message=found.message if found is not None else None,
        changes=changes,
        window_expires_at=until,
    )


async def _wait_for_each_other(session: AsyncSession, arrived: Sequence[tuple[Arrived, Mapping[str, Any]]]) -> None:
    """Whoever stores a reply, or what changes it, has it to itself: neither may miss the other. And has the customers
    to itself who wrote: they are taken in the order of time, in which bodies may have them crosswise."""
    named = {
        f"reply {one.sender.business_id} {wamid}"
        for one, document in arrived
        for wamid in (one.item.wamid, original_of(document))
        if wamid is not None
    } | {f"customer {one.sender.business_id} {name}" for one, _ in arrived for name in names_of(one.item)}
    keys = func.unnest(cast(sorted(named), ARRAY(Text))).column_valued("key")
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(keys, cast(0, BigInteger)))))


async def _known(session: AsyncSession, arrived: Sequence[Arrived]) -> tuple[set[Key], set[Key]]:
    """Those that came before, and those that were erased since."""
    by_business: dict[UUID, set[str]] = {}
    for one in arrived:
        by_business.setdefault(one.key[0], set()).add(one.item.wamid)
    known: set[Key] = set()
    erased: set[Key] = set()
    for business_id, wamids in by_business.items():
        hashed = {forgotten_wamid(wamid): wamid for wamid in wamids}
        query = select(Reply.wamid).where(Reply.business_id == business_id, Reply.wamid.in_([*wamids, *hashed]))
        for wamid in await session.scalars(query):
            if wamid in hashed:
                erased.add((business_id, hashed[wamid]))
            else:
                known.add((business_id, wamid))
    return known, erased


def _meant(heard: _Heard, kind: str, content: Content, found: Tie | None) -> Understood:
    if heard.item.renamed is not None:
        return Understood("number_changed")
    if found is None:
        return understood(kind, content, heard.arrived.wish, NOTHING_ASKED)
    wish = heard.arrived.wish
    if found.message.event_type == REQUEST:
        wish = wish or heard.arrived.wish_of_request
    return understood(kind, content, wish, asked_by(found.message, heard.types))


def _of_edit(heard: _Heard, found: Tie | None) -> Understood:
    """What the earlier reply is since the edit."""
    kind = edited({}, heard.document).get("type", "other")
    return _meant(heard, str(kind), heard.content, found)


def asked_by(message: Message, types: BusinessTypes) -> Asked:
    event_type = types.get(message.event_type)
    if event_type is None:
        return NOTHING_ASKED
    texts = message.fill.get("texts", {}).values()
    numbers = frozenset(number.lstrip("0") for text in texts for number in _NUMBER.findall(text))
    return Asked(event_type.expects, event_type.meanings, event_type.rating_most, numbers)


_NUMBER = re.compile(r"\d+")


async def _tie_of(session: AsyncSession, original: Reply | None) -> Tie | None:
    """Of what it changes."""
    if original is None or original.message_id is None or original.tied_by is None:
        return None
    message = await session.get(Message, (original.business_id, original.message_id))
    return Tie(message, original.tied_by) if message is not None else None


async def _insert(
    session: AsyncSession,
    heard: _Heard,
    found: Tie | None,
    meant: Understood,
    payload: str | None = None,
    **more: Any,
) -> Reply | None:
    """Nothing where somebody was faster. `payload`: where it is not as it came."""
    item, sender = heard.item, heard.arrived.sender
    added = insert(Reply).values(
        business_id=sender.business_id,
        id=new_id(),
        mode=sender.mode,
        sender_id=sender.id,
        contact_id=heard.contact.id if heard.contact is not None else None,
        message_id=found.message.id if found is not None else None,
        tied_by=found.by if found is not None else None,
        wamid=item.wamid,
        type=more.pop("type", item.type),
        kind=meant.kind,
        value=meant.value,
        from_wa_id=item.from_wa_id,
        from_user_id=item.from_user_id,
        occurred_at=item.at,
        received_at=heard.now,
        # As a text: not every JSON number fits Python's.
        payload=cast(literal(payload if payload is not None else item.raw.decode(), Text), JSON),
        **more,
    )
    stored = added.on_conflict_do_nothing(index_elements=["business_id", "wamid"]).returning(Reply)
    reply = (await session.scalars(stored)).one_or_none()
    if reply is not None and reply.message_id is not None:
        await mark(session, reply.business_id, [reply.message_id])
    return reply
