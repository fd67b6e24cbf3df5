"""What customers did after they were told: taken once, tied to the message it came of, counted, taken back, erased."""

import asyncio
import contextlib
import csv
import io
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
import pytest
import respx

from app.analytics.conversions.counting import ConversionCounter
from app.analytics.each import alone
from app.container import Container
from app.core.clock import ManualClock
from app.core.settings import Settings
from app.events.catalogue import catalogue
from app.messages.dispatch import Dispatcher
from tests.support.driving import (
    PHONE,
    Driver,
    accept_all,
    another_api,
    another_container,
    count,
    dispatch,
    pointers,
    problem,
    rows,
    sends,
)
from tests.support.world import TRACKED_BASES, World, approve, order_confirmed, status_item

OTHER = "+905339998877"
TRY = {"amount": 129990, "currency": "TRY"}
TARGET = "https://shop.example/track?n=YK1#parcel"


def shipped(phone: str = PHONE, **changes: Any) -> dict[str, Any]:
    data = {"order_number": "A-1", "carrier": "Yurtiçi", "tracking_number": "YK1", "tracking_url": TARGET}
    return order_confirmed(phone, data=data, **changes)


@pytest.fixture
async def shop(driver: Driver, graph: respx.MockRouter) -> Driver:
    """Its links are tracked, and tell its website of clicks."""
    await driver.world.opt_in(PHONE, OTHER)
    for definition in catalogue()["order-shipped"].templates:
        await approve(driver.world.container, driver.world, definition, TRACKED_BASES)
    driver.world.container.book._accounts.clear()
    sends(graph, driver.world).mock(side_effect=accept_all)
    told = await driver.request("PATCH", "/v1/businesses/me", json={"click_parameter": "ulak_click"})
    assert told.json()["click_parameter"] == "ulak_click"
    return driver


async def sent(
    shop: Driver, dispatcher: Dispatcher, clock: ManualClock, status: str = "delivered", phone: str = PHONE
) -> str:
    """Id of a message that has come so far."""
    message_id = await shop.accepted(shipped(phone), event="order-shipped")
    await dispatch(dispatcher)
    at = int(clock.now().timestamp())
    await shop.receipts(status_item(message_id, status, wamid=f"wamid.{message_id}", at=at))
    return message_id


async def clicked(shop: Driver, message_id: str) -> str:
    """The click as the website is told of it."""
    (link,) = (await shop.story(message_id))["links"]
    led = await shop.request("GET", urlsplit(link["short_url"]).path, headers={})
    address = urlsplit(led.headers["location"])
    assert (address.netloc, address.path, address.fragment) == ("shop.example", "/track", "parcel")
    query = parse_qs(address.query)
    assert query["n"] == ["YK1"]
    return query["ulak_click"][0]


async def converted(shop: Driver, status: int = 201, **body: Any) -> dict[str, Any]:
    answer = await shop.request("POST", "/v1/conversions", json={"type": "purchase", **body})
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/conversions/{found['id']}"
    return found


async def figures(shop: Driver, **params: Any) -> dict[str, Any]:
    """By the sums of days, which come to the same as the conversions themselves."""
    await shop.world.container.figures.refresh()
    answer = await shop.request("GET", "/v1/analytics/conversion", params=params)
    assert answer.status_code == 200, answer.text
    pool = shop.world.container.database.pool
    assert await pool.fetchval("SELECT count(*) FROM conversion_marks") == 0
    await pool.execute("UPDATE conversion_clocks SET time_zone = 'another'")
    assert (await shop.request("GET", "/v1/analytics/conversion", params=params)).json() == answer.json()
    found: dict[str, Any] = answer.json()
    return found


@contextlib.asynccontextmanager
async def after_change(shop: Driver, settings: Settings, clock: ManualClock, **change: Any) -> AsyncIterator[Driver]:
    """The shop once it knows of the change: by an API that knows of nothing before."""
    changed = await shop.request("PATCH", "/v1/businesses/me", json=change)
    assert changed.status_code == 200, changed.text
    async with another_api(settings, clock) as http:
        yield Driver(http, shop.world)


async def test_a_click_is_followed_to_its_message_and_counted_there(
    shop: Driver, dispatcher: Dispatcher, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    message_id = await sent(shop, dispatcher, clock)
    click = await clicked(shop, message_id)
    assert click == f"clk_{(await rows(connection, 'link_clicks'))['link_clicks'][0]['id'].hex}"
    clock.advance(timedelta(days=3))
    body = {"reference": "order-1", "value": TRY, "click": click, "metadata": {"basket": "7"}}
    made = await converted(shop, **body)
    contact = (await shop.story(message_id))["contact"]
    assert made == {
        "id": made["id"],
        "reference": "order-1",
        "type": "purchase",
        "value": TRY,
        "occurred_at": made["created_at"],
        "created_at": made["created_at"],
        "named_by": "click",
        "click": click,
        "contact": contact,
        "message": message_id,
        "event_type": "order-shipped",
        "attributed_by": "click",
        "unattributed": None,
        "metadata": {"basket": "7"},
        "canceled_at": None,
        "content_erased_at": None,
    }
    assert (await shop.request("GET", f"/v1/conversions/{made['id']}")).json() == made
    await converted(shop, type="return", message=message_id)
    await converted(shop, value={"amount": 500, "currency": "EUR"}, contact={"phone": "+905320000000"})
    found = await figures(shop)
    assert found["totals"] == {"conversions": 3, "attributed": 2, "unattributed": 1, "converted": 1, "delivered": 1}
    assert found["values"] == [
        {"currency": "EUR", "amount": 500, "attributed_amount": 0},
        {"currency": "TRY", "amount": 129990, "attributed_amount": 129990},
    ]
    assert found["rate"]["value"] == 1
    days = (await figures(shop, bucket="day"))["rows"]
    assert [
        (row["counts"]["conversions"], row["counts"]["delivered"]) for row in days if row["counts"]["conversions"]
    ] == [(2, 1), (1, 0)], "what came of the message counts on its day"
    by_type = await figures(shop, by=["type", "attributed_by"])
    assert [
        (row["group"]["type"], row["group"]["attributed_by"], row["counts"]["converted"]) for row in by_type["rows"]
    ] == [("purchase", "click", 1), ("purchase", None, 0), ("return", "message", 1)]
    assert by_type["totals"] == found["totals"], "one message, though it converted twice"
    (row,) = (await figures(shop, by="event_type", event_type="order-shipped", type="purchase"))["rows"]
    assert (row["group"]["event_type"], row["counts"]["conversions"], row["counts"]["unattributed"]) == (
        "order-shipped",
        1,
        0,
    )
    table = await shop.request("GET", "/v1/analytics/conversion", params={"by": ["sender", "type"], "format": "csv"})
    (first, *_) = csv.DictReader(io.StringIO(table.text))
    assert (first["sender"], first["type"], first["amount_TRY"], first["conversion_rate"]) == (
        shop.world.sender,
        "purchase",
        "129990",
        "1.0",
    )


async def test_a_contact_converts_by_what_it_clicked_or_else_by_what_reached_it(
    shop: Driver, dispatcher: Dispatcher, clock: ManualClock, settings: Settings, connection: asyncpg.Connection
) -> None:
    assert (await converted(shop, contact={"phone": "0532 111 22 33"}))["unattributed"] == "no_message"
    first = await sent(shop, dispatcher, clock)
    clock.advance(timedelta(hours=1))
    unheard = await sent(shop, dispatcher, clock, "sent")
    by_contact = await converted(shop, contact={"phone": PHONE})
    assert (by_contact["message"], by_contact["attributed_by"]) == (first, "contact")
    await clicked(shop, unheard)
    clock.advance(timedelta(hours=1))
    last = await sent(shop, dispatcher, clock, "read")
    contact = by_contact["contact"]
    by_click = await converted(shop, contact={"id": contact})
    assert (by_click["message"], by_click["attributed_by"], by_click["click"]) == (unheard, "clicked_contact", None)
    limited = await converted(shop, contact={"phone": PHONE}, event_types=["price-drop"])
    assert (limited["message"], limited["unattributed"], limited["contact"]) == (None, "event_type", contact)
    earlier = (clock.now() - timedelta(minutes=90)).isoformat()
    then = await converted(shop, contact={"phone": PHONE}, occurred_at=earlier)
    assert then["message"] == first, "by what had happened until then"
    clock.advance(timedelta(days=7, minutes=-30))
    assert (await converted(shop, contact={"phone": PHONE}))["message"] == last, "the click was too long ago"
    clock.advance(timedelta(hours=1))
    assert (await converted(shop, contact={"phone": PHONE}))["unattributed"] == "no_message"
    async with after_change(shop, settings, clock, conversion_window_days=30) as patient:
        assert (await converted(patient, contact={"phone": PHONE}))["message"] == unheard
    await connection.execute(
        "UPDATE contacts SET bsuid = phone, phone = NULL, ended_at = now(), ended_by = 'merge', successor_id = n.id"
        " FROM (SELECT id FROM contacts WHERE phone = $1) n WHERE contacts.phone = $2",
        OTHER,
        PHONE,
    )
    for named in ({"phone": OTHER}, {"id": contact}):
        merged = await converted(shop, contact=named, occurred_at=earlier)
        assert merged["message"] == first, "they are one person now"
        assert merged["contact"] != contact


async def test_a_message_that_was_clicked_before_it_is_one_also_after_another_click(
    shop: Driver, dispatcher: Dispatcher, clock: ManualClock
) -> None:
    message_id = await sent(shop, dispatcher, clock)
    clock.advance(timedelta(days=8))
    await clicked(shop, message_id)
    bought = clock.now() + timedelta(minutes=5)
    clock.advance(timedelta(days=1))
    await clicked(shop, message_id)
    told = await converted(shop, message=message_id, occurred_at=bought.isoformat())
    assert (told["message"], told["attributed_by"]) == (message_id, "message")


async def test_a_reference_is_taken_once(
    shop: Driver, dispatcher: Dispatcher, clock: ManualClock, settings: Settings, connection: asyncpg.Connection
) -> None:
    message_id = await sent(shop, dispatcher, clock)
    body = {"reference": "order-1", "value": TRY, "message": message_id}
    async with another_api(settings, clock) as http:
        other = Driver(http, shop.world)
        asked = [one.request("POST", "/v1/conversions", json={"type": "purchase", **body}) for one in (shop, other) * 4]
        answers = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert {answer.content for answer in answers} == {answers[0].content}
    again = await shop.request("POST", "/v1/conversions", json={"type": "purchase", **body, "value": None})
    problem(again, 422, "reference_reused")
    made = answers[0].json()["id"]
    canceled = await shop.request("DELETE", f"/v1/conversions/{made}")
    assert canceled.status_code == 200
    assert canceled.json()["canceled_at"] is not None
    clock.advance(timedelta(minutes=1))
    assert (await shop.request("DELETE", f"/v1/conversions/{made}")).json() == canceled.json()
    assert (await converted(shop, 200, **body)) == canceled.json(), "it is not brought back by a late repetition"
    assert (await figures(shop))["totals"]["conversions"] == 0
    assert await count(connection, "conversions") == 1
    for named, found in ({"canceled": "true"}, 1), ({"canceled": "false"}, 0), ({"reference": "order-1"}, 1):
        listed = (await shop.request("GET", "/v1/conversions", params=named)).json()["conversions"]
        assert len(listed) == found, named


async def test_of_many_one_that_is_refused_holds_no_other_back(
    shop: Driver, dispatcher: Dispatcher, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    message_id = await sent(shop, dispatcher, clock)
    click = await clicked(shop, message_id)
    bought: dict[str, Any] = {"type": "purchase"}
    many: list[Any] = [
        {**bought, "reference": "1", "click": click},
        {**bought, "reference": "1", "click": click},
        {**bought, "reference": "1", "message": message_id},
        {**bought, "contact": {"phone": PHONE}, "event_types": ["order-shipped"]},
        {**bought},
        {**bought, "contact": {"phone": "12"}},
        {**bought, "message": "msg_" + "0" * 32},
        {**bought, "click": "clk_" + "0" * 32},
        {**bought, "contact": {"id": "con_" + "0" * 32}},
        {**bought, "contact": {"phone": PHONE}, "occurred_at": (clock.now() + timedelta(hours=1)).isoformat()},
        {"type": "Purchase", "contact": {"phone": PHONE}},
        "purchase",
    ]
    answer = await shop.request("POST", "/v1/conversions/batch", json={"conversions": many})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["taken"], body["refused"]) == (3, 9)
    taken = [one["conversion"]["attributed_by"] for one in body["results"] if "conversion" in one]
    assert taken == ["click", "click", "clicked_contact"]
    assert [one["repeated"] for one in body["results"][:2]] == [False, True]
    refused = {one["index"]: one["problem"] for one in body["results"] if "problem" in one}
    assert refused[2]["code"] == "reference_reused"
    assert {
        index: (one["errors"][0]["pointer"], one["errors"][0]["code"]) for index, one in refused.items() if index > 2
    } == {
        4: ("#/conversions/4", "one_of_three"),
        5: ("#/conversions/5/contact/phone", "phone"),
        6: ("#/conversions/6/message", "unknown_message"),
        7: ("#/conversions/7/click", "unknown_click"),
        8: ("#/conversions/8/contact/id", "unknown_contact"),
        9: ("#/conversions/9/occurred_at", "in_the_future"),
        10: ("#/conversions/10/type", "string_pattern_mismatch"),
        11: ("#/conversions/11", "model_type"),
    }
    assert await count(connection, "conversions") == 2
    for wrong in ({"conversions": []}, {"conversions": [many[0]] * 1001}, {}, {"conversions": [], "more": 1}):
        problem(await shop.request("POST", "/v1/conversions/batch", json=wrong), 422, "invalid_request")
    refusal = await shop.request("POST", "/v1/conversions", json={**bought, "click": click, "value": {"amount": -1}})
    assert pointers(problem(refusal, 422, "invalid_request")) == ["#/value/amount", "#/value/currency"]
    first = (await shop.request("GET", "/v1/conversions", params={"limit": 1})).json()
    second = (await shop.request("GET", "/v1/conversions", params={"cursor": first["next_cursor"]})).json()
    assert [one["reference"] for one in (*first["conversions"], *second["conversions"])] == [None, "1"]
    for params, found in (
        ({"message": message_id, "attributed": "true"}, 2),
        ({"attributed_by": "click"}, 1),
        ({"attributed": "false"}, 0),
        ({"contact": PHONE, "event_type": "order-shipped", "type": "purchase"}, 2),
        ({"occurred_to": clock.now().isoformat()}, 0),
    ):
        listed = (await shop.request("GET", "/v1/conversions", params=params)).json()["conversions"]
        assert len(listed) == found, params


async def test_whoever_is_erased_leaves_what_was_bought_and_nothing_else(
    shop: Driver, dispatcher: Dispatcher, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    message_id = await sent(shop, dispatcher, clock)
    click = await clicked(shop, message_id)
    body = {"reference": "order-1", "value": TRY, "click": click, "metadata": {"who": "Ayşe"}}
    made = await converted(shop, **body)
    exported = (await shop.request("GET", f"/v1/contacts/{PHONE}/export")).json()
    assert exported["conversions"] == [made]
    before = (await figures(shop))["totals"]
    erased = await shop.request("DELETE", f"/v1/contacts/{PHONE}")
    assert erased.json()["erased"]["conversions"] == 1
    kept = (await shop.request("GET", f"/v1/conversions/{made['id']}")).json()
    gone = ("reference", "metadata", "click")
    assert {name: kept[name] for name in gone} == dict.fromkeys(gone)
    same = [name for name in made if name not in (*gone, "content_erased_at")]
    assert {name: kept[name] for name in same} == {name: made[name] for name in same}
    (row,) = (await rows(connection, "conversions"))["conversions"]
    assert "order-1" not in str(row)
    assert "Ayşe" not in str(row)
    assert (await figures(shop))["totals"] == before
    problem(await shop.request("POST", "/v1/conversions", json={"type": "purchase", **body}), 422, "invalid_request")
    again = await converted(shop, 200, reference="order-1", contact={"phone": PHONE})
    assert again == kept, "the reference is known still, and nobody knows it from the table"
    late = await converted(shop, reference="order-2", message=message_id, metadata={"who": "Ayşe"})
    assert (late["message"], late["reference"], late["metadata"]) == (message_id, None, None)
    assert (await converted(shop, contact={"phone": PHONE}))["unattributed"] == "unknown_contact"


async def test_what_is_written_beside_conversions_is_forgotten_with_messages(
    shop: Driver, container: Container, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    made = await converted(shop, reference="order-1", contact={"phone": PHONE}, metadata={"a": "b"})
    await shop.request("PATCH", "/v1/businesses/me", json={"retention": {"messages": 30}})
    container.directory.forget()
    clock.advance(timedelta(days=31))
    await container.retention.run()
    kept = (await shop.request("GET", f"/v1/conversions/{made['id']}")).json()
    assert (kept["reference"], kept["metadata"]) == ("order-1", None)
    assert kept["content_erased_at"] is not None


async def test_a_sum_that_dies_gives_its_marks_back(
    shop: Driver, container: Container, clock: ManualClock, settings: Settings, connection: asyncpg.Connection
) -> None:
    await converted(shop, contact={"phone": PHONE})
    assert (await figures(shop))["totals"]["conversions"] == 1
    await shop.world.container.figures.refresh()
    await converted(shop, contact={"phone": PHONE}, value=TRY)
    await connection.execute("ALTER TABLE conversion_days ADD CONSTRAINT stays CHECK (conversions < 2)")
    with pytest.raises(asyncpg.CheckViolationError):
        await ConversionCounter(container.database).count(shop.world.business_id)
    (mark,) = (await rows(connection, "conversion_marks"))["conversion_marks"]
    behind = (await shop.request("GET", "/v1/analytics/conversion")).json()
    assert behind["totals"]["conversions"] == 1
    assert datetime.fromisoformat(behind["as_of"]) == min(mark["marked_at"], clock.now())
    await connection.execute("ALTER TABLE conversion_days DROP CONSTRAINT stays")
    async with another_container(settings, clock) as other:
        await asyncio.gather(container.figures.refresh(), other.figures.refresh())
    found = await figures(shop)
    assert (found["totals"]["conversions"], found["values"][0]["amount"]) == (2, TRY["amount"])
    summed = await rows(connection, "conversion_days")
    await container.refresher.mark_all(shop.world.business_id)
    await container.figures.refresh()
    assert await rows(connection, "conversion_days") == summed


async def test_who_counts_alone_and_cannot_say_so_any_more_keeps_nobody_away(container: Container) -> None:
    pool = container.database.pool

    async def failing() -> None:
        async with pool.acquire() as connection, alone(connection, "a business") as is_alone:
            assert is_alone
            await connection.execute("BEGIN")
            await connection.execute("SELECT 1 / 0")

    with pytest.raises(asyncpg.InFailedSQLTransactionError):
        await failing()
    async with asyncio.timeout(10), pool.acquire() as connection:
        await connection.execute("SELECT pg_advisory_lock(hashtextextended('a business', 0))")
        await connection.execute("SELECT pg_advisory_unlock_all()")


async def test_live_and_test_never_meet(
    shop: Driver, dispatcher: Dispatcher, clock: ManualClock, world: World, http: httpx.AsyncClient
) -> None:
    message_id = await sent(shop, dispatcher, clock)
    click = await clicked(shop, message_id)
    made = await converted(shop, reference="order-1", message=message_id)
    token = await world.container.accounts.create_key(world.business_id, "live", mode="live")
    headers = {"Authorization": f"Bearer {token}"}

    async def live(method: str, path: str = "", **options: Any) -> httpx.Response:
        return await http.request(method, f"/v1/conversions{path}", headers=headers, **options)

    for named in ({"click": click}, {"message": message_id}, {"contact": {"id": made["contact"]}}):
        refused = await live("POST", json={"type": "purchase", **named})
        assert pointers(problem(refused, 422, "invalid_request"))[0] in ("#/click", "#/message", "#/contact/id")
    own = await live("POST", json={"type": "purchase", "reference": "order-1", "contact": {"phone": PHONE}})
    assert (own.status_code, own.json()["unattributed"]) == (201, "unknown_contact")
    problem(await live("GET", f"/{made['id']}"), 404, "not_found")
    problem(await live("DELETE", f"/{made['id']}"), 404, "not_found")
    assert [one["id"] for one in (await live("GET")).json()["conversions"]] == [own.json()["id"]]


async def test_without_a_parameter_the_website_is_told_nothing(
    shop: Driver, dispatcher: Dispatcher, clock: ManualClock, settings: Settings
) -> None:
    message_id = await sent(shop, dispatcher, clock)
    (link,) = (await shop.story(message_id))["links"]
    path = urlsplit(link["short_url"]).path
    led = await shop.request("GET", path, headers={"Sec-Purpose": "prefetch"})
    assert led.headers["location"] == TARGET, "nor is it told who only looks ahead"
    async with after_change(shop, settings, clock, click_parameter=None) as silent:
        led = await silent.request("GET", path, headers={})
        assert led.headers["location"] == TARGET
    assert (await shop.story(message_id))["links"][0]["clicks"] == 1
    for wrong in ("", "ulak click", "1st", "a" * 41, "ı"):
        refused = await shop.request("PATCH", "/v1/businesses/me", json={"click_parameter": wrong})
        assert pointers(problem(refused, 422, "invalid_request")) == ["#/click_parameter"]
    for days in (0, 91, None, "7"):
        refused = await shop.request("PATCH", "/v1/businesses/me", json={"conversion_window_days": days})
        assert pointers(problem(refused, 422, "invalid_request")) == ["#/conversion_window_days"]
