"""A customer who answers a reminder."""

from collections.abc import Mapping
from typing import Any

import respx

from app.core.clock import ManualClock
from app.messages.dispatch import Dispatcher
from tests.support.driving import PHONE, Driver, accept_all, dispatch, sends
from tests.support.world import webhook

APPOINTMENT = {"starts_at": "2026-12-24T14:30:00+03:00", "place": "Klinik"}
METER = {"service": "su", "account_number": "4500123456", "meter_number": "70318842", "read_by": "2026-12-28"}
SURVEY = {"about": "order", "number": "A-1001", "survey_url": "https://shop.example/survey/A-1001"}


class Customer:
    """Writes at the clock's time unless told otherwise; `wamid.in.1` and so on."""

    def __init__(self, driver: Driver, clock: ManualClock) -> None:
        self.driver = driver
        self.clock = clock
        self._number = 0

    def message(self, *, after: float = 0, wamid: str | None = None, **more: Any) -> dict[str, Any]:
        """`after`: seconds from now."""
        self._number += 1
        return {
            "from": PHONE.removeprefix("+"),
            "id": wamid or f"wamid.in.{self._number}",
            "timestamp": str(int(self.clock.now().timestamp() + after)),
            **more,
        }

    def text(self, words: str, *, to: str | None = None, **more: Any) -> dict[str, Any]:
        """`to`: the message that is answered."""
        context = {"context": {"from": "908505551010", "id": f"wamid.{to}"}} if to is not None else {}
        return self.message(type="text", text={"body": words}, **context, **more)

    async def sends(self, *messages: Mapping[str, Any]) -> None:
        answer = await self.driver.webhook(webhook(self.driver.world, messages=list(messages)))
        assert answer.status_code == 200, answer.text

    async def replies(self, **params: Any) -> list[dict[str, Any]]:
        """The last that came first."""
        answer = await self.driver.request("GET", "/v1/replies", params=params)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["replies"]
        return found

    async def last(self) -> dict[str, Any]:
        return (await self.replies())[0]

    async def told(self) -> list[dict[str, Any]]:
        """Of replies, in order."""
        answer = await self.driver.request("GET", "/v1/feed", params={"types": "reply.received", "limit": 1000})
        assert answer.status_code == 200, answer.text
        return [event["data"] for event in answer.json()["events"]]

    async def contact(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.driver.request("GET", f"/v1/contacts/{PHONE}")).json()
        return found


async def asked(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    event: str = "appointment-reminder",
    data: Mapping[str, Any] = APPOINTMENT,
    **more: Any,
) -> str:
    """Id of a message that was sent to a customer; its wamid is `wamid.` and the id."""
    await driver.world.opt_in(PHONE)
    body = {"contact": {"phone": PHONE, "language": "tr"}, "data": dict(data), **more}
    message = await driver.accepted(body, event=event)
    sends(graph, driver.world).mock(side_effect=accept_all)
    await dispatch(dispatcher)
    return message
