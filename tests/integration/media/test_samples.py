"""Templates with a picture, film or PDF in their header: submitted with a sample, and messages that show it."""

import copy
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
import respx

from app.container import Container
from app.core.clock import ManualClock
from app.core.ids import new_id
from app.core.problems import InvalidRequest
from app.events.schemas import EXAMPLE
from app.media.samples import SampleUnusable
from app.messages.dispatch import Dispatcher
from app.sandbox.main import create_app
from app.sandbox.settings import SandboxSettings
from app.templates.definition import MediaHeader, TemplateDefinition
from app.templates.service import Account, Author
from app.whatsapp.client import GraphAccess, GraphClient
from app.whatsapp.errors import GraphError
from tests.support.driving import PHONE, Driver, accept_all, count, dispatch, pointers, problem, rows, sends
from tests.support.files import MP4, PDF, png
from tests.support.media import MISSING, MediaAtGraph, added, dispatch_all, header_of
from tests.support.world import BASES

BASE = "http://sandbox.test/v25.0"
NAME = "x-table-shown"
AUTHOR = Author("api")


def shown_table(media: dict[str, Any], *, with_photo: bool = False) -> dict[str, Any]:
    """An own event type whose header is a picture."""
    body = copy.deepcopy(EXAMPLE)
    body["media"] = media
    for wording in body["wordings"].values():
        del wording["header"]
    if with_photo:
        photo = {
            "type": "object",
            "additionalProperties": False,
            "properties": {"media": {"type": "string"}, "link": {"type": "string"}},
        }
        body["payload_schema"]["properties"]["photo"] = photo
    return body


def table(**data: Any) -> dict[str, Any]:
    body = copy.deepcopy(EXAMPLE["examples"]["tr"])
    body["contact"]["phone"] = PHONE
    body["data"] |= data
    return body


def definition(sample: str | None, *, form: str = "IMAGE", language: str = "tr") -> TemplateDefinition:
    return TemplateDefinition(
        name="shown_table",
        language=language,
        header=MediaHeader(format=form, sample=sample),  # type: ignore[arg-type] # one of the formats
        body="Merhaba {{customer_name}}, masanız hazır.",
        samples={"customer_name": "Ayşe Yılmaz"},
    )


@pytest.fixture
def account(driver: Driver) -> Account:
    access = GraphAccess("http://sandbox.test", "access-token")
    return Account(driver.world.business_id, driver.world.waba_id, BASES, access, driver.world.mode)


class Review:
    """Graph's side of submitting: the app of the token, resumable uploads, and templates."""

    def __init__(self, graph: respx.MockRouter, account: Account) -> None:
        self.asked = graph.get(f"{BASE}/debug_token").respond(json={"data": {"app_id": "900"}})
        self.opened = graph.post(f"{BASE}/900/uploads").respond(json={"id": "upload:A"})
        self.sent = graph.post(f"{BASE}/upload:A").respond(json={"h": "4::aW"})
        graph.get(f"{BASE}/{account.waba_id}/message_templates").respond(json={"data": []})
        self.created = graph.post(f"{BASE}/{account.waba_id}/message_templates")
        self.created.respond(json={"id": "1", "status": "APPROVED", "category": "UTILITY"})


@pytest.fixture
def review(graph: respx.MockRouter, account: Account) -> Review:
    return Review(graph, account)


async def refusal_of(container: Container, account: Account, wrong: TemplateDefinition) -> str:
    """What is said against its sample."""
    with pytest.raises(InvalidRequest) as raised:
        await container.templates.submit(account, wrong, AUTHOR)
    (error,) = raised.value.errors
    assert (error.pointer, error.code) == ("#/header/sample", "sample_unusable")
    return error.message


async def test_template_is_submitted_with_the_handle_of_its_sample(
    driver: Driver, container: Container, account: Account, review: Review
) -> None:
    media = await added(driver, png(), "image/png", name="masa.png")
    for language in ("tr", "en"):
        made = await container.templates.submit(account, definition(media, language=language), AUTHOR)
        assert made.status == "APPROVED"
    headers = [orjson.loads(call.request.content)["components"][0] for call in review.created.calls]
    assert headers == [{"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW"]}}] * 2
    assert dict(review.opened.calls.last.request.url.params) == {
        "file_name": "masa.png",
        "file_length": str(len(png())),
        "file_type": "image/png",
    }
    assert review.sent.calls.last.request.content == png()
    assert (review.asked.call_count, review.sent.call_count) == (1, 1), "one handle serves both languages"


async def test_template_with_a_film_is_submitted_with_its_handle(
    driver: Driver, container: Container, account: Account, review: Review
) -> None:
    media = await added(driver, MP4, "video/mp4", name="masa.mp4")
    made = await container.templates.submit(account, definition(media, form="VIDEO"), AUTHOR)
    assert made.status == "APPROVED"
    header, *_ = orjson.loads(review.created.calls.last.request.content)["components"]
    assert header == {"type": "HEADER", "format": "VIDEO", "example": {"header_handle": ["4::aW"]}}
    assert review.opened.calls.last.request.url.params["file_type"] == "video/mp4"
    assert review.sent.calls.last.request.content == MP4


async def test_handle_is_not_kept_for_long(
    driver: Driver, container: Container, account: Account, review: Review, clock: ManualClock
) -> None:
    media = await added(driver, png(), "image/png", name="masa.png")
    await container.samples.handle(account.access, account.business_id, media, "image")
    clock.advance(timedelta(hours=1))
    await container.samples.handle(account.access, account.business_id, media, "image")
    assert (review.asked.call_count, review.sent.call_count) == (1, 2)


@pytest.mark.parametrize("sample", [MISSING, "masa.png"])
async def test_sample_that_is_not_there_is_refused_before_meta_is_asked(
    driver: Driver, container: Container, account: Account, review: Review, sample: str
) -> None:
    assert sample in await refusal_of(container, account, definition(sample))
    assert not review.opened.called
    assert not review.created.called


async def test_sample_of_another_kind_is_refused(
    driver: Driver, container: Container, account: Account, review: Review
) -> None:
    media, film = await added(driver, PDF), await added(driver, MP4, "video/mp4", name="masa.mp4")
    assert "is no image" in await refusal_of(container, account, definition(media))
    assert "is no image" in await refusal_of(container, account, definition(film))
    assert "is no video" in await refusal_of(container, account, definition(media, form="VIDEO"))
    assert not review.opened.called


async def test_file_of_another_business_is_no_sample(
    driver: Driver, container: Container, account: Account, review: Review
) -> None:
    media = await added(driver, png(), "image/png", name="masa.png")
    with pytest.raises(SampleUnusable):
        await container.samples.handle(account.access, new_id(), media, "image")
    assert not review.opened.called


async def test_sample_of_a_draft_cannot_be_deleted_until_the_draft_is(driver: Driver) -> None:
    media = await added(driver, png(), "image/png", name="masa.png")
    body: dict[str, Any] = {"name": "table_ready", "language": "tr", "body": "Masanız hazır."}
    body |= {"header": {"format": "IMAGE", "sample": media}}
    draft = (await driver.request("POST", "/v1/templates", json=body)).json()["id"]
    refused = problem(await driver.request("DELETE", f"/v1/media/{media}"), 409, "media_in_use")
    assert "table_ready (tr)" in refused["detail"]
    assert (await driver.request("DELETE", f"/v1/templates/{draft}")).status_code == 204
    assert (await driver.request("DELETE", f"/v1/media/{media}")).status_code == 204


async def test_sample_of_a_template_cannot_be_deleted_until_the_template_is(
    driver: Driver, container: Container, account: Account, review: Review, connection: asyncpg.Connection
) -> None:
    media = await added(driver, png(), "image/png", name="masa.png")
    await container.templates.submit(account, definition(media), AUTHOR)
    body = problem(await driver.request("DELETE", f"/v1/media/{media}"), 409, "media_in_use")
    assert "shown_table (tr)" in body["detail"]
    await connection.execute("UPDATE templates SET status = 'DELETED' WHERE name = 'shown_table'")
    assert (await driver.request("DELETE", f"/v1/media/{media}")).status_code == 204
    assert await rows(connection, "media", "template_samples") == {"media": [], "template_samples": []}


async def test_another_file_alone_is_something_to_submit(
    driver: Driver, container: Container, account: Account, review: Review, graph: respx.MockRouter
) -> None:
    first = await added(driver, png(), "image/png", name="masa.png")
    other = await added(driver, png(shade=9), "image/png", name="bahçe.png")
    made = await container.templates.submit(account, definition(first), AUTHOR)
    editing = graph.post(f"{BASE}/1").respond(json={"success": True})
    graph.get(f"{BASE}/1").respond(500)
    path = f"/v1/templates/tpl_{made.id.hex}"
    same = {"header": {"format": "IMAGE", "sample": first}, "submit": True}
    problem(await driver.request("PATCH", path, json=same), 409, "template_nothing_to_submit")
    assert not editing.called
    changed = {"header": {"format": "IMAGE", "sample": other}, "submit": True}
    answer = await driver.request("PATCH", path, json=changed)
    assert answer.status_code == 200, answer.text
    assert editing.call_count == 1


async def _shown_always(driver: Driver, container: Container, account: Account, form: str, media: str) -> None:
    """An own event type that always shows the same file, approved at Meta."""
    body = shown_table({"format": form, "sample": media})
    answer = await driver.request("PUT", f"/v1/event-types/{NAME}", json=body)
    assert answer.status_code == 201, answer.text
    event_type = await container.event_types.find(driver.world.business_id, NAME)
    assert event_type is not None
    for template in event_type.templates:
        assert (await container.templates.submit(account, template, AUTHOR)).status == "APPROVED"
    await driver.world.opt_in(PHONE)


@pytest.fixture
async def fixed(driver: Driver, container: Container, account: Account, review: Review) -> str:
    """The picture that an own event type always shows."""
    media = await added(driver, png(), "image/png", name="masa.png")
    await _shown_always(driver, container, account, "IMAGE", media)
    return media


@pytest.fixture
async def film(driver: Driver, container: Container, account: Account, review: Review) -> str:
    """The film that an own event type always shows."""
    media = await added(driver, MP4, "video/mp4", name="masa.mp4")
    await _shown_always(driver, container, account, "VIDEO", media)
    return media


async def test_message_shows_the_film_of_its_template(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, film: str, clock: ManualClock
) -> None:
    meta = MediaAtGraph(graph, driver.world)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    message_id = await driver.accepted(table(), event=NAME)
    await dispatch(dispatcher)
    problem(await driver.request("DELETE", f"/v1/media/{film}"), 409, "media_in_use")
    await dispatch_all(dispatcher, clock)
    story = await driver.story(message_id)
    assert story["status"] == "accepted"
    assert story["parameters"]["header"] == {"type": "video", "video": {"media": film}}
    assert header_of(route) == {"type": "video", "video": {"id": "7001"}}
    assert MP4 in meta.uploads.calls.last.request.content
    assert b"Content-Type: video/mp4" in meta.uploads.calls.last.request.content


async def test_preview_shows_the_film_of_the_template(driver: Driver, film: str) -> None:
    answer = await driver.request("POST", f"/v1/events/{NAME}/preview", json=table())
    assert answer.status_code == 200, answer.text
    assert answer.json()["rendered"]["header"] == {"type": "video", "text": None, "media": {"media": film}}


async def test_film_whose_message_has_not_left_cannot_be_deleted(
    driver: Driver, film: str, connection: asyncpg.Connection
) -> None:
    """Whatever else shows it is gone."""
    message_id = await driver.accepted(table(), event=NAME)
    await connection.execute("DELETE FROM template_samples")
    await connection.execute("DELETE FROM event_types")
    body = problem(await driver.request("DELETE", f"/v1/media/{film}"), 409, "media_in_use")
    assert message_id in body["detail"]


async def test_event_brings_no_film(
    driver: Driver, fixed: str, container: Container, connection: asyncpg.Connection
) -> None:
    varied = shown_table({"format": "IMAGE", "source": "/photo", "sample": fixed}, with_photo=True)
    assert (await driver.request("PUT", f"/v1/event-types/{NAME}", json=varied)).status_code == 200
    container.event_types.forget(driver.world.business_id)
    media = await added(driver, MP4, "video/mp4", name="masa.mp4")
    refused = problem(await driver.report(table(photo={"media": media}), event=NAME), 422, "invalid_request")
    assert [(one["pointer"], one["code"]) for one in refused["errors"]] == [("#/data/photo/media", "media_kind")]
    assert await count(connection, "messages") == 0


async def test_message_shows_the_picture_that_is_always_the_same(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, fixed: str, clock: ManualClock
) -> None:
    MediaAtGraph(graph, driver.world)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    message_id = await driver.accepted(table(), event=NAME)
    await dispatch_all(dispatcher, clock)
    story = await driver.story(message_id)
    assert story["status"] == "accepted"
    assert story["parameters"]["header"] == {"type": "image", "image": {"media": fixed}}
    assert header_of(route) == {"type": "image", "image": {"id": "7001"}}


async def test_preview_shows_the_picture_that_is_always_the_same(driver: Driver, fixed: str) -> None:
    answer = await driver.request("POST", f"/v1/events/{NAME}/preview", json=table())
    assert answer.status_code == 200, answer.text
    assert answer.json()["rendered"]["header"] == {"type": "image", "text": None, "media": {"media": fixed}}


async def test_event_may_show_another_picture_than_the_sample(
    driver: Driver,
    container: Container,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    fixed: str,
    clock: ManualClock,
) -> None:
    meta = MediaAtGraph(graph, driver.world)
    varied = shown_table({"format": "IMAGE", "source": "/photo", "sample": fixed}, with_photo=True)
    assert (await driver.request("PUT", f"/v1/event-types/{NAME}", json=varied)).status_code == 200
    container.event_types.forget(driver.world.business_id)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    other = await added(driver, png(shade=9), "image/png", name="bahçe.png")
    for photo, expected in ({"media": other}, png(shade=9)), (None, png()):
        await driver.accepted(table(**({"photo": photo} if photo else {})), event=NAME)
        await dispatch_all(dispatcher, clock)
        assert expected in meta.uploads.calls.last.request.content
        assert header_of(route)["image"] == {"id": meta.ids[-1]}
    refused = await driver.report(table(photo={"media": MISSING}), event=NAME)
    assert pointers(problem(refused, 422, "invalid_request")) == ["#/data/photo/media"]


@pytest.mark.parametrize(
    ("media", "place", "code"),
    [
        ({"format": "IMAGE"}, "#/media", "source_missing"),
        ({"format": "IMAGE", "sample": MISSING}, "#/media/sample", "unknown_media"),
        ({"format": "VIDEO"}, "#/media", "source_missing"),
        ({"format": "VIDEO", "sample": MISSING}, "#/media/sample", "unknown_media"),
        ({"format": "VIDEO", "sample": MISSING, "source": "/photo"}, "#/media/source", "source_unfit"),
        ({"format": "LOCATION", "sample": MISSING}, "#/media/sample", "sample_unfit"),
        ({"format": "IMAGE", "sample": "masa.png"}, "#/media/sample", "string_pattern_mismatch"),
    ],
)
async def test_definition_with_a_sample_that_cannot_be_meant_is_refused(
    driver: Driver, connection: asyncpg.Connection, media: dict[str, Any], place: str, code: str
) -> None:
    before = await rows(connection, "event_types")
    answer = await driver.request("PUT", f"/v1/event-types/{NAME}", json=shown_table(media))
    body = problem(answer, 422, "invalid_request")
    assert (place, code) in [(one["pointer"], one["code"]) for one in body["errors"]]
    assert await rows(connection, "event_types") == before


async def test_sample_of_a_definition_is_of_its_kind_and_cannot_be_deleted(driver: Driver) -> None:
    document = await added(driver, PDF)
    wrong = await driver.request(
        "PUT", f"/v1/event-types/{NAME}", json=shown_table({"format": "IMAGE", "sample": document})
    )
    assert problem(wrong, 422, "invalid_request")["errors"][0]["code"] == "media_kind"
    wrong = await driver.request(
        "PUT", f"/v1/event-types/{NAME}", json=shown_table({"format": "VIDEO", "sample": document})
    )
    assert problem(wrong, 422, "invalid_request")["errors"][0]["code"] == "media_kind"
    right = shown_table({"format": "DOCUMENT", "sample": document})
    assert (await driver.request("PUT", f"/v1/event-types/{NAME}", json=right)).status_code == 201
    body = problem(await driver.request("DELETE", f"/v1/media/{document}"), 409, "media_in_use")
    assert NAME in body["detail"]


@pytest.fixture
async def sandbox() -> AsyncIterator[httpx.AsyncClient]:
    application = create_app(SandboxSettings(data_dir=None))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(application), base_url="http://sandbox.test", timeout=20
    ) as client:
        yield client


@pytest.mark.parametrize(
    ("form", "content", "mime_type", "name"),
    [("IMAGE", png(), "image/png", "masa.png"), ("VIDEO", MP4, "video/mp4", "masa.mp4")],
)
async def test_sandbox_takes_the_sample_and_the_file(
    sandbox: httpx.AsyncClient, form: str, content: bytes, mime_type: str, name: str
) -> None:
    """The client against the simulator, which shares no code with it."""
    account = (await sandbox.post("/control/accounts", json={})).json()
    access = GraphAccess("http://sandbox.test", account["access_token"])
    client = GraphClient(sandbox, "v25.0")
    app_id = await client.app_id(access)
    assert app_id == account["app_id"]
    handle = await client.upload_sample(access, app_id, content, mime_type, name)
    template = {
        "name": "shown_table",
        "language": "tr",
        "category": "UTILITY",
        "parameter_format": "NAMED",
        "components": [
            {"type": "HEADER", "format": form, "example": {"header_handle": [handle]}},
            {"type": "BODY", "text": "Merhaba, bu akşam için ayırttığınız masanız hazır."},
        ],
    }
    assert (await client.create_template(access, account["waba_id"], template))["id"]
    number = account["phone_number_id"]
    meta_id = await client.upload_media(access, number, content, mime_type, name)
    assert (await client.media(access, meta_id, number))["file_size"] == len(content)
    await client.delete_media(access, meta_id, number)
    with pytest.raises(GraphError):
        await client.media(access, meta_id, number)
