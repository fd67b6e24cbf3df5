"""Maintenance notice: the service will be interrupted for planned work."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, Priority, Reminders, Wording, english, turkish
from app.events.fields import Moment, Name, Payload, Service, later_than


class MaintenanceNotice(Payload):
    service: Service
    area: Annotated[Name, Field(examples=["Kadıköy, Moda"])]
    starts_at: Annotated[Moment, Field(examples=["2026-11-28T09:00:00+03:00"])]
    expected_end: Annotated[Moment, later_than("starts_at"), Field(examples=["2026-11-28T13:00:00+03:00"])]


EVENT_TYPE = EventType(
    name="maintenance-notice",
    title="Maintenance notice",
    description="Post it ahead of planned work that interrupts the service: area, beginning and expected end. "
    "`remind_before` makes a series. For an unplanned interruption there is `outage-notice`.",
    industry=Industry.UTILITIES,
    payload=MaintenanceNotice,
    topic="outages",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=24),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=30),
    quiet_hours="keep",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "service": mapping.text("service"),
        "area": mapping.text("area"),
        "starts_at": mapping.moment("starts_at"),
        "expected_end": mapping.moment("expected_end"),
    },
    reminders=Reminders(
        event_type="maintenance-notice",
        moment=lambda data: data.starts_at,
        data=lambda data: data.model_dump(mode="json"),
    ),
    wordings={
        "tr": Wording(
            header="Planlı bakım bildirimi",
            body=(
                "Merhaba {{customer_name}}, bölgenizdeki planlı bakım nedeniyle {{service}} hizmeti verilemeyecek. "
                "Etkilenen yer: {{area}}. Başlangıç: *{{starts_at}}*. Tahmini bitiş: *{{expected_end}}*. "
                "Hazırlıklarınızı bu saatlere göre yapmanızı rica ederiz."
            ),
        ),
        "en": Wording(
            header="Notice of planned maintenance",
            body=(
                "Hello {{customer_name}}, due to planned maintenance there will be no {{service}} in your area. "
                "Affected: {{area}}. Start: *{{starts_at}}*. Expected end: *{{expected_end}}*. "
                "Please plan for these hours."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "service": "su",
                "area": "Kadıköy, Moda",
                "starts_at": "2026-11-28T09:00:00+03:00",
                "expected_end": "2026-11-28T13:00:00+03:00",
            },
            reference="maintenance-318",
        ),
        "en": english(
            {
                "service": "water supply",
                "area": "Kadıköy, Moda",
                "starts_at": "2026-11-28T09:00:00+03:00",
                "expected_end": "2026-11-28T13:00:00+03:00",
            },
            reference="maintenance-319",
        ),
    },
)
