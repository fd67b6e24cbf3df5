"""What a failure looks like to the business: who said so, Meta's code, its meaning and the next step."""

from datetime import timedelta
from random import Random
from typing import Any

from app.messages.states import Event
from app.whatsapp.errors import ErrorClass, ErrorEntry, GraphError, describe
from app.whatsapp.webhook_items import StatusError

_BACKOFF_FIRST = timedelta(seconds=2)
_BACKOFF_MOST = timedelta(minutes=5)

_RETRY_AFTER_MOST = timedelta(hours=1)
"""Beyond it we look for ourselves: the message would only age."""

_FIRST_WAIT = {
    ErrorClass.THROTTLE: timedelta(seconds=1),
    ErrorClass.PAIR: timedelta(seconds=1),
    ErrorClass.RETRY: _BACKOFF_FIRST,
    # These pause the sender, which holds its messages: they are due as soon as it is resumed.
    ErrorClass.AUTH: timedelta(0),
    ErrorClass.BILLING: timedelta(0),
    ErrorClass.PAUSE: timedelta(0),
    # Our mirror of the template is brought up to date at once, and another variant may serve.
    ErrorClass.TEMPLATE: timedelta(seconds=5),
}

_GROWTH = (2, (0.5, 1.0))
_PAIR_GROWTH = (4, (1.0, 1.5))
"""By what waits grow, and the jitter around them. For the pair limit Meta's page "Error codes" says 4^n seconds, which
is the least."""

WAITING_FOR = {
    ErrorClass.THROTTLE: "pace",
    ErrorClass.PAIR: "pair",
    ErrorClass.RETRY: "retry",
    ErrorClass.AUTH: "sender",
    ErrorClass.BILLING: "sender",
    ErrorClass.PAUSE: "sender",
    ErrorClass.TEMPLATE: "template",
}
"""What holds a message back after an error of the class; the other classes end it."""


def event_of(error: GraphError) -> Event:
    return event_after(error.entry)


def event_after(entry: ErrorEntry) -> Event:
    if entry.may_exist:
        return Event.ANSWER_LOST
    return Event.ANSWER_RETRY if entry.error_class in WAITING_FOR else Event.ANSWER_REFUSED


def retry_delay(attempt: int, error: GraphError | None, random: Random) -> timedelta:
    """Exponential, with jitter; what Meta asks for in Retry-After comes first."""
    if error is not None and error.retry_after:
        return timedelta(seconds=min(error.retry_after, _RETRY_AFTER_MOST.total_seconds()))
    first = _first_wait(error.entry) if error is not None else _BACKOFF_FIRST
    is_pair = error is not None and error.entry.error_class is ErrorClass.PAIR
    factor, jitter = _PAIR_GROWTH if is_pair else _GROWTH
    full: timedelta = min(first * factor ** min(attempt - 1, 16), max(_BACKOFF_MOST, first))
    return timedelta(seconds=full.total_seconds() * random.uniform(*jitter))


def throttle_wait(error: GraphError) -> timedelta:
    """How long the whole sender waits after "too fast", beside its lower rate."""
    if error.retry_after:
        return timedelta(seconds=min(error.retry_after, _RETRY_AFTER_MOST.total_seconds()))
    return _first_wait(error.entry)


def _first_wait(entry: ErrorEntry) -> timedelta:
    if entry.first_wait is not None:
        return timedelta(seconds=entry.first_wait)
    return _FIRST_WAIT.get(entry.error_class, _BACKOFF_FIRST)


def _failure(source: str, entry: ErrorEntry, details: str | None, trace_id: str | None = None) -> dict[str, Any]:
    return {
        "source": source,
        "code": entry.code,
        "title": entry.title,
        "error_class": entry.error_class.value,
        "meaning": entry.meaning,
        "next_step": entry.next_step,
        "details": details,
        "trace_id": trace_id,
    }


def answered(error: GraphError) -> dict[str, Any]:
    return _failure("answer", error.entry, error.details or error.message, error.trace_id)


def reported(errors: list[StatusError]) -> dict[str, Any]:
    """From a `failed` receipt, which nearly always names one error."""
    if not errors:
        return ours("no_reason", "Meta reported a failure without a reason.", "Contact Meta Business Support.")
    first = errors[0]
    details = first.error_data.details if first.error_data else None
    return _failure("receipt", describe(first.code), details or first.message or first.title)


def media_refused(code: int | None, details: str) -> dict[str, Any]:
    """Meta does not take, or does not keep, the file in the header."""
    failure = ours(
        "media_refused",
        "Meta does not take the file in the header of the message.",
        "See the file at /v1/media; give a better one, and report the event with it.",
    )
    return failure | {"details": details if code is None else f"({code}) {details}"}


def ours(code: str, meaning: str, next_step: str) -> dict[str, Any]:
    return {"source": "ulak", "code": code, "title": code, "meaning": meaning, "next_step": next_step}
