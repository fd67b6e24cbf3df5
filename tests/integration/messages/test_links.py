"""Tracked links: made with their message, right whatever template it takes, followed and counted."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
import respx

from app.core.clock import ManualClock
from app.core.settings import Settings
from app.events.catalogue import catalogue
from app.messages.dispatch import Dispatcher
from app.templates.definition import Bases
from tests.support.driving import (
    PHONE,
    Driver,
    accept_all,
    another_api,
    count,
    dispatch,
    pointers,
    problem,
    rows,
    sends,
)
from tests.support.telling import told, want
from tests.support.world import BASES, PUBLIC_URL, TRACKED_BASES, World, approve, order_confirmed

TARGET = "https://carrier.example/track?n=YK1"
ON_WEBSITE = "https://shop.example/track/YK1"
TURKISH, ENGLISH = catalogue()["order-shipped"].templates
SECONDS = timedelta(seconds=10)


def shipped(url: str = TARGET, **changes: Any) -> dict[str, Any]:
    data = {"order_number": "A-1001", "carrier": "Yurtiçi Kargo", "tracking_number": "YK1", "tracking_url": url}
    return order_confirmed(data=data, **changes)


async def approved(world: World, bases: Bases = TRACKED_BASES, **statuses: str) -> None:
    """Both languages of order-shipped, with these bases; each with its status, or APPROVED."""
    for definition in (TURKISH, ENGLISH):
        status = statuses.get(definition.language, "APPROVED")
        await approve(world.container, world, definition, bases, status=status)
    world.container.book._accounts.clear()


async def links_of(connection: asyncpg.Connection) -> list[dict[str, Any]]:
    return (await rows(connection, "links"))["links"]


def button_of(route: respx.Route) -> str:
    """What Graph was asked last to write behind the beginning of the button's link."""
    components = orjson.loads(route.calls.last.request.content)["template"]["components"]
    (suffix,) = (one["parameters"][0]["text"] for one in components if one["type"] == "button")
    return str(suffix)


@pytest.fixture
async def tracked(driver: Driver) -> Driver:
    await driver.world.opt_in(PHONE)
    await approved(driver.world)
    return driver


async def code_of(driver: Driver, connection: asyncpg.Connection) -> str:
    """The code of the link of a message that was just accepted."""
    await driver.accepted(shipped(), event="order-shipped")
    return str((await links_of(connection))[-1]["code"])


async def follow(driver: Driver, code: str, method: str = "GET", **headers: str) -> httpx.Response:
    return await driver.request(method, f"/l/{code}", headers=headers)


@pytest.mark.parametrize("url", ["https://shop.example\\\\@evil.example/x", "https://a\\\\b.example/x"])
async def test_a_link_that_readers_read_differently_is_refused(driver: Driver, url: str) -> None:
    await approved(driver.world)
    refused = problem(await driver.report(shipped(url), event="order-shipped"), 422, "invalid_request")
    assert pointers(refused) == ["#/data/tracking_url"]


async def test_a_link_anywhere_becomes_a_short_one_that_is_stored_with_its_message(
    tracked: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    message_id = await tracked.accepted(shipped(), event="order-shipped")
    (link,) = await links_of(connection)
    assert (link["business_id"], link["message_id"].hex) == (tracked.world.business_id, message_id[4:])
    assert (link["position"], link["url"], len(link["code"])) == (0, TARGET, 12)
    story = await tracked.story(message_id)
    short_url = f"{PUBLIC_URL}/l/{link['code']}"
    assert story["parameters"]["links"] == [short_url]
    assert story["links"] == [
        {
            "position": 0,
            "label": "Kargoyu takip et",
            "url": TARGET,
            "short_url": short_url,
            "clicks": 0,
            "first_clicked_at": None,
            "last_clicked_at": None,
        }
    ]
    route = sends(graph, tracked.world).mock(side_effect=accept_all)
    await dispatch(dispatcher)
    assert button_of(route) == link["code"]


async def test_the_approved_template_decides_not_the_style_of_the_business(
    driver: Driver, connection: asyncpg.Connection
) -> None:
    await driver.world.opt_in(PHONE)
    path = f"/v1/businesses/biz_{driver.world.business_id.hex}"
    assert (await driver.request("PATCH", path, json={"link_style": "tracked"})).status_code == 200
    message_id = await driver.accepted(shipped(ON_WEBSITE), event="order-shipped")
    story = await driver.story(message_id)
    assert (story["parameters"]["links"], story["links"]) == ([ON_WEBSITE], [])
    refused = problem(await driver.report(shipped(), event="order-shipped"), 422, "invalid_request")
    assert pointers(refused) == ["#/data/tracking_url"]
    assert await count(connection, "links") == 0


async def test_in_a_batch_each_message_has_its_own_links(tracked: Driver, connection: asyncpg.Connection) -> None:
    answer = await tracked.report_many(
        [
            {"type": "order-shipped", **shipped("https://a.example/1")},
            {"type": "order-confirmed", **order_confirmed()},
            {"type": "order-shipped", **shipped("nowhere")},
            {"type": "order-shipped", **shipped("https://b.example/2")},
        ]
    )
    results = answer.json()["results"]
    assert (answer.json()["accepted"], answer.json()["refused"]) == (3, 1)
    found = {f"msg_{link['message_id'].hex}": link["url"] for link in await links_of(connection)}
    assert found == {
        results[0]["message"]["id"]: "https://a.example/1",
        results[3]["message"]["id"]: "https://b.example/2",
    }


@pytest.mark.parametrize("how", ["alone", "in a batch"])
async def test_a_replay_makes_no_second_link(tracked: Driver, connection: asyncpg.Connection, how: str) -> None:
    async def report() -> httpx.Response:
        if how == "in a batch":
            return await tracked.report_many([{"type": "order-shipped", **shipped()}], key="once")
        return await tracked.report(shipped(), event="order-shipped", key="once")

    first = await report()
    before = await links_of(connection)
    again = await report()
    assert (again.headers["idempotency-replayed"], again.content) == ("true", first.content)
    assert len(before) == 1
    assert await links_of(connection) == before


async def test_two_apis_at_once_make_one_link(
    tracked: Driver, settings: Settings, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    async with another_api(settings, clock) as http:
        other = Driver(http, tracked.world)
        answers = await asyncio.gather(
            *(one.report(shipped(), event="order-shipped", key="once") for one in (tracked, other))
        )
    assert {answer.status_code for answer in answers} == {202}
    assert (await count(connection, "messages"), await count(connection, "links")) == (1, 1)


async def test_a_superseding_message_brings_its_link(tracked: Driver, connection: asyncpg.Connection) -> None:
    first = await tracked.accepted(shipped(reference="r"), event="order-shipped")
    second = await tracked.accepted(shipped(reference="r", supersedes="r"), event="order-shipped")
    assert (await tracked.story(first))["status"] == "canceled"
    assert len((await tracked.story(second))["links"]) == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [(TRACKED_BASES, TRACKED_BASES), (BASES, TRACKED_BASES), (TRACKED_BASES, BASES)],
    ids=["tracked", "plain to tracked", "tracked to plain"],
)
@pytest.mark.parametrize("turkish", ["APPROVED", "PAUSED"], ids=["edited", "other language"])
async def test_in_the_claim_the_link_is_what_the_template_then_is(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    connection: asyncpg.Connection,
    before: Bases,
    after: Bases,
    turkish: str,
) -> None:
    await driver.world.opt_in(PHONE)
    await approved(driver.world, before)
    message_id = await driver.accepted(shipped(ON_WEBSITE), event="order-shipped")
    had = await links_of(connection)
    await approved(driver.world, after, tr=turkish)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    await dispatch(dispatcher)
    story = await driver.story(message_id)
    assert (story["status"], story["language"]) == ("accepted", "en" if turkish == "PAUSED" else "tr")
    has = await links_of(connection)
    if after is BASES:
        assert button_of(route) == ON_WEBSITE.removeprefix("https://shop.example/")
        assert has == had, "what may have left in an earlier attempt still leads on"
        return
    (link,) = has
    assert (link["url"], button_of(route)) == (ON_WEBSITE, link["code"])
    assert not had or had == has, "the message keeps its code"
    assert story["parameters"]["links"] == [f"{PUBLIC_URL}/l/{link['code']}"]
    rule = story["decision"][-1]
    if turkish == "PAUSED":
        assert (rule["verdict"], rule["input"]["why"]) == ("switch", "template_paused")
    elif before is BASES:
        assert (rule["verdict"], rule["input"]["why"]) == ("refill", "template_changed")


async def test_a_message_waits_where_the_edited_template_cannot_take_its_link(
    tracked: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock
) -> None:
    message_id = await tracked.accepted(shipped(), event="order-shipped")
    await approved(tracked.world, BASES)
    route = sends(graph, tracked.world).mock(side_effect=accept_all)
    await dispatch(dispatcher)
    story = await tracked.story(message_id)
    assert (story["status"], story["reason"], route.call_count) == ("queued", "template_changed", 0)
    await approved(tracked.world)
    clock.advance(SECONDS)
    await dispatch(dispatcher)
    assert (await tracked.story(message_id))["status"] == "accepted"


async def test_whoever_follows_a_link_is_led_on_and_counted(
    tracked: Driver, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    message_id = await tracked.accepted(shipped(), event="order-shipped")
    code = (await links_of(connection))[0]["code"]
    first = clock.now()
    answer = await follow(tracked, code)
    assert (answer.status_code, answer.headers["location"], answer.content) == (302, TARGET, b"")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in answer.headers
    clock.advance(SECONDS)
    await follow(tracked, code)
    (link,) = (await tracked.story(message_id))["links"]
    assert link["clicks"] == 2
    shown = (link["first_clicked_at"], link["last_clicked_at"])
    assert shown == tuple(moment.isoformat().replace("+00:00", "Z") for moment in (first, first + SECONDS))


async def test_of_a_click_nothing_is_kept_but_its_time(tracked: Driver, connection: asyncpg.Connection) -> None:
    await follow(tracked, await code_of(tracked, connection), **{"User-Agent": "Telltale", "Referer": "https://me"})
    (click,) = (await rows(connection, "link_clicks"))["link_clicks"]
    assert set(click) == {"business_id", "message_id", "position", "id", "clicked_at"}


async def test_a_click_is_told_where_it_is_wanted(
    tracked: Driver, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    code = await code_of(tracked, connection)
    await follow(tracked, code)
    await want(tracked, ["link.clicked"])
    clock.advance(SECONDS)
    await follow(tracked, code)
    await follow(tracked, code, "HEAD")
    (event,) = await told(connection)
    message_id = (await tracked.request("GET", "/v1/messages")).json()["messages"][0]["id"]
    story = await tracked.story(message_id)
    assert event["type"] == "link.clicked"
    assert datetime.fromisoformat(event["data"].pop("occurred_at")) == clock.now()
    assert event["data"] == {
        **{name: story[name] for name in ("event_type", "sender", "reference", "metadata")},
        "message": message_id,
        "contact": {"id": story["contact"], "phone": PHONE, "bsuid": None},
        "position": 0,
        "url": TARGET,
        "erased": False,
    }
    assert (await tracked.request("DELETE", f"/v1/contacts/{PHONE}")).status_code == 200
    (event,) = await told(connection)
    assert (event["data"]["url"], event["data"]["contact"]["phone"], event["data"]["erased"]) == (None, None, True)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("GET", {"User-Agent": "WhatsApp/2.23.20.0 A"}),
        ("GET", {"User-Agent": "facebookexternalhit/1.1"}),
        ("GET", {"Sec-Purpose": "prefetch"}),
    ],
)
async def test_who_only_looks_is_led_on_and_not_counted(
    tracked: Driver, connection: asyncpg.Connection, method: str, headers: dict[str, str]
) -> None:
    answer = await follow(tracked, await code_of(tracked, connection), method, **headers)
    assert (answer.status_code, answer.headers["location"]) == (302, TARGET)
    assert await count(connection, "link_clicks") == 0


async def test_many_taps_at_once_are_all_counted(tracked: Driver, connection: asyncpg.Connection) -> None:
    codes = [await code_of(tracked, connection) for _ in range(3)]
    answers = await asyncio.gather(*(follow(tracked, codes[number % 3]) for number in range(300)))
    assert {answer.status_code for answer in answers} == {302}
    counts = await connection.fetch("SELECT count(*) FROM link_clicks GROUP BY message_id, position")
    assert [row["count"] for row in counts] == [100, 100, 100]


async def test_an_address_in_any_script_is_led_to(tracked: Driver, connection: asyncpg.Connection) -> None:
    await tracked.accepted(shipped("https://shop.example/sipariş?q=a%20b&n=1#ı"), event="order-shipped")
    answer = await follow(tracked, (await links_of(connection))[0]["code"])
    assert answer.headers["location"] == "https://shop.example/sipari%C5%9F?q=a%20b&n=1#%C4%B1"


async def test_a_host_of_other_letters_is_led_to_in_punycode(driver: Driver) -> None:
    await approved(driver.world)
    message_id = await driver.accepted(shipped("https://şirket.example/sipariş"), event="order-shipped")
    (link,) = (await driver.story(message_id))["links"]
    answer = await driver.request("GET", "/l/" + link["short_url"].rpartition("/")[2])
    assert answer.headers["location"] == "https://xn--irket-idb.example/sipari%C5%9F"


@pytest.mark.parametrize(
    ("accepted", "language", "title"),
    [("tr-TR,tr;q=0.9", "tr", "Bu bağlantı bulunamadı"), ("en-GB", "en", "This link was not found")],
)
@pytest.mark.parametrize("code", ["0123456789ab", "garbage", "%00", "0123456789ab%0A", "ı" * 12])
async def test_a_link_that_is_none_ends_on_a_page(
    driver: Driver, connection: asyncpg.Connection, code: str, accepted: str, language: str, title: str
) -> None:
    answer = await follow(driver, code, **{"Accept-Language": accepted})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-language"] == language
    assert title in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert await count(connection, "link_clicks") == 0


async def test_without_the_database_a_link_asks_for_patience_and_garbage_is_garbage_still(
    settings: Settings, clock: ManualClock, world: World
) -> None:
    away = settings.model_copy(update={"database_url": "postgresql://ulak@127.0.0.1:1/ulak"})
    async with another_api(away, clock) as http:
        answer = await http.get("/l/0123456789ab", headers={"Accept-Language": "en"})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert "This page cannot be opened right now" in answer.text
        assert (await http.get("/l/garbage")).status_code == 404


async def test_an_old_address_keeps_leading_on(
    driver: Driver, settings: Settings, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    await driver.world.opt_in(PHONE)
    await approved(driver.world, TRACKED_BASES)
    moved = settings.model_copy(update={"public_url": "https://new.example", "former_public_urls": [PUBLIC_URL]})
    async with another_api(moved, clock) as http:
        there = Driver(http, driver.world)
        message_id = await there.accepted(shipped(), event="order-shipped")
        (link,) = (await there.story(message_id))["links"]
        assert link["short_url"].startswith(f"{PUBLIC_URL}/l/"), "as the template begins"
        assert (await there.request("GET", "/l/" + link["short_url"].rpartition("/")[2])).status_code == 302


async def test_a_message_without_a_link_shows_none(driver: Driver, connection: asyncpg.Connection) -> None:
    await driver.world.opt_in(PHONE)
    message_id = await driver.accepted()
    assert (await driver.story(message_id))["links"] == []
    assert await count(connection, "links") == 0
