"""Tables of what Meta sends beside receipts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSON, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base
from app.whatsapp.webhook_items import Part

Moment = TIMESTAMP(timezone=True)


class Reply(Base):
    """What a customer wrote or tapped."""

    __tablename__ = "replies"
    __table_args__ = (
        Index(None, "business_id", "wamid", unique=True),
        Index("ix_replies_message", "business_id", "message_id"),
        Index("ix_replies_from_wa_id", "business_id", "from_wa_id", postgresql_where=text("from_wa_id IS NOT NULL")),
        Index(
            "ix_replies_from_user_id", "business_id", "from_user_id", postgresql_where=text("from_user_id IS NOT NULL")
        ),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    sender_id: Mapped[UUID]
    message_id: Mapped[UUID | None]
    """The message it answers, where Meta names it."""
    wamid: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    from_wa_id: Mapped[str | None] = mapped_column(Text)
    from_user_id: Mapped[str | None] = mapped_column(Text)
    occurred_at: Mapped[datetime] = mapped_column(Moment)
    received_at: Mapped[datetime] = mapped_column(Moment)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    content_erased_at: Mapped[datetime | None] = mapped_column(Moment)


class KeptItem(Base):
    """A webhook item that could not be used, as the bytes that came, so that it can be replayed.

    Not a tenant's table: whose it is may be just what could not be read.
    """

    __tablename__ = "kept_webhook_items"
    __table_args__ = (
        CheckConstraint("why in ('unreadable', 'unknown', 'unmatched')", name="why"),
        Index("ix_kept_webhook_items_received_at", "received_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(Moment)
    signer: Mapped[bytes] = mapped_column(LargeBinary)
    """Fingerprint of the app secret that signed it: a replay must not lend it another app's authority."""
    why: Mapped[str] = mapped_column(Text)
    part: Mapped[Part] = mapped_column(Text)
    """Which part of the webhook the bytes are."""
    error: Mapped[str | None] = mapped_column(Text)
    field: Mapped[str | None] = mapped_column(Text)
    waba_id: Mapped[str | None] = mapped_column(Text)
    phone_number_id: Mapped[str | None] = mapped_column(Text)
    raw: Mapped[bytes] = mapped_column(LargeBinary)
