"""Callbacks: how each endpoint does, what was delivered to it and what was not, and sending it again."""

from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID

import pydantic
from fastapi import APIRouter
from starlette.responses import Response

from app.accounts.keys import Scope
from app.callbacks.deliveries import Deliveries, DeliveryFilter
from app.callbacks.endpoint_schemas import ENDPOINT_PREFIX, DeliveryStatus, EndpointChange, ReplayIn
from app.callbacks.endpoints import Endpoints
from app.callbacks.endpoints_router import endpoint_of
from app.callbacks.errors import DeliveryMissing
from app.callbacks.models import CallbackEvent
from app.callbacks.schemas import EVENT_PREFIX
from app.console.acting import acting, text_of
from app.console.desk import Desk, Pages
from app.console.lists import address, asked_of, wrong
from app.console.navigation import PATH
from app.console.speaking import Speech
from app.console.visits import Visit
from app.core.database import Database
from app.core.ids import parse_id, public_id
from app.core.problems import InvalidRequest, problem_of

CALLBACKS = f"{PATH}/callbacks"
SIZE = 50
_FIELDS = ("status", "type")


class _Shown:
    """What the pages show."""

    def __init__(self, database: Database, endpoints: Endpoints, deliveries: Deliveries) -> None:
        self._database = database
        self._endpoints = endpoints
        self._deliveries = deliveries

    async def all(self, visit: Visit) -> dict[str, Any]:
        return {
            "endpoints": await self._endpoints.all(visit.session.business_id, visit.mode),
            "speech": Speech.to(visit),
        }

    async def one(self, visit: Visit) -> dict[str, Any]:
        """Raises EndpointMissing or InvalidRequest."""
        endpoint_id = endpoint_of(visit.request.path_params["endpoint_id"])
        business_id, mode = visit.session.business_id, visit.mode
        found = await self._endpoints.one(business_id, mode, endpoint_id)
        asked = asked_of(visit, _FIELDS)
        if asked.get("status") not in (None, *get_args(DeliveryStatus)):
            raise wrong("status", "is no status")
        wanted = DeliveryFilter(asked.get("status"), asked.get("type"))
        cursor = visit.request.query_params.get("cursor")
        page = await self._deliveries.page(business_id, mode, endpoint_id, wanted, cursor=cursor, size=SIZE)
        path = f"{CALLBACKS}/{found.id}"
        return {
            "endpoint": found,
            "asked": asked,
            "deliveries": page.deliveries,
            "statuses": get_args(DeliveryStatus),
            "ways": {one: address(path, {"status": one}) for one in get_args(DeliveryStatus)},
            "next_url": address(path, asked, cursor=page.next_cursor) if page.next_cursor else None,
            "first_url": address(path, asked) if cursor else None,
            "here_url": address(f"{path}/list", asked, cursor=cursor),
            "speech": Speech.to(visit),
        }

    async def delivery(self, visit: Visit) -> dict[str, Any]:
        """Raises EndpointMissing or DeliveryMissing."""
        endpoint_id, event_id = endpoint_of(visit.request.path_params["endpoint_id"]), _event(visit)
        business_id, mode = visit.session.business_id, visit.mode
        one = await self._deliveries.one(business_id, mode, endpoint_id, event_id)
        endpoint = await self._endpoints.one(business_id, mode, endpoint_id)
        async with self._database.transaction() as session:
            event = await session.get(CallbackEvent, (business_id, event_id))
        return {
            "endpoint": endpoint,
            "one": one,
            "data": event.data if event is not None else None,
            "speech": Speech.to(visit),
        }


def callback_pages(desk: Desk, database: Database, endpoints: Endpoints, deliveries: Deliveries) -> APIRouter:
    pages = Pages(desk)
    shown_by = _Shown(database, endpoints, deliveries)

    @pages.get("/callbacks", Scope.CALLBACKS_READ)
    async def callbacks(visit: Visit) -> Response:
        return visit.page("callbacks.html", visit.say("callbacks_title"), **await shown_by.all(visit))

    @pages.get("/callbacks/list", Scope.CALLBACKS_READ, is_background=True)
    async def list_again(visit: Visit) -> Response:
        return visit.fragment("callbacks_list.html", **await shown_by.all(visit))

    @pages.get("/callbacks/{endpoint_id}", Scope.CALLBACKS_READ)
    async def endpoint(visit: Visit) -> Response:
        return visit.page("callback.html", visit.say("callback_title"), **await shown_by.one(visit))

    @pages.get("/callbacks/{endpoint_id}/list", Scope.CALLBACKS_READ, is_background=True)
    async def endpoint_again(visit: Visit) -> Response:
        return visit.fragment("callback_list.html", **await shown_by.one(visit))

    @pages.get("/callbacks/{endpoint_id}/{event_id}", Scope.CALLBACKS_READ)
    async def delivery(visit: Visit) -> Response:
        return visit.page("delivery.html", visit.say("delivery_title"), **await shown_by.delivery(visit))

    @pages.get("/callbacks/{endpoint_id}/{event_id}/calls", Scope.CALLBACKS_READ, is_background=True)
    async def delivery_again(visit: Visit) -> Response:
        return visit.fragment("delivery_calls.html", **await shown_by.delivery(visit))

    @pages.post("/callbacks/{endpoint_id}/{event_id}/replay", Scope.CALLBACKS_WRITE)
    async def replay_one(visit: Visit) -> Response:
        endpoint_id, event_id = endpoint_of(visit.request.path_params["endpoint_id"]), _event(visit)
        shown, event = public_id(ENDPOINT_PREFIX, endpoint_id), public_id(EVENT_PREFIX, event_id)
        with acting(visit, "replay callback", endpoint=shown, delivery=event):
            await deliveries.replay_one(visit.session.business_id, visit.mode, endpoint_id, event_id)
        return visit.to(f"{CALLBACKS}/{shown}/{event}", "done_replayed")

    _endpoint_acts(pages, endpoints, deliveries)
    return pages.router


def _endpoint_acts(pages: Pages, endpoints: Endpoints, deliveries: Deliveries) -> None:
    @pages.post("/callbacks/{endpoint_id}/replay", Scope.CALLBACKS_WRITE)
    async def replay(visit: Visit) -> Response:
        endpoint_id = endpoint_of(visit.request.path_params["endpoint_id"])
        shown = public_id(ENDPOINT_PREFIX, endpoint_id)
        since, until = (_moment(visit, name) for name in ("since", "until"))
        only = "all" if text_of(visit, "only") == "all" else "undelivered"
        try:
            wanted = ReplayIn.model_validate({"since": since, "until": until, "only": only})
        except pydantic.ValidationError as error:
            raise problem_of(error) from error
        with acting(visit, "replay callbacks", endpoint=shown):
            await deliveries.replay(visit.session.business_id, visit.mode, endpoint_id, wanted)
        return visit.to(f"{CALLBACKS}/{shown}", "done_replayed_many")

    @pages.post("/callbacks/{endpoint_id}/test", Scope.CALLBACKS_WRITE)
    async def test(visit: Visit) -> Response:
        endpoint_id = endpoint_of(visit.request.path_params["endpoint_id"])
        shown = public_id(ENDPOINT_PREFIX, endpoint_id)
        with acting(visit, "test callback endpoint", endpoint=shown):
            event_id = await endpoints.test(visit.session.business_id, visit.mode, endpoint_id)
        return visit.to(f"{CALLBACKS}/{shown}/{public_id(EVENT_PREFIX, event_id)}", "done_tested")

    async def switch(visit: Visit, *, enabled: bool) -> Response:
        endpoint_id = endpoint_of(visit.request.path_params["endpoint_id"])
        shown = public_id(ENDPOINT_PREFIX, endpoint_id)
        with acting(visit, "enable callback endpoint" if enabled else "disable callback endpoint", endpoint=shown):
            change = EndpointChange(enabled=enabled)
            await endpoints.change(visit.session.business_id, visit.mode, endpoint_id, change)
        return visit.to(f"{CALLBACKS}/{shown}", "done_endpoint_enabled" if enabled else "done_endpoint_disabled")

    @pages.post("/callbacks/{endpoint_id}/enable", Scope.CALLBACKS_WRITE)
    async def enable(visit: Visit) -> Response:
        return await switch(visit, enabled=True)

    @pages.post("/callbacks/{endpoint_id}/disable", Scope.CALLBACKS_WRITE)
    async def disable(visit: Visit) -> Response:
        return await switch(visit, enabled=False)


def _event(visit: Visit) -> UUID:
    """Raises DeliveryMissing."""
    found = parse_id(EVENT_PREFIX, visit.request.path_params["event_id"])
    if found is None:
        raise DeliveryMissing
    return found


def _moment(visit: Visit, name: str) -> datetime:
    """Of a field that says a local time, on the business's clock. Raises InvalidRequest."""
    try:
        told = datetime.fromisoformat(text_of(visit, name))
        local = told if told.tzinfo is not None else told.replace(tzinfo=visit.zone)
        return local.astimezone(UTC)
    except (ValueError, OverflowError) as error:  # the first and the last day of the calendar are none elsewhere
        raise InvalidRequest.at(f"#/{name}", "moment", f"{name} must be a day and a time") from error
