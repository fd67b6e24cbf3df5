"""Medication reminder: that it is time, never for what."""

from datetime import timedelta

from pydantic import Field

from app.events import mapping
from app.events.answers import Meaning
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, Priority, ReplyButton, Wording, english, turkish
from app.events.fields import Moment, Payload, TimeZone


class MedicationReminder(Payload):
    """No name of a medicine and no dose: the customer knows them, and others may see the message."""

    due_at: Moment
    time_zone: TimeZone | None = Field(
        default=None,
        description="Where the customer takes it, if not in the business's time zone: `due_at` is shown on that clock",
        examples=["Europe/Berlin"],
    )


EVENT_TYPE = EventType(
    name="medication-reminder",
    title="Medication reminder",
    description="Post it for each time at which the customer is to take a medicine, with `send_at`. The customer "
    "sees the time alone, no medicine, and reports with a button. Sent at any hour; an hour late it is not sent any "
    "more, and never twice, lest a dose be taken twice.",
    industry=Industry.HEALTH,
    payload=MedicationReminder,
    topic="medication",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=1),
    on_unconfirmed="fail",
    unconfirmed_window=timedelta(minutes=10),
    quiet_hours="bypass",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "due_at": mapping.clock_time("due_at", "time_zone"),
    },
    # Only the tap says that it was taken: who writes "okay" may be about to.
    buttons=(ReplyButton("medication.taken", {"tr": "İlacımı aldım", "en": "I have taken it"}, Meaning.CONFIRMED),),
    wordings={
        "tr": Wording(
            header="İlaç hatırlatması",
            body=(
                "Merhaba {{customer_name}}, ilaç saatinizi hatırlatmak isteriz. Planlanan saat: *{{due_at}}*. "
                "İlacınızı aldığınızda aşağıdaki düğmeden bildirebilirsiniz."
            ),
            footer="Sorularınız için doktorunuza veya eczacınıza danışın.",
        ),
        "en": Wording(
            header="Medication reminder",
            body=(
                "Hello {{customer_name}}, this is a reminder to take your medicine. Scheduled time: *{{due_at}}*. "
                "Please let us know with the button below once you have taken it."
            ),
            footer="Ask your doctor or pharmacist if you are unsure.",
        ),
    },
    examples={
        "tr": turkish({"due_at": "2026-11-24T20:00:00+03:00"}, reference="dose-5101"),
        "en": english({"due_at": "2026-11-24T20:00:00+03:00"}, reference="dose-5102"),
    },
)
