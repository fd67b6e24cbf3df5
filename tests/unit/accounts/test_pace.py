"""A rate that Meta brought down rises again."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.accounts.pace import RECOVERY, rate
from app.accounts.portfolio import limit_of_tier

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def test_without_throttling_the_limit_holds() -> None:
    assert rate(80, None, None, NOW) == 80.0


def test_half_recovers_in_half_the_time() -> None:
    assert rate(80, 40.0, NOW, NOW) == 40.0
    assert rate(80, 40.0, NOW, NOW + RECOVERY / 4) == 60.0
    assert rate(80, 40.0, NOW, NOW + RECOVERY / 2) == 80.0
    assert rate(80, 40.0, NOW, NOW + timedelta(days=1)) == 80.0


@given(st.integers(1, 1000), st.floats(1, 1000), st.timedeltas(timedelta(0), timedelta(hours=1)))
def test_never_above_the_limit_and_never_falling(limit: int, start: float, passed: timedelta) -> None:
    now = NOW + passed
    assert rate(limit, start, NOW, now) <= limit
    assert rate(limit, start, NOW, now) <= rate(limit, start, NOW, now + timedelta(seconds=1))


def test_tiers_of_the_portfolio() -> None:
    assert limit_of_tier("TIER_250") == (True, 250)
    assert limit_of_tier("TIER_2K") == (True, 2000)
    assert limit_of_tier("TIER_100K") == (True, 100_000)
    assert limit_of_tier("TIER_UNLIMITED") == (True, None)
    assert limit_of_tier(-1) == (True, None)
    assert limit_of_tier(2000) == (True, 2000)
    assert limit_of_tier("2000") == (True, 2000)
    for unknown in ("TIER_NOT_SET", "TIER_9K", "", None, True, 0, -7, 2.5, []):
        assert limit_of_tier(unknown) == (False, None)
