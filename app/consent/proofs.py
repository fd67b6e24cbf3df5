"""Issuing proofs: what the ledger says of one person, gathered and signed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import BusinessAccount, Caller, Directory
from app.consent import chain, holdings, repository
from app.consent.ledger import ledger_keys
from app.consent.link_schemas import LINK_PREFIX
from app.consent.models import ConsentAct, ConsentEvidence, ConsentLedger, Contact
from app.consent.proof import ALGORITHM, FORMAT, ProofKey
from app.consent.proof_schemas import ProofKeyOut, ProofQuery, SignedProof
from app.consent.repository import ContactKey
from app.core.clock import Clock
from app.core.database import Database
from app.core.ids import public_id
from app.core.problems import NotFound


class Proofs:
    def __init__(self, database: Database, directory: Directory, clock: Clock) -> None:
        self._database = database
        self._directory = directory
        self._clock = clock

    async def key(self, business_id: UUID) -> ProofKeyOut:
        public = ProofKey((await self._directory.required(business_id)).secret).public
        return ProofKeyOut(algorithm=ALGORITHM, key=public.text, fingerprint=public.fingerprint)

    async def of_contact(self, caller: Caller, key: ContactKey) -> SignedProof:
        """Raises NotFound."""
        async with self._database.transaction() as session:
            await _at_one_moment(session)
            contact = await repository.required_contact(session, key)
            return await self._issue(session, caller, await repository.family(session, contact))

    async def find(self, caller: Caller, query: ProofQuery) -> SignedProof:
        """Acts of whoever had this number or BSUID when they were recorded, whether or not the contact was erased
        since. Raises NotFound, or PhoneError."""
        business = await self._directory.required(caller.business_id)
        named = ContactKey.of(business.business_id, caller.mode, query, business.country)
        subject = chain.pseudonym(ledger_keys(business), named.value)
        async with self._database.transaction() as session:
            await _at_one_moment(session)
            ids = holdings.known_by(business.business_id, [subject])
            rows = select(Contact).where(
                Contact.business_id == business.business_id,
                Contact.mode == caller.mode,
                Contact.id.in_(ids.scalar_subquery()),
            )
            contacts = (await session.scalars(rows.order_by(Contact.id))).all()
            if not contacts:
                raise NotFound("The ledger has no act of this number or BSUID for this kind of key.")
            return await self._issue(session, caller, contacts)

    async def _issue(self, session: AsyncSession, caller: Caller, contacts: Sequence[Contact]) -> SignedProof:
        business = await self._directory.required(caller.business_id)
        consents, preferences = [], {}
        for contact in contacts:
            name = public_id("con", contact.id)
            rows = await holdings.consents(session, contact.business_id, contact.id)
            consents += [
                {
                    "contact": name,
                    "topic": row.topic,
                    "state": row.state,
                    "since": _moment(row.since),
                    "act": public_id("act", row.act_id),
                }
                for row in rows
            ]
            wanted = await holdings.preferences(session, contact.business_id, contact.id)
            if wanted.as_json():
                preferences[name] = wanted.as_json()
        head = await session.get(ConsentLedger, business.business_id)
        document: dict[str, Any] = {
            "format": FORMAT,
            "business": {
                "id": public_id("biz", business.business_id),
                "name": business.name,
                "country": business.country,
                "language": business.language,
                "time_zone": business.time_zone,
                "website": business.website,
                "colour": business.colour,
                "topics": {topic: dict(names) for topic, names in business.offered_topics.items()},
            },
            "mode": caller.mode,
            "erased": all(contact.ended_by == "erasure" for contact in contacts),
            "contacts": [_contact(contact) for contact in contacts],
            "consents": consents,
            "preferences": preferences,
            "acts": await _acts(session, business, [contact.id for contact in contacts]),
            "ledger": {
                "length": head.length if head is not None else 0,
                "head": head.head.hex() if head is not None else "",
            },
            "issued": {"at": _moment(self._clock.now()), "key": public_id("key", caller.key_id)},
        }
        return SignedProof.model_validate(ProofKey(business.secret).sign(document))


async def _at_one_moment(session: AsyncSession) -> None:
    await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def _contact(contact: Contact) -> dict[str, Any]:
    return {
        "id": public_id("con", contact.id),
        "phone": contact.phone,
        "bsuid": contact.bsuid,
        "wa_id": contact.wa_id,
        "ended_at": _moment(contact.ended_at),
        "ended_by": contact.ended_by,
    }


async def _acts(session: AsyncSession, business: BusinessAccount, contact_ids: Sequence[UUID]) -> list[dict[str, Any]]:
    query = (
        select(ConsentAct, ConsentEvidence)
        .outerjoin(
            ConsentEvidence,
            (ConsentEvidence.business_id == ConsentAct.business_id) & (ConsentEvidence.act_id == ConsentAct.id),
        )
        .where(ConsentAct.business_id == business.business_id, ConsentAct.contact_id.in_(contact_ids))
        .order_by(ConsentAct.number.nulls_first(), ConsentAct.id)
    )
    return [_act(line, evidence) for line, evidence in (await session.execute(query))]


def _act(line: ConsentAct, evidence: ConsentEvidence | None) -> dict[str, Any]:
    same = ("number", "act", "channel", "topic", "value", "source", "place", "actor", "wording", "wording_version")
    return {
        **{name: getattr(line, name) for name in same},
        "id": public_id("act", line.id),
        "contact": public_id("con", line.contact_id),
        "link": public_id(LINK_PREFIX, line.link_id) if line.link_id is not None else None,
        "language": line.language,
        "subject": _hex(line.subject),
        "evidence_hash": _hex(line.evidence_hash),
        "occurred_at": _moment(line.occurred_at),
        "recorded_at": _moment(line.recorded_at),
        "mac": _hex(line.mac),
        "evidence": {"salt": evidence.salt.hex(), "personal": evidence.personal} if evidence is not None else None,
    }


def _hex(value: bytes | None) -> str | None:
    return value.hex() if value is not None else None


def _moment(value: datetime | None) -> str | None:
    """As the chain writes it: in UTC, to the microsecond."""
    return value.astimezone(UTC).isoformat(timespec="microseconds") if value is not None else None
