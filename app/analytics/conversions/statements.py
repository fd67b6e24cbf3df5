"""Storing conversions, and finding what each may have come of: many at once, all of one business and mode."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from app.analytics.conversions.attribution import Candidate, Window
from app.core.database import Connection
from app.core.ids import first_id_at

_SCHEDULED_AHEAD = timedelta(days=180)
"""So long before it left, at most, a message was accepted: ids carry that time."""


@dataclass(frozen=True, slots=True)
class NewConversion:
    """A row to insert; the fields are the columns."""

    id: UUID
    reference: str | None
    fingerprint: bytes | None
    type: str
    amount: int | None
    currency: str | None
    occurred_at: datetime
    created_at: datetime
    named_by: str
    click_id: UUID | None
    contact_id: UUID | None
    message_id: UUID | None
    attributed_by: str | None
    unattributed: str | None
    slot_at: datetime
    sender_id: UUID | None
    event_type: str | None
    template_name: str | None
    language: str | None
    experiment_id: UUID | None
    arm: str | None
    metadata: str | None
    """JSON."""
    content_erased_at: datetime | None


@dataclass(frozen=True, slots=True)
class Named:
    """A message that was named, by its id or by one of its clicks."""

    candidate: Candidate
    contact_id: UUID
    is_erased: bool
    """Its contact is."""


_TYPES = {
    "id": "uuid",
    "reference": "text",
    "fingerprint": "bytea",
    "type": "text",
    "amount": "bigint",
    "currency": "text",
    "occurred_at": "timestamptz",
    "created_at": "timestamptz",
    "named_by": "text",
    "click_id": "uuid",
    "contact_id": "uuid",
    "message_id": "uuid",
    "attributed_by": "text",
    "unattributed": "text",
    "slot_at": "timestamptz",
    "sender_id": "uuid",
    "event_type": "text",
    "template_name": "text",
    "language": "text",
    "experiment_id": "uuid",
    "arm": "text",
    "metadata": "text",
    "content_erased_at": "timestamptz",
}

_COLUMNS = [field.name for field in fields(NewConversion)]
_CHOSEN = ", ".join("i.metadata::json" if name == "metadata" else f"i.{name}" for name in _COLUMNS)
_ARRAYS = ", ".join(f"${number}::{_TYPES[name]}[]" for number, name in enumerate(_COLUMNS, 3))

STORE_CONVERSIONS = f"""
    INSERT INTO conversions (business_id, mode, {", ".join(_COLUMNS)})
    SELECT $1, $2, {_CHOSEN} FROM unnest({_ARRAYS}) AS i({", ".join(_COLUMNS)}) ORDER BY i.reference, i.id
    ON CONFLICT DO NOTHING
    RETURNING id
"""  # noqa: S608 - constants
"""In the order of what is one of a kind, so that two requests wait for each other instead of locking crosswise."""

KNOWN_REFERENCES = """
    SELECT c.reference, c.id, c.fingerprint FROM unnest($3::text[]) AS i(reference),
           LATERAL (SELECT * FROM conversions c
                     WHERE c.business_id = $1 AND c.mode = $2 AND c.reference = i.reference LIMIT 1) AS c
"""

_NAMED = """m.id, m.event_type, coalesce(m.sent_at, m.accepted_at) AS left_at, m.delivered_at, m.read_at, m.contact_id,
           (SELECT c.ended_by = 'erasure' FROM contacts c
             WHERE c.business_id = $1 AND c.id = m.contact_id) IS TRUE AS is_erased"""

NAMED_BY_CLICKS = f"""
    SELECT k.id AS name, k.clicked_at, {_NAMED}
      FROM unnest($3::uuid[]) AS i(id),
           LATERAL (SELECT * FROM link_clicks k WHERE k.business_id = $1 AND k.id = i.id LIMIT 1) AS k,
           LATERAL (SELECT * FROM messages m
                     WHERE m.business_id = $1 AND m.id = k.message_id AND m.mode = $2 LIMIT 1) AS m
"""  # noqa: S608 - constants

NAMED_BY_MESSAGES = f"""
    SELECT (m.id, i.until) AS name,
           (SELECT max(k.clicked_at) FROM link_clicks k
             WHERE k.business_id = $1 AND k.message_id = m.id AND k.clicked_at <= i.until) AS clicked_at, {_NAMED}
      FROM unnest($3::uuid[], $4::timestamptz[]) AS i(id, until),
           LATERAL (SELECT * FROM messages m
                     WHERE m.business_id = $1 AND m.id = i.id AND m.mode = $2 LIMIT 1) AS m
"""  # noqa: S608 - constants

OF_CONTACTS = """
    SELECT i.n, m.id, m.event_type, m.delivered_at, m.read_at, k.clicked_at
      FROM unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::uuid[])
           WITH ORDINALITY AS i(contact_id, since, until, first_id, n),
           LATERAL (SELECT i.contact_id AS id
                    UNION ALL
                    SELECT c.id FROM contacts c WHERE c.business_id = $1 AND c.successor_id = i.contact_id) AS p,
           LATERAL (SELECT * FROM messages m
                     WHERE m.business_id = $1 AND m.contact_id = p.id AND m.id >= i.first_id) AS m,
           LATERAL (SELECT max(k.clicked_at) AS clicked_at FROM link_clicks k
                     WHERE k.business_id = $1 AND k.message_id = m.id AND k.clicked_at <= i.until) AS k
     WHERE m.delivered_at BETWEEN i.since AND i.until OR m.read_at BETWEEN i.since AND i.until
        OR k.clicked_at >= i.since
"""
"""What a person had to do with in each window, also by those who were merged into them."""

COUNTED_WITH = """
    SELECT m.id, ulak_slot(m.id, m.send_at) AS slot_at, m.sender_id, m.event_type, m.template_name, m.language,
           e.experiment_id, e.arm
      FROM unnest($2::uuid[]) AS i(id),
           LATERAL (SELECT * FROM messages m WHERE m.business_id = $1 AND m.id = i.id LIMIT 1) AS m
           LEFT JOIN experiment_messages e ON e.business_id = $1 AND e.message_id = m.id
"""


@dataclass(frozen=True, slots=True)
class CountedWith:
    """In which time a message is counted, and by what."""

    slot_at: datetime
    sender_id: UUID
    event_type: str
    template_name: str | None
    language: str
    experiment_id: UUID | None
    arm: str | None


async def counted_with(
    connection: Connection, business_id: UUID, message_ids: Sequence[UUID]
) -> dict[UUID, CountedWith]:
    return {
        row["id"]: CountedWith(*(row[field.name] for field in fields(CountedWith)))
        for row in await connection.fetch(COUNTED_WITH, business_id, message_ids)
    }


async def store(connection: Connection, business_id: UUID, mode: str, rows: Sequence[NewConversion]) -> set[UUID]:
    """Answers which are new: of one reference only the first is taken."""
    columns = [[getattr(row, name) for row in rows] for name in _COLUMNS]
    return {row["id"] for row in await connection.fetch(STORE_CONVERSIONS, business_id, mode, *columns)}


async def known_references(
    connection: Connection, business_id: UUID, mode: str, references: Sequence[str]
) -> dict[str, tuple[UUID, bytes | None]]:
    """Id and fingerprint of the conversions that have them."""
    found = await connection.fetch(KNOWN_REFERENCES, business_id, mode, references)
    return {row["reference"]: (row["id"], row["fingerprint"]) for row in found}


async def named_by_clicks(
    connection: Connection, business_id: UUID, mode: str, click_ids: Sequence[UUID]
) -> dict[UUID, Named]:
    return _named(await connection.fetch(NAMED_BY_CLICKS, business_id, mode, click_ids))


async def named_by_messages(
    connection: Connection, business_id: UUID, mode: str, asked: Collection[tuple[UUID, datetime]]
) -> dict[tuple[UUID, datetime], Named]:
    """By their ids, and up to when it counts who clicked."""
    ids, until = [message_id for message_id, _ in asked], [moment for _, moment in asked]
    return _named(await connection.fetch(NAMED_BY_MESSAGES, business_id, mode, ids, until))


def _named(found: Sequence[asyncpg.Record]) -> dict[Any, Named]:
    return {
        row["name"]: Named(
            Candidate(
                row["id"], row["event_type"], row["left_at"], row["delivered_at"], row["read_at"], row["clicked_at"]
            ),
            row["contact_id"],
            row["is_erased"],
        )
        for row in found
    }


async def of_contacts(
    connection: Connection, business_id: UUID, asked: Mapping[int, tuple[UUID, Window]]
) -> dict[int, list[Candidate]]:
    """By the number under which contact and window are asked for."""
    windows = [window for _, window in asked.values()]
    found = await connection.fetch(
        OF_CONTACTS,
        business_id,
        [contact_id for contact_id, _ in asked.values()],
        [window.since for window in windows],
        [window.until for window in windows],
        [first_id_at(window.since - _SCHEDULED_AHEAD) for window in windows],
    )
    numbers = list(asked)
    candidates: dict[int, list[Candidate]] = {number: [] for number in numbers}
    for row in found:
        candidates[numbers[row["n"] - 1]].append(
            Candidate(
                row["id"],
                row["event_type"],
                delivered_at=row["delivered_at"],
                read_at=row["read_at"],
                clicked_at=row["clicked_at"],
            )
        )
    return candidates


WHO_THEY_ARE = """
    SELECT i.id, coalesce(c.successor_id, c.id) AS current_id, (c.ended_by = 'erasure') IS TRUE AS is_erased
      FROM unnest($3::uuid[]) AS i(id),
           LATERAL (SELECT * FROM contacts c
                     WHERE c.business_id = $1 AND c.id = i.id AND c.mode = $2 LIMIT 1) AS c
"""


async def who_they_are(
    connection: Connection, business_id: UUID, mode: str, contact_ids: Sequence[UUID]
) -> dict[UUID, UUID | None]:
    """Of contacts by id, those who they turned out to be; nobody where they were erased."""
    found = await connection.fetch(WHO_THEY_ARE, business_id, mode, contact_ids)
    return {row["id"]: None if row["is_erased"] else row["current_id"] for row in found}
