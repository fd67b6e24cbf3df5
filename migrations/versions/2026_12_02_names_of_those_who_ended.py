"""Who ended has no names any more: erasures left the id that a parent company knows the person by.

Revision: 0009
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE contacts SET parent_bsuid = NULL WHERE ended_at IS NOT NULL AND parent_bsuid IS NOT NULL")


def downgrade() -> None:
    """What was erased stays erased."""
