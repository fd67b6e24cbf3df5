"""What was delivered to an endpoint and what was not; and sending it again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.callbacks.claiming import CHANNEL
from app.callbacks.endpoint_schemas import (
    Attempt,
    DeliveryDetail,
    DeliveryOut,
    DeliveryPage,
    DeliveryStatus,
    ParkedReason,
    ReplayIn,
)
from app.callbacks.endpoints import catch_up, required
from app.callbacks.errors import DeliveryMissing, EndpointDisabled, TooManyEvents
from app.callbacks.lanes import let_next_go
from app.callbacks.models import ENDPOINT_TEST, CallbackDelivery, CallbackEndpoint, CallbackEvent
from app.callbacks.schemas import EVENT_PREFIX
from app.core.clock import Clock
from app.core.cursors import page_of, read_cursor
from app.core.database import Connection, Database, announce, driver_of
from app.core.ids import public_id

MOST_REPLAYED = 100_000
"""Events in one request."""

_WANTED = """
    SELECT id, sequence, contact_id FROM callback_events e
     WHERE e.business_id = $1 AND e.mode = $3 AND e.created_at >= $4 AND e.created_at < $5
       AND ($6::text[] IS NULL OR e.type = ANY($6)) AND ($7::text[] IS NULL OR e.type = ANY($7)) AND e.type <> $8
       AND NOT EXISTS (SELECT FROM callback_deliveries d
                        WHERE d.business_id = $1 AND d.endpoint_id = $2 AND d.event_id = e.id
                          AND (d.status = 'pending' OR (d.status = 'delivered' AND NOT $9::bool)))
"""
"""What is on its way is left alone."""

COUNT_WANTED = f"SELECT count(*) FROM ({_WANTED} LIMIT $10) w"  # noqa: S608 - nothing of it is given

_SEND_AGAIN = """
    ON CONFLICT (business_id, endpoint_id, event_id) DO UPDATE
       SET status = 'pending', parked_reason = NULL, due_at = EXCLUDED.due_at, lease_until = NULL,
           first_attempt_at = NULL, retries = 0, ended_at = NULL
     WHERE callback_deliveries.status <> 'pending'
"""

REPLAY = f"""
    WITH again AS (
        INSERT INTO callback_deliveries
               (business_id, endpoint_id, event_id, sequence, contact_id, status, created_at, due_at)
        SELECT $1, $2, w.id, w.sequence, w.contact_id, 'pending', $10,
               CASE WHEN w.contact_id IS NULL THEN $10::timestamptz END
          FROM ({_WANTED}) w
        {_SEND_AGAIN}
        RETURNING contact_id)
    SELECT count(*) AS events, array_agg(DISTINCT contact_id) FILTER (WHERE contact_id IS NOT NULL) AS contacts
      FROM again
"""  # noqa: S608 - nothing of it is given

REPLAY_ONE = f"""
    INSERT INTO callback_deliveries
           (business_id, endpoint_id, event_id, sequence, contact_id, status, created_at, due_at)
    SELECT $1, $2, id, sequence, contact_id, 'pending', $5, CASE WHEN contact_id IS NULL THEN $5::timestamptz END
      FROM callback_events WHERE business_id = $1 AND mode = $3 AND id = $4
    {_SEND_AGAIN}
"""  # noqa: S608 - nothing of it is given

HURRY = """
    UPDATE callback_deliveries SET due_at = $4
     WHERE business_id = $1 AND endpoint_id = $2 AND event_id = $3 AND status = 'pending' AND due_at > $4
       AND lease_until IS NULL
"""
"""One that would be tried again later."""


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    status: str | None = None
    type: str | None = None
    contact_id: UUID | None = None
    message_id: UUID | None = None


class Deliveries:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def page(
        self,
        business_id: UUID,
        mode: str,
        endpoint_id: UUID,
        wanted: DeliveryFilter,
        *,
        cursor: str | None,
        size: int,
    ) -> DeliveryPage:
        """Newest first. Raises EndpointMissing or InvalidRequest."""
        before = read_cursor(cursor) if cursor else None
        query = _deliveries(business_id, endpoint_id)
        if before is not None:
            query = query.where(CallbackDelivery.event_id < before)
        if wanted.status is not None:
            query = query.where(CallbackDelivery.status == wanted.status)
        if wanted.type is not None:
            query = query.where(CallbackEvent.type == wanted.type)
        if wanted.contact_id is not None:
            query = query.where(CallbackEvent.contact_id == wanted.contact_id)
        if wanted.message_id is not None:
            query = query.where(CallbackEvent.message_id == wanted.message_id)
        async with self._database.transaction() as session:
            await required(session, business_id, mode, endpoint_id)
            ordered = query.order_by(CallbackDelivery.event_id.desc()).limit(size + 1)
            rows = (await session.execute(ordered)).all()
        told, next_cursor = page_of(rows, size, lambda one: one.CallbackDelivery.event_id)
        return DeliveryPage(
            deliveries=[DeliveryOut(**self._out(row)) for row in told],
            next_cursor=next_cursor,
        )

    async def one(self, business_id: UUID, mode: str, endpoint_id: UUID, event_id: UUID) -> DeliveryDetail:
        """Raises EndpointMissing or DeliveryMissing."""
        async with self._database.transaction() as session:
            await required(session, business_id, mode, endpoint_id)
            return await self._one(session, business_id, endpoint_id, event_id)

    async def replay_one(self, business_id: UUID, mode: str, endpoint_id: UUID, event_id: UUID) -> DeliveryDetail:
        """Any event of the business, also of a type that the endpoint does not get by itself. Raises EndpointMissing,
        EndpointDisabled or DeliveryMissing."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            connection = await self._ready(session, business_id, mode, endpoint_id, now)
            await connection.execute(REPLAY_ONE, business_id, endpoint_id, mode, event_id, now)
            await connection.execute(HURRY, business_id, endpoint_id, event_id, now)
            found = await self._row(session, business_id, endpoint_id, event_id)
            contact_id = found.CallbackDelivery.contact_id
            await let_next_go(connection, business_id, endpoint_id, [contact_id], now)
            session.expire_all()
            return await self._one(session, business_id, endpoint_id, event_id)

    async def replay(self, business_id: UUID, mode: str, endpoint_id: UUID, wanted: ReplayIn) -> int:
        """Answers how many events are sent. Raises EndpointMissing, EndpointDisabled or TooManyEvents."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            connection = await self._ready(session, business_id, mode, endpoint_id, now)
            types = (await session.get_one(CallbackEndpoint, (business_id, endpoint_id))).types
            asked = (
                business_id,
                endpoint_id,
                mode,
                wanted.since,
                wanted.until,
                types,
                wanted.types,
                ENDPOINT_TEST,
                wanted.only == "all",
            )
            if await connection.fetchval(COUNT_WANTED, *asked, MOST_REPLAYED + 1) > MOST_REPLAYED:
                raise TooManyEvents(f"At most {MOST_REPLAYED} at once: give a shorter period.")
            done = await connection.fetchrow(REPLAY, *asked, now)
            assert done is not None  # noqa: S101 - a count is always answered
            await let_next_go(connection, business_id, endpoint_id, done["contacts"] or [], now)
        events: int = done["events"]
        return events

    async def _ready(
        self, session: AsyncSession, business_id: UUID, mode: str, endpoint_id: UUID, now: datetime
    ) -> Connection:
        """The endpoint held, with everything before what is sent again already in its place, and not resting."""
        row = await required(session, business_id, mode, endpoint_id, lock=True)
        if row.disabled_at is not None:
            raise EndpointDisabled("Enable it first.")
        await catch_up(session, row, now)
        row.retry_at = None  # a person says that it is well again
        await session.flush()
        await announce(session, CHANNEL, business_id)
        return await driver_of(session)

    async def _one(self, session: AsyncSession, business_id: UUID, endpoint_id: UUID, event_id: UUID) -> DeliveryDetail:
        row = await self._row(session, business_id, endpoint_id, event_id)
        attempts = [Attempt.model_validate(one) for one in row.CallbackDelivery.attempts]
        return DeliveryDetail(**self._out(row), attempts=attempts)

    async def _row(self, session: AsyncSession, business_id: UUID, endpoint_id: UUID, event_id: UUID) -> Row[Any]:
        query = _deliveries(business_id, endpoint_id).where(CallbackDelivery.event_id == event_id)
        row = (await session.execute(query)).one_or_none()
        if row is None:
            raise DeliveryMissing
        return row

    def _out(self, row: Row[Any]) -> dict[str, Any]:
        """As DeliveryOut."""
        one: CallbackDelivery = row.CallbackDelivery
        is_pending = one.status == "pending"
        is_being_sent = is_pending and one.lease_until is not None and one.lease_until > self._clock.now()
        status: DeliveryStatus = one.status  # type: ignore[assignment] # one of these, by a constraint
        reason: ParkedReason | None = one.parked_reason  # type: ignore[assignment] # one of these, by a constraint
        return {
            "event": public_id(EVENT_PREFIX, one.event_id),
            "type": row.type,
            "contact": public_id("con", one.contact_id) if one.contact_id is not None else None,
            "message": public_id("msg", row.message_id) if row.message_id is not None else None,
            "created_at": row.created_at,
            "status": status,
            "parked_reason": reason,
            "is_being_sent": is_being_sent,
            "waits_for_earlier": is_pending and one.due_at is None and not is_being_sent,
            "next_attempt_at": one.due_at if not is_being_sent else None,
            "attempt_count": one.attempt_count,
            "ended_at": one.ended_at,
        }


def _deliveries(business_id: UUID, endpoint_id: UUID) -> Any:
    """With what is told of their events."""
    is_its_event = (CallbackEvent.business_id == CallbackDelivery.business_id) & (
        CallbackEvent.id == CallbackDelivery.event_id
    )
    return (
        select(CallbackDelivery, CallbackEvent.type, CallbackEvent.message_id, CallbackEvent.created_at)
        .join(CallbackEvent, is_its_event)
        .where(CallbackDelivery.business_id == business_id, CallbackDelivery.endpoint_id == endpoint_id)
    )
