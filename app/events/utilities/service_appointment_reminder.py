"""Service appointment reminder: when the technician comes, with two buttons to answer."""

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
from app.events.fields import Line, Moment, Name, Payload, later_than

_LONGEST_WINDOW = timedelta(hours=12)
"""Of its end the text shows only the clock: so it must be clear which day that is on."""


class ServiceAppointmentReminder(Payload):
    """A technician comes within a window of time."""

    work: Annotated[Name, Field(examples=["internet kurulumu"], description="What is done, in the customer's language")]
    starts_at: Annotated[
        Moment, Field(description="When the technician comes at the earliest", examples=["2026-11-24T09:00:00+03:00"])
    ]
    ends_at: Annotated[
        Moment,
        later_than("starts_at", by_at_most=_LONGEST_WINDOW),
        Field(
            description="When the technician comes at the latest, at most 12 hours after `starts_at`",
            examples=["2026-11-24T12:00:00+03:00"],
        ),
    ]
    address: Annotated[Line, Field(max_length=160, examples=["Moda Caddesi 12/5, Kadıköy"])]


EVENT_TYPE = EventType(
    name="service-appointment-reminder",
    title="Service appointment reminder",
    description="Post it before a technician's visit, or let `service-appointment-confirmed` bring it about: what is "
    "done, where, and between which hours; the customer answers with a button whether someone will be there.",
    industry=Industry.UTILITIES,
    payload=ServiceAppointmentReminder,
    topic="appointments",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=12),
    on_unconfirmed="fail",  # it asks for an answer, and to be asked twice is confusing
    unconfirmed_window=timedelta(minutes=30),
    quiet_hours="keep",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "work": mapping.text("work"),
        "starts_at": mapping.moment("starts_at"),
        "ends_at": mapping.clock_time("ends_at"),
        "address": mapping.text("address"),
    },
    buttons=(
        ReplyButton(
            "service_appointment.confirmed", {"tr": "Adreste olacağım", "en": "I will be there"}, Meaning.CONFIRMED
        ),
        ReplyButton(
            "service_appointment.declined", {"tr": "Adreste olamayacağım", "en": "I cannot be there"}, Meaning.DECLINED
        ),
    ),
    reminders=Reminders(
        event_type="service-appointment-reminder",
        moment=lambda data: data.starts_at,
        data=lambda data: data.model_dump(mode="json"),
    ),
    expects=(Expected.CONFIRMATION, Expected.RESCHEDULING),
    wordings={
        "tr": Wording(
            header="Servis randevusu hatırlatması",
            body=(
                "Merhaba {{customer_name}}, {{work}} için servis randevunuzu hatırlatmak isteriz. Ekibimiz "
                "*{{starts_at}}* ile *{{ends_at}}* saatleri arasında gelecek. Adres: {{address}}. "
                "Adreste birinin olup olmayacağını aşağıdan bildirebilirsiniz."
            ),
        ),
        "en": Wording(
            header="Service appointment reminder",
            body=(
                "Hello {{customer_name}}, this is a reminder of your service appointment for {{work}}. Our team will "
                "come between *{{starts_at}}* and *{{ends_at}}*. Address: {{address}}. "
                "Please let us know below whether someone will be there."
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
            },
            reference="visit-2201",
        ),
        "en": english(
            {
                "work": "the installation of your internet connection",
                "starts_at": "2026-11-24T13:00:00+03:00",
                "ends_at": "2026-11-24T17:00:00+03:00",
                "address": "Moda Caddesi 12/5, Kadıköy",
            },
            reference="visit-2202",
        ),
    },
)
