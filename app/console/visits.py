"""One request by somebody who is signed in, with what pages need to answer it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from app.accounts.directory import BusinessAccount
from app.accounts.models import Mode
from app.console.formats import Formats
from app.console.navigation import SECTIONS, section_of
from app.console.rendering import HEADERS, rendered
from app.console.sessions import Session
from app.console.words import known, say
from app.core.languages import OurLanguage

NOTE_COOKIE = "ulak_console_note"
"""What was done by the form before, said once by the page after it."""


@dataclass(frozen=True, slots=True)
class Visit:
    request: Request
    session: Session
    business: BusinessAccount
    language: OurLanguage
    now: datetime
    form: FormData
    """Empty where nothing was sent."""

    @property
    def mode(self) -> Mode:
        return self.session.mode

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.business.time_zone)

    @property
    def formats(self) -> Formats:
        return Formats(self.language, self.zone, self.now)

    def may(self, scope: str) -> bool:
        return self.session.may(scope)

    def say(self, key: str, /, **given: object) -> str:
        return say(self.language, key, **given)

    def page(
        self,
        template: str,
        title: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> Response:
        """A whole page; `template` extends page.html."""
        note = self.request.cookies.get(NOTE_COOKIE, "")
        note = note if note.startswith("done_") and known(note) else ""
        answer = self._rendered(
            template,
            status,
            headers,
            title=title,
            sections=[one for one in SECTIONS if self.may(one.scope)],
            section=section_of(self.request.url.path),
            is_read_only=not any(scope.endswith(":write") for scope in self.session.scopes),
            here=self._here(),
            note=note,
            **values,
        )
        if NOTE_COOKIE in self.request.cookies:
            answer.delete_cookie(NOTE_COOKIE, "/console", httponly=True, samesite="lax")
        return answer

    def fragment(self, template: str, **values: Any) -> Response:
        """A part of a page, which the page fetches anew when something changed."""
        return self._rendered(template, 200, None, **values)

    def to(self, path: str, note: str | None = None) -> Response:
        """Where a form leads, and what is said there of what it did: a key of the words that begins with `done_`."""
        answer = Response(status_code=303, headers={**HEADERS, "Location": path})
        if note is not None:
            answer.set_cookie(NOTE_COOKIE, note, max_age=60, path="/console", httponly=True, samesite="lax")
        return answer

    def _here(self) -> str:
        url = self.request.url
        return f"{url.path}?{url.query}" if url.query else url.path

    def _rendered(self, template: str, status: int, headers: Mapping[str, str] | None, **values: Any) -> Response:
        return rendered(
            template,
            self.language,
            status=status,
            headers=headers,
            visit=self,
            formats=self.formats,
            may=self.may,
            proof=self.session.proof,
            **values,
        )
