"""When what failed is tried again."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.callbacks.backoff import BREAK_AFTER, probe_delay, retry_after, retry_delay

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@given(st.integers(1, 10_000), st.randoms(use_true_random=False))
def test_delays_grow_within_bounds(failures: int, chance: Random) -> None:
    assert timedelta(0) <= retry_delay(failures, chance) <= min(6 * HOUR, timedelta(seconds=10 * 3 ** min(failures, 9)))
    assert timedelta(seconds=2.5) <= probe_delay(failures, chance) <= timedelta(minutes=10)


def test_what_failed_together_comes_back_apart() -> None:
    delays = [retry_delay(8, Random(seed)) for seed in range(100)]
    assert max(delays) - min(delays) > timedelta(hours=5)
    assert probe_delay(BREAK_AFTER + 20, Random(1)) >= timedelta(minutes=5)


def test_three_days_hold_some_dozens_of_tries() -> None:
    chance = Random(7)
    spent, tries = timedelta(0), 1
    while spent < timedelta(days=3):
        spent += retry_delay(tries, chance)
        tries += 1
    assert 15 < tries < 60


@pytest.mark.parametrize(
    ("header", "asked"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("٣", None),
        ("0", timedelta(0)),
        (" 90 ", timedelta(seconds=90)),
        ("86400", HOUR),
        ("9" * 40, HOUR),
        (format_datetime(NOW + timedelta(minutes=5), usegmt=True), timedelta(minutes=5)),
        (format_datetime(NOW - HOUR, usegmt=True), timedelta(0)),
        (format_datetime(NOW + timedelta(days=9), usegmt=True), HOUR),
        ("Thu, 26 Nov 2026 12:10:00", timedelta(minutes=10)),
    ],
)
def test_retry_after_is_read_as_seconds_or_date_and_bounded(header: str | None, asked: timedelta | None) -> None:
    assert retry_after(header, NOW) == asked
