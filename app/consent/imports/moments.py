"""Moments as lists have them: RFC 3339, or a date and perhaps a time on the business's own clock. Pure."""

import re
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from app.core.moments import within_the_calendar

_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ T](\d{1,2}:\d{2}(?::\d{2})?))?")
"""As it is written in Turkey. With slashes nobody knows which is the month."""


def moment_in(text: str, zone: ZoneInfo, *, ends_day: bool) -> datetime:
    """In UTC. A date alone is its beginning, or with `ends_day` its end. Raises ValueError."""
    written = _DAY_FIRST.fullmatch(text)
    if written is not None:
        day, month, year, at = written.groups()
        text = f"{year}-{month:0>2}-{day:0>2}" + (f"T{at:0>5}" if at and len(at) <= 5 else f"T{at:0>8}" if at else "")  # noqa: PLR2004
    if len(text) > 10 and text[10:11] not in ("T", "t", " "):  # noqa: PLR2004 - the length of a date
        raise ValueError("no time")
    if not re.match(r"\d{4}-\d{2}-\d{2}", text):
        raise ValueError("no date")
    found = datetime.fromisoformat(text)
    if len(text) == 10 and ends_day:  # noqa: PLR2004
        found = datetime.combine(found, time.max)
    return within_the_calendar(found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
