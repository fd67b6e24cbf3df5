"""Appointment cancelled: which one, on whose side the reason lies, and a button to ask for another."""

from datetime import timedelta
from typing import Literal

from pydantic import Field

from app.events import mapping
from app.events.answers import Expected, Meaning
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, Priority, ReplyButton, Wording, english, turkish
from app.events.fields import Moment, Payload, Place


class AppointmentCancelled(Payload):
    """No reason in words: it might say what the appointment was for."""

    starts_at: Moment = Field(description="When it would have been, on the clock of the business's time zone")
    place: Place
    cancelled_by: Literal["customer", "business"] = Field(
        description="`customer`: the message confirms the customer's wish. `business`: it apologises"
    )


EVENT_TYPE = EventType(
    name="appointment-cancelled",
    title="Appointment cancelled",
    description="Post it when an appointment will not take place, with the `reference` of the appointment. "
    "The customer sees which one it was, and may ask for another with a button. Waiting messages about it are taken "
    "back, reminders too.",
    industry=Industry.HEALTH,
    payload=AppointmentCancelled,
    topic="appointments",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=12),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=5),
    quiet_hours="bypass",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "cause": mapping.choice(
            "cancelled_by",
            {
                "tr": {
                    "customer": "İptal, isteğiniz üzerine yapıldı",
                    "business": "İptal bizden kaynaklandı; verdiğimiz rahatsızlık için özür dileriz",
                },
                "en": {
                    "customer": "it was cancelled at your request",
                    "business": "we had to cancel it ourselves, and we apologise for the inconvenience",
                },
            },
        ),
        "starts_at": mapping.moment("starts_at"),
        "place": mapping.text("place"),
    },
    buttons=(
        ReplyButton(
            "appointment.new_requested",
            {"tr": "Yeni randevu istiyorum", "en": "I need a new appointment"},
            Meaning.RESCHEDULE_WANTED,
        ),
    ),
    overtakes=(
        "appointment-confirmed",
        "appointment-reminder",
        "appointment-rescheduled",
        "pre-appointment-instructions",
    ),
    expects=(Expected.RESCHEDULING,),
    wordings={
        "tr": Wording(
            header="Randevunuz iptal edildi",
            body=(
                "Merhaba {{customer_name}}, randevunuz iptal edildi. Tarih: *{{starts_at}}*. Yer: {{place}}. "
                "Açıklama: {{cause}}. Yeni bir randevu isterseniz aşağıdan bildirebilirsiniz."
            ),
        ),
        "en": Wording(
            header="Appointment cancelled",
            body=(
                "Hello {{customer_name}}, your appointment has been cancelled. Date: *{{starts_at}}*. "
                "Place: {{place}}. Please note: {{cause}}. "
                "If you need another appointment, please let us know below."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {"starts_at": "2026-11-24T14:30:00+03:00", "place": "Demo Klinik, Kadıköy", "cancelled_by": "business"},
            reference="appointment-77",
        ),
        "en": english(
            {"starts_at": "2026-11-24T14:30:00+03:00", "place": "Demo Clinic, Kadıköy", "cancelled_by": "business"},
            reference="appointment-78",
        ),
    },
)
