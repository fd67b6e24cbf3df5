"""When each template was last used: Meta archives those of which nothing is sent for a year."""

from datetime import datetime
from uuid import UUID

from app.accounts.directory import SenderAccount
from app.core.clock import Clock
from app.core.database import Database
from app.templates.book import BookedTemplate

FLUSH = """
    WITH used AS (
        SELECT t.business_id, t.id, i.at
          FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
            AS i(business_id, waba_id, name, language, at)
          JOIN templates t ON t.business_id = i.business_id AND t.waba_id = i.waba_id AND t.name = i.name
                          AND t.language = i.language
         ORDER BY t.business_id, t.waba_id, t.name, t.language
           FOR UPDATE OF t)
    UPDATE templates t
       SET last_used_at = greatest(t.last_used_at, used.at)
      FROM used
     WHERE t.business_id = used.business_id AND t.id = used.id
       AND (t.last_used_at IS NULL OR t.last_used_at < used.at)
"""
"""In the order in which all lock templates: by itself, the join would lock them in any order."""


class TemplateUse:
    """Gathered in each worker's memory and written now and then: minutes do not matter in a year."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._used: dict[tuple[UUID, str, str, str], datetime] = {}

    def mark(self, sender: SenderAccount, template: BookedTemplate) -> None:
        key = (sender.business_id, sender.waba_id, template.name, template.language)
        self._used[key] = self._clock.now()

    async def flush(self) -> None:
        used, self._used = self._used, {}
        if not used:
            return
        rows = sorted(used.items())
        columns = [*zip(*(key for key, _ in rows), strict=True), [at for _, at in rows]]
        try:
            await self._database.pool.execute(FLUSH, *columns)
        except BaseException:
            self._used = {**used, **self._used}
            raise
