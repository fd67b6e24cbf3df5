"""Experiments: variants of a template that are tried on a share of the contacts.

Revision: 0011
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)


def _column(name: str, kind: Any, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, **{"nullable": False} | options)


def upgrade() -> None:
    uuid, text, jsonb = sa.Uuid(), sa.Text(), postgresql.JSONB()
    op.create_table(
        "experiments",
        _column("business_id", uuid),
        _column("id", uuid),
        _column("mode", text),
        _column("event_type", text),
        _column("kind", text),
        _column("status", text, server_default="running"),
        _column("arms", jsonb),
        _column("contacts", sa.Integer(), nullable=True),
        _column("taken", sa.Integer(), server_default="0"),
        _column("is_full", sa.Boolean(), server_default=sa.false()),
        _column("plan", jsonb, nullable=True),
        _column("created_at", MOMENT, server_default=sa.text("now()")),
        _column("created_by", uuid),
        _column("ends_at", MOMENT, nullable=True),
        _column("decided_at", MOMENT, nullable=True),
        _column("decided_by", uuid, nullable=True),
        _column("reason", text, nullable=True),
        _column("evidence", jsonb, nullable=True),
        sa.CheckConstraint("mode in ('live', 'test')", name=op.f("ck_experiments_mode")),
        sa.CheckConstraint("kind in ('canary', 'share')", name=op.f("ck_experiments_kind")),
        sa.CheckConstraint("status in ('running', 'going', 'stopped', 'canceled')", name=op.f("ck_experiments_status")),
        sa.CheckConstraint("(status = 'running') = (decided_at is null)", name=op.f("ck_experiments_decided")),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_experiments")),
        sa.ForeignKeyConstraint(["business_id"], ["businesses.business_id"], name=op.f("fk_experiments_business_id")),
    )
    op.create_index(
        "ix_experiments_running",
        "experiments",
        ["business_id", "mode", "event_type"],
        unique=True,
        postgresql_where=sa.text("status = 'running'"),
    )
    op.create_table(
        "experiment_messages",
        _column("business_id", uuid),
        _column("message_id", uuid),
        _column("experiment_id", uuid),
        _column("contact_id", uuid),
        _column("arm", text),
        _column("assigned_at", MOMENT),
        sa.PrimaryKeyConstraint("business_id", "message_id", name=op.f("pk_experiment_messages")),
    )
    op.create_index(
        "ix_experiment_messages_arm", "experiment_messages", ["business_id", "experiment_id", "arm", "message_id"]
    )
    op.create_table(
        "experiment_contacts",
        _column("business_id", uuid),
        _column("experiment_id", uuid),
        _column("contact_id", uuid),
        sa.PrimaryKeyConstraint("business_id", "experiment_id", "contact_id", name=op.f("pk_experiment_contacts")),
    )


def downgrade() -> None:
    """Messages keep the template that they were made for; which arm they belonged to stays in their decision."""
    for table in ("experiment_contacts", "experiment_messages", "experiments"):
        op.drop_table(table)
