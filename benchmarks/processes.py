"""The processes of a run: started with their own log, waited for, stopped in order, and quoted when they fail."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import orjson

from benchmarks.cpu import tree_megabytes, tree_seconds
from benchmarks.lines import LINE_LIMIT


class BenchmarkError(Exception):
    """The run cannot be trusted, or could not be made; the message says why."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Service:
    """A process of the system that is measured."""

    def __init__(self, name: str, command: list[str], *, environment: dict[str, str], logs: Path) -> None:
        self.name = name
        self._log = logs / f"{name}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, env=os.environ | environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def cpu_seconds(self) -> float:
        return tree_seconds(self._process.pid)

    def megabytes(self) -> float:
        return tree_megabytes(self._process.pid)

    def check(self) -> None:
        if self._process.poll() is not None:
            raise BenchmarkError(f"{self.name} ended with {self._process.returncode}:\n{self.tail()}")

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def tail(self, lines: int = 30) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])

    async def wait_for_port(self, port: int, *, patience: float = 30) -> None:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            self.check()
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.05)
        raise BenchmarkError(f"{self.name} does not listen on port {port}:\n{self.tail()}")

    async def stop(self, *, patience: float = 15) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(self._process.wait, patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)


class Helper:
    """The load generator or the counterpart: a process of ours, spoken to in JSON lines."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, module: str, *arguments: str) -> "Helper":
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LINE_LIMIT,
        )
        return cls(process)

    def cpu_seconds(self) -> float:
        return tree_seconds(self._process.pid)

    async def hear(self, *, patience: float) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101 - it was asked for as a pipe
        try:
            async with asyncio.timeout(patience):
                line = await self._process.stdout.readline()
        except TimeoutError:
            raise BenchmarkError(f"no word from the load generator or counterpart for {patience:.0f} s") from None
        if not line:
            raise BenchmarkError("the load generator or the counterpart ended; its error stands above")
        facts: dict[str, Any] = orjson.loads(line)
        return facts

    async def order(self, *, patience: float, **order: Any) -> dict[str, Any]:
        assert self._process.stdin is not None  # noqa: S101 - it was asked for as a pipe
        self._process.stdin.write(orjson.dumps(order) + b"\n")
        return await self.hear(patience=patience)

    async def stop(self) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it was asked for as a pipe
        self._process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
