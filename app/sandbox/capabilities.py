"""What Meta lets a number and its portfolio do, and how it says that this has changed."""

import math

from app.sandbox.clock import Job
from app.sandbox.outbox import Outbox
from app.sandbox.state import Number
from app.sandbox.throttles import Throttles
from app.sandbox.world import World

_HIGH = 1_000
_TIERS = {50: "TIER_50", 250: "TIER_250", 2_000: "TIER_2K", 10_000: "TIER_10K", 100_000: "TIER_100K"}
_SMALLEST = 250


class Capabilities:
    def __init__(self, world: World, outbox: Outbox, throttles: Throttles) -> None:
        self._world = world
        self._outbox = outbox
        self._throttles = throttles
        world.scheduler.handle("throughput", self._maintained)

    def level(self, number: Number) -> str:
        return "HIGH" if self._rate(number) >= _HIGH else "STANDARD"

    def _rate(self, number: Number) -> float:
        return self._throttles.rate_of(number) or math.inf

    def tier(self, business_id: str) -> str:
        """Meta has few steps; a limit between two is named by the next one."""
        limit = self._throttles.messaging_limit(business_id)
        if limit is None:
            return "TIER_UNLIMITED"
        return next((name for most, name in _TIERS.items() if limit <= most), "TIER_UNLIMITED")

    def set_throughput(self, number: Number, throughput: float | None) -> None:
        """None gives the number back to the dial. The change takes its time, in which nothing can be sent."""
        pause = self._world.dial.maintenance_seconds
        number.maintenance_until = self._world.clock.now() + pause
        self._world.touch()
        if pause > 0:
            wanted = "" if throughput is None else str(throughput)
            self._world.scheduler.after(pause, "throughput", number.number_id, wanted)
        else:
            self._change(number, throughput)

    def _maintained(self, job: Job) -> None:
        number = self._world.state.numbers[job.subject]
        # A later change extends the maintenance, and is the one that counts.
        if self._world.clock.now() >= number.maintenance_until:
            self._change(number, float(job.detail) if job.detail else None)

    def _change(self, number: Number, throughput: float | None) -> None:
        """Only upgrades are announced: Meta documents no event for the way down."""
        before, number.throughput = self._rate(number), throughput
        self._world.touch()
        if self._rate(number) <= before:
            return
        tier = self.tier(self._world.waba_of(number).business_id)
        value = {
            "display_phone_number": number.digits,
            "event": "THROUGHPUT_UPGRADE",
            "current_limit": tier,
            "max_daily_conversations_per_business": tier,
        }
        self._outbox.announce(number.waba_id, "phone_number_quality_update", value, about=number.digits)

    def set_messaging_limit(self, number: Number, limit: int | None) -> None:
        """Of the number's whole portfolio, each of whose accounts is told."""
        business_id = self._world.waba_of(number).business_id
        portfolio = self._world.state.portfolio(business_id)
        portfolio.messaging_limit, portfolio.has_own_limit = limit, True
        self._world.touch()
        numbers = {"max_phone_numbers_per_business": 2} if limit == _SMALLEST else {"max_phone_numbers_per_waba": 25}
        value = {"max_daily_conversations_per_business": self.tier(business_id)} | numbers
        for waba in self._world.state.wabas.values():
            if waba.business_id == business_id:
                self._outbox.announce(waba.waba_id, "business_capability_update", value, about=waba.name)
