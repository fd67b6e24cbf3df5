"""The experiments that run just now, kept in each process: where there is none, acceptance asks nobody."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any
from uuid import UUID

from app.core.cache import LoadingCache, dropping
from app.core.database import Database, Notifications
from app.experiments import repository
from app.experiments.assignment import arm_at, place_of
from app.experiments.models import Experiment

CHANNEL = "ulak_experiments"
"""Notified with a business's id when an experiment of it began or ended."""

EXPERIMENT_PREFIX = "exp"


@dataclass(frozen=True, slots=True)
class Arm:
    name: str
    template: str
    share: int

    @classmethod
    def of(cls, rows: list[dict[str, Any]]) -> "tuple[Arm, ...]":
        return tuple(cls(**row) for row in rows)


@dataclass(frozen=True)
class Running:
    """An experiment as acceptance needs it."""

    id: UUID
    event_type: str
    arms: tuple[Arm, ...]
    is_limited: bool
    """The first arm is for the first contacts alone; who they are is asked of the database."""
    notes: bool
    """Whether its messages are noted for the evidence."""

    @cached_property
    def _shares(self) -> list[int]:
        return [arm.share for arm in self.arms]

    def arm_of(self, contact_id: UUID) -> Arm:
        """By the contact's own place alone."""
        return self.arms[arm_at(place_of(self.id, contact_id), self._shares)]


_NONE: Mapping[str, Running] = MappingProxyType({})


class RunningExperiments:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._businesses: LoadingCache[UUID, dict[str, dict[str, Running]]] = LoadingCache(self._load)

    def follow(self, notifications: Notifications) -> None:
        notifications.listen(CHANNEL, dropping(self._businesses))

    def forget(self, business_id: UUID) -> None:
        """What this process itself has changed, it knows at once."""
        self._businesses.invalidate(business_id)

    async def by_type(self, business_id: UUID, mode: str) -> Mapping[str, Running]:
        """By event type."""
        found = self._businesses.peek(business_id)
        if found is None:
            found = await self._businesses.get(business_id)
        return found.get(mode, _NONE)

    async def _load(self, business_id: UUID) -> dict[str, dict[str, Running]]:
        """By mode."""
        async with self._database.transaction() as session:
            rows = await repository.running_of(session, business_id)
        found: dict[str, dict[str, Running]] = {}
        for row in rows:
            found.setdefault(row.mode, {})[row.event_type] = _running(row)
        return found


def _running(row: Experiment) -> Running:
    return Running(row.id, row.event_type, Arm.of(row.arms), row.contacts is not None, not row.is_full)
