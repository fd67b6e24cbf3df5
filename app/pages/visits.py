"""What a request tells of the customer's browser: its language and its address."""

from collections.abc import Sequence

from fastapi import Request

from app.core.languages import OurLanguage, known_language, spoken
from app.core.visitors import page_language
from app.pages.addresses import Network, client_address


def address_of(request: Request, trusted: Sequence[Network]) -> str | None:
    connection = request.client.host if request.client is not None else None
    return client_address(connection, request.headers.getlist("x-forwarded-for"), trusted)


def asked_language(request: Request) -> OurLanguage | None:
    """By the address itself, which the page's own link to the other language says."""
    return known_language(request.query_params.get("lang"))


def browser_language(request: Request, fallback: str = "tr") -> OurLanguage:
    """By Accept-Language; where it says nothing, the business's own."""
    accepted = request.headers.get("accept-language", "").strip()
    if not accepted:
        return spoken(fallback)
    return page_language(accepted)
