"""Time on a business's clock, in buckets. Pure.

Figures are kept by quarters of an hour, of which the hours and days of every time zone are made, and of every change of
clocks: an hour that comes twice is two buckets, a day has 23 or 25 hours where it has.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Literal
from zoneinfo import ZoneInfo

Bucket = Literal["none", "hour", "day", "week", "month"]

SLOT = timedelta(minutes=15)


def slot_of(moment: datetime) -> datetime:
    """Its beginning, as the database's `ulak_slot`."""
    since = (moment - _EPOCH) // SLOT
    return _EPOCH + since * SLOT


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def is_on_slot(moment: datetime) -> bool:
    return (moment - _EPOCH) % SLOT == timedelta()


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins, on the zone's clock: at the first moment after midnight that there is."""
    return datetime.combine(day, time(), zone).astimezone(UTC).astimezone(zone)


def starts_of(bucket: Bucket, since: datetime, until: datetime, zone: ZoneInfo, *, most: int) -> list[datetime] | None:
    """When the buckets begin that have part in a time, the first of them at its beginning; nothing where they are more
    than `most`."""
    first = since.astimezone(zone)
    since = since.astimezone(UTC)  # on one clock an hour that comes twice would be compared as if it came once
    if bucket == "none":
        return [first]
    following = _hours(since, until, zone) if bucket == "hour" else _days(bucket, since, until, zone)
    found = [first, *islice(following, most)]
    return found if len(found) <= most else None


def _hours(since: datetime, until: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """After the first. Where the clock is changed by half an hour, an hour may be half as long."""
    moment = since.astimezone(UTC)
    local = since.astimezone(zone)
    while (moment := moment + SLOT) < until:
        before, local = local, moment.astimezone(zone)
        if (local.date(), local.hour, local.utcoffset()) != (before.date(), before.hour, before.utcoffset()):
            yield local


def _days(bucket: Bucket, since: datetime, until: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """After the first."""
    day = since.astimezone(zone).date()
    while True:
        day = _following(bucket, day)
        start = midnight(day, zone)
        if start >= until:
            return
        if start > since:
            yield start


def _following(bucket: Bucket, day: date) -> date:
    if bucket == "week":
        return day + timedelta(days=7 - day.weekday())
    if bucket == "month":
        return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return day + timedelta(days=1)


def days_of(slots: list[datetime], zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """The days on a zone's clock that slots lie in, each from its beginning to its end."""
    days = sorted({slot.astimezone(zone).date() for slot in slots})
    return [(midnight(day, zone), midnight(day + timedelta(days=1), zone)) for day in days]


def whole_days(since: datetime, until: datetime, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """The days that lie wholly in a time: from the beginning of the first to the end of the last."""
    since = since.astimezone(UTC)
    first = since.astimezone(zone).date()
    begins = midnight(first, zone)
    if begins < since:
        begins = midnight(first + timedelta(days=1), zone)
    ends = midnight(until.astimezone(zone).date(), zone)
    return (begins, ends) if begins.astimezone(UTC) < ends.astimezone(UTC) else None
