"""Media and samples: what the client sends, and that what breaks off goes on."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import httpx
import pytest
import respx

from app.whatsapp.client import GraphAccess, GraphClient, GraphUnreachableError, upload_time
from app.whatsapp.errors import GraphError
from tests.support.driving import refusal
from tests.support.files import PDF, png

BASE = "https://graph.test"
TOKEN = "EAAG-a-token"
ACCESS = GraphAccess(BASE, TOKEN)
V = f"{BASE}/v25.0"


@pytest.fixture
def graph() -> Iterator[respx.MockRouter]:
    with respx.mock(using="httpx", assert_all_called=False) as router:
        yield router


@pytest.fixture
async def client() -> AsyncIterator[GraphClient]:
    second = timedelta(seconds=1)
    opened = GraphClient.open(
        version="v25.0", connect_timeout=second, read_timeout=second, connections=2, transport="httpx"
    )
    yield opened
    await opened.close()


async def test_upload_is_a_form_with_the_file_and_its_kind(client: GraphClient, graph: respx.MockRouter) -> None:
    route = graph.post(f"{V}/1065/media").respond(json={"id": "77"})
    assert await client.upload_media(ACCESS, "1065", png(), "image/png", "şema.png") == "77"
    request = route.calls.last.request
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="messaging_product"\r\n\r\nwhatsapp\r\n' in request.content
    assert b"Content-Type: image/png\r\n" in request.content
    assert 'filename="şema.png"'.encode() in request.content
    assert png() in request.content


@pytest.mark.parametrize("answer", [{}, {"id": ""}, {"id": 7}, {"success": True}])
async def test_upload_without_an_id_is_no_upload(client: GraphClient, graph: respx.MockRouter, answer: dict) -> None:
    graph.post(f"{V}/1065/media").respond(json=answer)
    with pytest.raises(GraphUnreachableError):
        await client.upload_media(ACCESS, "1065", PDF, "application/pdf", "a.pdf")


async def test_large_file_is_waited_for(client: GraphClient, graph: respx.MockRouter) -> None:
    route = graph.post(f"{V}/1065/media").respond(json={"id": "77"})
    await client.upload_media(ACCESS, "1065", b"%PDF" + bytes(5_000_000), "application/pdf", "a.pdf")
    assert upload_time(5_000_000) > timedelta(seconds=10)
    timeout = route.calls.last.request.extensions["timeout"]
    assert timeout["read"] > 1 + 19
    assert timeout["connect"] == 1


async def test_media_of_a_number_is_asked_for_and_deleted(client: GraphClient, graph: respx.MockRouter) -> None:
    asked = graph.get(f"{V}/77", params={"phone_number_id": "1065"}).respond(json={"id": "77", "sha256": "ab"})
    deleted = graph.delete(f"{V}/77", params={"phone_number_id": "1065"}).respond(json={"success": True})
    assert (await client.media(ACCESS, "77", "1065"))["sha256"] == "ab"
    await client.delete_media(ACCESS, "77", "1065")
    assert (asked.call_count, deleted.call_count) == (1, 1)


async def test_app_of_a_token_is_asked_for(client: GraphClient, graph: respx.MockRouter) -> None:
    route = graph.get(f"{V}/debug_token", params={"input_token": TOKEN})
    route.respond(json={"data": {"app_id": "900", "is_valid": True}})
    assert await client.app_id(ACCESS) == "900"
    for answer in ({}, {"data": []}, {"data": {"is_valid": False}}):
        route.respond(json=answer)
        with pytest.raises(GraphUnreachableError):
            await client.app_id(ACCESS)


class Resumable:
    """Takes the bytes as Meta does; of the first attempts it keeps only so many, and breaks off."""

    def __init__(self, graph: respx.MockRouter, *breaks: int, upload: str = "upload:QUJD?sig=ARZ") -> None:
        self.breaks = list(breaks)
        self.taken = b""
        self.length = 0
        self.opened = graph.post(f"{V}/900/uploads").mock(side_effect=self._open)
        path = upload.partition("?")[0]
        self.sent = graph.post(f"{V}/{path}").mock(side_effect=self._take)
        self.asked = graph.get(f"{V}/{path}").mock(side_effect=self._tell)
        self.upload = upload

    def _open(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert dict(request.url.params) == {
            "file_name": "a.pdf",
            "file_length": str(len(PDF)),
            "file_type": "application/pdf",
        }
        return httpx.Response(200, json={"id": self.upload})

    def _take(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == f"OAuth {TOKEN}"
        assert request.headers["file_offset"] == str(len(self.taken))
        assert request.url.query.decode() == self.upload.partition("?")[2]
        if self.breaks:
            self.taken += request.content[: self.breaks.pop(0)]
            raise httpx.ReadError("the connection ended")
        self.taken += request.content
        return httpx.Response(200, json={"h": "4::aW"})

    def _tell(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == f"OAuth {TOKEN}"
        return httpx.Response(200, json={"id": self.upload, "file_offset": len(self.taken)})


@pytest.mark.parametrize("upload", ["upload:QUJD?sig=ARZ", "upload:QUJD=="])
@pytest.mark.parametrize("breaks", [(), (0,), (10,), (10, 0, 25), (len(PDF),)])
async def test_sample_gets_its_handle_however_often_it_breaks_off(
    client: GraphClient, graph: respx.MockRouter, breaks: tuple[int, ...], upload: str
) -> None:
    meta = Resumable(graph, *breaks, upload=upload)
    assert await client.upload_sample(ACCESS, "900", PDF, "application/pdf", "a.pdf") == "4::aW"
    assert meta.taken == PDF
    assert (meta.opened.call_count, meta.asked.call_count) == (1, len(breaks))


async def test_sample_that_is_taken_in_parts_goes_on(client: GraphClient, graph: respx.MockRouter) -> None:
    graph.post(f"{V}/900/uploads").respond(json={"id": "upload:A"})
    answers = [{"id": "upload:A", "file_offset": 7}, {"h": "4::bX"}]
    sent = graph.post(f"{V}/upload:A").mock(side_effect=[httpx.Response(200, json=one) for one in answers])
    assert await client.upload_sample(ACCESS, "900", PDF, "application/pdf", "a.pdf") == "4::bX"
    assert [call.request.content for call in sent.calls] == [PDF, PDF[7:]]


async def test_sample_that_never_ends_is_given_up(client: GraphClient, graph: respx.MockRouter) -> None:
    meta = Resumable(graph, *[0] * 20)
    with pytest.raises(GraphUnreachableError):
        await client.upload_sample(ACCESS, "900", PDF, "application/pdf", "a.pdf")
    assert meta.sent.call_count < 20


async def test_refused_sample_is_not_tried_again(client: GraphClient, graph: respx.MockRouter) -> None:
    graph.post(f"{V}/900/uploads").mock(return_value=refusal(100))
    with pytest.raises(GraphError):
        await client.upload_sample(ACCESS, "900", PDF, "application/pdf", "a.pdf")
    assert len(graph.calls) == 1
