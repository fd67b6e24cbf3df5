"""Whether a ledger still says what was written into it, and whether what holds still follows from it."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.accounts.directory import BusinessAccount
from app.consent import chain, holdings
from app.consent.fold import NOTHING_HELD, Act, Deed, Holding, Since, Stance, recorded
from app.consent.ledger import CHAINED, beginning, ledger_keys
from app.consent.models import Consent, ConsentAct, ConsentEvidence, ConsentLedger, Contact, ContactPreferences
from app.consent.preferences import NO_PREFERENCES, Preferences
from app.consent.rules import WHATSAPP
from app.core.ids import public_id

_BATCH = 5000

FAULTS_MOST = 1000
"""Named in one report; more are counted."""


@dataclass(frozen=True, slots=True)
class Seal:
    """How long the chain was, and its last hash: kept elsewhere, it proves later that nothing before it changed."""

    length: int
    head: bytes

    def __str__(self) -> str:
        return f"{self.length}:{self.head.hex()}"

    @classmethod
    def parse(cls, text: str) -> "Seal":
        """Raises ValueError."""
        length, _, head = text.partition(":")
        return cls(int(length), bytes.fromhex(head))


@dataclass(slots=True)
class Report:
    lines: int = 0
    unchained: int = 0
    """Acts from before there was a chain: its first line vouches for them all."""
    begins: bytes = chain.GENESIS
    """What that line does so by."""
    erased: int = 0
    """Lines whose evidence was erased, as the ledger itself says."""
    seal: Seal = field(default_factory=lambda: Seal(0, chain.GENESIS))
    faults: list[str] = field(default_factory=list)
    fault_count: int = 0

    def fault(self, text: str) -> None:
        self.fault_count += 1
        if len(self.faults) < FAULTS_MOST:
            self.faults.append(text)


async def verify(session: AsyncSession, business: BusinessAccount, sealed: Seal | None = None) -> Report:
    """Reads the whole ledger, some thousand lines at a time, and compares what holds with it, some thousand contacts at
    a time; in a transaction that sees one moment of it.

    `sealed`: what an earlier report gave, to be found again.
    """
    report = await verify_chain(session, business, sealed)
    for contact_id in await differing(session, business.business_id):
        report.fault(f"{public_id('con', contact_id)}: what holds does not follow from the ledger: rebuild it")
    return report


async def verify_chain(session: AsyncSession, business: BusinessAccount, sealed: Seal | None = None) -> Report:
    """The same of the lines alone: whether what holds may be made anew from them."""
    report = Report()
    keys = ledger_keys(business)
    begins = await beginning(session, business.business_id, keys)
    report.begins = begins
    report.unchained = await _unchained(session, business.business_id)
    previous, last = begins, 0
    async for line, evidence, is_erased in _chained(session, business.business_id):
        report.lines += 1
        number, mac = line.number or 0, line.mac or b""
        name = f"line {number} ({public_id('act', line.id)})"
        if number != last + 1:
            report.fault(f"{name}: lines {last + 1} to {number - 1} are missing")
        expected = chain.link_hash(keys, previous, {column: getattr(line, column) for column in CHAINED})
        if expected != mac and last == 0:
            report.fault(f"{name}: was changed, or was not written by Ulak, or a line from before the chain was")
        elif expected != mac:
            report.fault(f"{name}: was changed, or was not written by Ulak")
        if evidence is not None and chain.digest(evidence.salt, evidence.personal) != line.evidence_hash:
            report.fault(f"{name}: its evidence was changed")
        if evidence is None and is_erased:
            report.erased += 1
        elif evidence is None:
            report.fault(f"{name}: its evidence is gone, and the ledger tells of no erasure")
        previous, last = mac, number
        if sealed is not None and number == sealed.length and mac != sealed.head:
            report.fault(f"{name}: is not the one that was sealed")
    report.seal = Seal(last, previous)
    await _check_end(session, business.business_id, report, sealed)
    return report


async def _check_end(session: AsyncSession, business_id: UUID, report: Report, sealed: Seal | None) -> None:
    head = await session.get(ConsentLedger, business_id)
    end = Seal(head.length, head.head) if head is not None else Seal(0, chain.GENESIS)
    if end.length != report.seal.length:
        report.fault(f"the ledger ends at line {report.seal.length} and should end at line {end.length}")
    elif report.lines == 0 and end.head == chain.GENESIS != report.seal.head:
        report.fault(f"nothing vouches for the {report.unchained} lines from before the chain: rebuild it to seal them")
    elif end != report.seal:
        report.fault(f"the ledger does not end as it should at line {end.length}")
    if sealed is not None and sealed.length > report.seal.length:
        report.fault(f"the ledger had {sealed.length} lines when it was sealed and has {report.seal.length}")
    if sealed is not None and sealed.length == 0 and sealed.head not in (chain.GENESIS, report.begins):
        report.fault("the lines from before the chain are not those that were sealed")


async def differing(session: AsyncSession, business_id: UUID) -> list[UUID]:
    """Contacts of whom something else holds than the fold of the ledger: the sending decides by that alone."""
    found: list[UUID] = []
    after = _FIRST
    while upto := await _last_of_range(session, business_id, after):
        folded, kept = await _folded(session, business_id, after, upto), await _kept(session, business_id, after, upto)
        found += [
            contact_id
            for contact_id in sorted(folded.keys() | kept.keys())
            if folded.get(contact_id, NOTHING_HELD) != kept.get(contact_id, NOTHING_HELD)
        ]
        after = upto
    return found


_FIRST = UUID(int=0)


async def _last_of_range(session: AsyncSession, business_id: UUID, after: UUID) -> UUID | None:
    """So many contacts on, or as many as there are."""
    some = (
        select(Contact.id)
        .where(Contact.business_id == business_id, Contact.id > after)
        .order_by(Contact.id)
        .limit(_BATCH)
        .subquery()
    )
    return await session.scalar(select(some.c.id).order_by(some.c.id.desc()).limit(1))


async def _folded(session: AsyncSession, business_id: UUID, after: UUID, upto: UUID) -> dict[UUID, Holding]:
    query = (
        select(
            ConsentAct.contact_id,
            ConsentAct.id,
            ConsentAct.act,
            ConsentAct.topic,
            ConsentAct.value,
            ConsentAct.occurred_at,
        )
        .where(ConsentAct.business_id == business_id, ConsentAct.contact_id > after, ConsentAct.contact_id <= upto)
        .order_by(ConsentAct.contact_id, ConsentAct.number.nulls_first(), ConsentAct.id)
        .execution_options(yield_per=_BATCH)
    )
    folded: dict[UUID, Holding] = {}
    async for line in await session.stream(query):
        before = folded.get(line.contact_id, NOTHING_HELD)
        deed = Deed(Act(line.act), line.topic, line.value)
        folded[line.contact_id] = recorded(before, deed, Since(line.id, line.occurred_at))
    return folded


async def _kept(session: AsyncSession, business_id: UUID, after: UUID, upto: UUID) -> dict[UUID, Holding]:
    states: dict[UUID, dict[str, str]] = {}
    since: dict[UUID, dict[str, Since]] = {}
    consents = select(Consent.contact_id, Consent.topic, Consent.state, Consent.act_id, Consent.since).where(
        Consent.business_id == business_id,
        Consent.contact_id > after,
        Consent.contact_id <= upto,
        Consent.channel == WHATSAPP,
    )
    for row in await session.execute(consents):
        states.setdefault(row.contact_id, {})[row.topic] = row.state
        since.setdefault(row.contact_id, {})[row.topic] = Since(row.act_id, row.since)
    preferences = select(
        ContactPreferences.contact_id,
        ContactPreferences.preferences,
        ContactPreferences.act_id,
        ContactPreferences.since,
    ).where(
        ContactPreferences.business_id == business_id,
        ContactPreferences.contact_id > after,
        ContactPreferences.contact_id <= upto,
    )
    wanted: dict[UUID, tuple[Preferences, Since]] = {
        one.contact_id: (Preferences.from_json(one.preferences), Since(one.act_id, one.since))
        for one in await session.execute(preferences)
    }
    found = {}
    for contact_id in states.keys() | wanted.keys():
        preferred, preferred_since = wanted.get(contact_id, (NO_PREFERENCES, None))
        stance = Stance(states.get(contact_id, {}), preferred)
        found[contact_id] = Holding(stance, since.get(contact_id, {}), preferred_since)
    return found


async def rebuild(session: AsyncSession, business_id: UUID, among: Iterable[UUID] | None = None) -> list[UUID]:
    """Makes what holds anew from the ledger; answers for which contacts it was something else. The caller holds the
    locks of `ConsentService.lock`, and brings into line what waits for them. `among`: of whom it was found without
    those locks, under which it is looked at once more."""
    changed = []
    for contact_id in await differing(session, business_id) if among is None else sorted(among):
        before = UUID(int=contact_id.int - 1)
        holding = (await _folded(session, business_id, before, contact_id)).get(contact_id, NOTHING_HELD)
        kept = (await _kept(session, business_id, before, contact_id)).get(contact_id, NOTHING_HELD)
        if holding == kept:
            continue
        contact = await session.get_one(Contact, (business_id, contact_id))
        await holdings.keep_holding(session, contact, holding)
        changed.append(contact_id)
    return changed


async def _unchained(session: AsyncSession, business_id: UUID) -> int:
    query = select(func.count()).where(ConsentAct.business_id == business_id, ConsentAct.number.is_(None))
    return await session.scalar(query) or 0


async def _chained(
    session: AsyncSession, business_id: UUID
) -> AsyncIterator[tuple[ConsentAct, ConsentEvidence | None, bool]]:
    """In their order, each with its evidence, and whether a line of the chain says that this was erased: one from
    before it proves nothing."""
    erasure = aliased(ConsentAct)
    is_erased = exists().where(
        erasure.business_id == ConsentAct.business_id,
        erasure.contact_id == ConsentAct.contact_id,
        erasure.act == Act.ERASURE.value,
        erasure.number.is_not(None),
        ConsentEvidence.act_id.is_(None),
    )
    query: Any = (
        select(ConsentAct, ConsentEvidence, is_erased)
        .outerjoin(
            ConsentEvidence,
            (ConsentEvidence.business_id == ConsentAct.business_id) & (ConsentEvidence.act_id == ConsentAct.id),
        )
        .where(ConsentAct.business_id == business_id, ConsentAct.number.is_not(None))
        .order_by(ConsentAct.number)
        .execution_options(yield_per=_BATCH)
    )
    async for line, evidence, erased in await session.stream(query):
        session.expunge(line)
        if evidence is not None:
            session.expunge(evidence)
        yield line, evidence, erased
