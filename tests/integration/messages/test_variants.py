"""Several templates of one event type: which of them a message goes by, as Meta takes one away or makes another thing
of it."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
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
from app.templates import chains
from tests.support.driving import (
    PHONE,
    Driver,
    accept_all,
    dispatch,
    hearing_container,
    opt_in_many,
    problem,
    sends,
    waits_for,
)
from tests.support.world import World, meta_id_of, order_confirmed

OWN, SHORT = "order_confirmed", "order_confirmed_short"
TICK = timedelta(seconds=1)
LONG = timedelta(minutes=11)
"""Longer than what waits is ever left alone."""
EVERYWHERE = "UPDATE templates SET {} WHERE name LIKE 'order_confirmed%'"
UNUSABLE = ["REJECTED", "DISABLED", "ARCHIVED", "DELETED", "PENDING_DELETION", "LIMIT_EXCEEDED"]
WAITING = ["PAUSED", "PENDING", "IN_APPEAL", "LOCKED"]


@pytest.fixture
def route(graph: respx.MockRouter, driver: Driver) -> respx.Route:
    return sends(graph, driver.world).mock(side_effect=accept_all)


@pytest.fixture
async def short(driver: Driver, connection: asyncpg.Connection) -> None:
    """The second variant, in Turkish alone."""
    await driver.world.opt_in(PHONE)
    await add_short(connection)
    await vary(driver.world, [OWN, SHORT])


async def add_short(connection: asyncpg.Connection, status: str = "APPROVED") -> None:
    text = "{{customer_name}}, {{order_number}} siparişinizi aldık: {{total}}."
    await connection.execute(
        """
        INSERT INTO templates (business_id, id, waba_id, name, language, meta_id, status, category, parameter_format,
                               components, version, known_at)
        SELECT business_id, gen_random_uuid(), waba_id, $1, 'tr', 'S1', $2, 'UTILITY', 'NAMED', $3, 4, known_at
          FROM templates WHERE name = 'order_confirmed' AND language = 'tr'
        """,
        SHORT,
        status,
        orjson.dumps([{"type": "BODY", "text": text}]).decode(),
    )


async def vary(world: World, names: Sequence[str], *, mode: Any = "test") -> None:
    async with world.container.database.transaction() as session:
        await chains.write(session, world.business_id, mode, "order-confirmed", names)
    forget(world)


def forget(world: World) -> None:
    """As the notifications of what changed would."""
    world.container.book._accounts.clear()
    world.container.chains.forget(world.business_id)
    world.container.directory.forget()


async def becomes(driver: Driver, connection: asyncpg.Connection, name: str, language: str = "tr", **what: str) -> None:
    """What Meta does to a template after the messages were taken."""
    for column, value in what.items():
        await connection.execute(
            f"UPDATE templates SET {column} = $3 WHERE name = $1 AND language = $2",  # noqa: S608
            name,
            language,
            value,
        )
    forget(driver.world)


async def told(driver: Driver, field: str, name: str, **value: Any) -> None:
    meta_id = "S1" if name == SHORT else meta_id_of(name)
    about = {"message_template_id": meta_id, "message_template_name": name, "message_template_language": "tr"}
    entry = {"id": driver.world.waba_id, "changes": [{"field": field, "value": about | value}]}
    answer = await driver.webhook({"object": "whatsapp_business_account", "entry": [entry]})
    assert answer.status_code == 200, answer.text
    forget(driver.world)


async def sent_by(driver: Driver, message_id: str) -> tuple[str, str, str, int]:
    story = await driver.story(message_id)
    return story["status"], story["template"], story["language"], story["template_version"]


async def waits(driver: Driver, message_id: str) -> tuple[str, str | None, str | None]:
    story = await driver.story(message_id)
    return story["status"], waits_for(story), story["reason"]


def names_sent(route: respx.Route) -> list[str]:
    return [orjson.loads(call.request.content)["template"]["name"] for call in route.calls]


@pytest.mark.parametrize("status", [*UNUSABLE, *WAITING])
@pytest.mark.usefixtures("short")
async def test_sibling_in_the_same_language_serves_before_another_language(
    driver: Driver,
    dispatcher: Dispatcher,
    route: respx.Route,
    connection: asyncpg.Connection,
    clock: ManualClock,
    status: str,
) -> None:
    message_id = await driver.accepted()
    assert await sent_by(driver, message_id) == ("queued", OWN, "tr", 1)
    await becomes(driver, connection, OWN, status=status)
    await dispatch(dispatcher)
    assert await sent_by(driver, message_id) == ("accepted", SHORT, "tr", 4)
    (call,) = route.calls
    sent = orjson.loads(call.request.content)["template"]
    assert (sent["name"], sent["language"]) == (SHORT, {"code": "tr"})
    assert [one["text"] for one in sent["components"][0]["parameters"]] == ["Ayşe Yılmaz", "A-1001", "1.299,90 ₺"]
    rule = (await driver.story(message_id))["decision"][-1]
    assert (rule["rule"], rule["verdict"], rule["input"]["why"]) == ("template", "switch", f"template_{status.lower()}")


@pytest.mark.usefixtures("short")
async def test_another_language_serves_where_no_sibling_does(
    driver: Driver, dispatcher: Dispatcher, route: respx.Route, connection: asyncpg.Connection
) -> None:
    message_id = await driver.accepted()
    await becomes(driver, connection, OWN, status="PAUSED")
    await becomes(driver, connection, SHORT, status="REJECTED")
    await dispatch(dispatcher)
    assert await sent_by(driver, message_id) == ("accepted", OWN, "en", 1)
    assert names_sent(route) == [OWN]


@pytest.mark.parametrize("which", [OWN, SHORT])
@pytest.mark.usefixtures("short")
async def test_with_none_left_the_message_waits_and_leaves_by_whichever_meta_approves_first(
    driver: Driver,
    dispatcher: Dispatcher,
    route: respx.Route,
    connection: asyncpg.Connection,
    clock: ManualClock,
    which: str,
) -> None:
    message_id = await driver.accepted()
    await connection.execute(EVERYWHERE.format("status = 'DISABLED'"))
    await becomes(driver, connection, OWN, status="PAUSED")
    for _ in range(3):
        await dispatch(dispatcher)
        clock.advance(TICK)
    assert await waits(driver, message_id) == ("queued", "template", "template_paused")
    assert not route.calls
    await told(driver, "message_template_status_update", which, event="APPROVED")
    await dispatch(dispatcher)
    assert (await sent_by(driver, message_id))[:3] == ("accepted", which, "tr")
    assert names_sent(route) == [which]


@pytest.mark.usefixtures("short")
async def test_what_waits_until_it_expires_ends_as_that(
    driver: Driver, dispatcher: Dispatcher, route: respx.Route, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    message_id = await driver.accepted()
    await connection.execute(EVERYWHERE.format("status = 'PAUSED'"))
    forget(driver.world)
    await dispatch(dispatcher)
    clock.advance(timedelta(days=1))
    await dispatch(dispatcher)
    assert (await driver.story(message_id))["status"] == "expired"
    assert not route.calls


@pytest.mark.parametrize("status", [*UNUSABLE, *WAITING])
@pytest.mark.usefixtures("short")
async def test_new_message_takes_the_first_that_may_be_used(
    driver: Driver, connection: asyncpg.Connection, status: str
) -> None:
    await becomes(driver, connection, OWN, status=status)
    assert await sent_by(driver, await driver.accepted()) == ("queued", SHORT, "tr", 4)


@pytest.mark.usefixtures("short")
async def test_new_message_waits_for_what_may_come_back_rather_than_be_refused(
    driver: Driver, dispatcher: Dispatcher, route: respx.Route, connection: asyncpg.Connection
) -> None:
    await connection.execute(EVERYWHERE.format("status = 'DISABLED'"))
    await becomes(driver, connection, SHORT, status="PAUSED")
    message_id = await driver.accepted()
    assert (await sent_by(driver, message_id))[1] == SHORT
    await dispatch(dispatcher)
    assert await waits(driver, message_id) == ("queued", "template", "template_paused")
    assert not route.calls


@pytest.mark.usefixtures("short")
async def test_new_message_for_which_nothing_will_come_back_is_refused(
    driver: Driver, connection: asyncpg.Connection
) -> None:
    await connection.execute(EVERYWHERE.format("status = 'REJECTED', rejected_reason = 'PROMOTIONAL'"))
    refused = problem(await driver.report(), 409, "template_unusable")
    assert "PROMOTIONAL" in refused["detail"]


@pytest.mark.usefixtures("short")
async def test_variants_of_live_keys_are_no_concern_of_test_keys(
    driver: Driver, dispatcher: Dispatcher, route: respx.Route, connection: asyncpg.Connection
) -> None:
    async with driver.world.container.database.transaction() as session:
        await chains.write(session, driver.world.business_id, "test", "order-confirmed", None)
    await vary(driver.world, [SHORT], mode="live")
    message_id = await driver.accepted()
    await becomes(driver, connection, OWN, status="PAUSED")
    await dispatch(dispatcher)
    assert await sent_by(driver, message_id) == ("accepted", OWN, "en", 1)


@pytest.mark.usefixtures("short")
async def test_first_of_the_chain_is_taken_and_its_order_may_change(driver: Driver, dispatcher: Dispatcher) -> None:
    await vary(driver.world, [SHORT, OWN])
    assert await sent_by(driver, await driver.accepted()) == ("queued", SHORT, "tr", 4)


async def test_change_of_a_chain_is_heard_by_every_process(
    world: World, settings: Settings, clock: ManualClock
) -> None:
    business_id = world.business_id
    async with hearing_container(settings, clock, chains.CHANNEL) as (other, hear):
        assert await other.chains.of(business_id, "test") == {}
        for names in ([OWN, SHORT], [SHORT, OWN]):
            async with world.container.database.transaction() as session:
                await chains.write(session, business_id, "test", "order-confirmed", names)
            assert await hear() == str(business_id)
            assert await other.chains.of(business_id, "test") == {"order-confirmed": tuple(names)}
        async with world.container.database.transaction() as session:
            assert await chains.promote(session, business_id, "test", "order-confirmed", OWN) == (OWN, SHORT)
            await chains.join(session, business_id, "test", "order-confirmed", SHORT)
            await chains.join(session, business_id, "test", "order-confirmed", "order_confirmed_plain")
        assert await hear() == str(business_id)
        found = await other.chains.of(business_id, "test")
        assert found["order-confirmed"] == (OWN, SHORT, "order_confirmed_plain")
        assert await other.chains.of(business_id, "live") == {}


async def test_variant_that_is_added_serves_what_waits(
    driver: Driver, dispatcher: Dispatcher, route: respx.Route, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    await driver.world.opt_in(PHONE)
    message_id = await driver.accepted()
    await connection.execute(EVERYWHERE.format("status = 'PAUSED'"))
    forget(driver.world)
    await dispatch(dispatcher)
    assert await waits(driver, message_id) == ("queued", "template", "template_paused")
    await add_short(connection)
    await vary(driver.world, [OWN, SHORT])
    clock.advance(LONG)
    await dispatch(dispatcher)
    assert await sent_by(driver, message_id) == ("accepted", SHORT, "tr", 4)


@pytest.mark.usefixtures("short")
async def test_what_meta_made_marketing_of_gives_way_to_its_sibling(
    driver: Driver, dispatcher: Dispatcher, route: respx.Route, connection: asyncpg.Connection
) -> None:
    message_id = await driver.accepted()
    category = {"new_category": "MARKETING", "previous_category": "UTILITY"}
    await told(driver, "template_category_update", OWN, **category)
    await dispatch(dispatcher)
    assert await sent_by(driver, message_id) == ("accepted", SHORT, "tr", 4)
    rule = (await driver.story(message_id))["decision"][-1]
    assert (rule["verdict"], rule["input"]["why"]) == ("switch", "template_recategorised")


async def accept(driver: Driver, connection: asyncpg.Connection, name: str = OWN) -> None:
    found = await connection.fetchval("SELECT id FROM templates WHERE name = $1 AND language = 'tr'", name)
    path = f"/v1/templates/tpl_{found.hex}/accept-category"
    answer = await driver.request("POST", path, json={"category": "MARKETING"})
    assert answer.status_code == 200, answer.text
    forget(driver.world)


@pytest.mark.parametrize(
    ("topics", "ends"),
    [(["*"], ("suppressed", "no_marketing_consent")), (["*", "marketing"], ("accepted", None))],
    ids=["utility", "marketing"],
)
async def test_what_meta_made_marketing_of_waits_until_a_person_accepts_it_and_then_asks_for_its_own_consent(
    driver: Driver,
    dispatcher: Dispatcher,
    route: respx.Route,
    connection: asyncpg.Connection,
    clock: ManualClock,
    topics: list[str],
    ends: tuple[str, str | None],
) -> None:
    await driver.world.opt_in(PHONE, topics=topics)
    before = await driver.accepted()
    await connection.execute(EVERYWHERE.format("category = 'MARKETING'"))
    forget(driver.world)
    for _ in range(3):
        await dispatch(dispatcher)
        clock.advance(TICK)
    assert await waits(driver, before) == ("queued", "template", "template_recategorised")
    assert not route.calls, "whoever agreed to marketing did not agree to this as that"
    await connection.execute("UPDATE templates SET status = 'REJECTED' WHERE language = 'en'")
    await accept(driver, connection)
    await dispatch(dispatcher)
    story = await driver.story(before)
    assert (story["status"], story["reason"]) == ends


async def test_new_message_by_what_meta_made_marketing_of_waits_too(
    driver: Driver, dispatcher: Dispatcher, route: respx.Route, connection: asyncpg.Connection
) -> None:
    await driver.world.opt_in(PHONE, topics=["*", "marketing"])
    await connection.execute(EVERYWHERE.format("category = 'MARKETING'"))
    message_id = await driver.accepted()
    story = await driver.story(message_id)
    (rule,) = [one for one in story["decision"] if one["rule"] == "template"]
    assert (rule["verdict"], rule["input"]["why"]) == ("hold", "template_recategorised")
    await dispatch(dispatcher)
    assert await waits(driver, message_id) == ("queued", "template", "template_recategorised")
    assert not route.calls


@pytest.mark.usefixtures("short")
async def test_who_agreed_to_no_marketing_gets_the_sibling_of_what_was_accepted_as_that(
    driver: Driver, dispatcher: Dispatcher, route: respx.Route, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    agreed = "+905321112299"
    await driver.world.opt_in(agreed, topics=["*", "marketing"])
    ids = [await driver.accepted(order_confirmed(phone)) for phone in (PHONE, agreed)]
    await becomes(driver, connection, OWN, category="MARKETING", accepted_category="MARKETING")
    for _ in range(2):
        clock.advance(TICK)
        await dispatch(dispatcher)
    assert [(await sent_by(driver, one))[:2] for one in ids] == [("accepted", SHORT), ("accepted", OWN)]


@pytest.mark.parametrize(
    ("wish", "sibling", "alone"),
    [
        ("continue", ("accepted", OWN), ("accepted", None)),
        ("switch", ("accepted", SHORT), ("accepted", None)),
        ("hold", ("accepted", SHORT), ("queued", "template_category_notice")),
    ],
)
@pytest.mark.parametrize("has_sibling", [True, False])
async def test_notice_of_another_category_is_heeded_as_the_business_wants(
    driver: Driver,
    dispatcher: Dispatcher,
    route: respx.Route,
    connection: asyncpg.Connection,
    wish: str,
    sibling: tuple[str, str],
    alone: tuple[str, str | None],
    *,
    has_sibling: bool,
) -> None:
    changed = await driver.request("PATCH", "/v1/businesses/me", json={"on_category_notice": wish})
    assert (changed.status_code, changed.json()["on_category_notice"]) == (200, wish)
    await driver.world.opt_in(PHONE)
    await connection.execute("UPDATE templates SET status = 'REJECTED' WHERE language = 'en'")
    if has_sibling:
        await add_short(connection)
        await vary(driver.world, [OWN, SHORT])
    message_id = await driver.accepted()
    notice = {"new_category": "UTILITY", "correct_category": "MARKETING", "category_update_timestamp": 1_795_486_400}
    await told(driver, "template_category_update", OWN, **notice)
    await dispatch(dispatcher)
    story = await driver.story(message_id)
    if has_sibling:
        assert (story["status"], story["template"]) == sibling
    else:
        assert (story["status"], story["reason"], story["template"]) == (*alone, OWN)
        assert (waits_for(story) == "template") == (wish == "hold")


async def test_notice_that_was_accepted_holds_nothing(
    driver: Driver, dispatcher: Dispatcher, route: respx.Route, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    await driver.request("PATCH", "/v1/businesses/me", json={"on_category_notice": "hold"})
    await driver.world.opt_in(PHONE)
    message_id = await driver.accepted()
    await connection.execute(EVERYWHERE.format("correct_category = 'MARKETING'"))
    forget(driver.world)
    await dispatch(dispatcher)
    assert await waits(driver, message_id) == ("queued", "template", "template_category_notice")
    await accept(driver, connection)
    await dispatch(dispatcher)
    assert await sent_by(driver, message_id) == ("accepted", OWN, "tr", 1), "it is utility until it takes effect"


@pytest.mark.parametrize("change", [{"status": "PAUSED"}, {"category": "MARKETING"}], ids=["paused", "recategorised"])
@pytest.mark.usefixtures("short")
async def test_what_may_have_left_is_never_sent_by_another_template(
    driver: Driver,
    dispatcher: Dispatcher,
    route: respx.Route,
    connection: asyncpg.Connection,
    clock: ManualClock,
    change: dict[str, str],
) -> None:
    message_id = await driver.accepted()
    route.mock(side_effect=httpx.ReadTimeout("silent"))
    await dispatch(dispatcher)
    assert (await driver.story(message_id))["status"] == "unconfirmed"
    route.mock(side_effect=accept_all)
    await becomes(driver, connection, OWN, **change)
    for _ in range(3):
        clock.advance(LONG)
        await dispatch(dispatcher)
    assert (await waits(driver, message_id))[:2] == ("queued", "template")
    assert names_sent(route) == [OWN]
    await becomes(driver, connection, OWN, status="APPROVED", category="UTILITY")
    clock.advance(LONG)
    await dispatch(dispatcher)
    assert (await sent_by(driver, message_id))[:2] == ("accepted", OWN)
    assert names_sent(route) == [OWN, OWN]


@pytest.mark.usefixtures("short")
async def test_what_may_have_left_by_what_was_accepted_as_marketing_goes_to_nobody_else(
    driver: Driver, dispatcher: Dispatcher, route: respx.Route, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    """The sibling is not for it, and its own template not for its customer: it does not wait."""
    message_id = await driver.accepted()
    route.mock(side_effect=httpx.ReadTimeout("silent"))
    await dispatch(dispatcher)
    route.mock(side_effect=accept_all)
    await becomes(driver, connection, OWN, category="MARKETING", accepted_category="MARKETING")
    for _ in range(2):
        clock.advance(LONG)
        await dispatch(dispatcher)
    story = await driver.story(message_id)
    assert (story["status"], story["reason"]) == ("suppressed", "no_marketing_consent")
    assert names_sent(route) == [OWN]


@pytest.mark.usefixtures("short")
async def test_what_may_have_left_does_not_give_way_to_a_notice(
    driver: Driver, dispatcher: Dispatcher, route: respx.Route, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    """Neither is it held: its own template may be used."""
    message_id = await driver.accepted()
    route.mock(side_effect=httpx.ReadTimeout("silent"))
    await dispatch(dispatcher)
    route.mock(side_effect=accept_all)
    await becomes(driver, connection, OWN, correct_category="MARKETING")
    for _ in range(2):
        clock.advance(LONG)
        await dispatch(dispatcher)
    assert names_sent(route) == [OWN, OWN]
    assert (await sent_by(driver, message_id))[:2] == ("accepted", OWN)


@pytest.mark.usefixtures("short")
async def test_version_is_that_by_which_the_message_left(
    driver: Driver, dispatcher: Dispatcher, route: respx.Route, connection: asyncpg.Connection
) -> None:
    """Whatever it was filled for: an edit that takes the same values is sent as it is."""
    message_id = await driver.accepted()
    await connection.execute(EVERYWHERE.format("version = 7"))
    forget(driver.world)
    assert (await driver.story(message_id))["template_version"] == 1
    await dispatch(dispatcher)
    assert await sent_by(driver, message_id) == ("accepted", OWN, "tr", 7)


async def test_message_is_filled_anew_for_an_edit_that_asks_for_other_values(
    driver: Driver, dispatcher: Dispatcher, route: respx.Route, connection: asyncpg.Connection
) -> None:
    await driver.world.opt_in(PHONE)
    message_id = await driver.accepted()
    less = orjson.dumps([{"type": "BODY", "text": "{{order_number}} numaralı siparişinizi aldık."}]).decode()
    await connection.execute(EVERYWHERE.format("version = 2, components = $1"), less)
    forget(driver.world)
    await dispatch(dispatcher)
    assert await sent_by(driver, message_id) == ("accepted", OWN, "tr", 2)
    (component,) = orjson.loads(route.calls.last.request.content)["template"]["components"]
    assert [one["text"] for one in component["parameters"]] == ["A-1001"]


async def test_use_of_a_template_is_remembered_in_the_end(
    driver: Driver, dispatcher: Dispatcher, route: respx.Route, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    """Meta archives what nobody uses for a year."""
    used = "SELECT name, language, last_used_at FROM templates WHERE last_used_at IS NOT NULL"
    await driver.world.opt_in(PHONE)
    for _ in range(2):
        await driver.accepted()
        clock.advance(TICK)
        await dispatch(dispatcher)
        assert route.call_count
        await driver.world.container.template_use.flush()
        assert [tuple(one) for one in await connection.fetch(used)] == [(OWN, "tr", clock.now())]
    await driver.world.container.template_use.flush()
    assert [tuple(one) for one in await connection.fetch(used)] == [(OWN, "tr", clock.now())]


async def test_a_crowd_that_waits_for_a_template_does_not_hold_up_what_stands_behind_it(
    driver: Driver, dispatcher: Dispatcher, route: respx.Route, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    await opt_in_many(driver.world.container, driver.world, 60)
    crowd = await driver.accepted_many(60)
    clock.advance(TICK)
    await driver.world.opt_in(PHONE)
    cancelled = dict(catalogue()["order-cancelled"].examples["tr"]) | {"contact": {"phone": PHONE}}
    answer = (await driver.report_many([{"type": "order-cancelled", **cancelled}])).json()
    behind = answer["results"][0]["message"]["id"]
    for language in ("tr", "en"):
        await becomes(driver, connection, OWN, language, status="PAUSED")
    for _ in range(2):  # the first finds the crowd, of which the pace lets it look at a few
        await dispatch(dispatcher)
        clock.advance(timedelta(milliseconds=100))
    assert await sent_by(driver, behind) == ("accepted", "order_cancelled", "tr", 1)
    held = "SELECT count(*) FROM messages WHERE waiting_for = 'template' AND reason = 'template_paused'"
    assert await connection.fetchval(held) == len(crowd)
    await told(driver, "message_template_status_update", OWN, event="APPROVED", reason=None)
    for _ in range(len(crowd)):
        await dispatch(dispatcher)
        clock.advance(TICK)
    assert Counter(names_sent(route)) == {"order_cancelled": 1, OWN: len(crowd)}


async def test_of_a_crowd_those_who_prefer_another_channel_are_not_held(
    driver: Driver, dispatcher: Dispatcher, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    await opt_in_many(driver.world.container, driver.world, 20)
    crowd = await driver.accepted_many(20)
    last = await driver.story(crowd[-1])
    preferred = await driver.consent(last["to"], act="channel", source="account_settings", channel="email")
    assert preferred.is_success, preferred.text
    for language in ("tr", "en"):
        await becomes(driver, connection, OWN, language, status="PAUSED")
    for _ in range(4):
        await dispatch(dispatcher)
        clock.advance(timedelta(milliseconds=100))
    found = await connection.fetch("SELECT status, reason, count(*) AS n FROM messages GROUP BY 1, 2")
    assert {(row["status"], row["reason"]): row["n"] for row in found} == {
        ("queued", "template_paused"): 19,
        ("suppressed", "preferred_channel"): 1,
    }
