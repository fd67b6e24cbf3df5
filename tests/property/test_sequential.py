"""The wagers that decide canaries are fair: whatever the rates, they cannot be expected to win against what holds."""

from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.experiments.sequential import Bounds, Comparison, Wager

RATES = st.floats(0, 1)
MARGINS = st.floats(0.001, 0.5)
DIFFERENCES = st.sampled_from([-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0])
"""Of blocks of one message with one, and of one with four."""


def expected(wager: Wager, before: list[float], control: float, variant: float) -> float:
    """What the capital comes to in the mean after one more pair of messages, each bad with its rate."""
    total = 0.0
    for bad_variant, bad_control in product((True, False), repeat=2):
        chance = (variant if bad_variant else 1 - variant) * (control if bad_control else 1 - control)
        copy = Wager(against_at_least=wager._margin)
        for difference in (*before, float(bad_variant) - float(bad_control)):
            copy.observe(difference)
        total += chance * copy.capital
    return total


@given(st.lists(DIFFERENCES, max_size=20), RATES, RATES)
def test_nothing_is_won_in_the_mean_against_a_variant_that_is_no_worse(
    before: list[float], one: float, other: float
) -> None:
    variant, control = sorted((one, other))
    wager = Wager()
    for difference in before:
        wager.observe(difference)
    assert expected(wager, before, control, variant) <= wager.capital * (1 + 1e-9)


@given(st.lists(DIFFERENCES, max_size=20), RATES, MARGINS)
def test_nothing_is_won_in_the_mean_for_a_variant_that_is_worse_by_the_margin(
    before: list[float], rate: float, margin: float
) -> None:
    control = rate * (1 - margin)
    variant = min(control + margin, 1.0)
    wager = Wager(against_at_least=margin)
    for difference in before:
        wager.observe(difference)
    assert expected(wager, before, control, variant) <= wager.capital * (1 + 1e-9)


@given(st.lists(DIFFERENCES, max_size=200), st.one_of(st.none(), MARGINS))
def test_capital_is_never_lost_whole(differences: list[float], margin: float | None) -> None:
    wager = Wager(against_at_least=margin)
    for difference in differences:
        wager.observe(difference)
        assert wager.capital > 0


@given(st.lists(DIFFERENCES, max_size=200), MARGINS)
def test_what_is_won_stays_won(differences: list[float], margin: float) -> None:
    comparison = Comparison(margin, Bounds.of(alpha=0.3, beta=0.3, metrics=1))
    seen: list[tuple[int | None, int | None]] = []
    for difference in differences:
        comparison.observe(difference)
        seen.append((comparison.worse_after, comparison.no_worse_after))
    for earlier, later in pairwise(seen):
        assert all(before is None or before == after for before, after in zip(earlier, later, strict=True))


def test_bounds_share_alpha_among_the_metrics_and_leave_beta_whole() -> None:
    bounds = Bounds.of(alpha=0.05, beta=0.1, metrics=4)
    assert (bounds.worse, bounds.no_worse) == (pytest.approx(80), pytest.approx(10))
