"""Itinerary change: days or weeks ahead, a leg of the journey moves, becomes another one, or goes."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, LinkButton, Priority, Wording, english, turkish
from app.events.fields import Code, Link, Moment, Name, Payload, TimeZone, belongs_to

_NEW_DEPARTURE = mapping.moment("new_departs_at", "time_zone")


class ItineraryChange(Payload):
    booking_number: Annotated[Code, Field(examples=["K7M2QX"])]
    leg: Annotated[Name, Field(description="As it was booked", examples=["ZZ2315 İstanbul – İzmir"])]
    departs_at: Annotated[Moment, Field(description="As it was booked", examples=["2026-11-24T14:30:00+03:00"])]
    change: Literal["rescheduled", "replaced", "cancelled"]
    new_leg: Annotated[
        Name | None,
        belongs_to("change", "replaced"),
        Field(
            validate_default=True,
            description="Needed where another leg takes the place of the booked one, refused otherwise",
            examples=["ZZ2321 İstanbul – İzmir"],
        ),
    ] = None
    new_departs_at: Annotated[
        Moment | None,
        belongs_to("change", "rescheduled", "replaced"),
        Field(
            validate_default=True,
            description="Needed unless the leg is cancelled, and refused then",
            examples=["2026-11-24T17:45:00+03:00"],
        ),
    ] = None
    time_zone: TimeZone | None = Field(
        default=None,
        description="Of the place of departure, on whose clock times are shown; by default that of the business",
        examples=["Europe/Istanbul"],
    )
    booking_url: Link


EVENT_TYPE = EventType(
    name="itinerary-change",
    title="Itinerary change",
    description="A leg of a booked journey is rescheduled, replaced or cancelled, days or weeks ahead: old plan, new "
    "plan, and a button to the customer's options. Give each leg a `reference` of its own: older changes of it, and "
    "its check-in reminders, are not sent any more where they still wait. On the day itself, use `flight-status`.",
    industry=Industry.TRAVEL,
    payload=ItineraryChange,
    topic="bookings",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=48),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=10),
    quiet_hours="keep",
    overtakes=("itinerary-change", "check-in-reminder"),
    parameters={
        "customer_name": CUSTOMER_NAME,
        "booking_number": mapping.text("booking_number"),
        "leg": mapping.text("leg"),
        "departs_at": mapping.moment("departs_at", "time_zone"),
        "change": mapping.cases(
            "change",
            {
                "rescheduled": mapping.Case(
                    {
                        "tr": "kalkış zamanı değişti. Yeni kalkış: {new_departs_at}",
                        "en": "the departure time has changed. New departure: {new_departs_at}",
                    },
                    {"new_departs_at": _NEW_DEPARTURE},
                ),
                "replaced": mapping.Case(
                    {
                        "tr": "bu seferin yerine başka bir sefer planlandı. Yeni sefer: {new_leg}. Yeni kalkış: "
                        "{new_departs_at}",
                        "en": "you have been moved to another departure. New journey: {new_leg}. "
                        "New departure: {new_departs_at}",
                    },
                    {"new_leg": mapping.text("new_leg"), "new_departs_at": _NEW_DEPARTURE},
                ),
                "cancelled": mapping.Case({"tr": "sefer iptal edildi", "en": "this journey has been cancelled"}, {}),
            },
        ),
    },
    buttons=(LinkButton(mapping.link("booking_url"), {"tr": "Değişikliği incele", "en": "Review the change"}),),
    wordings={
        "tr": Wording(
            header="Seyahat planınızda değişiklik",
            body=(
                "Merhaba {{customer_name}}, *{{booking_number}}* numaralı rezervasyonunuzda bir değişiklik var. "
                "Sefer: {{leg}}. Önceden planlanan kalkış: {{departs_at}}. Değişiklik: {{change}}. "
                "Değişikliği ve seçeneklerinizi aşağıdaki düğmeden inceleyebilirsiniz."
            ),
        ),
        "en": Wording(
            header="A change to your itinerary",
            body=(
                "Hello {{customer_name}}, there is a change to your booking *{{booking_number}}*. "
                "Journey: {{leg}}. Original departure: {{departs_at}}. Change: {{change}}. "
                "You can review the change and your options with the button below."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "booking_number": "K7M2QX",
                "leg": "ZZ2315 İstanbul – İzmir",
                "departs_at": "2026-11-24T14:30:00+03:00",
                "change": "rescheduled",
                "new_departs_at": "2026-11-24T17:45:00+03:00",
                "time_zone": "Europe/Istanbul",
                "booking_url": "https://shop.example/bookings/K7M2QX",
            },
            reference="flight-K7M2QX-1",
        ),
        "en": english(
            {
                "booking_number": "P4T9WD",
                "leg": "ZZ1980 London – Istanbul",
                "departs_at": "2026-11-28T17:45:00+00:00",
                "change": "replaced",
                "new_leg": "ZZ1984 London – Istanbul",
                "new_departs_at": "2026-11-29T09:15:00+00:00",
                "time_zone": "Europe/London",
                "booking_url": "https://shop.example/bookings/P4T9WD",
            },
            reference="flight-P4T9WD-2",
        ),
    },
)
