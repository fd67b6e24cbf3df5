"""Databases cloned from a migrated template: a copy costs a fraction of running the migrations."""

import contextlib
import itertools
from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit

import asyncpg

_number = itertools.count(1)


def with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


class Clones:
    def __init__(self, template_url: str) -> None:
        self._template_url = template_url
        self._template = urlsplit(template_url).path.lstrip("/")
        self._admin_url = with_database(template_url, "postgres")

    @contextlib.asynccontextmanager
    async def clone(self) -> AsyncIterator[str]:
        name = f"test_{next(_number)}"
        admin = await asyncpg.connect(self._admin_url)
        try:
            await admin.execute(f'CREATE DATABASE {name} TEMPLATE "{self._template}" STRATEGY FILE_COPY')
            yield with_database(self._template_url, name)
        finally:
            await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            await admin.close()
