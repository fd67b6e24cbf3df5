"""The language of opt-in links, and whether and when customers are asked what they meant.

Revision: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("businesses", sa.Column("ask_when_unsure", sa.Boolean(), nullable=False, server_default="false"))
    op.add_column("contacts", sa.Column("asked_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("opt_in_links", sa.Column("language", sa.Text(), nullable=False, server_default="tr"))


def downgrade() -> None:
    op.drop_column("opt_in_links", "language")
    op.drop_column("contacts", "asked_at")
    op.drop_column("businesses", "ask_when_unsure")
