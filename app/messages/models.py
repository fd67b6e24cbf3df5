"""Tables of the hot path. No foreign keys here: they would cost a row lock per message, and all writers are ours.

Messages, attempts and receipts are partitioned by month on the message's UUIDv7, so that a month is dropped as a whole.
Only `due_at` of what changes is indexed: a message's row is updated in place (HOT) on its way to `read`.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSON, JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base
from app.messages.states import Status

Moment = TIMESTAMP(timezone=True)

_STATUSES = ", ".join(f"'{status.value}'" for status in Status)


class Message(Base):
    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint("mode in ('live', 'test')", name="mode"),
        CheckConstraint(f"status in ({_STATUSES})", name="status"),
        Index(
            "ix_messages_due",
            "business_id",
            "sender_id",
            "priority",
            "due_at",
            "id",
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index("ix_messages_contact", "business_id", "contact_id", "id"),
        Index(
            "ix_messages_reference", "business_id", "reference", "id", postgresql_where=text("reference IS NOT NULL")
        ),
        Index("ix_messages_send_at", "business_id", "send_at", "id", postgresql_where=text("send_at IS NOT NULL")),
        {"postgresql_partition_by": "RANGE (id)"},
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    due_at: Mapped[datetime | None] = mapped_column(Moment)
    """When a worker must look at it; null where nothing is waited for but receipts, or nothing at all."""
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    """Until then one worker has it to itself."""
    expires_at: Mapped[datetime] = mapped_column(Moment)
    send_at: Mapped[datetime | None] = mapped_column(Moment)
    accepted_at: Mapped[datetime | None] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    delivered_at: Mapped[datetime | None] = mapped_column(Moment)
    read_at: Mapped[datetime | None] = mapped_column(Moment)
    failed_at: Mapped[datetime | None] = mapped_column(Moment)
    sender_id: Mapped[UUID]
    contact_id: Mapped[UUID]
    priority: Mapped[int] = mapped_column(SmallInteger)
    attempt_count: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    mode: Mapped[str] = mapped_column(Text)
    event_type: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    """Why it is in this status, where the status alone does not say."""
    waiting_for: Mapped[str | None] = mapped_column(Text)
    """What holds it back until `due_at`."""
    time_zone: Mapped[str | None] = mapped_column(Text)
    """The customer's, for a message that keeps quiet hours; null for one that goes at any time."""
    stop: Mapped[str | None] = mapped_column(Text)
    """Why it is not to be sent again, though it may have left: `canceled` or `superseded`."""
    recipient: Mapped[str | None] = mapped_column(Text)
    """Phone in E.164, or BSUID; null once it was erased."""
    language: Mapped[str] = mapped_column(Text)
    template_name: Mapped[str | None] = mapped_column(Text)
    """Null of what is free in its form, see `free_form`."""
    template_version: Mapped[int | None] = mapped_column(SmallInteger)
    """That its values were last made for, or that Meta was last asked to send."""
    reference: Mapped[str | None] = mapped_column(Text)
    wamid: Mapped[str | None] = mapped_column(Text)
    price_category: Mapped[str | None] = mapped_column(Text)
    price_type: Mapped[str | None] = mapped_column(Text)
    """As Meta names it: whether it was paid for, and why not."""
    country: Mapped[str | None] = mapped_column(Text)
    """ISO 3166-1 alpha-2, of the recipient's number or BSUID; it outlives them. Null where they do not tell."""
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    fill: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The values for the template as they were made from `data` on acceptance."""
    meta: Mapped[dict[str, str] | None] = mapped_column("metadata", JSON)
    decision: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    failure: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    content_erased_at: Mapped[datetime | None] = mapped_column(Moment)
    """Since then it says neither what was told nor to which number; see `erasing`."""


class Attempt(Base):
    """One call to Meta."""

    __tablename__ = "attempts"
    __table_args__ = (
        CheckConstraint("outcome in ('accepted', 'refused', 'not_sent', 'unknown')", name="outcome"),
        Index("ix_attempts_wamid", "business_id", "wamid", postgresql_where=text("wamid IS NOT NULL")),
        {"postgresql_partition_by": "RANGE (message_id)"},
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    outcome: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime] = mapped_column(Moment)
    wamid: Mapped[str | None] = mapped_column(Text)
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class Receipt(Base):
    """One report by Meta; a repeated one is the same row."""

    __tablename__ = "receipts"
    __table_args__ = ({"postgresql_partition_by": "RANGE (message_id)"},)

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(Text, primary_key=True)
    wamid: Mapped[str] = mapped_column(Text, primary_key=True)
    occurred_at: Mapped[datetime] = mapped_column(Moment)
    received_at: Mapped[datetime] = mapped_column(Moment)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The item as Meta sent it."""


class Link(Base):
    """A button's link by way of our own address, which records the clicks."""

    __tablename__ = "links"
    __table_args__ = (Index("ix_links_code", "code"), {"postgresql_partition_by": "RANGE (message_id)"})

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    """Among the message's links, from nought."""
    code: Mapped[str] = mapped_column(Text)
    """What stands in the address: random, so that nobody finds another's link."""
    url: Mapped[str] = mapped_column(Text)
    """Where it leads."""


class LinkClick(Base):
    __tablename__ = "link_clicks"
    __table_args__ = (
        Index("ix_link_clicks_id", "id"),
        {"postgresql_partition_by": "RANGE (message_id)"},
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    clicked_at: Mapped[datetime] = mapped_column(Moment)


class AutomaticAnswer(Base):
    """That an answer of a kind to a message was answered by itself: once, however often it comes."""

    __tablename__ = "automatic_answers"
    __table_args__ = (Index("ix_automatic_answers_contact", "business_id", "contact_id", "answered_at"),)

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    """That the customer answered."""
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    contact_id: Mapped[UUID]
    reply_id: Mapped[UUID]
    answer_id: Mapped[UUID]
    """The message that went back."""
    answered_at: Mapped[datetime] = mapped_column(Moment)


class IdempotencyKey(Base):
    """A request that was answered, with its answer, so that the same request gets the same answer."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_created_at", "created_at"),)

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    fingerprint: Mapped[bytes]
    location: Mapped[str | None] = mapped_column(Text)
    answer: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(Moment)


class PairPace(Base):
    """The pace of one number with one customer: Meta's pair limit."""

    __tablename__ = "pair_paces"
    __table_args__ = ({"postgresql_with": {"fillfactor": "70"}},)

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    sender_id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(primary_key=True)
    burst_from: Mapped[datetime] = mapped_column(Moment)
    burst: Mapped[int] = mapped_column(SmallInteger)
    """Messages since then: within one interval several may go, and are paid for by silence after it."""
    granted: Mapped[int] = mapped_column(SmallInteger)
    """Of those that were asked for last."""
    free_at: Mapped[datetime] = mapped_column(Moment)
    """When all that went is paid for."""
    promised_to: Mapped[datetime] = mapped_column(Moment)
    """Up to here places after `free_at` were promised to messages that had to wait."""


class ServiceWindow(Base):
    """Until when a customer may be answered freely by a number: 24 hours from what they last wrote to it (Meta's page
    "Customer service windows")."""

    __tablename__ = "service_windows"
    __table_args__ = (Index("ix_service_windows_contact", "business_id", "contact_id"),)

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    sender_id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(primary_key=True)
    opened_at: Mapped[datetime] = mapped_column(Moment)
    """When the customer first wrote of what has kept it open since."""
    expires_at: Mapped[datetime] = mapped_column(Moment)
    last_reply_id: Mapped[UUID]
