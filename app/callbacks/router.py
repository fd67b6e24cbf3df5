"""The feed of what the business's other systems should know."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request, Response

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.keys import Scope
from app.callbacks.schemas import EventName, Feed
from app.callbacks.service import Feeds
from app.core.http import refuse_unknown_parameters
from app.core.problems import Forbidden, InvalidRequest, Unauthorized, Unavailable, responses

LONGEST_WAIT = 30


def feed_router(directory: Directory, feeds: Feeds) -> APIRouter:
    router = APIRouter(tags=["Feed"])

    @router.get(
        "/v1/feed",
        operation_id="read_feed",
        summary="What happened, in order",
        response_model=Feed,
        responses=responses(Unauthorized, Forbidden, InvalidRequest, Unavailable),
    )
    async def read_feed(
        request: Request,
        after: Annotated[
            str | None, Query(description="`next` of an earlier answer; the oldest events without it", max_length=64)
        ] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        types: Annotated[list[EventName] | None, Query(description="Any of these; all without it")] = None,
        wait: Annotated[
            int, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for an event where there is none yet")
        ] = 0,
    ) -> Response:
        """Events of the key's business and mode, in the order of their commits. What becomes of messages, and the
        clicks on their links, stand among them as far as `feed_types` of the business names them. Nothing is missed,
        not even what was committed late: read on from `next`, and keep that together with what you made of the events.
        Events are kept for 30 days, or as the operator set it."""
        caller = await authenticate(directory, request, Scope.CALLBACKS_READ)
        refuse_unknown_parameters(request)

        async def read() -> dict[str, object]:
            return await feeds.read(caller.business_id, caller.mode, after, types=types or (), most=limit)

        feed = await feeds.follow(read, seconds=wait, is_left=request.is_disconnected)
        return Response(orjson.dumps(feed), media_type="application/json")

    return router
