"""Opt-in links: the doors that a business puts up."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.keys import Scope
from app.accounts.topics import Topics
from app.consent import qr
from app.consent.link_schemas import (
    LINK_PREFIX,
    LinkSource,
    OptInLinkChange,
    OptInLinkCountsOut,
    OptInLinkIn,
    OptInLinkOut,
    OptInLinkPage,
)
from app.consent.links import OptInLinks
from app.core.http import refuse_unknown_parameters
from app.core.ids import parse_id
from app.core.problems import (
    BodyTooLarge,
    FieldError,
    Forbidden,
    InvalidRequest,
    MalformedBody,
    NotFound,
    Unauthorized,
    Unavailable,
    responses,
)

LinkId = Annotated[str, Path(examples=["lnk_019a8f3c2b7d7c31a4e5f60718293a4b"])]
SizeMm = Annotated[
    float,
    Query(ge=10, le=1000, description="Side of the square with its white margin, in millimetres"),
]
Correction = Annotated[
    qr.Correction,
    Query(
        description="How much of it may be torn or dirty and it still reads: `M` 15 %, `Q` 25 % (for packaging and "
        "outdoors), `H` 30 %; the more, the finer it is"
    ),
]

_READ = responses(Unauthorized, Forbidden, NotFound)
_CHANGE = responses(Unauthorized, Forbidden, NotFound, MalformedBody, BodyTooLarge, InvalidRequest, Unavailable)
_PICTURE = responses(Unauthorized, Forbidden, NotFound, InvalidRequest)


def opt_in_links_router(directory: Directory, links: OptInLinks, topics: Topics) -> APIRouter:
    router = APIRouter(tags=["Opt-in links"])

    @router.post(
        "/v1/opt-in-links",
        operation_id="create_opt_in_link",
        summary="Put up a door",
        status_code=201,
        responses=_CHANGE,
    )
    async def create_opt_in_link(request: Request, response: Response, body: OptInLinkIn) -> OptInLinkOut:
        """A link for one place (this till, that leaflet), with its QR code, its texts and its snippet; who comes by it
        is counted there. A link's own wordings must name the business and WhatsApp. Each call makes another link: after
        an answer that got lost, look for it in the list first. `warnings` says what the door ought to have."""
        caller = await authenticate(directory, request, Scope.CONTACTS_WRITE)
        await topics.require_listed(caller.business_id, body.topics)
        made = await links.create(caller.business_id, caller.mode, body)
        response.headers["Location"] = f"/v1/opt-in-links/{made.id}"
        return made

    @router.get(
        "/v1/opt-in-links",
        operation_id="list_opt_in_links",
        summary="Opt-in links, newest first",
        responses=responses(Unauthorized, Forbidden, InvalidRequest),
    )
    async def list_opt_in_links(
        request: Request,
        source: Annotated[LinkSource | None, Query()] = None,
        cursor: Annotated[str | None, Query(max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> OptInLinkPage:
        """Those of the key's kind, with how many came by each."""
        caller = await authenticate(directory, request, Scope.CONTACTS_READ)
        refuse_unknown_parameters(request)
        return await links.list(caller.business_id, caller.mode, source=source, cursor=cursor, size=limit)

    @router.get("/v1/opt-in-links/{link_id}", operation_id="get_opt_in_link", summary="An opt-in link", responses=_READ)
    async def get_opt_in_link(request: Request, link_id: LinkId) -> OptInLinkOut:
        """With its texts, and how many came by it."""
        caller = await authenticate(directory, request, Scope.CONTACTS_READ)
        return await links.one(caller.business_id, caller.mode, _link(link_id))

    @router.patch(
        "/v1/opt-in-links/{link_id}",
        operation_id="change_opt_in_link",
        summary="Change an opt-in link",
        responses=_CHANGE,
    )
    async def change_opt_in_link(request: Request, link_id: LinkId, body: OptInLinkChange) -> OptInLinkOut:
        """What is printed stays right: code and address do not change. A text that was ready to be sent under other
        topics, another name or in another language is an ordinary reply from then on."""
        caller = await authenticate(directory, request, Scope.CONTACTS_WRITE)
        await topics.require_listed(caller.business_id, body.topics or ())
        return await links.change(caller.business_id, caller.mode, _link(link_id), body)

    @router.delete(
        "/v1/opt-in-links/{link_id}",
        operation_id="disable_opt_in_link",
        summary="Close a door for good",
        status_code=204,
        responses=responses(Unauthorized, Forbidden, NotFound, Unavailable),
    )
    async def disable_opt_in_link(request: Request, link_id: LinkId) -> None:
        """Who scans what is still printed is told that it is no longer valid; its text is an ordinary reply. The link
        stays listed with its counts, since acts of the ledger name it."""
        caller = await authenticate(directory, request, Scope.CONTACTS_WRITE)
        await links.disable(caller.business_id, caller.mode, _link(link_id))

    @router.get(
        "/v1/opt-in-links/{link_id}/counts",
        operation_id="count_opt_in_link",
        summary="What came of an opt-in link, day by day",
        responses=_READ,
    )
    async def count_opt_in_link(request: Request, link_id: LinkId) -> OptInLinkCountsOut:
        """Scans and opt-ins."""
        caller = await authenticate(directory, request, Scope.CONTACTS_READ)
        return await links.counts(caller.business_id, caller.mode, _link(link_id))

    _pictures(router, directory, links)
    return router


def _pictures(router: APIRouter, directory: Directory, links: OptInLinks) -> None:
    @router.get(
        "/v1/opt-in-links/{link_id}/qr.svg",
        operation_id="draw_opt_in_link",
        summary="The QR code, for print in any size",
        response_class=Response,
        responses={200: {"content": {"image/svg+xml": {"schema": {"type": "string"}}}}, **_PICTURE},
    )
    async def draw_opt_in_link(
        request: Request, link_id: LinkId, size_mm: SizeMm = 40, correction: Correction = "M"
    ) -> Response:
        """It leads by way of Ulak, so that scans are counted for the place."""
        caller = await authenticate(directory, request, Scope.CONTACTS_READ)
        refuse_unknown_parameters(request)
        url = await links.url_of(caller.business_id, caller.mode, _link(link_id))
        try:
            drawn = qr.as_svg(url, size_mm=size_mm, correction=correction)
        except qr.TooSmall as error:
            raise _too_small(error) from error
        return Response(drawn, media_type="image/svg+xml", headers=_named("svg"))

    @router.get(
        "/v1/opt-in-links/{link_id}/qr.png",
        operation_id="paint_opt_in_link",
        summary="The QR code, in dots",
        response_class=Response,
        responses={200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}, **_PICTURE},
    )
    async def paint_opt_in_link(
        request: Request,
        link_id: LinkId,
        size_mm: SizeMm = 40,
        dpi: Annotated[int, Query(ge=72, le=1200, description="Dots per inch of the printer")] = 300,
        correction: Correction = "M",
    ) -> Response:
        """Each of its squares is a whole number of dots, so that its edges are sharp: up to one square's row less than
        the size asked for."""
        caller = await authenticate(directory, request, Scope.CONTACTS_READ)
        refuse_unknown_parameters(request)
        if size_mm * dpi > _MOST_MM_DPI:
            fault = FieldError(parameter="dpi", code="too_large", message="together with size_mm: too many dots")
            raise InvalidRequest.from_faults([fault])
        url = await links.url_of(caller.business_id, caller.mode, _link(link_id))
        try:
            drawn = qr.as_png(url, size_mm=size_mm, dpi=dpi, correction=correction)
        except qr.TooSmall as error:
            raise _too_small(error) from error
        return Response(drawn, media_type="image/png", headers=_named("png"))


_MOST_MM_DPI = 150_000
"""Six thousand dots a side."""


def _named(kind: str) -> dict[str, str]:
    return {"Content-Disposition": f'inline; filename="qr.{kind}"', "Cache-Control": "private, max-age=3600"}


def _too_small(error: qr.TooSmall) -> InvalidRequest:
    message = f"is too small to be read: at least {error.least_mm}"
    return InvalidRequest.from_faults([FieldError(parameter="size_mm", code="too_small", message=message)])


def _link(text: str) -> UUID:
    found = parse_id(LINK_PREFIX, text)
    if found is None:
        raise NotFound("The business has no such opt-in link for this kind of key.")
    return found
