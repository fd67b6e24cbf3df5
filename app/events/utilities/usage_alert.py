"""Usage alert: a share of what the subscription includes has been used."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, LinkButton, Priority, Wording, english, turkish
from app.events.fields import AccountNumber, Day, Link, Name, Payload


class UsageAlert(Payload):
    account_number: AccountNumber
    allowance: Annotated[
        Name, Field(examples=["20 GB internet"], description="What is included, in the customer's language")
    ]
    used_percent: Annotated[
        int,
        Field(
            ge=1,
            le=1000,
            strict=True,
            examples=[80],
            description="More than 100 where use goes on beyond what is included",
        ),
    ]
    renews_on: Annotated[Day, Field(examples=["2026-12-01"], description="First day of the next allowance")]
    usage_url: Link


EVENT_TYPE = EventType(
    name="usage-alert",
    title="Usage alert",
    description="Post it when use reaches a threshold: which share of the allowance has been used, when it renews, and "
    "a button to the details. With one `reference` for each period, a higher threshold replaces a lower one that "
    "still waits.",
    industry=Industry.UTILITIES,
    payload=UsageAlert,
    topic="usage",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=24),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=10),
    quiet_hours="keep",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "account_number": mapping.text("account_number"),
        "allowance": mapping.text("allowance"),
        "used_percent": mapping.percentage("used_percent"),
        "renews_on": mapping.day("renews_on"),
    },
    buttons=(LinkButton(mapping.link("usage_url"), {"tr": "Kullanımı görüntüle", "en": "View usage"}),),
    overtakes=("usage-alert",),
    wordings={
        "tr": Wording(
            header="Kullanım bildirimi",
            body=(
                "Merhaba {{customer_name}}, *{{account_number}}* numaralı aboneliğinizde {{allowance}} hakkınızın "
                "güncel kullanım oranı: *{{used_percent}}*. Hakkınız {{renews_on}} günü yenilenecek. "
                "Kullanım ayrıntılarını aşağıdaki düğmeden görebilirsiniz."
            ),
        ),
        "en": Wording(
            header="Usage alert",
            body=(
                "Hello {{customer_name}}, on your account *{{account_number}}* you have used *{{used_percent}}* "
                "of your {{allowance}} allowance. It renews on {{renews_on}}. "
                "You can see the details with the button below."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "account_number": "4500123456",
                "allowance": "20 GB internet",
                "used_percent": 80,
                "renews_on": "2026-12-01",
                "usage_url": "https://shop.example/usage/4500123456",
            },
            reference="usage-4500123456-2026-11",
        ),
        "en": english(
            {
                "account_number": "4500123457",
                "allowance": "20 GB data",
                "used_percent": 80,
                "renews_on": "2026-12-01",
                "usage_url": "https://shop.example/usage/4500123457",
            },
            reference="usage-4500123457-2026-11",
        ),
    },
)
