"""Order confirmed: the shop has taken the order."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, Priority, Wording, english, turkish
from app.events.fields import Code, Payload
from app.events.formatting import Money


class OrderConfirmed(Payload):
    order_number: Annotated[Code, Field(examples=["A-1001"])]
    total: Money


EVENT_TYPE = EventType(
    name="order-confirmed",
    title="Order confirmed",
    description="The order has been taken: number and total. The text promises news of its shipment: post "
    "`order-shipped` then.",
    industry=Industry.RETAIL,
    payload=OrderConfirmed,
    topic="orders",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=24),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=10),
    quiet_hours="bypass",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "order_number": mapping.text("order_number"),
        "total": mapping.money("total"),
    },
    wordings={
        "tr": Wording(
            header="Siparişiniz alındı",
            body=(
                "Merhaba {{customer_name}}, *{{order_number}}* numaralı siparişinizi aldık. "
                "Toplam tutar: {{total}}. Kargoya verildiğinde size buradan haber vereceğiz."
            ),
        ),
        "en": Wording(
            header="Order received",
            body=(
                "Hello {{customer_name}}, we have received your order *{{order_number}}*. "
                "Total: {{total}}. We will let you know here when it ships."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {"order_number": "A-1001", "total": {"amount": 129990, "currency": "TRY"}}, reference="order-1001"
        ),
        "en": english(
            {"order_number": "A-1002", "total": {"amount": 129990, "currency": "TRY"}}, reference="order-1002"
        ),
    },
)
