"""Check-in instructions: how a guest gets into the place that was booked."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, LinkButton, Priority, Wording, english, turkish
from app.events.fields import Code, Link, Moment, Name, Payload, Sentence, TimeZone


class CheckInInstructions(Payload):
    reservation_number: Annotated[Code, Field(examples=["R-5521"])]
    place: Annotated[Name, Field(description="Name of the hotel or house", examples=["Mavi Koy Evleri"])]
    address: Annotated[Sentence, Field(examples=["Boyalık Mah. 3312 Sok. No: 8, Çeşme, İzmir"])]
    check_in_opens_at: Annotated[Moment, Field(examples=["2026-11-24T14:00:00+03:00"])]
    time_zone: TimeZone | None = Field(
        default=None,
        description="Of the place, on whose clock times are shown; by default that of the business",
        examples=["Europe/Istanbul"],
    )
    arrival_note: Annotated[
        Sentence,
        Field(
            description="How to get in, beginning in lower case. Codes that open a door "
            "belong behind the link: a message is shown on locked screens",
            examples=["resepsiyonda kimliğinizi gösterip anahtarınızı alın"],
        ),
    ]
    instructions_url: Link


EVENT_TYPE = EventType(
    name="check-in-instructions",
    title="Check-in instructions",
    description="A guest arrives soon: address, from when the room is ready, how to get in, and a button to all that "
    "must not stand in a message. Sent at any hour: post it when the guest may be told.",
    industry=Industry.TRAVEL,
    payload=CheckInInstructions,
    topic="trip_reminders",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=24),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=10),
    quiet_hours="bypass",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "reservation_number": mapping.text("reservation_number"),
        "place": mapping.text("place"),
        "address": mapping.text("address"),
        "check_in_opens_at": mapping.moment("check_in_opens_at", "time_zone"),
        "arrival_note": mapping.text("arrival_note"),
    },
    buttons=(LinkButton(mapping.link("instructions_url"), {"tr": "Konaklama bilgilerim", "en": "Stay details"}),),
    wordings={
        "tr": Wording(
            header="Konaklamanız için varış bilgileri",
            body=(
                "Merhaba {{customer_name}}, *{{reservation_number}}* numaralı rezervasyonunuz için varış bilgilerini "
                "paylaşıyoruz. Tesis: {{place}}. Adres: {{address}}. En erken giriş: {{check_in_opens_at}}. "
                "Tesise giriş: {{arrival_note}}. Diğer bilgilere aşağıdaki düğmeden ulaşabilirsiniz."
            ),
        ),
        "en": Wording(
            header="Check-in details for your stay",
            body=(
                "Hello {{customer_name}}, here are the check-in details of your reservation "
                "*{{reservation_number}}*. Property: {{place}}. Address: {{address}}. "
                "Check-in from: {{check_in_opens_at}}. Getting in: {{arrival_note}}. "
                "You can find everything else with the button below."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "reservation_number": "R-5521",
                "place": "Mavi Koy Evleri",
                "address": "Boyalık Mah. 3312 Sok. No: 8, Çeşme, İzmir",
                "check_in_opens_at": "2026-11-24T14:00:00+03:00",
                "time_zone": "Europe/Istanbul",
                "arrival_note": "resepsiyonda kimliğinizi gösterip anahtarınızı alın",
                "instructions_url": "https://shop.example/stays/R-5521",
            },
            reference="stay-R-5521",
        ),
        "en": english(
            {
                "reservation_number": "R-5522",
                "place": "Harbour View Apartments",
                "address": "12 Quay Street, Bristol BS1 4DJ",
                "check_in_opens_at": "2026-11-24T15:00:00+00:00",
                "time_zone": "Europe/London",
                "arrival_note": "show your ID at the front desk to collect your key",
                "instructions_url": "https://shop.example/stays/R-5522",
            },
            reference="stay-R-5522",
        ),
    },
)
