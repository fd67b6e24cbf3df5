"""Tables of the shops that report to us, their orders as far as what comes next needs them, and what they delivered."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, Text, func, text
from sqlalchemy.dialects.postgresql import JSON, JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import Mode
from app.core.database import Base
from app.integrations.shops import Platform

Moment = TIMESTAMP(timezone=True)

Outcome = Literal["received", "told", "waiting", "ignored", "refused"]


class Integration(Base):
    """A shop whose webhooks are taken."""

    __tablename__ = "integrations"
    __table_args__ = (
        ForeignKeyConstraint(["business_id"], ["businesses.business_id"]),
        CheckConstraint("mode in ('live', 'test')", name="mode"),
        CheckConstraint("platform in ('shopify', 'woocommerce')", name="platform"),
        Index(None, "business_id", "platform", "shop", unique=True),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    mode: Mapped[Mode] = mapped_column(Text)
    platform: Mapped[Platform] = mapped_column(Text)
    shop: Mapped[str] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    sender_id: Mapped[UUID | None]
    """The business's first where there is none."""
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    """Encrypted."""
    former_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Encrypted; taken until `former_until`."""
    former_until: Mapped[datetime | None] = mapped_column(Moment)
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB)
    consent_since: Mapped[datetime | None] = mapped_column(Moment)
    """Since when the box at the checkout has stood beside the wording that is set: what was ticked before, was ticked
    beside another."""
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    disabled_at: Mapped[datetime | None] = mapped_column(Moment)


class ShopOrder(Base):
    """What must be known of an order when its parcel or a refund is reported, which name neither number nor customer;
    and what of it was told, for longer than idempotency keys are kept."""

    __tablename__ = "integration_orders"
    __table_args__ = (
        ForeignKeyConstraint(
            ["business_id", "integration_id"], ["integrations.business_id", "integrations.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["business_id", "contact_id"], ["contacts.business_id", "contacts.id"]),
        Index(
            "ix_integration_orders_contact",
            "business_id",
            "contact_id",
            postgresql_where=text("contact_id IS NOT NULL"),
        ),
        Index("ix_integration_orders_updated_at", "updated_at"),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    integration_id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(Text, primary_key=True)
    """The shop's own."""
    contact_id: Mapped[UUID | None]
    """Nobody where the order has no number that could be written to."""
    no_contact: Mapped[str | None] = mapped_column(Text)
    """Why there is none."""
    number: Mapped[str] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    placed_at: Mapped[datetime | None] = mapped_column(Moment)
    changed_at: Mapped[datetime | None] = mapped_column(Moment)
    """In the shop: what is older changes nothing here."""
    facts: Mapped[dict[str, str]] = mapped_column(JSONB, server_default="{}")
    """What needs no telling any more, by key: `told`, or why not."""
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())


class ShopDelivery(Base):
    """A webhook that came in with the right signature, and what became of it. What it said is not kept."""

    __tablename__ = "integration_deliveries"
    __table_args__ = (
        ForeignKeyConstraint(
            ["business_id", "integration_id"], ["integrations.business_id", "integrations.id"], ondelete="CASCADE"
        ),
        CheckConstraint("outcome in ('received', 'told', 'waiting', 'ignored', 'refused')", name="outcome"),
        Index(None, "business_id", "integration_id", "digest", unique=True),
        Index("ix_integration_deliveries_newest", "business_id", "integration_id", "id"),
        Index(
            "ix_integration_deliveries_waiting",
            "business_id",
            "integration_id",
            "order_id",
            postgresql_where=text("outcome = 'waiting'"),
        ),
        Index("ix_integration_deliveries_received_at", "received_at"),
    )

    business_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    integration_id: Mapped[UUID]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    """Of its topic, their id and its bytes: by which a repetition is known."""
    topic: Mapped[str] = mapped_column(Text)
    delivery: Mapped[str | None] = mapped_column(Text)
    """Their id of it. WooCommerce gives the same one to all that a webhook sends within a second."""
    event: Mapped[str | None] = mapped_column(Text)
    """Shopify's id of what happened, which several webhooks may tell."""
    api_version: Mapped[str | None] = mapped_column(Text)
    order_id: Mapped[str | None] = mapped_column(Text)
    triggered_at: Mapped[datetime | None] = mapped_column(Moment)
    outcome: Mapped[Outcome] = mapped_column(Text)
    """`received` while it is being worked on."""
    reason: Mapped[str | None] = mapped_column(Text)
    consent: Mapped[str | None] = mapped_column(Text)
    """`recorded`, or why a ticked box was not taken for a consent; nothing where none was looked for."""
    results: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """What became of each fact in it."""
    held: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    """Facts that wait for their order."""
    received_at: Mapped[datetime] = mapped_column(Moment)
    settled_at: Mapped[datetime | None] = mapped_column(Moment)
