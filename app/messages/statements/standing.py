"""What stands in the database that the events of a few types must know before they are decided."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

import asyncpg

from app.messages.statements.batch import Connection, columns_of, unnest
from app.messages.states import Status


@dataclass(frozen=True, slots=True, order=True)
class Thread:
    """What messages of one type to a contact are about."""

    business_id: UUID
    contact_id: UUID
    reference: str
    event_type: str


@dataclass(frozen=True, slots=True, order=True)
class Confirmation:
    """Messages of one type to a contact who has opted out."""

    business_id: UUID
    contact_id: UUID
    event_type: str


_THREAD_FIELDS = [field.name for field in fields(Thread)]
_CONFIRMATION_FIELDS = [field.name for field in fields(Confirmation)]

WAITING_REMINDERS = f"""
    SELECT m.contact_id, m.reference, m.event_type, m.send_at, m.data
      FROM {unnest(_THREAD_FIELDS)}
      JOIN messages m ON m.business_id = i.business_id AND m.reference = i.reference AND m.reference IS NOT NULL
                     AND m.contact_id = i.contact_id AND m.event_type = i.event_type
     WHERE m.send_at IS NOT NULL AND m.status IN ('{Status.SCHEDULED}', '{Status.QUEUED}')
       FOR UPDATE OF m
"""  # noqa: S608 - constants
"""Locked: a claim either has one already, and then it does not wait, or leaves it alone until it is superseded."""

OPT_OUTS = """
    SELECT c.contact_id, c.since
      FROM unnest($1::uuid[], $2::uuid[]) AS i(business_id, contact_id)
      JOIN consents c ON c.business_id = i.business_id AND c.contact_id = i.contact_id
                     AND c.channel = 'whatsapp' AND c.topic = '*'
     WHERE c.state = 'opted_out'
       FOR NO KEY UPDATE OF c
"""
"""Locked: of two processes that would confirm the same opt-out, the second sees what the first stored."""

CONFIRMED = f"""
    SELECT i.n
      FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[])
           WITH ORDINALITY AS i(business_id, contact_id, event_type, since, n),
           LATERAL (SELECT * FROM messages m
                     WHERE m.business_id = i.business_id AND m.contact_id = i.contact_id
                       AND m.event_type = i.event_type AND m.created_at >= i.since
                       AND m.status NOT IN ('{Status.SUPPRESSED}', '{Status.CANCELED}', '{Status.EXPIRED}',
                                            '{Status.FAILED}')
                     LIMIT 1) AS m
"""  # noqa: S608 - constants
"""Those of whom a message was sent since the opt-out, or is on its way."""


async def waiting_reminders(connection: Connection, threads: Sequence[Thread]) -> list[asyncpg.Record]:
    """Locked until the end of the transaction."""
    return await connection.fetch(WAITING_REMINDERS, *columns_of(sorted(threads), _THREAD_FIELDS))


async def confirmed(connection: Connection, asked: Sequence[Confirmation]) -> set[Confirmation]:
    """Those that were sent since the contact opted out. The opt-outs are locked until the end of the transaction."""
    ordered = sorted(asked)
    business_ids, contact_ids, _ = columns_of(ordered, _CONFIRMATION_FIELDS)
    opt_outs = await connection.fetch(OPT_OUTS, business_ids, contact_ids)
    since: dict[UUID, datetime] = {row["contact_id"]: row["since"] for row in opt_outs}
    opted_out = [one for one in ordered if one.contact_id in since]
    moments = [since[one.contact_id] for one in opted_out]
    rows = await connection.fetch(CONFIRMED, *columns_of(opted_out, _CONFIRMATION_FIELDS), moments)
    return {opted_out[row["n"] - 1] for row in rows}
