"""Links into the console, for programs that lead people there."""

from fastapi import APIRouter, Request

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.keys import Scope
from app.console.schemas import ConsoleLinkOut
from app.console.sessions import Sessions
from app.core.problems import Forbidden, Unauthorized, Unavailable, responses


def console_links_router(directory: Directory, sessions: Sessions) -> APIRouter:
    router = APIRouter(tags=["Console"])

    @router.post(
        "/v1/console-links",
        operation_id="create_console_link",
        summary="Make a link into the console",
        status_code=201,
        responses=responses(Unauthorized, Forbidden, Unavailable),
    )
    async def create_console_link(request: Request) -> ConsoleLinkOut:
        """Whoever opens it within 15 minutes, and first, is signed in with the powers of this very key: give it to
        nobody who may not have them. Revoking the key ends the session."""
        caller = await authenticate(directory, request, Scope.CONSOLE_WRITE)
        made = await sessions.make_link(caller.business_id, caller.mode, caller.key_id)
        return ConsoleLinkOut(url=made.url, expires_at=made.expires_at)

    return router
