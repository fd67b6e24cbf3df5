"""Fixtures that every kind of test may use: a real PostgreSQL, migrated once, cloned for each test that asks."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import asyncpg
import httpx
import pytest
import respx
from cryptography.fernet import Fernet
from fastapi import FastAPI

from app.cli.embedded_postgres import EmbeddedPostgres
from app.cli.run import upgrade
from app.container import Container, build_container
from app.core.clock import ManualClock
from app.core.loops import new_event_loop
from app.core.memory import settle
from app.core.settings import Settings
from tests.support.applications import lent_app
from tests.support.engines import write_once
from tests.support.postgres import Clones
from tests.support.world import PUBLIC_URL, World, build_world

write_once()
SECRET_KEY = Fernet.generate_key().decode()


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The event loop that API and worker run on."""
    return {"as it runs": new_event_loop}


@pytest.fixture(scope="session", autouse=True)
def _loaded_for_good() -> None:
    """What all tests share is not walked over again and again by the collector; what each makes, is."""
    settle()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """One server for each test process. It forgets at a power cut, which no test makes, and learns nothing of tables
    that are about to be emptied."""
    directory = tmp_path_factory.mktemp("postgres")
    server = EmbeddedPostgres(
        directory / "data",
        options={
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
            "autovacuum": "off",
            "max_connections": "200",
        },
    )
    server.start()
    try:
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def clones(postgres: EmbeddedPostgres) -> Clones:
    upgrade(postgres.url)
    return Clones(postgres.url)


@pytest.fixture
async def database_url(clones: Clones) -> AsyncIterator[str]:
    """A database of the test's own, with all tables and no rows."""
    async with clones.clone() as url:
        yield url


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """To look at rows as they are."""
    opened = await asyncpg.connect(database_url)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def usual_settings() -> Settings:
    """Read once: looking for each setting in the environment takes milliseconds."""
    return Settings(
        secret_keys=SECRET_KEY,  # type: ignore[arg-type] # as it comes from the environment
        graph_transport="httpx",
        graph_sandbox_url="http://sandbox.test",
        public_url=PUBLIC_URL,
        log_level="warning",
        unconfirmed_window=timedelta(minutes=10),
    )


@pytest.fixture
def settings(usual_settings: Settings, database_url: str, tmp_path: Path) -> Settings:
    return usual_settings.model_copy(update={"database_url": database_url, "data_dir": tmp_path})


@pytest.fixture
def clock() -> ManualClock:
    """Starts now, since ids carry real time, and stands still until advanced."""
    return ManualClock()


@pytest.fixture
async def _running(
    settings: Settings, clock: ManualClock, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[Container, FastAPI | None]]:
    """The API's container, where a test asks for the API, is the test's too: with one each, both connect to the
    database and read the same rows into caches of their own. What another process hears is told by hearing_container
    and another_api."""
    built = build_container(settings, clock)
    if "app" in request.fixturenames:
        with lent_app(built) as application:
            async with application.router.lifespan_context(application):
                yield built, application
    else:
        async with built.running():
            yield built, None


@pytest.fixture
def container(_running: tuple[Container, FastAPI | None]) -> Container:
    return _running[0]


@pytest.fixture
def app(_running: tuple[Container, FastAPI | None]) -> FastAPI | None:
    """The API as it runs, on the test's database and clock."""
    return _running[1]


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Talks to the API in process, without a key."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://ulak.test") as client:
        yield client


@pytest.fixture
async def world(container: Container) -> World:
    """A business with a test sender, an approved template for every event type and language, and a test key."""
    return await build_world(container)


@pytest.fixture
def graph() -> Iterator[respx.MockRouter]:
    """Stands for Graph at the wire, at http://sandbox.test; any call that a test did not announce fails."""
    with respx.mock(using="httpx", assert_all_called=False) as router:
        router.route(host="ulak.test").pass_through()
        yield router
