"""What acceptance asks and stores while an experiment runs, within the transaction that stores the messages."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from app.core.database import Connection

LOCK_EXPERIMENTS = """
    SELECT id, contacts - taken AS free FROM experiments
     WHERE business_id = $1 AND id = ANY($2::uuid[]) AND status = 'running'
     ORDER BY id FOR UPDATE
"""

LOOK_AT_EXPERIMENTS = """
    SELECT id, contacts - taken AS free FROM experiments
     WHERE business_id = $1 AND id = ANY($2::uuid[]) AND status = 'running'
"""

AMONG_THE_FIRST = """
    SELECT c.experiment_id, c.contact_id
      FROM unnest($2::uuid[], $3::uuid[]) AS i(experiment_id, contact_id)
      JOIN experiment_contacts c ON c.business_id = $1 AND c.experiment_id = i.experiment_id
                                AND c.contact_id = i.contact_id
"""

TAKE_PLACES = """
    WITH added AS (
        INSERT INTO experiment_contacts (business_id, experiment_id, contact_id)
        SELECT $1, experiment_id, contact_id FROM unnest($2::uuid[], $3::uuid[]) AS i(experiment_id, contact_id)
        ON CONFLICT DO NOTHING
        RETURNING experiment_id)
    UPDATE experiments e SET taken = taken + a.number
      FROM (SELECT experiment_id, count(*) AS number FROM added GROUP BY experiment_id) a
     WHERE e.business_id = $1 AND e.id = a.experiment_id
"""

NOTE_MESSAGES = """
    INSERT INTO experiment_messages (business_id, message_id, experiment_id, contact_id, arm, assigned_at)
    SELECT $1, message_id, experiment_id, contact_id, arm, assigned_at
      FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::timestamptz[])
        AS i(message_id, experiment_id, contact_id, arm, assigned_at)
"""


@dataclass(frozen=True, slots=True)
class NewAssignment:
    """A message of an arm."""

    business_id: UUID
    message_id: UUID
    experiment_id: UUID
    contact_id: UUID
    arm: str
    assigned_at: datetime
    takes_place: bool
    """Its contact is one of the first, and was none before."""
    notes: bool


async def free_places(connection: Connection, limited: Collection[tuple[UUID, UUID]], *, lock: bool) -> dict[UUID, int]:
    """Of experiments by business and id that have room for so many contacts, and still run. Locked, until the end of
    the transaction nobody else takes a place, nor decides."""
    found: dict[UUID, int] = {}
    for business_id, ids in _by_business(limited).items():
        rows = await connection.fetch(LOCK_EXPERIMENTS if lock else LOOK_AT_EXPERIMENTS, business_id, ids)
        found |= {row["id"]: row["free"] for row in rows}
    return found


async def among_the_first(connection: Connection, asked: Collection[tuple[UUID, UUID, UUID]]) -> set[tuple[UUID, UUID]]:
    """Of business, experiment and contact: the latter two of those who got the variant."""
    found: set[tuple[UUID, UUID]] = set()
    for business_id, group in groupby(sorted(asked), key=lambda one: one[0]):
        pairs = [(experiment, contact) for _, experiment, contact in group]
        rows = await connection.fetch(
            AMONG_THE_FIRST, business_id, [one[0] for one in pairs], [one[1] for one in pairs]
        )
        found |= {(row["experiment_id"], row["contact_id"]) for row in rows}
    return found


async def store(connection: Connection, assignments: Sequence[NewAssignment]) -> None:
    ordered = sorted(assignments, key=lambda one: (one.business_id, one.message_id))
    for business_id, group in groupby(ordered, key=lambda one: one.business_id):
        found = list(group)
        places = sorted({(one.experiment_id, one.contact_id) for one in found if one.takes_place})
        if places:
            await connection.execute(TAKE_PLACES, business_id, [one[0] for one in places], [one[1] for one in places])
        if noted := [one for one in found if one.notes]:
            await connection.execute(
                NOTE_MESSAGES,
                business_id,
                [one.message_id for one in noted],
                [one.experiment_id for one in noted],
                [one.contact_id for one in noted],
                [one.arm for one in noted],
                [one.assigned_at for one in noted],
            )


def _by_business(pairs: Collection[tuple[UUID, UUID]]) -> Mapping[UUID, list[UUID]]:
    found: dict[UUID, list[UUID]] = {}
    for business_id, one in sorted(pairs):
        found.setdefault(business_id, []).append(one)
    return found
