"""Previews of single events, beside the operations that report them."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from app.accounts.auth import authenticate
from app.accounts.directory import Caller, Directory
from app.accounts.errors import SenderMissing, UnknownSender
from app.accounts.keys import Scope
from app.core.http import RawResponse, RawRoute
from app.core.problems import (
    BodyTooLarge,
    Forbidden,
    InvalidRequest,
    MalformedBody,
    Unauthorized,
    Unavailable,
    problem_of,
    responses,
)
from app.events.catalogue import catalogue
from app.events.errors import EventTypeMissing
from app.events.event_type import EventType, Industry
from app.events.service import EventTypes
from app.messages.accept import Acceptor
from app.messages.bodies import JSON, OWN_NAME_PARAMETER, OwnEvent, adapter_of, body_models, request_body
from app.messages.errors import TemplateMissing, TemplateUnusable
from app.messages.preview import Previews

PREVIEW_PROBLEMS = responses(
    Unauthorized,
    Forbidden,
    MalformedBody,
    BodyTooLarge,
    InvalidRequest,
    UnknownSender,
    SenderMissing,
    TemplateMissing,
    TemplateUnusable,
    Unavailable,
)
"""Those of the real operation, but for what comes of an Idempotency-Key: nothing is kept that could be replayed."""


def preview_router(directory: Directory, acceptor: Acceptor, previews: Previews, event_types: EventTypes) -> APIRouter:
    router = APIRouter(route_class=RawRoute)
    for event_type in catalogue().values():
        router.add_api_route(
            f"/v1/events/{event_type.name}/preview",
            _preview(directory, acceptor, previews, event_type),
            methods=["POST"],
            status_code=200,
            tags=[event_type.industry.value],
            operation_id=f"preview_{event_type.operation}",
            summary=f"Preview: {event_type.title}",
            description=f"What `POST /v1/events/{event_type.name}` would do with the same body: whether the message "
            "would be sent, when and why, as what the customer would see it and Meta charge it, and what good practice "
            "says of its text. Nothing is stored or sent; what the real operation would refuse is refused alike.",
            response_class=Response,
            responses={200: _previewed(), **PREVIEW_PROBLEMS},
            openapi_extra=request_body(body_models()[event_type.name].__name__),
        )
    router.add_api_route(
        "/v1/events/{event_type}/preview",
        _preview_own(directory, acceptor, previews, event_types),
        methods=["POST"],
        status_code=200,
        tags=[Industry.OWN],
        operation_id="preview_own_event",
        summary="Preview: an event of a type of your own",
        description="As any other preview. `data` is what the `payload_schema` of the event type says.",
        response_class=Response,
        responses={200: _previewed(), **PREVIEW_PROBLEMS, **responses(EventTypeMissing)},
        openapi_extra=request_body(OwnEvent.__name__, OWN_NAME_PARAMETER),
    )
    return router


def _preview(
    directory: Directory, acceptor: Acceptor, previews: Previews, event_type: EventType[Any]
) -> Callable[[Request], Awaitable[Response]]:
    async def preview(request: Request) -> Response:
        caller = await authenticate(directory, request, Scope.EVENTS_WRITE)
        return await _answer(acceptor, previews, caller, event_type, request)

    return preview


def _preview_own(
    directory: Directory, acceptor: Acceptor, previews: Previews, event_types: EventTypes
) -> Callable[[Request], Awaitable[Response]]:
    async def preview_own(request: Request) -> Response:
        caller = await authenticate(directory, request, Scope.EVENTS_WRITE)
        event_type = await event_types.find(caller.business_id, request.path_params["event_type"])
        if event_type is None:
            raise EventTypeMissing
        return await _answer(acceptor, previews, caller, event_type, request)

    return preview_own


async def _answer(
    acceptor: Acceptor, previews: Previews, caller: Caller, event_type: EventType[Any], request: Request
) -> Response:
    try:
        body = adapter_of(event_type).validate_json(await request.body())
    except ValidationError as error:
        raise problem_of(error) from error
    preview = await previews.single(await acceptor.prepare(caller, event_type, body))
    return RawResponse(200, preview.model_dump_json().encode(), [(b"content-type", JSON.encode())])


def _previewed() -> dict[str, Any]:
    content = {JSON: {"schema": {"$ref": "#/components/schemas/EventPreview"}}}
    return {"description": "What would become of the event; nothing was stored", "content": content}
