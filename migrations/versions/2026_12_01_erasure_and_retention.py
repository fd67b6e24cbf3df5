"""What forgetting needs: that content was erased, where what is personal is found, and how far retention has come.

Revision: 0008
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)

INDEXES = {
    "ix_contacts_unswept": ("contacts", ["business_id", "ended_at"], "ended_by = 'erasure' AND swept_at IS NULL"),
    "ix_replies_from_wa_id": ("replies", ["business_id", "from_wa_id"], "from_wa_id IS NOT NULL"),
    "ix_replies_from_user_id": ("replies", ["business_id", "from_user_id"], "from_user_id IS NOT NULL"),
    "ix_callback_events_contact": ("callback_events", ["business_id", "contact_id"], "contact_id IS NOT NULL"),
}


def _column(name: str, kind: Any, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, **{"nullable": False} | options)


def _of_business(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["business_id"], ["businesses.business_id"], name=op.f(f"fk_{table}_business_id"))


def upgrade() -> None:
    op.add_column("contacts", _column("swept_at", MOMENT, nullable=True))
    for table in ("messages", "replies"):
        op.add_column(table, _column("content_erased_at", MOMENT, nullable=True))
    op.alter_column("messages", "recipient", nullable=True)
    for name, (table, columns, where) in INDEXES.items():
        op.create_index(name, table, columns, postgresql_where=sa.text(where))
    op.create_table(
        "retention_marks",
        _column("business_id", sa.Uuid()),
        _column("what", sa.Text()),
        _column("up_to", sa.Uuid()),
        sa.PrimaryKeyConstraint("business_id", "what", name=op.f("pk_retention_marks")),
        _of_business("retention_marks"),
    )
    op.create_table(
        "retention_left",
        _column("business_id", sa.Uuid()),
        _column("message_id", sa.Uuid()),
        sa.PrimaryKeyConstraint("business_id", "message_id", name=op.f("pk_retention_left")),
        _of_business("retention_left"),
    )


def downgrade() -> None:
    """What was erased stays erased."""
    op.drop_table("retention_left")
    op.drop_table("retention_marks")
    for name, (table, _, _) in INDEXES.items():
        op.drop_index(name, table)
    op.execute("UPDATE messages SET recipient = '' WHERE recipient IS NULL")
    op.alter_column("messages", "recipient", nullable=False)
    for table in ("replies", "messages"):
        op.drop_column(table, "content_erased_at")
    op.drop_column("contacts", "swept_at")
