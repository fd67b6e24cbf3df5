"""Outage notice: the service is down where the customer lives, and when it is expected back."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, Priority, Wording, english, turkish
from app.events.fields import Moment, Name, Payload, Service


class OutageNotice(Payload):
    service: Service
    area: Annotated[Name, Field(examples=["Kadıköy, Moda"])]
    expected_end: Annotated[Moment, Field(examples=["2026-11-25T18:30:00+03:00"])]


EVENT_TYPE = EventType(
    name="outage-notice",
    title="Outage notice",
    description="The service is down where the customer lives: area, and when it is expected back. Sent at any hour, "
    "before everything else. Post it again with the same `reference` when the expected end changes: an older notice "
    "that still waits is not sent. The text promises to tell when the service is back: post `restoration-update` then.",
    industry=Industry.UTILITIES,
    payload=OutageNotice,
    topic="outages",
    priority=Priority.CRITICAL,
    time_to_live=timedelta(hours=6),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=2),
    quiet_hours="bypass",
    overtakes=("outage-notice",),
    parameters={
        "customer_name": CUSTOMER_NAME,
        "service": mapping.text("service"),
        "area": mapping.text("area"),
        "expected_end": mapping.moment("expected_end"),
    },
    wordings={
        "tr": Wording(
            header="Kesinti bildirimi",
            body=(
                "Merhaba {{customer_name}}, bölgenizde {{service}} kesintisi yaşanıyor. Etkilenen yer: {{area}}. "
                "Tahmini bitiş: {{expected_end}}. Hizmet yeniden başladığında size haber vereceğiz."
            ),
        ),
        "en": Wording(
            header="Outage notice",
            body=(
                "Hello {{customer_name}}, there is an outage in your area. Service: {{service}}. Affected: {{area}}. "
                "Expected end: {{expected_end}}. We will tell you when the service is back."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {"service": "elektrik", "area": "Kadıköy, Moda", "expected_end": "2026-11-25T18:30:00+03:00"},
            reference="outage-4711",
        ),
        "en": english(
            {"service": "electricity", "area": "Kadıköy, Moda", "expected_end": "2026-11-25T18:30:00+03:00"},
            reference="outage-4712",
        ),
    },
)
