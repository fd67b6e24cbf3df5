"""Files given to the API, events that show them, and Graph's side of their uploads."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import orjson
import respx

from app.core.clock import ManualClock
from app.messages.dispatch import Dispatcher
from tests.support.driving import Driver, dispatch
from tests.support.files import PDF
from tests.support.world import World

MISSING = "med_" + "0" * 32


async def add(
    driver: Driver, content: bytes = PDF, mime_type: str = "application/pdf", *, name: str | None = "bakım.pdf"
) -> httpx.Response:
    return await driver.request(
        "POST",
        "/v1/media",
        content=content,
        params={"name": name} if name is not None else {},
        headers={**driver.world.headers, "Content-Type": mime_type},
    )


async def added(driver: Driver, *args: Any, **options: Any) -> str:
    answer = await add(driver, *args, **options)
    assert answer.status_code in (200, 201), answer.text
    found: str = answer.json()["id"]
    return found


def care(media: str | None = None, **document: Any) -> dict[str, Any]:
    """An event of product-care with a document."""
    named = {"media": media} if media is not None else {}
    return {
        "contact": {"phone": "+905321112233", "name": "Ayşe Yılmaz", "language": "tr"},
        "data": {
            "order_number": "A-1001",
            "product_name": "Deri bot, 39",
            "instruction": "İlk kullanımdan önce deriyi nemli bir bezle silin",
            "care_url": "https://shop.example/care/1",
            "document": {"filename": "bakim.pdf", **named, **document},
        },
    }


async def dispatch_all(dispatcher: Dispatcher, clock: ManualClock, rounds: int = 4) -> None:
    """Until uploads have come and gone; by far less time than a message is held for another process."""
    for _ in range(rounds):
        await dispatch(dispatcher)
        clock.advance(timedelta(seconds=1))


def header_of(route: respx.Route) -> Any:
    """Of the last message that Graph was asked to send."""
    parts = orjson.loads(route.calls.last.request.content)["template"]["components"]
    (header,) = [part for part in parts if part["type"] == "header"]
    return header["parameters"][0]


class MediaAtGraph:
    """Takes uploads for a world's number, which get ids from 7001 on; or answers as planned, once each."""

    def __init__(self, graph: respx.MockRouter, world: World) -> None:
        self.planned: list[httpx.Response | Exception] = []
        self.ids: list[str] = []
        self.gate: asyncio.Event | None = None
        """An upload waits for it, if there is one."""
        self.uploads = graph.post(f"http://sandbox.test/v25.0/{world.phone_number_id}/media")
        self.uploads.mock(side_effect=self._take)

    async def _take(self, _request: httpx.Request) -> httpx.Response:
        if self.gate is not None:
            await self.gate.wait()
        if self.planned:
            answer = self.planned.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        self.ids.append(str(7001 + len(self.ids)))
        return httpx.Response(200, json={"id": self.ids[-1]})


def unknown_object(object_id: str) -> httpx.Response:
    """What Graph answers of an id that it does not have."""
    error: dict[str, Any] = {
        "message": f"Unsupported post request. Object with ID '{object_id}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation.",
        "type": "GraphMethodException",
        "code": 100,
        "error_subcode": 33,
        "fbtrace_id": "AbCdEf",
    }
    return httpx.Response(400, json={"error": error})
