"""Every query about files."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.media.models import Media, MediaUpload, TemplateSample

__all__ = ["Media", "MediaUpload", "TemplateSample"]


async def add(session: AsyncSession, row: dict[str, Any]) -> Media | None:
    """Nothing where the same bytes are kept already."""
    query = insert(Media).values(row).on_conflict_do_nothing().returning(Media)
    return (await session.scalars(query)).one_or_none()


async def with_content(session: AsyncSession, business_id: UUID, mode: str, sha256: bytes) -> Media | None:
    query = select(Media).where(
        Media.business_id == business_id, Media.mode == mode, Media.sha256 == sha256, Media.deleted_at.is_(None)
    )
    return await session.scalar(query)


async def one(session: AsyncSession, business_id: UUID, media_id: UUID, *, lock: bool = False) -> Media | None:
    query = select(Media).where(_is(business_id, media_id), Media.deleted_at.is_(None))
    return await session.scalar(query.with_for_update() if lock else query)


async def content(session: AsyncSession, business_id: UUID, media_id: UUID) -> bytes | None:
    return await session.scalar(select(Media.data).where(_is(business_id, media_id)))


async def page(
    session: AsyncSession, business_id: UUID, mode: str, *, before: UUID | None, size: int
) -> Sequence[Media]:
    """Newest first."""
    query = select(Media).where(Media.business_id == business_id, Media.mode == mode, Media.deleted_at.is_(None))
    if before is not None:
        query = query.where(Media.id < before)
    return (await session.scalars(query.order_by(Media.id.desc()).limit(size))).all()


async def uploads(session: AsyncSession, business_id: UUID, media_id: UUID) -> Sequence[MediaUpload]:
    query = select(MediaUpload).where(MediaUpload.business_id == business_id, MediaUpload.media_id == media_id)
    return (await session.scalars(query.order_by(MediaUpload.phone_number_id))).all()


async def upload(
    session: AsyncSession, business_id: UUID, media_id: UUID, phone_number_id: str, *, lock: bool = False
) -> MediaUpload | None:
    query = select(MediaUpload).where(_is_upload(business_id, media_id, phone_number_id))
    return await session.scalar(query.with_for_update() if lock else query)


async def lease(
    session: AsyncSession,
    business_id: UUID,
    media_id: UUID,
    phone_number_id: str,
    *,
    now: datetime,
    until: datetime,
    fresh_until: datetime,
) -> bool:
    """Whether the upload is ours to make: nobody else is at it, it is not to rest yet, and what lies at Meta ends
    before `fresh_until`."""
    row = insert(MediaUpload).values(
        business_id=business_id, media_id=media_id, phone_number_id=phone_number_id, lease_until=until
    )
    row = row.on_conflict_do_update(
        index_elements=["business_id", "media_id", "phone_number_id"],
        set_={"lease_until": row.excluded.lease_until},
        where=and_(
            or_(MediaUpload.lease_until.is_(None), MediaUpload.lease_until <= now),
            or_(MediaUpload.retry_at.is_(None), MediaUpload.retry_at <= now),
            or_(MediaUpload.meta_id.is_(None), MediaUpload.expires_at <= fresh_until),
        ),
    )
    return (await session.execute(row.returning(MediaUpload.media_id))).first() is not None


async def forget_id(
    session: AsyncSession,
    business_id: UUID,
    media_id: UUID,
    phone_number_id: str,
    *,
    meta_id: str,
    now: datetime,
    unless_since: datetime,
) -> bool:
    """Meta does not know the id any more; false where it said so before, after `unless_since`, or of another id."""
    query = (
        update(MediaUpload)
        .where(
            _is_upload(business_id, media_id, phone_number_id),
            MediaUpload.meta_id == meta_id,
            or_(MediaUpload.refused_at.is_(None), MediaUpload.refused_at <= unless_since),
        )
        .values(meta_id=None, expires_at=None, refused_at=now)
    )
    return (await session.execute(query.returning(MediaUpload.media_id))).first() is not None


async def note_use(session: AsyncSession, business_id: UUID, media_id: UUID, now: datetime) -> None:
    query = update(Media).where(_is(business_id, media_id))
    stale = or_(Media.used_at.is_(None), Media.used_at <= now - timedelta(days=1))
    await session.execute(query.where(stale).values(used_at=now))


async def to_renew(session: AsyncSession, *, ending: datetime, used_since: datetime) -> Sequence[MediaUpload]:
    """Uploads that end before `ending`, of files that somebody will need again."""
    shown = exists().where(TemplateSample.business_id == Media.business_id, TemplateSample.media_id == Media.id)
    query = (
        select(MediaUpload)
        .join(Media, and_(Media.business_id == MediaUpload.business_id, Media.id == MediaUpload.media_id))
        .where(
            MediaUpload.meta_id.is_not(None),
            MediaUpload.expires_at <= ending,
            Media.deleted_at.is_(None),
            or_(Media.used_at > used_since, shown),
        )
    )
    return (await session.scalars(query.order_by(MediaUpload.expires_at))).all()


async def forget_expired(session: AsyncSession, now: datetime) -> None:
    """Of a file that is used again it is made anew then."""
    is_free = or_(MediaUpload.lease_until.is_(None), MediaUpload.lease_until <= now)
    await session.execute(delete(MediaUpload).where(MediaUpload.expires_at <= now, is_free))


async def deleted(session: AsyncSession) -> Sequence[Media]:
    return (await session.scalars(select(Media).where(Media.deleted_at.is_not(None)))).all()


async def forget_upload(session: AsyncSession, upload: MediaUpload) -> None:
    await session.execute(
        delete(MediaUpload).where(_is_upload(upload.business_id, upload.media_id, upload.phone_number_id))
    )


async def forget(session: AsyncSession, business_id: UUID, media_id: UUID) -> None:
    """A deleted file of which nothing lies at Meta any more."""
    of_it = (TemplateSample.business_id == business_id, TemplateSample.media_id == media_id)
    await session.execute(delete(TemplateSample).where(*of_it))
    await session.execute(delete(Media).where(_is(business_id, media_id), Media.deleted_at.is_not(None)))


async def keep_sample(
    session: AsyncSession, business_id: UUID, waba_id: str, name: str, language: str, media_id: UUID
) -> None:
    """Of a file that was deleted meanwhile nothing is kept."""
    columns = ["business_id", "waba_id", "name", "language", "media_id"]
    there = select(Media.business_id, literal(waba_id), literal(name), literal(language), Media.id)
    there = there.where(_is(business_id, media_id), Media.deleted_at.is_(None)).with_for_update(key_share=True)
    row = insert(TemplateSample).from_select(columns, there)
    key = columns[:-1]
    await session.execute(row.on_conflict_do_update(index_elements=key, set_={"media_id": row.excluded.media_id}))


async def forget_sample(session: AsyncSession, business_id: UUID, waba_id: str, name: str, language: str) -> None:
    await session.execute(
        delete(TemplateSample).where(
            TemplateSample.business_id == business_id,
            TemplateSample.waba_id == waba_id,
            TemplateSample.name == name,
            TemplateSample.language == language,
        )
    )


async def samples(session: AsyncSession, business_id: UUID, waba_id: str) -> dict[tuple[str, str], Media]:
    """By name and language of the template."""
    query = (
        select(TemplateSample.name, TemplateSample.language, Media)
        .join(Media, and_(Media.business_id == TemplateSample.business_id, Media.id == TemplateSample.media_id))
        .where(TemplateSample.business_id == business_id, TemplateSample.waba_id == waba_id)
        .where(Media.deleted_at.is_(None))
    )
    return {(name, language): media for name, language, media in await session.execute(query)}


def _is(business_id: UUID, media_id: UUID) -> ColumnElement[bool]:
    return and_(Media.business_id == business_id, Media.id == media_id)


def _is_upload(business_id: UUID, media_id: UUID, phone_number_id: str) -> ColumnElement[bool]:
    return and_(
        MediaUpload.business_id == business_id,
        MediaUpload.media_id == media_id,
        MediaUpload.phone_number_id == phone_number_id,
    )
