"""Prescription refill: it waits to be collected, or needs a doctor before it goes on."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, Priority, ReplyButton, Wording, english, turkish
from app.events.fields import Code, Day, Payload, Place, belongs_to


class PrescriptionRefill(Payload):
    """No name of a medicine."""

    prescription_number: Annotated[Code, Field(examples=["2AB7K9Q"])]
    status: Literal["ready_for_pickup", "renewal_needed"]
    pickup_place: Annotated[
        Place | None,
        belongs_to("status", "ready_for_pickup"),
        Field(validate_default=True, description="Needed for `ready_for_pickup`", examples=["Demo Eczanesi, Kadıköy"]),
    ] = None
    pickup_by: Annotated[
        Day | None,
        belongs_to("status", allowed=("ready_for_pickup",)),
        Field(validate_default=True, description="For `ready_for_pickup`, where it is kept for some days only"),
    ] = None
    expires_on: Annotated[
        Day | None,
        belongs_to("status", "renewal_needed"),
        Field(validate_default=True, description="Last day of the present prescription. Needed for `renewal_needed`"),
    ] = None


EVENT_TYPE = EventType(
    name="prescription-refill",
    title="Prescription refill",
    description="Post it when a medicine on prescription waits to be collected, or when the prescription runs out and "
    "a doctor must write a new one. The customer sees its number and where and until when, no medicine.",
    industry=Industry.HEALTH,
    payload=PrescriptionRefill,
    topic="prescriptions",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=24),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=10),
    quiet_hours="keep",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "prescription_number": mapping.text("prescription_number"),
        "status": mapping.cases(
            "status",
            {
                "ready_for_pickup": mapping.Case(
                    {
                        "tr": "İlacınız teslim alınmaya hazır. Teslim alınacak yer: {place}. Son teslim alma günü: "
                        "{until}",
                        "en": "Your medicine is ready to be collected. Where: {place}. Last day: {until}",
                    },
                    {
                        "place": mapping.text("pickup_place"),
                        "until": mapping.either(
                            "pickup_by", mapping.day("pickup_by"), {"tr": "belirlenmedi", "en": "not set"}
                        ),
                    },
                ),
                "renewal_needed": mapping.Case(
                    {
                        "tr": "Reçetenizin süresi doluyor. Son geçerlilik tarihi: {until}. "
                        "Tedavinizin sürmesi için doktorunuzun yeni reçete yazması gerekiyor",
                        "en": "Your prescription is running out. Last valid day: {until}. "
                        "For your treatment to go on, your doctor needs to write a new one",
                    },
                    {"until": mapping.day("expires_on")},
                ),
            },
        ),
    },
    buttons=(ReplyButton("prescription.question", {"tr": "Sorum var", "en": "I have a question"}),),
    wordings={
        "tr": Wording(
            header="Reçete bilgilendirmesi",
            body=(
                "Merhaba {{customer_name}}, reçetenizle ilgili bilgi vermek isteriz. "
                "Reçete numarası: *{{prescription_number}}*. Durum: {{status}}. "
                "Sorunuz varsa aşağıdaki düğmeden bize ulaşabilirsiniz."
            ),
        ),
        "en": Wording(
            header="Prescription update",
            body=(
                "Hello {{customer_name}}, we have news about your prescription. "
                "Prescription number: *{{prescription_number}}*. Status: {{status}}. "
                "If you have a question, you can reach us with the button below."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "prescription_number": "2AB7K9Q",
                "status": "ready_for_pickup",
                "pickup_place": "Demo Eczanesi, Kadıköy",
                "pickup_by": "2026-11-28",
            },
            reference="prescription-2AB7K9Q",
        ),
        "en": english(
            {
                "prescription_number": "2AB7K9R",
                "status": "ready_for_pickup",
                "pickup_place": "Demo Pharmacy, Kadıköy",
                "pickup_by": "2026-11-28",
            },
            reference="prescription-2AB7K9R",
        ),
    },
)
