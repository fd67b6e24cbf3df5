"""What became of each event at an endpoint."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.keys import Scope
from app.callbacks.deliveries import Deliveries, DeliveryFilter
from app.callbacks.endpoint_schemas import (
    DeliveryDetail,
    DeliveryPage,
    DeliveryStatus,
    Replayed,
    ReplayIn,
)
from app.callbacks.endpoints_router import PATH, EndpointId, endpoint_of
from app.callbacks.errors import DeliveryMissing, EndpointDisabled, EndpointMissing, TooManyEvents
from app.callbacks.schemas import EVENT_PREFIX
from app.core.http import refuse_unknown_parameters
from app.core.ids import parse_id
from app.core.problems import (
    BodyTooLarge,
    FieldError,
    Forbidden,
    InvalidRequest,
    MalformedBody,
    Unauthorized,
    Unavailable,
    responses,
)

EventId = Annotated[str, Path(examples=["evt_019a8f3c2b7d7c31a4e5f60718293a4b"])]


def deliveries_router(directory: Directory, deliveries: Deliveries) -> APIRouter:
    router = APIRouter(tags=["Callbacks"])

    @router.get(
        f"{PATH}/{{endpoint_id}}/deliveries",
        operation_id="list_callback_deliveries",
        summary="What was delivered to an endpoint, and what was not",
        responses=responses(Unauthorized, Forbidden, EndpointMissing, InvalidRequest),
    )
    async def list_callback_deliveries(
        request: Request,
        endpoint_id: EndpointId,
        status: Annotated[DeliveryStatus | None, Query()] = None,
        type_: Annotated[str | None, Query(alias="type", max_length=100, examples=["consent.changed"])] = None,
        contact: Annotated[str | None, Query(max_length=64, description="con_…")] = None,
        message: Annotated[str | None, Query(max_length=64, description="msg_…")] = None,
        cursor: Annotated[str | None, Query(max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> DeliveryPage:
        """As long as the feed keeps the events."""
        caller = await authenticate(directory, request, Scope.CALLBACKS_READ)
        refuse_unknown_parameters(request)
        wanted = DeliveryFilter(
            status,
            _text("type", type_),
            _named("contact", "con", contact),
            _named("message", "msg", message),
        )
        endpoint = endpoint_of(endpoint_id)
        return await deliveries.page(caller.business_id, caller.mode, endpoint, wanted, cursor=cursor, size=limit)

    @router.get(
        f"{PATH}/{{endpoint_id}}/deliveries/{{event_id}}",
        operation_id="get_callback_delivery",
        summary="An event's calls, and what came of each",
        responses=responses(Unauthorized, Forbidden, EndpointMissing, DeliveryMissing),
    )
    async def get_callback_delivery(request: Request, endpoint_id: EndpointId, event_id: EventId) -> DeliveryDetail:
        """Of an event that the endpoint gets, or got by a replay."""
        caller = await authenticate(directory, request, Scope.CALLBACKS_READ)
        return await deliveries.one(caller.business_id, caller.mode, endpoint_of(endpoint_id), _event(event_id))

    @router.post(
        f"{PATH}/{{endpoint_id}}/deliveries/{{event_id}}/replay",
        operation_id="replay_callback_delivery",
        summary="Send an event again",
        status_code=202,
        responses=responses(Unauthorized, Forbidden, EndpointMissing, DeliveryMissing, EndpointDisabled, Unavailable),
    )
    async def replay_callback_delivery(
        request: Request, response: Response, endpoint_id: EndpointId, event_id: EventId
    ) -> DeliveryDetail:
        """With the same id, whatever became of it so far; one that waits to be tried again is tried now. Any event of
        the feed, also of a type that the endpoint does not get by itself."""
        caller = await authenticate(directory, request, Scope.CALLBACKS_WRITE)
        endpoint, event = endpoint_of(endpoint_id), _event(event_id)
        replayed = await deliveries.replay_one(caller.business_id, caller.mode, endpoint, event)
        response.headers["Location"] = f"{PATH}/{endpoint_id}/deliveries/{event_id}"
        return replayed

    @router.post(
        f"{PATH}/{{endpoint_id}}/replay",
        operation_id="replay_callbacks",
        summary="Send the events of a period again",
        status_code=202,
        responses=responses(
            Unauthorized,
            Forbidden,
            EndpointMissing,
            EndpointDisabled,
            MalformedBody,
            BodyTooLarge,
            InvalidRequest,
            TooManyEvents,
            Unavailable,
        ),
    )
    async def replay_callbacks(request: Request, endpoint_id: EndpointId, body: ReplayIn) -> Replayed:
        """With the same ids, each contact's in their order; of the types that the endpoint gets. What is on its way is
        left alone. At most 100,000 events at once."""
        caller = await authenticate(directory, request, Scope.CALLBACKS_WRITE)
        events = await deliveries.replay(caller.business_id, caller.mode, endpoint_of(endpoint_id), body)
        return Replayed(events=events)

    return router


def _event(text: str) -> UUID:
    """Raises DeliveryMissing."""
    found = parse_id(EVENT_PREFIX, text)
    if found is None:
        raise DeliveryMissing
    return found


def _named(parameter: str, prefix: str, text: str | None) -> UUID | None:
    """Raises InvalidRequest."""
    if text is None:
        return None
    found = parse_id(prefix, text)
    if found is None:
        fault = FieldError(parameter=parameter, code="id", message=f"must be an id such as {prefix}_…")
        raise InvalidRequest.from_faults([fault])
    return found


def _text(parameter: str, text: str | None) -> str | None:
    """What the database can be asked for. Raises InvalidRequest."""
    if text is not None and "\x00" in text:
        fault = FieldError(parameter=parameter, code="control_characters", message="must not hold control characters")
        raise InvalidRequest.from_faults([fault])
    return text
