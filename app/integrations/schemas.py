"""Bodies of the operations on integrations."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from app.accounts.models import Mode
from app.accounts.schemas import LanguageCode
from app.consent.schemas import Line, Strict, faulty
from app.integrations.facts import News
from app.integrations.settings import ConsentMapping, IntegrationSettings, Links, Refunds
from app.integrations.shops import Platform, shop_named

INTEGRATION_PREFIX = "int"
DELIVERY_PREFIX = "del"

Secret = Annotated[
    str, Field(min_length=8, max_length=256, pattern=r"^[^\x00-\x1f\x7f]+$", examples=["shpss_0123456789"])
]
Name = Annotated[Line, Field(max_length=80, examples=["Ana mağaza"])]
SenderId = Annotated[str, Field(pattern=r"^snd_[0-9a-f]{32}$")]


class IntegrationIn(IntegrationSettings):
    """A shop whose webhooks are to be taken."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "platform": "shopify",
                    "shop": "demo-magaza.myshopify.com",
                    "secret": "shpss_0123456789abcdef0123456789abcdef",
                    "links": {"order": "https://shop.example/siparis/{order_id}"},
                    "refunds": {"destination": "card", "days": 14},
                    "consent": {
                        "attribute": "WhatsApp",
                        "wording": "Sipariş bilgilerimi Demo Mağaza'dan WhatsApp ile almak istiyorum.",
                        "wording_version": "2026-11",
                        "language": "tr",
                    },
                },
                {"platform": "woocommerce", "shop": "https://shop.example", "secret": "a-secret-of-your-own"},
            ]
        },
    )

    platform: Platform
    shop: Annotated[str, Field(max_length=300)]
    """Shopify: the shop's own domain, `….myshopify.com`. WooCommerce: the address of the site."""
    secret: Secret
    """Shopify: the client secret of the app whose webhooks these are, or the key that the admin shows beside its own
    webhooks. WooCommerce: the secret of the webhook. It is never shown again."""
    name: Name | None = None
    """For your people."""
    sender: SenderId | None = None
    """Which of the business's numbers; by default its first."""

    @field_validator("shop")
    @classmethod
    def _is_a_shop(cls, shop: str, info: Any) -> str:
        platform: Platform | None = info.data.get("platform")
        if platform is None:
            return shop
        found = shop_named(platform, shop)
        if found is None:
            example = "demo.myshopify.com" if platform == "shopify" else "https://shop.example"
            raise PydanticCustomError("shop", "must name a shop such as {example}", {"example": example})
        return found


class IntegrationChange(Strict):
    """Only what is given changes; what is made of several parts is given as a whole. Null brings back the default,
    where there is one."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"confirm_when": "paid"}, {"enabled": False}]}
    )

    name: Name | None = None
    sender: SenderId | None = None
    enabled: bool | None = Field(default=None, strict=True)
    """While it is not, webhooks are answered and ignored: a platform that gets no answer gives up for good."""
    events: dict[News, str | None] | None = None
    confirm_when: Literal["placed", "paid"] | None = None
    completed_means: Literal["nothing", "delivered"] | None = None
    links: Links | None = None
    carrier: Annotated[Line, Field(max_length=80)] | None = None
    refunds: Refunds | None = None
    consent: ConsentMapping | None = None
    country: Annotated[str, Field(max_length=2)] | None = None
    language: LanguageCode | None = None

    @model_validator(mode="after")
    def _said(self) -> Self:
        if "enabled" in self.model_fields_set and self.enabled is None:
            raise faulty(self, "enabled", PydanticCustomError("null_not_allowed", "cannot be null"))
        return self


class RotationIn(Strict):
    """A new secret; the one of before is taken for a while beside it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"secret": "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", "overlap_hours": 24}]},
    )

    secret: Secret
    overlap_hours: int = Field(default=24, ge=0, le=168, strict=True)
    """Shopify needs up to an hour to sign with a new one. 0 where the old one is in wrong hands."""


class IntegrationOut(IntegrationSettings):
    """A shop whose webhooks are taken. Its secret is never shown."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={})

    id: str = Field(examples=["int_019a8f3c2b7d7c31a4e5f60718293a4b"])
    platform: Platform
    mode: Mode
    shop: str = Field(examples=["demo-magaza.myshopify.com"])
    name: str | None
    sender: str | None = Field(description="Null for the business's first number")
    url: str = Field(
        description="What the platform's webhooks are to be sent to",
        examples=["https://msg.example.com/integrations/shopify/biz_019a8f3c2b7d7c31a4e5f60718293a4b"],
    )
    enabled: bool
    former_secret_until: datetime | None = Field(description="Until when the secret of before is taken, too")
    created_at: datetime
    updated_at: datetime


class IntegrationsOut(BaseModel):
    integrations: list[IntegrationOut] = Field(description="Oldest first; those of the key's kind")


class MisfitOut(BaseModel):
    """Where an event does not fit."""

    pointer: str | None = Field(description="Into the event", examples=["#/data/tracking_url"])
    code: str = Field(examples=["link_elsewhere"])


class ResultOut(BaseModel):
    """What became of one thing that a webhook told."""

    event_type: str = Field(examples=["order-confirmed"])
    outcome: Literal["told", "waiting", "ignored", "refused"] = Field(
        description="`told`: there is a message, which may be suppressed. `waiting`: for a webhook about the order. "
        "`ignored`: there was nothing to tell. `refused`: the event was not taken"
    )
    reason: str | None = Field(description="Stable", examples=["no_consent"])
    message: str | None = Field(examples=["msg_019a8f3c2b7d7c31a4e5f60718293a4b"])
    status: str | None = Field(description="Of the message, as it was accepted", examples=["queued"])
    errors: list[MisfitOut] | None = Field(
        default=None,
        exclude_if=lambda value: value is None,
        description="Of an event that was refused, the places in it that do not fit",
    )


class ShopDeliveryOut(BaseModel):
    """A webhook with the right signature, and what became of it. Its content is not kept."""

    id: str = Field(examples=["del_019a8f3c2b7d7c31a4e5f60718293a4b"])
    topic: str = Field(examples=["orders/create"])
    delivery: str | None = Field(description="The platform's id of it")
    event: str | None = Field(description="Shopify's id of what happened")
    api_version: str | None
    order: str | None = Field(description="The shop's id of the order")
    outcome: Literal["received", "told", "waiting", "ignored", "refused"] = Field(
        description="The best of its results. `received`: it was not finished, and the platform was told so"
    )
    reason: str | None = Field(description="Where there was nothing to tell", examples=["no_phone"])
    consent: str | None = Field(
        description="`recorded`, or why the answer at the checkout was not taken for a consent: `not_ticked`, "
        "`recorded_before`, `placed_before_wording`, `no_contact`, `of_another` (the only number is of whoever "
        "gets the parcel), `overtaken`, or what its wording lacks; null where none was looked for"
    )
    results: list[ResultOut]
    triggered_at: datetime | None = Field(description="By the platform")
    received_at: datetime
    settled_at: datetime | None


class ShopDeliveryPage(BaseModel):
    deliveries: list[ShopDeliveryOut] = Field(description="Newest first")
    next_cursor: str | None


class DoorAnswer(BaseModel):
    """For the platform, which reads no more of it than that it was taken."""

    outcome: Literal["told", "waiting", "ignored", "refused", "ping"]
    reason: str | None = None
    messages: list[str] = Field(default=[], description="Ids of the messages that came of it")
    repeated: bool = Field(default=False, description="Whether it had come in before")
