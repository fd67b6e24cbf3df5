"""Finding event types, the catalogue's and a business's own, and defining the latter."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.cache import LoadingCache
from app.core.clock import Clock
from app.core.database import Database, Notifications, announce
from app.core.problems import InvalidRequest
from app.events import repository
from app.events.catalogue import catalogue
from app.events.defining import ReadBody, definition_faults
from app.events.errors import EventTypeMissing, TooManyEventTypes
from app.events.event_type import EventType
from app.events.models import OwnEventType
from app.events.own import build_stored
from app.events.repository import StoredType
from app.events.schemas import EventTypeDefinition

log = structlog.get_logger(__name__)

CHANNEL = "ulak_event_types"
"""Notified with a business's id when an event type of it changed."""

OWN_PREFIX = "x-"

OWN_MOST = 200
"""Event types of one business, retired ones included: they are loaded together."""


@dataclass(frozen=True, slots=True)
class BusinessTypes:
    """What a business can report."""

    own: Mapping[str, EventType[Any]]
    retired: frozenset[str]

    def get(self, name: str) -> EventType[Any] | None:
        """Also one that is retired: messages of it may still wait."""
        return self.own.get(name) if name.startswith(OWN_PREFIX) else catalogue().get(name)

    def is_open(self, name: str) -> bool:
        return name not in self.retired


class EventTypes:
    """Event types by name, those of businesses kept in the process until they change."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._businesses: LoadingCache[UUID, BusinessTypes] = LoadingCache(self._load)

    def follow(self, notifications: Notifications) -> None:
        notifications.listen(CHANNEL, self._heard)

    async def of(self, business_id: UUID) -> BusinessTypes:
        found = self._businesses.peek(business_id)
        return found if found is not None else await self._businesses.get(business_id)

    async def find(self, business_id: UUID, name: str) -> EventType[Any] | None:
        """One whose events are taken. Of the catalogue it costs no look into the database."""
        if not name.startswith(OWN_PREFIX):
            return catalogue().get(name)
        found = await self.of(business_id)
        return found.get(name) if found.is_open(name) else None

    async def open(self, business_id: UUID) -> list[EventType[Any]]:
        """All whose events are taken, the catalogue's first."""
        found = await self.of(business_id)
        own = (one for name, one in found.own.items() if found.is_open(name))
        return [*catalogue().values(), *own]

    async def among(
        self, session: AsyncSession, business_id: UUID, names: Collection[str]
    ) -> Mapping[str, EventType[Any]]:
        """Those of these names, in the caller's transaction: whoever has a connection must not wait for another."""
        own = [name for name in names if name.startswith(OWN_PREFIX)]
        stored = await repository.stored(session, business_id, own) if own else []
        known = {name: catalogue()[name] for name in names if name in catalogue()}
        return known | _built(stored)

    def forget(self, business_id: UUID) -> None:
        self._businesses.invalidate(business_id)

    def _heard(self, payload: str | None) -> None:
        if payload is None:
            self._businesses.clear()
        else:
            self.forget(UUID(payload))

    async def _load(self, business_id: UUID) -> BusinessTypes:
        async with self._database.transaction() as session:
            stored = await repository.stored(session, business_id)
        return BusinessTypes(_built(stored), frozenset(one.name for one in stored if one.is_retired))


def _built(stored: Iterable[StoredType]) -> dict[str, EventType[Any]]:
    found: dict[str, EventType[Any]] = {}
    for one in stored:
        try:
            found[one.name] = build_stored(one.name, one.definition)
        except ValidationError as error:
            # Of another version: messages of it wait for that, and the other types are not to suffer.
            log.error("event type not readable", name=one.name, faults=error.error_count())  # noqa: TRY400 - no code of ours failed
    return found


class EventTypeService:
    def __init__(self, database: Database, clock: Clock, event_types: EventTypes, read_body: ReadBody) -> None:
        self._database = database
        self._clock = clock
        self._event_types = event_types
        self._read_body = read_body

    async def one(self, business_id: UUID, name: str) -> OwnEventType:
        """Raises EventTypeMissing."""
        async with self._database.transaction() as session:
            row = await repository.one(session, business_id, name)
        if row is None:
            raise EventTypeMissing("Neither the catalogue nor the business has an event type of this name.")
        _require_readable(row)
        return row

    async def define(self, business_id: UUID, name: str, definition: EventTypeDefinition) -> tuple[OwnEventType, bool]:
        """Creates it, or replaces it from now on, for messages that wait too; one that was retired is taken again. Says
        whether it is new. Raises InvalidRequest or TooManyEventTypes."""
        faults = definition_faults(name, definition, self._read_body)
        if faults:
            raise InvalidRequest.from_faults(faults)
        stored = definition.model_dump(mode="json")
        now = self._clock.now()
        async with self._database.transaction() as session:
            await repository.lock(session, business_id)
            others = [one for one in await repository.stored(session, business_id) if one.name != name]
            _refuse_shared_topic(definition, [*catalogue().values(), *_built(others).values()])
            row = await repository.one(session, business_id, name)
            is_new = row is None
            if row is None:
                if len(others) >= OWN_MOST:
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


def _refuse_shared_topic(definition: EventTypeDefinition, others: Iterable[EventType[Any]]) -> None:
    """Who agreed to hear of an order has not agreed to promotion: no topic may stand for both."""
    promotional = definition.expected_category == "MARKETING"
    for other in others:
        if other.topic == definition.topic and other.is_promotional != promotional:
            kind = "promotional" if other.is_promotional else "not promotional"
            raise InvalidRequest.at("#/topic", "topic_of_another_kind", f"{other.name} has it, which is {kind}")
