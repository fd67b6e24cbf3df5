"""Opt-in request: asks on WhatsApp itself whether the customer really agreed elsewhere (double opt-in)."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, Priority, ReplyButton, Wording, english, turkish
from app.events.fields import Channel, Line, Moment, Name, Payload


class OptInRequest(Payload):
    business: Annotated[Name, Field(description="As customers know it", examples=["Demo Mağaza"])]
    subjects: Annotated[
        list[Annotated[Line, Field(max_length=80)]],
        Field(
            min_length=1,
            max_length=20,
            description="What the messages would be about, as the customer was told: each is named",
            examples=[["Siparişler ve kargo", "Randevular"]],
        ),
    ]
    channel: Annotated[Channel, Field(description="Where it was asked for")]
    requested_at: Moment = Field(
        description="Shown on the clock of the business's time zone", examples=["2026-11-24T14:30:00+03:00"]
    )


EVENT_TYPE = EventType(
    name="opt-in-request",
    title="Opt-in request",
    description="Somebody asked elsewhere for messages to this number: asks the customer on WhatsApp to confirm it, "
    "with two buttons. It goes out by itself after an opt-in with `double_opt_in`, and only while one waits for its "
    "confirmation; report it to ask once more.",
    industry=Industry.OPT_IN,
    payload=OptInRequest,
    topic="consent",
    consent="pending",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=24),
    # Whoever typed the number may not have been its owner, who is not to be asked twice.
    on_unconfirmed="fail",
    unconfirmed_window=timedelta(minutes=10),
    # The customer is waiting for it.
    quiet_hours="bypass",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "business": mapping.text("business"),
        "subjects": mapping.all_of("subjects"),
        "channel": mapping.channel("channel"),
        "requested_at": mapping.moment("requested_at"),
    },
    buttons=(
        ReplyButton("consent.confirm", {"tr": "Onaylıyorum", "en": "Confirm"}),
        ReplyButton("consent.stop", {"tr": "İstemiyorum", "en": "No thank you"}),
    ),
    wordings={
        "tr": Wording(
            header="WhatsApp bildirimleri için onayınız",
            body=(
                "Merhaba {{customer_name}}, {{business}} tarafından WhatsApp üzerinden bilgilendirilmeniz için bu "
                "numarayla bir istek aldık. Konular: {{subjects}}. İsteğin ulaştığı kanal: {{channel}}. İstek zamanı: "
                "{{requested_at}}. Bu isteği siz yaptıysanız lütfen aşağıdaki düğmeyle onaylayın. Onaylamazsanız size "
                "bildirim göndermeyiz."
            ),
        ),
        "en": Wording(
            header="Please confirm your request",
            body=(
                "Hello {{customer_name}}, we have received a request for this number to receive messages from "
                "{{business}} on WhatsApp. Topics: {{subjects}}. Request received via: {{channel}}. "
                "Date: {{requested_at}}. If you made this request, please confirm it below. Unless you confirm, we "
                "will not send you messages."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "business": "Demo Mağaza",
                "subjects": ["Siparişler ve kargo", "Randevular"],
                "channel": "website",
                "requested_at": "2026-11-24T14:30:00+03:00",
            },
            reference="consent-5120",
        ),
        "en": english(
            {
                "business": "Demo Store",
                "subjects": ["Orders and deliveries", "Appointments"],
                "channel": "store",
                "requested_at": "2026-11-24T14:30:00+03:00",
            },
            reference="consent-5121",
        ),
    },
)
