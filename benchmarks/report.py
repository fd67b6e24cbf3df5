"""Figures of several runs as one table, and as JSON."""

import dataclasses
import itertools
import os
import platform
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson

from benchmarks.measure import Figures, Load

Row = tuple[str, Callable[[Figures], float], int]

ROWS: Sequence[Row] = (
    ("messages/s, first post to last read", lambda f: f.rate, 0),
    ("events/s accepted meanwhile", lambda f: f.accepted_rate, 0),
    ("CPU-ms per message: API", lambda f: f.cpu["API"], 3),
    ("CPU-ms per message: worker", lambda f: f.cpu["worker"], 3),
    ("CPU-ms per message: PostgreSQL", lambda f: f.cpu["PostgreSQL"], 3),
    ("CPU-ms per message: whole life", lambda f: f.life, 3),
    ("accept latency p50, ms", lambda f: f.accept_p50, 1),
    ("accept latency p99, ms", lambda f: f.accept_p99, 1),
    ("webhook acknowledged p50, ms", lambda f: f.webhook_p50, 1),
    ("webhook acknowledged p99, ms", lambda f: f.webhook_p99, 1),
    ("statuses per webhook", lambda f: f.statuses_per_webhook, 1),
    ("MB resident, API: beginning", lambda f: f.memory["API"][0], 0),
    ("MB resident, API: middle", lambda f: f.memory["API"][1], 0),
    ("MB resident, API: end", lambda f: f.memory["API"][2], 0),
    ("MB resident, worker: beginning", lambda f: f.memory["worker"][0], 0),
    ("MB resident, worker: middle", lambda f: f.memory["worker"][1], 0),
    ("MB resident, worker: end", lambda f: f.memory["worker"][2], 0),
    ("(CPU-ms per message: load generator)", lambda f: f.cpu["generator"], 3),
    ("(CPU-ms per message: counterpart)", lambda f: f.cpu["counterpart"], 3),
    ("(processors busy, all programs, %)", lambda f: f.machine_busy * 100, 0),
)


def _cell(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}"


def table(runs: dict[str, list[Figures]]) -> str:
    """Medians, the lowest and highest of the repeats beside them, and the ratio of each system to the one before it:
    of Ulak to the floor, of Ulak with a history to Ulak without."""
    names = list(runs)
    pairs = list(itertools.pairwise(names))
    heads = ["median (lowest-highest)", *names, *(f"{second}/{first}" for first, second in pairs)]
    lines = [heads]
    for label, value, digits in ROWS:
        medians = {name: statistics.median(map(value, figures)) for name, figures in runs.items()}
        cells = [label]
        for name in names:
            values = sorted(map(value, runs[name]))
            spread = f" ({_cell(values[0], digits)}-{_cell(values[-1], digits)})" if len(values) > 1 else ""
            cells.append(_cell(medians[name], digits) + spread)
        cells += [f"{medians[second] / medians[first]:.2f}" if medians[first] else "" for first, second in pairs]
        lines.append(cells)
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    rendered = ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) for line in lines]
    return "\n".join([rendered[0], "-" * len(rendered[0]), *rendered[1:]])


def machine() -> dict[str, object]:
    return {
        "processors": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def write_json(path: Path, load: Load, runs: dict[str, list[Figures]]) -> None:
    facts = {
        "machine": machine(),
        "load": dataclasses.asdict(load),
        "runs": {
            name: [dataclasses.asdict(one) | {"life_cpu_ms": one.life} for one in figures]
            for name, figures in runs.items()
        },
    }
    path.write_bytes(orjson.dumps(facts, option=orjson.OPT_INDENT_2) + b"\n")
