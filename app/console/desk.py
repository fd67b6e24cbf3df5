"""The pages' common counter: who is there and may do what, forms that are ours, and errors told as pages."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter
from sqlalchemy.exc import DBAPIError
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.accounts.directory import Directory
from app.accounts.keys import Scope
from app.console.guarding import PROOF_FIELD, PROOF_HEADER, comes_from_here, proves
from app.console.navigation import PATH, START, login_for, way_back
from app.console.rendering import HEADERS, rendered
from app.console.sessions import Sessions
from app.console.visits import Visit
from app.core.clock import Clock
from app.core.database import UNAVAILABLE, is_unavailable
from app.core.languages import OurLanguage
from app.core.problems import InvalidRequest, Problem
from app.pages.limits import Limits
from app.pages.visits import browser_language

log = structlog.get_logger(__name__)

_FIELDS_MOST = 500

Handler = Callable[[Visit], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


class FormRefused(Problem):
    status, code, title = 403, "form_refused", "The form was not sent by a page of this session"


class ScopeMissing(Problem):
    status, code, title = 403, "forbidden", "The key may not do this"


@dataclass(frozen=True, slots=True)
class Desk:
    sessions: Sessions
    directory: Directory
    limits: Limits
    clock: Clock
    public_url: str

    @property
    def cookie(self) -> str:
        """Browsers take a name that begins so from secure pages alone. `__Host-` would ask for the path `/`, and so
        send it to customers' pages, too."""
        return "__Secure-ulak_console" if self.is_secure else "ulak_console"

    @property
    def is_secure(self) -> bool:
        return urlsplit(self.public_url).scheme == "https"

    def remember(self, answer: Response, text: str) -> None:
        answer.set_cookie(self.cookie, text, path=PATH, secure=self.is_secure, httponly=True, samesite="lax")

    def forget(self, answer: Response) -> None:
        answer.delete_cookie(self.cookie, PATH, secure=self.is_secure, httponly=True, samesite="lax")

    def endpoint(self, handler: Handler, scope: Scope | None, *, is_background: bool = False) -> Endpoint:
        """`is_background`: fetched by a page itself, which keeps no session open."""

        async def answered(request: Request) -> Response:
            is_visit = not is_background and not _is_fetched_by_itself(request)
            try:
                visit = await self.visit(request, is_visit=is_visit)
            except (DBAPIError, *UNAVAILABLE) as error:
                return _without_database(request, error)
            if visit is None:
                return self._to_login(request)
            try:
                self.limits.count("console", visit.session.id.hex)
                if request.method in ("GET", "HEAD"):
                    require(visit, scope)
                    return await handler(visit)
                async with request.form(max_files=0, max_fields=_FIELDS_MOST) as form:
                    sent = Visit(request, visit.session, visit.business, visit.language, visit.now, form)
                    self._require_ours(sent)
                    require(sent, scope)
                    return await handler(sent)
            except Exception as error:  # noqa: BLE001 - every one has its page
                return error_page(visit, error)

        return answered

    async def visit(self, request: Request, *, is_visit: bool = True) -> Visit | None:
        text = request.cookies.get(self.cookie)
        session = await self.sessions.open(text, is_visit=is_visit) if text else None
        business = await self.directory.business(session.business_id) if session is not None else None
        if session is None or business is None:
            return None
        language = session.language or browser_language(request, business.language)
        return Visit(request, session, business, language, self.clock.now(), FormData())

    def _to_login(self, request: Request) -> Response:
        """With a way back, but for forms: what was sent is gone."""
        if request.headers.get("hx-request"):
            shown = urlsplit(request.headers.get("hx-current-url", ""))
            way = way_back(f"{shown.path}?{shown.query}" if shown.query else shown.path)
            return Response(status_code=204, headers={**HEADERS, "HX-Redirect": f"{login_for(way)}&ended=1"})
        if "text/event-stream" in request.headers.get("accept", ""):
            return Response(status_code=204, headers=HEADERS)  # by which a browser knows not to ask again
        if request.method not in ("GET", "HEAD"):
            return Response(status_code=303, headers={**HEADERS, "Location": f"{login_for(START)}&ended=1"})
        way = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
        ended = "&ended=1" if self.cookie in request.cookies else ""
        return Response(status_code=303, headers={**HEADERS, "Location": f"{login_for(way_back(way))}{ended}"})

    def _require_ours(self, visit: Visit) -> None:
        sent = visit.form.get(PROOF_FIELD) or visit.request.headers.get(PROOF_HEADER)
        if not comes_from_here(visit.request, self.public_url) or not proves(sent, visit.session.proof):
            log.warning("console form refused", path=visit.request.scope["route"].path)
            raise FormRefused("The form was not sent by a page of this session.")


class Pages:
    """A router of pages: each handler gets a visit of somebody whose key has the scope, and answers it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.router = APIRouter()

    def get(self, path: str, scope: Scope | None, *, is_background: bool = False) -> Callable[[Handler], Handler]:
        return self._added(path, scope, ["GET", "HEAD"], is_background=is_background)

    def post(self, path: str, scope: Scope | None) -> Callable[[Handler], Handler]:
        """Of a form that carries the proof (see forms.html), or of htmx, which sends it by itself."""
        return self._added(path, scope, ["POST"], is_background=False)

    def _added(
        self, path: str, scope: Scope | None, methods: list[str], *, is_background: bool
    ) -> Callable[[Handler], Handler]:
        def adding(handler: Handler) -> Handler:
            endpoint = self._desk.endpoint(handler, scope, is_background=is_background)
            self.router.add_api_route(
                f"{PATH}{path}", endpoint, methods=methods, include_in_schema=False, response_model=None
            )
            return handler

        return adding


def error_page(visit: Visit, error: Exception) -> Response:
    """What went wrong, told to somebody who is signed in; ours are logged."""
    match error:
        case FormRefused():
            return _error(visit, 403, "form")
        case ScopeMissing():
            return _error(visit, 403, "403", scope=error.detail)
        case InvalidRequest():
            return _error(visit, 422, "422", said=[fault.message for fault in error.errors] or [error.detail])
        case Problem():
            kind = str(error.status) if error.status in (403, 404, 409, 429, 503) else "422"
            return _error(visit, error.status, kind, said=[error.detail], headers=error.headers)
        case HTTPException():
            return _error(visit, error.status_code, "422")
    is_away = is_unavailable(error)
    if is_away:
        log.warning("database unavailable", error=type(error).__name__)
    else:
        log.error("console page failed", exc_info=error)
    status = 503 if is_away else 500
    return _error(visit, status, str(status), headers={"Retry-After": "2"} if is_away else None)


_SELF_EXPLAINING = ("404", "429", "503", "500", "form")
"""Whose details say no more than the page does, in English."""


def _error(
    visit: Visit,
    status: int,
    kind: str,
    *,
    said: list[str] | None = None,
    scope: str = "",
    headers: dict[str, str] | None = None,
) -> Response:
    return visit.page(
        "error.html",
        visit.say(f"error_{kind}_title"),
        status=status,
        headers=headers,
        text="" if kind == "409" or (kind == "403" and not scope) else visit.say(f"error_{kind}_text", scope=scope),
        said=[] if kind in _SELF_EXPLAINING else said or [],
    )


def _is_fetched_by_itself(request: Request) -> bool:
    """Parts of pages that htmx fetches when something changed; what people do by it is no GET."""
    return request.method == "GET" and "hx-request" in request.headers


def require(visit: Visit, scope: Scope | None) -> None:
    """Raises ScopeMissing."""
    if scope is not None and not visit.may(scope):
        raise ScopeMissing(scope)


def _without_database(request: Request, error: Exception) -> Response:
    if not is_unavailable(error):
        raise error
    log.warning("database unavailable", error=type(error).__name__)
    return unavailable(browser_language(request))


def unavailable(language: OurLanguage) -> Response:
    """To somebody of whom nobody can say who it is just now."""
    return rendered("door_notice.html", language, status=503, headers={"Retry-After": "2"}, kind="error_503", ways=())
