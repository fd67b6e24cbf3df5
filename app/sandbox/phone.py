"""The phone page: what a customer sees of the chats, and what the page asks for to stay current."""

import heapq
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, Response

from app.sandbox.control import SandboxDep, number_of
from app.sandbox.engine import Sandbox
from app.sandbox.lifecycle import WINDOW
from app.sandbox.numbers import formatted
from app.sandbox.pages import FILES, HEADERS, language_of, page, template
from app.sandbox.phone_words import WORDS
from app.sandbox.problems import ProblemError
from app.sandbox.sending import rendered_text
from app.sandbox.state import Chat, Json, Message

router = APIRouter(include_in_schema=False)

_PAGE = template("phone.html")
_CHATS, _MESSAGES = 200, 200


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
    return Response(data, media_type=media.mime_type, headers=HEADERS)


@router.get("/phone/state")
async def current(sandbox: SandboxDep, since: Annotated[int, Query()] = -1, chat: Annotated[str, Query()] = "") -> Json:
    """Everything the page shows, or only the version when it shows that already."""
    version = sandbox.world.version
    if since == version:
        return {"version": version}
    state = sandbox.world.state
    newest = heapq.nlargest(_CHATS, state.chats.values(), key=lambda each: each.last_at)
    opened = state.chats.get(chat)
    return {
        "version": version,
        "now": sandbox.world.clock.now(),
        "faults": bool(sandbox.world.dial.active or state.conditions),
        "numbers": [
            {"id": each.number_id, "name": each.verified_name, "phone": each.display_phone_number}
            for each in state.numbers.values()
        ],
        "chats": [_row(sandbox, each) for each in newest if each.number_id in state.numbers],
        "chat": _opened(sandbox, opened) if opened is not None else None,
    }


def _row(sandbox: Sandbox, chat: Chat) -> Json:
    last = sandbox.world.state.messages.get(chat.wamids[-1]) if chat.wamids else None
    return {
        "key": f"{chat.number_id}:{chat.wa_id}",
        "number": chat.number_id,
        "customer": chat.wa_id,
        "phone": formatted(chat.wa_id),
        "name": chat.profile_name,
        "at": chat.last_at,
        "text": rendered_text(last.view) if last is not None else "",
        "type": last.type if last is not None else "",
        "direction": last.direction if last is not None else "",
        "status": last.status if last is not None else "",
    }


def _opened(sandbox: Sandbox, chat: Chat) -> Json:
    messages = [sandbox.world.state.messages[wamid] for wamid in chat.wamids[-_MESSAGES:]]
    opened = chat.last_inbound_at
    return _row(sandbox, chat) | {
        "window_until": opened + WINDOW if opened is not None else None,
        "typing_until": chat.typing_until,
        "hidden": sandbox.world.hides(chat.wa_id),
        "stopped": f"{chat.number_id}:{chat.wa_id}" in sandbox.world.state.stopped,
        "messages": [_bubble(sandbox, message) for message in messages],
    }


def _bubble(sandbox: Sandbox, message: Message) -> Json:
    bubble: Json = {
        "wamid": message.wamid,
        "direction": message.direction,
        "type": message.type,
        "at": message.at,
        "view": message.view,
        "category": message.category,
        "status": message.status,
    }
    failed = next((entry for entry in message.statuses if entry.status == "failed"), None)
    if failed is not None:
        bubble["failure"] = {"code": failed.code, "details": failed.details}
    quoted = sandbox.world.state.messages.get(message.context_id or "")
    if quoted is not None:
        bubble["quote"] = {
            "wamid": quoted.wamid,
            "direction": quoted.direction,
            "text": rendered_text(quoted.view),
            "type": quoted.type,
        }
    return bubble


@router.post("/phone/chats/{number_id}/{wa_id}/open", status_code=204)
async def open_chat(number_id: str, wa_id: str, sandbox: SandboxDep) -> None:
    """The customer looks at the chat, so what was delivered is read."""
    number_of(sandbox, number_id)
    chat = sandbox.world.state.chats.get(f"{number_id}:{wa_id}")
    if chat is not None:
        sandbox.lifecycle.read_by_customer(chat)
