"""The control API: what stands in for Meta's dashboard, for the customers' thumbs, and for time."""

from collections import Counter
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.sandbox import magic
from app.sandbox.accounts import AccountConflictError, AccountRequest
from app.sandbox.engine import Sandbox
from app.sandbox.errors import CATALOGUE
from app.sandbox.inbound import Inbound, UnknownContextError
from app.sandbox.problems import ProblemError
from app.sandbox.sending import rendered_text
from app.sandbox.state import Json, Message, Number

router = APIRouter()


def _sandbox(request: Request) -> Sandbox:
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox


SandboxDep = Annotated[Sandbox, Depends(_sandbox)]


def number_of(sandbox: Sandbox, number_id: str) -> Number:
    number = sandbox.world.state.numbers.get(number_id)
    if number is None:
        raise ProblemError(404, "unknown_number", f"No account has the phone_number_id {number_id!r}.")
    return number


@router.get("/healthz")
async def health(sandbox: SandboxDep) -> Json:
    state, counts = sandbox.world.state, sandbox.outbox.counts
    return {
        "status": "ok",
        "now": sandbox.world.clock.now(),
        "numbers": len(state.numbers),
        "messages": len(state.messages),
        "jobs": len(sandbox.world.scheduler.pending()),
        "webhooks": {
            "pending": len(state.deliveries),
            "delivered": counts.delivered,
            "failed": counts.failed,
            "dropped": counts.dropped,
        },
    }


@router.post("/control/accounts", status_code=201)
async def create_account(request: AccountRequest, sandbox: SandboxDep, response: Response) -> Json:
    """Makes a business number with everything around it, or changes one; gives all its credentials.

    With `callback_url` the app is subscribed to every webhook field there, once the address passes Meta's handshake.
    """
    try:
        number, created = sandbox.accounts.ensure(request)
    except AccountConflictError as conflict:
        raise ProblemError(409, "account_taken", str(conflict)) from None
    if request.callback_url is not None:
        fault = await sandbox.accounts.connect(sandbox.http, number, request.callback_url)
        if fault is not None:
            raise ProblemError(422, "handshake_failed", fault, account=sandbox.accounts.credentials(number))
    response.status_code = 201 if created else 200
    return sandbox.accounts.credentials(number)


@router.get("/control/accounts")
async def list_accounts(sandbox: SandboxDep) -> Json:
    return {"data": [sandbox.accounts.credentials(number) for number in sandbox.world.state.numbers.values()]}


def described(message: Message) -> Json:
    return {
        "wamid": message.wamid,
        "direction": message.direction,
        "phone_number_id": message.number_id,
        "to": message.wa_id if message.direction == "out" else None,
        "from": message.wa_id if message.direction == "in" else None,
        "input": message.input or None,
        "type": message.type,
        "at": message.at,
        "text": rendered_text(message.view),
        "view": message.view,
        "content": message.content,
        "biz_opaque_callback_data": message.callback_data,
        "template_id": message.template_id,
        "category": message.category if message.direction == "out" else None,
        "pricing": message.pricing,
        "status": message.status if message.direction == "out" else None,
        "statuses": [
            {"status": entry.status, "at": entry.at} | ({"code": entry.code} if entry.code is not None else {})
            for entry in message.statuses
        ],
    }


@router.get("/control/messages")
async def list_messages(
    sandbox: SandboxDep,
    to: str | None = None,
    phone_number_id: str | None = None,
    direction: Literal["out", "in"] = "out",
    limit: Annotated[int | None, Query(ge=0)] = None,
) -> Json:
    """Messages accepted (or, with `direction=in`, sent by customers), oldest first; `limit` keeps the newest.

    `counts` (by recipient) and `total` cover all that match, whatever the limit.
    """
    wa_id = to.lstrip("+ ") if to else None
    found = [
        message
        for message in sandbox.world.state.messages.values()
        if message.direction == direction
        and (wa_id is None or wa_id in {message.wa_id, message.input.lstrip("+")})
        and (phone_number_id is None or message.number_id == phone_number_id)
    ]
    kept = found if limit is None else found[len(found) - min(limit, len(found)) :]
    return {
        "messages": [described(message) for message in kept],
        "counts": Counter(message.wa_id for message in found),
        "total": len(found),
    }


@router.post("/control/inbound", status_code=201)
async def send_inbound(inbound: Inbound, sandbox: SandboxDep) -> Json:
    """A customer writes or taps. Opens the 24-hour window and reports it by webhook."""
    try:
        message = sandbox.customers.send(number_of(sandbox, inbound.phone_number_id), inbound)
    except UnknownContextError as fault:
        raise ProblemError(422, "unknown_context", str(fault)) from None
    return {"wamid": message.wamid}


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


class TemplateRequest(BaseModel):
    """Only what is given changes."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED", "IN_APPEAL", "ARCHIVED"] | None = None
    reason: str = "NONE"
    category: Literal["UTILITY", "MARKETING", "AUTHENTICATION"] | None = None
    quality: Literal["GREEN", "YELLOW", "RED", "UNKNOWN"] | None = None


@router.post("/control/templates/{template_id}")
async def change_template(template_id: str, request: TemplateRequest, sandbox: SandboxDep) -> Json:
    """Meta decides something about a template, and says so by webhook."""
    template = sandbox.world.state.templates.get(template_id)
    if template is None:
        raise ProblemError(404, "unknown_template", f"No template has the id {template_id!r}.")
    if request.category is not None:
        sandbox.templates.set_category(template, request.category)
    if request.quality is not None:
        sandbox.templates.set_quality(template, request.quality)
    if request.status is not None:
        sandbox.templates.set_status(template, request.status, request.reason)
    return {"id": template_id, "status": template.status, "category": template.category, "quality": template.quality}


class Advance(BaseModel):
    model_config = ConfigDict(extra="forbid")

    seconds: float = Field(ge=0, le=400 * 86_400)


@router.post("/control/clock/advance")
async def advance_clock(request: Advance, sandbox: SandboxDep) -> dict[str, Any]:
    """Lives through the next seconds at once; answers when every webhook due in them has been answered."""
    await sandbox.advance(request.seconds)
    return {"now": sandbox.world.clock.now()}


class Reset(BaseModel):
    model_config = ConfigDict(extra="forbid")

    accounts: bool = False
    """Forget the accounts too, with their tokens and subscriptions."""


@router.post("/control/reset")
async def reset(sandbox: SandboxDep, request: Reset | None = None) -> Json:
    sandbox.reset(accounts=request is not None and request.accounts)
    return {"status": "ok"}


@router.get("/control/magic-numbers")
async def magic_numbers(sandbox: SandboxDep) -> Json:
    """Recipients that fail with a code or stop on the way, and the words that steer a template's review."""
    return magic.describe(sandbox.settings.magic_pattern)
