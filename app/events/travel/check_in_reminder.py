"""Check-in reminder: online check-in for a flight is open, and until when."""

from datetime import timedelta
from typing import Annotated

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
from app.events.fields import Code, Link, Moment, Payload, TimeZone, later_than


class CheckInReminder(Payload):
    flight_number: Annotated[Code, Field(examples=["ZZ2315"])]
    booking_number: Annotated[Code, Field(examples=["K7M2QX"])]
    check_in_closes_at: Annotated[Moment, Field(examples=["2026-11-24T13:30:00+03:00"])]
    departs_at: Annotated[Moment, later_than("check_in_closes_at"), Field(examples=["2026-11-24T14:30:00+03:00"])]
    time_zone: TimeZone | None = Field(
        default=None,
        description="Of the airport, on whose clock times are shown; by default that of the business",
        examples=["Europe/Istanbul"],
    )
    check_in_url: Link


EVENT_TYPE = EventType(
    name="check-in-reminder",
    title="Check-in reminder",
    description="Online check-in for a flight is open: when it closes, and a button to do it. `remind_before` makes a "
    "series before it closes. What still waits of it is not sent any more once `flight-status` or `itinerary-change` "
    "is posted with the same `reference`; when the customer has checked in, cancel those messages.",
    industry=Industry.TRAVEL,
    payload=CheckInReminder,
    topic="trip_reminders",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=12),
    on_unconfirmed="resend",  # nothing is asked: twice is better than to miss the flight
    unconfirmed_window=timedelta(minutes=10),
    quiet_hours="keep",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "flight_number": mapping.text("flight_number"),
        "booking_number": mapping.text("booking_number"),
        "departs_at": mapping.moment("departs_at", "time_zone"),
        "check_in_closes_at": mapping.moment("check_in_closes_at", "time_zone"),
    },
    buttons=(LinkButton(mapping.link("check_in_url"), {"tr": "Check in yap", "en": "Check in"}),),
    reminders=Reminders(
        event_type="check-in-reminder",
        moment=lambda data: data.check_in_closes_at,
        data=lambda data: data.model_dump(),
    ),
    wordings={
        "tr": Wording(
            header="Check-in hatırlatması",
            body=(
                "Merhaba {{customer_name}}, *{{flight_number}}* sefer sayılı uçuşunuz için çevrim içi check-in "
                "yapabilirsiniz. Rezervasyon numarası: {{booking_number}}. Kalkış zamanı: {{departs_at}}. "
                "Check-in kapanışı: {{check_in_closes_at}}. Biniş kartınızı aşağıdaki düğmeden alabilirsiniz."
            ),
        ),
        "en": Wording(
            header="Check-in reminder",
            body=(
                "Hello {{customer_name}}, online check-in is available for your flight *{{flight_number}}*. "
                "Booking number: {{booking_number}}. Departure: {{departs_at}}. "
                "Check-in closes: {{check_in_closes_at}}. You can get your boarding pass with the button below."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "flight_number": "ZZ2315",
                "booking_number": "K7M2QX",
                "check_in_closes_at": "2026-11-24T13:30:00+03:00",
                "departs_at": "2026-11-24T14:30:00+03:00",
                "time_zone": "Europe/Istanbul",
                "check_in_url": "https://shop.example/check-in/K7M2QX",
            },
            reference="flight-K7M2QX-1",
        ),
        "en": english(
            {
                "flight_number": "ZZ1980",
                "booking_number": "P4T9WD",
                "check_in_closes_at": "2026-11-28T16:45:00+00:00",
                "departs_at": "2026-11-28T17:45:00+00:00",
                "time_zone": "Europe/London",
                "check_in_url": "https://shop.example/check-in/P4T9WD",
            },
            reference="flight-P4T9WD-2",
        ),
    },
)
