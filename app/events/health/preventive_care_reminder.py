"""Preventive care reminder: a regular check is due, told to customers who asked to be told."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, LinkButton, Priority, Wording, english, turkish
from app.events.fields import CustomerRequest, Day, Link, Payload


class PreventiveCareReminder(Payload):
    """Not which check it is: that might tell what a customer fears or has."""

    request: CustomerRequest
    recommended_on: Annotated[Day, Field(description="When the check is recommended")]
    booking_url: Link


EVENT_TYPE = EventType(
    name="preventive-care-reminder",
    title="Preventive care reminder",
    description="Post it when the regular check of a customer comes due who asked to be told. The customer sees the "
    "recommended day and a button to book. Meta counts it as marketing: it takes the consent to its topic or to "
    "marketing.",
    industry=Industry.HEALTH,
    payload=PreventiveCareReminder,
    topic="preventive_care",
    expected_category="MARKETING",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=72),
    on_unconfirmed="fail",
    unconfirmed_window=timedelta(minutes=30),
    quiet_hours="keep",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "recommended_on": mapping.day("recommended_on"),
    },
    buttons=(LinkButton(mapping.link("booking_url"), {"tr": "Randevu al", "en": "Book appointment"}),),
    wordings={
        "tr": Wording(
            header="Periyodik kontrol hatırlatması",
            body=(
                "Merhaba {{customer_name}}, periyodik kontrol zamanınız yaklaştığında size haber vermemizi "
                "istemiştiniz. "
                "Önerilen tarih: *{{recommended_on}}*. "
                "Size uygun bir gün için aşağıdaki düğmeden randevu alabilirsiniz."
            ),
        ),
        "en": Wording(
            header="Regular check-up reminder",
            body=(
                "Hello {{customer_name}}, you asked us to tell you when your regular check-up is due. "
                "Recommended date: *{{recommended_on}}*. You can book a day that suits you with the button below."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "request": {
                    "requested_at": "2025-11-20T18:05:00+03:00",
                    "channel": "website",
                    "wording": "Periyodik kontrol zamanım yaklaşınca WhatsApp’tan haber verin",
                    "evidence": "form-4410",
                },
                "recommended_on": "2026-12-01",
                "booking_url": "https://shop.example/appointments/new",
            },
            reference="check-4410",
        ),
        "en": english(
            {
                "request": {
                    "requested_at": "2025-11-20T18:05:00+03:00",
                    "channel": "website",
                    "wording": "Tell me on WhatsApp when my regular check is due",
                    "evidence": "form-4411",
                },
                "recommended_on": "2026-12-01",
                "booking_url": "https://shop.example/appointments/new",
            },
            reference="check-4411",
        ),
    },
)
