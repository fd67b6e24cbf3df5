"""Shops' webhooks become messages: each thing once, in whichever order it is told, and to nobody who did not agree."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from app.container import Container
from app.core.clock import ManualClock
from app.core.settings import Settings
from app.events.schemas import EXAMPLE_NAME
from app.housekeeping import Housekeeping
from app.integrations import repository
from tests.integration.integrations.shop import BOX, LINKS, ShopDriver, connect
from tests.support.driving import Driver, another_api, count, problem, rows
from tests.support.shops import BUYER, WOO_BUYER, parcels, payload, shopify, woocommerce
from tests.support.world import build_world

CONSENT = {"attribute": "whatsapp", "wording": BOX, "wording_version": "2026-11", "language": "tr"}
SHOP_TABLES = ("integrations", "integration_orders", "integration_deliveries")


@pytest.fixture
async def shop(driver: Driver) -> ShopDriver:
    return await connect(driver, "shopify", links=LINKS, consent=CONSENT)


@pytest.fixture
async def woo(driver: Driver) -> ShopDriver:
    consent = {**CONSENT, "attribute": "_billing_whatsapp_optin"}
    refunds = {"destination": "card", "days": 10}
    return await connect(driver, "woocommerce", links=LINKS, consent=consent, refunds=refunds)


def later(clock: ManualClock, **by: float) -> datetime:
    clock.advance(timedelta(**by))
    return clock.now()


def fulfillment(at: datetime, stands: str | None = None, **changes: Any) -> dict[str, Any]:
    return payload("shopify_fulfillment", at, shipment_status=stands, **changes)


async def test_an_order_on_shopify_from_the_checkout_to_the_refund(
    shop: ShopDriver, driver: Driver, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    placed_at = later(clock, minutes=1)
    create = shopify("orders/create", payload("shopify_order", placed_at))
    confirmed = await shop.told(create)
    assert (confirmed["event_type"], confirmed["status"], confirmed["to"]) == ("order-confirmed", "queued", BUYER)
    assert confirmed["data"] == {"order_number": "#1001", "total": {"amount": 129990, "currency": "TRY"}}
    assert (confirmed["parameters"]["texts"]["customer_name"], confirmed["language"]) == ("Şükran Çağlı", "tr")
    assert confirmed["metadata"] == {"source": "shopify", "shop": "demo-magaza.myshopify.com", "order": "#1001"}

    (act,) = (await driver.request("GET", f"/v1/contacts/{BUYER}/consents")).json()["acts"]
    assert (act["act"], act["topic"], act["source"], act["place"]) == (
        "opt_in",
        "orders",
        "checkout",
        "demo-magaza.myshopify.com",
    )
    assert (act["wording"], act["wording_version"], act["actor"]) == (BOX, "2026-11", "customer")
    assert datetime.fromisoformat(act["occurred_at"]) == placed_at.replace(microsecond=0)

    again = await shop.took(create)
    assert again == {"outcome": "told", "reason": None, "messages": [confirmed["id"]], "repeated": True}
    paid = await shop.took(shopify("orders/paid", payload("shopify_order", placed_at, financial_status="paid")))
    assert (paid["outcome"], paid["reason"], paid["messages"]) == ("ignored", "told_before", [])

    shipped_at = later(clock, hours=3)
    no_number = {"tracking_number": None, "tracking_numbers": [], "tracking_url": None, "tracking_urls": []}
    early = await shop.took(shopify("fulfillments/create", fulfillment(shipped_at, **no_number)))
    assert (early["outcome"], early["reason"]) == ("ignored", "no_tracking_number_yet")
    shipped = await shop.told(shopify("fulfillments/update", fulfillment(shipped_at)))
    assert (shipped["event_type"], shipped["to"]) == ("order-shipped", BUYER), "the buyer, not whoever gets the parcel"
    assert shipped["data"] == {
        "order_number": "#1001",
        "carrier": "Yurtiçi Kargo",
        "tracking_number": "YK123456789",
        "tracking_url": "https://shop.example/kargo/YK123456789",
    }
    moving = await shop.took(shopify("fulfillments/update", fulfillment(later(clock, hours=1), "in_transit")))
    assert moving["reason"] == "told_before"
    delivered = await shop.told(shopify("fulfillments/update", fulfillment(later(clock, hours=20), "delivered")))
    assert (delivered["event_type"], delivered["data"]["status"]) == ("tracking-update", "delivered")
    assert delivered["reference"] == shipped["reference"] != confirmed["reference"]
    overtaken = await shop.took(shopify("fulfillments/update", fulfillment(clock.now(), "out_for_delivery")))
    assert (overtaken["outcome"], overtaken["reason"]) == ("ignored", "overtaken")

    refunded = await shop.told(shopify("refunds/create", payload("shopify_refund", later(clock, hours=1))))
    assert refunded["data"] | {"expected_by": ""} == {
        "order_number": "#1001",
        "amount": {"amount": 20000, "currency": "TRY"},
        "destination": "card",
        "card_ending": "4321",
        "expected_by": "",
    }
    assert await count(connection, "messages") == 4

    told = await shop.deliveries()
    assert [(one["topic"], one["outcome"]) for one in told] == [
        ("refunds/create", "told"),
        ("fulfillments/update", "ignored"),
        ("fulfillments/update", "told"),
        ("fulfillments/update", "ignored"),
        ("fulfillments/update", "told"),
        ("fulfillments/create", "ignored"),
        ("orders/paid", "ignored"),
        ("orders/create", "told"),
    ]
    assert [one["consent"] for one in told[-2:]] == ["recorded_before", "recorded"]
    kept = str(await rows(connection, *SHOP_TABLES))
    assert not any(personal in kept for personal in ("5321112233", "Çağlı", "sukran@", "Bağdat")), "content is not kept"


async def test_an_order_on_woocommerce_as_it_changes(
    woo: ShopDriver, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    at = later(clock, minutes=1)
    unpaid = payload("woocommerce_order", at, status="pending", date_paid_gmt=None)
    checkout = await woo.took(woocommerce("order.created", unpaid))
    assert (checkout["outcome"], checkout["reason"]) == ("ignored", "not_paid_yet")
    confirmed = await woo.told(woocommerce("order.updated", payload("woocommerce_order", at)))
    assert (confirmed["status"], confirmed["to"], confirmed["language"]) == ("queued", WOO_BUYER, "tr")
    assert confirmed["data"] == {"order_number": "727", "total": {"amount": 63990, "currency": "TRY"}}
    noted = await woo.took(
        woocommerce("order.updated", payload("woocommerce_order", at, customer_note="Zili çalmayın"))
    )
    assert noted["reason"] == "told_before"

    at = later(clock, hours=5)
    parcel = {
        "tracking_provider": "surat-kargo",
        "custom_tracking_provider": "",
        "custom_tracking_link": "",
        "tracking_number": "SK987",
        "date_shipped": str(int(at.timestamp())),
        "tracking_id": "6e33",
    }
    with_parcel = payload("woocommerce_order", at)
    with_parcel["meta_data"].append(parcels(parcel))
    with_parcel["status"] = "completed"
    shipped = await woo.told(woocommerce("order.updated", with_parcel))
    assert shipped["data"] == {
        "order_number": "727",
        "carrier": "Sürat Kargo",
        "tracking_number": "SK987",
        "tracking_url": "https://shop.example/kargo/SK987",
    }
    with_parcel["refunds"] = [{"id": 731, "reason": "Kırık geldi", "total": "-272.73"}]
    refunded = await woo.told(woocommerce("order.updated", with_parcel))
    assert (refunded["event_type"], refunded["data"]["amount"]["amount"]) == ("refund-issued", 27273)
    assert refunded["data"]["destination"] == "card"
    for topic, document in (
        ("action.woocommerce_add_to_cart", {"action": "woocommerce_add_to_cart", "arg": "x"}),
        ("order.deleted", {"id": 727}),
    ):
        assert (await woo.took(woocommerce(topic, document)))["reason"] == "topic_not_used"
    assert await count(connection, "messages") == 3


async def test_what_comes_before_its_order_waits_for_it(
    shop: ShopDriver, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    at = later(clock, minutes=1)
    nowhere = {"destination": None}
    parcel = await shop.took(shopify("fulfillments/create", fulfillment(at, **nowhere)))
    refund = await shop.took(shopify("refunds/create", payload("shopify_refund", at)))
    assert [(one["outcome"], one["reason"], one["repeated"]) for one in (parcel, refund)] == [
        ("waiting", "order_unknown", False)
    ] * 2
    assert await count(connection, "messages") == 0
    await shop.told(shopify("orders/create", payload("shopify_order", at)))
    by_topic = {one["topic"]: one for one in await shop.deliveries()}
    assert {topic: one["outcome"] for topic, one in by_topic.items()} == dict.fromkeys(by_topic, "told")
    for topic, event_type in (("fulfillments/create", "order-shipped"), ("refunds/create", "refund-issued")):
        (result,) = by_topic[topic]["results"]
        story = await shop.driver.story(result["message"])
        assert (story["event_type"], story["to"], story["data"]["order_number"]) == (event_type, BUYER, "#1001")
    assert await connection.fetchval("SELECT count(*) FROM integration_deliveries WHERE held IS NOT NULL") == 0


async def test_what_waits_for_its_order_is_not_left_behind_by_who_dies_in_between(
    shop: ShopDriver, clock: ManualClock, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = later(clock, minutes=1)
    parcel = await shop.took(shopify("fulfillments/create", fulfillment(at, destination=None)))
    assert parcel["outcome"] == "waiting"
    create = shopify("orders/create", payload("shopify_order", at))

    async def away(*_: Any, **__: Any) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patch:
        patch.setattr(repository, "waiting", away)
        problem(await shop.send(create), 503, "unavailable")
    await shop.took(create)
    assert [one["outcome"] for one in await shop.deliveries()] == ["told", "told"]
    types = [row["event_type"] for row in await connection.fetch("SELECT event_type FROM messages ORDER BY id")]
    assert types == ["order-confirmed", "order-shipped"]


async def test_what_is_no_longer_so_is_not_told(
    shop: ShopDriver, woo: ShopDriver, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    at = later(clock, minutes=1)
    cancelled = payload("shopify_order", at, cancelled_at=at.isoformat(), cancel_reason="customer")
    told = await shop.told(shopify("orders/cancelled", cancelled))
    found = (told["event_type"], told["data"]["reason"], told["data"]["refund"])
    assert found == ("order-cancelled", "customer_request", None)
    assert told["data"]["order_url"] == "https://shop.example/siparis/1001"
    late = await shop.took(shopify("orders/create", payload("shopify_order", at)))
    assert (late["outcome"], late["reason"]) == ("ignored", "overtaken")

    outage = payload("shopify_order", at, id=77, name="#77")
    clock.advance(timedelta(days=3))
    stale = await shop.took(shopify("orders/create", outage))
    assert (stale["outcome"], stale["reason"]) == ("ignored", "stale")

    of_before = payload("woocommerce_order", at - timedelta(days=90))
    of_before |= {
        "date_modified_gmt": clock.now().replace(tzinfo=None).isoformat(),
        "refunds": [{"id": 1, "reason": "", "total": "-10.00"}],
    }
    edited = await woo.took(woocommerce("order.updated", of_before))
    assert (edited["outcome"], edited["reason"]) == ("ignored", "stale")
    (delivery,) = await woo.deliveries()
    assert [one["reason"] for one in delivery["results"]] == ["stale", "from_before"]

    given_up = payload("woocommerce_order", clock.now(), id=9, status="cancelled", date_paid_gmt=None)
    assert (await woo.took(woocommerce("order.updated", given_up)))["reason"] == "order_not_placed"
    assert await count(connection, "messages") == 1


async def test_consent_is_taken_from_the_box_alone(
    shop: ShopDriver, driver: Driver, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    async def ordered(number: int, attributes: list[dict[str, str]], at: datetime, **more: Any) -> tuple[Any, ...]:
        document = payload("shopify_order", at, id=number, name=f"#{number}", note_attributes=attributes, **more)
        answer = await shop.took(shopify("orders/create", document))
        delivery = (await shop.deliveries())[0]
        (message,) = answer["messages"]
        story = await driver.story(message)
        return delivery["consent"], story["status"], story["reason"]

    box = {"name": "WHATSAPP", "value": " EVET "}
    at = later(clock, minutes=1)
    # Agreed to marketing by e-mail and SMS, as the payload says of everybody: that is no consent to WhatsApp.
    assert await ordered(1, [], at) == ("not_ticked", "suppressed", "no_consent")
    assert await ordered(2, [{"name": "whatsapp", "value": "hayır"}], at) == ("not_ticked", "suppressed", "no_consent")
    both = [box, {"name": "whatsapp", "value": "hayır"}]
    assert (await ordered(7, both, at))[0] == (await ordered(8, both[::-1], at))[0] == "not_ticked"
    before = at - timedelta(hours=1)
    assert (await ordered(3, [box], before))[0] == "placed_before_wording"
    assert await count(connection, "consent_acts") == 0

    left_at = later(clock, minutes=1)
    await driver.opt_out(BUYER)
    placed_at, _ = left_at - timedelta(seconds=30), later(clock, minutes=1)
    assert await ordered(4, [box], placed_at) == ("recorded", "suppressed", "opted_out")
    assert await ordered(5, [box], clock.now()) == ("recorded", "queued", None)

    buyer = payload("shopify_order")
    numberless = {"phone": None, "customer": {**buyer["customer"], "phone": None, "default_address": None}}
    gift = {**numberless, "billing_address": {**buyer["billing_address"], "phone": None}}
    acts = await count(connection, "consent_acts")
    assert await ordered(6, [box], clock.now(), **gift) == ("of_another", "suppressed", "no_consent")
    assert await count(connection, "consent_acts") == acts


async def test_set_up_says_what_is_told_and_how(
    shop: ShopDriver, driver: Driver, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    at = later(clock, minutes=1)

    async def ordered(number: int, **more: Any) -> dict[str, Any]:
        document = payload("shopify_order", at, id=number, name=f"#{number}", **more)
        return await shop.took(shopify("orders/create", document))

    assert (await shop.change(confirm_when="paid")).status_code == 200
    assert (await ordered(1))["reason"] == "not_paid_yet"
    claimed = await shop.took(shopify("orders/paid", payload("shopify_order", at, id=1, name="#1")))
    assert claimed["reason"] == "not_paid_yet", "of what is not signed nothing follows"
    assert (await ordered(2, financial_status="paid"))["outcome"] == "told"
    assert (await shop.change(confirm_when=None, events={"order-confirmed": None})).json()["confirm_when"] == "placed"
    assert (await ordered(3))["reason"] == "switched_off"
    assert (await shop.change(events={})).status_code == 200
    assert (await ordered(4, source_name="pos"))["reason"] == "point_of_sale"
    nowhere = {"shipping_address": None, "billing_address": None, "customer": None}
    assert (await ordered(5, **nowhere, phone=None))["reason"] == "no_phone"
    assert (await ordered(6, **nowhere, phone="0216 555 10 10"))["reason"] == "no_mobile_phone"
    assert (await ordered(7, currency="XXX", presentment_currency="XXX", **dict.fromkeys(_TOTALS)))[
        "reason"
    ] == "no_total"
    assert (await shop.change(events={"order-confirmed": EXAMPLE_NAME})).status_code == 200
    assert (await ordered(8))["reason"] == "invalid_request"
    (result,) = (await shop.deliveries())[0]["results"]
    assert (result["event_type"], result["errors"][0]["pointer"]) == (EXAMPLE_NAME, "#/data/table")
    assert (await shop.change(enabled=False)).json()["enabled"] is False
    assert (await ordered(9))["reason"] == "disabled"
    assert await count(connection, "messages") == 1


async def test_what_failed_half_way_is_taken_up_where_it_was(
    shop: ShopDriver, clock: ManualClock, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The platform repeats what it got no answer to, and another webhook may bring the same meanwhile."""
    at = later(clock, minutes=1)
    create = shopify("orders/create", payload("shopify_order", at))

    async def away(*_: Any, **__: Any) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patch:
        patch.setattr(repository, "settle_delivery", away)
        problem(await shop.send(create), 503, "unavailable")
    (delivery,) = await shop.deliveries()
    assert (delivery["outcome"], await count(connection, "messages")) == ("received", 1)
    paid = await shop.told(shopify("orders/paid", payload("shopify_order", at)))
    again = await shop.took(create)
    assert (again["outcome"], again["reason"]) == ("ignored", "told_before")
    assert [one["consent"] for one in await shop.deliveries()] == ["recorded_before", "recorded"]
    assert await connection.fetchval("SELECT id FROM messages") == UUID(paid["id"].removeprefix("msg_"))
    assert await count(connection, "messages") == await count(connection, "consent_acts") == 1


async def test_two_processes_that_are_told_of_one_order_at_once_tell_the_customer_once(
    shop: ShopDriver, settings: Settings, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    at = later(clock, minutes=1)
    create = shopify("orders/create", payload("shopify_order", at))
    paid = shopify("orders/paid", payload("shopify_order", at, financial_status="paid"))
    async with another_api(settings, clock) as other:
        answers = await asyncio.gather(
            shop.send(create),
            other.post(shop.path, content=paid.body, headers=paid.headers),
            other.post(shop.path, content=create.body, headers=create.headers),
            shop.send(paid),
        )
    assert [one.status_code for one in answers] == [200] * 4
    assert await count(connection, "messages") == await count(connection, "consent_acts") == 1
    assert await count(connection, "integration_deliveries") == 2


async def test_what_is_known_of_an_order_is_shown_to_its_customer_and_forgotten(
    shop: ShopDriver, driver: Driver, container: Container, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    at = later(clock, minutes=1)
    await shop.told(shopify("orders/create", payload("shopify_order", at)))
    (order,) = (await driver.request("GET", f"/v1/contacts/{BUYER}/export")).json()["shop_orders"]
    assert (order["shop"], order["number"], order["facts"]) == (
        "demo-magaza.myshopify.com",
        "#1001",
        {"confirmed": "told", "consent": "told"},
    )
    erased = await driver.request("DELETE", f"/v1/contacts/{BUYER}")
    assert erased.json()["erased"]["shop_orders"] == 1
    assert await count(connection, "integration_orders") == 0
    assert (await shop.deliveries())[0]["order"] is None

    waits = await shop.took(shopify("refunds/create", payload("shopify_refund", at)))
    assert waits["outcome"] == "waiting", "whose it was is not known any more"
    housekeeping = Housekeeping(container)
    clock.advance(timedelta(days=4))
    await shop.told(shopify("orders/create", payload("shopify_order", clock.now(), id=2)))
    await housekeeping.forget_shops()
    assert [(one["outcome"], one["reason"]) for one in (await shop.deliveries())[:2]] == [
        ("told", None),
        ("ignored", "order_unknown"),
    ]
    clock.advance(timedelta(days=200))
    await housekeeping.forget_shops()
    assert await count(connection, "integration_orders") == await count(connection, "integration_deliveries") == 0


async def test_nobody_hears_of_what_was_only_tried(
    http: httpx.AsyncClient, container: Container, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    live = Driver(http, await build_world(container, mode="live"))
    shop = await connect(live, "shopify")
    at = later(clock, minutes=1)
    for webhook in (
        shopify("orders/create", payload("shopify_order", at, test=True)),
        shopify("orders/create", payload("shopify_order", at), more={"X-Shopify-Test": "true"}),
    ):
        assert (await shop.took(webhook))["reason"] == "test"
    assert await count(connection, "integration_orders") == await count(connection, "contacts") == 0


_TOTALS = ("total_price", "total_price_set", "current_total_price_set")
