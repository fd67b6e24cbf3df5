"""What is asked of an experiment, and how it is shown."""

from typing import Any

import asyncpg
import pytest

from app.accounts.keys import Scope
from app.container import Container
from tests.integration.experiments.trying import (
    CONTROL,
    VARIANT,
    add_variant,
    arm_of,
    begin,
    canary,
    decided,
    metric_of,
    seen,
    shares,
)
from tests.support.driving import Driver, another_api, pointers, problem, rows
from tests.support.world import World, build_world


@pytest.fixture
async def variant(container: Container, world: World) -> None:
    await add_variant(container, world)


pytestmark = pytest.mark.usefixtures("variant")


async def test_canary_is_shown_with_its_plan_and_what_is_missing(driver: Driver) -> None:
    made = await begin(driver, canary(share=20, contacts=500, metrics={"failed": {}, "opt_out": {"margin": 0.01}}))
    assert (made["kind"], made["status"], made["reason"], made["decided_by"]) == ("canary", "running", None, None)
    assert [(arm["name"], arm["template"], arm["share"]) for arm in made["arms"]] == [
        ("variant", VARIANT, 20),
        ("control", CONTROL, 80),
    ]
    assert made["plan"] == {"alpha": 0.05, "beta": 0.05, "at_limit": "stop", "variants": 1, "controls": 4}
    assert (made["contacts"], made["taken"]) == (500, 0)
    assert metric_of(made, "failed") == {
        "metric": "failed",
        "margin": 0.03,
        "window": "PT1H",
        "blocks": 0,
        "against_no_worse": {"evidence": 1.0, "bound": pytest.approx(40)},
        "against_worse": {"evidence": 1.0, "bound": pytest.approx(20)},
        "verdict": "undecided",
        "decided_at": None,
        "maturing": 0,
        "unpaired": 0,
        "missing": ["evidence"],
    }
    assert metric_of(made, "opt_out")["margin"] == 0.01
    assert arm_of(made, "variant")["rates"]["failed"] == {
        "observed": 0,
        "bad": 0,
        "rate": None,
        "low": 0.0,
        "high": 1.0,
    }
    assert await seen(driver, made) | {"evidence": None} == made | {"evidence": None}


async def test_everything_is_watched_where_nothing_is_said(driver: Driver) -> None:
    made = await begin(driver)
    assert {one["metric"]: one["margin"] for one in made["evidence"]["metrics"]} == {
        "failed": 0.03,
        "blocked": 0.02,
        "opt_out": 0.02,
        "not_read": 0.1,
    }
    assert (made["contacts"], made["taken"]) == (None, None)


async def test_list_is_newest_first_filtered_and_paged(driver: Driver) -> None:
    first = await begin(driver)
    await decided(driver, first, "cancel")
    second = await begin(driver)
    await decided(driver, second, "stop")
    third = await begin(driver)

    async def listed(**params: Any) -> dict[str, Any]:
        answer = await driver.request("GET", "/v1/experiments", params=params)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def ids(page: dict[str, Any]) -> list[str]:
        return [one["id"] for one in page["experiments"]]

    everything = await listed()
    assert ids(everything) == [third["id"], second["id"], first["id"]]
    assert everything["next_cursor"] is None
    assert "evidence" not in everything["experiments"][0]
    assert ids(await listed(status="stopped")) == [second["id"]]
    assert ids(await listed(event_type="order-shipped")) == []
    page = await listed(limit=2)
    assert ids(page) == [third["id"], second["id"]]
    assert ids(await listed(limit=2, cursor=page["next_cursor"])) == [first["id"]]
    for wrong in ({"status": "no"}, {"event_type": "Not A Type"}, {"cursor": "x"}, {"limit": "0"}, {"what": "1"}):
        problem(await driver.request("GET", "/v1/experiments", params=wrong), 422, "invalid_request")


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"event_type": "no-such-type"}, ["#/event_type"]),
        ({"event_type": "Order Confirmed"}, ["#/event_type"]),
        ({"event_type": None}, ["#/event_type"]),
        ({"kind": "trial"}, ["#/kind"]),
        ({"variant": None}, ["#/variant"]),
        ({"variant": "no_such_template"}, ["#/variant"]),
        ({"variant": "Not A Name"}, ["#/variant"]),
        ({"variant": CONTROL}, ["#/variant"]),
        ({"variant": "order_shipped"}, ["#/variant"]),
        ({"control": VARIANT}, ["#/variant"]),
        ({"control": "no_such_template"}, ["#/control"]),
        ({"share": None}, ["#/share"]),
        ({"share": 0}, ["#/share"]),
        ({"share": 101}, ["#/share"]),
        ({"share": "20"}, ["#/share"]),
        ({"share": 100}, ["#/contacts"]),
        ({"contacts": 0}, ["#/contacts"]),
        ({"contacts": 20_001}, ["#/contacts"]),
        ({"metrics": {}}, ["#/metrics"]),
        ({"metrics": {"clicked": {}}}, ["#/metrics/clicked"]),
        ({"metrics": {"failed": {"margin": 0}}}, ["#/metrics/failed/margin"]),
        ({"metrics": {"failed": {"margin": 0.6}}}, ["#/metrics/failed/margin"]),
        ({"metrics": {"failed": {"window": "PT1S"}}}, ["#/metrics/failed/window"]),
        ({"metrics": {"failed": {"window": "P8D"}}}, ["#/metrics/failed/window"]),
        ({"metrics": {"failed": {"limit": 1}}}, ["#/metrics/failed/limit"]),
        ({"alpha": 0}, ["#/alpha"]),
        ({"beta": 0.6}, ["#/beta"]),
        ({"at_limit": "wait"}, ["#/at_limit"]),
        ({"days": 0}, ["#/days"]),
        ({"days": 91}, ["#/days"]),
        ({"arms": [{"template": CONTROL, "share": 50}, {"template": VARIANT, "share": 50}]}, ["#/arms"]),
        ({"unknown": 1}, ["#/unknown"]),
    ],
)
async def test_canary_that_cannot_be_is_refused_and_changes_nothing(
    driver: Driver, connection: asyncpg.Connection, changes: dict[str, Any], faults: list[str]
) -> None:
    before = await rows(connection)
    answer = await driver.request("POST", "/v1/experiments", json=canary(**changes))
    assert pointers(problem(answer, 422, "invalid_request")) == faults
    assert await rows(connection) == before


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"arms": None}, ["#/arms"]),
        ({"arms": []}, ["#/arms"]),
        ({"arms": [{"template": CONTROL, "share": 100}]}, ["#/arms"]),
        ({"arms": [{"template": CONTROL, "share": 50}, {"template": VARIANT, "share": 49}]}, ["#/arms"]),
        ({"arms": [{"template": CONTROL, "share": 50}, {"template": CONTROL, "share": 50}]}, ["#/arms"]),
        ({"arms": [{"template": CONTROL, "share": 50}, {"template": "nothing", "share": 50}]}, ["#/arms/1/template"]),
        ({"arms": [{"template": CONTROL, "share": 0}, {"template": VARIANT, "share": 100}]}, ["#/arms/0/share"]),
        ({"variant": VARIANT}, ["#/variant"]),
        ({"control": CONTROL}, ["#/control"]),
        ({"share": 10}, ["#/share"]),
        ({"contacts": 10}, ["#/contacts"]),
        ({"metrics": {"failed": {}}}, ["#/metrics"]),
    ],
)
async def test_fixed_shares_that_cannot_be_are_refused_and_change_nothing(
    driver: Driver, connection: asyncpg.Connection, changes: dict[str, Any], faults: list[str]
) -> None:
    before = await rows(connection)
    body = {**shares(order_confirmed=50, order_confirmed_short=50), **changes}
    answer = await driver.request("POST", "/v1/experiments", json=body)
    assert pointers(problem(answer, 422, "invalid_request")) == faults
    assert await rows(connection) == before


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("status = 'REJECTED'", "template_unusable"),
        ("status = 'PENDING'", "template_unusable"),
        ("category = 'MARKETING'", "template_recategorised"),
        ("category = 'MARKETING', accepted_category = 'UTILITY'", "template_recategorised"),
        ("category = 'MARKETING', accepted_category = 'MARKETING'", "other_category"),
        ("components = replace(components::text, '{{total}}', '{{sum}}')::jsonb", "template_unfit"),
        (
            """components = components || '[{"type": "HEADER", "format": "IMAGE"}]'::jsonb""",
            "template_unfit",
        ),
        (
            """components = components || '[{"type": "BUTTONS", "buttons": [
                {"type": "URL", "text": "A", "url": "https://a.example/{{1}}"},
                {"type": "URL", "text": "B", "url": "https://b.example/{{1}}"}]}]'::jsonb""",
            "template_unfit",
        ),
    ],
)
async def test_variant_that_could_not_stand_beside_the_control_is_refused(
    driver: Driver, connection: asyncpg.Connection, change: str, code: str
) -> None:
    await connection.execute(f"UPDATE templates SET {change} WHERE name = $1", VARIANT)  # noqa: S608
    before = await rows(connection)
    place = "#/control" if code == "other_category" else "#/variant"  # the second of two is the other one
    refused = problem(await driver.request("POST", "/v1/experiments", json=canary()), 422, "invalid_request")
    assert {(error["pointer"], error["code"]) for error in refused["errors"]} == {(place, code)}
    assert await rows(connection) == before


async def test_control_of_which_meta_has_made_marketing_is_refused_until_that_is_accepted(
    driver: Driver, connection: asyncpg.Connection
) -> None:
    """Both are marketing then, and of one category with each other; but no message goes by either."""
    await connection.execute("UPDATE templates SET category = 'MARKETING' WHERE name = ANY($1)", [CONTROL, VARIANT])
    await connection.execute("UPDATE templates SET accepted_category = category WHERE name = $1", VARIANT)
    for body, pointer in (
        (canary(), "#/control"),
        (shares(order_confirmed=50, order_confirmed_short=50), "#/arms/0/template"),
    ):
        refused = problem(await driver.request("POST", "/v1/experiments", json=body), 422, "invalid_request")
        (error,) = refused["errors"]
        assert (error["pointer"], error["code"]) == (pointer, "template_recategorised")
        assert "MARKETING" in error["message"]
    await connection.execute("UPDATE templates SET accepted_category = category WHERE name = $1", CONTROL)
    await connection.execute("SELECT pg_notify('ulak_templates', '')")
    async with another_api(driver.world.container.settings, driver.world.container.clock) as api:  # type: ignore[arg-type] # the fixture's
        await begin(Driver(api, driver.world))


async def test_one_language_that_may_be_used_is_enough(driver: Driver, connection: asyncpg.Connection) -> None:
    change = "UPDATE templates SET category = 'MARKETING' WHERE name = $1 AND language = 'en'"
    await connection.execute(change, VARIANT)
    await begin(driver)


@pytest.mark.parametrize(("on_notice", "status"), [("hold", 422), ("switch", 201), ("continue", 201)])
async def test_notice_is_in_the_way_where_the_business_holds_messages_then(
    driver: Driver, container: Container, connection: asyncpg.Connection, on_notice: str, status: int
) -> None:
    await connection.execute("UPDATE templates SET correct_category = 'MARKETING' WHERE name = $1", VARIANT)
    await connection.execute("UPDATE businesses SET on_category_notice = $1", on_notice)
    container.directory.forget()
    answer = await driver.request("POST", "/v1/experiments", json=canary())
    assert answer.status_code == status
    if status == 422:
        assert [error["code"] for error in answer.json()["errors"]] == ["template_category_notice"]


async def test_event_type_has_one_experiment_at_a_time(driver: Driver, connection: asyncpg.Connection) -> None:
    await begin(driver)
    before = await rows(connection)
    for body in (canary(), shares(order_confirmed=50, order_confirmed_short=50)):
        problem(await driver.request("POST", "/v1/experiments", json=body), 409, "experiment_running")
    assert await rows(connection) == before


async def test_id_of_nothing_of_another_mode_or_malformed_is_not_found(driver: Driver, container: Container) -> None:
    made = await begin(driver)
    live = await container.accounts.create_key(driver.world.business_id, "live", mode="live", scopes=None)
    for path, headers in (
        ("/v1/experiments/exp_" + "0" * 32, driver.world.headers),
        (f"/v1/experiments/{made['id'].upper()}", driver.world.headers),
        (f"/v1/experiments/{made['id']}", {"Authorization": f"Bearer {live}"}),
    ):
        problem(await driver.request("GET", path, headers=headers), 404, "not_found")
        for what in ("stop", "go", "cancel"):
            problem(await driver.request("POST", f"{path}/{what}", headers=headers), 404, "not_found")
    assert (await seen(driver, made))["status"] == "running"


async def test_business_without_a_number_cannot_try_anything(driver: Driver, container: Container) -> None:
    live = await container.accounts.create_key(driver.world.business_id, "live", mode="live", scopes=None)
    answer = await driver.request("POST", "/v1/experiments", json=canary(), headers={"Authorization": f"Bearer {live}"})
    problem(answer, 409, "sender_missing")


@pytest.mark.parametrize("scope", [Scope.TEMPLATES_READ, Scope.EVENTS_WRITE])
async def test_to_begin_and_to_end_asks_for_the_right_to_write_templates(
    driver: Driver, container: Container, scope: Scope
) -> None:
    made = await begin(driver)
    token = await container.accounts.create_key(driver.world.business_id, "test", mode="test", scopes=[scope])
    headers = {"Authorization": f"Bearer {token}"}
    problem(await driver.request("POST", "/v1/experiments", json=canary(), headers=headers), 403, "forbidden")
    for what in ("stop", "go", "cancel"):
        problem(await decided(driver, made, what, headers=headers), 403, "forbidden")


async def test_experiment_of_one_business_touches_no_other(driver: Driver, container: Container) -> None:
    other = Driver(
        driver.http,
        await build_world(container, phone_number_id="100000000000002", waba_id="200000000000002", app_secret="other"),
    )
    await begin(driver, canary(share=100, contacts=5))
    await other.world.opt_in("+905321112233")
    assert (await other.story(await other.accepted()))["template"] == CONTROL
