"""What endpoints leave behind, looked after now and then: little at a time, so that nothing waits for it."""

from datetime import datetime, timedelta

from prometheus_client import Gauge

from app.core.clock import Clock
from app.core.database import Database

ANSWERS_KEPT = timedelta(days=7)
"""The texts of answers, which may hold anything."""

_ROWS = 5_000
"""In one transaction."""
_TIMES = 200
"""In one run; the next goes on."""

PENDING = Gauge("ulak_callback_deliveries_pending", "Events that are to be delivered to endpoints.")
ENDPOINTS = Gauge("ulak_callback_endpoints", "Endpoints, by how they do.", ["state"])

PARK_LEFT = """
    WITH left_over AS (
        SELECT d.business_id, d.endpoint_id, d.event_id
          FROM callback_endpoints c
          JOIN callback_deliveries d ON d.business_id = c.business_id AND d.endpoint_id = c.id AND d.status = 'pending'
         WHERE c.disabled_at IS NOT NULL AND c.deleted_at IS NULL
         LIMIT $2
           FOR NO KEY UPDATE OF c SKIP LOCKED)
    UPDATE callback_deliveries d
       SET status = 'parked', parked_reason = 'endpoint_disabled', ended_at = $1, due_at = NULL, lease_until = NULL
      FROM left_over l
     WHERE d.business_id = l.business_id AND d.endpoint_id = l.endpoint_id AND d.event_id = l.event_id
       AND d.status = 'pending'
"""
"""Of endpoints that are disabled."""

DROP_DELIVERIES = """
    WITH left_over AS (
        SELECT d.business_id, d.endpoint_id, d.event_id
          FROM callback_endpoints c
          JOIN callback_deliveries d ON d.business_id = c.business_id AND d.endpoint_id = c.id
         WHERE c.deleted_at IS NOT NULL
         LIMIT $1)
    DELETE FROM callback_deliveries d
     USING left_over l
     WHERE d.business_id = l.business_id AND d.endpoint_id = l.endpoint_id AND d.event_id = l.event_id
"""

DROP_ENDPOINTS = """
    DELETE FROM callback_endpoints c
     WHERE c.deleted_at < $1
       AND NOT EXISTS (SELECT FROM callback_deliveries d WHERE d.business_id = c.business_id AND d.endpoint_id = c.id)
"""

FORGET_ANSWERS = """
    UPDATE callback_deliveries
       SET answers_since = NULL,
           attempts = (SELECT jsonb_agg(a - 'answer' ORDER BY n)
                         FROM jsonb_array_elements(attempts) WITH ORDINALITY AS x(a, n))
     WHERE (business_id, endpoint_id, event_id) IN (
           SELECT business_id, endpoint_id, event_id FROM callback_deliveries
            WHERE answers_since < $1 LIMIT $2)
"""

COUNT_ENDPOINTS = """
    SELECT CASE WHEN disabled_at IS NOT NULL THEN 'disabled' WHEN failing_since IS NOT NULL THEN 'failing'
                WHEN last_success_at IS NOT NULL THEN 'healthy' ELSE 'untried' END AS state,
           count(*) AS endpoints
      FROM callback_endpoints WHERE deleted_at IS NULL GROUP BY 1
"""

COUNT_PENDING = "SELECT count(*) FROM callback_deliveries WHERE status = 'pending'"

_UNDER_WAY = timedelta(minutes=10)
"""No call takes so long."""


class CallbackTidying:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def run(self) -> None:
        now = self._clock.now()
        await self._repeat(PARK_LEFT, now, _ROWS)
        await self._repeat(DROP_DELIVERIES, _ROWS)
        await self._database.pool.execute(DROP_ENDPOINTS, now - _UNDER_WAY)
        await self._repeat(FORGET_ANSWERS, now - ANSWERS_KEPT, _ROWS)
        ENDPOINTS.clear()
        for row in await self._database.pool.fetch(COUNT_ENDPOINTS):
            ENDPOINTS.labels(row["state"]).set(row["endpoints"])
        PENDING.set(await self._database.pool.fetchval(COUNT_PENDING))

    async def _repeat(self, statement: str, *values: datetime | int) -> None:
        for _ in range(_TIMES):
            if (await self._database.pool.execute(statement, *values)).rpartition(" ")[2] == "0":
                return
