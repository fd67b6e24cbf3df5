"""Every query about templates."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, and_, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import public_id
from app.media.models import TemplateSample
from app.media.schemas import MEDIA_PREFIX
from app.templates.models import Template, TemplateChange, TemplateVersion

__all__ = ["Template"]


async def of_account(session: AsyncSession, business_id: UUID, waba_id: str) -> Sequence[Template]:
    query = select(Template).where(Template.business_id == business_id, Template.waba_id == waba_id)
    return (await session.scalars(query.order_by(Template.name, Template.language))).all()


async def locked_of_account(session: AsyncSession, business_id: UUID, waba_id: str) -> Sequence[Template]:
    """In the order in which all lock templates."""
    query = select(Template).where(Template.business_id == business_id, Template.waba_id == waba_id)
    return (await session.scalars(query.order_by(Template.name, Template.language).with_for_update())).all()


async def of_accounts(session: AsyncSession, business_id: UUID, waba_ids: Sequence[str]) -> Sequence[Template]:
    query = select(Template).where(Template.business_id == business_id, Template.waba_id.in_(waba_ids))
    return (await session.scalars(query.order_by(Template.name, Template.language, Template.waba_id))).all()


async def one(session: AsyncSession, business_id: UUID, waba_id: str, name: str, language: str) -> Template | None:
    """Locked, to be changed."""
    return await session.scalar(_named(business_id, waba_id, name, language).with_for_update())


async def add(session: AsyncSession, row: Template) -> Template:
    """Locked, to be changed: `row`, or the one of its name and language that somebody else was just adding."""
    named = ((column.name, getattr(row, column.name)) for column in Template.__table__.columns)
    values = {name: value for name, value in named if value is not None}
    await session.execute(insert(Template).values(values).on_conflict_do_nothing())
    found = await one(session, row.business_id, row.waba_id, row.name, row.language)
    if found is None:
        raise RuntimeError("a template disappeared while it was added")
    return found


async def by_id(
    session: AsyncSession, business_id: UUID, template_id: UUID, *, to_change: bool = False
) -> Template | None:
    query = select(Template).where(Template.business_id == business_id, Template.id == template_id)
    return await session.scalar(query.with_for_update() if to_change else query)


async def as_known(session: AsyncSession, business_id: UUID, waba_id: str, name: str, language: str) -> Template | None:
    return await session.scalar(_named(business_id, waba_id, name, language))


async def newest_version(session: AsyncSession, business_id: UUID, template_id: UUID) -> TemplateVersion | None:
    return await session.scalar(_versions(business_id, template_id).order_by(TemplateVersion.number.desc()).limit(1))


async def version(session: AsyncSession, business_id: UUID, template_id: UUID, number: int) -> TemplateVersion | None:
    return await session.get(TemplateVersion, (business_id, template_id, number))


async def versions(session: AsyncSession, business_id: UUID, template_id: UUID) -> Sequence[TemplateVersion]:
    return (await session.scalars(_versions(business_id, template_id).order_by(TemplateVersion.number))).all()


async def changes(
    session: AsyncSession, business_id: UUID, template_id: UUID, *, most: int
) -> Sequence[TemplateChange]:
    """Newest first."""
    query = select(TemplateChange).where(
        TemplateChange.business_id == business_id, TemplateChange.template_id == template_id
    )
    return (await session.scalars(query.order_by(TemplateChange.id.desc()).limit(most))).all()


async def to_unpause(session: AsyncSession, now: datetime) -> Sequence[Template]:
    """Of all businesses, those whose pause is to be lifted now."""
    query = select(Template).where(Template.status == "PAUSED", Template.unpause_at <= now)
    return (await session.scalars(query.order_by(Template.business_id, Template.name, Template.language))).all()


async def shown_by(session: AsyncSession, business_id: UUID, media_id: UUID) -> str | None:
    """Of the templates that show a file, at Meta or in their draft, one, for people."""
    is_its = and_(
        Template.business_id == TemplateSample.business_id,
        Template.waba_id == TemplateSample.waba_id,
        Template.name == TemplateSample.name,
        Template.language == TemplateSample.language,
        Template.status != "DELETED",
    )
    at_meta = exists().where(is_its, TemplateSample.media_id == media_id)
    in_draft = Template.draft["header"]["sample"].astext == public_id(MEDIA_PREFIX, media_id)
    query = (
        select(Template.name, Template.language)
        .where(Template.business_id == business_id, at_meta | in_draft)
        .order_by(Template.name, Template.language)
        .limit(1)
    )
    found = (await session.execute(query)).one_or_none()
    return f"the template {found.name} ({found.language}) shows it" if found is not None else None


def _named(business_id: UUID, waba_id: str, name: str, language: str) -> Select[Template]:
    return select(Template).where(
        Template.business_id == business_id,
        Template.waba_id == waba_id,
        Template.name == name,
        Template.language == language,
    )


def _versions(business_id: UUID, template_id: UUID) -> Select[TemplateVersion]:
    return select(TemplateVersion).where(
        TemplateVersion.business_id == business_id, TemplateVersion.template_id == template_id
    )
