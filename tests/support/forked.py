"""Ulak's programs as processes of their own that need not load Ulak, which takes each of them seconds of the processor:
they are forked from one process that has loaded everything and done nothing else. That they start from nothing too is
seen where `ulak up` is tested, in tests/e2e/test_up.py."""

import multiprocessing
import os
import runpy
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_LOADED = ["app.cli.application", "app.main", "app.worker", "app.sandbox.main", "alembic.command", "uvicorn.logging"]

_server = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")
if sys.platform == "linux":
    multiprocessing.set_forkserver_preload([__name__, *_LOADED])


class Forked:
    """Stands for subprocess.Popen, as far as the tests use it."""

    def __init__(
        self, module: str, *arguments: str, cwd: Path, environment: Mapping[str, str], output: Path, errors: Path
    ) -> None:
        """Adds to the two files, which may be one."""
        given = ([module, *arguments], str(cwd), dict(environment), str(output), str(errors))
        self._process = _server.Process(target=_run, args=given, name=arguments[0] if arguments else module)
        self._process.start()

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0)
        return code

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


def _run(command: list[str], cwd: str, environment: dict[str, str], output: str, errors: str) -> None:
    """In the new process: as `python -m`."""
    for number, path in ((1, output), (2, errors)):
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.dup2(file, number)
        os.close(file)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = command
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)
