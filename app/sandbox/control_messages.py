"""The control API's view of messages: what was accepted, what became of it, and what was done to it."""

from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json

from app.sandbox.control import SandboxDep
from app.sandbox.errors import CATALOGUE
from app.sandbox.problems import ProblemError
from app.sandbox.sending import rendered_text
from app.sandbox.state import Json, Message
from app.sandbox.world import World

router = APIRouter()

_REPORTED = ("sent", "delivered", "read", "failed")
_STANDING = {"accepted": 0, "failed": 1, "sent": 2, "delivered": 3, "read": 4}
"""How far one message got, beside others of the same id of ours."""


def _fast(payload: Any) -> Response:
    """FastAPI's own way would look at every value of a hundred thousand messages first."""
    return Response(to_json(payload), media_type="application/json")


def described(message: Message) -> Json:
    out = message.direction == "out"
    return {
        "wamid": message.wamid,
        "direction": message.direction,
        "phone_number_id": message.number_id,
        "to": message.wa_id if out else None,
        "from": None if out else message.wa_id,
        "input": message.input or None,
        "type": message.type,
        "at": message.at,
        "text": rendered_text(message.view),
        "view": message.view,
        "content": message.content,
        "context": message.context_id,
        "seen": None if out else message.seen_by_business,
        "edited_at": message.edited_at,
        "revoked_at": message.revoked_at,
        "biz_opaque_callback_data": message.callback_data,
        "template_id": message.template_id,
        "category": message.category if out else None,
        "pricing": message.pricing,
        "status": message.status if out else None,
        "statuses": [
            {"status": entry.status, "at": entry.at} | ({"code": entry.code} if entry.code is not None else {})
            for entry in message.statuses
        ],
        "faults": message.faults,
    }


Direction = Literal["out", "in"]


@router.get("/control/messages")
async def list_messages(
    sandbox: SandboxDep,
    to: str | None = None,
    phone_number_id: str | None = None,
    callback_data: str | None = None,
    direction: Direction = "out",
    limit: Annotated[int | None, Query(ge=0)] = None,
) -> Response:
    """Messages accepted (or, with `direction=in`, sent by customers), oldest first; `limit` keeps the newest.

    `counts` (by recipient) and `total` cover all that match, whatever the limit. Without a filter, and with one for
    `callback_data`, no other messages are looked at.
    """
    world = sandbox.world
    if to is phone_number_id is callback_data is None:
        newest = (message for message in reversed(world.state.messages.values()) if message.direction == direction)
        counts = world.archive.customers(direction)
        return _listed(reversed(list(islice(newest, limit))), counts, counts.total())
    wa_id = to.lstrip("+ ") if to else None
    found = [
        message
        for message in _candidates(world, callback_data)
        if message.direction == direction
        and (wa_id is None or wa_id in {message.wa_id, message.input.lstrip("+")})
        and (phone_number_id is None or message.number_id == phone_number_id)
    ]
    kept = found if limit is None else found[max(0, len(found) - limit) :]
    return _listed(kept, Counter(message.wa_id for message in found), len(found))


def _candidates(world: World, callback_data: str | None) -> Iterable[Message]:
    if callback_data is None:
        return world.state.messages.values()
    return [world.state.messages[wamid] for wamid in world.archive.by_callback_data.get(callback_data, [])]


def _listed(messages: Iterable[Message], counts: Counter[str], total: int) -> Response:
    return _fast({"messages": [described(message) for message in messages], "counts": counts, "total": total})


@router.get("/control/tally")
async def tally(sandbox: SandboxDep, callback_data: str | None = None) -> Response:
    """For each `biz_opaque_callback_data`: how often it was really accepted, and how far it really got.

    That is the truth, whatever the answers and the webhooks said of it.
    """
    world = sandbox.world
    index = world.archive.by_callback_data
    wanted = index if callback_data is None else {callback_data: index.get(callback_data, [])}
    return _fast({"data": {key: _standing([world.state.messages[wamid] for wamid in wanted[key]]) for key in wanted}})


def _standing(messages: list[Message]) -> Json:
    reached = [[entry.status for entry in message.statuses] for message in messages]
    ever = set().union(*reached)
    return {
        "accepted": len(messages),
        "wamids": [message.wamid for message in messages],
        "statuses": [status for status in _REPORTED if status in ever],
        "last": max((_last(statuses) for statuses in reached), key=_STANDING.__getitem__, default=None),
    }


def _last(statuses: list[str]) -> str:
    """Of one message, whose statuses may have been noted in any order."""
    return "failed" if "failed" in statuses else max(statuses, key=_STANDING.__getitem__, default="accepted")


class StatusRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    status: Literal["sent", "delivered", "read", "failed"]
    code: int = 131026
    """Of a failure."""
    details: str = ""


@router.post("/control/messages/{wamid}/status")
async def force_status(wamid: str, request: StatusRequest, sandbox: SandboxDep) -> Json:
    """Reports a status now, whatever was planned. One that was reached already is reported again."""
    message = sandbox.world.state.messages.get(wamid)
    if message is None or message.direction != "out":
        raise ProblemError(404, "unknown_message", f"No message was accepted as {wamid!r}.")
    if request.status == "failed":
        if request.code not in CATALOGUE:
            raise ProblemError(422, "unknown_code", f"{request.code} is not in the table of error codes.")
        sandbox.lifecycle.report(message, "failed", code=request.code, details=request.details)
    else:
        sandbox.lifecycle.report(message, request.status)
    return described(message)
