"""Bill ready: a new bill, what it comes to, and by when it is paid."""

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
    Reminders,
    Wording,
    english,
    turkish,
)
from app.events.fields import AccountNumber, Day, Document, Link, Payload, Service
from app.events.formatting import Money
from app.events.utilities.payment_due import COLLECTION, Collection, reminded_from


class BillReady(Payload):
    service: Service
    account_number: AccountNumber
    amount: Money
    pay_by: Annotated[Day, Field(examples=["2026-12-14"], description="Last day to pay")]
    collection: Collection
    bill_url: Annotated[Link, Field(examples=["https://shop.example/bills/EA2026000123"])]
    document: Annotated[
        Document | None, Field(description="The bill itself, for a template of your own whose header is a PDF")
    ] = None


EVENT_TYPE = EventType(
    name="bill-ready",
    title="Bill ready",
    description="Post it when a bill has been issued: subscription, amount, last day to pay, whether the customer has "
    "to act, and a button to the bill. `remind_before` adds `payment-due` messages, counted back from 09:00 UTC of the "
    "due date; `payment-received` with the same `reference` ends them. Post it again with the "
    "same `reference` when the bill is corrected: what still waits of it is taken back, and reminders then say what is "
    "new.",
    industry=Industry.UTILITIES,
    payload=BillReady,
    topic="bills",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=72),
    on_unconfirmed="resend",
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
    buttons=(LinkButton(mapping.link("bill_url"), {"tr": "Faturayı görüntüle", "en": "View bill"}),),
    attachment=Attachment(
        format="DOCUMENT",
        source="#/data/document",
        take=lambda data: data.document.header() if data.document is not None else None,
    ),
    overtakes=("bill-ready", "payment-due"),
    reminders=Reminders(
        event_type="payment-due",
        moment=lambda data: reminded_from(data.pay_by),
        data=lambda data: {
            **data.model_dump(mode="json", exclude={"bill_url", "document"}),
            "payment_url": data.bill_url,
        },
    ),
    wordings={
        "tr": Wording(
            header="Faturanız hazır",
            body=(
                "Merhaba {{customer_name}}, *{{account_number}}* numaralı aboneliğinizin yeni {{service}} faturası "
                "hazır. Fatura tutarı: *{{amount}}*. Son ödeme tarihi: *{{pay_by}}*. Ödeme bilgisi: {{collection}}. "
                "Faturanızın ayrıntılarını aşağıdaki düğmeden görebilirsiniz."
            ),
        ),
        "en": Wording(
            header="Your bill is ready",
            body=(
                "Hello {{customer_name}}, the new {{service}} bill for your account *{{account_number}}* is ready. "
                "Amount: *{{amount}}*. Due date: *{{pay_by}}*. Payment: {{collection}}. "
                "You can see the bill with the button below."
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
                "bill_url": "https://shop.example/bills/EA2026000123",
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
                "bill_url": "https://shop.example/bills/EA2026000124",
            },
            reference="bill-EA2026000124",
        ),
    },
)
