"""One run: a fresh copy of a prepared database, fresh processes, a warm-up, then the round that counts."""

import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.postgres import Server
from benchmarks.processes import BenchmarkError, Helper, Service, free_port
from benchmarks.sampler import PROFILE_ANEW
from benchmarks.systems import Place, System


@dataclass(frozen=True)
class Load:
    """What every system is put under alike."""

    messages: int
    warm_up: int
    rate: float
    connections: int
    batch: int
    flush_interval: float
    status_delay: float
    answer_delay: float
    patience: float


@dataclass(frozen=True)
class Figures:
    """What one run gave. Times in milliseconds; CPU in milliseconds per message."""

    system: str
    messages: int
    seconds: float
    rate: float
    accepted_rate: float
    cpu: dict[str, float]
    accept_p50: float
    accept_p99: float
    webhook_p50: float
    webhook_p99: float
    statuses_per_webhook: float
    machine_busy: float
    memory: dict[str, list[float]]
    """Resident megabytes of API and worker at the beginning, in the middle and at the end."""
    notes: list[str] = field(default_factory=list)

    @property
    def life(self) -> float:
        """The whole life of a message: API, worker and PostgreSQL."""
        return self.cpu["API"] + self.cpu["worker"] + self.cpu["PostgreSQL"]


@dataclass
class Running:
    """Everything that runs in one run."""

    api: Service
    worker: Service
    server: Server
    generator: Helper
    counterpart: Helper
    connection: asyncpg.Connection

    def cpu_seconds(self) -> dict[str, float]:
        return {
            "API": self.api.cpu_seconds(),
            "worker": self.worker.cpu_seconds(),
            "PostgreSQL": self.server.cpu_seconds(),
            "generator": self.generator.cpu_seconds(),
            "counterpart": self.counterpart.cpu_seconds(),
        }


@contextlib.asynccontextmanager
async def _running(
    system: System, server: Server, load: Load, *, template: str, profile: Path | None
) -> AsyncIterator[Running]:
    database = f"{template}_run" if system.is_copied else template
    if system.is_copied:
        await server.create_database(database, template=template)
    if profile:
        await server.execute("create extension if not exists pg_stat_statements", database=database)
    await server.settle()
    async with contextlib.AsyncExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ulak-bench-logs-")))
        stack.push_async_callback(server.drop_database, database)
        port = free_port()
        options: dict[str, Any] = {
            "webhook-port": port,
            "batch": load.batch,
            "flush-interval": load.flush_interval,
            "status-delay": load.status_delay,
            "answer-delay": load.answer_delay,
        }
        counterpart = await Helper.start("benchmarks.counterpart", *_arguments(options))
        stack.push_async_callback(counterpart.stop)
        graph_url = f"http://127.0.0.1:{(await counterpart.hear(patience=30))['port']}"
        place = Place(database_url=server.url(database), graph_url=graph_url, api_port=port, logs=logs, profile=profile)
        api, worker = system.start(place)
        stack.push_async_callback(_stop, api, worker)
        await api.wait_for_port(port)
        options = {"port": port, "token": system.token, "connections": load.connections}
        generator = await Helper.start("benchmarks.generator", *_arguments(options))
        stack.push_async_callback(generator.stop)
        await generator.hear(patience=30)
        connection = await asyncpg.connect(server.url(database))
        stack.push_async_callback(connection.close)
        try:
            yield Running(api, worker, server, generator, counterpart, connection)
        except BenchmarkError:
            for service in (api, worker):
                print(f"--- last lines of {service.name}\n{service.tail()}", file=sys.stderr)
            raise


def _arguments(options: dict[str, Any]) -> list[str]:
    return [part for name, value in options.items() for part in (f"--{name}", str(value))]


async def _stop(*services: Service) -> None:
    await asyncio.gather(*(service.stop() for service in services))


async def measure(system: System, server: Server, load: Load, *, template: str, profile: Path | None = None) -> Figures:
    """Set the system up, warm it, measure it, and see that nothing was lost and nothing doubled."""
    async with _running(system, server, load, template=template, profile=profile) as running:
        await _round(system, running, load, first=0, messages=load.warm_up, read_before=0)
        if profile:
            await running.connection.execute("select pg_stat_statements_reset()")
            running.api.send(PROFILE_ANEW)
            running.worker.send(PROFILE_ANEW)
        figures = await _round(
            system, running, load, first=load.warm_up, messages=load.messages, read_before=load.warm_up
        )
        if profile:
            statements = await _statements(running.connection)
            await asyncio.to_thread((profile / f"{system.name}-statements.txt").write_text, statements)
        return figures


async def _round(
    system: System, running: Running, load: Load, *, first: int, messages: int, read_before: int
) -> Figures:
    await running.counterpart.order(order="begin", patience=30)
    order = {"first": first, "messages": messages, "rate": load.rate, "series": f"{system.name}-{first}"}
    await running.generator.order(**order, patience=60)
    before, machine_before = running.cpu_seconds(), _machine()
    memory = asyncio.create_task(_watch_memory(running))
    posting = load.patience + (messages / load.rate if load.rate else 0)
    posted = await _while_alive(running, running.generator.order(patience=posting))
    report = running.counterpart.order(
        order="report", messages=messages, patience_for_all=load.patience, patience=load.patience + 10
    )
    reported = await _while_alive(running, report)
    read_at = await _wait_until_read(system, running, messages + read_before, reported, patience=load.patience)
    after, machine_after = running.cpu_seconds(), _machine()
    memory.cancel()
    read = await system.count_read(running.connection) - read_before
    _verify(messages, posted, reported, read)
    seconds = read_at - posted["started"]
    return Figures(
        system=system.name,
        messages=messages,
        seconds=seconds,
        rate=messages / seconds,
        accepted_rate=messages / (posted["ended"] - posted["started"]),
        cpu={part: (after[part] - before[part]) * 1000 / messages for part in before},
        accept_p50=percentile(posted["latencies"], 50) * 1000,
        accept_p99=percentile(posted["latencies"], 99) * 1000,
        webhook_p50=percentile(reported["latencies"], 50) * 1000,
        webhook_p99=percentile(reported["latencies"], 99) * 1000,
        statuses_per_webhook=reported["acknowledged"] / max(reported["posts"], 1),
        memory=await memory,
        machine_busy=(machine_after[0] - machine_before[0]) / (machine_after[1] - machine_before[1]),
        notes=[*reported["troubles"], *(f"unknown call {url}" for url in reported["unknown"])],
    )


async def _watch_memory(running: Running) -> dict[str, list[float]]:
    """Until it is cancelled."""
    seen: list[tuple[float, float]] = []
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            seen.append((running.api.megabytes(), running.worker.megabytes()))
            await asyncio.sleep(0.5)
    chosen = [seen[0], seen[len(seen) // 2], seen[-1]]
    return {"API": [api for api, _ in chosen], "worker": [worker for _, worker in chosen]}


async def _while_alive(running: Running, waiting: Coroutine[Any, Any, dict[str, Any]]) -> dict[str, Any]:
    """Wait for word from a helper, but not for what a dead API or worker can no longer bring about."""
    task = asyncio.create_task(waiting)
    try:
        while not (await asyncio.wait({task}, timeout=1))[0]:
            running.api.check()
            running.worker.check()
        return task.result()
    finally:
        task.cancel()


async def _wait_until_read(
    system: System, running: Running, expected: int, reported: dict[str, Any], *, patience: float
) -> float:
    """When the last `read` was applied: at its acknowledgement, unless the database says that it came later."""
    applied_at: float = reported["last_acknowledged"]
    deadline = time.monotonic() + min(patience, 30)
    while await system.count_read(running.connection) < expected and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
        applied_at = time.monotonic()
    return applied_at


def _verify(messages: int, posted: dict[str, Any], reported: dict[str, Any], read: int) -> None:
    """N posted, the same N sent once each, N read: or the figures mean nothing."""
    faults = []
    if posted["refusals"]:
        faults.append(f"{len(posted['refusals'])} posts not accepted, the first: {posted['refusals'][0]}")
    accepted, calls = set(posted["ids"]), reported["calls"]
    if len(accepted) != messages:
        faults.append(f"{messages} posted, {len(accepted)} different ids answered")
    if missing := accepted - calls.keys():
        faults.append(f"{len(missing)} accepted messages were never sent, one of them {min(missing)}")
    if strange := calls.keys() - accepted:
        faults.append(f"{len(strange)} sends of messages that were not accepted, one of them {min(strange)}")
    if doubled := [name for name, times in calls.items() if times > 1]:
        faults.append(f"{len(doubled)} messages were sent more than once, one of them {min(doubled)}")
    if reported["acknowledged"] != 3 * messages:
        faults.append(f"{reported['acknowledged']} statuses acknowledged instead of {3 * messages}")
    if read != messages:
        faults.append(f"{read} messages read in the database instead of {messages}")
    if faults:
        raise BenchmarkError("\n".join([*faults, *reported["troubles"]]))


def percentile(values: list[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0


def _machine() -> tuple[float, float]:
    """Busy and total time of all processors so far; what is busy beyond our own is the neighbours' noise."""
    fields = [int(field) for field in Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]]
    return sum(fields) - fields[3] - fields[4], sum(fields)


async def _statements(connection: asyncpg.Connection) -> str:
    rows = await connection.fetch(
        "select calls, rows, round(total_exec_time) as ms, wal_bytes, regexp_replace(query, '\\s+', ' ', 'g') as query"
        " from pg_stat_statements order by total_exec_time desc limit 25"
    )
    lines = [f"{'calls':>8} {'rows':>9} {'ms':>8} {'WAL kB':>9}  statement"]
    lines += [f"{r['calls']:8} {r['rows']:9} {r['ms']:8} {r['wal_bytes'] // 1024:9}  {r['query'][:220]}" for r in rows]
    return "\n".join(lines) + "\n"
