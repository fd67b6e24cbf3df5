"""What the business was told of its messages, as it was stored."""

from collections.abc import Iterable
from typing import Any, get_args

import asyncpg
import orjson
from pydantic import TypeAdapter

from app.accounts.models import FeedType
from app.callbacks.schemas import AnyEvent
from tests.support.driving import Driver

ALL = list(get_args(FeedType))
_DOCUMENTED: TypeAdapter[Any] = TypeAdapter(AnyEvent)


async def want(driver: Driver, types: Iterable[str] = ALL) -> None:
    """These events of messages and links stand in the feed from now on, and no others of them."""
    answer = await driver.request("PATCH", "/v1/businesses/me", json={"feed_types": list(types)})
    assert answer.status_code == 200, answer.text


async def told(connection: asyncpg.Connection, message_id: str | None = None) -> list[dict[str, Any]]:
    """Of this message or of all, in the order in which it was stored, each as it is documented."""
    found = await connection.fetch(
        "SELECT id, type, created_at, data FROM callback_events WHERE message_id IS NOT NULL ORDER BY id"
    )
    events = [{**row, "id": f"evt_{row['id'].hex}", "data": orjson.loads(row["data"])} for row in found]
    for event in events:
        _DOCUMENTED.validate_python(event)
    return [event for event in events if message_id in (None, event["data"]["message"])]


def steps(events: Iterable[dict[str, Any]]) -> list[str]:
    """What became of a message; with a star where it was only implied."""
    return [event["data"]["status"] + "*" * event["data"]["implied"] for event in events if "status" in event["data"]]
