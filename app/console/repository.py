"""Every query about links into the console and its sessions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import ApiKey
from app.console.models import ConsoleLink, ConsoleSession
from app.core.languages import OurLanguage

__all__ = ["ApiKey", "ConsoleLink", "ConsoleSession"]


async def link(session: AsyncSession, business_id: UUID, link_id: UUID, *, lock: bool = False) -> ConsoleLink | None:
    return await session.get(ConsoleLink, (business_id, link_id), with_for_update=lock)


async def opened(
    session: AsyncSession, business_id: UUID, session_id: UUID
) -> tuple[ConsoleSession, ApiKey | None] | None:
    """With the key whose powers it has."""
    query = (
        select(ConsoleSession, ApiKey)
        .outerjoin(ApiKey, (ApiKey.business_id == ConsoleSession.business_id) & (ApiKey.id == ConsoleSession.key_id))
        .where(ConsoleSession.business_id == business_id, ConsoleSession.id == session_id)
    )
    row = (await session.execute(query)).one_or_none()
    return (row[0], row[1]) if row is not None else None


async def key(session: AsyncSession, business_id: UUID, key_id: UUID) -> ApiKey | None:
    return await session.get(ApiKey, (business_id, key_id))


async def seen(session: AsyncSession, business_id: UUID, session_id: UUID, now: datetime) -> None:
    await session.execute(
        update(ConsoleSession)
        .where(ConsoleSession.business_id == business_id, ConsoleSession.id == session_id)
        .values(seen_at=now)
    )


async def speak(session: AsyncSession, business_id: UUID, session_id: UUID, language: OurLanguage) -> None:
    await session.execute(
        update(ConsoleSession)
        .where(ConsoleSession.business_id == business_id, ConsoleSession.id == session_id)
        .values(language=language)
    )


async def end(session: AsyncSession, business_id: UUID, session_id: UUID, now: datetime) -> None:
    await session.execute(
        update(ConsoleSession)
        .where(
            ConsoleSession.business_id == business_id,
            ConsoleSession.id == session_id,
            ConsoleSession.ended_at.is_(None),
        )
        .values(ended_at=now)
    )


async def end_all(session: AsyncSession, business_id: UUID, key_id: UUID | None, now: datetime) -> int:
    """Those with the key's powers; of the whole business where no key is named."""
    query = update(ConsoleSession).where(
        ConsoleSession.business_id == business_id, ConsoleSession.ended_at.is_(None), ConsoleSession.expires_at > now
    )
    if key_id is not None:
        query = query.where(ConsoleSession.key_id == key_id)
    ended = await session.scalars(query.values(ended_at=now).returning(ConsoleSession.id))
    return len(ended.all())


async def forget(session: AsyncSession, before: datetime) -> None:
    """Of all businesses: what nobody can come in by any more."""
    await session.execute(delete(ConsoleSession).where(ConsoleSession.expires_at < before))
    await session.execute(delete(ConsoleLink).where(ConsoleLink.expires_at < before))
