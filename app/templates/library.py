"""The templates of a business, as its people see, write and submit them."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import Caller, Directory
from app.accounts.errors import SenderMissing, UnknownSender
from app.core.clock import Clock
from app.core.database import Database
from app.core.ids import parse_id, public_id
from app.core.problems import FieldError, InvalidRequest, NotFound, pointer_to, problem_of
from app.media import repository as media_rows
from app.media.schemas import MEDIA_PREFIX
from app.templates import repository
from app.templates.definition import (
    Inexpressible,
    MediaHeader,
    TemplateDefinition,
    definition_of,
    samples_in,
    submission,
)
from app.templates.errors import MetaUnreachable, NotEditable, NothingToSubmit, TemplateExists
from app.templates.mirror import TEMPLATE_PREFIX, note, unknown
from app.templates.models import Template
from app.templates.planning import Held, Wanted, changes
from app.templates.schemas import AcceptIn, SyncOut, TemplateChangeIn, TemplateDetail, TemplateIn, TemplateList
from app.templates.service import Account, Author, Templates, account_of, accounts_of, modes_of
from app.templates.shown import in_detail, shown
from app.templates.states import DRAFT
from app.whatsapp.client import GraphUnreachableError
from app.whatsapp.errors import GraphError

HISTORY_MOST = 200

_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


class Library:
    def __init__(
        self,
        database: Database,
        directory: Directory,
        templates: Templates,
        clock: Clock,
        *,
        customer_url: str,
        warn_before: timedelta,
    ) -> None:
        self._database = database
        self._directory = directory
        self._templates = templates
        self._clock = clock
        self._customer_url = customer_url
        self._warn_before = warn_before

    async def list(
        self, caller: Caller, *, status: Sequence[str] = (), name: str | None = None, event_type: str | None = None
    ) -> TemplateList:
        wabas = [account.waba_id for account in await self._accounts(caller)]
        async with self._database.transaction() as session:
            rows = await repository.of_accounts(session, caller.business_id, wabas)
        found = [
            row
            for row in rows
            if (not status or row.status in status)
            and name in (None, row.name)
            and event_type in (None, row.event_type)
        ]
        now = self._clock.now()
        return TemplateList(templates=[shown(row, now, self._warn_before) for row in found])

    async def one(self, caller: Caller, template_id: str) -> TemplateDetail:
        async with self._database.transaction() as session:
            return await self._detail(session, await self._own(session, caller, template_id))

    async def create(self, caller: Caller, body: TemplateIn) -> TemplateDetail:
        """A draft, or more. Raises Problem."""
        account = await self._account(caller, body.sender)
        definition = _storable(body.definition)
        if body.submit:
            return await self._shown(caller, await self._templates.submit(account, definition, _author(caller)))
        return await self._draft(caller, account, definition)

    async def _draft(self, caller: Caller, account: Account, definition: TemplateDefinition) -> TemplateDetail:
        by = self._templates.by("api", [account.mode], actor=_author(caller).actor)
        async with self._database.transaction() as session:
            row = await repository.one(
                session, account.business_id, account.waba_id, definition.name, definition.language
            )
            is_new = row is None
            if row is None:
                new = unknown(account.business_id, account.waba_id, definition.name, definition.language, by.at)
                new.category, new.event_type = definition.category, definition.event_type
                row = await repository.add(session, new)
                is_new = row.id == new.id
            if not is_new and row.status != "DELETED":
                raise TemplateExists(f"It is {public_id(TEMPLATE_PREFIX, row.id)}, and {row.status}.")
            row.draft = definition.model_dump(mode="json")
            await note(session, row, "drafted", by, {"category": definition.category})
            await session.flush()
            return await self._detail(session, row)

    async def change(self, caller: Caller, template_id: str, body: TemplateChangeIn) -> TemplateDetail:
        """Changes the draft, which begins as what Meta holds. Raises Problem."""
        async with self._database.transaction() as session:
            row = await self._own(session, caller, template_id, to_change=True)
            account = await self._account_of(caller, row)
            definition = _changed(self._before(row, account), body)
            by = self._templates.by("api", [account.mode], actor=_author(caller).actor)
            row.draft = definition.model_dump(mode="json")
            await note(session, row, "drafted", by, {"category": definition.category})
            await session.flush()
            detail = await self._detail(session, row)
        return await self.submit(caller, template_id) if body.submit else detail

    def _before(self, row: Template, account: Account) -> TemplateDefinition:
        if row.draft is not None:
            return TemplateDefinition.model_validate(row.draft)
        try:
            return definition_of(
                row.components,
                name=row.name,
                language=row.language,
                category=row.category,
                parameter_format=row.parameter_format,
                time_to_live=row.time_to_live,
                event_type=row.event_type,
                bases=account.bases,
            )
        except Inexpressible as reason:
            raise NotEditable(f"Ulak cannot write what Meta holds of it: {reason.reason}.") from reason

    async def submit(self, caller: Caller, template_id: str) -> TemplateDetail:
        """Raises Problem."""
        async with self._database.transaction() as session:
            row = await self._own(session, caller, template_id)
            account = await self._account_of(caller, row)
            if row.draft is None:
                raise NothingToSubmit("What Meta holds is all there is: change it first.")
            definition = TemplateDefinition.model_validate(row.draft)
            is_new = row.meta_id is None or row.status in (DRAFT, "DELETED")
            if not is_new and await _says_what_is_held(session, row, definition, account):
                raise NothingToSubmit("The draft says what Meta holds: to submit it would cost an edit for nothing.")
        if is_new:
            return await self._shown(caller, await self._templates.submit(account, definition, _author(caller)))
        return await self._shown(caller, await self._templates.edit(account, row.id, definition, _author(caller)))

    async def discard(self, caller: Caller, template_id: str) -> TemplateDetail:
        """The draft of what Meta has. Raises Problem."""
        async with self._database.transaction() as session:
            row = await self._own(session, caller, template_id, to_change=True)
            if row.meta_id is None:
                raise NothingToSubmit("It is nothing but a draft: delete the template itself.")
            row.draft = None
            return await self._detail(session, row)

    async def delete(self, caller: Caller, template_id: str) -> None:
        """Raises Problem."""
        async with self._database.transaction() as session:
            row = await self._own(session, caller, template_id)
            account = await self._account_of(caller, row)
        await self._templates.delete(account, row.id, _author(caller))

    async def unpause(self, caller: Caller, template_id: str) -> TemplateDetail:
        """Raises Problem."""
        async with self._database.transaction() as session:
            row = await self._own(session, caller, template_id)
            account = await self._account_of(caller, row)
        return await self._shown(caller, await self._templates.unpause(account, row.id, _author(caller)))

    async def accept(self, caller: Caller, template_id: str, body: AcceptIn) -> TemplateDetail:
        """Raises Problem."""
        async with self._database.transaction() as session:
            row = await self._own(session, caller, template_id)
        business = await self._directory.required(caller.business_id)
        modes = modes_of(business, row.waba_id)
        author = _author(caller)
        accepted = await self._templates.accept_category(caller.business_id, row.id, body.category, modes, author)
        return await self._shown(caller, accepted)

    async def sync(self, caller: Caller) -> SyncOut:
        """Raises Problem."""
        try:
            counts = [await self._templates.sync(account) for account in await self._accounts(caller)]
        except (GraphError, GraphUnreachableError) as error:
            raise MetaUnreachable(str(error)) from error
        return SyncOut(templates=sum(counts))

    async def _shown(self, caller: Caller, row: Template) -> TemplateDetail:
        return await self.one(caller, public_id(TEMPLATE_PREFIX, row.id))

    async def _detail(self, session: AsyncSession, row: Template) -> TemplateDetail:
        versions = await repository.versions(session, row.business_id, row.id)
        changes = await repository.changes(session, row.business_id, row.id, most=HISTORY_MOST)
        return in_detail(row, versions, changes, self._clock.now(), self._warn_before)

    async def _own(
        self, session: AsyncSession, caller: Caller, template_id: str, *, to_change: bool = False
    ) -> Template:
        """Of an account that the key's kind uses. Raises NotFound."""
        found = parse_id(TEMPLATE_PREFIX, template_id)
        wabas = {account.waba_id for account in await self._accounts(caller)}
        row = (
            await repository.by_id(session, caller.business_id, found, to_change=to_change)
            if found is not None
            else None
        )
        if row is None or row.waba_id not in wabas:
            raise NotFound("There is no such template for this kind of key.")
        return row

    async def _accounts(self, caller: Caller) -> Sequence[Account]:
        business = await self._directory.required(caller.business_id)
        return accounts_of(business, caller.mode, self._customer_url)

    async def _account(self, caller: Caller, wanted: str | None) -> Account:
        business = await self._directory.required(caller.business_id)
        sender_id = parse_id("snd", wanted) if wanted is not None else None
        sender = business.sender(caller.mode, sender_id) if wanted is None or sender_id is not None else None
        if sender is None and wanted is not None:
            raise UnknownSender.at("#/sender", "unknown_sender", "is not a sender of this business and kind of key")
        if sender is None:
            raise SenderMissing(f"Connect a WhatsApp number first: ulak senders add --mode {caller.mode}")
        return account_of(business, sender, self._customer_url)

    async def _account_of(self, caller: Caller, row: Template) -> Account:
        return next(account for account in await self._accounts(caller) if account.waba_id == row.waba_id)


async def _says_what_is_held(
    session: AsyncSession, row: Template, definition: TemplateDefinition, account: Account
) -> bool:
    """Whether an edit would change nothing: neither what customers see, nor what is decided about."""
    wanted = Wanted(definition, submission(definition, account.bases))
    held = Held(
        row.name,
        row.language,
        str(row.meta_id),
        row.status,
        row.category,
        row.components,
        row.parameter_format,
        row.time_to_live,
    )
    if changes(wanted, held) or await _shows_another_file(session, row, definition):
        return False
    # Its samples may be why it was rejected; of what is approved they matter to nobody any more.
    return row.status == "APPROVED" or samples_in(row.components) == definition.samples


async def _shows_another_file(session: AsyncSession, row: Template, definition: TemplateDefinition) -> bool:
    """Messages whose event shows nothing show the sample: another one is a change that components do not tell."""
    sample = definition.header.sample if isinstance(definition.header, MediaHeader) else None
    if sample is None:
        return False
    kept = (await media_rows.samples(session, row.business_id, row.waba_id)).get((row.name, row.language))
    return kept is None or public_id(MEDIA_PREFIX, kept.id) != sample


def _storable(definition: TemplateDefinition) -> TemplateDefinition:
    """Raises InvalidRequest where a text holds what nobody types and no column takes: NUL, or half of a character."""
    if faults := list(_unstorable(definition.model_dump(), ())):
        raise InvalidRequest.from_faults(faults)
    return definition


def _unstorable(value: object, place: tuple[str | int, ...]) -> Iterator[FieldError]:
    match value:
        case str():
            if "\x00" in value:
                yield FieldError(pointer=pointer_to(place), code="nul", message="holds NUL")
            if _LONE_SURROGATE.search(value):
                yield FieldError(pointer=pointer_to(place), code="string_unicode", message="holds a lone surrogate")
        case dict():
            for name, one in value.items():
                yield from _unstorable(one, (*place, name))
        case list() | tuple():
            for index, one in enumerate(value):
                yield from _unstorable(one, (*place, index))


def _changed(before: TemplateDefinition, body: TemplateChangeIn) -> TemplateDefinition:
    """Raises Problem."""
    given = body.model_dump(mode="json", exclude_unset=True, exclude={"submit"})
    try:
        return _storable(TemplateDefinition.model_validate(before.model_dump(mode="json") | given))
    except ValidationError as error:
        raise problem_of(error) from error


def _author(caller: Caller) -> Author:
    return Author("api", public_id("key", caller.key_id))
