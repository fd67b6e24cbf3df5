"""The table of what Meta sent and nobody could use."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base
from app.whatsapp.webhook_items import Part

Moment = TIMESTAMP(timezone=True)


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
