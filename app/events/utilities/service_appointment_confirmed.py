"""Service appointment confirmed: a technician's visit has been fixed, or fixed anew."""

from datetime import timedelta
from typing import Annotated

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
from app.events.fields import Code
from app.events.utilities.service_appointment_reminder import ServiceAppointmentReminder


class ServiceAppointmentConfirmed(ServiceAppointmentReminder):
    appointment_number: Annotated[
        Code, Field(examples=["SR-2201"], description="By which customer and technician recognise the visit")
    ]


EVENT_TYPE = EventType(
    name="service-appointment-confirmed",
    title="Service appointment confirmed",
    description="Post it when a technician's visit is fixed: what is done, where, between which hours, and a button "
    "to ask for another time. Post it again with the same `reference` when the visit is moved: an earlier confirmation "
    "and reminders that still wait are then stale. `remind_before` adds reminders.",
    industry=Industry.UTILITIES,
    payload=ServiceAppointmentConfirmed,
    topic="appointments",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=24),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=10),
    quiet_hours="bypass",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "work": mapping.text("work"),
        "starts_at": mapping.moment("starts_at"),
        "ends_at": mapping.clock_time("ends_at"),
        "address": mapping.text("address"),
        "appointment_number": mapping.text("appointment_number"),
    },
    buttons=(
        ReplyButton(
            "service_appointment.change_requested",
            {"tr": "Zamanı değiştir", "en": "Change the time"},
            Meaning.RESCHEDULE_WANTED,
        ),
    ),
    overtakes=("service-appointment-confirmed", "service-appointment-reminder"),
    reminders=Reminders(
        event_type="service-appointment-reminder",
        moment=lambda data: data.starts_at,
        data=lambda data: data.model_dump(mode="json", include=set(ServiceAppointmentReminder.model_fields)),
    ),
    expects=(Expected.RESCHEDULING,),
    wordings={
        "tr": Wording(
            header="Servis randevunuz onaylandı",
            body=(
                "Merhaba {{customer_name}}, {{work}} için servis randevunuz onaylandı. Ekibimiz *{{starts_at}}* ile "
                "*{{ends_at}}* saatleri arasında gelecek. Adres: {{address}}. "
                "Randevu numarası: {{appointment_number}}. "
                "Bu saatlerde adreste bir yetişkinin bulunmasını rica ederiz."
            ),
        ),
        "en": Wording(
            header="Your service appointment is confirmed",
            body=(
                "Hello {{customer_name}}, your service appointment for {{work}} is confirmed. Our team will come "
                "between *{{starts_at}}* and *{{ends_at}}*. Address: {{address}}. "
                "Appointment number: {{appointment_number}}. "
                "Please make sure that an adult is at the address during these hours."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "work": "internet kurulumu",
                "starts_at": "2026-11-24T09:00:00+03:00",
                "ends_at": "2026-11-24T12:00:00+03:00",
                "address": "Moda Caddesi 12/5, Kadıköy",
                "appointment_number": "SR-2201",
            },
            reference="visit-2201",
        ),
        "en": english(
            {
                "work": "the installation of your internet connection",
                "starts_at": "2026-11-24T13:00:00+03:00",
                "ends_at": "2026-11-24T17:00:00+03:00",
                "address": "Moda Caddesi 12/5, Kadıköy",
                "appointment_number": "SR-2202",
            },
            reference="visit-2202",
        ),
    },
)
