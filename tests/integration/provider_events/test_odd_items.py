"""Items that are JSON and yet too much for something behind the door: they cost only themselves."""

import asyncpg
import orjson
import pytest

from tests.support.driving import Driver
from tests.support.world import status_item, webhook

LONG = "".join(chr(33 + (number * 7919) % 90) for number in range(20_000)).replace('"', "'").replace("\\", "/")
"""An id that no index takes, and that does not compress."""


@pytest.mark.parametrize(
    ("field", "value"),
    [("id", orjson.dumps(LONG)), ("more", b"[" * 300 + b"]" * 300)],
    ids=["an endless id", "nested without end"],
)
async def test_one_status_too_much_spoils_no_other(
    driver: Driver, connection: asyncpg.Connection, field: str, value: bytes
) -> None:
    message_id = await driver.accepted()
    odd = {**status_item(message_id, "read", wamid="wamid.odd"), field: "ODD"}
    body = orjson.dumps(webhook(driver.world, statuses=[odd, status_item(message_id, "delivered")]))
    body = body.replace(b'"ODD"', value)
    assert (await driver.webhook(body)).status_code == 200
    assert (await driver.story(message_id))["status"] == "delivered"
    assert await connection.fetchval("SELECT why FROM kept_webhook_items") == "unreadable"


async def test_a_reply_with_a_number_beyond_every_float_is_stored(
    driver: Driver, connection: asyncpg.Connection
) -> None:
    reply = {"from": "905321112233", "id": "wamid.in", "timestamp": "1795400000", "type": "text", "x": 0}
    body = orjson.dumps(webhook(driver.world, messages=[reply])).replace(b'"x":0', b'"x":1e400')
    assert (await driver.webhook(body)).status_code == 200
    assert "1e400" in await connection.fetchval("SELECT payload::text FROM replies")


async def test_an_event_type_of_another_version_keeps_nobody_from_leaving(
    driver: Driver, connection: asyncpg.Connection
) -> None:
    await driver.world.opt_in("+905321112233")
    message_id = await driver.accepted()
    await connection.execute("UPDATE messages SET event_type = 'of-another-version'")
    assert await driver.world.opt_out("+905321112233") == 1
    assert (await driver.story(message_id))["status"] == "suppressed"
