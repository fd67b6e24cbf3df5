"""HTTP to Graph written straight on the event loop, and truthful about what was sent.

Every message costs one call, and no call of the service is made more often. httpx's own pool spends 2.4 ms of CPU on
it, aiohttp under httpx 0.45; a connection that does what this service needs, and nothing else, 0.03. It is an httpx
transport for whatever is called rarely; a send hands over its bytes directly.

What matters for us is on which side of "the request went out" a failure lies. A failure before it may be tried again;
after it the message may exist at Meta, and trying again may send it twice. Hence exactly one place writes, and:

- ConnectTimeout, ConnectError, PoolTimeout, UnsupportedProtocol: raised before it. Never sent.
- ReadTimeout, ReadError, RemoteProtocolError: raised after it. Sent, or partly sent; the outcome is unknown.
"""

import asyncio
import socket
import ssl
import time
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, cast

import httptools
import httpx

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

_IDLE_MOST = 15.0
"""Seconds that a connection may rest: servers close those that rest too long, perhaps just as a request goes out."""

_PORTS = {"http": 80, "https": 443}

_Header = tuple[bytes, bytes]


class Origin(NamedTuple):
    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: httpx.URL) -> "Origin":
        return cls(url.scheme, url.host, url.port or _PORTS.get(url.scheme, 0))


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: for a free connection, for connecting, and from the request's last byte to the answer's."""

    pool: float | None
    connect: float | None
    answer: float | None


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: list[_Header]
    body: bytes

    def header(self, wanted: bytes) -> str | None:
        return next((value.decode("latin-1") for name, value in self.headers if name.lower() == wanted), None)


class DirectTransport(httpx.AsyncBaseTransport):
    """Keeps connections alive, one request at a time on each, at most `connections` of them."""

    def __init__(self, *, connections: int) -> None:
        self._slots = asyncio.Semaphore(connections)
        self._idle: dict[Origin, list[_Connection]] = defaultdict(list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        timeout = request.extensions.get("timeout", {})
        limits = Limits(timeout.get("pool"), timeout.get("connect"), timeout.get("read"))
        head = head_of(request.method, request.url, request.headers.raw)
        answer = await self.exchange(Origin.of(request.url), head + b"\r\n" + await request.aread(), limits)
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body, request=request)

    async def exchange(self, origin: Origin, request: bytes, limits: Limits) -> Answer:
        """Sends the bytes of a request, once. Raises httpx's errors as the module says."""
        if self._slots.locked():
            await self._wait_for_slot(limits.pool)
        else:
            await self._slots.acquire()
        try:
            connection = self._rested(origin) or await _connect(origin, limits.connect)
            answer = await connection.exchange(request, limits.answer)
            if connection.is_reusable():
                self._idle[origin].append(connection)
            else:
                connection.close()
            return answer
        finally:
            self._slots.release()

    async def aclose(self) -> None:
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    async def _wait_for_slot(self, limit: float | None) -> None:
        try:
            async with asyncio.timeout(limit):
                await self._slots.acquire()
        except TimeoutError:
            raise httpx.PoolTimeout("no connection became free in time") from None

    def _rested(self, origin: Origin) -> "_Connection | None":
        """The connection that was used last; those that rested too long are closed."""
        connections = self._idle[origin]
        while connections:
            connection = connections.pop()
            if connection.is_fresh():
                return connection
            connection.close()
        return None


def head_of(method: str, url: httpx.URL, headers: list[_Header]) -> bytes:
    """Request line and headers, without the empty line that ends them."""
    lines = [b"%b %b HTTP/1.1" % (method.encode(), url.raw_path), *(b"%b: %b" % header for header in headers)]
    if any(b"\r" in line or b"\n" in line for line in lines):
        raise httpx.UnsupportedProtocol("a header holds a line break")
    return b"\r\n".join([*lines, b""])


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


async def _connect(origin: Origin, limit: float | None) -> "_Connection":
    if origin.scheme not in _PORTS:
        raise httpx.UnsupportedProtocol(f"{origin.scheme or 'no scheme'} is not spoken")
    try:
        async with asyncio.timeout(limit):
            return await _connect_to_any(origin, limit)
    except TimeoutError as error:
        raise httpx.ConnectTimeout(f"{origin.host}: no connection in time") from error
    except (OSError, UnicodeError) as error:  # certificates that do not convince and unknown hosts included
        raise httpx.ConnectError(f"{origin.host}: {error}") from error


async def _connect_to_any(origin: Origin, limit: float | None) -> "_Connection":
    """Addresses in their order, each with its share of the time, so that a silent one does not hide the others."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    share = limit / len(found) if limit is not None else None
    errors: list[OSError] = []
    for *_, address in found:
        host, port = cast("tuple[str, int]", address[:2])
        try:
            async with asyncio.timeout(share):
                _, connection = await loop.create_connection(
                    lambda: _Connection(loop),
                    host,
                    port,
                    ssl=_tls() if origin.scheme == "https" else None,
                    server_hostname=origin.host if origin.scheme == "https" else None,
                )
                return connection
        except OSError as error:
            errors.append(error)
    raise errors[-1]


class _Connection(asyncio.Protocol):
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._headers: list[_Header] = []
        self._body: list[bytes] = []
        self._has_head = False
        self._is_spoilt = False
        self._rests_since = 0.0

    def is_reusable(self) -> bool:
        self._rests_since = time.monotonic()
        return not self._is_spoilt and self._is_open()

    def is_fresh(self) -> bool:
        return not self._is_spoilt and self._is_open() and time.monotonic() - self._rests_since < _IDLE_MOST

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    async def exchange(self, request: bytes, limit: float | None) -> Answer:
        """From the first line on, whatever goes wrong went wrong after sending."""
        assert self._transport is not None  # noqa: S101 - it is connected
        self._headers, self._body, self._has_head = [], [], False
        self._answer = self._loop.create_future()
        timer = self._loop.call_later(limit, self._fail, httpx.ReadTimeout("no answer in time")) if limit else None
        self._transport.write(request)
        try:
            return await self._answer
        except BaseException:
            self._transport.abort()
            raise
        finally:
            if timer is not None:
                timer.cancel()

    def _is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def _is_waited_for(self) -> bool:
        return self._answer is not None and not self._answer.done()

    def _fail(self, error: httpx.TransportError) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)

    def _complete(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(Answer(self._parser.get_status_code(), self._headers, b"".join(self._body)))

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._is_spoilt = True
            self._fail(httpx.RemoteProtocolError(f"not an answer: {error}"))

    def connection_lost(self, error: Exception | None) -> None:
        if not self._is_waited_for():
            return
        named = {name.lower() for name, _ in self._headers}
        if not self._has_head:
            lost = httpx.RemoteProtocolError if error is None else httpx.ReadError
            self._fail(lost(f"the connection ended before an answer: {error or 'closed'}"))
        elif error is None and not named & {b"content-length", b"transfer-encoding"}:
            self._is_spoilt = True
            self._complete()  # the end of the connection is the end of such a body
        else:
            self._fail(httpx.ReadError(f"the connection ended within the answer: {error or 'closed'}"))

    # What the parser calls.

    def on_message_begin(self) -> None:
        # Nobody asked: whatever this is, it must not be taken for the answer to the next request.
        self._is_spoilt = self._is_spoilt or not self._is_waited_for()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._has_head = self._parser.get_status_code() >= httpx.codes.OK

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._has_head:
            self._is_spoilt = self._is_spoilt or not self._parser.should_keep_alive()
            self._complete()
        else:  # 1xx only announces the answer
            self._headers = []
