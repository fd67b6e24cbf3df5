"""Recording rows of a list: many lines of the ledger at once, with what holds by them, in the caller's transaction."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import asyncpg
from sqlalchemy import ARRAY, Text, Uuid, any_, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount
from app.callbacks import outbox
from app.consent import holdings, repository
from app.consent.chain import pseudonym
from app.consent.fold import NOTHING_HELD, Act, Deed, Holding, Since, Stance, recorded
from app.consent.imports.judging import Fault, JudgedRow
from app.consent.imports.models import ConsentImport
from app.consent.imports.standing import Standing, changing
from app.consent.ledger import NewAct, OpenLedger, ledger_keys
from app.consent.models import Consent, ConsentAct, Contact, ContactPreferences
from app.consent.preferences import Preferences
from app.consent.repository import ContactKey
from app.consent.rules import WHATSAPP, ConsentState
from app.consent.service import ConsentService, changed
from app.consent.sources import Source
from app.consent.wa_ids import other_phones
from app.core.database import driver_of
from app.core.ids import public_id

IMPORT_PREFIX = "imp"
ACTOR = "import"

WaitedFor = Callable[[AsyncSession, UUID, Sequence[UUID]], Awaitable[Sequence[UUID]]]
"""Which of these contacts any message waits for. Given by the floor above."""

Result = Literal["recorded", "unchanged"] | Fault


@dataclass(slots=True)
class _Person:
    """Whom rows of the chunk are about."""

    name: "Name"
    """The first by which a row names the person, where several do."""
    contact: Contact | None
    """Made only where something is recorded."""
    before: Holding
    standing: Standing
    """As the rows that were decided make it."""


Name = tuple[str, str]
"""Kind and value: `phone` and the number, `bsuid` and the id."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one import that are recorded together."""

    business: BusinessAccount
    of: ConsentImport
    rows: Sequence[JudgedRow]
    now: datetime
    people: dict[Name, _Person] = field(default_factory=dict)
    """By every name; one and the same under several of one person."""

    @property
    def refuses(self) -> bool:
        return any(row.act is Act.OPT_OUT for row in self.rows)


class Recorder:
    def __init__(self, consent: ConsentService, waited_for: WaitedFor) -> None:
        self._consent = consent
        self._waited_for = waited_for

    async def record(self, session: AsyncSession, batch: Batch) -> list[Result]:
        """What becomes of each row. Takes the locks of whoever records acts."""
        if not batch.rows:
            return []
        business_id = batch.business.business_id
        await self._consent.lock(session, [business_id], refusing=batch.refuses)
        await _look_up(session, batch)
        results, acts = _decide(batch)
        if not acts:
            return results
        contacts = await _ensure(session, batch, {name for name, _ in acts})
        ledger = await OpenLedger.open(session, batch.business)
        lines = await ledger.add_many([(contacts[name], act) for name, act in acts], batch.now)
        await _keep(session, batch, [name for name, _ in acts], lines)
        await self._follow(session, batch, lines)
        return results

    async def try_out(self, session: AsyncSession, batch: Batch) -> list[Result]:
        """What would become of each row."""
        await _look_up(session, batch)
        return _decide(batch)[0]

    async def _follow(self, session: AsyncSession, batch: Batch, lines: Sequence[ConsentAct]) -> None:
        """What waits for those who refused is settled, and of each of them the business is told. Of a million opt-ins
        it is told at the end, by one event."""
        refused: dict[UUID, list[ConsentAct]] = {}
        for line in lines:
            if line.act == Act.OPT_OUT.value:
                refused.setdefault(line.contact_id, []).append(line)
        if not refused:
            return
        await session.flush()
        business_id = batch.business.business_id
        for contact_id in await self._waited_for(session, business_id, sorted(refused)):
            await self._consent.settle(session, business_id, contact_id)
        events = [
            outbox.NewEvent(
                business_id,
                batch.of.mode,
                outbox.CONSENT_CHANGED,
                changed(person.contact, refused[person.contact.id], person.standing.holding.stance, batch.now),
                batch.now,
                person.contact.id,
            )
            for name, person in batch.people.items()
            if name == person.name and person.contact is not None and person.contact.id in refused
        ]
        await outbox.tell_many(await driver_of(session), business_id, events)


async def _look_up(session: AsyncSession, batch: Batch) -> None:
    names = {(row.kind, row.value) for row in batch.rows}
    business_id = batch.business.business_id
    contacts = await _contacts(session, batch, names)
    ids = [contact.id for contact in contacts.values()]
    held = await _holdings(session, business_id, ids)
    by_id = await _refusals_of_contacts(session, business_id, ids)
    keys = ledger_keys(batch.business)
    subjects = {name: [pseudonym(keys, value) for _, value in (name, *_other_names(name))] for name in names}
    by_subject = await _refusals_of_subjects(session, batch, [one for each in subjects.values() for one in each])
    people: dict[UUID | Name, _Person] = {}
    for name in sorted(names):
        contact = contacts.get(name)
        holding = held.get(contact.id, NOTHING_HELD) if contact is not None else NOTHING_HELD
        key = contact.id if contact is not None else min(name, *_other_names(name))
        person = people.setdefault(key, _Person(name, contact, holding, Standing(holding)))
        told = [by_subject.get(subject, {}) for subject in subjects[name]]
        told += [by_id.get(contact.id, {}) if contact is not None else {}, _refused_now(holding)]
        for topic, at in (refusal for each in told for refusal in each.items()):
            person.standing.refusals[topic] = max(at, person.standing.refusals.get(topic, at))
        batch.people[name] = person


def _refused_now(holding: Holding) -> dict[str, datetime]:
    """Also by acts of another kind, which took refusals over from somebody who was the same, or had the number."""
    return {
        topic: since.occurred_at
        for topic, since in holding.consents.items()
        if holding.stance.states[topic] == ConsentState.OPTED_OUT
    }


def _other_names(name: Name) -> list[Name]:
    kind, value = name
    return [(kind, other) for other in other_phones(value)] if kind == "phone" else []


def _names_at_meta(name: Name) -> list[Name]:
    kind, value = name
    if kind == "phone":
        return [("wa_id", value.removeprefix("+"))]
    return [("parent_bsuid", value)] if ".ENT." in value else []


_COLUMNS = {
    "phone": Contact.phone,
    "bsuid": Contact.bsuid,
    "wa_id": Contact.wa_id,
    "parent_bsuid": Contact.parent_bsuid,
}


async def _contacts(session: AsyncSession, batch: Batch, names: Collection[Name]) -> dict[Name, Contact]:
    """By this name before any other that means the same."""
    wanted = {name: [name, *_other_names(name), *_names_at_meta(name)] for name in names}
    found: dict[Name, Contact] = {}
    for kind, column in _COLUMNS.items():
        values = sorted({value for each in wanted.values() for of_kind, value in each if of_kind == kind})
        if not values:
            continue
        query = select(Contact).where(
            Contact.business_id == batch.business.business_id,
            Contact.mode == batch.of.mode,
            column == any_(literal(values, ARRAY(Text))),
            Contact.ended_at.is_(None),
        )
        if not batch.of.dry_run:
            query = query.order_by(Contact.id).with_for_update(key_share=True)
        for contact in await session.scalars(query):
            found[kind, getattr(contact, kind)] = contact
    return {
        name: contact
        for name, each in wanted.items()
        for contact in [next((found[one] for one in each if one in found), None)]
        if contact is not None
    }


async def _ensure(session: AsyncSession, batch: Batch, names: Collection[Name]) -> dict[Name, Contact]:
    """The contacts of these names, made where they are missing; with what the list says of them where nothing is known
    yet: a list is older than what the customer said since."""
    details = {batch.people[row.kind, row.value].name: (row.name, row.language) for row in reversed(batch.rows)}
    missing = {name for name in names if batch.people[name].contact is None}
    if missing:
        keys: dict[ContactKey, tuple[str | None, str | None, str | None]] = {
            ContactKey(batch.business.business_id, batch.of.mode, *name): (*details[name], None) for name in missing
        }
        await repository.add_contacts(await driver_of(session), keys)
        for name, contact in (await _contacts(session, batch, missing)).items():
            batch.people[name].contact = contact
    found = {}
    for name in names:
        known = batch.people[name].contact
        if known is None:
            raise RuntimeError("a contact that was just added is gone")
        said, language = details[name]
        known.name, known.language = known.name or said, known.language or language
        found[name] = known
    return found


async def _holdings(session: AsyncSession, business_id: UUID, ids: Sequence[UUID]) -> dict[UUID, Holding]:
    mine = literal(ids, ARRAY(Uuid))
    consents = select(Consent.contact_id, Consent.topic, Consent.state, Consent.act_id, Consent.since).where(
        Consent.business_id == business_id, Consent.contact_id == any_(mine), Consent.channel == WHATSAPP
    )
    states: dict[UUID, dict[str, str]] = {}
    since: dict[UUID, dict[str, Since]] = {}
    for contact_id, topic, state, act_id, at in await session.execute(consents):
        states.setdefault(contact_id, {})[topic] = state
        since.setdefault(contact_id, {})[topic] = Since(act_id, at)
    wanted = {
        row.contact_id: (Preferences.from_json(row.preferences), Since(row.act_id, row.since))
        for row in await session.scalars(
            select(ContactPreferences).where(
                ContactPreferences.business_id == business_id, ContactPreferences.contact_id == any_(mine)
            )
        )
    }
    nothing: tuple[Preferences, Since | None] = (Preferences(), None)
    return {
        one: Holding(Stance(states.get(one, {}), preferred), since.get(one, {}), preferred_since)
        for one in states.keys() | wanted.keys()
        for preferred, preferred_since in (wanted.get(one, nothing),)
    }


REFUSALS_OF_CONTACTS = """
    SELECT i.id AS who, CASE a.act WHEN 'opt_out' THEN a.topic ELSE '*' END AS topic, max(a.occurred_at) AS at
      FROM unnest($2::uuid[]) AS i(id),
           LATERAL (SELECT i.id AS contact_id
                    UNION ALL
                    SELECT c.id FROM contacts c WHERE c.business_id = $1 AND c.successor_id = i.id) AS f
           JOIN consent_acts a ON a.business_id = $1 AND a.contact_id = f.contact_id
     WHERE a.act IN ('opt_out', 'erasure')
     GROUP BY 1, 2
"""
"""Also by whoever turned out to be the same person."""

REFUSALS_OF_SUBJECTS = """
    WITH named AS (
        SELECT a.subject, a.contact_id FROM consent_acts a
         WHERE a.business_id = $1 AND a.subject = ANY($2::bytea[])
        UNION
        SELECT s.subject, a.contact_id
          FROM consent_subjects s JOIN consent_acts a ON a.business_id = s.business_id AND a.id = s.act_id
         WHERE s.business_id = $1 AND s.subject = ANY($2::bytea[])),
    people AS (
        SELECT n.subject, c.id, coalesce(c.successor_id, c.id) AS kept
          FROM named n JOIN contacts c ON c.business_id = $1 AND c.id = n.contact_id
         WHERE c.mode = $3),
    everybody AS (
        SELECT subject, id FROM people
        UNION
        SELECT subject, kept FROM people
        UNION
        SELECT p.subject, c.id FROM people p JOIN contacts c ON c.business_id = $1 AND c.successor_id = p.kept)
    SELECT e.subject AS who, CASE a.act WHEN 'opt_out' THEN a.topic ELSE '*' END AS topic, max(a.occurred_at) AS at
      FROM everybody e JOIN consent_acts a ON a.business_id = $1 AND a.contact_id = e.id
     WHERE a.act IN ('opt_out', 'erasure')
     GROUP BY 1, 2
"""
"""Of whoever had the number or the id, and of those who are the same person: also of contacts that were erased
since."""


async def _refusals_of_contacts(
    session: AsyncSession, business_id: UUID, ids: Sequence[UUID]
) -> dict[UUID, dict[str, datetime]]:
    found = await (await driver_of(session)).fetch(REFUSALS_OF_CONTACTS, business_id, list(ids))
    return _by_whom(found)


async def _refusals_of_subjects(
    session: AsyncSession, batch: Batch, subjects: Sequence[bytes]
) -> dict[bytes, dict[str, datetime]]:
    connection = await driver_of(session)
    return _by_whom(
        await connection.fetch(REFUSALS_OF_SUBJECTS, batch.business.business_id, list(subjects), batch.of.mode)
    )


def _by_whom(found: Sequence[asyncpg.Record]) -> dict[Any, dict[str, datetime]]:
    refusals: dict[Any, dict[str, datetime]] = {}
    for row in found:
        refusals.setdefault(row["who"], {})[row["topic"]] = row["at"]
    return refusals


def _decide(batch: Batch) -> tuple[list[Result], list[tuple[Name, NewAct]]]:
    """One row after the other: a later one finds what an earlier one of the same contact said."""
    results: list[Result] = []
    acts: list[tuple[Name, NewAct]] = []
    for row in batch.rows:
        person = batch.people[row.kind, row.value]
        # Also where the business has opt-ins confirmed: what a list tells was given before, with its proof, and a
        # message to each of a million contacts is not to come of it.
        topics = changing(row, row.act, person.standing)
        if isinstance(topics, Fault):
            results.append(topics)
            continue
        results.append("recorded" if topics else "unchanged")
        for topic in topics:
            acts.append((person.name, _new_act(batch.of, row, topic)))
            _suppose(person.standing, row, topic)
    return results, acts


def _suppose(standing: Standing, row: JudgedRow, topic: str) -> None:
    """For the rows after it; by which line it holds is known when it is written."""
    deed = Deed(row.act, topic)
    standing.holding = recorded(standing.holding, deed, Since(_NOT_YET, row.occurred_at))
    if row.act is Act.OPT_OUT:
        standing.refusals[topic] = max(row.occurred_at, standing.refusals.get(topic, row.occurred_at))


_NOT_YET = UUID(int=0)


def _new_act(of: ConsentImport, row: JudgedRow, topic: str) -> NewAct:
    told = {"import": public_id(IMPORT_PREFIX, of.id), "line": row.line, "source": row.original_source}
    if row.actor != "customer":
        told["actor"] = row.actor
    return NewAct(
        act=row.act,
        source=Source.IMPORT,
        occurred_at=row.occurred_at,
        topic=topic,
        value={name: value for name, value in told.items() if value is not None},
        place=row.place,
        actor=ACTOR,
        wording=row.wording,
        wording_version=row.wording_version,
        language=row.language,
        address=row.address,
    )


KEEP_CONSENTS = """
    INSERT INTO consents AS held (business_id, contact_id, channel, topic, state, act_id, since)
    SELECT $1, contact_id, 'whatsapp', topic, state, act_id, since
      FROM unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::timestamptz[])
        AS i(contact_id, topic, state, act_id, since)
    ON CONFLICT (business_id, contact_id, channel, topic) DO UPDATE
       SET state = excluded.state, act_id = excluded.act_id, since = excluded.since
     WHERE (held.state, held.act_id, held.since) IS DISTINCT FROM (excluded.state, excluded.act_id, excluded.since)
"""

DROP_CONSENTS = """
    DELETE FROM consents c USING unnest($2::uuid[], $3::text[]) AS i(contact_id, topic)
     WHERE c.business_id = $1 AND c.contact_id = i.contact_id AND c.channel = 'whatsapp' AND c.topic = i.topic
"""


async def _keep(session: AsyncSession, batch: Batch, names: Sequence[Name], lines: Sequence[ConsentAct]) -> None:
    """Makes it what holds: folded anew, now that the lines are known. `names`: whom each line is about."""
    after = {name: batch.people[name].before for name in names}
    for name, line in zip(names, lines, strict=True):
        deed = Deed(Act(line.act), line.topic, line.value)
        after[name] = recorded(after[name], deed, Since(line.id, line.occurred_at))
    kept: list[tuple[UUID, str, str, UUID, datetime]] = []
    gone: list[tuple[UUID, str]] = []
    for name, holding in after.items():
        person = batch.people[name]
        before, person.standing.holding = person.before, holding
        if person.contact is None:
            continue
        for topic, since in holding.consents.items():
            if before.consents.get(topic) != since:
                kept.append((person.contact.id, topic, holding.stance.states[topic], since.act_id, since.occurred_at))
        gone += [(person.contact.id, topic) for topic in before.consents.keys() - holding.consents.keys()]
        if before.preferences != holding.preferences:
            await holdings.keep_preferences(session, person.contact, holding)
    connection, business_id = await driver_of(session), batch.business.business_id
    if gone:
        await connection.execute(DROP_CONSENTS, business_id, *map(list, zip(*sorted(gone), strict=True)))
    if kept:
        await connection.execute(KEEP_CONSENTS, business_id, *map(list, zip(*sorted(kept), strict=True)))
