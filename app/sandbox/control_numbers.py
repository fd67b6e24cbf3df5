"""The control API of numbers: what they may do, and what is the matter with them."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.sandbox.control import SandboxDep, number_of
from app.sandbox.engine import Sandbox
from app.sandbox.errors import CATALOGUE
from app.sandbox.problems import ProblemError
from app.sandbox.state import Json, Number

router = APIRouter()


def condition_of(sandbox: Sandbox, number_id: str) -> Json | None:
    condition = sandbox.conditions.of(number_id)
    if condition is None:
        return None
    return {
        "code": condition.code,
        "title": CATALOGUE[condition.code].title,
        "details": condition.details or None,
        "since": condition.since,
        "until": condition.until,
    }


def described(sandbox: Sandbox, number: Number) -> Json:
    business_id = sandbox.world.waba_of(number).business_id
    return {
        "phone_number_id": number.number_id,
        "throughput": sandbox.throttles.rate_of(number),
        "messaging_limit": sandbox.throttles.messaging_limit(business_id),
        "maintenance_until": number.maintenance_until if number.maintenance_until > sandbox.world.clock.now() else None,
        "condition": condition_of(sandbox, number.number_id),
    }


@router.get("/control/accounts")
async def list_accounts(sandbox: SandboxDep) -> Json:
    """Every number with its credentials, what it may do, and what is the matter with it."""
    numbers = sandbox.world.state.numbers.values()
    return {"data": [sandbox.accounts.credentials(number) | described(sandbox, number) for number in numbers]}


class NumberRequest(BaseModel):
    """Only what is given changes."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    throughput: Annotated[float, Field(gt=0)] | None = None
    """Messages per second; null gives the number back to the dial."""
    messaging_limit: Literal[250, 2_000, 10_000, 100_000] | None = None
    """Of its portfolio; null: unlimited."""


@router.patch("/control/numbers/{number_id}")
async def change_number(number_id: str, request: NumberRequest, sandbox: SandboxDep) -> Json:
    """Meta lets the number do more or less, and says so by webhook."""
    number = number_of(sandbox, number_id)
    if "throughput" in request.model_fields_set:
        sandbox.capabilities.set_throughput(number, request.throughput)
    if "messaging_limit" in request.model_fields_set:
        sandbox.capabilities.set_messaging_limit(number, request.messaging_limit)
    return described(sandbox, number)


class ConditionRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    code: int
    details: Annotated[str, Field(max_length=1_000)] = ""
    seconds: Annotated[float, Field(gt=0, le=400 * 86_400)] | None = None
    """Until it lifts by itself."""


@router.put("/control/numbers/{number_id}/condition")
async def put_condition(number_id: str, request: ConditionRequest, sandbox: SandboxDep) -> Json:
    """From now on every send of the number fails with a code; with 0 or 190, every call made with its token."""
    number = number_of(sandbox, number_id)
    fault = CATALOGUE.get(request.code)
    if fault is None or fault.mode == "async":
        raise ProblemError(422, "unknown_code", f"{request.code} is not a code that Graph answers a send with.")
    sandbox.conditions.put(number, request.code, request.details, request.seconds)
    return described(sandbox, number)


@router.delete("/control/numbers/{number_id}/condition")
async def lift_condition(number_id: str, sandbox: SandboxDep) -> Json:
    """Whatever it was; nothing happens where there was none."""
    number = number_of(sandbox, number_id)
    sandbox.conditions.lift(number)
    return described(sandbox, number)
