"""The OpenAPI document: valid, committed as the code makes it, complete, and true of real answers."""

import json
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any, get_args
from urllib.parse import urlsplit

import httpx
import jsonschema
import pytest
import respx
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from app.accounts.keys import Scope
from app.callbacks.schemas import EventName
from app.cli.run import OPENAPI
from app.consent.links import LINK_PATH as OPT_IN_LINK_PATH
from app.container import Container
from app.core.clock import ManualClock
from app.core.problems import MEDIA_TYPE
from app.core.settings import Settings
from app.main import WITHOUT_KEY, create_app
from app.messages.dispatch import Dispatcher
from app.pages.opt_in_router import PUBLIC_PATH
from app.templates.definition import LINK_PATH
from tests.conftest import SECRET_KEY
from tests.support.driving import PHONE, Driver, accept_all, dispatch, refusal, sends
from tests.support.prepared import prepare
from tests.support.walk import OPERATIONS, call, each_attempt, each_operation
from tests.support.world import order_confirmed, status_item

FOR_BROWSERS = (LINK_PATH, f"{OPT_IN_LINK_PATH}/")

PAGED = ("list_messages", "list_alerts")


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """No test changes it, nor do an application's settings."""
    unused = Settings(database_url="postgresql:///unused", secret_keys=SECRET_KEY)  # type: ignore[arg-type] # as a text
    return create_app(unused).openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    validate(document, cls=OpenAPIV31SpecValidator)


def test_committed_document_is_what_the_code_makes(document: dict[str, Any]) -> None:
    assert OPENAPI.read_text(encoding="utf-8") == json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def test_every_schema_is_used(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    unused = [name for name in document["components"]["schemas"] if f'"#/components/schemas/{name}"' not in text]
    assert unused == []


def test_every_operation_is_named_once_described_and_filed(document: dict[str, Any]) -> None:
    found = list(operations(document))
    assert len(found) >= 9
    for method, path, operation in found:
        assert operation.get("operationId"), (method, path)
        assert operation.get("summary"), (method, path)
        assert operation.get("description"), (method, path)
        assert operation.get("tags"), (method, path)
    ids = [operation["operationId"] for _, _, operation in found]
    assert len(ids) == len(set(ids))


def test_every_operation_declares_its_security_and_its_refusals(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        public = path.startswith(WITHOUT_KEY)
        assert operation["security"] == ([] if public else [{"ApiKey": []}]), (method, path)
        expected = {"401"} if method == "post" and public else {"403"} if public else {"401", "403"}
        if path.startswith(FOR_BROWSERS):
            expected = {"404"}
        elif path.startswith(PUBLIC_PATH):
            expected = {"403", "404", "410"}
        assert expected <= set(operation["responses"]), (method, path)
        if "application/json" in operation.get("requestBody", {}).get("content", {}) and not public:
            assert {"400", "413", "422"} <= set(operation["responses"]), (method, path)
        if "{" in path and method == "get":
            assert "404" in operation["responses"], (method, path)
        for status, answer in operation["responses"].items():
            if status.startswith(("4", "5")) and path.startswith(FOR_BROWSERS):
                assert list(answer["content"]) == ["text/html"], "a customer's browser asks, not a program"
            elif status.startswith(("4", "5")):
                assert list(answer["content"]) == [MEDIA_TYPE], (method, path, status)
                schema = answer["content"][MEDIA_TYPE]["schema"]  # some problems say more than others
                assert {"$ref": "#/components/schemas/ProblemDetails"} in schema.get("anyOf", [schema])
                assert answer["description"]


def test_every_property_that_a_caller_may_send_is_closed_to_unknown_ones(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body is None:
            continue
        name = body["schema"]["$ref"].rpartition("/")[2]
        assert document["components"]["schemas"][name].get("additionalProperties") is False, (method, path)


def test_every_event_is_documented_as_a_webhook_whose_example_the_feed_has(document: dict[str, Any]) -> None:
    named = set(get_args(EventName)) | {"endpoint.test", "events.batch"}
    assert set(document["webhooks"]) == named
    shared = {"created_at": "2026-11-26T10:00:00Z", "timestamp": "2026-11-26T10:00:00Z"}
    event = {"id": "evt_" + "0" * 32, "type": "endpoint.test", **shared, "data": {"endpoint": "cbe_1", "note": "Test"}}
    batch = {"type": "events.batch", "timestamp": shared["timestamp"], "data": {"events": [event]}}
    for told in (event, batch):
        (method,) = document["webhooks"][told["type"]].values()
        assert [one["name"] for one in method["parameters"]] == ["webhook-id", "webhook-timestamp", "webhook-signature"]
        schema = method["requestBody"]["content"]["application/json"]["schema"]
        conforms(document, schema, told)
        with pytest.raises(jsonschema.ValidationError):
            conforms(document, schema, {**told, "type": "another"})


def test_examples_of_bodies_fit_their_schemas(document: dict[str, Any]) -> None:
    checked = 0
    for _, _, operation in operations(document):
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body is None:
            continue
        schema = document["components"]["schemas"][body["schema"]["$ref"].rpartition("/")[2]]
        for example in schema["examples"]:
            conforms(document, body["schema"], example)
            checked += 1
    assert checked >= len([one for one in OPERATIONS.values() if one.body])


def conforms(document: dict[str, Any], schema: dict[str, Any], value: Any) -> None:
    whole = {**schema, "components": document["components"]}
    jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker()).validate(value)


def documented(document: dict[str, Any], operation_id: str, answer: httpx.Response) -> None:
    """The answer is one that the operation documents, and fits what is documented of it."""
    (operation,) = (one for _, _, one in operations(document) if one["operationId"] == operation_id)
    declared = operation["responses"].get(str(answer.status_code))
    assert declared is not None, f"{operation_id} does not document {answer.status_code}"
    if "content" not in declared:
        assert not answer.content, f"{operation_id} does not document what {answer.status_code} holds"
        return
    media_type = answer.headers["content-type"].partition(";")[0]
    assert media_type in declared["content"], f"{operation_id} does not document {media_type}"
    told = answer.json() if media_type.endswith("json") else answer.text
    conforms(document, declared["content"][media_type]["schema"], told)


@each_operation
async def test_answers_fit_what_is_documented(
    driver: Driver,
    document: dict[str, Any],
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    subtests: pytest.Subtests,
    operations: list[str],
) -> None:
    await driver.world.opt_in(PHONE)
    message_id = await driver.accepted(order_confirmed(metadata={"k": "v"}, reference="r"))
    sends(graph, driver.world).mock(side_effect=accept_all)
    await dispatch(dispatcher)
    await driver.receipts(*(status_item(message_id, status) for status in ("sent", "delivered", "read")))
    waiting = await driver.accepted()
    ids = await prepare(driver, graph)
    for operation in operations:
        asked = {**ids, "message": waiting if operation == "cancel_message" else message_id}
        with subtests.test(operation=operation):
            taken = await call(driver.http, operation, driver.world.headers, **asked)
            assert taken.is_success, taken.text
            documented(document, operation, taken)
            documented(document, operation, await call(driver.http, operation, {}, **asked))


@each_attempt
async def test_refusals_fit_what_is_documented(
    driver: Driver,
    container: Container,
    document: dict[str, Any],
    subtests: pytest.Subtests,
    operations: list[str],
) -> None:
    for operation in operations:
        with subtests.test(operation=operation):
            for answer in await _refusals(driver, container, operation):
                documented(document, operation, answer)


async def _refusals(driver: Driver, container: Container, operation: str) -> list[httpx.Response]:
    asked = OPERATIONS[operation]
    powerless = await container.accounts.create_key(
        driver.world.business_id, "powerless", mode="test", scopes=[one for one in Scope if one != asked.scope]
    )
    nobody = "0" * 32
    ids: dict[str, Any] = {
        "message": f"msg_{nobody}",
        "phone": "+905321110000",
        "sender": f"snd_{nobody}",
        "business": f"biz_{nobody}",
        "event_type": "x-nobody",
        "test_list": nobody,
        "consent_import": f"imp_{nobody}",
        "link": f"lnk_{nobody}",
        "media": f"med_{nobody}",
        "template": f"tpl_{nobody}",
        "integration": f"int_{nobody}",
        "reply": f"rep_{nobody}",
        "callback_endpoint": f"cbe_{nobody}",
        "callback_event": f"evt_{nobody}",
    }
    refused = [await call(driver.http, operation, {"Authorization": f"Bearer {powerless}"}, **ids)]
    assert refused[0].status_code == 403
    if asked.body is not None:
        path = asked.path.format(**ids, contact=ids["phone"])
        headers = {**driver.world.headers, "Content-Type": "application/json"}
        for raw, status in ((b"{", 400), (b'{"colour":"red"}', 422), (b'"' + b"x" * 5_000_000 + b'"', 413)):
            answer = await driver.http.request(asked.method, path, headers=headers, content=raw)
            assert answer.status_code == status
            refused.append(answer)
    elif "{" in asked.path:
        refused.append(await call(driver.http, operation, driver.world.headers, **ids))
        assert refused[-1].status_code == 404
    elif operation in PAGED:
        refused.append(await call(driver.http, operation, driver.world.headers, params={"limit": "0"}, **ids))
        assert refused[-1].status_code == 422
    return refused


async def test_story_of_a_message_in_every_end_fits_what_is_documented(
    driver: Driver,
    document: dict[str, Any],
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    clock: ManualClock,
) -> None:
    ids = [await driver.accepted()]  # suppressed
    await driver.world.opt_in(PHONE)
    for answer in (
        refusal(131026),
        httpx.ReadTimeout("slow"),
        httpx.ConnectError("refused"),
        refusal(190, status=401),  # after which the sender is paused
    ):
        ids.append(await driver.accepted())
        route = sends(graph, driver.world)
        if isinstance(answer, httpx.Response):
            route.mock(return_value=answer)
        else:
            route.mock(side_effect=answer)
        clock.advance(timedelta(seconds=1))
        await dispatch(dispatcher)
    sends(graph, driver.world).mock(side_effect=accept_all)
    ids.append(await driver.accepted())
    await driver.receipts(status_item(ids[-1], "failed", errors=[{"code": 131026, "title": "Message undeliverable"}]))
    statuses = []
    for message_id in ids:
        answer = await driver.request("GET", f"/v1/messages/{message_id}")
        documented(document, "get_message", answer)
        statuses.append(answer.json()["status"])
    assert statuses == ["suppressed", "failed", "unconfirmed", "queued", "queued", "failed"]


async def test_replayed_and_in_flight_answers_fit_what_is_documented(driver: Driver, document: dict[str, Any]) -> None:
    for body in (order_confirmed(), order_confirmed(), order_confirmed(reference="other")):
        answer = await driver.report(body, key="k")
        documented(document, "report_order_confirmed", answer)
    assert answer.status_code == 422


async def test_dry_run_fits_what_is_documented(driver: Driver, document: dict[str, Any]) -> None:
    events = [{"type": "order-confirmed", **order_confirmed()}, {"type": "no-such-event"}]
    answer = await driver.request("POST", "/v1/events", json={"events": events, "dry_run": True})
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)
    documented(document, "report_events", answer)


async def test_answer_with_a_series_fits_what_is_documented(
    driver: Driver, document: dict[str, Any], clock: ManualClock
) -> None:
    data = {"starts_at": (clock.now() + timedelta(hours=20)).isoformat(), "place": "Klinik"}
    body = order_confirmed(data=data, reference="appointment-77", remind_before=["PT24H", "PT1H"])
    answer = await driver.report(body, event="appointment-reminder")
    documented(document, "report_appointment_reminder", answer)
    assert [one["status"] for one in answer.json()["reminders"]] == ["skipped", "suppressed"]
    batch = await driver.report_many([{"type": "appointment-reminder", **body}])
    documented(document, "report_events", batch)


class Links(HTMLParser):
    """Every address that a page makes a browser fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("src", "href") and value]


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
async def test_documentation_pages_need_no_other_host(http: httpx.AsyncClient, page: str) -> None:
    answer = await http.get(page)
    assert answer.status_code == 200
    links = Links()
    links.feed(answer.text)
    assert [link for link in links.found if link.endswith(".js")]
    for link in links.found:
        parts = urlsplit(link)
        assert parts.netloc in ("", "ulak.test"), link
        if parts.scheme == "data" or not parts.path:
            continue
        asset = await http.get(link)
        assert asset.status_code == 200, link
        assert asset.content
    inline = answer.text.replace("http://ulak.test", "")
    assert "https://" not in inline
    assert "http://" not in inline


async def test_document_is_served_as_it_is_committed(http: httpx.AsyncClient, document: dict[str, Any]) -> None:
    answer = await http.get("/openapi.json")
    assert (answer.status_code, answer.json()) == (200, json.loads(json.dumps(document)))
