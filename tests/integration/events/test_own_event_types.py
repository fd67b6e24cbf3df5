"""A business's own event types, from their definition to the message that Meta gets."""

import asyncio
import copy
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
import respx

from app.cli.at_meta import defaults
from app.container import Container
from app.core.clock import ManualClock
from app.core.settings import Settings
from app.events import service
from app.events.catalogue import catalogue
from app.events.schemas import EXAMPLE, EXAMPLE_NAME
from app.events.service import CHANNEL
from app.messages.bodies import adapter_of
from app.messages.dispatch import Dispatcher
from app.templates.definition import submission
from tests.support.driving import (
    PHONE,
    Driver,
    accept_all,
    another_api,
    another_dispatcher,
    count,
    dispatch,
    hearing_container,
    pointers,
    problem,
    rows,
    sends,
    sent_ids,
    waits_for,
)
from tests.support.world import BASES, World, build_world, order_confirmed

NAME = "x-parcel-shelf"
ADDRESS = f"/v1/event-types/{NAME}"

PARCEL: dict[str, Any] = {
    **EXAMPLE,
    "title": "Parcel on the shelf",
    "topic": "parcels",
    "payload_schema": {
        "type": "object",
        "additionalProperties": False,
        "required": ["parcel", "fee"],
        "properties": {
            "parcel": {
                "type": "object",
                "additionalProperties": False,
                "required": ["number"],
                "properties": {"number": {"type": "string", "maxLength": 20, "pattern": "^[A-Z0-9-]+$"}},
            },
            "fee": {
                "type": "object",
                "additionalProperties": False,
                "required": ["amount", "currency"],
                "properties": {"amount": {"type": "integer"}, "currency": {"type": "string"}},
            },
        },
    },
    "parameters": {
        "customer_name": {"source": "contact.name"},
        "number": {"source": "/parcel/number"},
        "fee": {"source": "/fee", "format": "money"},
    },
    "buttons": [],
    "wordings": {
        "tr": {
            "body": "Merhaba {{customer_name}}, {{number}} numaralı koliniz rafta sizi bekliyor. Ücret: {{fee}}. "
            "İyi günler dileriz."
        },
        "en": {
            "body": "Hello {{customer_name}}, your parcel {{number}} is on the shelf. Fee: {{fee}}. Have a good day."
        },
    },
    "examples": {
        language: {
            "contact": {"phone": PHONE, "name": "Ayşe Yılmaz", "language": language},
            "data": {"parcel": {"number": "K-7"}, "fee": {"amount": 129990, "currency": "TRY"}},
        }
        for language in ("tr", "en")
    },
}
EVENT = PARCEL["examples"]["tr"]


def changed(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(PARCEL), **changes}


def event(phone: str = PHONE, **data: Any) -> dict[str, Any]:
    return {
        "contact": {"phone": phone, "name": "Ayşe Yılmaz", "language": "tr"},
        "data": {**copy.deepcopy(EVENT["data"]), **data},
    }


async def define(driver: Driver, body: Any = PARCEL, *, address: str = ADDRESS) -> dict[str, Any]:
    answer = await driver.request("PUT", address, json=body)
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, Any] = answer.json()
    return found


async def approve(container: Container, world: World, connection: asyncpg.Connection) -> None:
    """As if Meta had been given the templates of the business's event types, and taken them."""
    container.event_types.forget(world.business_id)
    for event_type in await container.event_types.open(world.business_id):
        for number, template in enumerate(event_type.templates, 9000):
            await connection.execute(
                """
                INSERT INTO templates (business_id, id, waba_id, name, language, meta_id, status, category,
                                       parameter_format, components, known_at)
                VALUES ($1, gen_random_uuid(), $2, $3, $4, $5, 'APPROVED', $6, 'NAMED', $7, now())
                ON CONFLICT DO NOTHING
                """,
                world.business_id,
                world.waba_id,
                template.name,
                template.language,
                str(number),
                template.category,
                orjson.dumps(submission(template, BASES)["components"]).decode(),
            )


@pytest.fixture
async def defined(driver: Driver, container: Container, connection: asyncpg.Connection) -> Driver:
    """A business that has defined its type, with approved templates and a customer who agreed to hear of parcels."""
    await define(driver)
    await approve(container, driver.world, connection)
    await driver.world.opt_in(PHONE, topics=["parcels"])
    return driver


async def test_customers_may_speak_of_a_topic_once_an_event_type_has_it(driver: Driver) -> None:
    refused = await driver.consent(PHONE, act="opt_out", source="checkout", topics=["parcels"])
    (fault,) = problem(refused, 422, "invalid_request")["errors"]
    assert (fault["pointer"], fault["code"]) == ("#/topics/0", "unknown_topic")
    await define(driver)
    for topic in ("parcels", "marketing", "*"):
        taken = await driver.consent(PHONE, act="opt_out", source="checkout", topics=[topic])
        assert taken.status_code == 200, taken.text
    offered = {"offered_topics": {"parcels": {"en": "Parcels"}}}
    assert (await driver.request("PATCH", "/v1/businesses/me", json=offered)).status_code == 200


async def test_defined_event_is_told_as_defined(
    defined: Driver, dispatcher: Dispatcher, graph: respx.MockRouter
) -> None:
    answer = await defined.report(event(), event=NAME)
    assert answer.status_code == 202, answer.text
    message_id = answer.json()["id"]
    assert (answer.json()["status"], answer.json()["event_type"]) == ("queued", NAME)
    assert answer.headers["location"] == f"/v1/messages/{message_id}"
    route = sends(graph, defined.world).mock(side_effect=accept_all)
    await dispatch(dispatcher)
    sent = orjson.loads(route.calls.last.request.content)["template"]
    assert (sent["name"], sent["language"]) == ("x_parcel_shelf", {"code": "tr"})
    assert sent["components"] == [
        {
            "type": "body",
            "parameters": [
                {"type": "text", "parameter_name": "customer_name", "text": "Ayşe Yılmaz"},
                {"type": "text", "parameter_name": "number", "text": "K-7"},
                {"type": "text", "parameter_name": "fee", "text": "1.299,90 ₺"},
            ],
        }
    ]
    story = await defined.story(message_id)
    assert (story["status"], story["data"]) == ("accepted", event()["data"])
    assert story["decision"][0]["input"]["topic"] == "parcels"
    expires = orjson.loads(answer.content)
    assert expires["expires_at"] is not None


async def test_definition_is_shown_and_counted(driver: Driver, clock: ManualClock) -> None:
    first = await driver.request("PUT", ADDRESS, json=PARCEL)
    assert first.status_code == 201
    assert (first.json()["revision"], first.json()["own"]) == (1, True)
    assert first.json()["definition"]["wordings"]["tr"]["body"] == PARCEL["wordings"]["tr"]["body"]
    clock.advance(timedelta(seconds=5))
    again = await driver.request("PUT", ADDRESS, json=PARCEL)
    assert (again.status_code, again.json()) == (200, first.json())
    replaced = await driver.request("PUT", ADDRESS, json=changed(title="Shelf", priority="critical"))
    assert (replaced.status_code, replaced.json()["revision"]) == (200, 2)
    shown = await driver.request("GET", ADDRESS)
    assert shown.json() == replaced.json()
    assert (shown.json()["title"], shown.json()["priority"], shown.json()["quiet_hours"]) == (
        "Shelf",
        "critical",
        "bypass",
    )
    again = await driver.request("PUT", ADDRESS, json=shown.json()["definition"])
    assert again.json() == shown.json(), "what is shown can be put"


async def test_own_types_are_listed_after_the_catalogues(driver: Driver) -> None:
    await define(driver)
    listed = (await driver.request("GET", "/v1/event-types")).json()["event_types"]
    assert [one["name"] for one in listed] == [*catalogue(), NAME, EXAMPLE_NAME]
    own = {one["name"]: one["own"] for one in listed}
    assert [name for name, is_own in own.items() if is_own] == [NAME, EXAMPLE_NAME]
    assert {one["expected_category"] for one in listed if one["own"]} == {"UTILITY"}
    shown = (await driver.request("GET", "/v1/event-types/order-confirmed")).json()
    assert (shown["own"], shown["definition"], shown["revision"]) == (False, None, None)


@pytest.mark.parametrize("name", ["order-confirmed", "x-", "x-Parcel", "x_parcel", "x-a--b", "x-" + "a" * 59, "parcel"])
async def test_name_of_another_form_is_refused(driver: Driver, connection: asyncpg.Connection, name: str) -> None:
    before = await rows(connection)
    answer = await driver.request("PUT", f"/v1/event-types/{name}", json=PARCEL)
    body = problem(answer, 422, "invalid_request")
    assert [(one["parameter"], one["code"]) for one in body["errors"]] == [("event_type", "event_type_name")]
    assert await rows(connection) == before


async def test_longest_name_is_taken(driver: Driver) -> None:
    name = "x-" + "a" * 58
    assert (await define(driver, address=f"/v1/event-types/{name}"))["name"] == name


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        (
            changed(wordings={**PARCEL["wordings"], "de": {"body": "Hallo {{x}} da."}}),
            "language_missing",
            "#/examples/de",
        ),
        (
            changed(parameters={**PARCEL["parameters"], "fee": {"source": "/fee"}}),
            "format_unfit",
            "#/parameters/fee/source",
        ),
        (changed(topic="Parcels"), "string_pattern_mismatch", "#/topic"),
        (changed(examples={**PARCEL["examples"], "en": {"data": {}}}), "required", "#/examples/en/data/parcel"),
    ],
)
async def test_faulty_definition_is_refused_and_changes_nothing(
    driver: Driver, connection: asyncpg.Connection, body: dict[str, Any], code: str, pointer: str
) -> None:
    await define(driver)
    before = await rows(connection)
    refused = problem(await driver.request("PUT", ADDRESS, json=body), 422, "invalid_request")
    assert (code, pointer) in [(one["code"], one["pointer"]) for one in refused["errors"]]
    assert await rows(connection) == before


def offer() -> dict[str, Any]:
    """A promotional type."""
    asked = {
        "type": "object",
        "additionalProperties": False,
        "required": ["requested_at", "channel", "wording", "evidence"],
        "properties": {name: {"type": "string"} for name in ("requested_at", "channel", "wording", "evidence")},
    }
    definition = changed(expected_category="MARKETING", topic="marketing_shelf_offers")
    definition["payload_schema"]["required"].append("request")
    definition["payload_schema"]["properties"]["request"] = asked
    for example in definition["examples"].values():
        example["data"]["request"] = {
            "requested_at": "2026-11-20T18:05:00+03:00",
            "channel": "app",
            "wording": "Haber ver",
            "evidence": "wish-1",
        }
    return definition


async def test_customer_cannot_have_asked_tomorrow(
    driver: Driver, container: Container, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    await define(driver, offer())
    await approve(container, driver.world, connection)
    await driver.world.opt_in(PHONE, topics=["marketing_shelf_offers"])
    body = copy.deepcopy(offer()["examples"]["tr"])
    body["data"]["request"]["requested_at"] = (clock.now() + timedelta(minutes=1)).isoformat()
    refused = problem(await driver.report(body, event=NAME), 422, "invalid_request")
    assert [(one["code"], one["pointer"]) for one in refused["errors"]] == [
        ("in_the_future", "#/data/request/requested_at")
    ]
    body["data"]["request"]["requested_at"] = clock.now().isoformat()
    assert (await driver.report(body, event=NAME)).json()["status"] == "queued"


async def test_topic_stands_for_what_happened_or_for_promotion(driver: Driver, connection: asyncpg.Connection) -> None:
    before = await rows(connection)
    promotional = [{**offer(), "topic": topic} for topic in ("orders", "shelf_offers", EXAMPLE["topic"])]
    for definition in [*promotional, changed(topic="marketing_shelf_offers"), changed(topic="price_alerts")]:
        refused = problem(await driver.request("PUT", ADDRESS, json=definition), 422, "invalid_request")
        assert [(one["code"], one["pointer"]) for one in refused["errors"]] == [("topic_of_another_kind", "#/topic")]
    assert await rows(connection) == before
    await define(driver, offer())


async def test_there_is_an_end_to_the_number_of_types(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "OWN_MOST", 2)
    await define(driver)
    refused = await driver.request("PUT", "/v1/event-types/x-third", json=PARCEL)
    problem(refused, 409, "too_many_event_types")
    await define(driver, changed(title="Replaced"))


async def test_of_many_definitions_at_once_one_creates(driver: Driver, connection: asyncpg.Connection) -> None:
    bodies = [changed(title=f"Title {number}") for number in range(6)]
    answers = await asyncio.gather(*(driver.request("PUT", ADDRESS, json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert sorted(answer.json()["revision"] for answer in answers) == [1, 2, 3, 4, 5, 6]
    last = await connection.fetchrow("SELECT definition, revision FROM event_types WHERE name = $1", NAME)
    assert last["revision"] == 6


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"parcel": {}}, "required", "#/data/parcel/number"),
        ({"parcel": {"number": "k-7"}}, "pattern", "#/data/parcel/number"),
        ({"parcel": {"number": "K" * 21}}, "max_length", "#/data/parcel/number"),
        ({"parcel": {"number": 7}}, "type", "#/data/parcel/number"),
        ({"parcel": {"number": "K-7", "a/b": 1}}, "additional_properties", "#/data/parcel/a~1b"),
        ({"parcel": {"number": "K\x07"}}, "control_characters", "#/data/parcel/number"),
        ({"colour": "red"}, "additional_properties", "#/data/colour"),
        ({"fee": {"amount": 1, "currency": "XQQ"}}, "value_error", "#/data/fee/currency"),
        ({"fee": {"amount": -1, "currency": "TRY"}}, "greater_than_equal", "#/data/fee/amount"),
    ],
)
async def test_payload_is_held_to_its_schema_at_the_door(
    defined: Driver, connection: asyncpg.Connection, change: dict[str, Any], code: str, pointer: str
) -> None:
    before = await rows(connection)
    alone = problem(await defined.report(event(**change), event=NAME), 422, "invalid_request")
    assert [(one["code"], one["pointer"]) for one in alone["errors"]] == [(code, pointer)]
    assert await rows(connection) == before
    batch = await defined.report_many([{"type": NAME, **event(**change)}, {"type": NAME, **event()}])
    first, second = batch.json()["results"]
    inside = pointer.replace("#", "#/events/0")
    assert [(one["code"], one["pointer"]) for one in first["problem"]["errors"]] == [(code, inside)]
    assert second["message"]["event_type"] == NAME


async def test_body_that_is_no_json_is_malformed(defined: Driver) -> None:
    for raw in (b"{", b'{"contact":{"phone":"+905321112233"},"data":{"parcel":"\\ud800"}}', b"[" * 2000):
        problem(await defined.report(raw, event=NAME), 400, "malformed_body")


async def test_idempotency_key_holds_for_own_types(defined: Driver, connection: asyncpg.Connection) -> None:
    answers = [await defined.report(event(), event=NAME, key="k") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["idempotency-replayed"] == "true"
    other = event(fee={"amount": 1, "currency": "TRY"})
    problem(await defined.report(other, event=NAME, key="k"), 422, "idempotency_mismatch")
    assert await count(connection, "messages") == 1


async def test_stored_answer_outlives_the_type_as_it_was(defined: Driver, connection: asyncpg.Connection) -> None:
    first = await defined.report(event(), event=NAME, key="k")
    stricter = changed()
    stricter["payload_schema"]["properties"]["parcel"]["properties"]["number"]["minLength"] = 10
    for example in stricter["examples"].values():
        example["data"]["parcel"]["number"] = "K-700000000"
    await define(defined, stricter)
    redefined = await defined.report(event(), event=NAME, key="k")
    await defined.request("DELETE", ADDRESS)
    retired = await defined.report(event(), event=NAME, key="k")
    for again in (redefined, retired):
        assert (again.status_code, again.json(), again.headers["location"]) == (
            202,
            first.json(),
            first.headers["location"],
        )
        assert again.headers["idempotency-replayed"] == "true"
    other = event(parcel={"number": "K-8"})
    problem(await defined.report(other, event=NAME, key="k"), 422, "idempotency_mismatch")
    problem(await defined.report(event(), event=NAME, key="new"), 404, "unknown_event_type")
    problem(await defined.report(event(), event=NAME, key="\x7f"), 422, "invalid_request")
    assert await count(connection, "messages") == 1


async def test_consent_to_its_topic_is_asked_for(
    defined: Driver, dispatcher: Dispatcher, graph: respx.MockRouter
) -> None:
    other = "+905321110001"
    await defined.world.opt_in(other, topics=["orders"])
    refused = await defined.report(event(other), event=NAME)
    assert (refused.json()["status"], refused.json()["reason"]) == ("suppressed", "no_consent")
    waiting = await defined.accepted(event(), event=NAME)
    await defined.world.opt_in(PHONE, topics=["orders"])
    order = await defined.accepted(order_confirmed())
    answer = await defined.consent(PHONE, act="opt_out", source="checkout", topics=["parcels"])
    assert answer.json()["canceled_messages"] == 1
    assert (await defined.story(waiting))["status"] == "suppressed"
    route = sends(graph, defined.world).mock(side_effect=accept_all)
    await dispatch(dispatcher)
    assert sent_ids(route) == [order]


async def test_retired_type_takes_no_event_and_what_waits_still_goes(
    defined: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    waiting = await defined.accepted(event(), event=NAME)
    retired = await defined.request("DELETE", ADDRESS)
    assert retired.status_code == 200
    assert retired.json()["retired_at"] is not None
    assert (await defined.request("DELETE", ADDRESS)).json() == retired.json()
    before = await rows(connection)
    problem(await defined.report(event(), event=NAME), 404, "unknown_event_type")
    assert await rows(connection) == before
    batch = (await defined.report_many([{"type": NAME, **event()}])).json()["results"][0]["problem"]
    assert (batch["code"], batch["errors"][0]["pointer"]) == ("unknown_event_type", "#/events/0/type")
    listed = (await defined.request("GET", "/v1/event-types")).json()["event_types"]
    assert NAME not in [one["name"] for one in listed]
    assert (await defined.request("GET", ADDRESS)).json() == retired.json()
    route = sends(graph, defined.world).mock(side_effect=accept_all)
    await dispatch(dispatcher)
    assert sent_ids(route) == [waiting]
    revived = await define(defined)
    assert (revived["retired_at"], revived["revision"]) == (None, 1)
    assert (await defined.report(event(), event=NAME)).status_code == 202


async def test_replaced_definition_is_the_policy_of_what_waits(
    defined: Driver, settings: Settings, clock: ManualClock, graph: respx.MockRouter
) -> None:
    waiting = await defined.accepted(event(), event=NAME)
    await define(defined, changed(topic="parcel_desk"))
    route = sends(graph, defined.world).mock(side_effect=accept_all)
    async with another_dispatcher(settings, clock) as dispatcher:
        await dispatch(dispatcher)
    story = await defined.story(waiting)
    assert (story["status"], story["reason"]) == ("suppressed", "no_consent")
    assert story["decision"][-1]["input"]["topic"] == "parcel_desk"
    assert route.call_count == 0


async def test_text_of_what_waits_stays_when_the_definition_asks_for_more(
    defined: Driver, settings: Settings, clock: ManualClock, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    """As long as its template takes it; for another template it would have to be filled from data that fit no more."""
    waiting = await defined.accepted(event(), event=NAME)
    stricter = changed()
    stricter["payload_schema"]["properties"]["parcel"]["properties"]["number"]["minLength"] = 10
    for example in stricter["examples"].values():
        example["data"]["parcel"]["number"] = "K-700000000"
    await define(defined, stricter)
    await connection.execute("UPDATE templates SET status = 'PAUSED' WHERE name = 'x_parcel_shelf' AND language = 'tr'")
    route = sends(graph, defined.world).mock(side_effect=accept_all)
    async with another_dispatcher(settings, clock) as dispatcher:
        await dispatch(dispatcher)
    assert waits_for(await defined.story(waiting)) == "template"
    assert route.call_count == 0
    await connection.execute("UPDATE templates SET status = 'APPROVED' WHERE name = 'x_parcel_shelf'")
    clock.advance(timedelta(seconds=10))
    async with another_dispatcher(settings, clock) as dispatcher:
        await dispatch(dispatcher)
    assert sent_ids(route) == [waiting]


async def test_another_variant_is_filled_from_the_data_as_given(
    defined: Driver, settings: Settings, clock: ManualClock, graph: respx.MockRouter, connection: asyncpg.Connection
) -> None:
    waiting = await defined.accepted(event(), event=NAME)
    await connection.execute("UPDATE templates SET status = 'PAUSED' WHERE name = 'x_parcel_shelf' AND language = 'tr'")
    route = sends(graph, defined.world).mock(side_effect=accept_all)
    async with another_dispatcher(settings, clock) as dispatcher:
        await dispatch(dispatcher)
    assert sent_ids(route) == [waiting]
    sent = orjson.loads(route.calls.last.request.content)["template"]
    texts = [value["text"] for value in sent["components"][0]["parameters"]]
    assert (sent["language"]["code"], texts) == ("en", ["Ayşe Yılmaz", "K-7", "TRY 1,299.90"])


async def test_other_processes_hear_of_a_change(defined: Driver, settings: Settings, clock: ManualClock) -> None:
    business_id = defined.world.business_id
    async with hearing_container(settings, clock, CHANNEL) as (other, hear):
        assert (found := await other.event_types.find(business_id, NAME)) is not None
        assert found.title == PARCEL["title"]
        await define(defined, changed(title="Renamed"))
        assert await hear() == str(business_id)
        assert (found := await other.event_types.find(business_id, NAME)) is not None
        assert found.title == "Renamed"
        await defined.request("DELETE", ADDRESS)
        assert await hear() == str(business_id)
        assert await other.event_types.find(business_id, NAME) is None
        assert (await other.event_types.of(business_id)).get(NAME) is not None, "what waits is still told by it"


async def test_type_is_made_once_as_long_as_its_definition_stays(defined: Driver, container: Container) -> None:
    business_id = defined.world.business_id
    await define(defined, changed(), address="/v1/event-types/x-other")
    found = {name: await container.event_types.find(business_id, name) for name in (NAME, "x-other")}
    assert found[NAME] is not None
    adapter = adapter_of(found[NAME])
    await define(defined, changed(title="Renamed"), address="/v1/event-types/x-other")
    again = await container.event_types.find(business_id, NAME)
    assert again is found[NAME]
    assert adapter_of(again) is adapter
    async with container.database.transaction() as session:
        assert (await container.event_types.among(session, business_id, [NAME]))[NAME] is again
    other = await container.event_types.find(business_id, "x-other")
    assert other is not None
    assert (other is found["x-other"], other.title) == (False, "Renamed")


async def test_topics_of_types_that_are_not_readable_count(driver: Driver, connection: asyncpg.Connection) -> None:
    await define(driver, offer(), address="/v1/event-types/x-offer")
    await connection.execute("UPDATE event_types SET definition = definition - 'title' WHERE name = 'x-offer'")
    refused = await driver.request("PUT", ADDRESS, json=changed(topic="marketing_shelf_offers"))
    assert pointers(problem(refused, 422, "invalid_request")) == ["#/topic"]


async def test_other_businesses_do_not_know_it(
    http: httpx.AsyncClient, container: Container, defined: Driver, connection: asyncpg.Connection
) -> None:
    stranger = Driver(
        http, await build_world(container, name="Other", phone_number_id="100000000000003", waba_id="200000000000003")
    )
    before = await rows(connection)
    problem(await stranger.report(event(), event=NAME), 404, "unknown_event_type")
    problem(await stranger.request("GET", ADDRESS), 404, "unknown_event_type")
    problem(await stranger.request("DELETE", ADDRESS), 404, "unknown_event_type")
    listed = (await stranger.request("GET", "/v1/event-types")).json()["event_types"]
    assert NAME not in [one["name"] for one in listed]
    assert await rows(connection) == before
    assert (await define(stranger, changed(title="Theirs")))["title"] == "Theirs"
    assert (await defined.request("GET", ADDRESS)).json()["title"] == PARCEL["title"]


async def test_its_templates_are_applied_as_long_as_it_is_not_retired(driver: Driver, container: Container) -> None:
    async def applied() -> set[str]:
        container.event_types.forget(driver.world.business_id)
        business = await container.directory.business(driver.world.business_id)
        assert business is not None
        return {one.name for one in await defaults(container, business)}

    assert NAME.replace("-", "_") not in await applied()
    await define(driver)
    assert {"x_parcel_shelf", "x_table_ready", "order_confirmed"} <= await applied()
    await driver.request("DELETE", ADDRESS)
    assert "x_parcel_shelf" not in await applied()


async def test_definition_of_another_version_harms_no_other_type(
    defined: Driver,
    settings: Settings,
    clock: ManualClock,
    graph: respx.MockRouter,
    connection: asyncpg.Connection,
) -> None:
    waiting = await defined.accepted(event(), event=NAME)
    await defined.world.opt_in(PHONE, topics=["orders"])
    order = await defined.accepted(order_confirmed())
    await connection.execute("UPDATE event_types SET definition = '{\"newer\": true}' WHERE name = $1", NAME)
    route = sends(graph, defined.world).mock(side_effect=accept_all)
    clock.advance(timedelta(seconds=1))  # for the sender's pace
    async with another_dispatcher(settings, clock) as dispatcher:
        await dispatch(dispatcher)
    assert sent_ids(route) == [order]
    assert waits_for(await defined.story(waiting)) == "version"
    async with another_api(settings, clock) as http:
        other = Driver(http, defined.world)
        for method, path in (("POST", f"/v1/events/{NAME}"), ("GET", ADDRESS), ("DELETE", ADDRESS)):
            answer = await other.request(method, path, json=event() if method == "POST" else None)
            problem(answer, 404, "unknown_event_type")
        listed = (await other.request("GET", "/v1/event-types")).json()["event_types"]
        assert NAME not in [one["name"] for one in listed]
        assert (await define(other))["revision"] == 2
        assert (await other.report(event(), event=NAME)).status_code == 202
