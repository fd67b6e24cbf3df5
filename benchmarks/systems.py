"""What is measured: how each system is set up, started and asked how far it is."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import asyncpg

from benchmarks.postgres import Server
from benchmarks.processes import Service

UVICORN = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning")


@dataclass(frozen=True)
class Place:
    """Where one run takes place."""

    database_url: str
    graph_url: str
    api_port: int
    logs: Path
    profile: Path | None = None
    """A directory for profiles, if they are wanted."""

    def start(self, name: str, module: str, *arguments: str, environment: dict[str, str]) -> Service:
        run = ["-m"] if self.profile is None else ["-m", "benchmarks.sampler", str(self.profile / f"{name}.txt")]
        return Service(name, [sys.executable, *run, module, *arguments], environment=environment, logs=self.logs)


class System(Protocol):
    name: str
    is_copied: bool
    """Whether each run gets its own copy of the prepared database, rather than the database itself."""

    async def prepare(self, server: Server, database: str, *, contacts: int) -> None:
        """Fill an empty database with everything that is there before the first event, as many contacts included."""

    def start(self, place: Place) -> tuple[Service, Service]:
        """API and worker."""

    @property
    def token(self) -> str: ...

    async def count_read(self, connection: asyncpg.Connection) -> int:
        """Messages whose `read` is applied."""


class Floor:
    """The bare pipeline."""

    name = "floor"
    is_copied = True
    token = "none"  # noqa: S105 - nobody asks for it

    async def prepare(self, server: Server, database: str, *, contacts: int) -> None:  # noqa: ARG002 - it has none
        schema = Path(__file__).parent / "floor" / "schema.sql"
        await server.execute(schema.read_text(encoding="utf-8"), database=database)

    def start(self, place: Place) -> tuple[Service, Service]:
        environment = {"FLOOR_DATABASE_URL": place.database_url, "FLOOR_GRAPH_URL": place.graph_url}
        api = ("uvicorn", "benchmarks.floor.api:app", "--port", str(place.api_port), *UVICORN)
        return (
            place.start("floor-api", *api, environment=environment),
            place.start("floor-worker", "benchmarks.floor.worker", environment=environment),
        )

    async def count_read(self, connection: asyncpg.Connection) -> int:
        count: int = await connection.fetchval("select count(*) from messages where status = 5")
        return count
