"""A shop, and a webhook of it, as they are worked on."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from pydantic_core import from_json

from app.accounts.models import Mode
from app.core.ids import public_id
from app.integrations import shopify, woocommerce
from app.integrations.completing import Source
from app.integrations.facts import Reading
from app.integrations.models import Integration, Outcome
from app.integrations.settings import IntegrationSettings
from app.integrations.signatures import digest_of

_READERS = {"shopify": shopify.read, "woocommerce": woocommerce.read}


@dataclass(frozen=True, slots=True)
class Shop:
    """An integration as a delivery needs it."""

    business_id: UUID
    id: UUID
    mode: Mode
    source: Source
    consent_since: datetime | None
    created_at: datetime
    disabled: bool

    @classmethod
    def of(cls, row: Integration) -> "Shop":
        sender = public_id("snd", row.sender_id) if row.sender_id is not None else None
        source = Source(row.platform, row.shop, sender, IntegrationSettings.model_validate(row.settings))
        disabled = row.disabled_at is not None
        return cls(row.business_id, row.id, row.mode, source, row.consent_since, row.created_at, disabled)

    @property
    def settings(self) -> IntegrationSettings:
        return self.source.settings


@dataclass(frozen=True, slots=True)
class Incoming:
    """A webhook as it came: what its headers say is not signed, and decides no more than how the body is read."""

    topic: str
    delivery: str | None
    event: str | None
    api_version: str | None
    triggered_at: datetime | None
    is_test: bool
    body: bytes

    @property
    def digest(self) -> bytes:
        """By which it is known again. Their id alone would not do: see `ShopDelivery.delivery`."""
        return digest_of(self.topic.encode(), (self.delivery or "").encode(), self.body)


@dataclass(frozen=True, slots=True)
class Turned:
    """Why nothing of a webhook is taken."""

    outcome: Outcome
    reason: str


def read(shop: Shop, incoming: Incoming, now: datetime) -> tuple[Reading, Turned | None]:
    if shop.disabled:
        return Reading(), Turned("ignored", "disabled")
    try:
        document = from_json(incoming.body, allow_inf_nan=False)
        if not isinstance(document, dict):
            return Reading(), Turned("refused", "unreadable")
        reading = _READERS[shop.source.platform](incoming.topic, document, shop.settings, now)
    except ValueError:  # of which those of JSON and of validation are kinds
        return Reading(), Turned("refused", "unreadable")
    if shop.mode == "live" and (incoming.is_test or reading.is_test):
        return replace(reading, order_id=None), Turned("ignored", "test")
    return reading, None
