"""Contract renewal reminder: a contract ends soon, and the customer asked to be told."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, LinkButton, Priority, Wording, english, turkish
from app.events.fields import Code, CustomerRequest, Day, Link, Payload, Service


class ContractRenewalReminder(Payload):
    request: CustomerRequest
    service: Service
    contract_number: Annotated[Code, Field(examples=["SZ-2024-5501"])]
    ends_on: Annotated[Day, Field(examples=["2026-12-31"], description="Last day of the contract")]
    unless_renewed: Annotated[
        Literal["ends", "continues", "renews"],
        Field(
            examples=["continues"],
            description="What happens if the customer does nothing: the service `ends`, `continues` without a minimum "
            "term, or the contract `renews` itself",
        ),
    ]
    renewal_url: Annotated[Link, Field(examples=["https://shop.example/contracts/SZ-2024-5501"])]


EVENT_TYPE = EventType(
    name="contract-renewal-reminder",
    title="Contract renewal reminder",
    description="Post it before the end of a contract to a customer who asked to be reminded: contract, last day, what "
    "happens without renewal, and a button to the terms. Meta counts it as marketing.",
    industry=Industry.UTILITIES,
    payload=ContractRenewalReminder,
    expected_category="MARKETING",
    topic="renewals",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=72),
    on_unconfirmed="fail",
    unconfirmed_window=timedelta(minutes=30),
    quiet_hours="keep",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "contract_number": mapping.text("contract_number"),
        "service": mapping.text("service"),
        "ends_on": mapping.day("ends_on"),
        "unless_renewed": mapping.choice(
            "unless_renewed",
            {
                "tr": {
                    "ends": "hizmetiniz bu tarihte sona erecek",
                    "continues": "hizmetiniz taahhütsüz olarak devam edecek",
                    "renews": "sözleşmeniz kendiliğinden yenilenecek",
                },
                "en": {
                    "ends": "the service ends on that day",
                    "continues": "the service continues without a minimum term",
                    "renews": "the contract renews itself",
                },
            },
        ),
    },
    buttons=(LinkButton(mapping.link("renewal_url"), {"tr": "Yenileme koşulları", "en": "Renewal terms"}),),
    wordings={
        "tr": Wording(
            header="Sözleşme bitiş hatırlatması",
            body=(
                "Merhaba {{customer_name}}, *{{contract_number}}* numaralı {{service}} sözleşmenizin bitişi yaklaşınca "
                "size haber vermemizi istemiştiniz. Sözleşmenin son günü: *{{ends_on}}*. Bir işlem yapmazsanız "
                "{{unless_renewed}}. "
                "Yenileme koşullarını aşağıdaki düğmeden görebilirsiniz."
            ),
        ),
        "en": Wording(
            header="Your contract ends soon",
            body=(
                "Hello {{customer_name}}, you asked us to remind you before your {{service}} contract "
                "*{{contract_number}}* ends. Last day: *{{ends_on}}*. If you do nothing, {{unless_renewed}}. "
                "You can see the terms of renewal with the button below."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "request": {
                    "requested_at": "2026-01-05T11:20:00+03:00",
                    "channel": "app",
                    "wording": "Sözleşmem bitmeden WhatsApp’tan haber ver",
                    "evidence": "reminder-5501",
                },
                "service": "internet",
                "contract_number": "SZ-2024-5501",
                "ends_on": "2026-12-31",
                "unless_renewed": "continues",
                "renewal_url": "https://shop.example/contracts/SZ-2024-5501",
            },
            reference="renewal-5501",
        ),
        "en": english(
            {
                "request": {
                    "requested_at": "2026-01-05T11:20:00+03:00",
                    "channel": "website",
                    "wording": "Remind me on WhatsApp before my contract ends",
                    "evidence": "reminder-5502",
                },
                "service": "internet",
                "contract_number": "SZ-2024-5502",
                "ends_on": "2026-12-31",
                "unless_renewed": "ends",
                "renewal_url": "https://shop.example/contracts/SZ-2024-5502",
            },
            reference="renewal-5502",
        ),
    },
)
