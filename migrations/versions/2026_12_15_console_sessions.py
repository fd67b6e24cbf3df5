"""People sign in to the console.

Revision: 0022
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_MOMENT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "console_links",
        *_whose(),
        sa.Column("created_at", _MOMENT, server_default=sa.func.now(), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("used_at", _MOMENT, nullable=True),
        *_keys("console_links"),
    )
    op.create_index("ix_console_links_expires_at", "console_links", ["expires_at"])
    op.create_table(
        "console_sessions",
        *_whose(),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("created_at", _MOMENT, server_default=sa.func.now(), nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        *_keys("console_sessions"),
        sa.CheckConstraint("language in ('tr', 'en')", name=op.f("ck_console_sessions_language")),
    )
    op.create_index(
        "ix_console_sessions_open",
        "console_sessions",
        ["business_id", "key_id"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_console_sessions_expires_at", "console_sessions", ["expires_at"])


def _whose() -> list[sa.Column[object]]:
    return [
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=True),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
    ]


def _keys(table: str) -> list[sa.Constraint]:
    return [
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(["business_id"], ["businesses.business_id"], name=op.f(f"fk_{table}_business_id")),
        sa.ForeignKeyConstraint(
            ["business_id", "key_id"],
            ["api_keys.business_id", "api_keys.id"],
            name=op.f(f"fk_{table}_business_id_key_id"),
        ),
        sa.CheckConstraint("mode in ('live', 'test')", name=op.f(f"ck_{table}_mode")),
    ]


def downgrade() -> None:
    for table in ("console_sessions", "console_links"):
        op.drop_table(table)
