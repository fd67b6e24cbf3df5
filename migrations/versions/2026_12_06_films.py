"""Films: headers show them as they show pictures and PDFs.

Revision: 0013
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_media_kind"), "media", type_="check")
    op.create_check_constraint(op.f("ck_media_kind"), "media", "kind in ('image', 'video', 'document')")


def downgrade() -> None:
    """Films go, and what says that templates show them; their templates stay as they are at Meta."""
    films = "(SELECT business_id, id FROM media WHERE kind = 'video')"
    op.execute(f"DELETE FROM template_samples WHERE (business_id, media_id) IN {films}")  # noqa: S608 # no input
    op.execute(f"DELETE FROM media_uploads WHERE (business_id, media_id) IN {films}")  # noqa: S608
    op.execute("DELETE FROM media WHERE kind = 'video'")
    op.drop_constraint(op.f("ck_media_kind"), "media", type_="check")
    op.create_check_constraint(op.f("ck_media_kind"), "media", "kind in ('image', 'document')")
