"""Post-visit care: where the advice is written, and whom to call."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, LinkButton, Priority, Wording, english, turkish
from app.events.fields import Day, Payload, PhoneAsShown, PrivateLink


class PostVisitCare(Payload):
    """Neither treatment nor advice: both stand behind the link."""

    visited_on: Day
    help_phone: Annotated[PhoneAsShown, Field(description="For the customer who gets worse or has a question")]
    care_url: PrivateLink


EVENT_TYPE = EventType(
    name="post-visit-care",
    title="Post-visit care",
    description="Post it after a visit or a treatment that needs care at home. The customer sees the day of the "
    "visit, a button to the advice and the number to call.",
    industry=Industry.HEALTH,
    payload=PostVisitCare,
    topic="aftercare",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=24),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=10),
    quiet_hours="keep",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "visited_on": mapping.day("visited_on"),
        "help_phone": mapping.text("help_phone"),
    },
    buttons=(LinkButton(mapping.link("care_url"), {"tr": "Bakım önerilerini oku", "en": "Read care advice"}),),
    wordings={
        "tr": Wording(
            header="Muayene sonrası bakım",
            body=(
                "Merhaba {{customer_name}}, muayenenizin ardından evde dikkat etmeniz gerekenleri paylaşmak isteriz. "
                "Muayene tarihi: *{{visited_on}}*. Önerileri aşağıdaki düğmeden okuyabilirsiniz. Şikâyetleriniz "
                "artarsa "
                "veya sorunuz olursa {{help_phone}} numaralı telefondan bizi arayabilirsiniz."
            ),
            footer="Acil durumda 112’yi arayın.",
        ),
        "en": Wording(
            header="Care after your visit",
            body=(
                "Hello {{customer_name}}, here is how to look after yourself at home following your visit. "
                "Date of the visit: *{{visited_on}}*. You can read the advice with the button below. "
                "Please call {{help_phone}} if you feel worse or have a question."
            ),
            footer="In an emergency, call 112.",
        ),
    },
    examples={
        "tr": turkish(
            {
                "visited_on": "2026-11-24",
                "help_phone": "0216 000 00 00",
                "care_url": "https://shop.example/visits/5581/care",
            },
            reference="visit-5581",
        ),
        "en": english(
            {
                "visited_on": "2026-11-24",
                "help_phone": "+90 216 000 00 00",
                "care_url": "https://shop.example/visits/5582/care",
            },
            reference="visit-5582",
        ),
    },
)
