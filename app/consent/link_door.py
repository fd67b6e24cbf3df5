"""The door of opt-in links: who scans or follows one is counted and led on, without a key and without a cookie."""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from fastapi import APIRouter, Request, Response

from app.accounts.directory import Directory
from app.consent import link_pages
from app.consent.link_codes import CODE_PATTERN, code_in
from app.consent.links import LINK_PATH, LinkInUse, OptInLinks
from app.core.database import UNAVAILABLE
from app.core.http import RawResponse, RawRoute
from app.core.plain_pages import PRIVATE, Headers, page_headers
from app.core.visitors import is_preview, page_language

log = structlog.get_logger(__name__)

Form = Callable[[Request, LinkInUse], Awaitable[Response]]
"""Answers who comes by a link that leads to the page; given by the floor that has pages."""

_PAGE = {"content": {"text/html": {"schema": {"type": "string"}}}}

_RESPONSES: dict[int | str, dict[str, Any]] = {
    302: {
        "description": "On to the chat; the scan is counted",
        "headers": {"Location": {"description": "wa.me, with the text ready to be sent", "schema": {"type": "string"}}},
    },
    404: {"description": "A page in Turkish or English: there is no such link", **_PAGE},
    410: {"description": "A page in Turkish or English: the link is no longer valid", **_PAGE},
    503: {"description": "A page in Turkish or English: it cannot be looked up just now", **_PAGE},
}


def link_door(directory: Directory, links: OptInLinks, form: Form | None = None) -> APIRouter:
    """Where there is no form, links that lead to one lead to the chat."""
    router = APIRouter(tags=["Links"])

    async def open_link(request: Request) -> Response:
        """Where an opt-in link, and the QR code of it, leads. Known fetchers of link previews, browsers that load in
        advance, and HEAD are led on without being counted."""
        language = page_language(request.headers.get("accept-language"))
        code = code_in(request.path_params["code"])
        try:
            link = await links.by_code(code) if code is not None else None
            business = await directory.business(link.business_id) if link is not None else None
        except UNAVAILABLE as error:
            log.warning("opt-in link not looked up", error=type(error).__name__)
            return _page(503, link_pages.unavailable(language), language, [(b"retry-after", b"2")])
        if link is None or business is None:
            return _page(404, link_pages.unknown_link(language), language)
        if link.disabled:
            return _page(410, link_pages.no_longer_valid(language, business.name), language)
        if request.method == "GET" and not is_preview(request.headers):
            await links.count_scan(link)
        if link.leads_to == "page" and form is not None:
            return await form(request, link)
        url = link.chat_url(business)
        if url is None:
            return _page(503, link_pages.no_number(language, business.name), language, [(b"retry-after", b"3600")])
        return RawResponse(302, b"", [(b"location", url.encode()), *PRIVATE])

    path = LINK_PATH + "/{code}"
    parameter = {"name": "code", "in": "path", "required": True, "schema": {"type": "string", "pattern": CODE_PATTERN}}
    router.routes.append(
        RawRoute(
            path,
            open_link,
            methods=["GET"],
            status_code=302,
            tags=["Links"],
            operation_id="open_opt_in_link",
            summary="Follow an opt-in link",
            response_class=Response,
            responses=_RESPONSES,
            openapi_extra={"parameters": [parameter]},
        )
    )
    router.routes.append(RawRoute(path, open_link, methods=["HEAD"], include_in_schema=False))
    # As QR codes write it: in capitals, of which they hold more.
    router.routes.append(
        RawRoute(path.replace("/o/", "/O/"), open_link, methods=["GET", "HEAD"], include_in_schema=False)
    )
    return router


def _page(status: int, body: bytes, language: str, more: Headers | None = None) -> Response:
    return RawResponse(status, body, [*page_headers(language), *(more or [])])
