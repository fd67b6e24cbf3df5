"""Following tracked links: where each leads, and that it was followed.

Of a click its time is kept and nothing else, neither address nor browser: the link is one message's, so the click is
its customer's already, and the more is known of customers, the more must be guarded, justified and one day erased.
"""

from prometheus_client import Counter

from app.core.clock import Clock
from app.core.database import Database
from app.core.group_commit import GroupCommit
from app.core.ids import new_id
from app.messages import telling
from app.messages.short_links import is_code
from app.messages.statements.links import Following, follow_links
from app.messages.telling import Clicked

FOLLOWED = Counter("ulak_links_followed_total", "Requests for tracked links.", ["as"])


class Redirects:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._commit: GroupCommit[Following, str | None] = GroupCommit("clicks", self._flush)

    async def follow(self, code: str, *, is_click: bool) -> str | None:
        """Where the link leads, after its click is stored; nothing where there is none. What is no code at all never
        reaches the database."""
        url = None
        if is_code(code):
            click_id = new_id() if is_click else None
            url = await self._commit.submit(Following(code, click_id, self._clock.now()))
        FOLLOWED.labels("unknown" if url is None else "click" if is_click else "preview").inc()
        return url

    async def drain(self) -> None:
        await self._commit.drain()

    async def _flush(self, items: list[Following]) -> list[str | Exception | None]:
        async with self._database.pool.acquire() as connection, connection.transaction():
            found = await follow_links(connection, items)
            clicks = [
                Clicked(link.business_id, link.message_id, link.position, link.url, item.at)
                for item, link in zip(items, found, strict=True)
                if link is not None and item.click_id is not None
            ]
            if clicks:
                await telling.tell_clicks(connection, clicks)
        return [link.url if link is not None else None for link in found]
