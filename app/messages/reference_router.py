"""What a business can look up: every error that Meta answers."""

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.keys import Scope
from app.core.problems import Forbidden, Unauthorized, responses
from app.messages import failures
from app.messages.states import Event
from app.whatsapp.errors import ENTRIES, SUBCODES, ErrorClass, ErrorEntry


class ErrorOut(BaseModel):
    """An error of Meta's, what it means, and what happens after it."""

    code: int
    last_code: int | None = Field(description="Where the row stands for a family: its last code")
    title: str
    error_class: ErrorClass
    meaning: str
    next_step: str
    ulak: Literal["fails", "retries", "waits_for_receipt", "pauses_sender", "holds_for_template"] = Field(
        description="What becomes of the message: it fails; it is tried again; it may have left, so a receipt must "
        "tell; its sender is paused and it waits; it takes another template or waits for its own"
    )


class SubcodeOut(BaseModel):
    subcode: int
    meaning: str
    next_step: str


class Errors(BaseModel):
    errors: list[ErrorOut]
    subcodes: list[SubcodeOut] = Field(description="What `error_subcode` adds")


def reference_router(directory: Directory) -> APIRouter:
    router = APIRouter(tags=["Reference"])

    @router.get(
        "/v1/errors",
        operation_id="list_errors",
        summary="Every error that Meta answers",
        responses=responses(Unauthorized, Forbidden),
    )
    async def list_errors(request: Request) -> Errors:
        """Meta's codes with their meaning, the next step, and what Ulak does. A failed message shows its own."""
        await authenticate(directory, request, Scope.MESSAGES_READ)
        return Errors(
            errors=[_error(entry) for entry in ENTRIES],
            subcodes=[SubcodeOut.model_validate(one, from_attributes=True) for one in SUBCODES],
        )

    return router


def _error(entry: ErrorEntry) -> ErrorOut:
    return ErrorOut(
        code=entry.code,
        last_code=entry.last_code,
        title=entry.title,
        error_class=entry.error_class,
        meaning=entry.meaning,
        next_step=entry.next_step,
        ulak=_consequence(entry),
    )


def _consequence(
    entry: ErrorEntry,
) -> Literal["fails", "retries", "waits_for_receipt", "pauses_sender", "holds_for_template"]:
    if entry.pauses_sender:
        return "pauses_sender"
    if entry.error_class is ErrorClass.TEMPLATE:
        return "holds_for_template"
    match failures.event_after(entry):
        case Event.ANSWER_LOST:
            return "waits_for_receipt"
        case Event.ANSWER_RETRY:
            return "retries"
        case _:
            return "fails"
