"""Price drop: an item that the customer asked to follow costs less."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, LinkButton, Priority, Wording, english, turkish
from app.events.fields import CustomerRequest, Link, Name, Payload
from app.events.formatting import Money


class PriceDrop(Payload):
    product_name: Annotated[Name, Field(examples=["Keten gömlek, M"])]
    old_price: Annotated[
        Money,
        Field(
            description="The lowest of the 30 days before: the law of Turkey and of the European Union wants that one "
            "beside a reduced price"
        ),
    ]
    new_price: Annotated[Money, Field(description="Lower, in the same currency")]
    product_url: Link
    request: CustomerRequest

    @field_validator("new_price")
    @classmethod
    def _lower(cls, new_price: Money, info: ValidationInfo) -> Money:
        old_price = info.data.get("old_price")
        if old_price is None:
            return new_price
        if new_price.currency != old_price.currency:
            raise PydanticCustomError("currency_differs", "must be in the currency of old_price")
        if new_price.amount >= old_price.amount:
            raise PydanticCustomError("not_lower", "must be lower than old_price")
        return new_price


EVENT_TYPE = EventType(
    name="price-drop",
    title="Price drop",
    description="The price of an item fell, and the customer had asked to be told: both prices and a button to the "
    "item. An older price that still waits under the same `reference` is dropped. Meta counts it as marketing.",
    industry=Industry.RETAIL,
    payload=PriceDrop,
    topic="price_alerts",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=24),
    on_unconfirmed="fail",
    unconfirmed_window=timedelta(minutes=30),
    quiet_hours="keep",
    expected_category="MARKETING",
    overtakes=("price-drop",),
    parameters={
        "customer_name": CUSTOMER_NAME,
        "product_name": mapping.text("product_name"),
        "old_price": mapping.money("old_price"),
        "new_price": mapping.money("new_price"),
    },
    buttons=(LinkButton(mapping.link("product_url"), {"tr": "Ürünü görüntüle", "en": "View item"}),),
    wordings={
        "tr": Wording(
            header="Fiyat bildirimi",
            body=(
                "Merhaba {{customer_name}}, takip ettiğiniz bir ürünün fiyatı düştüğünde size haber vermemizi "
                "istemiştiniz. "
                "Fiyatı düşen ürün: *{{product_name}}*. Önceki fiyat: {{old_price}}. Güncel fiyat: {{new_price}}. "
                "Ürün sayfasını aşağıdaki düğmeden açabilirsiniz."
            ),
        ),
        "en": Wording(
            header="Price alert",
            body=(
                "Hello {{customer_name}}, you asked to be told when the price of an item you follow drops. "
                "Item: *{{product_name}}*. Previous price: {{old_price}}. Current price: {{new_price}}. "
                "You can open its page with the button below."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "product_name": "Keten gömlek, M",
                "old_price": {"amount": 129990, "currency": "TRY"},
                "new_price": {"amount": 99990, "currency": "TRY"},
                "product_url": "https://shop.example/products/keten-gomlek",
                "request": {
                    "requested_at": "2026-11-20T18:05:00+03:00",
                    "channel": "app",
                    "wording": "Fiyatı düşünce WhatsApp’tan haber ver",
                    "evidence": "follow-3120",
                },
            },
            reference="follow-3120",
        ),
        "en": english(
            {
                "product_name": "Linen shirt, M",
                "old_price": {"amount": 129990, "currency": "TRY"},
                "new_price": {"amount": 99990, "currency": "TRY"},
                "product_url": "https://shop.example/products/linen-shirt",
                "request": {
                    "requested_at": "2026-11-20T18:05:00+03:00",
                    "channel": "app",
                    "wording": "Tell me on WhatsApp when the price drops",
                    "evidence": "follow-3121",
                },
            },
            reference="follow-3121",
        ),
    },
)
