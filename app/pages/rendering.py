"""Pages as answers: in the business's name and colour, of nothing but themselves, kept nowhere."""

from collections.abc import Callable
from functools import lru_cache, partial
from importlib import resources
from typing import Any

from fastapi import Response
from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from app.accounts.directory import BusinessAccount
from app.core.languages import OUR_LANGUAGES, OurLanguage
from app.core.plain_pages import PRIVATE_HEADERS, style_policy
from app.pages.colours import readable_on_paper, text_on
from app.pages.words import say

_OUR_COLOUR = "#0b6b4f"

_ENVIRONMENT = Environment(loader=PackageLoader("app.pages"), autoescape=True, trim_blocks=True, lstrip_blocks=True)

PRIVATE = {**PRIVATE_HEADERS, "X-Content-Type-Options": "nosniff"}


@lru_cache(maxsize=1000)
def style_of(colour: str) -> tuple[str, str]:
    """The style in a business's colour, and the policy that lets it and nothing else through."""
    colours = f"--brand:{colour};--on-brand:{text_on(colour)};--brand-text:{readable_on_paper(colour)}"
    sheet = resources.files("app.pages").joinpath("static/pages.css").read_text(encoding="utf-8")
    style = f":root{{{colours}}}\n{sheet}"
    return style, style_policy(style, "form-action 'self'; img-src data:")


def page(
    template: str,
    language: OurLanguage,
    title: str,
    *,
    business: BusinessAccount | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
    is_wrong: bool = False,
    mark: str | None = None,
    **values: Any,
) -> Response:
    """`is_wrong`: what was sent was not taken, which the title says first, since screen readers begin with it. `mark`:
    what says in the address that something was done; the link to the other language keeps it."""
    style, policy = style_of(business.colour if business is not None else _OUR_COLOUR)
    told: Callable[..., str] = partial(say, language)
    body = _ENVIRONMENT.get_template(template).render(
        language=language,
        other=next(one for one in OUR_LANGUAGES if one != language),
        title=title,
        heading=say(language, "error", title=title) if is_wrong else title,
        mark=mark,
        style=Markup(style),  # noqa: S704 - our own sheet and a colour of six digits
        business=business,
        say=told,
        **values,
    )
    told_headers = {**PRIVATE, "Content-Security-Policy": policy, "Content-Language": language, **(headers or {})}
    return Response(body, status, told_headers, "text/html; charset=utf-8")


def notice(
    language: OurLanguage,
    kind: str,
    texts: tuple[str, ...],
    *,
    business: BusinessAccount | None = None,
    status: int = 200,
    ways: tuple[tuple[str, str], ...] = (),
    headers: dict[str, str] | None = None,
    mark: str | None = None,
) -> Response:
    """A page that says something and leads, at most, elsewhere; `kind` and `texts` are keys of the words."""
    name = business.name if business is not None else ""
    said = tuple(say(language, text, business=name) for text in texts)
    return page(
        "notice.html",
        language,
        say(language, f"{kind}_title"),
        business=business,
        status=status,
        headers=headers,
        mark=mark,
        texts=said,
        ways=tuple((say(language, label), url) for label, url in ways),
    )


def unknown(language: OurLanguage) -> Response:
    return notice(language, "unknown", ("unknown_text",), status=404)


def closed(language: OurLanguage, business: BusinessAccount) -> Response:
    return notice(language, "closed", ("closed_text",), business=business, status=410)


def unavailable(language: OurLanguage) -> Response:
    return notice(language, "unavailable", ("unavailable_text",), status=503, headers={"Retry-After": "2"})
