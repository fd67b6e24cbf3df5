"""At the doors: who is not the shop changes nothing and learns nothing, and the shop is always answered."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from app.container import Container
from app.core.clock import ManualClock
from tests.integration.integrations.shop import ShopDriver, connect, wanted
from tests.support.driving import Driver, problem, rows
from tests.support.shops import SECRET, payload, shopify, woocommerce
from tests.support.world import build_world

NEW = "shpss_fedcba9876543210"


@pytest.fixture
async def shop(driver: Driver) -> ShopDriver:
    return await connect(driver, "shopify")


async def test_whoever_is_not_the_shop_is_refused_alike(
    http: httpx.AsyncClient,
    container: Container,
    shop: ShopDriver,
    clock: ManualClock,
    connection: asyncpg.Connection,
    subtests: pytest.Subtests,
) -> None:
    other = Driver(http, await build_world(container, phone_number_id="100000000000009", waba_id="200000000000009"))
    theirs = await connect(other, "shopify", secret="shpss_another_business")
    await connect(shop.driver, "woocommerce")
    good = shopify("orders/create", payload("shopify_order", clock.now()))
    without = {name: value for name, value in good.headers.items() if name != "X-Shopify-Hmac-Sha256"}
    signature = good.headers["X-Shopify-Hmac-Sha256"]
    attempts = {
        "another secret": (shop.path, replace(good, secret="a guess").headers, good.body),
        "another body": (shop.path, good.headers, good.body.replace(b"1299.90", b"1.00")),
        "nothing that can be read": (shop.path, replace(good, secret="a guess").headers, b"\xff{"),
        "no signature": (shop.path, without, good.body),
        "no base64": (shop.path, {**without, "X-Shopify-Hmac-Sha256": "ü?".encode("latin-1")}, good.body),
        "hex": (shop.path, {**without, "X-Shopify-Hmac-Sha256": "00" * 32}, good.body),
        "cut": (shop.path, {**without, "X-Shopify-Hmac-Sha256": signature[:-4]}, good.body),
        "another shop": (shop.path, replace(good, shop="other.myshopify.com").headers, good.body),
        "no shop": (shop.path, replace(good, shop="?").headers, good.body),
        "another business": (theirs.path, good.headers, good.body),
        "no business": ("/integrations/shopify/biz_" + "0" * 32, good.headers, good.body),
        "no id": ("/integrations/shopify/me", good.headers, good.body),
        "another platform's door": (shop.path.replace("shopify", "woocommerce"), good.headers, good.body),
    }
    before = await rows(connection)
    answers = set()
    for name, (path, headers, body) in attempts.items():
        with subtests.test(name):
            answer = await http.post(path, content=body, headers=headers)
            problem(answer, 401, "unauthorized")
            answers.add(answer.content)
    assert len(answers) == 1, "what was wrong is not said"
    assert await rows(connection) == before
    assert (await shop.took(good))["repeated"] is False


async def test_a_secret_is_changed_without_a_gap(shop: ShopDriver, clock: ManualClock) -> None:
    async def accepted(secret: str) -> bool:
        return (await shop.send(shopify("products/update", {"id": 1}, secret=secret))).status_code == 200

    rotated = await shop.driver.request(
        "POST", f"/v1/integrations/{shop.id}/rotate", json={"secret": NEW, "overlap_hours": 2}
    )
    assert rotated.status_code == 200
    assert SECRET not in rotated.text
    assert NEW not in rotated.text
    assert [await accepted(SECRET), await accepted(NEW)] == [True, True]
    assert await shop.driver.world.container.integrations.reseal() == 1
    assert [await accepted(SECRET), await accepted(NEW)] == [True, True]
    clock.advance(timedelta(hours=2))
    assert [await accepted(SECRET), await accepted(NEW)] == [False, True]
    stolen = {"secret": "shpss_after_the_theft", "overlap_hours": 0}
    assert (await shop.driver.request("POST", f"/v1/integrations/{shop.id}/rotate", json=stolen)).status_code == 200
    assert [await accepted(NEW), await accepted(stolen["secret"])] == [False, True]


UNREADABLE = {
    "utf-8": b'{"id": 1, "name": "\xff\xfe"}',
    "list": b"[]",
    "empty": b"",
    "deep": b"[" * 100_000,
    "no id": b'{"name": "#1001"}',
    "wrong id": b'{"id": ["not", "an", "id"]}',
    "nested": b'{"order": {"id": 1}}',
}


async def test_what_cannot_be_read_is_noted_and_answered(shop: ShopDriver, subtests: pytest.Subtests) -> None:
    expected = {"outcome": "refused", "reason": "unreadable", "messages": [], "repeated": False}
    for name, body in UNREADABLE.items():
        with subtests.test(name):
            assert await shop.took(shopify("orders/create", body)) == expected
    noted = {(one["outcome"], one["reason"], one["order"]) for one in await shop.deliveries()}
    assert noted == {("refused", "unreadable", None)}


async def test_a_large_order_is_taken_and_a_huge_body_is_not(shop: ShopDriver, clock: ManualClock) -> None:
    order = payload("shopify_order", clock.now())
    order["line_items"] *= 1000
    large = shopify("orders/create", order)
    assert len(large.body) > 2_000_000
    assert (await shop.took(large))["outcome"] == "told"
    huge = replace(large, body=large.body + b" " * (4 * 1024 * 1024))
    problem(await shop.send(huge), 413, "body_too_large")


async def test_woocommerce_gets_its_ping_answered(driver: Driver, connection: asyncpg.Connection) -> None:
    """It sends it unsigned when a webhook is saved, and an answer must not tell who is a business here."""
    shop = await connect(driver, "woocommerce")
    before = await rows(connection)
    for path in (shop.path, "/integrations/woocommerce/biz_" + "0" * 32):
        answer = await driver.http.post(
            path, content=b"webhook_id=12", headers={"Content-Type": "application/x-www-form-urlencoded"}
        )
        assert (answer.status_code, answer.json()["outcome"]) == (200, "ping")
    problem(await driver.http.post(shop.path, content=b"webhook_id=12&order=1"), 401, "unauthorized")
    assert await rows(connection) == before


async def test_two_webhooks_of_woocommerce_within_one_second_are_two(driver: Driver, clock: ManualClock) -> None:
    """Their ids are made of webhook and second: two orders placed together share one."""
    shop = await connect(driver, "woocommerce")
    orders = [payload("woocommerce_order", clock.now(), id=number, number=str(number)) for number in (1, 2)]
    took = [await shop.took(woocommerce("order.created", order, number=7)) for order in orders]
    assert [one["outcome"] for one in took] == ["told", "told"]
    assert took[0]["messages"] != took[1]["messages"]


async def test_shops_are_connected_changed_and_disconnected(
    shop: ShopDriver, driver: Driver, connection: asyncpg.Connection
) -> None:
    path = f"/v1/integrations/{shop.id}"
    assert shop.integration["url"].endswith(f"/integrations/shopify/biz_{driver.world.business_id.hex}")
    assert SECRET not in str(shop.integration)
    stored = await connection.fetchrow("SELECT secret, settings::text FROM integrations")
    assert SECRET.encode() not in stored["secret"]
    assert SECRET not in stored["settings"]
    problem(await driver.request("POST", "/v1/integrations", json=wanted("shopify")), 409, "integration_exists")
    second = await connect(driver, "shopify", shop="outlet.myshopify.com", sender=driver.world.sender)
    listed = (await driver.request("GET", "/v1/integrations")).json()["integrations"]
    assert [one["shop"] for one in listed] == ["demo-magaza.myshopify.com", "outlet.myshopify.com"]
    changed = await driver.request("PATCH", path, json={"name": "Ana mağaza", "refunds": {"days": 7}})
    assert (changed.json()["name"], changed.json()["refunds"]) == ("Ana mağaza", {"destination": None, "days": 7})
    assert (await driver.request("GET", path)).json() == changed.json()

    await shop.took(shopify("products/update", {"id": 1}))
    page = (await driver.request("GET", f"{path}/deliveries", params={"limit": "1"})).json()
    assert (len(page["deliveries"]), page["next_cursor"]) == (1, None)
    assert (await driver.request("DELETE", path)).status_code == 204
    problem(await driver.request("GET", path), 404, "not_found")
    problem(await shop.send(shopify("products/update", {"id": 2})), 401, "unauthorized")
    assert (await connection.fetchval("SELECT count(*) FROM integration_deliveries")) == 0
    assert (await second.took(shopify("products/update", {"id": 1}, shop="outlet.myshopify.com")))[
        "outcome"
    ] == "ignored"


MISFITS: list[tuple[dict[str, Any], str, str]] = [
    ({"platform": "magento"}, "#/platform", "literal_error"),
    ({"shop": "demo.example"}, "#/shop", "shop"),
    ({"secret": "short"}, "#/secret", "string_too_short"),
    ({"sender": "snd_" + "0" * 32}, "#/sender", "unknown_sender"),
    ({"events": {"order-confirmed": "order-shipped"}}, "#/events", "event_type"),
    ({"events": {"order-confirmed": "x-nothing"}}, "#/events/order-confirmed", "unknown_event_type"),
    ({"links": {"order": "https://shop.example/{phone}"}}, "#/links/order", "placeholder"),
    ({"links": {"tracking": "shop.example/{tracking_number}"}}, "#/links/tracking", "url"),
    ({"country": "XX"}, "#/country", "country"),
    ({"consent": {"attribute": "w", "wording": "Bana yazın."}}, "#/consent/wording", "wording_without_whatsapp"),
    (
        {"consent": {"attribute": "w", "wording": "Demo Mağaza bana WhatsApp ile yazsın.", "topics": ["odd"]}},
        "#/consent/topics/0",
        "unknown_topic",
    ),
]


async def test_what_does_not_fit_is_refused_at_its_place(
    driver: Driver, connection: asyncpg.Connection, subtests: pytest.Subtests
) -> None:
    shop = await connect(driver, "shopify")
    before = await rows(connection, "integrations")
    for changes, pointer, code in MISFITS:
        expected = "unknown_sender" if code == "unknown_sender" else "invalid_request"
        with subtests.test(pointer, code=code):
            asked = {**wanted("shopify"), "shop": "second.myshopify.com", **changes}
            answers = [await driver.request("POST", "/v1/integrations", json=asked)]
            if changes.keys().isdisjoint({"platform", "shop", "secret"}):
                answers.append(await shop.change(**changes))
            for answer in answers:
                (fault,) = problem(answer, 422, expected)["errors"]
                assert (fault["pointer"], fault["code"]) == (pointer, code)
    assert await rows(connection, "integrations") == before
