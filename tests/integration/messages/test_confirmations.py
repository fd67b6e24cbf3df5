"""What confirms a customer's own decision: an opt-in to whoever agreed to anything, an opt-out once to who left."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
import respx

from app.core.clock import ManualClock
from app.core.settings import Settings
from app.events.catalogue import catalogue
from app.messages.dispatch import Dispatcher
from tests.support.driving import PHONE, Driver, accept_all, another_api, dispatch, refusal, sends, sent_ids

OPT_IN, OPT_OUT = "opt-in-confirmation", "opt-out-confirmation"


def confirmation(kind: str, **more: Any) -> dict[str, Any]:
    return {"contact": {"phone": PHONE, "language": "tr"}, "data": catalogue()[kind].example["data"], **more}


async def confirm(driver: Driver, kind: str = OPT_OUT, **more: Any) -> tuple[str, str, str | None]:
    answer = await driver.report(confirmation(kind, **more), event=kind)
    assert answer.status_code == 202, answer.text
    return answer.json()["id"], answer.json()["status"], answer.json()["reason"]


async def decided(driver: Driver, **more: Any) -> tuple[str, str | None]:
    _, status, reason = await confirm(driver, **more)
    return status, reason


async def ended(driver: Driver, message_id: str) -> tuple[str, str | None]:
    story = await driver.story(message_id)
    return story["status"], story["reason"]


@pytest.fixture
async def opted_out(driver: Driver) -> None:
    await driver.world.opt_in(PHONE)
    await driver.world.opt_out(PHONE)


@pytest.mark.parametrize("topics", [["*"], ["appointments"], ["marketing"]])
async def test_opt_in_to_anything_is_confirmed(driver: Driver, topics: list[str]) -> None:
    assert await decided(driver, kind=OPT_IN) == ("suppressed", "no_consent")
    await driver.world.opt_in(PHONE, topics=topics)
    assert await decided(driver, kind=OPT_IN) == ("queued", None)


async def test_opt_in_confirmation_ends_when_the_last_consent_goes(driver: Driver) -> None:
    await driver.world.opt_in(PHONE, topics=["appointments", "orders"])
    message_id, *_ = await confirm(driver, OPT_IN)
    assert await driver.world.opt_out(PHONE, ["orders"]) == 0
    assert await driver.world.opt_out(PHONE, ["appointments"]) == 1
    assert await ended(driver, message_id) == ("suppressed", "opted_out")


@pytest.mark.usefixtures("opted_out")
async def test_opt_out_is_confirmed_to_who_opted_out_and_only_once(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock
) -> None:
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    first, status, _ = await confirm(driver)
    assert status == "queued"
    assert await decided(driver) == ("suppressed", "already_confirmed"), "while the first waits"
    await dispatch(dispatcher)
    clock.advance(timedelta(days=1))
    assert await decided(driver) == ("suppressed", "already_confirmed"), "after the first was sent"
    await dispatch(dispatcher)
    assert sent_ids(route) == [first]


async def test_who_did_not_opt_out_of_everything_gets_no_confirmation(driver: Driver) -> None:
    assert await decided(driver) == ("suppressed", "not_opted_out")
    await driver.world.opt_in(PHONE)
    assert await decided(driver) == ("suppressed", "not_opted_out")
    await driver.world.opt_out(PHONE, ["orders"])
    assert await decided(driver) == ("suppressed", "not_opted_out")


@pytest.mark.usefixtures("opted_out")
async def test_another_opt_out_is_confirmed_anew_and_a_repeated_one_is_not(driver: Driver, clock: ManualClock) -> None:
    assert await decided(driver) == ("queued", None)
    clock.advance(timedelta(hours=1))
    await driver.world.opt_out(PHONE)
    assert await decided(driver) == ("suppressed", "already_confirmed")
    clock.advance(timedelta(hours=1))
    await driver.world.opt_in(PHONE)
    clock.advance(timedelta(hours=1))
    await driver.world.opt_out(PHONE)
    assert await decided(driver) == ("queued", None)


@pytest.mark.usefixtures("opted_out")
async def test_opt_out_after_a_partial_opt_in_is_confirmed_anew(driver: Driver, clock: ManualClock) -> None:
    assert await decided(driver) == ("queued", None)
    clock.advance(timedelta(hours=1))
    await driver.world.opt_in(PHONE, topics=["orders"])
    clock.advance(timedelta(hours=1))
    await driver.world.opt_out(PHONE)
    assert await decided(driver) == ("queued", None)
    assert await decided(driver) == ("suppressed", "already_confirmed")


@pytest.mark.usefixtures("opted_out")
async def test_opt_out_that_is_recorded_late_is_confirmed_all_the_same(driver: Driver, clock: ManualClock) -> None:
    """It happened before the last one was confirmed, as the agent says who enters it."""
    happened = clock.now() - timedelta(minutes=1)
    assert await decided(driver) == ("queued", None)
    clock.advance(timedelta(hours=1))
    await driver.world.opt_in(PHONE)
    clock.advance(timedelta(hours=1))
    answer = await driver.consent(PHONE, act="opt_out", source="support_agent", occurred_at=happened.isoformat())
    assert answer.status_code == 200, answer.text
    assert await decided(driver) == ("queued", None)


@pytest.mark.usefixtures("opted_out")
@pytest.mark.parametrize("end", ["canceled", "failed", "expired"])
async def test_confirmation_that_did_not_arrive_may_be_tried_again(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, clock: ManualClock, end: str
) -> None:
    sends(graph, driver.world).mock(return_value=refusal(131026))
    first, *_ = await confirm(driver)
    if end == "canceled":
        await driver.request("POST", f"/v1/messages/{first}/cancel")
    elif end == "failed":
        await dispatch(dispatcher)
    else:
        clock.advance(catalogue()[OPT_OUT].time_to_live)
        await dispatch(dispatcher)
    assert (await ended(driver, first))[0] == end
    assert await decided(driver) == ("queued", None)


@pytest.mark.usefixtures("opted_out")
async def test_another_opt_out_leaves_the_confirmation_that_waits(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter
) -> None:
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    first, *_ = await confirm(driver)
    assert await driver.world.opt_out(PHONE) == 0
    await dispatch(dispatcher)
    assert sent_ids(route) == [first]


@pytest.mark.usefixtures("opted_out")
async def test_who_came_back_meanwhile_is_not_told_of_the_opt_out(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter
) -> None:
    first, *_ = await confirm(driver)
    await driver.world.opt_in(PHONE)
    await dispatch(dispatcher)
    assert await ended(driver, first) == ("suppressed", "not_opted_out")


@pytest.mark.usefixtures("opted_out")
async def test_template_that_meta_made_marketing_confirms_no_opt_out(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    await connection.execute("UPDATE templates SET category = 'MARKETING' WHERE name = 'opt_out_confirmation'")
    waits, *_ = await confirm(driver)
    route = sends(graph, driver.world)
    await dispatch(dispatcher)
    assert (route.call_count, await ended(driver, waits)) == (0, ("queued", "template_recategorised"))


@pytest.mark.usefixtures("opted_out")
async def test_template_that_was_accepted_as_marketing_confirms_no_opt_out(
    driver: Driver, connection: asyncpg.Connection
) -> None:
    await connection.execute(
        "UPDATE templates SET category = 'MARKETING', accepted_category = 'MARKETING' WHERE name = $1",
        "opt_out_confirmation",
    )
    assert await decided(driver) == ("suppressed", "opted_out")


@pytest.mark.usefixtures("opted_out")
async def test_two_confirmations_of_one_batch_are_one(driver: Driver) -> None:
    answer = await driver.report_many([{"type": OPT_OUT, **confirmation(OPT_OUT)}] * 2)
    reasons = [result["message"]["reason"] for result in answer.json()["results"]]
    assert reasons == [None, "already_confirmed"]


@pytest.mark.usefixtures("opted_out")
async def test_confirmations_by_several_processes_at_once_are_one(
    driver: Driver, settings: Settings, clock: ManualClock
) -> None:
    async with another_api(settings, clock) as other:
        apis: list[httpx.AsyncClient] = [driver.http, other]
        drivers = [Driver(api, driver.world) for api in apis]
        answers = await asyncio.gather(*(decided(one) for one in drivers * 4))
    assert sorted(answers, key=str) == [("queued", None), *[("suppressed", "already_confirmed")] * 7]
