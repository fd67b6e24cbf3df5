"""Opt-outs in the middle of sending: what leaves after them, counted by what the database itself says of the order."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from tests.chaos import accounts
from tests.support.driving import numbered_phone
from tests.support.stack import Stack, running_stack, wait_for
from tests.support.world import order_confirmed

_BATCH = 1000
_MUCH = "1000000"

_WATCH = """
    CREATE TABLE moves (
        message_id uuid, contact_id uuid, claimed boolean, xid xid8 DEFAULT pg_current_xact_id(),
        snapshot pg_snapshot DEFAULT pg_current_snapshot());
    CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO moves (message_id, contact_id, claimed) VALUES (NEW.id, NEW.contact_id, NEW.status = 'sending');
            RETURN NULL;
        END $$;
    CREATE TRIGGER watch AFTER UPDATE OF status ON messages FOR EACH ROW
        WHEN ((OLD.status = 'sending') <> (NEW.status = 'sending')) EXECUTE FUNCTION watch();
"""
"""Which transaction took a message to send it, what that had seen, and which recorded what came of it. One that took it
and ended it itself, since its customer had left, claimed nothing: that is what asking once more is for."""

_COUNTED = """
    WITH silence AS (
        SELECT contact_id, transaction::text::xid8 AS xid,
               pg_xact_commit_timestamp(transaction::text::xid8::xid) AS at
          FROM callback_events
         WHERE type = 'consent.changed' AND data -> 'acts' -> 0 ->> 'act' = 'opt_out'),
    claims AS (
        SELECT m.message_id, m.contact_id, silence.at AS silenced_at, pg_xact_commit_timestamp(m.xid::xid) AS at,
               pg_visible_in_snapshot(silence.xid, m.snapshot) AS had_seen_it,
               (SELECT min(pg_xact_commit_timestamp(r.xid::xid)) FROM moves r
                 WHERE r.message_id = m.message_id AND NOT r.claimed) AS recorded_at
          FROM moves m JOIN silence USING (contact_id)
         WHERE m.claimed AND NOT EXISTS (
            SELECT FROM moves s WHERE s.message_id = m.message_id AND s.xid = m.xid AND NOT s.claimed))
    SELECT c.phone, s.at AS silenced_at,
           (SELECT count(*) FROM claims WHERE contact_id = c.id AND at <= silenced_at) AS before,
           (SELECT count(*) FROM claims WHERE contact_id = c.id AND (had_seen_it OR at > silenced_at)) AS after,
           (SELECT count(*) FROM claims
             WHERE contact_id = c.id AND at <= silenced_at
               AND coalesce(recorded_at > silenced_at, true)) AS on_the_wire,
           (SELECT count(*) FROM messages m WHERE m.contact_id = c.id AND m.status = 'suppressed') AS suppressed,
           (SELECT count(*) FROM messages m WHERE m.contact_id = c.id) AS messages,
           (SELECT max(a.started_at) FROM attempts a JOIN messages m ON m.id = a.message_id
             WHERE m.contact_id = c.id) AS last_call_at
      FROM contacts c JOIN silence s ON s.contact_id = c.id
"""


_TOTALS = "SELECT count(*) AS messages, count(*) FILTER (WHERE status <> 'suppressed') AS sent FROM messages"

PATIENCE = 300.0


@dataclass(frozen=True, slots=True)
class Silence:
    """One opt-out, by its contact."""

    phone: str
    messages: int
    suppressed: int
    claimed_before: int
    claimed_after: int
    """By claims that were committed after the opt-out, or had seen it."""
    on_the_wire: int
    """Claimed before it, and their outcome not recorded at its commit."""
    answered_in: float
    """Seconds from the request to its 200."""
    silent_in: float
    """Seconds from the request to the last call to Meta for this contact; nought where that was before it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    silences: tuple[Silence, ...]
    sent: int
    """Messages that left, of all contacts."""
    messages: int
    per_second: float
    """Messages sent while the opt-outs came."""
    taken: frozenset[str]
    """What the sandbox took, by our ids."""


@contextlib.contextmanager
def sending_stack(directory: Path, *, workers: int, throughput: int) -> Iterator[Stack]:
    """Where nothing but the number's pace keeps messages back, and the database says when each transaction ended."""
    with running_stack(
        directory,
        throughput=throughput,
        workers=workers,
        postgres_options={"track_commit_timestamp": "on"},
        ULAK_PAIR_INTERVAL="PT0S",
        ULAK_SANDBOX_SENT_DELAY="3600",
        ULAK_SANDBOX_DELIVERED_DELAY="3600",
        ULAK_SANDBOX_READ_DELAY="3600",
        ULAK_SANDBOX_MAGIC_PATTERN="",
        ULAK_SANDBOX_FAULTS__THROUGHPUT=_MUCH,
        ULAK_SANDBOX_FAULTS__PAIR_INTERVAL="0",
    ) as stack:
        stack.settle_in()
        yield stack


def silence(stack: Stack, *, messages: int, contacts: int, opt_outs: int) -> Outcome:
    """Lets that many messages wait, spread over the contacts, sends them, and lets some contacts leave meanwhile, one
    after another, while events about them go on coming in."""
    phones = [numbered_phone(number) for number in range(contacts)]
    leaving = phones[:: max(1, contacts // opt_outs)][:opt_outs]
    with contextlib.closing(Database(stack.database_url)) as database, stack.api as api:
        database.run(_WATCH)
        for phone in phones:
            stack.opt_in(api, phone)
        (sender,) = api.get("/v1/senders").raise_for_status().json()["senders"]
        api.post(f"/v1/senders/{sender['id']}/pause").raise_for_status()
        for first in range(0, messages, _BATCH):
            report(api, [phones[number % contacts] for number in range(first, min(first + _BATCH, messages))])
        api.post(f"/v1/senders/{sender['id']}/resume").raise_for_status()
        asked, per_second = _leave(stack, database, leaving, messages=messages)
        wait_for("everything to have been sent or suppressed", database.is_done, patience=PATIENCE)
        rows = database.fetch(_COUNTED)
        (totals,) = database.fetch(_TOTALS)
    return Outcome(
        tuple(_silence(row, *asked[row["phone"]]) for row in rows),
        totals["sent"],
        totals["messages"],
        per_second,
        frozenset(accounts.ask_sandbox(stack).taken),
    )


def _silence(row: asyncpg.Record, asked_at: float, answered_at: float) -> Silence:
    last_call_at = row["last_call_at"].timestamp() if row["last_call_at"] is not None else asked_at
    return Silence(
        phone=row["phone"],
        messages=row["messages"],
        suppressed=row["suppressed"],
        claimed_before=row["before"],
        claimed_after=row["after"],
        on_the_wire=row["on_the_wire"],
        answered_in=answered_at - asked_at,
        silent_in=max(0.0, last_call_at - asked_at),
    )


def report(api: httpx.Client, phones: Sequence[str]) -> None:
    events: list[dict[str, Any]] = [{"type": "order-confirmed", **order_confirmed(phone)} for phone in phones]
    answer = api.post("/v1/events", json={"events": events}).raise_for_status().json()
    assert answer["accepted"] == len(events)


def _leave(
    stack: Stack, database: "Database", leaving: Sequence[str], *, messages: int
) -> tuple[dict[str, tuple[float, float]], float]:
    """When each was asked for and answered, and how fast messages left meanwhile."""
    asked: dict[str, tuple[float, float]] = {}
    stop = threading.Event()

    def go_on_reporting() -> None:
        with stack.api as api:
            while not stop.wait(0.2):
                report(api, leaving)

    reporting = threading.Thread(target=go_on_reporting)
    with stack.api as api:
        wait_for("the sending to be under way", lambda: database.sent() > messages // 10, patience=PATIENCE)
        reporting.start()
        try:
            began_at, began_with = time.time(), database.sent()
            for number, phone in enumerate(leaving, 1):
                reached = messages // 10 + number * messages // (2 * len(leaving))
                wait_for("more to be sent", lambda reached=reached: database.sent() > reached, patience=PATIENCE)
                asked_at = time.time()
                answer = api.put(f"/v1/contacts/{phone}/consent", json={"act": "opt_out", "source": "website_modal"})
                asked[phone] = (asked_at, time.time())
                assert answer.is_success, answer.text
            per_second = (database.sent() - began_with) / (time.time() - began_at)
        finally:
            stop.set()
            reporting.join()
    return asked, per_second


class Database:
    """To be asked often, on one connection."""

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self._connection: asyncpg.Connection = self._runner.run(asyncpg.connect(url))

    def run(self, script: str) -> None:
        self._runner.run(self._connection.execute(script))

    def fetch(self, query: str) -> list[asyncpg.Record]:
        return self._runner.run(self._connection.fetch(query))

    def sent(self) -> int:
        """How many messages were taken to be sent."""
        return int(self.fetch("SELECT count(*) FROM moves WHERE claimed")[0][0])

    def is_done(self) -> bool:
        return not self.fetch("SELECT FROM messages WHERE status IN ('scheduled', 'queued', 'sending') LIMIT 1")

    def close(self) -> None:
        self._runner.run(self._connection.close())
        self._runner.close()
