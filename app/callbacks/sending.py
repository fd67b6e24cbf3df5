"""One call of an endpoint by HTTP, and what came of it.

Nothing of what whoever owns the endpoint controls can make it go elsewhere: the address that was judged is the one that
is connected to, redirects are answers like any other, and no proxy of the environment is asked.
"""

import asyncio
import contextlib
import ipaddress
import re
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Literal

import httpcore

from app.callbacks.addresses import Ip, Reach, Scheme, Target, UrlError

Failure = Literal["address", "dns", "connect", "tls", "timeout", "protocol", "redirect", "status", "secret"]

_READ_MOST = 4096
_KEPT_MOST = 1024
"""Bytes: of an answer's body those that are read, so that the connection can serve again; and those that are kept."""

_RESTING_MOST = 200
"""Connections that are kept for the next call."""

_LOOK_UPS = 64
"""At once. The event loop's own few threads would let a name server that is silent for one endpoint delay all."""

_UNSHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Answer:
    """Exactly one of `status_code` and `failure` may be missing: a status that is no success is a failure, too."""

    status_code: int | None
    failure: Failure | None
    detail: str | None = None
    """Of the failure, for people."""
    body: str | None = None
    """How it begins, of a failure alone."""
    retry_after: str | None = None

    @property
    def is_success(self) -> bool:
        return self.failure is None


class AddressRefusedError(Exception):
    """A name resolves to nothing that may be connected to."""


class NoSuchHostError(Exception):
    """A name resolves to nothing."""


class Addresses:
    """Names resolved, off the event loop."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_LOOK_UPS, thread_name_prefix="callback-names")

    async def of(self, host: str, port: int) -> list[Ip]:
        """Raises NoSuchHostError."""
        with contextlib.suppress(ValueError):
            return [ipaddress.ip_address(host)]
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._threads, _look_up, host, port)
        except OSError as error:
            raise NoSuchHostError(host) from error
        return list(dict.fromkeys(ipaddress.ip_address(text) for text in found))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]).partition("%")[0] for *_, address in found]


class _Guarded(httpcore.AsyncNetworkBackend):
    """Connects to what a name resolves to now, where that may be reached, and to nothing else."""

    def __init__(self, reach: Reach, addresses: Addresses, scheme: Scheme) -> None:
        self._reach = reach
        self._addresses = addresses
        self._scheme = scheme
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - as it is called
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises AddressRefusedError, NoSuchHostError, or what httpcore raises."""
        found = await self._addresses.of(host, port)
        allowed = [one for one in found if self._reach.allows(one, self._scheme)]
        if not allowed:
            raise AddressRefusedError(host)
        share = timeout / len(allowed) if timeout is not None else None
        for last, address in enumerate(allowed, 1 - len(allowed)):
            try:
                return await self._inner.connect_tcp(str(address), port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if not last:
                    raise
        raise AddressRefusedError(host)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class CallbackClient:
    """Keeps connections alive; opened when first used."""

    def __init__(
        self,
        reach: Reach,
        *,
        limit: timedelta,
        addresses: Addresses | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`limit`: from the look-up of the name to the answer's end."""
        self._reach = reach
        self._limit = limit.total_seconds()
        self._addresses = addresses or Addresses()
        self._tls = tls
        self._pools: dict[Scheme, httpcore.AsyncConnectionPool] = {}

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Whatever happens is an answer."""
        try:
            target = Target.of(url)
            self._reach.check(target)
            async with asyncio.timeout(self._limit):
                return await self._post(target, headers, body)
        except UrlError as error:
            return Answer(None, "address", f"the URL {error}")
        except AddressRefusedError:
            return Answer(None, "address", "the host resolves to no address that may be reached")
        except NoSuchHostError:
            return Answer(None, "dns", "the host's name resolves to nothing")
        except (TimeoutError, httpcore.TimeoutException):
            return Answer(None, "timeout", f"no complete answer within {self._limit:g} s")
        except (OSError, httpcore.NetworkError, httpcore.ProtocolError) as error:
            return _failed(error)

    async def close(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()
        self._pools.clear()
        self._addresses.close()

    async def _post(self, target: Target, headers: Mapping[str, str], body: bytes) -> Answer:
        url = httpcore.URL(
            scheme=target.scheme.encode(),
            host=target.host.encode(),
            port=target.port,
            target=target.path.encode(),
        )
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), self._limit)
        pool = self._pool(target.scheme)
        named = [("Host", target.netloc), *headers.items()]
        async with pool.stream("POST", url, headers=named, content=body, extensions={"timeout": timeouts}) as answer:
            begin = await _beginning(answer.aiter_stream())
        given = {name.lower(): value for name, value in answer.headers}
        retry_after = given.get(b"retry-after")
        return _answer(answer.status, begin, retry_after.decode("latin-1") if retry_after is not None else None)

    def _pool(self, scheme: Scheme) -> httpcore.AsyncConnectionPool:
        pool = self._pools.get(scheme)
        if pool is None:
            pool = self._pools[scheme] = httpcore.AsyncConnectionPool(
                ssl_context=(self._tls or ssl.create_default_context()) if scheme == "https" else None,
                max_connections=None,  # whoever calls counts its calls
                max_keepalive_connections=_RESTING_MOST,
                keepalive_expiry=15,
                network_backend=_Guarded(self._reach, self._addresses, scheme),
            )
        return pool


async def _beginning(stream: AsyncIterator[bytes]) -> bytes:
    """What is not read is not waited for: the connection is closed over it."""
    read = b""
    async for part in stream:
        read += part
        if len(read) >= _READ_MOST:
            break
    return read[:_KEPT_MOST]


def _answer(status: int, begin: bytes, retry_after: str | None) -> Answer:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Answer(status, None)
    is_redirect = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
    failure: Failure = "redirect" if is_redirect else "status"
    detail = f"answered {status}; redirects are not followed" if is_redirect else f"answered {status}"
    text = _UNSHOWN.sub("", begin.decode("utf-8", "replace"))
    return Answer(status, failure, detail, text or None, retry_after)


def _failed(error: Exception) -> Answer:
    """The errors of others may hold addresses, which are nobody's business: they are only sorted."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            reason = getattr(cause, "verify_message", None) or cause.reason or "the handshake failed"
            return Answer(None, "tls", f"no secure connection: {reason}")
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpcore.ProtocolError):
        return Answer(None, "protocol", "what came is no answer of HTTP, or the connection ended before one")
    if isinstance(error, httpcore.ConnectError):
        return Answer(None, "connect", "nobody takes the connection")
    return Answer(None, "connect", "the connection broke")
