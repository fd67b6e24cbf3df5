"""The feed: what the business is told, read by the business at its own pace."""

import asyncio
import base64
import binascii
import struct
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from app.callbacks import repository
from app.callbacks.interest import ON_DEMAND
from app.callbacks.models import CallbackEvent
from app.callbacks.repository import BEGINNING, Position
from app.callbacks.schemas import EVENT_PREFIX
from app.core.database import Database
from app.core.ids import public_id
from app.core.problems import FieldError, InvalidRequest

_LOOK_AGAIN = 0.5
"""Seconds between two looks of who waits: an event may be seen long after its commit, when nothing announces it, since
the feed stops before the oldest transaction that still runs."""

_LAST_ID = UUID(int=2**128 - 1)

_FORM = struct.Struct(">Q16s")


class Feeds:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(
        self, business_id: UUID, mode: str, after: str | None, *, types: Sequence[str], most: int
    ) -> dict[str, Any]:
        """As schemas.Feed, but as it is stored: what a newer version tells is not held back by an older one.
        Raises InvalidRequest."""
        position = _read(after) if after else BEGINNING
        async with self._database.transaction() as session:
            hidden = ON_DEMAND.difference(await repository.feed_types(session, business_id))
            if not hidden.isdisjoint(types):
                raise _not_in_feed(sorted(hidden.intersection(types)))
            horizon = await repository.horizon(session)
            found = await repository.events_after(
                session, business_id, mode, position, before=horizon, types=types, hidden=hidden, most=most + 1
            )
        events = found[:most]
        if len(found) > most:
            position = Position(events[-1].transaction, events[-1].id)
        else:
            # Everything before the horizon was looked through, events of other types included.
            position = max(position, Position(horizon - 1, _LAST_ID))
        return {
            "events": [_shown(one) for one in events],
            "next": _written(position),
            "is_complete": len(found) <= most,
        }

    async def follow(
        self,
        read: Callable[[], Awaitable[dict[str, Any]]],
        *,
        seconds: float,
        is_left: Callable[[], Awaitable[bool]],
    ) -> dict[str, Any]:
        """Reads until there is something, the time is over, or whoever asked has left."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while True:
            feed = await read()
            left = until - loop.time()
            if feed["events"] or left <= 0 or await is_left():
                return feed
            await asyncio.sleep(min(_LOOK_AGAIN, left))


def _shown(event: CallbackEvent) -> dict[str, Any]:
    return {
        "id": public_id(EVENT_PREFIX, event.id),
        "type": event.type,
        "created_at": event.created_at,
        "data": event.data,
    }


def _written(position: Position) -> str:
    raw = _FORM.pack(position.transaction, position.event_id.bytes)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _read(after: str) -> Position:
    """Only ever a place in the caller's own feed. Raises InvalidRequest."""
    try:
        transaction, event_id = _FORM.unpack(base64.b64decode(after + "=" * (-len(after) % 4), b"-_", validate=True))
    except (ValueError, binascii.Error, struct.error) as error:
        raise _no_position() from error
    if transaction >= 2**63:
        raise _no_position()
    return Position(transaction, UUID(bytes=event_id))


def _no_position() -> InvalidRequest:
    fault = FieldError(parameter="after", code="cursor", message="is not a place in this feed")
    return InvalidRequest.from_faults([fault])


def _not_in_feed(types: Sequence[str]) -> InvalidRequest:
    message = f"the feed does not have {', '.join(types)}: name them in feed_types of the business first"
    return InvalidRequest.from_faults([FieldError(parameter="types", code="not_in_feed", message=message)])
