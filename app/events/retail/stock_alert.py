"""Stock alert: an item is back, told to a customer who asked for that."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, LinkButton, Priority, Wording, english, turkish
from app.events.fields import CustomerRequest, Link, Name, Payload


class StockAlert(Payload):
    product_name: Annotated[
        Name, Field(description="With the size or colour that was asked for", examples=["Keten gömlek, M"])
    ]
    product_url: Link
    request: CustomerRequest


EVENT_TYPE = EventType(
    name="stock-alert",
    title="Stock alert",
    description="An item is in stock again, and the customer had asked to be told: name of the item and a button to "
    "its page. Post it once for each request. Meta counts it as marketing.",
    industry=Industry.RETAIL,
    payload=StockAlert,
    topic="stock_alerts",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=24),
    on_unconfirmed="fail",
    unconfirmed_window=timedelta(minutes=30),
    quiet_hours="keep",
    expected_category="MARKETING",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "product_name": mapping.text("product_name"),
    },
    buttons=(LinkButton(mapping.link("product_url"), {"tr": "Ürünü görüntüle", "en": "View item"}),),
    wordings={
        "tr": Wording(
            header="Stok bildirimi",
            body=(
                "Merhaba {{customer_name}}, bir ürün yeniden stoğa girdiğinde size haber vermemizi istemiştiniz. "
                "Stoğa giren ürün: *{{product_name}}*. Ürün sayfasını aşağıdaki düğmeden açabilirsiniz. "
                "Bu talebinizle ilgili başka bildirim göndermeyeceğiz."
            ),
        ),
        "en": Wording(
            header="Stock alert",
            body=(
                "Hello {{customer_name}}, you asked to be told when an item is in stock again. "
                "Now in stock: *{{product_name}}*. You can open its page with the button below. "
                "We will not message you again about this."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "product_name": "Keten gömlek, M",
                "product_url": "https://shop.example/products/keten-gomlek",
                "request": {
                    "requested_at": "2026-11-20T18:05:00+03:00",
                    "channel": "website",
                    "wording": "Stoğa gelince WhatsApp’tan haber ver",
                    "evidence": "wish-8812",
                },
            },
            reference="wish-8812",
        ),
        "en": english(
            {
                "product_name": "Linen shirt, M",
                "product_url": "https://shop.example/products/linen-shirt",
                "request": {
                    "requested_at": "2026-11-20T18:05:00+03:00",
                    "channel": "website",
                    "wording": "Tell me on WhatsApp when it is back in stock",
                    "evidence": "wish-8813",
                },
            },
            reference="wish-8813",
        ),
    },
)
