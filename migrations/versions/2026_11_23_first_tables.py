"""The first tables: accounts, contacts and consent, templates, messages with attempts and receipts, webhooks.

Revision: 0001
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)
NOW = sa.text("now()")
STATUSES = (
    "'scheduled', 'queued', 'sending', 'accepted', 'sent', 'delivered', 'read', "
    "'suppressed', 'canceled', 'expired', 'failed', 'unconfirmed'"
)

# Partitions for every month from the last one to some months ahead. A message's UUIDv7 begins with the milliseconds of
# its creation, so a month is a range of ids. Rows are rewritten in place several times: hence the room in the pages.
ENSURE_PARTITIONS = """
CREATE FUNCTION ulak_ensure_partitions(months_ahead integer) RETURNS void LANGUAGE plpgsql AS $$
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
        FOREACH parent IN ARRAY ARRAY['messages', 'attempts', 'receipts'] LOOP
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

FIRST_ID = """
CREATE FUNCTION ulak_first_id(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$
"""

REFUSE_CHANGE = """
CREATE FUNCTION ulak_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the consent ledger is append-only';
END $$
"""


def _column(name: str, kind: Any, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, **{"nullable": False} | options)


def _business() -> sa.Column[Any]:
    return _column("business_id", sa.Uuid())


def _of_business(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["business_id"], ["businesses.business_id"], name=op.f(f"fk_{table}_business_id"))


def upgrade() -> None:
    _accounts()
    _consent()
    _templates()
    _messages()
    _provider_events()


def _accounts() -> None:
    text, secret = sa.Text(), sa.LargeBinary()
    op.create_table(
        "businesses",
        _business(),
        _column("name", text),
        _column("country", text),
        _column("language", text),
        _column("time_zone", text),
        _column("website", text),
        _column("created_at", MOMENT, server_default=NOW),
        sa.PrimaryKeyConstraint("business_id", name=op.f("pk_businesses")),
    )
    op.create_table(
        "api_keys",
        _business(),
        _column("id", sa.Uuid()),
        _column("name", text),
        _column("mode", text),
        _column("scopes", postgresql.ARRAY(text)),
        _column("prefix", text),
        _column("token_hash", secret),
        _column("created_at", MOMENT, server_default=NOW),
        _column("expires_at", MOMENT, nullable=True),
        _column("revoked_at", MOMENT, nullable=True),
        sa.CheckConstraint("mode in ('live', 'test')", name=op.f("ck_api_keys_mode")),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_api_keys")),
        _of_business("api_keys"),
    )
    op.create_index(op.f("ix_api_keys_business_id_token_hash"), "api_keys", ["business_id", "token_hash"], unique=True)
    op.create_table(
        "meta_apps",
        _business(),
        _column("id", sa.Uuid()),
        _column("app_secret", secret),
        _column("verify_token", secret),
        _column("created_at", MOMENT, server_default=NOW),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_meta_apps")),
        _of_business("meta_apps"),
    )
    op.create_table(
        "senders",
        _business(),
        _column("id", sa.Uuid()),
        _column("mode", text),
        _column("phone_number_id", text),
        _column("waba_id", text),
        _column("meta_app_id", sa.Uuid()),
        _column("access_token", secret),
        _column("display_phone_number", text),
        _column("verified_name", text),
        _column("throughput", sa.Integer()),
        _column("next_send_at", MOMENT, server_default=NOW),
        _column("checked_at", MOMENT),
        _column("created_at", MOMENT, server_default=NOW),
        sa.CheckConstraint("mode in ('live', 'test')", name=op.f("ck_senders_mode")),
        sa.CheckConstraint("throughput > 0", name=op.f("ck_senders_throughput")),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_senders")),
        _of_business("senders"),
        sa.ForeignKeyConstraint(
            ["business_id", "meta_app_id"],
            ["meta_apps.business_id", "meta_apps.id"],
            name=op.f("fk_senders_business_id_meta_app_id"),
        ),
    )
    op.create_index(
        op.f("ix_senders_business_id_phone_number_id"), "senders", ["business_id", "phone_number_id"], unique=True
    )
    op.create_index("ix_senders_phone_number_id", "senders", ["phone_number_id"])


def _consent() -> None:
    text = sa.Text()
    op.create_table(
        "contacts",
        _business(),
        _column("id", sa.Uuid()),
        _column("mode", text),
        _column("phone", text, nullable=True),
        _column("bsuid", text, nullable=True),
        _column("wa_id", text, nullable=True),
        _column("name", text, nullable=True),
        _column("language", text, nullable=True),
        _column("time_zone", text, nullable=True),
        _column("created_at", MOMENT, server_default=NOW),
        sa.CheckConstraint("mode in ('live', 'test')", name=op.f("ck_contacts_mode")),
        sa.CheckConstraint("phone is not null or bsuid is not null", name=op.f("ck_contacts_identified")),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_contacts")),
    )
    for column in ("phone", "bsuid"):
        op.create_index(
            op.f(f"ix_contacts_business_id_mode_{column}"), "contacts", ["business_id", "mode", column], unique=True
        )
    contact = (["business_id", "contact_id"], ["contacts.business_id", "contacts.id"])
    op.create_table(
        "consent_acts",
        _business(),
        _column("id", sa.Uuid()),
        _column("contact_id", sa.Uuid()),
        _column("act", text),
        _column("channel", text),
        _column("topic", text),
        _column("source", text),
        _column("place", text, nullable=True),
        _column("actor", text),
        _column("wording", text, nullable=True),
        _column("wording_version", text, nullable=True),
        _column("language", text, nullable=True),
        _column("address", text, nullable=True),
        _column("occurred_at", MOMENT),
        _column("recorded_at", MOMENT, server_default=NOW),
        sa.CheckConstraint("act in ('opt_in', 'opt_out')", name=op.f("ck_consent_acts_act")),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_consent_acts")),
        sa.ForeignKeyConstraint(*contact, name=op.f("fk_consent_acts_business_id_contact_id")),
    )
    op.create_index(
        op.f("ix_consent_acts_business_id_contact_id_id"), "consent_acts", ["business_id", "contact_id", "id"]
    )
    op.execute(REFUSE_CHANGE)
    op.execute(
        "CREATE TRIGGER consent_acts_append_only BEFORE UPDATE OR DELETE ON consent_acts "
        "FOR EACH ROW EXECUTE FUNCTION ulak_refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER consent_acts_no_truncate BEFORE TRUNCATE ON consent_acts "
        "FOR EACH STATEMENT EXECUTE FUNCTION ulak_refuse_change()"
    )
    op.create_table(
        "consents",
        _business(),
        _column("contact_id", sa.Uuid()),
        _column("channel", text),
        _column("topic", text),
        _column("state", text),
        _column("act_id", sa.Uuid()),
        _column("since", MOMENT),
        sa.CheckConstraint("state in ('opted_in', 'opted_out')", name=op.f("ck_consents_state")),
        sa.PrimaryKeyConstraint("business_id", "contact_id", "channel", "topic", name=op.f("pk_consents")),
        sa.ForeignKeyConstraint(*contact, name=op.f("fk_consents_business_id_contact_id")),
    )


def _templates() -> None:
    text = sa.Text()
    op.create_table(
        "templates",
        _business(),
        _column("id", sa.Uuid()),
        _column("waba_id", text),
        _column("name", text),
        _column("language", text),
        _column("meta_id", text),
        _column("status", text),
        _column("category", text),
        _column("parameter_format", text),
        _column("components", postgresql.JSONB()),
        _column("rejected_reason", text, nullable=True),
        _column("known_at", MOMENT),
        _column("created_at", MOMENT, server_default=NOW),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_templates")),
        _of_business("templates"),
    )
    columns = ["business_id", "waba_id", "name", "language"]
    op.create_index(op.f("ix_templates_business_id_waba_id_name_language"), "templates", columns, unique=True)


def _messages() -> None:
    text, number, moment = sa.Text(), sa.SmallInteger(), MOMENT
    op.create_table(
        "messages",
        _business(),
        _column("id", sa.Uuid()),
        _column("created_at", moment),
        _column("due_at", moment, nullable=True),
        _column("lease_until", moment, nullable=True),
        _column("expires_at", moment),
        *(
            _column(f"{name}_at", moment, nullable=True)
            for name in ("send", "accepted", "sent", "delivered", "read", "failed")
        ),
        _column("sender_id", sa.Uuid()),
        _column("contact_id", sa.Uuid()),
        _column("priority", number),
        _column("attempt_count", number, server_default="0"),
        _column("mode", text),
        _column("event_type", text),
        _column("status", text),
        _column("reason", text, nullable=True),
        _column("waiting_for", text, nullable=True),
        _column("recipient", text),
        _column("language", text),
        _column("template_name", text),
        _column("reference", text, nullable=True),
        _column("wamid", text, nullable=True),
        _column("price_category", text, nullable=True),
        _column("data", postgresql.JSON()),
        _column("fill", postgresql.JSON()),
        _column("metadata", postgresql.JSON(), nullable=True),
        _column("decision", postgresql.JSONB()),
        _column("failure", postgresql.JSON(), nullable=True),
        sa.CheckConstraint("mode in ('live', 'test')", name=op.f("ck_messages_mode")),
        sa.CheckConstraint(f"status in ({STATUSES})", name=op.f("ck_messages_status")),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_messages")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index(
        "ix_messages_due",
        "messages",
        ["business_id", "sender_id", "priority", "due_at", "id"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("ix_messages_contact", "messages", ["business_id", "contact_id", "id"])
    op.create_index(
        "ix_messages_reference",
        "messages",
        ["business_id", "reference", "id"],
        postgresql_where=sa.text("reference IS NOT NULL"),
    )
    op.create_table(
        "attempts",
        _business(),
        _column("message_id", sa.Uuid()),
        _column("number", number),
        _column("outcome", text),
        _column("started_at", moment, nullable=True),
        _column("ended_at", moment),
        _column("wamid", text, nullable=True),
        _column("error", postgresql.JSON(), nullable=True),
        sa.CheckConstraint(
            "outcome in ('accepted', 'refused', 'not_sent', 'unknown')", name=op.f("ck_attempts_outcome")
        ),
        sa.PrimaryKeyConstraint("business_id", "message_id", "number", name=op.f("pk_attempts")),
        postgresql_partition_by="RANGE (message_id)",
    )
    op.create_index(
        "ix_attempts_wamid", "attempts", ["business_id", "wamid"], postgresql_where=sa.text("wamid IS NOT NULL")
    )
    op.create_table(
        "receipts",
        _business(),
        _column("message_id", sa.Uuid()),
        _column("status", text),
        _column("wamid", text),
        _column("occurred_at", moment),
        _column("received_at", moment),
        _column("payload", postgresql.JSON()),
        sa.PrimaryKeyConstraint("business_id", "message_id", "status", "wamid", name=op.f("pk_receipts")),
        postgresql_partition_by="RANGE (message_id)",
    )
    op.create_table(
        "idempotency_keys",
        _business(),
        _column("mode", text),
        _column("key", text),
        _column("fingerprint", sa.LargeBinary()),
        _column("location", text, nullable=True),
        _column("answer", sa.LargeBinary()),
        _column("created_at", moment),
        sa.PrimaryKeyConstraint("business_id", "mode", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
    op.execute(FIRST_ID)
    op.execute(ENSURE_PARTITIONS)
    op.execute("SELECT ulak_ensure_partitions(3)")
    for parent in ("messages", "attempts", "receipts"):
        op.execute(f"CREATE TABLE {parent}_p_rest PARTITION OF {parent} DEFAULT")


def _provider_events() -> None:
    text = sa.Text()
    op.create_table(
        "replies",
        _business(),
        _column("id", sa.Uuid()),
        _column("sender_id", sa.Uuid()),
        _column("message_id", sa.Uuid(), nullable=True),
        _column("wamid", text),
        _column("type", text),
        _column("from_wa_id", text, nullable=True),
        _column("from_user_id", text, nullable=True),
        _column("occurred_at", MOMENT),
        _column("received_at", MOMENT),
        _column("payload", postgresql.JSON()),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_replies")),
    )
    op.create_index(op.f("ix_replies_business_id_wamid"), "replies", ["business_id", "wamid"], unique=True)
    op.create_index("ix_replies_message", "replies", ["business_id", "message_id"])
    op.create_table(
        "kept_webhook_items",
        _column("id", sa.Uuid()),
        _column("received_at", MOMENT),
        _column("signer", sa.LargeBinary()),
        _column("why", text),
        _column("part", text),
        _column("error", text, nullable=True),
        _column("field", text, nullable=True),
        _column("waba_id", text, nullable=True),
        _column("phone_number_id", text, nullable=True),
        _column("raw", sa.LargeBinary()),
        sa.CheckConstraint("why in ('unreadable', 'unknown', 'unmatched')", name=op.f("ck_kept_webhook_items_why")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_webhook_items")),
    )
    op.create_index("ix_kept_webhook_items_received_at", "kept_webhook_items", ["received_at"])


def downgrade() -> None:
    for table in (
        "kept_webhook_items",
        "replies",
        "idempotency_keys",
        "receipts",
        "attempts",
        "messages",
        "templates",
        "consents",
        "consent_acts",
        "contacts",
        "senders",
        "meta_apps",
        "api_keys",
        "businesses",
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION ulak_ensure_partitions(integer)")
    op.execute("DROP FUNCTION ulak_first_id(timestamptz)")
    op.execute("DROP FUNCTION ulak_refuse_change()")
