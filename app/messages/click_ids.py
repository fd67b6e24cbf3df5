"""The click's id in the address that a tracked link leads to, so that the website can give it back. Pure."""

from urllib.parse import unquote_plus
from uuid import UUID

from app.core.ids import public_id

CLICK_PREFIX = "clk"


def with_click(url: str, parameter: str, click_id: UUID) -> str:
    """The address with the click in its query, in the place of one that stands there under the same name; all else of
    it stays as it was written. `parameter` needs no escaping."""
    address, hash_sign, fragment = url.partition("#")
    path, _, query = address.partition("?")
    parts = query.split("&") if query else []
    kept = [part for part in parts if unquote_plus(part.partition("=")[0]) != parameter]
    told = "&".join([*kept, f"{parameter}={public_id(CLICK_PREFIX, click_id)}"])
    return f"{path}?{told}{hash_sign}{fragment}"
