"""Which topics a business may name: an act on any other would silence nothing, and permit nothing."""

from collections.abc import Awaitable, Callable, Collection, Iterable
from uuid import UUID

from app.core.problems import FieldError, InvalidRequest

UNKNOWN_TOPIC = "unknown_topic"
UNKNOWN_TOPIC_TOLD = "is the topic of no event type, neither of the catalogue nor of the business's own"


class Topics:
    """`of` is given by the floor of event types: all that have messages, and those that stand for several."""

    def __init__(self, of: Callable[[UUID], Awaitable[Collection[str]]]) -> None:
        self._of = of

    async def of(self, business_id: UUID) -> Collection[str]:
        return await self._of(business_id)

    async def require(self, business_id: UUID, named: Iterable[tuple[str, str]]) -> None:
        """Topics with the pointers to where they are named. Raises InvalidRequest."""
        known = await self._of(business_id)
        faults = [
            FieldError(pointer=pointer, code=UNKNOWN_TOPIC, message=UNKNOWN_TOPIC_TOLD)
            for topic, pointer in named
            if topic not in known
        ]
        if faults:
            raise InvalidRequest.from_faults(faults)

    async def require_listed(self, business_id: UUID, topics: Iterable[str]) -> None:
        """Those of a body's `topics`. Raises InvalidRequest."""
        await self.require(business_id, ((topic, f"#/topics/{place}") for place, topic in enumerate(topics)))
