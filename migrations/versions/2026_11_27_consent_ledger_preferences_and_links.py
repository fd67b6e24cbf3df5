"""The consent ledger as a chain, preferences, opt-in links, and what the business is told.

Revision: 0004
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)
NOW = sa.text("now()")
CONTACT = (["business_id", "contact_id"], ["contacts.business_id", "contacts.id"])

ACTS = (
    "'opt_in', 'opt_out', 'opt_in_request', 'pause', 'resume', 'frequency', 'channel', 'quiet_hours', "
    "'marketing_stop', 'marketing_resume', 'number_change', 'merge', 'erasure'"
)
STATES = "'opted_in', 'opted_out', 'pending', 'stopped_at_meta'"


def _column(name: str, kind: Any, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, **{"nullable": False} | options)


def _business() -> sa.Column[Any]:
    return _column("business_id", sa.Uuid())


def _of_business(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["business_id"], ["businesses.business_id"], name=op.f(f"fk_{table}_business_id"))


def _check(table: str, name: str, condition: str) -> None:
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def _uncheck(table: str, name: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table)


def upgrade() -> None:
    _businesses()
    _contacts()
    _ledger()
    _preferences()
    _links()
    _callbacks()


def _businesses() -> None:
    text = sa.Text()
    jsonb = postgresql.JSONB()
    op.add_column("businesses", _column("secret", sa.LargeBinary(), nullable=True))
    op.add_column("businesses", _column("wording_check", text, server_default="strict"))
    op.add_column("businesses", _column("double_opt_in", sa.Boolean(), server_default="false"))
    op.add_column("businesses", _column("colour", text, server_default="#0b6b4f"))
    op.add_column("businesses", _column("privacy_url", text, nullable=True))
    op.add_column("businesses", _column("offered_topics", postgresql.JSON(), nullable=True))
    op.add_column("businesses", _column("retention", jsonb, server_default="{}"))
    _check("businesses", "wording_check", "wording_check in ('strict', 'shown', 'off')")


def _contacts() -> None:
    op.add_column("contacts", _column("ended_at", MOMENT, nullable=True))
    op.add_column("contacts", _column("ended_by", sa.Text(), nullable=True))
    op.add_column("contacts", _column("successor_id", sa.Uuid(), nullable=True))
    _uncheck("contacts", "identified")
    _check("contacts", "identified", "phone is not null or bsuid is not null or ended_at is not null")
    _check("contacts", "ended_by", "ended_by in ('erasure', 'merge', 'number_change')")
    _check("contacts", "ended", "(ended_at is null) = (ended_by is null)")


def _ledger() -> None:
    op.create_table(
        "consent_evidence",
        _business(),
        _column("act_id", sa.Uuid()),
        _column("salt", sa.LargeBinary()),
        _column("personal", postgresql.JSONB()),
        sa.PrimaryKeyConstraint("business_id", "act_id", name=op.f("pk_consent_evidence")),
        sa.ForeignKeyConstraint(
            ["business_id", "act_id"],
            ["consent_acts.business_id", "consent_acts.id"],
            name=op.f("fk_consent_evidence_business_id_act_id"),
        ),
    )
    op.execute(
        "INSERT INTO consent_evidence (business_id, act_id, salt, personal) "
        "SELECT business_id, id, '', jsonb_build_object('address', address) FROM consent_acts WHERE address IS NOT NULL"
    )
    op.drop_column("consent_acts", "address")
    for name, kind in (
        ("number", sa.BigInteger()),
        ("value", postgresql.JSONB()),
        ("link_id", sa.Uuid()),
        ("subject", sa.LargeBinary()),
        ("evidence_hash", sa.LargeBinary()),
        ("mac", sa.LargeBinary()),
    ):
        op.add_column("consent_acts", _column(name, kind, nullable=True))
    _uncheck("consent_acts", "act")
    _check("consent_acts", "act", f"act in ({ACTS})")
    _check("consent_acts", "chained", "(number is null) = (mac is null)")
    op.create_index(
        "ix_consent_acts_number",
        "consent_acts",
        ["business_id", "number"],
        unique=True,
        postgresql_where=sa.text("number IS NOT NULL"),
    )
    op.create_index(
        "ix_consent_acts_subject",
        "consent_acts",
        ["business_id", "subject"],
        postgresql_where=sa.text("subject IS NOT NULL"),
    )
    op.create_table(
        "consent_ledgers",
        _business(),
        _column("length", sa.BigInteger()),
        _column("head", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("business_id", name=op.f("pk_consent_ledgers")),
        _of_business("consent_ledgers"),
    )
    _uncheck("consents", "state")
    _check("consents", "state", f"state in ({STATES})")


def _preferences() -> None:
    op.create_table(
        "contact_preferences",
        _business(),
        _column("contact_id", sa.Uuid()),
        _column("preferences", postgresql.JSONB()),
        _column("act_id", sa.Uuid()),
        _column("since", MOMENT),
        sa.PrimaryKeyConstraint("business_id", "contact_id", name=op.f("pk_contact_preferences")),
        sa.ForeignKeyConstraint(*CONTACT, name=op.f("fk_contact_preferences_business_id_contact_id")),
    )


def _links() -> None:
    text = sa.Text()
    op.create_table(
        "opt_in_links",
        _business(),
        _column("id", sa.Uuid()),
        _column("mode", text),
        _column("code", text),
        _column("source", text),
        _column("place", text, nullable=True),
        _column("leads_to", text),
        _column("topics", sa.ARRAY(text)),
        _column("wordings", postgresql.JSONB()),
        _column("wording_version", text, nullable=True),
        _column("double_opt_in", sa.Boolean()),
        _column("sender_id", sa.Uuid(), nullable=True),
        _column("origins", sa.ARRAY(text), server_default="{}"),
        _column("created_at", MOMENT, server_default=NOW),
        _column("disabled_at", MOMENT, nullable=True),
        sa.CheckConstraint("mode in ('live', 'test')", name=op.f("ck_opt_in_links_mode")),
        sa.CheckConstraint("leads_to in ('whatsapp', 'page')", name=op.f("ck_opt_in_links_leads_to")),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_opt_in_links")),
        _of_business("opt_in_links"),
    )
    op.create_index("ix_opt_in_links_code", "opt_in_links", ["code"])
    op.create_table(
        "opt_in_link_counts",
        _business(),
        _column("link_id", sa.Uuid()),
        _column("day", sa.Date()),
        _column("scans", sa.Integer(), server_default="0"),
        _column("opt_ins", sa.Integer(), server_default="0"),
        sa.PrimaryKeyConstraint("business_id", "link_id", "day", name=op.f("pk_opt_in_link_counts")),
        sa.ForeignKeyConstraint(
            ["business_id", "link_id"],
            ["opt_in_links.business_id", "opt_in_links.id"],
            name=op.f("fk_opt_in_link_counts_business_id_link_id"),
        ),
        postgresql_with={"fillfactor": "70"},
    )


def _callbacks() -> None:
    op.create_table(
        "callback_events",
        _business(),
        _column("id", sa.Uuid()),
        _column("mode", sa.Text()),
        _column("type", sa.Text()),
        _column("contact_id", sa.Uuid(), nullable=True),
        _column("message_id", sa.Uuid(), nullable=True),
        _column("data", postgresql.JSON()),
        _column("created_at", MOMENT),
        _column("transaction", sa.BigInteger(), server_default=sa.text("((pg_current_xact_id())::text)::bigint")),
        sa.CheckConstraint("mode in ('live', 'test')", name=op.f("ck_callback_events_mode")),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_callback_events")),
        _of_business("callback_events"),
    )
    op.create_index("ix_callback_events_feed", "callback_events", ["business_id", "mode", "transaction", "id"])
    op.create_index("ix_callback_events_created_at", "callback_events", ["created_at"])


def downgrade() -> None:
    """What only the new code can say is lost; acts that the old code does not know keep it from going down."""
    for table in ("callback_events", "opt_in_link_counts", "opt_in_links", "contact_preferences", "consent_ledgers"):
        op.drop_table(table)
    _uncheck("consents", "state")
    _check("consents", "state", "state in ('opted_in', 'opted_out')")
    op.drop_index("ix_consent_acts_subject", "consent_acts")
    op.drop_index("ix_consent_acts_number", "consent_acts")
    _uncheck("consent_acts", "chained")
    _uncheck("consent_acts", "act")
    _check("consent_acts", "act", "act in ('opt_in', 'opt_out')")
    for name in ("mac", "evidence_hash", "subject", "link_id", "value", "number"):
        op.drop_column("consent_acts", name)
    op.add_column("consent_acts", _column("address", sa.Text(), nullable=True))
    op.drop_table("consent_evidence")
    for name in ("ended", "ended_by", "identified"):
        _uncheck("contacts", name)
    _check("contacts", "identified", "phone is not null or bsuid is not null")
    for name in ("successor_id", "ended_by", "ended_at"):
        op.drop_column("contacts", name)
    _uncheck("businesses", "wording_check")
    for name in (
        "retention",
        "offered_topics",
        "privacy_url",
        "colour",
        "double_opt_in",
        "wording_check",
        "secret",
    ):
        op.drop_column("businesses", name)
