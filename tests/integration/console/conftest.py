"""Somebody at a browser: cookies kept, redirects seen."""

import re
from collections.abc import AsyncIterator, Iterator, MutableMapping, MutableSequence
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI
from structlog.testing import capture_logs

from app.console import acting, sessions
from tests.support.fixtures import dispatcher, driver
from tests.support.world import PUBLIC_URL, World

__all__ = ["dispatcher", "driver"]

_PROOF = re.compile(r'name="csrf" value="([^"]+)"')


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[MutableSequence[MutableMapping[str, Any]]]:
    """What the console logs. Loggers that were used before may be bound for good to another test's log."""
    for module in (acting, sessions):
        monkeypatch.setattr(module, "log", structlog.get_logger())
    with capture_logs() as captured:
        yield captured


@dataclass
class Person:
    browser: httpx.AsyncClient

    async def get(self, path: str, **options: object) -> httpx.Response:
        return await self.browser.get(path, **options)  # type: ignore[arg-type]

    async def send(self, path: str, *, page: str | None = None, **fields: str) -> httpx.Response:
        """A form as `page` (the same address, if none is named) makes it."""
        proof = _PROOF.search((await self.browser.get(page or path)).text)
        assert proof is not None
        return await self.browser.post(
            path, data={"csrf": proof[1], **fields}, headers={"Sec-Fetch-Site": "same-origin", "Origin": PUBLIC_URL}
        )

    async def sign_in(self, token: str) -> httpx.Response:
        return await self.send("/console/login", key=token)


@pytest.fixture
async def person(app: FastAPI) -> AsyncIterator[Person]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as browser:
        yield Person(browser)


@pytest.fixture
async def signed_in(person: Person, world: World) -> Person:
    assert (await person.sign_in(world.token)).headers["location"] == "/console/"
    return person
