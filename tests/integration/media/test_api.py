"""Files given, listed, fetched and deleted, by the API."""

import hashlib
from datetime import timedelta

import asyncpg
import httpx
import orjson
import pytest
import respx

from app.container import Container
from app.core.clock import ManualClock
from app.core.settings import Settings
from tests.support.driving import Driver, another_api, count, graph_calls, pointers, problem, refusal, rows
from tests.support.files import GIF, JPEG, MP4, PDF, png
from tests.support.media import MISSING, add, added, care
from tests.support.world import World, build_world


async def lies_at_meta(connection: asyncpg.Connection, driver: Driver, media: str, clock: ManualClock) -> None:
    """As after an upload for the world's number."""
    await connection.execute(
        """
        INSERT INTO media_uploads (business_id, media_id, phone_number_id, meta_id, uploaded_at, expires_at)
        VALUES ($1, $2, $3, '7001', $4, $5)
        """,
        driver.world.business_id,
        media.removeprefix("med_"),
        driver.world.phone_number_id,
        clock.now(),
        clock.now() + timedelta(days=30),
    )


async def test_file_is_kept_shown_and_given_back(driver: Driver, clock: ManualClock) -> None:
    answer = await add(driver)
    assert answer.status_code == 201
    file = answer.json()
    assert answer.headers["location"] == f"/v1/media/{file['id']}"
    assert file == {
        "id": file["id"],
        "kind": "document",
        "name": "bakım.pdf",
        "mime_type": "application/pdf",
        "size": len(PDF),
        "sha256": hashlib.sha256(PDF).hexdigest(),
        "created_at": file["created_at"],
        "used_at": None,
    }
    shown = await driver.request("GET", f"/v1/media/{file['id']}")
    assert shown.json() == {**file, "uploads": []}
    content = await driver.request("GET", f"/v1/media/{file['id']}/content")
    assert content.content == PDF
    assert content.headers["content-type"] == "application/pdf"
    assert content.headers["content-disposition"] == "attachment; filename*=UTF-8''bak%C4%B1m.pdf"
    assert content.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("content", "mime_type", "name"),
    [
        (png(), "image/png", "image.png"),
        (JPEG, "image/jpeg", "image.jpg"),
        (MP4, "video/mp4", "video.mp4"),
        (PDF, "application/pdf", "document.pdf"),
    ],
)
async def test_file_without_a_name_is_called_by_its_kind(
    driver: Driver, content: bytes, mime_type: str, name: str
) -> None:
    file = (await add(driver, content, mime_type, name=None)).json()
    assert (file["name"], file["kind"]) == (name, name.partition(".")[0])
    given_back = await driver.request("GET", f"/v1/media/{file['id']}/content")
    assert (given_back.content, given_back.headers["content-type"]) == (content, mime_type)


async def test_same_bytes_are_one_file_by_its_first_name(driver: Driver, connection: asyncpg.Connection) -> None:
    first = await add(driver)
    again = await add(driver, name="another.pdf")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert await count(connection, "media") == 1


async def test_live_and_test_keys_have_files_of_their_own(driver: Driver, container: Container) -> None:
    media = await added(driver)
    token = await container.accounts.create_key(driver.world.business_id, "live", mode="live", scopes=None)
    headers = {"Authorization": f"Bearer {token}"}
    problem(await driver.request("GET", f"/v1/media/{media}", headers=headers), 404, "not_found")
    problem(await driver.request("DELETE", f"/v1/media/{media}", headers=headers), 404, "not_found")
    listed = await driver.request("GET", "/v1/media", headers=headers)
    assert listed.json() == {"media": [], "next_cursor": None}
    live = await driver.request(
        "POST", "/v1/media", content=PDF, headers={**headers, "Content-Type": "application/pdf"}
    )
    assert live.status_code == 201
    assert live.json()["id"] != media


async def test_files_are_listed_newest_first_by_pages(driver: Driver) -> None:
    given = [await added(driver, png(shade=shade), "image/png", name=f"{shade}.png") for shade in range(5)]
    found: list[str] = []
    params: dict[str, str] = {"limit": "2"}
    while True:
        page = (await driver.request("GET", "/v1/media", params=params)).json()
        found += [one["id"] for one in page["media"]]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    assert found == given[::-1]


@pytest.mark.parametrize(
    ("content", "mime_type", "status", "code", "fault"),
    [
        (GIF, "image/gif", 415, "unsupported_media_type", None),
        (PDF, "", 415, "unsupported_media_type", None),
        (b"", "image/png", 422, "invalid_request", "empty"),
        (PDF, "image/png", 422, "invalid_request", "media_type_mismatch"),
        (png(), "application/pdf", 422, "invalid_request", "media_type_mismatch"),
        (png(depth=16), "image/png", 422, "invalid_request", "png_colours"),
        (MP4.replace(b"ftypisom", b"ftypqt  "), "video/mp4", 422, "invalid_request", "media_type_mismatch"),
        (MP4.replace(b"ftypisom", b"ftyp3gp4"), "video/3gpp", 415, "unsupported_media_type", None),
        (JPEG + bytes(5 * 1024 * 1024), "image/jpeg", 413, "body_too_large", None),
        (MP4 + bytes(16 * 1024 * 1024), "video/mp4", 413, "body_too_large", None),
    ],
)
async def test_what_meta_would_not_take_is_refused_and_nothing_kept(
    driver: Driver,
    connection: asyncpg.Connection,
    content: bytes,
    mime_type: str,
    status: int,
    code: str,
    fault: str | None,
) -> None:
    body = problem(await add(driver, content, mime_type), status, code)
    assert [one["code"] for one in body.get("errors", [])] == ([fault] if fault else [])
    assert await count(connection, "media") == 0


async def test_larger_file_than_other_bodies_is_taken(driver: Driver, settings: Settings) -> None:
    large = PDF + b"%" * (settings.accept_body_limit + 1)
    answer = await add(driver, large)
    assert (answer.status_code, answer.json()["size"]) == (201, len(large))


async def test_own_limit_of_bodies_holds(settings: Settings, clock: ManualClock, world: World) -> None:
    async with another_api(settings.model_copy(update={"media_body_limit": 1024}), clock) as http:
        problem(await add(Driver(http, world), PDF + bytes(1024)), 413, "body_too_large")


@pytest.mark.parametrize("name", ["", "a" * 101, "a/b.pdf", "a\\b.pdf", "a\nb.pdf"])
async def test_name_is_the_name_of_a_file(driver: Driver, connection: asyncpg.Connection, name: str) -> None:
    problem(await add(driver, name=name), 422, "invalid_request")
    assert await count(connection, "media") == 0


@pytest.mark.parametrize("path", ["/v1/media?kind=image", "/v1/media?cursor=!", "/v1/media?limit=0"])
async def test_unknown_filter_is_refused(driver: Driver, path: str) -> None:
    problem(await driver.request("GET", path), 422, "invalid_request")


@pytest.mark.parametrize("media", [MISSING, "med_1", "msg_" + "0" * 32])
@pytest.mark.parametrize(("method", "more"), [("GET", ""), ("GET", "/content"), ("DELETE", "")])
async def test_unknown_file_is_not_found(driver: Driver, media: str, method: str, more: str) -> None:
    problem(await driver.request(method, f"/v1/media/{media}{more}"), 404, "not_found")


async def test_uploads_are_shown_with_their_end(
    driver: Driver, connection: asyncpg.Connection, clock: ManualClock
) -> None:
    media = await added(driver)
    await lies_at_meta(connection, driver, media, clock)
    (upload,) = (await driver.request("GET", f"/v1/media/{media}")).json()["uploads"]
    assert (upload["sender"], upload["phone_number_id"]) == (driver.world.sender, driver.world.phone_number_id)
    assert (upload["state"], upload["error"]) == ("ready", None)
    assert upload["expires_at"] > upload["uploaded_at"]
    clock.advance(timedelta(days=31))
    (upload,) = (await driver.request("GET", f"/v1/media/{media}")).json()["uploads"]
    assert upload["state"] == "expired"


async def test_deleted_file_is_gone_here_and_at_meta(
    driver: Driver, connection: asyncpg.Connection, clock: ManualClock, graph: respx.MockRouter
) -> None:
    media = await added(driver)
    await lies_at_meta(connection, driver, media, clock)
    at_meta = graph.delete("http://sandbox.test/v25.0/7001").respond(json={"success": True})
    assert (await driver.request("DELETE", f"/v1/media/{media}")).status_code == 204
    assert at_meta.calls.last.request.url.params["phone_number_id"] == driver.world.phone_number_id
    problem(await driver.request("GET", f"/v1/media/{media}"), 404, "not_found")
    assert await rows(connection, "media", "media_uploads") == {"media": [], "media_uploads": []}
    assert await added(driver) != media


async def test_file_that_meta_does_not_answer_for_is_deleted_there_later(
    driver: Driver,
    container: Container,
    connection: asyncpg.Connection,
    clock: ManualClock,
    graph: respx.MockRouter,
) -> None:
    media = await added(driver)
    await lies_at_meta(connection, driver, media, clock)
    at_meta = graph.delete("http://sandbox.test/v25.0/7001").mock(side_effect=httpx.ConnectError("away"))
    assert (await driver.request("DELETE", f"/v1/media/{media}")).status_code == 204
    assert await connection.fetchval("SELECT data FROM media") is None, "the bytes go at once"
    problem(await driver.request("GET", f"/v1/media/{media}/content"), 404, "not_found")
    assert (await driver.request("GET", "/v1/media")).json()["media"] == []
    await container.uploads.sweep()
    assert await count(connection, "media_uploads") == 1
    at_meta.respond(json={"success": True})
    await container.uploads.sweep()
    assert await count(connection, "media") == await count(connection, "media_uploads") == 0
    assert len(graph_calls(graph)) == 3


async def test_file_that_meta_does_not_know_any_more_is_deleted(
    driver: Driver, connection: asyncpg.Connection, clock: ManualClock, graph: respx.MockRouter
) -> None:
    media = await added(driver)
    await lies_at_meta(connection, driver, media, clock)
    gone = orjson.loads(refusal(100).content)
    gone["error"]["error_subcode"] = 33
    graph.delete("http://sandbox.test/v25.0/7001").respond(400, json=gone)
    assert (await driver.request("DELETE", f"/v1/media/{media}")).status_code == 204
    assert await count(connection, "media") == 0


async def test_expired_token_does_not_forget_what_lies_at_meta(
    driver: Driver,
    container: Container,
    connection: asyncpg.Connection,
    clock: ManualClock,
    graph: respx.MockRouter,
) -> None:
    media = await added(driver)
    await lies_at_meta(connection, driver, media, clock)
    graph.delete("http://sandbox.test/v25.0/7001").mock(return_value=refusal(190, status=401))
    assert (await driver.request("DELETE", f"/v1/media/{media}")).status_code == 204
    assert await count(connection, "media_uploads") == 1
    clock.advance(timedelta(days=31))  # by then Meta has deleted it itself
    await container.uploads.sweep()
    assert await count(connection, "media") == 0


async def test_file_of_another_business_can_be_named_in_no_event(
    driver: Driver, http: httpx.AsyncClient, container: Container
) -> None:
    other = Driver(http, await build_world(container, phone_number_id="100000000000009", waba_id="2009"))
    media = await added(other)
    answer = await driver.report(care(media), event="product-care")
    body = problem(answer, 422, "invalid_request")
    assert pointers(body) == ["#/data/document/media"]
    assert body["errors"][0]["code"] == "unknown_media"
