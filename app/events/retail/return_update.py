"""Return update: how far a return or an exchange has come."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, LinkButton, Priority, Wording, english, turkish
from app.events.fields import Code, Day, Link, Name, Payload, Sentence, belongs_to


class ReturnUpdate(Payload):
    order_number: Annotated[Code, Field(examples=["A-1001"])]
    return_number: Annotated[Code, Field(examples=["R-2001"])]
    kind: Literal["return", "exchange"]
    status: Annotated[
        Literal["requested", "approved", "rejected", "received", "completed"],
        Field(
            description="`requested`: being looked at. `approved`: the customer may send the item. `received`: the "
            "item is with the shop and being checked. `completed`: a return was accepted, or the item in exchange has "
            "left"
        ),
    ]
    carrier: Annotated[
        Name | None,
        Field(
            validate_default=True,
            description="With `approved`: by whom the customer sends the item",
            examples=["Yurtiçi Kargo"],
        ),
        belongs_to("status", "approved"),
    ] = None
    shipping_code: Annotated[
        Code | None,
        Field(
            validate_default=True,
            description="With `approved`: what the customer shows the carrier to send it free of charge, if anything",
            examples=["7245510"],
        ),
        belongs_to("status", allowed=("approved",)),
    ] = None
    send_by: Annotated[
        Day | None,
        Field(
            validate_default=True, description="With `approved`: the last day to send the item", examples=["2026-12-05"]
        ),
        belongs_to("status", "approved"),
    ] = None
    reason: Annotated[
        Sentence | None,
        Field(
            validate_default=True,
            description="With `rejected`: why, in the customer's language",
            examples=["İade süresi doldu"],
        ),
        belongs_to("status", "rejected"),
    ] = None
    return_url: Link


EVENT_TYPE = EventType(
    name="return-update",
    title="Return update",
    description="A return or an exchange was asked for, approved, rejected, received or completed: the customer sees "
    "which, what to do next, and a button to the request. News that still waits about the same `reference` is dropped, "
    "so give each return a reference of its own. Post `refund-issued` when the money has left.",
    industry=Industry.RETAIL,
    payload=ReturnUpdate,
    topic="orders",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=48),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=10),
    quiet_hours="keep",
    overtakes=("return-update",),
    parameters={
        "customer_name": CUSTOMER_NAME,
        "kind": mapping.choice(
            "kind",
            {"tr": {"return": "iade", "exchange": "değişim"}, "en": {"return": "return", "exchange": "exchange"}},
        ),
        "order_number": mapping.text("order_number"),
        "update": mapping.cases(
            "status",
            {
                "requested": mapping.Case(
                    {"tr": "Talebiniz alındı, inceleniyor", "en": "We have received your request and are reviewing it"},
                    {},
                ),
                "approved": mapping.Case(
                    {
                        "tr": "Talebiniz onaylandı. Ürünü bize gönderebilirsiniz. Kargo firması: {carrier}. Gönderi "
                        "kodu: {code}. "
                        "Son gönderim tarihi: "
                        "{send_by}",
                        "en": "Your request has been approved. Please send us the item. Carrier: {carrier}. "
                        "Shipping code: {code}. "
                        "Last day to send it: {send_by}",
                    },
                    {
                        "carrier": mapping.text("carrier"),
                        "send_by": mapping.day("send_by"),
                        "code": mapping.either(
                            "shipping_code",
                            mapping.text("shipping_code"),
                            {"tr": "gerekmiyor", "en": "not needed"},
                        ),
                    },
                ),
                "rejected": mapping.Case(
                    {
                        "tr": "Talebiniz kabul edilemedi. Nedeni: {reason}",
                        "en": "Your request could not be accepted. Reason: {reason}",
                    },
                    {"reason": mapping.text("reason")},
                ),
                "received": mapping.Case(
                    {"tr": "Ürün bize ulaştı, kontrol ediliyor", "en": "We have the item and are checking it"}, {}
                ),
                "completed": mapping.Case(
                    {"tr": "{outcome}", "en": "{outcome}"},
                    {
                        "outcome": mapping.choice(
                            "kind",
                            {
                                "tr": {
                                    "return": "İadeniz kabul edildi ve tamamlandı",
                                    "exchange": "Değişim tamamlandı, yeni ürününüz gönderildi",
                                },
                                "en": {
                                    "return": "Your return has been accepted and completed",
                                    "exchange": "Your exchange is complete and the new item has been sent",
                                },
                            },
                        )
                    },
                ),
            },
        ),
        "return_number": mapping.text("return_number"),
    },
    buttons=(LinkButton(mapping.link("return_url"), {"tr": "Talebi görüntüle", "en": "View request"}),),
    wordings={
        "tr": Wording(
            header="İade ve değişim talebiniz",
            body=(
                "Merhaba {{customer_name}}, siparişinizle ilgili {{kind}} talebinizin durumu değişti. "
                "Son durum: {{update}}. Talep numarası: *{{return_number}}*. Sipariş numarası: {{order_number}}. "
                "Talebinizin ayrıntılarını aşağıdaki düğmeden görebilirsiniz."
            ),
        ),
        "en": Wording(
            header="Your return or exchange",
            body=(
                "Hello {{customer_name}}, the status of your {{kind}} request has changed. "
                "Latest status: {{update}}. Request number: *{{return_number}}*. Order number: {{order_number}}. "
                "You can see the details of your request with the button below."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "order_number": "A-1001",
                "return_number": "R-2001",
                "kind": "return",
                "status": "approved",
                "carrier": "Yurtiçi Kargo",
                "shipping_code": "7245510",
                "send_by": "2026-12-05",
                "return_url": "https://shop.example/returns/R-2001",
            },
            reference="return-2001",
        ),
        "en": english(
            {
                "order_number": "A-1002",
                "return_number": "R-2002",
                "kind": "return",
                "status": "approved",
                "carrier": "DHL",
                "shipping_code": "7245511",
                "send_by": "2026-12-05",
                "return_url": "https://shop.example/returns/R-2002",
            },
            reference="return-2002",
        ),
    },
)
