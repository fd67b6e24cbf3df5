"""What waits for a contact, brought into line with what the contact wants by now."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Business
from app.accounts.senders import DUE_CHANNEL
from app.consent import holdings
from app.consent.preferences import Preferences
from app.consent.rules import ALL_TOPICS, Verdict, permits
from app.consent.service import Settled
from app.core.clock import Clock
from app.core.database import announce
from app.events.event_type import EventType
from app.events.service import EventTypes
from app.messages import preferring, repository, telling
from app.messages.decision import consent_for
from app.messages.models import Message
from app.messages.states import Status
from app.messages.telling import Move
from app.messages.verdicts import verdict

_BY_PREFERENCE = (preferring.PAUSE, "quiet_hours")
"""What messages wait for that the customer may bring nearer."""


class Settler:
    """Ends the waiting messages of a contact that its consent no longer covers, and brings forward those that it no
    longer holds up, in the transaction that changes what holds. What is to wait longer, the claim finds."""

    def __init__(self, clock: Clock, event_types: EventTypes) -> None:
        self._clock = clock
        self._event_types = event_types

    async def __call__(self, session: AsyncSession, business_id: UUID, contact_id: UUID) -> Settled:
        states = await holdings.states(session, business_id, contact_id)
        waiting = await repository.waiting_of_contact(session, business_id, contact_id)
        known = await self._event_types.among(session, business_id, {message.event_type for message in waiting})
        now = self._clock.now()
        kept: list[Message] = []
        silenced: dict[tuple[str, str], list[UUID]] = {}
        moves: list[Move] = []
        for message in waiting:
            topic, consent = _consent_of(known.get(message.event_type), states)
            if consent.permitted:
                kept.append(message)
            else:
                silenced.setdefault((topic, consent.reason), []).append(message.id)
                moves.append(Move(business_id, message.id, message.mode, Status(message.status), Status.SUPPRESSED))
        for (topic, reason), ids in silenced.items():
            rule = verdict("consent", "suppress", now, topic=topic, state=reason)
            await repository.suppress(session, business_id, ids, reason, [rule])
        await telling.tell_in(session, moves, now)
        held = [message for message in kept if message.waiting_for in _BY_PREFERENCE]
        if held:
            await self._bring_forward(session, contact_id, held, known, now)
        return Settled(canceled=len(waiting) - len(kept))

    async def _bring_forward(
        self,
        session: AsyncSession,
        contact_id: UUID,
        held: list[Message],
        known: Mapping[str, EventType[Any]],
        now: datetime,
    ) -> None:
        business_id = held[0].business_id
        business = await session.get_one(Business, business_id)
        preferences = await holdings.preferences(session, business_id, contact_id)
        for message in held:
            event_type = known.get(message.event_type)
            if event_type is not None:
                _bring_forward(message, event_type, preferences, business, now)
        if any(message.waiting_for is None for message in held):
            await announce(session, DUE_CHANNEL, "")


def _bring_forward(
    message: Message, event_type: EventType[Any], preferences: Preferences, business: Business, now: datetime
) -> None:
    due_at, waiting_for = _due(message, event_type, preferences, business, now)
    if message.due_at is None or due_at >= message.due_at:
        return
    message.due_at, message.waiting_for = due_at, waiting_for
    if waiting_for is None:
        message.status, message.reason = Status.QUEUED.value, None


def _due(
    message: Message, event_type: EventType[Any], preferences: Preferences, business: Business, now: datetime
) -> tuple[datetime, str | None]:
    """When it may leave at the soonest, and what it waits for until then."""
    earliest = max(now, message.send_at or now)
    pause = preferring.pause_of(preferences, event_type, earliest)
    if pause is not None:
        return pause.until, preferring.PAUSE
    if message.time_zone is not None:
        quiet_until = preferring.quiet_hours_of(preferences, business).end_after(earliest, message.time_zone)
        if quiet_until is not None:
            return min(quiet_until, message.expires_at), "quiet_hours"
    return earliest, "send_at" if earliest > now else None


def _consent_of(event_type: EventType[Any] | None, states: Mapping[str, str]) -> tuple[str, Verdict]:
    """The topic, and whether it is still consented to. An event type of another version must not keep an opt-out from
    being recorded: it counts as everything. Of the template's category the claim, which asks again, knows more."""
    if event_type is None:
        return ALL_TOPICS, permits(states, ALL_TOPICS)
    return event_type.topic, consent_for(event_type, None, states)
