"""What Meta's answers do to a sender: slower after "too fast", paused when nothing of it can go out, and back again.

A pause raises an alert, in the same transaction; while it lasts the sender's messages wait or expire. Where the
obstacle may lift by itself, one message now and then is let through as a probe, and ends the pause when it is sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import structlog
from prometheus_client import Counter

from app.accounts.alerts import PERSON, tell_alert
from app.accounts.directory import CHANNEL
from app.accounts.pace import DECREASE, SETTLING, SLOWEST, rate_at
from app.core.database import Connection
from app.core.ids import new_id, public_id
from app.whatsapp.errors import describe

log = structlog.get_logger(__name__)

PAUSES = Counter("ulak_sender_pauses_total", "Senders paused after an error of Meta's.", ["error_class", "code"])
RESUMPTIONS = Counter("ulak_sender_resumptions_total", "Pauses that ended.", ["resolution"])
SLOWDOWNS = Counter("ulak_sender_slowdowns_total", "Rates halved after Meta said that a sender was too fast.")

Resolution = Literal["person", "credentials", "probe"]

THROTTLE = f"""
    UPDATE senders s
       SET throttled_rate = greatest({SLOWEST}, {rate_at("$3::timestamptz")} * {DECREASE}),
           throttled_at = $3::timestamptz,
           next_send_at = greatest(s.next_send_at, $3::timestamptz + $4::interval)
     WHERE s.business_id = $1 AND s.id = $2
       AND coalesce(s.throttled_at <= $3::timestamptz - $5::interval, true)
    RETURNING s.throttled_rate
"""  # noqa: S608 - constants

PAUSE = """
    UPDATE senders s
       SET paused_at = coalesce(s.paused_at, $3::timestamptz),
           paused_by = CASE WHEN $4 = 'person' THEN 'person' ELSE coalesce(s.paused_by, $4) END,
           probe_at = CASE WHEN s.paused_at IS NULL OR s.probe_at IS NOT NULL THEN $5::timestamptz END
      FROM (SELECT id, paused_at FROM senders WHERE business_id = $1 AND id = $2 FOR UPDATE) AS before
     WHERE s.business_id = $1 AND s.id = before.id AND ($4 = 'person' OR coalesce(s.resumed_at < $6::timestamptz, true))
    RETURNING before.paused_at IS NULL AS is_new, s.mode
"""
"""$5 when to probe, or null: then nothing but a person ends the pause, whatever else comes. $6 when what it is about
happened: what was mended since is not paused for again."""

_ALERT = (
    "id", "sender_id", "kind", "code", "details", "occurrences", "raised_at", "last_seen_at", "resolved_at",
    "resolution",
)  # fmt: skip

RAISE = f"""
    INSERT INTO alerts AS a (business_id, id, sender_id, kind, code, details, raised_at, last_seen_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
    ON CONFLICT (business_id, sender_id, kind, code) WHERE resolved_at IS NULL
    DO UPDATE SET occurrences = a.occurrences + 1, last_seen_at = excluded.last_seen_at,
                  details = coalesce(excluded.details, a.details)
    RETURNING {", ".join(_ALERT)}
"""  # noqa: S608 - constants

RESUME = f"""
    WITH resumed AS (
        UPDATE senders s
           SET paused_at = NULL, paused_by = NULL, probe_at = NULL, probe_id = NULL, resumed_at = $3::timestamptz
         WHERE s.business_id = $1 AND s.id = $2 AND s.paused_at IS NOT NULL
           AND ($4 = 'person' OR s.paused_by = 'meta')
           AND ($4 <> 'probe' OR s.probe_at IS NOT NULL AND s.probe_id = ANY($5::uuid[]))
        RETURNING s.id, s.mode),
    resolved AS (
        UPDATE alerts a SET resolved_at = $3::timestamptz, resolution = $4
          FROM resumed WHERE a.business_id = $1 AND a.sender_id = resumed.id AND a.resolved_at IS NULL
        RETURNING a.*)
    SELECT resumed.mode, {", ".join(f"resolved.{name}" for name in _ALERT)} FROM resumed LEFT JOIN resolved ON true
     ORDER BY resolved.id
"""  # noqa: S608 - constants

ANNOUNCE = "SELECT pg_notify($1, $2)"


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error of Meta's that says something of the sender and not of the message."""

    business_id: UUID
    sender_id: UUID
    code: int
    details: str | None
    at: datetime
    """When it happened: the call's beginning, or the time that Meta reports."""


async def throttle(
    connection: Connection, business_id: UUID, sender_id: UUID, *, now: datetime, wait: timedelta
) -> None:
    """Halves the rate, once for all that was under way together, and waits before the next message."""
    rate = await connection.fetchval(THROTTLE, business_id, sender_id, now, wait, SETTLING)
    if rate is not None:
        SLOWDOWNS.inc()
        log.warning("sender slowed", sender=public_id("snd", sender_id), rate=round(rate, 1))


async def pause(connection: Connection, trouble: Trouble, *, now: datetime, probe_interval: timedelta) -> None:
    """Within the caller's transaction. Meta's error pauses; that it came again is noted in the alert."""
    entry = describe(trouble.code)
    probe_at = now + probe_interval if entry.may_lift else None
    row = await connection.fetchrow(PAUSE, trouble.business_id, trouble.sender_id, now, "meta", probe_at, trouble.at)
    if row is None:
        return
    await _raise(
        connection, trouble.business_id, trouble.sender_id, row["mode"], trouble.code, trouble.details, now=now
    )
    if row["is_new"]:
        await connection.execute(ANNOUNCE, CHANNEL, str(trouble.business_id))
        PAUSES.labels(entry.error_class, trouble.code).inc()
        log.error(
            "sender paused",
            sender=public_id("snd", trouble.sender_id),
            code=trouble.code,
            error_class=entry.error_class,
            meaning=entry.meaning,
            next_step=entry.next_step,
        )


async def pause_by_hand(
    connection: Connection, business_id: UUID, sender_id: UUID, *, now: datetime, details: str | None
) -> None:
    """Until a person resumes it: a probe is no business of ours then."""
    row = await connection.fetchrow(PAUSE, business_id, sender_id, now, "person", None, now)
    if row is not None:
        await _raise(connection, business_id, sender_id, row["mode"], PERSON, details, now=now)
        await connection.execute(ANNOUNCE, CHANNEL, str(business_id))
        log.warning("sender paused by a person", sender=public_id("snd", sender_id))


async def _raise(
    connection: Connection,
    business_id: UUID,
    sender_id: UUID,
    mode: str,
    code: int,
    details: str | None,
    *,
    now: datetime,
) -> None:
    """The business is told of a new alert; that the same came again stands in it."""
    (raised,) = await connection.fetch(RAISE, business_id, new_id(), sender_id, "sender_paused", code, details, now)
    if raised["occurrences"] == 1:
        await tell_alert(connection, business_id, mode, dict(raised), "opened", now)


async def resume(
    connection: Connection,
    business_id: UUID,
    sender_id: UUID,
    *,
    now: datetime,
    resolution: Resolution,
    reached: Sequence[UUID] = (),
) -> bool:
    """Ends the pause and its alerts; false where there was none that this could end.

    Only a person ends a person's pause. A probe does when it is among the messages that `reached` their customers: that
    Meta accepts a message says nothing of a bill, which it may ask for later.
    """
    rows = await connection.fetch(RESUME, business_id, sender_id, now, resolution, list(reached))
    if not rows:
        return False
    for row in rows:
        if row["id"] is not None:
            await tell_alert(connection, business_id, row["mode"], dict(row), "resolved", now)
    await connection.execute(ANNOUNCE, CHANNEL, str(business_id))
    RESUMPTIONS.labels(resolution).inc()
    log.warning("sender resumed", sender=public_id("snd", sender_id), resolution=resolution)
    return True
