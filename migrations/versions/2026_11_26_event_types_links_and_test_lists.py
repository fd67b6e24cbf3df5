"""A business's own event types, limits to lists of test contacts, tracked links with their clicks, fallback languages.

Revision: 0003
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)
NOW = sa.text("now()")

ENSURE_PARTITIONS = """
CREATE OR REPLACE FUNCTION ulak_ensure_partitions(months_ahead integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    parent text;
    month timestamptz;
    child text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('ulak_ensure_partitions', 0));
    FOR month IN
        SELECT generate_series(
            date_trunc('month', now(), 'UTC') - interval '1 month',
            date_trunc('month', now(), 'UTC') + make_interval(months => months_ahead),
            interval '1 month')
    LOOP
        FOREACH parent IN ARRAY ARRAY[{parents}] LOOP
            child := format('%s_p_%s', parent, to_char(month AT TIME ZONE 'UTC', 'YYYY_MM'));
            IF to_regclass(child) IS NULL THEN
                EXECUTE format(
                    'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L) WITH (fillfactor = %s)',
                    child, parent, ulak_first_id(month), ulak_first_id(month + interval '1 month'),
                    CASE parent WHEN 'messages' THEN 70 ELSE 100 END);
            END IF;
        END LOOP;
    END LOOP;
END $$
"""

PARENTS = ("messages", "attempts", "receipts")
NEW_PARENTS = ("links", "link_clicks")


def _ensure_partitions(*parents: str) -> str:
    return ENSURE_PARTITIONS.replace("{parents}", ", ".join(f"'{parent}'" for parent in parents))


def _column(name: str, kind: Any, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, **{"nullable": False} | options)


def _business() -> sa.Column[Any]:
    return _column("business_id", sa.Uuid())


def _of_business(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["business_id"], ["businesses.business_id"], name=op.f(f"fk_{table}_business_id"))


def upgrade() -> None:
    op.add_column("businesses", _column("fallback_languages", sa.ARRAY(sa.Text()), server_default="{tr,en}"))
    op.add_column("businesses", _column("link_style", sa.Text(), server_default="plain"))
    op.create_check_constraint(op.f("ck_businesses_link_style"), "businesses", "link_style in ('plain', 'tracked')")
    _event_types()
    _test_lists()
    _links()


def _event_types() -> None:
    op.create_table(
        "event_types",
        _business(),
        _column("name", sa.Text()),
        _column("definition", postgresql.JSONB()),
        _column("revision", sa.Integer(), server_default="1"),
        _column("created_at", MOMENT, server_default=NOW),
        _column("updated_at", MOMENT, server_default=NOW),
        _column("retired_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("business_id", "name", name=op.f("pk_event_types")),
        _of_business("event_types"),
    )


def _test_lists() -> None:
    op.create_table(
        "test_lists",
        _business(),
        _column("mode", sa.Text()),
        _column("name", sa.Text()),
        _column("created_at", MOMENT, server_default=NOW),
        sa.CheckConstraint("mode in ('live', 'test')", name=op.f("ck_test_lists_mode")),
        sa.PrimaryKeyConstraint("business_id", "mode", "name", name=op.f("pk_test_lists")),
        _of_business("test_lists"),
    )
    op.create_table(
        "test_list_members",
        _business(),
        _column("mode", sa.Text()),
        _column("name", sa.Text()),
        _column("contact_id", sa.Uuid()),
        sa.PrimaryKeyConstraint("business_id", "mode", "name", "contact_id", name=op.f("pk_test_list_members")),
        sa.ForeignKeyConstraint(
            ["business_id", "mode", "name"],
            ["test_lists.business_id", "test_lists.mode", "test_lists.name"],
            name=op.f("fk_test_list_members_business_id_mode_name"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "contact_id"],
            ["contacts.business_id", "contacts.id"],
            name=op.f("fk_test_list_members_business_id_contact_id"),
        ),
    )
    op.create_table(
        "event_type_limits",
        _business(),
        _column("mode", sa.Text()),
        _column("event_type", sa.Text()),
        _column("test_list", sa.Text()),
        _column("since", MOMENT, server_default=NOW),
        sa.PrimaryKeyConstraint("business_id", "mode", "event_type", name=op.f("pk_event_type_limits")),
        sa.ForeignKeyConstraint(
            ["business_id", "mode", "test_list"],
            ["test_lists.business_id", "test_lists.mode", "test_lists.name"],
            name=op.f("fk_event_type_limits_business_id_mode_test_list"),
        ),
    )


def _links() -> None:
    op.create_table(
        "links",
        _business(),
        _column("message_id", sa.Uuid()),
        _column("position", sa.SmallInteger()),
        _column("code", sa.Text()),
        _column("url", sa.Text()),
        sa.PrimaryKeyConstraint("business_id", "message_id", "position", name=op.f("pk_links")),
        postgresql_partition_by="RANGE (message_id)",
    )
    op.create_index("ix_links_code", "links", ["code"])
    op.create_table(
        "link_clicks",
        _business(),
        _column("message_id", sa.Uuid()),
        _column("position", sa.SmallInteger()),
        _column("id", sa.Uuid()),
        _column("clicked_at", MOMENT),
        sa.PrimaryKeyConstraint("business_id", "message_id", "position", "id", name=op.f("pk_link_clicks")),
        postgresql_partition_by="RANGE (message_id)",
    )
    op.execute(_ensure_partitions(*PARENTS, *NEW_PARENTS))
    op.execute("SELECT ulak_ensure_partitions(3)")
    for parent in NEW_PARENTS:
        op.execute(f"CREATE TABLE {parent}_p_rest PARTITION OF {parent} DEFAULT")


def downgrade() -> None:
    for table in ("link_clicks", "links", "event_type_limits", "test_list_members", "test_lists", "event_types"):
        op.drop_table(table)
    op.execute(_ensure_partitions(*PARENTS))
    op.drop_constraint(op.f("ck_businesses_link_style"), "businesses")
    op.drop_column("businesses", "link_style")
    op.drop_column("businesses", "fallback_languages")
