"""The table of what the business is to be told."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import JSON, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base

Moment = TIMESTAMP(timezone=True)


class CallbackEvent(Base):
    """Something that the business's systems should know, stored in the transaction in which it came about."""

    __tablename__ = "callback_events"
    # No foreign key, which would cost a row lock for every step of every message.
    __table_args__ = (
        CheckConstraint("mode in ('live', 'test')", name="mode"),
        Index("ix_callback_events_feed", "business_id", "mode", "transaction", "id"),
        Index("ix_callback_events_created_at", "created_at"),
        Index(
            "ix_callback_events_contact", "business_id", "contact_id", postgresql_where=text("contact_id IS NOT NULL")
        ),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    contact_id: Mapped[UUID | None]
    message_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(Moment)
    transaction: Mapped[int] = mapped_column(BigInteger, server_default=text("((pg_current_xact_id())::text)::bigint"))
    """Readers stop before the oldest transaction that still runs: so they miss nothing that is committed late."""
