"""Some hundred simulated canaries: what is promised of the errors holds, and the test is worth its messages.

The seeds are fixed. Were the promised rate the true one, the counts would pass their bound in one of a million choices
of seeds: the bounds are quantiles of the binomial.
"""

from math import comb

import pytest

from benchmarks.experiments import Scenario, run, worse

CANARIES = 100
RATE = 0.2
"""Promised of either error here: large, so that a broken promise would show in so few canaries."""


def most_of(number: int, rate: float, *, chance: float = 1e-6) -> int:
    """That a binomial exceeds with less than this chance."""
    tail, most = 1.0, -1
    while tail >= chance:
        most += 1
        tail -= comb(number, most) * rate**most * (1 - rate) ** (number - most)
    return most


def reasons(name: str, contacts: int = 400, **by: float) -> list[str]:
    scenario = Scenario(name, worse(**by), contacts=contacts, alpha=RATE, beta=RATE)
    return [one.reason for one in run(scenario, range(CANARIES), seed=7)]


def test_variant_that_is_no_worse_is_seldom_found_worse_and_mostly_goes() -> None:
    found = reasons("no different")
    assert found.count("worse") <= most_of(CANARIES, RATE)
    assert found.count("no_worse") >= CANARIES - most_of(CANARIES, 0.5), "else hardly any canary would end in time"


@pytest.mark.parametrize("by", [{"failed": 0.03}, {"blocked": 0.02}, {"opt_out": 0.02}, {"not_read": 0.1}], ids=str)
def test_variant_that_is_worse_by_its_margin_in_one_metric_seldom_goes(by: dict[str, float]) -> None:
    assert reasons("worse", **by).count("no_worse") <= most_of(CANARIES, RATE)


def test_variant_that_is_much_worse_is_stopped() -> None:
    found = reasons("much worse", failed=0.1)
    assert found.count("worse") >= CANARIES - most_of(CANARIES, 0.05)
