"""Databases cloned from a migrated template, and used again once they are as they came from it."""

import contextlib
import itertools
from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit

import asyncpg

_number = itertools.count(1)

_USES_MOST = 500
"""Tests in one database: emptying tables leaves old rows in the system catalogues, which nobody clears away in time."""

_EMPTIED_BY_ROWS = 10
"""Times that a database is emptied row by row, which takes a fraction of giving each table and index a new file, until
the files are thrown away with the dead rows in them."""

_FEW = 4_000_000
"""Bytes; where more was written, new files take less."""

_LEAVE = """
SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
"""As at the end of a clone: whoever is still connected is cut off, and its transaction with it."""

_SHAPE = """
SELECT (SELECT array_agg(version_num) FROM alembic_version)::text,
       (SELECT md5(string_agg(row(oid, relname, relnatts, relchecks, relhastriggers, relpersistence, reloptions)::text,
                              ',' ORDER BY oid))
          FROM pg_class),
       (SELECT array_agg(setting::text) FROM pg_db_role_setting setting)::text,
       (SELECT row(count(*), max(xmin::text::bigint)) FROM pg_attribute)::text,
       (SELECT row(count(*), max(xmin::text::bigint)) FROM pg_constraint)::text,
       (SELECT row(count(*), max(xmin::text::bigint)) FROM pg_trigger)::text,
       (SELECT row(count(*), max(xmin::text::bigint)) FROM pg_proc)::text,
       (SELECT row(count(*), max(xmin::text::bigint)) FROM pg_statistic)::text
"""
"""What no test changes that only writes rows: tables, columns, functions and so on, and what the planner knows."""

_WRITTEN = """
WITH RECURSIVE written AS (
    SELECT oid FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
       AND pg_relation_size(oid) > 0
    UNION SELECT c.conrelid FROM pg_constraint c JOIN written w ON c.confrelid = w.oid WHERE c.contype = 'f')
SELECT string_agg(oid::regclass::text, ', ') AS all, sum(pg_relation_size(oid)) AS bytes,
       string_agg('DELETE FROM ' || oid::regclass::text, '; ') FILTER (WHERE pg_relation_size(oid) > 0) AS deleting
  FROM written
"""
"""Tables that were written to, and those that refer to them, without which they cannot get new files."""


def with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


class Clones:
    """A copy costs a fraction of running the migrations, and emptying it a fraction of a copy."""

    def __init__(self, template_url: str) -> None:
        self._template_url = template_url
        self._template = urlsplit(template_url).path.lstrip("/")
        self._admin_url = with_database(template_url, "postgres")
        self._shape: list[str | None] = []
        self._clean: list[str] = []
        self._uses: dict[str, int] = {}

    @contextlib.asynccontextmanager
    async def clone(self) -> AsyncIterator[str]:
        name = self._clean.pop() if self._clean else await self._create()
        self._uses[name] += 1
        try:
            yield with_database(self._template_url, name)
        finally:
            if self._uses[name] < _USES_MOST and await self._is_as_new(name):
                self._clean.append(name)
            else:
                await self._admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    async def _create(self) -> str:
        name = f"test_{next(_number)}"
        if not self._shape:
            self._shape = await self._shape_of(self._template)
        await self._admin(f'CREATE DATABASE {name} TEMPLATE "{self._template}" STRATEGY FILE_COPY')
        self._uses[name] = 0
        return name

    async def _admin(self, command: str) -> None:
        async with _connected(self._admin_url) as connection:
            await connection.execute(command)

    async def _shape_of(self, name: str) -> list[str | None]:
        async with _connected(with_database(self._template_url, name)) as connection:
            return list(await connection.fetchrow(_SHAPE))

    async def _is_as_new(self, name: str) -> bool:
        """Empties its tables; False where more was changed than rows."""
        async with _connected(with_database(self._template_url, name)) as connection:
            await connection.execute(_LEAVE)
            try:
                if list(await connection.fetchrow(_SHAPE)) != self._shape:
                    return False
            except asyncpg.UndefinedTableError:  # that of the migrations
                return False
            written = await connection.fetchrow(_WRITTEN)
            if written["all"]:
                by_rows = self._uses[name] % _EMPTIED_BY_ROWS and written["bytes"] < _FEW
                emptying = written["deleting"] if by_rows else f"TRUNCATE {written['all']}"
                # The triggers guard the ledger against everybody, us too.
                await connection.execute(f"SET session_replication_role = replica; {emptying}")
            return True


@contextlib.asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()
