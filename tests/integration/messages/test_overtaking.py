"""What an event makes stale: waiting messages of the types that it overtakes, about the same reference."""

from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import respx

from app.core.clock import ManualClock
from app.messages.dispatch import Dispatcher
from tests.support.driving import PHONE, Driver, accept_all, dispatch, problem, refusal, rows, sends, sent_ids
from tests.support.world import order_confirmed

OTHER_PHONE = "+905321112299"
REFERENCE = "appointment-77"


def reminder(clock: ManualClock, phone: str = PHONE, **more: Any) -> dict[str, Any]:
    """To be sent tomorrow."""
    data = {"starts_at": (clock.now() + timedelta(days=2)).isoformat(), "place": "Demo Klinik"}
    later = (clock.now() + timedelta(days=1)).isoformat()
    return order_confirmed(phone, **{"data": data, "reference": REFERENCE, "send_at": later, **more})


def cancelled(clock: ManualClock, phone: str = PHONE, **more: Any) -> dict[str, Any]:
    data = {
        "starts_at": (clock.now() + timedelta(days=2)).isoformat(),
        "place": "Demo Klinik",
        "cancelled_by": "business",
    }
    return order_confirmed(phone, **{"data": data, "reference": REFERENCE, **more})


async def reminded(driver: Driver, body: dict[str, Any]) -> str:
    return await driver.accepted(body, event="appointment-reminder")


async def cancel(driver: Driver, body: dict[str, Any]) -> str:
    return await driver.accepted(body, event="appointment-cancelled")


async def statuses(driver: Driver, *ids: str) -> list[tuple[str, str | None]]:
    stories = [await driver.story(one) for one in ids]
    return [(story["status"], story["reason"]) for story in stories]


async def test_event_ends_what_waits_of_the_types_that_it_overtakes_and_nothing_else(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock
) -> None:
    await driver.world.opt_in(PHONE, OTHER_PHONE)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    scheduled = await reminded(driver, reminder(clock))
    queued = await reminded(driver, reminder(clock, send_at=None))
    another_contact = await reminded(driver, reminder(clock, OTHER_PHONE))
    another_reference = await reminded(driver, reminder(clock, reference="appointment-78"))
    no_reference = await reminded(driver, reminder(clock, reference=None))
    another_type = await driver.accepted(order_confirmed(reference=REFERENCE))
    newest = await cancel(driver, cancelled(clock))
    assert await statuses(driver, scheduled, queued) == [("canceled", "superseded")] * 2
    waiting = [another_contact, another_reference, no_reference]
    assert await statuses(driver, *waiting) == [("scheduled", None)] * 3
    clock.advance(timedelta(seconds=1))
    await dispatch(dispatcher)
    assert set(sent_ids(route)) == {another_type, newest}
    clock.advance(timedelta(days=1))
    await dispatch(dispatcher)
    assert another_contact in sent_ids(route)
    assert not {scheduled, queued} & set(sent_ids(route))


async def test_event_without_a_reference_overtakes_nothing(driver: Driver, clock: ManualClock) -> None:
    await driver.world.opt_in(PHONE)
    waiting = [await reminded(driver, reminder(clock)), await reminded(driver, reminder(clock, reference=None))]
    await cancel(driver, cancelled(clock, reference=None))
    assert await statuses(driver, *waiting) == [("scheduled", None)] * 2


async def test_suppressed_event_makes_older_messages_stale_all_the_same(
    driver: Driver, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    """The customer is not told, and the appointment is cancelled none the less."""
    await driver.world.opt_in(PHONE)
    await connection.execute("UPDATE templates SET category = 'MARKETING' WHERE name = 'appointment_cancelled'")
    await connection.execute("UPDATE templates SET accepted_category = 'MARKETING'")
    waiting = await reminded(driver, reminder(clock))
    answer = await driver.report(cancelled(clock), event="appointment-cancelled")
    assert (answer.json()["status"], answer.json()["reason"]) == ("suppressed", "no_marketing_consent")
    assert await statuses(driver, waiting) == [("canceled", "superseded")]


async def test_refused_event_overtakes_nothing(
    driver: Driver, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    await driver.world.opt_in(PHONE)
    await reminded(driver, reminder(clock))
    before = await rows(connection)
    past = (clock.now() - timedelta(hours=1)).isoformat()
    refused = await driver.report(cancelled(clock, expires_at=past), event="appointment-cancelled")
    problem(refused, 422, "invalid_request")
    assert await rows(connection) == before


async def test_replayed_event_overtakes_nothing_more(driver: Driver, clock: ManualClock) -> None:
    await driver.world.opt_in(PHONE)
    body = cancelled(clock)
    first = await driver.report(body, event="appointment-cancelled", key="k")
    waiting = await reminded(driver, reminder(clock))
    second = await driver.report(body, event="appointment-cancelled", key="k")
    assert second.headers["idempotency-replayed"] == "true"
    assert second.content == first.content
    assert await statuses(driver, waiting) == [("scheduled", None)]


async def test_newer_event_overtakes_the_older_one_of_the_same_batch_only(driver: Driver, clock: ManualClock) -> None:
    await driver.world.opt_in(PHONE)
    answer = await driver.report_many(
        [
            {"type": "appointment-reminder", **reminder(clock)},
            {"type": "appointment-cancelled", **cancelled(clock)},
            {"type": "appointment-reminder", **reminder(clock)},
        ]
    )
    ids = [result["message"]["id"] for result in answer.json()["results"]]
    assert [status for status, _ in await statuses(driver, *ids)] == ["canceled", "queued", "scheduled"]


async def test_message_that_is_overtaken_while_meta_refuses_it_is_not_tried_again(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock
) -> None:
    await driver.world.opt_in(PHONE)

    async def overtake_meanwhile(_request: httpx.Request) -> httpx.Response:
        await cancel(driver, cancelled(clock))
        return refusal(133004)

    route = sends(graph, driver.world).mock(side_effect=overtake_meanwhile)
    stale = await reminded(driver, reminder(clock, send_at=None))
    await dispatch(dispatcher)
    route.mock(side_effect=accept_all)
    for _ in range(3):
        clock.advance(timedelta(minutes=5))
        await dispatch(dispatcher)
    assert sent_ids(route).count(stale) == 1
    assert await statuses(driver, stale) == [("canceled", "superseded")]
