"""Tables of figures, of what is to be counted anew, and of prices.

Each table of figures holds rows for slots, which are quarters of an hour, and for days on the business's clock, which
are sums of those: a year is answered from its days, an hour in any time zone from its slots.
"""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Numeric, Text, func, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base

Moment = TIMESTAMP(timezone=True)


class FigureMark(Base):
    """A slot of which something changed; see `core.marks`."""

    __tablename__ = "figure_marks"

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    slot_at: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    marked_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class _Dimensions:
    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(Text, primary_key=True)
    span: Mapped[str] = mapped_column(Text, primary_key=True)
    """`slot` or `day`."""
    starts_at: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    """Of the row among those of its span, in the order of what it is by."""
    sender_id: Mapped[UUID]
    event_type: Mapped[str] = mapped_column(Text)
    template_name: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    experiment_id: Mapped[UUID | None]
    arm: Mapped[str | None] = mapped_column(Text)


class Figure(_Dimensions, Base):
    """Counts of messages, or of what came of them, as `docs/figures.md` defines each."""

    __tablename__ = "figures"
    __table_args__ = (CheckConstraint("span in ('slot', 'day')", name="span"),)

    messages: Mapped[int]
    waiting: Mapped[int]
    unconfirmed: Mapped[int]
    accepted: Mapped[int]
    sent: Mapped[int]
    delivered: Mapped[int]
    read: Mapped[int]
    tried: Mapped[int]
    failed: Mapped[int]
    suppressed: Mapped[int]
    canceled: Mapped[int]
    expired: Mapped[int]
    replied: Mapped[int]
    replies: Mapped[int]
    tapped: Mapped[int]
    taps: Mapped[int]
    clicked: Mapped[int]
    clicks: Mapped[int]
    opted_out: Mapped[int]
    read_within_1m: Mapped[int]
    read_within_5m: Mapped[int]
    read_within_15m: Mapped[int]
    read_within_1h: Mapped[int]
    read_within_6h: Mapped[int]
    read_within_24h: Mapped[int]
    read_seconds: Mapped[int] = mapped_column(BigInteger)
    """From sent to read, of all that were read together."""


class FigureEnd(_Dimensions, Base):
    """Messages that ended otherwise than with the customer, by why."""

    __tablename__ = "figure_ends"
    __table_args__ = (CheckConstraint("span in ('slot', 'day')", name="span"),)

    status: Mapped[str] = mapped_column(Text)
    code: Mapped[int | None] = mapped_column(BigInteger)
    """Meta's."""
    reason: Mapped[str | None] = mapped_column(Text)
    """Ours."""
    messages: Mapped[int]


class FigurePrice(_Dimensions, Base):
    """Messages of which Meta said what they cost."""

    __tablename__ = "figure_prices"
    __table_args__ = (CheckConstraint("span in ('slot', 'day')", name="span"),)

    category: Mapped[str] = mapped_column(Text)
    price_type: Mapped[str | None] = mapped_column(Text)
    country: Mapped[str | None] = mapped_column(Text)
    messages: Mapped[int]


class FigureDays(Base):
    """The clock by which a business's days were counted; where it is no longer the business's, they are no days."""

    __tablename__ = "figure_days"

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    time_zone: Mapped[str] = mapped_column(Text)


class PriceRate(Base):
    """What a message costs the business, by its own table, from a day on."""

    __tablename__ = "price_rates"
    __table_args__ = (
        ForeignKeyConstraint(["business_id"], ["businesses.business_id"]),
        CheckConstraint("price >= 0", name="price"),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    category: Mapped[str] = mapped_column(Text, primary_key=True)
    country: Mapped[str] = mapped_column(Text, primary_key=True)
    """ISO 3166-1 alpha-2, or `*` for every country that has no rate of its own."""
    starts_on: Mapped[date] = mapped_column(primary_key=True)
    """On the business's calendar."""
    price: Mapped[Decimal] = mapped_column(Numeric(18, 9))
    currency: Mapped[str] = mapped_column(Text)
