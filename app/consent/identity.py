"""Who contacts are: by which names Meta knows them, that two are one person, and that one has another number now.

Only what Meta itself says counts (a signed webhook, the answer to a send), and what is older than what it said last
changes nothing.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount, Directory
from app.consent import holdings, repository
from app.consent.fold import NOTHING, Act, Holding
from app.consent.ledger import NewAct
from app.consent.merging import merged, refusals_taken_over
from app.consent.models import Contact
from app.consent.persons import Finding, Names, Told, find, is_stale
from app.consent.rules import ALL_TOPICS, META_MARKETING
from app.consent.service import ConsentService
from app.consent.sources import Source
from app.core.clock import Clock
from app.core.database import Database
from app.core.group_commit import GroupCommit
from app.core.ids import new_id, public_id

log = structlog.get_logger(__name__)

_REMEMBERED = 100_000
"""Sets of names of which nothing more can be learnt: Meta repeats them with every receipt."""

MARKETING_ACTS = (Act.MARKETING_STOP, Act.MARKETING_RESUME)


@dataclass(frozen=True, slots=True)
class Moved:
    """Whose what has not come to its end yet is from now on, and where it goes."""

    business_id: UUID
    from_contact: UUID
    to_contact: UUID
    recipient: str | None = None
    """Nothing where that stays as it is."""


Repoint = Callable[[AsyncSession, Moved], Awaitable[None]]
"""Brings messages after their customer, in the transaction in which the contact changes. Given by the floor above."""


@dataclass(frozen=True, slots=True)
class NumberChange:
    """Meta's word that one person's names are others now."""

    before: Told
    now: Told
    """Without a number where Meta may not share it."""


class Identities:
    def __init__(
        self, database: Database, directory: Directory, consent: ConsentService, clock: Clock, repoint: Repoint
    ) -> None:
        self._database = database
        self._directory = directory
        self._consent = consent
        self._clock = clock
        self._repoint = repoint
        self._exhausted: OrderedDict[tuple[object, ...], None] = OrderedDict()
        self._news: GroupCommit[list[Told], list[Told]] = GroupCommit("identities", self._flush, weigh=len)

    async def learn(self, said: Iterable[Told]) -> None:
        """Keeps what is new of the names of contacts, and joins those that turn out to be one person. Of what was
        heard before, nothing is asked of the database."""
        fresh = {_names(one): one for one in said if one.says_more_than_a_phone and _names(one) not in self._exhausted}
        if not fresh:
            return
        try:
            conflicts = await self._news.submit(list(fresh.values()))
        except asyncpg.UniqueViolationError:
            # Somebody else learnt of the same names at the same time: they are told with the next receipt, too.
            log.warning("identity collided")
            return
        for one in conflicts:
            await self._join(one)

    async def _flush(self, batches: list[list[Told]]) -> list[list[Told] | Exception]:
        """Answers for each batch those that need more than a name to be written."""
        said = list(dict.fromkeys(one for batch in batches for one in batch))
        async with self._database.pool.acquire() as connection:
            known = await repository.known_to(connection, said)
            findings = {one: find(one, known[one]) for one in known}
            simple = {one: finding for one, finding in findings.items() if finding is not None and finding.is_simple}
            if simple:
                await repository.identify(connection, simple)
        for one in known:
            if one in simple or (findings[one] is None and not is_stale(one, known[one])):
                self._remember(one)
        conflicts = {one for one, finding in findings.items() if finding is not None and not finding.is_simple}
        return [[one for one in batch if one in conflicts] for batch in batches]

    def _remember(self, said: Told) -> None:
        self._exhausted[_names(said)] = None
        if len(self._exhausted) > _REMEMBERED:
            self._exhausted.popitem(last=False)

    async def _join(self, said: Told) -> None:
        business = await self._directory.business(said.business_id)
        if business is None:
            return
        now = self._clock.now()
        async with self._database.transaction() as session:
            await self._consent.lock(session, [said.business_id], refusing=True)
            contacts = {one.id: one for one in await repository.known_as(session, said, locked=True)}
            finding = find(said, list(contacts.values()))
            if finding is not None:
                await self._apply(session, business, said, finding, contacts, now)
        self._exhausted.clear()  # what was learnt before may be somebody else's now

    async def _apply(
        self,
        session: AsyncSession,
        business: BusinessAccount,
        said: Told,
        finding: Finding,
        contacts: dict[UUID, Contact],
        now: datetime,
    ) -> None:
        at = min(said.at, now)
        for contact_id in finding.bereft:
            other = contacts[contact_id]
            other.bsuid = other.parent_bsuid = None
            other.identified_at = said.at
        former = [contacts[contact_id] for contact_id in finding.former]
        kept_id = finding.contact_id or new_id()
        refused = [await self._lose_number(session, business, other, kept_id, said, now) for other in former]
        await session.flush()  # before their names go to another
        if finding.contact_id is None:
            kept = Contact(business_id=said.business_id, id=kept_id, mode=said.mode)
            _name(kept, finding.names, said.at)
            session.add(kept)
            await session.flush()
        else:
            kept = contacts[kept_id]
        same = [contacts[contact_id] for contact_id in finding.same]
        await self._merge(session, business, kept, same, finding.names, said, now)
        mine = await holdings.holding(session, kept)
        stance = refusals_taken_over(mine, refused)
        if stance != mine.stance:
            await self._enter(
                session, business, kept, Act.NUMBER_CHANGE, {"stance": stance.as_json()}, at, said.proof, now
            )

    async def _lose_number(
        self,
        session: AsyncSession,
        business: BusinessAccount,
        former: Contact,
        person_id: UUID,
        said: Told,
        now: datetime,
    ) -> Holding:
        """Ends who had the number before this person: they may be strangers to each other. Answers what held, of which
        the refusals stand on the number."""
        held = await holdings.holding(session, former)
        value = {"stance": NOTHING.as_json(), "to": public_id("con", person_id)}
        await self._enter(session, business, former, Act.NUMBER_CHANGE, value, min(said.at, now), said.proof, now)
        _end(former, "number_change", now, None)
        return held

    async def _merge(
        self,
        session: AsyncSession,
        business: BusinessAccount,
        kept: Contact,
        others: Sequence[Contact],
        names: Names,
        said: Told,
        now: datetime,
    ) -> None:
        """Makes one contact of several; the caller holds the locks of `ConsentService.lock` and of all of them."""
        at = min(said.at, now)
        held = [await holdings.holding(session, other) for other in others]
        for other in others:
            await self._repoint(session, Moved(business.business_id, other.id, kept.id))
            value = {"stance": NOTHING.as_json(), "into": public_id("con", kept.id)}
            await self._enter(session, business, other, Act.MERGE, value, at, said.proof, now)
            await repository.follow_successor(session, other, kept)
            _end(other, "merge", now, kept.id)
            kept.name = kept.name or other.name
            kept.language = kept.language or other.language
            kept.time_zone = kept.time_zone or other.time_zone
        await session.flush()  # before their names go to another: each is had by one contact only
        _name(kept, names, said.at)
        for other, holding in zip(others, held, strict=True):
            stance = merged(await holdings.holding(session, kept), holding)
            value = {"stance": stance.as_json(), "from": public_id("con", other.id)}
            await self._enter(session, business, kept, Act.MERGE, value, at, said.proof, now)

    async def change_number(
        self, session: AsyncSession, business: BusinessAccount, change: NumberChange, now: datetime
    ) -> bool:
        """Within the caller's transaction, which holds the locks of `ConsentService.lock`. The contact keeps its id,
        its history and what it agreed to; false where no contact is meant, or something newer is known of it.

        Whoever else had the new number is ended, and not merged: they may have been a stranger. So nothing that they
        agreed to is taken over, but what they refused on this number stands. Where Meta has spoken of them since, the
        change is too late, and nothing of it holds.
        """
        before, said = change.before, change.now
        contacts = {one.id: one for each in (before, said) for one in await repository.known_as(session, each)}
        for contact_id in sorted(contacts):
            await repository.lock_contact(session, contacts[contact_id])
        person = _meant(before, list(contacts.values()))
        if person is None or not (said.phones or said.user_ids):
            return False
        if is_stale(said, [person]):
            return False
        others = [one for one in contacts.values() if one is not person]
        same = [one for one in others if said.is_user_id_of(one) or _may_be(before, one)]
        former = [one for one in others if said.is_number_of(one) and one not in same]
        if is_stale(said, former):
            # Since then Meta spoke of somebody who has the new number now: this person has left it, too.
            log.warning("number change came late")
            return False
        at = min(said.at, now)
        refused = [await self._lose_number(session, business, other, person.id, said, now) for other in former]
        names = Names(next(iter(said.phones), None), said.wa_id, next(iter(said.user_ids), None), said.parent_bsuid)
        await self._merge(session, business, person, same, names, said, now)
        await session.flush()
        await self._repoint(session, Moved(business.business_id, person.id, person.id, person.phone or person.bsuid))
        mine = await holdings.holding(session, person)
        stance = refusals_taken_over(mine, refused)
        value = {"stance": stance.as_json()} if stance != mine.stance else None
        await self._enter(session, business, person, Act.NUMBER_CHANGE, value, at, said.proof, now)
        self._exhausted.clear()
        return True

    async def marketing(
        self,
        session: AsyncSession,
        business: BusinessAccount,
        contact: Contact,
        act: Act,
        at: datetime,
        proof: str | None,
        now: datetime,
    ) -> bool:
        """What the customer told Meta of all marketing of this business, once: false where it holds already, or where
        something newer was told. At one and the same moment the stop stands. Within the caller's transaction, which
        holds the contact, and the locks of `ConsentService.lock`."""
        held = await holdings.holding(session, contact)
        if (act is Act.MARKETING_STOP) == (META_MARKETING in held.stance.states):
            return False
        last = await holdings.last_act(session, contact, MARKETING_ACTS)
        if last is not None and (at < last or (at == last and act is Act.MARKETING_RESUME)):
            return False
        await self._enter(session, business, contact, act, None, min(at, now), proof, now)
        return True

    async def stopped_at_meta(self, business_id: UUID, mode: str, contact_id: UUID, proof: str | None) -> None:
        """Meta refused a promotional message, since the customer stopped them there."""
        business = await self._directory.business(business_id)
        if business is None:
            return
        now = self._clock.now()
        async with self._database.transaction() as session:
            await self._consent.lock(session, [business_id], refusing=True)
            contact = await repository.current_contact(session, business_id, mode, contact_id)
            if contact is not None:
                await self.marketing(session, business, contact, Act.MARKETING_STOP, now, proof, now)

    async def _enter(
        self,
        session: AsyncSession,
        business: BusinessAccount,
        contact: Contact,
        act: Act,
        value: dict[str, Any] | None,
        at: datetime,
        proof: str | None,
        now: datetime,
    ) -> None:
        """As Meta's: the customer did nothing towards the business."""
        is_marketing = act in MARKETING_ACTS
        line = NewAct(
            act=act,
            source=Source.META.value,
            occurred_at=at,
            value=value,
            actor="customer" if is_marketing else "system",
            proof=proof,
            topic=META_MARKETING if is_marketing else ALL_TOPICS,
        )
        await self._consent.enter(session, business, contact, [line], now)


def _names(said: Told) -> tuple[object, ...]:
    return said.business_id, said.mode, said.phone, said.wa_id, said.bsuid, said.parent_bsuid


def _meant(before: Told, contacts: Sequence[Contact]) -> Contact | None:
    """Whose names were these: who has the user id, before who has the number."""
    candidates = [one for one in contacts if _may_be(before, one)]
    return min(
        candidates,
        key=lambda one: (not before.is_user_id_of(one), one.phone is None, *before.nearness(one)),
        default=None,
    )


def _may_be(before: Told, contact: Contact) -> bool:
    """A user id is nobody else's ever; a number, which may have gone to another, counts only where no other user id is
    known of it."""
    if before.is_user_id_of(contact):
        return True
    return before.is_number_of(contact) and not before.is_number_of_another(contact)


def _end(contact: Contact, by: str, now: datetime, successor_id: UUID | None) -> None:
    contact.phone = contact.wa_id = contact.bsuid = contact.parent_bsuid = None
    contact.ended_at, contact.ended_by, contact.successor_id = now, by, successor_id


def _name(contact: Contact, names: Names, at: datetime) -> None:
    contact.phone, contact.wa_id = names.phone, names.wa_id
    contact.bsuid, contact.parent_bsuid = names.bsuid, names.parent_bsuid
    contact.identified_at = at
