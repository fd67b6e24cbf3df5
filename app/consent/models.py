"""Tables of contacts, the consent ledger and the consent state."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, func
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base

Moment = TIMESTAMP(timezone=True)


class Contact(Base):
    """A customer of a business; known by phone or by BSUID, at least one of them."""

    __tablename__ = "contacts"
    __table_args__ = (
        CheckConstraint("mode in ('live', 'test')", name="mode"),
        CheckConstraint("phone is not null or bsuid is not null", name="identified"),
        Index(None, "business_id", "mode", "phone", unique=True),
        Index(None, "business_id", "mode", "bsuid", unique=True),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    """E.164."""
    bsuid: Mapped[str | None] = mapped_column(Text)
    """Meta's business-scoped user id, for customers who hide their number."""
    wa_id: Mapped[str | None] = mapped_column(Text)
    """The digits by which Meta knows the phone; they may differ from it."""
    name: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    time_zone: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class ConsentAct(Base):
    """One line of the ledger. The database refuses to change or delete it."""

    __tablename__ = "consent_acts"
    __table_args__ = (
        ForeignKeyConstraint(["business_id", "contact_id"], ["contacts.business_id", "contacts.id"]),
        CheckConstraint("act in ('opt_in', 'opt_out')", name="act"),
        Index(None, "business_id", "contact_id", "id"),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID]
    act: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    topic: Mapped[str] = mapped_column(Text)
    """`*` for all topics."""
    source: Mapped[str] = mapped_column(Text)
    place: Mapped[str | None] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    wording: Mapped[str | None] = mapped_column(Text)
    """Exactly what the customer was shown."""
    wording_version: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    occurred_at: Mapped[datetime] = mapped_column(Moment)
    recorded_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class Consent(Base):
    """What holds now for a contact, a channel and a topic: the fold of the ledger, kept for the hot path."""

    __tablename__ = "consents"
    __table_args__ = (
        ForeignKeyConstraint(["business_id", "contact_id"], ["contacts.business_id", "contacts.id"]),
        CheckConstraint("state in ('opted_in', 'opted_out')", name="state"),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    topic: Mapped[str] = mapped_column(Text, primary_key=True)
    state: Mapped[str] = mapped_column(Text)
    act_id: Mapped[UUID]
    since: Mapped[datetime] = mapped_column(Moment)


class TestList(Base):
    """A few contacts on whom an event type is tried first."""

    __tablename__ = "test_lists"
    __table_args__ = (
        ForeignKeyConstraint(["business_id"], ["businesses.business_id"]),
        CheckConstraint("mode in ('live', 'test')", name="mode"),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class TestListMember(Base):
    __tablename__ = "test_list_members"
    __table_args__ = (
        ForeignKeyConstraint(
            ["business_id", "mode", "name"],
            ["test_lists.business_id", "test_lists.mode", "test_lists.name"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(["business_id", "contact_id"], ["contacts.business_id", "contacts.id"]),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(primary_key=True)
