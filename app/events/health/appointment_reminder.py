"""Appointment reminder: when and where, with two buttons to answer; one call may ask for several."""

from datetime import timedelta
from typing import Any

from pydantic import Field

from app.events import mapping
from app.events.answers import Expected, Meaning
from app.events.event_type import (
    CUSTOMER_NAME,
    EventType,
    Industry,
    Priority,
    Reminders,
    ReplyButton,
    Wording,
    english,
    turkish,
)
from app.events.fields import Moment, Payload, Place


class AppointmentReminder(Payload):
    """Health payloads keep detail out of the text: no diagnosis, no department."""

    starts_at: Moment = Field(description="Shown on the clock of the business's time zone")
    place: Place


REMINDERS: Reminders[Any] = Reminders(
    event_type="appointment-reminder",
    moment=lambda data: data.starts_at,
    data=lambda data: {"starts_at": data.starts_at, "place": data.place},
)
"""Of an appointment, whatever is told of it."""

EVENT_TYPE = EventType(
    name="appointment-reminder",
    title="Appointment reminder",
    description="When and where the appointment is; the customer answers with a button. "
    "`remind_before` makes a series.",
    industry=Industry.HEALTH,
    payload=AppointmentReminder,
    topic="appointments",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=12),
    on_unconfirmed="fail",  # it asks for an answer, and to be asked twice is confusing
    unconfirmed_window=timedelta(minutes=30),
    quiet_hours="keep",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "starts_at": mapping.moment("starts_at"),
        "place": mapping.text("place"),
    },
    buttons=(
        ReplyButton("appointment.confirmed", {"tr": "Geleceğim", "en": "I will come"}, Meaning.CONFIRMED),
        ReplyButton("appointment.declined", {"tr": "Gelemeyeceğim", "en": "I cannot come"}, Meaning.DECLINED),
    ),
    reminders=REMINDERS,
    # No third button for another time, which is understood in words: it would send every business's template to Meta's
    # review once more.
    expects=(Expected.CONFIRMATION, Expected.RESCHEDULING),
    wordings={
        "tr": Wording(
            header="Randevu hatırlatması",
            body=(
                "Merhaba {{customer_name}}, randevunuzu hatırlatmak isteriz. Tarih: *{{starts_at}}*. Yer: {{place}}. "
                "Gelip gelemeyeceğinizi aşağıdan bildirebilirsiniz."
            ),
        ),
        "en": Wording(
            header="Appointment reminder",
            body=(
                "Hello {{customer_name}}, this is a reminder of your appointment. Date: *{{starts_at}}*. "
                "Place: {{place}}. Please let us know below whether you will come."
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
