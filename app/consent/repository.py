"""Who contacts are: every query about them, and the lock between consent and claims."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol, Self
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import ColumnElement, Select, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.consent.models import (
    Contact,
    TestListMember,
)
from app.consent.persons import Finding, NamedContact, Names, Told, told
from app.consent.phones import normalize_phone
from app.consent.preferences import NO_PREFERENCES, Preferences
from app.consent.wa_ids import other_phones
from app.core.database import announce
from app.core.ids import new_id
from app.core.problems import NotFound

TEST_LISTS_CHANNEL = "ulak_test_lists"
"""Notified with a business's id when one of its test lists changed."""

__all__ = ["Contact", "ContactKey", "KnownContact"]


@dataclass(frozen=True, slots=True, order=True)
class ContactKey:
    """How an event names a contact."""

    business_id: UUID
    mode: str
    kind: str
    """`phone` or `bsuid`; also `id`, in requests about a contact that exists."""
    value: str

    @classmethod
    def of(cls, business_id: UUID, mode: str, named: "Named", country: str) -> Self:
        """`country`: in whose way a national number is read. Raises PhoneError."""
        if named.phone is None:
            return cls(business_id, mode, "bsuid", named.bsuid or "")
        return cls(business_id, mode, "phone", normalize_phone(named.phone, country))


class Named(Protocol):
    """A contact as a request names it: by phone or by BSUID."""

    @property
    def phone(self) -> str | None: ...

    @property
    def bsuid(self) -> str | None: ...


@dataclass(slots=True)
class KnownContact:
    id: UUID
    name: str | None
    language: str | None
    time_zone: str | None
    consents: dict[str, str]
    """State by topic, for WhatsApp."""
    preferences: Preferences = NO_PREFERENCES


_COLUMNS = """
    i.n, c.id, c.name, c.language, c.time_zone,
    (SELECT array_agg(s.topic || '=' || s.state) FROM consents s
      WHERE s.business_id = c.business_id AND s.contact_id = c.id AND s.channel = 'whatsapp') AS consents,
    (SELECT p.preferences FROM contact_preferences p
      WHERE p.business_id = c.business_id AND p.contact_id = c.id) AS preferences
"""

FIND_CONTACTS = f"""
    SELECT {_COLUMNS}
      FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
           WITH ORDINALITY AS i(business_id, mode, kind, value, n),
           LATERAL (
               (SELECT * FROM contacts c
                 WHERE i.kind = 'phone' AND c.business_id = i.business_id AND c.mode = i.mode AND c.phone = i.value
                   AND c.ended_at IS NULL
                 LIMIT 1)
               UNION ALL
               (SELECT * FROM contacts c
                 WHERE i.kind = 'bsuid' AND c.business_id = i.business_id AND c.mode = i.mode AND c.bsuid = i.value
                   AND c.ended_at IS NULL
                 LIMIT 1)
               UNION ALL
               (SELECT * FROM contacts c
                 WHERE i.kind = 'parent' AND c.business_id = i.business_id AND c.mode = i.mode
                   AND c.parent_bsuid = i.value AND c.ended_at IS NULL
                 LIMIT 1)) AS c
"""  # noqa: S608 - constants
"""LATERAL with a limit leaves the planner one way, by index, whatever size it believes the table has."""

ADD_CONTACTS = """
    INSERT INTO contacts (business_id, id, mode, phone, bsuid, name, language, time_zone)
    SELECT business_id, id, mode, CASE kind WHEN 'phone' THEN value END, CASE kind WHEN 'bsuid' THEN value END,
           name, language, time_zone
      FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
        AS i(business_id, id, mode, kind, value, name, language, time_zone)
    ON CONFLICT DO NOTHING
"""


LEARN = """
    WITH mine AS (
        SELECT c.business_id, c.id, i.name, i.language, i.time_zone
          FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[])
               AS i(business_id, id, name, language, time_zone)
          JOIN contacts c ON c.business_id = i.business_id AND c.id = i.id
         ORDER BY c.business_id, c.id
           FOR NO KEY UPDATE OF c)
    UPDATE contacts c
       SET name = coalesce(c.name, mine.name), language = coalesce(c.language, mine.language),
           time_zone = coalesce(c.time_zone, mine.time_zone)
      FROM mine WHERE c.business_id = mine.business_id AND c.id = mine.id
"""
"""In order, so that two processes that learn of the same contacts wait for each other."""


def read_consents(pairs: list[str] | None) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in pairs or ())


def read_preferences(told: str | None) -> Preferences:
    """`told`: the row's JSON; few customers have one."""
    return Preferences.from_json(orjson.loads(told)) if told is not None else NO_PREFERENCES


async def find_contacts(
    connection: asyncpg.pool.PoolConnectionProxy, keys: Sequence[ContactKey]
) -> dict[ContactKey, KnownContact]:
    """By any of their names. Only for numbers that may have been written in another way it is looked twice."""
    found = await _find_contacts(connection, keys)
    others = {other: key for key in keys if key not in found for other in _other_names(key)}
    if others:
        for other, contact in (await _find_contacts(connection, list(others))).items():
            found.setdefault(others[other], contact)
    return found


def _other_names(key: ContactKey) -> list[ContactKey]:
    match key.kind:
        case "phone":
            return [ContactKey(key.business_id, key.mode, "phone", other) for other in other_phones(key.value)]
        case "bsuid" if ".ENT." in key.value:
            return [ContactKey(key.business_id, key.mode, "parent", key.value)]
    return []


async def _find_contacts(
    connection: asyncpg.pool.PoolConnectionProxy, keys: Sequence[ContactKey]
) -> dict[ContactKey, KnownContact]:
    rows = await connection.fetch(
        FIND_CONTACTS,
        [key.business_id for key in keys],
        [key.mode for key in keys],
        [key.kind for key in keys],
        [key.value for key in keys],
    )
    return {
        keys[row["n"] - 1]: KnownContact(
            row["id"],
            row["name"],
            row["language"],
            row["time_zone"],
            read_consents(row["consents"]),
            read_preferences(row["preferences"]),
        )
        for row in rows
    }


async def add_contacts(
    connection: asyncpg.pool.PoolConnectionProxy, contacts: dict[ContactKey, tuple[str | None, str | None, str | None]]
) -> None:
    """Adds contacts with name, language and time zone; those who exist stay as they are. In sorted order: two
    processes that add the same ones wait for each other instead of locking crosswise."""
    keys = sorted(contacts)
    await connection.execute(
        ADD_CONTACTS,
        [key.business_id for key in keys],
        [new_id() for _ in keys],
        [key.mode for key in keys],
        [key.kind for key in keys],
        [key.value for key in keys],
        [contacts[key][0] for key in keys],
        [contacts[key][1] for key in keys],
        [contacts[key][2] for key in keys],
    )


async def learn(
    connection: asyncpg.pool.PoolConnectionProxy,
    details: Mapping[tuple[UUID, UUID], tuple[str | None, str | None, str | None]],
) -> None:
    """Keeps name, language and time zone, by business and contact, where nothing is known yet."""
    ids = sorted(details)
    await connection.execute(
        LEARN,
        [business_id for business_id, _ in ids],
        [contact_id for _, contact_id in ids],
        [details[one][0] for one in ids],
        [details[one][1] for one in ids],
        [details[one][2] for one in ids],
    )


async def find_contact(session: AsyncSession, key: ContactKey) -> Contact | None:
    """The contact by any of its names, which one that ended has no more; by the id of one that was merged into another,
    that other. One that was erased is nobody."""
    mine = (Contact.business_id == key.business_id, Contact.mode == key.mode)
    named_so = (*mine, Contact.ended_at.is_(None))
    match key.kind:
        case "phone":
            return await _first(session, *named_so, Contact.phone.in_([key.value, *other_phones(key.value)]), key=key)
        case "bsuid":
            named = or_(Contact.bsuid == key.value, Contact.parent_bsuid == key.value)
            return await _first(session, *named_so, named, key=key)
    contact = await session.scalar(select(Contact).where(*mine, Contact.id == UUID(key.value)))
    while contact is not None and contact.successor_id is not None:
        contact = await session.scalar(select(Contact).where(*mine, Contact.id == contact.successor_id))
    return contact if contact is None or contact.ended_by != "erasure" else None


async def required_contact(session: AsyncSession, key: ContactKey) -> Contact:
    """Raises NotFound."""
    contact = await find_contact(session, key)
    if contact is None:
        raise no_such_contact()
    return contact


def no_such_contact() -> NotFound:
    return NotFound("The business has no such contact for this kind of key.")


async def _first(session: AsyncSession, *conditions: ColumnElement[bool], key: ContactKey) -> Contact | None:
    """The one that is named exactly so, before others whose number only is the same."""
    found = (await session.scalars(select(Contact).where(*conditions))).all()
    return min(found, key=lambda one: (key.value not in (one.phone, one.bsuid), one.id), default=None)


async def ensure_contact(session: AsyncSession, key: ContactKey) -> Contact | None:
    """The contact locked, since acts of one contact follow one another; made if missing, but for one named by id."""
    found = await find_contact(session, key)
    if found is None and key.kind != "id":
        await session.execute(
            insert(Contact)
            .values(business_id=key.business_id, id=new_id(), mode=key.mode, **{key.kind: key.value})
            .on_conflict_do_nothing(index_elements=["business_id", "mode", key.kind])
        )
        found = await find_contact(session, key)
    return await lock_contact(session, found) if found is not None else None


async def lock_contact(session: AsyncSession, contact: Contact) -> Contact:
    """As it is once nobody else changes it."""
    query = select(Contact).where(Contact.business_id == contact.business_id, Contact.id == contact.id)
    return (await session.scalars(query.with_for_update().execution_options(populate_existing=True))).one()


async def family(session: AsyncSession, contact: Contact) -> list[Contact]:
    """The contact, and those who were merged into it, and into those."""
    found = {contact.id: contact}
    newest = [contact.id]
    while newest:
        query = select(Contact).where(Contact.business_id == contact.business_id, Contact.successor_id.in_(newest))
        older = [one for one in (await session.scalars(query)).all() if one.id not in found]
        found |= {one.id: one for one in older}
        newest = [one.id for one in older]
    return [found[one] for one in sorted(found)]


async def current_contact(session: AsyncSession, business_id: UUID, mode: str, contact_id: UUID) -> Contact | None:
    """Who the contact is now, locked; nobody where it ended without a successor."""
    found = await find_contact(session, ContactKey(business_id, mode, "id", str(contact_id)))
    locked = await lock_contact(session, found) if found is not None else None
    return locked if locked is not None and locked.ended_at is None else None


async def contact_of_customer(
    session: AsyncSession,
    business_id: UUID,
    mode: str,
    wa_id: str | None,
    user_id: str | None,
    parent_user_id: str | None = None,
) -> Contact | None:
    """Who wrote to the business, by what Meta says of them: the contact, made if missing and locked; nothing where
    nobody is named."""
    said = told(business_id, mode, _NOW, "", wa_id=wa_id, bsuid=user_id, parent_bsuid=parent_user_id)
    found = await _made_if_missing(session, said)
    return await lock_contact(session, found) if found is not None else None


async def held_customer(session: AsyncSession, said: Told, *, made: bool) -> Contact | None:
    """Who is called so now, made if missing where `made` says so. Held, so that it stays who it is until the end of
    the transaction, and not locked: others may hold it, too."""
    names = replace(said, at=_NOW)
    for _ in range(_LOOKS):
        if made:
            found = await _made_if_missing(session, names)
        else:
            found = next(iter(persons_of(names, await known_as(session, names))), None)
        if found is None:
            return None
        mine = (Contact.business_id == found.business_id, Contact.id == found.id, Contact.ended_at.is_(None))
        held = select(Contact).where(*mine).with_for_update(read=True, key_share=True)
        still = await session.scalar(held.execution_options(populate_existing=True))
        if still is not None:
            return still
    return None


_LOOKS = 3
"""For somebody who was just being merged into another, or erased."""


async def _made_if_missing(session: AsyncSession, said: Told) -> Contact | None:
    business_id, mode = said.business_id, said.mode
    everybody = await known_as(session, said)
    known = persons_of(said, everybody)
    if not known and (said.phones or said.user_ids):
        is_free = not everybody  # otherwise the number is another's now, and what is said came late
        names = {
            "phone": next(iter(said.phones), None) if is_free else None,
            "wa_id": said.wa_id if is_free else None,
            "bsuid": next(iter(said.user_ids), None),
            "parent_bsuid": said.parent_bsuid,
        }
        await session.execute(
            insert(Contact).values(business_id=business_id, id=new_id(), mode=mode, **names).on_conflict_do_nothing()
        )
        known = persons_of(said, await known_as(session, said))
    return known[0] if known else None


async def known_customer(
    session: AsyncSession, business_id: UUID, mode: str, wa_id: str | None, user_id: str | None
) -> Contact | None:
    """The same, only where there is such a contact."""
    said = told(business_id, mode, _NOW, "", wa_id=wa_id, bsuid=user_id)
    known = persons_of(said, await known_as(session, said))
    return await lock_contact(session, known[0]) if known else None


_NOW = datetime.max.replace(tzinfo=UTC)
"""Whoever is looked for is looked for as known now."""


async def known_as(session: AsyncSession, said: Told, *, locked: bool = False) -> list[Contact]:
    """All who have one of these names, in the order of what proves most: `wa_id`, user id, phone."""
    query = select(Contact).where(
        Contact.business_id == said.business_id, Contact.mode == said.mode, Contact.ended_at.is_(None)
    )
    names: list[ColumnElement[bool]] = [Contact.phone.in_(said.phones), Contact.bsuid.in_(said.user_ids)]
    if said.wa_id is not None:
        names.append(Contact.wa_id == said.wa_id)
    if said.parent_bsuid is not None:
        names.append(Contact.parent_bsuid == said.parent_bsuid)
    query = query.where(or_(*names)).order_by(Contact.id).execution_options(populate_existing=True)
    found = (await session.scalars(query.with_for_update() if locked else query)).all()
    return sorted(found, key=lambda one: _proof(said, one))


def persons_of(said: Told, known: Sequence[Contact]) -> list[Contact]:
    """Without those who have the number, but whom Meta knows as somebody else."""
    return [one for one in known if not said.is_number_of_another(one)]


def _proof(said: Told, contact: Contact) -> tuple[int, tuple[int, UUID]]:
    """User ids come after the `wa_id` and before phones, which may be written in several ways."""
    nearness = said.nearness(contact)
    return (0 if nearness[0] == 0 else 1 if said.is_user_id_of(contact) else 2), nearness


KNOWN_AS = """
    SELECT DISTINCT i.n, c.id, c.phone, c.wa_id, c.bsuid, c.parent_bsuid, c.identified_at
      FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
           WITH ORDINALITY AS i(business_id, mode, phones, wa_id, user_ids, parent_bsuid, n),
           LATERAL (
               (SELECT * FROM contacts c
                 WHERE c.business_id = i.business_id AND c.mode = i.mode
                   AND c.phone = ANY(string_to_array(i.phones, ' ')) AND c.ended_at IS NULL LIMIT 8)
               UNION ALL
               (SELECT * FROM contacts c
                 WHERE c.business_id = i.business_id AND c.mode = i.mode AND c.wa_id = i.wa_id
                   AND c.ended_at IS NULL LIMIT 1)
               UNION ALL
               (SELECT * FROM contacts c
                 WHERE c.business_id = i.business_id AND c.mode = i.mode
                   AND c.bsuid = ANY(string_to_array(i.user_ids, ' ')) AND c.ended_at IS NULL LIMIT 8)
               UNION ALL
               (SELECT * FROM contacts c
                 WHERE c.business_id = i.business_id AND c.mode = i.mode AND c.parent_bsuid = i.parent_bsuid
                   AND c.ended_at IS NULL LIMIT 1)
           ) AS c
"""

IDENTIFY = """
    WITH mine AS (
        SELECT c.business_id, c.id, i.phone, i.wa_id, i.bsuid, i.parent_bsuid, i.at
          FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
               AS i(business_id, id, phone, wa_id, bsuid, parent_bsuid, at)
          JOIN contacts c ON c.business_id = i.business_id AND c.id = i.id
         WHERE c.ended_at IS NULL AND (c.identified_at IS NULL OR c.identified_at <= i.at)
         ORDER BY c.business_id, c.id
           FOR UPDATE OF c)
    UPDATE contacts c
       SET phone = coalesce(c.phone, mine.phone), wa_id = coalesce(mine.wa_id, c.wa_id),
           bsuid = coalesce(mine.bsuid, c.bsuid), parent_bsuid = coalesce(mine.parent_bsuid, c.parent_bsuid),
           identified_at = mine.at
      FROM mine WHERE c.business_id = mine.business_id AND c.id = mine.id
"""
"""What was said before something newer was changes nothing; in order, so that two processes wait for each other."""


async def known_to(
    connection: asyncpg.pool.PoolConnectionProxy, said: Sequence[Told]
) -> dict[Told, list[NamedContact]]:
    """Those who have one of the names that each of these says."""
    rows = await connection.fetch(
        KNOWN_AS,
        [one.business_id for one in said],
        [one.mode for one in said],
        [" ".join(one.phones) for one in said],
        [one.wa_id for one in said],
        [" ".join(one.user_ids) for one in said],
        [one.parent_bsuid for one in said],
    )
    found: dict[Told, list[NamedContact]] = {}
    for number, *named in rows:
        found.setdefault(said[number - 1], []).append(NamedContact(*named))
    return found


async def identify(connection: asyncpg.pool.PoolConnectionProxy, findings: Mapping[Told, Finding]) -> None:
    """Keeps by which names these contacts are known now."""
    rows: dict[tuple[UUID, UUID], tuple[datetime, Names]] = {}
    for said, finding in sorted(findings.items(), key=lambda one: one[0].at):
        if finding.contact_id is None:
            continue  # somebody new, who is no matter of names alone
        key = said.business_id, finding.contact_id
        before = rows[key][1] if key in rows else Names(None, None, None, None)
        rows[key] = said.at, finding.names.over(before)
    await connection.execute(
        IDENTIFY,
        [business_id for business_id, _ in rows],
        [contact_id for _, contact_id in rows],
        [names.phone for _, names in rows.values()],
        [names.wa_id for _, names in rows.values()],
        [names.bsuid for _, names in rows.values()],
        [names.parent_bsuid for _, names in rows.values()],
        [at for at, _ in rows.values()],
    )


async def follow_successor(session: AsyncSession, ended: Contact, kept: Contact) -> None:
    """What points to a contact that ended leads to the one that remains: test lists, and who was merged before."""
    mine = (TestListMember.business_id == ended.business_id, TestListMember.contact_id == ended.id)
    left = delete(TestListMember).where(*mine).returning(TestListMember.mode, TestListMember.name)
    members = [
        {"business_id": ended.business_id, "mode": mode, "name": name, "contact_id": kept.id}
        for mode, name in await session.execute(left)
    ]
    if members:
        await session.execute(insert(TestListMember).values(members).on_conflict_do_nothing())
        await announce(session, TEST_LISTS_CHANNEL, ended.business_id)
    await session.execute(
        update(Contact)
        .where(Contact.business_id == ended.business_id, Contact.successor_id == ended.id)
        .values(successor_id=kept.id)
    )


def ids_of_person(business_id: UUID, contact_id: UUID) -> Select[UUID]:
    """The contact, and those that turned out to be the same person."""
    return select(Contact.id).where(
        Contact.business_id == business_id, or_(Contact.id == contact_id, Contact.successor_id == contact_id)
    )


async def lock_consents(session: AsyncSession, business_id: UUID) -> None:
    """Waits until no claim of this business is under way, and holds new ones back until the end of the transaction.

    Claims take the shared side. So whatever is claimed after an opt-out's commit has seen the opt-out.
    """
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(business_id), 0))))


LOCK_CONSENTS_SHARED = "SELECT pg_advisory_xact_lock_shared(hashtextextended($1::uuid::text, 0))"
