"""Media: files that a business keeps here, where they lie at Meta, and which templates show them.

Revision: 0012
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "media",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mime_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", MOMENT, server_default=sa.func.now(), nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.Column("deleted_at", MOMENT, nullable=True),
        sa.CheckConstraint("mode in ('live', 'test')", name=op.f("ck_media_mode")),
        sa.CheckConstraint("kind in ('image', 'document')", name=op.f("ck_media_kind")),
        sa.CheckConstraint("(data IS NULL) = (deleted_at IS NOT NULL)", name=op.f("ck_media_data")),
        sa.ForeignKeyConstraint(["business_id"], ["businesses.business_id"], name=op.f("fk_media_business_id")),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_media")),
    )
    # Pictures and PDFs are packed already: to try it again would only cost time.
    op.execute("ALTER TABLE media ALTER COLUMN data SET STORAGE EXTERNAL")
    op.create_index(
        "ix_media_content",
        "media",
        ["business_id", "mode", "sha256"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index("ix_media_deleted", "media", ["deleted_at"], postgresql_where=sa.text("deleted_at IS NOT NULL"))
    op.create_table(
        "media_uploads",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.Column("phone_number_id", sa.Text(), nullable=False),
        sa.Column("meta_id", sa.Text(), nullable=True),
        sa.Column("uploaded_at", MOMENT, nullable=True),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("failures", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("is_refused", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("error", postgresql.JSONB(), nullable=True),
        sa.Column("retry_at", MOMENT, nullable=True),
        sa.Column("refused_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["business_id", "media_id"],
            ["media.business_id", "media.id"],
            name=op.f("fk_media_uploads_business_id_media_id"),
        ),
        sa.PrimaryKeyConstraint("business_id", "media_id", "phone_number_id", name=op.f("pk_media_uploads")),
    )
    op.create_index("ix_media_uploads_expires_at", "media_uploads", ["expires_at"])
    op.create_table(
        "template_samples",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("waba_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id", "media_id"],
            ["media.business_id", "media.id"],
            name=op.f("fk_template_samples_business_id_media_id"),
        ),
        sa.PrimaryKeyConstraint("business_id", "waba_id", "name", "language", name=op.f("pk_template_samples")),
    )
    op.create_index("ix_template_samples_media", "template_samples", ["business_id", "media_id"])


def downgrade() -> None:
    op.drop_table("template_samples")
    op.drop_table("media_uploads")
    op.drop_table("media")
