"""Loyalty status: what happened to a member's points or tier, told to members who asked for that."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, LinkButton, Priority, Wording, english, turkish
from app.events.fields import CustomerRequest, Day, Link, Name, Payload, belongs_to

_Points = Annotated[int, Field(ge=1, le=10**9, strict=True)]


class LoyaltyStatus(Payload):
    programme: Annotated[Name, Field(examples=["Demo Kart"])]
    change: Literal["points_earned", "points_used", "points_expiring", "tier_changed"]
    points: Annotated[
        _Points | None,
        Field(validate_default=True, description="How many were earned, used or will expire", examples=[250]),
        belongs_to("change", "points_earned", "points_used", "points_expiring"),
    ] = None
    expires_on: Annotated[
        Day | None,
        Field(
            validate_default=True,
            description="With `points_expiring`: the last day to use them",
            examples=["2026-12-31"],
        ),
        belongs_to("change", "points_expiring"),
    ] = None
    tier: Annotated[
        Name | None,
        Field(validate_default=True, description="With `tier_changed`: the new one", examples=["Gümüş"]),
        belongs_to("change", "tier_changed"),
    ] = None
    balance: Annotated[
        int, Field(ge=0, le=10**9, strict=True, description="All points that the member has now", examples=[1840])
    ]
    account_url: Link
    request: Annotated[
        CustomerRequest, Field(description="When the member asked for such messages; the same for each of them")
    ]


EVENT_TYPE = EventType(
    name="loyalty-status",
    title="Loyalty status",
    description="Points were earned, used or are about to expire, or a member's tier changed, and the member had "
    "asked for such messages: what happened, the points that there are now, and a button to the account. Meta counts "
    "it as marketing.",
    industry=Industry.RETAIL,
    payload=LoyaltyStatus,
    topic="loyalty",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=48),
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
                "points_used": mapping.Case(
                    {"tr": "hesabınızdan {points} kullanıldı", "en": "{points} used"},
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
        "balance": mapping.points("balance"),
    },
    buttons=(LinkButton(mapping.link("account_url"), {"tr": "Hesabımı görüntüle", "en": "View my account"}),),
    wordings={
        "tr": Wording(
            header="Üyelik hesabınız",
            body=(
                "Merhaba {{customer_name}}, üyelik hesabınızdaki değişiklikleri size bildirmemizi istemiştiniz. "
                "Değişiklik: {{change}}. Güncel bakiyeniz: {{balance}}. Üyesi olduğunuz program: *{{programme}}*. "
                "Hesap hareketlerinizi aşağıdaki düğmeden görebilirsiniz."
            ),
        ),
        "en": Wording(
            header="Your membership account",
            body=(
                "Hello {{customer_name}}, you asked to be told about changes to your membership account. "
                "Change: {{change}}. Current balance: {{balance}}. Your membership programme: *{{programme}}*. "
                "You can see your account activity with the button below."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "programme": "Demo Kart",
                "change": "points_earned",
                "points": 250,
                "balance": 1840,
                "account_url": "https://shop.example/account/points",
                "request": {
                    "requested_at": "2026-10-02T11:20:00+03:00",
                    "channel": "app",
                    "wording": "Puan hareketlerimi WhatsApp’tan bildir",
                    "evidence": "member-5501",
                },
            },
            reference="points-90211",
        ),
        "en": english(
            {
                "programme": "Demo Card",
                "change": "points_earned",
                "points": 250,
                "balance": 1840,
                "account_url": "https://shop.example/account/points",
                "request": {
                    "requested_at": "2026-10-02T11:20:00+03:00",
                    "channel": "app",
                    "wording": "Tell me on WhatsApp when my points change",
                    "evidence": "member-5502",
                },
            },
            reference="points-90212",
        ),
    },
)
