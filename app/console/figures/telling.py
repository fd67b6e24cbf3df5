"""How figures are told to one visitor: names of groups and of buckets, rates with their intervals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

from app.analytics.consents.schemas import ConsentGroup, ConsentRow
from app.analytics.rates import FigureRate
from app.analytics.schemas import FigureGroup, FigureSpan
from app.consent.rules import ALL_TOPICS
from app.console.charts import Chart, Series, Value, chart
from app.console.figures.asked import FILTERS, Question
from app.console.figures.views import Cell, Row, Table, Tile
from app.console.speaking import Speech
from app.console.visits import Visit

Bucketed = FigureSpan | ConsentRow

Group = TypeVar("Group", bound=Bucketed)


@dataclass(frozen=True, slots=True)
class Telling:
    visit: Visit
    question: Question

    def say(self, key: str, /, **given: object) -> str:
        return self.visit.say(key, **given)

    def number(self, value: float | None) -> str:
        return self.visit.formats.number(value)

    def signed(self, value: int) -> str:
        return f"+{self.number(value)}" if value > 0 else self.number(value)

    def share(self, value: float | None) -> str:
        return self.visit.formats.percent(value)

    def count_tile(self, key: str, value: int, about: str = "", kind: str = "") -> Tile:
        return Tile(self.say(key), self.visit.formats.short(value), about, kind)

    def rate_tile(self, key: str, rate: FigureRate | None) -> Tile:
        if rate is None:
            return Tile(self.say(key), self.share(None))
        between = self.say("between", low=self.share(rate.low), high=self.share(rate.high))
        return Tile(self.say(key), self.share(rate.value), between)

    def count_cell(self, value: int) -> Cell:
        return Cell(self.number(value))

    def rate_cell(self, rate: FigureRate | None) -> Cell:
        return Cell(self.share(rate.value if rate is not None else None), rate)

    def breakdown(
        self,
        rows: Sequence[Group],
        columns: Sequence[str],
        size: Callable[[Group], int],
        cells: Callable[[Group], list[Cell]],
    ) -> Table:
        """The parts, the largest first. Columns are words."""
        by = self.say(f"by_{self.question.by}")
        shown = [
            Row(self.label(row.group), cells(row), self.link(row.group)) for row in sorted(rows, key=size, reverse=True)
        ]
        return Table("breakdown", self.say("breakdown_title", by=by), [by, *map(self.say, columns)], shown)

    def money(self, key: str, rows: Sequence[Bucketed], currency: str, amounts: Sequence[Decimal]) -> Chart:
        """Amounts of one currency over time: two cannot be added."""

        def told(value: Value) -> str:
            return self.visit.formats.money(value, currency)

        series = [Series(self.say(key), [float(amount) for amount in amounts])]
        return chart("bar", self.buckets(rows), series, told, named=self.say("time"), unit="money", currency=currency)

    def buckets(self, rows: Sequence[Bucketed]) -> list[str]:
        return [self.bucket(row.start) for row in rows]

    def bucket(self, start: datetime) -> str:
        local = start.astimezone(self.visit.zone)
        day = format_date(local.date(), "d MMM", locale=self.visit.language)
        match self.question.bucket:
            case "hour":
                return f"{local:%H:%M}" if self.question.days == 1 else f"{day} {local:%H:%M}"
            case "month":
                return format_date(local.date(), "LLL y", locale=self.visit.language)
        return day

    def label(self, group: FigureGroup | ConsentGroup) -> str:
        """Of what rows are told apart by."""
        by = self.question.by
        if by == "variant" and isinstance(group, FigureGroup):
            return f"{group.variant.arm} · {group.variant.experiment}" if group.variant else self.say("by_variant_none")
        value = getattr(group, by) if by is not None else None
        return self.say(f"by_{by}_none") if value is None else self.named(by or "", value)

    def named(self, name: str, value: str) -> str:
        """A value of a dimension, as people know it."""
        speech = Speech.to(self.visit)
        match name:
            case "language":
                return self._language(value)
            case "sender":
                numbers = {one.public_id: one.display_phone_number for one in self.visit.business.senders}
                return numbers.get(value, value)
            case "source":
                return speech.source(value)
            case "topic":
                return self.say("all_topics") if value == ALL_TOPICS else speech.topic(value)
            case "attributed_by":
                return speech.code("attributed", value)
        return value

    def _language(self, code: str) -> str:
        try:
            return Locale.parse(code).get_display_name(self.visit.language) or code
        except (ValueError, UnknownLocaleError):
            return code

    def link(self, group: FigureGroup | ConsentGroup) -> str | None:
        """To the figures of this group alone."""
        by = self.question.by
        value = getattr(group, by) if by in FILTERS else None
        return self.question.within(str(by), value).url() if isinstance(value, str) else None
