"""Setting the templates that an event type may be told by."""

from typing import Any

import asyncpg
import pytest

from app.core.ids import parse_id
from app.media.schemas import MEDIA_PREFIX
from tests.support.driving import Driver, problem
from tests.support.files import png
from tests.support.media import added

ADD = """
    INSERT INTO templates (business_id, id, waba_id, name, language, meta_id, status, category, parameter_format,
                           components, version, known_at)
    SELECT business_id, gen_random_uuid(), waba_id, $1, language, '9' || meta_id, 'APPROVED', category,
           parameter_format, coalesce($2::jsonb, components), 1, known_at
      FROM templates WHERE name = 'order_confirmed'
"""
OWN, SHORT = "order_confirmed", "order_confirmed_short"
PATH = "/v1/event-types/order-confirmed/variants"


@pytest.fixture(autouse=True)
async def short(driver: Driver, connection: asyncpg.Connection) -> None:
    await connection.execute(ADD, SHORT, None)


async def put(driver: Driver, *names: str, path: str = PATH) -> Any:
    return await driver.request("PUT", path, json={"templates": list(names)})


async def names(driver: Driver) -> list[str]:
    found = (await driver.request("GET", PATH)).json()
    return [one["template"] for one in found["variants"]]


async def test_without_a_list_an_event_type_is_told_by_its_own_template(driver: Driver) -> None:
    found = (await driver.request("GET", PATH)).json()
    assert (found["is_default"], found["on_category_notice"]) == (True, "switch")
    (variant,) = found["variants"]
    assert variant["template"] == OWN
    assert [(one["language"], one["status"], one["obstacle"]) for one in variant["languages"]] == [
        ("en", "APPROVED", None),
        ("tr", "APPROVED", None),
    ]


async def test_a_list_is_set_shown_with_obstacles_and_reset(driver: Driver, connection: asyncpg.Connection) -> None:
    await connection.execute("UPDATE templates SET status = 'PAUSED' WHERE name = $1 AND language = 'tr'", OWN)
    await connection.execute("UPDATE templates SET category = 'MARKETING' WHERE name = $1 AND language = 'en'", OWN)
    made = (await put(driver, SHORT, OWN)).json()
    assert made["is_default"] is False
    assert [one["template"] for one in made["variants"]] == [SHORT, OWN]
    obstacles = {one["language"]: one["obstacle"] for one in made["variants"][1]["languages"]}
    assert obstacles == {"tr": "template_paused", "en": "template_recategorised"}
    assert await names(driver) == [SHORT, OWN]
    reset = (await driver.request("DELETE", PATH)).json()
    assert (reset["is_default"], await names(driver)) == (True, [OWN])


async def test_a_new_event_is_told_by_the_first_of_the_list_at_once(driver: Driver) -> None:
    await driver.world.opt_in("+905321112233")
    await put(driver, SHORT, OWN)
    assert (await driver.story(await driver.accepted()))["template"] == SHORT


@pytest.mark.parametrize(
    ("templates", "pointer", "code"),
    [
        ([], "#/templates", "too_short"),
        (["order_confirmed", "order_confirmed"], "#/templates", "value_error"),
        (["nothing_of_the_kind"], "#/templates/0", "unknown_template"),
        ([OWN, "order_shipped"], "#/templates/1", "template_unfit"),
        ([f"t{number}" for number in range(21)], "#/templates", "too_long"),
        (["a\x00b"], "#/templates/0", "unknown_template"),
        (None, "#/templates", "list_type"),
        ([7], "#/templates/0", "string_type"),
    ],
)
async def test_what_cannot_be_a_list_is_refused_and_changes_nothing(
    driver: Driver, templates: Any, pointer: str, code: str
) -> None:
    answer = await driver.request("PUT", PATH, json={"templates": templates})
    found = problem(answer, 422, "invalid_request")
    assert (found["errors"][0]["pointer"], found["errors"][0]["code"]) == (pointer, code)
    assert await names(driver) == [OWN]


async def test_a_template_that_asks_for_what_events_do_not_tell_is_named_with_what_they_do(
    driver: Driver, connection: asyncpg.Connection
) -> None:
    body = '[{"type": "BODY", "text": "Merhaba {{customer_name}}, kodunuz {{secret_code}} hazırdır."}]'
    await connection.execute(ADD, "order_confirmed_coded", body)
    found = problem(await put(driver, "order_confirmed_coded"), 422, "invalid_request")
    assert "asks for secret_code" in found["errors"][0]["message"]
    assert "order_number" in found["errors"][0]["message"]


async def test_what_is_in_the_list_may_stay_in_it_though_meta_has_deleted_it(
    driver: Driver, connection: asyncpg.Connection
) -> None:
    await put(driver, SHORT, OWN)
    await connection.execute("UPDATE templates SET status = 'DELETED' WHERE name = $1", SHORT)
    moved = await put(driver, OWN, SHORT)
    assert moved.status_code == 200
    assert await names(driver) == [OWN, SHORT]
    await connection.execute("DELETE FROM templates WHERE name = $1", SHORT)
    assert (await put(driver, *await names(driver))).status_code == 200
    refused = problem(await put(driver, SHORT, OWN, "order_confirmed_new"), 422, "invalid_request")
    assert [(one["pointer"], one["code"]) for one in refused["errors"]] == [("#/templates/2", "unknown_template")]
    assert (await put(driver, OWN)).status_code == 200
    problem(await put(driver, OWN, SHORT), 422, "invalid_request")  # once it is out, it is as unknown as any


async def test_a_header_that_events_do_not_tell_is_refused_unless_it_is_always_the_same(
    driver: Driver, connection: asyncpg.Connection
) -> None:
    components = '[{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Merhaba"}]'
    await connection.execute(ADD, "order_confirmed_shown", components)
    found = problem(await put(driver, "order_confirmed_shown"), 422, "invalid_request")
    assert {(one["pointer"], one["code"]) for one in found["errors"]} == {("#/templates/0", "template_unfit")}
    assert "a header of the format IMAGE" in found["errors"][0]["message"]
    media = await added(driver, png(), "image/png")
    await connection.execute(
        "INSERT INTO template_samples (business_id, waba_id, name, language, media_id)"
        " SELECT business_id, waba_id, name, language, $2 FROM templates WHERE name = $1",
        "order_confirmed_shown",
        parse_id(MEDIA_PREFIX, media),
    )
    assert (await put(driver, "order_confirmed_shown")).status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_there_is_no_list_of_what_is_no_event_type(driver: Driver, method: str) -> None:
    body = {"json": {"templates": [OWN]}} if method == "PUT" else {}
    answer = await driver.request(method, "/v1/event-types/x-nothing/variants", **body)
    problem(answer, 404, "unknown_event_type")
