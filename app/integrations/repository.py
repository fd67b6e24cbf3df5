"""Every query about shops, their orders and their deliveries."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Mode
from app.integrations.models import Integration, ShopDelivery, ShopOrder
from app.integrations.shops import Platform

FORGET_DELIVERIES = "DELETE FROM integration_deliveries WHERE received_at < $1"

FORGET_ORDERS = "DELETE FROM integration_orders WHERE updated_at < $1"

FORGET_WAITING = """
    UPDATE integration_deliveries SET outcome = 'ignored', reason = 'order_unknown', held = NULL, settled_at = $2
     WHERE outcome = 'waiting' AND received_at < $1
"""


async def lock_shops(session: AsyncSession, business_id: UUID) -> None:
    """So that their number is counted by one at a time."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"shops of {business_id}", 0))))


async def lock_order(session: AsyncSession, integration_id: UUID, order_id: str) -> None:
    """What is known of an order, and what waits for it, is looked at by one transaction at a time. Before any other
    lock: nobody who holds another asks for this one."""
    name = f"order {order_id} of {integration_id}"
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


async def integration(
    session: AsyncSession, business_id: UUID, mode: Mode, integration_id: UUID, *, lock: bool = False
) -> Integration | None:
    query = select(Integration).where(
        Integration.business_id == business_id, Integration.id == integration_id, Integration.mode == mode
    )
    return await session.scalar(query.with_for_update() if lock else query)


async def integrations(session: AsyncSession, business_id: UUID, mode: Mode) -> Sequence[Integration]:
    query = select(Integration).where(Integration.business_id == business_id, Integration.mode == mode)
    return (await session.scalars(query.order_by(Integration.id))).all()


async def everything(session: AsyncSession) -> Sequence[Integration]:
    """Of all businesses, locked in one order."""
    query = select(Integration).order_by(Integration.business_id, Integration.id).with_for_update()
    return (await session.scalars(query)).all()


async def sealed(session: AsyncSession, business_id: UUID) -> list[bytes]:
    """The secrets of a business's shops, encrypted."""
    rows = await session.scalars(select(Integration).where(Integration.business_id == business_id))
    return [secret for row in rows for secret in (row.secret, row.former_secret) if secret]


async def still_there(session: AsyncSession, business_id: UUID, integration_id: UUID) -> bool:
    """And stays there until the end of the transaction."""
    query = select(Integration.id).where(Integration.business_id == business_id, Integration.id == integration_id)
    return await session.scalar(query.with_for_update(read=True, key_share=True)) is not None


async def count(session: AsyncSession, business_id: UUID) -> int:
    query = select(func.count()).select_from(Integration).where(Integration.business_id == business_id)
    return (await session.scalars(query)).one()


async def of_platform(session: AsyncSession, business_id: UUID, platform: Platform) -> Sequence[Integration]:
    """Of both modes: a webhook does not say for which it is."""
    query = select(Integration).where(Integration.business_id == business_id, Integration.platform == platform)
    return (await session.scalars(query.order_by(Integration.id))).all()


async def shop(session: AsyncSession, business_id: UUID, platform: Platform, name: str) -> Integration | None:
    return await session.scalar(
        select(Integration).where(
            Integration.business_id == business_id, Integration.platform == platform, Integration.shop == name
        )
    )


async def drop(session: AsyncSession, business_id: UUID, integration_id: UUID) -> None:
    """With its orders and deliveries."""
    await session.execute(
        delete(Integration).where(Integration.business_id == business_id, Integration.id == integration_id)
    )


async def deliveries(
    session: AsyncSession, business_id: UUID, integration_id: UUID, *, before: UUID | None, most: int
) -> Sequence[ShopDelivery]:
    query = select(ShopDelivery).where(
        ShopDelivery.business_id == business_id, ShopDelivery.integration_id == integration_id
    )
    if before is not None:
        query = query.where(ShopDelivery.id < before)
    return (await session.scalars(query.order_by(ShopDelivery.id.desc()).limit(most))).all()


async def delivery_by_digest(
    session: AsyncSession, business_id: UUID, integration_id: UUID, digest: bytes
) -> ShopDelivery | None:
    query = select(ShopDelivery).where(
        ShopDelivery.business_id == business_id,
        ShopDelivery.integration_id == integration_id,
        ShopDelivery.digest == digest,
    )
    return await session.scalar(query)


async def add_delivery(session: AsyncSession, row: Mapping[str, Any]) -> ShopDelivery:
    """Its row, as somebody else may have stored it meanwhile."""
    await session.execute(
        insert(ShopDelivery)
        .values(**row)
        .on_conflict_do_nothing(index_elements=["business_id", "integration_id", "digest"])
    )
    found = await delivery_by_digest(session, row["business_id"], row["integration_id"], row["digest"])
    assert found is not None  # noqa: S101 - it has just been stored
    return found


async def settle_delivery(session: AsyncSession, business_id: UUID, delivery_id: UUID, **values: Any) -> None:
    await session.execute(
        update(ShopDelivery)
        .where(ShopDelivery.business_id == business_id, ShopDelivery.id == delivery_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


async def waiting(
    session: AsyncSession, business_id: UUID, integration_id: UUID, order_id: str
) -> Sequence[ShopDelivery]:
    """Oldest first."""
    query = select(ShopDelivery).where(
        ShopDelivery.business_id == business_id,
        ShopDelivery.integration_id == integration_id,
        ShopDelivery.order_id == order_id,
        ShopDelivery.outcome == "waiting",
    )
    return (await session.scalars(query.order_by(ShopDelivery.id))).all()


async def order(
    session: AsyncSession, business_id: UUID, integration_id: UUID, order_id: str, *, lock: bool = False
) -> ShopOrder | None:
    query = select(ShopOrder).where(
        ShopOrder.business_id == business_id,
        ShopOrder.integration_id == integration_id,
        ShopOrder.order_id == order_id,
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return await session.scalar(query)


async def names(session: AsyncSession, business_id: UUID) -> dict[UUID, str]:
    """Of the business's shops."""
    query = select(Integration.id, Integration.shop).where(Integration.business_id == business_id)
    return {row.id: row.shop for row in await session.execute(query)}


async def orders_of(session: AsyncSession, business_id: UUID, contact_ids: Sequence[UUID]) -> Sequence[ShopOrder]:
    query = select(ShopOrder).where(ShopOrder.business_id == business_id, ShopOrder.contact_id.in_(contact_ids))
    return (await session.scalars(query.order_by(ShopOrder.integration_id, ShopOrder.order_id))).all()


async def forget_orders(session: AsyncSession, business_id: UUID, contact_ids: Sequence[UUID]) -> int:
    """And what of their deliveries points at them."""
    gone = await session.execute(
        delete(ShopOrder)
        .where(ShopOrder.business_id == business_id, ShopOrder.contact_id.in_(contact_ids))
        .returning(ShopOrder.integration_id, ShopOrder.order_id)
        .execution_options(synchronize_session=False)
    )
    keys = [(integration_id, order_id) for integration_id, order_id in gone]
    if keys:
        about = and_(
            ShopDelivery.business_id == business_id,
            tuple_(ShopDelivery.integration_id, ShopDelivery.order_id).in_(keys),
        )
        await session.execute(
            update(ShopDelivery)
            .where(about)
            .values(order_id=None, held=None)
            .execution_options(synchronize_session=False)
        )
    return len(keys)
