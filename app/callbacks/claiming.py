"""Taking what an endpoint is to be called with now.

All in one transaction that holds the endpoint's row; another worker passes over an endpoint that is held. What is taken
is leased: when its worker dies, it is taken again after that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from operator import itemgetter
from uuid import UUID

import asyncpg

from app.callbacks.backoff import BREAK_AFTER
from app.callbacks.fan_out import fan_out
from app.callbacks.lanes import let_next_go
from app.callbacks.payloads import Payload, StoredEvent, payload_of
from app.core.database import Connection

CHANNEL = "ulak_callbacks"
"""Says that an endpoint may have something to do, beside what is told all the time."""

BUSY_ENDPOINTS = """
    SELECT c.business_id, c.id FROM callback_endpoints c
     WHERE c.disabled_at IS NULL
       AND (c.is_behind
            OR EXISTS (SELECT FROM callback_events e
                     WHERE e.business_id = c.business_id AND e.mode = c.mode AND e.transaction >= c.seen_before)
            OR EXISTS (SELECT FROM callback_events e
                        WHERE e.business_id = c.business_id AND e.mode = c.mode AND e.transaction = ANY(c.seen_except))
            OR c.seen_before > pg_snapshot_xmax(pg_current_snapshot())::text::bigint
            OR ((c.retry_at IS NULL OR c.retry_at <= $1)
                AND EXISTS (SELECT FROM callback_deliveries d
                             WHERE d.business_id = c.business_id AND d.endpoint_id = c.id AND d.status = 'pending'
                               AND d.due_at <= $1 AND (d.lease_until IS NULL OR d.lease_until <= $1))))
"""
"""A look or two into an index for each endpoint."""

HOLD = """
    SELECT url, batch_size, secret, former_secret, former_secret_until, consecutive_failures, retry_at,
           set_config('synchronous_commit', 'off', true)
      FROM callback_endpoints WHERE business_id = $1 AND id = $2 AND disabled_at IS NULL
       FOR NO KEY UPDATE SKIP LOCKED
"""
"""The commit is not waited for: should the server lose it, the same is found and taken again."""

HEADS = """
    SELECT event_id, contact_id, sequence FROM callback_deliveries
     WHERE business_id = $1 AND endpoint_id = $2 AND status = 'pending' AND due_at <= $3
       AND (lease_until IS NULL OR lease_until <= $3)
     ORDER BY due_at, sequence LIMIT $4
"""

FOLLOWERS = """
    SELECT d.event_id, c.contact_id, d.sequence
      FROM unnest($3::uuid[]) AS c(contact_id)
           CROSS JOIN LATERAL (
               SELECT event_id, sequence FROM callback_deliveries
                WHERE business_id = $1 AND endpoint_id = $2 AND status = 'pending' AND contact_id = c.contact_id
                  AND due_at IS NULL
                ORDER BY sequence LIMIT $4) d
     ORDER BY d.sequence LIMIT $4
"""

TAKE = """
    WITH taken AS (
        UPDATE callback_deliveries
           SET lease_until = $5, attempt_count = attempt_count + 1,
               first_attempt_at = COALESCE(first_attempt_at, $4)
         WHERE business_id = $1 AND endpoint_id = $2 AND event_id = ANY($3::uuid[])
        RETURNING event_id, contact_id, attempt_count, retries, first_attempt_at)
    SELECT t.*, e.type, e.created_at, e.data
      FROM taken t JOIN callback_events e ON e.id = t.event_id
     WHERE e.business_id = $1 AND e.id = ANY($3::uuid[])
"""

LET_GO = """
    DELETE FROM callback_deliveries
     WHERE business_id = $1 AND endpoint_id = $2 AND event_id = ANY($3::uuid[])
    RETURNING contact_id
"""
"""What was asked for once more while its event, which was old enough, was being forgotten."""

PROBED = "UPDATE callback_endpoints SET retry_at = $3 WHERE business_id = $1 AND id = $2"


@dataclass(frozen=True, slots=True)
class EndpointKey:
    business_id: UUID
    id: UUID


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery that a call is made for, as it stood when it was taken."""

    event_id: UUID
    contact_id: UUID | None
    attempt: int
    retries: int
    first_attempt_at: datetime


_OF_DELIVERY = len(fields(Taken))
"""Columns of TAKE that say how a delivery stood; the others are its event's."""


@dataclass(frozen=True, slots=True)
class Call:
    endpoint: EndpointKey
    url: str
    deliveries: Sequence[Taken]
    payload: Payload
    secrets: Sequence[bytes] = field(repr=False)
    """Sealed, the newest first."""


def _of(key: EndpointKey) -> tuple[UUID, UUID]:
    return key.business_id, key.id


async def claim(
    connection: Connection, key: EndpointKey, now: datetime, *, most: int, lease: timedelta
) -> list[Call] | None:
    """At most so many calls that may be made at once; none while another worker is at it. Nothing where it is to be
    asked again first: not all that is new was looked through, and the rest may be of the same contacts."""
    async with connection.transaction():
        endpoint = await connection.fetchrow(HOLD, *_of(key))
        if endpoint is None:
            return []
        if not await fan_out(connection, *_of(key), now):
            return None
        if endpoint["retry_at"] is not None and endpoint["retry_at"] > now:
            return []
        is_probe = endpoint["consecutive_failures"] >= BREAK_AFTER
        batches = await _batches(connection, key, now, size=endpoint["batch_size"], most=1 if is_probe else most)
        calls = await _take(connection, key, endpoint, batches, now, lease)
        if batches and not calls:
            return None  # their events are gone
        if is_probe and calls:
            await connection.execute(PROBED, *_of(key), now + lease)
        return calls


async def _batches(
    connection: Connection, key: EndpointKey, now: datetime, *, size: int, most: int
) -> list[list[asyncpg.Record]]:
    """Of different contacts each. Only the last may have room left, for what follows of its own contacts."""
    heads = await connection.fetch(HEADS, *_of(key), now, size * most)
    batches = [heads[start : start + size] for start in range(0, len(heads), size)]
    if batches and len(batches[-1]) < size:
        contacts = [row["contact_id"] for row in batches[-1] if row["contact_id"] is not None]
        room = size - len(batches[-1])
        batches[-1] += await connection.fetch(FOLLOWERS, *_of(key), contacts, room)
    return batches


async def _take(
    connection: Connection,
    key: EndpointKey,
    endpoint: asyncpg.Record,
    batches: Sequence[Sequence[asyncpg.Record]],
    now: datetime,
    lease: timedelta,
) -> list[Call]:
    if not batches:
        return []
    ids = [row["event_id"] for batch in batches for row in batch]
    taken = {row["event_id"]: row for row in await connection.fetch(TAKE, *_of(key), ids, now, now + lease)}
    if len(taken) < len(ids):
        gone = await connection.fetch(LET_GO, *_of(key), [one for one in ids if one not in taken])
        await let_next_go(connection, *_of(key), [row["contact_id"] for row in gone], now)
    secrets = [endpoint["secret"]]
    if endpoint["former_secret"] is not None and endpoint["former_secret_until"] > now:
        secrets.append(endpoint["former_secret"])
    calls = []
    for batch in batches:
        rows = [taken[row["event_id"]] for row in sorted(batch, key=itemgetter("sequence")) if row["event_id"] in taken]
        if not rows:
            continue
        events = [StoredEvent(row["event_id"], row["type"], row["created_at"], row["data"]) for row in rows]
        payload = payload_of(events, is_batch=endpoint["batch_size"] > 1)
        calls.append(Call(key, endpoint["url"], [Taken(*row[:_OF_DELIVERY]) for row in rows], payload, tuple(secrets)))
    return calls
