"""What Meta's webhooks say of senders: how fast and how far they may send, and whether at all."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import health, repository
from app.accounts.directory import CHANNEL, SenderAccount, WebhookApp
from app.accounts.health import Trouble
from app.accounts.portfolio import limit_of_tier
from app.accounts.senders import HIGH_THROUGHPUT, NUMBERS_CHANNEL, take_limit
from app.core.database import Connection, announce
from app.messages import failures
from app.whatsapp.errors import ErrorClass, GraphError, describe
from app.whatsapp.webhook_items import AboutSenders, AccountItem, CapabilityItem, NumberItem, StatusItem

_FRESH = timedelta(hours=1)
"""What is older may have been mended long ago: Meta repeats webhooks for days."""

_ACCOUNT_LOCKED = 131031
_ACCOUNT_BLOCKED = 368

_STOPS_SENDING = frozenset({"RESTRICTED_BIZ_INITIATED_MESSAGING", "RESTRICTED_UTILITY_TEMPLATES"})
"""Restrictions of an account after which none of our messages leaves it."""


async def note_failures(
    connection: Connection,
    failed: Iterable[tuple[UUID, UUID, StatusItem]],
    *,
    now: datetime,
    probe_interval: timedelta,
) -> None:
    """Errors that came by receipt and say something of their sender, of whom and which business they are given with:
    an unpaid bill shows in receipts as well as in answers."""
    found: dict[tuple[UUID, UUID, int], tuple[str | None, datetime]] = {}
    for business_id, sender_id, item in failed:
        for error in item.errors if now - item.at < _FRESH else ():
            details = error.error_data.details if error.error_data else error.message
            found[business_id, sender_id, error.code] = (details, item.at)
    for (business_id, sender_id, code), (details, at) in sorted(found.items(), key=lambda one: one[0]):
        entry = describe(code)
        if entry.pauses_sender:
            trouble = Trouble(business_id, sender_id, code, details, at)
            await health.pause(connection, trouble, now=now, probe_interval=probe_interval)
        elif entry.error_class is ErrorClass.THROTTLE:
            wait = failures.throttle_wait(GraphError(code, entry.title))
            await health.throttle(connection, business_id, sender_id, now=now, wait=wait)


async def note_probes(connection: Connection, reached: Iterable[tuple[UUID, UUID, UUID]], *, now: datetime) -> None:
    """Messages that reached their customers, each with its business and its sender, which was paused a moment ago."""
    by_sender: dict[tuple[UUID, UUID], set[UUID]] = {}
    for business_id, sender_id, message_id in reached:
        by_sender.setdefault((business_id, sender_id), set()).add(message_id)
    for business_id, sender_id in sorted(by_sender):
        messages = sorted(by_sender[business_id, sender_id])
        await health.resume(connection, business_id, sender_id, now=now, resolution="probe", reached=messages)


def is_actionable(item: AboutSenders) -> bool:
    """Whether it says something that we understand and act on."""
    match item:
        case CapabilityItem():
            return limit_of_tier(item.update.max_daily_conversations_per_business)[0]
        case AccountItem():
            return stop_of(item) is not None
        case NumberItem():
            return True


def senders_of(app: WebhookApp, item: AboutSenders) -> list[SenderAccount]:
    """Whom the item is about; nobody where the app has no such number or account."""
    mine = [sender for sender in app.senders.values() if sender.waba_id == item.waba_id]
    if not isinstance(item, NumberItem):
        return mine
    digits = _digits(item.update.display_phone_number)
    return [sender for sender in mine if _digits(sender.display_phone_number) == digits]


async def apply(session: AsyncSession, app: WebhookApp, item: AboutSenders, now: datetime) -> list[Trouble]:
    """Takes over limits, within the caller's transaction; answers the senders that are to be paused."""
    senders = senders_of(app, item)
    match item:
        case NumberItem():
            await _take_number(session, senders, item, now)
        case CapabilityItem():
            for sender in senders:
                tier = item.update.max_daily_conversations_per_business
                await take_limit(session, sender.business_id, sender.mode, tier, now)
                await announce(session, CHANNEL, sender.business_id)
        case AccountItem():
            stop, at = stop_of(item), item.at or now
            if stop is not None and now - at < _FRESH:
                return [Trouble(one.business_id, one.id, *stop, at) for one in senders]
    return []


async def _take_number(
    session: AsyncSession, senders: Iterable[SenderAccount], item: NumberItem, now: datetime
) -> None:
    for sender in senders:
        row = await repository.sender(session, sender.business_id, sender.id)
        if row is not None and item.update.event == "THROUGHPUT_UPGRADE":
            row.throughput = HIGH_THROUGHPUT
        tier = item.update.max_daily_conversations_per_business or item.update.current_limit
        await take_limit(session, sender.business_id, sender.mode, tier, now)
        await announce(session, CHANNEL, sender.business_id)
        # The webhook says that something changed, Graph what it is now.
        await announce(session, NUMBERS_CHANNEL, sender.business_id)


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number)


def stop_of(item: AccountItem) -> tuple[int, str] | None:
    """Meta's code for what happened to the account, and its words, where the account may not send any more."""
    update = item.update
    if update.ban_info is not None and update.ban_info.waba_ban_state == "DISABLE":
        return _ACCOUNT_LOCKED, "The account was disabled."
    kinds = {one.restriction_type for one in update.restriction_info} & _STOPS_SENDING
    if update.event == "ACCOUNT_RESTRICTION" and kinds:
        why = update.violation_info.violation_type if update.violation_info else None
        return _ACCOUNT_BLOCKED, ", ".join(sorted(filter(None, {*kinds, why})))
    return None
