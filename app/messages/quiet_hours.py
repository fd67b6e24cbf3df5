"""The hours in which a customer is left alone, on the customer's own clock. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begins` to `ends`, over midnight where `ends` is the earlier; the same time twice means never."""

    begins: time
    ends: time
    of_contact: bool = False
    """Whether the customer chose them; otherwise they are the business's."""

    def end_after(self, moment: datetime, time_zone: str) -> datetime | None:
        """When the quiet in which the moment lies is over, in UTC; nothing where it lies in none."""
        zone = ZoneInfo(time_zone)
        local = moment.astimezone(zone)
        if not self._hold(local.time()):
            return None
        day = local.date() if local.time() < self.ends else local.date() + timedelta(days=1)
        end = datetime.combine(day, self.ends, zone)
        if end.astimezone(UTC) <= moment:
            # A clock that is set back shows the end twice, and from between the two the second one counts.
            end = end.replace(fold=1)
        return end.astimezone(UTC)

    def _hold(self, clock: time) -> bool:
        if self.begins <= self.ends:
            return self.begins <= clock < self.ends
        return clock >= self.begins or clock < self.ends
