"""Driving the API, a dispatcher and Meta's webhooks from a test."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import orjson
import respx

from app.container import Container, build_container
from app.core.clock import ManualClock
from app.core.database import Base
from app.core.ids import new_id
from app.core.settings import Settings
from app.messages.dispatch import Dispatcher
from app.worker import build_dispatcher
from tests.support.applications import lent_app
from tests.support.world import World, order_confirmed, webhook

PHONE = "+905321112233"
HANGS_AFTER = 20
"""Seconds: no figure that a test measures, only the end of its patience."""


def numbered_phone(number: int) -> str:
    return f"+90532{1000000 + number:07d}"


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem of a refusal, which must be of this status and code."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (body["code"], body["status"], body["type"]) == (code, status, f"urn:ulak:problem:{code}")
    assert body["title"]
    assert body["detail"]
    return body


def pointers(body: dict[str, Any]) -> list[str | None]:
    return [error.get("pointer") for error in body["errors"]]


async def rows(connection: asyncpg.Connection, *tables: str) -> dict[str, list[dict[str, Any]]]:
    """Everything in these tables, by default in all of them."""
    return {
        table: [dict(row) for row in await connection.fetch(f"SELECT * FROM {table} ORDER BY 1, 2")]  # noqa: S608
        for table in tables or sorted(Base.metadata.tables)
    }


async def count(connection: asyncpg.Connection, table: str) -> int:
    found: int = await connection.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608
    return found


class Driver:
    """A business's backend, and Meta, on one API."""

    def __init__(self, http: httpx.AsyncClient, world: World) -> None:
        self.http = http
        self.world = world

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """With the world's key, unless other headers are given. A request that hangs fails."""
        given = {"headers": self.world.headers, **options}
        async with asyncio.timeout(HANGS_AFTER):
            return await self.http.request(method, path, **given)

    async def report(
        self, body: Any = None, *, event: str = "order-confirmed", key: str | None = None, **headers: str
    ) -> httpx.Response:
        """`body` as bytes goes out as it is."""
        sent = order_confirmed() if body is None else body
        given = {"Idempotency-Key": key} if key is not None else {}
        return await self.request(
            "POST",
            f"/v1/events/{event}",
            content=sent if isinstance(sent, bytes) else orjson.dumps(sent),
            headers={**self.world.headers, "Content-Type": "application/json", **given, **headers},
        )

    async def accepted(self, body: Any = None, *, event: str = "order-confirmed") -> str:
        """Id of a message for which the API took an event."""
        answer = await self.report(body, event=event)
        assert answer.status_code == 202, answer.text
        found: str = answer.json()["id"]
        return found

    async def report_many(self, events: Sequence[Any], *, key: str | None = None) -> httpx.Response:
        given = {"Idempotency-Key": key} if key is not None else {}
        return await self.request(
            "POST", "/v1/events", json={"events": events}, headers={**self.world.headers, **given}
        )

    async def accepted_many(self, number: int, *, first: int = 0, **changes: Any) -> list[str]:
        """Ids of messages to as many contacts, who opt in by one statement's worth of rows."""
        events = [
            {"type": "order-confirmed", **order_confirmed(numbered_phone(first + one), **changes)}
            for one in range(number)
        ]
        answer = await self.report_many(events)
        assert answer.status_code == 202, answer.text
        return [result["message"]["id"] for result in answer.json()["results"]]

    async def story(self, message_id: str) -> dict[str, Any]:
        answer = await self.request("GET", f"/v1/messages/{message_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def consent(self, phone: str, **body: Any) -> httpx.Response:
        return await self.request("PUT", f"/v1/contacts/{phone}/consent", json=body)

    async def opt_out(self, phone: str = PHONE) -> dict[str, Any]:
        answer = await self.consent(phone, act="opt_out", source="checkout")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def webhook(self, document: Any, *, secret: World | None = None) -> httpx.Response:
        """A signed webhook; `secret` is the world whose app signs it. Bytes go out as they are."""
        body = document if isinstance(document, bytes) else orjson.dumps(document)
        signer = secret or self.world
        return await self.request("POST", "/webhooks/whatsapp", content=body, headers=signer.signed(body))

    async def receipts(self, *statuses: Any) -> None:
        answer = await self.webhook(webhook(self.world, statuses=list(statuses)))
        assert answer.status_code == 200, answer.text


async def opt_in_many(container: Container, world: World, number: int, *, first: int = 0) -> None:
    """Contacts and their consent, as rows: their ledger is of no interest to those who ask for many."""
    await container.database.pool.execute(
        """
        WITH added AS (
            INSERT INTO contacts (business_id, id, mode, phone, language)
            SELECT $1, gen_random_uuid(), $2, phone, 'tr' FROM unnest($3::text[]) AS phone RETURNING id)
        INSERT INTO consents (business_id, contact_id, channel, topic, state, act_id, since)
        SELECT $1, id, 'whatsapp', '*', 'opted_in', gen_random_uuid(), now() FROM added
        """,
        world.business_id,
        world.mode,
        [numbered_phone(first + one) for one in range(number)],
    )


async def copy_sender(container: Container, world: World, *, mode: str, phone_number_id: str) -> UUID:
    """Another number of the same business, with the credentials and the account of its first."""
    added: UUID = await container.database.pool.fetchval(
        """
        INSERT INTO senders SELECT (json_populate_record(s, $3)).* FROM senders s WHERE business_id = $1 AND id = $2
        RETURNING id
        """,
        world.business_id,
        world.sender_id,
        orjson.dumps({"id": str(new_id()), "mode": mode, "phone_number_id": phone_number_id}).decode(),
    )
    return added


def waits_for(story: dict[str, Any]) -> str | None:
    """What holds a message back."""
    return story["waiting_for"]["what"] if story["waiting_for"] else None


async def blocked(database_url: str, *, transactions: int = 1) -> None:
    """Returns when so many transactions wait for what others hold."""
    looking = await asyncpg.connect(database_url)
    try:
        async with asyncio.timeout(HANGS_AFTER):
            while await looking.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted") < transactions:
                pass
    finally:
        await looking.close()


async def dispatch(dispatcher: Dispatcher) -> None:
    """One round, to the end of its calls."""
    await dispatcher.settle_overdue()
    await dispatcher.step()
    await dispatcher.drain()


@contextlib.asynccontextmanager
async def another_container(settings: Settings, clock: ManualClock) -> AsyncIterator[Container]:
    """As another process would have it: with caches and connections of its own."""
    built = build_container(settings, clock)
    async with built.running():
        yield built


@contextlib.asynccontextmanager
async def another_dispatcher(settings: Settings, clock: ManualClock) -> AsyncIterator[Dispatcher]:
    async with another_container(settings, clock) as container:
        yield build_dispatcher(container)


Hear = Callable[[], Awaitable[str | None]]


@contextlib.asynccontextmanager
async def hearing_container(
    settings: Settings, clock: ManualClock, channel: str
) -> AsyncIterator[tuple[Container, Hear]]:
    """A container whose caches follow the database's notifications; and what it hears next on one channel."""
    built = build_container(settings, clock)
    heard: asyncio.Queue[str | None] = asyncio.Queue()
    built.notifications.listen(channel, heard.put_nowait)  # after the caches' own listeners

    async def hear() -> str | None:
        async with asyncio.timeout(HANGS_AFTER):
            return await heard.get()

    async with built.running():
        assert await hear() is None, "the first call says only that the connection stands"
        yield built, hear


@contextlib.asynccontextmanager
async def another_api(settings: Settings, clock: ManualClock) -> AsyncIterator[httpx.AsyncClient]:
    """A second API on the same database."""
    with lent_app(build_container(settings, clock)) as application:
        async with (
            application.router.lifespan_context(application),
            httpx.AsyncClient(
                transport=httpx.ASGITransport(application, raise_app_exceptions=False), base_url="http://ulak.test"
            ) as client,
        ):
            yield client


def sends(graph: respx.MockRouter, world: World) -> respx.Route:
    """Graph's address for sending from this world's number."""
    return graph.post(f"http://sandbox.test/v25.0/{world.phone_number_id}/messages")


def sent_ids(route: respx.Route) -> list[str]:
    """Which messages Graph was asked to send, by our id, in order."""
    return [orjson.loads(call.request.content)["biz_opaque_callback_data"] for call in route.calls]


def graph_calls(graph: respx.MockRouter) -> list[str]:
    """Paths that were asked for at Graph."""
    return [call.request.url.path for call in graph.calls if call.request.url.host == "sandbox.test"]


def accept_all(request: httpx.Request) -> httpx.Response:
    """Graph takes everything; the wamid carries our id, so that it is one of a kind."""
    body = orjson.loads(request.content)
    if "status" in body:  # a reply is marked as read
        return httpx.Response(200, json={"success": True})
    ours = body["biz_opaque_callback_data"]
    return httpx.Response(
        200,
        json={
            "messaging_product": "whatsapp",
            "contacts": [{"input": body["to"], "wa_id": body["to"].lstrip("+")}],
            "messages": [{"id": f"wamid.{ours}", "message_status": "accepted"}],
        },
    )


def refusal(code: int, *, status: int = 400, details: str = "As told by the test.", **more: Any) -> httpx.Response:
    """Graph's error envelope."""
    error = {
        "message": f"(#{code}) refused",
        "type": "OAuthException",
        "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": details},
        "fbtrace_id": "AbCdEf",
    }
    return httpx.Response(status, json={"error": error}, **more)
