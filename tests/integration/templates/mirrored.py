"""What Meta lists, and how to look at what we made of it."""

from typing import Any

import asyncpg
import orjson
import respx
from pydantic import TypeAdapter

from app.callbacks.schemas import Feed
from app.templates.definition import TemplateDefinition, submission
from tests.support.driving import Driver
from tests.support.world import BASES

FEED = TypeAdapter(Feed)
LIST = "http://sandbox.test/v25.0/200000000000001/message_templates"
NAME = "order_confirmed"


def definition(
    text: str = "Merhaba {{customer_name}}, siparişiniz alındı ve hazırlanıyor.", **more: Any
) -> TemplateDefinition:
    given = {"name": NAME, "language": "tr", "body": text, "samples": {"customer_name": "Ayşe Yılmaz"}, **more}
    return TemplateDefinition.model_validate(given)


def listed(name: str = NAME, language: str = "tr", **more: Any) -> dict[str, Any]:
    return {
        "id": "77",
        **submission(definition(name=name, language=language), BASES),
        "status": "APPROVED",
        "rejected_reason": "NONE",
        "quality_score": {"score": "UNKNOWN"},
        **more,
    }


def saying(text: str) -> list[dict[str, Any]]:
    """Components."""
    found: list[dict[str, Any]] = submission(definition(text), BASES)["components"]
    return found


def lists(graph: respx.MockRouter, *found: dict[str, Any]) -> respx.Route:
    return graph.get(LIST).respond(json={"data": list(found)})


async def row(connection: asyncpg.Connection, name: str = NAME, language: str = "tr") -> dict[str, Any]:
    found = await connection.fetchrow("SELECT * FROM templates WHERE name = $1 AND language = $2", name, language)
    assert found is not None
    return dict(found)


async def versions(connection: asyncpg.Connection, name: str = NAME) -> list[dict[str, Any]]:
    found = await connection.fetch(
        """
        SELECT v.* FROM template_versions v JOIN templates t ON (t.business_id, t.id) = (v.business_id, v.template_id)
         WHERE t.name = $1 ORDER BY number
        """,
        name,
    )
    return [dict(one) for one in found]


async def history(connection: asyncpg.Connection, name: str = NAME) -> list[tuple[str, str, dict[str, Any]]]:
    """Kind, source and details of each line, oldest first."""
    found = await connection.fetch(
        """
        SELECT c.kind, c.source, c.details FROM template_changes c
          JOIN templates t ON (t.business_id, t.id) = (c.business_id, c.template_id)
         WHERE t.name = $1 ORDER BY c.id
        """,
        name,
    )
    return [(one["kind"], one["source"], orjson.loads(one["details"])) for one in found]


async def fed(driver: Driver) -> list[dict[str, Any]]:
    """What the business hears of its templates."""
    answer = await driver.request("GET", "/v1/feed", params={"limit": "1000", "types": "template.changed"})
    assert answer.status_code == 200, answer.text
    FEED.validate_json(answer.content)
    return [one["data"] for one in answer.json()["events"]]
