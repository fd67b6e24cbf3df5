"""Figures as CSV (RFC 4180), for spreadsheets."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from app.analytics.asked import By
from app.analytics.counting import STEPS
from app.analytics.rates import FigureRate
from app.analytics.schemas import (
    CostAmount,
    CostCounts,
    CostFigures,
    DeliveryCounts,
    DeliveryFigures,
    DeliveryRates,
    EngagementCounts,
    EngagementFigures,
    EngagementRates,
    FigureSpan,
)

CSV = "text/csv"

_FORMULAE = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection")."""

_AT_ONCE = 500


def csv_of(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """In pieces, the header first."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(columns)
    for number, row in enumerate(rows, 1):
        writer.writerow([_cell(value) for value in row])
        if number % _AT_ONCE == 0:
            yield written.getvalue()
            written.seek(0)
            written.truncate()
    yield written.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and value.startswith(_FORMULAE):
        return f"'{value}"
    return value


def wants_csv(accept: str, given: str | None) -> bool:
    """By the parameter, which a link may hold, else by the header."""
    if given is not None:
        return given == "csv"
    return any(part.split(";")[0].strip().lower() == CSV for part in accept.split(","))


Table = tuple[list[str], list[list[object]]]
"""Columns, and the rows."""


def span_columns(by: Sequence[By]) -> list[str]:
    return ["start", "end", *(name for one in by for name in _NAMES.get(one, (one,)))]


def span_cells(row: FigureSpan, by: Sequence[By]) -> list[object]:
    cells: list[object] = [row.start, row.end]
    for one in by:
        value = getattr(row.group, one)
        if one == "variant":
            cells += [value.experiment, value.arm] if value is not None else [None, None]
        else:
            cells.append(value)
    return cells


_NAMES: dict[By, Sequence[str]] = {"variant": ("experiment", "arm")}


def rate_columns(names: Iterable[str]) -> list[str]:
    return [f"{name}_rate{end}" for name in names for end in ("", "_low", "_high")]


def rate_cells(rates: Iterable[FigureRate | None]) -> list[object]:
    return [cell for one in rates for cell in ((one.value, one.low, one.high) if one is not None else (None,) * 3)]


def delivery_table(found: DeliveryFigures) -> Table:
    counts, rates = list(DeliveryCounts.model_fields), list(DeliveryRates.model_fields)
    return [*span_columns(found.by), *counts, *rate_columns(rates)], [
        [
            *span_cells(row, found.by),
            *(getattr(row.counts, name) for name in counts),
            *rate_cells(getattr(row.rates, name) for name in rates),
        ]
        for row in found.rows
    ]


def engagement_table(found: EngagementFigures) -> Table:
    counts, rates = list(EngagementCounts.model_fields), list(EngagementRates.model_fields)
    times = ["mean_seconds", "median_from_seconds", "median_to_seconds"]
    columns = [*span_columns(found.by), *counts, *rate_columns(rates), *(f"read_{name}" for name in times)]
    return [*columns, *(f"read_within_{name}" for name in STEPS)], [
        [
            *span_cells(row, found.by),
            *(getattr(row.counts, name) for name in counts),
            *rate_cells(getattr(row.rates, name) for name in rates),
            *(getattr(row.time_to_read, name) for name in times),
            *(row.time_to_read.within.get(name) for name in STEPS),
        ]
        for row in found.rows
    ]


def cost_table(found: CostFigures) -> Table:
    """A row for each currency of each line; of a line without an amount, one."""
    counts = list(CostCounts.model_fields)
    lines = ["category", "price_type", "country"]
    nothing = CostAmount(currency="", amount="")
    return [*span_columns(found.by), *lines, *counts, "currency", "amount"], [
        [
            *span_cells(row, found.by),
            *(getattr(line, name) for name in lines),
            *(getattr(line.counts, name) for name in counts),
            amount.currency,
            amount.amount,
        ]
        for row in found.rows
        for line in row.lines
        for amount in line.amounts or [nothing]
    ]
