"""Storing events for other systems in the transaction in which they came about. What there is to tell, and who reads
it, others know: see `callbacks`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from app.core.database import Connection
from app.core.ids import new_id


@dataclass(frozen=True, slots=True)
class NewEvent:
    business_id: UUID
    mode: str
    type: str
    data: dict[str, Any]
    created_at: datetime
    contact_id: UUID | None = None
    message_id: UUID | None = None


TELL = """
    INSERT INTO callback_events (business_id, id, mode, type, contact_id, message_id, data, created_at)
    SELECT $1, id, mode, type, contact_id, message_id, data::json, created_at
      FROM unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::text[], $8::timestamptz[])
           WITH ORDINALITY AS i(id, mode, type, contact_id, message_id, data, created_at, n)
     ORDER BY n
"""


async def tell_many(connection: Connection, business_id: UUID, events: Sequence[NewEvent]) -> None:
    """In this order; all of one business."""
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
