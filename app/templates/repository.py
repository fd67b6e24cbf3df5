"""Every query about templates."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.templates.models import Template

__all__ = ["Template"]


async def of_account(session: AsyncSession, business_id: UUID, waba_id: str) -> Sequence[Template]:
    query = select(Template).where(Template.business_id == business_id, Template.waba_id == waba_id)
    return (await session.scalars(query.order_by(Template.name, Template.language))).all()


async def one(session: AsyncSession, business_id: UUID, waba_id: str, name: str, language: str) -> Template | None:
    """Locked, to be changed."""
    return await session.scalar(_named(business_id, waba_id, name, language).with_for_update())


async def as_known(session: AsyncSession, business_id: UUID, waba_id: str, name: str, language: str) -> Template | None:
    return await session.scalar(_named(business_id, waba_id, name, language))


def _named(business_id: UUID, waba_id: str, name: str, language: str) -> Select[Template]:
    return select(Template).where(
        Template.business_id == business_id,
        Template.waba_id == waba_id,
        Template.name == name,
        Template.language == language,
    )
