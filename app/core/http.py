"""Pure ASGI middleware and the operational endpoints shared by the API and the worker."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import structlog
from fastapi.routing import APIRoute
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, request_response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.problems import BodyTooLarge

log = structlog.get_logger(__name__)

REQUESTS = Counter("ulak_http_requests_total", "Requests answered.", ["method", "route", "status"])
LATENCY = Histogram(
    "ulak_http_request_seconds",
    "Time to the first byte of the answer.",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)


_DIGITS_MOST = 18
"""Of a Content-Length: no number that long is meant."""


class BodyLimit:
    """Refuses bodies over `most` bytes with 413, announced ones before they are read."""

    def __init__(self, app: ASGIApp, *, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
        if not announced.isdigit():
            await self._count(scope, receive, send)
        elif len(announced) > _DIGITS_MOST or int(announced) > self._most:
            await self._problem().as_response()(scope, receive, send)
        else:  # the server holds the sender to what was announced
            await self._app(scope, receive, send)

    def _problem(self) -> BodyTooLarge:
        return BodyTooLarge(f"At most {self._most} bytes are taken.")

    async def _count(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken = 0
        started = False

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._most:
                raise self._problem()
            return message

        async def answered(message: Message) -> None:
            nonlocal started
            if started or taken <= self._most:
                started = True
                await send(message)

        try:
            await self._app(scope, counted, answered)
        except BodyTooLarge:
            if started:
                raise
        # FastAPI makes a 400 of whatever goes wrong while it reads a body for a model: ours goes out in its place.
        if taken > self._most and not started:
            await self._problem().as_response()(scope, receive, send)


class Measured:
    """Counts and times requests by route (the pattern, never the path: paths hold phone numbers)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()

        async def observed(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "unmatched")
                REQUESTS.labels(scope["method"], route, message["status"]).inc()
                LATENCY.labels(route).observe(time.perf_counter() - started)
            await send(message)

        await self._app(scope, receive, observed)


class RawRoute(APIRoute):
    """Documented like any route, but its endpoint gets the request as it came.

    FastAPI's reading of bodies, dependencies and response models costs as much as all else that a hot operation does.
    """

    def __init__(self, path: str, endpoint: Callable[[Request], Awaitable[Response]], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self.app = request_response(endpoint)


def operational_routes(ready: Callable[[], Awaitable[dict[str, bool]]]) -> list[Route]:
    """`ready` names each thing that must hold and whether it does."""

    async def healthz(_request: Request) -> Response:
        return Response(b'{"status":"ok"}', media_type="application/json")

    async def readyz(_request: Request) -> Response:
        checks = await ready()
        body = {"status": "ready" if all(checks.values()) else "not ready", "checks": checks}
        return Response(orjson.dumps(body), 200 if all(checks.values()) else 503, media_type="application/json")

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
