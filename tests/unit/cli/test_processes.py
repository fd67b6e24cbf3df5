"""Children end with their parent, in the order that we choose, and never silently."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from app.cli import processes
from app.cli.processes import ChildDiedError, Children, guarded, last_lines, open_log

WAITS = [sys.executable, "-c", "import time; time.sleep(600)"]

PARENT = """
import subprocess, sys
from app.cli.processes import guarded
child = subprocess.Popen(guarded(sys.argv[1:]), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
print(child.pid, flush=True)
child.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_a_guarded_child_dies_with_a_killed_parent() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, *WAITS], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        child.wait(20)
    assert not child.is_running()


def test_a_guarded_command_keeps_its_arguments_and_exit_code(tmp_path: Path) -> None:
    script = tmp_path / "a script.py"
    script.write_text("import sys; print(sys.argv[1:]); sys.exit(7)")
    done = subprocess.run(
        guarded([sys.executable, str(script), "a b", ""]), capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("['a b', '']", 7)


async def test_a_dead_child_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    children = Children(tmp_path)
    children.start("worker", [sys.executable, "-c", "print('last words'); raise SystemExit(3)"], os.environ)
    with pytest.raises(ChildDiedError, match=r"(?s)The worker ended with exit code 3.*worker\.log.*last words"):
        await asyncio.wait_for(children.watch(), 20)
    children.stop("worker")


async def test_a_killed_child_is_named_with_the_signal(tmp_path: Path) -> None:
    children = Children(tmp_path)
    children.start("api", [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], os.environ)
    with pytest.raises(ChildDiedError, match=r"The api was killed by SIGKILL.*\n\(empty\)"):
        await asyncio.wait_for(children.watch(), 20)
    children.stop("api")


async def test_the_watch_makes_other_checks_too(tmp_path: Path) -> None:
    def fails() -> None:
        raise ChildDiedError("PostgreSQL")

    with pytest.raises(ChildDiedError, match="PostgreSQL"):
        await asyncio.wait_for(Children(tmp_path).watch(fails), 20)


def test_stopping_is_harmless_for_one_that_never_started_or_has_ended(tmp_path: Path) -> None:
    children = Children(tmp_path)
    children.stop("api")
    children.start("api", [sys.executable, "-c", ""], os.environ)
    children.stop("api")
    children.stop("api")


def test_a_child_that_ignores_the_request_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "STOP_TIMEOUT", 0.2)
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    deaf = "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open(sys.argv[1], 'w').close()"
    children = Children(tmp_path)
    children.start("worker", [sys.executable, "-c", f"{deaf}; time.sleep(600)", str(ready)], os.environ)
    ready.read_text()  # waits for the other end
    process = children._running["worker"]
    children.stop("worker")
    assert process.returncode == -signal.SIGKILL


def test_a_long_log_starts_anew_and_the_one_before_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "KEEP_LOG", 10)
    path = tmp_path / "logs" / "api.log"
    for text in (b"short\n", b"and longer\n", b"new\n"):
        with open_log(path) as log:
            log.write(text)
    assert path.read_bytes() == b"new\n"
    assert path.with_name("api.log.1").read_bytes() == b"short\nand longer\n"
    assert last_lines(path.with_name("api.log.1"), 1) == "and longer"
    assert last_lines(tmp_path / "none.log", 1) == ""
