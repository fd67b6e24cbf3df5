"""What becomes of each fact: the event that it is, as `POST /v1/events/…` takes it, or why there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from pydantic import ValidationError

from app.accounts.directory import BusinessAccount, Caller
from app.core.clock import Clock
from app.core.problems import Problem, Unavailable, problem_of
from app.events.event_type import EventType
from app.events.service import EventTypes
from app.integrations.completing import Incomplete, event_of
from app.integrations.facts import Fact, is_before
from app.integrations.incoming import Shop
from app.integrations.models import Outcome
from app.integrations.remembering import TOLD, Standing
from app.integrations.signatures import digest_of
from app.messages.accept import Acceptor
from app.messages.bodies import read_body
from app.messages.errors import IdempotencyInFlight
from app.messages.submission import Submission, fingerprint_of

OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a fact."""

    event_type: str
    outcome: Outcome
    reason: str | None = None
    message: str | None = None
    status: str | None = None
    errors: Sequence[Mapping[str, Any]] = ()
    note: str | None = None
    """Kept of the fact, where it needs no telling any more."""

    def as_json(self) -> dict[str, Any]:
        told = {
            "event_type": self.event_type,
            "outcome": self.outcome,
            "reason": self.reason,
            "message": self.message,
            "status": self.status,
        }
        return told | ({"errors": list(self.errors)} if self.errors else {})


_BEST: tuple[Outcome, ...] = ("told", "waiting", "refused", "ignored")


def summed(results: Sequence[Result]) -> tuple[Outcome, str | None]:
    """Of a delivery: the best of its results, and why it was no better."""
    best = min(results, key=lambda one: _BEST.index(one.outcome))
    return best.outcome, best.reason if best.outcome != "told" else None


class Teller:
    def __init__(self, event_types: EventTypes, acceptor: Acceptor, clock: Clock) -> None:
        self._event_types = event_types
        self._acceptor = acceptor
        self._clock = clock

    async def tell(
        self, shop: Shop, business: BusinessAccount, standing: Standing, facts: Sequence[Fact], received_at: datetime
    ) -> list[Result]:
        """Notes in the standing what needs no telling any more. Raises Unavailable."""
        results = []
        for fact in facts:
            result = await self._tell(shop, business, standing, fact, received_at)
            if result.note is not None:
                standing.facts[fact.key] = result.note
                for key in fact.closes:
                    standing.facts.setdefault(key, OVERTAKEN)
            results.append(result)
        return results

    async def _tell(
        self, shop: Shop, business: BusinessAccount, standing: Standing, fact: Fact, received_at: datetime
    ) -> Result:
        name = shop.settings.event_type(fact.news)
        if name is None:
            return Result(fact.news, "ignored", "switched_off")
        event_type = await self._event_types.find(shop.business_id, name)
        if event_type is None:
            return Result(name, "refused", "event_type_missing")
        expires_at = fact.occurred_at + event_type.time_to_live
        nothing = _why_nothing(shop, standing, fact, received_at, is_stale=expires_at <= self._clock.now())
        if nothing is not None:
            reason, note = nothing
            return Result(name, "ignored", reason, note=note)
        if standing.recipient is None:
            return Result(name, "refused", standing.no_contact or "contact_erased")
        try:
            body = event_of(fact, event_type, standing.order, standing.recipient, shop.source, business, expires_at)
        except Incomplete as missing:
            return Result(name, "refused", str(missing))
        return await self._report(shop, event_type, standing.order.order_id, fact, body)

    async def _report(
        self, shop: Shop, event_type: EventType[Any], order_id: str, fact: Fact, body: Mapping[str, Any]
    ) -> Result:
        """The fact is the idempotency key: whoever died before it was noted here makes no second message."""
        caller = Caller.without_key(shop.business_id, shop.mode)
        about = digest_of(shop.id.bytes, order_id.encode(), fact.key.encode())
        key = f"{shop.source.platform}-{about.hex()}"
        try:
            intake = await self._acceptor.prepare(caller, event_type, read_body(event_type, body))
            fingerprint = fingerprint_of("integrations", about)
            answer = await self._acceptor.submit(Submission(caller, [intake], False, key, fingerprint))
        except (Unavailable, IdempotencyInFlight) as problem:
            raise Unavailable from problem
        except ValidationError as error:
            return _refusal(event_type.name, problem_of(error))
        except Problem as problem:
            return _refusal(event_type.name, problem)
        made = orjson.loads(answer.body)
        return Result(event_type.name, "told", made["reason"], made["id"], made["status"], note=TOLD)


def _why_nothing(
    shop: Shop, standing: Standing, fact: Fact, received_at: datetime, *, is_stale: bool
) -> tuple[str, str | None] | None:
    """The reason, and what is noted of it, where that is for good."""
    if fact.key in standing.facts:
        noted = standing.facts[fact.key]
        return ("told_before" if noted == TOLD else noted), None
    if fact.follows is not None and standing.facts.get(fact.follows) != TOLD:
        return "order_not_placed", "order_not_placed"
    if _may_be_old(shop, standing, fact, received_at):
        return "from_before", "from_before"
    return ("stale", "stale") if is_stale else None


def _may_be_old(shop: Shop, standing: Standing, fact: Fact, received_at: datetime) -> bool:
    """Whether it may have happened at any time before the shop was connected: nobody is told of what is long past
    because somebody edited an old order."""
    if fact.is_dated or standing.known_since < received_at:
        return False
    return standing.placed_at is None or is_before(standing.placed_at, shop.created_at)


def _refusal(name: str, problem: Problem) -> Result:
    """Places and codes alone are kept: what is said of a fault may quote what was wrong."""
    errors = [{"pointer": error.pointer, "code": error.code} for error in problem.errors]
    return Result(name, "refused", problem.code, errors=errors)
