"""Restoration update: the service is back, partly back, or takes longer than was said."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, Priority, Wording, english, turkish
from app.events.fields import Moment, Name, Payload, Service, belongs_to


class RestorationUpdate(Payload):
    service: Service
    area: Annotated[Name, Field(examples=["Kadıköy, Moda"])]
    status: Annotated[Literal["delayed", "partly_restored", "restored"], Field(examples=["restored"])]
    restored_at: Annotated[
        Moment | None,
        belongs_to("status", "restored"),
        Field(
            validate_default=True,
            examples=["2026-11-25T17:40:00+03:00"],
            description="When the service came back: needed where it is `restored`, and only then",
        ),
    ] = None
    expected_end: Annotated[
        Moment | None,
        belongs_to("status", "delayed", "partly_restored"),
        Field(
            validate_default=True,
            description="When all of it is expected back: needed until it is `restored`, and only then",
        ),
    ] = None


EVENT_TYPE = EventType(
    name="restoration-update",
    title="Restoration update",
    description="Post it when an outage that customers were told of is over, is over for some, or takes longer: area "
    "and latest news. With the `reference` of the outage notice, it replaces notices and updates that still wait.",
    industry=Industry.UTILITIES,
    payload=RestorationUpdate,
    topic="outages",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=6),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=5),
    quiet_hours="bypass",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "service": mapping.text("service"),
        "area": mapping.text("area"),
        "news": mapping.cases(
            "status",
            {
                "delayed": mapping.Case(
                    {
                        "tr": "çalışma beklenenden uzun sürüyor. Yeni tahmini bitiş: {expected_end}",
                        "en": "the work is taking longer than expected. New expected end: {expected_end}",
                    },
                    {"expected_end": mapping.moment("expected_end")},
                ),
                "partly_restored": mapping.Case(
                    {
                        "tr": "hizmet bazı adreslerde yeniden başladı. Diğerleri için tahmini bitiş: {expected_end}",
                        "en": "the service is back at some addresses. Expected end for the others: {expected_end}",
                    },
                    {"expected_end": mapping.moment("expected_end")},
                ),
                "restored": mapping.Case(
                    {
                        "tr": "hizmet {restored_at} itibarıyla yeniden başladı",
                        "en": "the service has been back since {restored_at}",
                    },
                    {"restored_at": mapping.moment("restored_at")},
                ),
            },
        ),
    },
    overtakes=("outage-notice", "restoration-update"),
    wordings={
        "tr": Wording(
            header="Kesintiyle ilgili son durum",
            body=(
                "Merhaba {{customer_name}}, bölgenizdeki {{service}} kesintisiyle ilgili yeni bilgi var. "
                "Etkilenen yer: {{area}}. Son durum: *{{news}}*. "
                "Adresinizde durum farklıysa bu mesajı yanıtlayarak bize bildirebilirsiniz."
            ),
        ),
        "en": Wording(
            header="Update on the outage",
            body=(
                "Hello {{customer_name}}, there is news about the {{service}} outage in your area. "
                "Affected: {{area}}. Latest: *{{news}}*. "
                "If this is not the case at your address, please reply to this message and tell us."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "service": "elektrik",
                "area": "Kadıköy, Moda",
                "status": "restored",
                "restored_at": "2026-11-25T17:40:00+03:00",
            },
            reference="outage-4711",
        ),
        "en": english(
            {
                "service": "electricity",
                "area": "Kadıköy, Moda",
                "status": "delayed",
                "expected_end": "2026-11-25T20:00:00+03:00",
            },
            reference="outage-4712",
        ),
    },
)
