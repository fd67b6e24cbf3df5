"""A business's past: finished messages with all that belongs to them, spread over months, as they would lie there."""

import asyncio
from uuid import UUID

import asyncpg

MONTHS_BACK = 4
MESSAGES_PER_CONTACT = 10
STEP = 100_000
"""Messages that are written in one statement."""

_PARTITIONS = f"""
DO $$
DECLARE
    parent text;
    month timestamptz;
    child text;
BEGIN
    FOR month IN SELECT generate_series(date_trunc('month', now(), 'UTC') - interval '{MONTHS_BACK} months',
                                        date_trunc('month', now(), 'UTC'), interval '1 month') LOOP
        FOREACH parent IN ARRAY ARRAY['messages', 'attempts', 'receipts'] LOOP
            child := format('%s_p_%s', parent, to_char(month AT TIME ZONE 'UTC', 'YYYY_MM'));
            IF to_regclass(child) IS NULL THEN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L) WITH (fillfactor = %s)',
                    child, parent, ulak_first_id(month), ulak_first_id(month + interval '1 month'),
                    CASE parent WHEN 'messages' THEN 70 ELSE 100 END);
            END IF;
        END LOOP;
    END LOOP;
END $$
"""

_CONTACTS = """
    INSERT INTO contacts (business_id, id, mode, phone, wa_id, name, language)
    SELECT $1, md5('contact-' || n)::uuid, 'test', '+90555' || lpad(n::text, 7, '0'), '90555' || lpad(n::text, 7, '0'),
           'Ayşe Yılmaz', 'tr'
      FROM generate_series(0, $2::int - 1) n
"""

_CONSENTS = """
    INSERT INTO consents (business_id, contact_id, channel, topic, state, act_id, since)
    SELECT $1, md5('contact-' || n)::uuid, 'whatsapp', 'orders', 'opted_in', gen_random_uuid(), now()
      FROM generate_series(0, $2::int - 1) n
"""

# Oldest first, as they came; the newest are ten minutes old. Sizes are those of real rows. Keys are not kept for longer
# than two days: older ones would be deleted in the middle of the measurement.
_MESSAGES = f"""
    WITH past AS MATERIALIZED (
        SELECT n, now() - age AS at, uuidv7(-age) AS id, md5('contact-' || n % $4::int)::uuid AS contact_id,
               '+90555' || lpad((n % $4::int)::text, 7, '0') AS phone, 'wamid.HBgMOTA1' || md5(n::text) AS wamid
          FROM generate_series($3::int, $3::int + $5::int - 1) n,
               LATERAL (SELECT interval '10 minutes' + (1 - n / $6::float8) * interval '{MONTHS_BACK} months' AS age)),
    messages AS (
        INSERT INTO messages (business_id, id, created_at, expires_at, accepted_at, sent_at, delivered_at, read_at,
                              sender_id, contact_id, priority, attempt_count, mode, event_type, status, recipient,
                              language, template_name, reference, wamid, price_category, data, fill, decision)
        SELECT $1, id, at, at + interval '1 day', at, at, at, at, $2, contact_id, 1, 1, 'test', 'order-confirmed',
               'read', phone, 'tr', 'order_confirmed', 'past-' || n, wamid, 'utility',
               '{{"order_number":"A-1","total":{{"amount":129990,"currency":"TRY"}}}}',
               '{{"texts":{{"customer_name":"Ayşe Yılmaz","order_number":"A-1","total":"1.299,90 ₺"}},"links":[],'
               '"replies":[]}}',
               jsonb_build_array(
                   jsonb_build_object('rule', 'consent', 'verdict', 'pass', 'input', jsonb_build_object(
                       'topic', 'orders', 'decided_by', 'orders', 'state', 'opted_in')),
                   jsonb_build_object('rule', 'template', 'verdict', 'pass', 'input', jsonb_build_object(
                       'name', 'order_confirmed', 'language', 'tr', 'asked_language', 'tr', 'language_from', 'contact',
                       'status', 'APPROVED', 'category', 'UTILITY')),
                   jsonb_build_object('rule', 'schedule', 'verdict', 'now', 'input', jsonb_build_object(
                       'send_at', null, 'expires_at', at)))
          FROM past),
    attempts AS (
        INSERT INTO attempts (business_id, message_id, number, outcome, started_at, ended_at, wamid)
        SELECT $1, id, 1, 'accepted', at, at, wamid FROM past),
    keys AS (
        INSERT INTO idempotency_keys (business_id, mode, key, fingerprint, location, answer, created_at)
        SELECT $1, 'test', 'past-' || n, sha256(wamid::bytea), '/v1/messages/msg_' || replace(id::text, '-', ''),
               repeat('a', 500)::bytea, at
          FROM past WHERE at > now() - interval '47 hours')
    INSERT INTO receipts (business_id, message_id, status, wamid, occurred_at, received_at, payload)
    SELECT $1, id, status, wamid, at, at,
           json_build_object('id', wamid, 'status', status, 'timestamp', '1760000000', 'recipient_id', phone,
                             'recipient_user_id', 'TR.' || phone, 'biz_opaque_callback_data',
                             'msg_' || replace(id::text, '-', ''))
      FROM past, unnest(ARRAY['sent', 'delivered', 'read']) AS status
     ORDER BY id, status, wamid
"""


async def write_history(url: str, business_id: UUID, sender_id: UUID, *, messages: int) -> None:
    """Foreign keys are not asked: nothing here could break them."""
    settings = {"session_replication_role": "replica", "synchronous_commit": "off", "work_mem": "256MB"}
    contacts = max(1, messages // MESSAGES_PER_CONTACT)
    connections = [await asyncpg.connect(url, server_settings=settings) for _ in range(2)]
    try:
        await connections[0].execute(_PARTITIONS)
        await connections[0].execute(_CONTACTS, business_id, contacts)
        await connections[0].execute(_CONSENTS, business_id, contacts)
        starts = list(range(0, messages, STEP))

        async def write(connection: asyncpg.Connection) -> None:
            while starts:
                start = starts.pop(0)
                count = min(STEP, messages - start)
                await connection.execute(_MESSAGES, business_id, sender_id, start, contacts, count, messages)
                if not starts or len(starts) % 10 == 0:
                    print(f"        history: {start + count:,} of {messages:,} messages written", flush=True)

        await asyncio.gather(*map(write, connections))
    finally:
        for connection in connections:
            await connection.close()
