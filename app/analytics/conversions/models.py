"""Tables of conversions, of their sums by day, and of what is to be summed up anew."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Numeric,
    SmallInteger,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSON, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.analytics.conversions.attribution import AttributedBy, Unattributed
from app.core.database import Base

Moment = TIMESTAMP(timezone=True)

_BY = ", ".join(f"'{one.value}'" for one in AttributedBy)
_WHY_NOT = ", ".join(f"'{one.value}'" for one in Unattributed)


class Conversion(Base):
    """Something that a customer did which the business counts: a purchase, a booking. No foreign key to messages,
    which are dropped by the month."""

    __tablename__ = "conversions"
    __table_args__ = (
        ForeignKeyConstraint(["business_id"], ["businesses.business_id"]),
        CheckConstraint("mode in ('live', 'test')", name="mode"),
        CheckConstraint("(amount is null) = (currency is null)", name="value"),
        CheckConstraint("named_by in ('click', 'message', 'contact')", name="named_by"),
        CheckConstraint(f"attributed_by in ({_BY})", name="attributed_by"),
        CheckConstraint(f"unattributed in ({_WHY_NOT})", name="unattributed"),
        CheckConstraint("(message_id is null) = (attributed_by is null)", name="attributed"),
        CheckConstraint("(message_id is null) = (unattributed is not null)", name="explained"),
        Index(None, "business_id", "mode", "reference", unique=True, postgresql_where=text("reference IS NOT NULL")),
        Index("ix_conversions_message", "business_id", "message_id", postgresql_where=text("message_id IS NOT NULL")),
        Index("ix_conversions_contact", "business_id", "contact_id", postgresql_where=text("contact_id IS NOT NULL")),
        Index("ix_conversions_slot", "business_id", "mode", "slot_at", postgresql_where=text("canceled_at IS NULL")),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(Text)
    """The business's own id of it; once it was erased, a keyed hash of that."""
    fingerprint: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Keyed hash of the request, so that the same one again is known from another; null once it was erased."""
    type: Mapped[str] = mapped_column(Text)
    amount: Mapped[int | None] = mapped_column(BigInteger)
    """In the minor unit of the currency."""
    currency: Mapped[str | None] = mapped_column(Text)
    occurred_at: Mapped[datetime] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    named_by: Mapped[str] = mapped_column(Text)
    click_id: Mapped[UUID | None]
    """That was named."""
    contact_id: Mapped[UUID | None]
    """Who did it, as far as that is known; the contact may have ended since."""
    message_id: Mapped[UUID | None]
    """That it came of."""
    attributed_by: Mapped[str | None] = mapped_column(Text)
    unattributed: Mapped[str | None] = mapped_column(Text)
    """Why it came of none."""
    slot_at: Mapped[datetime] = mapped_column(Moment)
    """In which it is counted: that of the message, or else its own. With what follows as the message was when it was
    reported, so that it is counted alike when the message is dropped."""
    sender_id: Mapped[UUID | None]
    event_type: Mapped[str | None] = mapped_column(Text)
    template_name: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    experiment_id: Mapped[UUID | None]
    arm: Mapped[str | None] = mapped_column(Text)
    meta: Mapped[dict[str, str] | None] = mapped_column("metadata", JSON(none_as_null=True))
    canceled_at: Mapped[datetime | None] = mapped_column(Moment)
    """Since then it counts no more."""
    content_erased_at: Mapped[datetime | None] = mapped_column(Moment)


class ConversionMark(Base):
    """A quarter of an hour of which conversions changed, until its day is summed up anew."""

    __tablename__ = "conversion_marks"

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    slot_at: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    marked_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class ConversionDay(Base):
    """Sums of a day on the business's clock; see `counting.Level` for what is told apart in which rows."""

    __tablename__ = "conversion_days"

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(Text, primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    level: Mapped[int] = mapped_column(SmallInteger)
    sender_id: Mapped[UUID | None]
    event_type: Mapped[str | None] = mapped_column(Text)
    template_name: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    experiment_id: Mapped[UUID | None]
    arm: Mapped[str | None] = mapped_column(Text)
    type: Mapped[str | None] = mapped_column(Text)
    attributed_by: Mapped[str | None] = mapped_column(Text)
    currency: Mapped[str | None] = mapped_column(Text)
    conversions: Mapped[int]
    attributed: Mapped[int]
    converted: Mapped[int]
    amount: Mapped[Decimal] = mapped_column(Numeric)
    attributed_amount: Mapped[Decimal] = mapped_column(Numeric)


class ConversionClock(Base):
    """The time zone by which a business's days were summed up; where it has another now, they are no days."""

    __tablename__ = "conversion_clocks"

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    time_zone: Mapped[str] = mapped_column(Text)
