"""Shopify's webhooks as facts: orders, fulfilments and refunds, in the shape of the REST Admin API. Pure.

Sources: Shopify's reference of webhook topics, and of the resources Order, Fulfillment and Refund.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from app.events.formatting import Money
from app.integrations.facts import Candidate, Customer, Destination, Fact, OrderSeen, Reading, as_data, minor_units
from app.integrations.reading import (
    OBJECT,
    Amount,
    At,
    Flag,
    Id,
    Lenient,
    Tag,
    Text,
    Texts,
    full_name,
    is_another,
    readable,
)
from app.integrations.settings import IntegrationSettings

_ORDERS = {
    "orders/create",
    "orders/paid",
    "orders/updated",
    "orders/edited",
    "orders/cancelled",
    "orders/fulfilled",
    "orders/partially_fulfilled",
}
_TELLING = {"orders/create", "orders/paid"}
"""Topics that may confirm an order; the others only say how it stands."""
_FULFILLMENTS = {"fulfillments/create", "fulfillments/update"}

_PAID = {"paid", "partially_refunded"}
_FALLEN_THROUGH = {"voided", "refunded", "expired"}
_POINT_OF_SALE = "pos"
_NAME_MOST = 80


class Address(Lenient):
    first_name: Text = None
    last_name: Text = None
    name: Text = None
    phone: Text = None
    country_code: Text = None


class Person(Lenient):
    first_name: Text = None
    last_name: Text = None
    phone: Text = None
    default_address: Annotated[Address | None, OBJECT] = None


class Attribute(Lenient):
    name: Text = None
    value: Text = None


class Amounted(Lenient):
    amount: Amount = None
    currency_code: Text = None


class MoneySet(Lenient):
    """In the currency that the customer saw; what it is in the shop's is left alone."""

    presentment_money: Annotated[Amounted | None, OBJECT] = None


class PaymentDetails(Lenient):
    credit_card_number: Text = None
    """All of it but the last four digits masked."""


class Transaction(Lenient):
    kind: Text = None
    status: Text = None
    gateway: Text = None
    amount: Amount = None
    """In `currency`, which is the customer's."""
    currency: Text = None
    amount_set: Annotated[MoneySet | None, OBJECT] = None
    test: Flag = None
    payment_details: Annotated[PaymentDetails | None, OBJECT] = None


class Refund(Lenient):
    id: Id
    order_id: Id | None = None
    created_at: At = None
    processed_at: At = None
    transactions: Annotated[list[Transaction], readable(Transaction)] = Field(default=[])


class LineItem(Lenient):
    requires_shipping: Flag = None


class Order(Lenient):
    id: Id
    name: Text = None
    order_number: Text = None
    created_at: At = None
    processed_at: At = None
    updated_at: At = None
    cancelled_at: At = None
    cancel_reason: Text = None
    financial_status: Text = None
    source_name: Text = None
    currency: Text = None
    presentment_currency: Text = None
    total_price: Amount = None
    total_price_set: Annotated[MoneySet | None, OBJECT] = None
    current_total_price_set: Annotated[MoneySet | None, OBJECT] = None
    customer_locale: Tag = None
    phone: Text = None
    customer: Annotated[Person | None, OBJECT] = None
    billing_address: Annotated[Address | None, OBJECT] = None
    shipping_address: Annotated[Address | None, OBJECT] = None
    note_attributes: Annotated[list[Attribute], readable(Attribute)] = Field(default=[])
    order_status_url: Text = None
    test: Flag = None
    line_items: Annotated[list[LineItem], readable(LineItem)] = Field(default=[])
    refunds: Annotated[list[Refund], readable(Refund)] = Field(default=[])


class Fulfillment(Lenient):
    id: Id
    order_id: Id
    name: Text = None
    """The order's and its own number: `#1001.1`."""
    status: Text = None
    created_at: At = None
    updated_at: At = None
    shipment_status: Text = None
    tracking_company: Text = None
    tracking_number: Text = None
    tracking_numbers: Texts = Field(default=[])
    tracking_url: Text = None
    tracking_urls: Texts = Field(default=[])
    destination: Annotated[Address | None, OBJECT] = None


def read(topic: str, document: Mapping[str, Any], settings: IntegrationSettings, received_at: datetime) -> Reading:
    """Raises ValidationError for what lacks an id."""
    if topic in _ORDERS:
        return _read_order(topic, Order.model_validate(document), settings, received_at)
    if topic in _FULFILLMENTS:
        return _read_fulfillment(topic, Fulfillment.model_validate(document), received_at)
    if topic == "refunds/create":
        return _read_refund(Refund.model_validate(document), settings, received_at)
    return Reading(reason="topic_not_used")


def _read_order(topic: str, order: Order, settings: IntegrationSettings, received_at: datetime) -> Reading:
    placed_at = order.processed_at or order.created_at or received_at
    seen = OrderSeen(
        number=_number(order.name or order.order_number or order.id),
        url=order.order_status_url,
        placed_at=placed_at,
        changed_at=order.updated_at or placed_at,
        attributes=tuple((one.name, one.value or "") for one in order.note_attributes if one.name),
    )
    facts, reason = _facts_of_order(topic, order, settings, placed_at, received_at)
    closes = ("confirmed",) if order.cancelled_at is not None else ()
    return Reading(order.id, seen, seen.number, _customer(order), facts, closes, reason, is_test=order.test is True)


def _facts_of_order(
    topic: str, order: Order, settings: IntegrationSettings, placed_at: datetime, received_at: datetime
) -> tuple[tuple[Fact, ...], str | None]:
    if order.cancelled_at is not None:
        return _cancelled(order, order.cancelled_at)
    if topic not in _TELLING:
        return (), "nothing_to_tell"
    if order.financial_status in _FALLEN_THROUGH:
        return (), "payment_fell_through"
    # The topic stands in a header, which is not signed: what the body says is what counts.
    if settings.confirm_when == "paid" and order.financial_status not in _PAID:
        return (), "not_paid_yet"
    total = _shown(order.current_total_price_set) or _shown(order.total_price_set) or _plain_total(order)
    if total is None:
        return (), "no_total"
    paid_later = settings.confirm_when == "paid" and topic == "orders/paid"
    confirmed = Fact(
        key="confirmed",
        news="order-confirmed",
        data={"total": as_data(total)},
        occurred_at=(order.updated_at or received_at) if paid_later else placed_at,
        unfit=_unfit(order),
    )
    return (confirmed,), None


def _unfit(order: Order) -> str | None:
    """The text promises news of a shipment."""
    if order.source_name == _POINT_OF_SALE:
        return "point_of_sale"
    if order.line_items and all(item.requires_shipping is False for item in order.line_items):
        return "nothing_to_ship"
    return "picked_up" if order.shipping_address is None else None


_REASONS = {"customer": "customer_request", "inventory": "out_of_stock", "declined": "payment_not_received"}


def _cancelled(order: Order, at: datetime) -> tuple[tuple[Fact, ...], str | None]:
    """What comes back is told only where Shopify knows it: that nothing was charged must not be said of what was."""
    data: dict[str, Any] = {"reason": _REASONS.get(order.cancel_reason or "", "other")}
    paid_back = [one for refund in order.refunds for one in _refunding(refund, "success", "pending")]
    if paid_back:
        amounts = [_amount_of(one) for one in paid_back]
        currencies = {one.currency for one in amounts if one is not None}
        if None in amounts or len(currencies) != 1:
            return (), "refund_unknown"
        total = sum(one.amount for one in amounts if one is not None)
        if total:
            data["refund"] = {"amount": total, "currency": currencies.pop()}
    elif order.financial_status not in ("pending", "authorized", "voided", "expired", None):
        return (), "refund_unknown"
    fact = Fact(
        key="cancelled", news="order-cancelled", data=data, occurred_at=at, needs_url="order_url", closes=("confirmed",)
    )
    return (fact,), None


def _plain_total(order: Order) -> Money | None:
    """Of payloads without the two currencies: the shop's own, unless the customer saw another."""
    if order.total_price is None or (order.presentment_currency or order.currency) != order.currency:
        return None
    return minor_units(order.total_price, order.currency)


def _shown(amounts: MoneySet | None) -> Money | None:
    """As the customer saw it."""
    shown = amounts.presentment_money if amounts is not None else None
    return minor_units(shown.amount, shown.currency_code) if shown is not None and shown.amount is not None else None


def _customer(order: Order) -> Customer:
    """The buyer's numbers before the one of the delivery, which may be for somebody else."""
    person, billing, shipping = order.customer, order.billing_address, order.shipping_address
    default = person.default_address if person is not None else None
    lives_in = next((one.country_code for one in (billing, default, shipping) if one and one.country_code), None)
    phones = [(order.phone, lives_in), (person.phone if person is not None else None, lives_in)]
    phones += [(one.phone, one.country_code or lives_in) for one in (billing, default) if one is not None]
    names = [full_name(person.first_name, person.last_name)] if person is not None else []
    names += [_named(billing)] if billing is not None else []
    candidates = _candidates(phones)
    if shipping is not None:
        goes_to = _named(shipping)
        of_another = is_another(goes_to, names)
        candidates += _candidates([(shipping.phone, shipping.country_code or lives_in)], of_another=of_another)
        names.append(goes_to)
    return Customer(candidates, next((name for name in names if name), None), order.customer_locale)


def _candidates(phones: list[tuple[str | None, str | None]], *, of_another: bool = False) -> tuple[Candidate, ...]:
    return tuple(dict.fromkeys(Candidate(text, country, of_another) for text, country in phones if text))


def _named(address: Address) -> str | None:
    return full_name(address.first_name, address.last_name) or full_name(address.name)


def _number(text: str) -> str:
    return text[:60]


_UNDER_WAY = ("out_for_delivery", "attempted_delivery", "delayed")
_STATUSES = {
    "out_for_delivery": "out_for_delivery",
    "attempted_delivery": "delivery_attempted",
    "delayed": "delayed",
    "delivered": "delivered",
}
"""Of a shipment, as an update on it tells it."""
_UNTOLD = {
    "ready_for_pickup": "pickup_place_unknown",  # neither the place nor the last day is said
    "picked_up": "nothing_to_tell",
    "failure": "tracking_failed",  # of looking the parcel up, not of delivering it
    "not_delivered": "nothing_to_tell",
}


def _read_fulfillment(topic: str, one: Fulfillment, received_at: datetime) -> Reading:
    destination = one.destination
    customer = Customer()
    if destination is not None:
        phones = _candidates([(destination.phone, destination.country_code)])
        customer = Customer(phones, _named(destination), None)
    number = _number(one.name.rpartition(".")[0] or one.name) if one.name else None
    facts, closes, reason = _facts_of_fulfillment(topic, one, received_at)
    return Reading(one.order_id, None, number, customer, facts, closes, reason)


def _facts_of_fulfillment(
    topic: str, one: Fulfillment, received_at: datetime
) -> tuple[tuple[Fact, ...], tuple[str, ...], str | None]:
    shipped = f"shipped:{one.id}"
    if one.status in ("cancelled", "error", "failure"):
        return (), (shipped, *_of_parcel(one, *_UNDER_WAY)), "fulfillment_given_up"
    if one.status not in ("success", None):
        return (), (), "not_shipped_yet"
    stands = one.shipment_status or ""
    changed_at = one.updated_at or one.created_at or received_at
    if stands in _STATUSES:
        return (_tracked(one, _STATUSES[stands], changed_at),), (), None
    if stands in _UNTOLD:
        return (), (), _UNTOLD[stands]
    number = _tracking_number(one)
    if number is None:
        return (), (), "no_tracking_number_yet"
    is_new = topic == "fulfillments/create"
    fact = Fact(
        key=shipped,
        news="order-shipped",
        data={"carrier": _carrier(one), "tracking_number": number},
        occurred_at=one.created_at or received_at if is_new else changed_at,
        is_dated=is_new,
        parcel=one.id,
        tracking_number=_tracking_number(one),
        link=_tracking_url(one),
        needs_url="tracking_url",
    )
    return (fact,), (), None


def _tracked(one: Fulfillment, status: str, at: datetime) -> Fact:
    data: dict[str, Any] = {"status": status}
    carrier = _carrier(one)
    if carrier is not None:
        data["carrier"] = carrier
    closes: tuple[str, ...] = (f"shipped:{one.id}",)
    if status == "delivered":
        data["delivered_at"] = at.isoformat()
        closes += _of_parcel(one, *_UNDER_WAY)
    return Fact(
        key=f"tracking:{one.id}:{status}",
        news="tracking-update",
        data=data,
        occurred_at=at,
        is_dated=False,
        parcel=one.id,
        tracking_number=_tracking_number(one),
        link=_tracking_url(one),
        needs_url="tracking_url",
        closes=closes,
    )


def _of_parcel(one: Fulfillment, *stands: str) -> tuple[str, ...]:
    return tuple(f"tracking:{one.id}:{_STATUSES[stand]}" for stand in stands)


def _carrier(one: Fulfillment) -> str | None:
    """`Other` is what Shopify writes where the shop chose none."""
    named = one.tracking_company
    return named[:_NAME_MOST] if named and named.casefold() != "other" else None


def _tracking_number(one: Fulfillment) -> str | None:
    number = next(iter(one.tracking_numbers), None) or one.tracking_number
    return number[:60] if number is not None else None


def _tracking_url(one: Fulfillment) -> str | None:
    return next(iter(one.tracking_urls), None) or one.tracking_url


def _read_refund(refund: Refund, settings: IntegrationSettings, received_at: datetime) -> Reading:
    facts = tuple(_facts_of_refund(refund, settings, refund.processed_at or refund.created_at or received_at))
    reason = None
    if not facts:
        is_pending = any(True for _ in _refunding(refund, "pending"))
        reason = "refund_pending" if is_pending else "nothing_paid_back"
    is_test = bool(refund.transactions) and all(one.test is True for one in refund.transactions)
    return Reading(refund.order_id, facts=facts, reason=reason, is_test=is_test)


def _refunding(refund: Refund, *states: str) -> Iterator[Transaction]:
    for one in refund.transactions:
        if one.kind == "refund" and one.status in states:
            yield one


def _facts_of_refund(refund: Refund, settings: IntegrationSettings, at: datetime) -> Iterator[Fact]:
    """One for each place that money goes to: to the card and back onto a gift card are two pieces of news."""
    sums: dict[tuple[Destination | None, str | None, str], int] = {}
    for one in _refunding(refund, "success"):
        amount = _amount_of(one)
        if amount is not None and amount.amount > 0:
            place = (_destination(one) or settings.refunds.destination, _ending(one), amount.currency)
            sums[place] = sums.get(place, 0) + amount.amount
    for (destination, ending, currency), minor in sums.items():
        data: dict[str, Any] = {"amount": {"amount": minor, "currency": currency}, "destination": destination}
        if destination == "card" and ending is not None:
            data["card_ending"] = ending
        yield Fact(
            key=f"refund:{refund.id}:{destination}:{ending or ''}:{currency}",
            news="refund-issued",
            data=data,
            occurred_at=at,
        )


def _amount_of(one: Transaction) -> Money | None:
    shown = _shown(one.amount_set)
    if shown is not None or one.amount is None:
        return shown
    return minor_units(abs(Decimal(one.amount)), one.currency)


_STORE_BALANCES = {"gift_card", "shopify_store_credit", "store_credit"}
_BANK = {"bank deposit", "bank_deposit", "bank transfer", "havale", "havale / eft", "havale/eft"}


def _destination(one: Transaction) -> Destination | None:
    """Nothing where the way of payment does not say it."""
    gateway = (one.gateway or "").casefold()
    if gateway in _STORE_BALANCES:
        return "store_balance"
    if one.payment_details is not None and one.payment_details.credit_card_number:
        return "card"
    return "bank_account" if gateway in _BANK else None


def _ending(one: Transaction) -> str | None:
    """The last four digits of the card."""
    number = one.payment_details.credit_card_number if one.payment_details is not None else None
    last = (number or "")[-4:]
    return last if len(last) == 4 and last.isascii() and last.isdigit() else None  # noqa: PLR2004 - four digits
