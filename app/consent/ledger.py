"""Writing the ledger: each act becomes the next line of its business's chain, in the caller's transaction."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount
from app.consent import chain
from app.consent.chain import LedgerKeys
from app.consent.fold import Act
from app.consent.models import ConsentAct, ConsentEvidence, ConsentLedger, ConsentSubject, Contact
from app.consent.rules import ALL_TOPICS, WHATSAPP
from app.core.database import copy_rows
from app.core.ids import new_id
from app.core.secrets import derive

CHAINED = (
    "business_id",
    "number",
    "id",
    "contact_id",
    "act",
    "channel",
    "topic",
    "value",
    "source",
    "place",
    "link_id",
    "actor",
    "wording",
    "wording_version",
    "language",
    "subject",
    "evidence_hash",
    "occurred_at",
    "recorded_at",
)
"""The columns that a line's hash covers: all but the hash."""

_AT_ONCE = 5000
"""Lines to be read."""

_AT_A_STRETCH = 50
"""Lines to be hashed."""


@dataclass(frozen=True, slots=True)
class NewAct:
    """An act to be recorded."""

    act: Act
    source: str
    occurred_at: datetime
    topic: str = ALL_TOPICS
    value: dict[str, Any] | None = None
    place: str | None = None
    link_id: UUID | None = None
    actor: str = "customer"
    wording: str | None = None
    wording_version: str | None = None
    language: str | None = None
    address: str | None = None
    """The customer's IP address: personal, kept beside the line."""
    page: str | None = None
    """The web page on which it was done: its path may name whom it shows, so it is kept beside the line, too."""
    proof: str | None = None
    """`wamid` of what Meta said it with; a phone number can be read from it, so it is kept beside the line, too."""


def ledger_keys(business: BusinessAccount) -> LedgerKeys:
    return LedgerKeys(derive(business.secret, "consent ledger"), derive(business.secret, "consent ledger subjects"))


IDENTIFIERS = ("phone", "bsuid", "wa_id", "parent_bsuid")
"""By what a contact may be known."""


def identifiers_of(contact: Contact) -> dict[str, str]:
    """By kind; those that are known."""
    told = {kind: getattr(contact, kind) for kind in IDENTIFIERS}
    return {kind: value for kind, value in told.items() if value is not None}


def names_of(identifiers: Mapping[str, str]) -> list[str]:
    """By which a person may be looked for. Digits alone are none: whoever has them gives them as a phone."""
    return [value for kind, value in identifiers.items() if kind != "wa_id"]


async def lock_ledgers(session: AsyncSession, business_ids: Iterable[UUID]) -> None:
    """Holds back every other writer of these ledgers until the end of the transaction.

    To be taken before contacts are locked, and in this order, by every transaction that records more than one act.
    """
    for business_id in sorted(set(business_ids)):
        await _head(session, business_id)


async def _head(session: AsyncSession, business_id: UUID) -> ConsentLedger:
    await session.execute(
        insert(ConsentLedger)
        .values(business_id=business_id, length=0, head=chain.GENESIS)
        .on_conflict_do_nothing(index_elements=["business_id"])
    )
    query = select(ConsentLedger).where(ConsentLedger.business_id == business_id).with_for_update()
    return (await session.scalars(query)).one()


async def beginning(session: AsyncSession, business_id: UUID, keys: LedgerKeys) -> bytes:
    """What the first line vouches for: all lines from before the chain, by the same hash. `GENESIS` where none are."""
    query = (
        select(*(getattr(ConsentAct, name) for name in CHAINED))
        .where(ConsentAct.business_id == business_id, ConsentAct.number.is_(None))
        .order_by(ConsentAct.id)
        .execution_options(yield_per=_AT_ONCE)
    )
    head = chain.GENESIS
    async for line in await session.stream(query):
        head = chain.link_hash(keys, head, dict(zip(CHAINED, line, strict=True)))
    return head


class OpenLedger:
    """A business's ledger while this transaction has it to itself."""

    def __init__(self, session: AsyncSession, head: ConsentLedger, keys: LedgerKeys) -> None:
        self._session = session
        self._head = head
        self._keys = keys

    @classmethod
    async def open(cls, session: AsyncSession, business: BusinessAccount) -> "OpenLedger":
        """Waits for other writers. Whoever locks contacts, too, opens the ledger first. The chain begins with what is
        there from before it: lines that carry no number."""
        head, keys = await _head(session, business.business_id), ledger_keys(business)
        if head.length == 0 and head.head == chain.GENESIS:
            head.head = await beginning(session, business.business_id, keys)
        return cls(session, head, keys)

    def add(self, contact: Contact, act: NewAct, recorded_at: datetime) -> ConsentAct:
        """Flushed with the session. The contact's identifiers are those of now: what the line vouches for later."""
        line, evidence = self._next(contact, act, recorded_at)
        self._session.add(line)
        self._session.add(evidence)
        self._session.add_all(self._further_subjects(line, contact))
        return line

    async def add_many(self, acts: Sequence[tuple[Contact, NewAct]], recorded_at: datetime) -> list[ConsentAct]:
        """The same at once for acts of many contacts, who are in the database already."""
        added = []
        for number, (contact, act) in enumerate(acts):
            if number % _AT_A_STRETCH == 0:
                await asyncio.sleep(0)  # others of this process have their turn
            added.append(self._next(contact, act, recorded_at))
        await copy_rows(self._session, ConsentAct, [line for line, _ in added])
        await copy_rows(self._session, ConsentEvidence, [evidence for _, evidence in added])
        further = [
            one
            for (contact, _), (line, _) in zip(acts, added, strict=True)
            for one in self._further_subjects(line, contact)
        ]
        if further:
            await copy_rows(self._session, ConsentSubject, further)
        return [line for line, _ in added]

    def _further_subjects(self, line: ConsentAct, contact: Contact) -> list[ConsentSubject]:
        subjects = {chain.pseudonym(self._keys, one) for one in names_of(identifiers_of(contact))} - {line.subject}
        return [ConsentSubject(business_id=line.business_id, subject=one, act_id=line.id) for one in sorted(subjects)]

    def _next(self, contact: Contact, act: NewAct, recorded_at: datetime) -> tuple[ConsentAct, ConsentEvidence]:
        identifiers = identifiers_of(contact)
        beside = {"address": act.address, "page": act.page, "proof": act.proof}
        personal = {**identifiers, **{name: value for name, value in beside.items() if value is not None}}
        sealed = chain.seal(personal)
        known_as = next(iter(identifiers.values()), None)
        line = ConsentAct(
            business_id=contact.business_id,
            number=self._head.length + 1,
            id=new_id(),
            contact_id=contact.id,
            act=act.act.value,
            channel=WHATSAPP,
            topic=act.topic,
            value=act.value,
            source=act.source,
            place=act.place,
            link_id=act.link_id,
            actor=act.actor,
            wording=act.wording,
            wording_version=act.wording_version,
            language=act.language,
            subject=chain.pseudonym(self._keys, known_as) if known_as is not None else None,
            evidence_hash=sealed.digest,
            occurred_at=act.occurred_at,
            recorded_at=recorded_at,
        )
        line.mac = chain.link_hash(self._keys, self._head.head, {name: getattr(line, name) for name in CHAINED})
        self._head.length, self._head.head = self._head.length + 1, line.mac
        evidence = ConsentEvidence(business_id=contact.business_id, act_id=line.id, salt=sealed.salt, personal=personal)
        return line, evidence
