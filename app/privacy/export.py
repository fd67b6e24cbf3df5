"""Everything that is held of a person, as one JSON document that is written while it is read (KVKK art. 11, GDPR art.
15 and 20): however long somebody has been a customer, only a few messages are in memory."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount, Directory
from app.analytics.conversions import repository as conversions
from app.analytics.conversions.service import conversion_out
from app.callbacks.erasing import about_contacts
from app.callbacks.models import CallbackEvent
from app.consent import holdings
from app.consent import repository as contacts
from app.consent.ledger import IDENTIFIERS
from app.consent.models import ConsentAct, Contact, TestListMember
from app.consent.repository import ContactKey
from app.consent.service import act_out, consent_out, preferences_out
from app.core.clock import Clock
from app.core.database import Database
from app.core.ids import public_id
from app.experiments.models import ExperimentContact
from app.experiments.running import EXPERIMENT_PREFIX
from app.integrations import repository as shops
from app.messages.service import MessageService
from app.privacy.persons import person_of
from app.privacy.schemas import (
    EXPORT_FORMAT,
    ExportedAct,
    ExportedContact,
    ExportedEvent,
    ExportedReply,
    ExportedShopOrder,
)
from app.provider_events.erasing import written_by
from app.replies.models import Reply
from app.replies.windows import shown as windows_shown

_MESSAGES_AT_ONCE = 100


class Exports:
    def __init__(self, database: Database, directory: Directory, messages: MessageService, clock: Clock) -> None:
        self._database = database
        self._directory = directory
        self._messages = messages
        self._clock = clock

    async def of_contact(self, key: ContactKey) -> AsyncIterator[bytes]:
        """Raises NotFound; after that, the parts of a document that `ContactExport` describes."""
        business = await self._directory.required(key.business_id)
        async with self._database.transaction() as session:
            found = await contacts.required_contact(session, key)
            person = await contacts.family(session, found)
        return self._parts(business, key.mode, found, person)

    async def _parts(
        self, business: BusinessAccount, mode: str, found: Contact, person: Sequence[Contact]
    ) -> AsyncIterator[bytes]:
        ids = [one.id for one in person]
        async with self._database.transaction() as session:
            head = await _head(session, business, found, person, self._clock.now())
        yield orjson.dumps(head)[:-1] + b',"messages":['
        message_ids: list[UUID] = []
        last: UUID | None = None
        while True:
            some = await self._messages.of_contacts(business.business_id, ids, after_id=last, size=_MESSAGES_AT_ONCE)
            for message_id, told in some:
                yield (b"," if message_ids else b"") + told.model_dump_json().encode()
                message_ids.append(message_id)
            if len(some) < _MESSAGES_AT_ONCE:
                break
            last = some[-1][0]
        async with self._database.transaction() as session:
            names = (await person_of(session, business, list(person))).names
            which = written_by(business.business_id, mode, ids, names, message_ids)
            replies = (await session.scalars(select(Reply).where(which).order_by(Reply.id))).all()
            about = select(CallbackEvent).where(about_contacts(business.business_id, ids)).order_by(CallbackEvent.id)
            events = (await session.scalars(about)).all()
        rest = {
            "replies": [_plain(_reply(one)) for one in replies],
            "callback_events": [_plain(_event(one)) for one in events],
            "complete": True,
        }
        yield b"]," + orjson.dumps(rest)[1:]


async def _head(
    session: AsyncSession, business: BusinessAccount, found: Contact, person: Sequence[Contact], now: datetime
) -> dict[str, Any]:
    ids = [one.id for one in person]
    rows = await holdings.consents(session, business.business_id, found.id)
    preferences = await holdings.preferences(session, business.business_id, found.id)
    acts = [act for one in ids for act in await holdings.acts(session, business.business_id, one)]
    evidence = await holdings.evidence(session, business.business_id, [act.id for act in acts])
    lists = select(TestListMember.name).where(
        TestListMember.business_id == business.business_id, TestListMember.contact_id.in_(ids)
    )
    places = select(ExperimentContact.experiment_id).where(
        ExperimentContact.business_id == business.business_id, ExperimentContact.contact_id.in_(ids)
    )
    windows = [one for contact_id in ids for one in await windows_shown(session, business.business_id, contact_id, now)]
    return {
        "format": EXPORT_FORMAT,
        "exported_at": now.isoformat(),
        "business": {"id": public_id("biz", business.business_id), "name": business.name},
        "contacts": [_plain(_contact(one)) for one in person],
        "consents": [_plain(consent_out(row)) for row in rows],
        "preferences": _plain(preferences_out(preferences, now)),
        "acts": [
            _plain(_act(act, evidence.get(act.id))) for act in sorted(acts, key=lambda one: (one.number or 0, one.id))
        ],
        "windows": [_plain(one) for one in windows],
        "test_lists": sorted(set(await session.scalars(lists))),
        "shop_orders": [_plain(one) for one in await _shop_orders(session, business.business_id, ids)],
        "conversions": [
            _plain(conversion_out(one)) for one in await conversions.of_contacts(session, business.business_id, ids)
        ],
        "experiments": sorted({public_id(EXPERIMENT_PREFIX, one) for one in await session.scalars(places)}),
    }


async def _shop_orders(
    session: AsyncSession, business_id: UUID, contact_ids: Sequence[UUID]
) -> list[ExportedShopOrder]:
    names = await shops.names(session, business_id)
    return [
        ExportedShopOrder(
            shop=names[one.integration_id],
            order=one.order_id,
            number=one.number,
            url=one.url,
            language=one.language,
            placed_at=one.placed_at,
            facts=one.facts,
        )
        for one in await shops.orders_of(session, business_id, contact_ids)
    ]


def _plain(model: BaseModel) -> Any:
    return model.model_dump(mode="json")


def _contact(one: Contact) -> ExportedContact:
    same = (
        *IDENTIFIERS,
        "mode",
        "identified_at",
        "name",
        "language",
        "time_zone",
        "asked_at",
        "created_at",
        "ended_at",
        "ended_by",
    )
    successor = public_id("con", one.successor_id) if one.successor_id is not None else None
    fields: dict[str, Any] = {name: getattr(one, name) for name in same}
    return ExportedContact(id=public_id("con", one.id), successor=successor, **fields)


def _act(act: ConsentAct, personal: dict[str, str] | None) -> ExportedAct:
    told = act_out(act, personal or {})
    return ExportedAct(**told.model_dump(), contact=public_id("con", act.contact_id), personal=personal)


def _reply(one: Reply) -> ExportedReply:
    same = (
        "wamid",
        "type",
        "kind",
        "value",
        "tied_by",
        "changes_wamid",
        "from_wa_id",
        "from_user_id",
        "occurred_at",
        "received_at",
        "payload",
        "edited_at",
        "deleted_at",
        "marked_read_at",
        "content_erased_at",
    )
    message = public_id("msg", one.message_id) if one.message_id is not None else None
    contact = public_id("con", one.contact_id) if one.contact_id is not None else None
    fields: dict[str, Any] = {name: getattr(one, name) for name in same}
    return ExportedReply(
        id=public_id("rep", one.id), sender=public_id("snd", one.sender_id), contact=contact, message=message, **fields
    )


def _event(one: CallbackEvent) -> ExportedEvent:
    return ExportedEvent(id=public_id("evt", one.id), type=one.type, data=one.data, created_at=one.created_at)
