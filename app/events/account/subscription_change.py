"""Subscription change: it begins, rests, goes on, costs or becomes something else, or ends."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, LinkButton, Priority, Wording, english, turkish
from app.events.fields import Code, Day, Link, Name, Payload, belongs_to
from app.events.formatting import Money


class SubscriptionPrice(Payload):
    amount: Money
    per: Literal["week", "month", "year"]


class SubscriptionChange(Payload):
    subscription_number: Annotated[Code, Field(examples=["AB-3301"])]
    plan: Annotated[
        Name,
        Field(description="As it is after the change; of a subscription that ends the last one", examples=["Aile"]),
    ]
    change: Literal["started", "plan_changed", "price_changed", "paused", "resumed", "cancelled"]
    previous_plan: Annotated[
        Name | None,
        belongs_to("change", "plan_changed"),
        Field(
            validate_default=True,
            description="Needed where the plan changed, refused otherwise",
            examples=["Standart"],
        ),
    ] = None
    price: Annotated[
        SubscriptionPrice | None,
        belongs_to("change", "started", "plan_changed", "price_changed"),
        Field(
            validate_default=True,
            description="From now on. Needed where the subscription begins or its plan or price changed, refused "
            "otherwise",
        ),
    ] = None
    effective_on: Annotated[
        Day, Field(description="First day of the change; of a cancelled subscription the day on which it ends")
    ]
    subscription_url: Link


_PRICE = {
    "amount": mapping.money("price.amount"),
    "per": mapping.choice(
        "price.per",
        {
            "tr": {"week": "haftalık", "month": "aylık", "year": "yıllık"},
            "en": {"week": "per week", "month": "per month", "year": "per year"},
        },
    ),
}

EVENT_TYPE = EventType(
    name="subscription-change",
    title="Subscription change",
    description="A subscription began, was paused, resumed or cancelled, or its plan or price changed: what holds from "
    "which day, and a button to the subscription.",
    industry=Industry.ACCOUNT,
    payload=SubscriptionChange,
    topic="subscriptions",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=24),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=10),
    quiet_hours="keep",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "subscription_number": mapping.text("subscription_number"),
        "plan": mapping.text("plan"),
        "change": mapping.cases(
            "change",
            {
                "started": mapping.Case(
                    {
                        "tr": "aboneliğiniz başladı. Ücret: {per} {amount}",
                        "en": "it has started. Price: {amount} {per}",
                    },
                    _PRICE,
                ),
                "plan_changed": mapping.Case(
                    {
                        "tr": "planınız değişti. Önceki plan: {previous_plan}. Ücret: {per} {amount}",
                        "en": "your plan has changed. Previous plan: {previous_plan}. Price: {amount} {per}",
                    },
                    {"previous_plan": mapping.text("previous_plan"), **_PRICE},
                ),
                "price_changed": mapping.Case(
                    {
                        "tr": "ücret değişti. Yeni ücret: {per} {amount}",
                        "en": "the price has changed. New price: {amount} {per}",
                    },
                    _PRICE,
                ),
                "paused": mapping.Case({"tr": "aboneliğiniz donduruldu", "en": "it has been paused"}, {}),
                "resumed": mapping.Case({"tr": "aboneliğiniz yeniden başladı", "en": "it has been resumed"}, {}),
                "cancelled": mapping.Case({"tr": "aboneliğiniz iptal edildi", "en": "it has been cancelled"}, {}),
            },
        ),
        "effective_on": mapping.day("effective_on"),
    },
    buttons=(
        LinkButton(mapping.link("subscription_url"), {"tr": "Aboneliğimi görüntüle", "en": "View my subscription"}),
    ),
    wordings={
        "tr": Wording(
            header="Aboneliğinizde değişiklik",
            body=(
                "Merhaba {{customer_name}}, *{{subscription_number}}* numaralı aboneliğinizde bir değişiklik oldu. "
                "Plan: {{plan}}. Değişiklik: {{change}}. Geçerlilik tarihi: {{effective_on}}. "
                "Aboneliğinizin son durumunu aşağıdaki düğmeden görebilirsiniz."
            ),
        ),
        "en": Wording(
            header="A change to your subscription",
            body=(
                "Hello {{customer_name}}, there is a change to your subscription *{{subscription_number}}*. "
                "Plan: {{plan}}. Change: {{change}}. Effective date: {{effective_on}}. "
                "You can see your subscription as it stands with the button below."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "subscription_number": "AB-3301",
                "plan": "Aile",
                "change": "plan_changed",
                "previous_plan": "Standart",
                "price": {"amount": {"amount": 24990, "currency": "TRY"}, "per": "month"},
                "effective_on": "2026-12-01",
                "subscription_url": "https://shop.example/subscriptions/AB-3301",
            },
            reference="subscription-3301",
        ),
        "en": english(
            {
                "subscription_number": "AB-3302",
                "plan": "Standard",
                "change": "cancelled",
                "effective_on": "2026-12-31",
                "subscription_url": "https://shop.example/subscriptions/AB-3302",
            },
            reference="subscription-3302",
        ),
    },
)
