"""Many receipts of a message as one row. Pure."""

from collections.abc import Sequence
from uuid import UUID

import orjson

from app.messages import failures
from app.messages.statements.receipts import Reported
from app.messages.states import Event, Status, after
from app.provider_events.sorting import OwnedStatus
from app.whatsapp.webhook_items import Pricing

_EVENT = {
    "sent": Event.RECEIPT_SENT,
    "delivered": Event.RECEIPT_DELIVERED,
    "read": Event.RECEIPT_READ,
    "failed": Event.RECEIPT_FAILED,
}


def fold(located: Sequence[tuple[UUID, OwnedStatus]]) -> list[Reported]:
    """One row a message, however many receipts of it came together and in whatever order: where they contradict each
    other (a message sent twice has two ids at Meta), the earliest is believed."""
    rows: dict[tuple[UUID, UUID], Reported] = {}
    unexplained: set[tuple[UUID, UUID]] = set()
    if len({(owned.business_id, message_id) for message_id, owned in located}) < len(located):
        located = sorted(located, key=lambda one: (one[1].item.at, one[1].item.raw))
    for message_id, owned in located:
        item = owned.item
        event = _EVENT[item.status]
        key = (owned.business_id, message_id)
        row = rows.get(key)
        if row is None:
            row = rows[key] = Reported(owned.business_id, message_id, event.value)
        else:
            highest = after(after(Status.ACCEPTED, Event(row.event)), event)
            row.event = _EVENT[highest.value].value
        name = f"{item.status}_at"
        earlier = getattr(row, name)
        setattr(row, name, min(earlier, item.at) if earlier else item.at)
        row.wamid = row.wamid or item.wamid
        if item.pricing and item.pricing.category:
            row.price_category = row.price_category or item.pricing.category
            row.price_type = row.price_type or price_type_of(item.pricing)
        if item.status == "failed" and (row.failure is None or (item.errors and key in unexplained)):
            row.failure = orjson.dumps(failures.reported(item.errors)).decode()
            (unexplained.discard if item.errors else unexplained.add)(key)
    return list(rows.values())


def price_type_of(pricing: Pricing) -> str | None:
    """As Meta names it; of what only says whether it is billed, the nearest."""
    if pricing.type is not None or pricing.billable is None:
        return pricing.type
    return "regular" if pricing.billable else "free"
