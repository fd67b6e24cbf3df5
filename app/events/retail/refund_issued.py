"""Refund issued: money is on its way back to the customer."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, Priority, Wording, english, turkish
from app.events.fields import Code, Day, Payload, belongs_to
from app.events.formatting import Money


class RefundIssued(Payload):
    order_number: Annotated[Code, Field(examples=["A-1001"])]
    amount: Money
    destination: Annotated[
        Literal["card", "bank_account", "store_balance"], Field(description="Where the customer will find the money")
    ]
    card_ending: Annotated[
        Annotated[str, Field(pattern=r"^[0-9]{4}$")] | None,
        Field(
            validate_default=True,
            description="With `card`: its last four digits, where they are known",
            examples=["4321"],
        ),
        belongs_to("destination", allowed=("card",)),
    ] = None
    expected_by: Annotated[
        Day, Field(description="The last day on which the money should have arrived", examples=["2026-12-03"])
    ]


_CARD = mapping.sentence(
    "card_ending",
    mapping.Case(
        {"tr": "son dört hanesi {digits} olan kartınız", "en": "your card ending in {digits}"},
        {"digits": mapping.text("card_ending")},
    ),
)

EVENT_TYPE = EventType(
    name="refund-issued",
    title="Refund issued",
    description="The shop has paid money back, after a return or a cancellation: how much, where to, and by when it "
    "should have arrived. Post it when the money has left, not when it was promised.",
    industry=Industry.RETAIL,
    payload=RefundIssued,
    topic="orders",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=72),
    # Told twice, it looks like money paid twice.
    on_unconfirmed="fail",
    unconfirmed_window=timedelta(minutes=30),
    quiet_hours="keep",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "order_number": mapping.text("order_number"),
        "amount": mapping.money("amount"),
        "destination": mapping.cases(
            "destination",
            {
                "card": mapping.Case(
                    {"tr": "{card}", "en": "{card}"},
                    {
                        "card": mapping.either(
                            "card_ending",
                            _CARD,
                            {"tr": "ödeme yaptığınız kart", "en": "the card you paid with"},
                        )
                    },
                ),
                "bank_account": mapping.Case({"tr": "banka hesabınız", "en": "your bank account"}, {}),
                "store_balance": mapping.Case(
                    {"tr": "mağazamızdaki hesap bakiyeniz", "en": "your account balance with us"}, {}
                ),
            },
        ),
        "expected_by": mapping.day("expected_by"),
    },
    wordings={
        "tr": Wording(
            header="Para iadeniz yapıldı",
            body=(
                "Merhaba {{customer_name}}, siparişinizin para iadesi yapıldı. Sipariş numarası: *{{order_number}}*. "
                "İade edilen tutar: *{{amount}}*. İadenin yapıldığı hesap veya kart: {{destination}}. "
                "Hesabınıza en geç yansıyacağı tarih: {{expected_by}}. "
                "Tutar bu tarihe kadar hesabınıza yansımazsa lütfen bize ulaşın."
            ),
        ),
        "en": Wording(
            header="Your refund is on its way",
            body=(
                "Hello {{customer_name}}, we have issued a refund for your order *{{order_number}}*. "
                "Amount refunded: *{{amount}}*. It was sent to {{destination}}. It should arrive no later than "
                "{{expected_by}}. If you do not see it by then, please contact us."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "order_number": "A-1001",
                "amount": {"amount": 129990, "currency": "TRY"},
                "destination": "card",
                "card_ending": "4321",
                "expected_by": "2026-12-03",
            },
            reference="refund-1001",
        ),
        "en": english(
            {
                "order_number": "A-1002",
                "amount": {"amount": 129990, "currency": "TRY"},
                "destination": "card",
                "card_ending": "4321",
                "expected_by": "2026-12-03",
            },
            reference="refund-1002",
        ),
    },
)
