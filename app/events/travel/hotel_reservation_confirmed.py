"""Hotel reservation confirmed: when the stay begins and ends, and where it is on the map."""

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
from app.events.fields import Code, Day, Link, Location, Payload, later_than
from app.events.formatting import Money


class HotelReservationConfirmed(Payload):
    reservation_number: Annotated[Code, Field(examples=["R-5521"])]
    hotel: Annotated[Location, Field(description="Shown on a map above the text")]
    check_in_on: Annotated[Day, Field(examples=["2026-11-24"])]
    check_out_on: Annotated[Day, later_than("check_in_on"), Field(examples=["2026-11-27"])]
    total: Annotated[Money, Field(description="Of the whole stay, whether paid or due at the hotel")]
    reservation_url: Link


EVENT_TYPE = EventType(
    name="hotel-reservation-confirmed",
    title="Hotel reservation confirmed",
    description="A room is reserved: number, dates, total, the hotel on a map, and a button to the reservation.",
    industry=Industry.TRAVEL,
    payload=HotelReservationConfirmed,
    topic="bookings",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=24),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=10),
    quiet_hours="bypass",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "hotel": mapping.text("hotel.name"),
        "reservation_number": mapping.text("reservation_number"),
        "check_in_on": mapping.day("check_in_on"),
        "check_out_on": mapping.day("check_out_on"),
        "total": mapping.money("total"),
    },
    buttons=(
        LinkButton(mapping.link("reservation_url"), {"tr": "Rezervasyonumu görüntüle", "en": "View my reservation"}),
    ),
    attachment=Attachment(
        format="LOCATION", source="#/data/hotel", take=lambda data: data.hotel.header(), by_default=True
    ),
    wordings={
        "tr": Wording(
            body=(
                "Merhaba {{customer_name}}, *{{reservation_number}}* numaralı otel rezervasyonunuz onaylandı. "
                "Otel: {{hotel}}. Giriş tarihi: {{check_in_on}}. Çıkış tarihi: {{check_out_on}}. "
                "Toplam tutar: {{total}}. "
                "Otelin konumunu yukarıdaki haritada görebilir, ayrıntılara aşağıdaki düğmeden ulaşabilirsiniz."
            ),
        ),
        "en": Wording(
            body=(
                "Hello {{customer_name}}, your hotel reservation *{{reservation_number}}* is confirmed. "
                "Hotel: {{hotel}}. Check-in: {{check_in_on}}. Check-out: {{check_out_on}}. Total: {{total}}. "
                "You can see the hotel on the map above and your reservation with the button below."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "reservation_number": "R-5521",
                "hotel": {
                    "latitude": 38.3247,
                    "longitude": 26.3061,
                    "name": "Mavi Koy Otel",
                    "address": "Boyalık Mah. 3312 Sok. No: 8, Çeşme, İzmir",
                },
                "check_in_on": "2026-11-24",
                "check_out_on": "2026-11-27",
                "total": {"amount": 1275000, "currency": "TRY"},
                "reservation_url": "https://shop.example/stays/R-5521",
            },
            reference="stay-R-5521",
        ),
        "en": english(
            {
                "reservation_number": "R-5522",
                "hotel": {
                    "latitude": 36.8529,
                    "longitude": 30.7894,
                    "name": "Blue Bay Hotel",
                    "address": "Lara Cad. 120, Muratpaşa, Antalya",
                },
                "check_in_on": "2026-11-24",
                "check_out_on": "2026-11-27",
                "total": {"amount": 38700, "currency": "EUR"},
                "reservation_url": "https://shop.example/stays/R-5522",
            },
            reference="stay-R-5522",
        ),
    },
)
