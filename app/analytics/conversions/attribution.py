"""Of which message a conversion came, by what its customer did in the time before it. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal
from uuid import UUID

SKEW = timedelta(minutes=1)
"""Between the clocks of the business, of Meta, whose times are whole seconds, and ours."""


class AttributedBy(StrEnum):
    CLICK = "click"
    """The click that was named."""
    MESSAGE = "message"
    """The message that was named."""
    CLICKED_CONTACT = "clicked_contact"
    """The last message that the contact clicked."""
    CONTACT = "contact"
    """The last message that reached the contact, who clicked none."""


class Unattributed(StrEnum):
    """Why it came of no message."""

    UNKNOWN_CONTACT = "unknown_contact"
    NO_MESSAGE = "no_message"
    """The contact was told nothing in the window."""
    OUTSIDE_WINDOW = "outside_window"
    """The click or the message that was named was too long before, or after it."""
    EVENT_TYPE = "event_type"
    """What may have brought it about is of none of the event types that were asked for."""


NamedBy = Literal["click", "message", "contact"]


@dataclass(frozen=True, slots=True)
class Window:
    """In which something must have happened for a conversion to have come of it."""

    since: datetime
    until: datetime

    @classmethod
    def before(cls, occurred_at: datetime, days: int) -> "Window":
        return cls(occurred_at - timedelta(days=days), occurred_at + SKEW)

    def last(self, moments: Iterable[datetime | None]) -> datetime | None:
        return max((one for one in moments if one is not None and self.since <= one <= self.until), default=None)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message that the conversion may have come of, and when its customer had to do with it."""

    message_id: UUID
    event_type: str
    left_at: datetime | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    clicked_at: datetime | None = None
    """Of the click that was named, or the last one before the conversion."""


@dataclass(frozen=True, slots=True)
class Attribution:
    message: Candidate
    by: AttributedBy


def attribute(
    named_by: NamedBy, candidates: Collection[Candidate], window: Window, event_types: Collection[str] = ()
) -> Attribution | Unattributed:
    """`candidates`: the message that was named, or whose click was; else those of the contact, in any order.
    `event_types`: only of these; of any where there are none."""
    wanted = [one for one in candidates if not event_types or one.event_type in event_types]
    if candidates and not wanted and named_by != "contact":
        return Unattributed.EVENT_TYPE
    match named_by:
        case "click":
            found = _last(wanted, window, clicked=True)
            return Attribution(found, AttributedBy.CLICK) if found is not None else Unattributed.OUTSIDE_WINDOW
        case "message":
            touched = [one for one in wanted if window.last((*_reached(one), one.left_at, one.clicked_at)) is not None]
            return Attribution(touched[0], AttributedBy.MESSAGE) if touched else Unattributed.OUTSIDE_WINDOW
    clicked = _last(wanted, window, clicked=True)
    if clicked is not None:
        return Attribution(clicked, AttributedBy.CLICKED_CONTACT)
    reached = _last(wanted, window, clicked=False)
    if reached is not None:
        return Attribution(reached, AttributedBy.CONTACT)
    is_another = any(window.last((*_reached(one), one.clicked_at)) for one in candidates if one not in wanted)
    return Unattributed.EVENT_TYPE if is_another else Unattributed.NO_MESSAGE


def _reached(one: Candidate) -> tuple[datetime | None, datetime | None]:
    return one.delivered_at, one.read_at


def _last(candidates: Iterable[Candidate], window: Window, *, clicked: bool) -> Candidate | None:
    """By what is known last of it; of several at once the newest message."""
    at = {one: window.last((one.clicked_at,) if clicked else _reached(one)) for one in candidates}
    within = [(moment, one.message_id, one) for one, moment in at.items() if moment is not None]
    return max(within, key=lambda found: found[:2])[2] if within else None
