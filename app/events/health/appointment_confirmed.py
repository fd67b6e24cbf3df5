"""Appointment confirmed: it is booked, and reminders may be ordered along with it."""

from datetime import timedelta
from typing import Any

from pydantic import Field

from app.events import mapping
from app.events.answers import Expected, Meaning
from app.events.event_type import (
    CUSTOMER_NAME,
    Attachment,
    EventType,
    Industry,
    Priority,
    ReplyButton,
    Wording,
    english,
    turkish,
)
from app.events.fields import Location, Moment, Payload, Place
from app.events.health.appointment_reminder import REMINDERS


class AppointmentConfirmed(Payload):
    """No diagnosis, no department: neither belongs into the text."""

    starts_at: Moment = Field(description="Shown on the clock of the business's time zone")
    place: Place
    location: Location | None = Field(
        default=None, description="For a template of your own whose header is a place on the map"
    )


ON_THE_MAP: Attachment[Any] = Attachment(
    format="LOCATION",
    source="#/data/location",
    take=lambda data: data.location.header() if data.location is not None else None,
)

EVENT_TYPE = EventType(
    name="appointment-confirmed",
    title="Appointment confirmed",
    description="Post it when an appointment is booked. The customer sees when and where it is, and may ask for a "
    "change with a button. `remind_before` adds reminders of it. Posted again with the same `reference`, it takes "
    "the place of a confirmation that still waits, and waiting reminders move along, unless `remind_before` says "
    "otherwise.",
    industry=Industry.HEALTH,
    payload=AppointmentConfirmed,
    topic="appointments",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=12),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=10),
    quiet_hours="bypass",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "starts_at": mapping.moment("starts_at"),
        "place": mapping.text("place"),
    },
    buttons=(
        ReplyButton(
            "appointment.change_requested",
            {"tr": "Değişiklik istiyorum", "en": "I need a change"},
            Meaning.RESCHEDULE_WANTED,
        ),
    ),
    attachment=ON_THE_MAP,
    overtakes=("appointment-confirmed", "appointment-reminder"),
    reminders=REMINDERS,
    expects=(Expected.RESCHEDULING,),
    wordings={
        "tr": Wording(
            header="Randevunuz oluşturuldu",
            body=(
                "Merhaba {{customer_name}}, randevunuzu kaydettik. Tarih: *{{starts_at}}*. Yer: {{place}}. "
                "Gelemeyecekseniz veya saati değiştirmek isterseniz aşağıdan bildirebilirsiniz."
            ),
        ),
        "en": Wording(
            header="Appointment confirmed",
            body=(
                "Hello {{customer_name}}, your appointment is booked. Date: *{{starts_at}}*. Place: {{place}}. "
                "If you cannot come or need another time, please let us know below."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {"starts_at": "2026-11-24T14:30:00+03:00", "place": "Demo Klinik, Kadıköy"}, reference="appointment-77"
        ),
        "en": english(
            {"starts_at": "2026-11-24T14:30:00+03:00", "place": "Demo Clinic, Kadıköy"}, reference="appointment-78"
        ),
    },
)
