"""A run: the stack is started, events are reported while its processes are killed, and all is counted at the end."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tests.chaos import accounts
from tests.chaos.accounts import Sandbox
from tests.chaos.exhaustion import exhaust
from tests.chaos.plan import DIAL, POSTGRES, Plan, Strike
from tests.chaos.story import tell
from tests.chaos.traffic import Traffic
from tests.chaos.verdict import Fault, Verdict, judge
from tests.support.stack import Stack, running_stack

THROUGHPUT = 1000

OUTAGES_PER_WINDOW = 5
SHORTEST_WINDOW = 15
"""Seconds. The window must be longer than any outage, with the sandbox's repetitions and its disorder: only what Meta
never got may still be unconfirmed at its end. How long an outage is depends on the machine, so one is rehearsed."""

ENVIRONMENT = {
    "ULAK_GRAPH_CONNECT_TIMEOUT": "PT1S",
    "ULAK_GRAPH_READ_TIMEOUT": "PT3S",
    "ULAK_LEASE": "PT5S",
    "ULAK_LOG_LEVEL": "warning",
    "ULAK_SANDBOX_SENT_DELAY": "0.1",
    "ULAK_SANDBOX_DELIVERED_DELAY": "0.3",
    "ULAK_SANDBOX_READ_DELAY": "0.6",
    "ULAK_SANDBOX_WEBHOOK_RETRY_FIRST": "0.3",
    "ULAK_SANDBOX_WEBHOOK_RETRY_LONGEST": "1",
    "ULAK_SANDBOX_WEBHOOK_TIMEOUT": "5",
    "ULAK_SANDBOX_MAGIC_PATTERN": "",
    "ULAK_SANDBOX_FAULTS__THROUGHPUT": str(THROUGHPUT),
}

POSTGRES_OPTIONS = {
    "fsync": "off",  # the machine stays up: what the server wrote is in the kernel's hands
    "synchronous_commit": "on",
    "full_page_writes": "on",
}

POSTERS = 8
AHEAD = 40


@dataclass(frozen=True, slots=True)
class Outcome:
    plan: Plan
    verdict: Verdict
    window: int
    """Seconds."""
    kills: Counter[str]
    answers: Counter[str]
    sandbox: Sandbox
    kept_items: int
    figures: Mapping[str, int]
    unsettled: Counter[str]
    seconds: float
    stories: tuple[str, ...]

    @property
    def flaws(self) -> list[str]:
        """Why the run is no proof."""
        found = [str(one) for one in self.verdict.findings]
        if self.verdict.told != self.verdict.reported:
            found.append(f"{self.verdict.reported - self.verdict.told} events were never accepted")
        if self.unsettled:
            found.append(f"never came to rest: {dict(self.unsettled)}")
        if self.kept_items:
            found.append(f"{self.kept_items} webhook items could not be used")
        if self.sandbox.webhooks["dropped"]:
            found.append(f"the sandbox gave up {self.sandbox.webhooks['dropped']} webhooks")
        surprises = {
            status: count for status, count in self.answers.items() if status.startswith("5") and status != "503"
        }
        return found + [f"{count} requests were answered with {status}" for status, count in surprises.items()]

    @property
    def figures_counted(self) -> str:
        return ", ".join(f"{name} {number}" for name, number in self.figures.items() if number) or "nothing"

    def count(self, fault: Fault) -> int:
        return self.verdict.count(fault)


def carry_out(plan: Plan, directory: Path, say: Callable[[str], None] = lambda _: None) -> Outcome:
    """`say` is told what happens while it happens."""
    begun = time.monotonic()
    with running_stack(
        directory, throughput=THROUGHPUT, workers=plan.workers, postgres_options=POSTGRES_OPTIONS, **ENVIRONMENT
    ) as stack:
        window = _rehearse(stack)
        say(f"ready; the unconfirmed window is {window} s")
        stack.settle_in()
        with stack.sandbox as sandbox:
            sandbox.patch("/control/faults", json={"seed": plan.seed, **DIAL}).raise_for_status()
        with Traffic(stack, iter(plan.events), POSTERS, AHEAD) as traffic:
            kills = _strike_all(stack, traffic, plan, say)
            exhaust(lambda: traffic.missing(len(plan.events)))
        say(f"{len(traffic.told)} accepted, all kills done: waiting until everything has come to rest")
        left = exhaust(lambda: accounts.unsettled(stack))
        ulak, sandbox = accounts.ask_ulak(stack), accounts.ask_sandbox(stack)
        verdict = judge(len(plan.events), traffic.told, ulak, sandbox)
        stories = tuple(tell(stack, message_id) for message_id in _remarkable(verdict))
    seconds = time.monotonic() - begun
    return Outcome(
        plan, verdict, window, kills, traffic.answers, sandbox, ulak.kept_items, ulak.figures, left, seconds, stories
    )


def _rehearse(stack: Stack) -> int:
    """Seconds of the window that fits this machine, which the workers are started with."""
    begun = time.monotonic()
    stack.kill("api")
    stack.start("api")
    window = max(SHORTEST_WINDOW, round(OUTAGES_PER_WINDOW * (time.monotonic() - begun)))
    stack.environment["ULAK_UNCONFIRMED_WINDOW"] = f"PT{window}S"
    for worker in stack.workers:
        stack.kill(worker)
        stack.launch(worker)
    stack.wait_until_ready(stack.workers)
    return window


def _strike_all(stack: Stack, traffic: Traffic, plan: Plan, say: Callable[[str], None]) -> Counter[str]:
    """Events are reported all the time, but no further than halfway to the next strike before all is ready again: so
    every strike hits a stack that is at work."""
    kills: Counter[str] = Counter()
    for strike, following in pairwise([*plan.strikes, Strike(len(plan.events), ())]):
        traffic.limit = strike.after + POSTERS
        exhaust(lambda strike=strike: traffic.missing(strike.after))
        traffic.limit = max(traffic.limit, (strike.after + following.after) // 2)
        say(f"{len(traffic.told)} accepted: kill -9 {' and '.join(strike.victims)}")
        _strike(stack, strike)
        say("  all ready again")
        kills.update(victim.split("-", maxsplit=1)[0] for victim in strike.victims)
    traffic.limit = sys.maxsize
    return kills


def _strike(stack: Stack, strike: Strike) -> None:
    """Kills and starts again at once, as a supervisor does; the next strike waits until all are ready."""
    for victim in strike.victims:
        if victim == POSTGRES:
            stack.kill_postgres()
        else:
            stack.kill(victim)
    for victim in strike.victims:
        if victim == POSTGRES:
            stack.start_postgres()
        else:
            stack.launch(victim)
    stack.wait_until_ready(["api", *stack.workers])


def _remarkable(verdict: Verdict) -> list[str]:
    """One message of each way in which doubt ended."""
    return [ids[0] for ids in (verdict.by_echo, verdict.resent, verdict.given_up) if ids]
