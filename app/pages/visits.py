"""What a request tells of the customer's browser: its language and its address."""

from collections.abc import Sequence

from fastapi import Request

from app.core.visitors import page_language
from app.pages.addresses import Network, client_address
from app.pages.words import Language, known_language


def address_of(request: Request, trusted: Sequence[Network]) -> str | None:
    connection = request.client.host if request.client is not None else None
    return client_address(connection, request.headers.getlist("x-forwarded-for"), trusted)


def asked_language(request: Request) -> Language | None:
    """By the address itself, which the page's own link to the other language says."""
    return known_language(request.query_params.get("lang"))


def browser_language(request: Request, fallback: str = "tr") -> Language:
    """By Accept-Language; where it says nothing, the business's own."""
    accepted = request.headers.get("accept-language", "").strip()
    if not accepted:
        return known_language(fallback) or "en"
    return known_language(page_language(accepted)) or "en"
