"""Order cancelled: it will not come, why, and what becomes of the money."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, LinkButton, Priority, Wording, english, turkish
from app.events.fields import Code, Link, Payload, Sentence, belongs_to
from app.events.formatting import Money


class OrderCancelled(Payload):
    order_number: Annotated[Code, Field(examples=["A-1001"])]
    reason: Literal["customer_request", "out_of_stock", "payment_not_received", "undeliverable", "other"]
    explanation: Annotated[
        Sentence | None,
        Field(
            validate_default=True,
            description="With the reason `other`: a few words in the customer's language",
            examples=["Ürün kalite kontrolünden geçmedi"],
        ),
        belongs_to("reason", "other"),
    ] = None
    refund: Annotated[
        Money | None, Field(description="What the customer gets back; left out where nothing was charged")
    ] = None
    order_url: Link


EVENT_TYPE = EventType(
    name="order-cancelled",
    title="Order cancelled",
    description="An order was cancelled, by the customer or by the shop: why, and how much will be paid back. Whatever "
    "else still waits to be said about the same `reference` is dropped. Post `refund-issued` when the money has left.",
    industry=Industry.RETAIL,
    payload=OrderCancelled,
    topic="orders",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=48),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=10),
    quiet_hours="keep",
    overtakes=(
        "order-confirmed",
        "order-updated",
        "order-shipped",
        "tracking-update",
        "product-care",
        "feedback-request",
    ),
    parameters={
        "customer_name": CUSTOMER_NAME,
        "order_number": mapping.text("order_number"),
        "reason": mapping.cases(
            "reason",
            {
                "customer_request": mapping.Case({"tr": "talebiniz", "en": "your request"}, {}),
                "out_of_stock": mapping.Case({"tr": "ürünün stokta kalmaması", "en": "the item is out of stock"}, {}),
                "payment_not_received": mapping.Case(
                    {"tr": "ödemenin alınamaması", "en": "we did not receive a payment"}, {}
                ),
                "undeliverable": mapping.Case(
                    {"tr": "adrese teslimat yapılamaması", "en": "we cannot deliver to the address"}, {}
                ),
                "other": mapping.Case(
                    {"tr": "{explanation}", "en": "{explanation}"}, {"explanation": mapping.text("explanation")}
                ),
            },
        ),
        "refund": mapping.either(
            "refund",
            mapping.money("refund"),
            {"tr": "yok (ödeme alınmamıştı)", "en": "none, as nothing was charged"},
        ),
    },
    buttons=(LinkButton(mapping.link("order_url"), {"tr": "Siparişi görüntüle", "en": "View order"}),),
    wordings={
        "tr": Wording(
            header="Siparişiniz iptal edildi",
            body=(
                "Merhaba {{customer_name}}, siparişiniz iptal edildi. Sipariş numarası: *{{order_number}}*. "
                "İptal nedeni: {{reason}}. Size iade edilecek tutar: {{refund}}. "
                "İptalin ayrıntılarını aşağıdaki düğmeden görebilirsiniz."
            ),
        ),
        "en": Wording(
            header="Your order has been cancelled",
            body=(
                "Hello {{customer_name}}, your order has been cancelled. Order number: *{{order_number}}*. "
                "Reason: {{reason}}. Amount to be refunded to you: {{refund}}. "
                "You can see the details of the cancellation with the button below."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "order_number": "A-1001",
                "reason": "out_of_stock",
                "refund": {"amount": 129990, "currency": "TRY"},
                "order_url": "https://shop.example/orders/A-1001",
            },
            reference="order-1001",
        ),
        "en": english(
            {
                "order_number": "A-1002",
                "reason": "out_of_stock",
                "refund": {"amount": 129990, "currency": "TRY"},
                "order_url": "https://shop.example/orders/A-1002",
            },
            reference="order-1002",
        ),
    },
)
