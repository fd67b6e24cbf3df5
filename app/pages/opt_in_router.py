"""The opt-in form over HTTP: our own page, the public endpoint for the business's website, and the snippet."""

import hashlib
from collections.abc import Awaitable, Callable, Coroutine
from functools import cache
from importlib import resources
from typing import Annotated, Any
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from app.accounts.directory import BusinessAccount
from app.consent.link_codes import code_in
from app.consent.links import EMBED_PATH, LINK_PATH, LinkInUse
from app.consent.topics import label_of
from app.core.clock import Clock
from app.core.database import UNAVAILABLE, is_unavailable
from app.core.languages import OurLanguage
from app.core.problems import BodyTooLarge, InvalidRequest, MalformedBody, NotFound, Problem, answer_to, responses
from app.pages import rendering
from app.pages.addresses import Network, origin_of
from app.pages.colours import readable_on_paper, text_on
from app.pages.done import done_in, done_mark
from app.pages.errors import (
    FormRefused,
    FormTokenExpired,
    FormTokenInvalid,
    FormTokenUsed,
    FormTooFast,
    FormTrapped,
    LinkClosed,
    LinkDisabled,
    LinkUnknown,
    OriginRefused,
    TooManyRequests,
)
from app.pages.forms import error_text, phone_hint, texts_of
from app.pages.opt_in import Door, Entry, OptInForms
from app.pages.preferences import Visit
from app.pages.schemas import FormColours, OptInFormOut, PublicOptInIn, PublicOptInOut, TopicChoice
from app.pages.visits import address_of, asked_language, browser_language
from app.pages.words import say

log = structlog.get_logger(__name__)

FORM_PATH = "/opt-in"
PUBLIC_PATH = "/public/v1/opt-in"
_FIELDS_MOST = 100
_FIELDS = ("phone", "name", "topics", "agreed")

Code = Annotated[str, Path(max_length=20, description="Of the opt-in link", examples=["K7Q2M9XBC"])]


class LinkPages:
    """What customers see who come by an opt-in link: the form, or why it leads nowhere."""

    async def form(self, request: Request, link: LinkInUse) -> Response:
        """Where who comes is counted; the form itself may be opened again and again. Relative: whatever stands before
        our paths, the browser keeps it."""
        query = f"?{request.url.query}" if request.url.query else ""
        return Response(status_code=302, headers={**rendering.PRIVATE, "Location": f"..{FORM_PATH}/{link.code}{query}"})

    def unknown(self, request: Request) -> Response:
        return rendering.notice(_language(request), "no_link", ("no_link_text",), status=404)

    def closed(self, request: Request, business: BusinessAccount) -> Response:
        return rendering.closed(_language(request, business), business)

    def without_number(self, request: Request, business: BusinessAccount) -> Response:
        texts, again = ("no_number_text",), {"Retry-After": "3600"}
        language = _language(request, business)
        return rendering.notice(language, "no_number", texts, business=business, status=503, headers=again)

    def unavailable(self, request: Request) -> Response:
        return rendering.unavailable(_language(request))


def _language(request: Request, business: BusinessAccount | None = None) -> OurLanguage:
    return asked_language(request) or browser_language(request, business.language if business is not None else "tr")


class _FormPages:
    def __init__(self, forms: OptInForms, clock: Clock, proxies: tuple[Network, ...]) -> None:
        self._forms = forms
        self._clock = clock
        self._proxies = proxies

    async def answered(self, request: Request) -> Response:
        try:
            return await self._answered(request)
        except (DBAPIError, *UNAVAILABLE) as error:
            if not is_unavailable(error):
                raise
            log.warning("opt-in form not available", error=type(error).__name__)
            return rendering.unavailable(_language(request))

    async def _answered(self, request: Request) -> Response:
        try:
            door = await self._forms.door(request.path_params["code"])
        except LinkUnknown:
            return rendering.unknown(_language(request))
        except LinkClosed as closed:
            return rendering.closed(_language(request, closed.business), closed.business)
        if door.link.leads_to == "whatsapp" and not door.link.origins:
            # Its place counts on who comes by the chat, from the number itself.
            return Response(
                status_code=302, headers={**rendering.PRIVATE, "Location": f"..{LINK_PATH}/{door.link.code}"}
            )
        language = _language(request, door.business)
        if request.method == "POST":
            return await self._sent(request, door, language)
        return self._shown(request, door, language)

    def _shown(self, request: Request, door: Door, language: OurLanguage) -> Response:
        mark = request.query_params.get("done", "")
        done = done_in(door.business.secret, door.link.code, mark, self._clock.now())
        if done is not None:
            more = ("opted_in_leave",) if done == "opted_in" else ()
            return rendering.notice(language, done, (f"{done}_text", *more), business=door.business, mark=mark)
        return _form(door, language, self._forms.token(door))

    async def _sent(self, request: Request, door: Door, language: OurLanguage) -> Response:
        async with request.form(max_files=0, max_fields=_FIELDS_MOST) as form:
            entry = _entry_of(form)
        visit = Visit(language, address_of(request, self._proxies))
        try:
            holds = await self._forms.take(door, entry, visit)
        except InvalidRequest as refused:
            fields = {(fault.pointer or "").removeprefix("#/") for fault in refused.errors}
            return _form(door, language, entry.token, entry=entry, wrong=fields, status=refused.status)
        except FormTooFast as refused:
            return _form(door, language, entry.token, entry=entry, error="error_fast", status=refused.status)
        except FormRefused as refused:
            token = self._forms.token(door)
            return _form(door, language, token, entry=entry, error="error_form", status=refused.status)
        except TooManyRequests as refused:
            told = refused.headers
            return _form(door, language, entry.token, entry=entry, error="error_many", status=429, headers=told)
        done = "opted_in" if holds else "requested"
        mark = done_mark(door.business.secret, door.link.code, done, self._clock.now())
        query = f"?{urlencode({'done': mark, 'lang': language})}"
        return Response(status_code=303, headers={**rendering.PRIVATE, "Location": query})


def form_pages(forms: OptInForms, clock: Clock, proxies: tuple[Network, ...]) -> APIRouter:
    router = APIRouter()
    pages = _FormPages(forms, clock, proxies)
    router.add_api_route(
        FORM_PATH + "/{code}", pages.answered, methods=["GET", "HEAD", "POST"], include_in_schema=False
    )
    return router


def _entry_of(form: FormData) -> Entry:
    def text(name: str) -> str:
        return str(form.get(name, ""))

    topics = tuple(map(str, form.getlist("topic")))
    return Entry(text("token"), text("phone"), text("name"), topics, text("agreed") == "yes", text("leave_empty"))


_NOTHING_ENTERED = Entry("", "", "", (), agreed=False, trap="")


def _form(
    door: Door,
    language: OurLanguage,
    token: str,
    *,
    entry: Entry = _NOTHING_ENTERED,
    wrong: set[str] | None = None,
    error: str | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    """With what was entered, and what is wrong with it at its field."""
    business, faults = door.business, wrong or set()
    return rendering.page(
        "opt_in.html",
        language,
        say(language, "opt_in_title"),
        business=business,
        status=status,
        headers=headers,
        is_wrong=bool(faults or error),
        intro=say(language, "opt_in_intro", business=business.name),
        token=token,
        entered=entry,
        error=say(language, error or "errors") if error or faults else None,
        errors={field: error_text(field, business.country, language) for field in _FIELDS if field in faults},
        first=next((field for field in _FIELDS if field in faults), None),
        phone_hint=phone_hint(business.country, language),
        topics=[(one, label_of(one, language, business.offered_topics)) for one in door.choosable],
        wording=door.wording(language)[0],
    )


_REFUSALS = (Problem, RequestValidationError, HTTPException, DBAPIError, *UNAVAILABLE)
"""Whose answers the website's script is to read."""


class _Websites:
    """Those on which a link's form may stand, by its origins, and our own."""

    def __init__(self, forms: OptInForms, base_url: str) -> None:
        self._forms = forms
        self._own = origin_of(base_url)

    async def crossed(self, request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        """They may read the answer, refusals too; others learn only that they may not ask. That there is no such link
        everybody may read: nobody's website is known for it."""
        refusal: Problem | None = None
        allowed = "*"
        try:
            door = await self._forms.door(request.path_params["code"])
        except LinkUnknown:
            refusal = NotFound("There is no such opt-in link.")
        except LinkClosed as closed:
            allowed = self._allowed(request, closed.origins)
            refusal = LinkDisabled("The business has disabled it.")
        else:
            allowed = self._allowed(request, door.link.origins)
            request.state.door = door
        try:
            # That a browser may ask says nothing yet of the link: it reads only what it asks for after that.
            response = (
                await answer(request) if refusal is None or request.method == "OPTIONS" else refusal.as_response()
            )
        except _REFUSALS as refused:
            response = answer_to(refused)
        told = {"Access-Control-Allow-Origin": allowed, "Access-Control-Expose-Headers": "Retry-After"}
        response.headers.update({**told, "Vary": "Origin", "Cache-Control": "no-store"})
        return response

    def _allowed(self, request: Request, origins: tuple[str, ...]) -> str:
        """Raises OriginRefused. What a page of ours fetches from us names no origin."""
        origin = request.headers.get("origin")
        if origin is None and request.headers.get("sec-fetch-site") == "same-origin":
            origin = self._own
        if origin is None or origin not in (*origins, self._own):
            raise OriginRefused("The link names the websites (origins) on which its form may stand.")
        return origin


def _crossing(websites: _Websites) -> type[APIRoute]:
    """Routes that websites ask: whatever is wrong with a request, they are answered alike."""

    class Crossing(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            answer = super().get_route_handler()

            async def crossed(request: Request) -> Response:
                return await websites.crossed(request, answer)

            return crossed

    return Crossing


def public_opt_in(forms: OptInForms, proxies: tuple[Network, ...], base_url: str) -> APIRouter:
    router = APIRouter(tags=["Opt-in forms"], route_class=_crossing(_Websites(forms, base_url)))

    @router.get(
        PUBLIC_PATH + "/{code}",
        operation_id="get_opt_in_form",
        summary="What an opt-in form shows",
        response_model=OptInFormOut,
        responses=responses(OriginRefused, NotFound, LinkDisabled),
    )
    async def get_opt_in_form(request: Request, code: Code) -> Response:  # noqa: ARG001 - the door was found by it
        """For scripts on the business's website: the origins that the link names may ask, by CORS. `?lang=` is `tr` or
        `en`; without it the browser's language counts, then the business's."""
        door: Door = request.state.door
        language = _language(request, door.business)
        told = _form_out(door, language, forms.token(door), base_url)
        return Response(told.model_dump_json(), media_type="application/json")

    @router.post(
        PUBLIC_PATH + "/{code}",
        operation_id="send_opt_in_form",
        summary="Send an opt-in form",
        response_model=PublicOptInOut,
        responses=responses(
            MalformedBody,
            OriginRefused,
            NotFound,
            FormTokenInvalid,
            FormTokenExpired,
            FormTokenUsed,
            FormTooFast,
            FormTrapped,
            LinkDisabled,
            BodyTooLarge,
            InvalidRequest,
            TooManyRequests,
        ),
    )
    async def send_opt_in_form(request: Request, code: Code, body: PublicOptInIn) -> Response:  # noqa: ARG001 - the same
        """Records the opt-in with the wording that the form showed, or asks the customer on WhatsApp to confirm it. How
        often an address, a link and a phone number may come here is limited; 429 says when to come again."""
        door: Door = request.state.door
        if body.page is not None and origin_of(body.page) != request.headers.get("origin"):
            raise InvalidRequest.at("#/page", "other_origin", "must be a page of the website that sends the form")
        entry = Entry(
            body.token,
            body.phone,
            body.name,
            tuple(body.topics),
            body.agreed,
            body.website,
            body.mode,
            body.page,
        )
        holds = await forms.take(door, entry, Visit(body.language, address_of(request, proxies)))
        told = PublicOptInOut(state="opted_in" if holds else "to_be_confirmed")
        return Response(told.model_dump_json(), media_type="application/json")

    async def preflight() -> Response:
        allowed = {
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": "content-type",
            "Access-Control-Max-Age": "600",
        }
        return Response(status_code=204, headers=allowed)

    router.add_api_route(PUBLIC_PATH + "/{code}", preflight, methods=["OPTIONS"], include_in_schema=False)
    return router


def _form_out(door: Door, language: OurLanguage, token: str, base_url: str) -> OptInFormOut:
    business, link = door.business, door.link
    return OptInFormOut(
        code=link.code,
        token=token,
        language=language,
        business=business.name,
        colours=FormColours(
            ground=business.colour, text=text_on(business.colour), accent=readable_on_paper(business.colour)
        ),
        wording=door.wording(language)[0],
        topics=[
            TopicChoice(name=one, label=label_of(one, language, business.offered_topics)) for one in door.choosable
        ],
        privacy_url=business.privacy_url,
        # Our own address counts who comes, and leads on to the chat; that of a link to the form would lead there.
        chat_url=f"{base_url}{LINK_PATH}/{link.code}"
        if link.leads_to == "whatsapp"
        else link.chat_url(business, language),
        texts=texts_of(door, language),
    )


def snippet() -> APIRouter:
    router = APIRouter()

    async def script(request: Request) -> Response:
        if code_in(request.path_params["code"]) is None:
            return Response(status_code=404)
        body, tag = _script()
        headers = {
            "Cache-Control": "public, max-age=3600",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "X-Content-Type-Options": "nosniff",
            "ETag": tag,
        }
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type="text/javascript")

    router.add_api_route(EMBED_PATH + "/{code}.js", script, methods=["GET", "HEAD"], include_in_schema=False)
    return router


@cache
def _script() -> tuple[bytes, str]:
    """The same for all links: it reads from its own address whose it is. Without what only its readers need."""
    source = resources.files("app.pages").joinpath("static/embed.js").read_text(encoding="utf-8")
    lines = (line.strip() for line in source.splitlines())
    body = "\n".join(line for line in lines if line and not line.startswith("//")).encode()
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'
