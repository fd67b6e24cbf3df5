"""Conversions, which came of messages; how many agreed and refused; and how websites are told of clicks.

Revision: 0021
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_MOMENT = postgresql.TIMESTAMP(timezone=True)

_COUNTS = ("opt_ins", "opt_outs", "requests", "pauses", "marketing_stops", "gained", "lost")


def upgrade() -> None:
    op.add_column("businesses", sa.Column("click_parameter", sa.Text(), nullable=True))
    op.add_column(
        "businesses", sa.Column("conversion_window_days", sa.SmallInteger(), nullable=False, server_default="7")
    )
    op.create_check_constraint(
        op.f("ck_businesses_conversion_window_days"), "businesses", "conversion_window_days between 1 and 90"
    )
    # A website gives back the click alone, which is one of a kind. With the business in it the index would look like a
    # way to the clicks of a message, too, to a planner that believes a partition to be empty.
    op.create_index("ix_link_clicks_id", "link_clicks", ["id"])
    _create_conversions()
    op.create_table(
        "consent_figures",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("slot_at", _MOMENT, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _COUNTS),
        sa.PrimaryKeyConstraint(
            "business_id", "mode", "slot_at", "topic", "source", "place", "link_id", name=op.f("pk_consent_figures")
        ),
        sa.CheckConstraint("mode in ('live', 'test')", name=op.f("ck_consent_figures_mode")),
    )
    op.create_table(
        "consent_figures_read",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("business_id", name=op.f("pk_consent_figures_read")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.business_id"], name=op.f("fk_consent_figures_read_business_id")
        ),
    )


def _create_conversions() -> None:
    op.create_table(
        "conversions",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("occurred_at", _MOMENT, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("named_by", sa.Text(), nullable=False),
        sa.Column("click_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("attributed_by", sa.Text(), nullable=True),
        sa.Column("unattributed", sa.Text(), nullable=True),
        sa.Column("slot_at", _MOMENT, nullable=False),
        sa.Column("sender_id", sa.Uuid(), nullable=True),
        sa.Column("event_type", sa.Text(), nullable=True),
        sa.Column("template_name", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("experiment_id", sa.Uuid(), nullable=True),
        sa.Column("arm", sa.Text(), nullable=True),
        sa.Column("metadata", postgresql.JSON(), nullable=True),
        sa.Column("canceled_at", _MOMENT, nullable=True),
        sa.Column("content_erased_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_conversions")),
        sa.ForeignKeyConstraint(["business_id"], ["businesses.business_id"], name=op.f("fk_conversions_business_id")),
        sa.CheckConstraint("mode in ('live', 'test')", name=op.f("ck_conversions_mode")),
        sa.CheckConstraint("(amount is null) = (currency is null)", name=op.f("ck_conversions_value")),
        sa.CheckConstraint("named_by in ('click', 'message', 'contact')", name=op.f("ck_conversions_named_by")),
        sa.CheckConstraint(
            "attributed_by in ('click', 'message', 'clicked_contact', 'contact')",
            name=op.f("ck_conversions_attributed_by"),
        ),
        sa.CheckConstraint(
            "unattributed in ('unknown_contact', 'no_message', 'outside_window', 'event_type')",
            name=op.f("ck_conversions_unattributed"),
        ),
        sa.CheckConstraint("(message_id is null) = (attributed_by is null)", name=op.f("ck_conversions_attributed")),
        sa.CheckConstraint("(message_id is null) = (unattributed is not null)", name=op.f("ck_conversions_explained")),
    )
    op.create_index(
        op.f("ix_conversions_business_id_mode_reference"),
        "conversions",
        ["business_id", "mode", "reference"],
        unique=True,
        postgresql_where=sa.text("reference IS NOT NULL"),
    )
    op.create_index(
        "ix_conversions_message",
        "conversions",
        ["business_id", "message_id"],
        postgresql_where=sa.text("message_id IS NOT NULL"),
    )
    op.create_index(
        "ix_conversions_contact",
        "conversions",
        ["business_id", "contact_id"],
        postgresql_where=sa.text("contact_id IS NOT NULL"),
    )
    op.create_index(
        "ix_conversions_slot",
        "conversions",
        ["business_id", "mode", "slot_at"],
        postgresql_where=sa.text("canceled_at IS NULL"),
    )
    op.create_table(
        "conversion_marks",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("slot_at", _MOMENT, nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("marked_at", _MOMENT, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "slot_at", "id", name=op.f("pk_conversion_marks")),
    )
    op.create_table(
        "conversion_days",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("starts_at", _MOMENT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("sender_id", sa.Uuid(), nullable=True),
        sa.Column("event_type", sa.Text(), nullable=True),
        sa.Column("template_name", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("experiment_id", sa.Uuid(), nullable=True),
        sa.Column("arm", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("attributed_by", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("conversions", sa.Integer(), nullable=False),
        sa.Column("attributed", sa.Integer(), nullable=False),
        sa.Column("converted", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("attributed_amount", sa.Numeric(), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "mode", "starts_at", "number", name=op.f("pk_conversion_days")),
    )
    op.create_table(
        "conversion_clocks",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("business_id", name=op.f("pk_conversion_clocks")),
    )


def downgrade() -> None:
    for table in (
        "conversion_clocks", "conversion_days", "conversion_marks",
        "consent_figures_read", "consent_figures", "conversions",
    ):  # fmt: skip
        op.drop_table(table)
    op.drop_index("ix_link_clicks_id", "link_clicks")
    op.drop_constraint(op.f("ck_businesses_conversion_window_days"), "businesses", type_="check")
    op.drop_column("businesses", "conversion_window_days")
    op.drop_column("businesses", "click_parameter")
