"""Claims: which senders have work, the next messages of one of them, and what became of those that are not sent."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import asyncpg

from app.accounts.pace import rate_at
from app.core.marks import marking
from app.messages.statements.batch import Connection, columns_of
from app.messages.states import Status

WAITING_SENDERS = """
    WITH RECURSIVE waiting AS (
        (SELECT business_id, sender_id FROM messages WHERE due_at IS NOT NULL
          ORDER BY business_id, sender_id LIMIT 1)
        UNION ALL
        SELECT following.business_id, following.sender_id FROM waiting w, LATERAL (
            SELECT m.business_id, m.sender_id FROM messages m
             WHERE m.due_at IS NOT NULL AND (m.business_id, m.sender_id) > (w.business_id, w.sender_id)
             ORDER BY m.business_id, m.sender_id LIMIT 1) AS following)
    SELECT business_id, sender_id FROM waiting w"""
"""Senders of whom anything waits, now or later. Leaps through the index of what waits: its cost is that of the number
of senders, not of messages."""

BUSY_SENDERS = f"""{WAITING_SENDERS}
     WHERE NOT EXISTS (
        SELECT FROM senders s WHERE s.business_id = w.business_id AND s.id = w.sender_id
           AND s.paused_at IS NOT NULL AND coalesce(s.probe_at > $1::timestamptz, true))
       AND ({
    " OR ".join(
        f'''EXISTS (
        SELECT FROM messages m WHERE m.business_id = w.business_id AND m.sender_id = w.sender_id
           AND m.priority = {priority} AND m.due_at <= $1::timestamptz
           AND (m.lease_until IS NULL OR m.lease_until <= $1::timestamptz))'''
        for priority in (0, 1, 2)
    )
})
"""  # noqa: S608 - constants
"""Senders with something to do who may do it. $1 now."""


def _due(name: str, priority: int, due_from: str, limit: str) -> str:
    return f"""{name} AS (
        SELECT m.id, m.status FROM messages m
         WHERE m.business_id = $1 AND m.sender_id = $2 AND m.priority = {priority} AND m.due_at IS NOT NULL
           AND m.due_at BETWEEN {due_from}::timestamptz AND $3::timestamptz
           AND (m.lease_until IS NULL OR m.lease_until <= $3::timestamptz)
         ORDER BY m.due_at, m.id LIMIT {limit} FOR UPDATE SKIP LOCKED)"""  # noqa: S608 - constants


_ASTRAY = """c.successor_id IS NOT NULL
                     OR (c.ended_at IS NULL AND c.identified_at IS NOT NULL AND coalesce(c.phone, c.bsuid) IS NOT NULL
                         AND m.recipient <> ALL(ARRAY[coalesce(c.phone, ''), coalesce(c.bsuid, ''),
                                                      coalesce('+' || c.wa_id, ''), coalesce(c.parent_bsuid, '')]))"""
"""The message `m` is for another contact than `c`, or for another name of theirs: stored by who had looked the contact
up before it changed."""


def _take(lease_until: str) -> str:
    """Leases the rows of `due` and answers what is needed to send them, with the status that they had."""
    return f"""
    UPDATE messages m
       SET lease_until = {lease_until}, waiting_for = NULL,
           status = CASE WHEN due.status IN ('{Status.SCHEDULED}', '{Status.QUEUED}')
                         THEN '{Status.SENDING}' ELSE m.status END,
           attempt_count = m.attempt_count
                         + CASE WHEN due.status IN ('{Status.SCHEDULED}', '{Status.QUEUED}') THEN 1 ELSE 0 END
      FROM due
     WHERE m.business_id = $1 AND m.id = due.id
       AND m.id = ANY(ARRAY(SELECT id FROM due))
       AND m.id >= (SELECT id FROM due ORDER BY id LIMIT 1) AND m.id <= (SELECT id FROM due ORDER BY id DESC LIMIT 1)
    RETURNING m.id, m.due_at, m.reason, due.status AS was, m.contact_id, m.event_type, m.recipient, m.language,
              m.template_name, m.fill, m.expires_at, m.attempt_count, m.time_zone, m.wamid, m.accepted_at,
              m.priority, m.stop,
              (SELECT array_agg(c.topic || '=' || c.state) FROM consents c
                WHERE c.business_id = m.business_id AND c.contact_id = m.contact_id AND c.channel = 'whatsapp')
                AS consents,
              EXISTS (SELECT FROM contacts c WHERE c.business_id = m.business_id AND c.id = m.contact_id
                AND ({_ASTRAY})) AS astray,
              (SELECT p.preferences FROM contact_preferences p
                WHERE p.business_id = m.business_id AND p.contact_id = m.contact_id) AS preferences,
              CASE WHEN m.template_name IS NULL THEN
                  (SELECT w.expires_at FROM service_windows w
                    WHERE w.business_id = m.business_id AND w.sender_id = m.sender_id
                      AND w.contact_id = m.contact_id) END AS window_until"""  # noqa: S608 - constants


_PACE_WINDOW = timedelta(milliseconds=100)
"""How much unused pace may be made up for at once: the burst of the bucket, in time."""

_PACED_FROM = "greatest(s.next_send_at, $3::timestamptz - $5::interval)"
"""Of the row itself, not of a table beside it: of a row that another claim has changed meanwhile PostgreSQL reads only
the row anew (EvalPlanQual)."""

_LEFT = "coalesce((SELECT allowed FROM pace), 0) - (SELECT count(*) FROM critical)"

CLAIM = f"""
    WITH pace AS (
        SELECT {_PACED_FROM} AS from_at, {rate_at("$3::timestamptz")} AS rate, s.paused_at IS NOT NULL AS probe,
               CASE WHEN s.paused_at IS NOT NULL THEN least(1, $4::int)
                    ELSE least($4::int, floor(extract(epoch FROM $3::timestamptz - {_PACED_FROM})
                                              * {rate_at("$3::timestamptz")})::int + 1) END AS allowed
          FROM senders s
         WHERE s.business_id = $1 AND s.id = $2 AND s.next_send_at <= $3::timestamptz
           AND (s.paused_at IS NULL OR s.probe_at <= $3::timestamptz)
           FOR UPDATE OF s SKIP LOCKED),
    {_due("critical", 0, "$7", "coalesce((SELECT allowed FROM pace), 0)")},
    {_due("answers", 1, "$10", _LEFT)},
    {_due("normal", 2, "$9", f"{_LEFT} - (SELECT count(*) FROM answers)")},
    due AS (SELECT id, status FROM critical UNION ALL SELECT id, status FROM answers
             UNION ALL SELECT id, status FROM normal),
    paced AS (
        UPDATE senders s
           SET next_send_at = pace.from_at + (SELECT count(*) FROM due) * interval '1 second' / pace.rate,
               probe_at = CASE WHEN pace.probe THEN $3::timestamptz + $8::interval END,
               probe_id = CASE WHEN pace.probe THEN (SELECT id FROM due LIMIT 1) END
          FROM pace WHERE s.business_id = $1 AND s.id = $2 AND EXISTS (SELECT FROM due))
    {_take("$6::timestamptz")}
"""  # noqa: S608 - constants
"""One sender's next messages, as many as its pace allows; of a paused one a single message, as a probe.

$1 business, $2 sender, $3 now, $4 most, $5 burst, $6 end of the lease, $8 from one probe to the next, $7, $9 and $10
earliest due time to look at, of critical and of normal messages and of answers: what was claimed just now stays in the
index until it is vacuumed, and need not be walked over by every claim.

The sender's row is the token bucket: whoever holds it claims, others look elsewhere, so the pace is exact across
workers."""

CLAIM_OVERDUE = f"""
    WITH due AS (
        SELECT m.id, m.status FROM messages m
         WHERE m.business_id = $1 AND m.sender_id = $2 AND m.due_at IS NOT NULL AND m.due_at <= $3::timestamptz
           AND (m.lease_until IS NULL OR m.lease_until <= $3::timestamptz)
           AND (m.status IN ('{Status.SENDING}', '{Status.UNCONFIRMED}')
                OR m.status IN ('{Status.SCHEDULED}', '{Status.QUEUED}') AND m.expires_at <= $3::timestamptz)
         ORDER BY m.priority, m.due_at, m.id LIMIT $4::int FOR UPDATE SKIP LOCKED)
    {_take("$5::timestamptz")}
"""  # noqa: S608 - constants
"""What must be settled and will not be sent: it has expired, or nobody knows whether it left. Neither pace nor pause
holds it up, nor the queue before it, all of which is read.

$1 business, $2 sender, $3 now, $4 most, $5 end of the lease."""


async def busy_senders(connection: Connection, now: datetime) -> list[tuple[UUID, UUID]]:
    return [(row["business_id"], row["sender_id"]) for row in await connection.fetch(BUSY_SENDERS, now)]


async def waiting_senders(connection: Connection) -> list[tuple[UUID, UUID]]:
    return [(row["business_id"], row["sender_id"]) for row in await connection.fetch(WAITING_SENDERS)]


async def claim(
    connection: Connection,
    business_id: UUID,
    sender_id: UUID,
    *,
    now: datetime,
    most: int,
    lease_until: datetime,
    due_from: tuple[datetime, datetime, datetime],
    probe_interval: timedelta,
) -> list[asyncpg.Record]:
    """`due_from`: for critical messages, for answers and for normal messages."""
    critical_from, answers_from, normal_from = due_from
    return await connection.fetch(
        CLAIM,
        business_id,
        sender_id,
        now,
        most,
        _PACE_WINDOW,
        lease_until,
        critical_from,
        probe_interval,
        normal_from,
        answers_from,
    )


async def claim_overdue(
    connection: Connection, business_id: UUID, sender_id: UUID, *, now: datetime, most: int, lease_until: datetime
) -> list[asyncpg.Record]:
    return await connection.fetch(CLAIM_OVERDUE, business_id, sender_id, now, most, lease_until)


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a claimed message that is not being sent, decided while its row is locked."""

    id: UUID
    status: str
    reason: str | None
    waiting_for: str | None
    due_at: datetime | None
    failed_at: datetime | None
    uncount: bool
    """The attempt that the claim counted did not happen."""
    note: str | None
    """JSON array of verdicts to add to the decision."""
    failure: str | None


SETTLE = f"""
    WITH moved AS (
    UPDATE messages m
       SET status = i.status, reason = i.reason, waiting_for = i.waiting_for, due_at = i.due_at, lease_until = NULL,
           failed_at = coalesce(m.failed_at, i.failed_at), failure = coalesce(i.failure::json, m.failure),
           attempt_count = m.attempt_count - i.uncount::int,
           decision = m.decision || coalesce(i.note::jsonb, '[]'::jsonb)
      FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::bool[],
                  $9::text[], $10::text[])
        AS i(id, status, reason, waiting_for, due_at, failed_at, uncount, note, failure)
     WHERE m.business_id = $1 AND m.id = i.id
    RETURNING m.business_id, m.id, m.send_at)
    {marking("moved")}
"""  # noqa: S608 - constants

FOLLOW = """
    UPDATE messages m
       SET contact_id = now.id,
           recipient = CASE WHEN now.phone IS NULL AND now.bsuid IS NULL THEN m.recipient
                            ELSE coalesce(now.phone, now.bsuid) END
      FROM unnest($2::uuid[], $3::uuid[]) AS i(id, contact_id)
      JOIN contacts c ON c.business_id = $1 AND c.id = i.contact_id
      JOIN contacts now ON now.business_id = $1 AND now.id = coalesce(c.successor_id, c.id)
     WHERE m.business_id = $1 AND m.id = i.id
"""


async def follow(connection: Connection, business_id: UUID, rows: Sequence[asyncpg.Record]) -> None:
    """Brings claimed messages after contacts that changed while they were stored."""
    await connection.execute(FOLLOW, business_id, [row["id"] for row in rows], [row["contact_id"] for row in rows])


_SETTLED_FIELDS = [field.name for field in fields(Settled)]


_CROWD_MOST = 20_000


def _alike(name: str, priority: int) -> str:
    return f"""{name} AS (
        SELECT m.id, i.reason
          FROM messages m
          JOIN unnest($3::text[], $4::text[], $5::text[], $6::text[]) AS i(event_type, template_name, language, reason)
            ON m.event_type = i.event_type AND m.template_name = i.template_name AND m.language = i.language
         WHERE m.business_id = $1 AND m.sender_id = $2 AND m.priority = {priority} AND m.due_at IS NOT NULL
           AND m.due_at <= $7::timestamptz AND m.expires_at > $7::timestamptz
           AND m.status IN ('{Status.SCHEDULED}', '{Status.QUEUED}') AND m.lease_until IS NULL AND m.stop IS NULL
           AND NOT coalesce((SELECT true FROM contact_preferences p
                              WHERE p.business_id = m.business_id AND p.contact_id = m.contact_id), false)
         ORDER BY m.due_at, m.id LIMIT {_CROWD_MOST} FOR UPDATE OF m SKIP LOCKED)"""  # noqa: S608 - constants


HOLD_ALIKE = f"""
    WITH {_alike("critical", 0)},
    {_alike("normal", 2)},
    alike AS (SELECT id, reason FROM critical UNION ALL SELECT id, reason FROM normal)
    UPDATE messages m
       SET status = '{Status.QUEUED}', reason = alike.reason, waiting_for = 'template',
           due_at = least(m.expires_at, $7::timestamptz + $8::interval)
      FROM alike
     WHERE m.business_id = $1 AND m.id = alike.id
       AND m.id = ANY(ARRAY(SELECT id FROM alike))
       AND m.id >= (SELECT id FROM alike ORDER BY id LIMIT 1)
       AND m.id <= (SELECT id FROM alike ORDER BY id DESC LIMIT 1)
"""  # noqa: S608 - constants
"""Not those of customers with preferences, who may be told by another channel, whatever Meta thinks of a template. They
are asked for row by row, so that the planner has no way but by what is due."""


class Alike(Protocol):
    """What messages have in common that are held for the same reason."""

    @property
    def event_type(self) -> str: ...
    @property
    def template_name(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def settled(self) -> "Settled": ...


async def hold_alike(
    connection: Connection,
    business_id: UUID,
    sender_id: UUID,
    blocked: Sequence[Alike],
    now: datetime,
    held_for: timedelta,
) -> None:
    """Holds whatever else of the sender's is due and can go no more than these."""
    kinds = {(one.event_type, one.template_name, one.language): one.settled.reason for one in blocked}
    columns = [list(column) for column in zip(*kinds, strict=True)]
    await connection.execute(HOLD_ALIKE, business_id, sender_id, *columns, list(kinds.values()), now, held_for)


GIVE_BACK_PACE = f"""
    UPDATE senders s
       SET next_send_at = s.next_send_at - $3::int * interval '1 second' / {rate_at("$4::timestamptz")},
           probe_at = CASE WHEN s.probe_at IS NOT NULL THEN $4::timestamptz END
     WHERE s.business_id = $1 AND s.id = $2
"""  # noqa: S608 - constants


async def give_back_pace(
    connection: Connection, business_id: UUID, sender_id: UUID, messages: int, now: datetime
) -> None:
    """For messages that were claimed and not sent: what is held must not slow what can go, nor use up a probe."""
    await connection.execute(GIVE_BACK_PACE, business_id, sender_id, messages, now)


async def settle(connection: Connection, business_id: UUID, rows: Sequence[Settled]) -> None:
    await connection.execute(SETTLE, business_id, *columns_of(rows, _SETTLED_FIELDS))


@dataclass(frozen=True, slots=True)
class Switched:
    """A claimed message that takes another template than it was filled for."""

    id: UUID
    template_name: str
    language: str
    fill: str
    note: str
    """JSON array of verdicts to add to the decision."""


SWITCH = f"""
    WITH moved AS (
    UPDATE messages m
       SET template_name = i.template_name, language = i.language, fill = i.fill::json,
           decision = m.decision || i.note::jsonb
      FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])
        AS i(id, template_name, language, fill, note)
     WHERE m.business_id = $1 AND m.id = i.id
    RETURNING m.business_id, m.id, m.send_at)
    {marking("moved")}
"""  # noqa: S608 - constants

REPORTED_DATA = """
    SELECT m.id, m.data
      FROM unnest($2::uuid[]) AS i(id),
           LATERAL (SELECT * FROM messages m WHERE m.business_id = $1 AND m.id = i.id LIMIT 1) AS m
"""


async def reported_data(connection: Connection, business_id: UUID, ids: Sequence[UUID]) -> dict[UUID, str]:
    """By message: the event's data, which it was filled from, as JSON."""
    rows = await connection.fetch(REPORTED_DATA, business_id, ids)
    return {row["id"]: row["data"] for row in rows}


MAY_HAVE_LEFT = """
    SELECT m.id
      FROM unnest($2::uuid[]) AS i(id),
           LATERAL (SELECT * FROM messages m WHERE m.business_id = $1 AND m.id = i.id LIMIT 1) AS m
     WHERE m.decision @> '[{"rule": "unconfirmed"}]'
"""


async def may_have_left(connection: Connection, business_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    """Those that were in doubt once: of some attempt nobody knows that it did not reach the customer."""
    return {row["id"] for row in await connection.fetch(MAY_HAVE_LEFT, business_id, ids)}


async def switch(connection: Connection, business_id: UUID, rows: Sequence[Switched]) -> None:
    await connection.execute(SWITCH, business_id, *columns_of(rows, [field.name for field in fields(Switched)]))


BRING_FORWARD = f"""
    WITH waiting AS (
        SELECT m.id FROM messages m
         WHERE m.business_id = $1 AND m.id = ANY($2::uuid[]) AND m.status = '{Status.QUEUED}'
           AND m.waiting_for = 'media' AND m.due_at > $3::timestamptz
         ORDER BY m.id
           FOR UPDATE OF m)
    UPDATE messages m SET due_at = $3::timestamptz, waiting_for = NULL, reason = NULL
     WHERE m.business_id = $1 AND m.id = ANY(ARRAY(SELECT id FROM waiting))
"""  # noqa: S608 - constants


async def bring_forward(connection: Connection, business_id: UUID, ids: Sequence[UUID], now: datetime) -> None:
    """The file that they waited for is there, or never will be."""
    await connection.execute(BRING_FORWARD, business_id, ids, now)


ASK_LATER = f"""
    UPDATE messages m
       SET due_at = $3::timestamptz, waiting_for = CASE WHEN $3::timestamptz IS NOT NULL THEN 'receipt' END,
           lease_until = NULL
     WHERE m.business_id = $1 AND m.id = $2 AND m.status = '{Status.ACCEPTED}' AND m.due_at IS NOT NULL
"""  # noqa: S608 - constants
"""A receipt that came meanwhile has said more, and nothing is to be asked any more."""


async def ask_later(connection: Connection, business_id: UUID, message_id: UUID, due_at: datetime | None) -> None:
    await connection.execute(ASK_LATER, business_id, message_id, due_at)
