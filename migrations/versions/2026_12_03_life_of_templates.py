"""The life of templates: their clocks, versions and history, what is drafted, and the variants of event types.

Revision: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_MOMENT = sa.TIMESTAMP(timezone=True)

_NEW_COLUMNS = (
    ("previous_category", sa.Text()),
    ("category_changed_at", _MOMENT),
    ("correct_category", sa.Text()),
    ("category_noticed_at", _MOMENT),
    ("category_effective_at", _MOMENT),
    ("accepted_category", sa.Text()),
    ("quality_at", _MOMENT),
    ("time_to_live", sa.Integer()),
    ("rejection", postgresql.JSONB()),
    ("pause", sa.Text()),
    ("unpause_at", _MOMENT),
    ("disabled_from", _MOMENT),
    ("approved_at", _MOMENT),
    ("archived_at", _MOMENT),
    ("deleted_at", _MOMENT),
    ("last_used_at", _MOMENT),
    ("event_type", sa.Text()),
    ("draft", postgresql.JSONB()),
    ("submitted", postgresql.JSONB()),
)


def upgrade() -> None:
    for name, kind in _NEW_COLUMNS:
        op.add_column("templates", sa.Column(name, kind, nullable=True))
    op.add_column("templates", sa.Column("status_at", _MOMENT, nullable=False, server_default=sa.func.now()))
    op.add_column("templates", sa.Column("quality", sa.Text(), nullable=False, server_default="UNKNOWN"))
    op.add_column(
        "templates",
        sa.Column("edits", sa.ARRAY(_MOMENT), nullable=False, server_default=sa.text("'{}'::timestamptz[]")),
    )
    op.add_column("templates", sa.Column("version", sa.SmallInteger(), nullable=False, server_default="0"))
    op.alter_column("templates", "meta_id", existing_type=sa.Text(), nullable=True)
    op.create_table(
        "template_versions",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("parameter_format", sa.Text(), nullable=False),
        sa.Column("components", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("approved_at", _MOMENT, nullable=True),
        sa.Column("rejected_at", _MOMENT, nullable=True),
        sa.Column("rejected_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("business_id", "template_id", "number", name=op.f("pk_template_versions")),
        sa.ForeignKeyConstraint(
            ["business_id", "template_id"],
            ["templates.business_id", "templates.id"],
            name=op.f("fk_template_versions_business_id"),
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("origin in ('ulak', 'meta')", name=op.f("ck_template_versions_origin")),
    )
    op.create_table(
        "template_changes",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_template_changes")),
        sa.ForeignKeyConstraint(
            ["business_id", "template_id"],
            ["templates.business_id", "templates.id"],
            name=op.f("fk_template_changes_business_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        op.f("ix_template_changes_business_id_template_id_id"), "template_changes", ["business_id", "template_id", "id"]
    )
    op.create_table(
        "template_variants",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("template_name", sa.Text(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "business_id", "mode", "event_type", "template_name", name=op.f("pk_template_variants")
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.business_id"], name=op.f("fk_template_variants_business_id")
        ),
        sa.CheckConstraint("mode in ('live', 'test')", name=op.f("ck_template_variants_mode")),
    )
    # What is known of each template is its first version, and nobody knows since when.
    op.execute("UPDATE templates SET version = 1, status_at = known_at")
    op.execute("UPDATE templates SET approved_at = created_at WHERE status NOT IN ('PENDING', 'REJECTED')")
    op.execute("UPDATE templates SET deleted_at = known_at WHERE status = 'DELETED'")
    op.execute("UPDATE templates SET archived_at = known_at WHERE status = 'ARCHIVED'")
    op.execute(
        "INSERT INTO template_versions (business_id, template_id, number, origin, category, parameter_format,"
        " components, created_at, approved_at)"
        " SELECT business_id, id, 1, 'meta', category, parameter_format, components, created_at, approved_at"
        "   FROM templates"
    )
    op.add_column("businesses", sa.Column("on_category_notice", sa.Text(), nullable=False, server_default="switch"))
    op.create_check_constraint(
        op.f("ck_businesses_on_category_notice"),
        "businesses",
        "on_category_notice in ('hold', 'switch', 'continue')",
    )
    op.add_column("messages", sa.Column("template_version", sa.SmallInteger(), nullable=True))


def downgrade() -> None:
    """Drafts go; what Meta holds stays."""
    op.drop_column("messages", "template_version")
    op.drop_constraint(op.f("ck_businesses_on_category_notice"), "businesses", type_="check")
    op.drop_column("businesses", "on_category_notice")
    op.drop_table("template_variants")
    op.drop_table("template_changes")
    op.drop_table("template_versions")
    op.execute("DELETE FROM templates WHERE meta_id IS NULL")
    op.alter_column("templates", "meta_id", existing_type=sa.Text(), nullable=False)
    for name in ("version", "edits", "quality", "status_at", *(name for name, _ in _NEW_COLUMNS)):
        op.drop_column("templates", name)
