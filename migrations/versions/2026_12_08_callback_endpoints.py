"""Events are delivered to endpoints by HTTP: who receives, and what became of each delivery.

Revision: 0015
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_MOMENT = postgresql.TIMESTAMP(timezone=True)
_NOTHING = sa.text("'[]'::jsonb")


def upgrade() -> None:
    op.add_column("callback_events", sa.Column("sequence", sa.BigInteger(), sa.Identity(always=True), nullable=False))
    op.create_index(
        "ix_callback_events_message",
        "callback_events",
        ["business_id", "message_id"],
        postgresql_where=sa.text("message_id IS NOT NULL"),
    )
    op.create_table(
        "callback_endpoints",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("types", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("batch_size", sa.SmallInteger(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("former_secret", sa.LargeBinary(), nullable=True),
        sa.Column("former_secret_until", _MOMENT, nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("disabled_at", _MOMENT, nullable=True),
        sa.Column("disabled_reason", sa.Text(), nullable=True),
        sa.Column("deleted_at", _MOMENT, nullable=True),
        sa.Column("seen_before", sa.BigInteger(), nullable=False),
        sa.Column("seen_except", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("is_behind", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("failing_since", _MOMENT, nullable=True),
        sa.Column("consecutive_failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retry_at", _MOMENT, nullable=True),
        sa.Column("last_success_at", _MOMENT, nullable=True),
        sa.Column("last_failure_at", _MOMENT, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint("mode in ('live', 'test')", name=op.f("ck_callback_endpoints_mode")),
        sa.CheckConstraint("batch_size between 1 and 100", name=op.f("ck_callback_endpoints_batch_size")),
        sa.CheckConstraint(
            "disabled_reason in ('request', 'gone', 'failing')", name=op.f("ck_callback_endpoints_disabled_reason")
        ),
        sa.CheckConstraint(
            "(disabled_at IS NULL) = (disabled_reason IS NULL)", name=op.f("ck_callback_endpoints_disabled")
        ),
        sa.CheckConstraint("deleted_at IS NULL OR disabled_at IS NOT NULL", name=op.f("ck_callback_endpoints_deleted")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.business_id"], name=op.f("fk_callback_endpoints_business_id")
        ),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_callback_endpoints")),
    )
    # Its row changes with every claim and every outcome: there is to be room for the new version beside the old one.
    op.execute("ALTER TABLE callback_endpoints SET (fillfactor = 50)")
    op.create_table(
        "callback_deliveries",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=True),
        sa.Column("lease_until", _MOMENT, nullable=True),
        sa.Column("first_attempt_at", _MOMENT, nullable=True),
        sa.Column("attempt_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("parked_reason", sa.Text(), nullable=True),
        sa.Column("attempts", postgresql.JSONB(), server_default=_NOTHING, nullable=False),
        sa.Column("answers_since", _MOMENT, nullable=True),
        sa.CheckConstraint("status in ('pending', 'delivered', 'parked')", name=op.f("ck_callback_deliveries_status")),
        sa.CheckConstraint(
            "parked_reason in ('window', 'endpoint_disabled')", name=op.f("ck_callback_deliveries_parked_reason")
        ),
        sa.CheckConstraint(
            "(status = 'parked') = (parked_reason IS NOT NULL)", name=op.f("ck_callback_deliveries_parked")
        ),
        sa.PrimaryKeyConstraint("business_id", "endpoint_id", "event_id", name=op.f("pk_callback_deliveries")),
    )
    op.create_index(
        "ix_callback_deliveries_due",
        "callback_deliveries",
        ["business_id", "endpoint_id", "due_at", "sequence"],
        postgresql_where=sa.text("status = 'pending' AND due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_callback_deliveries_lane",
        "callback_deliveries",
        ["business_id", "endpoint_id", "contact_id", "sequence"],
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index(
        "uq_callback_deliveries_head",
        "callback_deliveries",
        ["business_id", "endpoint_id", "contact_id"],
        unique=True,
        postgresql_where=sa.text("status = 'pending' AND due_at IS NOT NULL AND contact_id IS NOT NULL"),
    )
    op.create_index(
        "ix_callback_deliveries_parked",
        "callback_deliveries",
        ["business_id", "endpoint_id", "event_id"],
        postgresql_where=sa.text("status = 'parked'"),
    )
    op.create_index(
        "ix_callback_deliveries_contact",
        "callback_deliveries",
        ["business_id", "contact_id"],
        postgresql_where=sa.text("answers_since IS NOT NULL"),
    )
    op.create_index(
        "ix_callback_deliveries_answers",
        "callback_deliveries",
        ["answers_since"],
        postgresql_where=sa.text("answers_since IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("callback_deliveries")
    op.drop_table("callback_endpoints")
    op.drop_index("ix_callback_events_message", "callback_events")
    op.drop_column("callback_events", "sequence")
