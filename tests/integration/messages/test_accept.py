"""What becomes of an event on its way in: consent, template, schedule, and what replaces what."""

import asyncio
from datetime import timedelta

import asyncpg
import httpx
import pytest
import respx

from app.container import Container
from app.core.clock import ManualClock
from app.core.settings import Settings
from app.messages.dispatch import Dispatcher
from app.templates.book import CHANNEL
from app.worker import build_dispatcher
from tests.support.driving import (
    PHONE,
    Driver,
    accept_all,
    count,
    dispatch,
    graph_calls,
    hearing_container,
    numbered_phone,
    opt_in_many,
    pointers,
    problem,
    rows,
    sends,
    sent_ids,
    waits_for,
)
from tests.support.world import World, build_world, meta_id_of, order_confirmed

OTHER_PHONE = "+905321112299"


def order_shipped(url: str) -> dict:
    return {
        "contact": {"phone": PHONE, "name": "Ayşe Yılmaz", "language": "tr"},
        "data": {
            "order_number": "A-1001",
            "carrier": "Yurtiçi Kargo",
            "tracking_number": "YK123456789",
            "tracking_url": url,
        },
    }


def template_status(world: World, event: str, **more: object) -> dict:
    value = {
        "event": event,
        "message_template_id": meta_id_of("order_confirmed"),
        "message_template_name": "order_confirmed",
        "message_template_language": "tr",
        "reason": "NONE",
        **more,
    }
    change = {"field": "message_template_status_update", "value": value}
    return {"object": "whatsapp_business_account", "entry": [{"id": world.waba_id, "time": 1, "changes": [change]}]}


def verdicts(story: dict) -> dict[str, str]:
    """The last verdict of each rule."""
    return {rule["rule"]: rule["verdict"] for rule in story["decision"]}


async def test_unknown_contact_has_given_no_consent(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter
) -> None:
    answer = await driver.report()
    assert answer.status_code == 202
    assert (answer.json()["status"], answer.json()["reason"]) == ("suppressed", "no_consent")
    await dispatch(dispatcher)
    story = await driver.story(answer.json()["id"])
    assert (story["status"], story["reason"], story["attempts"]) == ("suppressed", "no_consent", [])
    assert verdicts(story)["consent"] == "suppress"
    assert not graph_calls(graph)


async def test_opted_out_contact_is_not_told_and_meta_not_called(
    driver: Driver, dispatcher: Dispatcher, graph: respx.Router
) -> None:
    await driver.world.opt_in(PHONE)
    await driver.world.opt_out(PHONE)
    answer = await driver.report()
    assert (answer.json()["status"], answer.json()["reason"]) == ("suppressed", "opted_out")
    await dispatch(dispatcher)
    assert not graph_calls(graph)


async def test_consent_to_another_topic_is_none(driver: Driver) -> None:
    await driver.world.opt_in(PHONE, topics=["appointments"])
    assert (await driver.report()).json()["reason"] == "no_consent"
    await driver.world.opt_in(PHONE, topics=["orders"])
    assert (await driver.report()).json()["status"] == "queued"


async def test_message_waits_visibly_while_meta_reviews_the_template_and_leaves_when_it_is_approved(
    http: httpx.AsyncClient, container: Container, settings: Settings, clock: ManualClock, graph: respx.MockRouter
) -> None:
    world = await build_world(container, template_status="PENDING")
    driver = Driver(http, world)
    await world.opt_in(PHONE)
    route = sends(graph, world).mock(side_effect=accept_all)
    message_id = await driver.accepted()
    async with hearing_container(settings, clock, CHANNEL) as (worker, hear):
        dispatcher = build_dispatcher(worker)
        await dispatch(dispatcher)
        story = await driver.story(message_id)
        assert (story["status"], waits_for(story), story["reason"]) == ("queued", "template", "template_pending")
        assert story["attempts"] == []
        assert verdicts(story)["template"] == "hold"
        assert not route.calls

        answer = await driver.webhook(template_status(world, "APPROVED"))
        assert answer.status_code == 200
        assert await hear() == str(world.business_id)
        clock.advance(timedelta(seconds=1))  # less than the hold
        await dispatch(dispatcher)
    assert sent_ids(route) == [message_id]
    story = await driver.story(message_id)
    assert (story["status"], waits_for(story)) == ("accepted", None)
    assert [attempt["number"] for attempt in story["attempts"]] == [1]


async def test_message_that_waits_for_its_template_is_looked_at_again_though_no_webhook_came(
    http: httpx.AsyncClient,
    container: Container,
    dispatcher: Dispatcher,
    clock: ManualClock,
    connection: asyncpg.Connection,
    graph: respx.MockRouter,
) -> None:
    world = await build_world(container, template_status="PAUSED")
    driver = Driver(http, world)
    await world.opt_in(PHONE)
    route = sends(graph, world).mock(side_effect=accept_all)
    message_id = await driver.accepted()
    await dispatch(dispatcher)
    await connection.execute("UPDATE templates SET status = 'APPROVED'")
    container.book._accounts.clear()
    await dispatch(dispatcher)
    assert not route.calls
    clock.advance(timedelta(minutes=1))
    await dispatch(dispatcher)
    assert sent_ids(route) == [message_id]


async def test_message_that_waits_for_its_template_expires(
    http: httpx.AsyncClient, container: Container, dispatcher: Dispatcher, clock: ManualClock, graph: respx.MockRouter
) -> None:
    world = await build_world(container, template_status="PENDING")
    driver = Driver(http, world)
    await world.opt_in(PHONE)
    message_id = await driver.accepted()
    await dispatch(dispatcher)
    clock.advance(timedelta(hours=25))
    await dispatch(dispatcher)
    story = await driver.story(message_id)
    assert (story["status"], story["reason"], waits_for(story)) == ("expired", "expired", None)
    assert not graph_calls(graph)


async def test_rejected_template_is_named_and_nothing_stored(
    http: httpx.AsyncClient, container: Container, connection: asyncpg.Connection
) -> None:
    world = await build_world(container, template_status="REJECTED")
    await world.opt_in(PHONE)
    before = await rows(connection)
    body = problem(await Driver(http, world).report(key="k"), 409, "template_unusable")
    assert "order_confirmed" in body["detail"]
    assert "REJECTED" in body["detail"]
    assert await rows(connection) == before


async def test_missing_template_is_named_and_nothing_stored(driver: Driver, connection: asyncpg.Connection) -> None:
    await driver.world.opt_in(PHONE)
    await connection.execute("DELETE FROM templates")
    before = await rows(connection)
    body = problem(await driver.report(key="k"), 409, "template_missing")
    assert '"order_confirmed" in tr, en ' in body["detail"]
    assert "`ulak templates apply`" in body["detail"]
    assert await rows(connection) == before


async def test_template_of_another_language_stands_in_for_a_rejected_one(
    driver: Driver, connection: asyncpg.Connection
) -> None:
    await driver.world.opt_in(PHONE)
    await connection.execute("UPDATE templates SET status = 'REJECTED' WHERE language = 'tr'")
    answer = await driver.report()
    assert (answer.json()["status"], answer.json()["language"]) == ("queued", "en")


@pytest.mark.parametrize(
    "url", ["https://elsewhere.example/track/1", "https://shop.example.evil.example/1", "https://shop.example/"]
)
async def test_link_that_the_template_cannot_hold_is_refused_and_nothing_stored(
    driver: Driver, connection: asyncpg.Connection, url: str
) -> None:
    before = await rows(connection)
    body = problem(await driver.report(order_shipped(url), event="order-shipped"), 422, "invalid_request")
    assert pointers(body) == ["#/data/tracking_url"]
    assert await rows(connection) == before


async def test_link_within_the_website_is_taken(driver: Driver) -> None:
    answer = await driver.report(order_shipped("https://shop.example/track/YK1"), event="order-shipped")
    assert answer.status_code == 202


async def test_message_leaves_when_it_is_due_and_not_before(
    driver: Driver, dispatcher: Dispatcher, clock: ManualClock, graph: respx.MockRouter
) -> None:
    await driver.world.opt_in(PHONE)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    send_at = clock.now() + timedelta(hours=1)
    answer = await driver.report(order_confirmed(send_at=send_at.isoformat()))
    assert (answer.status_code, answer.json()["status"]) == (202, "scheduled")
    await dispatch(dispatcher)
    clock.advance(timedelta(minutes=59, seconds=59))
    await dispatch(dispatcher)
    assert not route.calls
    assert (await driver.story(answer.json()["id"]))["status"] == "scheduled"
    clock.advance(timedelta(seconds=1))
    await dispatch(dispatcher)
    assert sent_ids(route) == [answer.json()["id"]]


async def test_send_at_in_the_past_means_now(driver: Driver, clock: ManualClock) -> None:
    await driver.world.opt_in(PHONE)
    answer = await driver.report(order_confirmed(send_at=(clock.now() - timedelta(hours=1)).isoformat()))
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")


async def test_message_that_is_stale_at_the_claim_expires(
    driver: Driver, dispatcher: Dispatcher, clock: ManualClock, graph: respx.MockRouter
) -> None:
    await driver.world.opt_in(PHONE)
    message_id = await driver.accepted(order_confirmed(expires_at=(clock.now() + timedelta(minutes=5)).isoformat()))
    clock.advance(timedelta(minutes=5))
    await dispatch(dispatcher)
    story = await driver.story(message_id)
    assert (story["status"], story["reason"], story["attempts"]) == ("expired", "expired", [])
    assert verdicts(story)["expiry"] == "expire"
    assert not graph_calls(graph)


@pytest.mark.parametrize("event", ["order-confirmed", "appointment-reminder"])
async def test_event_types_time_to_live_counts_from_send_at(driver: Driver, clock: ManualClock, event: str) -> None:
    send_at = clock.now() + timedelta(hours=3)
    data = {"starts_at": "2026-11-24T14:30:00+03:00", "place": "Klinik"}
    body = order_confirmed(send_at=send_at.isoformat())
    answer = await driver.report(body if event == "order-confirmed" else {**body, "data": data}, event=event)
    hours = {"order-confirmed": 24, "appointment-reminder": 12}[event]
    story = await driver.story(answer.json()["id"])
    assert story["expires_at"] == (send_at + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


async def test_newer_event_replaces_the_waiting_one_of_the_same_contact_only(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock
) -> None:
    await driver.world.opt_in(PHONE, OTHER_PHONE)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    sent = await driver.accepted(order_confirmed(reference="order-1"))
    await dispatch(dispatcher)
    later = (clock.now() + timedelta(hours=1)).isoformat()
    queued = await driver.accepted(order_confirmed(reference="order-1"))
    scheduled = await driver.accepted(order_confirmed(reference="order-1", send_at=later))
    other_contact = await driver.accepted(order_confirmed(OTHER_PHONE, reference="order-1"))
    other_reference = await driver.accepted(order_confirmed(reference="order-2"))
    newer = await driver.accepted(order_confirmed(reference="order-1", supersedes="order-1"))
    for gone in (queued, scheduled):
        story = await driver.story(gone)
        assert (story["status"], story["reason"]) == ("canceled", "superseded")
    assert (await driver.story(sent))["status"] == "accepted"
    clock.advance(timedelta(seconds=1))
    await dispatch(dispatcher)
    assert sorted(sent_ids(route)) == sorted([sent, other_contact, other_reference, newer])


async def test_newer_event_replaces_the_older_one_of_the_same_batch(driver: Driver) -> None:
    await driver.world.opt_in(PHONE)
    answer = await driver.report_many(
        [
            {"type": "order-confirmed", **order_confirmed(reference="order-1")},
            {"type": "order-confirmed", **order_confirmed(reference="order-1", supersedes="order-1")},
        ]
    )
    older, newer = (result["message"]["id"] for result in answer.json()["results"])
    assert (await driver.story(older))["status"] == "canceled"
    assert (await driver.story(newer))["status"] == "queued"


async def test_refused_event_supersedes_nothing(driver: Driver) -> None:
    await driver.world.opt_in(PHONE)
    waiting = await driver.accepted(order_confirmed(reference="order-1"))
    refused = {**order_shipped("https://elsewhere.example/1"), "supersedes": "order-1"}
    assert (await driver.report(refused, event="order-shipped")).status_code == 422
    assert (await driver.story(waiting))["status"] == "queued"


async def test_requests_that_come_together_share_transactions(
    driver: Driver, container: Container, connection: asyncpg.Connection
) -> None:
    await opt_in_many(container, driver.world, 100)
    await driver.report()  # fills the caches
    answers = await asyncio.gather(*(driver.report(order_confirmed(numbered_phone(one))) for one in range(100)))
    assert {answer.status_code for answer in answers} == {202}
    assert await count(connection, "messages") == 101
    transactions = await connection.fetchval("SELECT count(DISTINCT xmin::text) FROM messages")
    assert transactions < 50


async def test_event_that_cannot_be_decided_spoils_none_that_share_its_transaction(
    driver: Driver, container: Container, connection: asyncpg.Connection
) -> None:
    await opt_in_many(container, driver.world, 20)
    await driver.report()
    bodies = [order_confirmed(numbered_phone(one)) for one in range(20)]
    bodies[7]["send_at"] = "9999-12-31T23:59:59Z"
    answers = await asyncio.gather(*(driver.report(body) for body in bodies))
    assert [answer.status_code for answer in answers] == [202] * 7 + [422] + [202] * 12
    assert await count(connection, "messages") == 20


async def test_business_without_a_number_is_told_so(
    http: httpx.AsyncClient, container: Container, connection: asyncpg.Connection
) -> None:
    world = await build_world(container)
    live = await container.accounts.create_key(world.business_id, "live", mode="live")
    before = await rows(connection)
    answer = await Driver(http, world).report(Authorization=f"Bearer {live}")
    problem(answer, 409, "sender_missing")
    assert await rows(connection) == before


async def test_text_of_any_script_arrives_as_it_was_written(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter
) -> None:
    name = "İıŞğ محمد بن عبد الله \u202eabc\u202c 👩🏽‍🚀"
    await driver.world.opt_in(PHONE)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    message_id = await driver.accepted(
        order_confirmed(
            contact={"phone": PHONE, "name": name, "language": "tr"}, metadata={"ключ": "değer 🎉"}, reference="סימן-1"
        )
    )
    story = await driver.story(message_id)
    assert story["metadata"] == {"ключ": "değer 🎉"}
    assert story["reference"] == "סימן-1"
    await dispatch(dispatcher)
    body = httpx.Response(200, content=route.calls.last.request.content).json()
    parameters = body["template"]["components"][-1]["parameters"]
    assert {"type": "text", "parameter_name": "customer_name", "text": name} in parameters


async def test_what_events_say_of_a_contact_is_kept_where_nothing_is_known_yet(driver: Driver) -> None:
    await driver.world.opt_in(PHONE)
    about = {"phone": PHONE, "name": "Jane Smith", "language": "en", "time_zone": "Asia/Tokyo"}
    await driver.accepted(order_confirmed(contact=about))
    later = await driver.report(order_confirmed(contact={"phone": PHONE}))
    assert later.json()["language"] == "en"
    story = await driver.story(later.json()["id"])
    assert story["parameters"]["texts"]["customer_name"] == "Jane Smith"
    await driver.accepted(order_confirmed(contact={"phone": PHONE, "name": "Eski", "language": "tr"}))
    contact = (await driver.request("GET", f"/v1/contacts/{PHONE}")).json()
    assert (contact["name"], contact["language"], contact["time_zone"]) == ("Jane Smith", "en", "Asia/Tokyo")


async def test_of_a_refused_event_nothing_is_learnt(driver: Driver, connection: asyncpg.Connection) -> None:
    await driver.world.opt_in(PHONE)
    before = await rows(connection)
    refused = await driver.report(order_confirmed(contact={"phone": PHONE, "name": "Ayşe"}, language="tr", data={}))
    problem(refused, 422, "invalid_request")
    too_long = {"order_number": "A-1", "total": {"amount": 10**15, "currency": "TRY"}, "more": 1}
    problem(
        await driver.report(order_confirmed(contact={"phone": PHONE, "name": "A"}, data=too_long)),
        422,
        "invalid_request",
    )
    assert await rows(connection) == before


@pytest.mark.parametrize("name", ["\u200b", "\u2060\ufeff", "\u3164", "\u00ad\u2800"])
async def test_a_text_that_shows_nothing_is_none(driver: Driver, name: str) -> None:
    refused = problem(
        await driver.report(order_confirmed(contact={"phone": PHONE, "name": name})), 422, "invalid_request"
    )
    assert pointers(refused) == ["#/contact/name"]
