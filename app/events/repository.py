"""Every query about event types of businesses' own."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Text, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Business
from app.core.ids import public_id
from app.events.models import OwnEventType
from app.media.schemas import MEDIA_PREFIX

__all__ = ["OwnEventType"]


@dataclass(frozen=True, slots=True)
class StoredType:
    name: str
    definition: str
    """JSON, as the database writes it."""
    is_retired: bool


async def stored(
    session: AsyncSession, business_id: UUID, names: Collection[str] | None = None
) -> Sequence[StoredType]:
    """The business's, or those of these names."""
    columns = (OwnEventType.name, cast(OwnEventType.definition, Text), OwnEventType.retired_at.is_not(None))
    query = select(*columns).where(OwnEventType.business_id == business_id).order_by(OwnEventType.name)
    if names is not None:
        query = query.where(OwnEventType.name.in_(names))
    return [StoredType(name, text, is_retired) for name, text, is_retired in await session.execute(query)]


async def count(session: AsyncSession, business_id: UUID) -> int:
    """Of all types of the business, retired ones included."""
    query = select(func.count()).select_from(OwnEventType).where(OwnEventType.business_id == business_id)
    return (await session.execute(query)).scalar_one()


async def one(session: AsyncSession, business_id: UUID, name: str) -> OwnEventType | None:
    return await session.get(OwnEventType, (business_id, name))


async def shown_by(session: AsyncSession, business_id: UUID, media_id: UUID) -> str | None:
    """Of the event types whose template shows a file one, for people; retired ones included, for they may return."""
    query = select(OwnEventType.name).where(
        OwnEventType.business_id == business_id,
        OwnEventType.definition["media"]["sample"].as_string() == public_id(MEDIA_PREFIX, media_id),
    )
    found = (await session.scalars(query.order_by(OwnEventType.name).limit(1))).one_or_none()
    return f"the event type {found} shows it" if found is not None else None


async def lock(session: AsyncSession, business_id: UUID) -> None:
    """Until the end of the transaction nobody else changes an event type of this business."""
    query = select(Business.business_id).where(Business.business_id == business_id)
    await session.execute(query.with_for_update(key_share=True))
