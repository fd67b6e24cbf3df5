"""The worker process: dispatches messages, keeps house, and answers for its health."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from random import SystemRandom

import structlog
import uvicorn
from starlette.applications import Starlette

from app.container import Container, build_container
from app.core.database import WORKER_NAME
from app.core.http import operational_routes
from app.core.logging import configure_logging
from app.core.loops import new_event_loop
from app.core.settings import load_settings
from app.housekeeping import Housekeeping
from app.messages.claiming import Known
from app.messages.dispatch import Dispatcher, DispatchPolicy

log = structlog.get_logger(__name__)


def build_dispatcher(container: Container) -> Dispatcher:
    settings = container.settings
    policy = DispatchPolicy(
        concurrency=settings.worker_concurrency,
        lease=settings.lease,
        unconfirmed_window=settings.unconfirmed_window,
        poll_interval=settings.worker_poll_interval,
        probe_interval=settings.probe_interval,
        pair_interval=settings.pair_interval,
        pair_burst=settings.pair_burst,
        message_history=settings.message_history,
        short_links=container.short_links,
    )
    dispatcher = Dispatcher(
        container.database,
        Known(container.directory, container.book, container.chains, container.event_types, container.limits),
        container.graph,
        container.clock,
        policy,
        SystemRandom(),
        container.template_doubt,
        identities=container.identities,
        template_use=container.template_use,
        uploads=container.uploads,
    )
    dispatcher.follow(container.notifications)
    return dispatcher


async def run(container: Container, stop: asyncio.Event) -> None:
    """Works until told to stop; then finishes the calls under way and returns."""
    container.notifications.name = WORKER_NAME
    dispatcher = build_dispatcher(container)
    housekeeping = Housekeeping(container)
    container.importer.follow(container.notifications)
    container.deliverer.follow(container.notifications)
    server = _health_server(container, stop)
    async with container.running(), asyncio.TaskGroup() as group:
        group.create_task(server.serve(), name="health")
        group.create_task(housekeeping.run(stop), name="housekeeping")
        group.create_task(container.importer.run(stop), name="imports")
        group.create_task(container.deliverer.run(stop), name="callbacks")
        group.create_task(container.refresher.run(stop), name="figures")
        dispatching = group.create_task(dispatcher.run(), name="dispatcher")
        dispatching.add_done_callback(lambda _: stop.set())
        await stop.wait()
        dispatcher.stop()
        await dispatching
        server.should_exit = True


class _Server(uvicorn.Server):
    """Leaves the signals to the worker: it has calls to finish before the process may end."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _health_server(container: Container, stop: asyncio.Event) -> _Server:
    async def ready() -> dict[str, bool]:
        return {"database": await container.database.is_ready(), "dispatching": not stop.is_set()}

    settings = container.settings
    application = Starlette(routes=operational_routes(ready))
    return _Server(
        uvicorn.Config(
            application,
            host=settings.host,
            port=settings.worker_port,
            log_config=None,
            access_log=False,
            lifespan="off",
        )
    )


async def _run_until_signal(container: Container) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await run(container, stop)


def main() -> None:
    """Runs until SIGTERM or SIGINT. Raises SettingsError."""
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    log.info("worker starts", port=settings.worker_port)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(_run_until_signal(build_container(settings)))
    log.info("worker stopped")
