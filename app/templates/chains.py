"""Which templates an event type may use: its variants in their order, of which the first that may be used is taken."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Mode
from app.core.cache import LoadingCache, dropping
from app.core.database import Database, Notifications, announce
from app.templates.errors import TooManyVariants
from app.templates.models import TemplateVariant

CHANNEL = "ulak_template_variants"
"""Notified with a business's id when the variants of an event type changed."""

Chain = tuple[str, ...]
"""Names of templates, the first choice first."""

LONGEST = 20
"""Templates in a chain."""

NO_CHAINS: Mapping[str, Chain] = MappingProxyType({})


class Chains:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: LoadingCache[UUID, dict[str, dict[str, Chain]]] = LoadingCache(self._load)

    def follow(self, notifications: Notifications) -> None:
        notifications.listen(CHANNEL, dropping(self._kept))

    async def of(self, business_id: UUID, mode: Mode) -> Mapping[str, Chain]:
        """By event type, those that were set; every other type has its own template alone."""
        found = self._kept.peek(business_id)
        if found is None:
            found = await self._kept.get(business_id)
        return found.get(mode, NO_CHAINS)

    async def _load(self, business_id: UUID) -> dict[str, dict[str, Chain]]:
        async with self._database.transaction() as session:
            query = select(TemplateVariant).where(TemplateVariant.business_id == business_id)
            rows = (await session.scalars(query.order_by(TemplateVariant.position))).all()
        found: dict[str, dict[str, Chain]] = {}
        for row in rows:
            by_type = found.setdefault(row.mode, {})
            by_type[row.event_type] = (*by_type.get(row.event_type, ()), row.template_name)
        return found

    def forget(self, business_id: UUID) -> None:
        """After a change of one's own, before it is heard of."""
        self._kept.invalidate(business_id)


async def read(session: AsyncSession, business_id: UUID, mode: Mode, event_type: str) -> Chain | None:
    query = select(TemplateVariant.template_name).where(*_of(business_id, mode, event_type))
    return tuple(await session.scalars(query.order_by(TemplateVariant.position))) or None


async def write(
    session: AsyncSession, business_id: UUID, mode: Mode, event_type: str, names: Sequence[str] | None
) -> None:
    """Within the caller's transaction; nothing but the event type's own template where it is None."""
    await _lock(session, business_id)
    await session.execute(delete(TemplateVariant).where(*_of(business_id, mode, event_type)))
    for position, name in enumerate(names or ()):
        session.add(
            TemplateVariant(
                business_id=business_id, mode=mode, event_type=event_type, template_name=name, position=position
            )
        )
    await announce(session, CHANNEL, business_id)


def own_template(event_type: str) -> str:
    """Name of the template that an event type has by itself."""
    return event_type.replace("-", "_")


async def promote(session: AsyncSession, business_id: UUID, mode: Mode, event_type: str, name: str) -> Chain:
    """Makes a template the first choice, within the caller's transaction; the last of a full chain gives way."""
    await _lock(session, business_id)
    before = await read(session, business_id, mode, event_type) or (own_template(event_type),)
    after = (name, *(one for one in before if one != name))[:LONGEST]
    await write(session, business_id, mode, event_type, after)
    return after


async def join(session: AsyncSession, business_id: UUID, mode: Mode, event_type: str, name: str) -> None:
    """Makes a template the last choice, if it is none yet, within the caller's transaction. Raises TooManyVariants."""
    await _lock(session, business_id)
    before = await read(session, business_id, mode, event_type) or (own_template(event_type),)
    if name not in before:
        if len(before) >= LONGEST:
            raise TooManyVariants(f"{event_type} has {len(before)} variants already: take one out of the list first.")
        await write(session, business_id, mode, event_type, (*before, name))


async def event_types_with(session: AsyncSession, business_id: UUID, name: str) -> Sequence[str]:
    """Of whose chains the template is one: messages that wait for another of them may go by it."""
    query = select(TemplateVariant.event_type).where(
        TemplateVariant.business_id == business_id, TemplateVariant.template_name == name
    )
    return (await session.scalars(query.distinct().order_by(TemplateVariant.event_type))).all()


async def _lock(session: AsyncSession, business_id: UUID) -> None:
    """One at a time: what is written follows from what is read."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"variants {business_id}", 0))))


def _of(business_id: UUID, mode: Mode, event_type: str) -> tuple[ColumnElement[bool], ...]:
    return (
        TemplateVariant.business_id == business_id,
        TemplateVariant.mode == mode,
        TemplateVariant.event_type == event_type,
    )
