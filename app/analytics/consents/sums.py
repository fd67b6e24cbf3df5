"""Sums of what lines did, by quarter of an hour, topic and door. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.analytics.buckets import slot_of
from app.analytics.consents.steps import Door, Step
from app.consent.fold import Act

COUNTS = ("opt_ins", "opt_outs", "requests", "pauses", "marketing_stops", "gained", "lost")
"""In the order of the columns."""

CUSTOMERS = ""
"""Stands for a topic where customers are counted, whichever topics they agree to."""

NO_LINK = UUID(int=0)

_ACTS = {
    Act.OPT_IN: "opt_ins",
    Act.OPT_OUT: "opt_outs",
    Act.OPT_IN_REQUEST: "requests",
    Act.PAUSE: "pauses",
    Act.MARKETING_STOP: "marketing_stops",
}

Place = tuple[str, datetime, str, str, str, UUID]
"""Mode, slot, topic, source, place and link: a row of the table."""


@dataclass(slots=True)
class Sums:
    rows: dict[Place, dict[str, int]] = field(default_factory=dict)

    def add(self, mode: str, step: Step) -> None:
        name = _ACTS.get(step.line.act)
        if name is not None:
            self._count(mode, step, step.line.topic, name)
            if step.is_first:
                self._count(mode, step, CUSTOMERS, name)
        for topic in step.gained:
            self._count(mode, step, topic, "gained")
        for topic in step.lost:
            self._count(mode, step, topic, "lost")
        if step.customers:
            self._count(mode, step, CUSTOMERS, "gained" if step.customers > 0 else "lost")

    def add_all(self, mode: str, steps: Iterable[Step]) -> None:
        for step in steps:
            self.add(mode, step)

    def _count(self, mode: str, step: Step, topic: str, name: str) -> None:
        place = (mode, slot_of(step.line.recorded_at), topic, *_of(step.door))
        counts = self.rows.setdefault(place, dict.fromkeys(COUNTS, 0))
        counts[name] += 1


def _of(door: Door) -> tuple[str, str, UUID]:
    return door.source, door.place or "", door.link_id or NO_LINK
