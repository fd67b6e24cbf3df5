"""The phone page: what a customer sees of the chats, and what the page asks for to stay current."""

import heapq
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, Response

from app.sandbox.bubbles import opened, row
from app.sandbox.control import SandboxDep, number_of
from app.sandbox.inbound_kinds import read_inbound
from app.sandbox.media import LIMITS
from app.sandbox.pages import FILES, HEADERS, language_of, page, template
from app.sandbox.phone_words import WORDS
from app.sandbox.problems import ProblemError
from app.sandbox.state import Json

router = APIRouter(include_in_schema=False)

_PAGE = template("phone.html")
_CHATS = 200
_SHOWN = frozenset().union(*(types for types, _ in LIMITS.values()))


@router.get("/")
async def phone(request: Request, lang: str | None = None) -> HTMLResponse:
    language = language_of(request, lang)
    return page(_PAGE, language, WORDS[language])


@router.get("/phone/files/{name}")
async def static(name: str) -> Response:
    if name not in FILES:
        raise ProblemError(404, "unknown_file", f"There is no file {name!r}.")
    content, kind = FILES[name]
    return Response(content, media_type=f"{kind}; charset=utf-8", headers=HEADERS)


@router.get("/phone/media/{media_id}")
async def medium(media_id: str, sandbox: SandboxDep) -> Response:
    media = sandbox.media.get(media_id)
    data = sandbox.media.read(media_id) if media is not None else None
    if media is None or data is None:
        raise ProblemError(404, "unknown_media", f"There is no medium {media_id!r}.")
    # What a customer sends can be of any type, a page with scripts too.
    is_shown = media.mime_type.split(";", maxsplit=1)[0] in _SHOWN
    return Response(
        data,
        media_type=media.mime_type,
        headers=HEADERS if is_shown else HEADERS | {"Content-Disposition": "attachment"},
    )


@router.get("/phone/state")
async def current(sandbox: SandboxDep, since: Annotated[int, Query()] = -1, chat: Annotated[str, Query()] = "") -> Json:
    """Everything the page shows, or only the version when it shows that already."""
    version = sandbox.world.version
    if since == version:
        return {"version": version}
    state = sandbox.world.state
    newest = heapq.nlargest(_CHATS, state.chats.values(), key=lambda each: each.last_at)
    shown = state.chats.get(chat)
    return {
        "version": version,
        "now": sandbox.world.clock.now(),
        "flows": sandbox.settings.clock == "real",
        "faults": bool(sandbox.world.dial.active or state.conditions),
        "numbers": [
            {"id": each.number_id, "name": each.verified_name, "phone": each.display_phone_number}
            for each in state.numbers.values()
        ],
        "chats": [row(sandbox, each) for each in newest if each.number_id in state.numbers],
        "chat": opened(sandbox, shown) if shown is not None else None,
    }


@router.post("/phone/chats/{number_id}/{wa_id}/open", status_code=204)
async def open_chat(number_id: str, wa_id: str, sandbox: SandboxDep) -> None:
    """The customer looks at the chat, so what was delivered is read."""
    number = number_of(sandbox, number_id)
    chat = sandbox.world.state.chats.get(f"{number_id}:{wa_id}")
    if chat is not None:
        sandbox.lifecycle.read_by_customer(chat)
    elif sandbox.settings.request_welcome:
        welcome = {"kind": "request_welcome", "from": wa_id, "phone_number_id": number_id}
        sandbox.customers.send(number, read_inbound(welcome))
