"""Tables of files: what a business keeps here, where it lies at Meta, and which templates show it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base

Moment = TIMESTAMP(timezone=True)


class Media(Base):
    """A picture, film or PDF. The same bytes are kept once."""

    __tablename__ = "media"
    __table_args__ = (
        ForeignKeyConstraint(["business_id"], ["businesses.business_id"]),
        CheckConstraint("mode in ('live', 'test')", name="mode"),
        CheckConstraint("kind in ('image', 'video', 'document')", name="kind"),
        CheckConstraint("(data IS NULL) = (deleted_at IS NOT NULL)", name="data"),
        Index(
            "ix_media_content",
            "business_id",
            "mode",
            "sha256",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index("ix_media_deleted", "deleted_at", postgresql_where=text("deleted_at IS NOT NULL")),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    mime_type: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    data: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """Null once it was deleted."""
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    used_at: Mapped[datetime | None] = mapped_column(Moment)
    """When a message with it last left, to the day."""
    deleted_at: Mapped[datetime | None] = mapped_column(Moment)
    """Since then it is gone for everybody; the row stays until Meta has deleted it, too."""


class MediaUpload(Base):
    """A file at Meta, for one number: only that number may send it by its id, and for 30 days."""

    __tablename__ = "media_uploads"
    __table_args__ = (
        ForeignKeyConstraint(["business_id", "media_id"], ["media.business_id", "media.id"]),
        Index("ix_media_uploads_expires_at", "expires_at"),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    media_id: Mapped[UUID] = mapped_column(primary_key=True)
    phone_number_id: Mapped[str] = mapped_column(Text, primary_key=True)
    meta_id: Mapped[str | None] = mapped_column(Text)
    """Null until it is there, and once Meta did not know it any more."""
    uploaded_at: Mapped[datetime | None] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    """Until then one process is uploading it."""
    failures: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    """One after another, since it last succeeded."""
    is_refused: Mapped[bool] = mapped_column(server_default="false")
    """Whether the last failure is such that what waits for the file waits in vain."""
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """Of the last failure: `code` (Meta's, or null) and `details`."""
    retry_at: Mapped[datetime | None] = mapped_column(Moment)
    refused_at: Mapped[datetime | None] = mapped_column(Moment)
    """When Meta last did not know the id that it had given."""


class TemplateSample(Base):
    """The file in the header of a template: Meta's review saw it, and messages show it whose event has none."""

    __tablename__ = "template_samples"
    __table_args__ = (
        ForeignKeyConstraint(["business_id", "media_id"], ["media.business_id", "media.id"]),
        Index("ix_template_samples_media", "business_id", "media_id"),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    waba_id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    language: Mapped[str] = mapped_column(Text, primary_key=True)
    media_id: Mapped[UUID]
