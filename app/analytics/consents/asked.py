"""What is asked of the figures of consent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from app.analytics.asked import Asked, Plain, TimesQuery, refusal
from app.analytics.buckets import Bucket
from app.consent.link_schemas import LINK_PREFIX
from app.core.ids import parse_id

ConsentBy = Literal["source", "place", "link", "topic"]

COLUMNS: dict[ConsentBy, str] = {"source": "source", "place": "place", "link": "link_id", "topic": "topic"}


class ConsentQuery(TimesQuery):
    """Parameters of the figures of consent."""

    by: list[ConsentBy] = Field(default=[], max_length=3, description="What rows are told apart by, up to three")
    source: list[Plain] = Field(default=[], max_length=50, description="Only by these doors")
    place: list[Plain] = Field(default=[], max_length=50, description="Only at these places")
    link: list[Plain] = Field(default=[], max_length=50, description="Only by these opt-in links, `lnk_…`")
    topic: list[Plain] = Field(
        default=[], max_length=50, description="Only about these; `*` is the topic of all of them"
    )

    def asked(self) -> "AskedConsents":
        """Raises InvalidRequest."""
        return AskedConsents(
            since=self.since,
            until=self.until,
            bucket=self.bucket,
            by=tuple(dict.fromkeys(self.by)),
            sources=tuple(self.source),
            places=tuple(self.place),
            links=tuple(_link(one) for one in self.link),
            topics=tuple(self.topic),
        )


def _link(given: str) -> UUID:
    found = parse_id(LINK_PREFIX, given)
    if found is None:
        raise refusal("link", "id", f"must be an id that begins with {LINK_PREFIX}_")
    return found


@dataclass(frozen=True, slots=True)
class AskedConsents:
    """As `analytics.asked.Asked`, of the ledger rather than of messages."""

    since: date | datetime | None = None
    until: date | datetime | None = None
    bucket: Bucket = "none"
    by: tuple[ConsentBy, ...] = ()
    sources: Sequence[str] = ()
    places: Sequence[str] = ()
    links: Sequence[UUID] = ()
    topics: Sequence[str] = ()

    @property
    def time(self) -> Asked:
        return Asked(since=self.since, until=self.until, bucket=self.bucket)

    @property
    def is_by_topic(self) -> bool:
        """Whether topics are counted, rather than customers."""
        return bool(self.topics) or "topic" in self.by

    @property
    def is_by_door(self) -> bool:
        doors = {"source", "place", "link"}
        return bool(doors.intersection(self.by) or self.sources or self.places or self.links)
