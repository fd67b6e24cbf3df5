"""What holds for contacts, and the lines of the ledger that it rests on: every query about them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.consent.fold import Act, Holding, Since, Stance
from app.consent.models import Consent, ConsentAct, ConsentEvidence, ConsentSubject, Contact, ContactPreferences
from app.consent.preferences import NO_PREFERENCES, Preferences
from app.consent.repository import ids_of_person
from app.consent.rules import WHATSAPP, ConsentState


async def consents(session: AsyncSession, business_id: UUID, contact_id: UUID) -> Sequence[Consent]:
    query = select(Consent).where(Consent.business_id == business_id, Consent.contact_id == contact_id)
    return (await session.scalars(query.order_by(Consent.channel, Consent.topic))).all()


async def states(session: AsyncSession, business_id: UUID, contact_id: UUID) -> dict[str, str]:
    """By topic, for WhatsApp."""
    rows = await consents(session, business_id, contact_id)
    return {row.topic: row.state for row in rows if row.channel == WHATSAPP}


async def preferences(session: AsyncSession, business_id: UUID, contact_id: UUID) -> Preferences:
    row = await session.get(ContactPreferences, (business_id, contact_id), populate_existing=True)
    return Preferences.from_json(row.preferences) if row is not None else NO_PREFERENCES


async def holding(session: AsyncSession, contact: Contact) -> Holding:
    """What holds for a contact on WhatsApp, and by which acts."""
    rows = await consents(session, contact.business_id, contact.id)
    mine = [row for row in rows if row.channel == WHATSAPP]
    wanted = await session.get(ContactPreferences, (contact.business_id, contact.id), populate_existing=True)
    return Holding(
        Stance(
            {row.topic: row.state for row in mine},
            Preferences.from_json(wanted.preferences) if wanted is not None else NO_PREFERENCES,
        ),
        {row.topic: Since(row.act_id, row.since) for row in mine},
        Since(wanted.act_id, wanted.since) if wanted is not None else None,
    )


async def keep_holding(session: AsyncSession, contact: Contact, held: Holding) -> None:
    """Makes it what holds for the contact. Of preferences no row is kept where nothing is preferred: the hot path looks
    only at those who said something."""
    mine = (Consent.business_id == contact.business_id, Consent.contact_id == contact.id, Consent.channel == WHATSAPP)
    await session.execute(delete(Consent).where(*mine, Consent.topic.not_in(held.consents)))
    if held.consents:
        row = insert(Consent).values(
            [
                {
                    "business_id": contact.business_id,
                    "contact_id": contact.id,
                    "channel": WHATSAPP,
                    "topic": topic,
                    "state": held.stance.states[topic],
                    "act_id": since.act_id,
                    "since": since.occurred_at,
                }
                for topic, since in sorted(held.consents.items())
            ]
        )
        columns = {name: row.excluded[name] for name in ("state", "act_id", "since")}
        await session.execute(
            row.on_conflict_do_update(
                index_elements=["business_id", "contact_id", "channel", "topic"],
                set_=columns,
                where=or_(*(getattr(Consent, name) != value for name, value in columns.items())),
            )
        )
    await keep_preferences(session, contact, held)


async def keep_preferences(session: AsyncSession, contact: Contact, held: Holding) -> None:
    mine = (ContactPreferences.business_id == contact.business_id, ContactPreferences.contact_id == contact.id)
    if held.preferences is None:
        await session.execute(delete(ContactPreferences).where(*mine))
        return
    row = insert(ContactPreferences).values(
        business_id=contact.business_id,
        contact_id=contact.id,
        preferences=held.stance.preferences.as_json(),
        act_id=held.preferences.act_id,
        since=held.preferences.occurred_at,
    )
    columns = {name: row.excluded[name] for name in ("preferences", "act_id", "since")}
    await session.execute(
        row.on_conflict_do_update(index_elements=["business_id", "contact_id"], set_=columns).execution_options(
            synchronize_session=False
        )
    )


async def acts(session: AsyncSession, business_id: UUID, contact_id: UUID) -> Sequence[ConsentAct]:
    """Also those that it did while it was known as another contact."""
    query = select(ConsentAct).where(
        ConsentAct.business_id == business_id, ConsentAct.contact_id.in_(ids_of_person(business_id, contact_id))
    )
    return (await session.scalars(query.order_by(ConsentAct.number.nulls_first(), ConsentAct.id))).all()


async def evidence(session: AsyncSession, business_id: UUID, act_ids: Sequence[UUID]) -> dict[UUID, dict[str, str]]:
    """What is personal about acts, of those of which it is still kept."""
    query = select(ConsentEvidence).where(
        ConsentEvidence.business_id == business_id, ConsentEvidence.act_id.in_(act_ids)
    )
    return {row.act_id: row.personal for row in await session.scalars(query)}


async def last_act(session: AsyncSession, contact: Contact, acts: Iterable[Act]) -> datetime | None:
    """When the contact last did one of these."""
    return await session.scalar(
        select(func.max(ConsentAct.occurred_at)).where(
            ConsentAct.business_id == contact.business_id,
            ConsentAct.contact_id.in_(ids_of_person(contact.business_id, contact.id)),
            ConsentAct.act.in_([act.value for act in acts]),
        )
    )


def known_by(business_id: UUID, subjects: Iterable[bytes]) -> Select[UUID]:
    """Contacts who had one of the names with these keyed hashes when an act was recorded, whatever became of them."""
    named = list(subjects)
    mine = ConsentAct.business_id == business_id
    further = select(ConsentSubject.act_id).where(
        ConsentSubject.business_id == business_id, ConsentSubject.subject.in_(named)
    )
    return select(ConsentAct.contact_id).where(
        mine, or_(ConsentAct.subject.in_(named), ConsentAct.id.in_(further.scalar_subquery()))
    )


async def was_erased_since(
    session: AsyncSession, business_id: UUID, mode: str, subjects: Iterable[bytes], moment: datetime
) -> bool:
    """Whether somebody who had one of these names was."""
    query = select(Contact.id).where(
        Contact.business_id == business_id,
        Contact.mode == mode,
        Contact.id.in_(known_by(business_id, subjects).scalar_subquery()),
        Contact.ended_by == "erasure",
        Contact.ended_at >= moment,
    )
    return await session.scalar(query.limit(1)) is not None


async def pending_requests(
    session: AsyncSession, business_id: UUID, contact_id: UUID
) -> dict[str, tuple[datetime, ConsentAct | None]]:
    """By topic that waits for its confirmation, when it was last asked for, and by which act: of a contact that
    another was merged into, the act is that other's."""
    waiting = [
        row
        for row in await consents(session, business_id, contact_id)
        if row.channel == WHATSAPP and row.state == ConsentState.PENDING
    ]
    query = (
        select(ConsentAct)
        .where(
            ConsentAct.business_id == business_id,
            ConsentAct.contact_id == contact_id,
            ConsentAct.act == Act.OPT_IN_REQUEST,
            ConsentAct.topic.in_([row.topic for row in waiting]),
        )
        .order_by(ConsentAct.number)
    )
    asked = {act.topic: act for act in await session.scalars(query)} if waiting else {}
    return {
        row.topic: (
            max(row.since, asked[row.topic].recorded_at) if row.topic in asked else row.since,
            asked.get(row.topic),
        )
        for row in waiting
    }


async def topics_asked_by(session: AsyncSession, business_id: UUID, act_id: UUID) -> frozenset[str]:
    """Of all that was agreed to together with this act: it became a line for each topic."""
    act = await session.get(ConsentAct, (business_id, act_id))
    if act is None:
        return frozenset()
    query = select(ConsentAct.topic).where(
        ConsentAct.business_id == business_id,
        ConsentAct.contact_id == act.contact_id,
        ConsentAct.act == Act.OPT_IN_REQUEST,
        ConsentAct.recorded_at == act.recorded_at,
    )
    return frozenset(await session.scalars(query))


async def topics_asked_since(
    session: AsyncSession, business_id: UUID, contact_id: UUID, moment: datetime, before: int
) -> frozenset[str]:
    """For which a confirmation was asked since then, by lines of the ledger before the one of that number."""
    query = select(ConsentAct.topic).where(
        ConsentAct.business_id == business_id,
        ConsentAct.contact_id == contact_id,
        ConsentAct.act == Act.OPT_IN_REQUEST,
        ConsentAct.recorded_at > moment,
        ConsentAct.number < before,
    )
    return frozenset(await session.scalars(query))
