"""What came of a canary's messages, read as evidence, and the decision that follows. Pure.

Each contact counts once, by the first message that left for it by its arm's own template: two messages to one person
are no two independent observations. Of a metric a message is mature when the metric's window after its leaving is over,
whatever came meanwhile, so that what fails at once is not seen earlier than what goes well. Mature messages are read in
the order in which they left. So the evidence up to a moment is the same whenever it is looked at after that moment, and
the decision is the first one that it ever led to.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import NormalDist
from uuid import UUID

from app.experiments.sequential import Bounds, Comparison

VARIANT = "variant"
CONTROL = "control"
"""The two arms of a canary; those of fixed shares are named like their templates."""

CONTROLS_MOST = 4
"""Messages by the control that one by the variant is compared with: a fifth would hardly make the comparison finer."""


class Metric(StrEnum):
    FAILED = "failed"
    """Of those that left: Meta reported that it failed, and did not deliver it after all."""
    BLOCKED = "blocked"
    """Of those that left: it, or a later one to the same contact, came back as undeliverable, or as stopped by the
    customer. Nobody tells of a block itself."""
    OPT_OUT = "opt_out"
    """Of those delivered: the customer opted out, here or of marketing at Meta."""
    NOT_READ = "not_read"
    """Of those delivered: no receipt says that it was read."""


class Verdict(StrEnum):
    WORSE = "worse"
    NO_WORSE = "no_worse"
    UNDECIDED = "undecided"


class AtLimit(StrEnum):
    """What is done where the planned end comes before an answer."""

    STOP = "stop"
    GO = "go"


@dataclass(frozen=True, slots=True)
class Watch:
    """How one metric is watched."""

    margin: float
    window: timedelta


@dataclass(frozen=True, slots=True)
class Plan:
    """What a canary is decided by."""

    watched: Mapping[Metric, Watch]
    alpha: float
    beta: float
    at_limit: AtLimit
    variants: int
    """In one block."""
    controls: int

    @property
    def bounds(self) -> Bounds:
        return Bounds.of(alpha=self.alpha, beta=self.beta, metrics=len(self.watched))

    @property
    def longest_window(self) -> timedelta:
        return max(watch.window for watch in self.watched.values())


def block_of(share: int) -> tuple[int, int]:
    """How many messages by the variant and by the control are compared with each other, by the variant's share."""
    rest = 100 - share
    if rest == 0:
        return 1, 1
    return min(max(round(share / rest), 1), CONTROLS_MOST), min(max(round(rest / share), 1), CONTROLS_MOST)


@dataclass(frozen=True, slots=True)
class Told:
    """A message that left, and what is known of it."""

    message_id: UUID
    contact_id: UUID
    arm: str
    left_at: datetime
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    failed_at: datetime | None = None
    blocked_at: datetime | None = None
    opted_out_at: datetime | None = None

    def shows(self, metric: Metric, window: timedelta) -> bool | None:
        """Whether what is bad came to pass within the window; nothing where the message does not count for it."""
        until = self.left_at + window
        delivered = _by(self.delivered_at, until) or _by(self.read_at, until)
        match metric:
            case Metric.FAILED:
                return _by(self.failed_at, until) and not delivered
            case Metric.BLOCKED:
                return _by(self.blocked_at, until)
            case Metric.OPT_OUT:
                return _by(self.opted_out_at, until) if delivered else None
            case Metric.NOT_READ:
                return not _by(self.read_at, until) if delivered else None


def _by(moment: datetime | None, until: datetime) -> bool:
    return moment is not None and moment <= until


@dataclass(frozen=True, slots=True)
class Count:
    """Of one arm, the mature messages of a metric."""

    observed: int
    bad: int

    @property
    def rate(self) -> float | None:
        return self.bad / self.observed if self.observed else None

    @property
    def interval(self) -> tuple[float, float]:
        """Where the rate lies with 95 %, by Wilson's score. For people: the decision does not rest on it."""
        if not self.observed:
            return 0.0, 1.0
        n, p, z = self.observed, self.bad / self.observed, _Z
        middle, scale = p + z * z / (2 * n), 1 + z * z / n
        half = z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
        return max((middle - half) / scale, 0.0), min((middle + half) / scale, 1.0)


_Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a metric says so far."""

    metric: Metric
    watch: Watch
    blocks: int
    maturing: int
    """Messages that left and are not mature yet."""
    unpaired: int
    """Mature ones by the variant that wait for ones by the control to be compared with."""
    against_no_worse: float
    against_worse: float
    worse_at: datetime | None
    """When the last message that was needed to say so was mature."""
    no_worse_at: datetime | None

    @property
    def verdict(self) -> Verdict:
        if self.worse_at is not None:
            return Verdict.WORSE
        return Verdict.NO_WORSE if self.no_worse_at is not None else Verdict.UNDECIDED


def count(metric: Metric, window: timedelta, told: Iterable[Told], arm: str, now: datetime) -> Count:
    """`told`: each contact once."""
    shown = [bad for _, bad in _mature(metric, window, told, arm, now)]
    return Count(len(shown), sum(shown))


def _mature(
    metric: Metric, window: timedelta, told: Iterable[Told], arm: str, now: datetime
) -> list[tuple[datetime, bool]]:
    """When each message of the arm became mature, and whether it shows what is bad."""
    mature = (one for one in told if one.arm == arm and one.left_at + window <= now)
    return [(one.left_at + window, bad) for one in mature if (bad := one.shows(metric, window)) is not None]


def read(metric: Metric, plan: Plan, told: Sequence[Told], now: datetime) -> Reading:
    """`told`: each contact once, in the order in which the messages left."""
    watch = plan.watched[metric]
    variants = _mature(metric, watch.window, told, VARIANT, now)
    controls = _mature(metric, watch.window, told, CONTROL, now)
    comparison = Comparison(watch.margin, plan.bounds)
    moments = []
    for first, second in zip(_blocks(variants, plan.variants), _blocks(controls, plan.controls), strict=False):
        comparison.observe(_rate(first) - _rate(second))
        moments.append(max(first[-1][0], second[-1][0]))
    return Reading(
        metric,
        watch,
        comparison.blocks,
        sum(one.left_at + watch.window > now for one in told),
        len(variants) - comparison.blocks * plan.variants,
        comparison.against_no_worse,
        comparison.against_worse,
        _moment(moments, comparison.worse_after),
        _moment(moments, comparison.no_worse_after),
    )


def _blocks(seen: list[tuple[datetime, bool]], size: int) -> Iterable[list[tuple[datetime, bool]]]:
    return (seen[start : start + size] for start in range(0, len(seen) - size + 1, size))


def _rate(block: list[tuple[datetime, bool]]) -> float:
    return sum(bad for _, bad in block) / len(block)


def _moment(moments: list[datetime], after: int | None) -> datetime | None:
    return moments[after - 1] if after is not None else None


@dataclass(frozen=True, slots=True)
class Decided:
    go: bool
    reason: str
    """`worse`, `no_worse`, or `limit`."""
    metrics: tuple[Metric, ...] = ()
    """Of `worse`: in which it is."""


def decide(plan: Plan, readings: Sequence[Reading], *, is_at_limit: bool) -> Decided | None:
    """Worse in one metric stops; no worse in all of them goes. Whichever came first holds, however late it is seen."""
    worse_at = min((one.worse_at for one in readings if one.worse_at is not None), default=None)
    passed = [one.no_worse_at for one in readings if one.no_worse_at is not None]
    no_worse_at = max(passed) if len(passed) == len(readings) else None
    if worse_at is not None and (no_worse_at is None or worse_at <= no_worse_at):
        return Decided(
            go=False, reason="worse", metrics=tuple(one.metric for one in readings if one.worse_at == worse_at)
        )
    if no_worse_at is not None:
        return Decided(go=True, reason="no_worse")
    return Decided(go=plan.at_limit is AtLimit.GO, reason="limit") if is_at_limit else None
