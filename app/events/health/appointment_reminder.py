"""Appointment reminder: when and where, with two buttons to answer."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from app.consent.schemas import Line, Moment
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, Parameter, Payload, Priority
from app.events.formatting import date_time
from app.templates.definition import QuickReplyButton, TemplateDefinition


class AppointmentReminder(Payload):
    """Health payloads keep detail out of the text: no diagnosis, no department."""

    starts_at: Moment = Field(description="Shown on the clock of the business's time zone")
    place: Annotated[Line, Field(max_length=120, examples=["Demo Klinik, Kadıköy"])]


EVENT_TYPE = EventType(
    name="appointment-reminder",
    title="Appointment reminder",
    description="When and where the appointment is; the customer answers with a button.",
    industry=Industry.HEALTH,
    payload=AppointmentReminder,
    topic="appointments",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=12),
    on_unconfirmed="fail",
    unconfirmed_window=timedelta(minutes=30),
    quiet_hours="keep",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "starts_at": Parameter(
            "#/data/starts_at", lambda event: date_time(event.data.starts_at, event.time_zone, event.language)
        ),
        "place": Parameter("#/data/place", lambda event: event.data.place),
    },
    replies=("appointment.confirmed", "appointment.declined"),
    templates=(
        TemplateDefinition(
            name="appointment_reminder",
            language="tr",
            header="Randevu hatırlatması",
            body=(
                "Merhaba {{customer_name}}, randevunuzu hatırlatmak isteriz. Tarih: *{{starts_at}}*. Yer: {{place}}. "
                "Gelip gelemeyeceğinizi aşağıdan bildirebilirsiniz."
            ),
            buttons=(QuickReplyButton(text="Geleceğim"), QuickReplyButton(text="Gelemeyeceğim")),
            samples={
                "customer_name": "Ayşe Yılmaz",
                "starts_at": "24 Kasım 2026 Salı, 14:30",
                "place": "Demo Klinik, Kadıköy",
            },
        ),
        TemplateDefinition(
            name="appointment_reminder",
            language="en",
            header="Appointment reminder",
            body=(
                "Hello {{customer_name}}, this is a reminder of your appointment. Date: *{{starts_at}}*. "
                "Place: {{place}}. Please let us know below whether you will come."
            ),
            buttons=(QuickReplyButton(text="I will come"), QuickReplyButton(text="I cannot come")),
            samples={
                "customer_name": "Jane Smith",
                "starts_at": "Tuesday, 24 November 2026, 14:30",
                "place": "Demo Clinic, Kadıköy",
            },
        ),
    ),
    example={
        "contact": {"phone": "+905321112233", "name": "Jane Smith", "language": "en"},
        "data": {"starts_at": "2026-11-24T14:30:00+03:00", "place": "Demo Clinic, Kadıköy"},
        "reference": "appointment-77",
    },
)
