"""Account status change: the account is opened, suspended, open again, or closed."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, LinkButton, Priority, Wording, english, turkish
from app.events.fields import Link, Moment, Name, Payload, Sentence, belongs_to


class AccountStatusChange(Payload):
    account: Annotated[
        Name, Field(description="As the customer knows it; an address or a number masked", examples=["MH-204417"])
    ]
    status: Literal["activated", "suspended", "reactivated", "closed"]
    reason: Annotated[
        Sentence | None,
        belongs_to("status", "suspended"),
        Field(
            validate_default=True,
            description="Needed where the account is suspended, refused otherwise. In the customer's language, "
            "beginning in lower case",
            examples=["kimlik bilgileriniz henüz doğrulanmadı"],
        ),
    ] = None
    changed_at: Moment = Field(
        description="When it changed; shown on the clock of the business's time zone",
        examples=["2026-11-24T14:30:00+03:00"],
    )
    account_url: Annotated[Link, Field(description="The account, or where its status is explained")]


EVENT_TYPE = EventType(
    name="account-status-change",
    title="Account status change",
    description="An account was activated, suspended, reactivated or closed: since when, why it is suspended, and a "
    "button to what the customer can do. A newer status with the same `reference` replaces one that still waits.",
    industry=Industry.ACCOUNT,
    payload=AccountStatusChange,
    topic="account",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=24),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=10),
    quiet_hours="keep",
    overtakes=("account-status-change",),
    parameters={
        "customer_name": CUSTOMER_NAME,
        "account": mapping.text("account"),
        "status": mapping.cases(
            "status",
            {
                "activated": mapping.Case({"tr": "hesabınız kullanıma açıldı", "en": "your account is active"}, {}),
                "suspended": mapping.Case(
                    {
                        "tr": "hesabınız geçici olarak durduruldu. Nedeni: {reason}",
                        "en": "your account is suspended for now. Reason: {reason}",
                    },
                    {"reason": mapping.text("reason")},
                ),
                "reactivated": mapping.Case(
                    {"tr": "hesabınız yeniden kullanıma açıldı", "en": "your account is active again"}, {}
                ),
                "closed": mapping.Case({"tr": "hesabınız kapatıldı", "en": "your account is closed"}, {}),
            },
        ),
        "changed_at": mapping.moment("changed_at"),
    },
    buttons=(LinkButton(mapping.link("account_url"), {"tr": "Hesap durumunu gör", "en": "See account status"}),),
    wordings={
        "tr": Wording(
            header="Hesap durumunuz değişti",
            body=(
                "Merhaba {{customer_name}}, hesabınızın durumu değişti. Hesap: *{{account}}*. Yeni durum: {{status}}. "
                "Değişiklik zamanı: {{changed_at}}. "
                "Ayrıntıları ve yapabileceklerinizi aşağıdaki düğmeden görebilirsiniz."
            ),
        ),
        "en": Wording(
            header="Your account status has changed",
            body=(
                "Hello {{customer_name}}, the status of your account *{{account}}* has changed. "
                "New status: {{status}}. Changed on: {{changed_at}}. "
                "You can see the details and what you can do with the button below."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "account": "MH-204417",
                "status": "suspended",
                "reason": "kimlik bilgileriniz henüz doğrulanmadı",
                "changed_at": "2026-11-24T14:30:00+03:00",
                "account_url": "https://shop.example/account",
            },
            reference="account-204417",
        ),
        "en": english(
            {
                "account": "MH-204418",
                "status": "reactivated",
                "changed_at": "2026-11-24T14:30:00+03:00",
                "account_url": "https://shop.example/account",
            },
            reference="account-204418",
        ),
    },
)
