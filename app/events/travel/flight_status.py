"""Flight status: another gate, a later departure, or none."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, LinkButton, Priority, Wording, english, turkish
from app.events.fields import Code, Line, Link, Moment, Name, Payload, TimeZone, belongs_to, later_than

_ZONE = "time_zone"


class FlightStatus(Payload):
    """The whole state of the flight, not only what changed: a newer status takes the place of one that still waits."""

    flight_number: Annotated[Code, Field(examples=["ZZ2315"])]
    origin: Annotated[Name, Field(examples=["İstanbul (IST)"])]
    destination: Annotated[Name, Field(examples=["İzmir (ADB)"])]
    status: Literal["gate_changed", "delayed", "cancelled"]
    scheduled_at: Annotated[
        Moment, Field(description="Departure as it was booked", examples=["2026-11-24T14:30:00+03:00"])
    ]
    expected_at: Annotated[
        Moment | None,
        belongs_to("status", "delayed", allowed=("gate_changed",)),
        later_than("scheduled_at"),
        Field(
            validate_default=True,
            description="Departure as it is expected now. Needed where the flight is delayed; give it with a new gate "
            "too, if the flight is late",
            examples=["2026-11-24T16:10:00+03:00"],
        ),
    ] = None
    gate: Annotated[
        Annotated[Line, Field(max_length=20)] | None,
        belongs_to("status", "gate_changed", allowed=("delayed",)),
        Field(
            validate_default=True,
            description="Needed where the gate changed. Give it with a delay too, if it is known",
            examples=["214B"],
        ),
    ] = None
    time_zone: TimeZone | None = Field(
        default=None,
        description="Of the airport, on whose clock times are shown; by default that of the business",
        examples=["Europe/Istanbul"],
    )
    flight_url: Link

    @property
    def departs_at(self) -> datetime:
        """As far as it is known today."""
        return self.expected_at or self.scheduled_at


EVENT_TYPE = EventType(
    name="flight-status",
    title="Flight status",
    description="On the day of the flight: another gate, a delay or a cancellation, with a button to the flight. Sent "
    "at any hour, before everything else, and not after two hours. Give each flight a `reference` of its own: a newer "
    "status replaces an older one that still waits, and check-in reminders of that flight that do.",
    industry=Industry.TRAVEL,
    payload=FlightStatus,
    topic="flight_status",
    priority=Priority.CRITICAL,
    time_to_live=timedelta(hours=2),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=2),
    quiet_hours="bypass",
    overtakes=("check-in-reminder", "flight-status"),
    parameters={
        "customer_name": CUSTOMER_NAME,
        "flight_number": mapping.text("flight_number"),
        "news": mapping.cases(
            "status",
            {
                "gate_changed": mapping.Case(
                    {
                        "tr": "biniş kapınız değişti. Yeni kapı: {gate}. Kalkış: {departure}",
                        "en": "your gate has changed. New gate: {gate}. Departure: {departure}",
                    },
                    {"gate": mapping.text("gate"), "departure": mapping.moment("departs_at", _ZONE)},
                ),
                "delayed": mapping.Case(
                    {
                        "tr": "kalkış ertelendi. Yeni kalkış: {expected}. Planlanan kalkış: {scheduled}. "
                        "Biniş kapısı: {gate}",
                        "en": "departure is delayed. New departure: {expected}. Scheduled departure: {scheduled}. "
                        "Gate: {gate}",
                    },
                    {
                        "expected": mapping.moment("expected_at", _ZONE),
                        "scheduled": mapping.moment("scheduled_at", _ZONE),
                        "gate": mapping.either(
                            "gate", mapping.text("gate"), {"tr": "henüz belli değil", "en": "not announced yet"}
                        ),
                    },
                ),
                "cancelled": mapping.Case(
                    {
                        "tr": "uçuş iptal edildi. Planlanan kalkış: {scheduled}",
                        "en": "it has been cancelled. Scheduled departure: {scheduled}",
                    },
                    {"scheduled": mapping.moment("scheduled_at", _ZONE)},
                ),
            },
        ),
        "origin": mapping.text("origin"),
        "destination": mapping.text("destination"),
    },
    buttons=(LinkButton(mapping.link("flight_url"), {"tr": "Uçuşumu görüntüle", "en": "View my flight"}),),
    wordings={
        "tr": Wording(
            header="Uçuş bilgilendirmesi",
            body=(
                "Merhaba {{customer_name}}, *{{flight_number}}* sefer sayılı uçuşunuzla ilgili güncel bilgi: {{news}}. "
                "Kalkış yeri: {{origin}}. Varış yeri: {{destination}}. "
                "Güncel durumu ve seçeneklerinizi aşağıdaki düğmeden görebilirsiniz."
            ),
        ),
        "en": Wording(
            header="Flight update",
            body=(
                "Hello {{customer_name}}, an update on your flight *{{flight_number}}*: {{news}}. "
                "From: {{origin}}. To: {{destination}}. "
                "You can see the latest status and your options with the button below."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "flight_number": "ZZ2315",
                "origin": "İstanbul (IST)",
                "destination": "İzmir (ADB)",
                "status": "delayed",
                "scheduled_at": "2026-11-24T14:30:00+03:00",
                "expected_at": "2026-11-24T16:10:00+03:00",
                "gate": "214B",
                "time_zone": "Europe/Istanbul",
                "flight_url": "https://shop.example/flights/ZZ2315",
            },
            reference="flight-K7M2QX-1",
        ),
        "en": english(
            {
                "flight_number": "ZZ1980",
                "origin": "London (LHR)",
                "destination": "Istanbul (IST)",
                "status": "gate_changed",
                "scheduled_at": "2026-11-28T17:45:00+00:00",
                "gate": "B42",
                "time_zone": "Europe/London",
                "flight_url": "https://shop.example/flights/ZZ1980",
            },
            reference="flight-P4T9WD-2",
        ),
    },
)
