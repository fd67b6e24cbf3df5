"""The backend of a business: posts events over keep-alive connections, as fast as they are taken or at a given rate.

A process of its own. Requests are built before the clock starts, so that while it runs it costs little more than the
sockets. With a rate, latency counts from the moment at which a request was due, so that a slow answer cannot hide the
requests that waited behind it.
"""

import argparse
import asyncio
import time
from http import HTTPStatus

import orjson
import uvloop

from benchmarks.connection import Connection
from benchmarks.lines import orders, tell
from benchmarks.workload import request

TICK = 0.002
"""Seconds between two looks at what is due when a rate is given."""


class Round:
    """Posts every request once and collects what was answered."""

    def __init__(self, requests: list[bytes], *, rate: float) -> None:
        self._requests = requests
        self._rate = rate
        self._released = 0
        self._begun = 0
        self._settled = 0
        self._started = 0.0
        self._idle: list[Connection] = []
        self._due: dict[Connection, float] = {}
        self._finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.latencies: list[float] = []
        self.bodies: list[bytes] = []
        self.refusals: list[str] = []

    async def run(self, host: str, port: int, connections: int) -> tuple[float, float]:
        """First post and last answer, on the clock that all processes share."""
        opened = [await Connection.open(self, host, port) for _ in range(connections)]
        self._idle.extend(opened)
        self._started = time.monotonic()
        self._release()
        await self._finished
        ended = time.monotonic()
        for connection in opened:
            connection.close()
        return self._started, ended

    def _release(self) -> None:
        elapsed = time.monotonic() - self._started
        self._released = min(len(self._requests), 1 + int(elapsed * self._rate)) if self._rate else len(self._requests)
        self._post()
        if self._released < len(self._requests):
            asyncio.get_running_loop().call_later(TICK, self._release)

    def _post(self) -> None:
        while self._idle and self._begun < self._released:
            connection = self._idle.pop()
            self._due[connection] = self._started + self._begun / self._rate if self._rate else time.monotonic()
            connection.send(self._requests[self._begun])
            self._begun += 1

    def answered(self, connection: Connection, status: int, body: bytes) -> None:
        self.latencies.append(time.monotonic() - self._due.pop(connection))
        if status == HTTPStatus.ACCEPTED:
            self.bodies.append(body)
        else:
            self.refusals.append(f"{status} {body.decode(errors='replace')[:500]}")
        self._idle.append(connection)
        self._settle()
        self._post()

    def lost(self, connection: Connection) -> None:
        if connection in self._idle:
            self._idle.remove(connection)
        if self._due.pop(connection, None) is not None:
            self.refusals.append("connection lost before the answer")
            self._settle()
        if not self._idle and not self._due and not self._finished.done():
            self._finished.set_exception(ConnectionError("every connection to the API was lost"))

    def _settle(self) -> None:
        self._settled += 1
        if self._settled == len(self._requests):
            self._finished.set_result(None)


async def run(options: argparse.Namespace) -> None:
    tell(ready=True)
    one: Round | None = None
    async for order in orders():
        if "messages" in order:
            numbers = range(order["first"], order["first"] + order["messages"])
            host = f"{options.host}:{options.port}"
            requests = [request(n, host=host, token=options.token, series=order["series"]) for n in numbers]
            one = Round(requests, rate=order["rate"])
            tell(prepared=len(requests))
        elif one is not None:
            started, ended = await one.run(options.host, options.port, options.connections)
            ids = [orjson.loads(body)["id"] for body in one.bodies]
            tell(started=started, ended=ended, latencies=one.latencies, ids=ids, refusals=one.refusals)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--connections", type=int, required=True)
    uvloop.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
