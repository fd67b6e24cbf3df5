"""The door of opt-in links: who scans or follows one is counted and led on, without a key and without a cookie."""

from typing import Any, Protocol

import structlog
from fastapi import APIRouter, Request, Response

from app.accounts.directory import BusinessAccount, Directory
from app.consent.link_codes import CODE_PATTERN, code_in
from app.consent.links import LINK_PATH, LinkInUse, OptInLinks
from app.core.database import UNAVAILABLE
from app.core.http import RawResponse, RawRoute, redirecting_routes
from app.core.plain_pages import PRIVATE
from app.core.visitors import is_preview

log = structlog.get_logger(__name__)


class LinkPages(Protocol):
    """Answers in the business's name and colour; given by the floor that has pages."""

    async def form(self, request: Request, link: LinkInUse) -> Response:
        """To who comes by a link that leads to the page."""

    def unknown(self, request: Request) -> Response: ...

    def closed(self, request: Request, business: BusinessAccount) -> Response: ...

    def without_number(self, request: Request, business: BusinessAccount) -> Response: ...

    def unavailable(self, request: Request) -> Response: ...


_PAGE = {"content": {"text/html": {"schema": {"type": "string"}}}}

_RESPONSES: dict[int | str, dict[str, Any]] = {
    302: {
        "description": "On to the chat; the scan is counted",
        "headers": {"Location": {"description": "wa.me, with the text ready to be sent", "schema": {"type": "string"}}},
    },
    404: {"description": "A page in Turkish or English: there is no such link", **_PAGE},
    410: {"description": "A page in Turkish or English: the link is no longer in use", **_PAGE},
    503: {"description": "A page in Turkish or English: it cannot be looked up just now", **_PAGE},
}


def link_door(directory: Directory, links: OptInLinks, pages: LinkPages) -> APIRouter:
    router = APIRouter(tags=["Links"])

    async def open_link(request: Request) -> Response:
        """Where an opt-in link, and the QR code of it, leads. Known fetchers of link previews, browsers that load in
        advance, and HEAD are led on without being counted."""
        code = code_in(request.path_params["code"])
        try:
            link = await links.by_code(code) if code is not None else None
            business = await directory.business(link.business_id) if link is not None else None
        except UNAVAILABLE as error:
            log.warning("opt-in link not looked up", error=type(error).__name__)
            return pages.unavailable(request)
        if link is None or business is None:
            return pages.unknown(request)
        if link.disabled:
            return pages.closed(request, business)
        if request.method == "GET" and not is_preview(request.headers):
            await links.count_scan(link)
        if link.leads_to == "page":
            return await pages.form(request, link)
        url = link.chat_url(business)
        if url is None:
            return pages.without_number(request, business)
        return RawResponse(302, b"", [(b"location", url.encode()), *PRIVATE])

    router.routes += redirecting_routes(
        LINK_PATH,
        open_link,
        code_pattern=CODE_PATTERN,
        operation_id="open_opt_in_link",
        summary="Follow an opt-in link",
        responses=_RESPONSES,
    )
    # As QR codes write it: in capitals, of which they hold more.
    router.routes.append(
        RawRoute(LINK_PATH.upper() + "/{code}", open_link, methods=["GET", "HEAD"], include_in_schema=False)
    )
    return router
