"""Every query about contacts and consent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self
from uuid import UUID

import asyncpg
from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.consent.models import Consent, ConsentAct, Contact
from app.consent.phones import normalize_phone
from app.consent.rules import WHATSAPP
from app.core.ids import new_id

__all__ = ["Consent", "ConsentAct", "Contact", "ContactKey", "KnownContact"]


@dataclass(frozen=True, slots=True, order=True)
class ContactKey:
    """How an event names a contact."""

    business_id: UUID
    mode: str
    kind: str
    """`phone` or `bsuid`."""
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


_COLUMNS = """
    i.n, c.id, c.name, c.language, c.time_zone,
    (SELECT array_agg(s.topic || '=' || s.state) FROM consents s
      WHERE s.business_id = c.business_id AND s.contact_id = c.id AND s.channel = 'whatsapp') AS consents
"""

FIND_CONTACTS = f"""
    SELECT {_COLUMNS}
      FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
           WITH ORDINALITY AS i(business_id, mode, kind, value, n),
           LATERAL (
               (SELECT * FROM contacts c
                 WHERE i.kind = 'phone' AND c.business_id = i.business_id AND c.mode = i.mode AND c.phone = i.value
                 LIMIT 1)
               UNION ALL
               (SELECT * FROM contacts c
                 WHERE i.kind = 'bsuid' AND c.business_id = i.business_id AND c.mode = i.mode AND c.bsuid = i.value
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


async def find_contacts(
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
            row["id"], row["name"], row["language"], row["time_zone"], read_consents(row["consents"])
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


async def contact_by_phone(session: AsyncSession, business_id: UUID, mode: str, phone: str) -> Contact | None:
    return await session.scalar(
        select(Contact).where(Contact.business_id == business_id, Contact.mode == mode, Contact.phone == phone)
    )


async def ensure_contact(session: AsyncSession, business_id: UUID, mode: str, phone: str) -> Contact:
    """The contact, made if missing and locked: acts of one contact follow one another."""
    await session.execute(
        insert(Contact)
        .values(business_id=business_id, id=new_id(), mode=mode, phone=phone)
        .on_conflict_do_nothing(index_elements=["business_id", "mode", "phone"])
    )
    query = select(Contact).where(Contact.business_id == business_id, Contact.mode == mode, Contact.phone == phone)
    return (await session.scalars(query.with_for_update())).one()


async def contact_of_customer(
    session: AsyncSession, business_id: UUID, mode: str, wa_id: str | None, user_id: str | None
) -> Contact | None:
    """Who wrote to the business, by what Meta says of them: the contact, made if missing and locked. A `wa_id` may
    differ from the phone that the business knows, where it was learnt; nothing where neither is told."""
    mine = (Contact.business_id == business_id, Contact.mode == mode)
    if wa_id is not None:
        known = await session.scalar(select(Contact).where(*mine, Contact.wa_id == wa_id).with_for_update())
        return known or await ensure_contact(session, business_id, mode, f"+{wa_id}")
    if user_id is None:
        return None
    await session.execute(
        insert(Contact)
        .values(business_id=business_id, id=new_id(), mode=mode, bsuid=user_id)
        .on_conflict_do_nothing(index_elements=["business_id", "mode", "bsuid"])
    )
    query = select(Contact).where(*mine, Contact.bsuid == user_id)
    return (await session.scalars(query.with_for_update())).one()


async def consents(session: AsyncSession, business_id: UUID, contact_id: UUID) -> Sequence[Consent]:
    query = select(Consent).where(Consent.business_id == business_id, Consent.contact_id == contact_id)
    return (await session.scalars(query.order_by(Consent.channel, Consent.topic))).all()


async def acts(session: AsyncSession, business_id: UUID, contact_id: UUID) -> Sequence[ConsentAct]:
    query = select(ConsentAct).where(ConsentAct.business_id == business_id, ConsentAct.contact_id == contact_id)
    return (await session.scalars(query.order_by(ConsentAct.id))).all()


async def replace_states(
    session: AsyncSession, contact: Contact, states: dict[str, str], act: ConsentAct, *, overruling: bool = False
) -> None:
    """Makes `states` the state by topic; rows that did not change keep the act and time that they have, but for the
    act's own where it overrules what was said of others."""
    mine = (
        Consent.business_id == contact.business_id,
        Consent.contact_id == contact.id,
        Consent.channel == WHATSAPP,
    )
    await session.execute(delete(Consent).where(*mine, Consent.topic.not_in(states)))
    row = insert(Consent).values(
        [
            {
                "business_id": contact.business_id,
                "contact_id": contact.id,
                "channel": WHATSAPP,
                "topic": topic,
                "state": state,
                "act_id": act.id,
                "since": act.occurred_at,
            }
            for topic, state in sorted(states.items())
        ]
    )
    is_changed = Consent.state != row.excluded.state
    await session.execute(
        row.on_conflict_do_update(
            index_elements=["business_id", "contact_id", "channel", "topic"],
            set_={"state": row.excluded.state, "act_id": row.excluded.act_id, "since": row.excluded.since},
            where=or_(is_changed, Consent.topic == act.topic) if overruling else is_changed,
        )
    )


async def lock_consents(session: AsyncSession, business_id: UUID) -> None:
    """Waits until no claim of this business is under way, and holds new ones back until the end of the transaction.

    Claims take the shared side. So whatever is claimed after an opt-out's commit has seen the opt-out.
    """
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(business_id), 0))))


LOCK_CONSENTS_SHARED = "SELECT pg_advisory_xact_lock_shared(hashtextextended($1::uuid::text, 0))"
