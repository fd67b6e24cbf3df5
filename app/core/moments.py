"""Moments as requests give them."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator
from pydantic_core import PydanticCustomError

_FIRST_YEAR, _LAST_YEAR = 1970, 2999

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]")


def within_the_calendar(moment: datetime) -> datetime:
    """Refuses moments at its ends, where a time zone or a time to live leads out of it."""
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        context = {"first": _FIRST_YEAR, "last": _LAST_YEAR}
        raise PydanticCustomError("outside_the_calendar", "must lie between the years {first} and {last}", context)
    return moment


def written_out(moment: object) -> object:
    """Refuses bare numbers, which may be seconds or milliseconds of anything."""
    if isinstance(moment, datetime) or (isinstance(moment, str) and _DATE.match(moment)):
        return moment
    raise PydanticCustomError("time_written_out", "must be an RFC 3339 time such as 2026-11-24T14:30:00+03:00")


AnyMoment = Annotated[AwareDatetime, BeforeValidator(written_out)]
Moment = Annotated[AnyMoment, AfterValidator(within_the_calendar)]
