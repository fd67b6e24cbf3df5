"""Which arm of an experiment each message belongs to, followed over the events of one transaction.

A canary that is for the first contacts alone is asked of the database, under a lock as long as it has room; any other
needs nothing but the contact's id.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID

from app.consent.repository import ContactKey, KnownContact
from app.core.database import Connection
from app.core.ids import public_id
from app.experiments import statements
from app.experiments.running import EXPERIMENT_PREFIX, Arm, Running
from app.messages.verdicts import verdict


@dataclass(frozen=True, slots=True)
class Assigned:
    """A contact's arm, for one message."""

    experiment: Running
    arm: Arm
    takes_place: bool
    """It is one of the first contacts from now on, if the message goes by the variant."""

    def rule(self, template_name: str, *, counts: bool) -> dict[str, Any]:
        """`counts`: the message will be sent, as far as is known."""
        went = template_name == self.arm.template
        return verdict(
            "variant",
            "leave_out" if not counts else "assign" if went else "fall_back",
            experiment=public_id(EXPERIMENT_PREFIX, self.experiment.id),
            arm=self.arm.name,
            template=self.arm.template,
        )


@dataclass(slots=True)
class Trials:
    free: dict[UUID, int] = field(default_factory=dict)
    """Of canaries for the first contacts that still run: how many more may get the variant."""
    first: set[tuple[UUID, UUID]] = field(default_factory=set)
    """Experiments and contacts who are among the first."""

    def copy(self) -> Self:
        return type(self)(dict(self.free), set(self.first))

    def assigned(self, experiment: Running, contact_id: UUID) -> Assigned | None:
        """Nothing where the experiment has ended meanwhile."""
        own = experiment.arm_of(contact_id)
        if not experiment.is_limited:
            return Assigned(experiment, own, takes_place=False)
        if experiment.id not in self.free:
            return None
        variant, control = experiment.arms
        if (experiment.id, contact_id) in self.first:
            return Assigned(experiment, variant, takes_place=False)
        if own is variant and self.free[experiment.id] > 0:
            return Assigned(experiment, variant, takes_place=True)
        return Assigned(experiment, control, takes_place=False)

    def take(self, assigned: Assigned, contact_id: UUID) -> None:
        """The contact gets the variant and keeps it."""
        if assigned.takes_place:
            self.free[assigned.experiment.id] -= 1
            self.first.add((assigned.experiment.id, contact_id))


Asking = tuple[ContactKey, Sequence[Running]]
"""A contact, and the experiments that an event to it may be part of."""


def limited(asking: Iterable[Asking]) -> bool:
    return any(one.is_limited for _, experiments in asking for one in experiments)


async def look_up(
    connection: Connection, asking: Sequence[Asking], known: Mapping[ContactKey, KnownContact], *, lock: bool
) -> Trials:
    """`lock`: to be called within the transaction that stores what follows from it, before anything else is locked."""
    of_first = {
        (contact.business_id, one.id) for contact, experiments in asking for one in experiments if one.is_limited
    }
    if not of_first:
        return Trials()
    free = await statements.free_places(connection, of_first, lock=False)
    # One that is full stays so, and then nobody waits for anybody.
    roomy = {one for one in of_first if free.get(one[1], 0) > 0}
    if lock and roomy:
        held = await statements.free_places(connection, roomy, lock=True)
        free = {one: places for one, places in free.items() if places <= 0} | held
    asked = {
        (contact.business_id, one.id, known[contact].id)
        for contact, experiments in asking
        if contact in known
        for one in experiments
        if one.is_limited
    }
    return Trials(free, await statements.among_the_first(connection, asked) if asked else set())
