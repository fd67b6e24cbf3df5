"""Who a person is and was: their contacts, and by which names each is known, of when until when.

Numbers go from one customer to another. What was written from one before the person had it, or after they gave it up,
is somebody else's: it must neither be shown to them nor be forgotten with them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount
from app.consent import chain
from app.consent.ledger import IDENTIFIERS, identifiers_of, ledger_keys
from app.consent.models import ConsentAct, ConsentEvidence, Contact
from app.provider_events.erasing import Names, Tenure


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever is meant by a contact: with the contacts that were merged into it, and all that they are known by."""

    contacts: list[Contact]
    names: Names
    """Each with when it was theirs."""

    @property
    def ids(self) -> list[UUID]:
        return [one.id for one in self.contacts]


async def person_of(session: AsyncSession, business: BusinessAccount, family: list[Contact]) -> Person:
    """`family`: all contacts that are the person."""
    now = {value for one in family for value in identifiers_of(one).values()}
    lines = await _lines(session, business.business_id, family)
    then = {value for _, names in lines for value in names} - now
    taken = await _of_others(session, family[0], then)
    names: dict[str, Tenure] = {}
    for name in now | then:
        until = _given_up(lines, name, family) if name in then else None
        if until is not None or name not in taken:
            names[name] = Tenure(await _since(session, business, family, name, until), until)
    return Person(family, Names(names))


async def _lines(
    session: AsyncSession, business_id: UUID, family: Sequence[Contact]
) -> list[tuple[datetime, frozenset[str]]]:
    """When each line of theirs was recorded, and by which names they were known then."""
    evidence = and_(ConsentEvidence.business_id == ConsentAct.business_id, ConsentEvidence.act_id == ConsentAct.id)
    query = (
        select(ConsentAct.recorded_at, ConsentEvidence.personal)
        .join(ConsentEvidence, evidence)
        .where(ConsentAct.business_id == business_id, ConsentAct.contact_id.in_([one.id for one in family]))
        .order_by(ConsentAct.number.nulls_first(), ConsentAct.id)
    )
    return [
        (at, frozenset(value for kind, value in personal.items() if kind in IDENTIFIERS))
        for at, personal in await session.execute(query)
    ]


def _given_up(
    lines: Sequence[tuple[datetime, frozenset[str]]], name: str, family: Sequence[Contact]
) -> datetime | None:
    """When the first line was recorded that does not know the name any more; nothing where that is not known."""
    last = max(place for place, (_, names) in enumerate(lines) if name in names)
    if last + 1 < len(lines):
        return lines[last + 1][0]
    return max((one.ended_at for one in family if one.ended_at is not None and one.successor_id is None), default=None)


async def _since(
    session: AsyncSession, business: BusinessAccount, family: Sequence[Contact], name: str, until: datetime | None
) -> datetime | None:
    """When somebody else last did something under the name, before it was theirs."""
    query = (
        select(func.max(ConsentAct.occurred_at))
        .join(Contact, and_(Contact.business_id == ConsentAct.business_id, Contact.id == ConsentAct.contact_id))
        .where(
            ConsentAct.business_id == business.business_id,
            ConsentAct.subject.in_([chain.pseudonym(ledger_keys(business), one) for one in _as_written(name)]),
            ConsentAct.contact_id.not_in([one.id for one in family]),
            Contact.mode == family[0].mode,
        )
    )
    if until is not None:
        query = query.where(ConsentAct.recorded_at < until)
    return await session.scalar(query)


def _as_written(name: str) -> Iterable[str]:
    """The ledger calls people by phone, where it knows it; Meta by the digits alone."""
    return (name, f"+{name}") if name.isdecimal() else (name,)


async def _of_others(session: AsyncSession, contact: Contact, names: set[str]) -> set[str]:
    """Which of these, with or without the sign before the digits, are somebody else's now."""
    taken: set[str] = set()
    for kind in IDENTIFIERS:
        column = getattr(Contact, kind)
        others = select(column).where(
            Contact.business_id == contact.business_id, Contact.mode == contact.mode, column.in_(names)
        )
        taken |= set(await session.scalars(others))
    return taken | {f"+{one}" for one in taken} | {one.removeprefix("+") for one in taken}
