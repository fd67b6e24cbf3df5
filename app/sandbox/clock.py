"""The time of the simulated world, and what is due in it."""

import asyncio
import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass


class SandboxClock:
    """The machine's time, or a moment that stands still, plus what was advanced by hand."""

    def __init__(self, *, manual: bool) -> None:
        self.manual = manual
        self._origin = time.time()
        self._offset = 0.0

    def now(self) -> float:
        return (self._origin if self.manual else time.time()) + self._offset

    def advance_to(self, moment: float) -> None:
        """Never goes back."""
        self._offset += max(0.0, moment - self.now())


@dataclass(slots=True, order=True)
class Job:
    """Data and no closure, so that what is pending survives a restart."""

    due: float
    order: int
    kind: str
    subject: str
    detail: str = ""


class Scheduler:
    """Runs jobs in the order of their time, those of the same time in the order of their making."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._jobs: list[Job] = []
        self._made = 0
        self._handlers: dict[str, Callable[[Job], None]] = {}
        self._sleepers: dict[str, asyncio.Event] = {}
        self.woken = asyncio.Event()
        self.handle("wake", self._wake)

    def handle(self, kind: str, handler: Callable[[Job], None]) -> None:
        self._handlers[kind] = handler

    def after(self, delay: float, kind: str, subject: str = "", detail: str = "") -> None:
        due = self._clock.now() + delay
        self._made += 1
        if not self._jobs or due < self._jobs[0].due:
            self.woken.set()
        heapq.heappush(self._jobs, Job(due, self._made, kind, subject, detail))

    async def sleep(self, seconds: float) -> None:
        """Until so much of the simulated time has passed, or everything pending is forgotten.

        A sleeper is a call that waits for its answer, so it need not survive a restart.
        """
        name = str(self._made)
        self._sleepers[name] = asyncio.Event()
        self.after(seconds, "wake", name)
        await self._sleepers[name].wait()

    def _wake(self, job: Job) -> None:
        sleeper = self._sleepers.pop(job.subject, None)
        if sleeper is not None:
            sleeper.set()

    def next_due(self) -> float | None:
        return self._jobs[0].due if self._jobs else None

    def run_due(self) -> None:
        now = self._clock.now()
        while self._jobs and self._jobs[0].due <= now:
            job = heapq.heappop(self._jobs)
            self._handlers[job.kind](job)

    def pending(self) -> list[Job]:
        return list(self._jobs)

    def restore(self, jobs: list[Job]) -> None:
        self._jobs = list(jobs)
        heapq.heapify(self._jobs)
        self._made = max((job.order for job in jobs), default=0)
        self.woken.set()

    def cancel_all(self) -> None:
        self._jobs.clear()
        for sleeper in self._sleepers.values():
            sleeper.set()
        self._sleepers.clear()
