"""Buckets on any clock: they follow each other without a gap, each of the length that the clock gives it."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import get_args
from unittest.mock import AsyncMock
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analytics import repository
from app.analytics.asked import ROWS_MOST, Asked, FiguresQuery, window_of
from app.analytics.buckets import SLOT, Bucket, days_of, is_on_slot, midnight, slot_of, starts_of, whole_days
from app.core.problems import InvalidRequest

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 12, 7, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2010, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)).map(slot_of)  # noqa: DTZ001
ZONES = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)


@given(MOMENTS, st.timedeltas(SLOT, timedelta(days=100)), ZONES, st.sampled_from(get_args(Bucket)))
def test_buckets_cover_the_time_and_begin_where_the_clock_says(
    since: datetime, length: timedelta, zone: ZoneInfo, bucket: Bucket
) -> None:
    until = slot_of(since + length)
    starts = starts_of(bucket, since, until, zone, most=10_000)
    assert starts is not None
    assert starts[0] == since
    passing = [one.astimezone(UTC) for one in (*starts, until)]
    assert all(first < one and is_on_slot(one) for first, one in pairwise(passing))
    for start in starts[1:]:
        before = (start.astimezone(UTC) - timedelta(microseconds=1)).astimezone(zone)
        local = start.astimezone(zone)
        match bucket:
            case "hour":
                assert (before.date(), before.hour, before.utcoffset()) != (local.date(), local.hour, local.utcoffset())
            case "day":
                assert before.date() < local.date()
            case "week":
                assert before.isocalendar()[:2] < local.isocalendar()[:2]
            case "month":
                assert (before.year, before.month) < (local.year, local.month)
    if (whole := whole_days(since, until, zone)) is not None:
        begins, ends = whole
        assert since <= begins.astimezone(UTC) < ends.astimezone(UTC) <= until
        slots = [begins, slot_of(ends.astimezone(UTC) - timedelta(microseconds=1))]
        days = days_of(slots, zone)
        assert (days[0][0], days[-1][1]) == (begins, ends)


@pytest.mark.parametrize(
    ("zone", "day", "hours", "buckets"),
    [
        (BERLIN, date(2026, 3, 29), 23, 23),
        (BERLIN, date(2026, 10, 25), 25, 25),
        (ZoneInfo("Australia/Lord_Howe"), date(2026, 4, 5), 24.5, 25),  # 2:00 becomes 1:30
        (ZoneInfo("Asia/Kathmandu"), date(2026, 4, 5), 24, 24),
        (ZoneInfo("Africa/Cairo"), date(2026, 4, 24), 23, 23),  # there is no midnight
    ],
)
def test_a_day_has_the_hours_that_its_clock_has(zone: ZoneInfo, day: date, hours: float, buckets: int) -> None:
    since, until = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    assert until.astimezone(UTC) - since.astimezone(UTC) == timedelta(hours=hours)
    found = starts_of("hour", since.astimezone(UTC), until.astimezone(UTC), zone, most=100)
    assert found is not None
    assert len(found) == buckets


def test_a_time_is_asked_for_by_days_that_are_shown_or_by_moments() -> None:
    usual = window_of(Asked(), "Europe/Istanbul", NOW)
    assert (usual.since.isoformat(), usual.until.isoformat()) == (
        "2026-10-26T00:00:00+03:00",
        "2026-11-25T00:00:00+03:00",
    )
    november = FiguresQuery.model_validate({"from": "2026-11-01", "to": "2026-11-30", "bucket": "week"}).asked()
    window = window_of(november, "Europe/Istanbul", NOW)
    assert [start.date().isoformat() for start in window.starts] == [
        "2026-11-01", "2026-11-02", "2026-11-09", "2026-11-16", "2026-11-23", "2026-11-30",
    ]  # fmt: skip
    assert window.buckets[-1][1].isoformat() == "2026-12-01T00:00:00+03:00"
    exact = FiguresQuery.model_validate({"from": "2026-11-01T10:15:00+01:00", "to": "2026-11-01T12:30:00Z"}).asked()
    window = window_of(exact, "Asia/Kolkata", NOW)
    assert [one.isoformat() for one in (window.since, window.until)] == [
        "2026-11-01T14:45:00+05:30",
        "2026-11-01T18:00:00+05:30",
    ]


def test_an_hour_that_comes_twice_has_an_order() -> None:
    first, second = "2026-10-25T02:30:00+02:00", "2026-10-25T02:15:00+01:00"
    window = window_of(FiguresQuery.model_validate({"from": first, "to": second}).asked(), "Europe/Berlin", NOW)
    assert window.until.astimezone(UTC) - window.since.astimezone(UTC) == timedelta(minutes=45)
    with pytest.raises(InvalidRequest):
        window_of(FiguresQuery.model_validate({"from": second, "to": first}).asked(), "Europe/Berlin", NOW)


async def test_an_hour_that_comes_twice_at_midnight_is_asked_for() -> None:
    zone = "America/Havana"
    asked = FiguresQuery.model_validate({"from": "2026-10-30", "to": "2026-11-01T00:00:00-05:00"}).asked()
    session = AsyncMock(scalar=AsyncMock(return_value=zone))
    window = window_of(asked, zone, NOW)
    ranges = await repository._ranges(session, UUID(int=0), window)
    lengths = [(span, until.astimezone(UTC) - since.astimezone(UTC)) for span, since, until in ranges]
    assert lengths == [("day", timedelta(days=2)), ("slot", timedelta(hours=1))]


@pytest.mark.parametrize(
    ("since", "until", "bucket", "parameter", "code"),
    [
        ("2026-11-02", "2026-11-01", "none", "to", "empty"),
        ("2026-11-02T00:01:00Z", None, "none", "from", "quarter"),
        ("1999-01-01", "2026-01-01", "none", "from", "too_long"),
        ("2024-01-01", "2026-01-01", "hour", "bucket", "too_many_rows"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_the_parameter(
    since: str, until: str | None, bucket: str, parameter: str, code: str
) -> None:
    asked = FiguresQuery.model_validate({"from": since, "to": until, "bucket": bucket}).asked()
    with pytest.raises(InvalidRequest) as refused:
        window_of(asked, "Europe/Istanbul", NOW)
    assert [(one.parameter, one.code) for one in refused.value.errors] == [(parameter, code)]
    assert ROWS_MOST < 366 * 2 * 24
