"""How a shop's webhooks are to be read, as its business says."""

import re
from typing import Annotated, Literal

import phonenumbers
from pydantic import AfterValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from app.accounts.schemas import LanguageCode
from app.consent.schemas import Line, Strict, Topic
from app.integrations.facts import Destination, News

_PLACE = re.compile(r"\{([^{}]*)\}")
_URL = re.compile(r"https?://[^\s\x00-\x20\x7f\\]+")

TICKED = ("true", "1", "yes", "on", "evet")
"""What a ticked box of a checkout is kept as, usually."""

_ORDER_PLACES = frozenset({"order_id", "order_number"})


def _with_places(text: str, known: frozenset[str]) -> str:
    unknown = sorted(set(_PLACE.findall(text)) - known)
    plain = _PLACE.sub("", text)
    if unknown or "{" in plain or "}" in plain:
        names = ", ".join("{" + name + "}" for name in sorted(known))
        raise PydanticCustomError("placeholder", "may hold only the placeholders {names}", {"names": names})
    if not _URL.fullmatch(plain):
        raise PydanticCustomError("url", "must be a URL such as https://shop.example/orders/")
    return text


def _order_link(text: str) -> str:
    return _with_places(text, _ORDER_PLACES)


def _tracking_link(text: str) -> str:
    return _with_places(text, _ORDER_PLACES | {"tracking_number"})


def _country(code: str) -> str:
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise PydanticCustomError("country", "must be an ISO 3166-1 code such as TR")
    return code


def _own_or_same(events: dict[News, str | None]) -> dict[News, str | None]:
    for news, name in events.items():
        if name is not None and name != news and not name.startswith("x-"):
            raise PydanticCustomError(
                "event_type", "must be {news} itself, null, or an event type of your own", {"news": news}
            )
    return events


OrderLink = Annotated[
    str, Field(max_length=1000, examples=["https://shop.example/siparis/{order_id}"]), AfterValidator(_order_link)
]
TrackingLink = Annotated[
    str,
    Field(max_length=1000, examples=["https://shop.example/kargo/{tracking_number}"]),
    AfterValidator(_tracking_link),
]


class Links(Strict):
    """Where the buttons of messages lead. Without one, to where the platform says; for templates whose links are not
    tracked that must lie on the business's website."""

    order: OrderLink | None = None
    """The page of an order; `{order_id}` and `{order_number}` stand for its own."""
    tracking: TrackingLink | None = None
    """The page that follows a parcel; `{tracking_number}` stands for its number."""


class Refunds(Strict):
    """What is said of refunds beyond what the platform knows."""

    destination: Destination | None = None
    """Where the money goes to, where the way of payment does not say so. Without it such a refund is not told."""
    days: int = Field(default=14, ge=1, le=90, strict=True)
    """After so many days the money should have arrived."""


class ConsentMapping(Strict):
    """Which answer at the checkout is the consent to messages on WhatsApp."""

    attribute: Annotated[Line, Field(max_length=120, examples=["WhatsApp"])]
    """In which attribute of the order (Shopify's `note_attributes`, WooCommerce's `meta_data`) the box is kept."""
    values: Annotated[list[Annotated[Line, Field(max_length=60)]], Field(min_length=1, max_length=20)] = Field(
        default=list(TICKED)
    )
    """What stands in it when the box is ticked; capitals make no difference. Anything else records nothing."""
    wording: Annotated[str, Field(min_length=1, max_length=4000, pattern=r"^[^\x00]*$")]
    """Exactly what stands beside the box."""
    wording_version: Annotated[Line, Field(max_length=60)] | None = None
    topics: Annotated[list[Topic], Field(min_length=1, max_length=50)] = Field(default=["orders"])
    language: LanguageCode | None = None
    """Of the wording."""


class IntegrationSettings(Strict):
    """Everything but who the shop is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    events: Annotated[dict[News, str | None], AfterValidator(_own_or_same)] = Field(
        default={}, examples=[{"order-cancelled": None, "order-confirmed": "x-siparis-alindi"}]
    )
    """What news becomes: an event type of your own in the place of the catalogue's, or null for nothing. What is not
    named here becomes the event of its name."""
    confirm_when: Literal["placed", "paid"] = "placed"
    """When an order is confirmed: once, when it is placed, or only when it is paid."""
    completed_means: Literal["nothing", "delivered"] = "nothing"
    """WooCommerce: what the status `completed` says, which shops use in several ways."""
    links: Links = Links()
    carrier: Annotated[Line, Field(max_length=80, examples=["Yurtiçi Kargo"])] | None = None
    """Who delivers, where the platform does not say."""
    refunds: Refunds = Refunds()
    consent: ConsentMapping | None = None
    country: Annotated[str, AfterValidator(_country), Field(examples=["TR"])] | None = None
    """In whose way numbers without a country are read, where the address has none; the business's without it."""
    language: LanguageCode | None = None
    """Of customers of whom neither the platform nor anything earlier says it; the business's without it."""

    def event_type(self, news: News) -> str | None:
        return self.events.get(news, news)
