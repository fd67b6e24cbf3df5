"""Questions asked of the figures of consent: in process for the console, by way of the API for everybody else."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.accounts.directory import Directory
from app.analytics.asked import ROWS_MOST, Window, too_many_rows, window_of
from app.analytics.consents import repository
from app.analytics.consents.asked import COLUMNS, AskedConsents
from app.analytics.consents.schemas import ConsentCounts, ConsentFigures, ConsentGroup, ConsentRow, TopicNow
from app.analytics.consents.sums import COUNTS, CUSTOMERS, NO_LINK
from app.analytics.repository import look
from app.analytics.service import head_of
from app.consent.link_schemas import LINK_PREFIX
from app.core.clock import Clock
from app.core.database import Database
from app.core.ids import public_id

Group = tuple[Any, ...]


class CountedConsents:
    def __init__(self, database: Database, directory: Directory, clock: Clock) -> None:
        self._database = database
        self._directory = directory
        self._clock = clock

    async def figures(self, business_id: UUID, mode: str, asked: AskedConsents) -> ConsentFigures:
        """Raises InvalidRequest."""
        business = await self._directory.required(business_id)
        now = self._clock.now()
        window = window_of(asked.time, business.time_zone, now)
        async with self._database.transaction() as session:
            await look(session)
            found = await repository.sums(session, business_id, mode, asked, window)
            before = {} if asked.is_by_door else await repository.held_at(session, business_id, mode, window.since)
            held = await repository.held_at(session, business_id, mode, None)
            as_of = await repository.as_of(session, business_id, now)
        told_apart = [COLUMNS[one] for one in asked.by]
        rows = {
            (row["bucket"], tuple(row[name] for name in told_apart)): {name: row[name] for name in COUNTS}
            for row in found
        }
        return ConsentFigures(
            **head_of(window, asked.by, as_of),
            totals=_counts(_added(rows.values())),
            opted_in_now=held.get(CUSTOMERS, 0),
            topics_now=[
                TopicNow(topic=topic, customers=number)
                for topic, number in sorted(held.items())
                if topic != CUSTOMERS and number
            ],
            rows=list(_rows(_Told(window, asked, rows, before))),
        )


@dataclass(frozen=True, slots=True)
class _Told:
    window: Window
    asked: AskedConsents
    rows: Mapping[tuple[int, Group], Mapping[str, int]]
    before: Mapping[str, int]
    """By topic, how many agreed when the window begins."""


def _rows(told: _Told) -> Iterator[ConsentRow]:
    """Every bucket of every group. Raises InvalidRequest."""
    groups = sorted({group for _, group in told.rows}, key=str) if told.asked.by else [()]
    if len(groups) * len(told.window.starts) > ROWS_MOST:
        raise too_many_rows()
    held = {group: _held_before(told, group) for group in groups}
    for number, (start, end) in enumerate(told.window.buckets, 1):
        for group in groups:
            counts = _counts(told.rows.get((number, group), dict.fromkeys(COUNTS, 0)))
            held[group] += counts.net
            yield ConsentRow(
                start=start,
                end=end,
                group=_group(told.asked, group),
                counts=counts,
                opted_in=None if told.asked.is_by_door else held[group],
            )


def _held_before(told: _Told, group: Group) -> int:
    if "topic" in told.asked.by:
        return told.before.get(group[told.asked.by.index("topic")], 0)
    return sum(told.before.get(topic, 0) for topic in told.asked.topics or [CUSTOMERS])


def _group(asked: AskedConsents, group: Group) -> ConsentGroup:
    values = dict(zip(asked.by, group, strict=True))
    link = values.get("link", NO_LINK)
    return ConsentGroup(
        source=values.get("source"),
        place=values.get("place") or None,
        link=public_id(LINK_PREFIX, link) if link != NO_LINK else None,
        topic=values.get("topic"),
    )


def _added(rows: Collection[Mapping[str, int]]) -> dict[str, int]:
    return {name: sum(row[name] for row in rows) for name in COUNTS}


def _counts(sums: Mapping[str, int]) -> ConsentCounts:
    return ConsentCounts(**sums, net=sums["gained"] - sums["lost"])
