"""The control API of what customers do apart from any chat."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from app.sandbox.control import SandboxDep, number_of
from app.sandbox.persons import Value
from app.sandbox.problems import ProblemError
from app.sandbox.state import Json

router = APIRouter()

Customer = Annotated[str, Path(pattern=r"^\d{7,15}$")]


class NumberChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    to: Annotated[str, Field(pattern=r"^\+?\d{7,15}$")]


@router.post("/control/customers/{wa_id}/number")
async def change_number(wa_id: Customer, request: NumberChange, sandbox: SandboxDep) -> Json:
    """The customer takes another number, and every business that they have a chat with is told."""
    new = request.to.removeprefix("+")
    if new == wa_id:
        raise ProblemError(422, "same_number", "The customer has this number already.")
    told = sandbox.persons.change_number(wa_id, new)
    if not told:
        raise ProblemError(404, "unknown_customer", f"No chat is with {wa_id}.")
    return {"wa_id": new, "wamids": [message.wamid for message in told]}


class Privacy(BaseModel):
    model_config = ConfigDict(extra="forbid")

    hidden: bool


@router.put("/control/customers/{wa_id}/privacy")
async def hide_number(wa_id: Customer, request: Privacy, sandbox: SandboxDep) -> Json:
    """The customer takes a username, and webhooks name them by the user id alone; or shows the number again."""
    sandbox.persons.hide(wa_id, hidden=request.hidden)
    return {"wa_id": wa_id, "hidden": sandbox.world.hides(wa_id)}


class MarketingChoice(BaseModel):
    model_config = ConfigDict(extra="forbid")

    phone_number_id: str
    value: Value


@router.post("/control/customers/{wa_id}/marketing")
async def choose_marketing(wa_id: Customer, request: MarketingChoice, sandbox: SandboxDep) -> Json:
    """The customer stops the business's marketing at Meta, or lets it through again. The business is told of what is
    new, and its marketing templates fail with 131050 meanwhile."""
    number = number_of(sandbox, request.phone_number_id)
    is_new = sandbox.persons.choose_marketing(number, wa_id, request.value)
    return {"wa_id": wa_id, "value": request.value, "told": is_new}
