"""The database server of `ulak up` and of the tests: PostgreSQL's own programs under a launcher that leaves no traces.

No TCP, a socket in a private directory, the server a direct child that ends when this process ends, in whichever way.
"""

import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from app.cli.postgres_binaries import (
    SHARED,
    Account,
    Binaries,
    EmbeddedPostgresError,
    find_binaries,
    may_search,
    unprivileged_account,
)
from app.cli.processes import guarded, last_lines, open_log

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError"]

DATABASE = "ulak"
PORT = 5432
"""Only names the socket file. Given everywhere, so that a PGPORT in the environment changes nothing."""

START_TIMEOUT = 300.0
"""Seconds. Recovery after a crash may take long and must not be taken for a failure."""
ORPHAN_TIMEOUT = 15.0
"""Seconds that a predecessor, whose parent was killed, gets to finish its own shutdown."""
STOP_TIMEOUT = 60.0
"""Seconds for a fast shutdown; then an immediate one, which the next start recovers from. SIGKILL never."""


class EmbeddedPostgres:
    """A PostgreSQL server on `data_dir`, which is created with an empty database `ulak` at the first start.

    Start it from a thread that lives as long as the server shall: the kernel ends the server with the thread that
    started it. `options` are server settings, given anew at each start.
    """

    def __init__(
        self, data_dir: Path, *, options: Mapping[str, str] | None = None, log_file: Path | None = None
    ) -> None:
        self.data_dir = data_dir.absolute()
        self.log_file = log_file or self.data_dir.with_name(f"{self.data_dir.name}.log")
        self._options = dict(options or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[bytes] | None = None
        self._socket_dir: Path | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def poll(self) -> int | None:
        """The server's exit code; None while it runs, or before it was started."""
        return self._process.poll() if self._process else None

    def start(self) -> str:
        """Start the server and wait until it answers; returns its libpq-style URL.

        After the server died it may be called again: what was committed is there.
        """
        if self._process:
            if self._process.poll() is None:
                raise EmbeddedPostgresError(f"PostgreSQL on {self.data_dir} is already started")
            self.stop()
        try:
            self._acquire()
            return self._start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, what was committed is on disk. Harmless when stopped."""
        if self._process:
            _stop(self._process)
            self._process = None
        if self._socket_dir:
            shutil.rmtree(self._socket_dir, ignore_errors=True)
            self._socket_dir = None
        if self._lock:
            self._lock.close()
            self._lock = None

    def remove(self) -> None:
        """Stop, and delete the data wherever it lies. For tests."""
        self.stop()
        location = _location_file(self.data_dir)
        if location.exists():
            shutil.rmtree(location.read_text(encoding="utf-8").strip(), ignore_errors=True)
        shutil.rmtree(self.data_dir, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        if not self._socket_dir:
            raise EmbeddedPostgresError("PostgreSQL is not started")
        return f"postgresql://postgres@/{DATABASE}?host={self._socket_dir}&port={PORT}"

    def _acquire(self) -> None:
        """One launcher per data directory. The lock falls with this process; the server's own pid file does not."""
        try:
            self.data_dir.parent.mkdir(parents=True, exist_ok=True)
            lock = self.data_dir.with_name(f"{self.data_dir.name}.lock").open("ab")
        except OSError as error:
            raise EmbeddedPostgresError(f"cannot use {self.data_dir.parent} for data: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            raise EmbeddedPostgresError(
                f"the data directory {self.data_dir} is in use by another running Ulak: stop that one, "
                "or choose another ULAK_DATA_DIR"
            ) from error
        self._lock = lock

    def _start(self) -> str:
        account = unprivileged_account(owner=_owner(self.data_dir))
        cluster = _cluster(self.data_dir, account)
        binaries = find_binaries(account)
        if _is_new(cluster):
            _initialize(cluster, binaries, account)
        _check_cluster(cluster, binaries)
        _wait_for_predecessor(cluster)
        self._socket_dir = _make_socket_dir(cluster, account)
        deadline = time.monotonic() + ORPHAN_TIMEOUT
        while not self._launch(cluster, binaries, account):
            # Backends of a server that was killed hold its shared memory until they notice.
            if "shared memory block" not in last_lines(self.log_file, 5) or time.monotonic() > deadline:
                said = last_lines(self.log_file, 8)
                raise EmbeddedPostgresError(f"PostgreSQL did not start on {cluster}. {self.log_file} ends:\n{said}")
        return self.url

    def _launch(self, cluster: Path, binaries: Binaries, account: Account | None) -> bool:
        """Run the server until it is ready (True) or has given up (False)."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._socket_dir),
            "unix_socket_permissions": "0700",
            "synchronous_commit": "on",  # 202 is answered after commit, so a commit has to be one
            **self._options,
        }
        command = [str(binaries.directory / "postgres"), "-D", str(cluster), "-p", str(PORT)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with open_log(self.log_file) as log:
            self._process = subprocess.Popen(
                guarded(command, death_signal=signal.SIGINT, account=account),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=_server_environment(),
                start_new_session=True,  # Ctrl-C in the terminal is ours to pass on, in our order
            )
        return _wait_until_ready(self._process, cluster)


def _stop(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], cluster: Path) -> bool:
    deadline = time.monotonic() + START_TIMEOUT
    while process.poll() is None:
        lines = _pid_file(cluster)
        # A stale file says "ready" too: only our own child's counts.
        if len(lines) > 7 and lines[0] == str(process.pid) and lines[7].strip() == "ready":  # noqa: PLR2004
            return True
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(f"PostgreSQL on {cluster} was not ready within {START_TIMEOUT:.0f} s")
        time.sleep(0.01)
    return False


def _server_environment() -> dict[str, str]:
    """Without libpq's variables, and with messages that we can read."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return inherited | {"LC_ALL": "C", "TZ": "UTC"}


def _initialize(cluster: Path, binaries: Binaries, account: Account | None) -> None:
    """Create the cluster and its database beside, then rename: an interrupted first start leaves nothing half-made."""
    parent = cluster.parent
    for leftover in parent.glob(f".{cluster.name}.new.*"):
        shutil.rmtree(leftover, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{cluster.name}.new.", dir=parent))
    if account:
        os.chown(scratch, account.uid, account.gid)
    initdb = [str(binaries.directory / "initdb"), "-D", str(scratch), "-U", "postgres", "-A", "trust"]
    _run(guarded([*initdb, "--encoding=UTF8", "--locale=C", "--no-instructions"], account=account))
    single = [str(binaries.directory / "postgres"), "--single", "-D", str(scratch), "postgres"]
    _run(guarded(single, account=account), answer=f"CREATE DATABASE {DATABASE}\n")
    if cluster.exists():
        cluster.rmdir()
    scratch.rename(cluster)


def _run(command: list[str], *, answer: str = "") -> None:
    done = subprocess.run(
        command, input=answer, capture_output=True, text=True, check=False, cwd="/", env=_server_environment()
    )
    if done.returncode != 0:
        raise EmbeddedPostgresError(f"cannot create the database:\n{(done.stderr or done.stdout).strip()}")


def _owner(data_dir: Path) -> int | None:
    """Uid that an existing cluster belongs to."""
    with contextlib.suppress(OSError):
        if (data_dir / "PG_VERSION").exists():
            return data_dir.stat().st_uid
    return None


def _location_file(data_dir: Path) -> Path:
    return data_dir / "moved-to"


def _cluster(data_dir: Path, account: Account | None) -> Path:
    """Where the data really lie: in `data_dir`, or, when the account cannot reach it, in a place that it can.

    That place is named in a file in `data_dir`, with a random part: deleting `data_dir` means starting afresh.
    """
    location = _location_file(data_dir)
    try:
        if location.exists():
            return Path(location.read_text(encoding="utf-8").strip())
    except PermissionError as error:
        raise EmbeddedPostgresError(_not_ours(data_dir)) from error
    if account is None or may_search(data_dir.parent, account):
        return data_dir
    if (data_dir / "PG_VERSION").exists():
        raise EmbeddedPostgresError(
            f"the database in {data_dir} belongs to the account '{account.name}', which may not enter one of the "
            "directories above it: allow that (chmod o+x), or choose another ULAK_DATA_DIR"
        )
    fingerprint = hashlib.sha256(str(data_dir).encode()).hexdigest()[:8]
    moved = SHARED / f"{fingerprint}-{secrets.token_hex(4)}"
    SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
    SHARED.chmod(0o755)  # whatever the umask
    data_dir.mkdir(exist_ok=True)
    location.write_text(f"{moved}\n", encoding="utf-8")
    return moved


def _is_new(cluster: Path) -> bool:
    try:
        return not cluster.exists() or not any(cluster.iterdir())
    except PermissionError as error:
        raise EmbeddedPostgresError(_not_ours(cluster)) from error


def _not_ours(cluster: Path) -> str:
    return (
        f"the database in {cluster} belongs to another account (it was perhaps created by root): "
        "start as that account, or choose another ULAK_DATA_DIR"
    )


def _check_cluster(cluster: Path, binaries: Binaries) -> None:
    try:
        found = (cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    except OSError as error:
        raise EmbeddedPostgresError(f"{cluster} is not empty and not a PostgreSQL data directory") from error
    if found != str(binaries.major):
        raise EmbeddedPostgresError(
            f"the database in {cluster} was made by PostgreSQL {found}, and the one found, in {binaries.directory}, is "
            f"{binaries.major}: dump it with the old one and restore it, or choose another ULAK_DATA_DIR"
        )


def _make_socket_dir(cluster: Path, account: Account | None) -> Path:
    """A private directory with a short path: a socket's path may have about 100 bytes, a checkout's has no limit.

    The same one at every start, so that killed starts do not fill /tmp, unless somebody else took the name.
    """
    uid = account.uid if account else os.geteuid()
    temporary = Path(tempfile.gettempdir())
    if len(str(temporary)) > 50:  # noqa: PLR2004 - leaves room for the names below
        temporary = Path("/tmp")  # noqa: S108 - mode 0700, and its owner is checked
    path = temporary / f"ulak-{uid}-{hashlib.sha256(str(cluster).encode()).hexdigest()[:10]}"
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        status = path.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != uid or status.st_mode & 0o077:
            path = Path(tempfile.mkdtemp(prefix="ulak-", dir=temporary))
    if account:
        os.chown(path, account.uid, account.gid)
    return path


def _pid_file(cluster: Path) -> list[str]:
    try:
        return (cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


_SOCKET_LINE = 4
"""Of the pid file: the directory of the socket (PostgreSQL's manual, "Database File Layout")."""


def running_url(data_dir: Path) -> str | None:
    """Of the server that somebody else runs on these data just now; nothing where there is none."""
    location = _location_file(data_dir)
    try:
        cluster = Path(location.read_text(encoding="utf-8").strip()) if location.exists() else data_dir
    except OSError:
        return None
    lines = _pid_file(cluster)
    pid = int(lines[0]) if lines and lines[0].strip().isdigit() else 0
    if len(lines) <= _SOCKET_LINE or not lines[_SOCKET_LINE].strip() or not _is_postmaster(pid):
        return None
    return f"postgresql://postgres@/{DATABASE}?host={lines[_SOCKET_LINE].strip()}&port={PORT}"


def _wait_for_predecessor(cluster: Path) -> None:
    """Let a server whose launcher was killed end, refuse one that stays, and clear a pid file that names nobody.

    PostgreSQL itself takes any living process with that number for its own, a zombie or a stranger too: numbers come
    again soon in a container.
    """
    deadline = time.monotonic() + ORPHAN_TIMEOUT
    while lines := _pid_file(cluster):
        pid = int(lines[0]) if lines[0].strip().isdigit() else 0
        if not _is_postmaster(pid):
            with contextlib.suppress(FileNotFoundError):
                (cluster / "postmaster.pid").unlink()
            return
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(
                f"the data directory {cluster} is in use by a running PostgreSQL, process {pid}: stop it "
                f"(kill -INT {pid}), or choose another ULAK_DATA_DIR"
            )
        time.sleep(0.02)


def _is_postmaster(pid: int) -> bool:
    if pid <= 0 or pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    if sys.platform != "linux":
        return True
    try:
        # Empty for a zombie. A server rewrites it to "/path/to/postgres -D …".
        program = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
    except OSError:
        return False
    return b"postgres" in program
