"""What stands in the database that the events of a few types must know before they are decided."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import groupby
from operator import itemgetter
from uuid import UUID

import asyncpg

from app.messages.statements.batch import Connection, by_business, columns_of, unnest
from app.messages.states import Status


@dataclass(frozen=True, slots=True)
class Thread:
    """What messages of one type to a contact are about."""

    business_id: UUID
    contact_id: UUID
    reference: str
    event_type: str


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Messages of one type to a contact who has opted out."""

    business_id: UUID
    contact_id: UUID
    event_type: str


@dataclass(frozen=True, slots=True)
class _OptedOut:
    """Who asks whether an opt-out was confirmed, and the act that it is known by."""

    contact_id: UUID
    event_type: str
    act_id: UUID


_THREAD_FIELDS = [field.name for field in fields(Thread) if field.name != "business_id"]
_OPTED_OUT_FIELDS = [field.name for field in fields(_OptedOut)]

LOCK_CONTACTS = """
    SELECT FROM unnest($2::uuid[]) AS i(id)
      JOIN contacts c ON c.business_id = $1 AND c.id = i.id
     ORDER BY c.id
       FOR NO KEY UPDATE OF c
"""

_IS_SCHEDULED = "CASE WHEN m.send_at IS NULL THEN false ELSE true END"
"""In a way that does not make the index of what was scheduled look like one to find a reference by."""

WAITING_REMINDERS = f"""
    SELECT m.contact_id, m.reference, m.event_type, m.send_at, m.data
      FROM {unnest(_THREAD_FIELDS, first=2)}
      JOIN messages m ON m.business_id = $1 AND m.reference = i.reference AND m.reference IS NOT NULL
                     AND m.contact_id = i.contact_id AND m.event_type = i.event_type
     WHERE {_IS_SCHEDULED} AND m.status IN ('{Status.SCHEDULED}', '{Status.QUEUED}')
     ORDER BY m.id
       FOR UPDATE OF m
"""  # noqa: S608 - constants
"""Locked: a claim either has one already, and then it does not wait, or leaves it alone until it is superseded."""

OPT_OUTS = """
    SELECT c.contact_id, c.act_id
      FROM unnest($2::uuid[]) AS i(contact_id)
      JOIN consents c ON c.business_id = $1 AND c.contact_id = i.contact_id
                     AND c.channel = 'whatsapp' AND c.topic = '*'
     WHERE c.state = 'opted_out'
     ORDER BY c.contact_id
       FOR NO KEY UPDATE OF c
"""
"""Locked: of two processes that would confirm the same opt-out, the second sees what the first stored."""

CONFIRMED = f"""
    SELECT i.contact_id, i.event_type
      FROM {unnest(_OPTED_OUT_FIELDS, first=2)},
           LATERAL (SELECT * FROM consent_acts a WHERE a.business_id = $1 AND a.id = i.act_id LIMIT 1) AS a,
           LATERAL (SELECT * FROM messages m
                     WHERE m.business_id = $1 AND m.contact_id = i.contact_id
                       AND m.event_type = i.event_type AND m.created_at >= a.recorded_at
                       AND m.status NOT IN ('{Status.SUPPRESSED}', '{Status.CANCELED}', '{Status.EXPIRED}',
                                            '{Status.FAILED}')
                     LIMIT 1) AS m
"""  # noqa: S608 - constants
"""Those of whom a message was sent since the opt-out was recorded, or is on its way. When the customer is said to have
opted out may be long before that."""


async def lock_contacts(connection: Connection, contacts: Sequence[tuple[UUID, UUID]]) -> None:
    """By business and id. Until the end of the transaction, of which it comes before all other locks, as in acts of
    consent."""
    for business_id, mine in groupby(sorted(contacts), key=itemgetter(0)):
        await connection.execute(LOCK_CONTACTS, business_id, [contact_id for _, contact_id in mine])


async def waiting_reminders(connection: Connection, threads: Sequence[Thread]) -> list[asyncpg.Record]:
    """Locked until the end of the transaction."""
    found: list[asyncpg.Record] = []
    for business_id, asked in by_business(threads):
        found += await connection.fetch(WAITING_REMINDERS, business_id, *columns_of(asked, _THREAD_FIELDS))
    return found


async def confirmed(connection: Connection, asked: Sequence[Confirmation]) -> set[Confirmation]:
    """Those that were sent since the contact opted out. The opt-outs are locked until the end of the transaction."""
    found: set[Confirmation] = set()
    for business_id, mine in by_business(asked):
        opt_outs = await connection.fetch(OPT_OUTS, business_id, list({one.contact_id for one in mine}))
        acts: dict[UUID, UUID] = {row["contact_id"]: row["act_id"] for row in opt_outs}
        rows = [
            _OptedOut(one.contact_id, one.event_type, acts[one.contact_id]) for one in mine if one.contact_id in acts
        ]
        sent = await connection.fetch(CONFIRMED, business_id, *columns_of(rows, _OPTED_OUT_FIELDS))
        found |= {Confirmation(business_id, row["contact_id"], row["event_type"]) for row in sent}
    return found
