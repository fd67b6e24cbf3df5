"""Endpoints: where the business's systems receive events by HTTP."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.keys import Scope
from app.callbacks.endpoint_schemas import (
    ENDPOINT_PREFIX,
    EndpointChange,
    EndpointIn,
    EndpointList,
    EndpointOut,
    EndpointTested,
    EndpointWithSecret,
    SecretRotation,
)
from app.callbacks.endpoints import Endpoints
from app.callbacks.errors import EndpointDisabled, EndpointMissing, TooManyEndpoints
from app.callbacks.schemas import EVENT_PREFIX
from app.core.ids import parse_id, public_id
from app.core.problems import (
    BodyTooLarge,
    Forbidden,
    InvalidRequest,
    MalformedBody,
    Unauthorized,
    Unavailable,
    responses,
)

PATH = "/v1/callback-endpoints"

EndpointId = Annotated[str, Path(examples=["cbe_019a8f3c2b7d7c31a4e5f60718293a4b"])]

_A_DAY = SecretRotation()
_BODY = (MalformedBody, BodyTooLarge, InvalidRequest)
_NOT_KEPT: dict[str, Any] = {"Cache-Control": "no-store"}


def endpoints_router(directory: Directory, endpoints: Endpoints) -> APIRouter:
    router = APIRouter(tags=["Callbacks"])

    @router.post(
        PATH,
        operation_id="create_callback_endpoint",
        summary="Have events delivered",
        status_code=201,
        responses=responses(Unauthorized, Forbidden, TooManyEndpoints, *_BODY, Unavailable),
    )
    async def create_callback_endpoint(request: Request, response: Response, body: EndpointIn) -> EndpointWithSecret:
        """Events that come about from now on are sent to the URL, signed as Standard Webhooks are: see the `webhooks`
        of this document. The secret is shown this once. For the key's kind alone: live and test keys have endpoints of
        their own, at most 20 each."""
        caller = await authenticate(directory, request, Scope.CALLBACKS_WRITE)
        made = await endpoints.create(caller.business_id, caller.mode, body)
        response.headers.update({"Location": f"{PATH}/{made.id}", **_NOT_KEPT})
        return made

    @router.get(
        PATH,
        operation_id="list_callback_endpoints",
        summary="Endpoints, and how they do",
        responses=responses(Unauthorized, Forbidden),
    )
    async def list_callback_endpoints(request: Request) -> EndpointList:
        """Those of the key's kind."""
        caller = await authenticate(directory, request, Scope.CALLBACKS_READ)
        return EndpointList(endpoints=await endpoints.all(caller.business_id, caller.mode))

    @router.get(
        f"{PATH}/{{endpoint_id}}",
        operation_id="get_callback_endpoint",
        summary="An endpoint, and how it does",
        responses=responses(Unauthorized, Forbidden, EndpointMissing),
    )
    async def get_callback_endpoint(request: Request, endpoint_id: EndpointId) -> EndpointOut:
        """An endpoint of which calls fail one after the other gets one at a time, at `retry_at`, until one succeeds."""
        caller = await authenticate(directory, request, Scope.CALLBACKS_READ)
        return await endpoints.one(caller.business_id, caller.mode, endpoint_of(endpoint_id))

    @router.patch(
        f"{PATH}/{{endpoint_id}}",
        operation_id="change_callback_endpoint",
        summary="Change, disable or enable an endpoint",
        responses=responses(Unauthorized, Forbidden, EndpointMissing, *_BODY, Unavailable),
    )
    async def change_callback_endpoint(request: Request, endpoint_id: EndpointId, body: EndpointChange) -> EndpointOut:
        """What waits goes to the new URL. Other types hold for events from now on. Disabled, it gets nothing, and what
        waits is parked; enabled again, it gets what comes from then on, and the rest by a replay."""
        caller = await authenticate(directory, request, Scope.CALLBACKS_WRITE)
        return await endpoints.change(caller.business_id, caller.mode, endpoint_of(endpoint_id), body)

    @router.delete(
        f"{PATH}/{{endpoint_id}}",
        operation_id="delete_callback_endpoint",
        summary="Delete an endpoint",
        status_code=204,
        responses=responses(Unauthorized, Forbidden, EndpointMissing, Unavailable),
    )
    async def delete_callback_endpoint(request: Request, endpoint_id: EndpointId) -> None:
        """With all that is known of its deliveries. A call that is under way is not stopped. The events stay in the
        feed."""
        caller = await authenticate(directory, request, Scope.CALLBACKS_WRITE)
        await endpoints.delete(caller.business_id, caller.mode, endpoint_of(endpoint_id))

    _trying(router, directory, endpoints)
    return router


def _trying(router: APIRouter, directory: Directory, endpoints: Endpoints) -> None:
    @router.post(
        f"{PATH}/{{endpoint_id}}/rotate-secret",
        operation_id="rotate_callback_secret",
        summary="Give an endpoint a new secret",
        responses=responses(Unauthorized, Forbidden, EndpointMissing, *_BODY, Unavailable),
    )
    async def rotate_callback_secret(
        request: Request, response: Response, endpoint_id: EndpointId, body: SecretRotation = _A_DAY
    ) -> EndpointWithSecret:
        """It is shown this once. For the overlap, a day if nothing else is said, every call carries a signature by each
        of the two, so that whoever receives may change over at any time. A third is never valid: to rotate again within
        the overlap ends the oldest at once."""
        caller = await authenticate(directory, request, Scope.CALLBACKS_WRITE)
        response.headers.update(_NOT_KEPT)
        overlap = timedelta(seconds=body.overlap_seconds)
        return await endpoints.rotate(caller.business_id, caller.mode, endpoint_of(endpoint_id), overlap)

    @router.post(
        f"{PATH}/{{endpoint_id}}/test",
        operation_id="test_callback_endpoint",
        summary="Send an endpoint a test event",
        status_code=202,
        responses=responses(Unauthorized, Forbidden, EndpointMissing, EndpointDisabled, Unavailable),
    )
    async def test_callback_endpoint(request: Request, response: Response, endpoint_id: EndpointId) -> EndpointTested:
        """By the way that all events go, at once even if it rests after failures. The event is of the type
        `endpoint.test`; no other endpoint gets it, and the feed does not have it."""
        caller = await authenticate(directory, request, Scope.CALLBACKS_WRITE)
        event_id = await endpoints.test(caller.business_id, caller.mode, endpoint_of(endpoint_id))
        event = public_id(EVENT_PREFIX, event_id)
        response.headers["Location"] = f"{PATH}/{endpoint_id}/deliveries/{event}"
        return EndpointTested(event=event)


def endpoint_of(text: str) -> UUID:
    """Raises EndpointMissing."""
    found = parse_id(ENDPOINT_PREFIX, text)
    if found is None:
        raise EndpointMissing
    return found
