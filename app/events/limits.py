"""Event types that only the contacts of a test list get, as long as somebody has limited them so."""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.consent.test_lists import Limit, TestLists
from app.core.cache import LoadingCache, dropping
from app.core.database import Database, Notifications, announce
from app.core.problems import InvalidRequest, NotFound
from app.events.catalogue import catalogue
from app.events.models import EventTypeLimit, OwnEventType

CHANNEL = "ulak_event_type_limits"
"""Notified with a business's id when a limit of it was set or lifted."""

_UNLIMITED: Mapping[str, Limit] = MappingProxyType({})
_NO_NAMES: Mapping[str, str] = MappingProxyType({})


class EventTypeLimits:
    def __init__(self, database: Database, test_lists: TestLists) -> None:
        self._database = database
        self._test_lists = test_lists
        self._names: LoadingCache[UUID, dict[str, dict[str, str]]] = LoadingCache(self._load)

    def follow(self, notifications: Notifications) -> None:
        notifications.listen(CHANNEL, dropping(self._names))

    async def names(self, business_id: UUID, mode: str) -> Mapping[str, str]:
        """Test list by limited event type, from this process's memory."""
        found = self._names.peek(business_id)
        if found is None:
            found = await self._names.get(business_id)
        return found.get(mode, _NO_NAMES)

    async def by_type(self, business_id: UUID, mode: str) -> Mapping[str, Limit]:
        names = await self.names(business_id, mode)
        if not names:
            return _UNLIMITED
        lists = {name: await self._test_lists.named(business_id, mode, name) for name in set(names.values())}
        # A list that is gone before we have heard that its limit is: until then nobody is on it.
        return {event_type: lists[name] or Limit(name, frozenset()) for event_type, name in names.items()}

    async def named(self, business_id: UUID, mode: str, test_list: str) -> Limit | None:
        """What one request may ask for by itself."""
        return await self._test_lists.named(business_id, mode, test_list)

    async def _load(self, business_id: UUID) -> dict[str, dict[str, str]]:
        """By mode."""
        query = select(EventTypeLimit).where(EventTypeLimit.business_id == business_id)
        found: dict[str, dict[str, str]] = {}
        async with self._database.transaction() as session:
            for row in await session.scalars(query):
                found.setdefault(row.mode, {})[row.event_type] = row.test_list
        return found

    async def limit(self, business_id: UUID, mode: str, event_type: str, test_list: str) -> None:
        """Raises NotFound for an unknown event type, InvalidRequest for an unknown list."""
        row = insert(EventTypeLimit).values(
            business_id=business_id, mode=mode, event_type=event_type, test_list=test_list
        )
        row = row.on_conflict_do_update(
            index_elements=["business_id", "mode", "event_type"],
            set_={"test_list": row.excluded.test_list, "since": row.excluded.since},
            where=EventTypeLimit.test_list != row.excluded.test_list,
        )
        try:
            async with self._database.transaction() as session:
                await _require_known(session, business_id, event_type)
                await session.execute(row)
                await announce(session, CHANNEL, business_id)
        except IntegrityError as error:
            raise unknown_test_list() from error
        self._names.invalidate(business_id)

    async def lift(self, business_id: UUID, mode: str, event_type: str) -> None:
        """Raises NotFound for an event type that is neither limited nor known."""
        async with self._database.transaction() as session:
            row = await session.get(EventTypeLimit, (business_id, mode, event_type))
            if row is not None:
                await session.delete(row)
            else:
                await _require_known(session, business_id, event_type)
            await announce(session, CHANNEL, business_id)
        self._names.invalidate(business_id)


def unknown_test_list() -> InvalidRequest:
    message = "is not a test list of this business and kind of key"
    return InvalidRequest.at("#/test_list", "unknown_test_list", message)


async def _require_known(session: AsyncSession, business_id: UUID, event_type: str) -> None:
    if event_type not in catalogue() and await session.get(OwnEventType, (business_id, event_type)) is None:
        raise NotFound("There is no such event type.")
