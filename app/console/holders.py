"""How many contacts hold a consent, by topic and state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from app.consent.models import Consent, Contact
from app.consent.rules import ALL_TOPICS, WHATSAPP
from app.core.cache import LoadingCache
from app.core.database import Database

_KEPT_SECONDS = 60.0
"""To count millions takes a second: whoever looks again so soon sees what was counted last."""


@dataclass(frozen=True, slots=True)
class TopicHolders:
    topic: str
    by_state: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.by_state.values())


class Holders:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._counted: LoadingCache[tuple[UUID, str], Sequence[TopicHolders]] = LoadingCache(
            self._count, time_to_live=_KEPT_SECONDS, most=1_000
        )

    async def of(self, business_id: UUID, mode: str) -> Sequence[TopicHolders]:
        """All topics first, then those that most contacts decided about."""
        return await self._counted.get((business_id, mode))

    async def _count(self, key: tuple[UUID, str]) -> Sequence[TopicHolders]:
        business_id, mode = key
        query = (
            select(Consent.topic, Consent.state, func.count())
            .join(Contact, (Contact.business_id == Consent.business_id) & (Contact.id == Consent.contact_id))
            .where(
                Consent.business_id == business_id,
                Consent.channel == WHATSAPP,
                Contact.business_id == business_id,
                Contact.mode == mode,
                Contact.ended_at.is_(None),
            )
            .group_by(Consent.topic, Consent.state)
        )
        by_topic: dict[str, dict[str, int]] = {}
        async with self._database.transaction() as session:
            for topic, state, count in await session.execute(query):
                by_topic.setdefault(topic, {})[state] = count
        found = [TopicHolders(topic, states) for topic, states in by_topic.items()]
        return sorted(found, key=lambda one: (one.topic != ALL_TOPICS, -one.total, one.topic))
