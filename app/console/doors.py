"""Coming in and going out: by key, by link, and the choices that belong to a session."""

import secrets

import structlog
from fastapi import APIRouter
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import Response

from app.console.desk import Desk, Endpoint, Pages, unavailable
from app.console.guarding import PROOF_FIELD, comes_from_here, proves
from app.console.navigation import LOGIN, PATH, START, way_back
from app.console.rendering import HEADERS, rendered
from app.console.secrets import Pass
from app.console.sessions import LINK_PATH
from app.console.visits import Visit
from app.core.database import UNAVAILABLE, is_unavailable
from app.core.languages import OurLanguage, known_language
from app.core.visitors import is_preview
from app.pages.addresses import Network, network_of
from app.pages.errors import TooManyRequests
from app.pages.visits import address_of, asked_language, browser_language

log = structlog.get_logger(__name__)

_KEY_MOST = 300
_FIELDS_MOST = 20


def door_pages(desk: Desk, proxies: tuple[Network, ...]) -> APIRouter:
    pages = Pages(desk)

    @pages.post("/logout", None)
    async def log_out(visit: Visit) -> Response:
        """This session, or all with the same key."""
        if visit.form.get("all"):
            await desk.sessions.end_all(visit.session.business_id, visit.session.key_id)
        await desk.sessions.end(visit.session)
        answer = Response(status_code=303, headers={**HEADERS, "Location": f"{LOGIN}?out=1"})
        desk.forget(answer)
        return answer

    @pages.post("/language", None)
    async def speak(visit: Visit) -> Response:
        language = known_language(str(visit.form.get("language", "")))
        if language is not None:
            await desk.sessions.speak(visit.session, language)
        return visit.to(way_back(str(visit.form.get("back", ""))))

    doors = _Doors(desk, proxies)
    for path, endpoint in ((LOGIN, doors.login), (LINK_PATH + "/{link}", doors.link)):
        pages.router.add_api_route(
            path, doors.kept(endpoint), methods=["GET", "HEAD", "POST"], include_in_schema=False, response_model=None
        )
    return pages.router


class _Doors:
    """Pages for who is not signed in. Their forms carry what a cookie of the same page says, so that nobody signs
    another's browser in."""

    def __init__(self, desk: Desk, proxies: tuple[Network, ...]) -> None:
        self._desk = desk
        self._proxies = proxies

    @property
    def _cookie(self) -> str:
        return "__Secure-ulak_console_form" if self._desk.is_secure else "ulak_console_form"

    def kept(self, endpoint: Endpoint) -> Endpoint:
        async def answered(request: Request) -> Response:
            try:
                return await endpoint(request)
            except (DBAPIError, *UNAVAILABLE) as error:
                if not is_unavailable(error):
                    raise
                log.warning("database unavailable", error=type(error).__name__)
                return unavailable(_language(request))

        return answered

    async def login(self, request: Request) -> Response:
        if request.method != "POST":
            if await self._desk.visit(request) is not None:
                return _led(way_back(request.query_params.get("back")))
            said = next((f"login_{name}" for name in ("ended", "out") if request.query_params.get(name)), None)
            return self._login(request, way_back(request.query_params.get("back")), said=said)
        async with request.form(max_files=0, max_fields=_FIELDS_MOST) as form:
            back = way_back(str(form.get("back", "")))
            if not self._is_ours(request, form.get(PROOF_FIELD)):
                return self._login(request, back, status=403, wrong="login_form")
            refused = self._counted(request)
            if refused is not None:
                return self._login(request, back, status=429, wrong="login_many", headers=refused.headers)
            token = str(form.get("key", "")).strip()
            begun = None
            if len(token) <= _KEY_MOST:
                begun = await self._desk.sessions.begin_by_key(token, asked_language(request))
        if begun is None:
            log.warning("console login refused", by="key")
            return self._login(request, back, status=403, wrong="login_wrong")
        return self._entered(begun, back)

    async def link(self, request: Request) -> Response:
        text = request.path_params["link"]
        if request.method != "POST":
            # What only looks ahead learns nothing, and uses nothing up.
            opens = not is_preview(request.headers) and await self._desk.sessions.link_opens(text)
            return self._link(request) if opens else self._dead(request)
        async with request.form(max_files=0, max_fields=_FIELDS_MOST) as form:
            if not self._is_ours(request, form.get(PROOF_FIELD)):
                return self._link(request, status=403, wrong="login_form")
        refused = self._counted(request)
        if refused is not None:
            return self._link(request, status=429, wrong="login_many", headers=refused.headers)
        begun = await self._desk.sessions.begin_by_link(text, asked_language(request))
        if begun is None:
            log.warning("console login refused", by="link")
            return self._dead(request)
        return self._entered(begun, START)

    def _entered(self, begun: Pass, way: str) -> Response:
        answer = _led(way)
        self._desk.remember(answer, begun.text)
        answer.delete_cookie(self._cookie, PATH, secure=self._desk.is_secure, httponly=True, samesite="strict")
        return answer

    def _counted(self, request: Request) -> TooManyRequests | None:
        address = address_of(request, self._proxies)
        try:
            self._desk.limits.count("console_login", network_of(address) if address is not None else "")
        except TooManyRequests as refused:
            log.warning("console login refused", by="limit")
            return refused
        return None

    def _is_ours(self, request: Request, sent: object) -> bool:
        known = request.cookies.get(self._cookie, "")
        return bool(known) and comes_from_here(request, self._desk.public_url) and proves(sent, known)

    def _login(
        self,
        request: Request,
        back: str,
        *,
        status: int = 200,
        said: str | None = None,
        wrong: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Response:
        return self._form(request, "login.html", status, headers, said=said, wrong=wrong, back=back)

    def _link(
        self, request: Request, *, status: int = 200, wrong: str | None = None, headers: dict[str, str] | None = None
    ) -> Response:
        return self._form(request, "link.html", status, headers, wrong=wrong)

    def _form(
        self, request: Request, template: str, status: int, headers: dict[str, str] | None, **values: object
    ) -> Response:
        proof = request.cookies.get(self._cookie) or secrets.token_urlsafe(32)
        answer = rendered(template, _language(request), status=status, headers=headers, proof=proof, **values)
        answer.set_cookie(
            self._cookie,
            proof,
            max_age=3600,
            path=PATH,
            secure=self._desk.is_secure,
            httponly=True,
            samesite="strict",
        )
        return answer

    def _dead(self, request: Request) -> Response:
        ways = (("link_to_login", LOGIN),)
        return rendered("door_notice.html", _language(request), status=410, kind="link_dead", ways=ways)


def _language(request: Request) -> OurLanguage:
    return asked_language(request) or browser_language(request)


def _led(way: str) -> Response:
    return Response(status_code=303, headers={**HEADERS, "Location": way})
