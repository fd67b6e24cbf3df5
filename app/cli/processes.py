"""Child processes that end with us, their logs, and the order in which they are stopped."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from app.cli import guard
from app.cli.postgres_binaries import Account

KEEP_LOG = 5 * 1024 * 1024
"""Bytes after which a log starts anew at the next start; the one before is kept beside it."""
STOP_TIMEOUT = 20.0
"""Seconds that a child may take to finish what it holds."""
POLL_INTERVAL = 0.1


class ChildDiedError(Exception):
    """A child ended although nobody asked it to; the message names it and shows the end of its log."""


def guarded(
    command: list[str], *, death_signal: signal.Signals = signal.SIGTERM, account: Account | None = None
) -> list[str]:
    """The command line that runs `command` as `account` and sends it `death_signal` when this thread is gone."""
    uid, gid = (account.uid, account.gid) if account else (-1, -1)
    watch = [str(os.getpid()), str(int(death_signal)), str(uid), str(gid)]
    return [sys.executable, "-I", "-S", guard.__file__, *watch, *command]


def open_log(path: Path) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > KEEP_LOG:
        path.replace(path.with_name(f"{path.name}.1"))
    return path.open("ab")


def last_lines(path: Path, count: int) -> str:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-count:])


class Children:
    """Processes that belong together: the death of one is everybody's end."""

    def __init__(self, log_dir: Path) -> None:
        self._log_dir = log_dir
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def log_file(self, name: str) -> Path:
        return self._log_dir / f"{name}.log"

    def start(self, name: str, command: list[str], environment: Mapping[str, str]) -> None:
        """Start it apart from the terminal's process group, so that Ctrl-C reaches only us and we keep the order."""
        with open_log(self.log_file(name)) as log:
            self._running[name] = subprocess.Popen(
                guarded(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                start_new_session=True,
            )

    def check(self) -> None:
        for name, process in self._running.items():
            if (code := process.poll()) is not None:
                log = self.log_file(name)
                end = last_lines(log, 15) or "(empty)"
                raise ChildDiedError(f"{died(f'The {name}', code)} Its log, {log}, ends:\n{end}")

    async def watch(self, *also: Callable[[], None]) -> None:
        """Never returns; raises ChildDiedError, or what one of the other checks raises."""
        while True:
            self.check()
            for check in also:
                check()
            await asyncio.sleep(POLL_INTERVAL)

    def stop(self, name: str) -> None:
        """Ask it to end, and insist only when it does not; harmless for one that never started."""
        process = self._running.pop(name, None)
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def died(name: str, code: int) -> str:
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    return f"{name} {how}."
