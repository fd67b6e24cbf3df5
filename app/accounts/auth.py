"""The caller of a request, from its key."""

from typing import Any

from starlette.requests import Request

from app.accounts.directory import Caller, Directory
from app.accounts.keys import Scope
from app.core.problems import Forbidden, Unauthorized

SECURITY_SCHEME: dict[str, Any] = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "ulak_live_… or ulak_test_…",
    "description": "An API key. A test key sends to the sandbox and never reaches Meta.",
}


async def authenticate(directory: Directory, request: Request, scope: Scope) -> Caller:
    """Raises Unauthorized or Forbidden."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized("Send `Authorization: Bearer ulak_…`.")
    caller = await directory.caller(token.strip())
    if caller is None:
        raise Unauthorized("The key is unknown, revoked or expired.")
    if scope not in caller.scopes:
        raise Forbidden(f"The key has no scope {scope}.")
    return caller
