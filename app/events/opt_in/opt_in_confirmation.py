"""Opt-in confirmation: what the customer agreed to, and how to leave."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, Priority, Wording, english, turkish
from app.events.fields import Channel, Line, Moment, Payload


class OptInConfirmation(Payload):
    subjects: Annotated[
        list[Annotated[Line, Field(max_length=60)]],
        Field(
            min_length=1,
            max_length=20,
            description="What the messages will be about, as the customer was told; of more than three the first two "
            "are named",
            examples=[["sipariş bilgilendirmeleri", "randevu hatırlatmaları"]],
        ),
    ]
    channel: Annotated[Channel, Field(description="Where the customer agreed")]
    agreed_at: Moment = Field(
        description="Shown on the clock of the business's time zone", examples=["2026-11-24T14:30:00+03:00"]
    )


EVENT_TYPE = EventType(
    name="opt-in-confirmation",
    title="Opt-in confirmation",
    description="A customer has just agreed to get messages: confirms what about, where and when, and says how to stop "
    "them. Record the consent first; one to any topic is enough.",
    industry=Industry.OPT_IN,
    payload=OptInConfirmation,
    topic="consent",
    consent="any_topic",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=24),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=10),
    quiet_hours="bypass",
    overtakes=("opt-out-confirmation",),
    parameters={
        "customer_name": CUSTOMER_NAME,
        "subjects": mapping.listing("subjects"),
        "channel": mapping.channel("channel"),
        "agreed_at": mapping.moment("agreed_at"),
    },
    wordings={
        "tr": Wording(
            header="WhatsApp bildirim onayınız",
            body=(
                "Merhaba {{customer_name}}, size WhatsApp üzerinden bildirim göndermemize verdiğiniz onay kaydedildi. "
                "Konular: {{subjects}}. Onayın alındığı kanal: {{channel}}. Onay zamanı: {{agreed_at}}. "
                "Bildirimleri durdurmak isterseniz bu sohbete *DUR* yazmanız yeterlidir."
            ),
        ),
        "en": Wording(
            header="Your consent to WhatsApp messages",
            body=(
                "Hello {{customer_name}}, we have recorded your consent to receive messages from us on WhatsApp. "
                "Topics: {{subjects}}. Consent given via: {{channel}}. Date: {{agreed_at}}. "
                "To stop these messages at any time, reply *STOP* in this chat."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "subjects": ["sipariş bilgilendirmeleri", "randevu hatırlatmaları"],
                "channel": "website",
                "agreed_at": "2026-11-24T14:30:00+03:00",
            },
            reference="consent-5120",
        ),
        "en": english(
            {
                "subjects": ["order updates", "appointment reminders"],
                "channel": "store",
                "agreed_at": "2026-11-24T14:30:00+03:00",
            },
            reference="consent-5121",
        ),
    },
)
