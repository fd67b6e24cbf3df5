"""Figures: what became of messages, counted by quarter of an hour and by day, and what is to be counted anew.

Revision: 0020
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_MOMENT = postgresql.TIMESTAMP(timezone=True)

_COUNTS = (
    "messages", "waiting", "unconfirmed", "accepted", "sent", "delivered", "read", "tried", "failed", "suppressed",
    "canceled", "expired", "replied", "replies", "tapped", "taps", "clicked", "clicks", "opted_out", "read_within_1m",
    "read_within_5m", "read_within_15m", "read_within_1h", "read_within_6h", "read_within_24h",
)  # fmt: skip

# A message is counted in the quarter of an hour in which it was to leave: that of `send_at`, or of its creation where
# that is later, which the first 48 bits of its UUIDv7 tell in milliseconds (RFC 9562 §5.7). A quarter is the widest
# slot of which the hours and days of every time zone are made.
_SLOT = """
CREATE FUNCTION ulak_slot(id uuid, send_at timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT date_bin('15 minutes', greatest(send_at, to_timestamp(
        ('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0)), 'epoch')
$$
"""


def _dimensions() -> list[sa.Column[Any]]:
    return [
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("span", sa.Text(), nullable=False),
        sa.Column("starts_at", _MOMENT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sender_id", sa.Uuid(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("template_name", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("experiment_id", sa.Uuid(), nullable=True),
        sa.Column("arm", sa.Text(), nullable=True),
    ]


def _figures(name: str, *columns: sa.Column[Any]) -> None:
    op.create_table(
        name,
        *_dimensions(),
        *columns,
        sa.PrimaryKeyConstraint("business_id", "mode", "span", "starts_at", "number", name=op.f(f"pk_{name}")),
        sa.CheckConstraint("span in ('slot', 'day')", name=op.f(f"ck_{name}_span")),
    )


def upgrade() -> None:
    op.execute(_SLOT)
    op.add_column("messages", sa.Column("country", sa.Text(), nullable=True))
    op.add_column("messages", sa.Column("price_type", sa.Text(), nullable=True))
    op.create_index(
        "ix_messages_send_at",
        "messages",
        ["business_id", "send_at", "id"],
        postgresql_where=sa.text("send_at IS NOT NULL"),
    )
    op.create_table(
        "figure_marks",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("slot_at", _MOMENT, nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("marked_at", _MOMENT, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "slot_at", "id", name=op.f("pk_figure_marks")),
    )
    whole = [sa.Column(name, sa.Integer(), nullable=False) for name in _COUNTS]
    _figures("figures", *whole, sa.Column("read_seconds", sa.BigInteger(), nullable=False))
    _figures(
        "figure_ends",
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("code", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("messages", sa.Integer(), nullable=False),
    )
    _figures(
        "figure_prices",
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("price_type", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("messages", sa.Integer(), nullable=False),
    )
    op.create_table(
        "figure_days",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("business_id", name=op.f("pk_figure_days")),
    )
    op.create_table(
        "price_rates",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("price", sa.Numeric(18, 9), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "category", "country", "starts_on", name=op.f("pk_price_rates")),
        sa.ForeignKeyConstraint(["business_id"], ["businesses.business_id"], name=op.f("fk_price_rates_business_id")),
        sa.CheckConstraint("price >= 0", name=op.f("ck_price_rates_price")),
    )
    # What was there before is counted by the worker, the newest first.
    op.execute("""
        INSERT INTO figure_marks (business_id, slot_at)
        SELECT DISTINCT business_id, ulak_slot(id, send_at) FROM messages
    """)


def downgrade() -> None:
    for table in ("price_rates", "figure_days", "figure_prices", "figure_ends", "figures", "figure_marks"):
        op.drop_table(table)
    op.drop_index("ix_messages_send_at", "messages")
    op.drop_column("messages", "price_type")
    op.drop_column("messages", "country")
    op.execute("DROP FUNCTION ulak_slot(uuid, timestamptz)")
