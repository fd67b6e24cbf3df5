"""Tables of businesses, keys, Meta apps and senders. Every key begins with business_id."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKeyConstraint, Index, Integer, LargeBinary, Text, func
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base

Mode = Literal["live", "test"]
"""`live` reaches Meta, `test` the sandbox; keys, senders, contacts and messages of one never meet the other's."""

Moment = TIMESTAMP(timezone=True)


class Business(Base):
    __tablename__ = "businesses"

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    country: Mapped[str] = mapped_column(Text)
    """ISO 3166-1 alpha-2: the region in which national phone numbers are read."""
    language: Mapped[str] = mapped_column(Text)
    time_zone: Mapped[str] = mapped_column(Text)
    website: Mapped[str] = mapped_column(Text)
    """Base of the links in template buttons: Meta fixes it in the template and lets only the rest vary."""
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class ApiKey(Base):
    __tablename__ = "api_keys"
    __table_args__ = (
        ForeignKeyConstraint(["business_id"], ["businesses.business_id"]),
        CheckConstraint("mode in ('live', 'test')", name="mode"),
        Index(None, "business_id", "token_hash", unique=True),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    mode: Mapped[Mode] = mapped_column(Text)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    prefix: Mapped[str] = mapped_column(Text)
    """The shown beginning of the key, by which people recognise it."""
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


class MetaApp(Base):
    """The app at Meta whose secret signs the webhooks; a business may have several, several businesses the same."""

    __tablename__ = "meta_apps"
    __table_args__ = (ForeignKeyConstraint(["business_id"], ["businesses.business_id"]),)

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    app_secret: Mapped[bytes] = mapped_column(LargeBinary)
    """Encrypted."""
    verify_token: Mapped[bytes] = mapped_column(LargeBinary)
    """Encrypted."""
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class Sender(Base):
    __tablename__ = "senders"
    __table_args__ = (
        ForeignKeyConstraint(["business_id"], ["businesses.business_id"]),
        ForeignKeyConstraint(["business_id", "meta_app_id"], ["meta_apps.business_id", "meta_apps.id"]),
        CheckConstraint("mode in ('live', 'test')", name="mode"),
        CheckConstraint("throughput > 0", name="throughput"),
        Index(None, "business_id", "phone_number_id", unique=True),
        Index("ix_senders_phone_number_id", "phone_number_id"),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[Mode] = mapped_column(Text)
    phone_number_id: Mapped[str] = mapped_column(Text)
    waba_id: Mapped[str] = mapped_column(Text)
    meta_app_id: Mapped[UUID]
    access_token: Mapped[bytes] = mapped_column(LargeBinary)
    """Encrypted."""
    display_phone_number: Mapped[str] = mapped_column(Text)
    verified_name: Mapped[str] = mapped_column(Text)
    throughput: Mapped[int] = mapped_column(Integer)
    """Messages per second that Meta allows this number: 80, after an upgrade 1,000; 20 with the Business app."""
    next_send_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    """When the next message may leave: advanced by 1/throughput for each one, by whichever worker claims it."""
    checked_at: Mapped[datetime] = mapped_column(Moment)
    """When Graph last confirmed what stands here."""
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
