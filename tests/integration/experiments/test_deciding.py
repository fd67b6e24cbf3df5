"""Canaries that decide themselves, and experiments that a person ends."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import orjson
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.container import Container
from app.core.clock import ManualClock
from app.core.ids import new_id
from app.core.settings import Settings
from app.experiments.running import CHANNEL, RunningExperiments
from app.experiments.service import Experiments, Promotion
from tests.integration.experiments.trying import (
    CONTROL,
    DAY,
    VARIANT,
    add_variant,
    arm_of,
    begin,
    canary,
    decided,
    let_all_leave,
    many,
    metric_of,
    report_to,
    seen,
    set_status,
    shares,
    told_of,
)
from tests.support.driving import Driver, another_api, hearing_container, problem, rows
from tests.support.world import World

FAILED_ALONE = {"failed": {"margin": 0.1}}
PAIRS = 150


@pytest.fixture
async def variant(container: Container, world: World) -> None:
    await add_variant(container, world)


pytestmark = pytest.mark.usefixtures("variant")


class Promoting:
    """The experiments of a process, with an ear for what it makes an event type's first template."""

    def __init__(self, container: Container) -> None:
        self.promoted: list[Promotion] = []
        self.experiments = Experiments(
            container.database,
            container.directory,
            container.event_types,
            container.book,
            RunningExperiments(container.database),
            container.clock,
            promote=self._promote,
            blocks=container.settings.block_codes,
        )

    async def _promote(self, session: AsyncSession, promotion: Promotion) -> None:
        assert session.in_transaction()
        self.promoted.append(promotion)


@pytest.fixture
def promoting(container: Container) -> Promoting:
    return Promoting(container)


async def test_bad_variant_stops_itself_and_all_get_the_control(
    driver: Driver, container: Container, clock: ManualClock, promoting: Promoting
) -> None:
    made = await begin(driver, canary(metrics=FAILED_ALONE, contacts=100))
    await many(driver, container, 2 * PAIRS)
    await let_all_leave(container, driver.world, bad=30)
    await promoting.experiments.evaluate_all()
    early = await seen(driver, made)
    assert early["status"] == "running"
    assert metric_of(early, "failed")["missing"] == ["evidence", "mature_messages"]
    clock.advance(timedelta(hours=1))
    await asyncio.gather(*(promoting.experiments.evaluate_all() for _ in range(3)))
    after = await seen(driver, made)
    assert (after["status"], after["reason"], after["decided_by"]) == ("stopped", "worse", "test")
    found = metric_of(after, "failed")
    assert found["verdict"] == "worse"
    assert found["against_no_worse"]["evidence"] >= found["against_no_worse"]["bound"] == 20
    variant = arm_of(after, "variant")
    assert variant["rates"]["failed"]["bad"] == variant["failed"] == 30
    assert variant["rates"]["failed"]["low"] < variant["rates"]["failed"]["rate"] < variant["rates"]["failed"]["high"]
    assert await told_of(driver) == [
        {
            "experiment": made["id"],
            "event_type": "order-confirmed",
            "status": "stopped",
            "reason": "worse",
            "worse_in": ["failed"],
            "decided_by": "test",
            "template": None,
        }
    ], "once, however many workers looked"
    assert promoting.promoted == []
    assert await seen(driver, made) == after, "the evidence stays as it was"


async def test_variant_that_is_no_worse_goes_to_all(
    driver: Driver, container: Container, clock: ManualClock, promoting: Promoting
) -> None:
    made = await begin(driver, canary(metrics={"failed": {"margin": 0.1}, "not_read": {"margin": 0.2}}))
    await many(driver, container, 2 * PAIRS)
    await let_all_leave(container, driver.world)
    clock.advance(timedelta(hours=1))
    await promoting.experiments.evaluate_all()
    half = await seen(driver, made)
    assert (half["status"], metric_of(half, "failed")["verdict"]) == ("running", "no_worse")
    assert metric_of(half, "not_read")["verdict"] == "undecided"
    clock.advance(timedelta(days=1))
    await asyncio.gather(*(promoting.experiments.evaluate_all() for _ in range(3)))
    after = await seen(driver, made)
    assert (after["status"], after["reason"], after["decided_by"]) == ("going", "no_worse", "test")
    assert promoting.promoted == [Promotion(driver.world.business_id, "test", "order-confirmed", VARIANT, clock.now())]
    (event,) = await told_of(driver)
    assert (event["status"], event["template"], event["worse_in"]) == ("going", VARIANT, [])


async def test_variant_that_goes_is_the_event_types_first_choice_for_all(driver: Driver) -> None:
    made = await begin(driver)
    assert (await decided(driver, made, "go")).json()["status"] == "going"
    found = (await driver.request("GET", "/v1/event-types/order-confirmed/variants")).json()
    assert [one["template"] for one in found["variants"]] == [VARIANT, CONTROL]
    assert [await report_to(driver, number) for number in range(3)] == [[VARIANT]] * 3


@pytest.mark.parametrize(("at_limit", "status"), [("stop", "stopped"), ("go", "going")])
async def test_without_an_answer_the_plan_decides_once_all_is_read_out(
    driver: Driver, container: Container, clock: ManualClock, at_limit: str, status: str
) -> None:
    made = await begin(driver, canary(contacts=5, at_limit=at_limit, days=3))
    await many(driver, container, 40)
    clock.advance(DAY)
    await container.experiments.evaluate_all()
    assert (await seen(driver, made))["status"] == "running", "they have not left yet"
    await let_all_leave(container, driver.world)
    clock.advance(timedelta(hours=2))
    await container.experiments.evaluate_all()
    assert (await seen(driver, made))["status"] == "running", "a day is not over"
    clock.advance(DAY)
    await container.experiments.evaluate_all()
    after = await seen(driver, made)
    assert (after["status"], after["reason"]) == (status, "limit")


async def test_days_that_are_over_decide_by_what_was_mature_then(
    driver: Driver, container: Container, clock: ManualClock
) -> None:
    made = await begin(driver, canary(metrics=FAILED_ALONE, days=2))
    await many(driver, container, 2 * PAIRS)
    clock.advance(timedelta(days=2) - timedelta(minutes=30))
    await let_all_leave(container, driver.world, bad=PAIRS)
    await container.experiments.evaluate_all()
    assert (await seen(driver, made))["status"] == "running"
    clock.advance(DAY)
    await container.experiments.evaluate_all()
    after = await seen(driver, made)
    assert (after["status"], after["reason"]) == ("stopped", "limit")
    assert metric_of(after, "failed")["blocks"] == 0, "what matured later is not read"


async def test_opt_outs_and_blocks_count_for_the_message_before_them(
    driver: Driver, container: Container, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    made = await begin(driver, canary(share=100, contacts=20))
    await many(driver, container, 10)
    await let_all_leave(container, driver.world, bad=2, code=131026)
    clock.advance(timedelta(minutes=10))
    await connection.execute(
        """
        INSERT INTO consent_acts (business_id, id, contact_id, act, channel, topic, source, actor, occurred_at)
        SELECT business_id, gen_random_uuid(), contact_id, 'opt_out', 'whatsapp', '*', 'whatsapp_message', 'customer',
               $1
          FROM (SELECT business_id, contact_id FROM messages WHERE status = 'read' ORDER BY id LIMIT 3) m
        """,
        clock.now(),
    )
    # A later message, of no experiment, comes back: the customer blocked the number meanwhile.
    await connection.execute(
        """
        INSERT INTO messages SELECT (json_populate_record(m, $1)).* FROM messages m
         WHERE status = 'read' ORDER BY id DESC LIMIT 1
        """,
        orjson.dumps(
            {
                "id": str(new_id()),
                "status": "failed",
                "failed_at": clock.now().isoformat(),
                "failure": {"source": "receipt", "code": 131050},
            }
        ).decode(),
    )
    clock.advance(DAY)
    rates = arm_of(await seen(driver, made), "variant")["rates"]
    assert (rates["failed"]["observed"], rates["failed"]["bad"]) == (10, 2)
    assert (rates["opt_out"]["observed"], rates["opt_out"]["bad"]) == (8, 3), "of those delivered"
    assert (rates["blocked"]["observed"], rates["blocked"]["bad"]) == (10, 3)
    assert (rates["not_read"]["observed"], rates["not_read"]["bad"]) == (8, 0)


async def test_what_meta_no_longer_takes_stops_its_canary(
    driver: Driver, container: Container, promoting: Promoting
) -> None:
    made = await begin(driver)
    await set_status(container, driver.world, VARIANT, "PAUSED")
    container.book._accounts.clear()
    await promoting.experiments.evaluate_all()
    after = await seen(driver, made)
    assert (after["status"], after["reason"]) == ("stopped", "template")


@pytest.mark.parametrize(("accepted", "status"), [(None, "stopped"), ("MARKETING", "running")])
async def test_what_meta_made_marketing_of_stops_its_canary_unless_that_was_accepted(
    driver: Driver, container: Container, promoting: Promoting, accepted: str | None, status: str
) -> None:
    made = await begin(driver, canary(at_limit="go"))
    await container.database.pool.execute(
        "UPDATE templates SET category = 'MARKETING', accepted_category = $2 WHERE name = $1", VARIANT, accepted
    )
    container.book._accounts.clear()
    await promoting.experiments.evaluate_all()
    after = await seen(driver, made)
    assert (after["status"], after["reason"]) == (status, "template" if status == "stopped" else None)


@pytest.mark.parametrize(
    ("what", "status", "reason"),
    [("stop", "stopped", "by_hand"), ("go", "going", "by_hand"), ("cancel", "canceled", "withdrawn")],
)
async def test_person_ends_it_once_and_it_is_noted(
    driver: Driver, container: Container, connection: asyncpg.Connection, what: str, status: str, reason: str
) -> None:
    made = await begin(driver)
    answer = await decided(driver, made, what)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["reason"]) == (status, reason)
    assert answer.json()["decided_by"] == "hand"
    assert await seen(driver, made) == answer.json()
    (event,) = await told_of(driver)
    assert (event["status"], event["reason"], event["decided_by"]) == (status, reason, "hand")
    before = await rows(connection)
    for again in ("stop", "go", "cancel"):
        problem(await decided(driver, made, again), 409, "experiment_decided")
    await container.experiments.evaluate_all()
    assert await rows(connection) == before
    tried = CONTROL if status == "going" else VARIANT  # what went on is what the next is compared with
    await begin(driver, canary(variant=tried))


async def test_of_fixed_shares_a_person_says_which_goes_on(driver: Driver, connection: asyncpg.Connection) -> None:
    made = await begin(driver, shares(order_confirmed=50, order_confirmed_short=50))
    before = await rows(connection)
    for body, code in ((None, "missing"), ({"arm": "nothing"}, "unknown_arm"), ({"arm": "x" * 600}, "string_too_long")):
        refused = problem(await decided(driver, made, "go", json=body), 422, "invalid_request")
        assert [(one["pointer"], one["code"]) for one in refused["errors"]] == [("#/arm", code)]
    assert await rows(connection) == before
    went = await decided(driver, made, "go", json={"arm": VARIANT})
    assert went.json()["status"] == "going"
    assert (await told_of(driver))[0]["template"] == VARIANT


async def test_control_of_a_canary_cannot_go_on_as_its_variant(driver: Driver) -> None:
    made = await begin(driver)
    problem(await decided(driver, made, "go", json={"arm": "control"}), 422, "invalid_request")
    assert (await decided(driver, made, "go", json={"arm": "variant"})).json()["status"] == "going"


async def test_experiment_that_cannot_be_read_keeps_no_other_from_its_decision(
    driver: Driver, container: Container, settings: Settings, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    broken = await begin(driver)
    await connection.execute("UPDATE experiments SET plan = '{}'")
    await add_variant(container, driver.world, "order_cancelled_short", of="order_cancelled")
    # A process that has not asked for templates yet.
    async with another_api(settings, clock) as api:
        other = Driver(api, driver.world)
        fine = await begin(other, canary(event_type="order-cancelled", variant="order_cancelled_short", days=1))
    clock.advance(DAY)
    await container.experiments.evaluate_all()
    status = dict(await connection.fetch("SELECT id::text, status FROM experiments"))
    assert sorted(status.values()) == ["running", "stopped"], (broken, fine)


async def test_full_arms_are_followed_and_noted_no_further(
    driver: Driver, container: Container, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.experiments.repository.NOTED_MOST", 5)
    monkeypatch.setattr("app.experiments.service.NOTED_MOST", 5)
    made = await begin(driver)
    await many(driver, container, 40)
    counts = {name: arm_of(await seen(driver, made), name)["messages"] for name in ("variant", "control")}
    assert counts == {"variant": 5, "control": 5}
    await container.experiments.evaluate_all()
    assert await connection.fetchval("SELECT is_full FROM experiments")


async def test_every_process_hears_of_its_beginning_and_its_end(
    driver: Driver, settings: Settings, clock: ManualClock, world: World
) -> None:
    async with hearing_container(settings, clock, CHANNEL) as (other, hear):
        running = other.acceptor._running
        assert await running.by_type(world.business_id, "test") == {}
        made = await begin(driver)
        assert await hear() == str(world.business_id)
        assert set(await running.by_type(world.business_id, "test")) == {"order-confirmed"}
        assert await running.by_type(world.business_id, "live") == {}
        await decided(driver, made, "stop")
        assert await hear() == str(world.business_id)
        assert await running.by_type(world.business_id, "test") == {}


async def test_message_shows_its_arm_after_the_end(driver: Driver, container: Container) -> None:
    made = await begin(driver, canary(share=100, contacts=1))
    await many(driver, container, 1)
    (message,) = (await driver.request("GET", "/v1/messages")).json()["messages"]
    await decided(driver, made, "cancel")
    story: dict[str, Any] = await driver.story(message["id"])
    (rule,) = (rule for rule in story["decision"] if rule["rule"] == "variant")
    assert rule["input"] == {"experiment": made["id"], "arm": "variant", "template": VARIANT}
    assert await report_to(driver, 0) == [CONTROL]
