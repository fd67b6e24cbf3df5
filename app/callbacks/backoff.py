"""When what failed is tried again. Pure, but for chance, which is given."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from random import Random

BREAK_AFTER = 5
"""Failures in a row after which an endpoint is taken to be down: it gets one call at a time to find out."""

_FIRST = 10.0
_FACTOR = 3.0
_LONGEST = timedelta(hours=6)
_PROBE_FIRST = 5.0
_PROBE_LONGEST = timedelta(minutes=10)
_RETRY_AFTER_MOST = timedelta(hours=1)
_EXPONENT_MOST = 20


def retry_delay(failures: int, chance: Random) -> timedelta:
    """After so many failures of one delivery: exponential, with full jitter, so that what failed together does not come
    back together."""
    return chance.random() * min(_LONGEST, timedelta(seconds=_FIRST * _FACTOR ** min(failures - 1, _EXPONENT_MOST)))


def probe_delay(failures: int, chance: Random) -> timedelta:
    """After so many failures in a row of an endpoint. At least half of what it may be: it protects the endpoint."""
    doublings = min(max(failures - BREAK_AFTER, 0), _EXPONENT_MOST)
    most = min(_PROBE_LONGEST, timedelta(seconds=_PROBE_FIRST * 2**doublings))
    return most * (0.5 + chance.random() / 2)


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """What an endpoint asks for, in seconds or as a date (RFC 9110 §10.2.3), within bounds."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        wanted = timedelta(seconds=int(text)) if len(text) <= 9 else _RETRY_AFTER_MOST  # noqa: PLR2004 - decades
    else:
        try:
            at = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        wanted = (at if at.tzinfo is not None else at.replace(tzinfo=UTC)) - now
    return min(max(wanted, timedelta(0)), _RETRY_AFTER_MOST)
