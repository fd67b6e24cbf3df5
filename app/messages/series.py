"""Series of reminders: which messages an event brings about beside its own, or instead of it, and when. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
from pydantic import ValidationError

from app.core.problems import InvalidRequest, Problem, field_errors
from app.events.catalogue import catalogue
from app.events.event_type import EventType, Reminders
from app.events.fields import Payload
from app.messages.composing import Intake, unexpected
from app.messages.durations import written
from app.messages.schemas import EventIn, SeriesEventIn
from app.messages.verdicts import verdict

log = structlog.get_logger(__name__)

Made = TypeVar("Made")

TOO_LATE = "too_late"


@dataclass(frozen=True, slots=True)
class Reminder:
    """One of a series."""

    before: timedelta
    send_at: datetime
    moment: datetime
    item: Intake | None
    """What becomes a message; nothing where it is skipped."""
    skipped: str | None = None
    """Why, if it is."""
    is_taken_along: bool = False
    """Nobody asked for it in this request: it was there."""

    @property
    def rule(self) -> dict[str, Any]:
        """Why there is such a message, for its story."""
        return verdict("reminder", "later", before=written(self.before), moment=self.moment.isoformat())

    def made(self, make: Callable[[Intake, dict[str, Any]], Made]) -> tuple[Made | None, str | None]:
        """What `make` makes of it and its rule, or why it is skipped. What is wrong with a reminder that was taken
        along must not keep the event itself from the customer, nor the old reminders from ending. Raises Problem."""
        if self.item is None:
            return None, self.skipped
        if not self.is_taken_along:
            return make(self.item, self.rule), None
        try:
            return make(self.item, self.rule), None
        except Problem as problem:
            return None, _left_behind(self.item.event_type, problem)
        except Exception as error:  # noqa: BLE001 - see above
            return None, unexpected(error, self.item).code


def _left_behind(event_type: EventType[Any], problem: Problem) -> str:
    log.warning("reminder not taken along", type=event_type.name, code=problem.code, detail=problem.detail)
    return problem.code


@dataclass(frozen=True, slots=True)
class Series:
    own: Intake | None
    """The event itself, where it is a message beside its reminders."""
    reminders: tuple[Reminder, ...] | None
    """Earliest first; nothing at all where the event was not about reminders."""


def remind_before(body: EventIn) -> Sequence[timedelta] | None:
    return body.remind_before if isinstance(body, SeriesEventIn) else None


def may_have_none(event_type: EventType[Any]) -> bool:
    """Whether an empty `remind_before` says something: that reminders which wait are not to be taken along."""
    return _reminds_of_moved(event_type) is not None


def takes_along(item: Intake) -> Reminders[Any] | None:
    """How the event moves reminders that wait, if it does: it makes them stale, and says itself what to remind of."""
    moved = _reminds_of_moved(item.event_type)
    if moved is None or item.body.reference is None or remind_before(item.body) is not None:
        return None
    return moved


def replaces(item: Intake) -> str | None:
    """The event type of the reminders that a series, being asked for, takes the place of: one that waits about the same
    `reference` is of the same thing, be it reported once more or corrected."""
    reminders = item.event_type.reminders
    return reminders.event_type if reminders is not None and remind_before(item.body) else None


def _reminds_of_moved(event_type: EventType[Any]) -> Reminders[Any] | None:
    reminders = event_type.reminders
    if reminders is None or reminders.event_type == event_type.name:
        return None
    return reminders if reminders.event_type in event_type.overtakes else None


def check(event_type: EventType[Any], body: EventIn) -> None:
    """What can be said of a series without knowing more than the request. Raises InvalidRequest."""
    if not remind_before(body):
        return
    if body.reference is None:
        message = "is needed with remind_before: by it the reminders move when what they remind of does"
        raise InvalidRequest.at("#/reference", "missing", message)
    if body.send_at is not None and _is_of_itself(event_type):
        raise InvalidRequest.at("#/send_at", "with_remind_before", "cannot be given with remind_before, which says it")


def _is_of_itself(event_type: EventType[Any]) -> bool:
    return event_type.reminders is not None and event_type.reminders.event_type == event_type.name


def series_of(item: Intake, waiting: Sequence[timedelta], now: datetime) -> Series:
    """`waiting`: how long before their moment those reminders were to be sent that the event takes along.
    Raises InvalidRequest."""
    reminders = item.event_type.reminders
    asked = remind_before(item.body)
    if reminders is None or (asked is None and takes_along(item) is None):
        return Series(item, None)
    distances = sorted(set(waiting if asked is None else asked), reverse=True)
    make = _taken_along if asked is None else _reminder
    series = tuple(make(item, reminders, before, now) for before in distances)
    if not _is_of_itself(item.event_type):
        return Series(item, series)
    if all(one.item is None for one in series):
        raise InvalidRequest.at("#/remind_before", TOO_LATE, "leaves no reminder: the time of each has passed")
    return Series(None, series)


def _reminder(item: Intake, reminders: Reminders[Any], before: timedelta, now: datetime) -> Reminder:
    body = item.body
    moment = reminders.moment(body.data)
    send_at = moment - before
    if send_at <= now:
        return Reminder(before, send_at, moment, None, TOO_LATE)
    event_type = item.event_type if _is_of_itself(item.event_type) else catalogue()[reminders.event_type]
    expires_at = min(send_at + event_type.time_to_live, moment)
    if body.expires_at is not None and _is_of_itself(item.event_type):
        if body.expires_at <= send_at:
            raise InvalidRequest.at("#/expires_at", "before_a_reminder", "lies before a reminder would be sent")
        expires_at = min(expires_at, body.expires_at)
    changes = {"data": _payload(event_type, reminders, body.data), "send_at": send_at, "expires_at": expires_at}
    return Reminder(before, send_at, moment, replace(item, event_type=event_type, body=body.model_copy(update=changes)))


def _taken_along(item: Intake, reminders: Reminders[Any], before: timedelta, now: datetime) -> Reminder:
    try:
        return replace(_reminder(item, reminders, before, now), is_taken_along=True)
    except InvalidRequest as problem:
        moment = reminders.moment(item.body.data)
        return Reminder(before, moment - before, moment, None, _left_behind(item.event_type, problem), True)


def _payload(event_type: EventType[Any], reminders: Reminders[Any], data: Payload) -> Payload:
    try:
        payload: Payload = event_type.payload.model_validate(reminders.data(data))
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)
        raise InvalidRequest.from_faults(field_errors(details, under=("data",))) from error
    return payload


def distance(event_type: EventType[Any], data: Payload, send_at: datetime | None) -> timedelta | None:
    """How long before its moment a reminder is to be sent; nothing for what is none."""
    if send_at is None or not _is_of_itself(event_type) or event_type.reminders is None:
        return None
    before: timedelta = event_type.reminders.moment(data) - send_at
    return before if before > timedelta(0) else None


def stored_distance(event_type: EventType[Any], data: str, send_at: datetime) -> timedelta | None:
    """The same, of a message that is stored."""
    try:
        payload = event_type.payload.model_validate_json(data)
    except ValidationError:
        log.warning("reminder not taken along: stored by a version whose payloads were others", type=event_type.name)
        return None
    return distance(event_type, payload, send_at)
