"""Sorting out what a webhook's body tells, by what is to be done with each item and by whose it is.

An item that cannot be used (unreadable, of an unknown field, about a message or number that is not ours) is kept as the
bytes that came. A signature speaks only for the numbers and accounts of its own app.
"""

import collections
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

import structlog
from prometheus_client import Counter

from app.accounts.directory import SenderAccount, WebhookApp
from app.consent.identity import NumberChange
from app.messages.erasing import forgotten_wamid
from app.provider_events import customers, senders
from app.provider_events.questions import QUESTION
from app.templates.states import EVENTS
from app.whatsapp.webhook_items import (
    AboutSenders,
    AccountItem,
    CapabilityItem,
    InboundItem,
    NumberItem,
    OtherItem,
    Part,
    PreferenceItem,
    StatusItem,
    TemplateItem,
    TemplateStatus,
    UnreadableItem,
)
from app.whatsapp.webhooks import take_apart

log = structlog.get_logger(__name__)

ITEMS = Counter("ulak_webhook_items_total", "Items of Meta's webhooks.", ["kind"])

Why = Literal["unreadable", "unknown", "unmatched"]


@dataclass(slots=True)
class OwnedStatus:
    business_id: UUID
    sender_id: UUID
    item: StatusItem
    may_be_probe: bool = False
    """Its sender was paused a moment ago."""


@dataclass(frozen=True, slots=True)
class Kept:
    why: Why
    error: str | None
    field: str | None
    waba_id: str | None
    phone_number_id: str | None
    part: Part
    raw: bytes


@dataclass(slots=True)
class Sorted:
    """A body's items by what is to be done with them."""

    statuses: list[OwnedStatus] = field(default_factory=list)
    replies: list[tuple[SenderAccount, InboundItem]] = field(default_factory=list)
    stopped: list[tuple[SenderAccount, StatusItem]] = field(default_factory=list)
    """Failures that say something of their customers."""
    preferences: list[tuple[SenderAccount, PreferenceItem]] = field(default_factory=list)
    named: list[tuple[SenderAccount, StatusItem | InboundItem | PreferenceItem]] = field(default_factory=list)
    """What says by which names Meta knows a customer."""
    templates: list[TemplateItem] = field(default_factory=list)
    senders: list[AboutSenders] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)

    def parts(self, most: int) -> Iterator["Sorted"]:
        """Apart from receipts: at most so many replies in each, and the rest with the last. In the order of time: of
        two wishes in one body the later one holds, wherever it stands."""
        self.replies.sort(key=lambda one: one[1].at)
        last = max(0, (len(self.replies) - 1) // most * most)
        for start in range(0, last, most):
            yield Sorted(replies=self.replies[start : start + most])
        yield replace(self, statuses=[], named=[], replies=self.replies[last:])

    @property
    def has_others(self) -> bool:
        """Than receipts."""
        return bool(self.replies or self.stopped or self.preferences or self.templates or self.senders or self.kept)


def sort_out(app: WebhookApp, body: bytes) -> Sorted:
    found = Sorted()
    items = list(take_apart(body))
    for kind, count in collections.Counter(map(type, items)).items():
        ITEMS.labels(kind.__name__).inc(count)
    for item in items:
        match item:
            case StatusItem() | InboundItem() | PreferenceItem():
                _sort_by_number(found, app, item)
            case TemplateItem(update=TemplateStatus(event=event)) if event not in EVENTS:
                found.kept.append(Kept("unknown", None, item.field, item.waba_id, None, "change", item.raw))
            case TemplateItem():
                found.templates.append(item)
            case NumberItem() | CapabilityItem() | AccountItem():
                _sort_about_senders(found, app, item)
            case OtherItem():
                found.kept.append(
                    Kept("unknown", None, item.field, item.waba_id, item.phone_number_id, item.part, item.raw)
                )
            case UnreadableItem():
                log.warning("webhook item unreadable", field=item.field, error=item.error)
                about = (item.error, item.field, item.waba_id, item.phone_number_id, item.part)
                found.kept.append(Kept("unreadable", *about, item.raw))
    return found


def _sort_about_senders(found: Sorted, app: WebhookApp, item: AboutSenders) -> None:
    if not senders.is_actionable(item):
        found.kept.append(Kept("unknown", None, item.field, item.waba_id, None, "change", item.raw))
    elif not senders.senders_of(app, item):
        error = "no such number or account"
        log.warning("webhook item unmatched", error=error, field=item.field)
        found.kept.append(Kept("unmatched", error, item.field, item.waba_id, None, "change", item.raw))
    else:
        found.senders.append(item)


def _sort_by_number(found: Sorted, app: WebhookApp, item: StatusItem | InboundItem | PreferenceItem) -> None:
    sender = app.senders.get(item.phone_number_id)
    if sender is None:
        found.kept.append(unmatched(item, "no sender has this number"))
        return
    if not (isinstance(item, InboundItem) and item.renamed):  # whose names are others now
        found.named.append((sender, item))
    match item:
        case StatusItem(callback_data=callback_data) if callback_data == QUESTION:
            log.info("receipt of a question", status=item.status, codes=[error.code for error in item.errors])
        case StatusItem():
            found.statuses.append(OwnedStatus(sender.business_id, sender.id, item, sender.is_paused))
            if customers.stopped_in([item]):
                found.stopped.append((sender, item))
        case InboundItem():
            found.replies.append((sender, item))
        case PreferenceItem():
            found.preferences.append((sender, item))


@dataclass(frozen=True, slots=True)
class AboutCustomers:
    """What a body says of who customers are, and what they told Meta; their wishes to us are heard for themselves."""

    changes: list[tuple[SenderAccount, InboundItem, NumberChange]]
    stopped: list[tuple[SenderAccount, StatusItem]]
    preferences: list[tuple[SenderAccount, PreferenceItem]]

    @classmethod
    def of(cls, items: Sorted, now: datetime) -> "AboutCustomers":
        return cls(
            [
                (sender, reply, change)
                for sender, reply in items.replies
                if (change := customers.change_in(sender, reply, now)) is not None
            ],
            items.stopped,
            sorted(items.preferences, key=lambda one: one[1].at),
        )

    @property
    def senders(self) -> list[SenderAccount]:
        """Of those of whose businesses acts may be recorded."""
        return [one[0] for told in (self.changes, self.stopped, self.preferences) for one in told]


def unmatched(item: StatusItem | InboundItem | PreferenceItem, error: str) -> Kept:
    if isinstance(item, PreferenceItem):
        log.warning("webhook item unmatched", error=error, field=item.field)
        return Kept("unmatched", error, item.field, item.waba_id, item.phone_number_id, "change", item.raw)
    log.warning("webhook item unmatched", error=error, wamid=forgotten_wamid(item.wamid))
    part: Part = "status" if isinstance(item, StatusItem) else "message"
    return Kept("unmatched", error, "messages", None, item.phone_number_id, part, item.raw)
