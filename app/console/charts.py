"""Charts as console.js draws them, each with the same figures as a table for who does not see it. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Value = float | int | None
Unit = Literal["number", "percent", "money"]


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    values: Sequence[Value]
    colour: str | None = None
    """A name of the style sheet's (`--ok`); by its place where there is none."""
    is_dashed: bool = False
    kind: Literal["bar", "line"] | None = None
    """Where it is drawn otherwise than the rest."""


@dataclass(frozen=True, slots=True)
class Chart:
    spec: dict[str, Any]
    columns: list[str]
    rows: list[list[str]]


def chart(
    kind: Literal["bar", "line"],
    labels: Sequence[str],
    series: Sequence[Series],
    told: Callable[[Value], str],
    *,
    named: str,
    unit: Unit = "number",
    currency: str | None = None,
    is_stacked: bool = False,
    is_lying: bool = False,
    is_labelled: bool = False,
    most: float | None = None,
) -> Chart:
    """`named`: what the labels are of. `told`: a value as the table shows it. `most`: where the axis of values ends."""
    spec = {
        "kind": kind,
        "labels": list(labels),
        "series": [
            {
                "name": one.name,
                "values": list(one.values),
                "colour": one.colour,
                "dashed": one.is_dashed,
                "kind": one.kind or kind,
            }
            for one in series
        ],
        "unit": unit,
        "currency": currency,
        "stacked": is_stacked,
        "lying": is_lying,
        "labelled": is_labelled,
        "most": most,
    }
    rows = [[label, *(told(one.values[number]) for one in series)] for number, label in enumerate(labels)]
    return Chart(spec, [named, *(one.name for one in series)], rows)
