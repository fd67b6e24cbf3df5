"""Graph's pages: cursors that mean nothing to the caller, and the addresses of the neighbouring pages."""

import base64
import binascii

from app.sandbox.errors import invalid
from app.sandbox.graph import Call
from app.sandbox.state import Json


def cursor_of(object_id: str) -> str:
    return base64.urlsafe_b64encode(object_id.encode()).decode()


def object_of(cursor: str) -> str:
    try:
        return base64.urlsafe_b64decode(cursor).decode()
    except (binascii.Error, UnicodeError, ValueError):
        raise invalid_cursor() from None


def invalid_cursor() -> Exception:
    return invalid("Invalid cursor.")


def paging(call: Call, ids: list[str], *, before: bool, after: bool, limit: int) -> Json:
    """Of a page with these objects; whether there are others on either side of it."""
    first, last = cursor_of(ids[0]), cursor_of(ids[-1])
    bare = call.request.url.remove_query_params(["after", "before", "limit"])
    made: Json = {"cursors": {"before": first, "after": last}}
    if after:
        made["next"] = str(bare.include_query_params(limit=limit, after=last))
    if before:
        made["previous"] = str(bare.include_query_params(limit=limit, before=first))
    return made
