"""On which side of "the request went out" a failure lies, on real sockets."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Literal

import httpx
import pytest

from app.whatsapp.client import (
    Accepted,
    GraphAccess,
    GraphClient,
    GraphUnreachableError,
    NotSent,
    SendOutcome,
    Unknown,
)
from app.whatsapp.transport import AiohttpTransport
from tests.unit.whatsapp.servers import (
    ANSWER,
    Behaviour,
    Server,
    answers,
    closes,
    drips,
    http,
    never_answers,
    not_accepting,
    refusing,
    resets,
)

PAYLOAD = {"to": "+33612345678"}
SHORT = 0.3
"""Seconds until a test gives up waiting for what never comes."""


TRUNCATED = answers(http(ANSWER, announced=1000), then_closes=True)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

# What the server does with a request that it has read, and what it is to httpx by way of aiohttp.
AFTER_SENDING: dict[str, tuple[Behaviour, type[Exception]]] = {
    "closes without an answer": (closes, httpx.RemoteProtocolError),
    "resets": (resets, httpx.ReadError),
    "never answers": (never_answers, httpx.ReadTimeout),
    "answers half a head": (answers(b"HTTP/1.1 200 OK\r\nContent-", then_closes=True), httpx.RemoteProtocolError),
    "answers half a body": (TRUNCATED, httpx.ReadError),
    "answers half a chunk": (answers(CHUNKED + b'ff\r\n{"mess', then_closes=True), httpx.ReadError),
    "answers a body that never ends": (answers(http(ANSWER, announced=1000)), httpx.ReadTimeout),
    "answers what is not HTTP": (answers(b"SSH-2.0-OpenSSH\r\n\r\n", then_closes=True), httpx.RemoteProtocolError),
    "answers a broken length": (answers(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), httpx.RemoteProtocolError),
    "answers a broken gzip": (answers(http(b"no gzip", more="Content-Encoding: gzip\r\n")), httpx.DecodingError),
}


@pytest.fixture
async def http_client() -> AsyncIterator[httpx.AsyncClient]:
    timeout = httpx.Timeout(SHORT, connect=SHORT)
    async with httpx.AsyncClient(transport=AiohttpTransport(connections=4), timeout=timeout) as client:
        yield client


@pytest.fixture(params=["aiohttp", "httpx"])
async def graph(request: pytest.FixtureRequest) -> AsyncIterator[GraphClient]:
    transport: Literal["aiohttp", "httpx"] = request.param
    short = timedelta(seconds=SHORT)
    client = GraphClient.open(
        version="v25.0", connect_timeout=short, read_timeout=short, connections=4, transport=transport
    )
    yield client
    await client.close()


async def _send(graph: GraphClient, url: str) -> SendOutcome:
    return await graph.send_message(GraphAccess(url, "token"), "1065", PAYLOAD)


async def test_a_request_arrives_as_it_was_made(http_client: httpx.AsyncClient) -> None:
    server = Server(answers(http(b'{"a":1}', more="X-Fb-Trace-Id: T\r\nX-Twice: 1\r\nX-Twice: 2\r\n")))
    async with server.running() as url:
        headers = {"Authorization": "Bearer t", "Content-Type": "application/json", "User-Agent": "ulak"}
        answer = await http_client.post(f"{url}/v25.0/1/messages?a=%2F+b", content=b'{"x":"\xc4\xb0"}', headers=headers)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v25.0/1/messages?a=%2F+b HTTP/1.1\r\n")
    assert body == b'{"x":"\xc4\xb0"}'
    for name in (b"authorization", b"content-type", b"user-agent", b"host", b"content-length"):
        assert head.lower().count(b"\r\n" + name + b":") == 1
    assert answer.status_code == 200
    assert answer.json() == {"a": 1}
    assert answer.headers["x-fb-trace-id"] == "T"
    assert answer.headers.get_list("x-twice") == ["1", "2"]


@pytest.mark.parametrize("status", ["302 Found", "400 Bad Request", "429 Too Many Requests", "503 Unavailable"])
async def test_every_status_is_handed_on_and_no_redirect_is_followed(
    http_client: httpx.AsyncClient, status: str
) -> None:
    server = Server(answers(http(b"x", status=status, more="Location: /elsewhere\r\n")))
    async with server.running() as url:
        answer = await http_client.post(url, content=b"{}")
    assert answer.status_code == int(status[:3])
    assert len(server.requests) == 1


async def test_a_compressed_answer_can_be_read(http_client: httpx.AsyncClient) -> None:
    async with Server(answers(http(gzip.compress(ANSWER), more="Content-Encoding: gzip\r\n"))).running() as url:
        assert (await http_client.post(url, content=b"{}")).content == ANSWER


async def test_a_connection_is_used_again(http_client: httpx.AsyncClient) -> None:
    server = Server(answers(http()))
    async with server.running() as url:
        for _ in range(3):
            await http_client.post(url, content=b"{}")
    assert (len(server.requests), server.connections) == (3, 1)


async def test_cookies_are_not_kept(http_client: httpx.AsyncClient) -> None:
    server = Server(answers(http(more="Set-Cookie: a=1\r\n")))
    async with server.running() as url:
        await http_client.post(url, content=b"{}")
        http_client.cookies.clear()
        await http_client.post(url, content=b"{}")
    assert b"cookie" not in server.requests[1].lower()


async def test_a_refused_connection_is_a_connect_error(http_client: httpx.AsyncClient) -> None:
    with refusing() as url, pytest.raises(httpx.ConnectError):
        await http_client.post(url, content=b"{}")


async def test_an_unknown_host_is_a_connect_error(http_client: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.ConnectError):
        await http_client.post("http://nobody.invalid/", content=b"{}")


async def test_a_connection_that_is_not_accepted_is_a_connect_timeout(http_client: httpx.AsyncClient) -> None:
    with not_accepting() as url:
        if url is None:
            pytest.skip("this system accepts connections for a listener whose queue is full")
        with pytest.raises(httpx.ConnectTimeout):
            await http_client.post(url, content=b"{}")


async def test_no_free_connection_is_never_taken_for_a_sent_request() -> None:
    server = Server(never_answers)
    timeout = httpx.Timeout(None, pool=SHORT)
    async with (
        server.running() as url,
        httpx.AsyncClient(transport=AiohttpTransport(connections=1), timeout=httpx.Timeout(SHORT)) as client,
    ):
        first = asyncio.create_task(client.post(url, content=b"{}", timeout=httpx.Timeout(None)))
        await server.reached.wait()
        with pytest.raises((httpx.ConnectTimeout, httpx.PoolTimeout)):
            await client.post(url, content=b"{}", timeout=timeout)
        first.cancel()
        await asyncio.wait([first])
    assert len(server.requests) == 1


@pytest.mark.parametrize("name", AFTER_SENDING)
async def test_a_failure_after_sending_is_told_as_such(http_client: httpx.AsyncClient, name: str) -> None:
    behaviour, expected = AFTER_SENDING[name]
    server = Server(behaviour)
    async with server.running() as url:
        with pytest.raises(httpx.HTTPError) as raised:
            await http_client.post(url, content=b"{}")
    assert type(raised.value) is expected
    assert raised.value.request.method == "POST"
    assert len(server.requests) == 1


async def test_an_answer_that_drips_in_is_not_waited_for_without_end(http_client: httpx.AsyncClient) -> None:
    server = Server(drips)
    async with server.running() as url:
        with pytest.raises(httpx.ReadTimeout):
            await http_client.post(url, content=b"{}")
    assert len(server.requests) == 1


@pytest.mark.parametrize("name", AFTER_SENDING)
async def test_a_failure_on_a_connection_that_worked_before_does_not_send_twice(
    http_client: httpx.AsyncClient, name: str
) -> None:
    behaviour, expected = AFTER_SENDING[name]
    server = Server(answers(http()), behaviour)
    async with server.running() as url:
        assert (await http_client.post(url, content=b"first")).status_code == 200
        with pytest.raises(expected):
            await http_client.post(url, content=b"second")
    assert server.connections == 1
    assert [request.rpartition(b"\r\n\r\n")[2] for request in server.requests] == [b"first", b"second"]


@pytest.mark.parametrize("name", AFTER_SENDING)
async def test_a_message_whose_answer_is_lost_is_in_doubt_and_was_sent_once(graph: GraphClient, name: str) -> None:
    server = Server(AFTER_SENDING[name][0])
    async with server.running() as url:
        outcome = await _send(graph, url)
    assert isinstance(outcome, Unknown), outcome
    assert len(server.requests) == 1


async def test_a_message_that_is_answered_is_accepted(graph: GraphClient) -> None:
    server = Server(answers(http()))
    async with server.running() as url:
        assert await _send(graph, url) == Accepted("wamid.1", None, None, None)
    assert len(server.requests) == 1


async def test_a_message_for_a_refused_connection_was_not_sent(graph: GraphClient) -> None:
    with refusing() as url:
        assert isinstance(await _send(graph, url), NotSent)


async def test_a_message_for_an_unknown_host_was_not_sent(graph: GraphClient) -> None:
    assert isinstance(await _send(graph, "http://nobody.invalid"), NotSent)


async def test_a_message_for_a_connection_that_is_not_accepted_was_not_sent(graph: GraphClient) -> None:
    with not_accepting() as url:
        if url is None:
            pytest.skip("this system accepts connections for a listener whose queue is full")
        assert isinstance(await _send(graph, url), NotSent)


async def test_a_server_that_speaks_no_tls_never_gets_the_message(graph: GraphClient) -> None:
    server = Server(answers(http()))
    async with server.running() as url:
        outcome = await _send(graph, url.replace("http://", "https://"))
    assert isinstance(outcome, NotSent)
    assert server.requests == []


@pytest.mark.parametrize("spoil", ["{}\n", "{}\r\nX-Other: 1", "\x00{}", "{}ü", "{}\ud800"])
async def test_a_token_that_fits_no_header_sends_nothing_and_is_not_shown(graph: GraphClient, spoil: str) -> None:
    server = Server(answers(http()))
    async with server.running() as url:
        access = GraphAccess(url, spoil.format("token-of-a-customer"))
        outcome = await graph.send_message(access, "1065", PAYLOAD)
        with pytest.raises(GraphUnreachableError) as raised:
            await graph.subscribe_app(access, "1022")
    assert isinstance(outcome, NotSent)
    assert "token-of-a-customer" not in repr(outcome) + repr(raised.value)
    assert server.requests == []
