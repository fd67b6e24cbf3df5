"""Limiting an event type to a test list, and letting everybody have it again."""

import re
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.keys import Scope
from app.consent.schemas import Strict
from app.consent.test_list_schemas import TestListName
from app.core.problems import (
    BodyTooLarge,
    Forbidden,
    InvalidRequest,
    MalformedBody,
    NotFound,
    Unauthorized,
    Unavailable,
    responses,
)
from app.events.limits import EventTypeLimits

_NAME = re.compile(r"[a-z0-9-]{1,100}")

Name = Annotated[str, Path(description="Of an event type", examples=["order-confirmed"])]


class EventTypeLimitIn(Strict):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"test_list": "staff"}]})

    test_list: TestListName


class EventTypeLimitOut(BaseModel):
    event_type: str
    test_list: str


def limits_router(directory: Directory, limits: EventTypeLimits) -> APIRouter:
    router = APIRouter(tags=["Test lists"])

    @router.put(
        "/v1/event-types/{event_type}/test-list",
        operation_id="limit_event_type",
        summary="Limit an event type to a test list",
        responses=responses(
            Unauthorized, Forbidden, NotFound, MalformedBody, BodyTooLarge, InvalidRequest, Unavailable
        ),
    )
    async def limit_event_type(request: Request, event_type: Name, body: EventTypeLimitIn) -> EventTypeLimitOut:
        """From then on only the contacts of the list get it, of the messages that wait, too; those to anybody else are
        suppressed with the reason `not_on_test_list`. For the key's kind alone: live and test keys have lists and
        limits of their own."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_WRITE)
        await limits.limit(caller.business_id, caller.mode, _known(event_type), body.test_list)
        return EventTypeLimitOut(event_type=event_type, test_list=body.test_list)

    @router.delete(
        "/v1/event-types/{event_type}/test-list",
        operation_id="lift_event_type_limit",
        summary="Let everybody have an event type",
        status_code=204,
        responses=responses(Unauthorized, Forbidden, NotFound, Unavailable),
    )
    async def lift_event_type_limit(request: Request, event_type: Name) -> None:
        """For what waits and for what comes. What was suppressed meanwhile stays so. No fault where there was no
        limit."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_WRITE)
        await limits.lift(caller.business_id, caller.mode, _known(event_type))

    return router


def _known(name: str) -> str:
    """A name that an event type may have, which the database can be asked for."""
    if not _NAME.fullmatch(name):
        raise NotFound("There is no such event type.")
    return name
