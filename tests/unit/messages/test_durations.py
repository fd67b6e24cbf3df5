"""Lengths of time in requests: written out, within bounds, and different from each other."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.messages.durations import LONGEST, SHORTEST, Distances, written

ADAPTER: TypeAdapter[list[timedelta]] = TypeAdapter(Distances)
lengths = st.integers(int(SHORTEST.total_seconds()), int(LONGEST.total_seconds()))


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("PT24H", timedelta(days=1)),
        ("P1D", timedelta(days=1)),
        ("P1W", timedelta(weeks=1)),
        ("P2DT30M", timedelta(days=2, minutes=30)),
        ("PT1H30M", timedelta(minutes=90)),
        ("PT300S", timedelta(minutes=5)),
        ("P30D", timedelta(days=30)),
    ],
)
def test_a_length_is_read_as_iso_8601_writes_it(text: str, length: timedelta) -> None:
    assert ADAPTER.validate_python([text]) == [length]
    assert ADAPTER.validate_json(f'["{text}"]') == [length]


@pytest.mark.parametrize(
    "value",
    [
        "P", "PT", "PT1", "1H", "24:00", "1 day", "P1M", "P1Y", "-PT1H", "PT-1H", "PT1.5H", "P1DT", "PT24H ", "pt24h",
        "PT4M", "PT299S", "P31D", "P30DT1S", "PT0S", "P99999D", "PT99999999999999999999S", "PT1H\n", "PT\u0661H",
        3600, 3600.0, True, None, [], {},
    ],
)  # fmt: skip
def test_what_is_no_length_or_out_of_bounds_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        ADAPTER.validate_python([value])


@pytest.mark.parametrize("value", [["PT24H", "P1D"], ["PT1H", "PT1H"], ["PT60M", "PT1H"]])
def test_the_same_length_twice_is_refused(value: list[str]) -> None:
    with pytest.raises(ValidationError, match="different lengths"):
        ADAPTER.validate_python(value)


def test_more_than_five_are_refused() -> None:
    asked = [f"PT{hours}H" for hours in range(1, 7)]
    assert len(ADAPTER.validate_python(asked[:5])) == 5
    with pytest.raises(ValidationError, match="too_long"):
        ADAPTER.validate_python(asked)


@given(lengths)
def test_what_is_written_reads_as_the_same_length(seconds: int) -> None:
    length = timedelta(seconds=seconds)
    assert ADAPTER.validate_python([written(length)]) == [length]


@given(st.sets(lengths, max_size=5))
def test_lengths_keep_their_order(seconds: set[int]) -> None:
    asked = [timedelta(seconds=one) for one in seconds]
    assert ADAPTER.validate_python([written(one) for one in asked]) == asked
