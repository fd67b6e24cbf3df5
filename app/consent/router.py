"""Contacts and their consent."""

import re
from typing import Annotated, Protocol
from uuid import UUID

from fastapi import APIRouter, Path, Request

from app.accounts.auth import authenticate
from app.accounts.directory import Caller, Directory
from app.accounts.keys import Scope
from app.accounts.topics import Topics
from app.consent.phones import PhoneError, normalize_phone
from app.consent.repository import ContactKey, no_such_contact
from app.consent.schemas import BSUID_PATTERN, ConsentIn, ConsentRecorded, ContactConsents, ContactDetail, WindowOut
from app.consent.service import ConsentService
from app.core.ids import parse_id
from app.core.problems import (
    BodyTooLarge,
    FieldError,
    Forbidden,
    InvalidRequest,
    MalformedBody,
    NotFound,
    Unauthorized,
    Unavailable,
    responses,
)

ContactName = Annotated[
    str,
    Path(
        max_length=150,
        description="A phone number (E.164, or as written in the business's country), a BSUID, or a contact's id",
        examples=["+905321112233"],
    ),
]


class Conversations(Protocol):
    """What the floor above knows of the conversations with a contact."""

    async def windows(self, business_id: UUID, contact_id: UUID) -> list[WindowOut]: ...


def contacts_router(
    directory: Directory, consent: ConsentService, topics: Topics, conversations: Conversations
) -> APIRouter:
    router = APIRouter(tags=["Contacts and consent"])

    @router.put(
        "/v1/contacts/{contact}/consent",
        operation_id="record_consent",
        summary="Record an act of consent or a preference",
        responses=responses(
            Unauthorized, Forbidden, MalformedBody, BodyTooLarge, InvalidRequest, NotFound, Unavailable
        ),
    )
    async def record_consent(request: Request, contact: ContactName, body: ConsentIn) -> ConsentRecorded:
        """Adds to the contact's ledger and changes what holds from then on. An opt-in needs the exact wording that the
        customer was shown, which names the business and WhatsApp; an opt-out ends messages that still wait, in the same
        transaction. Topics are those of event types, the business's own included, or `marketing` or `*`."""
        caller = await authenticate(directory, request, Scope.CONTACTS_WRITE)
        key = await contact_key(directory, caller, contact)
        await topics.require_listed(caller.business_id, body.topics)
        return await consent.record(key, body)

    @router.get(
        "/v1/contacts/{contact}",
        operation_id="get_contact",
        summary="A contact and what it allows",
        responses=responses(Unauthorized, Forbidden, InvalidRequest, NotFound),
    )
    async def get_contact(request: Request, contact: ContactName) -> ContactDetail:
        """What holds now, and until when the contact may be answered freely."""
        caller = await authenticate(directory, request, Scope.CONTACTS_READ)
        found, contact_id = await consent.contact(await contact_key(directory, caller, contact))
        return ContactDetail(**dict(found), windows=await conversations.windows(caller.business_id, contact_id))

    @router.get(
        "/v1/contacts/{contact}/consents",
        operation_id="list_consents",
        summary="What a contact allows, and the ledger that proves it",
        responses=responses(Unauthorized, Forbidden, InvalidRequest, NotFound),
    )
    async def list_consents(request: Request, contact: ContactName) -> ContactConsents:
        """Every act with its source, place, actor and the wording that was shown."""
        caller = await authenticate(directory, request, Scope.CONTACTS_READ)
        return await consent.consents(await contact_key(directory, caller, contact))

    return router


_BSUID = re.compile(BSUID_PATTERN)


async def contact_key(directory: Directory, caller: Caller, named: str) -> ContactKey:
    """Whom a path means. Raises InvalidRequest for what is no number, NotFound for what is no id."""
    business = await directory.required(caller.business_id)
    if named.startswith("con_"):
        found = parse_id("con", named)
        if found is None:
            raise no_such_contact()
        return ContactKey(caller.business_id, caller.mode, "id", str(found))
    if _BSUID.fullmatch(named):
        return ContactKey(caller.business_id, caller.mode, "bsuid", named)
    try:
        return ContactKey(caller.business_id, caller.mode, "phone", normalize_phone(named, business.country))
    except PhoneError as error:
        raise InvalidRequest.from_faults([FieldError(parameter="contact", code="phone", message=str(error))]) from error
