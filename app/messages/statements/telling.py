"""What the business is told of messages and of clicks: from the messages themselves, as they stand in the transaction.

`callbacks.message_schemas` says what stands in an event. What the message does not say any more, since its content is
erased, its events do not say either.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

import asyncpg

from app.callbacks.outbox import LINK_CLICKED, PREFIX_OF_MESSAGES
from app.messages.statements.batch import Connection, columns_of, unnest
from app.messages.states import Status

BEFORE = """
    SELECT m.id, m.mode, m.status
      FROM messages m
     WHERE m.business_id = $1 AND m.id = ANY($2::uuid[])
       AND m.id BETWEEN ($2::uuid[])[1] AND ($2::uuid[])[cardinality($2::uuid[])]
     ORDER BY m.id
       FOR NO KEY UPDATE OF m
"""
"""Locked, so that what follows is told of what this very transaction makes of them. Ids are in $2, in order."""


@dataclass(frozen=True, slots=True)
class NewStep:
    """An event to store: what became of a message."""

    message_id: UUID
    event_id: UUID
    status: str
    implied: bool


@dataclass(frozen=True, slots=True)
class NewClick:
    """An event to store: somebody followed a link of a message."""

    message_id: UUID
    event_id: UUID
    position: int
    url: str
    clicked_at: datetime


_STEP_FIELDS = [field.name for field in fields(NewStep)]
_CLICK_FIELDS = [field.name for field in fields(NewClick)]


def _time(moment: str) -> str:
    return f"""to_char(({moment}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


def _id(prefix: str, column: str) -> str:
    return f"'{prefix}_' || replace(({column})::text, '-', '')"


_IS_ERASED = "m.content_erased_at IS NOT NULL"

_ABOUT = f"""
           'message', {_id("msg", "m.id")}, 'event_type', m.event_type,
           'contact', json_build_object('id', {_id("con", "coalesce(c.id, m.contact_id)")},
                                        'phone', CASE WHEN {_IS_ERASED} THEN NULL ELSE c.phone END,
                                        'bsuid', CASE WHEN {_IS_ERASED} THEN NULL ELSE c.bsuid END),
           'sender', {_id("snd", "m.sender_id")}, 'reference', m.reference, 'metadata', m.metadata,
           'erased', {_IS_ERASED}"""

_MESSAGE = """LATERAL (SELECT * FROM messages m
                     WHERE m.business_id = $1 AND m.id = i.message_id LIMIT 1) AS m"""

_CONTACT = """LATERAL (SELECT * FROM contacts c
                          WHERE c.business_id = $1 AND c.id = m.contact_id LIMIT 1) AS was ON true
      LEFT JOIN LATERAL (SELECT * FROM contacts c WHERE c.business_id = $1
                            AND c.id = coalesce(was.successor_id, was.id) LIMIT 1) AS c ON true"""
"""As the customer is known today, where two turned out to be one since."""

_OCCURRED_AT = f"""coalesce(CASE i.status WHEN '{Status.ACCEPTED}' THEN m.accepted_at
                WHEN '{Status.SENT}' THEN m.sent_at WHEN '{Status.DELIVERED}' THEN m.delivered_at
                WHEN '{Status.READ}' THEN m.read_at
                WHEN '{Status.FAILED}' THEN m.failed_at END, $2::timestamptz)"""

_IS_NO_NEWS = f"""i.status = '{Status.UNCONFIRMED}' AND jsonb_array_length(jsonb_path_query_array(
                    m.decision, '$[*] ? (@.rule == "unconfirmed" && @.verdict == "wait")')) > 1"""
"""It was sent again, and is in doubt once more."""

TELL_STEPS = f"""
    INSERT INTO callback_events (business_id, id, mode, type, contact_id, message_id, data, created_at)
    SELECT $1, i.event_id, m.mode, '{PREFIX_OF_MESSAGES}' || i.status, coalesce(c.id, m.contact_id), m.id,
           json_build_object({_ABOUT},
           'template', m.template_name, 'language', m.language, 'status', i.status, 'implied', i.implied,
           'occurred_at', {_time(_OCCURRED_AT)},
           'reason', m.reason, 'failure', CASE WHEN i.status = '{Status.FAILED}' THEN m.failure END,
           'price_category', m.price_category, 'wamid', m.wamid),
           $2::timestamptz
      FROM {unnest(_STEP_FIELDS, first=3)},
           {_MESSAGE}
      LEFT JOIN {_CONTACT}
     WHERE NOT ({_IS_NO_NEWS})
     ORDER BY i.event_id
"""  # noqa: S608 - constants
"""Ids are made in the order of what they tell of; readers get them in the order in which they are inserted."""

TELL_CLICKS = f"""
    INSERT INTO callback_events (business_id, id, mode, type, contact_id, message_id, data, created_at)
    SELECT $1, i.event_id, m.mode, '{LINK_CLICKED}', coalesce(c.id, m.contact_id), m.id,
           json_build_object({_ABOUT},
           'position', i.position, 'url', CASE WHEN {_IS_ERASED} THEN NULL ELSE i.url END,
           'occurred_at', {_time("i.clicked_at")}),
           i.clicked_at
      FROM {unnest(_CLICK_FIELDS, first=3)},
           {_MESSAGE}
      LEFT JOIN {_CONTACT}
     WHERE m.mode = ANY($2::text[])
     ORDER BY i.event_id
"""  # noqa: S608 - constants
"""Of messages of these modes, which are in $2."""


async def before(connection: Connection, business_id: UUID, ids: Collection[UUID]) -> list[asyncpg.Record]:
    """Id, mode and status of messages, which are locked until the end of the transaction."""
    return await connection.fetch(BEFORE, business_id, sorted(ids))


async def tell_steps(connection: Connection, business_id: UUID, steps: Sequence[NewStep], now: datetime) -> None:
    await connection.execute(TELL_STEPS, business_id, now, *columns_of(steps, _STEP_FIELDS))


async def tell_clicks(
    connection: Connection, business_id: UUID, clicks: Sequence[NewClick], modes: Collection[str]
) -> None:
    await connection.execute(TELL_CLICKS, business_id, list(modes), *columns_of(clicks, _CLICK_FIELDS))
