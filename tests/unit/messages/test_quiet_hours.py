"""The customer's night, on the customer's clock."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.messages.quiet_hours import QuietHours

ISTANBUL = "Europe/Istanbul"
NIGHT = QuietHours(time(22), time(8))

moments = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
clocks = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))
zones = st.sampled_from([ISTANBUL, "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Chatham", "UTC"])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-11-25T21:59:59+03:00", None),
        ("2026-11-25T22:00:00+03:00", "2026-11-26T08:00:00+03:00"),
        ("2026-11-25T23:30:00+03:00", "2026-11-26T08:00:00+03:00"),
        ("2026-11-26T00:00:00+03:00", "2026-11-26T08:00:00+03:00"),
        ("2026-11-26T07:59:59+03:00", "2026-11-26T08:00:00+03:00"),
        ("2026-11-26T08:00:00+03:00", None),
        ("2026-11-25T19:30:00+00:00", "2026-11-26T08:00:00+03:00"),
    ],
)
def test_over_midnight(moment: str, until: str | None) -> None:
    assert NIGHT.end_after(at(moment), ISTANBUL) == (at(until) if until else None)


def test_within_one_day() -> None:
    nap = QuietHours(time(13), time(15))
    assert nap.end_after(at("2026-11-25T14:00:00+03:00"), ISTANBUL) == at("2026-11-25T15:00:00+03:00")
    assert nap.end_after(at("2026-11-25T15:00:00+03:00"), ISTANBUL) is None
    assert nap.end_after(at("2026-11-25T12:59:00+03:00"), ISTANBUL) is None


@given(moments, clocks, zones)
def test_the_same_time_twice_means_never(moment: datetime, clock: time, zone: str) -> None:
    assert QuietHours(clock, clock).end_after(moment, zone) is None


@given(moments, clocks, clocks, zones)
def test_the_end_is_later_within_a_day_and_no_longer_quiet(
    moment: datetime, begins: time, ends: time, zone: str
) -> None:
    quiet = QuietHours(begins, ends)
    until = quiet.end_after(moment, zone)
    if until is None:
        return
    assert moment < until <= moment + timedelta(hours=25), "a day may have 25 hours"
    shown = until.astimezone(ZoneInfo(zone)).time()
    assert shown >= ends, "clocks that are set forward may skip the end"
    assert quiet.end_after(until, zone) is None or shown != ends


def test_clocks_that_are_set_back_show_the_end_twice() -> None:
    # In Berlin 02:30 comes twice on 2026-10-25: at 00:30 UTC, and at 01:30 UTC.
    quiet = QuietHours(time(1), time(2, 30))
    assert quiet.end_after(at("2026-10-24T23:15:00+00:00"), "Europe/Berlin") == at("2026-10-25T00:30:00+00:00")
    assert quiet.end_after(at("2026-10-25T01:10:00+00:00"), "Europe/Berlin") == at("2026-10-25T01:30:00+00:00")


def test_clocks_that_are_set_forward_may_skip_the_end() -> None:
    # In Berlin there is no 02:30 on 2026-03-29: from 02:00 it is 03:00.
    quiet = QuietHours(time(22), time(2, 30))
    until = quiet.end_after(at("2026-03-29T00:45:00+00:00"), "Europe/Berlin")
    assert until is not None
    assert quiet.end_after(until, "Europe/Berlin") is None
