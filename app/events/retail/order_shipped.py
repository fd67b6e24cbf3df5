"""Order shipped: the parcel is with the carrier."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from app.consent.schemas import Line
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, Parameter, Payload, Priority
from app.templates.definition import WEBSITE, TemplateDefinition, UrlButton


class OrderShipped(Payload):
    order_number: Annotated[Line, Field(max_length=60, examples=["A-1001"])]
    carrier: Annotated[Line, Field(max_length=60, examples=["Yurtiçi Kargo"])]
    tracking_number: Annotated[Line, Field(max_length=60, examples=["YK123456789"])]
    tracking_url: Annotated[
        str,
        Field(
            max_length=2000,
            pattern=r"^https?://[^\s\x00-\x20\x7f]+$",
            description="Must begin with the business's website: Meta fixes the beginning of a button's link",
        ),
    ]


_URL = f"{WEBSITE}/{{{{1}}}}"
_SAMPLE = f"{WEBSITE}/track/YK123456789"

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
        "order_number": Parameter("#/data/order_number", lambda event: event.data.order_number),
        "carrier": Parameter("#/data/carrier", lambda event: event.data.carrier),
        "tracking_number": Parameter("#/data/tracking_number", lambda event: event.data.tracking_number),
    },
    links=(Parameter("#/data/tracking_url", lambda event: event.data.tracking_url),),
    templates=(
        TemplateDefinition(
            name="order_shipped",
            language="tr",
            header="Siparişiniz yola çıktı",
            body=(
                "Merhaba {{customer_name}}, *{{order_number}}* numaralı siparişiniz kargoya verildi. "
                "Kargo firması: {{carrier}}. Takip numarası: {{tracking_number}}. "
                "Gönderinizi aşağıdaki düğmeden izleyebilirsiniz."
            ),
            buttons=(UrlButton(text="Kargom nerede", url=_URL, sample=_SAMPLE),),
            samples={
                "customer_name": "Ayşe Yılmaz",
                "order_number": "A-1001",
                "carrier": "Yurtiçi Kargo",
                "tracking_number": "YK123456789",
            },
        ),
        TemplateDefinition(
            name="order_shipped",
            language="en",
            header="Your order is on its way",
            body=(
                "Hello {{customer_name}}, your order *{{order_number}}* has been shipped. "
                "Carrier: {{carrier}}. Tracking number: {{tracking_number}}. "
                "You can follow your parcel with the button below."
            ),
            buttons=(UrlButton(text="Track parcel", url=_URL, sample=_SAMPLE),),
            samples={
                "customer_name": "Jane Smith",
                "order_number": "A-1001",
                "carrier": "DHL",
                "tracking_number": "JD014600003",
            },
        ),
    ),
    example={
        "contact": {"phone": "+905321112233", "name": "Ayşe Yılmaz", "language": "tr"},
        "data": {
            "order_number": "A-1001",
            "carrier": "Yurtiçi Kargo",
            "tracking_number": "YK123456789",
            "tracking_url": "https://shop.example/track/YK123456789",
        },
        "reference": "order-1001",
    },
)
