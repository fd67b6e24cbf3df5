"""The Graph client: what it sends, and how it reads every answer to a send."""

import logging
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import httpx
import orjson
import pytest
import respx
import structlog

from app.whatsapp.client import (
    Accepted,
    GraphAccess,
    GraphClient,
    GraphUnreachableError,
    NotSent,
    Refused,
    Unknown,
)
from app.whatsapp.errors import GraphError

BASE = "https://graph.test"
TOKEN = "EAAG-a-token-that-nobody-may-see"
ACCESS = GraphAccess(BASE, TOKEN)
SEND = f"{BASE}/v25.0/1065/messages"
PAYLOAD = {"messaging_product": "whatsapp", "to": "+33612345678", "text": {"body": "İyi günler"}}


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


async def _sent(client: GraphClient, graph: respx.MockRouter, **answer):
    graph.post(SEND).respond(**answer)
    return await client.send_message(ACCESS, "1065", PAYLOAD)


def _answer(contact: object = None, **message: object) -> dict:
    contacts = [contact] if contact is not None else []
    return {"messaging_product": "whatsapp", "contacts": contacts, "messages": [{"id": "wamid.1", **message}]}


async def test_a_send_is_one_post_to_the_pinned_version_with_the_token_in_its_header(
    client: GraphClient, graph: respx.MockRouter
) -> None:
    route = graph.post(SEND).respond(json=_answer())
    await client.send_message(ACCESS, "1065", PAYLOAD)
    assert route.call_count == 1
    request = route.calls.last.request
    assert str(request.url) == SEND
    assert orjson.loads(request.content) == PAYLOAD
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["user-agent"] == "ulak"
    assert TOKEN not in str(request.url)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            _answer({"input": "+33", "wa_id": "33612345678"}, message_status="accepted"),
            Accepted("wamid.1", "33612345678", None, "accepted"),
        ),
        (_answer({"input": "+33", "wa_id": "33612345678"}), Accepted("wamid.1", "33612345678", None, None)),
        (_answer({"input": "FR.1", "user_id": "FR.1"}), Accepted("wamid.1", None, "FR.1", None)),
        (
            _answer(message_status="held_for_quality_assessment"),
            Accepted("wamid.1", None, None, "held_for_quality_assessment"),
        ),
        ({"messages": [{"id": "wamid.1"}]}, Accepted("wamid.1", None, None, None)),
        ({"messages": [{"id": "wamid.1"}], "contacts": None}, Accepted("wamid.1", None, None, None)),
        ({"messages": [{"id": "wamid.1"}], "contacts": ["x"]}, Accepted("wamid.1", None, None, None)),
        ({"messages": [{"id": "wamid.1"}, {"id": "wamid.2"}], "new": 1}, Accepted("wamid.1", None, None, None)),
    ],
)
async def test_an_acceptance_is_read_with_or_without_its_trimmings(
    client: GraphClient, graph: respx.MockRouter, answer: dict, expected: Accepted
) -> None:
    assert await _sent(client, graph, json=answer) == expected


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b'"wamid"',
        b"{}",
        b'{"messages":[]}',
        b'{"messages":null}',
        b'{"messages":{}}',
        b'{"messages":["wamid"]}',
        b'{"messages":[{}]}',
        b'{"messages":[{"id":""}]}',
        b'{"messages":[{"id":null}]}',
        b'{"messages":[{"id":7}]}',
        b'{"messages":[{"id":"wamid.1"}',
        b'{"messages":[{"id":"\xff"}]}',
        b"<html></html>",
        b'{"success":true}',
    ],
)
async def test_an_answer_200_without_an_id_leaves_the_message_in_doubt(
    client: GraphClient, graph: respx.MockRouter, content: bytes
) -> None:
    assert isinstance(await _sent(client, graph, content=content), Unknown)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
async def test_an_error_envelope_is_a_refusal_whatever_the_status(
    client: GraphClient, graph: respx.MockRouter, status: int
) -> None:
    error = {"message": "(#130429) Rate limit hit", "type": "OAuthException", "code": 130429, "fbtrace_id": "A1"}
    outcome = await _sent(client, graph, status_code=status, json={"error": error}, headers={"Retry-After": "7"})
    assert isinstance(outcome, Refused)
    assert (outcome.error.code, outcome.error.http_status, outcome.error.retry_after) == (130429, status, 7)
    assert (outcome.error.trace_id, outcome.error.details, outcome.error.subcode) == ("A1", None, None)


@pytest.mark.parametrize(
    ("more", "details", "subcode"),
    [
        ({"error_data": {"messaging_product": "whatsapp", "details": "too long"}}, "too long", None),
        ({"error_data": "a bare string"}, "a bare string", None),
        ({"error_subcode": 33}, None, 33),
        ({"error_subcode": "33", "error_data": []}, None, None),
    ],
)
async def test_envelopes_vary_in_their_data(
    client: GraphClient, graph: respx.MockRouter, more: dict, details: str | None, subcode: int | None
) -> None:
    outcome = await _sent(client, graph, status_code=400, json={"error": {"code": 100, "message": "m"} | more})
    assert isinstance(outcome, Refused)
    assert (outcome.error.details, outcome.error.subcode) == (details, subcode)


@pytest.mark.parametrize("retry_after", [b"\xb2", b"9" * 400, b"soon", b""])
async def test_a_senseless_retry_after_is_not_heeded(
    client: GraphClient, graph: respx.MockRouter, retry_after: bytes
) -> None:
    graph.post(SEND).mock(
        return_value=httpx.Response(429, json={"error": {"code": 4}}, headers=[(b"retry-after", retry_after)])
    )
    outcome = await client.send_message(ACCESS, "1065", PAYLOAD)
    assert isinstance(outcome, Refused)
    assert outcome.error.retry_after is None


@pytest.mark.parametrize("status", [201, 204, 301, 302, 400, 404, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("content", [b"", b"<html>Sorry</html>", b'{"error":"text"}', b'{"error":{"code":"1"}}'])
async def test_any_other_answer_leaves_the_message_in_doubt(
    client: GraphClient, graph: respx.MockRouter, status: int, content: bytes
) -> None:
    headers = {"location": "https://elsewhere.test/"} if status in (301, 302) else {}
    outcome = await _sent(client, graph, status_code=status, content=content, headers=headers)
    assert isinstance(outcome, Unknown)
    assert str(status) in outcome.reason
    assert graph.calls.call_count == 1


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (httpx.ConnectError("refused"), NotSent),
        (httpx.ConnectTimeout("slow"), NotSent),
        (httpx.PoolTimeout("full"), NotSent),
        (httpx.UnsupportedProtocol("odd"), NotSent),
        (httpx.ReadTimeout("silent"), Unknown),
        (httpx.ReadError("reset"), Unknown),
        (httpx.WriteError("reset"), Unknown),
        (httpx.WriteTimeout("stuck"), Unknown),
        (httpx.CloseError("odd"), Unknown),
        (httpx.RemoteProtocolError("garbage"), Unknown),
        (httpx.ProxyError("proxy"), Unknown),
        (httpx.DecodingError("gzip"), Unknown),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.__name__,
)
async def test_an_error_of_the_transport_is_unsent_only_where_nothing_can_have_left(
    client: GraphClient, graph: respx.MockRouter, error: Exception, outcome: type
) -> None:
    route = graph.post(SEND).mock(side_effect=error)
    result = await client.send_message(ACCESS, "1065", PAYLOAD)
    assert type(result) is outcome
    assert type(error).__name__ in result.reason
    assert route.call_count == 1


def _page(rows: list[str], after: str | None, *, more: bool) -> dict:
    paging = {"cursors": {"before": "b", "after": after}} if after else {}
    return {
        "data": [{"id": row} for row in rows],
        "paging": paging | ({"next": "https://graph.test/…"} if more else {}),
    }


async def test_templates_are_listed_page_by_page(client: GraphClient, graph: respx.MockRouter) -> None:
    route = graph.get(f"{BASE}/v25.0/1022/message_templates").mock(
        side_effect=[
            httpx.Response(200, json=_page(["1", "2"], "A", more=True)),
            httpx.Response(200, json=_page([], "B", more=True)),
            httpx.Response(200, json=_page(["3"], "C", more=False)),
        ]
    )
    assert [row["id"] async for row in client.templates(ACCESS, "1022")] == ["1", "2", "3"]
    assert [call.request.url.params.get("after") for call in route.calls] == [None, "A", "B"]
    for call in route.calls:
        assert "components" in call.request.url.params["fields"]
        assert call.request.headers["authorization"] == f"Bearer {TOKEN}"
        assert TOKEN not in str(call.request.url)


@pytest.mark.parametrize("page", [{}, {"data": []}, {"data": [], "paging": {}}, _page([], "A", more=False)])
async def test_a_page_that_names_no_next_is_the_last(client: GraphClient, graph: respx.MockRouter, page: dict) -> None:
    route = graph.get(f"{BASE}/v25.0/1022/phone_numbers").respond(json=page)
    assert await client.phone_numbers(ACCESS, "1022") == []
    assert route.call_count == 1


async def test_the_app_is_subscribed_to_an_account(client: GraphClient, graph: respx.MockRouter) -> None:
    route = graph.post(f"{BASE}/v25.0/1022/subscribed_apps").respond(json={"success": True})
    await client.subscribe_app(ACCESS, "1022")
    assert route.calls.last.request.content == b""
    assert route.calls.last.request.headers["authorization"] == f"Bearer {TOKEN}"


async def test_a_template_is_created_with_its_body(client: GraphClient, graph: respx.MockRouter) -> None:
    answer = {"id": "7", "status": "PENDING", "category": "UTILITY"}
    route = graph.post(f"{BASE}/v25.0/1022/message_templates").respond(json=answer)
    assert await client.create_template(ACCESS, "1022", {"name": "parcel_ready"}) == answer
    assert orjson.loads(route.calls.last.request.content) == {"name": "parcel_ready"}
    assert route.calls.last.request.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, {}),
        ({"category": "MARKETING"}, {"category": "MARKETING"}),
        ({"time_to_live": -1}, {"message_send_ttl_seconds": -1}),
        (
            {"category": "UTILITY", "time_to_live": 3600},
            {"category": "UTILITY", "message_send_ttl_seconds": 3600},
        ),
    ],
)
async def test_a_template_is_edited_with_what_changes(
    client: GraphClient, graph: respx.MockRouter, more: dict, expected: dict
) -> None:
    route = graph.post(f"{BASE}/v25.0/7").respond(json={"success": True})
    components = [{"type": "BODY", "text": "Siparişiniz alındı."}]
    await client.edit_template(ACCESS, "7", components, **more)
    assert orjson.loads(route.calls.last.request.content) == {"components": components, **expected}
    assert route.calls.last.request.headers["authorization"] == f"Bearer {TOKEN}"


async def test_a_template_is_deleted_in_its_one_language(client: GraphClient, graph: respx.MockRouter) -> None:
    """By its name alone Meta would delete it in all of them."""
    route = graph.delete(f"{BASE}/v25.0/1022/message_templates").respond(json={"success": True})
    await client.delete_template(ACCESS, "1022", "7", "parcel_ready")
    assert dict(route.calls.last.request.url.params) == {"hsm_id": "7", "name": "parcel_ready"}


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        ({"success": True}, None),
        ({"success": False, "reason": "Not paused."}, "Not paused."),
        ({"success": False}, "Meta gave no reason."),
        ({}, "Meta gave no reason."),
    ],
)
async def test_a_pause_is_lifted_or_meta_says_why_not(
    client: GraphClient, graph: respx.MockRouter, answer: dict, refusal: str | None
) -> None:
    route = graph.post(f"{BASE}/v25.0/7/unpause").respond(json=answer)
    assert await client.unpause_template(ACCESS, "7") == refusal
    assert route.calls.last.request.content == b""


async def test_one_template_is_asked_for_all_that_the_list_says(client: GraphClient, graph: respx.MockRouter) -> None:
    one = graph.get(f"{BASE}/v25.0/7").respond(json={"id": "7", "status": "APPROVED"})
    many = graph.get(f"{BASE}/v25.0/1022/message_templates").respond(json={"data": []})
    assert (await client.template(ACCESS, "7"))["status"] == "APPROVED"
    assert [row async for row in client.templates(ACCESS, "1022")] == []
    fields = [route.calls.last.request.url.params["fields"].split(",") for route in (one, many)]
    assert fields[0] == fields[1]
    assert {"correct_category", "quality_score", "message_send_ttl_seconds"} <= set(fields[0])


@pytest.mark.parametrize("call", ["edit", "delete", "unpause", "read"])
async def test_a_refused_call_about_a_template_raises_what_graph_said(
    client: GraphClient, graph: respx.MockRouter, call: str
) -> None:
    graph.route().respond(400, json={"error": {"code": 100, "message": "Invalid parameter"}})
    calls = {
        "edit": lambda: client.edit_template(ACCESS, "7", []),
        "delete": lambda: client.delete_template(ACCESS, "1022", "7", "parcel_ready"),
        "unpause": lambda: client.unpause_template(ACCESS, "7"),
        "read": lambda: client.template(ACCESS, "7"),
    }
    with pytest.raises(GraphError) as raised:
        await calls[call]()
    assert raised.value.code == 100


async def test_a_number_is_asked_for_its_fields(client: GraphClient, graph: respx.MockRouter) -> None:
    route = graph.get(f"{BASE}/v25.0/1065").respond(json={"id": "1065", "status": "CONNECTED"})
    assert (await client.phone_number(ACCESS, "1065"))["status"] == "CONNECTED"
    assert "quality_rating" in route.calls.last.request.url.params["fields"]


async def test_a_refused_management_call_raises_what_graph_said(client: GraphClient, graph: respx.MockRouter) -> None:
    error = {"code": 100, "error_subcode": 2388024, "message": "Invalid parameter", "error_user_msg": "Name is taken"}
    graph.post(f"{BASE}/v25.0/1022/message_templates").respond(400, json={"error": error})
    with pytest.raises(GraphError) as raised:
        await client.create_template(ACCESS, "1022", {})
    assert (raised.value.code, raised.value.subcode, raised.value.details) == (100, 2388024, "Name is taken")


@pytest.mark.parametrize("answer", [(500, b"<html>"), (200, b"[]"), (200, b""), (502, b""), (404, b"{}")])
async def test_an_unreadable_answer_to_a_management_call_says_so(
    client: GraphClient, graph: respx.MockRouter, answer: tuple[int, bytes]
) -> None:
    graph.get(f"{BASE}/v25.0/1065").respond(answer[0], content=answer[1])
    with pytest.raises(GraphUnreachableError, match=str(answer[0])):
        await client.phone_number(ACCESS, "1065")


async def test_a_lost_management_call_says_so(client: GraphClient, graph: respx.MockRouter) -> None:
    graph.get(f"{BASE}/v25.0/1065").mock(side_effect=httpx.ReadTimeout("silent"))
    with pytest.raises(GraphUnreachableError, match="ReadTimeout"):
        await client.phone_number(ACCESS, "1065")


def test_the_token_is_not_in_the_text_of_an_access() -> None:
    assert TOKEN not in repr(ACCESS)
    assert TOKEN not in str(ACCESS)
    assert TOKEN not in f"{[ACCESS]!r}"
    assert BASE in repr(ACCESS)


@pytest.mark.parametrize(
    "answer",
    [
        {"json": _answer()},
        {"status_code": 400, "json": {"error": {"code": 190, "message": "expired"}}},
        {"status_code": 500, "content": b"<html>"},
    ],
)
async def test_the_token_is_in_no_log_and_no_outcome(
    client: GraphClient, graph: respx.MockRouter, caplog: pytest.LogCaptureFixture, answer: dict
) -> None:
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as captured:
        outcome = await _sent(client, graph, **answer)
    assert TOKEN not in repr(outcome)
    assert TOKEN not in caplog.text + repr(captured)


async def test_the_token_is_in_no_error_of_a_management_call(client: GraphClient, graph: respx.MockRouter) -> None:
    graph.get(f"{BASE}/v25.0/1065").mock(side_effect=httpx.ConnectError("refused"))
    with pytest.raises(GraphUnreachableError) as raised:
        await client.phone_number(ACCESS, "1065")
    assert TOKEN not in repr(raised.value)
    assert TOKEN not in repr(raised.value.__cause__)
