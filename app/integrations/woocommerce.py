"""WooCommerce's webhooks as facts: an order as its REST API shows it, each time that it changed. Pure.

WooCommerce does not say what changed. What is told follows from how the order stands, and is told once.

Sources: WooCommerce's REST API reference (orders), and what its Shipment Tracking extension keeps with an order.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from app.integrations.facts import Candidate, Customer, Destination, Fact, OrderSeen, Reading, as_data, minor_units
from app.integrations.reading import (
    OBJECT,
    Amount,
    At,
    Flag,
    Id,
    Lenient,
    Text,
    at_unix_time,
    full_name,
    is_another,
    language_tag,
    readable,
)
from app.integrations.settings import IntegrationSettings

_TOPICS = {"order.created", "order.updated", "order.restored"}

_PAID = {"processing", "completed"}
_TAKEN = {*_PAID, "on-hold"}
"""`pending` is a checkout that was not finished; of most of those nothing comes."""

TRACKING_KEY = "_wc_shipment_tracking_items"
"""Under which the Shipment Tracking extension, and others after its model, keep the parcels of an order."""

_LANGUAGE_KEYS = ("wpml_language", "trp_language", "pll_language", "_pll_language", "_locale", "locale", "_user_locale")
"""Under which extensions for several languages keep the one that the customer ordered in."""

_PICKED_UP = {"local_pickup", "pickup_location"}

_A_DAY = timedelta(days=1)


class Address(Lenient):
    first_name: Text = None
    last_name: Text = None
    phone: Text = None
    country: Text = None


class Meta(Lenient):
    key: Text = None
    value: Any = None


class Parcel(Lenient):
    tracking_number: Id
    tracking_provider: Text = None
    formatted_tracking_provider: Text = None
    custom_tracking_provider: Text = None
    custom_tracking_link: Text = None
    formatted_tracking_link: Text = None
    date_shipped: Text = None
    """Seconds since 1970, of the day."""


class Refund(Lenient):
    id: Id
    total: Amount = None
    """Below nought."""


class ShippingLine(Lenient):
    method_id: Text = None


class Order(Lenient):
    id: Id
    number: Text = None
    status: Text = None
    currency: Text = None
    total: Amount = None
    date_created_gmt: At = None
    date_modified_gmt: At = None
    date_paid_gmt: At = None
    date_completed_gmt: At = None
    needs_processing: Flag = None
    payment_method: Text = None
    billing: Annotated[Address | None, OBJECT] = None
    shipping: Annotated[Address | None, OBJECT] = None
    shipping_lines: Annotated[list[ShippingLine], readable(ShippingLine)] = Field(default=[])
    refunds: Annotated[list[Refund], readable(Refund)] = Field(default=[])
    meta_data: Annotated[list[Meta], readable(Meta)] = Field(default=[])

    def meta(self, key: str) -> Any:
        return next((one.value for one in self.meta_data if one.key == key), None)


class Parcels(Lenient):
    items: Annotated[list[Parcel], readable(Parcel)] = Field(default=[])


def read(topic: str, document: Mapping[str, Any], settings: IntegrationSettings, received_at: datetime) -> Reading:
    """Raises ValidationError for what lacks an id."""
    if topic not in _TOPICS:
        return Reading(reason="topic_not_used")
    order = Order.model_validate(document)
    placed_at = order.date_created_gmt or received_at
    changed_at = order.date_modified_gmt or placed_at
    attributes = tuple((one.key, _written(one.value) or "") for one in order.meta_data if one.key)
    seen = OrderSeen((order.number or order.id)[:60], None, placed_at, changed_at, attributes)
    facts = tuple(_facts(order, settings, placed_at, changed_at))
    closes = ("confirmed",) if order.status in ("cancelled", "refunded", "failed", "trash") else ()
    return Reading(
        order.id,
        seen,
        seen.number,
        _customer(order),
        facts,
        closes,
        reason=None if facts else _why_nothing(order, settings),
    )


def _written(value: Any) -> str | None:
    """Of what an extension keeps: only simple values."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)[:500] if isinstance(value, (str, int)) else None


def _customer(order: Order) -> Customer:
    billing, shipping = order.billing or Address(), order.shipping or Address()
    names = [full_name(one.first_name, one.last_name) for one in (billing, shipping)]
    phones = [
        Candidate(one.phone, one.country or billing.country, one is shipping and is_another(names[1], names[:1]))
        for one in (billing, shipping)
        if one.phone is not None
    ]
    languages = (language_tag(found) for key in _LANGUAGE_KEYS if isinstance(found := order.meta(key), str))
    return Customer(tuple(phones), next(filter(None, names), None), next(filter(None, languages), None))


def _why_nothing(order: Order, settings: IntegrationSettings) -> str:
    if order.status in ("pending", "checkout-draft", "failed"):
        return "not_paid_yet" if order.status == "pending" else "order_not_placed"
    if order.status == "on-hold" and settings.confirm_when == "paid":
        return "not_paid_yet"
    if order.status == "cancelled":
        return "refund_unknown" if order.date_paid_gmt is not None else "order_not_placed"
    return "nothing_to_tell"


def _facts(order: Order, settings: IntegrationSettings, placed_at: datetime, changed_at: datetime) -> Iterator[Fact]:
    if order.status in (_PAID if settings.confirm_when == "paid" else _TAKEN):
        yield from _confirmed(order, placed_at)
    yield from _shipped(order, changed_at)
    if order.status == "completed" and settings.completed_means == "delivered":
        yield from _delivered(order, changed_at)
    yield from _refunded(order, settings, changed_at)
    if order.status == "cancelled":
        yield from _cancelled(order, changed_at)


def _confirmed(order: Order, placed_at: datetime) -> Iterator[Fact]:
    total = minor_units(order.total, order.currency) if order.total is not None else None
    if total is not None:
        yield Fact(
            key="confirmed",
            news="order-confirmed",
            data={"total": as_data(total)},
            occurred_at=order.date_paid_gmt or placed_at,
            unfit=_unfit(order),
        )


def _unfit(order: Order) -> str | None:
    """The text promises news of a shipment."""
    if order.needs_processing is False:
        return "nothing_to_ship"
    methods = {one.method_id for one in order.shipping_lines}
    return "picked_up" if methods and methods <= _PICKED_UP else None


def _shipped(order: Order, changed_at: datetime) -> Iterator[Fact]:
    """The day is all that is known of when: told within a day after it, or after the change that brought it."""
    for parcel in Parcels.model_validate({"items": order.meta(TRACKING_KEY)}).items:
        day = at_unix_time(parcel.date_shipped)
        yield Fact(
            key=f"shipped:{parcel.tracking_number}",
            news="order-shipped",
            data={"carrier": _carrier(parcel), "tracking_number": parcel.tracking_number},
            occurred_at=min(changed_at, day + _A_DAY) if day is not None else changed_at,
            is_dated=day is not None,
            parcel=parcel.tracking_number,
            tracking_number=parcel.tracking_number,
            link=_link(parcel),
            needs_url="tracking_url",
        )


_CARRIERS = {
    "aras-kargo": "Aras Kargo",
    "dhl": "DHL",
    "dpd": "DPD",
    "fedex": "FedEx",
    "gls": "GLS",
    "hepsijet": "hepsiJET",
    "kolay-gelsin": "Kolay Gelsin",
    "mng-kargo": "MNG Kargo",
    "ptt-kargo": "PTT Kargo",
    "surat-kargo": "Sürat Kargo",
    "tnt": "TNT",
    "trendyol-express": "Trendyol Express",
    "ups": "UPS",
    "usps": "USPS",
    "yurtici-kargo": "Yurtiçi Kargo",
}
"""By the short names under which extensions keep them; others are shown as words."""


def _carrier(parcel: Parcel) -> str | None:
    named = parcel.custom_tracking_provider or parcel.formatted_tracking_provider
    if named is None and parcel.tracking_provider is not None:
        short = parcel.tracking_provider
        is_short = short == short.lower() and " " not in short
        named = _CARRIERS.get(short, short.replace("-", " ").title()) if is_short else short
    return named[:80] if named else None


def _link(parcel: Parcel) -> str | None:
    """The shop writes `%1$s` where the number belongs."""
    link = parcel.custom_tracking_link or parcel.formatted_tracking_link
    return link.replace("%1$s", parcel.tracking_number) if link else None


def _delivered(order: Order, changed_at: datetime) -> Iterator[Fact]:
    at = order.date_completed_gmt or changed_at
    parcels = Parcels.model_validate({"items": order.meta(TRACKING_KEY)}).items
    yield Fact(
        key="delivered",
        news="tracking-update",
        data={"status": "delivered", "delivered_at": at.isoformat()},
        occurred_at=at,
        needs_url="tracking_url",
        closes=tuple(f"shipped:{one.tracking_number}" for one in parcels),
    )


def _refunded(order: Order, settings: IntegrationSettings, changed_at: datetime) -> Iterator[Fact]:
    destination: Destination | None = "bank_account" if order.payment_method == "bacs" else settings.refunds.destination
    for refund in order.refunds:
        amount = minor_units(abs(refund.total), order.currency) if refund.total is not None else None
        if amount is not None and amount.amount > 0:
            yield Fact(
                key=f"refund:{refund.id}",
                news="refund-issued",
                data={"amount": as_data(amount), "destination": destination},
                occurred_at=changed_at,
                is_dated=False,
            )


def _cancelled(order: Order, changed_at: datetime) -> Iterator[Fact]:
    """Of a checkout that was not finished nobody needs to hear; who had the order confirmed does. What comes back is
    told only where it is known."""
    paid_back = sum((abs(one.total) for one in order.refunds if one.total is not None), Decimal(0))
    amount = minor_units(paid_back, order.currency) if paid_back else None
    if order.date_paid_gmt is not None and amount is None:
        return
    data: dict[str, Any] = {"reason": "other"}
    if amount is not None:
        data["refund"] = as_data(amount)
    yield Fact(
        key="cancelled",
        news="order-cancelled",
        data=data,
        occurred_at=changed_at,
        is_dated=False,
        needs_url="order_url",
        closes=("confirmed",),
        follows="confirmed",
    )
