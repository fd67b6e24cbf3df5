"""The variants of an event type over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.keys import Scope
from app.core.problems import (
    BodyTooLarge,
    Forbidden,
    InvalidRequest,
    MalformedBody,
    Unauthorized,
    Unavailable,
    responses,
)
from app.events.errors import EventTypeMissing
from app.events.variants import Variants, VariantsIn, VariantsOut

Name = Annotated[str, Path(description="Of an event type", examples=["order-confirmed"])]

_PATH = "/v1/event-types/{event_type}/variants"


def variants_router(directory: Directory, variants: Variants) -> APIRouter:
    router = APIRouter(tags=["Templates"])

    @router.get(
        _PATH,
        operation_id="get_variants",
        summary="The templates that an event type may be told by",
        responses=responses(Unauthorized, Forbidden, EventTypeMissing),
    )
    async def get_variants(request: Request, event_type: Name) -> VariantsOut:
        """In the order in which they are tried, each with its languages and what stands in its way just now."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_READ)
        return await variants.of(caller, event_type)

    @router.put(
        _PATH,
        operation_id="set_variants",
        summary="Set the templates that an event type may be told by",
        responses=responses(
            Unauthorized, Forbidden, EventTypeMissing, MalformedBody, BodyTooLarge, InvalidRequest, Unavailable
        ),
    )
    async def set_variants(request: Request, event_type: Name, body: VariantsIn) -> VariantsOut:
        """The first that may be used is taken, in the customer's language before any other: when Meta pauses, rejects,
        archives, deletes or re-categorises one, messages go by the next, those that wait, too. With none left they wait
        until they expire (`waiting_for: template`). What is in the list already may stay in it, though its template was
        deleted meanwhile."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_WRITE)
        return await variants.set(caller, event_type, body)

    @router.delete(
        _PATH,
        operation_id="reset_variants",
        summary="Let an event type be told by its own template alone",
        responses=responses(Unauthorized, Forbidden, EventTypeMissing, Unavailable),
    )
    async def reset_variants(request: Request, event_type: Name) -> VariantsOut:
        """By the one that is named as the event type is."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_WRITE)
        return await variants.reset(caller, event_type)

    return router
