"""Messages: found by whatever is at hand, and the whole story of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import select
from starlette.responses import Response

from app.accounts import repository as accounts
from app.accounts.keys import Scope
from app.consent import repository as contacts
from app.consent.repository import Contact, ContactKey
from app.console import searching
from app.console.acting import acting, text_of
from app.console.desk import Desk, Pages
from app.console.lists import address, asked_of, wrong
from app.console.navigation import PATH
from app.console.rules import reason
from app.console.searching import Names, Nothing, Place
from app.console.speaking import Speech, hidden
from app.console.stories import Stories
from app.console.visits import Visit
from app.core.cursors import page_of, read_cursor, write_cursor
from app.core.database import Database
from app.core.ids import created_at, first_id_at, parse_id, public_id
from app.core.problems import NotFound
from app.events.catalogue import catalogue
from app.events.service import EventTypes
from app.messages import repository
from app.messages.models import Message
from app.messages.repository import Filters
from app.messages.schemas import MESSAGE_PREFIX
from app.messages.service import MessageService, Paused, summary_of
from app.messages.states import Status
from app.templates.models import Template
from app.whatsapp.errors import ENTRIES

MESSAGES = f"{PATH}/messages"
SIZE = 50
LOOKED_THROUGH = 20_000
"""Messages that one page looks through for what no index finds, such as a status: further back goes the next."""

_ERRORS = frozenset(one.code for one in ENTRIES)
_NARROWING = ("status", "event_type", "template", "since", "until")
_CHOSEN = ("contact", "reference", "reason")
"""What a search has found, which stays when the list is narrowed further."""


@dataclass(frozen=True, slots=True)
class Row:
    id: str
    at: datetime
    to: str
    event_type: str
    template: str | None
    status: str
    reason: Any
    waits: str | None
    reference: str | None


@dataclass(frozen=True, slots=True)
class Listed:
    rows: list[Row]
    next_cursor: str | None
    looked_back_to: datetime | None
    """Where the page ends because enough was looked through, not because enough was found."""


def message_pages(
    desk: Desk, database: Database, service: MessageService, stories: Stories, event_types: EventTypes
) -> APIRouter:
    pages = Pages(desk)
    found = _Messages(database, event_types)

    @pages.get("/messages", Scope.MESSAGES_READ)
    async def messages(visit: Visit) -> Response:
        asked = asked_of(visit, (*_NARROWING, *_CHOSEN))
        contact = await found.contact(visit, asked["contact"]) if "contact" in asked else None
        filters = _filters(visit, asked, contact)
        listed = await found.page(visit, filters, visit.request.query_params.get("cursor"))
        return visit.page(
            "messages.html",
            visit.say("messages_title"),
            asked=asked,
            contact=contact,
            contact_id=public_id("con", contact.id) if contact is not None else None,
            contact_shown=_shown(visit, contact) if contact is not None else None,
            is_narrowed=any(name in asked for name in _NARROWING),
            listed=listed,
            next_url=address(MESSAGES, asked, cursor=listed.next_cursor) if listed.next_cursor else None,
            first_url=address(MESSAGES, asked) if "cursor" in visit.request.query_params else None,
            statuses=list(Status),
            names=await found.names(visit),
            speech=Speech.to(visit),
            reason_of=reason,
            not_found=visit.request.query_params.get("not_found"),
        )

    @pages.post("/messages/search", Scope.MESSAGES_READ)
    async def search(visit: Visit) -> Response:
        """What is typed may be a phone number, which is not to stand in an address: it becomes the contact's id."""
        kept = {name: text_of(visit, name, searching.LONGEST) for name in _NARROWING}
        text = text_of(visit, "q", searching.LONGEST)
        if not text:
            chosen = {name: text_of(visit, name, searching.LONGEST) for name in _CHOSEN}
            return visit.to(address(MESSAGES, kept | chosen))
        what = await found.find(visit, text)
        match what:
            case Place(path=path):
                return visit.to(f"{PATH}/{path}")
            case Nothing(kind=kind):
                return visit.to(address(MESSAGES, kept | {"not_found": kind}))
        return visit.to(address(MESSAGES, kept | {what.name: what.value}))

    @pages.get("/messages/{message_id}", Scope.MESSAGES_READ)
    async def message(visit: Visit) -> Response:
        story = await stories.of(visit.session.business_id, visit.mode, message_named(visit))
        return visit.page("message.html", visit.say("message_title"), **_told(visit, story))

    @pages.get("/messages/{message_id}/story", Scope.MESSAGES_READ, is_background=True)
    async def told(visit: Visit) -> Response:
        story = await stories.of(visit.session.business_id, visit.mode, message_named(visit))
        return visit.fragment("message_story.html", **_told(visit, story))

    @pages.post("/messages/{message_id}/cancel", Scope.MESSAGES_WRITE)
    async def cancel(visit: Visit) -> Response:
        message_id = message_named(visit)
        shown = public_id(MESSAGE_PREFIX, message_id)
        with acting(visit, "cancel message", message=shown):
            await service.cancel(visit.session.business_id, visit.mode, message_id)
        return visit.to(f"{MESSAGES}/{shown}", "done_message_canceled")

    return pages.router


def _told(visit: Visit, story: Any) -> dict[str, Any]:
    full = visit.may(Scope.CONTACTS_READ)
    return {
        "story": story,
        "speech": Speech.to(visit),
        "reason": reason,
        "recipient": story.message.to if full else hidden(story.message.to),
    }


def message_named(visit: Visit) -> UUID:
    """Raises NotFound."""
    found = parse_id(MESSAGE_PREFIX, visit.request.path_params["message_id"])
    if found is None:
        raise NotFound("The business has no message with this id.")
    return found


def row_of(message: Message, paused: Paused) -> Row:
    summary = summary_of(message, paused)
    waits = summary["waiting_for"]
    return Row(
        id=summary["id"],
        at=message.created_at,
        to=hidden(message.recipient),
        event_type=message.event_type,
        template=message.template_name,
        status=message.status,
        reason=reason(message.reason) if message.reason is not None else None,
        waits=waits["what"] if waits is not None else None,
        reference=message.reference,
    )


class _Messages:
    def __init__(self, database: Database, event_types: EventTypes) -> None:
        self._database = database
        self._event_types = event_types

    async def page(self, visit: Visit, filters: Filters, cursor: str | None) -> Listed:
        """Raises InvalidRequest."""
        before = read_cursor(cursor) if cursor else None
        business_id = visit.session.business_id
        async with self._database.transaction() as session:
            end = None
            if filters.person_id is None and filters.reference is None:
                bound = min((one for one in (before, filters.last_id) if one is not None), default=None)
                end = await repository.id_behind(session, business_id, filters.first_id, bound, LOOKED_THROUGH)
            bounded = filters if end is None else _from(filters, end)
            rows = await repository.page(session, business_id, visit.mode, bounded, before=before, size=SIZE + 1)
            paused = {row.id: row.probe_at for row in await accounts.paused_senders(session, business_id)}
        shown, next_cursor = page_of(rows, SIZE, lambda one: one.id)
        looked_back_to = None
        if next_cursor is None and end is not None:
            next_cursor, looked_back_to = write_cursor(end), created_at(end)
        return Listed([row_of(one, paused) for one in shown], next_cursor, looked_back_to)

    async def contact(self, visit: Visit, named: str) -> Contact:
        """Raises NotFound."""
        found = parse_id("con", named)
        if found is None:
            raise contacts.no_such_contact()
        async with self._database.transaction() as session:
            key = ContactKey(visit.session.business_id, visit.mode, "id", str(found))
            return await contacts.required_contact(session, key)

    async def find(self, visit: Visit, text: str) -> searching.Found:
        names = await self.names(visit)
        async with self._database.transaction() as session:
            return await searching.find(session, visit.business, visit.mode, text, names)

    async def names(self, visit: Visit) -> Names:
        types = await self._event_types.of(visit.session.business_id)
        wabas = {sender.waba_id for sender in visit.business.senders if sender.mode == visit.mode}
        mine = (Template.business_id == visit.session.business_id, Template.waba_id.in_(wabas))
        query = select(Template.name).where(*mine).distinct()
        async with self._database.transaction() as session:
            templates = (await session.scalars(query)).all()
        return Names(frozenset({*catalogue(), *types.own}), frozenset(templates), _ERRORS)


def _from(filters: Filters, first_id: UUID) -> Filters:
    given = {name: getattr(filters, name) for name in Filters.__dataclass_fields__}
    return Filters(**{**given, "first_id": max(first_id, filters.first_id or first_id)})


def _filters(visit: Visit, asked: Mapping[str, str], contact: Contact | None) -> Filters:
    """Raises InvalidRequest."""
    status = asked.get("status")
    if status is not None and status not in set(Status):
        raise wrong("status", "is no status")
    since, until = (_day(name, asked.get(name)) for name in ("since", "until"))
    return Filters(
        status=(status,) if status is not None else (),
        reason=asked.get("reason"),
        event_type=asked.get("event_type"),
        template_name=asked.get("template"),
        person_id=contact.id if contact is not None else None,
        reference=asked.get("reference"),
        first_id=first_id_at(_begins(visit, since)) if since is not None else None,
        last_id=first_id_at(_begins(visit, until + timedelta(days=1))) if until is not None else None,
    )


def _begins(visit: Visit, day: date) -> datetime:
    return datetime.combine(day, time(), visit.zone).astimezone(UTC)


def _day(name: str, text: str | None) -> date | None:
    """Raises InvalidRequest."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise wrong(name, "must be a day such as 2026-11-25") from error
    if not _FIRST_DAY <= day <= _LAST_DAY:
        raise wrong(name, "lies too far away")
    return day


_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2999, 12, 30)


def _shown(visit: Visit, contact: Contact) -> str:
    number = contact.phone or contact.bsuid
    if not visit.may(Scope.CONTACTS_READ):
        return hidden(number)
    return f"{contact.name} · {hidden(number)}" if contact.name else hidden(number)
