"""What Meta's webhooks say of senders: how fast and how far they may send, and whether at all."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import health, repository
from app.accounts.directory import CHANNEL, SenderAccount, WebhookApp
from app.accounts.health import Connection, Trouble
from app.accounts.senders import HIGH_THROUGHPUT, NUMBERS_CHANNEL, take_limit
from app.core.database import announce
from app.messages import failures
from app.whatsapp.errors import ErrorClass, GraphError, describe
from app.whatsapp.webhook_items import AboutSenders, AccountItem, CapabilityItem, NumberItem, StatusItem

_FRESH = timedelta(hours=1)
"""An older failure may have been mended long ago: Meta repeats webhooks for days."""

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
    found: dict[tuple[UUID, UUID, int], str | None] = {}
    for business_id, sender_id, item in failed:
        for error in item.errors if now - item.at < _FRESH else ():
            details = error.error_data.details if error.error_data else error.message
            found[business_id, sender_id, error.code] = details
    for (business_id, sender_id, code), details in sorted(found.items(), key=lambda one: one[0]):
        entry = describe(code)
        if entry.pauses_sender:
            trouble = Trouble(business_id, sender_id, code, details)
            await health.pause(connection, trouble, now=now, probe_interval=probe_interval)
        elif entry.error_class is ErrorClass.THROTTLE:
            wait = failures.throttle_wait(GraphError(code, entry.title))
            await health.throttle(connection, business_id, sender_id, now=now, wait=wait)


async def apply(session: AsyncSession, app: WebhookApp, item: AboutSenders, now: datetime) -> list[Trouble]:
    """Takes over limits, within the caller's transaction; answers the senders that are to be paused."""
    match item:
        case NumberItem():
            await _take_number(session, app, item, now)
        case CapabilityItem():
            for sender in _of_account(app, item.waba_id):
                tier = item.update.max_daily_conversations_per_business
                await take_limit(session, sender.business_id, sender.mode, tier, now)
                await announce(session, CHANNEL, sender.business_id)
        case AccountItem():
            stop = stop_of(item)
            if stop is not None:
                return [Trouble(one.business_id, one.id, *stop) for one in _of_account(app, item.waba_id)]
    return []


async def _take_number(session: AsyncSession, app: WebhookApp, item: NumberItem, now: datetime) -> None:
    digits = re.sub(r"\D", "", item.update.display_phone_number)
    for sender in _of_account(app, item.waba_id):
        if re.sub(r"\D", "", sender.display_phone_number) != digits:
            continue
        row = await repository.sender(session, sender.business_id, sender.id)
        if row is not None and item.update.event == "THROUGHPUT_UPGRADE":
            row.throughput = HIGH_THROUGHPUT
        tier = item.update.max_daily_conversations_per_business or item.update.current_limit
        await take_limit(session, sender.business_id, sender.mode, tier, now)
        await announce(session, CHANNEL, sender.business_id)
        # The webhook says that something changed, Graph what it is now.
        await announce(session, NUMBERS_CHANNEL, sender.business_id)


def _of_account(app: WebhookApp, waba_id: str) -> list[SenderAccount]:
    return [sender for sender in app.senders.values() if sender.waba_id == waba_id]


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
