import pytest

from app.whatsapp.payloads import Recipient, free_message, reply_buttons
from tests.support.sandbox import NO_LIMITS, body


async def test_what_a_customer_does_is_reported(bench):
    answer = await bench.write(profile_name="Ana", username="ana.l", text="STOP")
    assert answer.status_code == 201
    ((waba, _, value),) = bench.receiver.changes("messages")
    user_id = value["messages"][0]["from_user_id"]
    assert waba == bench.account["waba_id"]
    assert value["contacts"] == [
        {"wa_id": "33612345678", "user_id": user_id, "profile": {"name": "Ana", "username": "ana.l"}}
    ]
    (message,) = value["messages"]
    assert message == {
        "from": "33612345678",
        "from_user_id": user_id,
        "id": answer.json()["wamid"],
        "timestamp": message["timestamp"],
        "type": "text",
        "text": {"body": "STOP"},
    }
    assert user_id.startswith("FR.")


async def test_a_tapped_quick_reply_carries_its_payload_and_context(bench):
    buttons = {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Stop updates"}]}
    await bench.create(components=[body(), buttons])
    values = {"type": "body", "parameters": [{"type": "text", "text": "Ana"}, {"type": "text", "text": "P-1"}]}
    payload = {"type": "button", "sub_type": "quick_reply", "index": "0"}
    with_payload = payload | {"parameters": [{"type": "payload", "payload": "STOP_PARCEL"}]}
    sent = [
        await bench.send_template("parcel_ready", values, with_payload),
        await bench.send_template("parcel_ready", values),
    ]
    wamids = [answer.json()["messages"][0]["id"] for answer in sent]
    await bench.advance(0.9)
    for wamid in wamids:
        await bench.write(kind="button", text="Stop updates", context=wamid)
    messages = bench.receiver.messages()
    assert [message["button"]["payload"] for message in messages] == ["STOP_PARCEL", "Stop updates"]
    assert messages[0]["context"] == {"from": "908505550100", "id": wamids[0]}
    # Whoever answers has read what was delivered.
    assert bench.receiver.statuses(wamids[0])[-1]["status"] == "read"


async def test_our_question_is_taken_shown_and_answered(bench):
    await bench.write(text="iptal?")
    buttons = {"consent.stop": "Stop", "consent.continue": "No"}
    asked = free_message(Recipient(phone="+33612345678"), reply_buttons("Shall we stop?", buttons), "mark")
    answer = await bench.graph("POST", "{pnid}/messages", "v25.0", json=asked)
    assert answer.status_code == 200, answer.text
    wamid = answer.json()["messages"][0]["id"]
    await bench.write(kind="button_reply", id="consent.stop", text="Stop", context=wamid)
    tapped = bench.receiver.messages()[-1]
    assert tapped["interactive"] == {"type": "button_reply", "button_reply": {"id": "consent.stop", "title": "Stop"}}
    assert tapped["context"]["id"] == wamid
    assert bench.receiver.statuses(wamid)[-1]["biz_opaque_callback_data"] == "mark"


async def test_messages_are_listed_and_counted(bench):
    for to in ("+33612345678", "+33612345678", "+33612345679"):
        await bench.send(to=to, biz_opaque_callback_data=to)
    await bench.write()
    found = (await bench.http.get("/control/messages")).json()
    assert found["total"] == 3
    assert found["counts"] == {"33612345678": 2, "33612345679": 1}
    assert [message["biz_opaque_callback_data"] for message in found["messages"]][-1] == "+33612345679"
    assert found["messages"][0]["statuses"][0]["code"] == 131047
    newest = (await bench.http.get("/control/messages", params={"limit": 1})).json()
    assert (len(newest["messages"]), newest["total"]) == (1, 3)
    one = (await bench.http.get("/control/messages", params={"to": "+33612345679", "phone_number_id": "404"})).json()
    assert one["total"] == 0
    inbound = (await bench.http.get("/control/messages", params={"direction": "in"})).json()
    assert inbound["messages"][0]["text"] == "Hi"


async def test_the_oldest_messages_are_forgotten(make_bench):
    bench = await make_bench(message_history=100, faults=NO_LIMITS).open()
    for _ in range(130):
        await bench.send()
    assert (await bench.http.get("/control/messages")).json()["total"] == 100
    await bench.advance(3)
    assert len(bench.receiver.statuses()) == 100


async def test_a_status_can_be_forced(bench):
    await bench.write()
    wamid = (await bench.send()).json()["messages"][0]["id"]
    forced = await bench.http.post(f"/control/messages/{wamid}/status", json={"status": "read"})
    assert forced.json()["status"] == "read"
    await bench.advance(3)
    assert [status["status"] for status in bench.receiver.statuses(wamid)] == ["read", "sent"]
    await bench.http.post(f"/control/messages/{wamid}/status", json={"status": "failed", "code": 131000})
    await bench.advance(1)
    assert bench.receiver.statuses(wamid)[-1]["errors"][0]["code"] == 131000
    unknown = await bench.http.post("/control/messages/wamid.X/status", json={"status": "read"})
    assert unknown.status_code == 404
    bad = await bench.http.post(f"/control/messages/{wamid}/status", json={"status": "failed", "code": 7})
    assert bad.status_code == 422


async def test_reset_forgets_all_but_the_accounts(bench):
    await bench.create()
    await bench.send()
    assert (await bench.http.post("/control/reset")).status_code == 200
    await bench.advance(3)
    assert bench.receiver.statuses() == []
    assert (await bench.http.get("/control/messages")).json()["total"] == 0
    assert (await bench.create()).status_code == 200
    await bench.http.post("/control/reset", json={"accounts": True})
    assert (await bench.http.get("/control/accounts")).json()["data"] == []
    assert (await bench.graph("GET", "{pnid}")).status_code == 401


async def test_time_stands_still_until_advanced(bench):
    before = await bench.now()
    assert await bench.now() == before
    await bench.advance(10)
    assert await bench.now() == pytest.approx(before + 10)
    back = await bench.http.post("/control/clock/advance", json={"seconds": -1})
    assert back.status_code == 422
