"""Deliveries of one contact follow each other: when one has ended, the next becomes due."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.core.database import Connection

_HAS_HEAD = """
    EXISTS (SELECT FROM callback_deliveries h
             WHERE h.business_id = $1 AND h.endpoint_id = $2 AND h.contact_id = {contact} AND h.status = 'pending'
               AND h.due_at IS NOT NULL OFFSET 0)
"""
"""By OFFSET it is looked up for each contact, which as a join it might not be, in a table of which little is known."""

# What is changed is pending, as whoever holds the endpoint finds it, and not said to be: where few are thought to be
# pending, all that are would be looked through for the few that are named.

NEXT_OF_CONTACTS = f"""
    UPDATE callback_deliveries SET due_at = $4
     WHERE business_id = $1 AND endpoint_id = $2 AND event_id = ANY(ARRAY(
           SELECT (SELECT n.event_id FROM callback_deliveries n
                    WHERE n.business_id = $1 AND n.endpoint_id = $2 AND n.status = 'pending'
                      AND n.contact_id = c.contact_id
                    ORDER BY n.sequence LIMIT 1)
             FROM unnest($3::uuid[]) AS c(contact_id)
            WHERE NOT {_HAS_HEAD.format(contact="c.contact_id")}))
"""  # noqa: S608 - nothing of it is given

FIRST_OF_ALL = f"""
    UPDATE callback_deliveries SET due_at = $3
     WHERE business_id = $1 AND endpoint_id = $2 AND event_id = ANY(ARRAY(
           SELECT f.event_id
             FROM (SELECT DISTINCT ON (contact_id) contact_id, event_id FROM callback_deliveries
                    WHERE business_id = $1 AND endpoint_id = $2 AND status = 'pending' AND contact_id IS NOT NULL
                    ORDER BY contact_id, sequence) f
            WHERE NOT {_HAS_HEAD.format(contact="f.contact_id")}))
"""  # noqa: S608 - nothing of it is given


async def let_first_go(connection: Connection, business_id: UUID, endpoint_id: UUID, now: datetime) -> None:
    """Of every contact of whom none is due."""
    await connection.execute(FIRST_OF_ALL, business_id, endpoint_id, now)


async def let_next_go(
    connection: Connection, business_id: UUID, endpoint_id: UUID, contact_ids: Sequence[UUID | None], now: datetime
) -> None:
    """Of each contact of whom none is due any more, in a transaction that holds the endpoint's row."""
    wanted = sorted({one for one in contact_ids if one is not None})
    if wanted:
        await connection.execute(NEXT_OF_CONTACTS, business_id, endpoint_id, wanted, now)
