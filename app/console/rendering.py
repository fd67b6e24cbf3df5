"""Pages of the console as answers: of nothing but what we serve ourselves, kept nowhere."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import Response

from app.console.marks import as_on_whatsapp
from app.console.static_files import static_url
from app.console.words import say
from app.core.languages import OUR_LANGUAGES, OurLanguage

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Without one at all browsers would send our own forms with the origin `null`.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}


def _as_json(value: object) -> str:
    """For an attribute, whose quotes the template escapes."""
    return orjson.dumps(value).decode()


def _pretty(value: object) -> str:
    """For people to read."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode()


ENVIRONMENT = Environment(
    loader=PackageLoader("app.console"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
ENVIRONMENT.globals["static"] = static_url
ENVIRONMENT.filters["json"] = _as_json
ENVIRONMENT.filters["pretty"] = _pretty
ENVIRONMENT.filters["whatsapp"] = as_on_whatsapp


def rendered(
    template: str, language: OurLanguage, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
) -> Response:
    told: Callable[..., str] = partial(say, language)
    body = ENVIRONMENT.get_template(template).render(
        language=language,
        other=next(one for one in OUR_LANGUAGES if one != language),
        say=told,
        **values,
    )
    return Response(
        body, status, {**HEADERS, "Content-Language": language, **(headers or {})}, "text/html; charset=utf-8"
    )
