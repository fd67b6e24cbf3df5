"""Figures counted once more, from what is raw: receipts as Meta sent them, calls, replies and clicks; by nothing of
what counts them in earnest."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg

_LADDER = ("sent", "failed", "delivered", "read")
_STEPS = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600, "6h": 21600, "24h": 86400}


@dataclass
class RawMessage:
    id: UUID
    send_at: datetime | None
    status: str
    mode: str
    group: Mapping[str, Any]
    """By the names of columns."""
    calls: list[str] = field(default_factory=list)
    receipts: defaultdict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    replies: list[tuple[str, str]] = field(default_factory=list)
    """Type and kind."""
    clicks: int = 0

    @property
    def leaves_at(self) -> datetime:
        """When it was to leave."""
        made = datetime.fromtimestamp((self.id.int >> 80) / 1000, UTC)
        return max(self.send_at or made, made)

    @property
    def end(self) -> str:
        """What Meta said last of all that it said, in the order of what can follow what; else what we say."""
        said = [status for status in _LADDER if self.receipts[status]]
        return said[-1] if said else self.status

    def counts(self) -> Counter[str]:
        said = self.receipts
        read = bool(said["read"])
        delivered = read or bool(said["delivered"])
        sent = delivered or bool(said["sent"])
        accepted = sent or "accepted" in self.calls
        found = {
            "messages": 1,
            "waiting": self.end in ("scheduled", "queued", "sending"),
            "accepted": accepted,
            "sent": sent,
            "delivered": delivered,
            "read": read,
            "tried": accepted or self.end == "failed",
            **{end: self.end == end for end in ("unconfirmed", "failed", "suppressed", "canceled", "expired")},
            "replied": bool(self.replies),
            "replies": len(self.replies),
            "taps": sum(kind in ("button", "interactive") for kind, _ in self.replies),
            "tapped": any(kind in ("button", "interactive") for kind, _ in self.replies),
            "opted_out": any(meant == "opt_out" for _, meant in self.replies),
            "clicks": self.clicks,
            "clicked": self.clicks > 0,
        }
        if read:
            known = [at for status in ("sent", "delivered", "read") for at in said[status]]
            seconds = (min(said["read"]) - min(known)).total_seconds()
            found |= {f"read_within_{name}": seconds <= most for name, most in _STEPS.items()}
            found["read_seconds"] = int(seconds)
        return Counter({name: int(value) for name, value in found.items() if value})


_COLUMNS = ("sender_id", "event_type", "template_name", "language")


async def raw_messages(connection: asyncpg.Connection, business_id: UUID) -> list[RawMessage]:
    found = {
        row["id"]: RawMessage(
            row["id"], row["send_at"], row["status"], row["mode"], {name: row[name] for name in _COLUMNS}
        )
        for row in await connection.fetch("SELECT * FROM messages WHERE business_id = $1", business_id)
    }
    for row in await connection.fetch("SELECT * FROM attempts WHERE business_id = $1", business_id):
        found[row["message_id"]].calls.append(row["outcome"])
    for row in await connection.fetch("SELECT * FROM receipts WHERE business_id = $1", business_id):
        found[row["message_id"]].receipts[row["status"]].append(row["occurred_at"])
    for row in await connection.fetch(
        "SELECT * FROM replies WHERE business_id = $1 AND message_id IS NOT NULL AND type NOT IN ('edit', 'revoke')",
        business_id,
    ):
        found[row["message_id"]].replies.append((row["type"], row["kind"]))
    for row in await connection.fetch("SELECT message_id FROM link_clicks WHERE business_id = $1", business_id):
        found[row["message_id"]].clicks += 1
    return list(found.values())


def recount(messages: Sequence[RawMessage]) -> Counter[str]:
    """All of them together."""
    total: Counter[str] = Counter()
    for message in messages:
        total += message.counts()
    return total
