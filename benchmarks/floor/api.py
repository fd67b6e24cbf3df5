"""The floor's API: accepts events and takes webhooks, as a raw ASGI application."""

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson
from uuid_utils import uuid7

from benchmarks.floor.commit import GroupCommit
from benchmarks.floor.database import connect
from benchmarks.floor.states import BY_NAME
from benchmarks.workload import APP_SECRET, EVENT_PATH, WEBHOOK_PATH

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_INSERT = "insert into messages (id, payload) select * from unnest($1::uuid[], $2::bytea[])"
_APPLY = """
with kept as (
    insert into receipts (message_id, status, at)
    select message_id, status, to_timestamp(at)
    from unnest($1::uuid[], $2::int2[], $3::int8[]) as new (message_id, status, at)
)
update messages set status = new.status
from unnest($4::uuid[], $5::int2[]) as new (id, status)
where messages.id = new.id and messages.status < new.status
"""
_JSON = [(b"content-type", b"application/json")]

Receipt = tuple[str, int, int]


class Api:
    def __init__(self) -> None:
        self._accepting: GroupCommit[tuple[str, bytes]] = GroupCommit(self._insert, most=500)
        # An item is one webhook of up to a hundred statuses or so.
        self._receiving: GroupCommit[list[Receipt]] = GroupCommit(self._apply, most=20)

    async def open(self) -> None:
        accepting, receiving = self._connections = (await connect(), await connect())
        self._insert_statement = await accepting.prepare(_INSERT)
        self._apply_statement = await receiving.prepare(_APPLY)

    async def close(self) -> None:
        for connection in self._connections:
            await connection.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        body = await _body(receive)
        match scope["path"]:
            case p if p == EVENT_PATH:
                status, answer = await self._accept(body)
            case p if p == WEBHOOK_PATH:
                status, answer = await self._take_webhook(scope, body)
            case _:
                status, answer = 404, b"{}"
        headers = [*_JSON, (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await self.open()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _accept(self, body: bytes) -> tuple[int, bytes]:
        identifier = uuid7().hex
        public = f"msg_{identifier}"
        await self._accepting.submit((identifier, _send_request(orjson.loads(body), public)))
        return 202, orjson.dumps({"id": public, "status": "queued"})

    async def _insert(self, rows: list[tuple[str, bytes]]) -> None:
        await self._insert_statement.fetch([row[0] for row in rows], [row[1] for row in rows])

    async def _take_webhook(self, scope: Scope, body: bytes) -> tuple[int, bytes]:
        signature = next((value for name, value in scope["headers"] if name == b"x-hub-signature-256"), b"")
        expected = "sha256=" + hmac.digest(_SECRET, body, "sha256").hex()
        if not hmac.compare_digest(signature, expected.encode()):
            return 401, b"{}"
        await self._receiving.submit(
            [
                (status["biz_opaque_callback_data"][4:], BY_NAME[status["status"]], int(status["timestamp"]))
                for entry in orjson.loads(body)["entry"]
                for change in entry["changes"]
                for status in change["value"]["statuses"]
            ]
        )
        return 200, b"{}"

    async def _apply(self, webhooks: list[list[Receipt]]) -> None:
        receipts = [receipt for webhook in webhooks for receipt in webhook]
        # An update from a join takes any one of several rows for the same message: it must be given the highest.
        highest: dict[str, int] = {}
        for message, status, _ in receipts:
            if status > highest.get(message, -1):
                highest[message] = status
        messages = sorted(highest)
        await self._apply_statement.fetch(
            *(list(column) for column in zip(*receipts, strict=True)), messages, [highest[m] for m in messages]
        )


_SECRET = APP_SECRET.encode()


def _send_request(event: dict[str, Any], public: str) -> bytes:
    """The call to Meta, written at once and stored as it will be sent: there is no rule that could change it later."""
    contact, data = event["contact"], event["data"]
    total = f"{data['total']['amount'] / 100:.2f} {data['total']['currency']}"
    return orjson.dumps(
        {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": contact["phone"],
            "type": "template",
            "biz_opaque_callback_data": public,
            "template": {
                "name": "order_confirmed",
                "language": {"code": contact["language"]},
                "components": [
                    {
                        "type": "body",
                        "parameters": [
                            {"type": "text", "parameter_name": name, "text": text}
                            for name, text in (
                                ("name", contact["name"]),
                                ("order", data["order_number"]),
                                ("total", total),
                            )
                        ],
                    }
                ],
            },
        }
    )


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message["body"]
    while message.get("more_body"):
        message = await receive()
        body += message["body"]
    return body


app = Api()
