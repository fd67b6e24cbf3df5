"""The body of a callback: an event as the feed has it, or several in an envelope."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from app.callbacks.schemas import EVENT_PREFIX
from app.core.ids import public_id

BATCH = "events.batch"
BATCH_PREFIX = "bat"


@dataclass(frozen=True, slots=True)
class StoredEvent:
    id: UUID
    type: str
    created_at: datetime
    data: str
    """JSON as it is stored: what a newer version tells is not held back by an older one."""


@dataclass(frozen=True, slots=True)
class Payload:
    id: str
    """The same whenever the same is sent."""
    body: bytes


def payload_of(events: Sequence[StoredEvent], *, is_batch: bool) -> Payload:
    if not is_batch:
        (event,) = events
        return Payload(public_id(EVENT_PREFIX, event.id), orjson.dumps(_shown(event)))
    digest = hashlib.sha256(b"".join(event.id.bytes for event in events))
    envelope = {
        "type": BATCH,
        "timestamp": events[-1].created_at,
        "data": {"events": [_shown(event) for event in events]},
    }
    return Payload(f"{BATCH_PREFIX}_{digest.hexdigest()[:32]}", orjson.dumps(envelope))


def _shown(event: StoredEvent) -> dict[str, object]:
    return {
        "id": public_id(EVENT_PREFIX, event.id),
        "type": event.type,
        "timestamp": event.created_at,
        "created_at": event.created_at,
        "data": orjson.Fragment(event.data),
    }
