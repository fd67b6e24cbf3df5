"""Shops on Shopify and WooCommerce report by their own webhooks.

Revision: 0019
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_MOMENT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "integrations",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("sender_id", sa.Uuid(), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("former_secret", sa.LargeBinary(), nullable=True),
        sa.Column("former_until", _MOMENT, nullable=True),
        sa.Column("settings", postgresql.JSONB(), nullable=False),
        sa.Column("consent_since", _MOMENT, nullable=True),
        sa.Column("created_at", _MOMENT, server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", _MOMENT, server_default=sa.func.now(), nullable=False),
        sa.Column("disabled_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_integrations")),
        sa.ForeignKeyConstraint(["business_id"], ["businesses.business_id"], name=op.f("fk_integrations_business_id")),
        sa.CheckConstraint("mode in ('live', 'test')", name=op.f("ck_integrations_mode")),
        sa.CheckConstraint("platform in ('shopify', 'woocommerce')", name=op.f("ck_integrations_platform")),
    )
    op.create_index(
        op.f("ix_integrations_business_id_platform_shop"),
        "integrations",
        ["business_id", "platform", "shop"],
        unique=True,
    )
    _create_orders()
    _create_deliveries()


def _create_orders() -> None:
    op.create_table(
        "integration_orders",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("integration_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("no_contact", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("placed_at", _MOMENT, nullable=True),
        sa.Column("changed_at", _MOMENT, nullable=True),
        sa.Column("facts", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("created_at", _MOMENT, server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", _MOMENT, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "integration_id", "order_id", name=op.f("pk_integration_orders")),
        sa.ForeignKeyConstraint(
            ["business_id", "integration_id"],
            ["integrations.business_id", "integrations.id"],
            name=op.f("fk_integration_orders_business_id_integration_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "contact_id"],
            ["contacts.business_id", "contacts.id"],
            name=op.f("fk_integration_orders_business_id_contact_id"),
        ),
    )
    op.create_index(
        "ix_integration_orders_contact",
        "integration_orders",
        ["business_id", "contact_id"],
        postgresql_where=sa.text("contact_id IS NOT NULL"),
    )
    op.create_index("ix_integration_orders_updated_at", "integration_orders", ["updated_at"])


def _create_deliveries() -> None:
    op.create_table(
        "integration_deliveries",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("integration_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("delivery", sa.Text(), nullable=True),
        sa.Column("event", sa.Text(), nullable=True),
        sa.Column("api_version", sa.Text(), nullable=True),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("triggered_at", _MOMENT, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("consent", sa.Text(), nullable=True),
        sa.Column("results", postgresql.JSON(), nullable=False),
        sa.Column("held", postgresql.JSON(), nullable=True),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.Column("settled_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_integration_deliveries")),
        sa.ForeignKeyConstraint(
            ["business_id", "integration_id"],
            ["integrations.business_id", "integrations.id"],
            name=op.f("fk_integration_deliveries_business_id_integration_id"),
            ondelete="CASCADE",
        ),
        sa.CheckConstraint(
            "outcome in ('received', 'told', 'waiting', 'ignored', 'refused')",
            name=op.f("ck_integration_deliveries_outcome"),
        ),
    )
    op.create_index(
        op.f("ix_integration_deliveries_business_id_integration_id_digest"),
        "integration_deliveries",
        ["business_id", "integration_id", "digest"],
        unique=True,
    )
    op.create_index(
        "ix_integration_deliveries_newest", "integration_deliveries", ["business_id", "integration_id", "id"]
    )
    op.create_index(
        "ix_integration_deliveries_waiting",
        "integration_deliveries",
        ["business_id", "integration_id", "order_id"],
        postgresql_where=sa.text("outcome = 'waiting'"),
    )
    op.create_index("ix_integration_deliveries_received_at", "integration_deliveries", ["received_at"])


def downgrade() -> None:
    for table in ("integration_deliveries", "integration_orders", "integrations"):
        op.drop_table(table)
