"""What a business can look up: the event types with their policies, and every error that Meta answers."""

from datetime import timedelta
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.keys import Scope
from app.core.problems import Forbidden, Unauthorized, responses
from app.events.catalogue import catalogue
from app.events.event_type import EventType, Industry, Priority
from app.messages import failures
from app.messages.states import Event
from app.whatsapp.errors import ENTRIES, SUBCODES, ErrorClass, ErrorEntry


class UnconfirmedPolicy(BaseModel):
    """What happens when it stays unknown whether a message left: Cloud API has no idempotency key."""

    window_seconds: int = Field(description="How long a receipt may take to settle it")
    then: Literal["resend", "fail"] = Field(description="What happens when none does")


class EventTypeOut(BaseModel):
    name: str = Field(examples=["order-confirmed"])
    title: str
    description: str
    industry: Industry
    topic: str = Field(description="What the customer must have consented to")
    priority: Literal["critical", "normal"] = Field(description="Critical messages leave first, at any hour")
    time_to_live_seconds: int = Field(description="From acceptance or `send_at`, unless `expires_at` says otherwise")
    quiet_hours: Literal["keep", "bypass"] = Field(description="Whether it waits out the customer's night")
    unconfirmed: UnconfirmedPolicy
    template: str
    languages: list[str]


class EventTypes(BaseModel):
    event_types: list[EventTypeOut]


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


def reference_router(directory: Directory, window: timedelta | None) -> APIRouter:
    """`window` replaces every event type's own window for unknown outcomes, where the configuration sets one."""
    router = APIRouter(tags=["Reference"])

    @router.get(
        "/v1/event-types",
        operation_id="list_event_types",
        summary="Event types and their policies",
        responses=responses(Unauthorized, Forbidden),
    )
    async def list_event_types(request: Request) -> EventTypes:
        """What can be reported, and how each is told: consent, urgency, quiet hours, age, and what happens in doubt."""
        await authenticate(directory, request, Scope.MESSAGES_READ)
        return EventTypes(event_types=[_event_type(one, window) for one in catalogue().values()])

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


def _event_type(event_type: EventType[Any], window: timedelta | None) -> EventTypeOut:
    return EventTypeOut(
        name=event_type.name,
        title=event_type.title,
        description=event_type.description,
        industry=event_type.industry,
        topic=event_type.topic,
        priority="critical" if event_type.priority is Priority.CRITICAL else "normal",
        time_to_live_seconds=int(event_type.time_to_live.total_seconds()),
        quiet_hours="keep" if event_type.keeps_quiet_hours else "bypass",
        unconfirmed=UnconfirmedPolicy(
            window_seconds=int((window or event_type.unconfirmed_window).total_seconds()),
            then=event_type.on_unconfirmed,
        ),
        template=event_type.template_name,
        languages=[template.language for template in event_type.templates],
    )


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
