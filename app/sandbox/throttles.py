"""Meta's limits as they apply to the sandbox's numbers and accounts."""

from collections import defaultdict

from app.sandbox.errors import MANAGEMENT_LIMIT, PAIR_LIMIT, THROUGHPUT, GraphError
from app.sandbox.lifecycle import window_open
from app.sandbox.limits import HourlyQuota, PairLimit, TokenBucket, allows_start, note_start
from app.sandbox.state import Number
from app.sandbox.world import World


class Throttles:
    """The first two refuse before a send is looked at any closer; what is refused, here or later, takes nothing."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.forget()

    def forget(self) -> None:
        self._buckets: defaultdict[str, TokenBucket] = defaultdict(TokenBucket)
        self._pairs = PairLimit()
        self._quota = HourlyQuota()

    def rate_of(self, number: Number) -> float | None:
        return number.throughput if number.throughput is not None else self._world.dial.throughput

    def messaging_limit(self, business_id: str) -> int | None:
        portfolio = self._world.state.portfolios.get(business_id)
        return portfolio.messaging_limit if portfolio and portfolio.has_own_limit else self._world.dial.messaging_limit

    def check_throughput(self, number: Number) -> None:
        rate, now = self.rate_of(number), self._world.clock.now()
        if rate is None:
            return
        if not self._buckets[number.number_id].has_one(now, rate, self._world.dial.throughput_burst):
            self._world.inject("throughput")
            raise GraphError(THROUGHPUT, "Cloud API message throughput has been reached.")

    def check_pair(self, number: Number, customer: str) -> None:
        dial, now = self._world.dial, self._world.clock.now()
        if not self._pairs.allows((number.number_id, customer), now, dial.pair_interval, dial.pair_burst):
            self._world.inject("pair")
            raise GraphError(
                PAIR_LIMIT,
                "Too many messages sent from the sender phone number to the same recipient phone number in a short "
                "period of time.",
            )

    def check_start(self, number: Number, customer: str) -> tuple[int, str] | None:
        """What the message fails with, at once or later, if its portfolio may start no more conversations today."""
        dial, now = self._world.dial, self._world.clock.now()
        business_id = self._world.waba_of(number).business_id
        limit = self.messaging_limit(business_id)
        starts = self._world.state.portfolio(business_id).starts
        if self._in_window(number, customer) or allows_start(starts, customer, now, limit):
            return None
        self._world.inject("messaging_limit")
        details = f"The business portfolio has reached its messaging limit of {limit} customers in 24 hours."
        if dial.messaging_limit_mode == "sync":
            raise GraphError(dial.messaging_limit_code, details)
        return dial.messaging_limit_code, details

    def take(self, number: Number, customer: str, *, started: bool) -> None:
        """An accepted send counts; towards the messaging limit only if it is not going to fail by it."""
        now = self._world.clock.now()
        if self.rate_of(number) is not None:
            self._buckets[number.number_id].take()
        self._pairs.take((number.number_id, customer), now, self._world.dial.pair_interval)
        if started and not self._in_window(number, customer):
            note_start(self._world.state.portfolio(self._world.waba_of(number).business_id).starts, customer, now)

    def _in_window(self, number: Number, customer: str) -> bool:
        chat = self._world.state.chats.get(f"{number.number_id}:{customer}")
        return chat is not None and window_open(chat, self._world.clock.now())

    def manage(self, waba_id: str) -> tuple[int, int]:
        """Counts a management call: the per cent of the hour's quota used, and minutes to wait if it was used up."""
        now, quota = self._world.clock.now(), self._world.dial.management_quota
        if self._quota.count(waba_id, now) < quota:
            self._quota.take(waba_id, now)
            return self._quota.count(waba_id, now) * 100 // quota, 0
        self._world.inject("management_quota")
        return 100, self._quota.minutes_left(now)


def quota_reached() -> GraphError:
    return GraphError(MANAGEMENT_LIMIT, "The WhatsApp Business Account has reached its rate limit.")
