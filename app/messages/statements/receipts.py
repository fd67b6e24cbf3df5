"""What Meta reports: receipts applied to their messages and kept."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

import asyncpg

from app.core.marks import marking
from app.messages.statements.batch import ONLY_THESE, Connection, case_of, cast, columns_of, unnest
from app.messages.states import Event, Status


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
    price_type: str | None = None
    wamid: str | None = None


@dataclass(slots=True)
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

# Read implies delivered implies sent, though Meta need not say so; what is implied gives way to an earlier time that is
# reported. The least of all that is known does not depend on the order in which it became known.
_REPORTED_STATUS = case_of(_RECEIPTS, "m.status", "i.event")
_SENT_AT = "least(m.sent_at, i.sent_at, i.delivered_at, i.read_at)"
_DELIVERED_AT = "least(m.delivered_at, i.delivered_at, i.read_at)"
_READ_AT = "least(m.read_at, i.read_at)"
_FAILED_AT = "least(m.failed_at, i.failed_at)"
_FAILURE = """CASE WHEN m.content_erased_at IS NULL THEN i.failure::json
                        ELSE (i.failure::jsonb - 'details' - 'trace_id')::json END"""

APPLY_RECEIPTS = f"""
    WITH changed AS (
    UPDATE messages m
       SET status = {_REPORTED_STATUS},
           sent_at = {_SENT_AT}, delivered_at = {_DELIVERED_AT}, read_at = {_READ_AT}, failed_at = {_FAILED_AT},
           -- What was delivered after all has not failed; the receipt that said so stays.
           failure = CASE WHEN {_REPORTED_STATUS} = '{Status.FAILED}' THEN coalesce({_FAILURE}, m.failure) END,
           price_category = coalesce(i.price_category, m.price_category),
           price_type = coalesce(i.price_type, m.price_type),
           -- Of what is erased nothing comes back that names the customer's number.
           wamid = CASE WHEN m.content_erased_at IS NULL THEN coalesce(m.wamid, i.wamid) ELSE m.wamid END,
           due_at = NULL, lease_until = NULL, waiting_for = NULL, reason = NULL
      FROM {unnest(_REPORTED_FIELDS)}
     WHERE m.business_id = i.business_id AND m.id = i.id AND {ONLY_THESE}
       AND ((m.sent_at, m.delivered_at, m.read_at, m.failed_at)
            IS DISTINCT FROM ({_SENT_AT}, {_DELIVERED_AT}, {_READ_AT}, {_FAILED_AT})
            OR m.due_at IS NOT NULL OR (i.price_category IS NOT NULL AND m.price_category IS NULL)
            OR (i.price_type IS NOT NULL AND m.price_type IS NULL))
    RETURNING m.business_id, m.id, m.send_at, m.content_erased_at IS NOT NULL AS erased, m.status),
    marked AS ({marking("changed")})
    SELECT business_id, id, erased, status FROM changed
"""  # noqa: S608 - constants

STORE_RECEIPTS = f"""
    INSERT INTO receipts ({", ".join(_RECEIPT_FIELDS)})
    SELECT {", ".join(cast(name) for name in _RECEIPT_FIELDS)} FROM {unnest(_RECEIPT_FIELDS)}
    ON CONFLICT DO NOTHING
"""  # noqa: S608 - constants

EXISTING = """
    SELECT m.business_id, m.id, m.content_erased_at IS NOT NULL AS erased
      FROM unnest($1::uuid[], $2::uuid[]) AS i(business_id, id),
           LATERAL (SELECT * FROM messages m WHERE m.business_id = i.business_id AND m.id = i.id LIMIT 1) AS m
"""

BY_WAMID = """
    SELECT i.n, a.message_id
      FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS i(business_id, wamid, n),
           LATERAL (SELECT * FROM attempts a
                     WHERE a.business_id = i.business_id AND a.wamid = i.wamid LIMIT 1) AS a
"""


async def existing(connection: Connection, keys: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], bool]:
    """Whether each message's content is erased; of those that there are."""
    rows = await connection.fetch(EXISTING, [key[0] for key in keys], [key[1] for key in keys])
    return {(row["business_id"], row["id"]): row["erased"] for row in rows}


async def by_wamid(connection: Connection, keys: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], UUID]:
    if not keys:
        return {}
    rows = await connection.fetch(BY_WAMID, [key[0] for key in keys], [key[1] for key in keys])
    return {keys[row["n"] - 1]: row["message_id"] for row in rows}


async def apply_receipts(connection: Connection, reported: Sequence[Reported]) -> list[asyncpg.Record]:
    """The messages for which there was something new: whether their content is erased, and their status now."""
    rows = sorted(reported, key=lambda row: row.id)
    return await connection.fetch(APPLY_RECEIPTS, *columns_of(rows, _REPORTED_FIELDS))


async def store_receipts(connection: Connection, receipts: Sequence[NewReceipt]) -> None:
    rows = sorted(receipts, key=lambda row: (row.business_id, row.message_id, row.status, row.wamid))
    await connection.execute(STORE_RECEIPTS, *columns_of(rows, _RECEIPT_FIELDS))
