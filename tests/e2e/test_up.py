"""`ulak up` as people start it: one process, five below it, three messages on their way to being read."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest

from app.cli.embedded_postgres import EmbeddedPostgres

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="relies on Linux's parent-death signal and /proc")

READ = re.compile(r": read after \d+\.\d\d s$", re.MULTILINE)


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A directory that every account may enter, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="ulak up "))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """What a failed test left running would fail the next one too."""
    yield
    for process in psutil.Process().children():
        if process.cmdline()[3:4] == ["up"]:
            process.terminate()
            process.wait(60)


def free_ports() -> dict[str, int]:
    """Told apart by being taken at the same time."""
    sockets = {
        option: socket.create_server(("127.0.0.1", 0)) for option in ("--api-port", "--sandbox-port", "--worker-port")
    }
    ports = {option: each.getsockname()[1] for option, each in sockets.items()}
    for each in sockets.values():
        each.close()
    return ports


def start(data_dir: Path, *options: str, ports: dict[str, int] | None = None) -> subprocess.Popen[str]:
    given = [word for option, number in (ports or free_ports()).items() for word in (option, str(number))]
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", "up", "--data-dir", str(data_dir), *given, *options],
        cwd=Path(__file__).parents[2],
        env={name: value for name, value in os.environ.items() if not name.startswith("ULAK_")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def read_until(process: subprocess.Popen[str], marker: str) -> str:
    assert process.stdout
    seen = ""
    for line in process.stdout:
        seen += line
        if marker in line:
            return seen
    raise AssertionError(f"ended before it said {marker!r}:\n{seen}\n{process.stderr.read() if process.stderr else ''}")


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def part(processes: list[psutil.Process], name: str) -> psutil.Process:
    return next(each for each in processes if each.cmdline()[-1] == name)


def assert_all_end(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=30)
    assert alive == []


async def count(data_dir: Path, table: str) -> int:
    with EmbeddedPostgres(data_dir / "postgres") as server:
        connection = await asyncpg.connect(server.url)
        found = await connection.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608
        await connection.close()
    return int(found)


async def test_three_messages_are_read_and_a_second_start_finds_its_data(place: Path) -> None:
    data_dir = place / "data"
    first = start(data_dir, "--once")
    output, errors = first.communicate()
    assert first.returncode == 0, output + errors
    assert len(READ.findall(output)) == 3
    key = json.loads((data_dir / "demo.json").read_text())["api_key"]

    ports = free_ports()
    second = start(data_dir, ports=ports)
    output = read_until(second, "Ctrl-C stops")
    processes = family(second)
    assert len(READ.findall(output)) == 3
    assert key in output
    try_it(output, ports)
    tap_the_link(key, ports)
    second.send_signal(signal.SIGINT)
    output, errors = second.communicate()
    assert second.returncode == 0, output + errors
    assert errors == ""
    assert_all_end(processes)
    assert await count(data_dir, "messages") == 7
    assert await count(data_dir, "businesses") == 1


def try_it(output: str, ports: dict[str, int]) -> None:
    """What the output offers works: the pages, and the line to paste."""
    for url in re.findall(r"^  .*(http\S+)$", output, re.MULTILINE):
        assert httpx.get(url, trust_env=False, follow_redirects=True).status_code == 200
    line = next(line for line in output.splitlines() if line.startswith("curl "))
    assert f"127.0.0.1:{ports['--api-port']}/v1/events/" in line
    if shutil.which("curl") is None:
        pytest.skip("no curl to paste the line for")
    done = subprocess.run(["sh", "-c", f"{line} --noproxy '*'"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["status"] == "queued"


def tap_the_link(key: str, ports: dict[str, int]) -> None:
    """The customer's phone shows a link of this start's API, though the template was submitted by an earlier start."""
    shown = httpx.get(f"http://127.0.0.1:{ports['--sandbox-port']}/control/messages", trust_env=False).text
    with httpx.Client(base_url=f"http://127.0.0.1:{ports['--api-port']}", trust_env=False) as api:
        api.headers["Authorization"] = f"Bearer {key}"
        message = api.get("/v1/messages", params={"event_type": "order-shipped", "limit": 1}).json()["messages"][0]
        (link,) = api.get(f"/v1/messages/{message['id']}").json()["links"]
        assert link["short_url"].startswith(f"http://127.0.0.1:{ports['--api-port']}/l/")
        assert link["short_url"] in shown
        answer = httpx.get(link["short_url"], trust_env=False)
        assert (answer.status_code, answer.headers["location"]) == (302, link["url"])
        (link,) = api.get(f"/v1/messages/{message['id']}").json()["links"]
        assert link["clicks"] == 1


def test_a_part_that_dies_ends_everything_and_is_named(place: Path) -> None:
    process = start(place / "data")
    read_until(process, "Ctrl-C stops")
    processes = family(process)
    part(processes, "worker").kill()
    _, errors = process.communicate()
    assert process.returncode == 1
    assert errors.startswith("ulak: The worker was killed by SIGKILL. Its log, ")
    assert_all_end(processes)


def test_a_killed_start_leaves_nothing_running(place: Path) -> None:
    process = start(place / "data")
    read_until(process, "Ctrl-C stops")
    processes = family(process)
    assert len(processes) >= 4
    process.kill()
    process.communicate()
    assert_all_end(processes)


def test_a_busy_port_is_named_before_anything_starts(place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        process = start(place / "never", ports=free_ports() | {"--sandbox-port": number})
        output, errors = process.communicate()
    assert process.returncode == 1
    assert f"port {number} for the sandbox is taken by " in errors
    assert f"(process {os.getpid()}): set ULAK_SANDBOX_PORT or --sandbox-port" in errors
    assert output == ""
    assert not (place / "never").exists()
