"""Contacts and their consent."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from app.accounts.auth import authenticate
from app.accounts.directory import Caller, Directory
from app.accounts.keys import Scope
from app.consent.phones import PhoneError, normalize_phone
from app.consent.schemas import ConsentIn, ConsentRecorded, ContactOut
from app.consent.service import ConsentService
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

Phone = Annotated[
    str, Path(max_length=40, description="E.164, or as written in the business's country", examples=["+905321112233"])
]


def contacts_router(directory: Directory, consent: ConsentService) -> APIRouter:
    router = APIRouter(tags=["Contacts and consent"])

    @router.put(
        "/v1/contacts/{phone}/consent",
        operation_id="record_consent",
        summary="Record an opt-in or opt-out",
        responses=responses(Unauthorized, Forbidden, MalformedBody, BodyTooLarge, InvalidRequest, Unavailable),
    )
    async def record_consent(request: Request, phone: Phone, body: ConsentIn) -> ConsentRecorded:
        """Adds to the contact's ledger and changes what holds from then on. An opt-in needs the exact wording that the
        customer was shown; an opt-out ends messages that still wait, in the same transaction."""
        caller = await authenticate(directory, request, Scope.CONTACTS_WRITE)
        return await consent.record(caller.business_id, caller.mode, await _e164(directory, caller, phone), body)

    @router.get(
        "/v1/contacts/{phone}",
        operation_id="get_contact",
        summary="A contact, what it allows, and the proof",
        responses=responses(Unauthorized, Forbidden, InvalidRequest, NotFound),
    )
    async def get_contact(request: Request, phone: Phone) -> ContactOut:
        """What holds now, and the ledger that it follows from."""
        caller = await authenticate(directory, request, Scope.CONTACTS_READ)
        return await consent.contact(caller.business_id, caller.mode, await _e164(directory, caller, phone))

    return router


async def _e164(directory: Directory, caller: Caller, phone: str) -> str:
    business = await directory.business(caller.business_id)
    if business is None:
        raise NotFound("The business of this key no longer exists.")
    try:
        return normalize_phone(phone, business.country)
    except PhoneError as error:
        raise InvalidRequest.from_faults([FieldError(parameter="phone", code="phone", message=str(error))]) from error
