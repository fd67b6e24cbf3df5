"""Makes `.venv` hold exactly what requirements-dev.lock says, and the checkout itself; quick when it already does.

    bootstrap.py             bring .venv up to date
    bootstrap.py uv …        run the pinned uv with these arguments

Standard library only: it runs before anything is installed. The packages that pip and uv have fetched once are enough
for the next checkout, so a new one starts without a network.
"""
# ruff: noqa: INP001, S603, T201 - a script that runs our own commands and speaks to a person

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
VENV = CHECKOUT / ".venv"
STAMP = VENV / "ulak-stamp"
LOCK = CHECKOUT / "requirements-dev.lock"
UV_PIN = CHECKOUT / ".ci" / "uv.txt"


class BootstrapError(Exception):
    """What is missing, in words for the person at the terminal."""


def main(arguments: list[str]) -> int:
    try:
        if arguments[:1] == ["uv"]:
            return call([pinned_uv(), *arguments[1:]])
        if not up_to_date():
            with locked(CHECKOUT / ".ulak" / "bootstrap.lock"):
                if not up_to_date():
                    build()
    except (BootstrapError, OSError) as error:
        say(str(error))
        return 1
    return 0


def up_to_date() -> bool:
    return STAMP.exists() and STAMP.read_text(encoding="utf-8") == fingerprint() and (VENV / "bin" / "python").exists()


def fingerprint() -> str:
    """Changes with the lock, with the package's own metadata, and with the checkout's path, which scripts name."""
    content = b"".join(path.read_bytes() for path in (LOCK, CHECKOUT / "pyproject.toml"))
    return f"{hashlib.sha256(content).hexdigest()}\n{CHECKOUT}\n"


def build() -> None:
    say("Preparing .venv from requirements-dev.lock …")
    uv = pinned_uv()
    if not reusable():
        run([uv, "venv", "--quiet", "--no-project", "--clear", "--python", sys.executable, str(VENV)])
    STAMP.unlink(missing_ok=True)
    sync = [uv, "pip", "sync", "--quiet", "--python", str(VENV), "--require-hashes", str(LOCK)]
    itself = [uv, "pip", "install", "--quiet", "--python", str(VENV), "--no-deps", "--no-build-isolation"]
    # What is in uv's cache needs no network, and a network that does not answer should not be waited for. In a network
    # that inspects TLS only the system's certificates are right; elsewhere a slim system may have none.
    if all(call([*sync, *how], quiet=True) != 0 for how in (["--offline"], ["--system-certs"])):
        run(sync)
    run([*itself, "--offline", "--editable", "."])
    STAMP.write_text(fingerprint(), encoding="utf-8")


def reusable() -> bool:
    """Whether the environment was made here and its interpreter still runs."""
    if not STAMP.exists() or str(CHECKOUT) not in STAMP.read_text(encoding="utf-8").splitlines():
        return False
    works = [str(VENV / "bin" / "python"), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    with contextlib.suppress(OSError):
        return subprocess.run(works, capture_output=True, check=False).returncode == 0
    return False


def pinned_uv() -> str:
    """The uv that .ci/uv.txt names: the one on PATH if it is that one, else our own, installed once per user."""
    pins = [line.split()[0] for line in UV_PIN.read_text(encoding="utf-8").splitlines() if line.startswith("uv==")]
    version = pins[0].removeprefix("uv==")
    home = cache() / f"uv-{version}"
    for candidate in (str(home / "bin" / "uv"), shutil.which("uv")):
        if candidate and says(candidate, version):
            return candidate
    with locked(home.with_suffix(".lock")):
        if not says(str(home / "bin" / "uv"), version):
            install_uv(home)
    return str(home / "bin" / "uv")


def says(uv: str, version: str) -> bool:
    with contextlib.suppress(OSError):
        answer = subprocess.run([uv, "--version"], capture_output=True, text=True, check=False)
        return answer.returncode == 0 and answer.stdout.split()[1:2] == [version]
    return False


def install_uv(home: Path) -> None:
    say(f"Installing {home.name} to {home} …")
    shutil.rmtree(home, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", str(home)], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        shutil.rmtree(home, ignore_errors=True)
        raise BootstrapError(
            f"{sys.executable} cannot create environments (on Debian and Ubuntu: apt install python3-venv). It says:\n"
            f"{(made.stdout + made.stderr).strip()}"
        )
    pip = [str(home / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    run([*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(UV_PIN)])


def cache() -> Path:
    """Per user; in the checkout for an account whose home cannot be written to."""
    preferred = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ulak"
    for path in (preferred, CHECKOUT / ".ulak" / "cache"):
        with contextlib.suppress(OSError):
            path.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=path):
                return path
    raise BootstrapError(f"neither {preferred} nor {CHECKOUT} can be written to")


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """One at a time, when two terminals start at once."""
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(command: list[str]) -> None:
    if call(command) != 0:
        raise BootstrapError(f"this failed: {' '.join(command)}")


def call(command: list[str], *, quiet: bool = False) -> int:
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    if not os.access(Path.home(), os.W_OK):
        environment.setdefault("UV_CACHE_DIR", str(cache() / "uv"))
    return subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=quiet, check=False).returncode


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
