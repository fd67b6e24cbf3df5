"""What came of calls: deliveries ended, or tried again later; and the health of the endpoint."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Literal

import asyncpg
import orjson
import structlog
from prometheus_client import Counter

from app.callbacks.backoff import BREAK_AFTER, probe_delay, retry_after, retry_delay
from app.callbacks.claiming import Call, EndpointKey, Taken
from app.callbacks.endpoint_schemas import ENDPOINT_PREFIX
from app.callbacks.lanes import let_next_go
from app.callbacks.outbox import CALLBACK_ENDPOINT_DISABLED, NewEvent, tell_many
from app.callbacks.sending import Answer
from app.core.database import Connection
from app.core.ids import public_id

log = structlog.get_logger(__name__)

ATTEMPTS_KEPT = 50
"""Of each delivery, the last ones."""

_GONE = 410

DISABLED = Counter("ulak_callback_endpoints_disabled_total", "Endpoints that were disabled for failing.", ["reason"])
ENDED = Counter("ulak_callback_deliveries_total", "Deliveries that came to an end, or are tried again.", ["outcome"])

HOLD_FOR_RECORD = """
    SELECT url, mode, disabled_at, failing_since, consecutive_failures, retry_at, last_success_at, last_failure_at,
           last_error, is_behind, set_config('synchronous_commit', 'off', true)
      FROM callback_endpoints WHERE business_id = $1 AND id = $2 FOR NO KEY UPDATE
"""
"""The commit is not waited for: should the server lose it, a call is made once more."""

_OF_THIS = "[array_position($3::uuid[], d.event_id)]"
"""Of an array beside that of the events. A join might begin at the wrong end, in a table of which little is known."""

_MORE = f"""
    (SELECT jsonb_agg(a ORDER BY n)
       FROM (SELECT a, n
               FROM jsonb_array_elements(d.attempts || ($4::text[]){_OF_THIS}::jsonb) WITH ORDINALITY AS x(a, n)
              ORDER BY n DESC LIMIT {ATTEMPTS_KEPT}) last)
"""  # noqa: S608 - nothing of it is given

DELIVERED = f"""
    UPDATE callback_deliveries d
       SET status = 'delivered', parked_reason = NULL, ended_at = $5, due_at = NULL, lease_until = NULL,
           attempts = {_MORE}
     WHERE d.business_id = $1 AND d.endpoint_id = $2 AND d.event_id = ANY($3::uuid[]) AND d.status <> 'delivered'
"""  # noqa: S608 - nothing of it is given
"""However long the call took: it was taken, even if it is being sent once more."""

_DUE_AT = f"($6::timestamptz[]){_OF_THIS}"

FAILED = f"""
    UPDATE callback_deliveries d
       SET status = CASE WHEN {_DUE_AT} IS NULL THEN 'parked' ELSE 'pending' END,
           parked_reason = CASE WHEN {_DUE_AT} IS NULL THEN 'window' END,
           ended_at = CASE WHEN {_DUE_AT} IS NULL THEN $7::timestamptz END,
           due_at = CASE WHEN d.due_at IS NOT NULL THEN {_DUE_AT} END,
           lease_until = NULL, retries = d.retries + 1, attempts = {_MORE},
           answers_since = CASE WHEN ($4::text[]){_OF_THIS}::jsonb ? 'answer' THEN COALESCE(d.answers_since, $7)
                                ELSE d.answers_since END
     WHERE d.business_id = $1 AND d.endpoint_id = $2 AND d.event_id = ANY($3::uuid[]) AND d.ended_at IS NULL
       AND d.attempt_count = ($5::int[]){_OF_THIS}
"""  # noqa: S608 - nothing of it is given
"""Only of whoever took it last: another may have taken it up since. What is pending has not ended; said so, it is found
by its key, and not among all that is pending."""

BRING_FORWARD = """
    UPDATE callback_deliveries SET due_at = $3
     WHERE business_id = $1 AND endpoint_id = $2 AND status = 'pending' AND due_at > $3 AND lease_until IS NULL
       AND first_attempt_at >= $4
"""
"""What only ever failed while everything did: then it was the endpoint's doing, which is over."""

KEEP_HEALTH = """
    UPDATE callback_endpoints
       SET failing_since = $3, consecutive_failures = $4, retry_at = $5, last_success_at = $6, last_failure_at = $7,
           last_error = $8, disabled_at = COALESCE(disabled_at, $9), disabled_reason = COALESCE(disabled_reason, $10)
     WHERE business_id = $1 AND id = $2
"""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    window: timedelta
    """From the first attempt to the last, which is made when it is over."""
    disable_after: timedelta
    """Of nothing but failure."""


@dataclass(frozen=True, slots=True)
class Finished:
    call: Call
    answer: Answer
    started_at: datetime
    ended_at: datetime
    seconds: float


@dataclass(slots=True)
class Health:
    """Of an endpoint, as calls change it."""

    failing_since: datetime | None
    consecutive_failures: int
    retry_at: datetime | None
    last_success_at: datetime | None
    last_failure_at: datetime | None
    last_error: str | None
    recovered_from: datetime | None = None
    disable: Literal["gone", "failing"] | None = None

    @classmethod
    def of(cls, row: asyncpg.Record) -> "Health":
        names = (
            "failing_since",
            "consecutive_failures",
            "retry_at",
            "last_success_at",
            "last_failure_at",
            "last_error",
        )
        return cls(**{name: row[name] for name in names})

    def succeeded(self, at: datetime) -> None:
        if self.consecutive_failures >= BREAK_AFTER:
            self.recovered_from, self.retry_at = self.failing_since, None
        self.failing_since, self.consecutive_failures, self.last_success_at = None, 0, at

    def failed(self, answer: Answer, at: datetime, policy: RetryPolicy, chance: Random) -> None:
        self.failing_since = self.failing_since or at
        self.consecutive_failures += 1
        self.last_failure_at, self.last_error = at, answer.detail
        asked = retry_after(answer.retry_after, at)
        if self.consecutive_failures >= BREAK_AFTER:
            delay = probe_delay(self.consecutive_failures, chance)
            self.retry_at = at + (delay if asked is None else max(asked, delay))
        elif asked is not None:
            self.retry_at = max(at + asked, self.retry_at or at)
        if answer.status_code == _GONE:
            self.disable = "gone"
        elif self.consecutive_failures >= BREAK_AFTER and at - self.failing_since >= policy.disable_after:
            self.disable = "failing"


async def record(
    connection: Connection,
    key: EndpointKey,
    finished: Sequence[Finished],
    now: datetime,
    policy: RetryPolicy,
    chance: Random,
) -> None:
    """In a transaction of its own, in which nothing is fanned out: it may tell of the endpoint's end itself."""
    async with connection.transaction():
        row = await connection.fetchrow(HOLD_FOR_RECORD, key.business_id, key.id)
        if row is None:
            return  # deleted meanwhile, deliveries and all
        health = Health.of(row)
        for one in finished:
            if one.answer.is_success:
                health.succeeded(one.ended_at)
            else:
                health.failed(one.answer, one.ended_at, policy, chance)
        await _end(connection, key, [one for one in finished if one.answer.is_success], now)
        await _try_again(connection, key, [one for one in finished if not one.answer.is_success], now, policy, chance)
        if not row["is_behind"]:  # what comes next may not be there yet
            contacts = [delivery.contact_id for one in finished for delivery in one.call.deliveries]
            await let_next_go(connection, key.business_id, key.id, contacts, now)
        if health.recovered_from is not None:
            await connection.execute(BRING_FORWARD, key.business_id, key.id, now, health.recovered_from)
        disables = health.disable is not None and row["disabled_at"] is None
        await connection.execute(
            KEEP_HEALTH,
            key.business_id,
            key.id,
            health.failing_since,
            health.consecutive_failures,
            health.retry_at,
            health.last_success_at,
            health.last_failure_at,
            health.last_error,
            now if disables else None,
            health.disable if disables else None,
        )
        if disables:
            await _tell(connection, key, row, health, now)
    if disables:
        DISABLED.labels(health.disable).inc()
        log.error(
            "callback endpoint disabled",
            endpoint=public_id(ENDPOINT_PREFIX, key.id),
            reason=health.disable,
            error=health.last_error,
        )


async def _end(connection: Connection, key: EndpointKey, finished: Sequence[Finished], now: datetime) -> None:
    ended = [(one.event_id, _attempt(one, each)) for each in finished for one in each.call.deliveries]
    if ended:
        ids, attempts = zip(*ended, strict=True)
        await connection.execute(DELIVERED, key.business_id, key.id, list(ids), list(attempts), now)
        ENDED.labels("delivered").inc(len(ended))


async def _try_again(
    connection: Connection,
    key: EndpointKey,
    finished: Sequence[Finished],
    now: datetime,
    policy: RetryPolicy,
    chance: Random,
) -> None:
    failed = [
        (one.event_id, _attempt(one, each), one.attempt, _due_at(one, each.answer, now, policy, chance))
        for each in finished
        for one in each.call.deliveries
    ]
    if failed:
        columns = [list(column) for column in zip(*failed, strict=True)]
        await connection.execute(FAILED, key.business_id, key.id, *columns, now)
        parked = sum(due_at is None for *_, due_at in failed)
        ENDED.labels("parked").inc(parked)
        ENDED.labels("failed").inc(len(failed) - parked)


def _due_at(delivery: Taken, answer: Answer, now: datetime, policy: RetryPolicy, chance: Random) -> datetime | None:
    """Nothing where it was tried for long enough. The last attempt is made when the time is over, not before."""
    until = delivery.first_attempt_at + policy.window
    if now >= until:
        return None
    delay = retry_delay(delivery.retries + 1, chance)
    asked = retry_after(answer.retry_after, now)
    return min(until, now + (delay if asked is None else max(asked, delay)))


def _attempt(delivery: Taken, finished: Finished) -> str:
    """As endpoint_schemas.Attempt."""
    answer = finished.answer
    told: dict[str, Any] = {
        "number": delivery.attempt,
        "callback_id": finished.call.payload.id,
        "started_at": finished.started_at,
        "duration_ms": round(finished.seconds * 1000),
        "status_code": answer.status_code,
        "error": answer.failure,
        "detail": answer.detail,
    }
    return orjson.dumps(told if answer.body is None else told | {"answer": answer.body}).decode()


async def _tell(connection: Connection, key: EndpointKey, row: asyncpg.Record, health: Health, now: datetime) -> None:
    """As schemas.CallbackEndpointDisabled: in the feed, and to the business's other endpoints."""
    data = {
        "endpoint": public_id(ENDPOINT_PREFIX, key.id),
        "url": row["url"],
        "reason": health.disable,
        "failing_since": health.failing_since,
        "consecutive_failures": health.consecutive_failures,
        "error": health.last_error,
    }
    event = NewEvent(key.business_id, row["mode"], CALLBACK_ENDPOINT_DISABLED, data, now)
    await tell_many(connection, key.business_id, [event])
