"""Following tracked links: where each leads, and that it was followed.

Of a click its time is kept and nothing else, neither address nor browser: the link is one message's, so the click is
its customer's already, and the more is known of customers, the more must be guarded, justified and one day erased.
Where the business wants it, the website that the link leads to is told the click's id, and nothing else either.
"""

from uuid import UUID

import structlog
from prometheus_client import Counter

from app.accounts.directory import Directory
from app.core.clock import Clock
from app.core.database import UNAVAILABLE, Database
from app.core.group_commit import GroupCommit
from app.core.ids import new_id
from app.messages import telling
from app.messages.click_ids import with_click
from app.messages.short_links import is_code
from app.messages.statements.links import FollowedLink, Following, follow_links
from app.messages.telling import Clicked

log = structlog.get_logger(__name__)

FOLLOWED = Counter("ulak_links_followed_total", "Requests for tracked links.", ["as"])


class Redirects:
    def __init__(self, database: Database, directory: Directory, clock: Clock) -> None:
        self._database = database
        self._directory = directory
        self._clock = clock
        self._commit: GroupCommit[Following, FollowedLink | None] = GroupCommit("clicks", self._flush)

    async def follow(self, code: str, *, is_click: bool) -> str | None:
        """Where the link leads, after its click is stored; nothing where there is none. What is no code at all never
        reaches the database."""
        link = None
        click_id = new_id() if is_click else None
        if is_code(code):
            link = await self._commit.submit(Following(code, click_id, self._clock.now()))
        FOLLOWED.labels("unknown" if link is None else "click" if is_click else "preview").inc()
        if link is None or click_id is None:
            return link.url if link is not None else None
        return await self._told_of(link, click_id)

    async def _told_of(self, link: FollowedLink, click_id: UUID) -> str:
        """The click is stored by now: whatever goes wrong here, the customer gets on."""
        try:
            business = await self._directory.business(link.business_id)
        except UNAVAILABLE as error:
            log.warning("click not told", error=type(error).__name__)
            return link.url
        if business is None or business.click_parameter is None:
            return link.url
        return with_click(link.url, business.click_parameter, click_id)

    async def drain(self) -> None:
        await self._commit.drain()

    async def _flush(self, items: list[Following]) -> list[FollowedLink | Exception | None]:
        async with self._database.pool.acquire() as connection, connection.transaction():
            found = await follow_links(connection, items)
            clicks = [
                Clicked(link.business_id, link.message_id, link.position, link.url, item.at)
                for item, link in zip(items, found, strict=True)
                if link is not None and item.click_id is not None
            ]
            if clicks:
                await telling.tell_clicks(connection, clicks)
        return list(found)
