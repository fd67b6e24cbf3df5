"""What customers answered."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.keys import Scope
from app.callbacks.reply_schemas import ReplyKind
from app.consent.router import contact_key
from app.core.http import refuse_unknown_parameters
from app.core.ids import first_id_at, parse_id
from app.core.moments import AnyMoment
from app.core.problems import FieldError, Forbidden, InvalidRequest, NotFound, Unauthorized, responses
from app.messages.router import PLAIN
from app.messages.windows import REPLY_PREFIX
from app.replies.errors import no_such_reply
from app.replies.repository import Filters
from app.replies.schemas import ReplyOut, ReplyPage
from app.replies.service import ReplyService


def replies_router(directory: Directory, replies: ReplyService) -> APIRouter:
    router = APIRouter(tags=["Replies"])

    @router.get(
        "/v1/replies",
        operation_id="list_replies",
        summary="Replies, the last that came first",
        responses=responses(Unauthorized, Forbidden, InvalidRequest, NotFound),
    )
    async def list_replies(
        request: Request,
        *,
        kind: Annotated[list[ReplyKind] | None, Query(description="Any of these")] = None,
        type_: Annotated[
            list[Annotated[str, PLAIN]] | None,
            Query(alias="type", description="Any of these, as Meta names them", max_length=20),
        ] = None,
        contact: Annotated[
            str | None, Query(description="A phone number, a BSUID, or the id of a contact", max_length=150), PLAIN
        ] = None,
        message: Annotated[str | None, Query(description="Id of the message that is answered", max_length=64)] = None,
        sender: Annotated[str | None, Query(description="Id of the number that was written to", max_length=64)] = None,
        event_type: Annotated[
            str | None, Query(description="Of the message that is answered", max_length=100), PLAIN
        ] = None,
        reference: Annotated[
            str | None, Query(description="Of the message that is answered", max_length=120), PLAIN
        ] = None,
        unread: Annotated[bool | None, Query(description="Whether nobody has marked it as read")] = None,
        received_from: Annotated[AnyMoment | None, Query(description="Inclusive")] = None,
        received_to: Annotated[AnyMoment | None, Query(description="Exclusive")] = None,
        cursor: Annotated[str | None, Query(max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> ReplyPage:
        """Only replies of the key's business and mode. Edits and deletions are replies of their own, beside the one
        that they changed."""
        caller = await authenticate(directory, request, Scope.MESSAGES_READ)
        refuse_unknown_parameters(request)
        contact_id = None
        if contact:
            contact_id = await replies.contact_id(await contact_key(directory, caller, contact))
        filters = Filters(
            kinds=kind or (),
            types=type_ or (),
            contact_id=contact_id,
            message_id=_id("message", "msg", message) if message else None,
            sender_id=_id("sender", "snd", sender) if sender else None,
            event_type=event_type,
            reference=reference,
            is_unread=unread,
            first_id=first_id_at(received_from) if received_from else None,
            last_id=first_id_at(received_to) if received_to else None,
        )
        return await replies.page(caller.business_id, caller.mode, filters, cursor=cursor, size=limit)

    @router.get(
        "/v1/replies/{reply}",
        operation_id="get_reply",
        summary="One reply with everything that was sent",
        responses=responses(Unauthorized, Forbidden, NotFound),
    )
    async def get_reply(
        request: Request, reply: Annotated[str, Path(max_length=64, examples=["rep_019a…"])]
    ) -> ReplyOut:
        """What it was understood to be, which message it answers and how that is known, and until when the customer may
        be answered freely."""
        caller = await authenticate(directory, request, Scope.MESSAGES_READ)
        found = parse_id(REPLY_PREFIX, reply)
        if found is None:
            raise no_such_reply()
        return await replies.one(caller.business_id, caller.mode, found)

    return router


def _id(parameter: str, prefix: str, text: str) -> UUID:
    found = parse_id(prefix, text)
    if found is None:
        fault = FieldError(parameter=parameter, code="id", message=f"is no id of a {parameter}")
        raise InvalidRequest.from_faults([fault])
    return found
