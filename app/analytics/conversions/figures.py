"""Counting conversions, by their messages.

Whole days are answered from their sums, which `counting` makes; what is around them, and hours, from the conversions
themselves. Both are in one snapshot, and a message is in one day alone, so that the parts add up.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import Directory
from app.analytics import repository
from app.analytics.asked import ROWS_MOST, Window, filters_of, group_columns, too_many_rows, window_of
from app.analytics.buckets import whole_days
from app.analytics.conversions.asked import AskedConversions
from app.analytics.conversions.figure_schemas import (
    ConversionCounts,
    ConversionFigures,
    ConversionGroup,
    ConversionRow,
    ConversionValue,
)
from app.analytics.rates import FigureRate, rate
from app.analytics.schemas import group_of
from app.analytics.service import head_of
from app.core.clock import Clock
from app.core.database import Database

Row = Mapping[str, Any]

Range = tuple[bool, datetime, datetime]
"""Whether of days, from when, to when."""

Group = tuple[Any, ...]
"""The values of the columns that rows are told apart by, first of those that messages have, too."""

_COUNTED = """
    SELECT {outer}, sum(n)::bigint AS conversions,
           coalesce(sum(n) FILTER (WHERE message_id IS NOT NULL), 0)::bigint AS attributed,
           count(message_id) AS converted
      FROM (SELECT {told}, message_id, count(*) AS n FROM conversions
             WHERE {chosen} AND canceled_at IS NULL GROUP BY {places}, message_id) AS by_message
     GROUP BY {outer} LIMIT :most
"""

_VALUES = """
    SELECT {told}, currency, sum(amount)::text AS amount,
           coalesce(sum(amount) FILTER (WHERE message_id IS NOT NULL), 0)::text AS attributed_amount
      FROM conversions WHERE {chosen} AND canceled_at IS NULL AND currency IS NOT NULL
     GROUP BY {places}, currency LIMIT :most
"""

_COUNTED_OF_DAYS = """
    SELECT {told}, sum(conversions)::bigint AS conversions, sum(attributed)::bigint AS attributed,
           sum(converted)::bigint AS converted
      FROM conversion_days WHERE {chosen} AND level = :level GROUP BY {places} LIMIT :most
"""

_VALUES_OF_DAYS = """
    SELECT {told}, currency, sum(amount)::text AS amount, sum(attributed_amount)::text AS attributed_amount
      FROM conversion_days WHERE {chosen} AND level = 4 GROUP BY {places}, currency LIMIT :most
"""


class CountedConversions:
    def __init__(self, database: Database, directory: Directory, clock: Clock) -> None:
        self._database = database
        self._directory = directory
        self._clock = clock

    async def figures(self, business_id: UUID, mode: str, asked: AskedConversions) -> ConversionFigures:
        """Raises InvalidRequest."""
        business = await self._directory.required(business_id)
        now = self._clock.now()
        window = window_of(asked.of, business.time_zone, now)
        async with self._database.transaction() as session:
            await repository.look(session)
            of_messages = asked.of_messages
            delivered = await repository.sums(
                session, "figures", business_id, mode, of_messages, window, columns=["delivered"]
            )
            ranges = await _ranges(session, business_id, window)
            question = _Question(business_id, mode, asked, window)
            counted = await question.counted(session, ranges)
            values = await question.values(session, ranges)
            # Who converted twice is one in all, though one in each of two rows that are told apart by how.
            whole = await question.counted(session, ranges, of_messages_alone=True) if asked.own_columns else counted
            as_of = await _as_of(session, business_id, now)
        found = _Found.of(asked, window, delivered, counted, values)
        total = ConversionCounts(
            conversions=sum(row["conversions"] for row in counted),
            attributed=sum(row["attributed"] for row in counted),
            unattributed=sum(row["conversions"] - row["attributed"] for row in counted),
            converted=sum(row["converted"] for row in whole),
            delivered=sum(row["delivered"] for row in delivered),
        )
        return ConversionFigures(
            **head_of(window, asked.by, as_of),
            totals=total,
            rate=_rate(total),
            values=_values(values),
            rows=list(found.shown()),
        )


@dataclass(frozen=True, slots=True)
class _Question:
    business_id: UUID
    mode: str
    asked: AskedConversions
    window: Window

    async def counted(
        self, session: AsyncSession, ranges: Sequence[Range], *, of_messages_alone: bool = False
    ) -> list[Row]:
        """Raises InvalidRequest."""
        told_apart = group_columns(self.asked.of_messages.by) if of_messages_alone else self.asked.columns
        level = self.asked.level(of_messages_alone=of_messages_alone)
        found: dict[Any, dict[str, Any]] = {}
        for is_days, since, until in ranges:
            question = _COUNTED_OF_DAYS if is_days else _COUNTED
            for row in await self._rows(session, question, told_apart, is_days, since, until, level):
                known = found.setdefault(_place(row, told_apart), {**row, **dict.fromkeys(_SUMS, 0)})
                for name in _SUMS:
                    known[name] += row[name]
        return list(found.values())

    async def values(self, session: AsyncSession, ranges: Sequence[Range]) -> list[Row]:
        """Raises InvalidRequest."""
        return [
            row
            for is_days, since, until in ranges
            for row in await self._rows(
                session, _VALUES_OF_DAYS if is_days else _VALUES, self.asked.columns, is_days, since, until, 4
            )
        ]

    async def _rows(
        self,
        session: AsyncSession,
        question: str,
        told_apart: Sequence[str],
        is_days: bool,  # noqa: FBT001 - as ranges have it
        since: datetime,
        until: datetime,
        level: int,
    ) -> list[Row]:
        at = "starts_at" if is_days else "slot_at"
        bound: dict[str, Any] = {
            "business_id": self.business_id,
            "mode": self.mode,
            "starts": list(self.window.starts),
            "since": since,
            "until": until,
            "most": ROWS_MOST + 1,
        }
        chosen = f"business_id = :business_id AND mode = :mode AND {at} >= :since AND {at} < :until"
        own = {"type": self.asked.type, "attributed_by": self.asked.attributed_by}
        wanted = filters_of(self.asked.of) | {name: [value] for name, value in own.items() if value is not None}
        for column, values in wanted.items():
            chosen += f" AND {column} = ANY(:f_{column})"
            bound[f"f_{column}"] = values
        if ":level" in question:
            bound["level"] = level
        query = question.format(
            told=", ".join([f"width_bucket({at}, CAST(:starts AS timestamptz[])) AS bucket", *told_apart]),
            outer=", ".join(["bucket", *told_apart]),
            chosen=chosen,
            places=", ".join(str(place) for place in range(1, len(told_apart) + 2)),
        )
        rows = (await session.execute(text(query), bound)).mappings().all()
        if len(rows) > ROWS_MOST:
            raise too_many_rows()
        return [dict(row) for row in rows]


_SUMS = ("conversions", "attributed", "converted")


async def _ranges(session: AsyncSession, business_id: UUID, window: Window) -> list[Range]:
    """Days where whole ones are asked for, and were summed up by the business's clock; else the conversions."""
    days = whole_days(window.since, window.until, window.zone) if window.bucket != "hour" else None
    asked = text("SELECT time_zone FROM conversion_clocks WHERE business_id = :business_id")
    if days is not None and await session.scalar(asked, {"business_id": business_id}) == window.zone.key:
        begins, ends = days
        around = [(False, window.since, begins), (True, begins, ends), (False, ends, window.until)]
        return [one for one in around if one[1].astimezone(UTC) < one[2].astimezone(UTC)]
    return [(False, window.since, window.until)]


async def _as_of(session: AsyncSession, business_id: UUID, now: datetime) -> datetime:
    """Up to when all deliveries and all conversions are counted."""
    asked = text("SELECT min(marked_at) FROM conversion_marks WHERE business_id = :business_id")
    oldest: datetime | None = await session.scalar(asked, {"business_id": business_id})
    of_messages = await repository.as_of(session, business_id, now)
    return min(of_messages, oldest) if oldest is not None else of_messages


@dataclass(frozen=True, slots=True)
class _Found:
    asked: AskedConversions
    window: Window
    delivered: Mapping[tuple[int, Group], int]
    """By bucket, and the part of the group that messages have."""
    counted: Mapping[tuple[int, Group], Row]
    values: Mapping[tuple[int, Group], Sequence[Row]]

    @classmethod
    def of(
        cls,
        asked: AskedConversions,
        window: Window,
        delivered: Sequence[Row],
        counted: Sequence[Row],
        values: Sequence[Row],
    ) -> "_Found":
        of_messages = group_columns(asked.of_messages.by)
        by_group: dict[tuple[int, Group], list[Row]] = {}
        for row in values:
            by_group.setdefault(_place(row, asked.columns), []).append(row)
        return cls(
            asked,
            window,
            {_place(row, of_messages): row["delivered"] for row in delivered},
            {_place(row, asked.columns): row for row in counted},
            by_group,
        )

    def groups(self) -> list[Group]:
        """Also of messages of which nothing came; where conversions are told apart by what only they have, those that
        there are."""
        if not self.asked.by:
            return [()]
        found = {group for _, group in self.counted}
        if not self.asked.own_columns:
            found |= {group for _, group in self.delivered}
        return sorted(found, key=lambda group: [(value is None, str(value)) for value in group])

    def shown(self) -> Iterator[ConversionRow]:
        """Every bucket of every group. Raises InvalidRequest."""
        groups = self.groups()
        if len(groups) * len(self.window.starts) > ROWS_MOST:
            raise too_many_rows()
        shared = len(group_columns(self.asked.of_messages.by))
        shown = {group: _group(self.asked, group) for group in groups}
        for number, (start, end) in enumerate(self.window.buckets, 1):
            for group in groups:
                counts = _counts(self.counted.get((number, group)), self.delivered.get((number, group[:shared]), 0))
                yield ConversionRow(
                    start=start,
                    end=end,
                    group=shown[group],
                    counts=counts,
                    rate=_rate(counts),
                    values=_values(self.values.get((number, group), ())),
                )


def _place(row: Row, columns: Sequence[str]) -> tuple[int, Group]:
    return row["bucket"], tuple(row[name] for name in columns)


def _group(asked: AskedConversions, group: Group) -> ConversionGroup:
    values = dict(zip(asked.columns, group, strict=True))
    of_messages = group_of(dict(values))
    return ConversionGroup(**dict(of_messages), type=values.get("type"), attributed_by=values.get("attributed_by"))


def _counts(row: Row | None, delivered: int) -> ConversionCounts:
    conversions, attributed = (row["conversions"], row["attributed"]) if row is not None else (0, 0)
    return ConversionCounts(
        conversions=conversions,
        attributed=attributed,
        unattributed=conversions - attributed,
        converted=row["converted"] if row is not None else 0,
        delivered=delivered,
    )


def _rate(counts: ConversionCounts) -> FigureRate | None:
    """A message that converted was delivered, also where Meta has not said so, or not yet."""
    return rate(min(counts.converted, counts.delivered), counts.delivered)


def _values(rows: Sequence[Row]) -> list[ConversionValue]:
    amounts: dict[str, tuple[int, int]] = {}
    for row in rows:
        amount, attributed = amounts.get(row["currency"], (0, 0))
        amounts[row["currency"]] = (amount + int(row["amount"]), attributed + int(row["attributed_amount"]))
    return [
        ConversionValue(currency=currency, amount=amount, attributed_amount=attributed)
        for currency, (amount, attributed) in sorted(amounts.items())
    ]
