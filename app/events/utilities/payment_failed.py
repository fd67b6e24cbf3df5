"""Payment failed: a bill could not be collected, why, and how it can still be paid."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, LinkButton, Priority, Wording, english, turkish
from app.events.fields import AccountNumber, Day, Link, Payload, Service
from app.events.formatting import Money


class PaymentFailed(Payload):
    service: Service
    account_number: AccountNumber
    amount: Annotated[Money, Field(description="What remains to be paid")]
    reason: Annotated[
        Literal["insufficient_funds", "card_expired", "declined", "mandate_ended", "technical"],
        Field(
            examples=["card_expired"],
            description="`declined`: the bank gave no reason. `mandate_ended`: automatic payment is no longer in "
            "force. `technical`: the fault is not the customer's",
        ),
    ]
    pay_by: Annotated[Day, Field(examples=["2026-12-18"], description="Last day to pay without consequences")]
    payment_url: Link


EVENT_TYPE = EventType(
    name="payment-failed",
    title="Payment failed",
    description="Post it when a payment was refused and the customer has to act: subscription, amount, reason, last "
    "day to pay, and a button to pay. Wait with it while you still try yourself. With the `reference` of the bill, it "
    "takes the place of reminders and of news of an earlier failure that still wait.",
    industry=Industry.UTILITIES,
    payload=PaymentFailed,
    topic="bills",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=24),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=30),
    quiet_hours="keep",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "account_number": mapping.text("account_number"),
        "service": mapping.text("service"),
        "amount": mapping.money("amount"),
        "reason": mapping.choice(
            "reason",
            {
                "tr": {
                    "insufficient_funds": "hesap bakiyesi veya kart limiti yetersiz",
                    "card_expired": "kartın kullanım süresi dolmuş",
                    "declined": "banka işlemi onaylamadı",
                    "mandate_ended": "otomatik ödeme talimatı artık geçerli değil",
                    "technical": "teknik bir sorun oluştu",
                },
                "en": {
                    "insufficient_funds": "not enough funds on the account or card",
                    "card_expired": "the card has expired",
                    "declined": "the bank did not approve it",
                    "mandate_ended": "automatic payment is no longer in force",
                    "technical": "a technical fault",
                },
            },
        ),
        "pay_by": mapping.day("pay_by"),
    },
    buttons=(LinkButton(mapping.link("payment_url"), {"tr": "Faturayı öde", "en": "Pay bill"}),),
    overtakes=("payment-due", "payment-failed"),
    wordings={
        "tr": Wording(
            header="Ödemeniz tamamlanamadı",
            body=(
                "Merhaba {{customer_name}}, *{{account_number}}* numaralı aboneliğinizin {{service}} faturası için "
                "ödemeniz tamamlanamadı. Ödenecek tutar: *{{amount}}*. Neden: {{reason}}. "
                "Son ödeme tarihi: *{{pay_by}}*. Faturanızı bu tarihe kadar aşağıdaki düğmeden ödeyebilirsiniz."
            ),
        ),
        "en": Wording(
            header="Your payment did not go through",
            body=(
                "Hello {{customer_name}}, your payment for the {{service}} bill of your account "
                "*{{account_number}}* did not go through. Amount to pay: *{{amount}}*. Reason: {{reason}}. "
                "Please pay the bill by *{{pay_by}}* with the button below."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "service": "elektrik",
                "account_number": "4500123456",
                "amount": {"amount": 84560, "currency": "TRY"},
                "reason": "card_expired",
                "pay_by": "2026-12-18",
                "payment_url": "https://shop.example/bills/EA2026000123",
            },
            reference="bill-EA2026000123",
        ),
        "en": english(
            {
                "service": "electricity",
                "account_number": "4500123457",
                "amount": {"amount": 84560, "currency": "TRY"},
                "reason": "declined",
                "pay_by": "2026-12-18",
                "payment_url": "https://shop.example/bills/EA2026000124",
            },
            reference="bill-EA2026000124",
        ),
    },
)
