"""Payment due: a bill is to be paid, or will be collected, by a date."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal

from pydantic import Field

from app.events import mapping
from app.events.event_type import (
    CUSTOMER_NAME,
    EventType,
    Industry,
    LinkButton,
    Priority,
    Reminders,
    Wording,
    english,
    turkish,
)
from app.events.fields import AccountNumber, Day, Link, Payload, Service
from app.events.formatting import Money

Collection = Annotated[
    Literal["by_customer", "automatic"],
    Field(
        examples=["by_customer"],
        description="Whether the customer has to act, or you collect by a standing instruction",
    ),
]


class PaymentDue(Payload):
    service: Service
    account_number: AccountNumber
    amount: Money
    pay_by: Annotated[Day, Field(examples=["2026-12-14"], description="Last day to pay")]
    collection: Collection
    payment_url: Link


def reminded_from(pay_by: date) -> datetime:
    """From when reminders of a date count back, though it has no clock: from noon in Turkey, which is on that date
    nearly everywhere."""
    return datetime.combine(pay_by, time(9), UTC)


COLLECTION = mapping.choice(
    "collection",
    {
        "tr": {
            "by_customer": "bu tarihe kadar sizin ödemeniz gerekiyor",
            "automatic": "otomatik ödeme talimatınızla tahsil edilecek",
        },
        "en": {
            "by_customer": "please pay by this date",
            "automatic": "collected automatically",
        },
    },
)

EVENT_TYPE = EventType(
    name="payment-due",
    title="Payment due",
    description="Post it before the last day to pay a bill: subscription, amount, date, whether the customer has to "
    "act, and a button to the bill. `remind_before` makes a series, counted back from 09:00 UTC of the due date; "
    "`payment-received` with the same `reference` ends it.",
    industry=Industry.UTILITIES,
    payload=PaymentDue,
    topic="bills",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=24),
    on_unconfirmed="resend",  # nothing is asked: to be reminded twice is better than not to pay
    unconfirmed_window=timedelta(minutes=30),
    quiet_hours="keep",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "account_number": mapping.text("account_number"),
        "service": mapping.text("service"),
        "amount": mapping.money("amount"),
        "pay_by": mapping.day("pay_by"),
        "collection": COLLECTION,
    },
    buttons=(LinkButton(mapping.link("payment_url"), {"tr": "Fatura ve ödeme", "en": "Bill and payment"}),),
    reminders=Reminders(
        event_type="payment-due",
        moment=lambda data: reminded_from(data.pay_by),
        data=lambda data: data.model_dump(mode="json"),
    ),
    wordings={
        "tr": Wording(
            header="Fatura ödeme hatırlatması",
            body=(
                "Merhaba {{customer_name}}, *{{account_number}}* numaralı aboneliğinizin {{service}} faturasının "
                "ödemesini hatırlatmak isteriz. Tutar: *{{amount}}*. Son ödeme tarihi: *{{pay_by}}*. "
                "Ödeme bilgisi: {{collection}}. Ödeme yapıldıysa bu mesajı dikkate almayınız."
            ),
        ),
        "en": Wording(
            header="Bill reminder",
            body=(
                "Hello {{customer_name}}, this is a reminder of the {{service}} bill for your account "
                "*{{account_number}}*. Amount: *{{amount}}*. Due date: *{{pay_by}}*. Payment: {{collection}}. "
                "If it has been paid, please disregard this message."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "service": "elektrik",
                "account_number": "4500123456",
                "amount": {"amount": 84560, "currency": "TRY"},
                "pay_by": "2026-12-14",
                "collection": "by_customer",
                "payment_url": "https://shop.example/bills/EA2026000123",
            },
            reference="bill-EA2026000123",
        ),
        "en": english(
            {
                "service": "electricity",
                "account_number": "4500123457",
                "amount": {"amount": 84560, "currency": "TRY"},
                "pay_by": "2026-12-14",
                "collection": "automatic",
                "payment_url": "https://shop.example/bills/EA2026000124",
            },
            reference="bill-EA2026000124",
        ),
    },
)
