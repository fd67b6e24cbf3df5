"""Continue on WhatsApp: a conversation that began elsewhere goes on here, because the customer asked for that."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from app.events import mapping
from app.events.answers import Meaning
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, Priority, ReplyButton, Wording, english, turkish
from app.events.fields import Code, CustomerRequest, Line, Payload


class ContinueOnWhatsapp(Payload):
    began_by: Annotated[
        Literal["phone", "website", "app", "email", "store", "social_media"],
        Field(description="Where the conversation was held until now"),
    ]
    subject: Annotated[
        Line,
        Field(
            max_length=120,
            description="A few words in the customer's language, without anything that others should not read",
            examples=["Faturanızdaki adres düzeltmesi"],
        ),
    ]
    case_number: Annotated[Code, Field(examples=["D-4711"])]
    request: CustomerRequest


EVENT_TYPE = EventType(
    name="continue-on-whatsapp",
    title="Continue on WhatsApp",
    description="A call or chat that began elsewhere is to go on here, and the customer asked for that: subject, case "
    "number, and a button to begin. The customer's answer opens the window in which your staff may write freely.",
    industry=Industry.CONVERSATION,
    payload=ContinueOnWhatsapp,
    topic="conversations",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=12),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=2),
    # The customer is waiting for it.
    quiet_hours="bypass",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "began_by": mapping.choice(
            "began_by",
            {
                "tr": {
                    "phone": "telefonda",
                    "website": "web sitemizde",
                    "app": "uygulamamızda",
                    "email": "e-postayla",
                    "store": "mağazamızda",
                    "social_media": "sosyal medyada",
                },
                "en": {
                    "phone": "on the phone",
                    "website": "on our website",
                    "app": "in our app",
                    "email": "by email",
                    "store": "in our store",
                    "social_media": "on social media",
                },
            },
        ),
        "subject": mapping.text("subject"),
        "case_number": mapping.text("case_number"),
    },
    buttons=(
        ReplyButton("conversation.continued", {"tr": "Görüşmeye devam et", "en": "Continue here"}, Meaning.CONFIRMED),
    ),
    wordings={
        "tr": Wording(
            header="Görüşmemizin devamı",
            body=(
                "Merhaba {{customer_name}}, sizinle {{began_by}} başlayan görüşmemize WhatsApp üzerinden devam "
                "etmemizi istemiştiniz. Kayıt numarası: *{{case_number}}*. Görüşme konusu: {{subject}}. "
                "Hazır olduğunuzda aşağıdaki düğmeye dokunun."
            ),
        ),
        "en": Wording(
            header="Our conversation",
            body=(
                "Hello {{customer_name}}, you asked us to continue on WhatsApp the conversation we started "
                "{{began_by}}. Case number: *{{case_number}}*. Subject of the conversation: {{subject}}. "
                "Please tap the button below when you are ready."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "began_by": "phone",
                "subject": "Faturanızdaki adres düzeltmesi",
                "case_number": "D-4711",
                "request": {
                    "requested_at": "2026-11-24T10:12:00+03:00",
                    "channel": "phone",
                    "wording": "Görüşmeye WhatsApp’tan devam edelim",
                    "evidence": "call-20261124-118",
                },
            },
            reference="case-4711",
        ),
        "en": english(
            {
                "began_by": "phone",
                "subject": "Correction of the address on your invoice",
                "case_number": "D-4712",
                "request": {
                    "requested_at": "2026-11-24T10:12:00+03:00",
                    "channel": "phone",
                    "wording": "Let us continue on WhatsApp",
                    "evidence": "call-20261124-119",
                },
            },
            reference="case-4712",
        ),
    },
)
