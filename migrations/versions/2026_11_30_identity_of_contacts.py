"""By which names Meta knows a contact, and since when.

Revision: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SUCCESSOR = "ix_contacts_successor"


def upgrade() -> None:
    op.add_column("contacts", sa.Column("parent_bsuid", sa.Text(), nullable=True))
    op.add_column("contacts", sa.Column("identified_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    for name in ("wa_id", "parent_bsuid"):
        op.create_index(
            _index(name),
            "contacts",
            ["business_id", "mode", name],
            unique=True,
            postgresql_where=sa.text(f"{name} IS NOT NULL"),
        )
    op.create_index(
        SUCCESSOR,
        "contacts",
        ["business_id", "successor_id"],
        postgresql_where=sa.text("successor_id IS NOT NULL"),
    )


def _index(name: str) -> str:
    return op.f(f"ix_contacts_business_id_mode_{name}")


def downgrade() -> None:
    op.drop_index(SUCCESSOR, "contacts")
    for name in ("wa_id", "parent_bsuid"):
        op.drop_index(_index(name), "contacts")
    op.drop_column("contacts", "identified_at")
    op.drop_column("contacts", "parent_bsuid")
