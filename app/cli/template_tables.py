"""Plans and states of templates as people read them: tables on a terminal, plain lines elsewhere."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from app.cli.accounts import show
from app.cli.at_meta import Done, Known, Outcome
from app.templates.planning import OBSTACLES, Kind, Step

_COLOURS = {
    Kind.SAME: "dim",
    Kind.NEW: "green",
    Kind.CHANGED: "yellow",
    Kind.DRIFTED: "magenta",
    Kind.CONFLICT: "red",
    Kind.ORPHANED: "cyan",
    Kind.FORBIDDEN: "red",
}
_DIFF_COLOURS = {"+": "green", "-": "red", " ": "dim"}
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def on_a_terminal() -> bool:
    return Console().is_terminal


def show_rows(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """On a terminal a table; elsewhere one line for each row, its fields apart by tabs, for other programs."""
    if not on_a_terminal():
        for row in rows:
            typer.echo("\t".join(field.replace("\n", "; ") for field in row))
        return
    table = Table(*headings)
    for row in rows:
        table.add_row(*map(escape, row))
    show(table)


def show_plan(steps: Sequence[Step], numbers: str | None = None) -> None:
    """Everything but what is the same, each with its difference; then the numbers, of these steps or as given."""
    console = Console(highlight=False, soft_wrap=True)
    for step in steps:
        if step.kind is Kind.SAME:
            continue
        console.print(Text(step.kind.ljust(9), style=_COLOURS[step.kind]), Text(f"{step.name} {step.language}"))
        if step.obstacle is not None:
            console.print(Text(f"    {hindrance(step)}"))
        if step.kind is not Kind.ORPHANED:
            for line in step.diff:
                console.print(Text(f"    {line}", style=_DIFF_COLOURS.get(line[:1], "bold")))
    console.print(Text(numbers or summary(steps)))


def hindrance(step: Step) -> str:
    if step.obstacle is None:
        return ""
    said = OBSTACLES[step.obstacle]
    return said if step.possible_at is None else f"{said}; possible from {moment(step.possible_at)}"


def summary(steps: Sequence[Step]) -> str:
    kinds = Counter(step.kind for step in steps)
    found = ", ".join(f"{kinds[kind]} {kind}" for kind in Kind if kinds[kind]) or "no templates"
    actions = Counter(step.action for step in steps if step.action is not None)
    would = ", ".join(f"{action} {number}" for action, number in sorted(actions.items(), reverse=True))
    return f"{found}. To apply: {would or 'nothing'}."


def plan_as_json(plans: Sequence[tuple[str, Sequence[Step]]]) -> str:
    found = [{"waba_id": waba_id, "steps": [_step(step) for step in steps]} for waba_id, steps in plans]
    return json.dumps(found, ensure_ascii=False, indent=2)


def _step(step: Step) -> dict[str, Any]:
    return {
        "kind": step.kind,
        "name": step.name,
        "language": step.language,
        "event_type": step.wanted.definition.event_type if step.wanted is not None else None,
        "action": step.action,
        "obstacle": step.obstacle,
        "possible_at": step.possible_at.isoformat() if step.possible_at is not None else None,
        "diff": list(step.diff),
    }


def show_done(done: Sequence[Done]) -> None:
    show_rows(
        ("template", "language", "status", ""), [(one.name, one.language, one.status, one.detail or "") for one in done]
    )


def show_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Each, and then how many there are of each status."""
    headings = ("template", "language", "status", "category", "")
    show_rows(headings, [(one.name, one.language, one.status, _category(one), one.detail or "") for one in outcomes])
    numbers = Counter(one.status for one in outcomes)
    typer.echo(", ".join(f"{number} {status}" for status, number in numbers.most_common()) or "nothing was in review")


def _category(one: Outcome) -> str:
    if one.category in (None, one.wanted_category):
        return one.wanted_category
    return f"{one.category}, not {one.wanted_category}"


def show_known(known: Sequence[Known], now: datetime) -> None:
    headings = ("template", "language", "status", "category", "quality", "version", "known for", "clocks")
    show_rows(headings, [_known(one, now) for one in known])


def _known(one: Known, now: datetime) -> tuple[str, ...]:
    clocks = [f"{w.message} {moment(w.at)}" if w.at is not None else w.message for w in one.warnings]
    return (
        one.name,
        one.language,
        f"{one.status}: {one.reason}" if one.reason else one.status,
        one.category,
        one.quality or "",
        str(one.version or ""),
        age(now - one.known_at),
        "\n".join(clocks),
    )


def moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def age(span: timedelta) -> str:
    if span < _HOUR:
        return f"{max(span // timedelta(minutes=1), 0)} min"
    return f"{span // _HOUR} h" if span < 2 * _DAY else f"{span // _DAY} d"
