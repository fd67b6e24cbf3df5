"""The control API of numbers: what they may do, and what is the matter with them."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.sandbox.control import SandboxDep, number_of
from app.sandbox.engine import Sandbox
from app.sandbox.errors import CATALOGUE
from app.sandbox.problems import ProblemError
from app.sandbox.standing import FAULTS, WELL, Standing
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
        "standing": sandbox.standings.of(number.number_id).changed,
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


def _stands(sandbox: Sandbox, number: Number, values: dict[str, Any]) -> Json:
    try:
        standing = Standing.model_validate(values)
    except ValidationError as fault:
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in fault.errors()]) from None
    sandbox.standings.put(number, standing)
    return described(sandbox, number)


@router.get("/control/standing-faults")
async def list_standing_faults() -> Json:
    """By name, what `PATCH /control/numbers/{number_id}/standing` takes to bring each about."""
    return {"data": {name: standing.changed for name, standing in FAULTS.items()}}


@router.put("/control/numbers/{number_id}/standing")
async def put_standing(number_id: str, values: dict[str, Any], sandbox: SandboxDep) -> Json:
    """How the number stands at Meta, with its token, its app and its account. What is not named is well."""
    return _stands(sandbox, number_of(sandbox, number_id), values)


@router.patch("/control/numbers/{number_id}/standing")
async def change_standing(number_id: str, values: dict[str, Any], sandbox: SandboxDep) -> Json:
    """What is not named stays as it is; null makes it well again."""
    number = number_of(sandbox, number_id)
    well = WELL.model_dump()
    changes = {name: well.get(name) if value is None else value for name, value in values.items()}
    return _stands(sandbox, number, sandbox.standings.of(number_id).model_dump() | changes)


@router.delete("/control/numbers/{number_id}/standing")
async def restore_standing(number_id: str, sandbox: SandboxDep) -> Json:
    """All is well."""
    number = number_of(sandbox, number_id)
    sandbox.standings.put(number, WELL)
    return described(sandbox, number)
