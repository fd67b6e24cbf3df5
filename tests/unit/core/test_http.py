"""The limit of bodies, announced or counted, whoever reads them; and the operational endpoints."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from prometheus_client import REGISTRY
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send

from app.core.http import BodyLimit, FrontDoor, RawRoute, operational_routes
from app.core.problems import NotFound, install

LIMIT = 20


class Body(BaseModel):
    text: str


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    application = FastAPI(redirect_slashes=False)
    install(application)

    @application.post("/typed")
    async def typed(body: Body) -> int:
        return len(body.text)

    @application.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @application.post("/unread")
    async def unread() -> int:
        return 0

    async def front(request: Request) -> Response:
        return Response(str(len(await request.body())))

    async def fails(request: Request) -> Response:
        raise NotFound("Not here.") if "expected" in request.headers else RuntimeError("a fault of ours")

    for path, endpoint in (("/front", front), ("/fails", fails)):
        application.router.routes.append(RawRoute(path, endpoint, methods=["POST"]))
    application.add_middleware(BodyLimit, most=LIMIT)
    application.middleware_stack = FrontDoor(application.build_middleware_stack(), application.routes, most=LIMIT)
    transport = httpx.ASGITransport(application, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as opened:
        yield opened


def _body(size: int) -> bytes:
    return b'{"text":"%b"}' % (b"a" * (size - 11))


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 3):
        yield body[start : start + 3]


@pytest.mark.parametrize("path", ["/typed", "/raw", "/front"])
@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "chunked"])
@pytest.mark.parametrize(("size", "status"), [(LIMIT - 1, 200), (LIMIT, 200), (LIMIT + 1, 413), (10 * LIMIT, 413)])
async def test_bodies_over_the_limit_are_refused(
    client: httpx.AsyncClient, path: str, size: int, status: int, *, chunked: bool
) -> None:
    content = _pieces(_body(size)) if chunked else _body(size)
    answer = await client.post(path, content=content, headers={"content-type": "application/json"})
    assert answer.status_code == status
    if status == 413:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "body_too_large"


@pytest.mark.parametrize("path", ["/unread", "/front"])
@pytest.mark.parametrize("announced", ["21", "0000000000000000000000000000021", "9" * 5000])
async def test_an_announced_length_over_the_limit_is_refused_unread(
    client: httpx.AsyncClient, announced: str, path: str
) -> None:
    answer = await client.post(path, content=b"", headers={"content-length": announced})
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/raw", "/front"])
@pytest.mark.parametrize("announced", ["", "-1", "x", "1e1"])
async def test_a_length_that_says_nothing_does_not_lift_the_limit(
    client: httpx.AsyncClient, announced: str, path: str
) -> None:
    answer = await client.post(path, content=_pieces(_body(LIMIT + 1)), headers={"content-length": announced})
    assert answer.status_code == 413


@pytest.mark.parametrize(("headers", "status"), [({"expected": "1"}, 404), ({}, 500)])
async def test_what_goes_wrong_at_the_front_door_is_a_problem(
    client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    labels = {"method": "POST", "route": "/fails", "status": str(status)}
    before = REGISTRY.get_sample_value("ulak_http_requests_total", labels) or 0
    answer = await client.post("/fails", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert REGISTRY.get_sample_value("ulak_http_requests_total", labels) == before + 1


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/front", 405), ("POST", "/front/", 404)])
async def test_whatever_is_not_exactly_a_raw_route_goes_the_long_way(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await client.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


async def test_a_raw_route_under_a_prefix_is_served_the_long_way() -> None:
    async def front(request: Request) -> Response:
        return Response(str(len(await request.body())))

    application = FastAPI()
    application.router.routes.append(RawRoute("/front", front, methods=["POST"]))
    application.middleware_stack = FrontDoor(application.build_middleware_stack(), application.routes, most=LIMIT)
    transport = httpx.ASGITransport(application, root_path="/ulak")
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        assert (await client.post("/ulak/front", content=b"abc")).text == "3"


async def test_an_answer_under_way_is_not_answered_twice() -> None:
    sent: list[str] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await receive()

    async def receive() -> Message:
        return {"type": "http.request", "body": b"a" * (LIMIT + 1), "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message["type"])

    scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
    with pytest.raises(Exception, match="At most 20 bytes"):
        await BodyLimit(application, most=LIMIT)(scope, receive, send)
    assert sent == ["http.response.start"]


async def test_what_is_not_a_request_is_let_through() -> None:
    seen: list[str] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    await BodyLimit(application, most=LIMIT)({"type": "lifespan"}, None, None)
    assert seen == ["lifespan"]


@pytest.mark.parametrize(
    ("checks", "status", "word"),
    [
        ({"database": True, "worker": True}, 200, "ready"),
        ({"database": True, "worker": False}, 503, "not ready"),
    ],
)
async def test_readiness_holds_when_everything_does(checks: dict[str, bool], status: int, word: str) -> None:
    async def ready() -> dict[str, bool]:
        return checks

    application = Starlette(routes=operational_routes(ready))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://t") as client:
        answer = await client.get("/readyz")
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        assert (await client.get("/metrics")).headers["content-type"].startswith("text/plain")
    assert answer.status_code == status
    assert answer.json() == {"status": word, "checks": checks}
