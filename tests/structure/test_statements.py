"""The statements of the hot path: each on one shard, each by an index however large the tables are."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from app.accounts import health, portfolio
from app.analytics.conversions import statements as conversions
from app.callbacks import claiming, fan_out, lanes, recording
from app.consent import repository as contacts
from app.console import pulse, waiting
from app.core.database import HOT_PATH_SETTINGS
from app.core.ids import new_id
from app.doctor import repository as check_ups
from app.experiments import statements as experiments
from app.messages import statements
from app.messages.statements import claims
from tests.support.world import World


def _is_statement(name: str, value: object) -> bool:
    """SQL by itself, but for what runs now and then."""
    is_sql = isinstance(value, str) and re.match(r"\s*(WITH|SELECT|INSERT|UPDATE)\b", value) is not None
    return is_sql and name.isupper() and not name.startswith("FORGET_")


def _hot_statements() -> Iterator[tuple[str, str]]:
    """Of the package of the hot path, of what its transactions say of senders and portfolios, and of callbacks."""
    found = pkgutil.iter_modules(statements.__path__, statements.__name__ + ".")
    others = (health, portfolio, experiments, conversions, claiming, fan_out, lanes, recording)
    for module in (*(importlib.import_module(one.name) for one in found), *others):
        yield from ((name, value) for name, value in vars(module).items() if _is_statement(name, value))


STATEMENTS = {
    **dict(_hot_statements()),
    "FIND_CONTACTS": contacts.FIND_CONTACTS,
    "ADD_CONTACTS": contacts.ADD_CONTACTS,
    "KNOWN_AS": contacts.KNOWN_AS,
    "OLDEST_DUE": check_ups.OLDEST_DUE,
    "LAST_RECEIPT": check_ups.LAST_RECEIPT,
    "PULSE": pulse.PULSE,
    "WAITING": waiting.WAITING,
}
LEAPING = ("BUSY_SENDERS", "WAITING_SENDERS", "BUSY_ENDPOINTS", "PULSE")
"""They look at one entry of the index for each sender or endpoint."""

WITHOUT_ROWS = ("ANNOUNCE", "TAKE_TURNS")

ONE_ROW = ("LOCK_PORTFOLIO", "PAUSE", "HOLD_FOR_RECORD")

ROWS = 20_000
SMALL = (
    "callback_endpoints",
    "experiments",
    "senders",
    "pair_paces",
    "alerts",
    "portfolios",
    "portfolio_contacts",
    "portfolio_slots",
)
LARGE = (
    "messages",
    "attempts",
    "receipts",
    "links",
    "link_clicks",
    "contacts",
    "consents",
    "contact_preferences",
    "conversions",
    "service_windows",
    "experiment_contacts",
    "experiment_messages",
    "idempotency_keys",
    "callback_events",
    "callback_deliveries",
)


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_statement_names_the_business(name: str) -> None:
    statement = STATEMENTS[name]
    tables = re.findall(r"\b(?:FROM|JOIN|UPDATE|INTO)\s+(?:ONLY\s+)?(\w+)", statement)
    touched = [table for table in tables if table in {*LARGE, *SMALL}]
    assert touched or name in WITHOUT_ROWS
    assert statement.count("business_id") >= len(touched)


@pytest.mark.parametrize("name", [name for name, sql in STATEMENTS.items() if re.search(r"FOR (NO KEY )?UPDATE", sql)])
def test_statement_that_locks_rows_does_so_in_their_order_or_waits_for_none(name: str) -> None:
    """Of one business each, named by itself: only so it runs on a cluster's shard."""
    statement = STATEMENTS[name]
    assert "business_id = $1" in statement
    for locking in re.findall(r"((?:ORDER BY \S+\s+)?FOR (?:NO KEY )?UPDATE(?: OF \w)?(?: SKIP LOCKED)?)", statement):
        assert locking.startswith("ORDER BY") or locking.endswith("SKIP LOCKED") or name in ONE_ROW, locking


@pytest.fixture
async def filled(world: World, connection: asyncpg.Connection) -> asyncpg.Connection:
    """Every large table holds many rows, half of them of another business."""
    businesses = [world.business_id, new_id()]
    for business in businesses:
        await connection.execute(
            """
            INSERT INTO contacts (business_id, id, mode, phone)
            SELECT $1, gen_random_uuid(), 'test', '+90532' || lpad(n::text, 7, '0') FROM generate_series(1, $2) n
            """,
            business,
            ROWS // 2,
        )
        await connection.execute(
            """
            INSERT INTO consents (business_id, contact_id, channel, topic, state, act_id, since)
            SELECT business_id, id, 'whatsapp', '*', 'opted_in', gen_random_uuid(), now() FROM contacts
             WHERE business_id = $1
            """,
            business,
        )
        await connection.execute(
            """
            INSERT INTO contact_preferences (business_id, contact_id, preferences, act_id, since)
            SELECT business_id, id, '{"channel": "sms"}', gen_random_uuid(), now() FROM contacts
             WHERE business_id = $1 AND phone LIKE '%7'
            """,
            business,
        )
        await connection.execute(
            """
            INSERT INTO idempotency_keys (business_id, mode, key, fingerprint, answer, created_at)
            SELECT $1, 'test', 'key-' || n, '', '', now() FROM generate_series(1, $2) n
            """,
            business,
            ROWS // 2,
        )
        ids = [new_id() for _ in range(ROWS // 2)]
        await connection.execute(
            """
            INSERT INTO messages (business_id, id, created_at, due_at, expires_at, sender_id, contact_id, priority,
                                  mode, event_type, status, recipient, language, template_name, reference,
                                  data, fill, decision)
            SELECT $1, i.id, now(), CASE WHEN i.n % 20 = 0 THEN now() END, now() + interval '1 day', $2, c.id, 1,
                   'test', 'order-confirmed', CASE WHEN i.n % 20 = 0 THEN 'queued' ELSE 'read' END, c.phone, 'tr',
                   'order_confirmed', 'order-' || i.n, '{}', '{}', '[]'
              FROM unnest($3::uuid[]) WITH ORDINALITY AS i(id, n)
              JOIN (SELECT id, phone, row_number() OVER () AS n FROM contacts WHERE business_id = $1) c USING (n)
            """,
            business,
            world.sender_id,
            ids,
        )
    await connection.execute(
        """
        INSERT INTO attempts (business_id, message_id, number, outcome, ended_at, wamid)
        SELECT business_id, id, 1, 'accepted', now(), 'wamid.' || id FROM messages
        """
    )
    await connection.execute(
        """
        INSERT INTO receipts (business_id, message_id, status, wamid, occurred_at, received_at, payload)
        SELECT business_id, id, 'sent', 'wamid.' || id, now(), now(), '{}' FROM messages
        """
    )
    await connection.execute(
        """
        INSERT INTO links (business_id, message_id, position, code, url)
        SELECT business_id, id, 0, encode(substring(uuid_send(gen_random_uuid()), 1, 6), 'hex'), 'https://a.example'
          FROM messages
        """
    )
    await connection.execute(
        """
        INSERT INTO link_clicks (business_id, message_id, position, id, clicked_at)
        SELECT business_id, message_id, position, gen_random_uuid(), now() FROM links
        """
    )
    await connection.execute(
        """
        INSERT INTO experiment_messages (business_id, message_id, experiment_id, contact_id, arm, assigned_at)
        SELECT business_id, id, business_id, contact_id, CASE WHEN priority = 1 THEN 'variant' END, now() FROM messages
        """
    )
    await connection.execute(
        """
        INSERT INTO experiment_contacts (business_id, experiment_id, contact_id)
        SELECT business_id, business_id, id FROM contacts
        """
    )
    await connection.execute(
        """
        INSERT INTO service_windows (business_id, sender_id, contact_id, opened_at, expires_at, last_reply_id)
        SELECT business_id, business_id, id, now(), now() + interval '1 day', gen_random_uuid() FROM contacts
        """
    )
    await connection.execute(
        """
        INSERT INTO callback_events
               (business_id, id, mode, type, contact_id, message_id, data, created_at, transaction)
        SELECT business_id, id, 'test', 'consent.changed', contact_id, id, '{}', now(), row_number() OVER () / 3
          FROM messages JOIN businesses USING (business_id)
        """
    )
    await connection.execute(
        """
        INSERT INTO callback_deliveries
               (business_id, endpoint_id, event_id, sequence, contact_id, status, created_at, due_at)
        SELECT business_id, business_id, id, sequence, contact_id,
               CASE WHEN sequence % 4 = 0 THEN 'delivered' ELSE 'pending' END, now(), now()
          FROM callback_events
        """
    )
    await connection.execute(
        """
        INSERT INTO conversions (business_id, id, mode, reference, type, occurred_at, created_at, named_by, contact_id,
                                 message_id, attributed_by, slot_at)
        SELECT business_id, m.id, m.mode, m.reference, 'purchase', now(), now(), 'message', contact_id,
               m.id, 'message', now()
          FROM messages m JOIN businesses USING (business_id)
        """
    )
    await connection.execute("ANALYZE")
    return connection


async def _plan(connection: asyncpg.Connection, statement: str) -> dict[str, Any]:
    """The plan that the hot path gets: generic, whatever the values."""
    await connection.execute("SET plan_cache_mode = force_generic_plan")
    await connection.execute(f"PREPARE asked AS {statement}")
    try:
        number = await connection.fetchval(
            "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'asked'"
        )
        values = ", ".join(["NULL"] * number)
        given = f"({values})" if number else ""
        text = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE asked{given}")
    finally:
        await connection.execute("DEALLOCATE asked")
    plan: dict[str, Any] = orjson.loads(text)[0]["Plan"]
    return plan


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in _nodes(child))]


async def _settings(connection: asyncpg.Connection) -> None:
    for name, value in HOT_PATH_SETTINGS.items():
        await connection.execute("SELECT set_config($1, $2, false)", name, value)


def _large(relation: str) -> bool:
    return relation.split("_p_", maxsplit=1)[0] in LARGE


async def test_every_statement_finds_its_rows_by_index(filled: asyncpg.Connection) -> None:
    await _settings(filled)
    for name, statement in STATEMENTS.items():
        nodes = _nodes(await _plan(filled, statement))
        whole = [node["Relation Name"] for node in nodes if _large(_sequential(node))]
        assert whole == [], name
        for node in nodes:
            if "Index Name" not in node or name in LEAPING or _is_small(node):
                continue
            # By the business alone it would read everything that the business ever sent.
            narrowed_by = set(re.findall(r"\((\w+) [=<>]", node.get("Index Cond", "")))
            if name == "FOLLOW_LINKS":
                # Of the link nothing else is known; of its message, which is marked, both.
                assert narrowed_by in ({"code"}, {"business_id", "id"})
                continue
            if name == "NAMED_BY_CLICKS" and "link_clicks" in node["Index Name"]:
                assert narrowed_by == {"id"}, "of the click nothing else is known; a business's own it must be, too"
                continue
            assert len(narrowed_by) >= 2, (name, node["Index Name"], node.get("Index Cond"))
            assert "business_id" in narrowed_by, (name, node["Index Name"])


async def test_deliveries_that_are_named_are_found_by_name_however_few_are_thought_to_be_pending(
    world: World, connection: asyncpg.Connection
) -> None:
    """Of a table of which nothing is known; nor is it known at once when a shop stays away that has many."""
    await _settings(connection)
    for name in ("TAKE", "DELIVERED", "FAILED", "NEXT_OF_CONTACTS", "FIRST_OF_ALL"):
        changing = [
            child
            for node in _nodes(await _plan(connection, STATEMENTS[name]))
            if node["Node Type"] == "ModifyTable"
            for child in _nodes(node)
            if child.get("Relation Name") == "callback_deliveries" and child.get("Parent Relationship") == "Outer"
        ]
        assert any("event_id = ANY" in node.get("Index Cond", "") for node in changing), name


def _is_small(node: dict[str, Any]) -> bool:
    return any(table in node["Index Name"] for table in SMALL)


def _sequential(node: dict[str, Any]) -> str:
    found: str = node.get("Relation Name", "") if node["Node Type"] == "Seq Scan" else ""
    return found


async def test_busy_senders_costs_by_senders_not_by_messages(filled: asyncpg.Connection) -> None:
    await _settings(filled)
    text = await filled.fetchval(
        "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) " + STATEMENTS["BUSY_SENDERS"].replace("$1", "now()")
    )
    plan = orjson.loads(text)[0]["Plan"]
    assert plan["Actual Rows"] == 2
    read = [
        node["Actual Rows"] * node["Actual Loops"]
        for node in _nodes(plan)
        if _large(node.get("Relation Name", "")) and node["Node Type"] != "Modify Table"
    ]
    assert read
    assert sum(read) < 100, "of a thousand that wait"


async def test_claim_locks_only_what_it_takes(filled: asyncpg.Connection, world: World) -> None:
    await _settings(filled)
    now = datetime.now(UTC) + timedelta(minutes=1)
    business: UUID = world.business_id
    async with filled.transaction():
        waiting = await filled.fetchval(
            "SELECT count(*) FROM messages WHERE business_id = $1 AND due_at IS NOT NULL", business
        )
        await filled.execute("UPDATE senders SET throughput = 50, next_send_at = $1", now - timedelta(days=1))
        rows = await claims.claim(  # type: ignore[call-arg]
            filled,
            business,
            world.sender_id,
            now=now,
            most=3,
            lease_until=now,
            due_from=(now - timedelta(days=1),) * 3,
            probe_interval=timedelta(hours=1),
        )
        locked = await filled.fetchval("SELECT count(*) FROM messages WHERE xmax <> 0 OR lease_until IS NOT NULL")
    assert (len(rows), locked, waiting) == (3, 3, ROWS // 40)


async def test_contact_who_prefers_nothing_costs_a_claim_one_look_into_an_index(
    filled: asyncpg.Connection, world: World
) -> None:
    await _settings(filled)
    now = datetime.now(UTC) + timedelta(minutes=1)
    await filled.execute("DELETE FROM contact_preferences WHERE business_id = $1", world.business_id)
    await filled.execute("VACUUM ANALYZE contact_preferences")
    await filled.execute("UPDATE senders SET throughput = 1000, next_send_at = $1", now - timedelta(days=1))
    early = now - timedelta(days=1)
    text = await filled.fetchval(
        f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {claims.CLAIM}",
        world.business_id,
        world.sender_id,
        now,
        50,
        timedelta(milliseconds=100),
        now,
        early,
        timedelta(hours=1),
        early,
        early,
    )
    (looked,) = (
        node for node in _nodes(orjson.loads(text)[0]["Plan"]) if node.get("Relation Name") == "contact_preferences"
    )
    assert (looked["Node Type"], looked["Actual Loops"], looked["Actual Rows"]) == ("Index Scan", 50, 0)
    assert looked["Shared Hit Blocks"] + looked["Shared Read Blocks"] <= 2 * 50, "a page or two of the index, none else"
