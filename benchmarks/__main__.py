"""`python -m benchmarks`: measure, compare, print."""

import argparse
import asyncio
import sys
from pathlib import Path

from benchmarks.measure import Figures, Load, measure
from benchmarks.postgres import Server
from benchmarks.processes import BenchmarkError
from benchmarks.report import machine, table, write_json
from benchmarks.systems import Floor, System
from benchmarks.workload import MOST_CONTACTS

SYSTEMS = ("bare", "ulak")


def _systems(only: str | None, history: int, *, told: bool) -> list[System]:
    systems: list[System] = [Floor()] if only != "ulak" else []
    if only != "bare":
        from benchmarks.ulak import Ulak  # noqa: PLC0415 - the floor is measured without loading Ulak

        systems += [Ulak(), Ulak(history=history)] if history else [Ulak()]
        systems += [Ulak(is_told=True)] if told else []
    return systems


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("--messages", type=int, default=20_000, help="messages that are measured per run (default: %(default)s)")
    add("--warm-up", type=int, default=1_000, help="messages before them (default: %(default)s)")
    add("--rate", type=float, default=0, help="events posted per second; 0 is as fast as they are taken (default)")
    add("--connections", type=int, default=64, help="connections of the load generator (default: %(default)s)")
    add("--repeats", type=int, default=3, help="runs of each system, taken in turns (default: %(default)s)")
    add("--only", choices=SYSTEMS, help="measure one system alone")
    add("--history", type=int, default=0, help="measure Ulak also with so many finished messages before (once)")
    add("--told", action="store_true", help="measure Ulak also where every step of each message is told")
    add("--batch", type=int, default=100, help="most statuses in one webhook (default: %(default)s)")
    add("--flush-interval", type=float, default=20, help="ms between two looks at what is due (default: %(default)s)")
    add("--status-delay", type=float, default=100, help="ms from sent to delivered to read (default: %(default)s)")
    add("--answer-delay", type=float, default=0, help="ms until Meta's stand-in answers a send (default: %(default)s)")
    add(
        "--patience",
        type=float,
        default=120,
        help="seconds without an end after which a run has failed (default: %(default)s)",
    )
    add("--json", type=Path, metavar="FILE", help="write all figures there too")
    add("--profile", type=Path, metavar="DIRECTORY", help="sample API and worker, list PostgreSQL's statements; once")
    options = parser.parse_args()
    if options.messages + options.warm_up > MOST_CONTACTS:
        parser.error(f"at most {MOST_CONTACTS} messages, warm-up included: each contact gets one")
    return options


async def _run(options: argparse.Namespace) -> dict[str, list[Figures]]:
    names = ("messages", "warm_up", "rate", "connections", "batch")
    load = Load(
        **{name: getattr(options, name) for name in (*names, "flush_interval", "status_delay", "answer_delay")},
        patience=options.patience,
    )
    systems = _systems(options.only, options.history, told=options.told)
    runs: dict[str, list[Figures]] = {system.name: [] for system in systems}
    if options.profile:
        options.profile.mkdir(parents=True, exist_ok=True)
    with Server(statement_statistics=bool(options.profile)) as server:
        for system in systems:
            await server.create_database(system.name)
            await system.prepare(server, system.name, contacts=load.warm_up + load.messages)
        # What is profiled, or too large to be copied for each run, is measured once.
        for repeat in range(1 if options.profile or options.history else options.repeats):
            # Whoever comes first in one repeat comes last in the next.
            for system in systems if repeat % 2 == 0 else reversed(systems):
                figures = await measure(system, server, load, template=system.name, profile=options.profile)
                runs[system.name].append(figures)
                print(f"{system.name:>6}: {figures.rate:,.0f} messages/s, {figures.life:.3f} CPU-ms each", flush=True)
                for note in figures.notes:
                    print(f"        note: {note}")
    if options.json:
        write_json(options.json, load, runs)
    return runs


def main() -> int:
    options = _options()
    print(", ".join(f"{name} {value}" for name, value in machine().items()), flush=True)
    try:
        runs = asyncio.run(_run(options))
    except BenchmarkError as error:
        print(f"benchmark failed:\n{error}", file=sys.stderr)
        return 1
    print(f"\n{table(runs)}")
    if options.profile:
        print("\nProfiled, so the figures are not to be quoted; the profiles:")
        print("\n".join(f"  {path}" for path in sorted(options.profile.glob("*.txt"))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
