"""The stream that every page listens to."""

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from app.console.desk import Desk, Pages
from app.console.live import Live
from app.console.navigation import START, login_for
from app.console.rendering import HEADERS
from app.console.visits import Visit


def live_pages(desk: Desk, live: Live) -> APIRouter:
    pages = Pages(desk)

    @pages.get("/live", None, is_background=True)
    async def stream(visit: Visit) -> Response:
        if not live.has_room(visit.session):
            return Response(status_code=204, headers=HEADERS)  # by which a browser knows not to ask again
        headers = {**HEADERS, "X-Accel-Buffering": "no"}
        return StreamingResponse(live.events(visit.session), 200, headers, "text/event-stream")

    @pages.get("/live/ended", None, is_background=True)
    async def ended(_visit: Visit) -> Response:
        """Asked when the stream said so. Who is not signed in any more is led to where one signs in."""
        return Response(status_code=204, headers={**HEADERS, "HX-Redirect": f"{login_for(START)}&ended=1"})

    return pages.router
