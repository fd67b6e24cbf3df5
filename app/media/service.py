"""The files of a business: taking them in, showing them, and deleting them here and at Meta."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import Directory
from app.core.cache import LoadingCache
from app.core.clock import Clock
from app.core.cursors import page_of, read_cursor
from app.core.database import Database, Notifications, announce
from app.core.ids import new_id, public_id
from app.core.problems import NotFound
from app.media import repository
from app.media.errors import MediaInUse
from app.media.kinds import FileType, Kind, check
from app.media.repository import Media
from app.media.schemas import MEDIA_PREFIX, MediaDetail, MediaOut, MediaPage, MediaUploadError, MediaUploadOut
from app.media.states import shown
from app.media.uploads import CHANNEL, Uploads, known_of

log = structlog.get_logger(__name__)

Use = Callable[[AsyncSession, UUID, UUID], Awaitable[str | None]]
"""Of a business and a file: what still needs it, for people; nothing where nothing does."""


@dataclass(frozen=True, slots=True)
class FileHead:
    """What must be known of a file before a message with it is taken."""

    mode: str
    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class Content:
    name: str
    mime_type: str
    data: bytes


class MediaLibrary:
    def __init__(
        self, database: Database, directory: Directory, uploads: Uploads, clock: Clock, uses: Sequence[Use]
    ) -> None:
        self._database = database
        self._directory = directory
        self._uploads = uploads
        self._clock = clock
        self._uses = uses
        self._heads: LoadingCache[tuple[UUID, UUID], FileHead | None] = LoadingCache(self._load)

    def follow(self, notifications: Notifications) -> None:
        notifications.listen(CHANNEL, lambda _: self._heads.clear())

    async def head(self, business_id: UUID, media_id: UUID) -> FileHead | None:
        """From this process's memory; nothing where there is no such file."""
        found = self._heads.peek((business_id, media_id))
        return found if found is not None else await self._heads.get((business_id, media_id))

    async def _load(self, key: tuple[UUID, UUID]) -> FileHead | None:
        async with self._database.transaction() as session:
            row = await repository.one(session, *key)
        return FileHead(row.mode, _kind(row), row.name) if row is not None else None

    async def add(
        self, business_id: UUID, mode: str, data: bytes, declared: FileType, name: str | None
    ) -> tuple[MediaOut, bool]:
        """The file, and whether it is new: the same bytes are the same file, by the name that they came with first.
        Raises InvalidRequest."""
        check(data, declared)
        sha256 = hashlib.sha256(data).digest()
        row = {
            "business_id": business_id,
            "id": new_id(),
            "mode": mode,
            "kind": declared.kind,
            "name": name or declared.name,
            "mime_type": declared.mime_type,
            "size": len(data),
            "sha256": sha256,
            "data": data,
            "created_at": self._clock.now(),
        }
        while True:
            async with self._database.transaction() as session:
                known = await repository.with_content(session, business_id, mode, sha256)
                if known is not None:
                    return _out(known), False
                added = await repository.add(session, row)
                if added is not None:
                    log.info("media added", kind=declared.kind, size=len(data))
                    return _out(added), True
            # Somebody else added the same bytes meanwhile, and they are found; or deleted them again.

    async def page(self, business_id: UUID, mode: str, *, cursor: str | None, size: int) -> MediaPage:
        """Raises InvalidRequest."""
        before = read_cursor(cursor) if cursor else None
        async with self._database.transaction() as session:
            rows = await repository.page(session, business_id, mode, before=before, size=size + 1)
        told, next_cursor = page_of(rows, size, lambda one: one.id)
        return MediaPage(
            media=[_out(row) for row in told],
            next_cursor=next_cursor,
        )

    async def one(self, business_id: UUID, mode: str, media_id: UUID) -> MediaDetail:
        """Raises NotFound."""
        now = self._clock.now()
        business = await self._directory.required(business_id)
        async with self._database.transaction() as session:
            row = await _required(session, business_id, mode, media_id)
            uploads = await repository.uploads(session, business_id, media_id)
        senders = {one.phone_number_id: one.public_id for one in business.senders}
        told = [
            MediaUploadOut(
                sender=senders.get(one.phone_number_id),
                phone_number_id=one.phone_number_id,
                state=shown(known_of(one), now, is_leased=one.lease_until is not None and one.lease_until > now),
                uploaded_at=one.uploaded_at,
                expires_at=one.expires_at,
                retry_at=one.retry_at,
                error=MediaUploadError.model_validate(one.error) if one.error is not None else None,
            )
            for one in uploads
        ]
        return MediaDetail(**_out(row).model_dump(), uploads=told)

    async def content(self, business_id: UUID, mode: str, media_id: UUID) -> Content:
        """Raises NotFound."""
        async with self._database.transaction() as session:
            row = await _required(session, business_id, mode, media_id)
            data = await repository.content(session, business_id, media_id)
        return Content(row.name, row.mime_type, data or b"")

    async def delete(self, business_id: UUID, mode: str, media_id: UUID) -> None:
        """Here at once; at Meta at once, too, where it answers, and otherwise as soon as it does. Raises NotFound or
        MediaInUse."""
        async with self._database.transaction() as session:
            row = await _required(session, business_id, mode, media_id, lock=True)
            for use in self._uses:
                needed_by = await use(session, business_id, media_id)
                if needed_by is not None:
                    raise MediaInUse(f"The file is needed: {needed_by}.")
            row.data, row.deleted_at = None, self._clock.now()
            await announce(session, CHANNEL, business_id)
        self._heads.invalidate((business_id, media_id))
        log.info("media deleted", media=public_id(MEDIA_PREFIX, media_id))
        await self._uploads.clear(business_id, media_id)


async def _required(
    session: AsyncSession, business_id: UUID, mode: str, media_id: UUID, *, lock: bool = False
) -> Media:
    row = await repository.one(session, business_id, media_id, lock=lock)
    if row is None or row.mode != mode:
        raise NotFound("The business has no such file for this kind of key.")
    return row


def _kind(row: Media) -> Kind:
    return cast("Kind", row.kind)


def _out(row: Media) -> MediaOut:
    return MediaOut(
        id=public_id(MEDIA_PREFIX, row.id),
        kind=_kind(row),
        name=row.name,
        mime_type=row.mime_type,
        size=row.size,
        sha256=row.sha256.hex(),
        created_at=row.created_at,
        used_at=row.used_at,
    )
