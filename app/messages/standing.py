"""What an event's decision depends on beside the event and its contact: reminders that wait, confirmations that went.

Few event types ask for it. The database is looked at once for all events of a transaction, and what those do to each
other is followed from there, in their order.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self
from uuid import UUID

from app.consent.repository import ContactKey, KnownContact
from app.events.catalogue import catalogue
from app.messages import series
from app.messages.composing import Intake
from app.messages.statements import standing as statements
from app.messages.statements.acceptance import NewMessage, Stale
from app.messages.statements.batch import Connection
from app.messages.statements.standing import Confirmation, Thread
from app.messages.states import WAITING, Status

Who = UUID | ContactKey
"""A contact's id, or its name while it has none."""


def is_asked_by(item: Intake) -> bool:
    return item.event_type.consent == "after_opt_out" or series.takes_along(item) is not None


@dataclass(slots=True)
class Standing:
    waiting: defaultdict[tuple[Who, str], list[tuple[str, timedelta]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """Reminders by contact and reference: their event type, and how long before their moment they are sent."""
    confirmed: set[tuple[Who, str]] = field(default_factory=set)
    """Contacts and event types of which there is to be no second message."""

    def copy(self) -> Self:
        waiting = defaultdict(list, {key: list(found) for key, found in self.waiting.items()})
        return type(self)(waiting, set(self.confirmed))

    def distances(self, item: Intake, who: Who) -> list[timedelta]:
        """Of the reminders that the event takes along."""
        moved = series.takes_along(item)
        if moved is None or item.body.reference is None:
            return []
        waiting = self.waiting[who, item.body.reference]
        return [before for event_type, before in waiting if event_type == moved.event_type]

    def is_confirmed(self, item: Intake, who: Who) -> bool:
        return (who, item.event_type.name) in self.confirmed

    def follow(self, who: Who, stale: Iterable[Stale], stored: Iterable[tuple[Intake, NewMessage]]) -> None:
        """What an event's messages change for the events after it."""
        for one in stale:
            gone = one.event_types.split(",") if one.event_types is not None else None
            left = [row for row in self.waiting[who, one.reference] if gone is not None and row[0] not in gone]
            self.waiting[who, one.reference] = left
        for item, message in stored:
            if Status(message.status) not in WAITING:
                continue
            before = series.distance(item.event_type, item.body.data, message.send_at)
            if before is not None and message.reference is not None:
                self.waiting[who, message.reference].append((message.event_type, before))
            if item.event_type.consent == "after_opt_out":
                self.confirmed.add((who, message.event_type))


async def look_up(
    connection: Connection, items: Sequence[Intake], known: Mapping[ContactKey, KnownContact]
) -> Standing:
    """To be called within the transaction that stores what follows from it. Consents are locked before messages, as an
    opt-out does it."""
    found = Standing()
    asked = [(item, known[item.contact].id) for item in items if item.contact in known]
    confirmations = {
        Confirmation(item.business.business_id, contact_id, item.event_type.name)
        for item, contact_id in asked
        if item.event_type.consent == "after_opt_out"
    }
    if confirmations:
        confirmed = await statements.confirmed(connection, list(confirmations))
        found.confirmed |= {(one.contact_id, one.event_type) for one in confirmed}
    threads = {
        Thread(item.business.business_id, contact_id, item.body.reference, moved.event_type)
        for item, contact_id in asked
        if (moved := series.takes_along(item)) is not None and item.body.reference is not None
    }
    if threads:
        for row in await statements.waiting_reminders(connection, list(threads)):
            before = series.stored_distance(catalogue()[row["event_type"]], row["data"], row["send_at"])
            if before is not None:
                found.waiting[row["contact_id"], row["reference"]].append((row["event_type"], before))
    return found
