"""The control API: what stands in for Meta's dashboard, for the customers' thumbs, and for time."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.sandbox import magic
from app.sandbox.accounts import AccountConflictError, AccountRequest
from app.sandbox.chats import ActError
from app.sandbox.engine import Sandbox
from app.sandbox.inbound_kinds import read_inbound
from app.sandbox.problems import ProblemError
from app.sandbox.state import Json, Number

router = APIRouter()


def _sandbox(request: Request) -> Sandbox:
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox


SandboxDep = Annotated[Sandbox, Depends(_sandbox)]


_CALENDAR = {"archival", "unpause", "category", "deletion"}
"""What is due in hours or months: nobody waits for it who waits for the sandbox to have done its work."""


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
        "jobs": sum(job.kind not in _CALENDAR for job in sandbox.world.scheduler.pending()),
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


@router.post("/control/inbound", status_code=201)
async def send_inbound(request: Request, body: Json, sandbox: SandboxDep) -> Json:
    """A customer writes or taps, changes or takes back. Opens the 24-hour window and reports it by webhook."""
    inbound = read_inbound(body)
    number = number_of(sandbox, inbound.phone_number_id)
    try:
        message = sandbox.customers.send(number, inbound, base_url=str(request.base_url))
    except ActError as fault:
        faults = [{"path": ["body", *fault.path], "message": str(fault)}]
        raise ProblemError(422, fault.code, str(fault), errors=faults) from None
    return {"wamid": message.wamid}


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
