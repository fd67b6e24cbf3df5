"""How often one may knock at the doors without a key: counted in this process, in a window that moves."""

import math
import time
from collections.abc import Mapping

from limits import parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from app.pages.errors import TooManyRequests


class Limits:
    """By name, each `20/hour` or several like it (`5/minute;20/hour`)."""

    def __init__(self, limits: Mapping[str, str]) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._items = {name: parse_many(text) for name, text in limits.items()}

    def count(self, name: str, key: str) -> None:
        """Raises TooManyRequests, which says when to come again."""
        for item in self._items[name]:
            if not self._limiter.hit(item, name, key):
                again = self._limiter.get_window_stats(item, name, key).reset_time
                seconds = max(1, math.ceil(again - time.time()))
                raise TooManyRequests(f"Try again in {seconds} s.", headers={"Retry-After": str(seconds)})
