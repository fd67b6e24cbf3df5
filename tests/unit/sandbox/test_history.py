"""message_history: what became of a message, as Graph tells it."""

import pytest

from tests.support.sandbox import NO_LIMITS, error_of, wamid_of

FIELDS = "id,message_id,events{delivery_status,timestamp,webhook_update_state}"


@pytest.fixture
async def bench(make_bench):
    opened = await make_bench(faults=NO_LIMITS).open()
    await opened.plain_template()
    return opened


async def history(bench, **params):
    return (await bench.graph("GET", "{pnid}/message_history", params=params)).json()


async def events(bench, wamid):
    (entry,) = (await history(bench, message_id=wamid, fields=FIELDS))["data"]
    return [(event["delivery_status"], event["webhook_update_state"]) for event in entry["events"]["data"]]


async def test_a_message_tells_its_events(bench):
    wamid = wamid_of(await bench.order("one"))
    start = int(await bench.now())
    await bench.advance(3)
    answer = await history(bench, message_id=wamid, fields=FIELDS)
    (entry,) = answer["data"]
    assert entry["message_id"] == wamid
    assert entry["id"].isdecimal()
    rows = entry["events"]["data"]
    assert [row["delivery_status"] for row in rows] == ["SENT", "DELIVERED", "READ"]
    assert {row["webhook_update_state"] for row in rows} == {"DELIVERED"}
    assert all(set(row) == {"id", "delivery_status", "timestamp", "webhook_update_state"} for row in rows)
    assert all(start <= row["timestamp"] <= start + 3 for row in rows)
    assert len({row["id"] for row in rows}) == 3
    assert set(answer["paging"]) == {"cursors"}
    assert await history(bench, message_id=wamid, fields=FIELDS) == answer


async def test_the_default_fields_are_the_two_ids(bench):
    wamid = wamid_of(await bench.order())
    (entry,) = (await history(bench))["data"]
    assert set(entry) == {"id", "message_id"}
    (entry,) = (await history(bench, fields="events"))["data"]
    assert entry["events"] == {"data": []}
    assert entry["id"] != wamid


async def test_a_message_nobody_knows_has_no_history(bench):
    inbound = (await bench.write()).json()["wamid"]
    for wamid in ("wamid.X", inbound):
        assert await history(bench, message_id=wamid) == {"data": []}


async def test_the_state_of_each_webhook_is_told(make_bench, receiver):
    bench = await make_bench(webhook_retry_first=1, webhook_retry_for=20, delivered_delay=30, read_delay=60).open()
    await bench.plain_template()
    wamid = wamid_of(await bench.order())
    receiver.planned.extend([500] * 4)
    await bench.advance(0.3)
    assert await events(bench, wamid) == [("SENT", "PENDING")]
    await bench.advance(0.1)
    assert await events(bench, wamid) == [("SENT", "RETRYING")]
    (entry,) = (await history(bench, fields="events{error_description,application,webhook_uri}"))["data"]
    (event,) = entry["events"]["data"]
    assert event.pop("id")
    assert event == {
        "error_description": "Webhook endpoint returned HTTP 500",
        "application": {"id": bench.account["app_id"]},
        "webhook_uri": "http://receiver/webhooks",
    }
    await bench.advance(31)
    assert await events(bench, wamid) == [("SENT", "FAILED"), ("DELIVERED", "DELIVERED")]


async def test_the_cause_of_a_failure_is_told(bench):
    wamid = wamid_of(await bench.order(to="+905550031026"))
    await bench.advance(3)
    (entry,) = (await history(bench, message_id=wamid, fields="events{delivery_status,error_description}"))["data"]
    (event,) = entry["events"]["data"]
    assert (event["delivery_status"], event["error_description"]) == ("FAILED", "Message undeliverable")


async def test_what_no_webhook_tells_is_in_the_history(bench):
    await bench.dial(missing_delivered=1)
    wamid = wamid_of(await bench.order())
    await bench.advance(3)
    (entry,) = (await history(bench, message_id=wamid, fields=FIELDS))["data"]
    assert [event["delivery_status"] for event in entry["events"]["data"]] == ["SENT", "DELIVERED", "READ"]
    assert "webhook_update_state" not in entry["events"]["data"][1]


async def test_pages_lead_from_the_newest_to_the_oldest_and_back(bench):
    wamids = [wamid_of(await bench.order(to=f"+3361234567{number}")) for number in range(7)]
    await bench.write()
    pages, address = [], f"/v25.0/{bench.account['phone_number_id']}/message_history?limit=3"
    while address:
        page = (await bench.http.get(address)).json()
        pages.append([entry["message_id"] for entry in page["data"]])
        address = page["paging"].get("next")
    newest = wamids[::-1]
    assert pages == [newest[:3], newest[3:6], newest[6:]]
    back = (await bench.http.get(page["paging"]["previous"])).json()
    assert [entry["message_id"] for entry in back["data"]] == newest[3:6]
    first = (await bench.http.get(back["paging"]["previous"])).json()
    assert [entry["message_id"] for entry in first["data"]] == newest[:3]
    assert "previous" not in first["paging"]
    assert len((await history(bench))["data"]) == 7


@pytest.mark.parametrize(
    "params",
    [
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "many"},
        {"after": "x"},
        {"after": "d2FtaWQuWA=="},
        {"before": "d2FtaWQuWA=="},
        {"fields": "colour"},
        {"fields": "events{colour}"},
    ],
)
async def test_bad_questions_are_refused(bench, params):
    await bench.order()
    await bench.advance(3)
    assert error_of(await bench.graph("GET", "{pnid}/message_history", params=params))[:2] == (400, 100)


async def test_not_every_account_has_it(make_bench):
    bench = await make_bench(message_history_available=False).open()
    assert error_of(await bench.graph("GET", "{pnid}/message_history")) == (400, 100, 33)


async def test_a_number_tells_of_its_own_messages_only(bench):
    wamid = wamid_of(await bench.order())
    joined = {"waba_id": bench.account["waba_id"], "app_id": bench.account["app_id"]}
    bench.account = (await bench.http.post("/control/accounts", json=joined)).json()
    assert await history(bench) == {"data": []}
    assert await history(bench, message_id=wamid) == {"data": []}
