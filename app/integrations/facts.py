"""What a shop's webhook says, once it is read: an order, and what happened to it. Pure.

Webhooks repeat themselves and overtake one another. So nothing is told for having come in, but for having happened: a
fact has a key of its own within its order and is told once, whichever topic brings it, however often.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal, Self

from app.events.formatting import KNOWN_CURRENCIES, Money, minor_digits

News = Literal["order-confirmed", "order-shipped", "tracking-update", "refund-issued", "order-cancelled"]
"""Event types of the catalogue that webhooks become."""

Destination = Literal["card", "bank_account", "store_balance"]

NOT_STATED = {"tr": "belirtilmedi", "en": "not stated"}
"""Why an order was cancelled, where the shop does not say."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that the customer is told of once."""

    key: str
    """Within the order."""
    news: News
    data: Mapping[str, Any]
    """The event's, without what only the order or the set-up knows: the order's number, links, names of carriers."""
    occurred_at: datetime
    is_dated: bool = True
    """Whether the shop says when it happened. Otherwise it is only known when the order was last changed, however long
    after that may be."""
    parcel: str | None = None
    """Which of the order's parcels it is about."""
    tracking_number: str | None = None
    link: str | None = None
    """Where the platform says that more is to be seen."""
    needs_url: Literal["tracking_url", "order_url"] | None = None
    closes: tuple[str, ...] = ()
    """Keys of what is old news by now, and must not be told after this."""
    follows: str | None = None
    """Key of what the customer must have been told for this to be news."""
    unfit: str | None = None
    """Why the text of the catalogue would not be true of it: one of the business's own is needed."""

    def as_json(self) -> dict[str, Any]:
        """For one that waits for its order. Nothing of it says who the customer is."""
        return {
            "key": self.key,
            "news": self.news,
            "data": dict(self.data),
            "occurred_at": self.occurred_at.isoformat(),
            "is_dated": self.is_dated,
            "parcel": self.parcel,
            "tracking_number": self.tracking_number,
            "link": self.link,
            "needs_url": self.needs_url,
            "closes": list(self.closes),
            "follows": self.follows,
            "unfit": self.unfit,
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        moment = datetime.fromisoformat(told["occurred_at"])
        return cls(**{**told, "occurred_at": moment, "closes": tuple(told["closes"])})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A phone number as the shop has it, and the country of the address that it stands in."""

    text: str
    country: str | None = None
    of_another: bool = False
    """Of whoever gets the parcel, and is not the buyer: for them nobody has ticked a box."""


@dataclass(frozen=True, slots=True)
class Customer:
    """Who is told, as far as the webhook says."""

    phones: tuple[Candidate, ...] = ()
    """The most trustworthy first."""
    name: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class OrderSeen:
    """An order as a webhook about the order itself shows it."""

    number: str
    """As the customer knows it."""
    url: str | None
    placed_at: datetime
    changed_at: datetime
    attributes: tuple[tuple[str, str], ...] = ()
    """What the checkout asked beside the usual: names and values, of which a name may have several."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a delivery says."""

    order_id: str | None = None
    order: OrderSeen | None = None
    """Of a delivery that is about an order as a whole."""
    number: str | None = None
    """Of the order, where something else tells it."""
    customer: Customer = Customer()
    facts: tuple[Fact, ...] = ()
    closes: tuple[str, ...] = ()
    """Keys of what must not be told any more."""
    reason: str | None = None
    """Why there is nothing to tell."""
    is_test: bool = False
    """Of an order that nobody paid for."""


def minor_units(amount: Decimal, currency: str | None) -> Money | None:
    """What shops write as a decimal fraction, in the unit that events use; nothing for what is no amount of money."""
    if currency not in KNOWN_CURRENCIES or amount < 0:
        return None
    minor = amount.scaleb(minor_digits(currency)).quantize(Decimal(1), ROUND_HALF_UP)
    return Money(amount=int(minor), currency=currency)


def as_data(money: Money) -> dict[str, Any]:
    return {"amount": money.amount, "currency": money.currency}


def is_before(moment: datetime, ours: datetime) -> bool:
    """Shops tell whole seconds: within the same one, what they tell of is not before what we noted."""
    return moment < ours.replace(microsecond=0)


def in_utc(moment: datetime) -> datetime:
    """WordPress writes some times without saying that they are in UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
