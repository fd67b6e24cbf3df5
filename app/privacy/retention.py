"""Forgetting in time, as each business decides: a small batch a transaction, from the oldest id on.

Ids are in the order of time, so that what is to be forgotten is a range of them, and a mark says how far it is done.
Who holds the mark does the work; another worker leaves it to them. Rows are locked in their order, in small batches:
what is old enough has hardly ever anybody else at it.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from prometheus_client import Counter
from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import repository as accounts
from app.accounts.directory import BusinessAccount, Directory, WebhookApp
from app.analytics.conversions import repository as conversions
from app.callbacks.erasing import erase_events
from app.callbacks.models import CallbackEvent
from app.callbacks.outbox import REPLY_RECEIVED
from app.core.clock import Clock
from app.core.database import Database
from app.core.ids import first_id_at
from app.messages.erasing import erase_content, erase_payloads
from app.messages.models import Message, Receipt
from app.privacy.models import RetentionLeft, RetentionMark
from app.provider_events.erasing import drop_kept_before, erase_replies
from app.replies.models import Reply
from app.replies.windows import forget_over

FORGOTTEN = Counter("ulak_retention_rows_total", "Rows whose content was erased since it was old enough.", ["what"])

BATCH = 500
BATCHES_MOST = 200
"""Of one kind and business in one run, so that each gets its turn; the next run goes on."""

_FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Done:
    """Of one batch."""

    rows: int
    up_to: UUID | None
    """The last id that was looked at; nothing where there was none."""
    is_last: bool


Batch = Callable[[AsyncSession, UUID, UUID, UUID, datetime], Awaitable[Done]]
"""Of a business, from after an id to before an id, at a time."""


class Retention:
    def __init__(self, database: Database, directory: Directory, clock: Clock) -> None:
        self._database = database
        self._directory = directory
        self._clock = clock

    async def run(self) -> dict[str, int]:
        """Forgets what is old enough now, within limits; answers how many rows, by what they are."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            ids = [row.business_id for row in await accounts.businesses(session)]
        businesses = [one for business_id in ids if (one := await self._directory.business(business_id)) is not None]
        counts: dict[str, int] = {}
        for business in businesses:
            for what, batch, by in _KINDS:
                days = business.retention.get(by)
                if days is not None:
                    before = first_id_at(now - timedelta(days=days))
                    rows = await self._through(business.business_id, what, batch, before, now)
                    counts[what] = counts.get(what, 0) + rows
            if business.retention.get("replies") is not None:
                async with self._database.transaction() as session:
                    over = now - timedelta(days=business.retention["replies"])
                    counts["windows"] = counts.get("windows", 0) + await forget_over(
                        session, business.business_id, over
                    )
            if "messages" in business.retention:
                counts["messages"] += await self._left(business.business_id, now)
        counts["webhook_items"] = await self._kept({one.business_id: one for one in businesses}, now)
        for what, rows in counts.items():
            FORGOTTEN.labels(what).inc(rows)
        return counts

    async def _through(self, business_id: UUID, what: str, batch: Batch, before: UUID, now: datetime) -> int:
        rows = 0
        for _ in range(BATCHES_MOST):
            async with self._database.transaction() as session:
                mark = await _mark(session, business_id, what)
                if mark is None:
                    break
                done = await batch(session, business_id, mark.up_to, before, now)
                rows += done.rows
                if done.up_to is not None:
                    mark.up_to = done.up_to
            if done.is_last:
                break
        return rows

    async def _left(self, business_id: UUID, now: datetime) -> int:
        """Messages that were not finished when it was their turn, and are by now."""
        rows = 0
        for _ in range(BATCHES_MOST):
            async with self._database.transaction() as session:
                query = (
                    select(Message.id)
                    .join(
                        RetentionLeft,
                        (RetentionLeft.business_id == Message.business_id) & (RetentionLeft.message_id == Message.id),
                    )
                    .where(RetentionLeft.business_id == business_id, Message.due_at.is_(None))
                )
                chosen = (
                    query.order_by(Message.id)
                    .limit(BATCH)
                    .with_for_update(of=[RetentionLeft, Message], skip_locked=True)
                )
                ids = (await session.scalars(chosen)).all()
                rows += (await erase_content(session, business_id, ids, now, whole=False)).messages
                await session.execute(
                    delete(RetentionLeft).where(
                        RetentionLeft.business_id == business_id, RetentionLeft.message_id.in_(ids)
                    )
                )
            if len(ids) < BATCH:
                break
        return rows

    async def _kept(self, businesses: dict[UUID, BusinessAccount], now: datetime) -> int:
        """Items that could not be used: those about a business's own numbers and accounts as it says, and the others
        as the most patient business says whose app signed them."""
        rows = 0
        for app in await self._directory.webhook_apps():
            periods = {}
            for business_id in _businesses_of(app):
                days = businesses[business_id].retention.get("webhooks") if business_id in businesses else None
                periods[business_id] = days
                if days is not None:
                    rows += await self._drop(app, _places_of(app, business_id), now - timedelta(days=days))
            days_of_all = [days for days in periods.values() if days is not None]
            if days_of_all and len(days_of_all) == len(periods):
                rows += await self._drop(app, None, now - timedelta(days=max(days_of_all)))
        return rows

    async def _drop(self, app: WebhookApp, places: Sequence[str] | None, before: datetime) -> int:
        rows = 0
        for _ in range(BATCHES_MOST):
            async with self._database.transaction() as session:
                dropped = await drop_kept_before(session, app.fingerprint, places, before, BATCH)
            rows += dropped
            if dropped < BATCH:
                break
        return rows


async def _mark(session: AsyncSession, business_id: UUID, what: str) -> RetentionMark | None:
    """Ours until the end of the transaction; nothing where another has it."""
    await session.execute(
        insert(RetentionMark)
        .values(business_id=business_id, what=what, up_to=_FIRST)
        .on_conflict_do_nothing(index_elements=["business_id", "what"])
    )
    query = select(RetentionMark).where(RetentionMark.business_id == business_id, RetentionMark.what == what)
    return await session.scalar(query.with_for_update(skip_locked=True))


async def _messages(session: AsyncSession, business_id: UUID, after: UUID, before: UUID, now: datetime) -> Done:
    query = select(Message.id, Message.due_at).where(
        Message.business_id == business_id, Message.id > after, Message.id < before
    )
    rows = (await session.execute(query.order_by(Message.id).limit(BATCH).with_for_update())).all()
    finished = [message_id for message_id, due_at in rows if due_at is None]
    erased = await erase_content(session, business_id, finished, now, whole=False)
    left = [message_id for message_id, due_at in rows if due_at is not None]
    if left:
        await session.execute(
            insert(RetentionLeft)
            .values([{"business_id": business_id, "message_id": one} for one in left])
            .on_conflict_do_nothing(index_elements=["business_id", "message_id"])
        )
    return _done(erased.messages, [message_id for message_id, _ in rows])


async def _replies(session: AsyncSession, business_id: UUID, after: UUID, before: UUID, now: datetime) -> Done:
    query = select(Reply.id).where(Reply.business_id == business_id, Reply.id > after, Reply.id < before)
    ids = (await session.scalars(query.order_by(Reply.id).limit(BATCH).with_for_update())).all()
    mine = (Reply.business_id == business_id) & Reply.id.in_(ids)
    return _done(await erase_replies(session, mine, now, whole=False), ids)


async def _payloads(session: AsyncSession, business_id: UUID, after: UUID, before: UUID, _now: datetime) -> Done:
    """By the message's age: whoever stores a receipt of an older one leaves its payload out."""
    query = select(Receipt.message_id).where(
        Receipt.business_id == business_id, Receipt.message_id > after, Receipt.message_id < before
    )
    ids = (await session.scalars(query.distinct().order_by(Receipt.message_id).limit(BATCH))).all()
    return _done(await erase_payloads(session, business_id, ids), ids)


async def _events(session: AsyncSession, business_id: UUID, after: UUID, before: UUID, _now: datetime) -> Done:
    """What the business was told of messages, in their words."""
    of_messages = CallbackEvent.message_id.is_not(None) & (CallbackEvent.type != REPLY_RECEIVED)
    return await _erase_told(session, business_id, after, before, of_messages)


async def _told_replies(session: AsyncSession, business_id: UUID, after: UUID, before: UUID, _now: datetime) -> Done:
    return await _erase_told(session, business_id, after, before, CallbackEvent.type == REPLY_RECEIVED)


async def _conversions(session: AsyncSession, business_id: UUID, after: UUID, before: UUID, now: datetime) -> Done:
    """What the business wrote beside them."""
    ids = await conversions.between(session, business_id, after, before, BATCH)
    return _done(await conversions.forget_metadata(session, business_id, ids, now), ids)


async def _erase_told(
    session: AsyncSession, business_id: UUID, after: UUID, before: UUID, which: ColumnElement[bool]
) -> Done:
    query = select(CallbackEvent.id).where(
        CallbackEvent.business_id == business_id, CallbackEvent.id > after, CallbackEvent.id < before
    )
    ids = (await session.scalars(query.order_by(CallbackEvent.id).limit(BATCH).with_for_update())).all()
    told = (CallbackEvent.business_id == business_id) & CallbackEvent.id.in_(ids) & which
    return _done(await erase_events(session, told), ids)


def _done(rows: int, ids: Sequence[UUID]) -> Done:
    return Done(rows, ids[-1] if ids else None, is_last=len(ids) < BATCH)


_KINDS: tuple[tuple[str, Batch, str], ...] = (
    ("messages", _messages, "messages"),
    ("callback_events", _events, "messages"),
    ("conversions", _conversions, "messages"),
    ("replies", _replies, "replies"),
    ("told_replies", _told_replies, "replies"),
    ("receipts", _payloads, "webhooks"),
)
"""Each with the period that it goes by."""


def _businesses_of(app: WebhookApp) -> set[UUID]:
    return {sender.business_id for sender in app.senders.values()}


def _places_of(app: WebhookApp, business_id: UUID) -> list[str]:
    """Numbers and accounts that are the business's alone."""
    mine = [sender for sender in app.senders.values() if sender.business_id == business_id]
    shared = {sender.waba_id for sender in app.senders.values() if sender.business_id != business_id}
    return [one.phone_number_id for one in mine] + sorted({one.waba_id for one in mine} - shared)
