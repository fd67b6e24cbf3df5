"""A sender's rate: Meta's limit, or less for a while after Meta said "too fast".

Additive increase, multiplicative decrease: each "too fast" halves the rate, from where it rises steadily to the limit.
The rate is a function of what the sender's row says and of the time, so nothing has to run for it to recover.
"""

from datetime import datetime, timedelta

RECOVERY = timedelta(seconds=60)
"""How long a rate of nothing would take to rise to the limit."""

DECREASE = 0.5

SLOWEST = 1.0
"""Messages per second, below which no "too fast" brings a sender."""

SETTLING = timedelta(seconds=1)
"""What was under way when the rate fell is refused too: that says nothing of the new rate."""


def rate_at(now: str) -> str:
    """SQL for `rate`, of a row of `senders` named s."""
    limit = "coalesce(s.throughput_override, s.throughput)"
    risen = f"extract(epoch FROM {now} - s.throttled_at) * {limit} / {RECOVERY.total_seconds()}"
    return f"least({limit}, coalesce(s.throttled_rate + {risen}, {limit}))"


def rate(limit: int, throttled_rate: float | None, throttled_at: datetime | None, now: datetime) -> float:
    """Messages per second that the sender may send now."""
    if throttled_rate is None or throttled_at is None:
        return float(limit)
    return min(float(limit), throttled_rate + (now - throttled_at) / RECOVERY * limit)
