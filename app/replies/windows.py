"""Until when customers may be answered freely: Meta's customer service window, by number and customer.

A customer's message opens it, or keeps it open, for 24 hours from when Meta got the message. What comes late opens
nothing that is over by then. Source: Meta's pages "Send messages" (customer service windows) and "Pricing".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, case, delete, func
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.consent.identity import Moved
from app.consent.schemas import WindowOut
from app.core.ids import public_id
from app.messages.models import ServiceWindow
from app.messages.windows import REPLY_PREFIX, window_of, windows_of

LASTS = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Opening:
    """A customer's message to a number."""

    business_id: UUID
    sender_id: UUID
    contact_id: UUID
    reply_id: UUID
    at: datetime


async def open_until(
    session: AsyncSession, business_id: UUID, sender_id: UUID, contact_id: UUID, now: datetime
) -> datetime | None:
    """Nothing where no window is open."""
    found = await window_of(session, business_id, sender_id, contact_id)
    return found.expires_at if found is not None and found.is_open(now) else None


async def shown(session: AsyncSession, business_id: UUID, contact_id: UUID, now: datetime) -> list[WindowOut]:
    """As the API shows them, those that are over included."""
    return [
        WindowOut(
            sender=public_id("snd", one.sender_id),
            is_open=one.is_open(now),
            opened_at=one.opened_at,
            expires_at=one.expires_at,
            last_reply=public_id(REPLY_PREFIX, one.last_reply_id),
        )
        for one in sorted(await windows_of(session, business_id, contact_id), key=lambda one: one.sender_id)
    ]


async def extend(session: AsyncSession, opening: Opening, now: datetime) -> datetime | None:
    """Opens the window or keeps it open, never for less long than it is; answers until when, if it is open now."""
    at = min(opening.at, now)
    if at + LASTS <= now:
        return await open_until(session, opening.business_id, opening.sender_id, opening.contact_id, now)
    added = insert(ServiceWindow).values(
        business_id=opening.business_id,
        sender_id=opening.sender_id,
        contact_id=opening.contact_id,
        opened_at=at,
        expires_at=at + LASTS,
        last_reply_id=opening.reply_id,
    )
    return await session.scalar(_joined(added).returning(ServiceWindow.expires_at))


def _joined(added: Insert) -> Insert:
    """With the window that is there: one, where they touch each other; else the later."""
    new, old = added.excluded, ServiceWindow
    return added.on_conflict_do_update(
        index_elements=["business_id", "sender_id", "contact_id"],
        set_={
            "opened_at": case(
                (new.opened_at > old.expires_at, new.opened_at),
                (new.expires_at < old.opened_at, old.opened_at),
                else_=func.least(old.opened_at, new.opened_at),
            ),
            "expires_at": func.greatest(old.expires_at, new.expires_at),
            "last_reply_id": case((new.expires_at >= old.expires_at, new.last_reply_id), else_=old.last_reply_id),
        },
    )


async def move(session: AsyncSession, moved: Moved) -> None:
    """Windows of one person who was known as two become one person's. Another number has not written to us yet: what
    was open to the old one is over."""
    mine = (ServiceWindow.business_id == moved.business_id, ServiceWindow.contact_id == moved.from_contact)
    dropped = delete(ServiceWindow).where(*mine).returning(ServiceWindow)
    rows = (await session.scalars(dropped.execution_options(synchronize_session=False))).all()
    if moved.from_contact == moved.to_contact:
        return
    for row in sorted(rows, key=lambda one: one.sender_id):
        added = insert(ServiceWindow).values(
            business_id=row.business_id,
            sender_id=row.sender_id,
            contact_id=moved.to_contact,
            opened_at=row.opened_at,
            expires_at=row.expires_at,
            last_reply_id=row.last_reply_id,
        )
        await session.execute(_joined(added))


async def forget(session: AsyncSession, business_id: UUID, contact_ids: Sequence[UUID]) -> int:
    """Answers how many."""
    return await _drop(session, business_id, ServiceWindow.contact_id.in_(contact_ids))


async def forget_over(session: AsyncSession, business_id: UUID, before: datetime) -> int:
    """Those that were over before that time; answers how many."""
    return await _drop(session, business_id, ServiceWindow.expires_at < before)


async def _drop(session: AsyncSession, business_id: UUID, which: ColumnElement[bool]) -> int:
    mine = delete(ServiceWindow).where(ServiceWindow.business_id == business_id, which)
    gone = await session.execute(mine.execution_options(synchronize_session=False))
    found: int = gone.rowcount  # type: ignore[attr-defined] # of every result of a change
    return found
