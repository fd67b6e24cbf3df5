"""Queries of the conversions that the API shows, and what changes of them by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.analytics.conversions.models import Conversion
from app.consent.repository import ids_of_person


@dataclass(frozen=True, slots=True)
class Filters:
    types: Sequence[str] = ()
    attributed: bool | None = None
    attributed_by: Sequence[str] = ()
    event_type: str | None = None
    message_id: UUID | None = None
    contact_id: UUID | None = None
    references: Sequence[str] = ()
    canceled: bool | None = None
    occurred_from: datetime | None = None
    occurred_to: datetime | None = None


async def one(
    session: AsyncSession, business_id: UUID, mode: str, conversion_id: UUID, *, lock: bool = False
) -> Conversion | None:
    found = await session.get(Conversion, (business_id, conversion_id), with_for_update=lock or None)
    return found if found is not None and found.mode == mode else None


async def by_ids(session: AsyncSession, business_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, Conversion]:
    query = select(Conversion).where(Conversion.business_id == business_id, Conversion.id.in_(ids))
    return {row.id: row for row in await session.scalars(query)}


async def page(
    session: AsyncSession, business_id: UUID, mode: str, filters: Filters, *, before: UUID | None, size: int
) -> Sequence[Conversion]:
    """The last that was reported first, from just before the id that the last page ended with."""
    query = select(Conversion).where(
        Conversion.business_id == business_id, Conversion.mode == mode, *_chosen(business_id, filters)
    )
    if before is not None:
        query = query.where(Conversion.id < before)
    return (await session.scalars(query.order_by(Conversion.id.desc()).limit(size))).all()


def _chosen(business_id: UUID, filters: Filters) -> list[ColumnElement[bool]]:
    exact = {
        Conversion.event_type: filters.event_type,
        Conversion.message_id: filters.message_id,
    }
    chosen = [column == value for column, value in exact.items() if value is not None]
    any_of = {
        Conversion.type: filters.types,
        Conversion.attributed_by: filters.attributed_by,
        Conversion.reference: filters.references,
    }
    chosen += [column.in_(values) for column, values in any_of.items() if values]
    is_set = {Conversion.message_id: filters.attributed, Conversion.canceled_at: filters.canceled}
    chosen += [
        column.is_not(None) if wanted else column.is_(None) for column, wanted in is_set.items() if wanted is not None
    ]
    if filters.contact_id is not None:
        chosen.append(Conversion.contact_id.in_(ids_of_person(business_id, filters.contact_id)))
    if filters.occurred_from is not None:
        chosen.append(Conversion.occurred_at >= filters.occurred_from)
    if filters.occurred_to is not None:
        chosen.append(Conversion.occurred_at < filters.occurred_to)
    return chosen


async def of_contacts(session: AsyncSession, business_id: UUID, contact_ids: Sequence[UUID]) -> Sequence[Conversion]:
    """Oldest first."""
    query = select(Conversion).where(Conversion.business_id == business_id, Conversion.contact_id.in_(contact_ids))
    return (await session.scalars(query.order_by(Conversion.id))).all()


async def between(session: AsyncSession, business_id: UUID, after: UUID, before: UUID, most: int) -> Sequence[UUID]:
    """Ids from after one to before another, the oldest first, locked."""
    query = select(Conversion.id).where(
        Conversion.business_id == business_id, Conversion.id > after, Conversion.id < before
    )
    return (await session.scalars(query.order_by(Conversion.id).limit(most).with_for_update())).all()


async def forget_metadata(session: AsyncSession, business_id: UUID, ids: Sequence[UUID], now: datetime) -> int:
    """What the business wrote beside them; how they count stays."""
    forgotten = await session.execute(
        update(Conversion)
        .where(Conversion.business_id == business_id, Conversion.id.in_(ids), Conversion.content_erased_at.is_(None))
        .values(meta=None, content_erased_at=now)
        .execution_options(synchronize_session=False)
    )
    found: int = forgotten.rowcount  # type: ignore[attr-defined] # of every result of a change
    return found
