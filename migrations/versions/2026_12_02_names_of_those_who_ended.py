"""Names of those who ended: erasures left the id that a parent company knows the person by, and whoever was erased is
recognised by every name that they had.

Revision: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE contacts SET parent_bsuid = NULL WHERE ended_at IS NOT NULL AND parent_bsuid IS NOT NULL")
    op.add_column("contacts", sa.Column("sealed_names", sa.LargeBinary(), nullable=True))
    op.create_table(
        "consent_subjects",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("act_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "subject", "act_id", name=op.f("pk_consent_subjects")),
        sa.ForeignKeyConstraint(
            ["business_id", "act_id"],
            ["consent_acts.business_id", "consent_acts.id"],
            name=op.f("fk_consent_subjects_business_id"),
        ),
    )


def downgrade() -> None:
    """What was erased stays erased."""
    op.drop_table("consent_subjects")
    op.drop_column("contacts", "sealed_names")
