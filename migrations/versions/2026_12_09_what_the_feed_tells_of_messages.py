"""Businesses say what the feed tells of their messages, of which it may tell much.

Revision: 0016
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "businesses", sa.Column("feed_types", postgresql.ARRAY(sa.Text()), nullable=False, server_default="{}")
    )
    op.drop_constraint(op.f("fk_callback_events_business_id"), "callback_events", type_="foreignkey")


def downgrade() -> None:
    op.create_foreign_key(
        op.f("fk_callback_events_business_id"), "callback_events", "businesses", ["business_id"], ["business_id"]
    )
    op.drop_column("businesses", "feed_types")
