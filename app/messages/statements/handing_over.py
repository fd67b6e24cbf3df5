"""What the business must know of messages that another channel is to carry."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from app.messages.statements.batch import Connection

WHAT_IS_SAID = """
    SELECT m.id, m.mode, m.reference, m.metadata, c.id AS contact_id, c.phone, c.bsuid, c.name
      FROM unnest($2::uuid[]) AS i(id),
           LATERAL (SELECT * FROM messages m WHERE m.business_id = $1 AND m.id = i.id LIMIT 1) AS m,
           LATERAL (SELECT * FROM contacts c WHERE c.business_id = $1 AND c.id = m.contact_id LIMIT 1) AS c
"""


async def what_is_said(connection: Connection, business_id: UUID, ids: Sequence[UUID]) -> dict[UUID, asyncpg.Record]:
    """By message: to whom, and what the business itself said of it."""
    return {row["id"]: row for row in await connection.fetch(WHAT_IS_SAID, business_id, ids)}
