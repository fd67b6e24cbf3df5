"""The window of a customer: 24 hours from what they last wrote to a number, in which it may answer them freely."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import public_id
from app.messages.models import ServiceWindow
from app.messages.verdicts import verdict

REPLY_PREFIX = "rep"

WINDOW_CLOSED = "window_closed"
"""Why a message ends that was to go in a window, and the problem of one that comes too late for it."""


@dataclass(frozen=True, slots=True)
class Window:
    sender_id: UUID
    opened_at: datetime
    expires_at: datetime
    last_reply_id: UUID

    @classmethod
    def of(cls, row: ServiceWindow) -> Self:
        return cls(row.sender_id, row.opened_at, row.expires_at, row.last_reply_id)

    def is_open(self, now: datetime) -> bool:
        return self.expires_at > now

    def rule(self, answered: UUID | None = None) -> dict[str, Any]:
        """As the decision of a message has it that goes in this window."""
        return verdict(
            "window",
            "pass",
            reply=public_id(REPLY_PREFIX, answered or self.last_reply_id),
            opened_at=self.opened_at.isoformat(),
            expires_at=self.expires_at.isoformat(),
        )


async def window_of(session: AsyncSession, business_id: UUID, sender_id: UUID, contact_id: UUID) -> Window | None:
    """The last one, which may be closed; nothing where the customer never wrote to this number."""
    row = await session.get(ServiceWindow, (business_id, sender_id, contact_id), populate_existing=True)
    return Window.of(row) if row is not None else None


async def windows_of(session: AsyncSession, business_id: UUID, contact_id: UUID) -> list[Window]:
    """By number, the one that closes last first."""
    query = select(ServiceWindow).where(
        ServiceWindow.business_id == business_id, ServiceWindow.contact_id == contact_id
    )
    ordered = query.order_by(ServiceWindow.expires_at.desc()).execution_options(populate_existing=True)
    return [Window.of(row) for row in await session.scalars(ordered)]
