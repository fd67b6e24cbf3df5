"""Acceptance in one journey: idempotency keys and the messages of their requests, stored together."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

import asyncpg

from app.core.marks import marking
from app.experiments.statements import NewAssignment
from app.messages.short_links import ShortLink
from app.messages.statements.batch import Connection, by_business, cast, columns_of, unnest
from app.messages.states import Status


@dataclass(slots=True)
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
    waiting_for: str | None
    time_zone: str | None
    recipient: str
    country: str | None
    language: str
    template_name: str
    template_version: int
    reference: str | None
    data: str
    fill: str
    metadata: str | None
    decision: str
    key: str | None
    """The idempotency key of its request: it is stored only together with that."""
    links: tuple[ShortLink, ...] = ()
    assignment: NewAssignment | None = None
    """Rows of their own, beside the message."""


@dataclass(slots=True)
class NewKey:
    business_id: UUID
    mode: str
    key: str
    fingerprint: bytes
    location: str | None
    answer: bytes
    created_at: datetime


_MESSAGE_FIELDS = [field.name for field in fields(NewMessage) if field.name not in ("links", "assignment")]
_MESSAGE_COLUMNS = _MESSAGE_FIELDS[:-1]
_KEY_FIELDS = [field.name for field in fields(NewKey)]

STORE = f"""
    WITH won AS (
        INSERT INTO idempotency_keys ({", ".join(_KEY_FIELDS)})
        SELECT {", ".join(_KEY_FIELDS)} FROM {unnest(_KEY_FIELDS)}
        ON CONFLICT DO NOTHING
        RETURNING business_id, mode, key),
    stored AS (
        INSERT INTO messages ({", ".join(_MESSAGE_COLUMNS)})
        SELECT {", ".join(cast(name) for name in _MESSAGE_COLUMNS)}
          FROM {unnest(_MESSAGE_FIELDS, first=len(_KEY_FIELDS) + 1)}
         WHERE i.key IS NULL OR EXISTS (
            SELECT FROM won WHERE won.business_id = i.business_id AND won.mode = i.mode AND won.key = i.key)
        RETURNING business_id, id, send_at, due_at),
    marked AS ({marking("stored")})
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

_WAITS = f"m.status IN ('{Status.SCHEDULED}', '{Status.QUEUED}')"


@dataclass(slots=True)
class Stale:
    """Messages to a contact that an event makes stale: all with a reference, or those of some event types."""

    business_id: UUID
    contact_id: UUID
    reference: str
    event_types: str | None
    """Names with commas between them: one array of arrays cannot be bound."""
    before: UUID
    """The event's own first message: what is newer than that is not stale."""
    only_scheduled: bool = False
    """Only what was to be sent at a time of its own, as reminders are."""


_STALE_FIELDS = [field.name for field in fields(Stale) if field.name != "business_id"]

SUPERSEDE = f"""
    WITH stale AS (
        SELECT m.id
          FROM {unnest(_STALE_FIELDS, first=2)}
          JOIN messages m ON m.business_id = $1 AND m.reference = i.reference AND m.reference IS NOT NULL
                         AND m.contact_id = i.contact_id AND m.id < i.before
         WHERE (i.event_types IS NULL OR m.event_type = ANY(string_to_array(i.event_types, ',')))
           AND (NOT i.only_scheduled OR m.send_at IS NOT NULL)
           AND m.status IN ('{Status.SCHEDULED}', '{Status.QUEUED}', '{Status.SENDING}', '{Status.UNCONFIRMED}')
         ORDER BY m.id
           FOR UPDATE OF m),
    moved AS (
    UPDATE messages m
       SET stop = 'superseded',
           status = CASE WHEN {_WAITS} THEN '{Status.CANCELED}' ELSE m.status END,
           reason = CASE WHEN {_WAITS} THEN 'superseded' ELSE m.reason END,
           due_at = CASE WHEN {_WAITS} THEN NULL ELSE m.due_at END,
           waiting_for = CASE WHEN {_WAITS} THEN NULL ELSE m.waiting_for END
     WHERE m.business_id = $1 AND m.id = ANY(ARRAY(SELECT id FROM stale))
    RETURNING m.business_id, m.id, m.send_at, m.mode, m.status),
    marked AS ({marking("moved")})
    SELECT id, mode, status FROM moved
"""  # noqa: S608 - constants
"""What is in doubt may have left: then it is not sent again. Locked in the order in which every other statement locks
messages. $1 is the business."""


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


@dataclass(frozen=True, slots=True)
class Superseded:
    """A message that waited and does not any more."""

    business_id: UUID
    id: UUID
    mode: str


async def supersede(connection: Connection, rows: Sequence[Stale]) -> list[Superseded]:
    """Those that were still waiting, and are canceled by it."""
    canceled = []
    for business_id, stale in by_business(rows):
        found = await connection.fetch(SUPERSEDE, business_id, *columns_of(stale, _STALE_FIELDS))
        canceled += [
            Superseded(business_id, row["id"], row["mode"]) for row in found if row["status"] == Status.CANCELED
        ]
    return canceled
