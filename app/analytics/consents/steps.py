"""What each line of the ledger did, told by the fold of its contact's lines. Pure.

An act that repeats what holds already is counted as an act and is no gain. So gains less losses are how many agree, of
each topic and of all customers, at every moment: also after contacts were merged, or erased.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.consent.fold import NOTHING_HELD, Act, Deed, Holding, Since, recorded
from app.consent.rules import ConsentState


@dataclass(frozen=True, slots=True)
class Door:
    """By which a customer came, or left."""

    source: str
    place: str | None = None
    link_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """Of the ledger, as far as it counts."""

    id: UUID
    act: Act
    topic: str
    value: Mapping[str, Any] | None
    door: Door
    occurred_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """What a line did."""

    line: Line
    door: Door
    """The line's own; of a confirmation the one by which it was asked for."""
    is_first: bool
    """Of those by which a customer did one thing for several topics at once."""
    gained: frozenset[str]
    """Topics that the customer agrees to since."""
    lost: frozenset[str]
    """And no more."""
    customers: int
    """1 where it is the first topic that the customer agrees to, -1 where it was the last."""


@dataclass(slots=True)
class Person:
    """A contact's lines so far."""

    held: Holding = NOTHING_HELD
    agreed: frozenset[str] = frozenset()
    asked_at: dict[str, Door] = field(default_factory=dict)
    """By topic, where its confirmation was last asked for."""
    last: tuple[Act, datetime] | None = None

    def after(self, line: Line) -> Step:
        """To be called with the lines in their order."""
        door = self._door(line)
        self.held = recorded(self.held, Deed(line.act, line.topic, line.value), Since(line.id, line.occurred_at))
        before, states = self.agreed, self.held.stance.states
        self.agreed = frozenset(topic for topic, state in states.items() if state == ConsentState.OPTED_IN)
        doing = (line.act, line.recorded_at)
        is_first, self.last = doing != self.last, doing
        customers = int(bool(self.agreed)) - int(bool(before))
        return Step(line, door, is_first, self.agreed - before, before - self.agreed, customers)

    def _door(self, line: Line) -> Door:
        if line.act is Act.OPT_IN_REQUEST:
            self.asked_at[line.topic] = line.door
        if line.act is Act.OPT_IN and self.held.stance.states.get(line.topic) == ConsentState.PENDING:
            return self.asked_at.get(line.topic, line.door)
        return line.door


def steps_of(lines: Iterable[Line]) -> Iterator[Step]:
    """Of all lines of one contact, in their order."""
    person = Person()
    for line in lines:
        yield person.after(line)
