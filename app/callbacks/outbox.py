"""Storing what the business is to be told, in the transaction in which it came about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from app.callbacks.models import CallbackEvent
from app.core.ids import new_id

CONSENT_CHANGED = "consent.changed"
EXPERIMENT_DECIDED = "experiment.decided"
"""A variant of a template goes to all from now on, or to nobody."""
IMPORT_FINISHED = "import.finished"
"""A list is recorded: one event for all of it, instead of one for each of its opt-ins."""
MESSAGE_HANDED_OVER = "message.handed_over"
"""A customer prefers another channel than WhatsApp: the business is to tell them what the message says."""

TEMPLATE_CHANGED = "template.changed"
"""Meta made something else of a template, or a person did."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    business_id: UUID
    mode: str
    type: str
    data: dict[str, Any]
    created_at: datetime
    contact_id: UUID | None = None
    message_id: UUID | None = None


def tell(session: AsyncSession, event: NewEvent) -> None:
    session.add(
        CallbackEvent(
            business_id=event.business_id,
            id=new_id(),
            mode=event.mode,
            type=event.type,
            contact_id=event.contact_id,
            message_id=event.message_id,
            data=event.data,
            created_at=event.created_at,
        )
    )


TELL = """
    INSERT INTO callback_events (business_id, id, mode, type, contact_id, message_id, data, created_at)
    SELECT $1, id, mode, type, contact_id, message_id, data::json, created_at
      FROM unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::text[], $8::timestamptz[])
        AS i(id, mode, type, contact_id, message_id, data, created_at)
"""


async def tell_many(
    connection: asyncpg.pool.PoolConnectionProxy, business_id: UUID, events: Sequence[NewEvent]
) -> None:
    """The same on the hot path; all of one business."""
    await connection.execute(
        TELL,
        business_id,
        [new_id() for _ in events],
        [event.mode for event in events],
        [event.type for event in events],
        [event.contact_id for event in events],
        [event.message_id for event in events],
        [orjson.dumps(event.data).decode() for event in events],
        [event.created_at for event in events],
    )
