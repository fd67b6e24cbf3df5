"""Delivery of events by HTTP, in the worker.

Each endpoint with work has a task of its own, so that one which is slow or dead delays nobody else; it takes what it
may call with now, calls outside any transaction, and records what came of the calls that ended, as many as there are at
once. Any number of workers share in it (claiming says how). A worker that dies in a call leaves a lease behind: after
it the call is made once more, with the same id.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random

import structlog
from prometheus_client import Gauge, Histogram

from app import API_VERSION
from app.callbacks.claiming import BUSY_ENDPOINTS, CHANNEL, Call, EndpointKey, claim
from app.callbacks.recording import Finished, RetryPolicy, record
from app.callbacks.sending import Answer, CallbackClient
from app.callbacks.signing import signed_headers
from app.core.clock import Clock
from app.core.database import UNAVAILABLE, Database, Notifications, is_unavailable
from app.core.secrets import SecretBox, SecretUnreadableError

log = structlog.get_logger(__name__)

CALLS = Histogram(
    "ulak_callback_call_seconds",
    "Calls of endpoints, by what came of them.",
    ["outcome"],
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60),
)
IN_FLIGHT = Gauge("ulak_callback_calls_in_flight", "Calls of endpoints that are under way.")

_TOGETHER = 0.005
"""Seconds for other calls to end, too, when one has: to record them together costs as much as to record one."""

_TURNS = 3
"""At the database at once, whose connections others need more urgently."""

_HEADERS = {"content-type": "application/json", "user-agent": f"Ulak/{API_VERSION}"}


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    concurrency: int
    """Calls of one endpoint at once."""
    connections: int
    """Calls at once altogether."""
    lease: timedelta
    poll_interval: timedelta
    retries: RetryPolicy


class Deliverer:
    def __init__(
        self,
        database: Database,
        client: CallbackClient,
        secrets: SecretBox,
        clock: Clock,
        chance: Random,
        policy: DeliveryPolicy,
    ) -> None:
        self._database = database
        self._client = client
        self._secrets = secrets
        self._clock = clock
        self._chance = chance
        self._policy = policy
        self._wake = asyncio.Event()
        self._stopping = False
        self._in_flight = 0
        self._turns = asyncio.Semaphore(_TURNS)
        self._driven: dict[EndpointKey, asyncio.Task[int]] = {}

    def follow(self, notifications: Notifications) -> None:
        notifications.listen(CHANNEL, lambda _: self._wake.set())

    async def run(self, stop: asyncio.Event) -> None:
        """Works until told to stop; calls under way are finished and recorded."""
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                self._wake.clear()
                await self._look()
                woken = asyncio.create_task(self._wake.wait())
                await asyncio.wait(
                    (stopped, woken),
                    timeout=self._policy.poll_interval.total_seconds(),
                    return_when=asyncio.FIRST_COMPLETED,
                )
                woken.cancel()
        finally:
            self._stopping = True
            stopped.cancel()
            await asyncio.gather(*self._driven.values(), return_exceptions=True)
            await self._client.close()

    async def step(self) -> int:
        """Delivers until nothing is due; answers how many calls that took."""
        calls = 0
        while True:
            await self._look()
            made = sum(await asyncio.gather(*self._driven.values()))
            if not made:
                return calls
            calls += made

    async def close(self) -> None:
        await self._client.close()

    async def _look(self) -> None:
        try:
            found = await self._database.pool.fetch(BUSY_ENDPOINTS, self._clock.now())
        except Exception as error:
            if is_unavailable(error) or isinstance(error, UNAVAILABLE):
                log.warning("callbacks postponed", error=type(error).__name__)
            else:
                log.exception("no endpoints found")
            return
        keys = [EndpointKey(row["business_id"], row["id"]) for row in found]
        self._chance.shuffle(keys)
        for key in keys:
            if key not in self._driven:
                task = self._driven[key] = asyncio.create_task(self._drive(key), name="callbacks of an endpoint")
                task.add_done_callback(lambda _, key=key: self._driven.pop(key))  # type: ignore[misc]

    async def _drive(self, key: EndpointKey) -> int:
        """Until nothing is left to do for the endpoint just now; answers how many calls were made."""
        calls: set[asyncio.Task[Finished]] = set()
        finished: list[Finished] = []
        made = 0
        while True:
            if finished and await self._recorded(key, finished):
                finished = []
            claimed = [] if finished or self._stopping else await self._claim(key, len(calls))
            calls |= {asyncio.create_task(self._call(one)) for one in claimed}
            made += len(claimed)
            if not calls:
                if not finished or self._stopping:
                    return made
                await asyncio.sleep(self._policy.poll_interval.total_seconds())  # the database is away
                continue
            done, calls = await asyncio.wait(
                calls, timeout=self._policy.poll_interval.total_seconds(), return_when=asyncio.FIRST_COMPLETED
            )
            if done and calls:
                more, calls = await asyncio.wait(calls, timeout=_TOGETHER)
                done |= more
            finished += [task.result() for task in done]

    def _allowance(self, own: int) -> int:
        """Calls that an endpoint may add to its own. The fewer are left to all, the fewer it may have: many slow ones
        together do not get all of them either."""
        left = self._policy.connections - self._in_flight
        share = max(1, self._policy.concurrency * left // self._policy.connections)
        return max(0, min(share - own, left))

    async def _claim(self, key: EndpointKey, own: int) -> list[Call]:
        allowance = self._allowance(own)
        now, lease = self._clock.now(), self._policy.lease
        try:
            while allowance and not self._stopping:
                async with self._turns, self._database.pool.acquire() as connection:
                    calls = await claim(connection, key, now, most=allowance, lease=lease)
                if calls is not None:
                    return calls
        except Exception as error:  # noqa: BLE001 - none ends the delivery, and each is told
            _tell_of(error, "callbacks not claimed")
        return []

    async def _recorded(self, key: EndpointKey, finished: list[Finished]) -> bool:
        try:
            async with self._turns, self._database.pool.acquire() as connection:
                await record(connection, key, finished, self._clock.now(), self._policy.retries, self._chance)
        except Exception as error:  # noqa: BLE001 - none ends the delivery, and each is told
            if _tell_of(error, "callbacks not recorded"):
                return False  # and tried again: they would be sent once more otherwise
        return True

    async def _call(self, call: Call) -> Finished:
        started_at = self._clock.now()
        loop = asyncio.get_running_loop()
        started = loop.time()
        with self._counted():
            answer = await self._answer(call)
        seconds = loop.time() - started
        CALLS.labels("delivered" if answer.is_success else answer.failure).observe(seconds)
        return Finished(call, answer, started_at, self._clock.now(), seconds)

    async def _answer(self, call: Call) -> Answer:
        try:
            keys = [self._secrets.open(one) for one in call.secrets]
        except SecretUnreadableError as error:
            log.error("callbacks not signed", error=str(error))  # noqa: TRY400 - it says all
            return Answer(None, "secret", "the signing secret cannot be read: see ULAK_SECRET_KEYS")
        headers = signed_headers(keys, call.payload.id, self._clock.now(), call.payload.body)
        try:
            return await self._client.post(call.url, {**_HEADERS, **headers}, call.payload.body)
        except Exception:
            log.exception("callback failed")
            return Answer(None, "protocol", "the fault is ours and has been logged")

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        self._in_flight += 1
        IN_FLIGHT.inc()
        try:
            yield
        finally:
            self._in_flight -= 1
            IN_FLIGHT.dec()


def _tell_of(error: Exception, event: str) -> bool:
    """Whether it may go better next time, in the log either way."""
    if is_unavailable(error) or isinstance(error, UNAVAILABLE):
        log.warning(event, error=type(error).__name__)
        return True
    log.error(event, exc_info=error)
    return False
