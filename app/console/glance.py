"""Today in figures, beside the same time of yesterday and of a week ago."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.analytics.asked import Asked
from app.analytics.buckets import SLOT, midnight, slot_of
from app.analytics.schemas import DeliveryFigures
from app.analytics.service import Figures
from app.console.visits import Visit

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Today:
    today: DeliveryFigures
    """By the hour."""
    yesterday: DeliveryFigures
    """Up to the same time, as `last_week`."""
    last_week: DeliveryFigures
    yesterday_whole: DeliveryFigures
    """By the hour."""


async def today_of(figures: Figures, visit: Visit) -> Today:
    now, zone = visit.now, visit.zone
    begins = midnight(now.astimezone(zone).date(), zone)

    async def asked(days: int, until: datetime | None, *, by_hour: bool = False) -> DeliveryFigures:
        start = midnight((begins - days * _DAY).date(), zone)
        one = Asked(since=start, until=until, bucket="hour" if by_hour else "none")
        return await figures.delivery(visit.session.business_id, visit.mode, one)

    return Today(
        today=await asked(0, None, by_hour=True),
        yesterday=await asked(1, same_time(now, 1, zone)),
        last_week=await asked(7, same_time(now, 7, zone)),
        yesterday_whole=await asked(1, begins, by_hour=True),
    )


def same_time(now: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Of an earlier day, to the end of the quarter of an hour: figures are kept by it. After midnight, at least."""
    local = now.astimezone(zone)
    earlier = (local - timedelta(days=days)).replace(fold=0)
    return slot_of(earlier) + SLOT
