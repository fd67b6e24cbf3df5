"""Events in.

The event operations take the raw request and validate it with one compiled adapter: FastAPI's own reading of a body
costs as much as everything else on this path. What they take is documented from the same models.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

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
    Problem,
    Unauthorized,
    Unavailable,
    field_errors,
    problem_of,
    responses,
)
from app.events.catalogue import catalogue
from app.events.errors import EventTypeMissing
from app.events.event_type import EventType, Industry
from app.events.service import EventTypes
from app.messages.accept import Acceptor
from app.messages.bodies import BATCH_MOST, JSON, OWN_NAME_PARAMETER, OwnEvent, adapter_of, body_models, request_body
from app.messages.composing import Intake
from app.messages.errors import (
    IdempotencyInFlight,
    IdempotencyMismatch,
    TemplateMissing,
    TemplateUnusable,
    UnknownEventType,
)
from app.messages.idempotency import KEY_PARAMETER, accepted, idempotency_key, respond
from app.messages.preview import Previews
from app.messages.schemas import EventIn
from app.messages.submission import Submission, fingerprint_of

_EVENT_PROBLEMS = responses(
    Unauthorized,
    Forbidden,
    MalformedBody,
    BodyTooLarge,
    InvalidRequest,
    UnknownSender,
    IdempotencyMismatch,
    IdempotencyInFlight,
    SenderMissing,
    TemplateMissing,
    TemplateUnusable,
    Unavailable,
)


def events_router(directory: Directory, acceptor: Acceptor, previews: Previews, event_types: EventTypes) -> APIRouter:
    router = APIRouter(route_class=RawRoute)
    for event_type in catalogue().values():
        router.add_api_route(
            f"/v1/events/{event_type.name}",
            _single(directory, acceptor, event_type),
            methods=["POST"],
            status_code=202,
            tags=[event_type.industry.value],
            operation_id=f"report_{event_type.operation}",
            summary=event_type.title,
            description=event_type.description,
            response_class=Response,
            responses={202: accepted("MessageSummary"), **_EVENT_PROBLEMS},
            openapi_extra=request_body(body_models()[event_type.name].__name__, KEY_PARAMETER),
        )
    router.add_api_route(
        "/v1/events/{event_type}",
        _own(directory, acceptor, event_types),
        methods=["POST"],
        status_code=202,
        tags=[Industry.OWN],
        operation_id="report_own_event",
        summary="An event of a type of your own",
        description="As any other event. `data` is what the `payload_schema` of the event type says.",
        response_class=Response,
        responses={202: accepted("MessageSummary"), **_EVENT_PROBLEMS, **responses(EventTypeMissing)},
        openapi_extra=request_body(OwnEvent.__name__, OWN_NAME_PARAMETER, KEY_PARAMETER),
    )
    router.add_api_route(
        "/v1/events",
        _batch(directory, acceptor, previews, event_types),
        methods=["POST"],
        status_code=202,
        tags=["Events"],
        operation_id="report_events",
        summary="Up to 1,000 events of mixed types",
        description="Each event is judged by itself: one that is refused spoils no other. `type` names the event type; "
        "everything else is as in its own operation. With an Idempotency-Key the whole answer is kept. With `dry_run` "
        "each event is only previewed: the answer is 200, nothing is stored or sent, and an Idempotency-Key has no "
        "effect, so that the same request may be sent for good afterwards.",
        response_class=Response,
        responses={200: _previewed("BatchPreview"), 202: accepted("BatchOut"), **_EVENT_PROBLEMS},
        openapi_extra=request_body("EventBatch", KEY_PARAMETER),
    )
    return router


def _previewed(schema: str) -> dict[str, Any]:
    content = {JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": "A dry run: nothing was stored", "content": content}


def _single(
    directory: Directory, acceptor: Acceptor, event_type: EventType[Any]
) -> Callable[[Request], Awaitable[Response]]:
    adapter = adapter_of(event_type)

    async def report(request: Request) -> Response:
        caller = await authenticate(directory, request, Scope.EVENTS_WRITE)
        return await _report(acceptor, caller, event_type, adapter, request)

    return report


def _own(directory: Directory, acceptor: Acceptor, event_types: EventTypes) -> Callable[[Request], Awaitable[Response]]:
    async def report_own(request: Request) -> Response:
        caller = await authenticate(directory, request, Scope.EVENTS_WRITE)
        name = request.path_params["event_type"]
        event_type = await event_types.find(caller.business_id, name)
        if event_type is not None:
            return await _report(acceptor, caller, event_type, adapter_of(event_type), request)
        return await _submit(acceptor, caller, name, EventTypeMissing(), idempotency_key(request), await request.body())

    return report_own


async def _report(
    acceptor: Acceptor, caller: Caller, event_type: EventType[Any], adapter: TypeAdapter[EventIn], request: Request
) -> Response:
    key = idempotency_key(request)
    raw = await request.body()  # once: it is not kept
    intake: Intake | Problem
    try:
        intake = await _prepared(acceptor, caller, event_type, adapter.validate_json(raw))
    except ValidationError as error:
        intake = problem_of(error)
    return await _submit(acceptor, caller, event_type.name, intake, key, raw)


async def _submit(
    acceptor: Acceptor, caller: Caller, name: str, intake: Intake | Problem, key: str | None, raw: bytes
) -> Response:
    """A problem, too, where it has a key: what is refused today may have been answered when the type was another."""
    if key is None:
        if isinstance(intake, Problem):
            raise intake
        return respond(await acceptor.submit(Submission(caller, [intake], False, None, b"")))
    fingerprint = fingerprint_of(name, raw)
    return respond(await acceptor.submit(Submission(caller, [intake], False, key, fingerprint)))


def _batch(
    directory: Directory, acceptor: Acceptor, previews: Previews, event_types: EventTypes
) -> Callable[[Request], Awaitable[Response]]:
    async def report_many(request: Request) -> Response:
        caller = await authenticate(directory, request, Scope.EVENTS_WRITE)
        key = idempotency_key(request)
        raw = await request.body()
        events, is_dry_run = _batch_of(raw)
        intakes = [await _intake(acceptor, event_types, caller, index, item) for index, item in enumerate(events)]
        if is_dry_run:
            return RawResponse(200, orjson.dumps(await previews.batch(intakes)), [(b"content-type", JSON.encode())])
        submission = Submission(caller, intakes, True, key, fingerprint_of("events", raw) if key is not None else b"")
        return respond(await acceptor.submit(submission))

    return report_many


def _batch_of(raw: bytes) -> tuple[list[Any], bool]:
    """The events, and whether they are only to be previewed."""
    try:
        # As the bodies of single events are read: no NaN, whole numbers of any length, and an end to nesting.
        document = from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise MalformedBody(str(error)) from error
    if not isinstance(document, dict) or not isinstance(document.get("events"), list):
        raise InvalidRequest.at("#/events", "list_type", "must be a list of events")
    unknown = [name for name in document if name not in ("events", "dry_run")]
    if unknown:
        raise InvalidRequest.at(f"#/{unknown[0]}", "extra_forbidden", "Extra inputs are not permitted")
    is_dry_run = document.get("dry_run", False)
    if not isinstance(is_dry_run, bool):
        raise InvalidRequest.at("#/dry_run", "bool_type", "must be true or false")
    events: list[Any] = document["events"]
    if not 1 <= len(events) <= BATCH_MOST:
        raise InvalidRequest.at("#/events", "batch_size", f"must hold 1 to {BATCH_MOST} events")
    return events, is_dry_run


async def _prepared(acceptor: Acceptor, caller: Caller, event_type: EventType[Any], body: EventIn) -> Intake | Problem:
    """A problem is handed on rather than raised: a request that was answered before gets that answer all the same."""
    try:
        return await acceptor.prepare(caller, event_type, body)
    except Problem as problem:
        return problem


async def _intake(
    acceptor: Acceptor, event_types: EventTypes, caller: Caller, index: int, item: Any
) -> Intake | Problem:
    """One event of a batch; what is wrong with it is its own problem, with pointers into the whole body."""
    if not isinstance(item, Mapping):
        return InvalidRequest.at(f"#/events/{index}", "dict_type", "must be an object")
    name = item.get("type")
    event_type = await event_types.find(caller.business_id, name) if isinstance(name, str) else None
    if event_type is None:
        return UnknownEventType.at(f"#/events/{index}/type", "unknown_event_type", "is not an event type")
    try:
        body = adapter_of(event_type).validate_python({k: v for k, v in item.items() if k != "type"})
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)
        return InvalidRequest.from_faults(field_errors(details, under=("events", index)))
    intake = await _prepared(acceptor, caller, event_type, body)
    return intake.moved(f"/events/{index}") if isinstance(intake, InvalidRequest) else intake
