"""Queries about what the business is told."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Text, cast, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Business
from app.callbacks.models import ENDPOINT_TEST, CallbackEvent
from app.core.database import driver_of

FORGET_EVENTS = """
    WITH gone AS (
        DELETE FROM callback_events e
         WHERE e.created_at < $1
           AND NOT EXISTS (
               SELECT FROM callback_endpoints c
                 JOIN callback_deliveries d ON d.business_id = c.business_id AND d.endpoint_id = c.id
                WHERE c.business_id = e.business_id AND d.event_id = e.id AND d.status = 'pending')
        RETURNING e.business_id, e.id)
    DELETE FROM callback_deliveries d
     USING gone g JOIN callback_endpoints c ON c.business_id = g.business_id
     WHERE d.business_id = g.business_id AND d.endpoint_id = c.id AND d.event_id = g.id
"""
"""Each with its deliveries, once none of them is pending."""


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
        CallbackEvent.type != ENDPOINT_TEST,
    )
    if types:
        query = query.where(CallbackEvent.type.in_(types))
    elif hidden:
        query = query.where(CallbackEvent.type.not_in(hidden))
    return (await session.scalars(query.order_by(CallbackEvent.transaction, CallbackEvent.id).limit(most))).all()


PARK_PENDING = """
    UPDATE callback_deliveries
       SET status = 'parked', parked_reason = 'endpoint_disabled', ended_at = $3, due_at = NULL, lease_until = NULL
     WHERE business_id = $1 AND endpoint_id = $2 AND status = 'pending'
"""


async def park_pending(session: AsyncSession, business_id: UUID, endpoint_id: UUID, now: datetime) -> None:
    """What no longer goes to a disabled endpoint, whose row is held."""
    connection = await driver_of(session)
    await connection.execute(PARK_PENDING, business_id, endpoint_id, now)
