"""Travel document reminder: something that the journey takes is still missing."""

from datetime import timedelta
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
from app.events.fields import Code, Link, Moment, Name, Payload


class TravelDocumentReminder(Payload):
    booking_number: Annotated[Code, Field(examples=["K7M2QX"])]
    trip: Annotated[
        Name, Field(description="What was booked, in the customer's language", examples=["İstanbul – Roma, 24 Kasım"])
    ]
    document: Literal["passport", "identity_card", "visa", "entry_form", "travel_consent"] = Field(
        description="What is missing. `travel_consent`: of the parents, for a child who travels without them"
    )
    due_at: Moment = Field(
        description="Until when it is needed; shown on the clock of the business's time zone",
        examples=["2026-11-20T18:00:00+03:00"],
    )
    document_url: Link


EVENT_TYPE = EventType(
    name="travel-document-reminder",
    title="Travel document reminder",
    description="A document that a booked journey takes is still missing: which, until when, and a button to hand it "
    "in. `remind_before` makes a series before that moment; when the document has come, cancel those messages that "
    "still wait.",
    industry=Industry.TRAVEL,
    payload=TravelDocumentReminder,
    topic="trip_reminders",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=24),
    on_unconfirmed="resend",  # nothing is asked: twice is better than not to travel
    unconfirmed_window=timedelta(minutes=10),
    quiet_hours="keep",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "booking_number": mapping.text("booking_number"),
        "document": mapping.choice(
            "document",
            {
                "tr": {
                    "passport": "pasaportunuz",
                    "identity_card": "kimlik kartınız",
                    "visa": "vizeniz",
                    "entry_form": "varış ülkesinin giriş formu",
                    "travel_consent": "çocuğun yurt dışı çıkışı için muvafakatname",
                },
                "en": {
                    "passport": "your passport",
                    "identity_card": "your identity card",
                    "visa": "your visa",
                    "entry_form": "the entry form of your destination",
                    "travel_consent": "parental consent for a child travelling abroad",
                },
            },
        ),
        "trip": mapping.text("trip"),
        "due_at": mapping.moment("due_at"),
    },
    buttons=(LinkButton(mapping.link("document_url"), {"tr": "Belgeyi yükle", "en": "Upload document"}),),
    reminders=Reminders(
        event_type="travel-document-reminder",
        moment=lambda data: data.due_at,
        data=lambda data: data.model_dump(),
    ),
    wordings={
        "tr": Wording(
            header="Seyahat belgesi hatırlatması",
            body=(
                "Merhaba {{customer_name}}, *{{booking_number}}* numaralı rezervasyonunuz için sizden bir belge "
                "bekliyoruz. Beklenen belge: {{document}}. Seyahat: {{trip}}. Son tarih: {{due_at}}. "
                "Belgeyi aşağıdaki düğmeden yükleyebilirsiniz. "
                "Güvenliğiniz için lütfen bu sohbete belge fotoğrafı göndermeyin."
            ),
        ),
        "en": Wording(
            header="Travel document reminder",
            body=(
                "Hello {{customer_name}}, we still need a document for your booking *{{booking_number}}*. "
                "Needed: {{document}}. Trip: {{trip}}. Deadline: {{due_at}}. "
                "You can upload it with the button below. For your security, please do not send pictures of "
                "documents in this chat."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "booking_number": "K7M2QX",
                "trip": "İstanbul – Roma, 24 Kasım",
                "document": "passport",
                "due_at": "2026-11-20T18:00:00+03:00",
                "document_url": "https://shop.example/bookings/K7M2QX/documents",
            },
            reference="documents-K7M2QX",
        ),
        "en": english(
            {
                "booking_number": "P4T9WD",
                "trip": "Istanbul – London, 24 November",
                "document": "visa",
                "due_at": "2026-11-20T18:00:00+03:00",
                "document_url": "https://shop.example/bookings/P4T9WD/documents",
            },
            reference="documents-P4T9WD",
        ),
    },
)
