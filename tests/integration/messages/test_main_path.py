"""One message from its event to `read`, in process: accept, claim, call, record, receipts."""

from random import Random

import httpx
import orjson
import respx

from app.container import Container
from app.messages.dispatch import Dispatcher
from app.worker import build_dispatcher
from tests.support.world import World, accepted_answer, order_confirmed, status_item, webhook

PHONE = "+905321112233"


async def _post_webhook(http: httpx.AsyncClient, world: World, document: object) -> httpx.Response:
    body = orjson.dumps(document)
    return await http.post("/webhooks/whatsapp", content=body, headers=world.signed(body))


async def _story(http: httpx.AsyncClient, world: World, message_id: str) -> dict:
    answer = await http.get(f"/v1/messages/{message_id}", headers=world.headers)
    assert answer.status_code == 200
    return answer.json()


async def test_an_event_becomes_a_message_and_its_fate_is_known(
    http: httpx.AsyncClient, world: World, container: Container, graph: respx.MockRouter
) -> None:
    await world.opt_in(PHONE)
    answer = await http.post("/v1/events/order-confirmed", json=order_confirmed(), headers=world.headers)
    assert answer.status_code == 202, answer.text
    message_id = answer.json()["id"]
    assert answer.json()["status"] == "queued"
    assert answer.headers["location"] == f"/v1/messages/{message_id}"

    route = graph.post(f"http://sandbox.test/v25.0/{world.phone_number_id}/messages").respond(json=accepted_answer())
    dispatcher: Dispatcher = build_dispatcher(container)
    await dispatcher.step()
    await dispatcher.drain()
    sent = orjson.loads(route.calls.last.request.content)
    assert sent["to"] == PHONE
    assert sent["biz_opaque_callback_data"] == message_id
    story = await _story(http, world, message_id)
    assert story["status"] == "accepted"
    assert [attempt["outcome"] for attempt in story["attempts"]] == ["accepted"]

    statuses = [status_item(message_id, status) for status in ("sent", "delivered", "read")]
    Random(7).shuffle(statuses)
    answer = await _post_webhook(http, world, webhook(world, statuses=statuses))
    assert answer.status_code == 200
    story = await _story(http, world, message_id)
    assert story["status"] == "read"
    assert {receipt["status"] for receipt in story["receipts"]} == {"sent", "delivered", "read"}
    assert [rule["verdict"] for rule in story["decision"]] == ["pass", "pass", "now", "bypass"]
    assert story["price_category"] == "utility"
