"""Submitting templates to Meta and keeping our mirror of what became of them."""

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount, SenderAccount
from app.core.clock import Clock
from app.core.database import Database, announce
from app.core.ids import new_id
from app.templates import repository
from app.templates.book import CHANNEL
from app.templates.creation_rules import faults
from app.templates.definition import LINK_PATH, Bases, TemplateDefinition, submission
from app.templates.models import Template
from app.templates.states import status_after
from app.whatsapp.client import GraphAccess, GraphClient, GraphUnreachableError
from app.whatsapp.errors import GraphError
from app.whatsapp.webhook_items import TemplateStatusItem

log = structlog.get_logger(__name__)

_STATUS_OF_REFUSAL = {132015: "PAUSED", 132016: "DISABLED"}
"""Codes that say what the template's status is."""

_ONE_DOUBT = timedelta(seconds=30)
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)

EDITED = "EDITED"

ALREADY_EXISTS = 2388024
"""Subcode of error 100: there is such a template in this language already."""


@dataclass(frozen=True, slots=True)
class Account:
    """A WhatsApp Business Account of a business, and how to speak for it."""

    business_id: UUID
    waba_id: str
    bases: Bases
    access: GraphAccess


def account_of(business: BusinessAccount, sender: SenderAccount, customer_url: str) -> Account:
    """The account of one of the business's numbers. `customer_url` is the base of our own public pages."""
    tracked = business.link_style == "tracked"
    bases = Bases(business.website, customer_url + LINK_PATH if tracked else business.website)
    return Account(business.business_id, sender.waba_id, bases, sender.access)


@dataclass(frozen=True, slots=True)
class Pushed:
    name: str
    language: str
    status: str
    """Meta's; `refused`, by Meta or by its rules before it was asked; or EDITED where it is in review again."""
    detail: str | None = None


def with_links_of(components: Sequence[Mapping[str, Any]], submitted: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The components as Meta holds them, whatever was changed there, with the links of what would be submitted now;
    nothing where they are the same, or where the buttons are others."""
    held, ours = _url_buttons(components), _url_buttons(submitted["components"])
    if len(held) != len(ours) or [one["url"] for one in held] == [one["url"] for one in ours]:
        return None
    edited: list[dict[str, Any]] = copy.deepcopy([dict(component) for component in components])
    for button, own in zip(_url_buttons(edited), ours, strict=True):
        button["url"] = own["url"]
        button.pop("example", None)
        if "example" in own:
            button["example"] = own["example"]
    return edited


def _url_buttons(components: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    buttons = (button for component in components for button in component.get("buttons", ()))
    return [button for button in buttons if str(button.get("type", "")).upper() == "URL"]


class Templates:
    def __init__(self, database: Database, graph: GraphClient, clock: Clock) -> None:
        self._database = database
        self._graph = graph
        self._clock = clock
        self._doubted: dict[tuple[UUID, str, str, str], datetime] = {}

    async def push(
        self, account: Account, definitions: Iterable[TemplateDefinition], *, update_links: bool = False
    ) -> list[Pushed]:
        """Submits what Meta does not have yet; with `update_links` also edits what it has, where links begin otherwise
        than the account's would now. Raises GraphUnreachableError; refusals are in the answer."""
        await self.sync(account)
        async with self._database.transaction() as session:
            known = {(row.name, row.language): row for row in await self._of(session, account)}
        results = []
        for definition in definitions:
            row = known.get((definition.name, definition.language))
            if row is None or row.status == "DELETED":
                results.append(await self._submit(account, definition))
            elif update_links and (edited := with_links_of(row.components, submission(definition, account.bases))):
                results.append(await self._edit(account, row, edited))
            else:
                results.append(Pushed(row.name, row.language, row.status, row.rejected_reason))
        if any(one.status == EDITED for one in results):
            await self.sync(account)
        return results

    async def _edit(self, account: Account, row: Template, components: list[dict[str, Any]]) -> Pushed:
        try:
            await self._graph.edit_template(account.access, row.meta_id, components)
        except GraphError as error:
            return Pushed(row.name, row.language, "refused", str(error))
        log.info("template edited", name=row.name, language=row.language)
        return Pushed(row.name, row.language, EDITED)

    async def _of(self, session: AsyncSession, account: Account) -> list[Template]:
        return list(await repository.of_account(session, account.business_id, account.waba_id))

    async def _submit(self, account: Account, definition: TemplateDefinition) -> Pushed:
        body = submission(definition, account.bases)
        if found := faults(body):
            detail = "; ".join(f"{one.place}: {one.message}" for one in found)
            return Pushed(definition.name, definition.language, "refused", detail)
        try:
            answer = await self._graph.create_template(account.access, account.waba_id, body)
        except GraphError as error:
            if error.subcode == ALREADY_EXISTS:
                await self.sync(account)
                return Pushed(definition.name, definition.language, "EXISTS")
            return Pushed(definition.name, definition.language, "refused", str(error))
        row = body | {"id": answer["id"], "status": answer["status"], "category": answer.get("category", "UTILITY")}
        async with self._database.transaction() as session:
            await self._store(session, account, row, self._clock.now())
            await announce(session, CHANNEL, account.business_id)
        return Pushed(definition.name, definition.language, str(answer["status"]))

    async def sync(self, account: Account) -> int:
        """Takes over what Meta lists, and marks as DELETED what it no longer does. Returns how many there are."""
        asked_at = self._clock.now()
        rows = [row async for row in self._graph.templates(account.access, account.waba_id)]
        listed = {(str(row["name"]), str(row["language"])) for row in rows}
        async with self._database.transaction() as session:
            for row in rows:
                await self._store(session, account, row, asked_at)
            for known in await self._of(session, account):
                if (known.name, known.language) not in listed and known.known_at <= asked_at:
                    known.status, known.known_at = "DELETED", asked_at
            await announce(session, CHANNEL, account.business_id)
        return len(rows)

    async def _store(self, session: AsyncSession, account: Account, row: Mapping[str, Any], at: datetime) -> None:
        """Writes what Meta said, unless something newer is known already (a webhook overtakes a slow listing)."""
        name, language = str(row["name"]), str(row["language"])
        template = await repository.one(session, account.business_id, account.waba_id, name, language)
        if template is not None and template.known_at > at:
            return
        if template is None:
            template = Template(business_id=account.business_id, id=new_id(), waba_id=account.waba_id)
            template.name, template.language = name, language
        template.meta_id = str(row["id"])
        template.status = str(row["status"])
        template.category = str(row["category"])
        template.parameter_format = str(row.get("parameter_format", "POSITIONAL"))
        template.components = list(row.get("components", []))
        reason = row.get("rejected_reason")
        template.rejected_reason = str(reason) if reason and reason != "NONE" else None
        template.known_at = at
        session.add(template)

    async def refused(self, account: Account, name: str, language: str, error: GraphError) -> None:
        """Meta refused a message because of its template: whatever our mirror says of it is out of date.

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
                await self.sync(account)
                return
            async with self._database.transaction() as session:
                template = await repository.one(session, account.business_id, account.waba_id, name, language)
                if template is not None:
                    template.status, template.known_at = status, now
                await announce(session, CHANNEL, account.business_id)
        except (GraphError, GraphUnreachableError) as failure:
            log.warning("templates not synced", waba=account.waba_id, error=str(failure))

    async def apply_status(self, session: AsyncSession, business_id: UUID, item: TemplateStatusItem) -> bool:
        """Applies a status webhook within the caller's transaction; false where we have no such template."""
        update = item.update
        language = update.message_template_language.replace("-", "_")
        name = update.message_template_name
        template = await repository.one(session, business_id, item.waba_id, name, language)
        if template is None:
            return False
        template.status = status_after(update.event)
        template.rejected_reason = update.reason if update.reason and update.reason != "NONE" else None
        template.category = update.message_template_category or template.category
        template.known_at = self._clock.now()
        log.info("template status", name=name, language=language, status=template.status, reason=update.reason)
        await announce(session, CHANNEL, business_id)
        return True
