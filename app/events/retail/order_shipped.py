"""Order shipped: the parcel is with the carrier."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, LinkButton, Priority, Wording, english, turkish
from app.events.fields import Code, Link, Name, Payload


class OrderShipped(Payload):
    order_number: Annotated[Code, Field(examples=["A-1001"])]
    carrier: Annotated[Name, Field(examples=["Yurtiçi Kargo"])]
    tracking_number: Annotated[Code, Field(examples=["YK123456789"])]
    tracking_url: Link


EVENT_TYPE = EventType(
    name="order-shipped",
    title="Order shipped",
    description="The parcel is with the carrier: tracking number and a button to follow it.",
    industry=Industry.RETAIL,
    payload=OrderShipped,
    topic="orders",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=24),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=10),
    quiet_hours="keep",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "order_number": mapping.text("order_number"),
        "carrier": mapping.text("carrier"),
        "tracking_number": mapping.text("tracking_number"),
    },
    buttons=(LinkButton(mapping.link("tracking_url"), {"tr": "Kargoyu takip et", "en": "Track parcel"}),),
    wordings={
        "tr": Wording(
            header="Siparişiniz yola çıktı",
            body=(
                "Merhaba {{customer_name}}, *{{order_number}}* numaralı siparişiniz kargoya verildi. "
                "Kargo firması: {{carrier}}. Takip numarası: {{tracking_number}}. "
                "Gönderinizi aşağıdaki düğmeden takip edebilirsiniz."
            ),
        ),
        "en": Wording(
            header="Your order is on its way",
            body=(
                "Hello {{customer_name}}, your order *{{order_number}}* has been shipped. "
                "Carrier: {{carrier}}. Tracking number: {{tracking_number}}. "
                "You can follow your parcel with the button below."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "order_number": "A-1001",
                "carrier": "Yurtiçi Kargo",
                "tracking_number": "YK123456789",
                "tracking_url": "https://shop.example/track/YK123456789",
            },
            reference="order-1001",
        ),
        "en": english(
            {
                "order_number": "A-1002",
                "carrier": "DHL",
                "tracking_number": "JD014600003",
                "tracking_url": "https://shop.example/track/JD014600003",
            },
            reference="order-1002",
        ),
    },
)
