"""What waits just now, for what, and where: counted by index, and no further than it says anything."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.accounts.models import Mode
from app.core.database import Database

MOST = 10_000
"""Of each number: beyond it only that there are more."""

# In the order of ix_messages_due, so that it is read from its beginning, and nothing else is.
WAITING = f"""
    SELECT s.sender_id, w.status, coalesce(w.waiting_for, '') AS waiting_for, count(*) AS count,
           min(w.due_at) AS due_at, min(w.created_at) AS oldest_at
      FROM unnest($3::uuid[]) AS s(sender_id),
           LATERAL (
               SELECT m.status, m.due_at, m.created_at,
                      CASE WHEN m.status = 'scheduled' THEN coalesce(m.waiting_for, 'send_at')
                           ELSE m.waiting_for END AS waiting_for
                 FROM messages m
                WHERE m.business_id = $1 AND m.sender_id = s.sender_id AND m.mode = $2 AND m.due_at IS NOT NULL
                ORDER BY m.priority, m.due_at, m.id
                LIMIT {MOST + 1}) AS w
     GROUP BY 1, 2, 3
     ORDER BY count DESC, 1, 2, 3
"""  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class Group:
    """Messages of one number that wait for the same."""

    sender_id: UUID
    status: str
    waiting_for: str | None
    """Nothing where only the queue is before them."""
    count: int
    due_at: datetime
    """When the first of them is looked at again."""
    oldest_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    groups: list[Group]
    is_more: bool
    """Whether some number has more than were counted."""

    @property
    def total(self) -> int:
        return sum(group.count for group in self.groups)


async def what_waits(database: Database, business_id: UUID, mode: Mode, senders: list[UUID]) -> Waiting:
    rows = await database.pool.fetch(WAITING, business_id, mode, senders)
    groups = [
        Group(
            row["sender_id"],
            row["status"],
            row["waiting_for"] or None,
            row["count"],
            row["due_at"],
            row["oldest_at"],
        )
        for row in rows
    ]
    by_sender: dict[UUID, int] = {}
    for group in groups:
        by_sender[group.sender_id] = by_sender.get(group.sender_id, 0) + group.count
    return Waiting(groups, any(count > MOST for count in by_sender.values()))
