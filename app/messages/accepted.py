"""An event that is accepted: its messages, and what it makes stale."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from app.core.ids import public_id
from app.messages import series
from app.messages.composing import Intake
from app.messages.durations import written
from app.messages.schemas import MESSAGE_PREFIX
from app.messages.series import Reminder
from app.messages.statements.acceptance import NewMessage, Stale


@dataclass(frozen=True, slots=True)
class Accepted:
    item: Intake
    messages: list[tuple[Intake, NewMessage]]
    """With what each was made from: the event's own first, then its reminders."""
    reminders: list[dict[str, Any]] | None
    """As they are shown; nothing where the event was not about any."""

    @property
    def first(self) -> NewMessage:
        return self.messages[0][1]

    @property
    def stale(self) -> list[Stale]:
        """What the event makes stale, even where the customer is not told of it."""
        body, overtakes, first = self.item.body, self.item.event_type.overtakes, self.first
        stale = partial(Stale, first.business_id, first.contact_id, before=first.id)
        found = []
        if body.supersedes is not None:
            found.append(stale(body.supersedes, None))
        if body.reference is not None and overtakes:
            found.append(stale(body.reference, ",".join(overtakes)))
        replaced = series.replaces(self.item)
        if body.reference is not None and replaced is not None and replaced not in overtakes:
            found.append(stale(body.reference, replaced, only_scheduled=True))
        return found


def shown(reminder: Reminder, message: NewMessage | None, skipped: str | None) -> dict[str, Any]:
    """As schemas.ReminderOut; `skipped` says why there is no message."""
    return {
        "id": public_id(MESSAGE_PREFIX, message.id) if message is not None else None,
        "send_at": reminder.send_at,
        "status": message.status if message is not None else "skipped",
        "reason": message.reason if message is not None else skipped,
        "before": written(reminder.before),
    }
