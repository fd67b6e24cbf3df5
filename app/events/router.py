"""What can be reported: the catalogue's event types, and those that a business defines itself."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import ValidationError

from app.accounts.auth import authenticate
from app.accounts.directory import Caller, Directory
from app.accounts.keys import Scope
from app.core.problems import (
    BodyTooLarge,
    FieldError,
    Forbidden,
    InvalidRequest,
    MalformedBody,
    Unauthorized,
    Unavailable,
    problem_of,
    responses,
)
from app.events.catalogue import catalogue
from app.events.errors import EventTypeMissing, TooManyEventTypes
from app.events.event_type import EventType, Industry, Priority
from app.events.limits import EventTypeLimits
from app.events.models import OwnEventType
from app.events.own import build
from app.events.schemas import (
    OWN_NAME,
    OWN_NAME_MOST,
    EventTypeDefinition,
    EventTypeDetail,
    EventTypeOut,
    EventTypesOut,
    UnconfirmedPolicy,
)
from app.events.service import EventTypes, EventTypeService

DEFINITION_MOST = 128 * 1024
"""Bytes: a business's definitions are loaded together, by every process."""

Name = Annotated[str, Path(examples=["x-table-ready"])]

_DEFINITION = "EventTypeDefinition"

_TAKES = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{_DEFINITION}"}}},
    }
}


def event_types_router(
    directory: Directory,
    event_types: EventTypes,
    definitions: EventTypeService,
    limits: EventTypeLimits,
    window: timedelta | None,
) -> APIRouter:
    """`window` replaces every event type's own window for unknown outcomes, where the configuration sets one."""
    router = APIRouter()

    async def limited_to(caller: Caller) -> Mapping[str, str]:
        return await limits.names(caller.business_id, caller.mode)

    @router.get(
        "/v1/event-types",
        tags=["Reference"],
        operation_id="list_event_types",
        summary="Event types and their policies",
        responses=responses(Unauthorized, Forbidden),
    )
    async def list_event_types(request: Request) -> EventTypesOut:
        """What can be reported, and how each is told: consent, urgency, quiet hours, age, and what happens in doubt.
        The business's own, but for retired ones, come after the catalogue's."""
        caller = await authenticate(directory, request, Scope.MESSAGES_READ)
        found = await event_types.open(caller.business_id)
        only = await limited_to(caller)
        shown = [EventTypeOut(**_shown(one, window, only)) for one in found]
        return EventTypesOut(event_types=shown)

    @router.get(
        "/v1/event-types/{event_type}",
        tags=[Industry.OWN],
        operation_id="get_event_type",
        summary="An event type",
        responses=responses(Unauthorized, Forbidden, EventTypeMissing),
    )
    async def get_event_type(request: Request, event_type: Name) -> EventTypeDetail:
        """Of the catalogue, or of the business's own: then with its definition, also when it is retired."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_READ)
        if event_type in catalogue():
            return EventTypeDetail(**_shown(catalogue()[event_type], window, await limited_to(caller)))
        row = await definitions.one(caller.business_id, _own_name(event_type))
        return _detail(row, window, await limited_to(caller))

    @router.put(
        "/v1/event-types/{event_type}",
        tags=[Industry.OWN],
        operation_id="define_event_type",
        summary="Define or replace an event type of your own",
        responses={
            201: {"model": EventTypeDetail, "description": "Defined"},
            **responses(
                Unauthorized, Forbidden, MalformedBody, BodyTooLarge, InvalidRequest, TooManyEventTypes, Unavailable
            ),
        },
        openapi_extra=_TAKES,
    )
    async def define_event_type(request: Request, response: Response, event_type: Name) -> EventTypeDetail:
        """The name begins with `x-`. The definition is held to what the catalogue's types are: the schema, every
        source, wording, language and example. Its events are taken at once, by `POST /v1/events/{event_type}` and in
        batches; submit its templates with `ulak templates apply`. Replacing one changes the policy of messages that
        wait, not their texts; one that was retired is taken again."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_WRITE)
        if re.fullmatch(OWN_NAME, event_type) is None or len(event_type) > OWN_NAME_MOST:
            message = f"must be x- and words in lower case joined by hyphens, at most {OWN_NAME_MOST} characters"
            fault = FieldError(parameter="event_type", code="event_type_name", message=message)
            raise InvalidRequest.from_faults([fault])
        definition = _read(await request.body())
        row, is_new = await definitions.define(caller.business_id, event_type, definition)
        response.status_code = 201 if is_new else 200
        return _detail(row, window, await limited_to(caller))

    @router.delete(
        "/v1/event-types/{event_type}",
        tags=[Industry.OWN],
        operation_id="retire_event_type",
        summary="Retire an event type of your own",
        responses=responses(Unauthorized, Forbidden, EventTypeMissing, Unavailable),
    )
    async def retire_event_type(request: Request, event_type: Name) -> EventTypeDetail:
        """No event of it is taken from now on. Messages that wait are still sent, by its policy; defining it anew takes
        it up again."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_WRITE)
        row = await definitions.retire(caller.business_id, _own_name(event_type))
        return _detail(row, window, await limited_to(caller))

    return router


def definition_schemas() -> dict[str, Any]:
    """Component schemas of the body that `define_event_type` reads by itself, after it knows the caller."""
    schema = EventTypeDefinition.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs"), _DEFINITION: schema}


def _own_name(name: str) -> str:
    """Raises EventTypeMissing for what cannot be one."""
    if re.fullmatch(OWN_NAME, name) is None:
        raise EventTypeMissing
    return name


def _read(body: bytes) -> EventTypeDefinition:
    """Raises InvalidRequest, MalformedBody or BodyTooLarge."""
    if len(body) > DEFINITION_MOST:
        raise BodyTooLarge(f"A definition may have at most {DEFINITION_MOST} bytes.")
    try:
        return EventTypeDefinition.model_validate_json(body)
    except ValidationError as error:
        problem = problem_of(error)
        if isinstance(problem, InvalidRequest):
            errors = [one.model_copy(update={"pointer": _plain(one.pointer or "#")}) for one in problem.errors]
            raise InvalidRequest.from_faults(errors) from error
        raise problem from error


def _plain(pointer: str) -> str:
    """Without what the validator adds to a place: the kind of a button, and that it speaks of a key."""
    pointer = re.sub(r"^(#/buttons/\d+)/(?:link|reply)(?=/|$)", r"\1", pointer)
    return pointer.removesuffix("/[key]")


def _detail(row: OwnEventType, window: timedelta | None, limited_to: Mapping[str, str]) -> EventTypeDetail:
    shown = _shown(build(row.name, EventTypeDefinition.model_validate(row.definition)), window, limited_to)
    return EventTypeDetail(
        **shown,
        definition=row.definition,
        revision=row.revision,
        updated_at=row.updated_at,
        retired_at=row.retired_at,
    )


def _shown(event_type: EventType[Any], window: timedelta | None, limited_to: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": event_type.name,
        "title": event_type.title,
        "description": event_type.description,
        "industry": event_type.industry,
        "own": event_type.industry is Industry.OWN,
        "topic": event_type.topic,
        "expected_category": event_type.expected_category,
        "priority": "critical" if event_type.priority is Priority.CRITICAL else "normal",
        "time_to_live_seconds": int(event_type.time_to_live.total_seconds()),
        "quiet_hours": "keep" if event_type.keeps_quiet_hours else "bypass",
        "unconfirmed": UnconfirmedPolicy(
            window_seconds=int((window or event_type.unconfirmed_window).total_seconds()),
            then=event_type.on_unconfirmed,
        ),
        "template": event_type.template_name,
        "languages": [*event_type.wordings],
        "expects": list(event_type.expects),
        "reply_meanings": dict(event_type.meanings),
        "test_list": limited_to.get(event_type.name),
    }
