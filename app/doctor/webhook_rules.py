"""Whether what Meta has to tell is told to us: the app's subscription, the account's, and what really arrives. Pure.

Source: Meta's pages "Webhooks" (subscription of the app and of the account, overrides and which goes before which).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from app.doctor.outcomes import Check, Finding, failed, ok, said, unknown, warning
from app.doctor.readings import Known, Reading, Silent, cannot_tell, value_of
from app.whatsapp.examining import AppSubscription, NumberFacts, SubscribedApp
from app.whatsapp.webhooks import FIELDS_TAKEN

WEBHOOK_PATH = "/webhooks/whatsapp"

_NEEDED = "messages"
"""Without the others the mirror of what Meta holds is compared every ten minutes; receipts come by nothing else."""

_FEW = 3
"""A single message without a receipt may be one that Meta holds back."""


def is_ours(url: str, bases: Collection[str]) -> bool:
    """Whether an address is our door for webhooks, by whichever of our public addresses."""
    return any(_place(url) == _place(base + WEBHOOK_PATH) for base in bases)


def _place(url: str) -> tuple[str, str, int | None, str]:
    """What two spellings of one address have in common."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return "", "", None, url
    return parts.scheme, parts.hostname or "", port, parts.path.rstrip("/")


def subscription_finding(reading: Reading[AppSubscription | None], bases: Collection[str]) -> Finding:
    check = Check.APP_SUBSCRIPTION
    ours = next(iter(bases)) + WEBHOOK_PATH
    if not isinstance(reading, Known):
        return cannot_tell(check, reading)
    found = reading.value
    if found is None:
        return failed(check, said("subscription_none"), said("set_callback", url=ours))
    if not is_ours(found.callback_url, bases):
        told = said("subscription_elsewhere", url=found.callback_url, ours=ours)
        return failed(check, told, said("set_callback", url=ours))
    if not found.is_active:
        return failed(check, said("subscription_inactive", url=found.callback_url), said("set_callback", url=ours))
    return ok(check, said("subscription_ours", url=found.callback_url))


def fields_finding(reading: Reading[AppSubscription | None]) -> Finding:
    check = Check.WEBHOOK_FIELDS
    if not isinstance(reading, Known):
        return cannot_tell(check, reading)
    if reading.value is None:
        return unknown(check, said("subscription_none"))
    missing = sorted(FIELDS_TAKEN - reading.value.fields)
    if not missing:
        return ok(check, said("fields_there", count=len(FIELDS_TAKEN)))
    told = said("fields_missing", fields=missing)
    find = failed if _NEEDED in missing else warning
    return find(check, told, said("subscribe_fields", fields=missing))


def subscribed_apps_finding(reading: Reading[list[SubscribedApp]], app_id: Reading[str]) -> Finding:
    """`app_id`: of the app whose secret we hold, where that is known."""
    check = Check.SUBSCRIBED_APPS
    if not isinstance(reading, Known):
        return cannot_tell(check, reading)
    if not reading.value:
        return failed(check, said("account_unsubscribed"), said("subscribe_account"))
    if not isinstance(app_id, Known):
        return cannot_tell(check, app_id)
    if all(one.app_id != app_id.value for one in reading.value):
        others = [f"{one.name or '–'} ({one.app_id})" for one in reading.value]
        return failed(check, said("account_of_others", apps=others), said("subscribe_account"))
    others = [f"{one.name or '–'} ({one.app_id})" for one in reading.value if one.app_id != app_id.value]
    more = [said("account_shared", apps=others)] if others else []
    return ok(check, said("account_subscribed"), *more)


def override_finding(
    apps: Reading[list[SubscribedApp]], number: Reading[NumberFacts], app_id: str | None, bases: Collection[str]
) -> Finding:
    """An address of the number, or of the account, goes before the app's for `messages`."""
    check = Check.WEBHOOK_OVERRIDE
    if not isinstance(apps, Known) and not isinstance(number, Known):
        return cannot_tell(check, number)
    ours = next(iter(bases)) + WEBHOOK_PATH
    by_app = [one.override_url for one in value_of(apps) or [] if app_id in (None, one.app_id)]
    facts = value_of(number)
    urls = facts.webhook_urls if facts is not None else {}
    by_account = next((url for url in by_app if url), None) or urls.get("whatsapp_business_account")
    holding = urls.get("phone_number") or by_account
    if holding is None:
        return ok(check, said("override_none"))
    if is_ours(holding, bases):
        return ok(check, said("override_ours", url=holding))
    where = "number" if urls.get("phone_number") else "account"
    return failed(check, said(f"override_{where}", url=holding), said(f"remove_override_{where}", url=ours))


def door_finding(reading: Reading[None], url: str) -> Finding:
    """Of our own door, asked as Meta asks; a network that does not lead back into itself is no fault of it."""
    check = Check.WEBHOOK_DOOR
    if isinstance(reading, Silent):
        return warning(check, said("door_closed", url=url, reason=reading.reason), said("open_door", url=url))
    if not isinstance(reading, Known):
        return cannot_tell(check, reading)
    return ok(check, said("door_open", url=url))


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Of what this sender's newest messages were, and what came of them."""

    accepted: int
    """Taken by Meta, long enough ago for a first receipt."""
    receipted: int
    since: datetime | None
    """When the oldest of them was."""
    last_at: datetime | None
    """When the last receipt or reply came."""


def arrival_finding(arrivals: Arrivals, now: datetime) -> Finding:
    check = Check.WEBHOOKS_ARRIVE
    if arrivals.accepted and not arrivals.receipted:
        told = [said("nothing_came", count=arrivals.accepted, since=arrivals.since)]
        if arrivals.last_at is not None:
            told.append(said("last_came", at=arrivals.last_at, minutes=_minutes(now - arrivals.last_at)))
        find = failed if arrivals.accepted >= _FEW else warning
        return find(check, told, said("look_at_webhooks"))
    if arrivals.last_at is None:
        return unknown(check, said("nothing_sent"))
    told = [said("last_came", at=arrivals.last_at, minutes=_minutes(now - arrivals.last_at))]
    if arrivals.accepted:
        told.append(said("receipts_came", receipted=arrivals.receipted, accepted=arrivals.accepted))
    return ok(check, *told)


def _minutes(age: timedelta) -> int:
    return max(0, int(age / timedelta(minutes=1)))
