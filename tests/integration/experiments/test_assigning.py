"""Which contact gets which variant, and which messages count."""

import asyncio
from typing import Any

import asyncpg
import pytest
import respx

from app.container import Container
from app.core.clock import ManualClock
from app.core.ids import parse_id
from app.core.settings import Settings
from app.experiments.assignment import place_of
from app.messages import trials
from app.messages.dispatch import Dispatcher
from app.messages.trials import Trials
from tests.integration.experiments.trying import (
    CONTROL,
    VARIANT,
    add_variant,
    arm_of,
    begin,
    canary,
    consenting,
    decided,
    let_all_leave,
    report_to,
    seen,
    set_status,
    shares,
)
from tests.support.driving import (
    HANGS_AFTER,
    PHONE,
    Driver,
    accept_all,
    another_api,
    blocked,
    count,
    dispatch,
    numbered_phone,
    rows,
    sends,
)
from tests.support.world import World, order_confirmed


@pytest.fixture
async def variant(container: Container, world: World) -> None:
    await add_variant(container, world)


pytestmark = pytest.mark.usefixtures("variant")


def verdict_of(story: dict[str, Any]) -> tuple[str, str, str] | None:
    found = [rule for rule in story["decision"] if rule["rule"] == "variant"]
    return (found[0]["verdict"], found[0]["input"]["arm"], found[0]["input"]["experiment"]) if found else None


async def test_first_contacts_get_the_variant_and_keep_it_the_others_do_not(
    driver: Driver, container: Container, connection: asyncpg.Connection
) -> None:
    await consenting(container, driver.world, 6)
    made = await begin(driver, canary(share=100, contacts=3))
    assert await report_to(driver, 0, 1, 0, 2, 3) == [VARIANT] * 4 + [CONTROL]
    assert await report_to(driver, 4, 0, 1, 2, 3) == [CONTROL] + [VARIANT] * 3 + [CONTROL]
    after = await seen(driver, made)
    assert (after["taken"], after["contacts"]) == (3, 3)
    assert await count(connection, "experiment_contacts") == 3
    assert (arm_of(after, "variant")["contacts"], arm_of(after, "variant")["messages"]) == (3, 7)
    assert (arm_of(after, "control")["contacts"], arm_of(after, "control")["messages"]) == (2, 3)


async def test_first_contacts_are_exact_among_processes_and_batches(
    driver: Driver, container: Container, settings: Settings, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    await consenting(container, driver.world, 60)
    made = await begin(driver, canary(share=100, contacts=25))
    async with another_api(settings, clock) as api:
        other = Driver(api, driver.world)
        answers = await asyncio.gather(
            *(one.report(order_confirmed(numbered_phone(number))) for number in range(40) for one in (driver, other)),
            driver.accepted_many(20, first=30),
            other.accepted_many(20, first=40),
        )
    assert all(isinstance(one, list) or one.status_code == 202 for one in answers)
    templates = await connection.fetch(
        "SELECT contact_id, array_agg(DISTINCT template_name) AS names FROM messages GROUP BY contact_id"
    )
    assert {len(row["names"]) for row in templates} == {1}, "nobody gets the one and then the other"
    assert sum(row["names"] == [VARIANT] for row in templates) == 25
    assert (await seen(driver, made))["taken"] == 25


async def test_places_are_read_and_taken_by_one_at_a_time(
    driver: Driver,
    container: Container,
    settings: Settings,
    clock: ManualClock,
    connection: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Between the two, whoever else wants a place waits: one that was read by both would be taken twice."""
    await consenting(container, driver.world, 2)
    made = await begin(driver, canary(share=100, contacts=1))
    plain, arrivals, go = trials.look_up, asyncio.Semaphore(0), asyncio.Event()

    async def stopping(*args: Any, **options: Any) -> Trials:
        found = await plain(*args, **options)
        arrivals.release()
        await go.wait()
        return found

    monkeypatch.setattr(trials, "look_up", stopping)
    async with another_api(settings, clock) as api, asyncio.timeout(HANGS_AFTER):
        first = asyncio.create_task(report_to(driver, 0))
        await arrivals.acquire()
        second = asyncio.create_task(report_to(Driver(api, driver.world), 1))
        looked, waits = asyncio.create_task(arrivals.acquire()), asyncio.create_task(blocked(settings.database_url))
        await asyncio.wait([looked, waits], return_when=asyncio.FIRST_COMPLETED)
        has_looked = looked.done()
        go.set()
        templates = await first + await second
        await looked
        waits.cancel()
    assert (templates, has_looked) == ([VARIANT, CONTROL], False)
    assert (await seen(driver, made))["taken"] == await count(connection, "experiment_contacts") == 1


async def test_share_follows_the_contacts_own_place(
    driver: Driver, container: Container, connection: asyncpg.Connection
) -> None:
    await consenting(container, driver.world, 200)
    made = await begin(driver, canary(share=30))
    experiment_id = parse_id("exp", made["id"])
    assert experiment_id is not None
    for _ in range(2):
        await driver.accepted_many(200)
    for row in await connection.fetch("SELECT contact_id, template_name FROM messages"):
        expected = VARIANT if place_of(experiment_id, row["contact_id"]) < 0.3 else CONTROL
        assert row["template_name"] == expected
    after = await seen(driver, made)
    assert {name: arm_of(after, name)["messages"] for name in ("variant", "control")} == {
        "variant": 2 * arm_of(after, "variant")["contacts"],
        "control": 2 * arm_of(after, "control")["contacts"],
    }
    assert arm_of(after, "variant")["contacts"] + arm_of(after, "control")["contacts"] == 200


async def test_contact_who_is_new_is_assigned_like_any_other(driver: Driver) -> None:
    """Its message is suppressed, and what the arm would have been is in the decision; it does not count."""
    made = await begin(driver, canary(share=100, contacts=1))
    suppressed = await driver.story(await driver.accepted())
    assert suppressed["status"] == "suppressed"
    assert verdict_of(suppressed) == ("leave_out", "variant", made["id"])
    await driver.world.opt_in(PHONE)
    story = await driver.story(await driver.accepted())
    assert verdict_of(story) == ("assign", "variant", made["id"])
    after = await seen(driver, made)
    assert (after["taken"], arm_of(after, "variant")["messages"]) == (1, 1), "the place was still free"


async def test_message_of_a_batch_with_reminders_and_refusals_takes_its_place_once(
    driver: Driver, container: Container, connection: asyncpg.Connection
) -> None:
    await consenting(container, driver.world, 3)
    await begin(driver, canary(share=100, contacts=2))
    phones = [numbered_phone(number) for number in range(3)]
    events: list[dict[str, Any]] = [{"type": "order-confirmed", **order_confirmed(phone)} for phone in phones]
    events.insert(1, {"type": "order-confirmed", **order_confirmed(phones[2], data={})})
    answer = (await driver.report_many(events, key="once")).json()
    templates = [one["message"]["template"] for one in answer["results"] if "message" in one]
    assert (answer["refused"], templates) == (1, [VARIANT, VARIANT, CONTROL])
    before = await rows(connection)
    assert (await driver.report_many(events, key="once")).json() == answer
    assert await rows(connection) == before, "a replay takes no place"


async def test_messages_for_a_test_list_are_no_part_of_it(driver: Driver, connection: asyncpg.Connection) -> None:
    await driver.world.opt_in(PHONE)
    await begin(driver, canary(share=100, contacts=5))
    assert (
        await driver.request("PUT", "/v1/test-lists/staff", json={"contacts": [{"phone": PHONE}]})
    ).status_code == 200
    story = await driver.story(await driver.accepted(order_confirmed(test_list="staff")))
    assert (story["template"], verdict_of(story)) == (CONTROL, None)
    assert await count(connection, "experiment_messages") == 0


async def test_arm_whose_template_meta_does_not_take_falls_back_and_says_so(
    driver: Driver, container: Container, dispatcher: Dispatcher, graph: respx.MockRouter
) -> None:
    await driver.world.opt_in(PHONE)
    made = await begin(driver, canary(share=100, contacts=5))
    sends(graph, driver.world).mock(side_effect=accept_all)
    waiting = await driver.accepted()
    await set_status(container, driver.world, VARIANT, "PAUSED")
    container.book._accounts.clear()
    await dispatch(dispatcher)
    story = await driver.story(waiting)
    assert (story["template"], story["status"], verdict_of(story)) == (
        CONTROL,
        "accepted",
        ("assign", "variant", made["id"]),
    )
    after = arm_of(await seen(driver, made), "variant")
    assert (after["messages"], after["other_template"], after["sent"]) == (1, 1, 0)


async def test_arm_that_cannot_serve_on_acceptance_falls_back_and_takes_no_place(
    driver: Driver, container: Container, connection: asyncpg.Connection
) -> None:
    await driver.world.opt_in(PHONE)
    # Of the variant there is no English.
    await connection.execute("DELETE FROM templates WHERE name = $1 AND language = 'en'", VARIANT)
    made = await begin(driver, canary(share=100, contacts=5))
    in_english = order_confirmed(contact={"phone": PHONE, "language": "en"})
    story = await driver.story(await driver.accepted(in_english))
    assert (story["template"], story["language"]) == (CONTROL, "en")
    assert verdict_of(story) == ("fall_back", "variant", made["id"])
    assert (await seen(driver, made))["taken"] == 0
    assert await report_to_phone(driver) == VARIANT


async def report_to_phone(driver: Driver) -> str:
    story = await driver.story(await driver.accepted())
    found: str = story["template"]
    return found


async def test_variant_that_became_marketing_or_asks_for_more_falls_back_instead_of_failing(
    driver: Driver, container: Container, connection: asyncpg.Connection
) -> None:
    await driver.world.opt_in(PHONE)
    made = await begin(driver, canary(share=100, contacts=5))
    for change in (
        "category = 'MARKETING'",
        "category = 'UTILITY', components = replace(components::text, '{{total}}', '{{sum}}')::jsonb",
    ):
        await connection.execute(f"UPDATE templates SET {change} WHERE name = $1", VARIANT)  # noqa: S608
        async with another_api(container.settings, container.clock) as api:  # type: ignore[arg-type] # the fixture's
            other = Driver(api, driver.world)
            story = await other.story(await other.accepted())
        assert (story["status"], story["template"]) == ("queued", CONTROL), change
        assert verdict_of(story) == ("fall_back", "variant", made["id"])


async def test_fixed_shares_go_by_their_templates(driver: Driver, container: Container) -> None:
    await add_variant(container, driver.world, "order_confirmed_long")
    await consenting(container, driver.world, 100)
    made = await begin(driver, shares(order_confirmed=40, order_confirmed_short=40, order_confirmed_long=20))
    await driver.accepted_many(100)
    await let_all_leave(container, driver.world, bad=3, arm=VARIANT)
    after = await seen(driver, made)
    got = {arm["name"]: arm["messages"] for arm in after["evidence"]["arms"]}
    assert sum(got.values()) == 100
    assert all(got.values())
    assert after["plan"] is None
    assert after["evidence"]["metrics"] == []
    assert arm_of(after, VARIANT)["failed"] == 3


async def test_preview_shows_the_arm_and_takes_no_place(driver: Driver, connection: asyncpg.Connection) -> None:
    await driver.world.opt_in(PHONE)
    await begin(driver, canary(share=100, contacts=1))
    before = await rows(connection)
    for _ in range(2):
        answer = await driver.request("POST", "/v1/events/order-confirmed/preview", json=order_confirmed())
        assert answer.json()["template"]["name"] == VARIANT
        assert [rule["verdict"] for rule in answer.json()["decision"] if rule["rule"] == "variant"] == ["assign"]
    assert await rows(connection) == before


async def test_once_it_ends_all_get_what_they_got_before(driver: Driver, container: Container) -> None:
    await consenting(container, driver.world, 2)
    made = await begin(driver, canary(share=100, contacts=5))
    assert await report_to(driver, 0) == [VARIANT]
    assert (await decided(driver, made, "stop")).status_code == 200
    assert await report_to(driver, 0, 1) == [CONTROL, CONTROL]


async def test_process_that_has_not_heard_of_the_end_assigns_nobody_to_the_first(
    driver: Driver, container: Container, settings: Settings, clock: ManualClock
) -> None:
    await consenting(container, driver.world, 2)
    made = await begin(driver, canary(share=100, contacts=5))
    assert await report_to(driver, 0) == [VARIANT]
    await container.database.pool.execute("UPDATE experiments SET status = 'stopped', decided_at = now()")
    assert await report_to(driver, 1) == [CONTROL], "the lock tells"
    assert (await seen(driver, made))["taken"] == 1


async def test_without_an_experiment_acceptance_asks_nothing_more(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await driver.world.opt_in(PHONE)
    await driver.accepted()
    asked: list[str] = []
    plain = asyncpg.Connection._execute

    async def listening(connection: asyncpg.Connection, query: str, *args: Any, **options: Any) -> Any:
        asked.append(query)
        return await plain(connection, query, *args, **options)

    monkeypatch.setattr(asyncpg.Connection, "_execute", listening)
    await driver.accepted()
    assert [query for query in asked if "INSERT INTO messages" in query]
    assert len(asked) == 2, "contacts are looked up, and the message is stored"
    assert not [query for query in asked if "experiment" in query]
