"""Previews of single events, beside the operations that report them."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter, ValidationError

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
from app.events.event_type import EventType
from app.messages.accept import ADAPTERS, BODIES, Acceptor
from app.messages.errors import TemplateMissing, TemplateUnusable
from app.messages.preview import Previews
from app.messages.schemas import EventIn

_JSON = "application/json"

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


def preview_router(directory: Directory, acceptor: Acceptor, previews: Previews) -> APIRouter:
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
            openapi_extra=_takes(BODIES[event_type.name].__name__),
        )
    return router


async def answer_preview(
    acceptor: Acceptor, previews: Previews, caller: Caller, event_type: EventType[Any], body: EventIn
) -> Response:
    """For an event of any type, once its body is read. Raises Problem."""
    preview = await previews.single(await acceptor.prepare(caller, event_type, body))
    return RawResponse(200, preview.model_dump_json().encode(), [(b"content-type", _JSON.encode())])


def _preview(
    directory: Directory, acceptor: Acceptor, previews: Previews, event_type: EventType[Any]
) -> Callable[[Request], Awaitable[Response]]:
    adapter: TypeAdapter[EventIn] = ADAPTERS[event_type.name]

    async def preview(request: Request) -> Response:
        caller = await authenticate(directory, request, Scope.EVENTS_WRITE)
        try:
            body = adapter.validate_json(await request.body())
        except ValidationError as error:
            raise problem_of(error) from error
        return await answer_preview(acceptor, previews, caller, event_type, body)

    return preview


def _previewed() -> dict[str, Any]:
    content = {_JSON: {"schema": {"$ref": "#/components/schemas/EventPreview"}}}
    return {"description": "What would become of the event; nothing was stored", "content": content}


def _takes(schema: str) -> dict[str, Any]:
    content = {_JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"requestBody": {"required": True, "content": content}}
