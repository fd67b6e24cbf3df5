"""Lists that are narrowed by their address, and go on from page to page."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from app.console.visits import Visit
from app.core.problems import FieldError, InvalidRequest


def asked_of(visit: Visit, names: Sequence[str]) -> dict[str, str]:
    """What the address narrows the list by, without what is empty. Raises InvalidRequest."""
    found = {name: visit.request.query_params.get(name, "").strip() for name in names}
    asked = {name: value for name, value in found.items() if value}
    for name, value in asked.items():
        if "\x00" in value:
            raise wrong(name, "must not hold control characters")
    return asked


def wrong(name: str, message: str) -> InvalidRequest:
    return InvalidRequest.from_faults([FieldError(parameter=name, code="value", message=f"{name} {message}")])


def address(path: str, asked: Mapping[str, str], **more: str | None) -> str:
    query = {name: value for name, value in {**asked, **more}.items() if value}
    return f"{path}?{urlencode(query)}" if query else path
