"""Erasing a person: contents and identifiers go, the ledger keeps its pseudonymous proof.

What must be looked through row by row comes first, without holding anybody up. Then one transaction records the act,
ends what waits and empties every table that points at the contact: until it commits, all can be asked for again. What
was being written at that moment (an event just accepted, the outcome of a call on the wire) is found by the sweep,
which repeats the erasure until an hour after it: so long the names are kept, encrypted. Later receipts are stored
without what is personal, by whoever stores them.
"""

import base64
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from cryptography.fernet import Fernet
from sqlalchemy import and_, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount, Directory, WebhookApp
from app.analytics.conversions.service import forget as forget_conversions
from app.callbacks.erasing import about_contacts, erase_events
from app.consent import repository as contacts
from app.consent.fold import Act
from app.consent.ledger import IDENTIFIERS, NewAct
from app.consent.models import ConsentAct, ConsentEvidence, Contact, TestListMember
from app.consent.repository import ContactKey
from app.consent.service import ConsentService
from app.consent.sources import Source
from app.consent.test_lists import CHANNEL
from app.core.clock import Clock
from app.core.database import Database, announce, despite_collision
from app.core.ids import public_id
from app.core.secrets import derive
from app.integrations import repository as shops
from app.messages import erasing
from app.messages.erasing import Erased
from app.privacy.persons import Person, person_of
from app.privacy.schemas import ErasedCounts, ErasureOut, Reason
from app.provider_events.erasing import Names, Tenure, drop_kept_about, erase_replies, written_by
from app.replies import windows
from app.replies.models import Reply

SWEPT_AFTER = timedelta(hours=1)
"""By then nothing that was under way at an erasure can still be written."""

_UNDER_WAY = timedelta(minutes=1)
"""So long a webhook may take that was being stored at an erasure."""

_ID_BATCH = 500


class Erasures:
    def __init__(self, database: Database, directory: Directory, consent: ConsentService, clock: Clock) -> None:
        self._database = database
        self._directory = directory
        self._consent = consent
        self._clock = clock

    async def erase(self, key: ContactKey, *, actor: str, reason: Reason) -> ErasureOut:
        """Raises NotFound, also for one who was erased already."""
        business = await self._directory.required(key.business_id)
        looked_through = await self._look_through(business, key)
        return await despite_collision(
            lambda: self._erase(business, key, actor, reason, looked_through), "erasure collided"
        )

    async def _look_through(self, business: BusinessAccount, key: ContactKey) -> dict[str, int]:
        """Of what no index finds by person."""
        signers = [app.fingerprint for app in await self._apps_of(key.business_id)]
        async with self._database.transaction() as session:
            found = await contacts.required_contact(session, key)
            person = await person_of(session, business, await contacts.family(session, found))
            kept = await drop_kept_about(session, signers, person.names)
            answers = await erasing.erase_answers(session, key.business_id, key.mode, person.ids)
        return {"webhook_items": kept, "stored_answers": answers}

    async def _erase(
        self, business: BusinessAccount, key: ContactKey, actor: str, reason: Reason, looked_through: dict[str, int]
    ) -> ErasureOut:
        now = self._clock.now()
        async with self._database.transaction() as session:
            await self._consent.lock(session, [business.business_id], refusing=True)
            found = await contacts.required_contact(session, key)
            locked = [await contacts.lock_contact(session, one) for one in await contacts.family(session, found)]
            person = await person_of(session, business, locked)
            message_ids = await erasing.messages_of(session, business.business_id, person.ids)
            canceled = 0
            for part in _parts(message_ids):
                canceled += await erasing.end_unsent(session, business.business_id, part, now)
            act = NewAct(
                Act.ERASURE,
                source=Source.ULAK.value,
                occurred_at=now,
                actor=actor,
                value={"reason": reason},
            )
            for contact in person.contacts:
                settled = await self._consent.enter(session, business, contact, [act], now)
                canceled += settled.canceled
            evidence = await _drop_evidence(session, business.business_id, person.ids)
            await _end(session, person, _seal(business, set(person.names.tenures)), now)
            which = written_by(business.business_id, key.mode, person.ids, person.names, message_ids)
            replies = await erase_replies(session, which, now, whole=True)
            counts = await self._empty(session, business, person.ids, message_ids)
        return ErasureOut(
            contact_id=public_id("con", found.id),
            erased_at=now,
            canceled_messages=canceled,
            erased=ErasedCounts(**counts, **looked_through, evidence=evidence, replies=replies),
        )

    async def sweep(self) -> int:
        """Erases once more what came to contacts that were erased lately; answers how many contacts were looked at."""
        now = self._clock.now()
        query = select(Contact).where(Contact.ended_by == "erasure", Contact.swept_at.is_(None))
        async with self._database.transaction() as session:
            unswept = (await session.scalars(query.order_by(Contact.business_id, Contact.ended_at))).all()
        for contact in unswept:
            business = await self._directory.required(contact.business_id)
            names = _open(business, contact.sealed_names)
            signers = [app.fingerprint for app in await self._apps_of(contact.business_id)]
            erased_at = contact.ended_at or now
            async with self._database.transaction() as session:
                ids = await erasing.messages_of(session, contact.business_id, [contact.id])
                for part in _parts(ids):
                    await erasing.end_unsent(session, contact.business_id, part, now)
                await _drop_evidence(session, contact.business_id, [contact.id])
                known_as = Names({name: Tenure() for name in names})
                which = written_by(contact.business_id, contact.mode, [contact.id], known_as, ids)
                await erase_replies(session, and_(which, Reply.occurred_at <= erased_at), now, whole=True)
                await self._empty(session, business, [contact.id], ids)
                just_then = Tenure(erased_at - _UNDER_WAY, erased_at + _UNDER_WAY)
                await drop_kept_about(session, signers, Names(dict.fromkeys(names, just_then)))
                await erasing.erase_answers(session, contact.business_id, contact.mode, [contact.id])
                again = await contacts.lock_contact(session, contact)
                again.name = again.language = again.time_zone = None  # which an event may have told just then
                if erased_at + SWEPT_AFTER <= now:
                    again.swept_at, again.sealed_names = now, None
        return len(unswept)

    async def _empty(
        self, session: AsyncSession, business: BusinessAccount, contact_ids: Sequence[UUID], ids: Sequence[UUID]
    ) -> dict[str, int]:
        """Everything that points at the contacts."""
        business_id, now = business.business_id, self._clock.now()
        erased = Erased()
        for part in _parts(ids):
            erased += await erasing.erase_content(session, business_id, part, now, whole=True)
        events = await erase_events(session, about_contacts(business_id, contact_ids))
        open_windows = await windows.forget(session, business_id, contact_ids)
        members = await session.execute(
            delete(TestListMember).where(
                TestListMember.business_id == business_id, TestListMember.contact_id.in_(contact_ids)
            )
        )
        listed: int = members.rowcount  # type: ignore[attr-defined] # of every result of a change
        if listed:
            await announce(session, CHANNEL, business_id)
        orders = await shops.forget_orders(session, business_id, contact_ids)
        converted = await forget_conversions(session, business, contact_ids, now)
        return {
            "messages": erased.messages,
            "attempts": erased.attempts,
            "receipts": erased.receipts,
            "links": erased.links,
            "callback_events": events,
            "shop_orders": orders,
            "conversions": converted,
            "windows": open_windows,
            "test_lists": listed,
        }

    async def _apps_of(self, business_id: UUID) -> list[WebhookApp]:
        """Whose webhooks may tell of its customers."""
        apps = await self._directory.webhook_apps()
        return [app for app in apps if any(sender.business_id == business_id for sender in app.senders.values())]


def _parts(ids: Sequence[UUID]) -> list[Sequence[UUID]]:
    return [ids[start : start + _ID_BATCH] for start in range(0, len(ids), _ID_BATCH)]


async def _drop_evidence(session: AsyncSession, business_id: UUID, contact_ids: Sequence[UUID]) -> int:
    acts = select(ConsentAct.id).where(ConsentAct.business_id == business_id, ConsentAct.contact_id.in_(contact_ids))
    dropped = await session.execute(
        delete(ConsentEvidence)
        .where(ConsentEvidence.business_id == business_id, ConsentEvidence.act_id.in_(acts.scalar_subquery()))
        .execution_options(synchronize_session=False)
    )
    found: int = dropped.rowcount  # type: ignore[attr-defined] # of every result of a change
    return found


async def _end(session: AsyncSession, person: Person, sealed_names: bytes, now: datetime) -> None:
    for contact in person.contacts:
        for kind in IDENTIFIERS:
            setattr(contact, kind, None)
        contact.name = contact.language = contact.time_zone = None
        contact.ended_at, contact.ended_by, contact.sealed_names = now, "erasure", sealed_names
    await session.flush()


def _box(business: BusinessAccount) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(derive(business.secret, "names of the erased")))


def _seal(business: BusinessAccount, names: set[str]) -> bytes:
    return _box(business).encrypt(orjson.dumps(sorted(names)))


def _open(business: BusinessAccount, sealed: bytes | None) -> set[str]:
    return set(orjson.loads(_box(business).decrypt(sealed))) if sealed is not None else set()
