"""The automatic answers of an event type over HTTP."""

import re
from typing import Annotated

from fastapi import APIRouter, Path, Request

from app.accounts.auth import authenticate
from app.accounts.directory import Directory
from app.accounts.keys import Scope
from app.core.problems import (
    BodyTooLarge,
    Forbidden,
    InvalidRequest,
    MalformedBody,
    Unauthorized,
    Unavailable,
    responses,
)
from app.events.errors import EventTypeMissing
from app.replies.answers_schemas import AnswersIn, AnswersOut
from app.replies.automatic import AutomaticAnswers

_NAME = re.compile(r"[a-z0-9-]{1,100}")

Name = Annotated[str, Path(description="Of an event type", examples=["appointment-reminder"])]

_PATH = "/v1/event-types/{event_type}/answers"


def answers_router(directory: Directory, automatic: AutomaticAnswers) -> APIRouter:
    router = APIRouter(tags=["Messages"])

    @router.get(
        _PATH,
        operation_id="get_automatic_answers",
        summary="What customers are told by themselves when they answer",
        responses=responses(Unauthorized, Forbidden, EventTypeMissing),
    )
    async def get_automatic_answers(request: Request, event_type: Name) -> AnswersOut:
        """For the key's kind alone: live and test keys have answers of their own."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_READ)
        return await automatic.of(caller, _known(event_type))

    @router.put(
        _PATH,
        operation_id="set_automatic_answers",
        summary="Let customers be told something by themselves when they answer",
        responses=responses(
            Unauthorized, Forbidden, EventTypeMissing, MalformedBody, BodyTooLarge, InvalidRequest, Unavailable
        ),
    )
    async def set_automatic_answers(request: Request, event_type: Name, body: AnswersIn) -> AnswersOut:
        """Thanks, or the next step, by what the customer answered. One goes back for each message and kind of answer,
        in the customer's language, in the window that the answer opened; none on wishes to stop, and only so many to
        one customer in a day (`ULAK_AUTOMATIC_ANSWERS_A_DAY`). In the place of all that was set before."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_WRITE)
        return await automatic.set(caller, _known(event_type), body)

    @router.delete(
        _PATH,
        operation_id="remove_automatic_answers",
        summary="Let no answer bring another by itself",
        status_code=204,
        responses=responses(Unauthorized, Forbidden, EventTypeMissing, Unavailable),
    )
    async def remove_automatic_answers(request: Request, event_type: Name) -> None:
        """What is on its way goes out. No fault where there was none."""
        caller = await authenticate(directory, request, Scope.TEMPLATES_WRITE)
        await automatic.remove(caller, _known(event_type))

    return router


def _known(name: str) -> str:
    """A name that an event type may have, which the database can be asked for. Raises EventTypeMissing."""
    if not _NAME.fullmatch(name):
        raise EventTypeMissing
    return name
