"""The one place where webhooks leave: batched, signed over the bytes sent, retried until the answer is 200."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

import httpx

from app.sandbox.clock import Job
from app.sandbox.standings import Standings
from app.sandbox.state import Delivery, Json, Update
from app.sandbox.webhooks import OK, envelope, sign
from app.sandbox.world import World, new_id

_REASON = "Webhook endpoint returned HTTP {}"


@dataclass(slots=True)
class Counts:
    """Of POSTs, since the start of the process."""

    delivered: int = 0
    failed: int = 0
    dropped: int = 0


class Outbox:
    def __init__(self, world: World, standings: Standings, http: httpx.AsyncClient) -> None:
        self._world = world
        self._standings = standings
        self._http = http
        self._waiting: dict[tuple[str, str], list[Update]] = defaultdict(list)
        self._flush_due = False
        self._posting: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(world.settings.webhook_concurrency)
        self.counts = Counts()
        world.scheduler.handle("flush", self._flush)
        world.scheduler.handle("webhook", self._start)
        world.scheduler.handle("update", self._let_go)

    @property
    def _batch(self) -> int:
        return self._world.dial.webhook_batch or self._world.settings.webhook_batch

    def publish(self, update: Update) -> None:
        """Queues an update for every app subscribed to the account and to the field: now, later or twice."""
        dial = self._world.dial
        delay = dial.webhook_delay
        if self._strikes("disorder", dial.disorder, update):
            delay += dial.disorder_seconds * dial.share("disorder_seconds", update.key, update.attempt)
        if delay > 0:
            self._hold(update, delay)
        else:
            self._enqueue(update)
        self._repeat(update, delay)

    def announce(self, waba_id: str, field: str, value: Json, *, about: str) -> None:
        """An update that is of no message; `about` names its object, whose id another run would not have."""
        key = f"{field}/{about}"
        now = int(self._world.clock.now())
        self.publish(Update(waba_id, field, value, now, key=key, attempt=self._world.attempt(key)))

    async def express(self, updates: Iterable[Update]) -> None:
        """Posts updates at once and in their order, and waits for the answers, of whatever kind."""
        for update in updates:
            targets = self._targets(update)
            self._tell(update, None if targets else "")
            await asyncio.gather(*[self._task(self._sealed(target, [update])) for target in targets])
            self._repeat(update, 0.0)

    def _repeat(self, update: Update, delay: float) -> None:
        """As Meta does when it did not see the first one's answer in time."""
        if self._strikes("duplicate_webhooks", self._world.dial.duplicate_webhooks, update):
            settings = self._world.settings
            self._hold(replace(update, alone=True), delay + settings.webhook_flush + settings.webhook_retry_first)

    def _strikes(self, name: str, chance: float, update: Update) -> bool:
        struck = self._world.strikes(name, chance, update.key, update.attempt)
        message = self._world.state.messages.get(update.wamid or "")
        if struck and message is not None:
            message.faults.append(name)
        return struck

    def _hold(self, update: Update, delay: float) -> None:
        held_id = new_id()
        self._world.state.held_updates[held_id] = update
        self._world.scheduler.after(delay, "update", held_id)

    def _let_go(self, job: Job) -> None:
        self._enqueue(self._world.state.held_updates.pop(job.subject))

    def _enqueue(self, update: Update) -> None:
        targets = self._targets(update)
        if not targets:
            self._tell(update, "")
        for target in targets:
            if update.alone:
                self._depart(target, [update])
                continue
            waiting = self._waiting[target]
            waiting.append(update)
            if len(waiting) >= self._batch:
                self._seal(target)
        if self._waiting and not self._flush_due:
            self._flush_due = True
            self._world.scheduler.after(self._world.settings.webhook_flush, "flush")

    def _tell(self, update: Update, delivery_id: str | None) -> None:
        """Notes which POST a status was first reported by."""
        message = self._world.state.messages.get(update.wamid or "")
        if message is None or update.entry is None:
            return
        entry = message.statuses[update.entry]
        if entry.delivery_id is None:
            entry.delivery_id = delivery_id

    def address(self, waba_id: str, number_id: str) -> tuple[str, str] | None:
        """App and address that messages of a number are reported to; the first app's where there are several."""
        return next(iter(self._targets(Update(waba_id, "messages", {}, 0, number_id))), None)

    def _targets(self, update: Update) -> list[tuple[str, str]]:
        """Precedence of addresses: the number's, the account's, the app's. Overrides serve `messages` only."""
        state = self._world.state
        number = state.numbers.get(update.number_id or "")
        standing = self._standings.of_waba(update.waba_id)
        if not (standing.subscribed and standing.subscription_active) or update.field in standing.missing_fields:
            return []
        targets = []
        for app_id, override in state.wabas[update.waba_id].subscribed.items():
            app = state.apps[app_id]
            if app.callback_url and update.field not in app.fields:
                continue
            url = app.callback_url and (standing.callback_url or app.callback_url)
            if update.field == "messages":
                if number is not None and number.override is not None:
                    url = number.override.url
                elif standing.override_url is not None:
                    url = standing.override_url
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
        self._depart(target, self._waiting.pop(target))

    def _depart(self, target: tuple[str, str], updates: list[Update]) -> None:
        self._world.scheduler.after(0.0, "webhook", self._sealed(target, updates).delivery_id)

    def _sealed(self, target: tuple[str, str], updates: list[Update]) -> Delivery:
        settings, state = self._world.settings, self._world.state
        # ASCII escapes, as Meta sends: whoever parses and serialises again gets another signature.
        body = json.dumps(envelope(updates, settings.webhook_shape), separators=(",", ":"))
        delivery = Delivery(new_id(), *target, body, len(updates), self._world.clock.now())
        state.deliveries[delivery.delivery_id] = delivery
        for update in updates:
            self._tell(update, delivery.delivery_id)
        while len(state.deliveries) > settings.webhook_backlog:
            self._drop(state.deliveries[next(iter(state.deliveries))])
        self._world.touch()
        return delivery

    def _drop(self, delivery: Delivery) -> None:
        state = self._world.state
        if state.deliveries.pop(delivery.delivery_id, None) is None:
            return
        self.counts.dropped += 1
        state.dropped[delivery.delivery_id] = delivery.error
        if len(state.dropped) > self._world.settings.webhook_backlog:
            state.dropped.popitem(last=False)

    def _start(self, job: Job) -> None:
        delivery = self._world.state.deliveries.get(job.subject)
        if delivery is not None:
            self._task(delivery)

    def _task(self, delivery: Delivery) -> asyncio.Task[None]:
        task = asyncio.create_task(self._post(delivery))
        self._posting.add(task)
        task.add_done_callback(self._posting.discard)
        return task

    async def _post(self, delivery: Delivery) -> None:
        app = self._world.state.apps.get(delivery.app_id)
        if app is None:
            return
        body = delivery.body.encode("ascii")
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": sign(app.secret, body)}
        try:
            async with self._slots:
                answer = await self._http.post(delivery.url, content=body, headers=headers)
            answered, delivery.error = answer.status_code, _REASON.format(answer.status_code)
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            answered, delivery.error = 0, f"Webhook endpoint did not answer: {type(fault).__name__}"
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
            self._drop(delivery)
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
