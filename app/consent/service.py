"""Recording acts of consent and showing what holds."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount, Directory
from app.accounts.schemas import QuietHoursIn
from app.callbacks import outbox
from app.consent import holdings, repository
from app.consent.fold import Act, Deed, Since, Stance, recorded
from app.consent.ledger import NewAct, OpenLedger, lock_ledgers
from app.consent.link_schemas import LINK_PREFIX
from app.consent.models import Consent, ConsentAct, Contact
from app.consent.preferences import Preferences, quiet_hours_as_json
from app.consent.repository import ContactKey
from app.consent.schemas import (
    ConsentActOut,
    ConsentIn,
    ConsentOut,
    ConsentRecorded,
    ContactConsents,
    ContactOut,
    FrequencyCapIn,
    PreferencesOut,
)
from app.consent.sources import ON_WHATSAPP
from app.consent.wording import missing_in
from app.core.clock import Clock
from app.core.database import Database, despite_collision
from app.core.ids import public_id
from app.core.problems import InvalidRequest

log = structlog.get_logger(__name__)

REFUSING = frozenset(
    {
        Act.OPT_OUT,
        Act.ERASURE,
        Act.MARKETING_STOP,
        Act.MERGE,
        Act.PAUSE,
        Act.FREQUENCY,
        Act.CHANNEL,
        Act.QUIET_HOURS,
    }
)
"""Acts after which messages that wait may no longer be sent, or not yet, or not by WhatsApp."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What an act did to the messages that wait for the contact."""

    canceled: int


@dataclass(frozen=True, slots=True)
class Entered(Settled):
    """And the acts as they stand in the ledger now, with what holds by them."""

    lines: tuple[ConsentAct, ...]
    stance: Stance


Settle = Callable[[AsyncSession, UUID, UUID], Awaitable[Settled]]
"""Brings the waiting messages of a contact into line with what holds for it now. Given by the floor above, since
messages are not this domain's business, and run in the same transaction as the act."""


class Afterwards(Protocol):
    """Tells the customer of acts once they are committed: asks for the confirmation that an opt-in waits for, and
    confirms an opt-out where `confirm` says so. Given by the floor above. Raises nothing: the acts hold anyway."""

    async def __call__(
        self, business: BusinessAccount, contact: Contact, entered: Entered, *, confirm: bool
    ) -> None: ...


class ConsentService:
    def __init__(
        self,
        database: Database,
        directory: Directory,
        clock: Clock,
        settle: Settle,
        afterwards: Afterwards | None = None,
    ) -> None:
        self._database = database
        self._directory = directory
        self._clock = clock
        self._settle = settle
        self._afterwards = afterwards

    async def record(self, key: ContactKey, body: ConsentIn) -> ConsentRecorded:
        """Raises InvalidRequest, or NotFound for a contact named by an id that nobody has."""
        business = await self._directory.required(key.business_id)
        now = self._clock.now()
        occurred_at = body.occurred_at or now
        if occurred_at > now:
            raise InvalidRequest.at("#/occurred_at", "in_the_future", "must not lie in the future")
        if body.until is not None and body.until <= now:
            raise InvalidRequest.at("#/until", "in_the_past", "must lie in the future")
        acts = acts_of(body, business, occurred_at)
        return await despite_collision(
            lambda: self._record(business, key, body, acts, now), "act of consent collided", act=body.act
        )

    async def _record(
        self, business: BusinessAccount, key: ContactKey, body: ConsentIn, acts: Sequence[NewAct], now: datetime
    ) -> ConsentRecorded:
        async with self._database.transaction() as session:
            await self.lock(session, [business.business_id], refusing=any(act.act in REFUSING for act in acts))
            contact = await repository.ensure_contact(session, key)
            if contact is None:
                raise repository.no_such_contact()
            _take_details(contact, body)
            entered = await self.enter(session, business, contact, acts, now)
            rows = await holdings.consents(session, business.business_id, contact.id)
            preferences = await holdings.preferences(session, business.business_id, contact.id)
        await self.follow_up(business, contact, entered, confirm=body.confirm)
        return ConsentRecorded(
            contact_id=public_id("con", contact.id),
            consents=[consent_out(row) for row in rows],
            preferences=preferences_out(preferences, now),
            canceled_messages=entered.canceled,
        )

    async def follow_up(
        self, business: BusinessAccount, contact: Contact, entered: Entered, *, confirm: bool = False
    ) -> None:
        """To be called after the commit of what `enter` recorded, by every door through which opt-ins come that may
        have to be confirmed. Raises nothing."""
        if self._afterwards is not None:
            await self._afterwards(business, contact, entered, confirm=confirm)

    async def lock(self, session: AsyncSession, business_ids: Iterable[UUID], *, refusing: bool) -> None:
        """Before anything else of a transaction that records acts, in this order in all of them: claims, where
        something may be refused; ledgers; then contacts; then messages."""
        for business_id in sorted(set(business_ids)):
            if refusing:
                await repository.lock_consents(session, business_id)
        await lock_ledgers(session, business_ids)

    async def enter(
        self,
        session: AsyncSession,
        business: BusinessAccount,
        contact: Contact,
        acts: Iterable[NewAct],
        now: datetime,
    ) -> Entered:
        """Records acts of one contact within the caller's transaction, which holds the locks (`lock`) and the contact.
        What waits for the contact follows, and the business is told."""
        ledger = await OpenLedger.open(session, business)
        held = await holdings.holding(session, contact)
        lines: list[ConsentAct] = []
        for act in acts:
            line = ledger.add(contact, act, now)
            lines.append(line)
            held = recorded(held, Deed(act.act, act.topic, act.value), Since(line.id, line.occurred_at))
        await session.flush()
        await holdings.keep_holding(session, contact, held)
        settled = await self._settle(session, contact.business_id, contact.id)
        if lines:
            told = changed(contact, lines, held.stance, now)
            event = outbox.NewEvent(contact.business_id, contact.mode, outbox.CONSENT_CHANGED, told, now, contact.id)
            outbox.tell(session, event)
        return Entered(settled.canceled, tuple(lines), held.stance)

    async def settle(self, session: AsyncSession, business_id: UUID, contact_id: UUID) -> Settled:
        """Brings what waits for a contact into line with what holds for it now."""
        return await self._settle(session, business_id, contact_id)

    async def ensure(self, key: ContactKey, body: ConsentIn) -> None:
        """Records the act unless the contact exists already, whatever it has decided since."""
        async with self._database.transaction() as session:
            known = await repository.find_contact(session, key)
        if known is None:
            await self.record(key, body)

    async def contact(self, key: ContactKey) -> tuple[ContactOut, UUID]:
        """With its id. Raises NotFound."""
        async with self._database.transaction() as session:
            contact = await repository.required_contact(session, key)
            consents = await holdings.consents(session, key.business_id, contact.id)
            preferences = await holdings.preferences(session, key.business_id, contact.id)
        shown = ContactOut(
            id=public_id("con", contact.id),
            phone=contact.phone,
            bsuid=contact.bsuid,
            wa_id=contact.wa_id,
            name=contact.name,
            language=contact.language,
            time_zone=contact.time_zone,
            consents=[consent_out(row) for row in consents],
            preferences=preferences_out(preferences, self._clock.now()),
            created_at=contact.created_at,
        )
        return shown, contact.id

    async def consents(self, key: ContactKey) -> ContactConsents:
        """Raises NotFound."""
        async with self._database.transaction() as session:
            contact = await repository.required_contact(session, key)
            consents = await holdings.consents(session, key.business_id, contact.id)
            preferences = await holdings.preferences(session, key.business_id, contact.id)
            acts = await holdings.acts(session, key.business_id, contact.id)
            personal = await holdings.evidence(session, key.business_id, [act.id for act in acts])
        return ContactConsents(
            contact_id=public_id("con", contact.id),
            consents=[consent_out(row) for row in consents],
            preferences=preferences_out(preferences, self._clock.now()),
            acts=[act_out(act, personal.get(act.id, {})) for act in acts],
        )


def acts_of(body: ConsentIn, business: BusinessAccount, occurred_at: datetime) -> list[NewAct]:
    """The lines that a reported act becomes, one for each topic. Raises InvalidRequest for too little proof."""
    act = Act(body.act)
    if act is Act.OPT_IN:
        missing = missing_in(body.wording, business.name, business.wording_check)
        if missing is not None:
            raise InvalidRequest.at("#/wording", *missing)
        if (body.double_opt_in or business.double_opt_in) and body.source not in ON_WHATSAPP:
            act = Act.OPT_IN_REQUEST
    return [
        NewAct(
            act=act,
            source=body.source,
            occurred_at=occurred_at,
            topic=topic,
            value=_value_of(body),
            place=body.place,
            actor=body.actor,
            wording=body.wording,
            wording_version=body.wording_version,
            language=body.language,
            address=body.address,
        )
        for topic in dict.fromkeys(body.topics)
    ]


def _value_of(body: ConsentIn) -> dict[str, Any] | None:
    match Act(body.act):
        case Act.PAUSE if body.until is not None:
            return {"until": body.until.isoformat()}
        case Act.FREQUENCY if body.cap is not None:
            return {"most": body.cap.most, "days": body.cap.days}
        case Act.CHANNEL if body.channel is not None:
            return {"channel": body.channel.value}
        case Act.QUIET_HOURS if body.quiet_hours is not None:
            return {"begins": body.quiet_hours.begins, "ends": body.quiet_hours.ends}
    return None


def _take_details(contact: Contact, body: ConsentIn) -> None:
    if body.contact is None:
        return
    contact.name = body.contact.name or contact.name
    contact.language = body.contact.language or contact.language
    contact.time_zone = body.contact.time_zone or contact.time_zone


def changed(contact: Contact, lines: Sequence[ConsentAct], stance: Stance, now: datetime) -> dict[str, Any]:
    """What the business's other systems need to follow."""
    return {
        "contact": {"id": public_id("con", contact.id), "phone": contact.phone, "bsuid": contact.bsuid},
        "acts": [
            {"id": public_id("act", line.id), "act": line.act, "topic": line.topic, "value": line.value}
            for line in lines
        ],
        "source": lines[-1].source,
        "place": lines[-1].place,
        "actor": lines[-1].actor,
        "occurred_at": lines[-1].occurred_at.isoformat(),
        "consents": dict(stance.states),
        "preferences": stance.preferences.without_ended(now).as_json(),
    }


def preferences_out(preferences: Preferences, now: datetime) -> PreferencesOut:
    preferences = preferences.without_ended(now)
    quiet = preferences.quiet_hours
    return PreferencesOut(
        paused_until=dict(preferences.paused_until),
        caps={topic: FrequencyCapIn(most=cap.most, days=cap.days) for topic, cap in preferences.caps.items()},
        channel=preferences.channel,
        quiet_hours=QuietHoursIn(**quiet_hours_as_json(*quiet)) if quiet is not None else None,
    )


def consent_out(row: Consent) -> ConsentOut:
    return ConsentOut.model_validate(row, from_attributes=True)


def act_out(row: ConsentAct, personal: dict[str, str]) -> ConsentActOut:
    own = {"id", "link", "address", "mac"}
    shown = {name: getattr(row, name) for name in ConsentActOut.model_fields if name not in own}
    return ConsentActOut(
        id=public_id("act", row.id),
        link=public_id(LINK_PREFIX, row.link_id) if row.link_id is not None else None,
        address=personal.get("address"),
        mac=row.mac.hex() if row.mac is not None else None,
        **shown,
    )
