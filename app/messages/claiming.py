"""Claims: one sender's next messages, decided once more, within their customers' and their portfolio's limits."""

from collections import Counter as Tally
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
from prometheus_client import Counter

from app.accounts import portfolio
from app.accounts.directory import Directory
from app.accounts.portfolio import Budget
from app.consent.repository import LOCK_CONSENTS_SHARED
from app.core.clock import Clock
from app.core.database import Database
from app.events.event_type import Priority
from app.events.limits import EventTypeLimits
from app.events.service import BusinessTypes, EventTypes
from app.messages import frequency, handing_over, telling
from app.messages.answers import Answers
from app.messages.attached import Attached, Awaited
from app.messages.claimed import (
    Blocked,
    Claimed,
    Lost,
    NeedsVariant,
    Occasion,
    Prepared,
    Unheard,
    held_back,
    prepare,
    switch,
)
from app.messages.short_links import ShortLinks
from app.messages.statements import claims, links, paces
from app.messages.statements.batch import Connection
from app.messages.statements.claims import Settled, Switched
from app.messages.statements.frequency import LEAVING
from app.messages.statements.links import NewLink
from app.messages.statements.paces import PLACE
from app.messages.states import WAITING, Status
from app.messages.telling import Move
from app.templates.book import TemplateBook
from app.templates.chains import Chains

SETTLED = Counter("ulak_claims_settled_total", "Claimed messages that were not sent.", ["status", "reason"])

_FULL_LOOK = timedelta(seconds=1)
"""How often a sender's queue is looked at from its very beginning."""

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)

_OVERDUE_MOST = 500

_CROWD = 5
"""Blocked messages in one claim, from which on those like them are held at once: a paused template's thousands would
else be looked at a few at a time, as the pace allows, before anything behind them in the sender's queue."""

_CROWD_HELD = timedelta(seconds=30)
"""How long they are left alone, unless their template is let go before: then all of them are at once."""


class SenderGone(Exception):
    """Messages wait for a sender that no longer exists."""


@dataclass(frozen=True, slots=True)
class ClaimPolicy:
    lease: timedelta
    probe_interval: timedelta
    pair_interval: timedelta
    pair_burst: int
    short_links: ShortLinks


@dataclass(frozen=True, slots=True)
class Known:
    """What each process keeps in its memory of businesses."""

    directory: Directory
    templates: TemplateBook
    chains: Chains
    event_types: EventTypes
    limits: EventTypeLimits


class Claims:
    def __init__(
        self, database: Database, known: Known, clock: Clock, policy: ClaimPolicy, answers: Answers, attached: Attached
    ) -> None:
        self._database = database
        self._known = known
        self._clock = clock
        self._policy = policy
        self._answers = answers
        self._attached = attached
        self._looked: dict[UUID, tuple[datetime, dict[int, datetime]]] = {}
        """By sender: when its queue was last looked at from the beginning, and up to where each priority is claimed."""

    async def next(self, business_id: UUID, sender_id: UUID, most: int) -> tuple[list[Claimed], list[Unheard]]:
        """What is ours to send, and what Meta is to be asked about. Raises SenderGone."""
        occasion = await self._occasion(business_id, sender_id)
        known = await self._known.event_types.of(business_id)
        awaited: Awaited = {}
        async with self._database.pool.acquire() as connection, connection.transaction():
            await connection.execute(LOCK_CONSENTS_SHARED, business_id)
            rows = await claims.claim(
                connection,
                business_id,
                sender_id,
                now=occasion.now,
                most=most,
                lease_until=occasion.now + self._policy.lease,
                due_from=self._due_from(sender_id, occasion.now),
                probe_interval=self._policy.probe_interval,
            )
            ready, unheard, settled, blocked = await self._sort(connection, occasion, known, rows)
            ready = await self._within_limits(connection, occasion, known, ready, settled, awaited)
            if settled:
                await claims.settle(connection, business_id, settled)
                await telling.tell(connection, _moves(occasion, rows, settled), occasion.now)
            if len(blocked) >= _CROWD:
                await claims.hold_alike(connection, business_id, sender_id, blocked, occasion.now, _CROWD_HELD)
            if len(ready) < len(rows):
                await claims.give_back_pace(connection, business_id, sender_id, len(rows) - len(ready), occasion.now)
        self._attached.fetch(occasion.sender, awaited)
        self._remember(sender_id, rows)
        _count(settled)
        return ready, unheard

    async def settle_overdue(self, business_id: UUID, sender_id: UUID) -> None:
        """Ends what has expired and takes up what was lost, wherever it stands in its sender's queue."""
        occasion = await self._occasion(business_id, sender_id)
        known = await self._known.event_types.of(business_id)
        while True:
            async with self._database.pool.acquire() as connection, connection.transaction():
                rows = await claims.claim_overdue(
                    connection,
                    business_id,
                    sender_id,
                    now=occasion.now,
                    most=_OVERDUE_MOST,
                    lease_until=occasion.now + self._policy.lease,
                )
                _, _, settled, _ = await self._sort(connection, occasion, known, rows)
                if settled:
                    await claims.settle(connection, business_id, settled)
                    await telling.tell(connection, _moves(occasion, rows, settled), occasion.now)
            _count(settled)
            if len(rows) < _OVERDUE_MOST:
                return

    async def _occasion(self, business_id: UUID, sender_id: UUID) -> Occasion:
        business = await self._known.directory.business(business_id)
        sender = next((one for one in business.senders if one.id == sender_id), None) if business else None
        if business is None or sender is None:
            raise SenderGone
        book = await self._known.templates.account(business_id, sender.waba_id)
        limits = await self._known.limits.by_type(business_id, sender.mode)
        chains = await self._known.chains.of(business_id, sender.mode)
        return Occasion(business, sender, book, chains, self._clock.now(), self._policy.short_links, limits)

    async def _sort(
        self, connection: Connection, occasion: Occasion, known: BusinessTypes, rows: Sequence[asyncpg.Record]
    ) -> tuple[list[Claimed], list[Unheard], list[Settled], list[Blocked]]:
        """What is to be done with each row; what was lost is recorded as such. What is blocked is settled, too."""
        prepared: list[Prepared] = [prepare(row, occasion, known.get(row["event_type"])) for row in rows]
        astray = [row for row in rows if row["astray"] and Status(row["was"]) in WAITING]
        if astray:
            await claims.follow(connection, occasion.business.business_id, astray)
        ready = [one for one in prepared if isinstance(one, Claimed)]
        blocked = [one for one in prepared if isinstance(one, Blocked)]
        settled = [one for one in prepared if isinstance(one, Settled)] + [one.settled for one in blocked]
        unheard = [one for one in prepared if isinstance(one, Unheard)]
        lost = [one for one in prepared if isinstance(one, Lost)]
        if lost:
            business_id = occasion.business.business_id
            rows_lost = [self._answers.of_lost(business_id, one, occasion.now) for one in lost]
            await telling.record(connection, await telling.interest_in(connection, rows_lost), rows_lost, occasion.now)
        wanted = [one for one in prepared if isinstance(one, NeedsVariant)]
        if wanted:
            await _switch(connection, occasion, wanted, ready, settled)
        return ready, unheard, settled, blocked

    async def _within_limits(
        self,
        connection: Connection,
        occasion: Occasion,
        known: BusinessTypes,
        ready: list[Claimed],
        settled: list[Settled],
        awaited: Awaited,
    ) -> list[Claimed]:
        """Those that their customer and their portfolio may get now; the others are added to what is settled. What the
        customer does not want costs nothing of Meta's limits, so the customer is asked first. Of what goes by another
        channel Meta's limits say nothing, and its file need not lie at Meta."""
        business_id, now = occasion.business.business_id, occasion.now
        staying = [one.id for one in settled if one.status not in LEAVING]
        going = await frequency.within_caps(connection, business_id, known, ready, settled, now, staying=staying)
        here = await handing_over.hand_over(connection, business_id, going, settled, now)
        here = await self._attached.within(occasion.sender, here, settled, awaited, now)
        return await self._within_metas(connection, occasion, here, settled)

    async def _within_metas(
        self, connection: Connection, occasion: Occasion, ready: list[Claimed], settled: list[Settled]
    ) -> list[Claimed]:
        if ready and occasion.sender.mode in occasion.business.limited:
            ready = await _within_portfolio(connection, occasion, ready, settled)
        if ready and self._policy.pair_interval:
            ready = await self._within_pairs(connection, occasion, ready, settled)
        return ready

    async def _within_pairs(
        self, connection: Connection, occasion: Occasion, ready: list[Claimed], settled: list[Settled]
    ) -> list[Claimed]:
        interval = self._policy.pair_interval
        asked = Tally(message.contact_id for message in ready)
        grants = await paces.pace_pairs(
            connection,
            occasion.business.business_id,
            occasion.sender.id,
            asked,
            now=occasion.now,
            interval=interval,
            burst=self._policy.pair_burst,
        )
        seen: Tally[UUID] = Tally()
        going = []
        for message in ready:
            grant = grants[message.contact_id]
            place = seen[message.contact_id]
            seen[message.contact_id] += 1
            if place < grant.granted:
                going.append(message)
                continue
            # The last of those who wait stands at the end of what is promised, the others before it.
            due_at = grant.promised_to - (asked[message.contact_id] - place) * PLACE * interval
            settled.append(held_back(message, reason="pair_pace", waiting_for="pair", due_at=due_at))
        return going

    def _due_from(self, sender_id: UUID, now: datetime) -> tuple[datetime, datetime, datetime]:
        """From where to look: what became due earlier has been claimed, but for stragglers, which a look from the
        beginning finds within a second (an earlier due time committed later, the lease of a dead worker)."""
        full_look, claimed_to = self._looked.get(sender_id, (_BEGINNING, {}))
        if not timedelta(0) <= now - full_look < _FULL_LOOK:
            claimed_to = {}
            self._looked[sender_id] = (now, claimed_to)
        critical, answers, normal = (claimed_to.get(one, _BEGINNING) for one in Priority)
        return critical, answers, normal

    def _remember(self, sender_id: UUID, rows: Sequence[asyncpg.Record]) -> None:
        _, claimed_to = self._looked[sender_id]
        for priority in {row["priority"] for row in rows}:
            first = min(row["due_at"] for row in rows if row["priority"] == priority)
            claimed_to[priority] = max(claimed_to.get(priority, _BEGINNING), first)


def _moves(occasion: Occasion, rows: Sequence[asyncpg.Record], settled: Sequence[Settled]) -> list[Move]:
    was = {row["id"]: Status(row["was"]) for row in rows}
    business_id, mode = occasion.business.business_id, occasion.sender.mode
    return [Move(business_id, one.id, mode, was[one.id], Status(one.status)) for one in settled]


async def _switch(
    connection: Connection,
    occasion: Occasion,
    wanted: Sequence[NeedsVariant],
    ready: list[Claimed],
    settled: list[Settled],
) -> None:
    """Fills messages for another template than theirs, which Meta does not take now."""
    business_id = occasion.business.business_id
    ids = [one.row["id"] for one in wanted]
    data = await claims.reported_data(connection, business_id, ids)
    doubtful = await claims.may_have_left(connection, business_id, ids)
    has_links = any(occasion.short_links.are_in(one.compiled) for each in wanted for one in each.templates)
    codes = await links.stored_codes(connection, business_id, ids) if has_links else {}
    switched: list[Switched] = []
    stored: list[NewLink] = []
    for one in wanted:
        message_id = one.row["id"]
        answer = switch(
            one, occasion, data[message_id], codes.get(message_id, {}), may_have_left=message_id in doubtful
        )
        if isinstance(answer, Settled):
            settled.append(answer)
        else:
            ready.append(answer[0])
            switched.append(answer[1])
            stored += [NewLink(business_id, message_id, *link) for link in answer[2]]
    if switched:
        await claims.switch(connection, business_id, switched)
    if stored:
        await links.store_links(connection, stored)


async def _within_portfolio(
    connection: Connection, occasion: Occasion, ready: list[Claimed], settled: list[Settled]
) -> list[Claimed]:
    """A customer who was counted in the last 24 hours costs nothing more; for new ones a share is kept for what is
    critical.

    Meta does not count customers with an open service window: what goes to one by its window costs nothing. A template
    to one we count: rather too early a stop than a block.
    """
    business_id, mode = occasion.business.business_id, occasion.sender.mode
    contacts = list({message.contact_id for message in ready if message.template is not None})
    if not contacts:
        return ready
    budget = await portfolio.budget(connection, business_id, mode, contacts, occasion.now)
    if budget is None:
        return ready
    going, waiting, counting = _spend(budget, ready, occasion.business.critical_share)
    settled += [
        held_back(message, reason="portfolio_limit", waiting_for="portfolio", due_at=budget.frees_at)
        for message in waiting
    ]
    # Those counted in this very slot need no second count.
    moved = {one: at for one, at in counting.items() if at is None or occasion.now - at >= portfolio.SLOT}
    if moved:
        await portfolio.count_contacts(connection, business_id, mode, moved, occasion.now)
    return going


def _spend(
    budget: Budget, ready: Sequence[Claimed], critical_share: int
) -> tuple[list[Claimed], list[Claimed], dict[UUID, datetime | None]]:
    """What may go, what must wait, and which customers count by it, with the time at which they counted before."""
    kept_for_critical = budget.limit * critical_share // 100
    going: list[Claimed] = []
    waiting: list[Claimed] = []
    counting: dict[UUID, datetime | None] = {}
    new = 0
    for message in ready:
        if message.template is None:
            going.append(message)
            continue
        if message.contact_id not in budget.counted and message.contact_id not in counting:
            is_critical = message.event_type.priority is Priority.CRITICAL
            most = budget.limit if is_critical else budget.limit - kept_for_critical
            if budget.used + new >= most:
                waiting.append(message)
                continue
            new += 1
        counting[message.contact_id] = budget.counted.get(message.contact_id)
        going.append(message)
    return going, waiting, counting


def _count(settled: Sequence[Settled]) -> None:
    for one in settled:
        SETTLED.labels(one.status, one.reason or one.waiting_for or "").inc()
