"""The parts of Ulak as commands: `api`, `worker`, `sandbox`, `migrate`, `ready`, and what is made from the code."""

import contextlib
import importlib
import json
import sys
from pathlib import Path
from typing import Annotated, Literal

import asyncpg
import httpx
import typer
import uvicorn
from alembic import command
from alembic.config import Config
from cryptography.fernet import Fernet
from sqlalchemy.exc import SQLAlchemyError

import app as package
from app.cli.ports import Port, PortError, check_ports
from app.core.memory import settle
from app.core.serving import Server
from app.core.settings import Settings, SettingsError, load_settings

HostOption = Annotated[str | None, typer.Option(help="Address to listen on; ULAK_HOST.")]
ROOT = Path(package.__file__).parent.parent
"""The checkout, or the directory that an installed package shares with its migrations."""
OPENAPI = ROOT / "openapi" / "ulak.json"
EVENTS_PAGE = ROOT / "docs" / "events.md"


_NOT_STARTED = 3
"""As uvicorn's own command says it."""


class CommandError(Exception):
    """Ends a command with a message instead of a trace."""


def ports(settings: Settings) -> dict[str, Port]:
    return {
        "api": Port("API", settings.api_port, "ULAK_API_PORT", "--api-port"),
        "sandbox": Port("sandbox", settings.sandbox_port, "ULAK_SANDBOX_PORT", "--sandbox-port"),
        "worker": Port("worker", settings.worker_port, "ULAK_WORKER_PORT", "--worker-port"),
    }


def api(
    host: HostOption = None, port: Annotated[int | None, typer.Option("--api-port", help="ULAK_API_PORT.")] = None
) -> None:
    """Serve the HTTP API. Any number may run beside each other."""
    settings = _settings(host=host, api_port=port)
    settings.require_database_url()
    settings.require_secret_keys()
    _serve("app.main:served", settings.host, ports(settings)["api"])


def sandbox(
    host: HostOption = None,
    port: Annotated[int | None, typer.Option("--sandbox-port", help="ULAK_SANDBOX_PORT.")] = None,
) -> None:
    """Serve the simulator of Meta's Cloud API. Keeps its state in ULAK_SANDBOX_DATA_DIR when that is set."""
    settings = _settings(host=host, sandbox_port=port)
    # Its own protocol, as it loses answers on purpose; and its own dates, as its clock may be set wrong on purpose.
    protocol = "app.sandbox.protocol:ResettableProtocol"
    _serve(
        "app.sandbox.main:create_app", settings.host, ports(settings)["sandbox"], protocol=protocol, date_header=False
    )


def worker() -> None:
    """Send what is due, until told to stop. Any number may run beside each other."""
    settings = _settings()
    settings.require_database_url()
    settings.require_secret_keys()
    check_ports(settings.host, [ports(settings)["worker"]])
    # By name, as the servers are: the roots do not import each other.
    module = importlib.import_module("app.worker")
    settle()
    module.main()


def migrate() -> None:
    """Bring the database up to this version. Safe to run several times, also at once."""
    upgrade(_settings().require_database_url())
    typer.echo("The database is up to date.")


def ready(part: Annotated[Literal["api", "worker", "sandbox"], typer.Argument()] = "api") -> None:
    """Exit with 0 when that part, on this machine, answers that it is ready. For health checks."""
    url = ready_url(_settings(), part)
    try:
        httpx.get(url, timeout=3, trust_env=False).raise_for_status()
    except httpx.HTTPError as error:
        raise CommandError(f"{url}: {error}") from error


def openapi(*, check: Annotated[bool, typer.Option(help="Change nothing; fail when it differs.")] = False) -> None:
    """Write the API's OpenAPI document to openapi/ulak.json."""
    # Nothing is connected or encrypted: the settings only have to be complete.
    unused = load_settings(database_url="postgresql:///unused", secret_keys=Fernet.generate_key().decode())
    document = importlib.import_module("app.main").create_app(unused).openapi()
    _made_from_code(OPENAPI, json.dumps(document, indent=2, ensure_ascii=False) + "\n", "make openapi", check=check)


def docs(*, check: Annotated[bool, typer.Option(help="Change nothing; fail when it differs.")] = False) -> None:
    """Write the page of all event types to docs/events.md."""
    _made_from_code(EVENTS_PAGE, importlib.import_module("app.events.page").events_page(), "make docs", check=check)


def _made_from_code(path: Path, text: str, command: str, *, check: bool) -> None:
    if not check:
        path.write_text(text, encoding="utf-8")
    elif not path.exists() or path.read_text(encoding="utf-8") != text:
        raise CommandError(f"{path.relative_to(ROOT)} differs from the code: run `{command}` and commit the result")


def upgrade(url: str) -> None:
    """Raises CommandError when the database cannot be reached or refuses us. Not for use inside an event loop."""
    config = Config()
    config.set_main_option("script_location", _escaped(str(ROOT / "migrations")))
    config.set_main_option("path_separator", "os")
    config.set_main_option("sqlalchemy.url", _escaped(url))
    try:
        command.upgrade(config, "head")
    except (OSError, asyncpg.PostgresError, SQLAlchemyError) as error:
        raise CommandError(f"cannot migrate the database: {error}") from error


def local_url(settings: Settings, part: str) -> str:
    return settings.local_url(ports(settings)[part].number)


def ready_url(settings: Settings, part: str) -> str:
    return f"{local_url(settings, part)}{'/healthz' if part == 'sandbox' else '/readyz'}"


def _escaped(value: str) -> str:
    """Alembic's options are read by configparser, which interpolates percent signs."""
    return value.replace("%", "%%")


def _settings(**given: object) -> Settings:
    return load_settings(**{name: value for name, value in given.items() if value is not None})


def _serve(factory: str, host: str, port: Port, *, protocol: str = "auto", date_header: bool = True) -> None:
    check_ports(host, [port])
    config = uvicorn.Config(
        factory,
        factory=True,
        host=host,
        port=port.number,
        http=protocol,
        backlog=2048,
        timeout_graceful_shutdown=15,
        server_header=False,
        date_header=date_header,
        access_log=False,
        proxy_headers=False,  # nothing asks where a request came from, and to find out costs every request
        log_config=None,  # the application arranges its own
    )
    server = Server(config)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(_NOT_STARTED)


def add_to(application: typer.Typer) -> None:
    application.command()(api)
    application.command()(worker)
    application.command()(sandbox)
    application.command()(migrate)
    application.command()(ready)
    application.command()(openapi)
    application.command()(docs)


def new_application() -> typer.Typer:
    return typer.Typer(
        name="ulak", no_args_is_help=True, pretty_exceptions_enable=False, help="Messages that customers asked for."
    )


def call(application: typer.Typer, *expected: type[Exception]) -> None:
    """Errors that a person can mend end as a message, all others with their trace."""
    mendable: tuple[type[Exception], ...] = (SettingsError, PortError, CommandError, *expected)
    try:
        application()
    except mendable as error:
        print(f"ulak: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    # How `ulak up` starts its parts: without the other commands, whose imports take longer than the sandbox's own.
    parts = new_application()
    add_to(parts)
    call(parts)
