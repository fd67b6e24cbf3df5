"""Order updated: something about an order has changed, and what it is now."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, LinkButton, Priority, Wording, english, turkish
from app.events.fields import Code, Day, Line, Link, Name, Payload, belongs_to
from app.events.formatting import Money


class OrderUpdated(Payload):
    order_number: Annotated[Code, Field(examples=["A-1001"])]
    change: Annotated[
        Literal["delivery_address", "delivery_date", "items", "payment_method"],
        Field(description="What has changed: its field is needed, with what holds now"),
    ]
    delivery_address: Annotated[
        Annotated[Line, Field(max_length=160)] | None,
        Field(
            validate_default=True,
            description="With `delivery_address`: the new one",
            examples=["Bağdat Caddesi 12, Kadıköy"],
        ),
        belongs_to("change", "delivery_address"),
    ] = None
    expected_on: Annotated[
        Day | None,
        Field(validate_default=True, description="With `delivery_date`: the new one", examples=["2026-11-27"]),
        belongs_to("change", "delivery_date"),
    ] = None
    items: Annotated[
        Annotated[list[Name], Field(min_length=1, max_length=100)] | None,
        Field(
            validate_default=True,
            description="With `items`: all that is in the order now; of more than three, the first two are named",
            examples=[["Keten gömlek, M", "Deri kemer"]],
        ),
        belongs_to("change", "items"),
    ] = None
    payment_method: Annotated[
        Name | None,
        Field(
            validate_default=True,
            description="With `payment_method`: the new one, in the customer's language",
            examples=["Kapıda ödeme"],
        ),
        belongs_to("change", "payment_method"),
    ] = None
    total: Annotated[Money, Field(description="Of the whole order as it is now")]
    order_url: Link


EVENT_TYPE = EventType(
    name="order-updated",
    title="Order updated",
    description="Something about an order that was taken has changed: its address, day of delivery, items or way of "
    "payment. The customer sees what holds now, the total, and a button to the order. A confirmation that still waits "
    "is dropped, since it would say what no longer holds. Post one event for each change.",
    industry=Industry.RETAIL,
    payload=OrderUpdated,
    topic="orders",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=24),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=10),
    quiet_hours="keep",
    overtakes=("order-confirmed",),
    parameters={
        "customer_name": CUSTOMER_NAME,
        "order_number": mapping.text("order_number"),
        "change": mapping.cases(
            "change",
            {
                "delivery_address": mapping.Case(
                    {"tr": "teslimat adresi. Yeni adres: {address}", "en": "delivery address. New address: {address}"},
                    {"address": mapping.text("delivery_address")},
                ),
                "delivery_date": mapping.Case(
                    {"tr": "teslimat tarihi. Yeni tarih: {date}", "en": "delivery date. New date: {date}"},
                    {"date": mapping.day("expected_on")},
                ),
                "items": mapping.Case(
                    {"tr": "ürünler. Siparişinizin güncel içeriği: {items}", "en": "items. Now in your order: {items}"},
                    {"items": mapping.listing("items")},
                ),
                "payment_method": mapping.Case(
                    {"tr": "ödeme yöntemi. Yeni yöntem: {method}", "en": "payment method. New method: {method}"},
                    {"method": mapping.text("payment_method")},
                ),
            },
        ),
        "total": mapping.money("total"),
    },
    buttons=(LinkButton(mapping.link("order_url"), {"tr": "Siparişi görüntüle", "en": "View order"}),),
    wordings={
        "tr": Wording(
            header="Siparişiniz güncellendi",
            body=(
                "Merhaba {{customer_name}}, siparişinizde bir değişiklik yapıldı. Değişiklik: {{change}}. "
                "Sipariş numarası: *{{order_number}}*. Güncel tutar: {{total}}. "
                "Siparişinizin son hâlini aşağıdaki düğmeden görebilirsiniz."
            ),
        ),
        "en": Wording(
            header="Your order has been updated",
            body=(
                "Hello {{customer_name}}, a change has been made to your order. Change: {{change}}. "
                "Order number: *{{order_number}}*. Current total: {{total}}. "
                "You can see the updated order with the button below."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "order_number": "A-1001",
                "change": "delivery_date",
                "expected_on": "2026-11-27",
                "total": {"amount": 129990, "currency": "TRY"},
                "order_url": "https://shop.example/orders/A-1001",
            },
            reference="order-1001",
        ),
        "en": english(
            {
                "order_number": "A-1002",
                "change": "delivery_date",
                "expected_on": "2026-11-27",
                "total": {"amount": 129990, "currency": "TRY"},
                "order_url": "https://shop.example/orders/A-1002",
            },
            reference="order-1002",
        ),
    },
)
