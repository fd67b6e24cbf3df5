"""Who may speak as Meta: the handshake, and signatures over the bytes as they came."""

import asyncio

import asyncpg
import httpx
import orjson
import pytest

from app.container import Container
from tests.support.driving import PHONE, Driver, count, problem, rows
from tests.support.world import VERIFY_TOKEN, World, build_world, meta_id_of, status_item, webhook


def handshake(**changes: str | None) -> dict[str, str]:
    given = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": VERIFY_TOKEN, **changes}
    return {name: value for name, value in given.items() if value is not None}


async def test_handshake_with_the_right_token_answers_the_challenge(driver: Driver) -> None:
    answer = await driver.http.get("/webhooks/whatsapp", params=handshake())
    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "change", [{"hub.verify_token": "wrong"}, {"hub.verify_token": ""}, {"hub.mode": "unsubscribe"}], ids=str
)
async def test_handshake_of_a_stranger_is_forbidden(driver: Driver, change: dict[str, str]) -> None:
    answer = await driver.http.get("/webhooks/whatsapp", params=handshake(**change))
    problem(answer, 403, "forbidden")
    assert "1158201444" not in answer.text


@pytest.mark.parametrize("name", ["hub.mode", "hub.challenge", "hub.verify_token"])
async def test_handshake_without_a_parameter_is_a_problem_that_names_it(driver: Driver, name: str) -> None:
    answer = await driver.http.get("/webhooks/whatsapp", params=handshake(**{name: None}))
    assert [error["parameter"] for error in problem(answer, 422, "invalid_request")["errors"]] == [name]


async def test_handshake_before_any_app_is_connected_is_forbidden(http: httpx.AsyncClient) -> None:
    problem(await http.get("/webhooks/whatsapp", params=handshake()), 403, "forbidden")


def _signature(world: World, body: bytes) -> str:
    return world.signed(body)["X-Hub-Signature-256"]


FORGERIES = {
    "missing": lambda _world, _body: [],
    "empty": lambda _world, _body: [""],
    "wrong secret": lambda _world, _body: ["sha256=" + "0" * 64],
    "no prefix": lambda world, body: [_signature(world, body).removeprefix("sha256=")],
    "sha1": lambda world, body: [_signature(world, body).replace("sha256", "sha1")],
    "upper case": lambda world, body: ["sha256=" + _signature(world, body).removeprefix("sha256=").upper()],
    "upper-case prefix": lambda world, body: [_signature(world, body).replace("sha256", "SHA256")],
    "short": lambda world, body: [_signature(world, body)[:-1]],
    "long": lambda world, body: [_signature(world, body) + "0"],
    "no hex": lambda _world, _body: ["sha256=" + "g" * 64],
    "twice": lambda world, body: [_signature(world, body)] * 2,
    "true and false": lambda world, body: [_signature(world, body), "sha256=" + "0" * 64],
    "of another body": lambda world, body: [_signature(world, body + b" ")],
    "of the body re-serialised": lambda world, body: [_signature(world, orjson.dumps(orjson.loads(body)))],
    "two in one": lambda world, body: [f"{_signature(world, body)}, {_signature(world, body)}"],
}


@pytest.mark.parametrize("name", FORGERIES)
async def test_forgery_is_refused_and_nothing_stored(driver: Driver, connection: asyncpg.Connection, name: str) -> None:
    await driver.world.opt_in(PHONE)
    message_id = await driver.accepted()
    before = await rows(connection)
    body = orjson.dumps(webhook(driver.world, statuses=[status_item(message_id, "read")]), option=orjson.OPT_INDENT_2)
    signatures = [("X-Hub-Signature-256", value) for value in FORGERIES[name](driver.world, body)]
    answer = await driver.request(
        "POST", "/webhooks/whatsapp", content=body, headers=[("Content-Type", "application/json"), *signatures]
    )
    problem(answer, 401, "unauthorized")
    assert await rows(connection) == before
    right = await driver.webhook(body)
    assert right.status_code == 200
    assert await count(connection, "receipts") == 1


async def test_secret_of_an_app_moves_no_message_of_another_business(
    driver: Driver, http: httpx.AsyncClient, container: Container, connection: asyncpg.Connection
) -> None:
    victim = Driver(
        http,
        await build_world(
            container, phone_number_id="100000000000002", waba_id="200000000000002", app_secret="another-secret"
        ),
    )
    await victim.world.opt_in(PHONE)
    message_id = await victim.accepted()
    before = await rows(connection)
    wamid = "wamid.stolen"
    items = [status_item(message_id, "read", wamid=wamid)]
    messages = [{"from": "905321112233", "id": "wamid.in", "timestamp": "1795400000", "type": "text"}]
    for claimed in (
        webhook(victim.world, statuses=items, messages=messages),  # the victim's number, the thief's secret
        webhook(driver.world, statuses=items),  # the thief's number, the victim's message
    ):
        assert (await driver.webhook(claimed)).status_code == 200
    after = await rows(connection)
    kept = after.pop("kept_webhook_items")
    before.pop("kept_webhook_items")
    assert after == before
    assert [row["why"] for row in kept] == ["unmatched"] * 3
    assert (await victim.webhook(webhook(victim.world, statuses=items))).status_code == 200
    assert (await victim.story(message_id))["status"] == "read"


async def test_secret_of_an_app_moves_no_template_of_another_business(
    driver: Driver, container: Container, connection: asyncpg.Connection
) -> None:
    victim = await build_world(
        container, phone_number_id="100000000000002", waba_id="200000000000002", app_secret="another-secret"
    )
    before = await rows(connection, "templates")
    value = {
        "event": "DISABLED",
        "message_template_id": meta_id_of("order_confirmed"),
        "message_template_name": "order_confirmed",
        "message_template_language": "tr",
    }
    change = {"field": "message_template_status_update", "value": value}
    document = {"object": "whatsapp_business_account", "entry": [{"id": victim.waba_id, "changes": [change]}]}
    assert (await driver.webhook(document)).status_code == 200
    assert await rows(connection, "templates") == before
    assert await connection.fetchval("SELECT why FROM kept_webhook_items") == "unmatched"


async def test_several_businesses_may_share_an_app(
    driver: Driver, http: httpx.AsyncClient, container: Container
) -> None:
    other = Driver(http, await build_world(container, phone_number_id="100000000000002", waba_id="200000000000002"))
    await driver.world.opt_in(PHONE)
    await other.world.opt_in(PHONE)
    first, second = await driver.accepted(), await other.accepted()
    entries = [
        webhook(one.world, statuses=[status_item(message_id, "sent")])["entry"][0]
        for one, message_id in ((driver, first), (other, second))
    ]
    document = {"object": "whatsapp_business_account", "entry": entries}
    assert (await driver.webhook(document)).status_code == 200
    assert (await driver.story(first))["status"] == "sent"
    assert (await other.story(second))["status"] == "sent"


async def test_webhooks_of_many_connections_at_once_are_all_applied(
    driver: Driver, container: Container, connection: asyncpg.Connection
) -> None:
    ids = await driver.accepted_many(60)
    bodies = [
        webhook(driver.world, statuses=[status_item(message_id, status, wamid=f"wamid.{message_id}")])
        for status in ("read", "sent", "delivered")
        for message_id in ids
    ]
    answers = await asyncio.gather(*(driver.webhook(body) for body in bodies))
    assert {answer.status_code for answer in answers} == {200}
    assert {row["status"] for row in await connection.fetch("SELECT status FROM messages")} == {"read"}
    assert await count(connection, "receipts") == 180
    assert await count(connection, "kept_webhook_items") == 0


async def test_webhook_of_three_megabytes_is_taken(driver: Driver, connection: asyncpg.Connection) -> None:
    message_id = await driver.accepted()
    large = status_item(message_id, "delivered", contacts=[{"profile": {"name": "x" * 1000}}] * 3000)
    body = orjson.dumps(webhook(driver.world, statuses=[large]))
    assert 3_000_000 < len(body) < 4_000_000
    assert (await driver.webhook(body)).status_code == 200
    assert (await driver.story(message_id))["status"] == "delivered"


async def test_webhook_over_the_limit_is_too_large(driver: Driver, connection: asyncpg.Connection) -> None:
    before = await rows(connection)
    body = orjson.dumps(webhook(driver.world, statuses=[status_item(None, "sent", more="x" * 5_000_000)]))
    problem(await driver.webhook(body), 413, "body_too_large")
    assert await rows(connection) == before
