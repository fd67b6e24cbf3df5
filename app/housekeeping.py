"""What must be done now and then: partitions ahead of time, what is no longer needed, the mirror compared with Meta."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from prometheus_client import Gauge

from app.accounts import portfolio, repository
from app.accounts.senders import NUMBERS_CHANNEL
from app.callbacks.repository import FORGET_EVENTS
from app.container import Container
from app.core.database import UNAVAILABLE
from app.integrations.repository import FORGET_DELIVERIES, FORGET_ORDERS, FORGET_WAITING
from app.messages.repository import KEY_CLEANUP
from app.messages.statements.paces import forget_pairs
from app.templates.reports import SYNC_CHANNEL
from app.templates.service import Account, account_of
from app.whatsapp.client import GraphUnreachableError
from app.whatsapp.errors import GraphError

log = structlog.get_logger(__name__)

MONTHS_AHEAD = 3
IMPORT_PATIENCE = timedelta(hours=1)
"""After which a list of which nothing came in any more is dropped: whoever received it died."""

OPEN_ALERTS = Gauge("ulak_alerts_open", "Senders that are paused, by Meta's error code; 0 is a person's.", ["code"])


@dataclass(frozen=True, slots=True)
class Chore:
    name: str
    every: timedelta
    do: Callable[[], Awaitable[None]]
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it should be done sooner."""


class Housekeeping:
    """Safe in any number of workers: each chore is harmless when done twice."""

    def __init__(self, container: Container) -> None:
        self._container = container
        templates = Chore("templates", timedelta(minutes=10), self._sync_templates)
        container.notifications.listen(SYNC_CHANNEL, lambda _: templates.wake.set())
        numbers = Chore("numbers", timedelta(minutes=10), self._sync_numbers)
        container.notifications.listen(NUMBERS_CHANNEL, lambda _: numbers.wake.set())
        self._chores = (
            Chore("partitions", timedelta(hours=6), self._make_partitions),
            Chore("idempotency keys", timedelta(minutes=10), self._forget_keys),
            Chore("feed", timedelta(hours=1), self.forget_events),
            Chore("shops", timedelta(hours=1), self.forget_shops),
            Chore("callbacks", timedelta(minutes=1), self._container.callback_tidying.run),
            Chore("imports", timedelta(minutes=10), self._drop_abandoned_imports),
            Chore("paces", timedelta(hours=1), self._forget_paces),
            Chore("erasures", timedelta(minutes=10), self._sweep_erasures),
            Chore("retention", timedelta(hours=1), self._forget_content),
            Chore("alerts", timedelta(seconds=15), self._count_alerts),
            templates,
            Chore("use of templates", timedelta(minutes=10), self._container.template_use.flush),
            Chore("pauses of templates", timedelta(minutes=1), self._lift_pauses),
            Chore("media", timedelta(hours=1), self.look_after_media),
            Chore("console sessions", timedelta(hours=1), self._forget_sessions),
            Chore("experiments", timedelta(minutes=1), self._evaluate_experiments),
            numbers,
        )

    async def run(self, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            for chore in self._chores:
                group.create_task(self._repeat(chore, stop), name=chore.name)

    async def _repeat(self, chore: Chore, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await chore.do()
            except UNAVAILABLE as error:
                log.warning("chore postponed", chore=chore.name, error=type(error).__name__)
            except Exception:
                log.exception("chore failed", chore=chore.name)
            await _first_of(stop, chore.wake, within=chore.every)
            chore.wake.clear()

    async def _make_partitions(self) -> None:
        await self._container.database.pool.execute("SELECT ulak_ensure_partitions($1)", MONTHS_AHEAD)

    async def _forget_keys(self) -> None:
        oldest = self._container.clock.now() - self._container.settings.idempotency_retention
        await self._container.database.pool.execute(KEY_CLEANUP, oldest)

    async def forget_events(self) -> None:
        oldest = self._container.clock.now() - self._container.settings.feed_retention
        await self._container.database.pool.execute(FORGET_EVENTS, oldest)

    async def forget_shops(self) -> None:
        """What shops' webhooks became, orders long done, and what waits in vain for its order."""
        now, settings = self._container.clock.now(), self._container.settings
        pool = self._container.database.pool
        await pool.execute(FORGET_WAITING, now - settings.integration_wait, now)
        await pool.execute(FORGET_DELIVERIES, now - settings.integration_delivery_retention)
        await pool.execute(FORGET_ORDERS, now - settings.integration_order_retention)

    async def _sweep_erasures(self) -> None:
        await self._container.erasures.sweep()

    async def _forget_content(self) -> None:
        await self._container.retention.run()

    async def look_after_media(self) -> None:
        """Uploads are renewed before they end, and what was deleted here is deleted at Meta."""
        await self._container.uploads.renew()
        await self._container.uploads.sweep()

    async def _drop_abandoned_imports(self) -> None:
        await self._container.imports.drop_abandoned(self._container.clock.now() - IMPORT_PATIENCE)

    async def _count_alerts(self) -> None:
        async with self._container.database.transaction() as session:
            counts = await repository.open_alerts(session)
        OPEN_ALERTS.clear()
        for code, count in counts:
            OPEN_ALERTS.labels(code).set(count)

    async def _forget_sessions(self) -> None:
        await self._container.console_sessions.forget()

    async def _evaluate_experiments(self) -> None:
        await self._container.experiments.evaluate_all()

    async def _forget_paces(self) -> None:
        now = self._container.clock.now()
        async with self._container.database.pool.acquire() as connection:
            await forget_pairs(connection, now - timedelta(days=1))
            await portfolio.forget(connection, now)

    async def _sync_numbers(self) -> None:
        """Throughput, limits and health, in case a webhook that told of them was missed."""
        for app in await self._container.directory.webhook_apps():
            for sender in app.senders.values():
                try:
                    await self._container.senders.sync(sender)
                except (GraphError, GraphUnreachableError) as error:
                    log.warning("number not synced", sender=sender.public_id, error=str(error))

    async def _sync_templates(self) -> None:
        """The net under webhooks that never came."""
        for account in await self.accounts():
            try:
                await self._container.templates.sync(account)
            except (GraphError, GraphUnreachableError) as error:
                log.warning("templates not synced", waba=account.waba_id, error=str(error))

    async def _lift_pauses(self) -> None:
        await self._container.templates.unpause_due(await self.accounts())

    async def accounts(self) -> list[Account]:
        """Every WhatsApp Business Account that a sender belongs to, once per business."""
        found: dict[tuple[str, str], Account] = {}
        for app in await self._container.directory.webhook_apps():
            for sender in app.senders.values():
                business = await self._container.directory.business(sender.business_id)
                if business is not None:
                    key = (str(sender.business_id), sender.waba_id)
                    found[key] = account_of(business, sender, self._container.settings.customer_url)
        return list(found.values())


async def _first_of(*events: asyncio.Event, within: timedelta) -> None:
    """Returns when any of them is set, or when the time is over."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=within.total_seconds(), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
