"""A keep-alive HTTP/1.1 client connection that does nothing but send ready bytes and hand on the answer."""

import asyncio
from typing import Protocol, Self, cast

import httptools


class Owner(Protocol):
    """Whoever sends on connections hears here what became of each request."""

    def answered(self, connection: "Connection", status: int, body: bytes) -> None: ...

    def lost(self, connection: "Connection") -> None: ...


class Connection(asyncio.Protocol):
    """Carries one request at a time; its owner sees to that."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._body: list[bytes] = []

    @classmethod
    async def open(cls, owner: Owner, host: str, port: int) -> Self:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(lambda: cls(owner), host, port)
        return connection

    def send(self, request: bytes) -> None:
        assert self._transport is not None  # noqa: S101 - set before open() returns
        self._transport.write(request)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, _error: Exception | None) -> None:
        self._owner.lost(self)

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        body = b"".join(self._body)
        self._body.clear()
        self._owner.answered(self, self._parser.get_status_code(), body)
