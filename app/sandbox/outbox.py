"""The one place where webhooks leave: batched, signed over the bytes sent, retried until the answer is 200."""

import asyncio
import json
from collections import defaultdict
from dataclasses import dataclass

import httpx

from app.sandbox.clock import Job
from app.sandbox.state import Delivery, Json, Number
from app.sandbox.webhooks import OK, Update, envelope, sign
from app.sandbox.world import World, new_id


@dataclass(slots=True)
class Counts:
    """Of POSTs, since the start of the process."""

    delivered: int = 0
    failed: int = 0
    dropped: int = 0


class Outbox:
    def __init__(self, world: World, http: httpx.AsyncClient) -> None:
        self._world = world
        self._http = http
        self._waiting: dict[tuple[str, str], list[Update]] = defaultdict(list)
        self._flush_due = False
        self._posting: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(world.settings.webhook_concurrency)
        self.counts = Counts()
        world.scheduler.handle("flush", self._flush)
        world.scheduler.handle("webhook", self._start)

    def publish(self, waba_id: str, field: str, value: Json, number: Number | None = None) -> None:
        """Queues an update for every app subscribed to the account and to the field."""
        update = Update(waba_id, field, value, int(self._world.clock.now()))
        for target in self._targets(waba_id, field, number):
            waiting = self._waiting[target]
            waiting.append(update)
            if len(waiting) >= self._world.settings.webhook_batch:
                self._seal(target)
        if self._waiting and not self._flush_due:
            self._flush_due = True
            self._world.scheduler.after(self._world.settings.webhook_flush, "flush")

    def _targets(self, waba_id: str, field: str, number: Number | None) -> list[tuple[str, str]]:
        """Precedence of addresses: the number's, the account's, the app's. Overrides serve `messages` only."""
        state = self._world.state
        targets = []
        for app_id, override in state.wabas[waba_id].subscribed.items():
            app = state.apps[app_id]
            if app.callback_url and field not in app.fields:
                continue
            url = app.callback_url
            if field == "messages":
                if number is not None and number.override is not None:
                    url = number.override.url
                elif override is not None:
                    url = override.url
            if url:
                targets.append((app_id, url))
        return targets

    def _flush(self, _: Job) -> None:
        self._flush_due = False
        self.seal_all()

    def seal_all(self) -> None:
        for target in list(self._waiting):
            self._seal(target)

    def _seal(self, target: tuple[str, str]) -> None:
        updates = self._waiting.pop(target)
        settings, state = self._world.settings, self._world.state
        # ASCII escapes, as Meta sends: whoever parses and serialises again gets another signature.
        body = json.dumps(envelope(updates, settings.webhook_shape), separators=(",", ":"))
        delivery = Delivery(new_id(), *target, body, len(updates), self._world.clock.now())
        state.deliveries[delivery.delivery_id] = delivery
        while len(state.deliveries) > settings.webhook_backlog:
            del state.deliveries[next(iter(state.deliveries))]
            self.counts.dropped += 1
        self._world.touch()
        self._world.scheduler.after(0.0, "webhook", delivery.delivery_id)

    def _start(self, job: Job) -> None:
        delivery = self._world.state.deliveries.get(job.subject)
        if delivery is None:
            return
        task = asyncio.create_task(self._post(delivery))
        self._posting.add(task)
        task.add_done_callback(self._posting.discard)

    async def _post(self, delivery: Delivery) -> None:
        app = self._world.state.apps.get(delivery.app_id)
        if app is None:
            return
        body = delivery.body.encode("ascii")
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": sign(app.secret, body)}
        try:
            async with self._slots:
                answer = await self._http.post(delivery.url, content=body, headers=headers)
            answered = answer.status_code
        except (httpx.HTTPError, httpx.InvalidURL):
            answered = 0
        self._world.touch()
        if answered == OK:
            self.counts.delivered += 1
            self._world.state.deliveries.pop(delivery.delivery_id, None)
            return
        self.counts.failed += 1
        self._retry(delivery)

    def _retry(self, delivery: Delivery) -> None:
        settings, world = self._world.settings, self._world
        delivery.attempts += 1
        delay = min(
            settings.webhook_retry_first * settings.webhook_retry_factor ** min(delivery.attempts - 1, 50),
            settings.webhook_retry_longest,
        )
        if world.clock.now() + delay - delivery.created_at > settings.webhook_retry_for:
            if world.state.deliveries.pop(delivery.delivery_id, None) is not None:
                self.counts.dropped += 1
            return
        world.scheduler.after(delay, "webhook", delivery.delivery_id)

    @property
    def posting(self) -> bool:
        return bool(self._posting)

    async def drain(self) -> None:
        """Until every POST under way has its answer; retries are not waited for."""
        while self._posting:
            await asyncio.gather(*self._posting)

    def resume(self) -> None:
        """After a restart: POSTs that were under way have no job any more and leave again at once."""
        known = {job.subject for job in self._world.scheduler.pending() if job.kind == "webhook"}
        for delivery_id in self._world.state.deliveries:
            if delivery_id not in known:
                self._world.scheduler.after(0.0, "webhook", delivery_id)
        self._flush_due = any(job.kind == "flush" for job in self._world.scheduler.pending())

    async def stop(self) -> None:
        """Before the last snapshot: what waits is sealed, and POSTs under way are given up, to leave again at start."""
        self.seal_all()
        posting = list(self._posting)
        for task in posting:
            task.cancel()
        await asyncio.gather(*posting, return_exceptions=True)

    def forget(self) -> None:
        """Drops what waits, when the world is reset."""
        self._waiting.clear()
        self._flush_due = False
