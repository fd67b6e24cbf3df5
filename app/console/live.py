"""What changed, told to the pages that are open: names alone, by which they fetch anew what they show.

One look for all who watch the same business, every few seconds, beside what PostgreSQL notifies of. Who is told too
much fetches something once too often; who was told too little, as after a lost connection, is told everything.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import structlog

from app.accounts.directory import CHANNEL as ACCOUNTS_CHANNEL
from app.accounts.models import Mode
from app.callbacks.claiming import CHANNEL as CALLBACKS_CHANNEL
from app.console.sessions import CHANNEL as SESSIONS_CHANNEL
from app.console.sessions import Session, Sessions
from app.core.database import UNAVAILABLE, Notifications
from app.core.serving import stopping
from app.templates.book import CHANNEL as TEMPLATES_CHANNEL

log = structlog.get_logger(__name__)

FIGURES_CHANNEL = "ulak_figures"
"""Notified with a business's id when its figures were counted anew."""

Look = Callable[[UUID, Mode], Awaitable[Mapping[str, object]]]
"""By name what, when it differs from before, has changed."""

EVENTS = ("figures", "messages", "replies", "senders", "templates", "callbacks")

_TOLD: Mapping[str, tuple[str, ...]] = {
    FIGURES_CHANNEL: ("figures", "messages"),
    ACCOUNTS_CHANNEL: ("senders",),
    TEMPLATES_CHANNEL: ("templates",),
    CALLBACKS_CHANNEL: ("callbacks",),
    SESSIONS_CHANNEL: (),
}
"""By channel what is no longer as it was. Of some only that somebody must look whether the session still is."""


@dataclass(frozen=True, slots=True)
class Bounds:
    look_every: timedelta
    rest: timedelta = timedelta(milliseconds=400)
    """Between two things that a page is told, so that many changes are one."""
    beat: timedelta = timedelta(seconds=15)
    """So often, at least, something is sent, and it is looked whether the session still is."""
    of_session: int = 6
    of_business: int = 60
    of_process: int = 600


@dataclass(eq=False, slots=True)
class _Watcher:
    session: Session
    changed: set[str] = field(default_factory=set)
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, names: tuple[str, ...]) -> None:
        self.changed.update(names)
        self.wake.set()


class Live:
    def __init__(self, sessions: Sessions, look: Look, bounds: Bounds) -> None:
        self._sessions = sessions
        self._look = look
        self._bounds = bounds
        self._watchers: set[_Watcher] = set()
        self._looking: dict[tuple[UUID, Mode], asyncio.Task[None]] = {}

    def follow(self, notifications: Notifications) -> None:
        for channel, names in _TOLD.items():
            notifications.listen(channel, self._heard(names))

    def has_room(self, session: Session) -> bool:
        """Browsers open few connections to one server: a page that has one less still works, and is not live."""
        bounds = self._bounds
        of_business = [one for one in self._watchers if one.session.business_id == session.business_id]
        of_session = [one for one in of_business if one.session.id == session.id]
        return (
            len(of_session) < bounds.of_session
            and len(of_business) < bounds.of_business
            and len(self._watchers) < bounds.of_process
        )

    async def events(self, session: Session) -> AsyncIterator[bytes]:
        """As Server-Sent Events, until the session ends, the server stops, or the page goes."""
        watcher = _Watcher(session)
        end = stopping()
        self._watchers.add(watcher)
        self._begin_looking(session)
        try:
            yield b"retry: 2000\n\n"
            while not end.is_set():
                await _first_of(watcher.wake, end, within=self._bounds.beat)
                watcher.wake.clear()
                if end.is_set():
                    return
                if not await self._is_open(session):
                    yield _event("ended")
                    return
                names, watcher.changed = sorted(watcher.changed), set()
                yield b"".join(map(_event, names)) or b": beat\n\n"
                await _first_of(end, within=self._bounds.rest)
        finally:
            self._watchers.discard(watcher)

    async def _is_open(self, session: Session) -> bool:
        try:
            return await self._sessions.is_open(session)
        except UNAVAILABLE:
            return True  # nobody knows; pages that are fetched will say so

    def _heard(self, names: tuple[str, ...]) -> Callable[[str | None], None]:
        def heard(payload: str | None) -> None:
            business_id = _business(payload)
            for watcher in self._watchers:
                if business_id is None or watcher.session.business_id == business_id:
                    watcher.tell(names)

        return heard

    def _begin_looking(self, session: Session) -> None:
        key = (session.business_id, session.mode)
        if key not in self._looking:
            task = asyncio.create_task(self._keep_looking(key), name="console")
            self._looking[key] = task
            task.add_done_callback(
                lambda done: self._looking.pop(key, None) if self._looking.get(key) is done else None
            )

    async def _keep_looking(self, key: tuple[UUID, Mode]) -> None:
        """While anybody watches."""
        before: Mapping[str, object] | None = None
        while watchers := [one for one in self._watchers if (one.session.business_id, one.session.mode) == key]:
            try:
                now = await self._look(*key)
            except UNAVAILABLE as error:
                log.warning("console not live", error=type(error).__name__)
            else:
                changed = tuple(name for name in now if before is not None and before.get(name) != now[name])
                before = now
                for watcher in watchers if changed else ():
                    watcher.tell(changed)
            await asyncio.sleep(self._bounds.look_every.total_seconds())

    async def close(self) -> None:
        tasks = list(self._looking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _business(payload: str | None) -> UUID | None:
    """That a notification names; nothing where it names none, and may mean any."""
    with contextlib.suppress(ValueError):
        return UUID(payload) if payload else None
    return None


def _event(name: str) -> bytes:
    return f"event: {name}\ndata: \n\n".encode()


async def _first_of(*events: asyncio.Event, within: timedelta) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=within.total_seconds(), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
