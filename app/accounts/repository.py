"""Every query about businesses, keys, Meta apps and senders."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Alert, ApiKey, Business, MetaApp, Portfolio, Sender

__all__ = ["Alert", "ApiKey", "Business", "MetaApp", "Portfolio", "Sender"]


async def usable_key(session: AsyncSession, business_id: UUID, token_hash: bytes) -> ApiKey | None:
    return await session.scalar(
        select(ApiKey).where(
            ApiKey.business_id == business_id, ApiKey.token_hash == token_hash, ApiKey.revoked_at.is_(None)
        )
    )


async def keys(session: AsyncSession, business_id: UUID) -> Sequence[ApiKey]:
    return (await session.scalars(select(ApiKey).where(ApiKey.business_id == business_id).order_by(ApiKey.id))).all()


async def key(session: AsyncSession, business_id: UUID, key_id: UUID) -> ApiKey | None:
    return await session.get(ApiKey, (business_id, key_id))


async def business(session: AsyncSession, business_id: UUID) -> Business | None:
    return await session.get(Business, business_id)


async def businesses(session: AsyncSession) -> Sequence[Business]:
    return (await session.scalars(select(Business).order_by(Business.business_id))).all()


async def senders(session: AsyncSession, business_id: UUID) -> Sequence[Sender]:
    return (await session.scalars(select(Sender).where(Sender.business_id == business_id).order_by(Sender.id))).all()


async def all_senders(session: AsyncSession) -> Sequence[Sender]:
    """Of all businesses: webhooks do not say whose they are before their phone number id is known."""
    return (await session.scalars(select(Sender).order_by(Sender.business_id, Sender.id))).all()


async def all_meta_apps(session: AsyncSession) -> Sequence[MetaApp]:
    """Of all businesses: any of their secrets may have signed a webhook."""
    return (await session.scalars(select(MetaApp).order_by(MetaApp.business_id, MetaApp.id))).all()


async def meta_apps(session: AsyncSession, business_id: UUID) -> Sequence[MetaApp]:
    return (await session.scalars(select(MetaApp).where(MetaApp.business_id == business_id))).all()


async def sender_by_number(session: AsyncSession, phone_number_id: str) -> Sender | None:
    """Whoever has it: one number belongs to one business, whichever that is."""
    return await session.scalar(select(Sender).where(Sender.phone_number_id == phone_number_id).limit(1))


async def lock_number(session: AsyncSession, phone_number_id: str) -> None:
    """Two additions of one number wait for each other: no unique constraint may span businesses."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(phone_number_id, 0))))


async def sender(session: AsyncSession, business_id: UUID, sender_id: UUID) -> Sender | None:
    return await session.get(Sender, (business_id, sender_id))


async def portfolios(session: AsyncSession, business_id: UUID) -> Sequence[Portfolio]:
    return (await session.scalars(select(Portfolio).where(Portfolio.business_id == business_id))).all()


async def portfolio(session: AsyncSession, business_id: UUID, mode: str) -> Portfolio | None:
    return await session.get(Portfolio, (business_id, mode))


async def alerts(
    session: AsyncSession, business_id: UUID, mode: str, *, only_open: bool, before: UUID | None, size: int
) -> Sequence[Alert]:
    """Newest first."""
    query = (
        select(Alert)
        .join(Sender, (Sender.business_id == Alert.business_id) & (Sender.id == Alert.sender_id))
        .where(Alert.business_id == business_id, Sender.mode == mode)
    )
    if only_open:
        query = query.where(Alert.resolved_at.is_(None))
    if before is not None:
        query = query.where(Alert.id < before)
    return (await session.scalars(query.order_by(Alert.id.desc()).limit(size))).all()


async def paused_senders(session: AsyncSession, business_id: UUID) -> Sequence[Sender]:
    return (
        await session.scalars(select(Sender).where(Sender.business_id == business_id, Sender.paused_at.is_not(None)))
    ).all()


async def open_alerts(session: AsyncSession) -> Sequence[tuple[int, int]]:
    """Of all businesses: how many by Meta's code."""
    query = select(Alert.code, func.count()).where(Alert.resolved_at.is_(None)).group_by(Alert.code)
    return [(code, count) for code, count in (await session.execute(query)).tuples()]


async def give_secret(session: AsyncSession, business_id: UUID, sealed: bytes) -> bytes:
    """Keeps the secret unless the business got one meanwhile; answers the one that it has, encrypted."""
    await session.execute(
        update(Business)
        .where(Business.business_id == business_id, Business.secret.is_(None))
        .values(secret=sealed)
        .execution_options(synchronize_session=False)
    )
    return (await session.scalars(select(Business.secret).where(Business.business_id == business_id))).one() or sealed
