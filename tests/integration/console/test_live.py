"""What changed is told to who looks, as long as they may look."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any, Self
from uuid import UUID

import pytest

from app.accounts.models import Mode
from app.console.live import FIGURES_CHANNEL, Bounds, Live
from app.console.pulse import Pulse
from app.console.sessions import Session
from app.container import Container
from app.core import serving
from app.core.database import announce
from tests.support.driving import HANGS_AFTER
from tests.support.world import World, build_world, webhook

FAST = Bounds(timedelta(milliseconds=20), rest=timedelta(0), beat=timedelta(seconds=HANGS_AFTER), of_session=2)


async def session_of(container: Container, world: World) -> Session:
    begun = await container.console_sessions.begin_by_key(world.token, "tr")
    assert begun is not None
    session = await container.console_sessions.open(begun.text, is_visit=True)
    assert session is not None
    return session


class Stream:
    def __init__(self, live: Live, session: Session) -> None:
        self._parts: AsyncIterator[bytes] = live.events(session)

    async def __aenter__(self) -> Self:
        assert await self.next() == "retry: 2000"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._parts.aclose()  # type: ignore[attr-defined]

    async def next(self) -> str | None:
        """Nothing at its end."""
        async with asyncio.timeout(HANGS_AFTER):
            try:
                return (await anext(self._parts)).decode().strip()
            except StopAsyncIteration:
                return None


@pytest.fixture
async def other(container: Container) -> World:
    return await build_world(container, name="Başkası", phone_number_id="100000000000009", waba_id="200000000000009")


async def test_changes_are_told_to_who_watches_that_business(container: Container, world: World, other: World) -> None:
    session = await session_of(container, world)
    async with (
        Stream(container.live, session) as mine,
        Stream(container.live, await session_of(container, other)) as others,
    ):
        async with container.database.transaction() as transaction:
            await announce(transaction, FIGURES_CHANNEL, world.business_id)
        assert await mine.next() == "event: figures\ndata: \n\nevent: messages\ndata:"
        await container.senders.pause(other.business_id, "test", other.sender_id, None)
        async with container.database.transaction() as transaction:
            await announce(transaction, "ulak_templates", other.business_id)
        assert "event: templates" in str(await others.next()), "and nothing of the other's"
        await container.console_sessions.end(session)
        assert await mine.next() == "event: ended\ndata:"
        assert await mine.next() is None


async def test_it_is_looked_for_what_nobody_notifies_of(container: Container, world: World, driver: Any) -> None:
    live = Live(container.console_sessions, Pulse(container.database).look, FAST)
    looked = asyncio.Event()

    async def look(business_id: UUID, mode: Mode) -> Mapping[str, object]:
        found = await Pulse(container.database).look(business_id, mode)
        looked.set()
        return found

    live._look = look
    async with Stream(live, await session_of(container, world)) as stream:
        async with asyncio.timeout(HANGS_AFTER):
            await looked.wait()
        said = {"from": "905321112233", "id": "wamid.in.1", "timestamp": str(int(container.clock.now().timestamp()))}
        wrote = webhook(world, messages=[{**said, "type": "text", "text": {"body": "Kargom nerede?"}}])
        assert (await driver.webhook(wrote)).status_code == 200
        assert await stream.next() == "event: replies\ndata:"
    await live.close()


async def test_streams_are_few_and_end_with_the_server(
    container: Container, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = Live(container.console_sessions, Pulse(container.database).look, FAST)
    session = await session_of(container, world)
    async with Stream(live, session) as stream, Stream(live, session):
        assert not live.has_room(session)
        for event in list(serving._waiting[asyncio.get_running_loop()]):
            event.set()
        assert await stream.next() is None
    assert live.has_room(session)
    await live.close()
