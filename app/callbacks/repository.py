"""Queries about what the business is told."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import BigInteger, Text, cast, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Business
from app.callbacks.models import CallbackEvent

FORGET_EVENTS = "DELETE FROM callback_events WHERE created_at < $1"


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """In the order of the feed: events are read up to here."""

    transaction: int
    event_id: UUID


BEGINNING = Position(0, UUID(int=0))


async def horizon(session: AsyncSession) -> int:
    """The oldest transaction that still runs. Those before it have ended: whatever they stored is seen from now on, and
    nothing will ever be added to it."""
    oldest = func.pg_snapshot_xmin(func.pg_current_snapshot())
    return (await session.scalars(select(cast(cast(oldest, Text), BigInteger)))).one()


async def feed_types(session: AsyncSession, business_id: UUID) -> Sequence[str]:
    """Of the events on demand, those that stand in the business's feed."""
    return await session.scalar(select(Business.feed_types).where(Business.business_id == business_id)) or ()


async def events_after(
    session: AsyncSession,
    business_id: UUID,
    mode: str,
    position: Position,
    *,
    before: int,
    types: Collection[str],
    hidden: Collection[str],
    most: int,
) -> Sequence[CallbackEvent]:
    """`before`: the horizon, asked for earlier in the same transaction. `hidden`: types that are stored for others."""
    order = tuple_(CallbackEvent.transaction, CallbackEvent.id)
    query = select(CallbackEvent).where(
        CallbackEvent.business_id == business_id,
        CallbackEvent.mode == mode,
        order > (position.transaction, position.event_id),
        CallbackEvent.transaction < before,
    )
    if types:
        query = query.where(CallbackEvent.type.in_(types))
    elif hidden:
        query = query.where(CallbackEvent.type.not_in(hidden))
    return (await session.scalars(query.order_by(CallbackEvent.transaction, CallbackEvent.id).limit(most))).all()
