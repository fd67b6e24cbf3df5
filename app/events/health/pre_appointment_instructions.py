"""Pre-appointment instructions: when to arrive, what to bring, and where the steps are written."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from app.events import mapping
from app.events.event_type import (
    CUSTOMER_NAME,
    EventType,
    Industry,
    LinkButton,
    Priority,
    Reminders,
    Wording,
    english,
    turkish,
)
from app.events.fields import Line, Moment, Payload, PrivateLink


class PreAppointmentInstructions(Payload):
    """Steps that would tell what the appointment is for stand behind the link."""

    starts_at: Moment = Field(description="Shown on the clock of the business's time zone")
    arrive_minutes_before: int | None = Field(
        default=None, ge=1, le=240, strict=True, description="By default the customer is asked to be there on time"
    )
    bring: list[Annotated[Line, Field(max_length=60)]] | None = Field(
        default=None,
        min_length=1,
        max_length=10,
        description="In the customer's language; of more than three the first two are named. By default the identity "
        "card. Nothing that tells what the appointment is for",
        examples=[["kimlik kartınız", "sigorta bilgileriniz"]],
    )
    instructions_url: PrivateLink


EVENT_TYPE = EventType(
    name="pre-appointment-instructions",
    title="Pre-appointment instructions",
    description="Post it in time for the customer to prepare for an appointment, with the `reference` of the "
    "appointment. The customer sees when to arrive, what to bring and a button to the steps. `remind_before` sends it "
    "so long before the appointment, once or several times.",
    industry=Industry.HEALTH,
    payload=PreAppointmentInstructions,
    topic="appointments",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=12),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=10),
    quiet_hours="keep",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "starts_at": mapping.moment("starts_at"),
        "arrival": mapping.either(
            "arrive_minutes_before",
            mapping.counted(
                "arrive_minutes_before",
                {
                    "tr": {"other": "randevudan {} dakika önce"},
                    "en": {"one": "{} minute before the appointment", "other": "{} minutes before the appointment"},
                },
            ),
            {"tr": "randevu saatinde", "en": "at the time of the appointment"},
        ),
        "bring": mapping.either(
            "bring", mapping.listing("bring"), {"tr": "kimlik kartınız", "en": "your identity card"}
        ),
    },
    buttons=(LinkButton(mapping.link("instructions_url"), {"tr": "Hazırlık adımları", "en": "Preparation steps"}),),
    reminders=Reminders(
        event_type="pre-appointment-instructions",
        moment=lambda data: data.starts_at,
        data=lambda data: data.model_dump(),
    ),
    wordings={
        "tr": Wording(
            header="Randevunuza hazırlık",
            body=(
                "Merhaba {{customer_name}}, yaklaşan randevunuza hazırlık için bilgi vermek isteriz. "
                "Tarih: *{{starts_at}}*. Geliş zamanı: {{arrival}}. Yanınızda bulunması gerekenler: {{bring}}. "
                "Hazırlık adımlarını aşağıdaki düğmeden okuyabilirsiniz."
            ),
        ),
        "en": Wording(
            header="Preparing for your appointment",
            body=(
                "Hello {{customer_name}}, here is how to prepare for your upcoming appointment. "
                "Date: *{{starts_at}}*. Arrival: {{arrival}}. What to bring: {{bring}}. "
                "You can read the steps with the button below."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "starts_at": "2026-11-24T14:30:00+03:00",
                "arrive_minutes_before": 15,
                "bring": ["kimlik kartınız", "sigorta bilgileriniz"],
                "instructions_url": "https://shop.example/appointments/77/prepare",
            },
            reference="appointment-77",
        ),
        "en": english(
            {
                "starts_at": "2026-11-24T14:30:00+03:00",
                "arrive_minutes_before": 15,
                "bring": ["your identity card", "your insurance details"],
                "instructions_url": "https://shop.example/appointments/78/prepare",
            },
            reference="appointment-78",
        ),
    },
)
