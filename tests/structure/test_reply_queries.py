"""Replies are found by index, however many there are, and by their business alone."""

from typing import Any

import asyncpg
import orjson
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from app.container import Container
from app.core.ids import new_id
from app.replies import changing, repository, windows
from app.replies.repository import Filters
from tests.support.world import World

Statements = list[tuple[str, Any]]


@pytest.fixture
def asked() -> Any:
    """What SQLAlchemy asks of the database meanwhile."""
    found: Statements = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        found.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    yield found
    event.remove(Engine, "before_cursor_execute", note)


async def test_replies_and_windows_are_found_by_index(
    container: Container, world: World, connection: asyncpg.Connection, asked: Statements
) -> None:
    business, some = world.business_id, new_id()
    await connection.execute(
        """
        INSERT INTO replies (business_id, id, mode, sender_id, contact_id, message_id, wamid, type, kind, occurred_at,
                             received_at, payload)
        SELECT b, gen_random_uuid(), 'test', $2, gen_random_uuid(), gen_random_uuid(), 'wamid.' || b || n, 'text',
               'text', now(), now(), '{}'
          FROM generate_series(1, 5000) n, unnest($1::uuid[]) b
        """,
        [business, new_id()],
        world.sender_id,
    )
    await connection.execute("ANALYZE replies")
    async with container.database.transaction() as session:
        asked.clear()
        for filters in (Filters(), Filters(contact_id=some), Filters(message_id=some), Filters(first_id=some)):
            await repository.page(session, business, "test", filters, before=None, size=50)
        await repository.one(session, business, "test", some)
        await repository.of_message(session, business, some)
        await changing.waiting_for(session, business, world.sender_id, "wamid.1")
        await changing.original(session, business, world.sender_id, "wamid.1")
        await windows.open_until(session, business, world.sender_id, some, container.clock.now())
        await windows.shown(session, business, some, container.clock.now())
    own = [one for one in asked if "replies" in one[0] or "service_windows" in one[0]]
    assert len(own) >= 10
    for statement, parameters in own:
        plan = await _plan(connection, statement, parameters)
        assert "business_id" in statement
        scanned = [node for node in _nodes(plan) if node["Node Type"] == "Seq Scan"]
        assert not [node for node in scanned if node["Relation Name"] == "replies"], statement
        conditions = [node.get("Index Cond", "") for node in _nodes(plan) if "Index Name" in node]
        assert any("business_id" in one for one in conditions) or "service_windows" in statement, statement


async def _plan(connection: asyncpg.Connection, statement: str, parameters: Any) -> dict[str, Any]:

    text = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *parameters)
    found: dict[str, Any] = orjson.loads(text)[0]["Plan"]
    return found


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for inner in plan.get("Plans", ()) for node in _nodes(inner))]
