"""Product care: how to look after something that was bought."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from app.events import mapping
from app.events.event_type import (
    CUSTOMER_NAME,
    Attachment,
    EventType,
    Industry,
    LinkButton,
    Priority,
    Wording,
    english,
    turkish,
)
from app.events.fields import Code, Document, Link, Name, Payload, Sentence
from app.templates.compiled import HeaderMedia


class ProductCare(Payload):
    order_number: Annotated[Code, Field(examples=["A-1001"])]
    product_name: Annotated[Name, Field(examples=["Deri bot, 39"])]
    instruction: Annotated[
        Sentence,
        Field(
            description="What matters most in looking after it, in the customer's language, and nothing else to buy",
            examples=["İlk kullanımdan önce deriyi nemli bir bezle silin ve gölgede kurutun"],
        ),
    ]
    care_url: Link
    document: Annotated[
        Document | None,
        Field(description="The full instructions, for a template of the business's own whose header is a PDF"),
    ] = None


def _document(data: ProductCare) -> HeaderMedia | None:
    return data.document.header() if data.document is not None else None


EVENT_TYPE = EventType(
    name="product-care",
    title="Product care",
    description="How to look after an item that the customer has bought: the one thing that matters most, and a button "
    "to the full instructions. Post it when the item has arrived, or with `send_at` for a day or two later.",
    industry=Industry.RETAIL,
    payload=ProductCare,
    topic="product_care",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=72),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=30),
    quiet_hours="keep",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "order_number": mapping.text("order_number"),
        "product_name": mapping.text("product_name"),
        "instruction": mapping.text("instruction"),
    },
    buttons=(LinkButton(mapping.link("care_url"), {"tr": "Bakım kılavuzunu aç", "en": "Open care guide"}),),
    attachment=Attachment(format="DOCUMENT", source="#/data/document", take=_document),
    wordings={
        "tr": Wording(
            header="Ürününüzün bakımı",
            body=(
                "Merhaba {{customer_name}}, satın aldığınız ürünün bakım bilgilerini iletiyoruz. "
                "Ürün: *{{product_name}}*. Sipariş numarası: {{order_number}}. Bakım önerisi: {{instruction}}. "
                "Bakım kılavuzunun tamamını aşağıdaki düğmeden açabilirsiniz."
            ),
        ),
        "en": Wording(
            header="Caring for your purchase",
            body=(
                "Hello {{customer_name}}, here is how to look after an item from your order {{order_number}}. "
                "Item: *{{product_name}}*. Care instruction: {{instruction}}. "
                "You can open the full care guide with the button below."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "order_number": "A-1001",
                "product_name": "Deri bot, 39",
                "instruction": "İlk kullanımdan önce deriyi nemli bir bezle silin ve gölgede kurutun",
                "care_url": "https://shop.example/care/deri-bot",
            },
            reference="order-1001",
        ),
        "en": english(
            {
                "order_number": "A-1002",
                "product_name": "Leather boots, 39",
                "instruction": "Before wearing them for the first time, wipe the leather with a damp cloth and let "
                "it dry in the shade",
                "care_url": "https://shop.example/care/leather-boots",
            },
            reference="order-1002",
        ),
    },
)
