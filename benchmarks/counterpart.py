"""A light stand-in for Meta: takes sends, answers at once, and reports sent, delivered and read by signed webhooks.

A process of its own, written straight on the sockets: the project's sandbox checks what Meta checks, which is more work
than the pipeline that is measured here. It remembers every call, so that a message lost or sent twice is noticed.
"""

import argparse
import asyncio
import hmac
import time
from collections import Counter, deque
from http import HTTPStatus
from typing import Any, cast

import httptools
import msgspec
import uvloop

from benchmarks.connection import Connection
from benchmarks.lines import orders, tell
from benchmarks.workload import APP_SECRET, DISPLAY_PHONE_NUMBER, PHONE_NUMBER_ID, WABA_ID, WEBHOOK_PATH

STAGES = (b"sent", b"delivered", b"read")
RETRY_AFTER = 0.5
"""Seconds until a webhook that was not answered with 200 is posted again, as Meta does (in longer steps)."""


class Send(msgspec.Struct):
    """What of a call to Meta matters here."""

    to: str
    biz_opaque_callback_data: str


class Sent(msgspec.Struct):
    """A message on its way through the stages."""

    callback_data: bytes
    wamid: bytes
    wa_id: bytes


_decode_send = msgspec.json.Decoder(Send).decode

_ANSWER_BODY = (
    b'{"messaging_product":"whatsapp","contacts":[{"input":"%b","wa_id":"%b"}],'
    b'"messages":[{"id":"%b","message_status":"accepted"}]}'
)
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=UTF-8\r\nContent-Length: %d\r\n\r\n%b"
_UNKNOWN_BODY = b'{"error":{"message":"Unsupported request","type":"GraphMethodException","code":100}}'
_UNKNOWN = b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
    len(_UNKNOWN_BODY),
    _UNKNOWN_BODY,
)

_PRICING = b',"pricing":{"billable":true,"pricing_model":"PMP","type":"regular","category":"utility"}'
_STATUS = (
    b'{"id":"%b","status":"%b","timestamp":"%d","recipient_id":"%b","recipient_user_id":"TR.%b",'
    b'"biz_opaque_callback_data":"%b"%b}'
)
_CONTACT = b'{"wa_id":"%b","user_id":"TR.%b","profile":{"name":"Ay\\u015fe Y\\u0131lmaz"}}'
_ENVELOPE = (
    b'{"object":"whatsapp_business_account","entry":[{"id":"'
    + WABA_ID.encode()
    + b'","changes":[{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"'
    + DISPLAY_PHONE_NUMBER.encode()
    + b'","phone_number_id":"'
    + PHONE_NUMBER_ID.encode()
    + b'"},"contacts":[%b],"statuses":[%b]}}]}]}'
)


def webhook_body(items: list[tuple[Sent, int]]) -> bytes:
    """Statuses of many messages in Meta's envelope; pricing stands on `sent` and on one of the later two."""
    now = int(time.time())
    contacts = b",".join([_CONTACT % (sent.wa_id, sent.wa_id) for sent, _ in items])
    statuses = b",".join(
        [
            _STATUS
            % (
                sent.wamid,
                STAGES[stage],
                now,
                sent.wa_id,
                sent.wa_id,
                sent.callback_data,
                _PRICING if stage < 2 else b"",
            )
            for sent, stage in items
        ]
    )
    return _ENVELOPE % (contacts, statuses)


class Webhooks:
    """Posts statuses in batches: what became due since the last look goes out together, at most `most` in one post."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._host: str = options.webhook_host
        self._port: int = options.webhook_port
        self._connections: int = options.webhook_connections
        self._most: int = options.batch
        self._interval: float = options.flush_interval / 1000
        self._delay: float = options.status_delay / 1000
        self._head = (
            f"POST {WEBHOOK_PATH} HTTP/1.1\r\n"
            f"Host: {self._host}:{self._port}\r\n"
            "Content-Type: application/json\r\n"
            "User-Agent: facebookexternalua\r\n"
            "Accept: */*\r\n"
            "X-Hub-Signature-256: sha256=%s\r\n"
            "Content-Length: %d\r\n\r\n"
        )
        self._stages: tuple[deque[tuple[float, Sent]], ...] = tuple(deque() for _ in STAGES)
        self._due: deque[tuple[Sent, int]] = deque()
        self._idle: list[Connection] = []
        self._opened = 0
        self._flying: dict[Connection, tuple[float, list[tuple[Sent, int]]]] = {}
        self.reset()

    def reset(self) -> None:
        self.acknowledged = 0
        self.posts = 0
        self.last_acknowledged = 0.0
        self.latencies: list[float] = []
        self.troubles: list[str] = []

    def follow(self, sent: Sent) -> None:
        self._stages[0].append((time.monotonic(), sent))

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            self._collect()
            missing = min(len(self._due) // self._most + 1, self._connections) - len(self._idle)
            while self._due and missing > 0 and self._opened < self._connections:
                self._opened += 1
                missing -= 1
                try:
                    self._idle.append(await Connection.open(self, self._host, self._port))
                except OSError as error:
                    self._opened -= 1
                    self.troubles.append(f"webhook endpoint not reached: {error}")
                    await asyncio.sleep(RETRY_AFTER)
            self._post(least=1)

    def _collect(self) -> None:
        """Move what is due on: a status is reported, and the next one of the same message begins to wait."""
        now = time.monotonic()
        for stage in range(len(STAGES) - 1, -1, -1):
            waiting = self._stages[stage]
            while waiting and waiting[0][0] <= now:
                _, sent = waiting.popleft()
                self._due.append((sent, stage))
                if stage + 1 < len(STAGES):
                    self._stages[stage + 1].append((now + self._delay, sent))

    def _post(self, *, least: int) -> None:
        while self._idle and len(self._due) >= least:
            items = [self._due.popleft() for _ in range(min(len(self._due), self._most))]
            body = webhook_body(items)
            signature = hmac.digest(APP_SECRET.encode(), body, "sha256").hex()
            connection = self._idle.pop()
            self.posts += 1
            self._flying[connection] = (time.monotonic(), items)
            connection.send((self._head % (signature, len(body))).encode() + body)

    def answered(self, connection: Connection, status: int, body: bytes) -> None:
        started, items = self._flying.pop(connection)
        self._idle.append(connection)
        now = time.monotonic()
        if status == HTTPStatus.OK:
            self.acknowledged += len(items)
            self.last_acknowledged = now
            self.latencies.append(now - started)
        else:
            self._again(items, f"webhook answered {status} {body.decode(errors='replace')[:300]}")
        # Full batches need not wait for the next look.
        self._post(least=self._most)

    def lost(self, connection: Connection) -> None:
        self._opened -= 1
        if connection in self._idle:
            self._idle.remove(connection)
        if connection in self._flying:
            self._again(self._flying.pop(connection)[1], "connection lost before the webhook was acknowledged")

    def _again(self, items: list[tuple[Sent, int]], trouble: str) -> None:
        self.troubles.append(trouble)
        asyncio.get_running_loop().call_later(RETRY_AFTER, self._due.extend, items)


class Counterpart:
    """Counts the calls of a round and says when every status of it has been acknowledged."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.webhooks = Webhooks(options)
        self.answer_delay: float = options.answer_delay / 1000
        self._serial = 0
        self.begin()

    def begin(self) -> None:
        self.calls: Counter[str] = Counter()
        self.unknown: list[str] = []
        self.webhooks.reset()

    def take(self, body: bytes) -> bytes:
        send = _decode_send(body)
        self.calls[send.biz_opaque_callback_data] += 1
        self._serial += 1
        wa_id = send.to.removeprefix("+").encode()
        wamid = b"wamid.HBgMOTA1MzIwMDAwMDAwFQIAERgS%024X" % self._serial
        self.webhooks.follow(Sent(send.biz_opaque_callback_data.encode(), wamid, wa_id))
        answer = _ANSWER_BODY % (send.to.encode(), wa_id, wamid)
        return _ANSWER % (len(answer), answer)

    async def report(self, messages: int, patience: float) -> dict[str, Any]:
        """What happened, as soon as every status of `messages` is acknowledged; or at the end of patience."""
        deadline = time.monotonic() + patience
        while self.webhooks.acknowledged < messages * len(STAGES) and time.monotonic() < deadline:  # noqa: ASYNC110 - two conditions
            await asyncio.sleep(0.02)
        return {
            "calls": self.calls,
            "unknown": self.unknown[:20],
            "acknowledged": self.webhooks.acknowledged,
            "last_acknowledged": self.webhooks.last_acknowledged,
            "latencies": self.webhooks.latencies,
            "posts": self.webhooks.posts,
            "troubles": self.webhooks.troubles[:20],
        }


class GraphConnection(asyncio.Protocol):
    """One connection of the sender."""

    def __init__(self, counterpart: Counterpart) -> None:
        self._counterpart = counterpart
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._url = b""
        self._body: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._url = url

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        body = b"".join(self._body)
        self._body.clear()
        if not self._url.endswith(b"/messages"):
            self._counterpart.unknown.append(self._url.decode(errors="replace"))
            self._write(_UNKNOWN)
        elif delay := self._counterpart.answer_delay:
            asyncio.get_running_loop().call_later(delay, self._write, self._counterpart.take(body))
        else:
            self._write(self._counterpart.take(body))

    def _write(self, answer: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)


async def run(options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    counterpart = Counterpart(options)
    server = await loop.create_server(lambda: GraphConnection(counterpart), "127.0.0.1", 0)
    posting = asyncio.create_task(counterpart.webhooks.run())
    tell(port=server.sockets[0].getsockname()[1])
    async for order in orders():
        if order["order"] == "begin":
            counterpart.begin()
            tell(begun=True)
        else:
            tell(**await counterpart.report(order["messages"], order["patience_for_all"]))
    posting.cancel()
    server.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--webhook-host", default="127.0.0.1")
    parser.add_argument("--webhook-port", type=int, required=True)
    parser.add_argument("--webhook-connections", type=int, default=16)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--flush-interval", type=float, required=True, help="milliseconds")
    parser.add_argument("--status-delay", type=float, required=True, help="milliseconds between two statuses")
    parser.add_argument("--answer-delay", type=float, required=True, help="milliseconds until a send is answered")
    uvloop.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
