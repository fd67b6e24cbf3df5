"""Pure ASGI middleware and the operational endpoints shared by the API and the worker."""

import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import orjson
import structlog
from fastapi.routing import APIRoute
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Histogram, generate_latest
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, request_response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.problems import BodyTooLarge, FieldError, InvalidRequest, answer_to

log = structlog.get_logger(__name__)

REQUESTS = Counter("ulak_http_requests_total", "Requests answered.", ["method", "route", "status"])
LATENCY = Histogram(
    "ulak_http_request_seconds",
    "Time to the first byte of the answer.",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)


_requests = lru_cache(maxsize=10_000)(REQUESTS.labels)
_latency = lru_cache(maxsize=10_000)(LATENCY.labels)
"""To find the child of some labels costs the library more than to count."""

_DIGITS_MOST = 18
"""Of a Content-Length: no number that long is meant."""


class BodyLimit:
    """Refuses bodies over `most` bytes with 413, announced ones before they are read.

    `own`: limits of single operations, by method and path.
    """

    def __init__(self, app: ASGIApp, *, most: int, own: Mapping[tuple[str, str], int] | None = None) -> None:
        self._app = app
        self._most = most
        self._own = own or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._own.get((scope["method"], scope["path"]), self._most)
        announced = _announced(scope)
        if announced is None:
            await self._count(scope, receive, send, most)
        elif announced > most:
            await _too_large(most).as_response()(scope, receive, send)
        else:  # the server holds the sender to what was announced
            await self._app(scope, receive, send)

    async def _count(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        taken = 0
        started = False

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise _too_large(most)
            return message

        async def answered(message: Message) -> None:
            nonlocal started
            if started or taken <= most:
                started = True
                await send(message)

        try:
            await self._app(scope, counted, answered)
        except BodyTooLarge:
            if started:
                raise
        # FastAPI makes a 400 of whatever goes wrong while it reads a body for a model: ours goes out in its place.
        if taken > most and not started:
            await _too_large(most).as_response()(scope, receive, send)


def _announced(scope: Scope) -> int | None:
    """The length of the body as its sender announced it; nothing where that is no number."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            if not value.isdigit():
                return None
            return int(value) if len(value) <= _DIGITS_MOST else sys.maxsize
    return None


def _too_large(most: int) -> BodyTooLarge:
    return BodyTooLarge(f"At most {most} bytes are taken.")


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
                _requests(scope["method"], route, message["status"]).inc()
                _latency(route).observe(time.perf_counter() - started)
            await send(message)

        await self._app(scope, receive, observed)


class RawRoute(APIRoute):
    """Documented like any route, but its endpoint gets the request as it came.

    FastAPI's reading of bodies, dependencies and response models costs as much as all else that a hot operation does.
    """

    def __init__(self, path: str, endpoint: Callable[[Request], Awaitable[Response]], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self.app = request_response(endpoint)


def redirecting_routes(
    path: str,
    endpoint: Callable[[Request], Awaitable[Response]],
    *,
    code_pattern: str,
    operation_id: str,
    summary: str,
    responses: dict[int | str, dict[str, Any]],
) -> list[RawRoute]:
    """For customers' browsers: `{path}/{code}` leads on from here. HEAD is answered too, and not documented."""
    parameter = {"name": "code", "in": "path", "required": True, "schema": {"type": "string", "pattern": code_pattern}}
    return [
        RawRoute(
            path + "/{code}",
            endpoint,
            methods=["GET"],
            status_code=302,
            tags=["Links"],
            operation_id=operation_id,
            summary=summary,
            response_class=Response,
            responses=responses,
            openapi_extra={"parameters": [parameter]},
        ),
        RawRoute(path + "/{code}", endpoint, methods=["HEAD"], include_in_schema=False),
    ]


class RawResponse(Response):
    """An answer whose headers are written out already, which Starlette takes as long for as to read a request."""

    def __init__(self, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        self.status_code = status
        self.body = body
        self.raw_headers = [*headers, (b"content-length", b"%d" % len(body))]
        self.background = None


class FrontDoor:
    """Answers the raw routes by their exact address, before middleware and routing look at the request.

    They are nearly all the requests there are, and the way through the stack costs as much as a message's acceptance.
    What the stack does for others is done here for them: the limit of bodies, metrics, and errors as problems.
    """

    def __init__(self, app: ASGIApp, routes: Iterable[object], *, most: int) -> None:
        self._app = app
        self._most = most
        self._raw: dict[tuple[str, str], RawRoute] = {
            (method, route.path): route
            for route in routes
            if isinstance(route, RawRoute) and "{" not in route.path
            for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._raw.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None:
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        try:
            response: Response = await route.endpoint(_Incoming(scope, receive, most=self._most))
        except ClientDisconnect:
            response = Response(status_code=400)  # nobody hears it
        except Exception as error:  # noqa: BLE001 - every one has its answer
            response = answer_to(error)
        _requests(scope["method"], route.path, response.status_code).inc()
        _latency(route.path).observe(time.perf_counter() - started)
        await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
        await send({"type": "http.response.body", "body": response.body})


class _Incoming(Request):
    """A request whose body is read at once and within the limit; one that announces more raises BodyTooLarge."""

    def __init__(self, scope: Scope, receive: Receive, *, most: int) -> None:
        super().__init__(scope, receive)
        self._most = most
        if (_announced(scope) or 0) > most:
            raise _too_large(most)

    async def body(self) -> bytes:
        parts = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._most:
                raise _too_large(self._most)
            if not message.get("more_body", False):
                return b"".join(parts) if len(parts) > 1 else parts[0]


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


def refuse_unknown_parameters(request: Request) -> None:
    """A filter that is misspelt must not show everything. Raises InvalidRequest."""
    known = {parameter.alias for parameter in request.scope["route"].dependant.query_params}
    faults = [
        FieldError(parameter=name, code="extra_forbidden", message="is not a parameter of this list")
        for name in dict.fromkeys(request.query_params)
        if name not in known
    ]
    if faults:
        raise InvalidRequest.from_faults(faults)
