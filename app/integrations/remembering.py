"""Noting a webhook, its order, who placed it, and the consent that came with it: the first of a delivery's two
transactions.

Locks are taken in one order: the order's own, the ledger, contacts, and then the rows of orders, which an erasure
empties while it holds the two before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount
from app.consent import repository as contacts
from app.consent.ledger import NewAct
from app.consent.models import Contact
from app.consent.repository import ContactKey
from app.consent.schemas import ConsentIn
from app.consent.service import ConsentService, Entered, acts_of
from app.consent.sources import Source as Door
from app.core.database import Database
from app.core.ids import new_id
from app.core.problems import InvalidRequest, Unauthorized
from app.integrations import repository
from app.integrations.completing import KnownOrder, Recipient
from app.integrations.facts import Reading, is_before
from app.integrations.incoming import Incoming, Shop, Turned
from app.integrations.models import ShopDelivery, ShopOrder
from app.integrations.phones import choose_phone
from app.integrations.settings import ConsentMapping
from app.integrations.shops import address_of

TOLD = "told"
"""Of a fact: there is a message."""

_CONSENT = "consent"
"""Among an order's facts: that the answer at the checkout was recorded."""

_WANTED = "wanted"


@dataclass(frozen=True, slots=True)
class Standing:
    """How an order stands while a delivery about it is worked on."""

    order: KnownOrder
    recipient: Recipient | None
    no_contact: str | None
    """Why there is nobody to write to."""
    facts: dict[str, str]
    """As of the row; what is settled meanwhile is added."""
    placed_at: datetime | None
    known_since: datetime


@dataclass(frozen=True, slots=True)
class Begun:
    """A delivery after the first transaction."""

    row: ShopDelivery
    standing: Standing | None = None
    """Nothing where the order is not known."""
    followed: tuple[Contact, Entered] | None = None
    """Acts of consent, of which the customer may have to be told."""
    is_done: bool = False
    is_repeated: bool = False


class Memory:
    def __init__(self, database: Database, consent: ConsentService) -> None:
        self._database = database
        self._consent = consent

    async def begin(
        self,
        shop: Shop,
        business: BusinessAccount,
        incoming: Incoming,
        reading: Reading,
        turned: Turned | None,
        now: datetime,
    ) -> Begun:
        """Raises Unauthorized where the shop was disconnected meanwhile."""
        async with self._database.transaction() as session:
            if reading.order_id is not None:
                await repository.lock_order(session, shop.id, reading.order_id)
            if not await repository.still_there(session, shop.business_id, shop.id):
                raise refused()
            row = await repository.add_delivery(session, _row_of(shop, incoming, reading, now))
            if row.outcome != "received":
                return Begun(row, is_done=True, is_repeated=True)
            if turned is not None or reading.order_id is None:
                return Begun(row)
            return await self._remember(session, shop, business, row, reading, now)

    async def _remember(
        self,
        session: AsyncSession,
        shop: Shop,
        business: BusinessAccount,
        row: ShopDelivery,
        reading: Reading,
        now: datetime,
    ) -> Begun:
        known = await repository.order(session, shop.business_id, shop.id, row.order_id or "")
        phones = reading.customer.phones
        phone, why = choose_phone(phones, shop.settings.country, business.country)
        buyers = [one for one in phones if not one.of_another]
        of_buyer, _ = choose_phone(buyers, shop.settings.country, business.country)
        if known is None and reading.order is None and phone is None:
            return await _hold(session, shop, row, reading)
        asked = _consent_asked(shop, reading, known, phone, of_buyer)
        contact = None
        if phone is not None and _brings_contact(reading, known):
            if asked == _WANTED:
                await self._consent.lock(session, [shop.business_id], refusing=False)
            key = ContactKey(shop.business_id, shop.mode, "phone", phone)
            contact = await contacts.ensure_contact(session, key)
        order = await _kept_order(session, shop, reading, known, contact, why, now)
        followed = None
        if asked == _WANTED:
            asked, acts = _acts(shop, business, min(order.placed_at or now, now))
            if acts and contact is not None:
                followed = contact, await self._consent.enter(session, business, contact, acts, now)
                order.facts = {**order.facts, _CONSENT: TOLD}
        if contact is None and order.contact_id is not None:
            by_id = ContactKey(shop.business_id, shop.mode, "id", str(order.contact_id))
            contact = await contacts.find_contact(session, by_id)
        row.consent = row.consent or asked  # of the first attempt, where another was broken off
        return Begun(row, _standing(order, contact, reading), followed)


def refused() -> Unauthorized:
    return Unauthorized("The signature is missing, malformed, or not made with a secret that is known here.")


def _row_of(shop: Shop, incoming: Incoming, reading: Reading, now: datetime) -> dict[str, object]:
    return {
        "business_id": shop.business_id,
        "id": new_id(),
        "integration_id": shop.id,
        "digest": incoming.digest,
        "topic": incoming.topic,
        "delivery": incoming.delivery,
        "event": incoming.event,
        "api_version": incoming.api_version,
        "order_id": reading.order_id,
        "triggered_at": incoming.triggered_at,
        "outcome": "received",
        "results": [],
        "received_at": now,
    }


async def _hold(session: AsyncSession, shop: Shop, row: ShopDelivery, reading: Reading) -> Begun:
    """Neither the order nor a number is known: what it says waits for a webhook about the order."""
    if not reading.facts:
        return Begun(row)
    row.outcome, row.reason, row.held = "waiting", "order_unknown", [fact.as_json() for fact in reading.facts]
    row.results = [
        {
            "event_type": shop.settings.event_type(fact.news) or fact.news,
            "outcome": "waiting",
            "reason": "order_unknown",
            "message": None,
            "status": None,
        }
        for fact in reading.facts
    ]
    await session.flush()
    return Begun(row, is_done=True)


def _is_newer(reading: Reading, known: ShopOrder | None) -> bool:
    """Whether it shows the order as it stands now: webhooks overtake one another."""
    if reading.order is None:
        return False
    return known is None or known.changed_at is None or reading.order.changed_at >= known.changed_at


def _brings_contact(reading: Reading, known: ShopOrder | None) -> bool:
    """Who ordered is told, also where a parcel goes to somebody else."""
    return known is None or known.contact_id is None or _is_newer(reading, known)


def _consent_asked(
    shop: Shop, reading: Reading, known: ShopOrder | None, phone: str | None, of_buyer: str | None
) -> str | None:
    """`wanted`, or why nothing is recorded; nothing where nothing was asked."""
    asked, order = shop.settings.consent, reading.order
    if asked is None or order is None:
        return None
    if not _is_ticked(asked, order.attributes):
        return "not_ticked"
    if known is not None and known.facts.get(_CONSENT) == TOLD:
        return "recorded_before"
    if shop.consent_since is None or is_before(order.placed_at, shop.consent_since):
        return "placed_before_wording"
    if phone is None or phone != of_buyer:
        return "no_contact" if phone is None else "of_another"  # who gets the parcel has ticked nothing
    return _WANTED if _brings_contact(reading, known) else "overtaken"


def _is_ticked(asked: ConsentMapping, attributes: Sequence[tuple[str, str]]) -> bool:
    """A box that says two things says nothing."""
    values = {value.casefold() for value in asked.values}
    name = asked.attribute.casefold()
    said = {value.strip().casefold() for key, value in attributes if key.casefold() == name}
    return bool(said) and said <= values


def _acts(shop: Shop, business: BusinessAccount, at: datetime) -> tuple[str, list[NewAct]]:
    """`recorded` with the acts, or what the wording lacks: the business may have another name by now."""
    asked = shop.settings.consent
    if asked is None:
        return "not_ticked", []
    body = ConsentIn(
        act="opt_in",
        topics=asked.topics,
        source=Door.CHECKOUT.value,
        place=address_of(shop.source.platform, shop.source.shop),
        wording=asked.wording,
        wording_version=asked.wording_version,
        language=asked.language,
    )
    try:
        return "recorded", acts_of(body, business, at)
    except InvalidRequest as problem:
        return problem.errors[0].code, []


async def _kept_order(
    session: AsyncSession,
    shop: Shop,
    reading: Reading,
    known: ShopOrder | None,
    contact: Contact | None,
    no_contact: str | None,
    now: datetime,
) -> ShopOrder:
    order, seen = None, reading.order
    is_newer = _is_newer(reading, known)
    if known is not None:
        order = await repository.order(session, shop.business_id, shop.id, known.order_id, lock=True)
    if order is None:
        order = ShopOrder(
            business_id=shop.business_id,
            integration_id=shop.id,
            order_id=reading.order_id or "",
            number=reading.number or reading.order_id or "",
            facts={},
            created_at=now,
        )
        session.add(order)
    if contact is not None:
        order.contact_id, order.no_contact = contact.id, None
    elif order.contact_id is None:
        order.no_contact = no_contact or order.no_contact
    if seen is not None and is_newer:
        order.number, order.url = seen.number, seen.url or order.url
        order.placed_at, order.changed_at = seen.placed_at, seen.changed_at
        order.language = reading.customer.language or order.language
    order.updated_at = now
    await session.flush()
    return order


def _standing(order: ShopOrder, contact: Contact | None, reading: Reading) -> Standing:
    recipient = None
    if contact is not None and (contact.phone is not None or contact.bsuid is not None):
        bsuid = contact.bsuid if contact.phone is None else None
        name = reading.customer.name if reading.order is not None or contact.name is None else None
        recipient = Recipient(contact.phone, bsuid, name, order.language)
    known = KnownOrder(order.order_id, order.number, order.url, order.language)
    return Standing(known, recipient, order.no_contact, dict(order.facts), order.placed_at, order.created_at)
