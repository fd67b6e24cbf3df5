"""Tables of templates: our mirror of what Meta holds with the time of each knowledge, its versions and its history, and
the chains of variants that event types choose from."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKeyConstraint, Index, SmallInteger, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base

Moment = TIMESTAMP(timezone=True)
JsonOrNull = JSONB(none_as_null=True)
"""SQL's NULL for None, and not JSON's."""


class Template(Base):
    """One name in one language of one WhatsApp Business Account. What is only a draft has no id at Meta yet."""

    __tablename__ = "templates"
    __table_args__ = (
        ForeignKeyConstraint(["business_id"], ["businesses.business_id"]),
        Index(None, "business_id", "waba_id", "name", "language", unique=True),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    waba_id: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    meta_id: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    """As Meta names it, or DRAFT; one that we do not know is as good as unusable."""
    status_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    """Since when it has it, as far as we know."""
    category: Mapped[str] = mapped_column(Text)
    previous_category: Mapped[str | None] = mapped_column(Text)
    category_changed_at: Mapped[datetime | None] = mapped_column(Moment)
    correct_category: Mapped[str | None] = mapped_column(Text)
    """What Meta says that it should be, and will make of it."""
    category_noticed_at: Mapped[datetime | None] = mapped_column(Moment)
    category_effective_at: Mapped[datetime | None] = mapped_column(Moment)
    """When Meta will make that of it; null where it does not say."""
    accepted_category: Mapped[str | None] = mapped_column(Text)
    """Another category than the one it was submitted with that a person accepted: it is used as that."""
    quality: Mapped[str] = mapped_column(Text, server_default="UNKNOWN")
    quality_at: Mapped[datetime | None] = mapped_column(Moment)
    parameter_format: Mapped[str] = mapped_column(Text)
    components: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    time_to_live: Mapped[int | None]
    """Seconds that Meta tries to deliver a message; null for the category's own time."""
    rejected_reason: Mapped[str | None] = mapped_column(Text)
    rejection: Mapped[dict[str, str] | None] = mapped_column(JsonOrNull)
    """`reason` and `recommendation` in Meta's words, where it says more than the reason's name."""
    pause: Mapped[str | None] = mapped_column(Text)
    """Of a paused one: FIRST_PAUSE, SECOND_PAUSE or RATE_LIMITING_PAUSE, where Meta said so."""
    unpause_at: Mapped[datetime | None] = mapped_column(Moment)
    """When to ask Meta to lift a pause that does not end by itself."""
    disabled_from: Mapped[datetime | None] = mapped_column(Moment)
    approved_at: Mapped[datetime | None] = mapped_column(Moment)
    """For the first time since it was created: its review by people may be asked for until 60 days after it."""
    archived_at: Mapped[datetime | None] = mapped_column(Moment)
    deleted_at: Mapped[datetime | None] = mapped_column(Moment)
    edits: Mapped[list[datetime]] = mapped_column(ARRAY(Moment), server_default=text("'{}'::timestamptz[]"))
    """Of the approved template, within the last 30 days: Meta counts them."""
    last_used_at: Mapped[datetime | None] = mapped_column(Moment)
    """By a message, give or take some minutes."""
    version: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    """Number of its newest version; 0 for a draft that was never submitted."""
    event_type: Mapped[str | None] = mapped_column(Text)
    """Which its author wrote it for."""
    draft: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)
    """A TemplateDefinition that is to be submitted next."""
    submitted: Mapped[list[dict[str, Any]] | None] = mapped_column(JsonOrNull)
    """The components that we submitted last; what Meta holds otherwise was changed elsewhere."""
    known_at: Mapped[datetime] = mapped_column(Moment)
    """When Meta last told us all this, by webhook or by sync."""
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class TemplateVersion(Base):
    """What a template said, from one change of it to the next."""

    __tablename__ = "template_versions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["business_id", "template_id"], ["templates.business_id", "templates.id"], ondelete="CASCADE"
        ),
        CheckConstraint("origin in ('ulak', 'meta')", name="origin"),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    template_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    origin: Mapped[str] = mapped_column(Text)
    """`ulak`: submitted by us; `meta`: found there."""
    category: Mapped[str] = mapped_column(Text)
    """That it was submitted with, or found with."""
    parameter_format: Mapped[str] = mapped_column(Text)
    components: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(Moment)
    approved_at: Mapped[datetime | None] = mapped_column(Moment)
    rejected_at: Mapped[datetime | None] = mapped_column(Moment)
    rejected_reason: Mapped[str | None] = mapped_column(Text)


class TemplateChange(Base):
    """A line of a template's history."""

    __tablename__ = "template_changes"
    __table_args__ = (
        ForeignKeyConstraint(
            ["business_id", "template_id"], ["templates.business_id", "templates.id"], ondelete="CASCADE"
        ),
        Index(None, "business_id", "template_id", "id"),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    template_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    actor: Mapped[str | None] = mapped_column(Text)
    """The key by which it was done."""
    at: Mapped[datetime] = mapped_column(Moment)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)


class TemplateVariant(Base):
    """A template that an event type may use; by position, the first is taken where nothing stands against it."""

    __tablename__ = "template_variants"
    __table_args__ = (
        ForeignKeyConstraint(["business_id"], ["businesses.business_id"]),
        CheckConstraint("mode in ('live', 'test')", name="mode"),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(Text, primary_key=True)
    event_type: Mapped[str] = mapped_column(Text, primary_key=True)
    template_name: Mapped[str] = mapped_column(Text, primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger)
