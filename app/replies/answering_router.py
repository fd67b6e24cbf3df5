"""Answering customers over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import ConfigDict, Field

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.errors import SenderMissing, UnknownSender
from app.accounts.keys import Scope
from app.consent.schemas import Strict
from app.core.ids import parse_id
from app.core.problems import (
    MEDIA_TYPE,
    BodyTooLarge,
    Forbidden,
    InvalidRequest,
    MalformedBody,
    NotFound,
    Unauthorized,
    Unavailable,
    responses,
)
from app.messages.errors import IdempotencyMismatch
from app.messages.free_schemas import AnswerIn, WindowClosedDetails
from app.messages.idempotency import KEY_PARAMETER, accepted, idempotency_key, respond
from app.messages.submission import fingerprint_of
from app.messages.windows import REPLY_PREFIX
from app.replies.answering import Answering, ReplyRead
from app.replies.errors import NotMarked, ReplyGone, WindowClosed, no_such_reply
from app.templates.errors import MetaUnreachable

_PATH = "/v1/messages/reply"


class MarkRead(Strict):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"typing": True}]})

    typing: Annotated[
        bool,
        Field(strict=True, description="Shows the customer that an answer is being written, for 25 seconds at most"),
    ] = False


_READ_ALONE = MarkRead()


def answering_schemas() -> dict[str, Any]:
    """Component schemas that no operation names by its model."""
    schema = WindowClosedDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs"), "WindowClosedDetails": schema}


def _problems() -> dict[int | str, dict[str, Any]]:
    """Of which the closed window says more than others."""
    found = responses(
        Unauthorized,
        Forbidden,
        MalformedBody,
        BodyTooLarge,
        InvalidRequest,
        UnknownSender,
        IdempotencyMismatch,
        SenderMissing,
        WindowClosed,
        Unavailable,
    )
    kinds = [{"$ref": f"#/components/schemas/{name}"} for name in ("WindowClosedDetails", "ProblemDetails")]
    found[WindowClosed.status]["content"] = {MEDIA_TYPE: {"schema": {"anyOf": kinds}}}
    return found


def answering_router(directory: Directory, answering: Answering) -> APIRouter:
    router = APIRouter()

    @router.post(
        _PATH,
        operation_id="answer_customer",
        tags=["Messages"],
        summary="Answer a customer in words of your own",
        status_code=202,
        response_class=Response,
        responses={202: accepted("MessageSummary"), **_problems()},
        openapi_extra={"parameters": [KEY_PARAMETER]},
    )
    async def answer_customer(request: Request, body: AnswerIn) -> Response:
        """Text, buttons, a list, a link, a file or a place, to whoever wrote in the last 24 hours; it takes no template
        and no consent, and goes before messages that are not critical. Whether the window is open is asked now and when
        the message leaves: one that waited too long is `expired` with the reason `window_closed`. Where it is closed,
        the answer is 409 with the event types that could tell this customer something by their template."""
        caller = await authenticate(directory, request, Scope.MESSAGES_WRITE)
        key = idempotency_key(request)
        fingerprint = fingerprint_of(_PATH, await request.body())
        return respond(await answering.send(caller, body, key, fingerprint))

    @router.post(
        "/v1/replies/{reply}/read",
        operation_id="mark_reply_read",
        tags=["Messages"],
        summary="Tell a customer that their message was read",
        responses=responses(
            Unauthorized,
            Forbidden,
            NotFound,
            MalformedBody,
            BodyTooLarge,
            InvalidRequest,
            ReplyGone,
            SenderMissing,
            NotMarked,
            MetaUnreachable,
            Unavailable,
        ),
    )
    async def mark_reply_read(
        request: Request,
        reply: Annotated[str, Path(examples=["rep_019a8f3c2b7d7c31a4e5f60718293a4b"])],
        body: MarkRead = _READ_ALONE,
    ) -> ReplyRead:
        """Blue ticks, on all that they wrote before it, too. Once: a second request changes nothing."""
        caller = await authenticate(directory, request, Scope.MESSAGES_WRITE)
        reply_id = parse_id(REPLY_PREFIX, reply)
        if reply_id is None:
            raise no_such_reply()
        return await answering.mark_read(caller, reply_id, typing=body.typing)

    return router
