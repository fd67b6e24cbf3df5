"""Which templates an event type may be told by: set by people, in the order in which they are to be tried."""

from collections.abc import Container, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import Caller, Directory
from app.accounts.models import OnCategoryNotice
from app.core.clock import Clock
from app.core.database import Database
from app.core.ids import public_id
from app.core.problems import FieldError, InvalidRequest
from app.events.errors import EventTypeMissing
from app.events.event_type import EventType
from app.events.fitting import TEMPLATE_UNFIT, unfit
from app.events.service import EventTypes
from app.media import repository as media_rows
from app.templates import chains, repository
from app.templates.chains import LONGEST, Chains, own_template
from app.templates.compiled import compile_template
from app.templates.mirror import TEMPLATE_PREFIX
from app.templates.models import Template
from app.templates.service import Release
from app.templates.states import obstacle


class VariantsIn(BaseModel):
    """Names of templates, the first choice first."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"templates": ["order_confirmed", "order_confirmed_short"]}]}
    )

    templates: list[str] = Field(min_length=1, max_length=LONGEST)

    @field_validator("templates")
    @classmethod
    def _each_once(cls, names: list[str]) -> list[str]:
        if len(set(names)) < len(names):
            raise ValueError("must name each template once")
        return names


class VariantTemplate(BaseModel):
    """A variant in one language."""

    id: str = Field(examples=["tpl_019a8f3c2b7d7c31a4e5f60718293a4b"])
    language: str = Field(examples=["tr"])
    status: str = Field(examples=["APPROVED"])
    category: str = Field(examples=["UTILITY"])
    obstacle: str | None = Field(
        description="Why no message goes by it just now; null where nothing stands in the way",
        examples=["template_paused"],
    )


class Variant(BaseModel):
    template: str = Field(examples=["order_confirmed"])
    languages: list[VariantTemplate]


class VariantsOut(BaseModel):
    event_type: str = Field(examples=["order-confirmed"])
    is_default: bool = Field(description="Nothing was set: it is told by the template of its own name alone")
    on_category_notice: OnCategoryNotice = Field(
        description="Of the business, see `PATCH /v1/businesses/{business_id}`"
    )
    variants: list[Variant] = Field(description="In the order in which they are tried")


class Variants:
    def __init__(
        self,
        database: Database,
        directory: Directory,
        event_types: EventTypes,
        cached: Chains,
        release: Release,
        clock: Clock,
    ) -> None:
        self._database = database
        self._directory = directory
        self._event_types = event_types
        self._cached = cached
        self._release = release
        self._clock = clock

    async def of(self, caller: Caller, name: str) -> VariantsOut:
        """Raises EventTypeMissing."""
        event_type = await self._event_type(caller, name)
        async with self._database.transaction() as session:
            chain = await chains.read(session, caller.business_id, caller.mode, name)
            rows = await self._known(session, caller)
        return await self._shown(caller, event_type, chain, rows)

    async def set(self, caller: Caller, name: str, body: VariantsIn) -> VariantsOut:
        """Raises EventTypeMissing, and InvalidRequest for templates that there are not, or that ask for what events of
        the type do not tell."""
        event_type = await self._event_type(caller, name)
        async with self._database.transaction() as session:
            rows = await self._known(session, caller)
            chain = await chains.read(session, caller.business_id, caller.mode, name) or ()
            _check(event_type, body.templates, chain, rows, await self._samples(session, caller))
            await self._write(session, caller, name, body.templates)
        return await self._shown(caller, event_type, tuple(body.templates), rows)

    async def reset(self, caller: Caller, name: str) -> VariantsOut:
        """To the template of its own name alone. Raises EventTypeMissing."""
        event_type = await self._event_type(caller, name)
        async with self._database.transaction() as session:
            rows = await self._known(session, caller)
            await self._write(session, caller, name, None)
        return await self._shown(caller, event_type, None, rows)

    async def _write(self, session: AsyncSession, caller: Caller, name: str, names: Sequence[str] | None) -> None:
        await chains.write(session, caller.business_id, caller.mode, name, names)
        await self._release(session, caller.business_id, [], [name], self._clock.now())
        self._cached.forget(caller.business_id)

    async def _event_type(self, caller: Caller, name: str) -> EventType[Any]:
        found = (await self._event_types.of(caller.business_id)).get(name)
        if found is None:
            raise EventTypeMissing
        return found

    async def _known(self, session: AsyncSession, caller: Caller) -> Sequence[Template]:
        return await repository.of_accounts(session, caller.business_id, await self._accounts(caller))

    async def _samples(self, session: AsyncSession, caller: Caller) -> Container[tuple[str, str, str]]:
        """Account, name and language of templates that show a file of their own."""
        return {
            (waba_id, *named)
            for waba_id in await self._accounts(caller)
            for named in await media_rows.samples(session, caller.business_id, waba_id)
        }

    async def _accounts(self, caller: Caller) -> list[str]:
        business = await self._directory.required(caller.business_id)
        return sorted({sender.waba_id for sender in business.senders if sender.mode == caller.mode})

    async def _shown(
        self, caller: Caller, event_type: EventType[Any], chain: chains.Chain | None, rows: Sequence[Template]
    ) -> VariantsOut:
        on_notice = (await self._directory.required(caller.business_id)).on_category_notice
        by_name: dict[str, list[VariantTemplate]] = {}
        for row in rows:
            by_name.setdefault(row.name, []).append(_variant(row, event_type, on_notice))
        names = chain or (own_template(event_type.name),)
        return VariantsOut(
            event_type=event_type.name,
            is_default=chain is None,
            on_category_notice=on_notice,
            variants=[Variant(template=name, languages=by_name.get(name, [])) for name in names],
        )


def _variant(row: Template, event_type: EventType[Any], on_notice: OnCategoryNotice) -> VariantTemplate:
    return VariantTemplate(
        id=public_id(TEMPLATE_PREFIX, row.id),
        language=row.language,
        status=row.status,
        category=row.category,
        obstacle=obstacle(
            row.status,
            row.category,
            event_type.expected_category,
            correct=row.correct_category,
            accepted=row.accepted_category,
            on_notice=on_notice,
        ),
    )


def _check(
    event_type: EventType[Any],
    names: Sequence[str],
    chain: chains.Chain,
    rows: Sequence[Template],
    samples: Container[tuple[str, str, str]],
) -> None:
    """`chain`: as it was; what is in it already may stay, though its template was deleted meanwhile. `samples`: by
    account, name and language, the templates that show a file of their own."""
    by_name: Mapping[str, list[Template]] = {
        name: [row for row in rows if row.name == name and row.status != "DELETED"] for name in names
    }
    known = {*chain, own_template(event_type.name)}
    found: list[FieldError] = []
    for place, name in enumerate(names):
        pointer = f"#/templates/{place}"
        if not by_name[name] and name not in known:
            message = "is no template of this business and kind of key"
            found.append(FieldError(pointer=pointer, code="unknown_template", message=message))
        for row in by_name[name]:
            has_sample = (row.waba_id, row.name, row.language) in samples
            found += [
                FieldError(pointer=pointer, code=TEMPLATE_UNFIT, message=f"({row.language}) {why}")
                for why in _unfit(event_type, row, has_sample=has_sample)
            ]
    if found:
        raise InvalidRequest.from_faults(found)


def _unfit(event_type: EventType[Any], row: Template, *, has_sample: bool) -> list[str]:
    if row.meta_id is None:
        return []
    return unfit(event_type, compile_template(row.components, row.parameter_format), has_sample=has_sample)
