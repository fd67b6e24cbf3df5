"""Tables of the figures of consent."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base

Moment = TIMESTAMP(timezone=True)


class ConsentFigure(Base):
    """What the lines of the ledger of a quarter of an hour did. Names nobody, and so outlives an erasure."""

    __tablename__ = "consent_figures"
    __table_args__ = (CheckConstraint("mode in ('live', 'test')", name="mode"),)

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(Text, primary_key=True)
    slot_at: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    topic: Mapped[str] = mapped_column(Text, primary_key=True)
    """`*` is the topic of that name; empty for customers, whichever topics they agree to."""
    source: Mapped[str] = mapped_column(Text, primary_key=True)
    place: Mapped[str] = mapped_column(Text, primary_key=True)
    """Empty where there was none."""
    link_id: Mapped[UUID] = mapped_column(primary_key=True)
    """The opt-in link that they came by; all zeros where there was none."""
    opt_ins: Mapped[int]
    opt_outs: Mapped[int]
    requests: Mapped[int]
    pauses: Mapped[int]
    marketing_stops: Mapped[int]
    gained: Mapped[int]
    lost: Mapped[int]


class ConsentFiguresRead(Base):
    """How far a business's ledger is counted."""

    __tablename__ = "consent_figures_read"
    __table_args__ = (ForeignKeyConstraint(["business_id"], ["businesses.business_id"]),)

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    """Of the last line that is."""
