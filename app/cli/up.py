"""`ulak up`: database, API, worker and sandbox in one terminal, with a demo that sends three messages."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import httpx
import typer
from cryptography.fernet import Fernet
from pydantic import SecretStr
from rich.console import Console

from app.cli.beside import POSTGRES, SECRET_KEY_FILE, remember
from app.cli.demo import Demo, console_link, ensure_demo, former_addresses
from app.cli.embedded_postgres import EmbeddedPostgres
from app.cli.journey import Journey
from app.cli.ports import check_ports
from app.cli.processes import ChildDiedError, Children, died
from app.cli.run import ROOT, CommandError, HostOption, local_url, ports, ready_url, upgrade
from app.core.settings import Settings, load_settings

PARTS = ("sandbox", "api", "worker")
"""In the order of starting. Stopping goes the other way: nobody's counterpart leaves first."""
READY_TIMEOUT = 60.0
READ_TIMEOUT = 60.0
"""Seconds for the three messages to be read."""

PortOption = Annotated[int | None, typer.Option(min=1, max=65535)]


def up(
    host: HostOption = None,
    api_port: PortOption = None,
    sandbox_port: PortOption = None,
    worker_port: PortOption = None,
    data_dir: Annotated[Path | None, typer.Option(help="Database, secret key and logs; ULAK_DATA_DIR.")] = None,
    once: Annotated[bool, typer.Option("--once", help="End when the three messages were read.")] = False,
) -> None:
    """Start everything in this terminal, send three messages to the sandbox, and stay until Ctrl-C."""
    given = {
        "host": host,
        "api_port": api_port,
        "sandbox_port": sandbox_port,
        "worker_port": worker_port,
        "data_dir": data_dir,
    }
    settings = load_settings(**{name: value for name, value in given.items() if value is not None})
    settings = settings.model_copy(update={"data_dir": settings.data_dir.absolute()})
    raise typer.Exit(Together(settings, once=once).run())


class Together:
    """Everything that `ulak up` starts, and its end."""

    def __init__(self, settings: Settings, *, once: bool) -> None:
        self._settings = settings
        self._once = once
        self._console = Console(highlight=False)
        self._children = Children(settings.data_dir / "logs")
        self._postgres: EmbeddedPostgres | None = None

    def run(self) -> int:
        """Returns the exit code. Ctrl-C, SIGTERM and a closed terminal are ordinary ends."""
        check_ports(self._settings.host, list(ports(self._settings).values()))
        with _signals_interrupt():
            try:
                return self._run()
            except (KeyboardInterrupt, asyncio.CancelledError):
                return 130 if self._once else 0
            finally:
                self._stop()

    def _run(self) -> int:
        url = self._start_database()
        upgrade(url)
        today, declared = self._settings.customer_url, self._settings.former_public_urls
        settings = self._settings.model_copy(
            update={
                "former_public_urls": [*declared, *former_addresses(self._settings.data_dir, today)],
                "database_url": url,
                "secret_keys": self._secret_keys(),
                "graph_sandbox_url": local_url(self._settings, "sandbox"),
            }
        )
        remember(settings.model_copy(update={"public_url": today}))
        environment = child_environment(settings)
        for part in PARTS:
            self._children.start(part, [sys.executable, "-P", "-m", "app.cli.run", part], environment)
        return asyncio.run(self._live(settings))

    def _start_database(self) -> str:
        if self._settings.database_url:
            return self._settings.database_url
        self._postgres = EmbeddedPostgres(
            self._settings.data_dir / POSTGRES, log_file=self._children.log_file("postgres")
        )
        with self._console.status("Starting PostgreSQL …"):
            url = self._postgres.start()
        self._done(f"PostgreSQL, data in {self._settings.data_dir}")
        return url

    async def _live(self, settings: Settings) -> int:
        """The work and the watch over the processes; whichever ends first decides."""
        work = asyncio.ensure_future(self._work(settings))
        watch = asyncio.ensure_future(self._children.watch(self._check_database))
        for number in _endings():
            asyncio.get_running_loop().add_signal_handler(number, work.cancel)
        try:
            await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
            if watch.done():
                watch.result()
            return await work
        finally:
            work.cancel()
            watch.cancel()
            await asyncio.gather(work, watch, return_exceptions=True)

    async def _work(self, settings: Settings) -> int:
        async with httpx.AsyncClient(base_url=local_url(settings, "api"), timeout=10, trust_env=False) as client:
            with self._console.status("Starting API, worker and sandbox …"):
                for part in PARTS:
                    await _until_ready(client, ready_url(settings, part))
            self._done("API, worker and sandbox")
            demo = await ensure_demo(
                settings,
                sandbox_url=local_url(settings, "sandbox"),
                webhook_url=f"{local_url(settings, 'api')}/webhooks/whatsapp",
            )
            self._done(f"Demo business {demo.business_name}")
            journey = Journey(client, self._console, demo)
            await journey.post()
            complete = await journey.follow(READ_TIMEOUT)
            if self._once:
                return 0 if complete else 1
            self._invite(settings, demo, journey, await console_link(settings, demo))
        await asyncio.get_running_loop().create_future()  # until a signal, or until a process dies
        return 0

    def _invite(self, settings: Settings, demo: Demo, journey: Journey, console: str) -> None:
        rows = {
            "API docs": f"{local_url(settings, 'api')}/docs",
            "Console": f"{local_url(settings, 'api')}/console/",
            "Sign in": f"{console}  (once, within 15 minutes; or with the key below)",
            "Sandbox phone": f"{local_url(settings, 'sandbox')}/",
            "Data and logs": str(settings.data_dir),
        }
        self._console.print()
        for name, value in rows.items():
            self._console.print(f"  [bold]{name:<14}[/bold]", end="")
            self._console.print(value, markup=False, soft_wrap=True)
        self._console.print("\nSend one yourself:\n")
        self._console.print(journey.curl(demo.events[0]), markup=False, soft_wrap=True)
        self._console.print("\nCtrl-C stops everything; the data stay for the next start.")

    def _done(self, text: str) -> None:
        self._console.print("[green]✓[/green] ", end="")
        self._console.print(text, markup=False, soft_wrap=True)

    def _check_database(self) -> None:
        if self._postgres and (code := self._postgres.poll()) is not None:
            raise ChildDiedError(f"{died('PostgreSQL', code)} Its log: {self._postgres.log_file}")

    def _secret_keys(self) -> list[SecretStr]:
        return self._settings.secret_keys or [SecretStr(secret_key(self._settings.data_dir / SECRET_KEY_FILE))]

    def _stop(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # patience is bounded, and impatience costs data
            signal.signal(number, signal.SIG_IGN)
        self._say("Stopping …")
        for part in reversed(PARTS):
            self._children.stop(part)
        if self._postgres:
            self._postgres.stop()
        self._say("Everything is stopped.")

    def _say(self, text: str) -> None:
        with contextlib.suppress(OSError):  # the terminal may be what went first
            self._console.print(text)


def _endings() -> list[signal.Signals]:
    """Signals beside Ctrl-C that end us in order. Under nohup a closed terminal is none of them."""
    return [each for each in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) is not signal.SIG_IGN]


@contextlib.contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Outside the event loop, where nothing else catches them, these signals mean what Ctrl-C means."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = {signal.SIGINT: signal.getsignal(signal.SIGINT)}
    before |= {number: signal.signal(number, interrupt) for number in _endings()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def _until_ready(client: httpx.AsyncClient, url: str) -> None:
    answer = "no answer"
    deadline = time.monotonic() + READY_TIMEOUT
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            response = await client.get(url)
            if response.is_success:
                return
            answer = f"{response.status_code} {response.text}"
        await asyncio.sleep(0.05)
    raise CommandError(f"{url} was not ready within {READY_TIMEOUT:.0f} s: {answer}")


def child_environment(settings: Settings) -> dict[str, str]:
    """What the children need to agree with us, over what we were given; nothing secret on a command line."""
    given = {
        "ULAK_DATABASE_URL": settings.require_database_url(),
        "ULAK_SECRET_KEYS": ",".join(settings.require_secret_keys()),
        "ULAK_DATA_DIR": str(settings.data_dir),
        "ULAK_HOST": settings.host,
        "ULAK_API_PORT": str(settings.api_port),
        "ULAK_SANDBOX_PORT": str(settings.sandbox_port),
        "ULAK_WORKER_PORT": str(settings.worker_port),
        "ULAK_GRAPH_SANDBOX_URL": settings.graph_sandbox_url,
        "ULAK_PUBLIC_URL": settings.customer_url,
        "ULAK_FORMER_PUBLIC_URLS": ",".join(settings.former_public_urls),
        "ULAK_SANDBOX_DATA_DIR": str(settings.data_dir / "sandbox"),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "PYTHONUNBUFFERED": "1",
    }
    replaced = {f"{name}_FILE" for name in given}
    inherited = {
        name: value for name, value in os.environ.items() if name not in replaced and not name.startswith("PG")
    }
    return inherited | given


def secret_key(path: Path) -> str:
    """The key that encrypts tokens in the embedded database; made once, readable by us alone."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_name(f".{path.name}.{os.getpid()}")
        scratch.touch(mode=0o600)
        scratch.write_bytes(Fernet.generate_key())
        scratch.rename(path)
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise CommandError(f"cannot read the secret key {path}: {error.strerror}") from error
