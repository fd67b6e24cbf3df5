"""The main job from outside: processes, HTTP, and nothing that a user could not do."""

import json
import uuid
from typing import Any

import httpx

from app.whatsapp.signatures import sign
from tests.support.stack import Stack, wait_for
from tests.support.world import order_confirmed

WEBHOOK = "/webhooks/whatsapp"


def _until(api: httpx.Client, message_id: str, status: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        story: dict[str, Any] = api.get(f"/v1/messages/{message_id}").json()
        return story if story["status"] == status else None

    return wait_for(f"{message_id} to be {status}", look)


def _statuses(stack: Stack, items: list[Any]) -> bytes:
    value = {"metadata": {"phone_number_id": stack.account["phone_number_id"]}, "statuses": items}
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", **value}}
    entry = {"id": stack.account["waba_id"], "changes": [change]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def test_one_key_posted_twice_gives_one_message(stack: Stack, api: httpx.Client) -> None:
    phone = "+905321110001"
    stack.opt_in(api, phone)
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = api.post("/v1/events/order-confirmed", json=order_confirmed(phone), headers=key)
    second = api.post("/v1/events/order-confirmed", json=order_confirmed(phone), headers=key)
    assert second.content == first.content
    assert second.headers["idempotency-replayed"] == "true"
    _until(api, first.json()["id"], "read")
    assert [one["to"] for one in stack.received()].count(phone.lstrip("+")) == 1


def test_a_contact_who_left_is_not_written_to(stack: Stack, api: httpx.Client) -> None:
    phone, after = "+905321110002", "+905321110003"
    stack.opt_in(api, phone)
    stack.opt_in(api, after)
    api.put(f"/v1/contacts/{phone}/consent", json={"act": "opt_out", "source": "phone_call"}).raise_for_status()
    answer = api.post("/v1/events/order-confirmed", json=order_confirmed(phone))
    assert (answer.json()["status"], answer.json()["reason"]) == ("suppressed", "opted_out")
    later = api.post("/v1/events/order-confirmed", json=order_confirmed(after))
    _until(api, later.json()["id"], "read")
    story = api.get(answer.headers["location"]).json()
    assert story["status"] == "suppressed"
    assert story["attempts"] == []
    assert phone.lstrip("+") not in {one["to"] for one in stack.received()}


def test_a_forged_signature_is_refused_and_changes_nothing(stack: Stack, api: httpx.Client) -> None:
    phone = "+905321110004"
    message_id = api.post("/v1/events/order-confirmed", json=order_confirmed(phone)).json()["id"]
    status = {"id": "wamid.forged", "status": "read", "timestamp": "1795400000", "biz_opaque_callback_data": message_id}
    body = _statuses(stack, [status])
    answer = api.post(WEBHOOK, content=body, headers={"X-Hub-Signature-256": sign(body, b"a guess")})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert api.get(f"/v1/messages/{message_id}").json()["status"] == "suppressed"


def test_garbage_in_a_batch_of_a_thousand_costs_only_itself(stack: Stack, api: httpx.Client) -> None:
    events = [{"type": "order-confirmed", **order_confirmed(f"+90532222{number:04d}")} for number in range(1000)]
    answer = api.post("/v1/events", json={"events": events})
    assert answer.json()["accepted"] == 1000, answer.text[:300]
    ids = [result["message"]["id"] for result in answer.json()["results"]]
    # Nobody opted in, so nothing is sent and these receipts are the only ones.
    items: list[Any] = [
        {"id": f"wamid.{number}", "status": "delivered", "timestamp": "1795400000", "biz_opaque_callback_data": one}
        for number, one in enumerate(ids)
    ]
    items[500] = {"id": 7, "status": ["?"]}
    body = _statuses(stack, items)
    signature = {"X-Hub-Signature-256": sign(body, stack.account["app_secret"].encode())}
    assert api.post(WEBHOOK, content=body, headers=signature).status_code == 200
    delivered = 0
    cursor: str | None = None
    while True:
        query = {
            "status": "delivered",
            "limit": 200,
            "created_from": answer.json()["results"][0]["message"]["created_at"],
        }
        page = api.get("/v1/messages", params=query | ({"cursor": cursor} if cursor else {})).json()
        delivered += sum(one["id"] in set(ids) for one in page["messages"])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert delivered == 999
    assert api.get(f"/v1/messages/{ids[500]}").json()["status"] == "suppressed"
