"""What is old enough is forgotten, in small batches, and never what is still to be sent."""

from datetime import timedelta

import asyncpg
import pytest
import respx
from prometheus_client import REGISTRY

from app.container import Container
from app.core.clock import ManualClock
from app.core.ids import new_id
from app.core.settings import Settings
from app.messages.dispatch import Dispatcher
from app.privacy import retention
from app.provider_events.models import KeptItem
from tests.integration.privacy.person import NAME, ORDER, PHONE, WORDS, Person, event, left_of, reply, well_known
from tests.support.driving import Driver, another_api, dispatch, problem, rows
from tests.support.world import status_item, webhook


async def keeps(driver: Driver, container: Container, **days: int | None) -> None:
    answer = await driver.request(
        "PATCH", f"/v1/businesses/biz_{driver.world.business_id.hex}", json={"retention": days}
    )
    assert answer.status_code == 200, answer.text
    container.directory.forget()


@pytest.fixture
async def person(driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock) -> Person:
    return await well_known(driver, dispatcher, graph, clock)


@pytest.mark.usefixtures("person")
async def test_nothing_is_forgotten_where_nothing_is_said(
    container: Container, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    clock.advance(timedelta(days=3650))
    before = await rows(connection)
    assert not any((await container.retention.run()).values())
    assert await rows(connection) == before


async def test_messages_lose_what_they_said(
    driver: Driver, container: Container, connection: asyncpg.Connection, clock: ManualClock, person: Person
) -> None:
    await keeps(driver, container, messages=30)
    clock.advance(timedelta(days=29))
    assert (await container.retention.run())["messages"] == 0
    clock.advance(timedelta(days=2))
    assert (await container.retention.run())["messages"] == 2
    told = await driver.story(person.sent)
    assert (told["to"], told["data"], told["parameters"], told["metadata"]) == (None, {}, {}, None)
    assert told["content_erased_at"] is not None
    assert (told["status"], told["reference"]) == ("delivered", f"order-{ORDER}")
    listed = (await driver.request("GET", "/v1/messages", params={"contact": PHONE})).json()["messages"]
    assert len(listed) == 3, "they are still the contact's"
    waiting = await driver.story(person.waiting)
    assert (waiting["status"], waiting["to"]) == ("scheduled", PHONE)
    assert "content_erased_at" not in waiting


async def test_what_waits_keeps_its_words_until_it_is_over(
    driver: Driver, container: Container, connection: asyncpg.Connection, clock: ManualClock, person: Person
) -> None:
    await keeps(driver, container, messages=1)
    clock.advance(timedelta(days=2))
    await container.retention.run()
    assert (await driver.story(person.waiting))["data"]["order_number"] == ORDER
    assert (await driver.request("POST", f"/v1/messages/{person.waiting}/cancel")).status_code == 200
    assert (await container.retention.run())["messages"] == 1
    assert (await driver.story(person.waiting))["data"] == {}
    assert (await rows(connection, "retention_left"))["retention_left"] == []


async def test_a_second_run_changes_nothing(
    driver: Driver, container: Container, connection: asyncpg.Connection, clock: ManualClock, person: Person
) -> None:
    await keeps(driver, container, messages=1, replies=1, webhooks=1)
    said = reply(7, timestamp=str(int(clock.now().timestamp())))
    assert (await driver.webhook(webhook(driver.world, messages=[said]))).status_code == 200
    clock.advance(timedelta(days=3))
    counts = await container.retention.run()
    assert counts == {
        "messages": 2,
        "callback_events": 0,
        "conversions": 0,
        "replies": 2,
        "told_replies": 2,
        "windows": 1,
        "receipts": 2,
        "webhook_items": 1,
    }
    after = await rows(connection)
    assert not any((await container.retention.run()).values())
    assert await rows(connection) == after


async def test_answers_and_reports_go_by_periods_of_their_own(
    driver: Driver, container: Container, connection: asyncpg.Connection, clock: ManualClock, person: Person
) -> None:
    await keeps(driver, container, replies=5, webhooks=10)
    clock.advance(timedelta(days=6))
    await container.retention.run()
    assert (await left_of(connection, (WORDS,))) == {}
    assert "receipts" in await left_of(connection)
    clock.advance(timedelta(days=5))
    await container.retention.run()
    left = await left_of(connection, (PHONE.removeprefix("+"), NAME))
    assert "kept_webhook_items" not in left
    assert "receipts" not in left
    assert {"messages", "contacts", "replies"} <= set(left)
    assert [one["payload"] for one in (await driver.story(person.sent))["receipts"]] == [{}]


async def test_reports_of_what_is_forgotten_come_without_what_is_personal(
    driver: Driver, container: Container, settings: Settings, clock: ManualClock, person: Person
) -> None:
    await keeps(driver, container, webhooks=1)
    clock.advance(timedelta(days=2))
    await container.retention.run()
    late = status_item(person.sent, "read", wamid=person.wamid, recipient_id=PHONE.removeprefix("+"))
    async with another_api(settings, clock) as http:
        await Driver(http, driver.world).receipts(late)
    told = await driver.story(person.sent)
    assert told["status"] == "read"
    assert [one["payload"] for one in told["receipts"]] == [{}, {}]


async def test_a_repeated_answer_stays_forgotten(
    driver: Driver, container: Container, connection: asyncpg.Connection, clock: ManualClock, person: Person
) -> None:
    await keeps(driver, container, replies=1)
    clock.advance(timedelta(days=2))
    await container.retention.run()
    assert (await driver.webhook(webhook(driver.world, messages=[reply(1)]))).status_code == 200
    (row,) = (await rows(connection, "replies"))["replies"]
    assert (row["payload"], row["content_erased_at"] is not None) == ("{}", True)


async def test_batches_are_small_and_go_on_where_they_ended(
    driver: Driver,
    container: Container,
    connection: asyncpg.Connection,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    monkeypatch.setattr(retention, "BATCHES_MOST", 2)
    for _ in range(9):  # without consent: over at once
        await driver.accepted(event())
    await keeps(driver, container, messages=1)
    clock.advance(timedelta(days=2))
    found = [(await container.retention.run())["messages"] for _ in range(4)]
    assert found == [4, 4, 1, 0]
    assert await left_of(connection, (ORDER, NAME)) == {"contacts": [NAME], "messages": [ORDER]}, "its reference"


async def test_a_worker_leaves_to_another_what_that_one_is_at(
    driver: Driver, container: Container, connection: asyncpg.Connection, clock: ManualClock, person: Person
) -> None:
    await keeps(driver, container, messages=1)
    await container.retention.run()
    clock.advance(timedelta(days=2))
    async with connection.transaction():
        await connection.execute("SELECT FROM retention_marks WHERE what = 'messages' FOR UPDATE")
        assert (await container.retention.run())["messages"] == 0
    assert (await container.retention.run())["messages"] == 2


async def test_kept_items_of_an_app_go_when_all_its_businesses_say_so(
    driver: Driver, container: Container, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    (app,) = await container.directory.webhook_apps()
    async with container.database.transaction() as session:
        for signer, place in ((app.fingerprint, "999"), (app.fingerprint, None), (b"of an app that is gone", None)):
            session.add(
                KeptItem(
                    id=new_id(),
                    received_at=clock.now(),
                    signer=signer,
                    part="message",
                    why="unmatched",
                    phone_number_id=place,
                    raw=b"{}",
                )
            )
    clock.advance(timedelta(days=8))
    assert (await container.retention.run())["webhook_items"] == 0
    await keeps(driver, container, webhooks=7)
    assert (await container.retention.run())["webhook_items"] == 2


async def test_rows_are_counted(driver: Driver, container: Container, clock: ManualClock, person: Person) -> None:
    def counted() -> float:
        return REGISTRY.get_sample_value("ulak_retention_rows_total", {"what": "messages"}) or 0

    before = counted()
    await keeps(driver, container, messages=1)
    clock.advance(timedelta(days=2))
    await container.retention.run()
    assert counted() - before == 2


async def test_a_period_is_a_whole_number_of_days(driver: Driver) -> None:
    for days in (0, 3651, "30", 1.5):
        answer = await driver.request(
            "PATCH", f"/v1/businesses/biz_{driver.world.business_id.hex}", json={"retention": {"messages": days}}
        )
        problem(answer, 422, "invalid_request")


async def test_erasing_after_forgetting_leaves_nothing(
    driver: Driver,
    container: Container,
    connection: asyncpg.Connection,
    clock: ManualClock,
    dispatcher: Dispatcher,
    person: Person,
) -> None:
    await keeps(driver, container, messages=1, replies=1, webhooks=1)
    clock.advance(timedelta(days=2))
    await container.retention.run()
    assert (await driver.request("DELETE", f"/v1/contacts/{PHONE}")).status_code == 200
    await dispatch(dispatcher)
    assert await left_of(connection) == {}
