"""A sandbox on a real socket, for clients that know nothing but a base URL."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import uvicorn

from app.sandbox.main import create_app
from app.sandbox.protocol import ResettableProtocol
from app.sandbox.settings import SandboxSettings


@contextlib.contextmanager
def sandbox_server(settings: SandboxSettings) -> Iterator[str]:
    """Yields the base URL once the server answers, and stops it after."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(
            create_app(settings),
            http=ResettableProtocol,
            log_level="warning",
            lifespan="on",
            timeout_graceful_shutdown=2,
            date_header=False,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        until = time.monotonic() + 20
        while not server.started:
            if not thread.is_alive() or time.monotonic() > until:
                raise RuntimeError("the sandbox did not start")
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)
