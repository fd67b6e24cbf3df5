"""Messages with files of the business: checked at the door, uploaded once, sent by Meta's id, and what goes wrong."""

import asyncio
from datetime import timedelta
from uuid import UUID

import asyncpg
import httpx
import pytest
import respx

from app.container import Container
from app.core.clock import ManualClock
from app.core.settings import Settings
from app.messages.dispatch import Dispatcher
from tests.support.driving import (
    PHONE,
    Driver,
    accept_all,
    another_dispatcher,
    count,
    dispatch,
    graph_calls,
    numbered_phone,
    pointers,
    problem,
    refusal,
    sends,
    waits_for,
)
from tests.support.files import MP4, PDF, png
from tests.support.media import MISSING, MediaAtGraph, added, care, dispatch_all, header_of, unknown_object

DOCUMENT_HEADER = """
    UPDATE templates
       SET components = '[{"type": "HEADER", "format": "DOCUMENT"}]'::jsonb
                     || jsonb_path_query_array(components, '$[*] ? (@.type != "HEADER")')
     WHERE name = 'product_care'
"""


@pytest.fixture
async def caring(driver: Driver, connection: asyncpg.Connection) -> Driver:
    """The templates of product-care have a PDF in their header."""
    await connection.execute(DOCUMENT_HEADER)
    await driver.world.opt_in(PHONE)
    return driver


@pytest.fixture
def meta(graph: respx.MockRouter, driver: Driver) -> MediaAtGraph:
    return MediaAtGraph(graph, driver.world)


FILM_HEADER = DOCUMENT_HEADER.replace("DOCUMENT", "VIDEO")

FILM_AS_SAMPLE = """
    INSERT INTO template_samples (business_id, waba_id, name, language, media_id)
    SELECT business_id, waba_id, name, language, $1 FROM templates WHERE name = 'product_care'
"""


async def care_for(driver: Driver, media: str, phone: str = PHONE) -> str:
    body = care(media)
    body["contact"]["phone"] = phone
    return await driver.accepted(body, event="product-care")


async def test_film_of_the_template_is_shown_whatever_the_event_brings(
    driver: Driver,
    dispatcher: Dispatcher,
    connection: asyncpg.Connection,
    meta: MediaAtGraph,
    graph: respx.MockRouter,
    clock: ManualClock,
) -> None:
    film, document = await added(driver, MP4, "video/mp4", name="bakım.mp4"), await added(driver)
    await connection.execute(FILM_HEADER)
    await connection.execute(FILM_AS_SAMPLE, UUID(film.removeprefix("med_")))
    await driver.world.opt_in(PHONE)
    route = sends(graph, driver.world).mock(side_effect=accept_all)
    message_id = await care_for(driver, document)
    await dispatch_all(dispatcher, clock)
    assert (await driver.story(message_id))["status"] == "accepted"
    assert header_of(route) == {"type": "video", "video": {"id": "7001"}}
    assert meta.uploads.call_count == 1
    assert MP4 in meta.uploads.calls.last.request.content


async def test_film_that_the_template_has_no_sample_of_is_named(driver: Driver, connection: asyncpg.Connection) -> None:
    """The template came about elsewhere: nobody but Meta has its film."""
    await connection.execute(FILM_HEADER)
    await driver.world.opt_in(PHONE)
    body = problem(await driver.report(care(await added(driver)), event="product-care"), 422, "invalid_request")
    (error,) = body["errors"]
    assert (error["pointer"], error["code"]) == ("#/data/document", "header_format")
    assert "sample" in error["message"]
    assert await count(connection, "messages") == 0


async def test_message_waits_for_its_upload_and_leaves_by_metas_id(
    caring: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, meta: MediaAtGraph, clock: ManualClock
) -> None:
    media = await added(caring)
    route = sends(graph, caring.world).mock(side_effect=accept_all)
    message_id = await care_for(caring, media)
    meta.gate = asyncio.Event()
    await dispatcher.step()
    story = await caring.story(message_id)
    assert (story["status"], waits_for(story), story["reason"]) == ("queued", "media", "media_upload")
    meta.gate.set()
    await dispatch_all(dispatcher, clock)
    story = await caring.story(message_id)
    assert (story["status"], story["waiting_for"], len(story["attempts"])) == ("accepted", None, 1)
    assert header_of(route) == {"type": "document", "document": {"id": "7001", "filename": "bakim.pdf"}}
    assert PDF in meta.uploads.calls.last.request.content
    shown = story["parameters"]["header"]
    assert shown == {"type": "document", "document": {"media": media, "filename": "bakim.pdf"}}, "as it was reported"


async def test_one_upload_serves_all_messages_and_workers(
    caring: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    meta: MediaAtGraph,
    settings: Settings,
    clock: ManualClock,
) -> None:
    media = await added(caring)
    phones = [numbered_phone(number) for number in range(6)]
    await caring.world.opt_in(*phones)
    route = sends(graph, caring.world).mock(side_effect=accept_all)
    for phone in phones[:3]:
        await care_for(caring, media, phone)
    await dispatch_all(dispatcher, clock)
    for phone in phones[3:]:
        await care_for(caring, media, phone)
    clock.advance(timedelta(seconds=1))
    async with another_dispatcher(settings, clock) as other:
        await dispatch(other)
    assert (route.call_count, meta.uploads.call_count) == (6, 1)


async def test_workers_that_want_the_same_file_upload_it_once(
    caring: Driver, container: Container, graph: respx.MockRouter, meta: MediaAtGraph
) -> None:
    media = await added(caring)
    business = await container.directory.business(caring.world.business_id)
    assert business is not None
    (sender,) = business.senders
    media_id = UUID(media.removeprefix("med_"))
    await asyncio.gather(*(container.uploads.make(sender, media_id) for _ in range(5)))
    assert meta.uploads.call_count == 1
    (upload,) = (await caring.request("GET", f"/v1/media/{media}")).json()["uploads"]
    assert upload["state"] == "ready"


async def test_message_without_a_file_does_not_wait(
    caring: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, meta: MediaAtGraph, clock: ManualClock
) -> None:
    route = sends(graph, caring.world).mock(side_effect=accept_all)
    for document in ({"link": "https://shop.example/a.pdf"}, {"id": "4711"}):
        await caring.accepted(care(**document), event="product-care")
        await dispatch_all(dispatcher, clock)
        assert header_of(route)["document"] == {"filename": "bakim.pdf", **document}
    clock.advance(timedelta(minutes=1))
    await caring.accepted()
    await dispatch_all(dispatcher, clock)
    assert (route.call_count, meta.uploads.call_count) == (3, 0)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"media": MISSING}, "unknown_media"),
        ({"media": "med_1"}, "string_pattern_mismatch"),
        ({"media": "x", "link": "https://shop.example/a.pdf"}, "string_pattern_mismatch"),
        ({"media": MISSING, "link": "https://shop.example/a.pdf"}, "value_error"),
        ({"media": MISSING, "id": "4711"}, "value_error"),
        ({}, "value_error"),
    ],
)
async def test_file_that_cannot_be_meant_is_refused_at_its_place(
    caring: Driver, connection: asyncpg.Connection, document: dict[str, str], code: str
) -> None:
    body = problem(await caring.report(care(**document), event="product-care"), 422, "invalid_request")
    at_the_media = code in ("unknown_media", "string_pattern_mismatch")
    assert pointers(body) == ["#/data/document/media" if at_the_media else "#/data/document"]
    assert body["errors"][0]["code"] == code
    assert await count(connection, "messages") == 0


async def test_picture_is_no_document(caring: Driver, connection: asyncpg.Connection) -> None:
    picture = await added(caring, png(), "image/png", name="a.png")
    body = problem(await caring.report(care(picture), event="product-care"), 422, "invalid_request")
    assert (pointers(body), body["errors"][0]["code"]) == (["#/data/document/media"], "media_kind")
    in_batch = await caring.report_many([{"type": "product-care", **care(picture)}])
    (result,) = in_batch.json()["results"]
    assert pointers(result["problem"]) == ["#/events/0/data/document/media"]
    assert await count(connection, "messages") == 0


async def test_preview_shows_the_file_and_uploads_nothing(caring: Driver, meta: MediaAtGraph) -> None:
    media = await added(caring)
    answer = await caring.request("POST", "/v1/events/product-care/preview", json=care(media))
    assert answer.status_code == 200, answer.text
    assert answer.json()["rendered"]["header"]["media"] == {"media": media, "filename": "bakim.pdf"}
    unknown = await caring.request("POST", "/v1/events/product-care/preview", json=care(MISSING))
    problem(unknown, 422, "invalid_request")
    assert not meta.uploads.called


async def test_upload_that_fails_for_now_is_tried_again(
    caring: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, meta: MediaAtGraph, clock: ManualClock
) -> None:
    media = await added(caring)
    route = sends(graph, caring.world).mock(side_effect=accept_all)
    meta.planned = [httpx.ConnectError("away"), refusal(131016, status=503), refusal(4)]
    message_id = await care_for(caring, media)
    for failed in range(3):
        await dispatch(dispatcher)
        assert meta.uploads.call_count == failed + 1
        assert waits_for(await caring.story(message_id)) == "media"
        await dispatch(dispatcher)
        assert meta.uploads.call_count == failed + 1, "not before it has rested"
        clock.advance(timedelta(seconds=20))
    (upload,) = (await caring.request("GET", f"/v1/media/{media}")).json()["uploads"]
    assert (upload["state"], upload["error"]["code"]) == ("waiting", 4)
    await dispatch_all(dispatcher, clock)
    assert (await caring.story(message_id))["status"] == "accepted"
    assert route.call_count == 1
    (upload,) = (await caring.request("GET", f"/v1/media/{media}")).json()["uploads"]
    assert (upload["state"], upload["error"]) == ("ready", None)


async def test_upload_of_a_worker_that_died_is_taken_over(
    caring: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    meta: MediaAtGraph,
    clock: ManualClock,
    connection: asyncpg.Connection,
) -> None:
    media = await added(caring)
    sends(graph, caring.world).mock(side_effect=accept_all)
    await connection.execute(
        "INSERT INTO media_uploads (business_id, media_id, phone_number_id, lease_until) VALUES ($1, $2, $3, $4)",
        caring.world.business_id,
        media.removeprefix("med_"),
        caring.world.phone_number_id,
        clock.now() + timedelta(minutes=1),
    )
    message_id = await care_for(caring, media)
    await dispatch_all(dispatcher, clock)
    assert waits_for(await caring.story(message_id)) == "media"
    assert [one["state"] for one in (await caring.request("GET", f"/v1/media/{media}")).json()["uploads"]] == [
        "uploading"
    ]
    assert not meta.uploads.called
    clock.advance(timedelta(minutes=2))
    await dispatch_all(dispatcher, clock)
    assert (await caring.story(message_id))["status"] == "accepted"
    assert meta.ids == ["7001"]


async def test_file_that_meta_refuses_fails_its_messages_and_says_why(
    caring: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, meta: MediaAtGraph, clock: ManualClock
) -> None:
    media = await added(caring)
    route = sends(graph, caring.world).mock(side_effect=accept_all)
    meta.planned = [refusal(131053, details="The PDF is broken.")]
    message_id = await care_for(caring, media)
    await dispatch_all(dispatcher, clock)
    story = await caring.story(message_id)
    assert (story["status"], story["reason"], story["attempts"]) == ("failed", "media_refused", [])
    assert (story["failure"]["code"], story["failure"]["details"]) == ("media_refused", "(131053) The PDF is broken.")
    assert story["failure"]["next_step"]
    (upload,) = (await caring.request("GET", f"/v1/media/{media}")).json()["uploads"]
    assert (upload["state"], upload["error"]["code"]) == ("refused", 131053)
    next_id = await care_for(caring, media)
    await dispatch(dispatcher)
    assert (await caring.story(next_id))["status"] == "failed"
    assert meta.uploads.call_count == 1, "what was refused just now is not tried for each message"
    clock.advance(timedelta(hours=2))
    last_id = await care_for(caring, media)
    await dispatch_all(dispatcher, clock)
    assert (await caring.story(last_id))["status"] == "accepted"
    assert route.call_count == 1


async def test_expired_token_pauses_the_sender_and_loses_no_message(
    caring: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, meta: MediaAtGraph, clock: ManualClock
) -> None:
    media = await added(caring)
    sends(graph, caring.world).mock(side_effect=accept_all)
    meta.planned = [refusal(190, status=401)]
    message_id = await care_for(caring, media)
    await dispatch(dispatcher)
    sender = (await caring.request("GET", f"/v1/senders/{caring.world.sender}")).json()
    assert (sender["state"], [one["code"] for one in sender["alerts"]]) == ("paused", [190])
    assert (await caring.story(message_id))["status"] == "queued"
    resumed = await caring.request("POST", f"/v1/senders/{caring.world.sender}/resume")
    assert resumed.status_code == 200
    clock.advance(timedelta(minutes=6))
    await dispatch_all(dispatcher, clock)
    assert (await caring.story(message_id))["status"] == "accepted"


async def test_id_that_meta_does_not_know_is_uploaded_anew_and_tried_once_more(
    caring: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, meta: MediaAtGraph, clock: ManualClock
) -> None:
    media = await added(caring)
    graph.get("http://sandbox.test/v25.0/7001").mock(return_value=unknown_object("7001"))

    def knows_not_the_first(request: httpx.Request) -> httpx.Response:
        return unknown_object("7001") if b'"7001"' in request.content else accept_all(request)

    route = sends(graph, caring.world).mock(side_effect=knows_not_the_first)
    message_id = await care_for(caring, media)
    await dispatch_all(dispatcher, clock, 5)
    story = await caring.story(message_id)
    assert story["status"] == "accepted"
    assert [one["outcome"] for one in story["attempts"]] == ["refused", "accepted"]
    assert (route.call_count, meta.ids) == (2, ["7001", "7002"])
    assert ("media", "upload_anew") in [(one["rule"], one["verdict"]) for one in story["decision"]]
    sender = (await caring.request("GET", f"/v1/senders/{caring.world.sender}")).json()
    assert sender["state"] == "active", "the code says of a number that it is gone, and this is not about the number"


async def test_id_that_stays_unknown_fails_the_message(
    caring: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, meta: MediaAtGraph, clock: ManualClock
) -> None:
    media = await added(caring)
    for meta_id in ("7001", "7002", "7003"):
        graph.get(f"http://sandbox.test/v25.0/{meta_id}").mock(return_value=unknown_object(meta_id))
    sends(graph, caring.world).mock(return_value=unknown_object("of some kind"))
    message_id = await care_for(caring, media)
    await dispatch_all(dispatcher, clock, 6)
    story = await caring.story(message_id)
    assert (story["status"], story["reason"]) == ("failed", "media_refused")
    assert meta.ids == ["7001", "7002"]
    assert len(story["attempts"]) == 2


async def test_refusal_that_is_not_about_the_file_is_what_it_always_was(
    caring: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, meta: MediaAtGraph, clock: ManualClock
) -> None:
    media = await added(caring)
    asked = graph.get("http://sandbox.test/v25.0/7001").respond(json={"id": "7001"})
    sends(graph, caring.world).mock(return_value=refusal(100, details="Invalid parameter."))
    message_id = await care_for(caring, media)
    await dispatch_all(dispatcher, clock, 5)
    story = await caring.story(message_id)
    assert (story["status"], story["reason"]) == ("failed", "error_100")
    assert (asked.call_count, meta.uploads.call_count) == (1, 1)


async def test_messages_refused_together_cost_one_upload(
    caring: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, meta: MediaAtGraph, clock: ManualClock
) -> None:
    media = await added(caring)
    phones = [numbered_phone(number) for number in range(5)]
    await caring.world.opt_in(*phones)
    graph.get("http://sandbox.test/v25.0/7001").mock(return_value=unknown_object("7001"))
    sends(graph, caring.world).mock(
        side_effect=lambda request: unknown_object("7001") if b'"7001"' in request.content else accept_all(request)
    )
    ids = [await care_for(caring, media, phone) for phone in phones]
    await dispatch_all(dispatcher, clock, 5)
    assert {(await caring.story(one))["status"] for one in ids} == {"accepted"}
    assert meta.ids == ["7001", "7002"]


async def test_file_of_a_waiting_message_cannot_be_deleted(
    caring: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, meta: MediaAtGraph
) -> None:
    media = await added(caring)
    later = {**care(media), "send_at": "2998-01-01T00:00:00Z", "expires_at": "2998-01-02T00:00:00Z"}
    message_id = await caring.accepted(later, event="product-care")
    body = problem(await caring.request("DELETE", f"/v1/media/{media}"), 409, "media_in_use")
    assert message_id in body["detail"]
    assert (await caring.request("GET", f"/v1/media/{media}/content")).content == PDF
    assert (await caring.request("POST", f"/v1/messages/{message_id}/cancel")).status_code == 200
    assert (await caring.request("DELETE", f"/v1/media/{media}")).status_code == 204


async def test_message_whose_file_was_deleted_meanwhile_fails(
    caring: Driver, dispatcher: Dispatcher, connection: asyncpg.Connection
) -> None:
    media = await added(caring)
    message_id = await care_for(caring, media)
    # A deletion that overtook the acceptance of the message, which had found the file.
    await connection.execute("UPDATE media SET deleted_at = now(), data = NULL")
    await dispatch(dispatcher)
    story = await caring.story(message_id)
    assert (story["status"], story["reason"]) == ("failed", "media_deleted")
    assert story["failure"]["next_step"]


async def test_use_is_noted_once_a_day(
    caring: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    meta: MediaAtGraph,
    clock: ManualClock,
    connection: asyncpg.Connection,
) -> None:
    media = await added(caring)
    sends(graph, caring.world).mock(side_effect=accept_all)
    noted = []
    for hours in (0, 1, 30):
        clock.advance(timedelta(hours=hours))
        await care_for(caring, media)
        await dispatch_all(dispatcher, clock)
        noted.append(await connection.fetchval("SELECT used_at FROM media"))
    assert noted[0] == noted[1] < noted[2]
    assert (await caring.request("GET", f"/v1/media/{media}")).json()["used_at"] is not None


async def test_customer_of_another_channel_needs_no_upload(
    caring: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, meta: MediaAtGraph
) -> None:
    media = await added(caring)
    preferred = await caring.consent(PHONE, act="channel", source="account_settings", channel="email")
    assert preferred.status_code == 200, preferred.text
    message_id = await care_for(caring, media)
    await dispatch(dispatcher)
    assert (await caring.story(message_id))["status"] == "suppressed"
    assert graph_calls(graph) == []
