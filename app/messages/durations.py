"""Lengths of time as they are written in requests and answers: ISO 8601 durations."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter

SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(days=30)

_WRITTEN = re.compile(r"P(?=[0-9T])([0-9]{1,2}W)?([0-9]{1,4}D)?(T(?=[0-9])([0-9]{1,4}H)?([0-9]{1,6}M)?([0-9]{1,8}S)?)?")
"""Weeks to seconds: months and years have no length of their own."""


def _written_out(value: object) -> object:
    """Refuses bare numbers and times of day, which could be a length in anything."""
    if isinstance(value, timedelta) or (isinstance(value, str) and _WRITTEN.fullmatch(value)):
        return value
    raise ValueError("must be an ISO 8601 duration such as PT24H")


def _within_bounds(value: timedelta) -> timedelta:
    if not SHORTEST <= value <= LONGEST:
        raise ValueError("must be between 5 minutes (PT5M) and 30 days (P30D)")
    return value


def _distinct(values: list[timedelta]) -> list[timedelta]:
    if len(set(values)) < len(values):
        raise ValueError("must be different lengths of time: PT24H and P1D are the same")
    return values


Distance = Annotated[
    timedelta, BeforeValidator(_written_out), AfterValidator(_within_bounds), Field(examples=["PT24H", "PT1H"])
]
"""From a reminder to what it reminds of."""

Distances = Annotated[list[Distance], AfterValidator(_distinct), Field(max_length=5)]

_ADAPTER = TypeAdapter(timedelta)


def written(value: timedelta) -> str:
    """ISO 8601, in its canonical form: a day is `P1D`, however it was asked for."""
    text: str = _ADAPTER.dump_python(value, mode="json")
    return text
