"""Counting anew: slots from messages, replies and clicks, and days from slots. All of it in the caller's snapshot.

What is counted of a message is told by its row: receipts have filled its times (read implies delivered implies sent,
see `messages.statements.receipts`). One look at the messages serves three tables: it groups them as finely as any of
them does, and each sums up what it does not tell apart.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from app.analytics.buckets import SLOT
from app.core.database import Connection

COUNTS = (
    "messages", "waiting", "unconfirmed", "accepted", "sent", "delivered", "read", "tried", "failed", "suppressed",
    "canceled", "expired", "replied", "replies", "tapped", "taps", "clicked", "clicks", "opted_out", "read_within_1m",
    "read_within_5m", "read_within_15m", "read_within_1h", "read_within_6h", "read_within_24h", "read_seconds",
)  # fmt: skip
"""The columns of `figures` that are sums."""

STEPS = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600, "6h": 21600, "24h": 86400}
"""By name, the seconds within which it is counted that messages were read."""

DIMENSIONS = ("sender_id", "event_type", "template_name", "language", "experiment_id", "arm")

ENDS = ("status", "code", "reason")
PRICES = ("category", "price_type", "country")

TABLES = {"figures": (), "figure_ends": ENDS, "figure_prices": PRICES}
"""By table, what its rows are told apart by beside the dimensions."""

_MODES = ["live", "test"]
_LONG = 600
"""Seconds that a statement may take which counts a slot of a great many messages."""

_ACCEPTED = (
    "(m.accepted_at IS NOT NULL OR m.sent_at IS NOT NULL OR m.status IN ('accepted', 'sent', 'delivered', 'read'))"
)
_TO_READ = "greatest(extract(epoch FROM m.read_at - m.sent_at), 0)"
_IS_END = "m.status IN ('failed', 'suppressed', 'canceled', 'expired')"


def _when(condition: str) -> str:
    return f"count(*) FILTER (WHERE {condition})"


_COUNTED = {
    "messages": "count(*)",
    "waiting": _when("m.status IN ('scheduled', 'queued', 'sending')"),
    "unconfirmed": _when("m.status = 'unconfirmed'"),
    "accepted": _when(_ACCEPTED),
    "sent": _when("m.sent_at IS NOT NULL"),
    "delivered": _when("m.delivered_at IS NOT NULL"),
    "read": _when("m.read_at IS NOT NULL"),
    "tried": _when(f"{_ACCEPTED} OR m.status = 'failed'"),
    "failed": _when("m.status = 'failed'"),
    "suppressed": _when("m.status = 'suppressed'"),
    "canceled": _when("m.status = 'canceled'"),
    "expired": _when("m.status = 'expired'"),
    "replied": "count(m.replies)",
    "replies": "coalesce(sum(m.replies), 0)",
    "tapped": _when("m.taps > 0"),
    "taps": "coalesce(sum(m.taps), 0)",
    "clicked": "count(m.clicks)",
    "clicks": "coalesce(sum(m.clicks), 0)",
    "opted_out": _when("m.opt_outs > 0"),
    **{
        f"read_within_{name}": _when(f"m.read_at IS NOT NULL AND {_TO_READ} <= {seconds}")
        for name, seconds in STEPS.items()
    },
    "read_seconds": f"coalesce(sum(round({_TO_READ})), 0)",
}

_TOLD_APART = {
    "mode": "m.mode",
    "sender_id": "m.sender_id",
    "event_type": "m.event_type",
    "template_name": "m.template_name",
    "language": "m.language",
    "experiment_id": "m.experiment_id",
    "arm": "m.arm",
    "status": f"CASE WHEN {_IS_END} THEN m.status END",
    "said": f"CASE WHEN m.status = 'failed' THEN m.failure ->> 'code' WHEN {_IS_END} THEN m.reason END",
    "category": "m.price_category",
    "price_type": "CASE WHEN m.price_category IS NOT NULL THEN m.price_type END",
    "country": "CASE WHEN m.price_category IS NOT NULL THEN m.country END",
}

_REPLIES = """SELECT r.message_id, count(*) AS replies,
               count(*) FILTER (WHERE r.type IN ('button', 'interactive')) AS taps,
               count(*) FILTER (WHERE r.kind = 'opt_out') AS opt_outs
          FROM replies r
         WHERE r.business_id = $1 AND r.changes_wamid IS NULL"""
_CLICKS = "SELECT c.message_id, count(*) AS clicks FROM link_clicks c WHERE c.business_id = $1"
_ARMS = "SELECT x.message_id, x.experiment_id, x.arm FROM experiment_messages x WHERE x.business_id = $1"
_MINE = """SELECT m.id, m.send_at, m.mode, m.sender_id, m.event_type, m.template_name, m.language, m.status, m.reason,
               m.failure, m.accepted_at, m.sent_at, m.delivered_at, m.read_at, m.price_category, m.price_type,
               m.country, r.replies, r.taps, r.opt_outs, c.clicks, x.experiment_id, x.arm
          FROM messages m"""


def _within(column: str) -> str:
    return f"{column} >= ulak_first_id($2) AND {column} < ulak_first_id($3)"


# Those whose ids are of the time, and those that were to be sent in it and have older ids: nobody is in both. What
# belongs to the former is found by its range of ids, too, of the latter, which are few, one by one.
_MESSAGES = f"""
        {_MINE}
          LEFT JOIN ({_REPLIES} AND {_within("r.message_id")} GROUP BY 1) r ON r.message_id = m.id
          LEFT JOIN ({_CLICKS} AND {_within("c.message_id")} GROUP BY 1) c ON c.message_id = m.id
          LEFT JOIN ({_ARMS} AND {_within("x.message_id")}) x ON x.message_id = m.id
         WHERE m.business_id = $1 AND {_within("m.id")} AND (m.send_at IS NULL OR m.send_at < $3)
        UNION ALL
        {_MINE}
          LEFT JOIN LATERAL ({_REPLIES} AND r.message_id = m.id GROUP BY 1) r ON true
          LEFT JOIN LATERAL ({_CLICKS} AND c.message_id = m.id GROUP BY 1) c ON true
          LEFT JOIN LATERAL ({_ARMS} AND x.message_id = m.id) x ON true
         WHERE m.business_id = $1 AND m.send_at IS NOT NULL AND m.send_at >= $2 AND m.send_at < $3
           AND m.id < ulak_first_id($2)"""

_IS_CODE = "said ~ '^[0-9]{1,18}$'"
_SHOWN = {"code": f"CASE WHEN {_IS_CODE} THEN said::bigint END", "reason": f"CASE WHEN NOT {_IS_CODE} THEN said END"}
"""What stands in a table, where it is not the name of what was told apart: Meta's code, or our reason."""

_COUNTED_OF = {"figures": "true", "figure_ends": "status IS NOT NULL", "figure_prices": "category IS NOT NULL"}


def _sums(table: str) -> Sequence[str]:
    return COUNTS if table == "figures" else ("messages",)


def _stored(table: str) -> str:
    """From what was grouped finest."""
    told_apart = (*DIMENSIONS, *TABLES[table])
    shown = [_SHOWN.get(name, name) for name in told_apart]
    sums = _sums(table)
    return f"""
        INSERT INTO {table} (business_id, mode, span, starts_at, number, {", ".join((*told_apart, *sums))})
        SELECT $1, mode, 'slot', slot, row_number() OVER (PARTITION BY slot, mode ORDER BY {", ".join(shown)}),
               {", ".join(shown)}, {", ".join(f"sum({name})" for name in sums)}
          FROM finest WHERE {_COUNTED_OF[table]}
         GROUP BY slot, mode, {", ".join(shown)}"""  # noqa: S608 - constants


_COLUMNS = {"slot": "ulak_slot(m.id, m.send_at)", **_TOLD_APART, **_COUNTED}

COUNT = f"""
    WITH mine AS ({_MESSAGES}),
    finest AS MATERIALIZED (
        SELECT {", ".join(f"{sql} AS {name}" for name, sql in _COLUMNS.items())}
          FROM mine m
         GROUP BY {", ".join(str(place) for place in range(1, len(_TOLD_APART) + 2))}),
    {", ".join(f"of_{table} AS ({_stored(table)})" for table in TABLES)}
    SELECT slot, sum(messages) AS messages FROM finest GROUP BY slot
"""  # noqa: S608 - constants
"""$1 business, $2 and $3 from when to when: whole slots."""

KEPT = """
    SELECT f.starts_at, sum(f.messages) AS messages FROM figures f
     WHERE f.business_id = $1 AND f.mode = ANY($2::text[]) AND f.span = 'slot' AND f.starts_at = ANY($3::timestamptz[])
     GROUP BY 1
"""


async def kept(connection: Connection, business_id: UUID, slots: Sequence[datetime]) -> dict[datetime, int]:
    """How many messages were counted of each."""
    rows = await connection.fetch(KEPT, business_id, _MODES, list(slots))
    return {row["starts_at"]: int(row["messages"]) for row in rows}


async def count_slots(
    connection: Connection, business_id: UUID, slots: Sequence[datetime], before: Mapping[datetime, int]
) -> list[datetime]:
    """Answers those that were counted. A slot of which fewer messages are left than were counted `before` is one of a
    month that was dropped: what was counted of it stays."""
    dropped: set[datetime] = set()
    while True:
        attempt = connection.transaction()
        await attempt.start()
        left = await _count(connection, business_id, [slot for slot in slots if slot not in dropped])
        fewer = {slot for slot in slots if slot not in dropped and left.get(slot, 0) < before.get(slot, 0)}
        if not fewer:
            await attempt.commit()
            return [slot for slot in slots if slot not in dropped]
        await attempt.rollback()
        dropped |= fewer


async def _count(connection: Connection, business_id: UUID, slots: Sequence[datetime]) -> dict[datetime, int]:
    for table in TABLES:
        await _replace(connection, table, business_id, "slot", slots)
    left: dict[datetime, int] = {}
    for since, until in _runs(slots):
        for row in await connection.fetch(COUNT, business_id, since, until, timeout=_LONG):
            left[row["slot"]] = int(row["messages"])
    return left


async def sum_days(connection: Connection, business_id: UUID, days: Sequence[tuple[datetime, datetime]]) -> None:
    """From their slots; each day from its beginning to its end."""
    starts, ends = [start for start, _ in days], [end for _, end in days]
    for name in TABLES:
        await _replace(connection, name, business_id, "day", starts)
        await connection.execute(_SUMS[name], business_id, _MODES, starts, ends, timeout=_LONG)


async def forget_days(connection: Connection, business_id: UUID) -> None:
    for name in TABLES:
        await connection.execute(
            f"DELETE FROM {name} WHERE business_id = $1 AND mode = ANY($2::text[]) AND span = 'day'",  # noqa: S608 - constants
            business_id,
            _MODES,
            timeout=_LONG,
        )


async def _replace(
    connection: Connection, table: str, business_id: UUID, span: str, starts: Sequence[datetime]
) -> None:
    await connection.execute(
        f"DELETE FROM {table} WHERE business_id = $1 AND mode = ANY($2::text[]) AND span = $3 "  # noqa: S608 - constants
        "AND starts_at = ANY($4::timestamptz[])",
        business_id,
        _MODES,
        span,
        list(starts),
        timeout=_LONG,
    )


def _sum(table: str) -> str:
    told_apart = ", ".join((*DIMENSIONS, *TABLES[table]))
    sums = _sums(table)
    return f"""
        INSERT INTO {table} (business_id, mode, span, starts_at, number, {told_apart}, {", ".join(sums)})
        SELECT $1, f.mode, 'day', d.start,
               row_number() OVER (PARTITION BY f.mode, d.start ORDER BY {told_apart}), {told_apart},
               {", ".join(f"sum(f.{name})" for name in sums)}
          FROM unnest($3::timestamptz[], $4::timestamptz[]) AS d(start, until)
          JOIN {table} f ON f.business_id = $1 AND f.mode = ANY($2::text[]) AND f.span = 'slot'
                        AND f.starts_at >= d.start AND f.starts_at < d.until
         GROUP BY f.mode, d.start, {told_apart}
    """  # noqa: S608 - constants


_SUMS = {table: _sum(table) for table in TABLES}


def _runs(slots: Sequence[datetime]) -> Iterator[tuple[datetime, datetime]]:
    """Slots that follow each other as one."""
    since = until = None
    for slot in sorted(slots):
        if since is not None and until is not None and slot != until:
            yield since, until
            since = None
        since, until = since or slot, slot + SLOT
    if since is not None and until is not None:
        yield since, until
