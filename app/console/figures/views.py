"""What a page of figures shows: a few numbers, charts over time, and a breakdown with intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.analytics.rates import FigureRate
from app.console.charts import Chart


@dataclass(frozen=True, slots=True)
class Tile:
    name: str
    value: str
    about: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    id: str
    title: str
    caption: str
    chart: Chart
    height: str = "normal"


@dataclass(frozen=True, slots=True)
class Cell:
    """A number; or a rate, which is drawn with its interval."""

    text: str
    rate: FigureRate | None = None


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    cells: Sequence[Cell]
    link: str | None = None
    """To the same of this alone."""


@dataclass(frozen=True, slots=True)
class Table:
    id: str
    title: str
    columns: Sequence[str]
    """The first is of the labels."""
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class View:
    tiles: Sequence[Tile]
    charts: Sequence[Drawn]
    tables: Sequence[Table] = field(default=())
    is_empty: bool = False
    note: str | None = None
    """Something that the reader of these figures should know."""
    code: str | None = None
    """With the note: how to change it."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Where the rates of a column are drawn: from the least that an interval begins with, so that they differ."""

    low: float
    high: float

    @classmethod
    def of(cls, rates: Sequence[FigureRate]) -> "Scale":
        low = min((one.low for one in rates), default=0.0)
        high = max((one.high for one in rates), default=1.0)
        margin = max((high - low) * 0.05, 0.005)
        return cls(max(0.0, low - margin), min(1.0, high + margin))

    def at(self, share: float) -> float:
        """In per cent of the width."""
        return round(100 * (share - self.low) / (self.high - self.low), 2)


def scales_of(table: Table) -> Mapping[int, Scale]:
    """By number of the column."""
    found: dict[int, list[FigureRate]] = {}
    for row in table.rows:
        for number, cell in enumerate(row.cells):
            if cell.rate is not None:
                found.setdefault(number, []).append(cell.rate)
    return {number: Scale.of(rates) for number, rates in found.items()}
