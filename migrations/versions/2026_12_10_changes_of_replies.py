"""A reply may change an earlier one, which may come after it.

Revision: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("replies", sa.Column("changes_wamid", sa.Text(), nullable=True))
    op.create_index(
        "ix_replies_changes_wamid",
        "replies",
        ["business_id", "changes_wamid"],
        postgresql_where=sa.text("changes_wamid IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_replies_changes_wamid", "replies")
    op.drop_column("replies", "changes_wamid")
