"""Who may look at the console: sessions begun by a key or by a link, each with the powers of its key."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import Directory
from app.accounts.keys import Scope
from app.accounts.models import Mode
from app.console import repository
from app.console.repository import ApiKey, ConsoleLink, ConsoleSession
from app.console.secrets import Pass, new_pass, read_pass
from app.core.clock import Clock
from app.core.database import Database, announce
from app.core.ids import public_id
from app.core.languages import OurLanguage

log = structlog.get_logger(__name__)

PATH = "/console"
LINK_PATH = f"{PATH}/link"

CHANNEL = "ulak_console"
"""Notified with a business's id when sessions of it ended."""

LINK_LIFE = timedelta(minutes=15)
_SEEN_EVERY = timedelta(minutes=1)
_KEPT = timedelta(days=30)
"""Ended sessions and links, for whoever asks who was here."""

ALL_SCOPES = frozenset(scope.value for scope in Scope)


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in."""

    business_id: UUID
    id: UUID
    mode: Mode
    key_id: UUID | None
    scopes: frozenset[str]
    language: OurLanguage | None
    expires_at: datetime
    proof: str
    """What forms of its pages carry."""

    def may(self, scope: str) -> bool:
        return scope in self.scopes


@dataclass(frozen=True, slots=True)
class SessionLife:
    most: timedelta
    """However busy."""
    idle: timedelta


@dataclass(frozen=True, slots=True)
class LinkMade:
    url: str
    expires_at: datetime


class Sessions:
    def __init__(
        self, database: Database, directory: Directory, clock: Clock, life: SessionLife, *, public_url: str
    ) -> None:
        self._database = database
        self._directory = directory
        self._clock = clock
        self._life = life
        self._public_url = public_url

    async def make_link(self, business_id: UUID, mode: Mode, key_id: UUID | None) -> LinkMade:
        """Good once, and not for long. Without a key it may do everything."""
        now = self._clock.now()
        made = new_pass(business_id)
        row = ConsoleLink(
            business_id=business_id,
            id=made.id,
            mode=mode,
            key_id=key_id,
            secret_hash=made.secret_hash,
            created_at=now,
            expires_at=now + LINK_LIFE,
        )
        async with self._database.transaction() as session:
            session.add(row)
        log.info("console link made", business=public_id("biz", business_id), key=_shown(key_id), mode=mode)
        return LinkMade(f"{self._public_url}{LINK_PATH}/{made.text}", row.expires_at)

    async def link_by_hand(self, business_id: UUID, mode: Mode, key_id: UUID | None) -> LinkMade | None:
        """For whoever runs the installation. Nothing where the business has no such key of this mode that is usable."""
        if key_id is not None:
            async with self._database.transaction() as session:
                key = await repository.key(session, business_id, key_id)
            if key is None or key.mode != mode or not self._is_usable(key):
                return None
        return await self.make_link(business_id, mode, key_id)

    async def link_opens(self, text: str) -> bool:
        """Whether a link would begin a session now."""
        wanted = read_pass(text)
        if wanted is None:
            return False
        async with self._database.transaction() as session:
            return await self._usable(session, wanted) is not None

    async def begin_by_link(self, text: str, language: OurLanguage | None) -> Pass | None:
        """Uses it up. Nothing where it is none, was used, has expired, or its key may nothing any more."""
        wanted = read_pass(text)
        if wanted is None:
            return None
        async with self._database.transaction() as session:
            link = await self._usable(session, wanted, lock=True)
            if link is None:
                return None
            link.used_at = self._clock.now()
            begun = self._begin(session, link.business_id, link.mode, link.key_id, language)
        _tell("link", begun, link.key_id)
        return begun

    async def begin_by_key(self, token: str, language: OurLanguage | None) -> Pass | None:
        """Nothing where the key is unknown, revoked or expired."""
        caller = await self._directory.caller(token)
        if caller is None:
            return None
        async with self._database.transaction() as session:
            key = await repository.key(session, caller.business_id, caller.key_id)
            if key is None or not self._is_usable(key):  # the directory may not have heard yet
                return None
            begun = self._begin(session, caller.business_id, caller.mode, caller.key_id, language)
        _tell("key", begun, caller.key_id)
        return begun

    async def open(self, text: str, *, is_visit: bool) -> Session | None:
        """Nothing where there is no such session, or it has ended in one of the ways there are. What a page fetches by
        itself is no visit: nobody need sit before it."""
        shown = read_pass(text)
        if shown is None:
            return None
        now = self._clock.now()
        async with self._database.transaction() as session:
            found = await repository.opened(session, shown.business_id, shown.id)
            if found is None or not shown.fits(found[0].secret_hash) or not self._is_open(*found):
                return None
            row, key = found
            if is_visit and now - row.seen_at >= _SEEN_EVERY:
                await repository.seen(session, row.business_id, row.id, now)
        scopes = ALL_SCOPES if key is None else frozenset(key.scopes)
        return Session(
            row.business_id, row.id, row.mode, row.key_id, scopes, row.language, row.expires_at, shown.proof()
        )

    async def is_open(self, one: Session) -> bool:
        """Whether it still is; to look counts as no visit."""
        async with self._database.transaction() as session:
            found = await repository.opened(session, one.business_id, one.id)
        return found is not None and self._is_open(*found)

    async def speak(self, one: Session, language: OurLanguage) -> None:
        async with self._database.transaction() as session:
            await repository.speak(session, one.business_id, one.id, language)

    async def end(self, one: Session) -> None:
        async with self._database.transaction() as session:
            await repository.end(session, one.business_id, one.id, self._clock.now())
            await announce(session, CHANNEL, one.business_id)
        log.info("console session ended", business=public_id("biz", one.business_id), session=public_id("ses", one.id))

    async def end_all(self, business_id: UUID, key_id: UUID | None) -> int:
        """Those with the key's powers, or all of the business, and how many there were."""
        async with self._database.transaction() as session:
            count = await repository.end_all(session, business_id, key_id, self._clock.now())
            await announce(session, CHANNEL, business_id)
        log.info("console sessions ended", business=public_id("biz", business_id), key=_shown(key_id), count=count)
        return count

    async def forget(self) -> None:
        async with self._database.transaction() as session:
            await repository.forget(session, self._clock.now() - _KEPT)

    async def _usable(self, session: AsyncSession, wanted: Pass, *, lock: bool = False) -> ConsoleLink | None:
        link = await repository.link(session, wanted.business_id, wanted.id, lock=lock)
        if link is None or not wanted.fits(link.secret_hash):
            return None
        if link.used_at is not None or link.expires_at <= self._clock.now():
            return None
        if link.key_id is not None:
            key = await repository.key(session, link.business_id, link.key_id)
            if key is None or not self._is_usable(key):
                return None
        return link

    def _begin(
        self, session: AsyncSession, business_id: UUID, mode: Mode, key_id: UUID | None, language: OurLanguage | None
    ) -> Pass:
        now = self._clock.now()
        begun = new_pass(business_id)
        session.add(
            ConsoleSession(
                business_id=business_id,
                id=begun.id,
                mode=mode,
                key_id=key_id,
                secret_hash=begun.secret_hash,
                language=language,
                created_at=now,
                seen_at=now,
                expires_at=now + self._life.most,
            )
        )
        return begun

    def _is_open(self, row: ConsoleSession, key: ApiKey | None) -> bool:
        now = self._clock.now()
        if row.ended_at is not None or row.expires_at <= now or row.seen_at + self._life.idle <= now:
            return False
        return row.key_id is None or (key is not None and self._is_usable(key))

    def _is_usable(self, key: ApiKey) -> bool:
        return key.revoked_at is None and (key.expires_at is None or key.expires_at > self._clock.now())


def _tell(by: str, begun: Pass, key_id: UUID | None) -> None:
    log.info(
        "console session begun",
        by=by,
        business=public_id("biz", begun.business_id),
        session=public_id("ses", begun.id),
        key=_shown(key_id),
    )


def _shown(key_id: UUID | None) -> str:
    return public_id("key", key_id) if key_id is not None else "none"
