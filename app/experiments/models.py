"""Tables of experiments: what is tried, and which message was sent for it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ForeignKeyConstraint, Index, Integer, Text, false, func, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base

Moment = TIMESTAMP(timezone=True)


class Experiment(Base):
    """Variants of one event type's template, each for its share of the contacts."""

    __tablename__ = "experiments"
    __table_args__ = (
        ForeignKeyConstraint(["business_id"], ["businesses.business_id"]),
        CheckConstraint("mode in ('live', 'test')", name="mode"),
        CheckConstraint("kind in ('canary', 'share')", name="kind"),
        CheckConstraint("status in ('running', 'going', 'stopped', 'canceled')", name="status"),
        CheckConstraint("(status = 'running') = (decided_at is null)", name="decided"),
        Index(
            "ix_experiments_running",
            "business_id",
            "mode",
            "event_type",
            unique=True,
            postgresql_where=text("status = 'running'"),
        ),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(Text)
    event_type: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="running")
    arms: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """Name, template and share of each, in their order; of a canary first the variant, then the control."""
    contacts: Mapped[int | None] = mapped_column(Integer)
    """How many contacts get a canary's variant at most; null for as many as its share comes to."""
    taken: Mapped[int] = mapped_column(Integer, server_default="0")
    """Of these, how many have got it."""
    is_full: Mapped[bool] = mapped_column(Boolean, server_default=false())
    """Each arm has as many messages as are read for evidence: further ones follow it and are not noted."""
    plan: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """Margins, windows and error rates of a canary."""
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    created_by: Mapped[UUID]
    """The key."""
    ends_at: Mapped[datetime | None] = mapped_column(Moment)
    """When a canary is decided without an answer."""
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    decided_by: Mapped[UUID | None]
    """The key, of what was decided by hand."""
    reason: Mapped[str | None] = mapped_column(Text)
    evidence: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """As it stood when it was decided."""


class ExperimentMessage(Base):
    """A message of an arm. Whether it still is one when it leaves, its own template says. No foreign key: it would lock
    the experiment's row for every message."""

    __tablename__ = "experiment_messages"
    __table_args__ = (Index("ix_experiment_messages_arm", "business_id", "experiment_id", "arm", "message_id"),)

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    experiment_id: Mapped[UUID]
    contact_id: Mapped[UUID]
    arm: Mapped[str] = mapped_column(Text)
    assigned_at: Mapped[datetime] = mapped_column(Moment)


class ExperimentContact(Base):
    """One of the first contacts, who got the variant and keep it."""

    __tablename__ = "experiment_contacts"

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    experiment_id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(primary_key=True)
