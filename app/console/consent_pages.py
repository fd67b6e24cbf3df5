"""Consents: the doors through which customers come, what came of each, and how many contacts agreed to what."""

from typing import get_args
from uuid import UUID

import pydantic
from fastapi import APIRouter
from starlette.responses import Response

from app.accounts.keys import Scope
from app.accounts.topics import Topics
from app.consent import qr
from app.consent.link_schemas import LINK_PREFIX, OptInLinkIn
from app.consent.links import OptInLinks
from app.consent.rules import ALL_TOPICS
from app.consent.sources import LINKABLE
from app.console.acting import acting, faults_of, text_of
from app.console.desk import Desk, Pages, require
from app.console.holders import Holders
from app.console.lists import address, asked_of
from app.console.navigation import PATH
from app.console.rendering import HEADERS
from app.console.speaking import Speech
from app.console.visits import Visit
from app.core.ids import parse_id, public_id
from app.core.problems import InvalidRequest, NotFound, problem_of

CONSENTS = f"{PATH}/consents"
SIZE = 50
_PRINTED_MM = 60.0
_PRINTED_DPI = 600
_CORRECTIONS = get_args(qr.Correction)
_FIELDS_MOST = 300


def consent_pages(desk: Desk, links: OptInLinks, topics: Topics, holders: Holders) -> APIRouter:
    pages = Pages(desk)

    async def shown(visit: Visit, *, faults: dict[str, str] | None = None) -> Response:
        asked = asked_of(visit, ("source",))
        source = asked.get("source") if asked.get("source") in set(LINKABLE) else None
        cursor = visit.request.query_params.get("cursor")
        page = await links.list(visit.session.business_id, visit.mode, source=source, cursor=cursor, size=SIZE)
        known = await topics.of(visit.session.business_id)
        return visit.page(
            "consents.html",
            visit.say("nav_consents"),
            status=422 if faults else 200,
            doors=page.opt_in_links,
            next_url=address(CONSENTS, asked, cursor=page.next_cursor) if page.next_cursor else None,
            first_url=address(CONSENTS, asked) if cursor else None,
            sources=[one.value for one in LINKABLE],
            topics=sorted(one for one in known if one != ALL_TOPICS),
            all_topics=ALL_TOPICS,
            faults=faults or {},
            given={name: text_of(visit, name) for name in ("source", "place", "topic", "leads_to", "language")},
            speech=Speech.to(visit),
        )

    @pages.get("/consents", Scope.CONTACTS_READ)
    async def consents(visit: Visit) -> Response:
        return await shown(visit)

    @pages.get("/consents/holders", Scope.CONTACTS_READ, is_background=True)
    async def counted(visit: Visit) -> Response:
        found = await holders.of(visit.session.business_id, visit.mode)
        most = max((one.total for one in found), default=0)
        return visit.fragment("consent_holders.html", holders=found, most=most, speech=Speech.to(visit))

    @pages.post("/consents", Scope.CONTACTS_WRITE)
    async def create(visit: Visit) -> Response:
        """What is wrong is told by the page of all doors, for those who may see it."""
        require(visit, Scope.CONTACTS_READ)
        wanted = {
            "source": text_of(visit, "source"),
            "place": text_of(visit, "place", _FIELDS_MOST) or None,
            "leads_to": text_of(visit, "leads_to") or "whatsapp",
            "topics": [text_of(visit, "topic") or ALL_TOPICS],
            "language": text_of(visit, "language") or None,
        }
        try:
            body = OptInLinkIn.model_validate(wanted)
            await topics.require_listed(visit.session.business_id, body.topics)
        except pydantic.ValidationError as error:
            problem = problem_of(error)
            return await shown(visit, faults=dict(faults_of(problem)) if isinstance(problem, InvalidRequest) else {})
        with acting(visit, "create opt-in link"):
            made = await links.create(visit.session.business_id, visit.mode, body)
        return visit.to(f"{CONSENTS}/{made.id}", "done_link_made")

    @pages.get("/consents/{link_id}", Scope.CONTACTS_READ)
    async def one(visit: Visit) -> Response:
        link_id = _link(visit)
        found = await links.one(visit.session.business_id, visit.mode, link_id)
        counts = await links.counts(visit.session.business_id, visit.mode, link_id)
        days = counts.days[:30]
        return visit.page(
            "consent_link.html",
            found.place or visit.say("link_of"),
            link=found,
            days=days,
            most=max((max(day.scans, day.opt_ins) for day in days), default=0),
            speech=Speech.to(visit),
        )

    @pages.get("/consents/{link_id}/qr.svg", Scope.CONTACTS_READ)
    async def drawn(visit: Visit) -> Response:
        url = await links.url_of(visit.session.business_id, visit.mode, _link(visit))
        picture = qr.as_svg(url, size_mm=_PRINTED_MM, correction=_correction(visit))
        return _file(visit, picture, "image/svg+xml", "svg")

    @pages.get("/consents/{link_id}/qr.png", Scope.CONTACTS_READ)
    async def painted(visit: Visit) -> Response:
        url = await links.url_of(visit.session.business_id, visit.mode, _link(visit))
        picture = qr.as_png(url, size_mm=_PRINTED_MM, dpi=_PRINTED_DPI, correction=_correction(visit))
        return _file(visit, picture, "image/png", "png")

    @pages.post("/consents/{link_id}/disable", Scope.CONTACTS_WRITE)
    async def disable(visit: Visit) -> Response:
        link_id = _link(visit)
        shown_id = public_id(LINK_PREFIX, link_id)
        with acting(visit, "disable opt-in link", link=shown_id):
            await links.disable(visit.session.business_id, visit.mode, link_id)
        return visit.to(f"{CONSENTS}/{shown_id}", "done_link_disabled")

    return pages.router


def _file(visit: Visit, content: bytes, kind: str, ending: str) -> Response:
    """Shown in a page, or kept as a file where the address asks for that."""
    name = f"{visit.request.path_params['link_id']}.{ending}"
    how = "attachment" if visit.request.query_params.get("download") else "inline"
    headers = {**HEADERS, "Content-Disposition": f'{how}; filename="{name}"'}
    # A picture by itself is given no more than a picture needs.
    headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return Response(content, 200, headers, kind)


def _correction(visit: Visit) -> qr.Correction:
    asked = visit.request.query_params.get("correction", "M")
    found: qr.Correction = asked if asked in _CORRECTIONS else "M"  # type: ignore[assignment] # one of them
    return found


def _link(visit: Visit) -> UUID:
    """Raises NotFound."""
    found = parse_id(LINK_PREFIX, visit.request.path_params["link_id"])
    if found is None:
        raise NotFound("The business has no such opt-in link for this kind of key.")
    return found
