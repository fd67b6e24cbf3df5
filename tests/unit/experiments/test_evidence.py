"""What counts as evidence, from when on, and what is decided by it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

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
    Verdict,
    Watch,
    block_of,
    count,
    decide,
    read,
)

START = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SOON, LATE = START + timedelta(minutes=5), START + timedelta(hours=2)


def told(number: int = 1, arm: str = VARIANT, **more: datetime | None) -> Told:
    return replace(Told(UUID(int=number), UUID(int=number), arm, START), **more)  # type: ignore[arg-type]


def plan(
    *metrics: Metric, margin: float = 0.3, window: timedelta = HOUR, at_limit: AtLimit = AtLimit.STOP, controls: int = 1
) -> Plan:
    watched = {metric: Watch(margin, window) for metric in metrics or (Metric.FAILED,)}
    return Plan(watched, alpha=0.05, beta=0.05, at_limit=at_limit, variants=1, controls=controls)


@pytest.mark.parametrize(
    ("metric", "known", "shows"),
    [
        (Metric.FAILED, {}, False),
        (Metric.FAILED, {"failed_at": SOON}, True),
        (Metric.FAILED, {"failed_at": LATE}, False),
        (Metric.FAILED, {"failed_at": SOON, "delivered_at": SOON}, False),
        (Metric.FAILED, {"failed_at": SOON, "delivered_at": LATE}, True),
        (Metric.BLOCKED, {"failed_at": SOON}, False),
        (Metric.BLOCKED, {"blocked_at": SOON}, True),
        (Metric.BLOCKED, {"blocked_at": LATE}, False),
        (Metric.OPT_OUT, {"opted_out_at": SOON}, None),
        (Metric.OPT_OUT, {"delivered_at": SOON}, False),
        (Metric.OPT_OUT, {"delivered_at": SOON, "opted_out_at": SOON}, True),
        (Metric.OPT_OUT, {"delivered_at": SOON, "opted_out_at": LATE}, False),
        (Metric.NOT_READ, {}, None),
        (Metric.NOT_READ, {"failed_at": SOON}, None),
        (Metric.NOT_READ, {"delivered_at": SOON}, True),
        (Metric.NOT_READ, {"delivered_at": LATE}, None),
        (Metric.NOT_READ, {"delivered_at": SOON, "read_at": SOON}, False),
        (Metric.NOT_READ, {"delivered_at": SOON, "read_at": LATE}, True),
        (Metric.NOT_READ, {"read_at": SOON}, False),
    ],
)
def test_only_what_comes_within_the_window_is_seen(
    metric: Metric,
    known: dict[str, datetime],
    shows: bool | None,  # noqa: FBT001 - a column of the table above
) -> None:
    assert told(**known).shows(metric, HOUR) is shows


@pytest.mark.parametrize(
    ("share", "block"),
    [(100, (1, 1)), (50, (1, 1)), (40, (1, 2)), (30, (1, 2)), (20, (1, 4)), (1, (1, 4)), (75, (3, 1)), (99, (4, 1))],
)
def test_block_follows_the_share_up_to_four_to_one(share: int, block: tuple[int, int]) -> None:
    assert block_of(share) == block


def test_message_counts_once_its_window_is_over_and_not_before_though_it_failed_at_once() -> None:
    messages = [told(failed_at=SOON), told(2, CONTROL)]
    early = read(Metric.FAILED, plan(), messages, START + HOUR - timedelta(seconds=1))
    assert (early.blocks, early.maturing) == (0, 2)
    late = read(Metric.FAILED, plan(), messages, START + HOUR)
    assert (late.blocks, late.maturing, late.unpaired) == (1, 0, 0)
    assert late.against_no_worse > 1 > late.against_worse
    assert count(Metric.FAILED, HOUR, messages, VARIANT, START + HOUR) == Count(1, 1)
    assert count(Metric.FAILED, HOUR, messages, VARIANT, START) == Count(0, 0)


def test_variant_waits_for_as_many_by_the_control_as_one_is_compared_with() -> None:
    messages = [told(1), *(told(number, CONTROL) for number in range(2, 5))]
    reading = read(Metric.FAILED, plan(controls=4), messages, LATE)
    assert (reading.blocks, reading.unpaired) == (0, 1)
    assert read(Metric.FAILED, plan(controls=4), [*messages, told(5, CONTROL)], LATE).blocks == 1


def canary(variant_bad: Sequence[bool], control_bad: Sequence[bool]) -> list[Told]:
    """Two messages an hour, side by side."""
    return [
        replace(
            told(2 * number + offset, arm),
            left_at=START + number * HOUR,
            failed_at=START + number * HOUR if bad else None,
            delivered_at=None if bad else START + number * HOUR,
        )
        for number, pair in enumerate(zip(variant_bad, control_bad, strict=True))
        for offset, (arm, bad) in enumerate(zip((VARIANT, CONTROL), pair, strict=True))
    ]


def test_decision_is_the_same_whenever_one_looks() -> None:
    """It fails for everybody from the 30th on, and before that it was found to be no worse, or the other way round."""
    fine = [False] * 40
    for bad in ([False] * 30 + [True] * 10, [True] * 10 + [False] * 30):
        messages, made = canary(bad, fine), plan(margin=0.3)
        looks = [START + hours * HOUR for hours in range(1, 60)]
        decisions = [decide(made, [read(Metric.FAILED, made, messages, now)], is_at_limit=False) for now in looks]
        first = next(one for one in decisions if one is not None)
        assert {one for one in decisions if one is not None} == {first}
        assert first.reason == ("no_worse" if not bad[0] else "worse")
        late = read(Metric.FAILED, made, messages, looks[-1])
        assert late.worse_at is not None or bad[0] is False


def reading(metric: Metric, *, worse: int | None = None, no_worse: int | None = None) -> Reading:
    """Verdicts after so many hours."""
    return Reading(
        metric,
        Watch(0.1, HOUR),
        blocks=100,
        maturing=0,
        unpaired=0,
        against_no_worse=1.0,
        against_worse=1.0,
        worse_at=START + worse * HOUR if worse is not None else None,
        no_worse_at=START + no_worse * HOUR if no_worse is not None else None,
    )


BOTH = (Metric.FAILED, Metric.NOT_READ)


@pytest.mark.parametrize(
    ("failed", "not_read", "decided"),
    [
        ({}, {}, None),
        ({"no_worse": 1}, {}, None),
        ({"no_worse": 1}, {"no_worse": 2}, Decided(go=True, reason="no_worse")),
        ({"worse": 1}, {"no_worse": 2}, Decided(go=False, reason="worse", metrics=(Metric.FAILED,))),
        ({"worse": 1}, {}, Decided(go=False, reason="worse", metrics=(Metric.FAILED,))),
        ({"worse": 3, "no_worse": 1}, {"no_worse": 2}, Decided(go=True, reason="no_worse")),
        ({"worse": 2, "no_worse": 1}, {"no_worse": 2}, Decided(go=False, reason="worse", metrics=(Metric.FAILED,))),
        ({"worse": 2}, {"worse": 2}, Decided(go=False, reason="worse", metrics=BOTH)),
    ],
)
def test_one_metric_stops_all_are_needed_to_go_and_the_first_answer_holds(
    failed: dict[str, int], not_read: dict[str, int], decided: Decided | None
) -> None:
    readings = [reading(Metric.FAILED, **failed), reading(Metric.NOT_READ, **not_read)]
    assert decide(plan(*BOTH), readings, is_at_limit=False) == decided
    if decided is not None:
        assert decide(plan(*BOTH, at_limit=AtLimit.GO), readings, is_at_limit=True) == decided


@pytest.mark.parametrize("at_limit", AtLimit)
def test_without_an_answer_the_limit_decides_as_it_was_planned(at_limit: AtLimit) -> None:
    undecided = [reading(Metric.FAILED, no_worse=1), reading(Metric.NOT_READ)]
    assert undecided[1].verdict is Verdict.UNDECIDED
    assert decide(plan(*BOTH, at_limit=at_limit), undecided, is_at_limit=True) == Decided(
        go=at_limit is AtLimit.GO, reason="limit"
    )


@pytest.mark.parametrize(
    ("observed", "bad", "low", "high"),
    [(0, 0, 0.0, 1.0), (10, 0, 0.0, 0.2775), (100, 5, 0.0215, 0.1118), (200, 100, 0.4314, 0.5686), (5, 5, 0.5655, 1.0)],
)
def test_interval_of_a_rate_is_wilsons(observed: int, bad: int, low: float, high: float) -> None:
    """Figures of Newcombe 1998, or computed from his formula."""
    assert Count(observed, bad).interval == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))
