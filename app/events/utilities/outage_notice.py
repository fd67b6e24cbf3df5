"""Outage notice: the service is down where the customer lives, and when it is expected back."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from app.consent.schemas import Line, Moment
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, Parameter, Payload, Priority
from app.events.formatting import date_time
from app.templates.definition import TemplateDefinition


class OutageNotice(Payload):
    service: Annotated[Line, Field(max_length=40, examples=["elektrik"], description="In the customer's language")]
    area: Annotated[Line, Field(max_length=80, examples=["Kadıköy, Moda"])]
    expected_end: Annotated[Moment, Field(examples=["2026-11-25T18:30:00+03:00"])]


EVENT_TYPE = EventType(
    name="outage-notice",
    title="Outage notice",
    description="The service is down where the customer lives: area, and when it is expected back. Sent at any hour, "
    "before everything else. Use `supersedes` for news of the same outage.",
    industry=Industry.UTILITIES,
    payload=OutageNotice,
    topic="outages",
    priority=Priority.CRITICAL,
    time_to_live=timedelta(hours=6),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=2),
    quiet_hours="bypass",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "service": Parameter("#/data/service", lambda event: event.data.service),
        "area": Parameter("#/data/area", lambda event: event.data.area),
        "expected_end": Parameter(
            "#/data/expected_end", lambda event: date_time(event.data.expected_end, event.time_zone, event.language)
        ),
    },
    templates=(
        TemplateDefinition(
            name="outage_notice",
            language="tr",
            header="Kesinti bildirimi",
            body=(
                "Merhaba {{customer_name}}, bölgenizde {{service}} kesintisi yaşanıyor. Etkilenen yer: {{area}}. "
                "Tahmini bitiş: {{expected_end}}. Hizmet geri geldiğinde haber vereceğiz."
            ),
            samples={
                "customer_name": "Ayşe Yılmaz",
                "service": "elektrik",
                "area": "Kadıköy, Moda",
                "expected_end": "25 Kasım 2026 Çarşamba, 18:30",
            },
        ),
        TemplateDefinition(
            name="outage_notice",
            language="en",
            header="Outage notice",
            body=(
                "Hello {{customer_name}}, there is an outage of {{service}} in your area. Affected: {{area}}. "
                "Expected end: {{expected_end}}. We will tell you when the service is back."
            ),
            samples={
                "customer_name": "Jane Smith",
                "service": "electricity",
                "area": "Kadıköy, Moda",
                "expected_end": "Wednesday, 25 November 2026, 18:30",
            },
        ),
    ),
    example={
        "contact": {"phone": "+905321112233", "name": "Ayşe Yılmaz", "language": "tr"},
        "data": {"service": "elektrik", "area": "Kadıköy, Moda", "expected_end": "2026-11-25T18:30:00+03:00"},
        "reference": "outage-4711",
    },
)
