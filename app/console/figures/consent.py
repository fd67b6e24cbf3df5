"""Who agreed and who left, as a view."""

from app.analytics.consents.schemas import ConsentFigures, ConsentRow
from app.consent.rules import ALL_TOPICS
from app.console.charts import Series, chart
from app.console.figures.telling import Telling
from app.console.figures.views import Cell, Drawn, Row, Table, Tile, View
from app.console.speaking import Speech

_TOPICS_SHOWN = 12


def consent_view(telling: Telling, over_time: ConsentFigures, parts: ConsentFigures | None) -> View:
    totals = over_time.totals
    return View(
        tiles=[
            telling.count_tile("consent_now", over_time.opted_in_now),
            Tile(
                telling.say("consent_net"),
                telling.signed(totals.net),
                telling.say(
                    "consent_net_about", gained=telling.number(totals.gained), lost=telling.number(totals.lost)
                ),
                "bad" if totals.net < 0 else "",
            ),
            telling.count_tile(
                "consent_opt_ins",
                totals.opt_ins,
                telling.say("consent_requests", count=telling.number(totals.requests)),
            ),
            telling.count_tile("consent_opt_outs", totals.opt_outs),
            telling.count_tile(
                "consent_stops",
                totals.marketing_stops,
                telling.say("consent_pauses", count=telling.number(totals.pauses)),
            ),
        ],
        charts=[_gained(telling, over_time), *_held(telling, over_time)],
        tables=[
            *([_breakdown(telling, parts)] if parts is not None else []),
            *([_topics(telling, over_time)] if over_time.topics_now else []),
        ],
    )


def _gained(telling: Telling, found: ConsentFigures) -> Drawn:
    series = [
        Series(telling.say("consent_gained"), [row.counts.gained for row in found.rows], "ok"),
        Series(telling.say("consent_lost"), [-row.counts.lost for row in found.rows], "bad"),
    ]
    labels = telling.buckets(found.rows)
    drawn = chart("bar", labels, series, telling.number, named=telling.say("time"), is_stacked=True)
    return Drawn("gained", telling.say("gained_title"), telling.say("gained_caption"), drawn)


def _held(telling: Telling, found: ConsentFigures) -> list[Drawn]:
    """By door nobody stays, and there is nothing to draw."""
    held = [None if row.start > telling.visit.now else row.opted_in for row in found.rows]
    if all(one is None for one in held):
        return []
    labels = telling.buckets(found.rows)
    drawn = chart(
        "line", labels, [Series(telling.say("consent_held"), held)], telling.number, named=telling.say("time")
    )
    return [Drawn("held", telling.say("held_title"), telling.say("held_caption"), drawn)]


def _breakdown(telling: Telling, parts: ConsentFigures) -> Table:
    def cells(row: ConsentRow) -> list[Cell]:
        counts = (row.counts.opt_ins, row.counts.opt_outs, row.counts.gained, row.counts.lost)
        return [*map(telling.count_cell, counts), Cell(telling.signed(row.counts.net))]

    columns = ("consent_opt_ins", "consent_opt_outs", "consent_gained", "consent_lost", "consent_net")
    return telling.breakdown(parts.rows, columns, lambda row: row.counts.opt_ins + row.counts.opt_outs, cells)


def _topics(telling: Telling, found: ConsentFigures) -> Table:
    speech = Speech.to(telling.visit)
    rows = [
        Row(
            telling.say("all_topics") if one.topic == ALL_TOPICS else speech.topic(one.topic),
            [telling.count_cell(one.customers)],
        )
        for one in found.topics_now[:_TOPICS_SHOWN]
    ]
    columns = [telling.say("by_topic"), telling.say("customers")]
    return Table("topics", telling.say("topics_title"), columns, rows)
