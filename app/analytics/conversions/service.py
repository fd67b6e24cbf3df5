"""Taking conversions, which come of a message by what is known when they come, and showing them."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount, Caller, Directory
from app.analytics.buckets import slot_of
from app.analytics.conversions import repository, statements
from app.analytics.conversions.attribution import Attribution, Candidate, Unattributed, Window, attribute
from app.analytics.conversions.counting import mark
from app.analytics.conversions.errors import ReferenceReused, no_such_conversion
from app.analytics.conversions.models import Conversion, ConversionMark
from app.analytics.conversions.repository import Filters
from app.analytics.conversions.schemas import (
    CONVERSION_PREFIX,
    ConversionIn,
    ConversionOut,
    ConversionPage,
)
from app.analytics.conversions.statements import CountedWith, Named, NewConversion
from app.analytics.refreshing import CHANNEL
from app.consent import repository as contacts
from app.consent.phones import PhoneError
from app.consent.repository import ContactKey
from app.core.clock import Clock
from app.core.cursors import page_of, read_cursor
from app.core.database import Connection, Database, announce
from app.core.ids import new_id, parse_id, public_id
from app.core.problems import InvalidRequest, Problem
from app.core.secrets import derive
from app.events.formatting import Money
from app.messages.click_ids import CLICK_PREFIX
from app.messages.schemas import MESSAGE_PREFIX

_FORGOTTEN = "hmac-sha256:"
"""By which references begin of which only the hash is left."""

_AHEAD = timedelta(minutes=1)
"""By which a website's clock may be ahead of ours."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A conversion that was reported."""

    conversion: ConversionOut
    is_repeated: bool


@dataclass(slots=True)
class _Item:
    """A conversion on its way into the table."""

    body: ConversionIn
    occurred_at: datetime
    fingerprint: bytes
    key: ContactKey | None = None
    """Of the contact, where it is named."""
    contact_id: UUID | None = None
    candidates: Sequence[Candidate] = ()
    is_erased: bool = False
    id: UUID | None = None
    is_repeated: bool = False


class Conversions:
    def __init__(self, database: Database, directory: Directory, clock: Clock) -> None:
        self._database = database
        self._directory = directory
        self._clock = clock

    async def record(self, caller: Caller, body: ConversionIn) -> Taken:
        """Raises InvalidRequest or ReferenceReused."""
        (result,) = await self.record_many(caller, [body])
        if isinstance(result, Problem):
            raise result
        return result

    async def record_many(self, caller: Caller, bodies: Sequence[ConversionIn | Problem]) -> list[Taken | Problem]:
        """Answers for each, in their order; a problem that stands among them is its own answer."""
        business = await self._directory.required(caller.business_id)
        now = self._clock.now()
        items = [body if isinstance(body, Problem) else _begun(business, caller.mode, body, now) for body in bodies]
        async with self._database.pool.acquire() as connection, connection.transaction():
            found = await _found(connection, business, caller.mode, items)
            results = await _stored(connection, business, caller.mode, found, now)
            await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, str(business.business_id))
        ids = [one.id for one in results if isinstance(one, _Item) and one.id is not None]
        async with self._database.transaction() as session:
            rows = await repository.by_ids(session, business.business_id, ids)
        return [
            one if isinstance(one, Problem) else Taken(conversion_out(rows[one.id]), one.is_repeated)  # type: ignore[index] # all have one by now
            for one in results
        ]

    async def one(self, business_id: UUID, mode: str, conversion_id: UUID) -> ConversionOut:
        """Raises NotFound."""
        async with self._database.transaction() as session:
            found = await repository.one(session, business_id, mode, conversion_id)
        if found is None:
            raise no_such_conversion()
        return conversion_out(found)

    async def page(
        self, business_id: UUID, mode: str, filters: Filters, *, cursor: str | None, size: int
    ) -> ConversionPage:
        """Raises InvalidRequest."""
        before = read_cursor(cursor) if cursor else None
        async with self._database.transaction() as session:
            rows = await repository.page(session, business_id, mode, filters, before=before, size=size + 1)
        shown, next_cursor = page_of(rows, size, lambda one: one.id)
        return ConversionPage(conversions=[conversion_out(one) for one in shown], next_cursor=next_cursor)

    async def spellings(self, business_id: UUID, reference: str) -> list[str]:
        """As which a reference may stand in the table."""
        return [reference, _forgotten(await self._directory.required(business_id), reference)]

    async def contact_id(self, key: ContactKey) -> UUID:
        """Of nobody, for a name that no contact has."""
        async with self._database.transaction() as session:
            contact = await contacts.find_contact(session, key)
        return contact.id if contact is not None else UUID(int=0)

    async def cancel(self, business_id: UUID, mode: str, conversion_id: UUID) -> ConversionOut:
        """It counts no more. Raises NotFound."""
        async with self._database.transaction() as session:
            found = await repository.one(session, business_id, mode, conversion_id, lock=True)
            if found is None:
                raise no_such_conversion()
            if found.canceled_at is None:
                found.canceled_at = self._clock.now()
                session.add(ConversionMark(business_id=business_id, slot_at=found.slot_at))
                await announce(session, CHANNEL, business_id)
        return conversion_out(found)


def _begun(business: BusinessAccount, mode: str, body: ConversionIn, now: datetime) -> "_Item | Problem":
    occurred_at = body.occurred_at or now
    if occurred_at > now + _AHEAD:
        return InvalidRequest.at("#/occurred_at", "in_the_future", "must not lie in the future")
    key = None
    if body.contact is not None and body.contact.id is None:
        try:
            key = ContactKey.of(business.business_id, mode, body.contact, business.country)
        except PhoneError as error:
            return InvalidRequest.at("#/contact/phone", "phone", str(error))
    return _Item(body, min(occurred_at, now), _fingerprint(business, body), key)


async def _found(
    connection: Connection, business: BusinessAccount, mode: str, items: Sequence[_Item | Problem]
) -> list[_Item | Problem]:
    """With whom and what each names; a problem in the place of one that names what is not there."""
    some = [one for one in items if isinstance(one, _Item)]
    mine = (connection, business.business_id, mode)
    clicks = {one.body.click: parse_id(CLICK_PREFIX, one.body.click) for one in some if one.body.click}
    messages = {
        (message_id, _window(business, one).until) for one in some if (message_id := _message_id(one.body)) is not None
    }
    people = {
        one.body.contact.id: parse_id("con", one.body.contact.id)
        for one in some
        if one.body.contact is not None and one.body.contact.id is not None
    }
    by_click = await statements.named_by_clicks(*mine, _known(clicks)) if clicks else {}
    by_message = await statements.named_by_messages(*mine, messages) if messages else {}
    by_id = await statements.who_they_are(*mine, _known(people)) if people else {}
    keys = list(dict.fromkeys(one.key for one in some if one.key is not None))
    by_key = await contacts.find_contacts(connection, keys) if keys else {}

    def found(item: _Item) -> _Item | Problem:
        body = item.body
        if body.click is not None:
            return _of_named(item, by_click.get(clicks[body.click]), "#/click", "click")  # type: ignore[arg-type]
        if body.message is not None:
            asked = (_message_id(body), _window(business, item).until)
            return _of_named(item, by_message.get(asked), "#/message", "message")  # type: ignore[arg-type]
        if item.key is not None:
            known = by_key.get(item.key)
            item.contact_id = known.id if known is not None else None
            return item
        contact_id = people.get(body.contact.id or "") if body.contact is not None else None
        if contact_id is None or contact_id not in by_id:
            return _unknown("#/contact/id", "contact")
        item.contact_id = by_id[contact_id]
        return item

    results = [one if isinstance(one, Problem) else found(one) for one in items]
    asked = {
        number: (one.contact_id, _window(business, one))
        for number, one in enumerate(results)
        if isinstance(one, _Item) and one.body.contact is not None and one.contact_id is not None
    }
    of_contacts = await statements.of_contacts(connection, business.business_id, asked) if asked else {}
    for number, candidates in of_contacts.items():
        if isinstance(item := results[number], _Item):
            item.candidates = candidates
    return results


def _window(business: BusinessAccount, item: _Item) -> Window:
    return Window.before(item.occurred_at, business.conversion_window_days)


def _message_id(body: ConversionIn) -> UUID | None:
    return parse_id(MESSAGE_PREFIX, body.message) if body.message is not None else None


def _known(ids: dict[str, UUID | None]) -> list[UUID]:
    return [one for one in ids.values() if one is not None]


def _of_named(item: _Item, named: Named | None, pointer: str, what: str) -> _Item | Problem:
    if named is None:
        return _unknown(pointer, what)
    item.candidates, item.contact_id, item.is_erased = [named.candidate], named.contact_id, named.is_erased
    return item


def _unknown(pointer: str, what: str) -> Problem:
    told = f"the business has no such {what} for this kind of key, or it was erased"
    return InvalidRequest.at(pointer, f"unknown_{what}", told)


async def _stored(
    connection: Connection, business: BusinessAccount, mode: str, items: Sequence[_Item | Problem], now: datetime
) -> list[_Item | Problem]:
    """Those with the references that were there before are those that were there, or problems where they are not."""
    some = [one for one in items if isinstance(one, _Item)]
    await _recognise(connection, business, mode, some)
    new = {new_id(): one for one in some if one.id is None}
    attributed = {
        id_: attribute(
            one.body.named_by,
            one.candidates,
            _window(business, one),
            one.body.event_types,
        )
        if one.contact_id is not None
        else Unattributed.UNKNOWN_CONTACT
        for id_, one in new.items()
    }
    message_ids = {one.message.message_id for one in attributed.values() if isinstance(one, Attribution)}
    counted = await statements.counted_with(connection, business.business_id, list(message_ids)) if message_ids else {}
    rows = {id_: _row(business, id_, one, attributed[id_], counted, now) for id_, one in new.items()}
    stored = await statements.store(connection, business.business_id, mode, list(rows.values())) if rows else set()
    for id_ in stored:
        new[id_].id = id_
    await mark(connection, business.business_id, [rows[id_].slot_at for id_ in stored])
    # Somebody else, or this very request, took these references first.
    await _recognise(connection, business, mode, [one for one in some if one.id is None])
    return [
        ReferenceReused("Another conversion was reported with this reference.")
        if isinstance(one, _Item) and one.id is None
        else one
        for one in items
    ]


async def _recognise(connection: Connection, business: BusinessAccount, mode: str, items: Sequence[_Item]) -> None:
    """Gives those their id that were reported before; the same reference of another body remains without one."""
    spelled = {
        spelling: one.body.reference
        for one in items
        if one.body.reference is not None
        for spelling in (one.body.reference, _forgotten(business, one.body.reference))
    }
    if not spelled:
        return
    known = await statements.known_references(connection, business.business_id, mode, list(spelled))
    by_reference = {spelled[spelling]: found for spelling, found in known.items()}
    for one in items:
        found = by_reference.get(one.body.reference or "")
        if found is not None:
            id_, fingerprint = found
            one.is_repeated = True
            if fingerprint is None or hmac.compare_digest(fingerprint, one.fingerprint):
                one.id = id_


def _row(
    business: BusinessAccount,
    id_: UUID,
    item: _Item,
    attributed: Attribution | Unattributed,
    counted: Mapping[UUID, CountedWith],
    now: datetime,
) -> NewConversion:
    """Of a message whose customer was erased, nothing is kept but that it came of it."""
    body, is_erased = item.body, item.is_erased
    found = attributed if isinstance(attributed, Attribution) else None
    message_id = found.message.message_id if found is not None else None
    of_message = counted[message_id] if message_id is not None else None
    reference = body.reference
    return NewConversion(
        id=id_,
        reference=_forgotten(business, reference) if reference is not None and is_erased else reference,
        fingerprint=None if is_erased or reference is None else item.fingerprint,
        type=body.type,
        amount=body.value.amount if body.value is not None else None,
        currency=body.value.currency if body.value is not None else None,
        occurred_at=item.occurred_at,
        created_at=now,
        named_by=body.named_by,
        click_id=parse_id(CLICK_PREFIX, body.click) if body.click is not None and not is_erased else None,
        contact_id=item.contact_id,
        message_id=message_id,
        attributed_by=found.by if found is not None else None,
        unattributed=None if isinstance(attributed, Attribution) else attributed,
        slot_at=of_message.slot_at if of_message is not None else slot_of(item.occurred_at),
        sender_id=of_message.sender_id if of_message is not None else None,
        event_type=of_message.event_type if of_message is not None else None,
        template_name=of_message.template_name if of_message is not None else None,
        language=of_message.language if of_message is not None else None,
        experiment_id=of_message.experiment_id if of_message is not None else None,
        arm=of_message.arm if of_message is not None else None,
        metadata=orjson.dumps(body.metadata).decode() if body.metadata is not None and not is_erased else None,
        content_erased_at=now if is_erased else None,
    )


def _fingerprint(business: BusinessAccount, body: ConversionIn) -> bytes:
    """Keyed, since a phone number may be in it: who has the table alone cannot try all of them."""
    canonical = orjson.dumps(body.model_dump(mode="json", exclude_none=True), option=orjson.OPT_SORT_KEYS)
    return _hash(business, "conversions", canonical)


def _forgotten(business: BusinessAccount, reference: str) -> str:
    """By which the same reference is recognised after it was erased."""
    return _FORGOTTEN + _hash(business, "references of conversions", reference.encode()).hex()


def _hash(business: BusinessAccount, purpose: str, text: bytes) -> bytes:
    return hmac.new(derive(business.secret, purpose), text, sha256).digest()


async def forget(session: AsyncSession, business: BusinessAccount, contact_ids: Sequence[UUID], now: datetime) -> int:
    """Of people who are erased: what was bought stays, and who bought it is nobody any more."""
    rows = await repository.of_contacts(session, business.business_id, contact_ids)
    for row in rows:
        if row.reference is not None and not row.reference.startswith(_FORGOTTEN):
            row.reference = _forgotten(business, row.reference)
        row.fingerprint = row.click_id = row.meta = None
        row.content_erased_at = row.content_erased_at or now
    await session.flush()
    return len(rows)


def conversion_out(row: Conversion) -> ConversionOut:
    same = ("type", "occurred_at", "created_at", "named_by", "event_type", "attributed_by", "unattributed")
    fields: dict[str, Any] = {name: getattr(row, name) for name in same}
    is_known = row.reference is not None and not row.reference.startswith(_FORGOTTEN)
    return ConversionOut(
        id=public_id(CONVERSION_PREFIX, row.id),
        reference=row.reference if is_known else None,
        value=Money(amount=row.amount, currency=row.currency) if row.amount is not None and row.currency else None,
        click=public_id(CLICK_PREFIX, row.click_id) if row.click_id is not None else None,
        contact=public_id("con", row.contact_id) if row.contact_id is not None else None,
        message=public_id(MESSAGE_PREFIX, row.message_id) if row.message_id is not None else None,
        metadata=row.meta,
        canceled_at=row.canceled_at,
        content_erased_at=row.content_erased_at,
        **fields,
    )
