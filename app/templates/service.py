"""Bringing templates to Meta, and keeping our mirror of what became of them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount, SenderAccount
from app.accounts.models import Mode
from app.callbacks.schemas import TemplateChangeSource
from app.core.clock import Clock
from app.core.database import Database, announce
from app.core.ids import parse_id
from app.core.problems import FieldError, InvalidRequest, NotFound
from app.media import repository as media_rows
from app.media.kinds import Kind
from app.media.samples import Samples, SampleUnusable
from app.media.schemas import MEDIA_PREFIX
from app.templates import chains, clocks, repository
from app.templates.book import CHANNEL
from app.templates.creation_rules import faults
from app.templates.definition import LINK_PATH, Bases, MediaHeader, TemplateDefinition, submission
from app.templates.errors import (
    EditLimit,
    MetaUnreachable,
    NameBarred,
    NotEditable,
    NotPaused,
    RefusedByMeta,
    TemplateExists,
    at_meta,
)
from app.templates.mirror import UNSAID, By, Seen, begin_anew, count_edit, note, take, unknown
from app.templates.models import Template
from app.templates.planning import sections
from app.templates.states import DRAFT
from app.whatsapp.client import GraphAccess, GraphClient, GraphUnreachableError
from app.whatsapp.errors import GraphError

log = structlog.get_logger(__name__)

_STATUS_OF_REFUSAL = {132015: "PAUSED", 132016: "DISABLED"}
"""Codes that say what the template's status is."""

_ONE_DOUBT = timedelta(seconds=30)
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)
_AGAIN = timedelta(hours=1)
"""After a call that was to lift a pause and failed."""

ALREADY_EXISTS = 2388024
"""Subcode of error 100: there is such a template in this language already."""

Release = Callable[[AsyncSession, UUID, Sequence[str], Sequence[str], datetime], Awaitable[None]]
"""Lets messages that wait for one of these templates, or are of one of these event types, be looked at again."""

Unfit = Callable[[UUID, str, Sequence[Mapping[str, Any]]], Awaitable[list[str]]]
"""Why events of a type, by its name, could never fill a template."""


@dataclass(frozen=True, slots=True)
class Account:
    """A WhatsApp Business Account of a business, and how to speak for it."""

    business_id: UUID
    waba_id: str
    bases: Bases
    access: GraphAccess
    mode: Mode


def account_of(business: BusinessAccount, sender: SenderAccount, customer_url: str) -> Account:
    """The account of one of the business's numbers. `customer_url` is the base of our own public pages."""
    tracked = business.link_style == "tracked"
    bases = Bases(business.website, customer_url + LINK_PATH if tracked else business.website)
    return Account(business.business_id, sender.waba_id, bases, sender.access, sender.mode)


def accounts_of(business: BusinessAccount, mode: Mode, customer_url: str) -> list[Account]:
    """Each WhatsApp Business Account once, in the order of the senders."""
    senders = [sender for sender in business.senders if sender.mode == mode]
    found = {sender.waba_id: account_of(business, sender, customer_url) for sender in reversed(senders)}
    return list(reversed(found.values()))


def modes_of(business: BusinessAccount | None, waba_id: str) -> list[Mode]:
    """Kinds of keys whose senders use the account."""
    senders = business.senders if business is not None else ()
    return sorted({sender.mode for sender in senders if sender.waba_id == waba_id})


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes a template by hand."""

    source: TemplateChangeSource
    actor: str | None = None
    """The key by which it is done."""


_KINDS: Mapping[str, Kind] = {"IMAGE": "image", "VIDEO": "video", "DOCUMENT": "document"}
"""Of the files that headers show; a place is none, and has no sample."""


async def _keep_sample(session: AsyncSession, account: Account, definition: TemplateDefinition) -> None:
    """Messages whose event shows nothing show it, too."""
    template = (account.business_id, account.waba_id, definition.name, definition.language)
    sample = definition.header.sample if isinstance(definition.header, MediaHeader) else None
    media_id = parse_id(MEDIA_PREFIX, sample) if sample is not None else None
    if media_id is None:
        await media_rows.forget_sample(session, *template)
    else:
        await media_rows.keep_sample(session, *template, media_id)


class Templates:
    def __init__(
        self,
        database: Database,
        graph: GraphClient,
        samples: Samples,
        clock: Clock,
        release: Release,
        *,
        unfit: Unfit,
        unpause_after: timedelta = timedelta(),
    ) -> None:
        """`unpause_after`: how long a pause stands that only a call to Meta lifts, before we make it; zero: never."""
        self._database = database
        self._graph = graph
        self._samples = samples
        self._clock = clock
        self._release = release
        self._unfit = unfit
        self._unpause_after = unpause_after
        self._doubted: dict[tuple[UUID, str, str, str], datetime] = {}

    def by(self, source: TemplateChangeSource, modes: Sequence[Mode], *, actor: str | None = None) -> By:
        return By(source, self._clock.now(), modes, actor, self._unpause_after)

    async def sync(self, account: Account, *, source: TemplateChangeSource = "sync") -> int:
        """Takes over what Meta lists, and marks as DELETED what it no longer does. Returns how many there are.

        Raises GraphError or GraphUnreachableError. What is known from after the list was asked for stays: a webhook
        overtakes a slow listing.
        """
        by = self.by(source, [account.mode])
        listed = {
            (str(row.get("name")), str(row.get("language"))): _readable(row)
            async for row in self._graph.templates(account.access, account.waba_id)
        }
        changed: list[str] = []
        async with self._database.transaction() as session:
            held = {
                (row.name, row.language): row
                for row in await repository.locked_of_account(session, account.business_id, account.waba_id)
            }
            for key in sorted(listed):
                row, seen = held.get(key), listed[key]
                if seen is None:
                    log.warning("template not read", name=key[0], language=key[1], waba=account.waba_id)
                elif row is None:
                    changed.append(key[0])
                    await self._add(session, account, key, seen, by)
                elif (row.known_at <= by.at or row.meta_id is None) and await take(session, row, seen, by):
                    changed.append(row.name)
            for key, row in held.items():
                gone = key not in listed and row.meta_id is not None and row.known_at <= by.at
                if gone and await take(session, row, Seen(status="DELETED"), by):
                    changed.append(row.name)
            await self.let_go(session, account.business_id, changed)
            await announce(session, CHANNEL, account.business_id)
        return len(listed)

    async def _add(self, session: AsyncSession, account: Account, key: tuple[str, str], seen: Seen, by: By) -> None:
        new = unknown(account.business_id, account.waba_id, *key, by.at)
        row = await repository.add(session, new)
        if row.id != new.id:  # by another sync at the same time
            await take(session, row, seen, by)
            return
        row.category = seen.category
        await take(session, row, seen, By("sync", by.at, []))
        await note(session, row, "found", by, {"status": row.status, "category": row.category})

    async def let_go(self, session: AsyncSession, business_id: UUID, names: Sequence[str]) -> None:
        """Messages that wait for one of these templates may go now, by it or by another of the same chain."""
        if not names:
            return
        unique = sorted(set(names))
        types = {one for name in unique for one in await chains.event_types_with(session, business_id, name)}
        await self._release(session, business_id, unique, sorted(types), self._clock.now())

    async def submit(self, account: Account, definition: TemplateDefinition, author: Author) -> Template:
        """Raises Problem: by our rules, by Meta's answer, or because it exists. What Meta refuses stays as a draft."""
        body = await self._body(account, definition)
        by = self.by(author.source, [account.mode], actor=author.actor)
        await self._to_submit(account, definition, body, by)
        try:
            answer = await self._graph.create_template(account.access, account.waba_id, body)
        except GraphError as error:
            if error.subcode == ALREADY_EXISTS:
                await self._synced(account)
                raise TemplateExists(f'"{definition.name}" ({definition.language}) exists at Meta.') from error
            raise RefusedByMeta.because(error) from error
        except GraphUnreachableError as error:
            raise MetaUnreachable(str(error)) from error
        seen = Seen(
            meta_id=str(answer["id"]),
            status=str(answer["status"]),
            category=str(answer.get("category") or definition.category),
            parameter_format="NAMED",
            components=body["components"],
            time_to_live=body.get("message_send_ttl_seconds"),
        )
        return await self._taken(account, definition, seen, by, "submitted")

    async def _to_submit(
        self, account: Account, definition: TemplateDefinition, body: Mapping[str, Any], by: By
    ) -> None:
        """Notes what Meta is about to be asked for. Raises Problem where that is in vain."""
        async with self._database.transaction() as session:
            row = await repository.one(
                session, account.business_id, account.waba_id, definition.name, definition.language
            )
            if row is None:
                named = account.business_id, account.waba_id, definition.name, definition.language
                row = await repository.add(session, unknown(*named, by.at))
            if row.meta_id is not None and row.status != "DELETED":
                raise TemplateExists(f'"{row.name}" ({row.language}) is {row.status} at Meta.')
            free_at = clocks.name_free_at(row.deleted_at, was_approved=row.approved_at is not None)
            if free_at is not None and free_at > by.at:
                raise NameBarred.until(free_at)
            if row.meta_id is None:
                row.category = definition.category
            row.draft = definition.model_dump(mode="json")
            row.submitted = list(body["components"])
            row.event_type = definition.event_type
            if definition.event_type is not None:
                await chains.join(session, account.business_id, account.mode, definition.event_type, definition.name)

    async def edit(
        self, account: Account, template_id: UUID, definition: TemplateDefinition, author: Author
    ) -> Template:
        """Replaces what the template says. Raises Problem: where Meta's limits forbid it, too. What Meta refuses stays
        as a draft."""
        body = await self._body(account, definition)
        by = self.by(author.source, [account.mode], actor=author.actor)
        async with self._database.transaction() as session:
            row = await self.required(session, account.business_id, template_id, to_change=True)
            check_editable(row, definition, body, by.at)
            meta_id, was_approved, was_category = str(row.meta_id), row.status == "APPROVED", row.category
            before = row.submitted
            row.draft = definition.model_dump(mode="json")
            row.submitted = list(body["components"])
            if definition.event_type not in (None, row.event_type):
                row.event_type = definition.event_type
                await chains.join(session, account.business_id, account.mode, definition.event_type, definition.name)
        # That of an approved template is Meta's to change; what it says may still be edited.
        category = definition.category if definition.category != was_category and not was_approved else None
        time_to_live = body.get("message_send_ttl_seconds")
        try:
            with at_meta():
                await self._graph.edit_template(
                    account.access, meta_id, body["components"], category=category, time_to_live=time_to_live
                )
        except RefusedByMeta:
            await self._resubmitted(account, template_id, before)
            raise
        seen = await self._after_edit(account, meta_id, body)
        return await self._taken(account, definition, seen, by, "edited", counts=was_approved)

    async def _resubmitted(self, account: Account, template_id: UUID, submitted: list[dict[str, Any]] | None) -> None:
        """An edit was refused: what Meta holds is what was submitted before."""
        async with self._database.transaction() as session:
            row = await repository.by_id(session, account.business_id, template_id, to_change=True)
            if row is not None:
                row.submitted = submitted

    async def _after_edit(self, account: Account, meta_id: str, body: Mapping[str, Any]) -> Seen:
        """Meta's answer to an edit says only that it was taken."""
        try:
            return seen_in(await self._graph.template(account.access, meta_id))
        except (GraphError, GraphUnreachableError) as error:
            log.warning("edited template not read", waba=account.waba_id, error=str(error))
            return Seen(status="PENDING", components=body["components"])

    async def _body(self, account: Account, definition: TemplateDefinition) -> dict[str, Any]:
        """What is sent to Meta. Raises InvalidRequest with the place of each fault."""
        body = submission(definition, account.bases, await self._header_sample(account, definition))
        if found := faults(body):
            raise InvalidRequest.from_faults(
                [
                    FieldError(pointer=pointer_in_definition(one.place, body), code=one.code, message=one.message)
                    for one in found
                ]
            )
        if definition.event_type is not None:
            why = await self._unfit(account.business_id, definition.event_type, body["components"])
            if why:
                raise InvalidRequest.from_faults(
                    [FieldError(pointer="#/event_type", code="template_unfit", message=one) for one in why]
                )
        return body

    async def _header_sample(self, account: Account, definition: TemplateDefinition) -> str | None:
        """The handle by which Meta's review sees the file. Raises Problem."""
        header = definition.header
        if not isinstance(header, MediaHeader) or header.sample is None:
            return None
        kind = _KINDS[header.format]
        try:
            with at_meta():
                return await self._samples.handle(account.access, account.business_id, header.sample, kind)
        except SampleUnusable as error:
            raise InvalidRequest.at("#/header/sample", "sample_unusable", str(error)) from error

    async def _taken(
        self,
        account: Account,
        definition: TemplateDefinition,
        seen: Seen,
        by: By,
        kind: Any,
        *,
        counts: bool = False,
    ) -> Template:
        """`counts`: on the limit of edits."""
        told = replace(by, at=self._clock.now())
        async with self._database.transaction() as session:
            row = await repository.one(
                session, account.business_id, account.waba_id, definition.name, definition.language
            )
            if row is None:
                raise NotFound("The template was deleted meanwhile.")
            if kind == "submitted" and row.meta_id == seen.meta_id:
                # Whoever told of it meanwhile, a sync it must have been, said what became of it since Meta's answer.
                seen = replace(seen, status=UNSAID, category=UNSAID)
            elif kind == "submitted":
                begin_anew(row)
                row.category = definition.category
            if row.draft is not None and row.draft == definition.model_dump(mode="json"):
                row.draft = None
            await note(session, row, kind, told, {"category": definition.category})
            await take(session, row, seen, told)
            if counts and not any(at >= by.at for at in row.edits):
                count_edit(row, told.at)
            await _keep_sample(session, account, definition)
            await self.let_go(session, account.business_id, [row.name])
            await announce(session, CHANNEL, account.business_id)
            return row

    async def delete(self, account: Account, template_id: UUID, author: Author) -> None:
        """A draft disappears; what Meta has is deleted there, in its one language. Raises Problem."""
        async with self._database.transaction() as session:
            row = await self.required(session, account.business_id, template_id, to_change=True)
            if row.meta_id is None:
                await session.delete(row)
                return
            if row.status in ("DELETED", "PENDING_DELETION"):
                return
            if row.status == "DISABLED":
                raise NotEditable("Meta does not let a disabled template be deleted.")
            meta_id, name = row.meta_id, row.name
        with at_meta():
            await self._graph.delete_template(account.access, account.waba_id, meta_id, name)
        by = self.by(author.source, [account.mode], actor=author.actor)
        async with self._database.transaction() as session:
            row = await self.required(session, account.business_id, template_id, to_change=True)
            await note(session, row, "deleted", by, {"from": row.status})
            await take(session, row, Seen(status="DELETED"), by)
            row.draft = None
            await self.let_go(session, account.business_id, [name])
            await announce(session, CHANNEL, account.business_id)

    async def unpause(self, account: Account, template_id: UUID, author: Author) -> Template:
        """Asks Meta to lift a pause. Raises Problem."""
        async with self._database.transaction() as session:
            row = await self.required(session, account.business_id, template_id)
            if row.status != "PAUSED" or row.meta_id is None:
                raise NotPaused(f"It is {row.status}.")
            meta_id = row.meta_id
        with at_meta():
            refusal = await self._graph.unpause_template(account.access, meta_id)
        if refusal is not None:
            raise RefusedByMeta(f"Meta did not lift the pause: {refusal}")
        by = self.by(author.source, [account.mode], actor=author.actor)
        async with self._database.transaction() as session:
            row = await self.required(session, account.business_id, template_id, to_change=True)
            await note(session, row, "unpaused", by, {"pause": row.pause})
            await take(session, row, Seen(status="APPROVED"), by)
            await self.let_go(session, account.business_id, [row.name])
            await announce(session, CHANNEL, account.business_id)
            return row

    async def unpause_due(self, accounts: Sequence[Account]) -> None:
        """Lifts the pauses that never end by themselves, when their time has come."""
        by_waba = {(account.business_id, account.waba_id): account for account in accounts}
        now = self._clock.now()
        async with self._database.transaction() as session:
            due = [(row.business_id, row.waba_id, row.id) for row in await repository.to_unpause(session, now)]
        for business_id, waba_id, template_id in due:
            account = by_waba.get((business_id, waba_id))
            if account is None:
                continue
            try:
                await self.unpause(account, template_id, Author("housekeeping"))
            except (RefusedByMeta, MetaUnreachable, NotPaused, NotFound) as problem:
                log.warning("pause not lifted", waba=waba_id, error=problem.detail)
                await self._put_off(business_id, template_id)

    async def _put_off(self, business_id: UUID, template_id: UUID) -> None:
        async with self._database.transaction() as session:
            row = await repository.by_id(session, business_id, template_id, to_change=True)
            if row is not None and row.unpause_at is not None:
                row.unpause_at = self._clock.now() + _AGAIN

    async def accept_category(
        self, business_id: UUID, template_id: UUID, category: str, modes: Sequence[Mode], author: Author
    ) -> Template:
        """A person takes what Meta has made of it, or is about to, as what it is from now on: it is used for those who
        agreed to that. Raises Problem."""
        by = self.by(author.source, modes, actor=author.actor)
        async with self._database.transaction() as session:
            row = await self.required(session, business_id, template_id, to_change=True)
            if category not in (row.category, row.correct_category):
                what = f"is {row.category}" + (f", to become {row.correct_category}." if row.correct_category else ".")
                raise InvalidRequest.at("#/category", "not_its_category", what)
            if row.accepted_category != category:
                row.accepted_category = category
                await note(session, row, "category_accepted", by, {"category": category})
                await self.let_go(session, business_id, [row.name])
                await announce(session, CHANNEL, business_id)
            return row

    async def refused(
        self, account: Account, name: str, language: str, error: GraphError, *, asked_at: datetime
    ) -> None:
        """Meta refused a message because of its template: whatever our mirror says of it is out of date, unless it was
        told more after `asked_at`, when the message left.

        A pause or a ban is taken over at once; anything else is asked for. Raises nothing: the message waits, and the
        next sync will do.
        """
        key = (account.business_id, account.waba_id, name, language)
        now = self._clock.now()
        if now - self._doubted.get(key, _NEVER) < _ONE_DOUBT:
            return  # of the many messages that were under way together, one says it all
        self._doubted[key] = now
        status = _STATUS_OF_REFUSAL.get(error.code)
        log.warning("template refused", name=name, language=language, code=error.code)
        try:
            if status is None:
                await self.sync(account, source="send")
                return
            async with self._database.transaction() as session:
                row = await repository.one(session, account.business_id, account.waba_id, name, language)
                if row is not None and row.status_at <= asked_at:
                    await take(session, row, Seen(status=status), self.by("send", [account.mode]))
                await announce(session, CHANNEL, account.business_id)
        except (GraphError, GraphUnreachableError) as failure:
            log.warning("templates not synced", waba=account.waba_id, error=str(failure))

    async def _synced(self, account: Account) -> None:
        try:
            await self.sync(account)
        except (GraphError, GraphUnreachableError) as error:
            raise MetaUnreachable(str(error)) from error

    async def required(
        self, session: AsyncSession, business_id: UUID, template_id: UUID, *, to_change: bool = False
    ) -> Template:
        row = await repository.by_id(session, business_id, template_id, to_change=to_change)
        if row is None:
            raise NotFound("There is no such template.")
        return row


def check_editable(row: Template, definition: TemplateDefinition, body: Mapping[str, Any], now: datetime) -> None:
    """Raises Problem where Meta would not let it be edited now, or not like that."""
    if row.meta_id is None or row.status == DRAFT or not clocks.editable(row.status):
        raise NotEditable(f"It is {row.status}: only an approved, rejected or paused template can be edited.")
    is_other = definition.category != row.category
    if row.status == "APPROVED" and is_other and sections(body["components"]) == sections(row.components):
        raise NotEditable(
            f"The category of an approved template is fixed: it is {row.category}. Submit another one as "
            f"{definition.category}, or ask Meta's support for a review of its category."
        )
    next_at = clocks.next_edit_at(row.status, row.edits, now)
    if next_at is not None:
        raise EditLimit.until(next_at)


def _readable(row: Mapping[str, Any]) -> Seen | None:
    """One that says less than it must spoils no other."""
    try:
        return seen_in(row)
    except (KeyError, TypeError, ValueError):
        return None


def seen_in(row: Mapping[str, Any]) -> Seen:
    """What Graph lists of a template."""
    quality = row.get("quality_score")
    reason = row.get("rejected_reason")
    time_to_live = row.get("message_send_ttl_seconds")
    return Seen(
        meta_id=str(row["id"]),
        status=str(row["status"]),
        category=str(row["category"]),
        previous_category=row.get("previous_category") or None,
        correct_category=row.get("correct_category") or None,
        quality=str(quality.get("score") or "UNKNOWN") if isinstance(quality, Mapping) else "UNKNOWN",
        parameter_format=str(row.get("parameter_format") or "POSITIONAL"),
        components=list(row.get("components") or []),
        time_to_live=int(time_to_live) if time_to_live is not None else None,
        rejected_reason=str(reason) if reason and reason != "NONE" else None,
    )


_PLACE_OF = {"HEADER": "header", "BODY": "body", "FOOTER": "footer"}


def pointer_in_definition(place: str, body: Mapping[str, Any]) -> str:
    """Where in a definition the thing stands that Meta's body has at `place`."""
    parts = place.split("/")
    if parts[0] != "components" or len(parts) == 1:
        return "#/body" if parts[0] == "components" else f"#/{parts[0]}"
    component = body["components"][int(parts[1])]
    if component["type"] != "BUTTONS":
        if parts[2:] == ["example"]:
            return "#/header/sample" if component.get("format", "TEXT") != "TEXT" else "#/samples"
        return f"#/{_PLACE_OF[component['type']]}"
    rest = [{"example": "sample"}.get(part, part) for part in parts[3:]]
    return "#/" + "/".join(["buttons", *rest])
