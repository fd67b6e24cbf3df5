"""`python -m benchmarks.imports`: a consent list from the file to the ledger, and what memory that takes.

The API and the worker are processes of their own, and the list goes in by HTTP. Two lists of very different length in
two fresh databases: what memory has to do with the length is seen by comparing them.
"""

import argparse
import asyncio
import csv
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
from cryptography.fernet import Fernet

from app.accounts.service import NO_QUIET_HOURS
from app.cli.run import upgrade
from app.consent.verify import verify
from app.container import build_container
from app.core.ids import public_id
from app.core.settings import Settings
from benchmarks.postgres import Server
from benchmarks.processes import BenchmarkError, Service, free_port
from benchmarks.report import machine

NAME = "Demo Mağaza"
WORDING = f"Sipariş ve kargo bilgilerimi {NAME}'dan WhatsApp ile almak istiyorum."
PIECE = 256 * 1024


@dataclass
class Peak:
    """The most memory that a process had, in MB."""

    api: float = 0
    worker: float = 0


def write_list(path: Path, rows: int) -> None:
    """One row in fifty cannot prove what it says, and one in a hundred is an opt-out."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["telefon", "islem", "izin_tarihi", "kaynak", "metin", "metin_surumu", "dil", "ad", "ip"])
        for number in range(rows):
            act = "ret" if number % 100 == 0 else "onay"
            wording = "" if number % 50 == 1 else WORDING
            phone = (
                f"0{530 + number // 10_000_000} {number // 10_000 % 1000:03} {number // 100 % 100:02} {number % 100:02}"
            )
            day = f"{number % 28 + 1:02}.{number % 12 + 1:02}.2024 14:30"
            writer.writerow([phone, act, day, "checkout", wording, "2024-1", "tr", f"Müşteri {number}", "192.0.2.7"])


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece


async def measure(server: Server, directory: Path, rows: int) -> None:
    path = directory / f"list-{rows}.csv"
    write_list(path, rows)
    database = f"import_{rows}"
    await server.create_database(database)
    url = server.url(database)
    await asyncio.to_thread(upgrade, url)
    secret = Fernet.generate_key().decode()
    container = build_container(Settings(database_url=url, secret_keys=secret))  # type: ignore[arg-type]
    async with container.running():
        business_id = await container.accounts.create_business(
            NAME, country="TR", language="tr", time_zone="Europe/Istanbul", website="https://shop.example",
            quiet_hours=NO_QUIET_HOURS,
        )  # fmt: skip
        token = await container.accounts.create_key(business_id, "benchmark", mode="live")
        port = free_port()
        environment = {
            "ULAK_DATABASE_URL": url,
            "ULAK_SECRET_KEYS": secret,
            "ULAK_API_PORT": str(port),
            "ULAK_WORKER_PORT": str(free_port()),
            "ULAK_LOG_LEVEL": "warning",
        }
        api, worker = (
            Service(f"{name}-{rows}", [sys.executable, "-m", "app.cli", name], environment=environment, logs=directory)
            for name in ("api", "worker")
        )
        peak = Peak()
        watching = asyncio.create_task(_watch(api, worker, peak))
        try:
            await api.wait_for_port(port, patience=120)
            await worker.wait_for_port(int(environment["ULAK_WORKER_PORT"]), patience=120)
            await asyncio.sleep(1)
            before = Peak(peak.api, peak.worker)
            used = api.cpu_seconds(), worker.cpu_seconds(), server.cpu_seconds()
            taken, worked, told = await _import(f"http://127.0.0.1:{port}", token, path)
            spent = [now - then for now, then in zip(
                (api.cpu_seconds(), worker.cpu_seconds(), server.cpu_seconds()), used, strict=True
            )]  # fmt: skip
        finally:
            watching.cancel()
            await worker.stop()
            await api.stop()
        print(
            f"{rows:,} rows, {path.stat().st_size / 1e6:,.0f} MB: taken in {taken:,.1f} s, "
            f"worked through in {worked:,.1f} s, "
            f"{rows / (taken + worked):,.0f} rows/s from the first byte to the last line of the ledger\n"
            f"  memory before and at most, MB: API {before.api:.0f} → {peak.api:.0f}, "
            f"worker {before.worker:.0f} → {peak.worker:.0f}\n"
            f"  CPU-seconds: API {spent[0]:.0f}, worker {spent[1]:.0f}, PostgreSQL {spent[2]:.0f}\n"
            f"  {told}",
            flush=True,
        )
        started = time.monotonic()
        business = await container.directory.business(business_id)
        assert business is not None  # noqa: S101 - it was just made
        async with container.database.transaction() as session:
            report = await verify(session, business)
        verified = time.monotonic() - started
        print(
            f"  {public_id('biz', business_id)}: {report.lines:,} lines verified in {verified:,.1f} s, "
            f"{report.fault_count} faults",
            flush=True,
        )
    await server.drop_database(database)
    path.unlink()


async def _watch(api: Service, worker: Service, peak: Peak) -> None:
    while True:
        peak.api = max(peak.api, api.megabytes())
        peak.worker = max(peak.worker, worker.megabytes())
        await asyncio.sleep(0.1)


async def _import(base: str, token: str, path: Path) -> tuple[float, float, dict[str, int]]:
    """Seconds until it was taken in, and until it was finished; and what became of the rows."""
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=base, headers=headers, timeout=600) as http:
        started = time.monotonic()
        answer = await http.post("/v1/consent-imports", content=_pieces(path), headers={"Content-Type": "text/csv"})
        if answer.status_code != 202:
            raise BenchmarkError(answer.text)
        taken = time.monotonic() - started
        address = answer.headers["location"]
        while True:
            told = (await http.get(address)).json()
            if told["status"] == "finished":
                break
            await asyncio.sleep(0.5)
        return taken, time.monotonic() - started - taken, told["rows"]


async def _run(lengths: list[int]) -> None:
    with Server(statement_statistics=False) as server, tempfile.TemporaryDirectory() as directory:
        for rows in lengths:
            await measure(server, Path(directory), rows)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.imports", description=__doc__)
    parser.add_argument("rows", type=int, nargs="*", default=[50_000, 1_000_000], help="default: %(default)s")
    print(", ".join(f"{name} {value}" for name, value in machine().items()), flush=True)
    try:
        asyncio.run(_run(parser.parse_args().rows))
    except BenchmarkError as error:
        print(f"benchmark failed:\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
