"""Forgetting what messages said and to whom, while what became of them stays: ids, times, statuses, price
categories."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, TextClause, Uuid, bindparam, delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import public_id
from app.core.marks import mark
from app.messages import telling
from app.messages.models import IdempotencyKey, Link, LinkClick, Message
from app.messages.states import IN_DOUBT, WAITING, Event, Status, after
from app.messages.telling import Move
from app.messages.verdicts import verdict
from app.messages.wamids import HASHED, forgotten_wamid

__all__ = ["Erased", "end_unsent", "erase_answers", "erase_content", "erase_payloads", "forgotten_wamid", "messages_of"]


def _hashed(column: str) -> str:
    return (
        f"CASE WHEN {column} LIKE '{HASHED}%' THEN {column} "
        f"ELSE '{HASHED}' || encode(sha256(convert_to({column}, 'UTF8')), 'hex') END"
    )


def _without_details(column: str) -> str:
    """Meta's own words about a failure may repeat the number; its code and our words about that stay."""
    return (
        f"CASE WHEN json_typeof({column}) = 'object' "
        f"THEN ({column}::jsonb - 'details' - 'trace_id' - 'message')::json ELSE {column} END"
    )


def _over_ids(statement: str) -> TextClause:
    return text(statement).bindparams(bindparam("business_id", type_=Uuid()), bindparam("ids", type_=ARRAY(Uuid())))


_MESSAGES = _over_ids(f"""
    UPDATE messages
       SET data = '{{}}', fill = '{{}}', recipient = NULL, metadata = NULL,
           reference = CASE WHEN :whole THEN NULL ELSE reference END,
           time_zone = CASE WHEN :whole THEN NULL ELSE time_zone END,
           wamid = {_hashed("wamid")},
           failure = {_without_details("failure")},
           content_erased_at = coalesce(content_erased_at, :now)
     WHERE business_id = :business_id AND id = ANY(:ids)
""")  # noqa: S608 - constants

_ATTEMPTS = _over_ids(f"""
    UPDATE attempts SET wamid = {_hashed("wamid")}, error = {_without_details("error")}
     WHERE business_id = :business_id AND message_id = ANY(:ids)
""")  # noqa: S608 - constants

_RECEIPTS = _over_ids(f"""
    UPDATE receipts SET wamid = {_hashed("wamid")}, payload = '{{}}'
     WHERE business_id = :business_id AND message_id = ANY(:ids)
""")  # noqa: S608 - constants

_PAYLOADS = _over_ids("""
    UPDATE receipts SET payload = '{}' WHERE business_id = :business_id AND message_id = ANY(:ids)
""")


@dataclass(frozen=True, slots=True)
class Erased:
    """How many rows were erased, by what they are."""

    messages: int = 0
    attempts: int = 0
    receipts: int = 0
    links: int = 0

    def __add__(self, other: "Erased") -> "Erased":
        return Erased(
            self.messages + other.messages,
            self.attempts + other.attempts,
            self.receipts + other.receipts,
            self.links + other.links,
        )


async def messages_of(session: AsyncSession, business_id: UUID, contact_ids: Sequence[UUID]) -> Sequence[UUID]:
    """All of them, locked in the order in which every other statement locks messages."""
    query = select(Message.id).where(Message.business_id == business_id, Message.contact_id.in_(contact_ids))
    return (await session.scalars(query.order_by(Message.id).with_for_update())).all()


async def end_unsent(session: AsyncSession, business_id: UUID, ids: Sequence[UUID], now: datetime) -> int:
    """Ends what waits, whatever for, and keeps what may have left from being sent again. Answers how many waited."""
    query = select(Message).where(
        Message.business_id == business_id, Message.id.in_(ids), Message.status.in_([*WAITING, *IN_DOUBT, "accepted"])
    )
    ended = []
    for message in (await session.scalars(query)).all():
        status = Status(message.status)
        if status in WAITING:
            message.status, message.reason = after(status, Event.CANCELED), "erased"
            message.due_at = message.waiting_for = None
            ended.append(Move(business_id, message.id, message.mode, status, Status(message.status)))
        elif status is Status.ACCEPTED:
            message.due_at = message.waiting_for = None  # of which Meta would be asked by its id
            continue
        message.stop = "canceled"
        message.decision = [*message.decision, verdict("erasure", "cancel", now)]
    await mark(session, business_id, [one.id for one in ended])
    await telling.tell_in(session, ended, now)
    return len(ended)


async def erase_content(
    session: AsyncSession, business_id: UUID, ids: Sequence[UUID], now: datetime, *, whole: bool
) -> Erased:
    """Of locked messages that will not be sent any more. `whole`: with what is only the business's own way of naming
    and counting them, too. Messages first: whoever stores a receipt has locked its message before."""
    bound = {"business_id": business_id, "ids": list(ids)}
    messages = await _run(session, _MESSAGES, {**bound, "whole": whole, "now": now})
    attempts = await _run(session, _ATTEMPTS, bound)
    receipts = await _run(session, _RECEIPTS, bound)
    mine = (Link.business_id == business_id, Link.message_id.in_(ids))
    links = await session.execute(delete(Link).where(*mine).execution_options(synchronize_session=False))
    if whole:
        clicks = delete(LinkClick).where(LinkClick.business_id == business_id, LinkClick.message_id.in_(ids))
        await session.execute(clicks.execution_options(synchronize_session=False))
        await mark(session, business_id, ids)
    return Erased(messages, attempts, receipts, _count(links))


async def erase_payloads(session: AsyncSession, business_id: UUID, ids: Sequence[UUID]) -> int:
    """What Meta reported of messages, as it came."""
    return await _run(session, _PAYLOADS, {"business_id": business_id, "ids": list(ids)})


async def erase_answers(session: AsyncSession, business_id: UUID, mode: str, contact_ids: Sequence[UUID]) -> int:
    """In the stored answers to requests what tells of these contacts; the same request still gets an answer, and is
    not taken for a new one. They are kept for a day or so, and all of them are looked through."""
    names = [public_id("con", one) for one in contact_ids]
    erased = 0
    for name in names:
        found = await session.execute(
            select(IdempotencyKey)
            .where(
                IdempotencyKey.business_id == business_id,
                IdempotencyKey.mode == mode,
                func.position(func.convert_to(name, "UTF8").op("IN")(IdempotencyKey.answer)) > 0,
            )
            .with_for_update()
        )
        for row in found.scalars():
            document = orjson.loads(row.answer)
            if _strip(document, name):
                row.answer = orjson.dumps(document)
                erased += 1
    return erased


def _strip(document: Any, contact: str) -> bool:
    """Whether there was anything to take out."""
    results = document.get("results")
    told = [one.get("message") for one in results] if isinstance(results, list) else [document]
    stripped = False
    for message in told:
        if isinstance(message, dict) and message.get("contact") == contact and message.get("to") is not None:
            message.update(to=None, reference=None, metadata=None)
            stripped = True
    return stripped


async def _run(session: AsyncSession, statement: TextClause, bound: dict[str, Any]) -> int:
    return _count(await session.execute(statement, bound))


def _count(result: Any) -> int:
    found: int = result.rowcount
    return found
