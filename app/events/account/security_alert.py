"""Security alert: something happened to the account that somebody else might have done."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, LinkButton, Priority, Wording, english, turkish
from app.events.fields import Link, Moment, Name, Payload


class SecurityAlert(Payload):
    activity: Literal["new_login", "password_changed", "contact_details_changed"]
    account: Annotated[
        Name,
        Field(description="As the customer knows it; an address or a number masked", examples=["a•••z@posta.example"]),
    ]
    occurred_at: Moment = Field(
        description="Shown on the clock of the business's time zone", examples=["2026-11-24T22:41:00+03:00"]
    )
    device: Name | None = Field(
        default=None, description="And roughly where, if that is known", examples=["Chrome, Windows, Ankara"]
    )
    secure_url: Annotated[Link, Field(description="Where the customer can lock the account or set a new password")]


EVENT_TYPE = EventType(
    name="security-alert",
    title="Security alert",
    description="A login from a new device, a changed password or changed contact details: when, from where, and what "
    "to do if it was somebody else. Sent at any hour, before everything else. Where the phone number changed, send it "
    "to the old one.",
    industry=Industry.ACCOUNT,
    payload=SecurityAlert,
    topic="security",
    priority=Priority.CRITICAL,
    time_to_live=timedelta(hours=24),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=2),
    quiet_hours="bypass",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "activity": mapping.choice(
            "activity",
            {
                "tr": {
                    "new_login": "yeni bir cihazdan giriş",
                    "password_changed": "şifre değişikliği",
                    "contact_details_changed": "iletişim bilgilerinde değişiklik",
                },
                "en": {
                    "new_login": "a login from a new device",
                    "password_changed": "a change of your password",
                    "contact_details_changed": "a change of your contact details",
                },
            },
        ),
        "account": mapping.text("account"),
        "occurred_at": mapping.moment("occurred_at"),
        "device": mapping.either("device", mapping.text("device"), {"tr": "bilinmiyor", "en": "not known"}),
    },
    buttons=(LinkButton(mapping.link("secure_url"), {"tr": "Hesabımı koru", "en": "Secure my account"}),),
    wordings={
        "tr": Wording(
            header="Güvenlik bildirimi",
            body=(
                "Merhaba {{customer_name}}, hesabınızın güvenliğini ilgilendiren bir işlem gerçekleşti: "
                "*{{activity}}*. Hesap: {{account}}. Zaman: {{occurred_at}}. Cihaz: {{device}}. "
                "Bu işlemi siz yapmadıysanız aşağıdaki düğmeden hesabınızı korumaya alın. "
                "Şifrenizi kimseyle paylaşmayın."
            ),
        ),
        "en": Wording(
            header="Security alert",
            body=(
                "Hello {{customer_name}}, there was security-related activity on your account: *{{activity}}*. "
                "Account: {{account}}. Time: {{occurred_at}}. Device: {{device}}. "
                "If this was not you, please secure your account with the button below. "
                "Do not share your password with anyone."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "activity": "new_login",
                "account": "a•••z@posta.example",
                "occurred_at": "2026-11-24T22:41:00+03:00",
                "device": "Chrome, Windows, Ankara",
                "secure_url": "https://shop.example/account/security",
            },
            reference="security-90210",
        ),
        "en": english(
            {
                "activity": "password_changed",
                "account": "j•••h@mail.example",
                "occurred_at": "2026-11-24T22:41:00+03:00",
                "secure_url": "https://shop.example/account/security",
            },
            reference="security-90211",
        ),
    },
)
