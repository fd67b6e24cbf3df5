"""A careful backend: it reports every event with the same key and body until it is told that it was accepted."""

import asyncio
import contextlib
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import asyncpg
import httpx

from tests.chaos.plan import PlannedEvent
from tests.support.stack import WORDING, Stack

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
"""Seconds between two tries of one request."""

_LOOK = 0.1
"""Seconds between two looks at how much waits."""

_PACE = 0.02
"""Seconds between two looks at whether the next event may be reported."""

_CONFLICT, _SERVER_ERRORS = 409, 500
"""In flight already, and whatever is the server's fault: what a backend must expect and repeat."""

_WAITING = "SELECT count(*) FROM messages WHERE status IN ('scheduled', 'queued', 'sending')"


@dataclass(frozen=True, slots=True)
class Told:
    """What the backend knows of one event: the message id of its 202."""

    event: PlannedEvent
    message_id: str
    posts: int
    replayed: bool
    """It was accepted by an earlier post, whose answer the backend never got."""


@dataclass
class Traffic:
    """Runs in a thread of its own, so that whoever started it can kill processes meanwhile."""

    stack: Stack
    events: Iterator[PlannedEvent]
    posters: int
    ahead: int
    """Reported events that may wait to be sent: without a bound all would be reported before the first kill."""
    limit: int = sys.maxsize
    """Events that may be reported until it is raised."""
    told: list[Told] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    """By status, or by the way in which none came."""
    failure: BaseException | None = None
    _consented: set[str] = field(default_factory=set)
    _begun: int = 0
    _is_open: bool = True
    _thread: threading.Thread | None = None
    _stopping: bool = False

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, name="traffic")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping = True
        if self._thread is not None:
            self._thread.join()

    def missing(self, events: int) -> int:
        """Of so many, those that are not accepted yet. Raises what ended the reporting before its time."""
        if self.failure is not None:
            raise self.failure
        return max(0, events - len(self.told))

    def _run(self) -> None:
        try:
            asyncio.run(self._report_all())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            self.failure = error

    async def _report_all(self) -> None:
        watching = asyncio.create_task(self._watch())
        headers = {"Authorization": f"Bearer {self.stack.token}"}
        base_url = f"http://127.0.0.1:{self.stack.api_port}"
        try:
            async with (
                httpx.AsyncClient(base_url=base_url, headers=headers, timeout=30, trust_env=False) as client,
                asyncio.TaskGroup() as group,
            ):
                for _ in range(self.posters):
                    group.create_task(self._report(client))
        finally:
            watching.cancel()

    async def _watch(self) -> None:
        """Opens and shuts the gate. While the database is away it stays as it is: posts fail by themselves."""
        while True:
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection = await asyncpg.connect(self.stack.database_url, timeout=5)
                try:
                    while True:
                        self._is_open = await connection.fetchval(_WAITING, timeout=5) < self.ahead
                        await asyncio.sleep(_LOOK)
                finally:
                    connection.terminate()
            await asyncio.sleep(_LOOK)

    async def _may_go(self) -> bool:
        """Once it may; false when it is all over."""
        while not self._stopping and (not self._is_open or self._begun >= self.limit):  # noqa: ASYNC110 - other thread's
            await asyncio.sleep(_PACE)
        self._begun += 1
        return not self._stopping

    async def _report(self, client: httpx.AsyncClient) -> None:
        for event in self.events:
            if not await self._may_go():
                return
            await self._consent(client, event.phone)
            headers = {"Idempotency-Key": event.key}
            path = f"/v1/events/{event.event_type}"
            answer, posts = await self._insist(client, "POST", path, json=event.body, headers=headers)
            replayed = "idempotency-replayed" in answer.headers
            self.told.append(Told(event, answer.json()["id"], posts, replayed))

    async def _consent(self, client: httpx.AsyncClient, phone: str) -> None:
        if phone not in self._consented:
            act = {"act": "opt_in", "source": "checkout", "wording": WORDING}
            await self._insist(client, "PUT", f"/v1/contacts/{phone}/consent", json=act)
            self._consented.add(phone)

    async def _insist(
        self, client: httpx.AsyncClient, method: str, path: str, **request: Any
    ) -> tuple[httpx.Response, int]:
        """Until it is answered with success, and how many tries that took. Raises when it never will be."""
        pause = _FIRST_PAUSE
        posts = 0
        while True:
            posts += 1
            try:
                answer = await client.request(method, path, **request)
            except httpx.TransportError as error:
                self.answers[type(error).__name__] += 1
            else:
                self.answers[f"{answer.status_code}"] += 1
                if answer.is_success:
                    return answer, posts
                if answer.status_code != _CONFLICT and answer.status_code < _SERVER_ERRORS:
                    raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text}")
            if self._stopping:
                raise AssertionError(f"{method} {path} was given up")
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
