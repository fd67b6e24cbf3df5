"""Finding event types, the catalogue's and a business's own, and defining the latter."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any
from uuid import UUID

import orjson
import structlog
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.consent.rules import ALL_TOPICS, MARKETING
from app.core.cache import LoadingCache, dropping
from app.core.clock import Clock
from app.core.database import Database, Notifications, announce
from app.core.ids import parse_id
from app.core.problems import InvalidRequest
from app.events import repository
from app.events.catalogue import catalogue
from app.events.defining import ReadBody, definition_faults
from app.events.errors import EventTypeMissing, TooManyEventTypes
from app.events.event_type import EventType
from app.events.models import OwnEventType
from app.events.own import build_stored
from app.events.reply import REPLY
from app.events.repository import StoredType
from app.events.schemas import EventTypeDefinition
from app.media.schemas import MEDIA_PREFIX
from app.media.service import MediaLibrary

log = structlog.get_logger(__name__)

CHANNEL = "ulak_event_types"
"""Notified with a business's id when an event type of it changed."""

OWN_PREFIX = "x-"

_BUSINESSES_MOST = 2_000
"""Whose types are kept in the process."""

OWN_MOST = 200
"""Event types of one business, retired ones included: they are loaded together."""


class BusinessTypes:
    """What a business can report. A type of its own is made when it is first asked for, which takes milliseconds."""

    def __init__(
        self, stored: Iterable[StoredType] = (), built: Mapping[str, EventType[Any] | None] = MappingProxyType({})
    ) -> None:
        self._stored = {one.name: one for one in stored}
        self._built = {**built}
        """Nothing for what another version defined."""

    def renewed(self, stored: Sequence[StoredType]) -> "BusinessTypes":
        """With these, of which those are not made anew whose definition is still the same."""
        same = [one for one in stored if one.name in self._built]
        same = [one for one in same if self._stored[one.name].definition == one.definition]
        return BusinessTypes(stored, {one.name: self._built[one.name] for one in same})

    @property
    def own(self) -> Iterable[str]:
        """Names of its own types, retired ones included."""
        return self._stored.keys()

    @cached_property
    def topics(self) -> frozenset[str]:
        """Of the catalogue and of its own types, retired ones included, and those that stand for several: what acts of
        consent may be about."""
        own = (orjson.loads(one.definition).get("topic") for one in self._stored.values())
        return frozenset({*(one.topic for one in catalogue().values()), *own, ALL_TOPICS, MARKETING})

    def get(self, name: str) -> EventType[Any] | None:
        """Also one that is retired, since messages of it may still wait; and that of answers, which nobody reports."""
        if not name.startswith(OWN_PREFIX):
            return catalogue().get(name) or (REPLY if name == REPLY.name else None)
        stored = self._stored.get(name)
        if stored is None:
            return None
        if name not in self._built:
            self._built[name] = _built(stored)
        return self._built[name]

    def is_open(self, name: str) -> bool:
        return name not in self._stored or not self._stored[name].is_retired


class EventTypes:
    """Event types by name, those of businesses kept in the process until they change."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._businesses: LoadingCache[UUID, BusinessTypes] = LoadingCache(self._load, most=_BUSINESSES_MOST)
        self._last: dict[UUID, BusinessTypes] = {}
        """What was loaded, however long ago: most of it has not changed."""

    def follow(self, notifications: Notifications) -> None:
        notifications.listen(CHANNEL, dropping(self._businesses))

    async def of(self, business_id: UUID) -> BusinessTypes:
        found = self._businesses.peek(business_id)
        return found if found is not None else await self._businesses.get(business_id)

    async def topics(self, business_id: UUID) -> frozenset[str]:
        return (await self.of(business_id)).topics

    async def find(self, business_id: UUID, name: str) -> EventType[Any] | None:
        """One whose events are taken. Of the catalogue it costs no look into the database."""
        if not name.startswith(OWN_PREFIX):
            return catalogue().get(name)
        found = await self.of(business_id)
        return found.get(name) if found.is_open(name) else None

    async def open(self, business_id: UUID) -> list[EventType[Any]]:
        """All whose events are taken, the catalogue's first."""
        found = await self.of(business_id)
        own: list[EventType[Any]] = []
        for name in found.own:
            if found.is_open(name) and (event_type := found.get(name)) is not None:
                own.append(event_type)
                await asyncio.sleep(0)  # others have their turn between types that are made
        return [*catalogue().values(), *own]

    async def among(
        self, session: AsyncSession, business_id: UUID, names: Collection[str]
    ) -> Mapping[str, EventType[Any]]:
        """Those of these names, in the caller's transaction: whoever has a connection must not wait for another."""
        own = [name for name in names if name.startswith(OWN_PREFIX)]
        stored = await repository.stored(session, business_id, own) if own else []
        found = self._last.get(business_id, BusinessTypes()).renewed(stored)
        return {name: event_type for name in names if (event_type := found.get(name)) is not None}

    def forget(self, business_id: UUID) -> None:
        self._businesses.invalidate(business_id)

    async def _load(self, business_id: UUID) -> BusinessTypes:
        async with self._database.transaction() as session:
            stored = await repository.stored(session, business_id)
        if len(self._last) >= _BUSINESSES_MOST:
            self._last.clear()
        found = self._last[business_id] = self._last.get(business_id, BusinessTypes()).renewed(stored)
        return found


def _built(stored: StoredType) -> EventType[Any] | None:
    try:
        return build_stored(stored.name, stored.definition)
    except ValidationError as error:
        # Of another version: messages of it wait for that, and the other types are not to suffer.
        log.error("event type not readable", name=stored.name, faults=error.error_count())  # noqa: TRY400 - no code of ours failed
        return None


class EventTypeService:
    def __init__(
        self, database: Database, clock: Clock, event_types: EventTypes, read_body: ReadBody, library: MediaLibrary
    ) -> None:
        self._database = database
        self._clock = clock
        self._event_types = event_types
        self._read_body = read_body
        self._library = library

    async def one(self, business_id: UUID, name: str) -> OwnEventType:
        """Raises EventTypeMissing."""
        async with self._database.transaction() as session:
            row = await repository.one(session, business_id, name)
        if row is None:
            raise EventTypeMissing
        _require_readable(row)
        return row

    async def define(self, business_id: UUID, name: str, definition: EventTypeDefinition) -> tuple[OwnEventType, bool]:
        """Creates it, or replaces it from now on, for messages that wait too; one that was retired is taken again. Says
        whether it is new. Raises InvalidRequest or TooManyEventTypes."""
        faults = definition_faults(name, definition, self._read_body)
        if faults:
            raise InvalidRequest.from_faults(faults)
        await self._check_sample(business_id, definition)
        stored = definition.model_dump(mode="json")
        now = self._clock.now()
        async with self._database.transaction() as session:
            await repository.lock(session, business_id)
            row = await repository.one(session, business_id, name)
            is_new = row is None
            if row is None:
                if await repository.count(session, business_id) >= OWN_MOST:
                    raise TooManyEventTypes(f"At most {OWN_MOST}, retired ones included: replace one of those.")
                row = OwnEventType(business_id=business_id, name=name, definition=stored, revision=1)
                row.created_at = row.updated_at = now
                session.add(row)
            elif row.definition != stored:
                row.definition, row.revision, row.updated_at = stored, row.revision + 1, now
            row.retired_at = None
            await announce(session, CHANNEL, business_id)
        self._event_types.forget(business_id)
        return row, is_new

    async def _check_sample(self, business_id: UUID, definition: EventTypeDefinition) -> None:
        """Of either kind of key: one template is for both. Raises InvalidRequest."""
        media = definition.media
        media_id = parse_id(MEDIA_PREFIX, media.sample) if media is not None and media.sample is not None else None
        if media is None or media_id is None:
            return
        file = await self._library.head(business_id, media_id)
        if file is None:
            raise InvalidRequest.at("#/media/sample", "unknown_media", "is not a file of this business")
        if file.kind != media.format.lower():
            raise InvalidRequest.at("#/media/sample", "media_kind", f"is no {media.format.lower()}, but a {file.kind}")

    async def retire(self, business_id: UUID, name: str) -> OwnEventType:
        """From now on no event of it is taken. Raises EventTypeMissing."""
        async with self._database.transaction() as session:
            await repository.lock(session, business_id)
            row = await repository.one(session, business_id, name)
            if row is None:
                raise EventTypeMissing("The business has defined no event type of this name.")
            _require_readable(row)
            row.retired_at = row.retired_at or self._clock.now()
            await announce(session, CHANNEL, business_id)
        self._event_types.forget(business_id)
        return row


def _require_readable(row: OwnEventType) -> None:
    """Raises EventTypeMissing for what another version wrote."""
    try:
        EventTypeDefinition.model_validate(row.definition)
    except ValidationError as error:
        raise EventTypeMissing("Another version of Ulak defined it: define it anew to use it with this one.") from error
