"""The accounts that are compared at the end, besides what the backend was told: Ulak's own, and the sandbox's."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx

from tests.support.figures import RawMessage, raw_messages, recount
from tests.support.stack import Stack


@dataclass(frozen=True, slots=True)
class Held:
    """A message as Ulak holds it."""

    id: str
    reference: str
    event_type: str
    phone: str
    status: str
    reason: str | None
    due: bool
    accepted_calls: int
    """Attempts of which Ulak knows that Meta took them."""
    unconfirmed: int
    """How often its outcome was unknown."""
    resent: int
    """How often the window ended and it was sent again."""
    given_up: bool
    """The window ended and it was not."""
    receipts: frozenset[tuple[str, str]]
    """Status and Meta's id of each."""
    has_times: bool
    """When it was sent, delivered and read are all known."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What the sandbox has of one id of ours."""

    accepted: int
    wamids: tuple[str, ...]
    statuses: frozenset[str]


@dataclass(frozen=True, slots=True)
class Ulak:
    messages: tuple[Held, ...]
    shown: Mapping[str, tuple[str, str | None]]
    """Status and reason by message, as the API shows them."""
    kept_items: int
    """Webhook items that could not be used."""
    figures: Mapping[str, int] = field(default_factory=dict)
    """What became of messages, as the API counts them."""
    recounted: Mapping[str, int] = field(default_factory=dict)
    """The same, counted from receipts and calls as they are stored."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    taken: Mapping[str, Taken]
    by_recipient: Mapping[str, int]
    injected: Mapping[str, int]
    webhooks: Mapping[str, int]


_MESSAGES = """
    SELECT m.id, m.reference, m.event_type, m.recipient, m.status, m.reason, m.due_at IS NOT NULL AS due, m.decision,
           m.sent_at IS NOT NULL AND m.delivered_at IS NOT NULL AND m.read_at IS NOT NULL AS has_times,
           (SELECT count(*) FROM attempts a WHERE a.message_id = m.id AND a.outcome = 'accepted') AS accepted_calls,
           (SELECT coalesce(array_agg(r.status || ' ' || r.wamid), '{}') FROM receipts r WHERE r.message_id = m.id)
               AS receipts
      FROM messages m ORDER BY m.id
"""


def ask_ulak(stack: Stack) -> Ulak:
    rows, kept_items, raw = asyncio.run(_read(stack.database_url))
    figures = _figures(stack)
    recounted = recount(raw)
    return Ulak(
        tuple(_held(row) for row in rows),
        _shown(stack),
        kept_items,
        figures,
        {name: recounted[name] for name in figures},
    )


async def _read(url: str) -> tuple[list[asyncpg.Record], int, list[RawMessage]]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(_MESSAGES)
        kept_items = await connection.fetchval("SELECT count(*) FROM kept_webhook_items WHERE part = 'status'")
        business_ids = await connection.fetch("SELECT DISTINCT business_id FROM messages")
        raw = [one for row in business_ids for one in await raw_messages(connection, row["business_id"])]
        return rows, kept_items, raw
    finally:
        await connection.close()


def _figures(stack: Stack) -> dict[str, int]:
    with stack.api as api:
        answer = api.get("/v1/analytics/delivery").raise_for_status().json()
    found: dict[str, int] = answer["totals"]
    return found


def _held(row: asyncpg.Record) -> Held:
    verdicts = Counter(rule["verdict"] for rule in json.loads(row["decision"]) if rule["rule"] == "unconfirmed")
    return Held(
        id=f"msg_{row['id'].hex}",
        reference=row["reference"],
        event_type=row["event_type"],
        phone=row["recipient"],
        status=row["status"],
        reason=row["reason"],
        due=row["due"],
        accepted_calls=row["accepted_calls"],
        unconfirmed=verdicts["wait"],
        resent=verdicts["resend"],
        given_up=verdicts["fail"] > 0,
        receipts=frozenset((status, wamid) for status, wamid in (one.split(" ") for one in row["receipts"])),
        has_times=row["has_times"],
    )


def _shown(stack: Stack) -> dict[str, tuple[str, str | None]]:
    shown: dict[str, tuple[str, str | None]] = {}
    cursor: str | None = None
    with stack.api as api:
        while True:
            query: dict[str, Any] = {"limit": 200} | ({"cursor": cursor} if cursor else {})
            page = api.get("/v1/messages", params=query).raise_for_status().json()
            shown |= {one["id"]: (one["status"], one["reason"]) for one in page["messages"]}
            cursor = page["next_cursor"]
            if cursor is None:
                return shown


def ask_sandbox(stack: Stack) -> Sandbox:
    with stack.sandbox as sandbox:
        tally = sandbox.get("/control/tally").json()["data"]
        counts = sandbox.get("/control/messages", params={"limit": 0}).json()["counts"]
        injected = sandbox.get("/control/faults").json()["counts"]
        webhooks = _health(sandbox)["webhooks"]
    taken = {
        key: Taken(one["accepted"], tuple(one["wamids"]), frozenset(one["statuses"])) for key, one in tally.items()
    }
    return Sandbox(taken, counts, injected, webhooks)


def unsettled(stack: Stack) -> Counter[str]:
    """Whatever still moves: messages that are not at their end, and what the sandbox has not reported."""
    with stack.sandbox as sandbox:
        health = _health(sandbox)
    moving = Counter({"sandbox jobs": health["jobs"], "webhooks": health["webhooks"]["pending"]})
    moving += Counter({row["status"]: row["count"] for row in asyncio.run(_moving(stack.database_url))})
    return +moving


_MOVING = """
    SELECT 'figures to be counted' AS status, count(*) FROM figure_marks HAVING count(*) > 0
    UNION ALL
    SELECT status, count(*) FROM messages
     WHERE due_at IS NOT NULL OR status NOT IN ('read', 'failed', 'suppressed', 'expired', 'canceled') GROUP BY status
"""


async def _moving(url: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(_MOVING)
    finally:
        await connection.close()


def _health(sandbox: httpx.Client) -> dict[str, Any]:
    health: dict[str, Any] = sandbox.get("/healthz").raise_for_status().json()
    return health
