"""Replies are tied to what they answer and understood; each opens a window for free answers.

Revision: 0014
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_MOMENT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.add_column("replies", sa.Column("mode", sa.Text(), nullable=True))
    op.execute(
        "UPDATE replies r SET mode = s.mode FROM senders s WHERE s.business_id = r.business_id AND s.id = r.sender_id"
    )
    op.execute("UPDATE replies SET mode = 'live' WHERE mode IS NULL")  # of a sender that is no longer there
    op.alter_column("replies", "mode", nullable=False)
    op.add_column("replies", sa.Column("contact_id", sa.Uuid(), nullable=True))
    op.add_column("replies", sa.Column("tied_by", sa.Text(), nullable=True))
    op.execute("UPDATE replies SET tied_by = 'context' WHERE message_id IS NOT NULL")
    op.add_column("replies", sa.Column("kind", sa.Text(), server_default="other", nullable=False))
    op.alter_column("replies", "kind", server_default=None)
    op.add_column("replies", sa.Column("value", postgresql.JSON(), nullable=True))
    op.add_column("replies", sa.Column("edited_at", _MOMENT, nullable=True))
    op.add_column("replies", sa.Column("deleted_at", _MOMENT, nullable=True))
    op.add_column("replies", sa.Column("marked_read_at", _MOMENT, nullable=True))
    op.create_check_constraint(op.f("ck_replies_mode"), "replies", "mode in ('live', 'test')")
    op.create_check_constraint(
        op.f("ck_replies_tied_by"), "replies", "tied_by in ('context', 'button', 'reaction', 'last_message')"
    )
    op.create_check_constraint(op.f("ck_replies_tied"), "replies", "tied_by is null or message_id is not null")
    op.create_index(
        "ix_replies_contact",
        "replies",
        ["business_id", "contact_id", "id"],
        postgresql_where=sa.text("contact_id IS NOT NULL"),
    )
    op.create_index("ix_replies_mode", "replies", ["business_id", "mode", "id"])
    op.create_table(
        "service_windows",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("sender_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("last_reply_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "sender_id", "contact_id", name=op.f("pk_service_windows")),
    )
    op.create_index("ix_service_windows_contact", "service_windows", ["business_id", "contact_id"])


def downgrade() -> None:
    op.drop_table("service_windows")
    op.drop_index("ix_replies_mode", "replies")
    op.drop_index("ix_replies_contact", "replies")
    for name in ("tied", "tied_by", "mode"):
        op.drop_constraint(op.f(f"ck_replies_{name}"), "replies", type_="check")
    for column in ("marked_read_at", "deleted_at", "edited_at", "value", "kind", "tied_by", "contact_id", "mode"):
        op.drop_column("replies", column)
