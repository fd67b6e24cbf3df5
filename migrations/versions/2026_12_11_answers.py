"""Messages without a template answer customers, also by themselves; answers go before what is not critical.

Revision: 0018
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_MOMENT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.alter_column("messages", "template_name", nullable=True)
    op.execute("UPDATE messages SET template_name = NULL WHERE template_name = ''")  # of a downgrade
    op.execute("UPDATE messages SET priority = 2 WHERE priority = 1 AND due_at IS NOT NULL")  # answers have taken 1
    op.create_table(
        "automatic_answers",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("reply_id", sa.Uuid(), nullable=False),
        sa.Column("answer_id", sa.Uuid(), nullable=False),
        sa.Column("answered_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("business_id", "message_id", "kind", name=op.f("pk_automatic_answers")),
    )
    op.create_index("ix_automatic_answers_contact", "automatic_answers", ["business_id", "contact_id", "answered_at"])
    op.create_table(
        "event_type_answers",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("answers", postgresql.JSONB(), nullable=False),
        sa.Column("updated_at", _MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("mode in ('live', 'test')", name=op.f("ck_event_type_answers_mode")),
        sa.PrimaryKeyConstraint("business_id", "mode", "event_type", name=op.f("pk_event_type_answers")),
    )


def downgrade() -> None:
    op.drop_table("event_type_answers")
    op.drop_table("automatic_answers")
    op.execute("UPDATE messages SET priority = 1 WHERE priority = 2 AND due_at IS NOT NULL")
    op.execute("UPDATE messages SET template_name = '' WHERE template_name IS NULL")  # held: no older type is told so
    op.alter_column("messages", "template_name", nullable=False)
