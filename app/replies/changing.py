"""Edits and deletions: what customers make of their earlier replies, in whatever order Meta tells of them.

An edit or a deletion is a reply of its own, which names the one that it is about. The newest edit is what holds; what
was deleted stays so. What comes before the reply that it is about holds for it as soon as that comes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.callbacks.erasing import erase_words
from app.core.ids import public_id
from app.messages.erasing import forgotten_wamid
from app.messages.windows import REPLY_PREFIX
from app.replies.contents import edited
from app.replies.models import Reply


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is known of a reply before it came."""

    edit: Reply | None = None
    deleted_at: datetime | None = None

    def apply(self, document: Mapping[str, Any]) -> dict[str, Any]:
        if self.deleted_at is not None:
            return {}
        return edited(document, self.edit.payload) if self.edit is not None else dict(document)


async def waiting_for(session: AsyncSession, business_id: UUID, sender_id: UUID, wamid: str | None) -> Waiting:
    if wamid is None:
        return Waiting()
    rows = await _changes_of(session, business_id, sender_id, wamid)
    edits = [one for one in rows if one.type == "edit" and one.payload]
    deletions = [one.occurred_at for one in rows if one.type == "revoke"]
    return Waiting(edits[-1] if edits else None, min(deletions, default=None))


async def _changes_of(session: AsyncSession, business_id: UUID, sender_id: UUID, wamid: str) -> Sequence[Reply]:
    """The oldest first."""
    query = select(Reply).where(
        Reply.business_id == business_id,
        Reply.changes_wamid.in_([wamid, forgotten_wamid(wamid)]),
        Reply.sender_id == sender_id,
    )
    return (await session.scalars(query.order_by(Reply.occurred_at, Reply.id))).all()


async def original(session: AsyncSession, business_id: UUID, sender_id: UUID, wamid: str | None) -> Reply | None:
    """Locked; nothing where it has not come yet."""
    if wamid is None:
        return None
    query = select(Reply).where(
        Reply.business_id == business_id,
        Reply.wamid.in_([wamid, forgotten_wamid(wamid)]),
        Reply.sender_id == sender_id,
    )
    locked = query.with_for_update().execution_options(populate_existing=True)
    return await session.scalar(locked)


async def answered_by(session: AsyncSession, business_id: UUID, sender_id: UUID, wamid: str | None) -> UUID | None:
    """The message that a reply surely answers."""
    if wamid is None:
        return None
    return await session.scalar(
        select(Reply.message_id).where(
            Reply.business_id == business_id,
            Reply.wamid == wamid,
            Reply.sender_id == sender_id,
            Reply.tied_by.in_(["context", "button"]),
        )
    )


def is_overtaken(original: Reply, at: datetime) -> bool:
    """Whether an edit changes nothing any more."""
    return is_gone(original) or (original.edited_at is not None and original.edited_at > at)


def is_gone(original: Reply) -> bool:
    """Taken back, or erased."""
    return original.deleted_at is not None or original.content_erased_at is not None


async def delete(
    session: AsyncSession, business_id: UUID, sender_id: UUID, wamid: str, original: Reply | None, at: datetime
) -> None:
    """The content goes, with that of the edits, and with what was told of them; what the reply was understood to be
    stays, since it may have been acted upon."""
    changes = await _changes_of(session, business_id, sender_id, wamid)
    gone = [*changes, *([original] if original is not None else [])]
    for one in gone:
        one.payload, one.value = {}, None
    if original is not None:
        original.deleted_at = min(original.deleted_at or at, at)
    await session.flush()
    for contact_id in {one.contact_id for one in gone if one.contact_id is not None}:
        await erase_words(session, business_id, contact_id, {public_id(REPLY_PREFIX, one.id) for one in gone})
