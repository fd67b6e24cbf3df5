"""Ulak as it is run: PostgreSQL, API, worker and sandbox as processes of their own, set up by the `ulak` command."""

import contextlib
import json
import os
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
from cryptography.fernet import Fernet

from app.cli.embedded_postgres import EmbeddedPostgres
from tests.support.forked import Forked

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
START_PATIENCE = 180.0
"""Seconds for a process to load all its code, several at once on a busy machine."""
TLS = httpx.create_ssl_context()
"""Used by no request here, and yet what takes longest in making a client that is given none."""
WORDING = "Demo Mağaza'nın bana WhatsApp ile haber vermesini kabul ediyorum."

Found = TypeVar("Found")


def _client(port: int, headers: dict[str, str] | None = None) -> httpx.Client:
    base_url = f"http://127.0.0.1:{port}"
    return httpx.Client(base_url=base_url, headers=headers, timeout=30, trust_env=False, verify=TLS)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: str, look: Callable[[], Found | None], *, patience: float = PATIENCE) -> Found:
    """Looks until there is something; fails, naming what was waited for."""
    deadline = time.monotonic() + patience
    rest = threading.Event()
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        rest.wait(0.05)  # between two looks at what lives in other processes
    raise AssertionError(f"waited {patience} s in vain for {what}")


@dataclass
class Stack:
    """Processes by name: `api`, `sandbox`, `worker`, and `worker-2` and so on where there are several."""

    directory: Path
    postgres: EmbeddedPostgres
    database_url: str
    environment: dict[str, str]
    api_port: int = field(default_factory=free_port)
    sandbox_port: int = field(default_factory=free_port)
    worker_port: int = field(default_factory=free_port)
    more_workers: dict[str, int] = field(default_factory=dict)
    """Ports of the workers beside the first, by name."""
    processes: dict[str, Forked] = field(default_factory=dict)
    token: str = ""
    business: str = ""
    account: dict[str, Any] = field(default_factory=dict)

    @property
    def api(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.token}"}
        return _client(self.api_port, headers=headers)

    @property
    def sandbox(self) -> httpx.Client:
        return _client(self.sandbox_port)

    @property
    def workers(self) -> list[str]:
        return ["worker", *self.more_workers]

    def health_url(self, name: str) -> str:
        """Where a process says whether it is ready."""
        ports = {"api": self.api_port, "sandbox": self.sandbox_port, "worker": self.worker_port, **self.more_workers}
        return f"http://127.0.0.1:{ports[name]}/{'healthz' if name == 'sandbox' else 'readyz'}"

    def _environment(self, name: str = "") -> dict[str, str]:
        return {
            **os.environ,
            "ULAK_DATABASE_URL": self.database_url,
            "ULAK_API_PORT": str(self.api_port),
            "ULAK_SANDBOX_PORT": str(self.sandbox_port),
            "ULAK_WORKER_PORT": str(self.more_workers.get(name, self.worker_port)),
            "ULAK_GRAPH_SANDBOX_URL": f"http://127.0.0.1:{self.sandbox_port}",
            **self.environment,
        }

    def launch(self, name: str) -> None:
        """Starts it, and does not wait until it is ready."""
        log = self.directory / f"{name}.log"
        part = name.split("-", maxsplit=1)[0]
        self.processes[name] = Forked(
            "app.cli", part, cwd=ROOT, environment=self._environment(name), output=log, errors=log
        )

    def wait_until_ready(self, names: Iterable[str]) -> None:
        for name in names:
            wait_for(
                f"{name} to be ready",
                lambda name=name: self._answers(name, self.health_url(name)),
                patience=START_PATIENCE,
            )

    def start(self, name: str) -> None:
        self.launch(name)
        self.wait_until_ready([name])

    def _answers(self, name: str, url: str) -> bool:
        if (code := self.processes[name].poll()) is not None:
            raise AssertionError(
                f"{name} ended with {code}: {(self.directory / f'{name}.log').read_text(errors='replace')[-2000:]}"
            )
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(url, timeout=2, trust_env=False, verify=TLS).is_success
        return False

    def kill(self, name: str) -> None:
        """As a power cut does: no handler runs."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def kill_postgres(self) -> None:
        """The whole server at once, so that none of its processes can tidy up after another."""
        if self.postgres.pid is None:
            raise AssertionError("PostgreSQL is not started")
        server = psutil.Process(self.postgres.pid)
        backends = server.children(recursive=True)
        for process in (server, *backends):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        wait_for("PostgreSQL to be gone", lambda: self.postgres.poll() is not None)
        psutil.wait_procs(backends, timeout=PATIENCE)

    def start_postgres(self) -> None:
        """On the data that is there. From the thread that started it first: the server ends with its starter."""
        assert self.postgres.start() == self.database_url, "its socket lies where it lay before"

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def command(self, *arguments: str) -> str:
        """The last line that `ulak` prints."""
        return self._said("app.cli", *arguments)

    def commands(self, *commands: list[str]) -> list[str]:
        """The last line of each; `{0}` in a later one stands for the first's."""
        said: list[str] = json.loads(self._said("tests.support.commands", json.dumps(commands)))
        return said

    def run(self, *arguments: str, module: str = "app.cli") -> subprocess.CompletedProcess[str]:
        """`ulak`, with all that it prints, however it ends."""
        with tempfile.TemporaryDirectory(dir=self.directory) as scratch:
            output, errors = Path(scratch, "output"), Path(scratch, "errors")
            code = Forked(
                module, *arguments, cwd=ROOT, environment=self._environment(), output=output, errors=errors
            ).wait()
            return subprocess.CompletedProcess([module, *arguments], code, output.read_text(), errors.read_text())

    def _said(self, module: str, *arguments: str) -> str:
        done = self.run(*arguments, module=module)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""

    def set_up(self, *, throughput: int = 80) -> None:
        """What a person does: create a business and a key, connect a number, set the webhook, apply the templates."""
        with self.sandbox as sandbox:
            self.account = sandbox.post("/control/accounts", json={"verified_name": "Demo Mağaza"}).json()
        self.business, self.token, _ = self.commands(
            ["businesses", "create", "Demo Mağaza", "--website", "https://shop.example"],
            ["keys", "create", "--business", "{0}", "--mode", "test"],
            self._sender_command("{0}", throughput),
        )
        account = self.account
        callback = {
            "phone_number_id": account["phone_number_id"],
            "callback_url": f"http://127.0.0.1:{self.api_port}/webhooks/whatsapp",
        }
        with self.sandbox as sandbox:
            answer = sandbox.post("/control/accounts", json=callback)
            assert answer.is_success, answer.text
        self.command("templates", "apply", "--business", self.business, "--mode", "test", "--yes")

    def add_sender(self, *, throughput: int = 80) -> None:
        """Connects the number, or renews its credentials."""
        self.command(*self._sender_command(self.business, throughput))

    def _sender_command(self, business: str, throughput: int) -> list[str]:
        account = self.account
        return [
            "senders", "add", "--business", business, "--mode", "test", "--throughput", str(throughput),
            "--phone-number-id", account["phone_number_id"], "--waba-id", account["waba_id"],
            "--token", account["access_token"], "--app-secret", account["app_secret"],
            "--verify-token", account["verify_token"],
        ]  # fmt: skip

    def settle_in(self) -> None:
        """Quiet hours off, so that the hour of the day changes nothing, and every template approved."""
        all_day = {"quiet_hours": {"begins": "00:00", "ends": "00:00"}}
        with self.api as api:
            api.patch(f"/v1/businesses/{self.business}", json=all_day).raise_for_status()
        wait_for("the templates to be reviewed", self._has_said_all)

    def _has_said_all(self) -> bool:
        """Nothing is left for the sandbox to do or to report."""
        with self.sandbox as sandbox:
            health = sandbox.get("/healthz").raise_for_status().json()
        return health["jobs"] == health["webhooks"]["pending"] == 0

    def opt_in(self, client: httpx.Client, phone: str) -> None:
        act = {"act": "opt_in", "source": "checkout", "wording": WORDING}
        answer = client.put(f"/v1/contacts/{phone}/consent", json=act)
        assert answer.is_success, answer.text

    def received(self) -> list[dict[str, Any]]:
        """What the sandbox took, oldest first."""
        with self.sandbox as sandbox:
            found: list[dict[str, Any]] = sandbox.get("/control/messages").json()["messages"]
        return found


@contextlib.contextmanager
def running_stack(
    directory: Path,
    *,
    throughput: int = 80,
    workers: int = 1,
    postgres_options: Mapping[str, str] | None = None,
    **environment: str,
) -> Iterator[Stack]:
    postgres = EmbeddedPostgres(directory / "postgres", options={"max_connections": "200", **(postgres_options or {})})
    secrets = {"ULAK_SECRET_KEYS": Fernet.generate_key().decode()}
    stack = Stack(directory, postgres, postgres.start(), secrets | environment)
    stack.more_workers |= {f"worker-{number}": free_port() for number in range(2, workers + 1)}
    try:
        stack.command("migrate")
        names = ("sandbox", "api", *stack.workers)
        for name in names:
            stack.launch(name)
        stack.wait_until_ready(names)
        stack.set_up(throughput=throughput)
        yield stack
    finally:
        stack.stop()
        postgres.remove()
