"""What customers made of messages, as a view."""

from datetime import timedelta

from app.analytics.schemas import EngagementFigures, EngagementRow, TimeToRead
from app.console.charts import Series, chart
from app.console.figures.telling import Telling
from app.console.figures.views import Cell, Drawn, Table, Tile, View

_RATES = ("read", "replied", "tapped", "clicked", "opted_out")


def engagement_view(telling: Telling, over_time: EngagementFigures, parts: EngagementFigures | None) -> View:
    return View(
        tiles=[
            telling.count_tile("figure_delivered", over_time.totals.delivered),
            *(telling.rate_tile(f"figure_{name}_rate", getattr(over_time.rates, name)) for name in _RATES),
            _soon(telling, over_time.time_to_read),
        ],
        charts=[_over_time(telling, over_time), _within(telling, over_time.time_to_read)],
        tables=[_breakdown(telling, parts)] if parts is not None else [],
        is_empty=over_time.totals.delivered == 0,
    )


def _soon(telling: Telling, found: TimeToRead) -> Tile:
    lasting = telling.visit.formats.lasting
    name = telling.say("read_median")
    if found.median_from_seconds is None:
        return Tile(name, "–")
    lower = timedelta(seconds=found.median_from_seconds)
    if found.median_to_seconds is None:
        return Tile(name, telling.say("over", duration=lasting(lower)))
    upper = timedelta(seconds=found.median_to_seconds)
    about = telling.say("over", duration=lasting(lower)) if lower else ""
    return Tile(name, telling.say("under", duration=lasting(upper)), about)


def _over_time(telling: Telling, found: EngagementFigures) -> Drawn:
    series = []
    for name in _RATES[1:]:  # beside which the share of those read would leave no room; see delivery
        rates = [getattr(row.rates, name) for row in found.rows]
        series.append(Series(telling.say(f"figure_{name}_rate"), [one.value if one else None for one in rates]))
    drawn = chart("line", telling.buckets(found.rows), series, telling.share, named=telling.say("time"), unit="percent")
    return Drawn("engagement", telling.say("engagement_title"), telling.say("engagement_caption"), drawn)


def _within(telling: Telling, found: TimeToRead) -> Drawn:
    labels = [telling.say(f"within_{name}") for name in found.within]
    drawn = chart(
        "bar",
        labels,
        [Series(telling.say("share_of_read"), list(found.within.values()))],
        telling.share,
        named=telling.say("within"),
        unit="percent",
        is_labelled=True,
        most=1,
    )
    return Drawn("within", telling.say("within_title"), telling.say("within_caption"), drawn)


def _breakdown(telling: Telling, parts: EngagementFigures) -> Table:
    def cells(row: EngagementRow) -> list[Cell]:
        rates = (getattr(row.rates, name) for name in _RATES)
        return [telling.count_cell(row.counts.delivered), *map(telling.rate_cell, rates)]

    columns = ("figure_delivered", *(f"figure_{name}_rate" for name in _RATES))
    return telling.breakdown(parts.rows, columns, lambda row: row.counts.delivered, cells)
