"""Whether a ledger still says what was written into it, and whether what holds still follows from it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount
from app.consent import chain, repository
from app.consent.fold import NOTHING_HELD, Act, Deed, Holding, Since, Stance, recorded
from app.consent.ledger import CHAINED, ledger_keys
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
    """Acts from before there was a chain: nothing vouches for them."""
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
    """Reads the whole ledger, some thousand lines at a time, in a transaction that sees one moment of it.

    `sealed`: what an earlier report gave, to be found again.
    """
    report = Report()
    erased = await _erased(session, business.business_id)
    held: dict[UUID, Holding] = {}
    keys = ledger_keys(business)
    previous, last = chain.GENESIS, 0
    first_chained = None
    async for line, evidence in _lines(session, business.business_id):
        held[line.contact_id] = _recorded(held.get(line.contact_id, NOTHING_HELD), line)
        if line.number is None or line.mac is None:
            report.unchained += 1
            continue
        first_chained = first_chained or line.recorded_at
        report.lines += 1
        name = f"line {line.number} ({public_id('act', line.id)})"
        if line.number != last + 1:
            report.fault(f"{name}: lines {last + 1} to {line.number - 1} are missing")
        expected = chain.link_hash(keys, previous, {column: getattr(line, column) for column in CHAINED})
        if expected != line.mac:
            report.fault(f"{name}: was changed, or was not written by Ulak")
        if evidence is not None and chain.digest(evidence.salt, evidence.personal) != line.evidence_hash:
            report.fault(f"{name}: its evidence was changed")
        if evidence is None and line.contact_id in erased:
            report.erased += 1
        elif evidence is None:
            report.fault(f"{name}: its evidence is gone, and the ledger tells of no erasure")
        previous, last = line.mac, line.number
        if sealed is not None and line.number == sealed.length and line.mac != sealed.head:
            report.fault(f"{name}: is not the one that was sealed")
    report.seal = Seal(last, previous)
    await _check_end(session, business.business_id, report, sealed)
    await _check_holdings(session, business.business_id, held, report)
    return report


async def _check_end(session: AsyncSession, business_id: UUID, report: Report, sealed: Seal | None) -> None:
    head = await session.get(ConsentLedger, business_id)
    end = Seal(head.length, head.head) if head is not None else Seal(0, chain.GENESIS)
    if end != report.seal:
        report.fault(f"the ledger ends at line {report.seal.length} and should end at line {end.length}")
    if sealed is not None and sealed.length > report.seal.length:
        report.fault(f"the ledger had {sealed.length} lines when it was sealed and has {report.seal.length}")
    unsealed = await session.scalar(
        select(ConsentAct.id)
        .where(
            ConsentAct.business_id == business_id,
            ConsentAct.number.is_(None),
            ConsentAct.recorded_at
            > select(ConsentAct.recorded_at)
            .where(ConsentAct.business_id == business_id, ConsentAct.number == 1)
            .scalar_subquery(),
        )
        .limit(1)
    )
    if unsealed is not None:
        report.fault(f"{public_id('act', unsealed)}: is newer than the chain and not in it")


async def _check_holdings(
    session: AsyncSession, business_id: UUID, expected: Mapping[UUID, Holding], report: Report
) -> None:
    """What holds must be the fold of the ledger: the sending decides by it alone."""
    kept = await _kept(session, business_id)
    for contact_id in sorted(expected.keys() | kept.keys()):
        if expected.get(contact_id, NOTHING_HELD) != kept.get(contact_id, NOTHING_HELD):
            report.fault(f"{public_id('con', contact_id)}: what holds does not follow from the ledger: rebuild it")


async def _kept(session: AsyncSession, business_id: UUID) -> dict[UUID, Holding]:
    states: dict[UUID, dict[str, str]] = {}
    since: dict[UUID, dict[str, Since]] = {}
    consents = select(Consent).where(Consent.business_id == business_id, Consent.channel == WHATSAPP)
    async for row in await session.stream_scalars(consents.execution_options(yield_per=_BATCH)):
        states.setdefault(row.contact_id, {})[row.topic] = row.state
        since.setdefault(row.contact_id, {})[row.topic] = Since(row.act_id, row.since)
        session.expunge(row)
    wanted: dict[UUID, tuple[Preferences, Since]] = {}
    preferences = select(ContactPreferences).where(ContactPreferences.business_id == business_id)
    async for one in await session.stream_scalars(preferences.execution_options(yield_per=_BATCH)):
        wanted[one.contact_id] = Preferences.from_json(one.preferences), Since(one.act_id, one.since)
        session.expunge(one)
    found = {}
    for contact_id in states.keys() | wanted.keys():
        preferred, preferred_since = wanted.get(contact_id, (NO_PREFERENCES, None))
        stance = Stance(states.get(contact_id, {}), preferred)
        found[contact_id] = Holding(stance, since.get(contact_id, {}), preferred_since)
    return found


async def rebuild(session: AsyncSession, business_id: UUID) -> list[UUID]:
    """Makes what holds anew from the ledger; answers for which contacts it was something else. The caller holds the
    locks of `ConsentService.lock`, and brings into line what waits for them."""
    folded: dict[UUID, Holding] = {}
    async for line, _ in _lines(session, business_id):
        folded[line.contact_id] = _recorded(folded.get(line.contact_id, NOTHING_HELD), line)
    kept = await _kept(session, business_id)
    changed = []
    for contact_id in sorted(folded.keys() | kept.keys()):
        holding = folded.get(contact_id, NOTHING_HELD)
        contact = await session.get(Contact, (business_id, contact_id))
        if contact is not None and holding != kept.get(contact_id, NOTHING_HELD):
            await repository.keep_holding(session, contact, holding)
            changed.append(contact_id)
    return changed


def _recorded(holding: Holding, line: ConsentAct) -> Holding:
    return recorded(holding, Deed(Act(line.act), line.topic, line.value), Since(line.id, line.occurred_at))


async def _erased(session: AsyncSession, business_id: UUID) -> set[UUID]:
    query = select(ConsentAct.contact_id).where(
        ConsentAct.business_id == business_id, ConsentAct.act == Act.ERASURE.value
    )
    return set(await session.scalars(query))


async def _lines(session: AsyncSession, business_id: UUID) -> AsyncIterator[tuple[ConsentAct, ConsentEvidence | None]]:
    query: Any = (
        select(ConsentAct, ConsentEvidence)
        .outerjoin(
            ConsentEvidence,
            (ConsentEvidence.business_id == ConsentAct.business_id) & (ConsentEvidence.act_id == ConsentAct.id),
        )
        .where(ConsentAct.business_id == business_id)
        .order_by(ConsentAct.number.nulls_first(), ConsentAct.id)
        .execution_options(yield_per=_BATCH)
    )
    async for line, evidence in await session.stream(query):
        session.expunge(line)
        if evidence is not None:
            session.expunge(evidence)
        yield line, evidence
