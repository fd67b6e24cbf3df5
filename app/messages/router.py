"""Messages out: their stories, their list, and stopping one."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from pydantic import AfterValidator

from app.accounts.auth import authenticate
from app.accounts.directory import Caller, Directory
from app.accounts.keys import Scope
from app.consent.phones import PhoneError, normalize_phone
from app.consent.schemas import no_control_characters
from app.core.http import refuse_unknown_parameters
from app.core.ids import first_id_at, parse_id
from app.core.moments import AnyMoment
from app.core.problems import FieldError, Forbidden, InvalidRequest, NotFound, Unauthorized, Unavailable, responses
from app.messages.errors import TooLate
from app.messages.repository import Filters
from app.messages.schemas import MESSAGE_PREFIX, MessageDetail, MessagePage, MessageSummary
from app.messages.service import MessageService
from app.messages.states import Status

PLAIN = AfterValidator(lambda text: no_control_characters(text) if text else text)
"""Text that the database can be asked for."""


def messages_router(directory: Directory, messages: MessageService) -> APIRouter:
    router = APIRouter(tags=["Messages"])

    @router.get(
        "/v1/messages/{message_id}",
        operation_id="get_message",
        summary="One message with its whole story",
        responses=responses(Unauthorized, Forbidden, NotFound),
    )
    async def get_message(request: Request, message_id: Annotated[str, Path(examples=["msg_019a…"])]) -> MessageDetail:
        """Why it was or was not sent (`decision`), each call to Meta (`attempts`) and all that Meta reported of it
        (`receipts`); for a failure Meta's code, what it means and what to do next."""
        caller = await authenticate(directory, request, Scope.MESSAGES_READ)
        return await messages.detail(caller.business_id, caller.mode, _message_id(message_id))

    @router.post(
        "/v1/messages/{message_id}/cancel",
        operation_id="cancel_message",
        summary="Stop a message that has not left",
        responses=responses(Unauthorized, Forbidden, NotFound, TooLate, Unavailable),
    )
    async def cancel_message(
        request: Request, message_id: Annotated[str, Path(examples=["msg_019a…"])]
    ) -> MessageSummary:
        """Whatever holds it back. One that is being sent, or may have left, keeps its status and is not sent again.
        What Meta has taken can no longer be stopped: 409."""
        caller = await authenticate(directory, request, Scope.MESSAGES_WRITE)
        return await messages.cancel(caller.business_id, caller.mode, _message_id(message_id))

    @router.get(
        "/v1/messages",
        operation_id="list_messages",
        summary="Messages, newest first",
        responses=responses(Unauthorized, Forbidden, InvalidRequest),
    )
    async def list_messages(
        request: Request,
        status: Annotated[list[Status] | None, Query(description="Any of these")] = None,
        event_type: Annotated[str | None, Query(max_length=100), PLAIN] = None,
        contact: Annotated[str | None, Query(description="Id of a contact, or a phone", max_length=64)] = None,
        reference: Annotated[str | None, Query(max_length=120), PLAIN] = None,
        created_from: Annotated[AnyMoment | None, Query(description="Inclusive")] = None,
        created_to: Annotated[AnyMoment | None, Query(description="Exclusive")] = None,
        cursor: Annotated[str | None, Query(max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> MessagePage:
        """Only messages of the key's business and mode."""
        caller = await authenticate(directory, request, Scope.MESSAGES_READ)
        refuse_unknown_parameters(request)
        contact_id = await _contact_id(directory, messages, caller, contact) if contact else None
        filters = Filters(
            status=[one.value for one in status or ()],
            event_type=event_type,
            contact_id=contact_id,
            reference=reference,
            first_id=first_id_at(created_from) if created_from else None,
            last_id=first_id_at(created_to) if created_to else None,
        )
        return await messages.page(caller.business_id, caller.mode, filters, cursor=cursor, size=limit)

    return router


def _message_id(text: str) -> UUID:
    found = parse_id(MESSAGE_PREFIX, text)
    if found is None:
        raise NotFound("The business has no message with this id.")
    return found


async def _contact_id(directory: Directory, messages: MessageService, caller: Caller, text: str) -> UUID:
    """The contact named by id or phone; an unknown phone names nobody, of whom there are no messages."""
    found = parse_id("con", text)
    if found is not None:
        return found
    business = await directory.business(caller.business_id)
    try:
        phone = normalize_phone(text, business.country if business else "TR")
    except PhoneError as error:
        fault = FieldError(parameter="contact", code="contact", message="is neither a contact's id nor a phone")
        raise InvalidRequest.from_faults([fault]) from error
    return await messages.contact_id(caller.business_id, caller.mode, phone)
