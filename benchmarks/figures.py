"""`python -m benchmarks.figures`: a year of messages counted from nothing, and the time that questions of it take.

The messages are rows as they would lie there, without their content, which is not counted, and without the indexes that
nobody asks here; with answers to some, clicks
on some, reminders made weeks before, and every way to end. Questions go through the same service as those of the API
and the console; the time to write the answer as JSON is in it.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

import asyncpg
from cryptography.fernet import Fernet
from pydantic import BaseModel

from app.analytics.asked import Asked
from app.analytics.price_schemas import PriceRateIn, PriceRatesIn
from app.container import Container, build_container
from app.core.settings import Settings
from benchmarks.postgres import Server
from benchmarks.ulak import migrate

STEP = 100_000
"""Messages that are written in one statement."""

_PARTITIONS = """
DO $$
DECLARE
    parent text;
    month timestamptz;
    child text;
BEGIN
    FOR month IN SELECT generate_series(date_trunc('month', now(), 'UTC') - interval '14 months',
                                        date_trunc('month', now(), 'UTC'), interval '1 month') LOOP
        FOREACH parent IN ARRAY ARRAY['messages', 'link_clicks'] LOOP
            child := format('%s_p_%s', parent, to_char(month AT TIME ZONE 'UTC', 'YYYY_MM'));
            IF to_regclass(child) IS NULL THEN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L) WITH (fillfactor = 100)',
                    child, parent, ulak_first_id(month), ulak_first_id(month + interval '1 month'));
            END IF;
        END LOOP;
    END LOOP;
END $$
"""

# One in twenty is a reminder made up to twenty days before. Of a hundred, seventy are read, sixteen delivered, three
# sent, five failed, four suppressed, one each canceled and expired.
_MESSAGES = """
    WITH past AS MATERIALIZED (
        SELECT n, at, uuidv7(at - now()) AS id, n % 100 AS fate, n % 12 AS kind, md5(n::text) AS dice,
               CASE WHEN n % 20 = 7 THEN at + (n % 1900) * interval '15 minutes' END AS send_at
          FROM generate_series($2::bigint, $2::bigint + $3::bigint - 1) n,
               LATERAL (SELECT now() - (1 - n / $4::float8) * $5::interval - interval '1 minute' AS at)),
    told AS (
        SELECT *, coalesce(send_at, at) + interval '2 seconds' AS sent_at,
               coalesce(send_at, at) + interval '5 seconds' AS delivered_at,
               coalesce(send_at, at) + ('x' || left(dice, 4))::bit(16)::int * interval '2 seconds' AS read_at
          FROM past),
    stored AS (
        INSERT INTO messages (business_id, id, created_at, send_at, expires_at, accepted_at, sent_at, delivered_at,
                              read_at, failed_at, sender_id, contact_id, priority, attempt_count, mode, event_type,
                              status, reason, language, template_name, price_category, price_type, country, failure,
                              data, fill, decision)
        SELECT $1, id, at, send_at, at + interval '1 day', CASE WHEN fate < 89 THEN sent_at END,
               CASE WHEN fate < 89 THEN sent_at END, CASE WHEN fate < 86 THEN delivered_at END,
               CASE WHEN fate < 70 THEN greatest(read_at, delivered_at) END,
               CASE WHEN fate BETWEEN 89 AND 93 THEN sent_at END,
               md5('sender-' || n % 3)::uuid, md5('contact-' || n % 1000000)::uuid, 2, 1, 'live', 'event-type-' || kind,
               CASE WHEN fate < 70 THEN 'read' WHEN fate < 86 THEN 'delivered' WHEN fate < 89 THEN 'sent'
                    WHEN fate < 94 THEN 'failed' WHEN fate < 98 THEN 'suppressed' WHEN fate < 99 THEN 'canceled'
                    ELSE 'expired' END,
               CASE WHEN fate BETWEEN 94 AND 97 THEN 'no_consent' WHEN fate = 98 THEN 'canceled' END,
               CASE WHEN n % 5 = 0 THEN 'en' ELSE 'tr' END, 'template_' || kind || '_' || n % 2,
               CASE WHEN fate < 89 THEN CASE kind WHEN 0 THEN 'marketing' ELSE 'utility' END END,
               CASE WHEN fate < 89 THEN CASE n % 7 WHEN 0 THEN 'free_customer_service' ELSE 'regular' END END,
               (ARRAY['TR', 'TR', 'TR', 'DE', 'GB', 'NL'])[1 + n % 6],
               CASE WHEN fate BETWEEN 89 AND 93
                    THEN json_build_object('source', 'receipt',
                                           'code', (ARRAY[131026, 130472, 131049, 131047])[1 + n % 4]) END,
               '{}', '{}', '[]'
          FROM told),
    answered AS (
        INSERT INTO replies (business_id, id, mode, sender_id, message_id, tied_by, wamid, type, kind, occurred_at,
                             received_at, payload)
        SELECT $1, uuidv7(at - now()), 'live', md5('sender-' || n % 3)::uuid, id, 'context', 'wamid.' || n,
               CASE WHEN n % 3 = 0 THEN 'button' ELSE 'text' END, CASE WHEN n % 97 = 0 THEN 'opt_out' ELSE 'text' END,
               at, at, '{}'
          FROM told WHERE n % 37 = 0 AND fate < 70)
    INSERT INTO link_clicks (business_id, message_id, position, id, clicked_at)
    SELECT $1, id, 0, gen_random_uuid(), at FROM told WHERE n % 41 = 0 AND fate < 70
"""


async def write(url: str, business_id: UUID, *, messages: int, days: int) -> None:
    settings = {"session_replication_role": "replica", "synchronous_commit": "off"}
    connections = [await asyncpg.connect(url, server_settings=settings) for _ in range(2)]
    starts = list(range(0, messages, STEP))
    try:
        await connections[0].execute(_PARTITIONS)
        await connections[0].execute("DROP INDEX ix_messages_contact, ix_messages_reference")

        async def work(connection: asyncpg.Connection) -> None:
            while starts:
                start = starts.pop(0)
                many = min(STEP, messages - start)
                await connection.execute(_MESSAGES, business_id, start, many, messages, timedelta(days=days))
                if len(starts) % 10 == 0:
                    print(f"  {start + many:,} of {messages:,} messages written", flush=True)

        await asyncio.gather(*map(work, connections))
        await connections[0].execute("VACUUM ANALYZE")
    finally:
        for connection in connections:
            await connection.close()


PRICES = (("utility", "*", "0.01"), ("utility", "TR", "0.0053"), ("marketing", "*", "0.06"))

Question = Callable[[Container, UUID], Awaitable[BaseModel]]


def _of(what: str, **asked: Any) -> Question:
    return lambda container, business_id: getattr(container.figures, what)(business_id, "live", Asked(**asked))


def questions(now: datetime, days: int) -> dict[str, Question]:
    year: dict[str, Any] = {"since": now.date() - timedelta(days=days)}
    month: dict[str, Any] = {"since": now.date() - timedelta(days=29)}
    week: dict[str, Any] = {"since": now.date() - timedelta(days=6)}
    return {
        "today at a glance": _of("delivery", since=now.date()),
        "30 days, by day": _of("delivery", **month, bucket="day"),
        "30 days, by day, event type, language": _of("delivery", **month, bucket="day", by=("event_type", "language")),
        "7 days, by hour": _of("delivery", **week, bucket="hour"),
        "a year": _of("delivery", **year),
        "a year, by day": _of("delivery", **year, bucket="day"),
        "a year, by week and event type": _of("delivery", **year, bucket="week", by=("event_type",)),
        "a year, by month, template, language": _of(
            "delivery", **year, bucket="month", by=("template", "language", "sender")
        ),
        "a year, one event type, by day": _of("delivery", **year, bucket="day", event_types=("event-type-3",)),
        "a year, engagement by month": _of("engagement", **year, bucket="month", by=("event_type",)),
        "a year, cost by month": _of("cost", **year, bucket="month"),
    }


async def ask(container: Container, business_id: UUID, question: Question, repeats: int) -> list[float]:
    took = []
    for _ in range(repeats):
        started = time.perf_counter()
        (await question(container, business_id)).model_dump_json()
        took.append(1000 * (time.perf_counter() - started))
    return took


async def measure(url: str, options: argparse.Namespace) -> None:
    settings = Settings(database_url=url, secret_keys=Fernet.generate_key().decode())  # type: ignore[arg-type] # as given
    container = build_container(settings)
    async with container.running():
        business_id = await container.accounts.create_business(
            "Benchmark", country="TR", language="tr", time_zone="Europe/Istanbul", website="https://shop.example"
        )
        started = time.perf_counter()
        await write(url, business_id, messages=options.messages, days=options.days)
        print(f"{options.messages:,} messages written in {time.perf_counter() - started:,.0f} s", flush=True)
        started = time.perf_counter()
        await container.refresher.mark_all(business_id)
        print(f"marked in {time.perf_counter() - started:,.1f} s", flush=True)
        started = time.perf_counter()
        slots = await container.figures.refresh()
        took = time.perf_counter() - started
        print(f"{slots:,} quarters of an hour counted in {took:,.0f} s: {options.messages / took:,.0f} messages/s")
        for table in ("messages", "figures", "figure_ends", "figure_prices"):
            rows, size = await container.database.pool.fetchrow(
                f"SELECT (SELECT count(*) FROM {table}), pg_size_pretty(pg_total_relation_size('{table}') + "
                f"coalesce((SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('{table}')), 0))",
                timeout=300,
            )
            print(f"  {table:<16}{rows:>12,} rows, {size}")
        await container.database.pool.execute("ANALYZE figures, figure_ends, figure_prices", timeout=300)
        rates = [
            PriceRateIn(category=category, country=country, price=price, currency="USD", since="2020-01-01")
            for category, country, price in PRICES
        ]
        await container.figures.set_price_rates(business_id, PriceRatesIn(rates=rates))
        print(f"{'':<44}{'median':>10}{'worst':>10}  ms, of {options.repeats}")
        for name, question in questions(datetime.now(UTC), options.days).items():
            took_each = await ask(container, business_id, question, options.repeats)
            print(f"{name:<44}{median(took_each):>10.1f}{max(took_each):>10.1f}", flush=True)
        await container.database.pool.execute(
            "INSERT INTO figure_marks (business_id, slot_at) "
            "SELECT $1, max(starts_at) FROM figures WHERE span = 'slot'",
            business_id,
        )
        started = time.perf_counter()
        await container.figures.refresh()
        print(f"{'one quarter of an hour counted anew':<44}{1000 * (time.perf_counter() - started):>10.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.figures", description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000_000, help="(default: %(default)s)")
    parser.add_argument("--days", type=int, default=365, help="over which they are spread (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=20, help="of each question (default: %(default)s)")
    options = parser.parse_args()
    with Server(statement_statistics=False) as server:
        asyncio.run(server.create_database("figures"))
        migrate(server.url("figures"))
        asyncio.run(measure(server.url("figures"), options))


if __name__ == "__main__":
    main()
