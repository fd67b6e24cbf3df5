"""What customers do apart from any chat, and what the business is told of it."""

import pytest

from tests.support.sandbox import body

OLD, NEW = "33612345678", "33711112222"


async def change(bench, wa_id=OLD, to=NEW):
    return await bench.http.post(f"/control/customers/{wa_id}/number", json={"to": f"+{to}"})


async def choose(bench, value, wa_id=OLD):
    wanted = {"phone_number_id": bench.account["phone_number_id"], "value": value}
    answer = await bench.http.post(f"/control/customers/{wa_id}/marketing", json=wanted)
    await bench.advance(1)
    return answer


async def test_a_changed_number_is_told_with_both_user_ids(bench):
    await bench.write(profile_name="Ana")
    old_id = bench.receiver.messages()[-1]["from_user_id"]
    answer = await change(bench)
    await bench.advance(1)
    value = bench.receiver.changes("messages")[-1][2]
    (message,) = value["messages"]
    assert "contacts" not in value
    assert (message["from"], message["type"], message["id"]) == (OLD, "system", answer.json()["wamids"][0])
    system = message["system"]
    assert (system["type"], system["wa_id"], system["previous_user_id"]) == ("user_changed_number", NEW, old_id)
    await bench.write(NEW)
    again = bench.receiver.messages()[-1]
    assert (again["from"], again["from_user_id"]) == (NEW, system["user_id"])
    assert system["user_id"] != old_id
    rows = (await bench.http.get("/phone/state")).json()["chats"]
    assert {row["customer"]: row["name"] for row in rows} == {OLD: "Ana", NEW: "Ana"}


async def test_a_hidden_number_is_told_by_the_user_id_alone(bench):
    await bench.write()
    told = await bench.http.put(f"/control/customers/{OLD}/privacy", json={"hidden": True})
    assert told.json() == {"wa_id": OLD, "hidden": True}
    await bench.write()
    message = bench.receiver.messages()[-1]
    assert "from" not in message
    await change(bench)
    await bench.advance(1)
    system = bench.receiver.messages()[-1]["system"]
    assert (system["type"], system["previous_user_id"]) == ("user_changed_user_id", message["from_user_id"])
    assert "wa_id" not in system
    assert NEW not in system["body"]
    await bench.http.put(f"/control/customers/{NEW}/privacy", json={"hidden": False})
    await bench.write(NEW)
    assert bench.receiver.messages()[-1]["from"] == NEW


@pytest.mark.parametrize(
    ("path", "wanted", "status"),
    [
        (f"{OLD}/number", {"to": f"+{NEW}"}, 404),
        (f"{OLD}/number", {"to": OLD}, 422),
        (f"{OLD}/number", {"to": "call me"}, 422),
        ("ana/number", {"to": NEW}, 422),
        (f"{OLD}/marketing", {"phone_number_id": "1", "value": "stop"}, 404),
        (f"{OLD}/marketing", {"phone_number_id": "1", "value": "later"}, 422),
    ],
)
async def test_what_cannot_be_is_refused_and_nobody_is_told(bench, path, wanted, status):
    assert (await bench.http.post(f"/control/customers/{path}", json=wanted)).status_code == status
    await bench.advance(1)
    assert bench.receiver.changes() == []


async def test_marketing_that_was_stopped_fails_and_what_is_useful_goes_on(bench):
    await bench.create(name="plain", components=[body("A parcel is waiting at the desk.", ())])
    await bench.create(name="offer", category="MARKETING", components=[body("Everything is cheaper today.", ())])
    assert (await choose(bench, "stop")).json()["told"]
    assert not (await choose(bench, "stop")).json()["told"]
    ((_, _, value),) = bench.receiver.changes("user_preferences")
    (row,) = value["user_preferences"]
    assert (row["wa_id"], row["category"], row["value"]) == (OLD, "marketing_messages", "stop")
    assert value["contacts"] == [{"wa_id": OLD, "user_id": row["user_id"]}]
    offer = (await bench.send_template("offer")).json()["messages"][0]["id"]
    plain = (await bench.send_template("plain")).json()["messages"][0]["id"]
    await bench.advance(60)
    (failed,) = bench.receiver.statuses(offer)
    assert (failed["status"], failed["errors"][0]["code"]) == ("failed", 131050)
    assert "failed" not in [status["status"] for status in bench.receiver.statuses(plain)]
    assert (await choose(bench, "resume")).json()["told"]
    again = (await bench.send_template("offer")).json()["messages"][0]["id"]
    await bench.advance(5)
    assert "failed" not in [status["status"] for status in bench.receiver.statuses(again)]


async def test_a_stop_goes_along_to_the_new_number(bench):
    await bench.create(name="offer", category="MARKETING", components=[body("Everything is cheaper today.", ())])
    await bench.write()
    await choose(bench, "stop")
    await change(bench)
    wamid = (await bench.send_template("offer", to=f"+{NEW}")).json()["messages"][0]["id"]
    await bench.advance(5)
    assert bench.receiver.statuses(wamid)[0]["errors"][0]["code"] == 131050
