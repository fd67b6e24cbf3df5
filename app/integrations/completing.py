"""From a fact to the event that is reported: with what the order and the set-up add to it. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from app.accounts.directory import BusinessAccount
from app.core.languages import spoken
from app.events.event_type import EventType
from app.events.own import OwnPayload
from app.integrations.facts import NOT_STATED, Fact
from app.integrations.settings import IntegrationSettings
from app.integrations.shops import Platform


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """What is kept of an order."""

    order_id: str
    number: str
    url: str | None
    language: str | None


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is told."""

    phone: str | None
    bsuid: str | None
    name: str | None
    language: str | None

    def as_json(self) -> dict[str, str]:
        told = {"phone": self.phone, "bsuid": self.bsuid, "name": self.name, "language": self.language}
        return {name: value for name, value in told.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Source:
    """Where it comes from."""

    platform: Platform
    shop: str
    sender: str | None
    settings: IntegrationSettings


class Incomplete(Exception):
    """Something is missing without which nothing true can be told; the reason is the message."""


def event_of(
    fact: Fact,
    event_type: EventType[Any],
    order: KnownOrder,
    recipient: Recipient,
    source: Source,
    business: BusinessAccount,
    expires_at: datetime,
) -> dict[str, Any]:
    """A body as `POST /v1/events/…` takes it. Raises Incomplete."""
    is_own = event_type.name != fact.news
    if fact.unfit is not None and not is_own:
        raise Incomplete(fact.unfit)
    data = _data(fact, order, source, business)
    if is_own and issubclass(event_type.payload, OwnPayload):
        names = event_type.payload.reading.schema
        data = {name: value for name, value in data.items() if names.find((name,)) is not None}
    reference = f"{source.shop}/{order.order_id}" + (f"/{fact.parcel}" if fact.parcel is not None else "")
    body: dict[str, Any] = {
        "contact": recipient.as_json(),
        "data": data,
        "reference": reference[-120:],
        "expires_at": expires_at.isoformat(),
        "metadata": {"source": source.platform, "shop": source.shop[:500], "order": order.number},
    }
    if source.sender is not None:
        body["sender"] = source.sender
    if source.settings.language is not None:
        body["language"] = source.settings.language
    return body


def _data(fact: Fact, order: KnownOrder, source: Source, business: BusinessAccount) -> dict[str, Any]:
    settings = source.settings
    data: dict[str, Any] = {"order_number": order.number, **fact.data}
    if "carrier" in data or fact.news == "tracking-update":
        carrier = data.get("carrier") or settings.carrier
        if carrier is None and fact.news == "order-shipped":
            raise Incomplete("no_carrier")
        data |= {"carrier": carrier} if carrier is not None else {}
    if fact.news == "refund-issued":
        if data["destination"] is None:
            raise Incomplete("refund_destination_unknown")
        day = fact.occurred_at.astimezone(ZoneInfo(business.time_zone)) + timedelta(days=settings.refunds.days)
        data["expected_by"] = day.date().isoformat()
    if data.get("reason") == "other":
        data["explanation"] = NOT_STATED[spoken(order.language or settings.language or business.language)]
    if fact.needs_url is not None:
        data[fact.needs_url] = _url(fact, order, settings, business)
    return data


def _url(fact: Fact, order: KnownOrder, settings: IntegrationSettings, business: BusinessAccount) -> str:
    """The first that a plain link may lead to, where there is one. Raises Incomplete."""
    possible = [url for url in _urls(fact, order, settings) if url is not None]
    if not possible:
        raise Incomplete("no_link")
    on_website = (url for url in possible if url.startswith(business.website))
    return next(on_website, possible[0])


def _urls(fact: Fact, order: KnownOrder, settings: IntegrationSettings) -> Iterator[str | None]:
    places = {"order_id": order.order_id, "order_number": order.number}
    if fact.needs_url == "tracking_url":
        tracking = settings.links.tracking
        if fact.tracking_number is not None or "{tracking_number}" not in (tracking or ""):
            yield _filled(tracking, {**places, "tracking_number": fact.tracking_number or ""})
        yield fact.link
    yield _filled(settings.links.order, places)
    yield order.url


def _filled(link: str | None, places: Mapping[str, str]) -> str | None:
    if link is None:
        return None
    for name, value in places.items():
        link = link.replace("{" + name + "}", quote(value.lstrip("#"), safe=""))
    return link
