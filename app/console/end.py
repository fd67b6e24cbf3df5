"""What stands around the pages: the address without a slash, the files that they are made of, and all that is none."""

from fastapi import APIRouter
from starlette.responses import Response

from app.console.desk import Desk, Pages
from app.console.navigation import PATH, START
from app.console.rendering import HEADERS
from app.console.static_files import STATIC_PATH, static_file
from app.console.visits import Visit
from app.core.problems import NotFound


def other_addresses(desk: Desk) -> APIRouter:
    """To be added after all pages."""
    pages = Pages(desk)

    async def begun() -> Response:
        return Response(status_code=308, headers={**HEADERS, "Location": START})

    pages.router.add_api_route(PATH, begun, methods=["GET", "HEAD"], include_in_schema=False, response_model=None)
    pages.router.add_api_route(
        STATIC_PATH + "/{digest}/{name:path}",
        static_file,
        methods=["GET", "HEAD"],
        include_in_schema=False,
        response_model=None,
    )

    @pages.get("/{rest:path}", None)
    async def unknown(_visit: Visit) -> Response:
        raise NotFound("There is no such page.")

    return pages.router
