"""What tells, cheaply, that something of a business is no longer as it was: the newest of each, by index."""

from collections.abc import Mapping
from uuid import UUID

from app.accounts.models import Mode
from app.core.database import Database

PULSE = """
    SELECT (SELECT m.id FROM messages m WHERE m.business_id = $1 ORDER BY m.id DESC LIMIT 1) AS messages,
           (SELECT r.id FROM replies r WHERE r.business_id = $1 AND r.mode = $2 ORDER BY r.id DESC LIMIT 1) AS replies,
           (SELECT (count(*), max(a.last_seen_at))::text FROM alerts a
             WHERE a.business_id = $1 AND a.resolved_at IS NULL) AS senders,
           (SELECT (count(*), count(e.disabled_at), max(e.last_success_at), max(e.last_failure_at))::text
              FROM callback_endpoints e WHERE e.business_id = $1 AND e.mode = $2) AS callbacks
"""


class Pulse:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def look(self, business_id: UUID, mode: Mode) -> Mapping[str, object]:
        row = await self._database.pool.fetchrow(PULSE, business_id, mode)
        return dict(row) if row is not None else {}
