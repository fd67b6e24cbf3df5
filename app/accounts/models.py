"""Tables of businesses, keys, Meta apps and senders. Every key begins with business_id."""

from datetime import datetime, time
from typing import Literal
from uuid import UUID

from sqlalchemy import (
    ARRAY,
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
from sqlalchemy.dialects.postgresql import JSON, JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.core.database import Base

Mode = Literal["live", "test"]
"""`live` reaches Meta, `test` the sandbox; keys, senders, contacts and messages of one never meet the other's."""

LinkStyle = Literal["plain", "tracked"]
OnCategoryNotice = Literal["hold", "switch", "continue"]

FeedType = Literal[
    "message.accepted", "message.sent", "message.delivered", "message.read", "message.failed", "message.suppressed",
    "message.expired", "message.canceled", "message.unconfirmed", "link.clicked",
]  # fmt: skip
"""Events that are stored only where somebody wants them: every message has several."""

DEFAULT_COLOUR = "#0b6b4f"

WordingCheck = Literal["strict", "shown", "off"]
"""What an opt-in must prove: `strict`, a wording that names the business and WhatsApp; `shown`, any; `off`, none."""

Moment = TIMESTAMP(timezone=True)


class Business(Base):
    __tablename__ = "businesses"
    __table_args__ = (
        CheckConstraint("critical_share between 0 and 100", name="critical_share"),
        CheckConstraint("link_style in ('plain', 'tracked')", name="link_style"),
        CheckConstraint("wording_check in ('strict', 'shown', 'off')", name="wording_check"),
        CheckConstraint("on_category_notice in ('hold', 'switch', 'continue')", name="on_category_notice"),
        CheckConstraint("conversion_window_days between 1 and 90", name="conversion_window_days"),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    country: Mapped[str] = mapped_column(Text)
    """ISO 3166-1 alpha-2: the region in which national phone numbers are read."""
    language: Mapped[str] = mapped_column(Text)
    time_zone: Mapped[str] = mapped_column(Text)
    website: Mapped[str] = mapped_column(Text)
    """Base of the links in template buttons: Meta fixes it in the template and lets only the rest vary."""
    quiet_from: Mapped[time] = mapped_column(server_default="22:00")
    """From here to `quiet_to`, on the customer's clock, only what cannot wait is sent. The same time twice: never."""
    quiet_to: Mapped[time] = mapped_column(server_default="08:00")
    critical_share: Mapped[int] = mapped_column(SmallInteger, server_default="20")
    """Percentage of the portfolio's daily new recipients that is kept for critical event types."""
    fallback_languages: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{tr,en}")
    """Tried in this order where there is no template in the customer's language."""
    link_style: Mapped[LinkStyle] = mapped_column(Text, server_default="plain")
    """Whether the links of buttons lead to the business's website at once, or by way of ours, which counts clicks."""
    on_category_notice: Mapped[OnCategoryNotice] = mapped_column(Text, server_default="switch")
    """What messages do whose template Meta is about to file under another category."""
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Encrypted; the keys of its ledger are derived from it. Businesses of before get theirs when they are loaded."""
    wording_check: Mapped[WordingCheck] = mapped_column(Text, server_default="strict")
    double_opt_in: Mapped[bool] = mapped_column(server_default="false")
    """Whether every opt-in from outside WhatsApp waits for the customer's confirmation on WhatsApp."""
    ask_when_unsure: Mapped[bool] = mapped_column(server_default="false")
    """Whether customers whose answer may be a wish to stop are asked what they meant."""
    feed_types: Mapped[list[FeedType]] = mapped_column(ARRAY(Text), server_default="{}")
    """What the feed tells of messages and links beside all else."""
    colour: Mapped[str] = mapped_column(Text, server_default=DEFAULT_COLOUR)
    """Of the pages that customers see: `#rrggbb`."""
    privacy_url: Mapped[str | None] = mapped_column(Text)
    """Of the privacy notice that those pages lead to."""
    offered_topics: Mapped[dict[str, dict[str, str]] | None] = mapped_column(JSON)
    """What the pages let customers choose: by topic its label by language; without one, our own of the topic."""
    retention: Mapped[dict[str, int]] = mapped_column(JSONB, server_default="{}")
    """Days after which content is forgotten, by what it is; kept for ever where nothing is said."""
    click_parameter: Mapped[str | None] = mapped_column(Text)
    """By which the address that a tracked link leads to is told of the click; null where it is not."""
    conversion_window_days: Mapped[int] = mapped_column(SmallInteger, server_default="7")
    """So long after a message what its customer does counts as come of it."""
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
        CheckConstraint("throughput_override > 0", name="throughput_override"),
        CheckConstraint("paused_by in ('meta', 'person')", name="paused_by"),
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
    throughput_override: Mapped[int | None] = mapped_column(Integer)
    """A person's figure, which goes before Meta's."""
    throttled_rate: Mapped[float | None]
    """Messages per second to which Meta's last "too fast" brought the pace down; it rises again from there."""
    throttled_at: Mapped[datetime | None] = mapped_column(Moment)
    paused_at: Mapped[datetime | None] = mapped_column(Moment)
    """Since then nothing leaves, but for probes."""
    paused_by: Mapped[Literal["meta", "person"] | None] = mapped_column(Text)
    probe_at: Mapped[datetime | None] = mapped_column(Moment)
    """When one message may try whether the obstacle is gone; null while only a person can end the pause."""
    probe_id: Mapped[UUID | None]
    """The message that tries it: its receipt ends the pause."""
    resumed_at: Mapped[datetime | None] = mapped_column(Moment)
    """When a pause ended, or credentials were renewed, last: what is reported of the time before is no news."""
    status: Mapped[str | None] = mapped_column(Text)
    """At Meta: CONNECTED, FLAGGED, RESTRICTED, …"""
    quality: Mapped[str | None] = mapped_column(Text)
    """At Meta: GREEN, YELLOW, RED, UNKNOWN."""
    next_send_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    """When the next message may leave: advanced by 1/throughput for each one, by whichever worker claims it."""
    checked_at: Mapped[datetime] = mapped_column(Moment)
    """When Graph last confirmed what stands here."""
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class Alert(Base):
    """What a person must know of a sender, and usually mend: open until it is resolved, raised once while it lasts."""

    __tablename__ = "alerts"
    __table_args__ = (
        ForeignKeyConstraint(["business_id", "sender_id"], ["senders.business_id", "senders.id"]),
        CheckConstraint("kind = 'sender_paused'", name="kind"),
        Index(
            "ix_alerts_open",
            "business_id",
            "sender_id",
            "kind",
            "code",
            unique=True,
            postgresql_where=text("resolved_at IS NULL"),
        ),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    sender_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(Text)
    code: Mapped[int] = mapped_column(Integer)
    """Meta's; its meaning and the next step are those of the table of errors. 0 where a person paused."""
    details: Mapped[str | None] = mapped_column(Text)
    occurrences: Mapped[int] = mapped_column(Integer, server_default="1")
    raised_at: Mapped[datetime] = mapped_column(Moment)
    last_seen_at: Mapped[datetime] = mapped_column(Moment)
    resolved_at: Mapped[datetime | None] = mapped_column(Moment)
    resolution: Mapped[str | None] = mapped_column(Text)
    """`person`, `credentials` (renewed) or `probe` (a message went through)."""


class Portfolio(Base):
    """How many customers all numbers of a business together may begin to message in 24 hours, by Meta."""

    __tablename__ = "portfolios"
    __table_args__ = (
        ForeignKeyConstraint(["business_id"], ["businesses.business_id"]),
        CheckConstraint("mode in ('live', 'test')", name="mode"),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[Mode] = mapped_column(Text, primary_key=True)
    messaging_limit: Mapped[int | None] = mapped_column(Integer)
    """Null where it is unlimited."""
    known_at: Mapped[datetime] = mapped_column(Moment)


class PortfolioContact(Base):
    """When a customer was last counted towards the portfolio's limit."""

    __tablename__ = "portfolio_contacts"

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(Text, primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(primary_key=True)
    counted_at: Mapped[datetime] = mapped_column(Moment)


class PortfolioSlot(Base):
    """How many customers were counted in one stretch of time: the rolling day is the sum of its stretches."""

    __tablename__ = "portfolio_slots"

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(Text, primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    counted: Mapped[int] = mapped_column(Integer)
