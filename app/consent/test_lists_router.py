"""Test lists: contacts on whom an event type is tried first."""

import re
from typing import Annotated

from fastapi import APIRouter, Path, Request

from app.accounts.auth import authenticate
from app.accounts.directory import Caller, Directory
from app.accounts.keys import Scope
from app.consent.phones import PhoneError
from app.consent.repository import ContactKey
from app.consent.test_list_schemas import TestListContact, TestListIn, TestListOut, TestListsOut
from app.consent.test_lists import TestListInUse, TestLists
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

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")

Name = Annotated[
    str,
    Path(description="Lower-case letters, digits, `-` and `_`; at most 40 of them", examples=["staff"]),
]


def test_lists_router(directory: Directory, test_lists: TestLists) -> APIRouter:
    router = APIRouter(tags=["Test lists"])

    @router.put(
        "/v1/test-lists/{name}",
        operation_id="put_test_list",
        summary="Make or replace a test list",
        responses=responses(
            Unauthorized, Forbidden, NotFound, MalformedBody, BodyTooLarge, InvalidRequest, Unavailable
        ),
    )
    async def put_test_list(request: Request, name: Name, body: TestListIn) -> TestListOut:
        """The contacts given are all that it has from then on. Whoever is not known yet becomes a contact, without any
        consent: being on a list permits nothing. What is limited to the list follows it at once."""
        caller = await authenticate(directory, request, Scope.CONTACTS_WRITE)
        keys = await _keys(directory, caller, body.contacts)
        if not _NAME.fullmatch(name):
            message = "must be 1 to 40 lower-case letters, digits, - and _, and not begin with - or _"
            raise InvalidRequest.from_faults([FieldError(parameter="name", code="name", message=message)])
        return await test_lists.put(caller.business_id, caller.mode, name, keys)

    @router.get(
        "/v1/test-lists",
        operation_id="list_test_lists",
        summary="Test lists",
        responses=responses(Unauthorized, Forbidden),
    )
    async def list_test_lists(request: Request) -> TestListsOut:
        """Those of the key's kind: live and test keys have lists of their own."""
        caller = await authenticate(directory, request, Scope.CONTACTS_READ)
        return TestListsOut(test_lists=await test_lists.all(caller.business_id, caller.mode))

    @router.get(
        "/v1/test-lists/{name}",
        operation_id="get_test_list",
        summary="A test list with its contacts",
        responses=responses(Unauthorized, Forbidden, NotFound),
    )
    async def get_test_list(request: Request, name: Name) -> TestListOut:
        """In the order in which they became contacts."""
        caller = await authenticate(directory, request, Scope.CONTACTS_READ)
        return await test_lists.one(caller.business_id, caller.mode, _known(name))

    @router.delete(
        "/v1/test-lists/{name}",
        operation_id="delete_test_list",
        summary="Delete a test list",
        status_code=204,
        responses=responses(Unauthorized, Forbidden, NotFound, TestListInUse, Unavailable),
    )
    async def delete_test_list(request: Request, name: Name) -> None:
        """Its contacts stay contacts. Not while an event type is limited to it: 409."""
        caller = await authenticate(directory, request, Scope.CONTACTS_WRITE)
        await test_lists.delete(caller.business_id, caller.mode, _known(name))

    return router


def _known(name: str) -> str:
    """A name that a list may have, which the database can be asked for."""
    if not _NAME.fullmatch(name):
        raise NotFound("The business has no test list of this name for this kind of key.")
    return name


async def _keys(directory: Directory, caller: Caller, wanted: list[TestListContact]) -> list[ContactKey]:
    business = await directory.required(caller.business_id)
    keys, faults = [], []
    for index, one in enumerate(wanted):
        try:
            keys.append(ContactKey.of(caller.business_id, caller.mode, one, business.country))
        except PhoneError as error:
            faults.append(FieldError(pointer=f"#/contacts/{index}/phone", code="phone", message=str(error)))
    if faults:
        raise InvalidRequest.from_faults(faults)
    return keys
