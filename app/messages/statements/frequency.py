"""How often a customer was told of late, for those who said how often they want to be."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from app.messages.preferring import PREFERRED_CHANNEL
from app.messages.statements.batch import Connection
from app.messages.states import Status

TAKE_TURNS = """
    SELECT pg_advisory_xact_lock(turn)
      FROM (SELECT hashtextextended($1::uuid::text || i.contact_id, 0) AS turn
              FROM unnest($2::uuid[]) AS i(contact_id) ORDER BY 1) AS turns
"""
"""Claims of the same customers' messages come one after the other, in an order that all keep. No lock on a row would
do: acts of consent lock rows of the customer before those of its messages, claims have the messages already."""

LEAVING = (Status.SENDING, Status.UNCONFIRMED, Status.ACCEPTED, Status.SENT, Status.DELIVERED, Status.READ)
"""Of messages that left, are about to, or may have."""

WHAT_LEFT = f"""
    SELECT i.contact_id, gone.event_type, gone.left_at
      FROM unnest($2::uuid[], $3::timestamptz[]) AS i(contact_id, since),
           LATERAL (
               SELECT i.contact_id AS id
               UNION ALL
               SELECT c.id FROM contacts c WHERE c.business_id = $1 AND c.successor_id = i.contact_id) AS person,
           LATERAL (
               SELECT m.event_type,
                      CASE WHEN m.status = '{Status.SUPPRESSED}' THEN (m.decision -> -1 ->> 'at')::timestamptz
                           ELSE coalesce(m.accepted_at, m.sent_at, m.delivered_at, m.read_at, $5::timestamptz)
                       END AS left_at
                 FROM messages m
                WHERE m.business_id = $1 AND m.contact_id = person.id AND NOT m.id = ANY($4::uuid[])
                  AND (m.status IN ({", ".join(f"'{status}'" for status in LEAVING)})
                       OR m.status = '{Status.SUPPRESSED}' AND m.reason = '{PREFERRED_CHANNEL}')
           ) AS gone
     WHERE gone.left_at > i.since
"""  # noqa: S608 - constants
"""What Meta took, what is on its way or in doubt, and what another channel carried; also while the customer was known
as another contact. $1 business, $2 contacts, $3 from
when for each, $4 messages that are not meant, $5 now: when what has no time yet is leaving."""


async def take_turns(connection: Connection, business_id: UUID, contact_ids: Sequence[UUID]) -> None:
    """Until the end of the transaction. What is looked up afterwards is what those before left."""
    await connection.execute(TAKE_TURNS, business_id, contact_ids)


async def what_left(
    connection: Connection, business_id: UUID, since: Mapping[UUID, datetime], *, but: Sequence[UUID], now: datetime
) -> list[asyncpg.Record]:
    """`since`: from when, by contact."""
    return await connection.fetch(WHAT_LEFT, business_id, list(since), list(since.values()), but, now)
