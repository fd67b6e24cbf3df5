"""Meta's limits as plain arithmetic: each is asked first, and takes only what was let through."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

DAY, HOUR = 86_400.0, 3_600
_ALMOST_ONE = 1 - 1e-6
"""A clock that counts seconds since 1970 in a float is good to a quarter of a microsecond."""


class TokenBucket:
    """Fills at a rate up to its size; starts full."""

    def __init__(self) -> None:
        self._missing = 0.0
        self._at = 0.0

    def has_one(self, now: float, rate: float, burst_seconds: float) -> bool:
        """Rate and size may change between two calls, as a number's throughput does."""
        self._missing = max(0.0, self._missing - max(0.0, now - self._at) * rate)
        self._at = max(self._at, now)
        return max(1.0, rate * burst_seconds) - self._missing >= _ALMOST_ONE

    def take(self) -> None:
        self._missing += 1.0


@dataclass(slots=True)
class _Burst:
    started_at: float
    sent: int

    def over_at(self, interval: float) -> float:
        """A burst is paid back at the ordinary pace before the next one: 20 messages cost 20 intervals."""
        return self.started_at + self.sent * interval


class PairLimit:
    """One message per interval for each pair of number and customer, with bursts borrowed from the future."""

    def __init__(self) -> None:
        self._bursts: dict[Hashable, _Burst] = {}
        self._sweep_at = 1_024

    def allows(self, pair: Hashable, now: float, interval: float, most: int) -> bool:
        burst = self._bursts.get(pair)
        if burst is None or now >= burst.over_at(interval):
            return True
        return now < burst.started_at + interval and burst.sent < most

    def take(self, pair: Hashable, now: float, interval: float) -> None:
        burst = self._bursts.get(pair)
        if burst is not None and now < burst.over_at(interval):
            burst.sent += 1
            return
        if len(self._bursts) >= self._sweep_at:
            self._bursts = {key: each for key, each in self._bursts.items() if now < each.over_at(interval)}
            self._sweep_at = max(1_024, 2 * len(self._bursts))
        self._bursts[pair] = _Burst(now, 1)


def started_within_a_day(starts: OrderedDict[str, float], now: float) -> int:
    """Forgets who was last written to more than 24 hours ago; the others are counted."""
    while starts and now - next(iter(starts.values())) >= DAY:
        starts.popitem(last=False)
    return len(starts)


def allows_start(starts: OrderedDict[str, float], wa_id: str, now: float, limit: int | None) -> bool:
    """Whether one more conversation may be started; somebody written to already costs nothing more."""
    return limit is None or started_within_a_day(starts, now) < limit or wa_id in starts


def note_start(starts: OrderedDict[str, float], wa_id: str, now: float) -> None:
    """The newest stands last, which is what lets the old ones be forgotten from the front."""
    starts[wa_id] = now
    starts.move_to_end(wa_id)
    started_within_a_day(starts, now)


class HourlyQuota:
    """Calls by key in the current hour of the clock."""

    def __init__(self) -> None:
        self._hour = 0
        self._calls: dict[Hashable, int] = {}

    def count(self, key: Hashable, now: float) -> int:
        if int(now) // HOUR != self._hour:
            self._hour = int(now) // HOUR
            self._calls.clear()
        return self._calls.get(key, 0)

    def take(self, key: Hashable, now: float) -> None:
        self._calls[key] = self.count(key, now) + 1

    def minutes_left(self, now: float) -> int:
        return -(-(HOUR - int(now) % HOUR) // 60)
