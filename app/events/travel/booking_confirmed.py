"""Booking confirmed: the journey is booked."""

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
from app.events.fields import Code, Day, Document, Link, Name, Payload
from app.events.formatting import Money


class BookingConfirmed(Payload):
    booking_number: Annotated[Code, Field(examples=["K7M2QX"])]
    trip: Annotated[
        Name, Field(description="What was booked, in the customer's language", examples=["İstanbul – Roma, 2 kişi"])
    ]
    departs_on: Annotated[Day, Field(description="First day of the journey", examples=["2026-11-24"])]
    total: Money
    booking_url: Link
    document: Document | None = Field(
        default=None,
        description="The booking as a PDF. Shown by a template of your own with a document above the text; the default "
        "one has none",
    )


EVENT_TYPE = EventType(
    name="booking-confirmed",
    title="Booking confirmed",
    description="A flight, tour or other journey is booked: number, first day, total and a button to the booking. For "
    "a stay, use `hotel-reservation-confirmed`.",
    industry=Industry.TRAVEL,
    payload=BookingConfirmed,
    topic="bookings",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=24),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=10),
    quiet_hours="bypass",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "booking_number": mapping.text("booking_number"),
        "trip": mapping.text("trip"),
        "departs_on": mapping.day("departs_on"),
        "total": mapping.money("total"),
    },
    buttons=(LinkButton(mapping.link("booking_url"), {"tr": "Rezervasyonumu görüntüle", "en": "View my booking"}),),
    attachment=Attachment(
        format="DOCUMENT",
        source="#/data/document",
        take=lambda data: data.document.header() if data.document is not None else None,
    ),
    wordings={
        "tr": Wording(
            header="Rezervasyonunuz onaylandı",
            body=(
                "Merhaba {{customer_name}}, *{{booking_number}}* numaralı rezervasyonunuz onaylandı. "
                "Seyahat: {{trip}}. Gidiş tarihi: {{departs_on}}. Toplam tutar: {{total}}. "
                "Rezervasyonunuzun tüm ayrıntılarını aşağıdaki düğmeden görebilirsiniz."
            ),
        ),
        "en": Wording(
            header="Your booking is confirmed",
            body=(
                "Hello {{customer_name}}, your booking *{{booking_number}}* is confirmed. "
                "Trip: {{trip}}. Departure date: {{departs_on}}. Total: {{total}}. "
                "You can see the details of your booking with the button below."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "booking_number": "K7M2QX",
                "trip": "İstanbul – Roma, 2 kişi",
                "departs_on": "2026-11-24",
                "total": {"amount": 1849000, "currency": "TRY"},
                "booking_url": "https://shop.example/bookings/K7M2QX",
            },
            reference="booking-K7M2QX",
        ),
        "en": english(
            {
                "booking_number": "P4T9WD",
                "trip": "Istanbul – London, 1 adult",
                "departs_on": "2026-11-24",
                "total": {"amount": 21450, "currency": "EUR"},
                "booking_url": "https://shop.example/bookings/P4T9WD",
            },
            reference="booking-P4T9WD",
        ),
    },
)
