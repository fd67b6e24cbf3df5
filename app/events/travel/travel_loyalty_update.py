"""Travel loyalty update: what became of a member's points, for members who asked to be told."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, LinkButton, Priority, Wording, english, turkish
from app.events.fields import CustomerRequest, Day, Link, Name, Payload, belongs_to


class TravelLoyaltyUpdate(Payload):
    programme: Annotated[Name, Field(examples=["Mavi Kanat"])]
    change: Literal["points_earned", "points_expiring", "tier_changed"]
    points: Annotated[
        Annotated[int, Field(ge=1, le=10**9, strict=True)] | None,
        belongs_to("change", "points_earned", "points_expiring"),
        Field(
            validate_default=True,
            description="How many were added, or will expire; refused with a new tier",
            examples=[1250],
        ),
    ] = None
    expires_on: Annotated[
        Day | None,
        belongs_to("change", "points_expiring"),
        Field(
            validate_default=True,
            description="Last day on which expiring points can be used; refused otherwise",
            examples=["2026-12-31"],
        ),
    ] = None
    tier: Annotated[
        Name | None,
        belongs_to("change", "tier_changed"),
        Field(validate_default=True, description="The new one; refused otherwise", examples=["Gümüş"]),
    ] = None
    balance: Annotated[int, Field(ge=0, le=10**9, strict=True, description="Points, after the change", examples=[8400])]
    account_url: Link
    request: CustomerRequest


EVENT_TYPE = EventType(
    name="travel-loyalty-update",
    title="Travel loyalty update",
    description="Points of a loyalty programme were added or will expire, or the tier changed, for members who asked "
    "to be told. Meta counts it as marketing: the customer must have consented to the topic.",
    industry=Industry.TRAVEL,
    payload=TravelLoyaltyUpdate,
    topic="loyalty",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=24),
    on_unconfirmed="fail",
    unconfirmed_window=timedelta(minutes=30),
    quiet_hours="keep",
    expected_category="MARKETING",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "programme": mapping.text("programme"),
        "change": mapping.cases(
            "change",
            {
                "points_earned": mapping.Case(
                    {"tr": "hesabınıza {points} eklendi", "en": "{points} added to your account"},
                    {"points": mapping.points("points")},
                ),
                "points_expiring": mapping.Case(
                    {
                        "tr": "{points} geçerliliğini yitirecek. Son kullanım tarihi: {expires_on}",
                        "en": "{points} about to expire. Last day to use: {expires_on}",
                    },
                    {"points": mapping.points("points"), "expires_on": mapping.day("expires_on")},
                ),
                "tier_changed": mapping.Case(
                    {"tr": "yeni üyelik seviyeniz {tier}", "en": "your tier is now {tier}"},
                    {"tier": mapping.text("tier")},
                ),
            },
        ),
        "balance": mapping.number("balance"),
    },
    buttons=(LinkButton(mapping.link("account_url"), {"tr": "Hesabımı görüntüle", "en": "View my account"}),),
    wordings={
        "tr": Wording(
            header="Üyelik hesabınızdaki değişiklik",
            body=(
                "Merhaba {{customer_name}}, *{{programme}}* üyeliğinizdeki değişiklikleri size bildirmemizi "
                "istemiştiniz. "
                "Değişiklik: {{change}}. Güncel puan bakiyeniz: {{balance}}. "
                "Hesap hareketlerinizi aşağıdaki düğmeden görebilirsiniz."
            ),
        ),
        "en": Wording(
            header="A change to your membership account",
            body=(
                "Hello {{customer_name}}, you asked to be told about changes to your *{{programme}}* membership. "
                "Change: {{change}}. Current points balance: {{balance}}. "
                "You can see your account activity with the button below."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "programme": "Mavi Kanat",
                "change": "points_earned",
                "points": 1250,
                "balance": 8400,
                "account_url": "https://shop.example/loyalty",
                "request": {
                    "requested_at": "2026-03-02T10:15:00+03:00",
                    "channel": "app",
                    "wording": "Puan hareketlerimi WhatsApp’tan bildir",
                    "evidence": "loyalty-preferences-3310",
                },
            },
            reference="loyalty-3310-77",
        ),
        "en": english(
            {
                "programme": "Blue Wings",
                "change": "points_expiring",
                "points": 3200,
                "expires_on": "2026-12-31",
                "balance": 15800,
                "account_url": "https://shop.example/loyalty",
                "request": {
                    "requested_at": "2026-03-02T10:15:00+03:00",
                    "channel": "website",
                    "wording": "Tell me on WhatsApp when my points change",
                    "evidence": "loyalty-preferences-3311",
                },
            },
            reference="loyalty-3311-12",
        ),
    },
)
