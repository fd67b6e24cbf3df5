"""A variant of a template beside the one that an event type has, and experiments with it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx
import orjson

from app.container import Container
from app.core.ids import new_id
from tests.support.driving import Driver, numbered_phone, opt_in_many
from tests.support.world import World, order_confirmed

CONTROL = "order_confirmed"
VARIANT = "order_confirmed_short"

ADD_VARIANT = """
    INSERT INTO templates SELECT (json_populate_record(t, $4)).* FROM templates t
     WHERE business_id = $1 AND name = $2 AND language = ANY($3)
"""


async def add_variant(
    container: Container,
    world: World,
    name: str = VARIANT,
    *,
    of: str = CONTROL,
    languages: Sequence[str] = ("tr", "en"),
    **other: Any,
) -> None:
    """Meta holds another template with the same placeholders. Caches are not told."""
    for language in languages:
        changes = {"id": str(new_id()), "name": name, **other}
        await container.database.pool.execute(
            ADD_VARIANT, world.business_id, of, [language], orjson.dumps(changes).decode()
        )


async def set_status(container: Container, world: World, name: str, status: str) -> None:
    """By Meta. Every process is told."""
    await container.database.pool.execute(
        "UPDATE templates SET status = $3 WHERE business_id = $1 AND name = $2", world.business_id, name, status
    )
    await container.database.pool.execute("SELECT pg_notify('ulak_templates', '')")


def canary(**changes: Any) -> dict[str, Any]:
    body = {"event_type": "order-confirmed", "kind": "canary", "variant": VARIANT, "share": 50, **changes}
    return {name: value for name, value in body.items() if value is not None}


def shares(**by: int) -> dict[str, Any]:
    arms = [{"template": template, "share": share} for template, share in by.items()]
    return {"event_type": "order-confirmed", "kind": "share", "arms": arms}


async def begin(driver: Driver, body: dict[str, Any] | None = None) -> dict[str, Any]:
    answer = await driver.request("POST", "/v1/experiments", json=body or canary())
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/v1/experiments/{answer.json()['id']}"
    found: dict[str, Any] = answer.json()
    return found


async def seen(driver: Driver, experiment: dict[str, Any]) -> dict[str, Any]:
    answer = await driver.request("GET", f"/v1/experiments/{experiment['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def told_of(driver: Driver) -> list[dict[str, Any]]:
    """What the feed says of experiments."""
    answer = await driver.request("GET", "/v1/feed", params={"types": "experiment.decided"})
    return [event["data"] for event in answer.json()["events"]]


async def report_to(driver: Driver, *numbers: int, **changes: Any) -> list[str]:
    """Templates that these contacts' messages are made for."""
    found = []
    for number in numbers:
        answer = await driver.report(order_confirmed(numbered_phone(number), **changes))
        assert answer.status_code == 202, answer.text
        found.append(answer.json()["template"])
    return found


async def consenting(container: Container, world: World, number: int) -> None:
    await opt_in_many(container, world, number)


LEFT = """
    UPDATE messages m
       SET status = CASE WHEN bad THEN 'failed' ELSE 'read' END, accepted_at = $2::timestamptz, due_at = NULL,
           delivered_at = CASE WHEN NOT bad THEN $2::timestamptz END,
           read_at = CASE WHEN NOT bad THEN $2::timestamptz END,
           failed_at = CASE WHEN bad THEN $2::timestamptz END,
           failure = CASE WHEN bad THEN json_build_object('source', 'receipt', 'code', $3::int) END
      FROM (SELECT e.message_id,
                   e.arm = $4 AND row_number() OVER (PARTITION BY e.arm ORDER BY e.message_id) <= $5 AS bad
              FROM experiment_messages e WHERE e.business_id = $1) e
     WHERE m.business_id = $1 AND m.id = e.message_id
"""


async def let_all_leave(
    container: Container, world: World, *, bad: int = 0, arm: str = "variant", code: int = 131000
) -> None:
    """Meta took them all, delivered them, and they were read; but the arm's first `bad` failed."""
    await container.database.pool.execute(LEFT, world.business_id, container.clock.now(), code, arm, bad)


async def many(driver: Driver, container: Container, number: int) -> None:
    """So many contacts get a message each."""
    await consenting(container, driver.world, number)
    for first in range(0, number, 500):
        await driver.accepted_many(min(500, number - first), first=first)


DAY = timedelta(days=1, hours=1)


def arm_of(experiment: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (arm for arm in experiment["evidence"]["arms"] if arm["name"] == name)
    return found


def metric_of(experiment: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (one for one in experiment["evidence"]["metrics"] if one["metric"] == name)
    return found


async def decided(driver: Driver, experiment: dict[str, Any], what: str, **options: Any) -> httpx.Response:
    return await driver.request("POST", f"/v1/experiments/{experiment['id']}/{what}", **options)
