"""The API on a real socket with a small world behind it, for browsers; and a website of somebody else."""

import asyncio
import contextlib
import http.server
import socket
import threading
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from cryptography.fernet import Fernet

from app.container import Container, build_container
from app.core.clock import ManualClock
from app.core.serving import Server
from app.core.settings import Settings
from app.main import create_app
from tests.support.driving import PHONE
from tests.support.postgres import Clones
from tests.support.world import World, build_world, order_confirmed


@dataclass
class PagesServer:
    url: str
    clock: ManualClock
    container: Container
    world: World
    loop: asyncio.AbstractEventLoop
    api: httpx.Client

    def run(self, coroutine: Awaitable[Any]) -> Any:
        """In the server's own loop, where its connections live."""

        async def awaited() -> Any:
            return await coroutine

        return asyncio.run_coroutine_threadsafe(awaited(), self.loop).result(120)

    def order(self, phone: str = PHONE) -> dict[str, Any]:
        return order_confirmed(phone)

    def states(self, phone: str) -> dict[str, str]:
        answer = self.api.get(f"/v1/contacts/{phone}")
        return {row["topic"]: row["state"] for row in answer.json().get("consents", ())}

    def acts(self, phone: str) -> list[dict[str, Any]]:
        answer = self.api.get(f"/v1/contacts/{phone}/consents").raise_for_status()
        found: list[dict[str, Any]] = answer.json()["acts"]
        return found


@contextlib.contextmanager
def pages_server(clones: Clones, directory: Path, **options: Any) -> Iterator[PagesServer]:
    """Stops it after. The clock is the test's: nobody waits for a form to be old enough."""
    clock = ManualClock()
    ready = threading.Event()
    made: dict[str, Any] = {}
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"

        async def serve() -> None:
            async with clones.clone() as database_url:
                await serve_on(_settings(database_url, directory, url, **options))

        async def serve_on(settings: Settings) -> None:
            container = build_container(settings, clock)
            async with container.running():
                made["world"] = await build_world(container)
                server = Server(
                    uvicorn.Config(create_app(settings, clock), log_config=None, proxy_headers=False, lifespan="on")
                )
                made.update(container=container, server=server, loop=asyncio.get_running_loop())
                ready.set()
                await server.serve(sockets=[listening])

        thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        thread.start()
        if not ready.wait(60):  # requests of before it listens wait in the socket
            raise RuntimeError("the API did not start")
        world: World = made["world"]
        with httpx.Client(base_url=url, headers=world.headers, trust_env=False, timeout=30) as api:
            try:
                yield PagesServer(url, clock, made["container"], world, made["loop"], api)
            finally:
                made["server"].should_exit = True
                thread.join(30)


def _settings(database_url: str, directory: Path, url: str, **options: Any) -> Settings:
    return Settings(
        database_url=database_url,
        data_dir=directory,
        secret_keys=Fernet.generate_key().decode(),  # type: ignore[arg-type] # as it comes from the environment
        public_url=url,
        log_level="warning",
        **{"form_least_fill": timedelta(0), **options},
    )


@dataclass
class Shop:
    """A website: its pages by path."""

    url: str
    pages: dict[str, str] = field(default_factory=dict)


@contextlib.contextmanager
def website() -> Iterator[Shop]:
    pages: dict[str, str] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(self.path.partition("?")[0], "").encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield Shop(f"http://127.0.0.1:{server.server_address[1]}", pages)
        finally:
            server.shutdown()
            thread.join(20)
