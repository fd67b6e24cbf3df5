"""Lab result ready: that there is one, and where to read it; never the result."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, LinkButton, Priority, Wording, english, turkish
from app.events.fields import Code, Day, Payload, PrivateLink


class LabResultReady(Payload):
    """Neither the result nor what was tested."""

    report_number: Annotated[Code, Field(examples=["LAB-20417"])]
    sampled_on: Annotated[Day, Field(description="When the sample was taken")]
    result_url: PrivateLink


EVENT_TYPE = EventType(
    name="lab-result-ready",
    title="Lab result ready",
    description="Post it when a result may be read. The customer sees the report's number, the day of the sample and "
    "a button to the page that shows the result to them alone; the message says nothing of it.",
    industry=Industry.HEALTH,
    payload=LabResultReady,
    topic="lab_results",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=48),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=10),
    quiet_hours="keep",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "report_number": mapping.text("report_number"),
        "sampled_on": mapping.day("sampled_on"),
    },
    buttons=(LinkButton(mapping.link("result_url"), {"tr": "Sonucu görüntüle", "en": "View result"}),),
    wordings={
        "tr": Wording(
            header="Sonucunuz hazır",
            body=(
                "Merhaba {{customer_name}}, laboratuvar sonucunuz hazır. Rapor numarası: *{{report_number}}*. "
                "Numune tarihi: {{sampled_on}}. "
                "Kimliğinizi doğrulayarak sonucunuza aşağıdaki düğmeden ulaşabilirsiniz."
            ),
            footer="Sonucunuzu doktorunuzla birlikte değerlendirin.",
        ),
        "en": Wording(
            header="Your result is ready",
            body=(
                "Hello {{customer_name}}, your laboratory result is ready. Report number: *{{report_number}}*. "
                "Date of the sample: {{sampled_on}}. "
                "After verifying your identity, you can view it with the button below."
            ),
            footer="Please discuss your result with your doctor.",
        ),
    },
    examples={
        "tr": turkish(
            {
                "report_number": "LAB-20417",
                "sampled_on": "2026-11-23",
                "result_url": "https://shop.example/results/LAB-20417",
            },
            reference="report-20417",
        ),
        "en": english(
            {
                "report_number": "LAB-20418",
                "sampled_on": "2026-11-23",
                "result_url": "https://shop.example/results/LAB-20418",
            },
            reference="report-20418",
        ),
    },
)
