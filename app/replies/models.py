"""The table of what customers write and tap."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import JSON, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.callbacks.reply_schemas import ReplyKind, TiedBy
from app.core.database import Base

Moment = TIMESTAMP(timezone=True)


class Reply(Base):
    """What a customer wrote, tapped or changed."""

    __tablename__ = "replies"
    __table_args__ = (
        CheckConstraint("mode in ('live', 'test')", name="mode"),
        CheckConstraint("tied_by in ('context', 'button', 'reaction', 'last_message')", name="tied_by"),
        CheckConstraint("tied_by is null or message_id is not null", name="tied"),
        Index(None, "business_id", "wamid", unique=True),
        Index("ix_replies_message", "business_id", "message_id"),
        Index("ix_replies_contact", "business_id", "contact_id", "id", postgresql_where=text("contact_id IS NOT NULL")),
        Index("ix_replies_mode", "business_id", "mode", "id"),
        Index(
            "ix_replies_changes_wamid",
            "business_id",
            "changes_wamid",
            postgresql_where=text("changes_wamid IS NOT NULL"),
        ),
        Index("ix_replies_from_wa_id", "business_id", "from_wa_id", postgresql_where=text("from_wa_id IS NOT NULL")),
        Index(
            "ix_replies_from_user_id", "business_id", "from_user_id", postgresql_where=text("from_user_id IS NOT NULL")
        ),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(Text)
    sender_id: Mapped[UUID]
    contact_id: Mapped[UUID | None]
    """Who wrote it; nobody where Meta names neither a number nor a user."""
    message_id: Mapped[UUID | None]
    """The message it answers."""
    tied_by: Mapped[TiedBy | None] = mapped_column(Text)
    wamid: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    """As Meta names it."""
    kind: Mapped[ReplyKind] = mapped_column(Text)
    """What it was understood to be."""
    value: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What was understood, where the kind alone does not say: a rating, a meter's reading."""
    from_wa_id: Mapped[str | None] = mapped_column(Text)
    from_user_id: Mapped[str | None] = mapped_column(Text)
    changes_wamid: Mapped[str | None] = mapped_column(Text)
    """Of an edit or a deletion, Meta's id of the reply that it is about, which may come later."""
    occurred_at: Mapped[datetime] = mapped_column(Moment)
    received_at: Mapped[datetime] = mapped_column(Moment)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    edited_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the customer last changed it: `payload` says what it says since then."""
    deleted_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the customer took it back; then its content is erased."""
    marked_read_at: Mapped[datetime | None] = mapped_column(Moment)
    """When Meta was told that it was read, which the customer sees."""
    content_erased_at: Mapped[datetime | None] = mapped_column(Moment)
