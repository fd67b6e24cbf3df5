"""What came of messages, as a view."""

from decimal import Decimal

from babel.numbers import get_currency_precision

from app.analytics.conversions.figure_schemas import ConversionFigures, ConversionRow, ConversionValue
from app.console.charts import Chart, Series, chart
from app.console.figures.telling import Telling
from app.console.figures.views import Cell, Drawn, Table, Tile, View


def conversion_view(telling: Telling, over_time: ConversionFigures, parts: ConversionFigures | None, url: str) -> View:
    totals = over_time.totals
    values = [
        Tile(
            telling.say("conversion_value"),
            _money(telling, one.amount, one.currency),
            telling.say("conversion_value_about", amount=_money(telling, one.attributed_amount, one.currency)),
        )
        for one in over_time.values
    ]
    is_empty = totals.conversions == 0
    return View(
        tiles=[
            telling.count_tile(
                "figure_conversions",
                totals.conversions,
                telling.say("figure_conversions_about", attributed=telling.number(totals.attributed)),
            ),
            telling.count_tile("figure_converted", totals.converted),
            telling.rate_tile("figure_conversion_rate", over_time.rate),
            *values,
        ],
        charts=[]
        if is_empty
        else [_counts(telling, over_time), _rates(telling, over_time), *_amounts(telling, over_time)],
        tables=[_breakdown(telling, parts)] if parts is not None and not is_empty else [],
        note=telling.say("no_conversions") if is_empty else None,
        code=_curl(url) if is_empty else None,
    )


def _counts(telling: Telling, found: ConversionFigures) -> Drawn:
    series = [
        Series(telling.say("figure_attributed"), [row.counts.attributed for row in found.rows], "series-1"),
        Series(telling.say("figure_unattributed"), [row.counts.unattributed for row in found.rows], "series-6"),
    ]
    labels = telling.buckets(found.rows)
    drawn = chart("bar", labels, series, telling.number, named=telling.say("time"), is_stacked=True)
    return Drawn("conversions", telling.say("conversions_title"), telling.say("conversions_caption"), drawn)


def _rates(telling: Telling, found: ConversionFigures) -> Drawn:
    rates = [row.rate.value if row.rate else None for row in found.rows]
    series = [Series(telling.say("figure_conversion_rate"), rates)]
    drawn = chart("line", telling.buckets(found.rows), series, telling.share, named=telling.say("time"), unit="percent")
    title = telling.say("conversion_rate_title")
    return Drawn("conversion-rate", title, telling.say("conversion_rate_caption"), drawn)


def _amounts(telling: Telling, found: ConversionFigures) -> list[Drawn]:
    """One for each currency: they cannot be added."""
    return [
        Drawn(
            f"value-{one.currency}",
            telling.say("value_title", currency=one.currency),
            telling.say("value_caption", currency=one.currency),
            _in_currency(telling, found.rows, one.currency),
        )
        for one in found.values
    ]


def _in_currency(telling: Telling, rows: list[ConversionRow], currency: str) -> Chart:
    minor = (sum(one.attributed_amount for one in row.values if one.currency == currency) for row in rows)
    return telling.money("conversion_value", rows, currency, [_units(amount, currency) for amount in minor])


def _breakdown(telling: Telling, parts: ConversionFigures) -> Table:
    def cells(row: ConversionRow) -> list[Cell]:
        return [
            telling.count_cell(row.counts.conversions),
            telling.count_cell(row.counts.converted),
            telling.rate_cell(row.rate),
            Cell(_all_values(telling, row.values)),
        ]

    columns = ("figure_conversions", "figure_converted", "figure_conversion_rate", "conversion_value")
    return telling.breakdown(parts.rows, columns, lambda row: row.counts.conversions, cells)


def _all_values(telling: Telling, values: list[ConversionValue]) -> str:
    return ", ".join(_money(telling, one.amount, one.currency) for one in values) or "–"


def _units(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-get_currency_precision(currency))


def _money(telling: Telling, minor: int, currency: str) -> str:
    return telling.visit.formats.money(_units(minor, currency), currency)


def _curl(url: str) -> str:
    body = (
        '{"reference": "order-1002", "type": "purchase",\n'
        '       "contact": {"phone": "+905321112233"}, "value": {"amount": 129990, "currency": "TRY"}}'
    )
    return f"curl {url} \\\n  -H 'Authorization: Bearer ulak_…' -H 'Content-Type: application/json' \\\n  -d '{body}'"
