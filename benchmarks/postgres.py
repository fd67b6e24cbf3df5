"""A PostgreSQL server of the benchmark's own, in a directory that is thrown away, with the same settings for all."""

import asyncio
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg

from app.cli.embedded_postgres import EmbeddedPostgres
from benchmarks.cpu import tree_seconds

SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "30min",
    "synchronous_commit": "on",
    "fsync": "on",
}
"""Durable as in production. Checkpoints are kept out of the few seconds that are measured: whom they hit is chance."""

STATEMENT_STATISTICS = {"shared_preload_libraries": "pg_stat_statements"}


class Server:
    """Started on entering, stopped and removed on leaving."""

    def __init__(self, *, statement_statistics: bool) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="ulak-bench-"))
        self._directory.chmod(0o755)  # as root, the server runs as another account, which has to get in
        options = SETTINGS | (STATEMENT_STATISTICS if statement_statistics else {})
        self._postgres = EmbeddedPostgres(self._directory / "data", options=options)

    def __enter__(self) -> Self:
        self._postgres.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._postgres.remove()
        shutil.rmtree(self._directory, ignore_errors=True)

    def cpu_seconds(self) -> float:
        """Of the postmaster, every backend and every helper, those that have ended included."""
        return tree_seconds(self._postgres.pid) if self._postgres.pid else 0.0

    def url(self, database: str) -> str:
        return self._postgres.url.replace("/ulak?", f"/{database}?")

    async def execute(self, statement: str, *, database: str = "postgres") -> None:
        connection = await asyncpg.connect(self.url(database))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def create_database(self, name: str, *, template: str | None = None) -> None:
        await self.drop_database(name)
        await self.execute(f'create database "{name}"' + (f' template "{template}"' if template else ""))

    async def drop_database(self, name: str) -> None:
        await self.execute(f'drop database if exists "{name}" with (force)')

    async def settle(self) -> None:
        """Write everything out, so that what was done before is not charged to what comes next."""
        await self.execute("checkpoint")
        await asyncio.sleep(0.5)
