"""Queries of the replies that the API shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.consent.models import Contact
from app.consent.repository import ids_of_person
from app.messages.models import Message, ServiceWindow
from app.replies.models import Reply


@dataclass(frozen=True, slots=True)
class Filters:
    kinds: Sequence[str] = ()
    types: Sequence[str] = ()
    contact_id: UUID | None = None
    message_id: UUID | None = None
    sender_id: UUID | None = None
    event_type: str | None = None
    reference: str | None = None
    is_unread: bool | None = None
    first_id: UUID | None = None
    """Ids carry the time at which a reply came: a range of time is a range of ids."""
    last_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A reply, and what it is shown with."""

    reply: Reply
    message: Message | None
    window: ServiceWindow | None
    changes: UUID | None
    """The reply that it is about."""


async def reply(session: AsyncSession, business_id: UUID, mode: str, reply_id: UUID) -> Reply | None:
    found = await session.get(Reply, (business_id, reply_id))
    return found if found is not None and found.mode == mode else None


async def one(session: AsyncSession, business_id: UUID, mode: str, reply_id: UUID) -> Found | None:
    found = await reply(session, business_id, mode, reply_id)
    return (await _with_more(session, business_id, [found]))[0] if found is not None else None


async def page(
    session: AsyncSession, business_id: UUID, mode: str, filters: Filters, *, before: UUID | None, size: int
) -> list[Found]:
    """Newest first, from just before the id that the last page ended with."""
    query = select(Reply).where(Reply.business_id == business_id, Reply.mode == mode, *_chosen(business_id, filters))
    if before:
        query = query.where(Reply.id < before)
    of_message = _of_message(filters)
    if of_message:
        answered = and_(Message.business_id == Reply.business_id, Message.id == Reply.message_id)
        query = query.join(Message, answered).where(Message.business_id == business_id, *of_message)
    rows = (await session.scalars(query.order_by(Reply.id.desc()).limit(size))).all()
    return await _with_more(session, business_id, rows)


def _chosen(business_id: UUID, filters: Filters) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = []
    if filters.kinds:
        chosen.append(Reply.kind.in_(filters.kinds))
    if filters.types:
        chosen.append(Reply.type.in_(filters.types))
    if filters.contact_id is not None:
        chosen.append(Reply.contact_id.in_(ids_of_person(business_id, filters.contact_id)))
    if filters.message_id is not None:
        chosen.append(Reply.message_id == filters.message_id)
    if filters.sender_id is not None:
        chosen.append(Reply.sender_id == filters.sender_id)
    if filters.is_unread is not None:
        chosen.append(Reply.marked_read_at.is_(None) if filters.is_unread else Reply.marked_read_at.is_not(None))
    if filters.first_id is not None:
        chosen.append(Reply.id >= filters.first_id)
    if filters.last_id is not None:
        chosen.append(Reply.id < filters.last_id)
    return chosen


def _of_message(filters: Filters) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = []
    if filters.event_type is not None:
        chosen.append(Message.event_type == filters.event_type)
    if filters.reference is not None:
        chosen.append(Message.reference == filters.reference)
    return chosen


async def of_message(session: AsyncSession, business_id: UUID, message_id: UUID) -> Sequence[Reply]:
    """Oldest first."""
    query = select(Reply).where(Reply.business_id == business_id, Reply.message_id == message_id)
    return (await session.scalars(query.order_by(Reply.occurred_at, Reply.id))).all()


async def _with_more(session: AsyncSession, business_id: UUID, replies: Sequence[Reply]) -> list[Found]:
    message_ids = {one.message_id for one in replies if one.message_id is not None}
    query = select(Message).where(Message.business_id == business_id, Message.id.in_(message_ids))
    messages = {one.id: one for one in (await session.scalars(query)).all()} if message_ids else {}
    windows = await _windows(session, business_id, {one.contact_id for one in replies if one.contact_id is not None})
    wamids = {one.changes_wamid for one in replies if one.changes_wamid is not None}
    named = select(Reply.wamid, Reply.id).where(Reply.business_id == business_id, Reply.wamid.in_(wamids))
    originals = {row.wamid: row.id for row in await session.execute(named)} if wamids else {}
    return [
        Found(
            one,
            messages.get(one.message_id) if one.message_id is not None else None,
            windows.get((one.sender_id, one.contact_id)) if one.contact_id is not None else None,
            originals.get(one.changes_wamid) if one.changes_wamid is not None else None,
        )
        for one in replies
    ]


async def _windows(
    session: AsyncSession, business_id: UUID, contact_ids: set[UUID]
) -> dict[tuple[UUID, UUID], ServiceWindow]:
    """By number and contact; of one that was merged into another, that other's."""
    now = func.coalesce(Contact.successor_id, Contact.id)
    is_theirs = and_(ServiceWindow.business_id == Contact.business_id, ServiceWindow.contact_id == now)
    query = select(Contact.id, ServiceWindow).join(ServiceWindow, is_theirs)
    mine = query.where(Contact.business_id == business_id, Contact.id.in_(contact_ids))
    rows = await session.execute(mine) if contact_ids else ()
    return {(window.sender_id, contact_id): window for contact_id, window in rows}
