"""Order confirmed: the shop has taken the order."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from app.consent.schemas import Line
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, Parameter, Payload, Priority
from app.events.formatting import Money, money
from app.templates.definition import TemplateDefinition


class OrderConfirmed(Payload):
    order_number: Annotated[Line, Field(max_length=60, examples=["A-1001"])]
    total: Money


EVENT_TYPE = EventType(
    name="order-confirmed",
    title="Order confirmed",
    description="The order has been taken: number and total.",
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
        "order_number": Parameter("#/data/order_number", lambda event: event.data.order_number),
        "total": Parameter("#/data/total", lambda event: money(event.data.total, event.language)),
    },
    templates=(
        TemplateDefinition(
            name="order_confirmed",
            language="tr",
            header="Siparişiniz alındı",
            body=(
                "Merhaba {{customer_name}}, *{{order_number}}* numaralı siparişinizi aldık. "
                "Toplam tutar: {{total}}. Kargoya verildiğinde size buradan haber vereceğiz."
            ),
            samples={"customer_name": "Ayşe Yılmaz", "order_number": "A-1001", "total": "1.299,90 ₺"},
        ),
        TemplateDefinition(
            name="order_confirmed",
            language="en",
            header="We have your order",
            body=(
                "Hello {{customer_name}}, we have received your order *{{order_number}}*. "
                "Total: {{total}}. We will let you know here when it ships."
            ),
            samples={"customer_name": "Jane Smith", "order_number": "A-1001", "total": "€49.90"},
        ),
    ),
    example={
        "contact": {"phone": "+905321112233", "name": "Ayşe Yılmaz", "language": "tr"},
        "data": {"order_number": "A-1001", "total": {"amount": 129990, "currency": "TRY"}},
        "reference": "order-1001",
    },
)
