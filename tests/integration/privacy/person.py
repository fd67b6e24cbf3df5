"""A customer of whom every table knows something, and the search for what is left of one."""

import base64
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import orjson
import respx

from app.core.clock import ManualClock
from app.core.database import Base
from app.messages.dispatch import Dispatcher
from app.templates.definition import LINK_PATH
from tests.support.driving import Driver, dispatch, sends
from tests.support.world import WORDING, status_item, webhook

PHONE = "+905447770199"
"""Of nobody else: examples of event types name others."""

DIGITS = PHONE.removeprefix("+")
BSUID = "TR.88123ZEYNEP"
NAME = "Zeynep Kızılırmak"
WORDS = "Kapıcıya bırakabilirsiniz, teşekkürler"
ORDER = "Z-778899"
ADDRESS = "192.0.2.77"
WAMID_PART = base64.b64encode(DIGITS.encode()).decode()
"""The digits in Base64, as Meta's ids hold them."""

MARKS = (DIGITS, DIGITS.removeprefix("90"), BSUID, NAME, "Zeynep", WORDS, ORDER, ADDRESS, WAMID_PART)


@dataclass
class Person:
    contact: str
    sent: str
    waiting: str
    failed: str
    wamid: str


def wamid_of(number: int) -> str:
    return f"wamid.HBgM{WAMID_PART}FQIAERgS{number:012}"


def reply(number: int, text: str = WORDS, **more: Any) -> dict[str, Any]:
    return {
        "from": DIGITS,
        "from_user_id": BSUID,
        "id": f"wamid.HBgM{WAMID_PART}IN{number:012}",
        "timestamp": "1795400000",
        "type": "text",
        "text": {"body": text},
        **more,
    }


def event(**more: Any) -> dict[str, Any]:
    return {
        "contact": {"phone": PHONE, "name": NAME, "language": "tr"},
        "data": {"order_number": ORDER, "total": {"amount": 129990, "currency": "TRY"}},
        "reference": f"order-{ORDER}",
        "metadata": {"who": NAME},
        **more,
    }


def taken(request: Any) -> Any:
    body = orjson.loads(request.content)
    number = len(_seen) + 1
    _seen.append(body["biz_opaque_callback_data"])
    document = {
        "messaging_product": "whatsapp",
        "contacts": [{"input": body["to"], "wa_id": body["to"].removeprefix("+")}],
        "messages": [{"id": wamid_of(number), "message_status": "accepted"}],
    }
    return httpx.Response(200, json=document)


_seen: list[str] = []


async def well_known(driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock) -> Person:
    """Opted in, told of an order and answered, with more waiting, a failure, and a place on a list."""
    _seen.clear()
    details = {"name": NAME, "language": "tr", "time_zone": "Europe/Istanbul"}
    agreed = await driver.consent(
        PHONE, act="opt_in", source="checkout", wording=WORDING, address=ADDRESS, contact=details
    )
    assert agreed.status_code == 200
    capped = await driver.consent(PHONE, act="frequency", source="account_settings", cap={"most": 50, "days": 7})
    assert capped.status_code == 200
    sends(graph, driver.world).mock(side_effect=taken)
    sent = (await driver.report(event(), key="first")).json()["id"]
    await dispatch(dispatcher)
    clock.advance(timedelta(seconds=10))
    failed = await driver.accepted(event())
    await dispatch(dispatcher)
    numbers = {message: wamid_of(place + 1) for place, message in enumerate(_seen)}
    refused = {
        "code": 131026,
        "title": "Message undeliverable",
        "message": "Message undeliverable",
        "error_data": {"details": f"{PHONE} ({NAME}) has no WhatsApp"},
    }
    await driver.receipts(
        status_item(sent, "delivered", wamid=numbers[sent], recipient_id=DIGITS),
        status_item(failed, "failed", wamid=numbers[failed], errors=[refused]),
        status_item(None, "read", wamid=wamid_of(999), recipient_id=DIGITS),
    )
    answered = await driver.webhook(webhook(driver.world, messages=[reply(1, context={"id": numbers[sent]})]))
    assert answered.status_code == 200
    waiting = await driver.report_many([{"type": "order-confirmed", **event(send_at="2998-01-01T00:00:00Z")}], key="m")
    listed = await driver.request("PUT", "/v1/test-lists/staff", json={"contacts": [{"phone": PHONE}]})
    assert listed.status_code == 200
    return Person(
        agreed.json()["contact_id"], sent, waiting.json()["results"][0]["message"]["id"], failed, numbers[sent]
    )


async def left_of(connection: asyncpg.Connection, marks: tuple[str, ...] = MARKS) -> dict[str, list[str]]:
    """By table, the marks that some row still holds, as text or as bytes."""
    found: dict[str, list[str]] = {}
    for table in sorted(Base.metadata.tables):
        columns = [
            column["column_name"]
            for column in await connection.fetch(
                "SELECT column_name FROM information_schema.columns WHERE table_name = $1 AND data_type = 'bytea'",
                table,
            )
        ]
        rows = [row["row"] for row in await connection.fetch(f"SELECT t::text AS row FROM {table} t")]  # noqa: S608
        for column in columns:
            stored = await connection.fetch(f"SELECT {column} AS value FROM {table} WHERE {column} IS NOT NULL")  # noqa: S608
            rows += [row["value"].decode(errors="replace") for row in stored]
        everything = "\n".join(rows)
        held = [mark for mark in marks if mark in everything]
        if held:
            found[table] = held
    return found


def link_of(story: dict[str, Any]) -> str:
    return f"{LINK_PATH}/{story['links'][0]['short_url'].rsplit('/', 1)[1]}"
