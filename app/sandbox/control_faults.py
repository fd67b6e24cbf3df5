"""The control API of the fault dial."""

from typing import Any

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from app.sandbox.control import SandboxDep
from app.sandbox.control_numbers import condition_of
from app.sandbox.engine import Sandbox
from app.sandbox.faults import FaultDial
from app.sandbox.state import Json

router = APIRouter()


def _told(sandbox: Sandbox) -> Json:
    state = sandbox.world.state
    conditions = {number_id: condition_of(sandbox, number_id) for number_id in list(state.conditions)}
    return {
        "dial": sandbox.world.dial.model_dump(mode="json"),
        "active": sandbox.world.dial.active,
        "counts": dict(sorted(state.injected.items())),
        "conditions": {number_id: condition for number_id, condition in conditions.items() if condition is not None},
    }


def _turned(dial: FaultDial, changes: dict[str, Any]) -> FaultDial:
    try:
        return FaultDial.model_validate(dial.model_dump() | changes)
    except ValidationError as fault:
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in fault.errors()]) from None


@router.get("/control/faults")
async def get_dial(sandbox: SandboxDep) -> Json:
    """The dial, which of its faults are on, how often each was injected, and the conditions of numbers."""
    return _told(sandbox)


@router.put("/control/faults")
async def replace_dial(changes: dict[str, Any], sandbox: SandboxDep) -> Json:
    """What is not named is as in the settings."""
    sandbox.world.turn(_turned(sandbox.settings.faults, changes))
    return _told(sandbox)


@router.patch("/control/faults")
async def change_dial(changes: dict[str, Any], sandbox: SandboxDep) -> Json:
    """What is not named stays as it is."""
    sandbox.world.turn(_turned(sandbox.world.dial, changes))
    return _told(sandbox)


@router.delete("/control/faults")
async def restore_dial(sandbox: SandboxDep) -> Json:
    """Back to the settings. Counts and conditions stay."""
    sandbox.world.turn(None)
    return _told(sandbox)
