"""Payment received: a payment towards a bill has arrived."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, Priority, Wording, english, turkish
from app.events.fields import AccountNumber, Code, Day, Payload, Service
from app.events.formatting import Money


class PaymentReceived(Payload):
    service: Service
    account_number: AccountNumber
    amount: Annotated[Money, Field(description="What was paid")]
    paid_on: Annotated[Day, Field(examples=["2026-12-10"])]
    payment_number: Annotated[
        Code, Field(examples=["OD-778812"], description="By which customer service finds the payment")
    ]


EVENT_TYPE = EventType(
    name="payment-received",
    title="Payment received",
    description="Post it when a payment has arrived: subscription, amount, date and number of the payment. With the "
    "`reference` of the bill, reminders and news of a failed payment that still wait are not sent any more.",
    industry=Industry.UTILITIES,
    payload=PaymentReceived,
    topic="bills",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=48),
    on_unconfirmed="fail",  # told twice, it looks like two payments
    unconfirmed_window=timedelta(minutes=30),
    quiet_hours="keep",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "account_number": mapping.text("account_number"),
        "service": mapping.text("service"),
        "amount": mapping.money("amount"),
        "paid_on": mapping.day("paid_on"),
        "payment_number": mapping.text("payment_number"),
    },
    overtakes=("payment-due", "payment-failed"),
    wordings={
        "tr": Wording(
            header="Ödemeniz alındı",
            body=(
                "Merhaba {{customer_name}}, *{{account_number}}* numaralı aboneliğinizin {{service}} faturası için "
                "ödemeniz alındı. Ödenen tutar: *{{amount}}*. Ödeme tarihi: {{paid_on}}. "
                "İşlem numarası: {{payment_number}}. "
                "Bu mesajı ödeme kaydınız olarak saklayabilirsiniz."
            ),
        ),
        "en": Wording(
            header="Payment received",
            body=(
                "Hello {{customer_name}}, we have received your payment for the {{service}} bill of your account "
                "*{{account_number}}*. Amount paid: *{{amount}}*. Date: {{paid_on}}. "
                "Payment number: {{payment_number}}. Please keep this message for your records."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "service": "elektrik",
                "account_number": "4500123456",
                "amount": {"amount": 84560, "currency": "TRY"},
                "paid_on": "2026-12-10",
                "payment_number": "OD-778812",
            },
            reference="bill-EA2026000123",
        ),
        "en": english(
            {
                "service": "electricity",
                "account_number": "4500123457",
                "amount": {"amount": 84560, "currency": "TRY"},
                "paid_on": "2026-12-10",
                "payment_number": "OD-778813",
            },
            reference="bill-EA2026000124",
        ),
    },
)
