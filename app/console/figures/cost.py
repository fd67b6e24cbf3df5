"""What messages cost, as a view."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from app.analytics.schemas import CostAmount, CostFigures, CostRow
from app.console.charts import Chart, Series, chart
from app.console.figures.telling import Telling
from app.console.figures.views import Cell, Drawn, Row, Table, Tile, View

_COLUMNS = ("figure_priced", "figure_paid", "figure_free", "figure_cost")


def cost_view(telling: Telling, over_time: CostFigures, parts: CostFigures | None, url: str) -> View:
    totals = over_time.totals
    return View(
        tiles=[
            *(Tile(telling.say("figure_cost"), _money(telling, one)) for one in over_time.amounts),
            telling.count_tile("figure_paid", totals.paid),
            telling.count_tile("figure_free", totals.free, telling.say("figure_free_about")),
            telling.count_tile("figure_unrated", totals.unrated, telling.say("figure_unrated_about"))
            if totals.unrated
            else telling.count_tile("figure_priced", totals.messages),
        ],
        charts=[_by_category(telling, over_time), *_amounts_over_time(telling, over_time)],
        tables=[
            *([_breakdown(telling, parts)] if parts is not None else []),
            *([_lines(telling, over_time)] if over_time.lines else []),
        ],
        is_empty=totals.messages == 0,
        note=telling.say("unrated_note") if totals.unrated else None,
        code=_curl(url) if totals.unrated else None,
    )


def _category(telling: Telling, category: str) -> str:
    known = ("utility", "marketing", "marketing_lite", "authentication", "authentication_international", "service")
    return telling.say(f"price_{category}") if category in known else category


def _by_category(telling: Telling, found: CostFigures) -> Drawn:
    categories = sorted({line.category for line in found.lines})

    def paid(row: CostRow, category: str) -> int:
        return sum(line.counts.messages for line in row.lines if line.category == category)

    series = [
        Series(_category(telling, category), [paid(row, category) for row in found.rows]) for category in categories
    ]
    drawn = chart(
        "bar", telling.buckets(found.rows), series, telling.number, named=telling.say("time"), is_stacked=True
    )
    return Drawn("categories", telling.say("categories_title"), telling.say("categories_caption"), drawn)


def _amounts_over_time(telling: Telling, found: CostFigures) -> list[Drawn]:
    """One for each currency: they cannot be added."""
    return [
        Drawn(
            f"amounts-{one.currency}",
            telling.say("amounts_title", currency=one.currency),
            telling.say("amounts_caption", currency=one.currency),
            _in_currency(telling, found.rows, one.currency),
        )
        for one in found.amounts
    ]


def _in_currency(telling: Telling, rows: Sequence[CostRow], currency: str) -> Chart:
    amounts = [sum((Decimal(one.amount) for one in row.amounts if one.currency == currency), Decimal()) for row in rows]
    return telling.money("figure_cost", rows, currency, amounts)


def _breakdown(telling: Telling, parts: CostFigures) -> Table:
    return telling.breakdown(parts.rows, _COLUMNS, lambda row: row.counts.messages, lambda row: _cells(telling, row))


def _lines(telling: Telling, found: CostFigures) -> Table:
    rows = [
        Row(
            " · ".join(filter(None, (_category(telling, one.category), one.country, one.price_type))),
            _cells(telling, one),
        )
        for one in sorted(found.lines, key=lambda one: -one.counts.messages)
    ]
    return Table("lines", telling.say("lines_title"), [telling.say("price_line"), *map(telling.say, _COLUMNS)], rows)


def _cells(telling: Telling, row: Any) -> list[Cell]:
    counts = (row.counts.messages, row.counts.paid, row.counts.free)
    return [
        *(telling.count_cell(count) for count in counts),
        Cell(", ".join(_money(telling, one) for one in row.amounts) or "–"),
    ]


def _money(telling: Telling, one: CostAmount) -> str:
    return telling.visit.formats.money(Decimal(one.amount), one.currency)


def _curl(url: str) -> str:
    rate = '{"category": "utility", "country": "TR", "price": "0.0053", "currency": "USD", "from": "2026-01-01"}'
    return (
        f"curl -X PUT {url} \\\n  -H 'Authorization: Bearer ulak_…' -H 'Content-Type: application/json' \\\n"
        f"  -d '{{\"rates\": [{rate}]}}'"
    )
