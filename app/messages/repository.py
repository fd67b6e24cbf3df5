"""The statements of the hot path, each over a whole batch, sorted by key; and the queries of the message API.

Every statement names business_id, so that it stays on one shard; all moves of `status` come from the table in `states`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.messages.models import Attempt, Message, Receipt
from app.messages.states import Event, Status, moves

Connection = asyncpg.pool.PoolConnectionProxy


def case_of(events: Sequence[Event], status: str, event: str) -> str:
    """SQL for `states.after`: the status that a row gets when one of these events happens to it."""
    arms = "".join(
        f" WHEN {event} = '{one}' AND {status} = '{origin}' THEN '{target}'"
        for one in events
        for origin, target in moves(one).items()
    )
    return f"CASE{arms} ELSE {status} END"


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A row to insert; the fields are the columns, in the order of INSERT_MESSAGES."""

    business_id: UUID
    id: UUID
    created_at: datetime
    due_at: datetime | None
    expires_at: datetime
    send_at: datetime | None
    sender_id: UUID
    contact_id: UUID
    priority: int
    mode: str
    event_type: str
    status: str
    reason: str | None
    recipient: str
    language: str
    template_name: str
    reference: str | None
    data: str
    fill: str
    metadata: str | None
    decision: str
    key: str | None
    """The idempotency key of its request: it is stored only together with that."""


@dataclass(frozen=True, slots=True)
class NewKey:
    business_id: UUID
    mode: str
    key: str
    fingerprint: bytes
    location: str | None
    answer: bytes
    created_at: datetime


_TYPES = {
    "business_id": "uuid", "id": "uuid", "sender_id": "uuid", "contact_id": "uuid", "created_at": "timestamptz",
    "due_at": "timestamptz", "expires_at": "timestamptz", "send_at": "timestamptz", "priority": "smallint",
    "data": "json", "fill": "json", "metadata": "json", "decision": "jsonb", "fingerprint": "bytea", "answer": "bytea",
}  # fmt: skip


def _unnest(names: Sequence[str], *, first: int = 1) -> str:
    """JSON travels as text: an array of json cannot be bound without parsing it once more."""
    arrays = ", ".join(f"${place}::{_bound(name)}[]" for place, name in enumerate(names, first))
    return f"unnest({arrays}) AS i({', '.join(names)})"


def _bound(name: str) -> str:
    kind = _TYPES.get(name, "text")
    return "text" if kind.startswith("json") else kind


def _cast(name: str) -> str:
    kind = _TYPES.get(name, "text")
    return f"i.{name}::{kind}" if kind.startswith("json") else f"i.{name}"


_MESSAGE_FIELDS = [field.name for field in fields(NewMessage)]
_MESSAGE_COLUMNS = _MESSAGE_FIELDS[:-1]
_KEY_FIELDS = [field.name for field in fields(NewKey)]

STORE = f"""
    WITH won AS (
        INSERT INTO idempotency_keys ({", ".join(_KEY_FIELDS)})
        SELECT {", ".join(_KEY_FIELDS)} FROM {_unnest(_KEY_FIELDS)}
        ON CONFLICT DO NOTHING
        RETURNING business_id, mode, key),
    stored AS (
        INSERT INTO messages ({", ".join(_MESSAGE_COLUMNS)})
        SELECT {", ".join(_cast(name) for name in _MESSAGE_COLUMNS)}
          FROM {_unnest(_MESSAGE_FIELDS, first=len(_KEY_FIELDS) + 1)}
         WHERE i.key IS NULL OR EXISTS (
            SELECT FROM won WHERE won.business_id = i.business_id AND won.mode = i.mode AND won.key = i.key)
        RETURNING due_at)
    SELECT business_id, mode, key FROM won
    UNION ALL
    (SELECT NULL, NULL, CASE WHEN pg_notify('ulak_due', '') IS NULL THEN NULL END
       FROM stored WHERE due_at IS NOT NULL LIMIT 1)
"""  # noqa: S608 - constants
"""Keys that were free, and the messages of their requests and of those without a key; then a hint to the workers. One
statement, so one transaction and one journey."""

FIND_KEYS = """
    SELECT i.n, k.fingerprint, k.location, k.answer
      FROM unnest($1::uuid[], $2::text[], $3::text[]) WITH ORDINALITY AS i(business_id, mode, key, n),
           LATERAL (SELECT * FROM idempotency_keys k
                     WHERE k.business_id = i.business_id AND k.mode = i.mode AND k.key = i.key LIMIT 1) AS k
"""

SUPERSEDE = f"""
    UPDATE messages m
       SET status = '{Status.CANCELED}', reason = 'superseded', due_at = NULL, waiting_for = NULL
     WHERE m.business_id = $1 AND m.contact_id = $2 AND m.reference = $3 AND m.id < $4
       AND m.status IN ('{Status.SCHEDULED}', '{Status.QUEUED}')
"""  # noqa: S608 - constants


_ONLY_THESE = """m.business_id = ANY($1::uuid[]) AND m.id = ANY($2::uuid[])
       AND m.id BETWEEN ($2::uuid[])[1] AND ($2::uuid[])[cardinality($2::uuid[])]"""
"""Says of the row to update what the join says already, in a way that leaves the planner no way but the index, and no
partition but those of the batch, whatever sizes it believes in. Ids are in $2, in order."""


def columns_of(rows: Sequence[Any], names: Sequence[str]) -> list[list[Any]]:
    return [[getattr(row, name) for row in rows] for name in names]


async def find_keys(
    connection: Connection, keys: Sequence[tuple[UUID, str, str]]
) -> dict[tuple[UUID, str, str], asyncpg.Record]:
    if not keys:
        return {}
    rows = await connection.fetch(FIND_KEYS, *(list(column) for column in zip(*keys, strict=True)))
    return {keys[row["n"] - 1]: row for row in rows}


async def store(
    connection: Connection, keys: Sequence[NewKey], messages: Sequence[NewMessage]
) -> set[tuple[UUID, str, str]]:
    """The keys that were free. Sorted, so that two processes with the same keys wait instead of locking crosswise."""
    ordered = sorted(keys, key=lambda row: (row.business_id, row.mode, row.key))
    rows = await connection.fetch(STORE, *columns_of(ordered, _KEY_FIELDS), *columns_of(messages, _MESSAGE_FIELDS))
    return {(row["business_id"], row["mode"], row["key"]) for row in rows if row["business_id"] is not None}


async def supersede(connection: Connection, message: NewMessage, reference: str) -> None:
    await connection.execute(SUPERSEDE, message.business_id, message.contact_id, reference, message.id)


BUSY_SENDERS = f"""
    WITH RECURSIVE waiting AS (
        (SELECT business_id, sender_id FROM messages WHERE due_at IS NOT NULL
          ORDER BY business_id, sender_id LIMIT 1)
        UNION ALL
        SELECT following.business_id, following.sender_id FROM waiting w, LATERAL (
            SELECT m.business_id, m.sender_id FROM messages m
             WHERE m.due_at IS NOT NULL AND (m.business_id, m.sender_id) > (w.business_id, w.sender_id)
             ORDER BY m.business_id, m.sender_id LIMIT 1) AS following)
    SELECT business_id, sender_id FROM waiting w
     WHERE {
    " OR ".join(
        f'''EXISTS (
        SELECT FROM messages m WHERE m.business_id = w.business_id AND m.sender_id = w.sender_id
           AND m.priority = {priority} AND m.due_at <= $1::timestamptz
           AND (m.lease_until IS NULL OR m.lease_until <= $1::timestamptz))'''
        for priority in (0, 1)
    )
}
"""  # noqa: S608 - constants
"""Senders with something to do, found by leaping through the index of what waits: its cost is that of the number of
senders, not of messages. $1 now."""


def _due(name: str, priority: int, limit: str) -> str:
    return f"""{name} AS (
        SELECT m.id, m.status FROM messages m
         WHERE m.business_id = $1 AND m.sender_id = $2 AND m.priority = {priority} AND m.due_at IS NOT NULL
           AND m.due_at BETWEEN $7::timestamptz AND $3::timestamptz
           AND (m.lease_until IS NULL OR m.lease_until <= $3::timestamptz)
         ORDER BY m.due_at, m.id LIMIT {limit} FOR UPDATE SKIP LOCKED)"""  # noqa: S608 - constants


_PACE_WINDOW = timedelta(milliseconds=100)
"""How much unused pace may be made up for at once: the burst of the bucket, in time."""

CLAIM = f"""
    WITH pace AS (
        SELECT from_at, s.throughput,
               least($4::int, floor(extract(epoch FROM $3::timestamptz - from_at) * s.throughput)::int + 1) AS allowed
          FROM senders s, greatest(s.next_send_at, $3::timestamptz - $5::interval) AS from_at
         WHERE s.business_id = $1 AND s.id = $2 AND s.next_send_at <= $3::timestamptz
           FOR UPDATE OF s SKIP LOCKED),
    {_due("critical", 0, "coalesce((SELECT allowed FROM pace), 0)")},
    {_due("normal", 1, "coalesce((SELECT allowed FROM pace), 0) - (SELECT count(*) FROM critical)")},
    due AS (SELECT id, status FROM critical UNION ALL SELECT id, status FROM normal),
    paced AS (
        UPDATE senders s
           SET next_send_at = pace.from_at + (SELECT count(*) FROM due) * interval '1 second' / pace.throughput
          FROM pace WHERE s.business_id = $1 AND s.id = $2 AND EXISTS (SELECT FROM due))
    UPDATE messages m
       SET lease_until = $6::timestamptz, waiting_for = NULL,
           status = CASE WHEN due.status IN ('{Status.SCHEDULED}', '{Status.QUEUED}')
                         THEN '{Status.SENDING}' ELSE m.status END,
           attempt_count = m.attempt_count
                         + CASE WHEN due.status IN ('{Status.SCHEDULED}', '{Status.QUEUED}') THEN 1 ELSE 0 END
      FROM due
     WHERE m.business_id = $1 AND m.id = due.id
       AND m.id = ANY(ARRAY(SELECT id FROM due))
       AND m.id >= (SELECT id FROM due ORDER BY id LIMIT 1) AND m.id <= (SELECT id FROM due ORDER BY id DESC LIMIT 1)
    RETURNING m.id, m.due_at, m.reason, due.status AS was, m.contact_id, m.event_type, m.recipient, m.language,
              m.template_name, m.fill, m.expires_at, m.attempt_count,
              (SELECT array_agg(c.topic || '=' || c.state) FROM consents c
                WHERE c.business_id = m.business_id AND c.contact_id = m.contact_id AND c.channel = 'whatsapp')
                AS consents
"""  # noqa: S608 - constants
"""One sender's next messages, as many as its pace allows.

$1 business, $2 sender, $3 now, $4 most, $5 burst, $6 end of the lease, $7 earliest due time to look at: what was
claimed just now stays in the index until it is vacuumed, and need not be walked over by every claim.

The sender's row is the token bucket: whoever holds it claims, others look elsewhere, so the pace is exact across
workers. Rows come back with the status that they had."""


async def busy_senders(connection: Connection, now: datetime) -> list[tuple[UUID, UUID]]:
    return [(row["business_id"], row["sender_id"]) for row in await connection.fetch(BUSY_SENDERS, now)]


async def claim(
    connection: Connection,
    business_id: UUID,
    sender_id: UUID,
    *,
    now: datetime,
    most: int,
    lease_until: datetime,
    due_from: datetime,
) -> list[asyncpg.Record]:
    return await connection.fetch(CLAIM, business_id, sender_id, now, most, _PACE_WINDOW, lease_until, due_from)


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a claimed message that is not being sent, decided while its row is locked."""

    id: UUID
    status: str
    reason: str | None
    waiting_for: str | None
    due_at: datetime | None
    failed_at: datetime | None
    uncount: bool
    """The attempt that the claim counted did not happen."""
    note: str | None
    """JSON array of verdicts to add to the decision."""
    failure: str | None


SETTLE = """
    UPDATE messages m
       SET status = i.status, reason = i.reason, waiting_for = i.waiting_for, due_at = i.due_at, lease_until = NULL,
           failed_at = coalesce(m.failed_at, i.failed_at), failure = coalesce(i.failure::json, m.failure),
           attempt_count = m.attempt_count - i.uncount::int,
           decision = m.decision || coalesce(i.note::jsonb, '[]'::jsonb)
      FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::bool[],
                  $9::text[], $10::text[])
        AS i(id, status, reason, waiting_for, due_at, failed_at, uncount, note, failure)
     WHERE m.business_id = $1 AND m.id = i.id
"""

_SETTLED_FIELDS = [field.name for field in fields(Settled)]


GIVE_BACK_PACE = """
    UPDATE senders s SET next_send_at = s.next_send_at - $3::int * interval '1 second' / s.throughput
     WHERE s.business_id = $1 AND s.id = $2
"""


async def give_back_pace(connection: Connection, business_id: UUID, sender_id: UUID, messages: int) -> None:
    """For messages that were claimed and not sent: what is held must not slow what can go."""
    await connection.execute(GIVE_BACK_PACE, business_id, sender_id, messages)


async def settle(connection: Connection, business_id: UUID, rows: Sequence[Settled]) -> None:
    await connection.execute(SETTLE, business_id, *columns_of(rows, _SETTLED_FIELDS))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one call, to be recorded."""

    business_id: UUID
    id: UUID
    number: int
    event: str
    """A value of states.Event."""
    outcome: str
    """As `attempts.outcome`."""
    started_at: datetime | None
    ended_at: datetime
    wamid: str | None
    error: str | None
    """JSON, for the attempt."""
    reason: str | None
    waiting_for: str | None
    due_at: datetime | None
    """When to look again; null when nothing is left to do."""
    failure: str | None
    """JSON, for a message that ends here."""


_ANSWERS = (
    Event.ANSWER_ACCEPTED,
    Event.ANSWER_RETRY,
    Event.ANSWER_REFUSED,
    Event.ANSWER_LOST,
    Event.LEASE_ENDED,
)

_OUTCOME_FIELDS = [field.name for field in fields(Outcome)]
_TYPES |= {"number": "smallint", "started_at": "timestamptz", "ended_at": "timestamptz", "error": "json"}

# An acceptance is true whenever it comes; any other answer speaks only of its own attempt.
_ANSWERED_STATUS = f"""CASE WHEN i.event = '{Event.ANSWER_ACCEPTED}' OR m.attempt_count = i.number
                THEN {case_of(_ANSWERS, "m.status", "i.event")} ELSE m.status END"""
_MOVED = f"({_ANSWERED_STATUS}) <> m.status"

RECORD = f"""
    WITH i AS MATERIALIZED (SELECT * FROM {_unnest(_OUTCOME_FIELDS)}),
    noted AS (
        INSERT INTO attempts (business_id, message_id, number, outcome, started_at, ended_at, wamid, error)
        SELECT business_id, id, number, outcome, started_at, ended_at, wamid, error::json FROM i
        ON CONFLICT (business_id, message_id, number) DO UPDATE
           SET outcome = excluded.outcome, started_at = excluded.started_at, ended_at = excluded.ended_at,
               wamid = excluded.wamid, error = excluded.error
         WHERE attempts.outcome = 'unknown')
    UPDATE messages m
       SET status = {_ANSWERED_STATUS},
           wamid = coalesce(m.wamid, i.wamid),
           accepted_at = CASE WHEN i.event = '{Event.ANSWER_ACCEPTED}' THEN coalesce(m.accepted_at, i.ended_at)
                              ELSE m.accepted_at END,
           due_at = CASE WHEN {_MOVED} THEN i.due_at ELSE m.due_at END,
           lease_until = CASE WHEN {_MOVED} THEN NULL ELSE m.lease_until END,
           reason = CASE WHEN {_MOVED} THEN i.reason ELSE m.reason END,
           waiting_for = CASE WHEN {_MOVED} THEN i.waiting_for ELSE m.waiting_for END,
           failed_at = CASE WHEN {_MOVED} AND i.event = '{Event.ANSWER_REFUSED}' THEN i.ended_at ELSE m.failed_at END,
           failure = CASE WHEN {_MOVED} THEN i.failure::json ELSE m.failure END
      FROM i
     WHERE m.business_id = i.business_id AND m.id = i.id AND {_ONLY_THESE}
"""  # noqa: S608 - constants
"""A receipt that came before the answer has already said more than the answer can: then nothing moves."""


async def record(connection: Connection, outcomes: Sequence[Outcome]) -> None:
    """Writes what came of calls: the attempt, and the message's next status."""
    rows = sorted(outcomes, key=lambda row: row.id)
    await connection.execute(RECORD, *columns_of(rows, _OUTCOME_FIELDS))


@dataclass(slots=True)
class Reported:
    """All that a batch of receipts says of one message."""

    business_id: UUID
    id: UUID
    event: str
    """The highest of them; the ladder of `states` makes their order irrelevant."""
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    failed_at: datetime | None = None
    failure: str | None = None
    price_category: str | None = None
    wamid: str | None = None


@dataclass(frozen=True, slots=True)
class NewReceipt:
    business_id: UUID
    message_id: UUID
    status: str
    wamid: str
    occurred_at: datetime
    received_at: datetime
    payload: str


_RECEIPTS = (Event.RECEIPT_SENT, Event.RECEIPT_FAILED, Event.RECEIPT_DELIVERED, Event.RECEIPT_READ)

_REPORTED_FIELDS = [field.name for field in fields(Reported)]
_RECEIPT_FIELDS = [field.name for field in fields(NewReceipt)]
_TYPES |= {
    "sent_at": "timestamptz", "delivered_at": "timestamptz", "read_at": "timestamptz", "failed_at": "timestamptz",
    "message_id": "uuid", "occurred_at": "timestamptz", "received_at": "timestamptz", "payload": "json",
}  # fmt: skip

# Read implies delivered implies sent, though Meta need not say so; what is implied gives way to an earlier time that is
# reported. The least of all that is known does not depend on the order in which it became known.
_REPORTED_STATUS = case_of(_RECEIPTS, "m.status", "i.event")
_SENT_AT = "least(m.sent_at, i.sent_at, i.delivered_at, i.read_at)"
_DELIVERED_AT = "least(m.delivered_at, i.delivered_at, i.read_at)"
_READ_AT = "least(m.read_at, i.read_at)"
_FAILED_AT = "least(m.failed_at, i.failed_at)"

APPLY_RECEIPTS = f"""
    UPDATE messages m
       SET status = {_REPORTED_STATUS},
           sent_at = {_SENT_AT}, delivered_at = {_DELIVERED_AT}, read_at = {_READ_AT}, failed_at = {_FAILED_AT},
           -- What was delivered after all has not failed; the receipt that said so stays.
           failure = CASE WHEN {_REPORTED_STATUS} = '{Status.FAILED}' THEN coalesce(i.failure::json, m.failure) END,
           price_category = coalesce(i.price_category, m.price_category),
           wamid = coalesce(m.wamid, i.wamid),
           due_at = NULL, lease_until = NULL, waiting_for = NULL, reason = NULL
      FROM {_unnest(_REPORTED_FIELDS)}
     WHERE m.business_id = i.business_id AND m.id = i.id AND {_ONLY_THESE}
       AND ((m.sent_at, m.delivered_at, m.read_at, m.failed_at)
            IS DISTINCT FROM ({_SENT_AT}, {_DELIVERED_AT}, {_READ_AT}, {_FAILED_AT})
            OR m.due_at IS NOT NULL OR (i.price_category IS NOT NULL AND m.price_category IS NULL))
    RETURNING m.business_id, m.id
"""  # noqa: S608 - constants

STORE_RECEIPTS = f"""
    INSERT INTO receipts ({", ".join(_RECEIPT_FIELDS)})
    SELECT {", ".join(_cast(name) for name in _RECEIPT_FIELDS)} FROM {_unnest(_RECEIPT_FIELDS)}
    ON CONFLICT DO NOTHING
"""  # noqa: S608 - constants

EXISTING = """
    SELECT m.business_id, m.id
      FROM unnest($1::uuid[], $2::uuid[]) AS i(business_id, id),
           LATERAL (SELECT * FROM messages m WHERE m.business_id = i.business_id AND m.id = i.id LIMIT 1) AS m
"""

BY_WAMID = """
    SELECT i.n, a.message_id
      FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS i(business_id, wamid, n),
           LATERAL (SELECT * FROM attempts a
                     WHERE a.business_id = i.business_id AND a.wamid = i.wamid LIMIT 1) AS a
"""


async def existing(connection: Connection, keys: Sequence[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
    rows = await connection.fetch(EXISTING, [key[0] for key in keys], [key[1] for key in keys])
    return {(row["business_id"], row["id"]) for row in rows}


async def by_wamid(connection: Connection, keys: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], UUID]:
    if not keys:
        return {}
    rows = await connection.fetch(BY_WAMID, [key[0] for key in keys], [key[1] for key in keys])
    return {keys[row["n"] - 1]: row["message_id"] for row in rows}


async def apply_receipts(connection: Connection, reported: Sequence[Reported]) -> set[tuple[UUID, UUID]]:
    """The messages for which there was something new."""
    rows = sorted(reported, key=lambda row: row.id)
    changed = await connection.fetch(APPLY_RECEIPTS, *columns_of(rows, _REPORTED_FIELDS))
    return {(row["business_id"], row["id"]) for row in changed}


async def store_receipts(connection: Connection, receipts: Sequence[NewReceipt]) -> None:
    rows = sorted(receipts, key=lambda row: (row.business_id, row.message_id, row.status, row.wamid))
    await connection.execute(STORE_RECEIPTS, *columns_of(rows, _RECEIPT_FIELDS))


HOT_STATEMENTS: Mapping[str, str] = {
    "find keys": FIND_KEYS,
    "store": STORE,
    "supersede": SUPERSEDE,
    "busy senders": BUSY_SENDERS,
    "claim": CLAIM,
    "settle": SETTLE,
    "give back pace": GIVE_BACK_PACE,
    "record": RECORD,
    "apply receipts": APPLY_RECEIPTS,
    "store receipts": STORE_RECEIPTS,
    "existing": EXISTING,
    "by wamid": BY_WAMID,
}

KEY_CLEANUP = "DELETE FROM idempotency_keys WHERE created_at < $1"


async def one(session: AsyncSession, business_id: UUID, mode: str, message_id: UUID) -> Message | None:
    message = await session.get(Message, (business_id, message_id))
    return message if message is not None and message.mode == mode else None


async def attempts(session: AsyncSession, business_id: UUID, message_id: UUID) -> Sequence[Attempt]:
    query = select(Attempt).where(Attempt.business_id == business_id, Attempt.message_id == message_id)
    return (await session.scalars(query.order_by(Attempt.number))).all()


async def receipts(session: AsyncSession, business_id: UUID, message_id: UUID) -> Sequence[Receipt]:
    query = select(Receipt).where(Receipt.business_id == business_id, Receipt.message_id == message_id)
    return (await session.scalars(query.order_by(Receipt.occurred_at, Receipt.received_at))).all()


async def page(
    session: AsyncSession, business_id: UUID, mode: str, filters: "Filters", *, before: UUID | None, size: int
) -> Sequence[Message]:
    """Newest first, from just before the id that the last page ended with."""
    query = select(Message).where(Message.business_id == business_id, Message.mode == mode)
    if filters.status:
        query = query.where(Message.status.in_(filters.status))
    if filters.event_type:
        query = query.where(Message.event_type == filters.event_type)
    if filters.contact_id:
        query = query.where(Message.contact_id == filters.contact_id)
    if filters.reference:
        query = query.where(Message.reference == filters.reference)
    if filters.first_id:
        query = query.where(Message.id >= filters.first_id)
    if filters.last_id:
        query = query.where(Message.id < filters.last_id)
    if before:
        query = query.where(Message.id < before)
    return (await session.scalars(query.order_by(Message.id.desc()).limit(size))).all()


@dataclass(frozen=True, slots=True)
class Filters:
    status: Sequence[str] = ()
    event_type: str | None = None
    contact_id: UUID | None = None
    reference: str | None = None
    first_id: UUID | None = None
    """Ids carry their time of creation: a range of time is a range of ids."""
    last_id: UUID | None = None


async def waiting_of_contact(session: AsyncSession, business_id: UUID, contact_id: UUID) -> Sequence[Message]:
    """What has not left yet, locked: a claim either has it already, or will skip it."""
    query = select(Message).where(
        Message.business_id == business_id,
        Message.contact_id == contact_id,
        Message.status.in_([Status.SCHEDULED, Status.QUEUED]),
    )
    return (await session.scalars(query.order_by(Message.id).with_for_update())).all()


async def suppress(session: AsyncSession, business_id: UUID, ids: Sequence[UUID], reason: str, note: Any) -> None:
    await session.execute(
        update(Message)
        .where(Message.business_id == business_id, Message.id.in_(ids))
        .values(
            status=Status.SUPPRESSED.value,
            reason=reason,
            waiting_for=None,
            due_at=None,
            decision=Message.decision.concat(note),
        )
    )


async def release_waiting_for_template(session: AsyncSession, business_id: UUID, name: str, now: datetime) -> None:
    """Lets messages that wait for this template be looked at again at once."""
    await session.execute(
        update(Message)
        .where(
            Message.business_id == business_id,
            Message.due_at.is_not(None),
            Message.waiting_for == "template",
            Message.template_name == name,
        )
        .values(due_at=now, waiting_for=None)
    )


async def message_by_wamid(session: AsyncSession, business_id: UUID, wamid: str) -> UUID | None:
    query = select(Attempt.message_id).where(Attempt.business_id == business_id, Attempt.wamid == wamid)
    return await session.scalar(query.limit(1))
