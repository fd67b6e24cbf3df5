"""The customer's door: tracked links lead on from here, without a key and without a cookie."""

import contextlib
from typing import Any
from urllib.parse import quote, urlsplit

import idna
import structlog
from fastapi import APIRouter, Request, Response

from app.core.database import UNAVAILABLE
from app.core.http import RawResponse, redirecting_routes
from app.core.plain_pages import PRIVATE, Headers, page_headers
from app.core.visitors import is_preview, page_language
from app.messages.link_pages import unavailable_page, unknown_page
from app.messages.redirects import Redirects
from app.templates.definition import LINK_PATH

log = structlog.get_logger(__name__)

_PAGE = {"content": {"text/html": {"schema": {"type": "string"}}}}

_RESPONSES: dict[int | str, dict[str, Any]] = {
    302: {
        "description": "On to where the link leads; the click is stored",
        "headers": {
            "Location": {
                "description": "As the event gave it, with the click's id where the business names a `click_parameter`",
                "schema": {"type": "string"},
            }
        },
    },
    404: {"description": "A page in Turkish or English: no message has this link, or no longer", **_PAGE},
    503: {"description": "A page in Turkish or English: it cannot be looked up just now", **_PAGE},
}


def links_router(redirects: Redirects) -> APIRouter:
    router = APIRouter(tags=["Links"])

    async def follow(request: Request) -> Response:
        """Where the button of a message leads by way of Ulak. Known fetchers of link previews, browsers that load in
        advance, and HEAD are led on without being counted. Of a click only its time is kept."""
        headers = request.headers
        is_click = request.method == "GET" and not is_preview(headers)
        try:
            url = await redirects.follow(request.path_params["code"], is_click=is_click)
        except UNAVAILABLE as error:
            log.warning("link not looked up", error=type(error).__name__)
            language = page_language(headers.get("accept-language"))
            return _page(503, unavailable_page(language), language, [(b"retry-after", b"2")])
        if url is None:
            language = page_language(headers.get("accept-language"))
            return _page(404, unknown_page(language), language, [])
        return RawResponse(302, b"", [(b"location", _in_ascii(url)), *PRIVATE])

    router.routes += redirecting_routes(
        LINK_PATH,
        follow,
        code_pattern="^[0-9A-Za-z]{12}$",
        operation_id="follow_link",
        summary="Follow a tracked link",
        responses=_RESPONSES,
    )
    return router


def _in_ascii(url: str) -> bytes:
    """As a header may carry it: the host in Punycode, the rest escaped, and what is escaped already as it is."""
    parts = urlsplit(url)
    if parts.hostname and not parts.hostname.isascii():
        with contextlib.suppress(idna.IDNAError):  # a host that no browser finds either
            host = idna.encode(parts.hostname, uts46=True).decode()
            url = parts._replace(netloc=parts.netloc.lower().replace(parts.hostname, host)).geturl()
    return quote(url, safe="%/:?#[]@!$&'()*+,;=-._~").encode()


def _page(status: int, body: bytes, language: str, more: Headers) -> Response:
    return RawResponse(status, body, [*page_headers(language), *more])
