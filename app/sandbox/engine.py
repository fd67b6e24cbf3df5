"""The simulator put together, and what moves it: real time in the background, or a clock advanced by hand."""

import asyncio
import contextlib
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx

from app.sandbox.accounts import Accounts
from app.sandbox.archival import Archival
from app.sandbox.capabilities import Capabilities
from app.sandbox.clock import SandboxClock, Scheduler
from app.sandbox.conditions import Conditions
from app.sandbox.inbound import Customers
from app.sandbox.lifecycle import Lifecycle
from app.sandbox.media import MediaBook
from app.sandbox.outbox import Outbox
from app.sandbox.persons import Persons
from app.sandbox.sending import Sending
from app.sandbox.settings import SandboxSettings
from app.sandbox.standings import Standings
from app.sandbox.state import State
from app.sandbox.store import Store
from app.sandbox.template_categories import Categories
from app.sandbox.template_library import Library
from app.sandbox.template_pacing import Pacing
from app.sandbox.template_pauses import Pauses
from app.sandbox.template_quality import Quality
from app.sandbox.template_rules import Rules
from app.sandbox.templates import Templates
from app.sandbox.throttles import Throttles
from app.sandbox.world import World

_log = logging.getLogger(__name__)
_SHARE_OF_TIME = 20
"""A snapshot may take one twentieth of the time at most."""


class Sandbox:
    def __init__(self, settings: SandboxSettings, http: httpx.AsyncClient) -> None:
        self.settings = settings
        self.http = http
        clock = SandboxClock(manual=settings.clock == "manual")
        self.world = World(settings, clock, Scheduler(clock))
        self.standings = Standings(self.world)
        self.outbox = Outbox(self.world, self.standings, http)
        self.media = MediaBook(self.world)
        self.conditions = Conditions(self.world, self.standings)
        self.throttles = Throttles(self.world)
        self.capabilities = Capabilities(self.world, self.outbox, self.throttles)
        self.accounts = Accounts(self.world, self.conditions, self.standings)
        self.templates = Templates(self.world, self.outbox, Rules(settings, self.media))
        self.library = Library(settings, self.templates)
        self.categories = Categories(self.world, self.templates)
        self.archival = Archival(self.world, self.templates)
        self.lifecycle = Lifecycle(self.world, self.outbox)
        self.pauses = Pauses(self.world, self.templates, self.lifecycle)
        self.quality = Quality(self.world, self.templates, self.pauses)
        self.pacing = Pacing(self.world, self.lifecycle, self.quality, self.pauses)
        self.lifecycle.observers += [self.templates.arrived, self.quality.reached]
        self.sending = Sending(
            self.world, self.lifecycle, self.media, self.throttles, self.conditions, self.quality, self.pacing
        )
        self.customers = Customers(self.world, self.outbox, self.lifecycle, self.media)
        self.persons = Persons(self.world, self.outbox)
        self._store = Store(settings.data_dir) if settings.data_dir else None
        self._saved = 0
        self._load()
        self.archival.watch()

    def _load(self) -> None:
        state = self._store.load() if self._store else None
        if state is not None:
            self.world.restore(state)
            self.outbox.resume()
        self._saved = self.world.version

    async def advance(self, seconds: float) -> None:
        """Lives through the next seconds job by job: everything due in them happens at its own time, and every webhook
        has had its answer (of whatever kind) when this returns.
        """
        clock, scheduler = self.world.clock, self.world.scheduler
        until = clock.now() + seconds
        while True:
            due = scheduler.next_due()
            if due is not None and due <= until:
                clock.advance_to(due)
                scheduler.run_due()
            elif not self.outbox.posting:
                break
            await self.outbox.drain()
        clock.advance_to(until)
        # The phone page shows how long the window stays open.
        self.world.touch()
        # Whoever waits for real time to pass has less of it left now.
        scheduler.woken.set()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self._live())]
        if self._store is not None:
            tasks.append(asyncio.create_task(self._keep(self._store)))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.outbox.stop()
            if self._store is not None:
                self._store.write(self._store.encode(self.world.snapshot()))

    async def _live(self) -> None:
        clock, scheduler = self.world.clock, self.world.scheduler
        while True:
            scheduler.woken.clear()
            try:
                scheduler.run_due()
            except Exception:  # noqa: BLE001
                # One job that cannot be done must not stop the world; it is gone from the queue.
                _log.exception("sandbox job failed")
                continue
            due = scheduler.next_due()
            timeout = None if due is None or clock.manual else max(0.0, due - clock.now())
            # Not wait_for, which up to Python 3.11 swallows a cancellation that comes with the waking.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await scheduler.woken.wait()

    async def _keep(self, store: Store) -> None:
        pause = self.settings.snapshot_delay
        while True:
            await asyncio.sleep(pause)
            if self.world.version == self._saved:
                continue
            started = time.monotonic()
            self._saved = self.world.version
            await asyncio.to_thread(store.write, store.encode(self.world.snapshot()))
            pause = max(self.settings.snapshot_delay, _SHARE_OF_TIME * (time.monotonic() - started))

    def reset(self, *, accounts: bool) -> None:
        """Forgets templates, messages, media and what is pending; the accounts too if asked. The dial stays."""
        old = self.world.state
        self.world.scheduler.cancel_all()
        self.outbox.forget()
        self.media.clear()
        self.throttles.forget()
        kept = State(dial=old.dial) if accounts else _without_history(old)
        self.world.become(kept)
        for waba in self.world.state.wabas.values():
            waba.deleted_names.clear()
            waba.utility_paused_at = None
        for number in self.world.state.numbers.values():
            number.service_sends.clear()
        self.archival.watch()


def _without_history(state: State) -> State:
    return State(
        apps=state.apps,
        wabas=state.wabas,
        numbers=state.numbers,
        tokens=state.tokens,
        dial=state.dial,
        conditions=state.conditions,
        standings=state.standings,
        portfolios={key: replace(each, starts=OrderedDict()) for key, each in state.portfolios.items()},
    )
