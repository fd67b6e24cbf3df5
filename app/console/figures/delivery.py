"""What became of messages, as a view."""

from collections.abc import Callable, Sequence

from app.analytics.schemas import DeliveryCounts, DeliveryFigures, DeliveryRow
from app.console.charts import Series, chart
from app.console.figures.telling import Telling
from app.console.figures.views import Cell, Drawn, Row, Table, View
from app.console.rules import reason
from app.console.speaking import Speech

_REASONS_SHOWN = 12


def delivery_view(telling: Telling, over_time: DeliveryFigures, parts: DeliveryFigures | None) -> View:
    totals = over_time.totals
    tables = [] if parts is None else [_breakdown(telling, parts)]
    if over_time.reasons:
        tables.append(_reasons(telling, over_time))
    return View(
        tiles=[
            telling.count_tile("figure_messages", totals.messages),
            telling.rate_tile("figure_delivered_rate", over_time.rates.delivered),
            telling.rate_tile("figure_read_rate", over_time.rates.read),
            telling.rate_tile("figure_failed_rate", over_time.rates.failed),
            telling.count_tile(
                "figure_kept",
                totals.suppressed + totals.canceled + totals.expired,
                telling.say(
                    "figure_kept_about",
                    suppressed=telling.number(totals.suppressed),
                    canceled=telling.number(totals.canceled),
                    expired=telling.number(totals.expired),
                ),
            ),
        ],
        charts=[_steps(telling, over_time), _rates(telling, over_time)],
        tables=tables,
        is_empty=totals.messages == 0,
    )


_LAYERS: Sequence[tuple[str, str, Callable[[DeliveryCounts], int]]] = (
    ("figure_read", "series-1", lambda one: one.read),
    ("figure_delivered_unread", "series-2", lambda one: one.delivered - one.read),
    ("figure_under_way", "series-6", lambda one: one.messages - one.delivered - _ended(one)),
    ("figure_failed", "series-5", lambda one: one.failed),
    ("figure_kept", "series-3", lambda one: one.suppressed + one.canceled + one.expired),
)
"""Each message is in one of them."""


def _ended(counts: DeliveryCounts) -> int:
    return counts.failed + counts.suppressed + counts.canceled + counts.expired


def _steps(telling: Telling, found: DeliveryFigures) -> Drawn:
    series = [
        Series(telling.say(key), [layer(row.counts) for row in found.rows], colour) for key, colour, layer in _LAYERS
    ]
    drawn = chart(
        "bar", telling.buckets(found.rows), series, telling.number, named=telling.say("time"), is_stacked=True
    )
    return Drawn("steps", telling.say("steps_title"), telling.say("steps_caption"), drawn)


def _rates(telling: Telling, found: DeliveryFigures) -> Drawn:
    rates = [row.rates for row in found.rows]
    series = [
        Series(telling.say("figure_delivered_rate"), [one.delivered.value if one.delivered else None for one in rates]),
        Series(telling.say("figure_read_rate"), [one.read.value if one.read else None for one in rates]),
    ]
    drawn = chart(
        "line", telling.buckets(found.rows), series, telling.share, named=telling.say("time"), unit="percent", most=1
    )
    return Drawn("rates", telling.say("rates_title"), telling.say("rates_caption"), drawn)


def _breakdown(telling: Telling, parts: DeliveryFigures) -> Table:
    def cells(row: DeliveryRow) -> list[Cell]:
        return [
            telling.count_cell(row.counts.messages),
            telling.rate_cell(row.rates.delivered),
            telling.rate_cell(row.rates.read),
            telling.rate_cell(row.rates.failed),
            telling.count_cell(row.counts.suppressed + row.counts.canceled + row.counts.expired),
        ]

    columns = ("figure_messages", "figure_delivered_rate", "figure_read_rate", "figure_failed_rate", "figure_kept")
    return telling.breakdown(parts.rows, columns, lambda row: row.counts.messages, cells)


def _reasons(telling: Telling, found: DeliveryFigures) -> Table:
    speech = Speech.to(telling.visit)

    def told(one: object) -> str:
        return "" if one is None else str(one)

    rows = [
        Row(
            speech(reason(one.reason)) if one.reason else speech.sentence(one.meaning) or telling.say("unknown_value"),
            [
                Cell(telling.say(f"figure_{one.status}")),
                Cell(told(one.code) or "–"),
                telling.count_cell(one.messages),
            ],
        )
        for one in found.reasons[:_REASONS_SHOWN]
    ]
    columns = ["failure_reason", "outcome", "meta_code", "failure_messages"]
    return Table("reasons", telling.say("failures_title"), [telling.say(one) for one in columns], rows)
