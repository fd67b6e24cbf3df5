"""Imports of consent lists.

Revision: 0006
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)
NOW = sa.text("now()")


def _column(name: str, kind: Any, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, **{"nullable": False} | options)


def _business() -> sa.Column[Any]:
    return _column("business_id", sa.Uuid())


def _of_import(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["business_id", "import_id"],
        ["consent_imports.business_id", "consent_imports.id"],
        name=op.f(f"fk_{table}_business_id_import_id"),
        ondelete="CASCADE",
    )


def upgrade() -> None:
    text = sa.Text()
    op.create_table(
        "consent_imports",
        _business(),
        _column("id", sa.Uuid()),
        _column("mode", text),
        _column("status", text),
        _column("dry_run", sa.Boolean()),
        _column("key_id", sa.Uuid(), nullable=True),
        _column("idempotency_key", text, nullable=True),
        _column("content_hash", sa.LargeBinary(), nullable=True),
        _column("given", postgresql.JSONB()),
        _column("columns", sa.ARRAY(text)),
        _column("size", sa.BigInteger(), server_default="0"),
        _column("rows", sa.BigInteger(), server_default="0"),
        _column("created_at", MOMENT, server_default=NOW),
        _column("touched_at", MOMENT),
        _column("started_at", MOMENT, nullable=True),
        _column("finished_at", MOMENT, nullable=True),
        sa.CheckConstraint("mode in ('live', 'test')", name=op.f("ck_consent_imports_mode")),
        sa.CheckConstraint(
            "status in ('receiving', 'waiting', 'processing', 'finished', 'canceled')",
            name=op.f("ck_consent_imports_status"),
        ),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_consent_imports")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.business_id"], name=op.f("fk_consent_imports_business_id")
        ),
    )
    op.create_index(
        "ix_consent_imports_key", "consent_imports", ["business_id", "mode", "idempotency_key"], unique=True
    )
    op.create_index("ix_consent_imports_content", "consent_imports", ["business_id", "mode", "content_hash"])
    op.create_index(
        "ix_consent_imports_open",
        "consent_imports",
        ["status"],
        postgresql_where=sa.text("status in ('receiving', 'waiting', 'processing')"),
    )
    op.create_table(
        "consent_import_chunks",
        _business(),
        _column("import_id", sa.Uuid()),
        _column("number", sa.Integer()),
        _column("state", text, server_default="received"),
        _column("size", sa.Integer()),
        _column("content", sa.LargeBinary(), nullable=True),
        _column("outcomes", sa.LargeBinary(), nullable=True),
        _column("recorded", sa.Integer(), server_default="0"),
        _column("unchanged", sa.Integer(), server_default="0"),
        _column("refused", sa.Integer(), server_default="0"),
        sa.CheckConstraint(
            "state in ('received', 'judged', 'done', 'dropped')", name=op.f("ck_consent_import_chunks_state")
        ),
        sa.PrimaryKeyConstraint("business_id", "import_id", "number", name=op.f("pk_consent_import_chunks")),
        _of_import("consent_import_chunks"),
    )
    op.create_index(
        "ix_consent_import_chunks_state", "consent_import_chunks", ["business_id", "import_id", "state", "number"]
    )
    op.create_table(
        "consent_import_claims",
        _business(),
        _column("import_id", sa.Uuid()),
        _column("digest", sa.LargeBinary()),
        _column("line", sa.BigInteger()),
        _column("occurred_at", MOMENT),
        _column("refuses", sa.Boolean()),
        sa.PrimaryKeyConstraint("business_id", "import_id", "digest", name=op.f("pk_consent_import_claims")),
        _of_import("consent_import_claims"),
    )


def downgrade() -> None:
    """What was recorded stays in the ledger; the reports are lost."""
    for table in ("consent_import_claims", "consent_import_chunks", "consent_imports"):
        op.drop_table(table)
