"""What keeps a sender's pace and its pauses, alerts about them, quiet hours, and the zone that a message keeps them in.

Revision: 0002
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)
NOW = sa.text("now()")


def _column(name: str, kind: Any, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, **{"nullable": False} | options)


def _business() -> sa.Column[Any]:
    return _column("business_id", sa.Uuid())


SENDER_COLUMNS = (
    ("throughput_override", sa.Integer()),
    ("throttled_rate", sa.Float()),
    ("throttled_at", MOMENT),
    ("paused_at", MOMENT),
    ("paused_by", sa.Text()),
    ("probe_at", MOMENT),
    ("probe_id", sa.Uuid()),
    ("resumed_at", MOMENT),
    ("status", sa.Text()),
    ("quality", sa.Text()),
)


MESSAGE_COLUMNS = ("time_zone", "stop")


def upgrade() -> None:
    text = sa.Text()
    op.add_column("businesses", _column("quiet_from", sa.Time(), server_default="22:00"))
    op.add_column("businesses", _column("quiet_to", sa.Time(), server_default="08:00"))
    op.add_column("businesses", _column("critical_share", sa.SmallInteger(), server_default="20"))
    op.create_check_constraint(op.f("ck_businesses_critical_share"), "businesses", "critical_share between 0 and 100")
    for name, kind in SENDER_COLUMNS:
        op.add_column("senders", _column(name, kind, nullable=True))
    op.create_check_constraint(op.f("ck_senders_throughput_override"), "senders", "throughput_override > 0")
    op.create_check_constraint(op.f("ck_senders_paused_by"), "senders", "paused_by in ('meta', 'person')")
    for name in MESSAGE_COLUMNS:
        op.add_column("messages", _column(name, text, nullable=True))
    op.create_table(
        "alerts",
        _business(),
        _column("id", sa.Uuid()),
        _column("sender_id", sa.Uuid()),
        _column("kind", text),
        _column("code", sa.Integer()),
        _column("details", text, nullable=True),
        _column("occurrences", sa.Integer(), server_default="1"),
        _column("raised_at", MOMENT),
        _column("last_seen_at", MOMENT),
        _column("resolved_at", MOMENT, nullable=True),
        _column("resolution", text, nullable=True),
        sa.CheckConstraint("kind = 'sender_paused'", name=op.f("ck_alerts_kind")),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_alerts")),
        sa.ForeignKeyConstraint(
            ["business_id", "sender_id"],
            ["senders.business_id", "senders.id"],
            name=op.f("fk_alerts_business_id_sender_id"),
        ),
    )
    op.create_index(
        "ix_alerts_open",
        "alerts",
        ["business_id", "sender_id", "kind", "code"],
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "portfolios",
        _business(),
        _column("mode", text),
        _column("messaging_limit", sa.Integer(), nullable=True),
        _column("known_at", MOMENT),
        sa.CheckConstraint("mode in ('live', 'test')", name=op.f("ck_portfolios_mode")),
        sa.PrimaryKeyConstraint("business_id", "mode", name=op.f("pk_portfolios")),
        sa.ForeignKeyConstraint(["business_id"], ["businesses.business_id"], name=op.f("fk_portfolios_business_id")),
    )
    op.create_table(
        "portfolio_contacts",
        _business(),
        _column("mode", text),
        _column("contact_id", sa.Uuid()),
        _column("counted_at", MOMENT),
        sa.PrimaryKeyConstraint("business_id", "mode", "contact_id", name=op.f("pk_portfolio_contacts")),
    )
    op.create_table(
        "portfolio_slots",
        _business(),
        _column("mode", text),
        _column("starts_at", MOMENT),
        _column("counted", sa.Integer()),
        sa.PrimaryKeyConstraint("business_id", "mode", "starts_at", name=op.f("pk_portfolio_slots")),
    )
    op.create_table(
        "pair_paces",
        _business(),
        _column("sender_id", sa.Uuid()),
        _column("contact_id", sa.Uuid()),
        _column("burst_from", MOMENT),
        _column("burst", sa.SmallInteger()),
        _column("granted", sa.SmallInteger()),
        _column("free_at", MOMENT),
        _column("promised_to", MOMENT),
        sa.PrimaryKeyConstraint("business_id", "sender_id", "contact_id", name=op.f("pk_pair_paces")),
        postgresql_with={"fillfactor": "70"},
    )


def downgrade() -> None:
    for table in ("pair_paces", "portfolio_slots", "portfolio_contacts", "portfolios", "alerts"):
        op.drop_table(table)
    for name in MESSAGE_COLUMNS:
        op.drop_column("messages", name)
    for name, _ in SENDER_COLUMNS:
        op.drop_column("senders", name)
    for name in ("quiet_from", "quiet_to", "critical_share"):
        op.drop_column("businesses", name)
