"""One call by HTTP: where it goes, and what is made of whatever comes back."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.callbacks.addresses import Ip, Reach
from app.callbacks.sending import Addresses, Answer, CallbackClient
from tests.support.receiver import TAKEN, Receiver

HERE = Reach([ip_network("127.0.0.0/8")])
PATIENCE = timedelta(seconds=20)


class Told(Addresses):
    """A name server that says what a test says, one answer after the other."""

    def __init__(self, *answers: list[str]) -> None:
        super().__init__()
        self._answers = list(answers)

    async def of(self, _host: str, _port: int) -> list[Ip]:
        return [ip_address(text) for text in self._answers.pop(0)]


@contextlib.asynccontextmanager
async def client(
    reach: Reach = HERE,
    *,
    limit: timedelta = PATIENCE,
    addresses: Addresses | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[CallbackClient]:
    made = CallbackClient(reach, limit=limit, addresses=addresses, tls=tls)
    try:
        yield made
    finally:
        await made.close()


async def post(url: str, reach: Reach = HERE, **options: object) -> Answer:
    async with client(reach, **options) as made:  # type: ignore[arg-type] # as client has them
        return await made.post(url, {"content-type": "application/json"}, b"{}")


def port_of(shop: Receiver) -> str:
    return shop.url.rpartition(":")[2].partition("/")[0]


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def raw_server(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls) as server:
        yield server.sockets[0].getsockname()[1]


async def test_redirects_are_answers_and_nobody_follows_them(shop: Receiver, other_shop: Receiver) -> None:
    shop.answer = lambda _: (307, {"Location": other_shop.url}, b"over there")
    answer = await post(shop.url)
    assert (answer.status_code, answer.failure, answer.body) == (307, "redirect", "over there")
    assert answer.detail == "answered 307; redirects are not followed"
    assert other_shop.calls == []


async def test_private_addresses_are_refused_when_they_are_connected_to(shop: Receiver) -> None:
    """By whatever name, and though it was another address a moment ago."""
    url = f"https://rebinding.example:{port_of(shop)}/"
    refused = [["127.0.0.1"], ["10.0.0.1", "::1"], ["::ffff:127.0.0.1"], ["169.254.169.254"], []]
    async with client(Reach(), addresses=Told(*refused)) as made:
        answers = [await made.post(url, {}, b"{}") for _ in refused]
    assert [one.failure for one in answers] == ["address"] * len(refused)
    assert shop.calls == []
    by_http = await post(f"http://plain.example:{port_of(shop)}/", addresses=Told(["8.8.8.8"]))
    assert by_http.failure == "address", "by plain http only the named networks are reached"
    assert (await post(f"http://127.0.0.1:{port_of(shop)}/", Reach())).failure == "address"
    assert shop.calls == []


async def test_the_address_that_was_judged_is_the_one_that_is_connected_to(shop: Receiver) -> None:
    """A second look-up would answer otherwise; there is none, nor one for the next call on the same connection."""
    names = Told(["169.254.169.254", "127.0.0.1"])
    async with client(addresses=names) as made:
        answers = [await made.post(f"http://shop.example:{port_of(shop)}/in", {}, b"{}") for _ in range(2)]
    assert [one.status_code for one in answers] == [204, 204]
    assert [call.headers["host"] for call in shop.calls] == [f"shop.example:{port_of(shop)}"] * 2


async def test_proxies_of_the_environment_are_not_asked(shop: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert (await post(shop.url)).is_success


async def test_every_2xx_is_success_and_everything_else_is_told(shop: Receiver) -> None:
    async with client() as made:
        for status in (200, 201, 202, 204, 299):
            shop.answer = lambda _, status=status: (status, {}, b"" if status == 204 else b"thanks")
            assert await made.post(shop.url, {}, b"{}") == Answer(status, None)
        for status in (300, 304, 400, 404, 410, 429, 500, 503):
            shop.answer = lambda _, status=status: (status, {"Retry-After": "7"}, b"")
            answer = await made.post(shop.url, {}, b"{}")
            assert (answer.status_code, answer.is_success, answer.retry_after) == (status, False, "7")


async def test_a_host_is_named_as_urls_name_it(shop: Receiver) -> None:
    shop.answer = lambda _: TAKEN
    reach = Reach([ip_network("127.0.0.0/8"), ip_network("2606:4700::/32")])
    for host, named in (("[2606:4700:0::1111]", "[2606:4700::1111]"), ("Shop.Example.", "shop.example")):
        url = f"http://{host}:{port_of(shop)}/"
        assert (await post(url, reach, addresses=Told(["127.0.0.1"]))).is_success
        assert shop.calls[-1].headers["host"] == f"{named}:{port_of(shop)}"


async def test_little_is_read_and_less_is_kept(shop: Receiver) -> None:
    shop.answer = lambda _: (500, {}, b"\x1b[31m" + "ş".encode() * 5_000_000)
    answer = await post(shop.url)
    assert answer.body is not None
    assert answer.body.startswith("[31mşşş")
    assert len(answer.body.encode()) <= 1100


async def test_silence_nonsense_and_absence_are_told_apart(shop: Receiver) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def trickling(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx")
        with contextlib.suppress(ConnectionError):
            await _.read()
        writer.close()

    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
        await hanging_up(reader, writer)

    async def hanging_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write_eof()
        await reader.read()  # closed with something unread, the connection would break and not end
        writer.close()

    short = timedelta(milliseconds=200)
    for serve in (silent, trickling):
        async with raw_server(serve) as port:
            answer = await post(f"http://127.0.0.1:{port}/", limit=short)
            assert (answer.failure, answer.detail) == ("timeout", "no complete answer within 0.2 s")
    for serve in (nonsense, hanging_up):
        async with raw_server(serve) as port:
            assert (await post(f"http://127.0.0.1:{port}/")).failure == "protocol"
    async with raw_server(silent) as port:
        pass
    assert (await post(f"http://127.0.0.1:{port}/")).failure == "connect"
    assert (await post("https://no-such-host.invalid/")).failure == "dns"
    shop.answer = lambda _: TAKEN
    assert (await post(f"https://127.0.0.1:{port_of(shop)}/")).failure == "tls"


def _certified(directory: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Of a server of this name, and of a client that believes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    written = directory / "certificate.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    written.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + secret)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(written)
    return server, ssl.create_default_context(cafile=written)


async def test_a_certificate_is_held_against_the_name_though_an_address_is_connected_to(tmp_path: Path) -> None:
    async def taking(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            await writer.drain()
        writer.close()

    server_tls, client_tls = _certified(tmp_path, "shop.example")
    async with raw_server(taking, server_tls) as port:
        right = await post(f"https://shop.example:{port}/", addresses=Told(["127.0.0.1"]), tls=client_tls)
        wrong = await post(f"https://other.example:{port}/", addresses=Told(["127.0.0.1"]), tls=client_tls)
        unknown = await post(f"https://shop.example:{port}/", addresses=Told(["127.0.0.1"]))
    assert right == Answer(204, None)
    assert (wrong.failure, unknown.failure) == ("tls", "tls")
    assert "other.example" in (wrong.detail or "")
