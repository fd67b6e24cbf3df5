"""Appointment rescheduled: the new time, beside the one that no longer holds."""

from datetime import datetime, timedelta

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from app.events import mapping
from app.events.answers import Expected, Meaning
from app.events.event_type import (
    CUSTOMER_NAME,
    EventType,
    Industry,
    Priority,
    ReplyButton,
    Wording,
    english,
    turkish,
)
from app.events.fields import Location, Moment, Payload, Place
from app.events.health.appointment_confirmed import ON_THE_MAP
from app.events.health.appointment_reminder import REMINDERS


class AppointmentRescheduled(Payload):
    """No diagnosis, no department: neither belongs into the text."""

    previous_starts_at: Moment = Field(description="Which no longer holds")
    starts_at: Moment = Field(description="The new time. Both are shown on the clock of the business's time zone")
    place: Place
    location: Location | None = Field(
        default=None, description="For a template of your own whose header is a place on the map"
    )

    @field_validator("starts_at")
    @classmethod
    def _another_time(cls, starts_at: datetime, info: ValidationInfo) -> datetime:
        if starts_at == info.data.get("previous_starts_at"):
            raise PydanticCustomError("same_time", "must be another time than previous_starts_at")
        return starts_at


EVENT_TYPE = EventType(
    name="appointment-rescheduled",
    title="Appointment rescheduled",
    description="Post it when an appointment moves, with the `reference` of the appointment. The customer sees the "
    "new time and the old one, and answers with a button. Waiting reminders move along, unless `remind_before` says "
    "otherwise; what else waits about the old time is taken back, so post instructions again.",
    industry=Industry.HEALTH,
    payload=AppointmentRescheduled,
    topic="appointments",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=12),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=5),
    quiet_hours="bypass",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "starts_at": mapping.moment("starts_at"),
        "place": mapping.text("place"),
        "previous_starts_at": mapping.moment("previous_starts_at"),
    },
    buttons=(
        ReplyButton("appointment.confirmed", {"tr": "Geleceğim", "en": "I will come"}, Meaning.CONFIRMED),
        ReplyButton(
            "appointment.change_requested",
            {"tr": "Başka zaman istiyorum", "en": "I need another time"},
            Meaning.RESCHEDULE_WANTED,
        ),
    ),
    attachment=ON_THE_MAP,
    overtakes=(
        "appointment-cancelled",
        "appointment-confirmed",
        "appointment-reminder",
        "appointment-rescheduled",
        "pre-appointment-instructions",
    ),
    reminders=REMINDERS,
    expects=(Expected.CONFIRMATION, Expected.RESCHEDULING),
    wordings={
        "tr": Wording(
            header="Randevunuzun zamanı değişti",
            body=(
                "Merhaba {{customer_name}}, randevunuzun zamanı değişti. Yeni tarih: *{{starts_at}}*. Yer: {{place}}. "
                "Önceki tarih: {{previous_starts_at}}. Yeni zamanın size uyup uymadığını aşağıdan bildirebilirsiniz."
            ),
        ),
        "en": Wording(
            header="Your appointment has moved",
            body=(
                "Hello {{customer_name}}, the time of your appointment has changed. New date: *{{starts_at}}*. "
                "Place: {{place}}. Previous date: {{previous_starts_at}}. "
                "Please let us know below whether the new time suits you."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "previous_starts_at": "2026-11-24T14:30:00+03:00",
                "starts_at": "2026-11-26T10:00:00+03:00",
                "place": "Demo Klinik, Kadıköy",
            },
            reference="appointment-77",
        ),
        "en": english(
            {
                "previous_starts_at": "2026-11-24T14:30:00+03:00",
                "starts_at": "2026-11-26T10:00:00+03:00",
                "place": "Demo Clinic, Kadıköy",
            },
            reference="appointment-78",
        ),
    },
)
