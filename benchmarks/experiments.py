"""`python -m benchmarks.experiments`: thousands of simulated canaries, and how often each is decided rightly.

Customers are invented; the evidence is read, and the decision made, by Ulak's own code. Each canary has customers of
its own, and the same seed makes the same ones.
"""

import argparse
import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from statistics import mean
from uuid import UUID

from app.experiments.evidence import (
    CONTROL,
    VARIANT,
    AtLimit,
    Count,
    Decided,
    Metric,
    Plan,
    Reading,
    Told,
    block_of,
    decide,
    read,
)
from app.experiments.schemas import DEFAULT_WATCH

USUAL: Mapping[Metric, float] = {
    Metric.FAILED: 0.02,
    Metric.BLOCKED: 0.01,
    Metric.OPT_OUT: 0.005,
    Metric.NOT_READ: 0.3,
}
"""How often what is bad happens by the control."""

_FIRST_LOOK = 1400
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Scenario:
    """What the variant does otherwise than the control, and by which plan that is found."""

    name: str
    variant: Mapping[Metric, float]
    share: int = 50
    contacts: int = 3000
    alpha: float = 0.05
    beta: float = 0.05
    at_limit: AtLimit = AtLimit.STOP

    @property
    def plan(self) -> Plan:
        variants, controls = block_of(self.share)
        return Plan(DEFAULT_WATCH, self.alpha, self.beta, self.at_limit, variants, controls)


@dataclass(frozen=True)
class Outcome:
    """How one canary ended: `worse`, `no_worse` or `limit`, and after how many contacts with the variant."""

    reason: str
    contacts: int


def worse(**by: float) -> dict[Metric, float]:
    """The control's rates, some of them raised."""
    return {metric: rate + by.get(metric.value, 0.0) for metric, rate in USUAL.items()}


def customers(scenario: Scenario, chance: random.Random) -> Iterator[Told]:
    """One after another, an hour apart, until the variant has as many as it is to get."""
    variants, number = 0, 0
    while variants < scenario.contacts or number < 2 * variants:
        is_variant = variants < scenario.contacts and chance.random() * 100 < scenario.share
        variants += is_variant
        number += 1
        arm, rates = (VARIANT, scenario.variant) if is_variant else (CONTROL, USUAL)
        left_at = _BEGIN + timedelta(hours=number)
        soon = left_at + timedelta(minutes=1)
        failed, blocked, opted_out, unread = (chance.random() < rates[metric] for metric in Metric)
        yield Told(
            UUID(int=number),
            UUID(int=number),
            arm,
            left_at,
            delivered_at=None if failed else soon,
            read_at=None if failed or unread else soon,
            failed_at=soon if failed else None,
            blocked_at=soon if blocked else None,
            opted_out_at=soon if opted_out and not failed else None,
        )


def simulate(scenario: Scenario, seed: str) -> Outcome:
    """Looks now and then: what is decided does not depend on when one looks."""
    coming = customers(scenario, random.Random(seed))  # noqa: S311 - chance is to be the same each time
    told, plan = list[Told](), scenario.plan
    while True:
        more = list(islice(coming, max(len(told), _FIRST_LOOK)))
        told += more
        now = told[-1].left_at + (timedelta(0) if more else plan.longest_window)
        readings = [read(metric, plan, told, now) for metric in plan.watched]
        decided = decide(plan, readings, is_at_limit=not more)
        if decided is not None:
            until = _seen_until(decided, readings)
            reached = sum(one.arm == VARIANT and (until is None or one.left_at <= until) for one in told)
            return Outcome(decided.reason, reached)


def _seen_until(decided: Decided, readings: list[Reading]) -> datetime | None:
    """When the last message left that the decision needed."""
    if decided.reason == "limit":
        return None
    if decided.reason == "worse":
        return min(one.worse_at - one.watch.window for one in readings if one.worse_at is not None)
    return max(one.no_worse_at - one.watch.window for one in readings if one.no_worse_at is not None)


def run(scenario: Scenario, seeds: range, seed: int) -> list[Outcome]:
    return [simulate(scenario, f"{seed}/{scenario.name}/{one}") for one in seeds]


def scenarios() -> list[Scenario]:
    margins = {metric: watch.margin for metric, watch in DEFAULT_WATCH.items()}
    found = [
        Scenario("no different", worse()),
        Scenario("better: 1 % fail, 20 % do not read", worse(failed=-0.01, not_read=-0.1)),
        Scenario("worse by half of each margin", worse(**{metric.value: by / 2 for metric, by in margins.items()})),
    ]
    for times, words in ((1, "its margin"), (2, "twice its margin")):
        found += [
            Scenario(f"{metric.value} worse by {words}", worse(**{metric.value: times * by}))
            for metric, by in margins.items()
        ]
    found += [
        Scenario("no different, share 20 %", worse(), share=20),
        Scenario("failed worse by its margin, share 20 %", worse(failed=margins[Metric.FAILED]), share=20),
        Scenario("no different, 500 contacts", worse(), contacts=500),
        Scenario("failed worse by its margin, 500 contacts", worse(failed=margins[Metric.FAILED]), contacts=500),
        Scenario("no different, share 100 %", worse(), share=100, contacts=1500),
        Scenario(
            "failed worse by its margin, share 100 %", worse(failed=margins[Metric.FAILED]), share=100, contacts=1500
        ),
    ]
    return found


def _shown(part: int, whole: int) -> str:
    low, high = Count(whole, part).interval
    return f"{100 * part / whole:.1f} % ({100 * low:.1f}-{100 * high:.1f})"


def _row(scenario: Scenario, outcomes: list[Outcome]) -> str:
    by_reason = Counter(one.reason for one in outcomes)
    ended = sorted(one.contacts for one in outcomes if one.reason != "limit")
    late = ended[math.ceil(0.9 * len(ended)) - 1] if ended else None
    cells = [
        scenario.name,
        *(_shown(by_reason[reason], len(outcomes)) for reason in ("worse", "no_worse", "limit")),
        f"{mean(ended):.0f}" if ended else "",
        str(late or ""),
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.experiments", description=__doc__)
    parser.add_argument("--canaries", type=int, default=1000, help="of each scenario (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--processes", type=int, default=2, help="default: %(default)s")
    options = parser.parse_args()
    print("| the variant | found worse: stops | found no worse: goes | neither | contacts, mean | 9 of 10 within |")
    print("|---|---|---|---|---|---|")
    chunk = max(options.canaries // (4 * options.processes), 1)
    with ProcessPoolExecutor(options.processes) as pool:
        for scenario in scenarios():
            parts = [range(at, min(at + chunk, options.canaries)) for at in range(0, options.canaries, chunk)]
            done = [pool.submit(run, scenario, part, options.seed) for part in parts]
            print(_row(scenario, [outcome for part in done for outcome in part.result()]), flush=True)


if __name__ == "__main__":
    main()
