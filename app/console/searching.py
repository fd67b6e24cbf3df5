"""What somebody looks for, typed as they have it: an id of any kind, a phone in any spelling, a reference, a code.

What is found is named by our own ids from then on: addresses are kept by browsers and proxies, and what is typed may be
a phone number (a wamid holds one, too).
"""

import re
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount
from app.callbacks.endpoint_schemas import ENDPOINT_PREFIX
from app.callbacks.models import CallbackEvent
from app.callbacks.schemas import EVENT_PREFIX
from app.consent import repository as contacts
from app.consent.link_schemas import LINK_PREFIX
from app.consent.phones import PhoneError, normalize_phone
from app.consent.repository import ContactKey
from app.consent.schemas import BSUID_PATTERN
from app.core.ids import parse_id, public_id
from app.messages import repository as messages
from app.messages.models import Message
from app.messages.schemas import MESSAGE_PREFIX
from app.messages.windows import REPLY_PREFIX
from app.replies.models import Reply
from app.templates.mirror import TEMPLATE_PREFIX

LONGEST = 300

PLACES = {
    MESSAGE_PREFIX: "messages",
    "con": "contacts",
    REPLY_PREFIX: "replies",
    TEMPLATE_PREFIX: "templates",
    ENDPOINT_PREFIX: "callbacks",
    LINK_PREFIX: "consents",
}
"""Pages of single things, by the prefix of their ids."""

_BSUID = re.compile(BSUID_PATTERN)
_CODE = re.compile(r"(?:error_)?(\d{1,7})")
_WAMID = "wamid."


@dataclass(frozen=True, slots=True)
class Query:
    """A list of messages, narrowed by one thing."""

    name: Literal["contact", "reference", "event_type", "template", "reason"]
    value: str


@dataclass(frozen=True, slots=True)
class Place:
    """A page of its own."""

    path: str


@dataclass(frozen=True, slots=True)
class Nothing:
    kind: Literal["phone", "wamid", "bsuid", "event"]
    """What it seems to be, and is not known as."""


Found = Query | Place | Nothing


@dataclass(frozen=True, slots=True)
class Names:
    """That the business uses, by which messages can be narrowed."""

    event_types: frozenset[str]
    templates: frozenset[str]
    errors: frozenset[int]


def page_of_id(text: str) -> Place | None:
    """The page of what has this id, whether there is such a thing or not."""
    prefix, _, _ = text.partition("_")
    place = PLACES.get(prefix)
    return Place(f"{place}/{text}") if place is not None and parse_id(prefix, text) is not None else None


async def find(session: AsyncSession, business: BusinessAccount, mode: str, text: str, names: Names) -> Found:
    """`text`: trimmed and not empty. Nothing of another business or mode is found."""
    own = page_of_id(text) or _named(text, names)
    if own is not None:
        return own
    if (event_id := parse_id(EVENT_PREFIX, text)) is not None:
        return await _told(session, business.business_id, mode, event_id)
    if text.startswith(_WAMID):
        return await _by_wamid(session, business.business_id, mode, text)
    if _BSUID.fullmatch(text):
        return await _contact(session, ContactKey(business.business_id, mode, "bsuid", text), "bsuid")
    return await _by_phone(session, business, mode, text, names)


def _named(text: str, names: Names) -> Query | None:
    if text in names.event_types:
        return Query("event_type", text)
    return Query("template", text) if text in names.templates else None


async def _by_phone(session: AsyncSession, business: BusinessAccount, mode: str, text: str, names: Names) -> Found:
    """References may be digits, too."""
    try:
        phone = normalize_phone(text, business.country)
    except PhoneError:
        return await _by_reference(session, business.business_id, mode, text, names)
    found = await _contact(session, ContactKey(business.business_id, mode, "phone", phone), "phone")
    if isinstance(found, Nothing) and await _has_reference(session, business.business_id, mode, text):
        return Query("reference", text)
    return found


async def _contact(session: AsyncSession, key: ContactKey, kind: Literal["phone", "bsuid"]) -> Found:
    contact = await contacts.find_contact(session, key)
    return Query("contact", public_id("con", contact.id)) if contact is not None else Nothing(kind)


async def _by_wamid(session: AsyncSession, business_id: UUID, mode: str, wamid: str) -> Found:
    message = await messages.one_by_wamid(session, business_id, mode, wamid)
    if message is not None:
        return Place(f"messages/{public_id(MESSAGE_PREFIX, message.id)}")
    query = select(Reply.id).where(Reply.business_id == business_id, Reply.wamid == wamid, Reply.mode == mode)
    reply = await session.scalar(query)
    return Place(f"replies/{public_id(REPLY_PREFIX, reply)}") if reply is not None else Nothing("wamid")


async def _told(session: AsyncSession, business_id: UUID, mode: str, event_id: UUID) -> Found:
    """What an event of the feed tells of."""
    event = await session.get(CallbackEvent, (business_id, event_id))
    if event is None or event.mode != mode:
        return Nothing("event")
    if event.message_id is not None:
        return Place(f"messages/{public_id(MESSAGE_PREFIX, event.message_id)}")
    return Place(f"contacts/{public_id('con', event.contact_id)}") if event.contact_id is not None else Nothing("event")


async def _by_reference(session: AsyncSession, business_id: UUID, mode: str, text: str, names: Names) -> Found:
    """A code of Meta's, unless the business has such a reference."""
    code = _CODE.fullmatch(text)
    if code is None or int(code[1]) not in names.errors or await _has_reference(session, business_id, mode, text):
        return Query("reference", text)
    return Query("reason", f"error_{int(code[1])}")


async def _has_reference(session: AsyncSession, business_id: UUID, mode: str, text: str) -> bool:
    query = select(Message.id).where(
        Message.business_id == business_id, Message.reference == text, Message.mode == mode
    )
    return await session.scalar(query.limit(1)) is not None
