"""Recording acts of consent and showing what holds."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.consent import repository
from app.consent.models import Consent, ConsentAct, Contact
from app.consent.rules import WHATSAPP, Act, apply
from app.consent.schemas import ConsentActOut, ConsentIn, ConsentOut, ConsentRecorded, ContactOut
from app.core.clock import Clock
from app.core.database import Database, is_collision
from app.core.ids import new_id, public_id
from app.core.problems import InvalidRequest, NotFound

log = structlog.get_logger(__name__)

Silence = Callable[[AsyncSession, UUID, UUID], Awaitable[int]]
"""Ends the waiting messages of a contact that its consent no longer covers; answers how many. Given by the floor
above, since messages are not this domain's business, and run in the same transaction."""


class ConsentService:
    def __init__(self, database: Database, clock: Clock, silence: Silence) -> None:
        self._database = database
        self._clock = clock
        self._silence = silence

    async def record(self, business_id: UUID, mode: str, phone: str, body: ConsentIn) -> ConsentRecorded:
        now = self._clock.now()
        occurred_at = body.occurred_at or now
        if occurred_at > now:
            raise InvalidRequest.at("#/occurred_at", "in_the_future", "must not lie in the future")
        try:
            return await self._record(business_id, mode, phone, body, occurred_at, now)
        except DBAPIError as error:
            if not is_collision(error):
                raise
            log.warning("act of consent collided", act=body.act)
            return await self._record(business_id, mode, phone, body, occurred_at, now)

    async def _record(
        self, business_id: UUID, mode: str, phone: str, body: ConsentIn, occurred_at: datetime, now: datetime
    ) -> ConsentRecorded:
        async with self._database.transaction() as session:
            if Act(body.act) is Act.OPT_OUT:
                await repository.lock_consents(session, business_id)
            contact = await repository.ensure_contact(session, business_id, mode, phone)
            _take_details(contact, body)
            silenced = await self.enter(session, contact, body, occurred_at, now)
            rows = await repository.consents(session, business_id, contact.id)
        return ConsentRecorded(
            contact_id=public_id("con", contact.id),
            consents=[_consent_out(row) for row in rows],
            canceled_messages=silenced,
        )

    async def enter(
        self, session: AsyncSession, contact: Contact, body: ConsentIn, occurred_at: datetime, now: datetime
    ) -> int:
        """Records an act within the caller's transaction, which has locked the contact and, for an opt-out, consents
        (`repository.lock_consents`). Answers how many waiting messages it silenced."""
        act = Act(body.act)
        states = {row.topic: row.state for row in await self._whatsapp(session, contact)}
        for topic in dict.fromkeys(body.topics):
            line = ConsentAct(
                business_id=contact.business_id,
                id=new_id(),
                contact_id=contact.id,
                act=act.value,
                channel=WHATSAPP,
                topic=topic,
                source=body.source,
                place=body.place,
                actor=body.actor,
                wording=body.wording,
                wording_version=body.wording_version,
                language=body.language,
                address=body.address,
                occurred_at=occurred_at,
                recorded_at=now,
            )
            session.add(line)
            before, states = states, apply(states, act, topic)
            overruling = any(before[one] != states[topic] for one in before.keys() - states.keys())
            await repository.replace_states(session, contact, states, line, overruling=overruling)
        return await self._silence(session, contact.business_id, contact.id) if act is Act.OPT_OUT else 0

    async def ensure(self, business_id: UUID, mode: str, phone: str, body: ConsentIn) -> None:
        """Records the act unless the contact exists already, whatever it has decided since."""
        async with self._database.transaction() as session:
            known = await repository.contact_by_phone(session, business_id, mode, phone)
        if known is None:
            await self.record(business_id, mode, phone, body)

    async def _whatsapp(self, session: AsyncSession, contact: Contact) -> list[Consent]:
        rows = await repository.consents(session, contact.business_id, contact.id)
        return [row for row in rows if row.channel == WHATSAPP]

    async def contact(self, business_id: UUID, mode: str, phone: str) -> ContactOut:
        async with self._database.transaction() as session:
            contact = await repository.contact_by_phone(session, business_id, mode, phone)
            if contact is None:
                raise NotFound("The business has no contact with this phone number.")
            consents = await repository.consents(session, business_id, contact.id)
            acts = await repository.acts(session, business_id, contact.id)
        return ContactOut(
            id=public_id("con", contact.id),
            phone=contact.phone,
            bsuid=contact.bsuid,
            wa_id=contact.wa_id,
            name=contact.name,
            language=contact.language,
            time_zone=contact.time_zone,
            consents=[_consent_out(row) for row in consents],
            acts=[_act_out(row) for row in acts],
            created_at=contact.created_at,
        )


def _take_details(contact: Contact, body: ConsentIn) -> None:
    if body.contact is None:
        return
    contact.name = body.contact.name or contact.name
    contact.language = body.contact.language or contact.language
    contact.time_zone = body.contact.time_zone or contact.time_zone


def _consent_out(row: Consent) -> ConsentOut:
    return ConsentOut.model_validate(row, from_attributes=True)


def _act_out(row: ConsentAct) -> ConsentActOut:
    shown = {name: getattr(row, name) for name in ConsentActOut.model_fields if name != "id"}
    return ConsentActOut(id=public_id("act", row.id), **shown)
