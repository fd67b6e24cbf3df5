"""On which side of "the request went out" a failure lies, on real sockets."""

import asyncio
import gzip
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from app.whatsapp import transport
from app.whatsapp.client import (
    Accepted,
    GraphAccess,
    GraphClient,
    GraphUnreachableError,
    NotSent,
    SendOutcome,
    Unknown,
)
from app.whatsapp.transport import DirectTransport
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
    says,
)

PAYLOAD = {"to": "+33612345678"}
SHORT = 0.3
"""Seconds until a test gives up waiting for what never comes."""


TRUNCATED = answers(http(ANSWER, announced=1000), then_closes=True)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

# What the server does with a request that it has read, and what it is as an error of httpx's.
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
    async with httpx.AsyncClient(transport=DirectTransport(connections=4), timeout=timeout) as client:
        yield client


@pytest.fixture(params=["direct", "httpx"])
async def graph(request: pytest.FixtureRequest) -> AsyncIterator[GraphClient]:
    transport: Literal["direct", "httpx"] = request.param
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


ANSWERS = {
    "in pieces": [http()[:20], http()[20:50], http()[50:]],
    "in chunks": [CHUNKED, b"5\r\n" + ANSWER[:5] + b"\r\n", b"%x\r\n%b\r\n0\r\n\r\n" % (len(ANSWER) - 5, ANSWER[5:])],
    "announced": [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + http()],
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_an_answer_may_come_in_many_ways(http_client: httpx.AsyncClient, name: str) -> None:
    server = Server(says(*ANSWERS[name]))
    async with server.running() as url:
        for _ in range(2):
            answer = await http_client.post(url, content=b"{}")
            assert (answer.status_code, answer.content) == (200, ANSWER)
            assert "link" not in answer.headers
    assert server.connections == 1


async def test_a_body_may_end_with_its_connection(http_client: httpx.AsyncClient) -> None:
    server = Server(answers(b"HTTP/1.1 200 OK\r\n\r\n" + ANSWER, then_closes=True))
    async with server.running() as url:
        for _ in range(2):
            assert (await http_client.post(url, content=b"{}")).content == ANSWER
    assert server.connections == 2


@pytest.mark.parametrize(
    "first",
    [
        answers(http(more="Connection: close\r\n")),
        answers(http() + http(b'{"messages":[{"id":"of nobody"}]}')),
        answers(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(ANSWER), ANSWER)),
        answers(http(), then_closes=True),
    ],
    ids=["it says so", "it said more than was asked", "HTTP/1.0", "it closes"],
)
async def test_a_connection_that_cannot_go_on_is_left(http_client: httpx.AsyncClient, first: Behaviour) -> None:
    server = Server(first, answers(http(b"second")))
    async with server.running() as url:
        assert (await http_client.post(url, content=b"{}")).content == ANSWER
        await asyncio.sleep(0.02)
        assert (await http_client.post(url, content=b"{}")).content == b"second"
    assert server.connections == 2


async def test_a_connection_that_rested_too_long_is_left(
    http_client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(answers(http()))
    async with server.running() as url:
        await http_client.post(url, content=b"{}")
        monkeypatch.setattr(transport, "_IDLE_MOST", 0)
        await http_client.post(url, content=b"{}")
    assert server.connections == 2


async def test_a_call_that_is_given_up_takes_its_connection_with_it(http_client: httpx.AsyncClient) -> None:
    server = Server(never_answers, answers(http()))
    async with server.running() as url:
        call = asyncio.create_task(http_client.post(url, content=b"first"))
        await server.reached.wait()
        call.cancel()
        await asyncio.wait([call])
        assert (await http_client.post(url, content=b"second")).content == ANSWER
    assert server.connections == 2


async def test_an_address_that_is_silent_does_not_hide_the_next(
    http_client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    server = Server(answers(http()))
    with not_accepting() as silent:
        async with server.running() as url:
            ports = [int(one.rpartition(":")[2]) for one in (silent, url) if one]

            async def both(*_: object, **__: object) -> list[Any]:
                return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port)) for port in ports]

            monkeypatch.setattr(loop, "getaddrinfo", both)
            assert (await http_client.post("http://two.test/", content=b"{}")).content == ANSWER


async def test_a_line_break_in_a_header_sends_nothing(http_client: httpx.AsyncClient) -> None:
    server = Server(answers(http()))
    async with server.running() as url:
        with pytest.raises(transport.NEVER_SENT):
            await http_client.post(url, content=b"{}", headers=[(b"X-A", b"1\r\nX-B: 2")])
    assert server.requests == []


@pytest.fixture
def certified(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's side of TLS for 127.0.0.1, and the certificate by which it can be believed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    believed, private = tmp_path / "certificate.pem", tmp_path / "key.pem"
    believed.write_bytes(certificate.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(believed, private)
    return context, believed


@pytest.mark.parametrize("trusted", [True, False])
async def test_only_a_server_with_a_trusted_certificate_gets_the_message(
    certified: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch, *, trusted: bool
) -> None:
    context, believed = certified
    if trusted:
        monkeypatch.setattr(transport, "_tls", lambda: ssl.create_default_context(cafile=believed))
    second = timedelta(seconds=5)
    graph = GraphClient.open(version="v25.0", connect_timeout=second, read_timeout=second, connections=1)
    server = Server(answers(http()))
    async with server.running(context) as url:
        outcomes = [await _send(graph, url) for _ in range(2)]
        await graph.close()
    expected = Accepted("wamid.1", None, None, None) if trusted else NotSent
    assert all(one == expected if trusted else isinstance(one, NotSent) for one in outcomes)
    assert (len(server.requests), server.connections if trusted else 0) == ((2, 1) if trusted else (0, 0))


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
        httpx.AsyncClient(transport=DirectTransport(connections=1), timeout=httpx.Timeout(SHORT)) as client,
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
