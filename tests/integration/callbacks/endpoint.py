"""An endpoint as a business uses it, through the API."""

from typing import Any

import asyncpg
import orjson

from app.core.ids import new_id
from tests.support.driving import Driver

ENDPOINTS = "/v1/callback-endpoints"


class Endpoint:
    def __init__(self, driver: Driver, made: dict[str, Any]) -> None:
        self._driver = driver
        self.id: str = made["id"]
        self.secret: str = made["secret"]
        self.path = f"{ENDPOINTS}/{self.id}"

    @classmethod
    async def create(cls, driver: Driver, url: str, **more: Any) -> "Endpoint":
        answer = await driver.request("POST", ENDPOINTS, json={"url": url, **more})
        assert answer.status_code == 201, answer.text
        assert answer.headers["cache-control"] == "no-store"
        return cls(driver, answer.json())

    async def ask(self, method: str, more: str = "", *, status: int = 200, **options: Any) -> Any:
        answer = await self._driver.request(method, self.path + more, **options)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def shown(self) -> dict[str, Any]:
        found: dict[str, Any] = await self.ask("GET")
        return found

    async def delivery(self, event: str) -> dict[str, Any]:
        found: dict[str, Any] = await self.ask("GET", f"/deliveries/{event}")
        return found

    async def deliveries(self, **params: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.ask("GET", "/deliveries", params=params))["deliveries"]
        return found


def acts(events: list[dict[str, Any]]) -> list[str]:
    return [event["data"]["acts"][0]["act"] for event in events]


def numbers(events: list[dict[str, Any]]) -> list[int]:
    return [event["data"]["number"] for event in events]


async def tell(
    connection: asyncpg.Connection, driver: Driver, number: int, *, contact: int | None = None, **more: Any
) -> str:
    """An event of this number, in the connection's transaction; answers its id. Contacts are told apart by a number."""
    event_id = new_id()
    await connection.execute(
        """
        INSERT INTO callback_events (business_id, id, mode, type, contact_id, data, created_at)
        VALUES ($1, $2, $3, $4, CASE WHEN $5::int IS NOT NULL THEN lpad(to_hex($5::int), 32, '0')::uuid END, $6, $7)
        """,
        driver.world.business_id,
        event_id,
        driver.world.mode,
        more.get("type", "consent.changed"),
        contact,
        orjson.dumps({"number": number}).decode(),
        more.get("at", driver.world.container.clock.now()),
    )
    return f"evt_{event_id.hex}"
