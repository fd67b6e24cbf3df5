"""The tables of what the business is to be told, of who is told it by HTTP, and of what became of that."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base

Moment = TIMESTAMP(timezone=True)

ENDPOINT_TEST = "endpoint.test"
"""The type of the event by which a person tries an endpoint: nobody else gets it, and the feed passes over it."""


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
        Index(
            "ix_callback_events_message", "business_id", "message_id", postgresql_where=text("message_id IS NOT NULL")
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
    sequence: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    """Given as the row is written. Whoever writes holds what the event tells of locked, so that of one contact it says
    what came first. The number of the transaction does not: that is given when the transaction begins to write."""


class CallbackEndpoint(Base):
    """Where a business receives events by HTTP. Whoever adds to its deliveries, claims or ends any holds its row."""

    __tablename__ = "callback_endpoints"
    __table_args__ = (
        ForeignKeyConstraint(["business_id"], ["businesses.business_id"]),
        CheckConstraint("mode in ('live', 'test')", name="mode"),
        CheckConstraint("batch_size between 1 and 100", name="batch_size"),
        CheckConstraint("disabled_reason in ('request', 'gone', 'failing')", name="disabled_reason"),
        CheckConstraint("(disabled_at IS NULL) = (disabled_reason IS NULL)", name="disabled"),
        CheckConstraint("deleted_at IS NULL OR disabled_at IS NOT NULL", name="deleted"),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    types: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    """Nothing: all, those of later versions included."""
    batch_size: Mapped[int] = mapped_column(SmallInteger)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    """Encrypted; of a deleted endpoint empty."""
    former_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    former_secret_until: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    started_at: Mapped[datetime] = mapped_column(Moment)
    """Created, or enabled again: it gets nothing older by itself."""
    disabled_at: Mapped[datetime | None] = mapped_column(Moment)
    disabled_reason: Mapped[str | None] = mapped_column(Text)
    deleted_at: Mapped[datetime | None] = mapped_column(Moment)
    """Its deliveries go bit by bit, and it with the last of them."""
    seen_before: Mapped[int] = mapped_column(BigInteger)
    seen_except: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    """Events of transactions before the one number but for these are delivered, or on their way: see fan_out."""
    is_behind: Mapped[bool] = mapped_column(server_default="false")
    """What is new was begun and not looked through to its end."""
    failing_since: Mapped[datetime | None] = mapped_column(Moment)
    """Since when nothing but failures."""
    consecutive_failures: Mapped[int] = mapped_column(Integer, server_default="0")
    retry_at: Mapped[datetime | None] = mapped_column(Moment)
    """Before then it is not called at all."""
    last_success_at: Mapped[datetime | None] = mapped_column(Moment)
    last_failure_at: Mapped[datetime | None] = mapped_column(Moment)
    last_error: Mapped[str | None] = mapped_column(Text)


_PENDING = "status = 'pending'"


class CallbackDelivery(Base):
    """One event for one endpoint. Of a contact's pending ones a single one has a `due_at`: the others wait for it."""

    __tablename__ = "callback_deliveries"
    __table_args__ = (
        CheckConstraint("status in ('pending', 'delivered', 'parked')", name="status"),
        CheckConstraint("parked_reason in ('window', 'endpoint_disabled')", name="parked_reason"),
        CheckConstraint("(status = 'parked') = (parked_reason IS NOT NULL)", name="parked"),
        Index(
            "ix_callback_deliveries_due",
            "business_id",
            "endpoint_id",
            "due_at",
            "sequence",
            postgresql_where=text(f"{_PENDING} AND due_at IS NOT NULL"),
        ),
        Index(
            "ix_callback_deliveries_lane",
            "business_id",
            "endpoint_id",
            "contact_id",
            "sequence",
            postgresql_where=text(_PENDING),
        ),
        Index(
            "uq_callback_deliveries_head",
            "business_id",
            "endpoint_id",
            "contact_id",
            unique=True,
            postgresql_where=text(f"{_PENDING} AND due_at IS NOT NULL AND contact_id IS NOT NULL"),
        ),
        Index(
            "ix_callback_deliveries_parked",
            "business_id",
            "endpoint_id",
            "event_id",
            postgresql_where=text("status = 'parked'"),
        ),
        Index(
            "ix_callback_deliveries_contact",
            "business_id",
            "contact_id",
            postgresql_where=text("answers_since IS NOT NULL"),
        ),
        Index("ix_callback_deliveries_answers", "answers_since", postgresql_where=text("answers_since IS NOT NULL")),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    endpoint_id: Mapped[UUID] = mapped_column(primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
    contact_id: Mapped[UUID | None]
    status: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    due_at: Mapped[datetime | None] = mapped_column(Moment)
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    """It is being sent; after then whoever sent it is taken for dead."""
    first_attempt_at: Mapped[datetime | None] = mapped_column(Moment)
    """Since it is tried: since its last replay, where there was one."""
    attempt_count: Mapped[int] = mapped_column(Integer, server_default="0")
    """Counted when it is claimed, and never set back."""
    retries: Mapped[int] = mapped_column(Integer, server_default="0")
    """Failures since `first_attempt_at`."""
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    parked_reason: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    """Those whose outcome is known, oldest first, as endpoint_schemas.Attempt; not more than the last few dozen."""
    answers_since: Mapped[datetime | None] = mapped_column(Moment)
    """When the oldest text of an answer in `attempts` came."""
