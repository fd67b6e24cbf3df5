"""Opt-out confirmation: no more messages, and how to come back."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, Priority, Wording, english, turkish
from app.events.fields import Channel, Moment, Payload


class OptOutConfirmation(Payload):
    channel: Annotated[Channel, Field(description="Where the customer asked for it")]
    requested_at: Moment = Field(
        description="Shown on the clock of the business's time zone", examples=["2026-11-24T14:30:00+03:00"]
    )


EVENT_TYPE = EventType(
    name="opt-out-confirmation",
    title="Opt-out confirmation",
    description="A customer has just opted out of all messages: confirms it, once and within the hour, and says how to "
    "come back. Record the opt-out first.",
    industry=Industry.OPT_IN,
    payload=OptOutConfirmation,
    topic="consent",
    consent="after_opt_out",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=1),
    on_unconfirmed="fail",
    unconfirmed_window=timedelta(minutes=10),
    quiet_hours="bypass",
    overtakes=("opt-in-confirmation",),
    parameters={
        "customer_name": CUSTOMER_NAME,
        "channel": mapping.channel("channel"),
        "requested_at": mapping.moment("requested_at"),
    },
    wordings={
        "tr": Wording(
            header="WhatsApp bildirimleri durduruldu",
            body=(
                "Merhaba {{customer_name}}, isteğiniz üzerine size WhatsApp üzerinden bildirim göndermeyi durdurduk. "
                "İsteğinizin ulaştığı kanal: {{channel}}. İstek zamanı: {{requested_at}}. "
                "Yeniden bildirim almak isterseniz bu sohbete *BAŞLAT* yazabilirsiniz."
            ),
        ),
        "en": Wording(
            header="WhatsApp messages stopped",
            body=(
                "Hello {{customer_name}}, as you asked, we have stopped sending you messages on WhatsApp. "
                "Request received via: {{channel}}. Date: {{requested_at}}. "
                "If you want to receive messages again, reply *START* in this chat."
            ),
        ),
    },
    examples={
        "tr": turkish({"channel": "whatsapp", "requested_at": "2026-11-24T14:30:00+03:00"}, reference="consent-5120"),
        "en": english({"channel": "phone", "requested_at": "2026-11-24T14:30:00+03:00"}, reference="consent-5121"),
    },
)
