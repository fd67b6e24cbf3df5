"""What rarely changes and is asked for on every request, kept in the process until somebody says that it changed."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar
from uuid import UUID

Key = TypeVar("Key")
Value = TypeVar("Value")


class LoadingCache(Generic[Key, Value]):
    """Loads a missing value once, however many ask for it together.

    Values are dropped by `invalidate` (told by a notification) and, in case a notification was missed, after
    `time_to_live` seconds. A value whose loading began before an invalidation is handed out but not kept.
    """

    def __init__(
        self, load: Callable[[Key], Awaitable[Value]], *, time_to_live: float = 30.0, most: int = 10_000
    ) -> None:
        self._load = load
        self._time_to_live = time_to_live
        self._most = most
        self._kept: dict[Key, tuple[float, Value]] = {}
        self._loading: dict[Key, asyncio.Task[Value]] = {}

    def peek(self, key: Key) -> Value | None:
        """The value if it is at hand: for hot paths, where awaiting costs more than looking."""
        kept = self._kept.get(key)
        return kept[1] if kept is not None and kept[0] > time.monotonic() else None

    async def get(self, key: Key) -> Value:
        kept = self._kept.get(key)
        if kept is not None and kept[0] > time.monotonic():
            return kept[1]
        task = self._loading.get(key)
        if task is None:
            task = self._loading[key] = asyncio.create_task(self._fetch(key))
        # One caller that goes away must not take the value from the others.
        return await asyncio.shield(task)

    async def _fetch(self, key: Key) -> Value:
        task = asyncio.current_task()
        try:
            value = await self._load(key)
        finally:
            current = self._loading.get(key) is task
            if current:
                del self._loading[key]
        if current:
            if len(self._kept) >= self._most:
                self._kept.clear()
            self._kept[key] = (time.monotonic() + self._time_to_live, value)
        return value

    def invalidate(self, key: Key) -> None:
        self._kept.pop(key, None)
        self._loading.pop(key, None)

    def clear(self) -> None:
        self._kept.clear()
        self._loading.clear()


def dropping(cache: LoadingCache[UUID, Any]) -> Callable[[str | None], None]:
    """For a notification with a business's id: drops what is kept of that one, and of all where none is named."""

    def heard(business_id: str | None) -> None:
        if business_id is None:
            cache.clear()
        else:
            cache.invalidate(UUID(business_id))

    return heard
