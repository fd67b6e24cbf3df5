"""What goes wrong on the way of a webhook."""

import asyncio
import json

import pytest

from tests.support.sandbox import until, wamid_of


@pytest.fixture
async def bench(make_bench):
    opened = await make_bench().open(display_phone_number="+908505550100")
    await opened.plain_template()
    opened.receiver.posts.clear()
    return opened


def names(receiver, wamid=None):
    return [status["status"] for status in receiver.statuses(wamid)]


async def test_a_duplicate_comes_in_a_later_post_of_its_own(bench):
    await bench.dial(duplicate_webhooks=1)
    await bench.order("one")
    await bench.order("two", to="+33612345679")
    await bench.advance(10)
    assert sorted(names(bench.receiver)) == sorted(["sent", "delivered", "read"] * 4)
    posts = [json.loads(body)["entry"][0]["changes"] for _, _, body in bench.receiver.accepted]
    assert [len(changes) for changes in posts].count(1) == 6
    first = {}
    for place, changes in enumerate(posts):
        for change in changes:
            (status,) = change["value"]["statuses"]
            first.setdefault((status["id"], status["status"]), []).append((place, status))
    assert all(place < later and status == again for (place, status), (later, again) in first.values())
    assert await bench.counts() == {"duplicate_webhooks": 6}


async def test_inbound_and_template_updates_are_duplicated_too(bench):
    await bench.dial(duplicate_webhooks=1)
    await bench.write()
    await bench.create(name="another", components=[{"type": "BODY", "text": "Another parcel is waiting."}])
    await bench.advance(3)
    assert len(bench.receiver.messages()) == 2
    assert len(bench.receiver.changes("message_template_status_update")) == 2


async def test_updates_overtake_each_other(bench):
    await bench.dial(disorder=0.5, disorder_seconds=5)
    wamids = [wamid_of(await bench.order(f"msg {number}", to=f"+3361234567{number}")) for number in range(8)]
    await bench.advance(10)
    orders = [tuple(names(bench.receiver, wamid)) for wamid in wamids]
    assert {frozenset(order) for order in orders} == {frozenset({"sent", "delivered", "read"})}
    assert len(set(orders)) > 2


async def test_every_update_can_be_late(bench):
    await bench.dial(webhook_delay=60)
    await bench.order("one")
    await bench.advance(60)
    assert names(bench.receiver) == []
    await bench.advance(5)
    assert names(bench.receiver) == ["sent", "delivered", "read"]


async def test_updates_held_back_survive_a_restart(make_bench, receiver, tmp_path):
    first = make_bench(data_dir=tmp_path)
    async with first.app.router.lifespan_context(first.app):
        await first.open()
        await first.plain_template()
        await first.dial(webhook_delay=60)
        wamid = wamid_of(await first.order("one"))
        await first.advance(10)
    second = make_bench(data_dir=tmp_path)
    second.account = first.account
    second.http.headers["Authorization"] = first.http.headers["Authorization"]
    async with second.app.router.lifespan_context(second.app):
        await second.advance(60)
        query = {"message_id": wamid, "fields": "events{webhook_update_state}"}
        (entry,) = (await second.graph("GET", "{pnid}/message_history", params=query)).json()["data"]
    assert names(receiver) == ["sent", "delivered", "read"]
    assert {event["webhook_update_state"] for event in entry["events"]["data"]} == {"DELIVERED"}


async def test_a_delivery_may_go_unreported(bench):
    await bench.dial(missing_delivered=1)
    wamid = wamid_of(await bench.order("one"))
    await bench.advance(3)
    assert names(bench.receiver, wamid) == ["sent", "read"]
    assert "pricing" in bench.receiver.statuses(wamid)[1], "on whichever comes first"
    assert (await bench.tally())["one"]["statuses"] == ["sent", "delivered", "read"]
    (message,) = (await bench.http.get("/control/messages")).json()["messages"]
    assert message["faults"] == ["missing_delivered"]


@pytest.mark.parametrize("code", [None, 131053])
async def test_a_message_may_fail_after_it_was_sent(bench, code):
    await bench.dial(failed_after_sent=1, **({"failed_after_sent_code": code} if code else {}))
    wamid = wamid_of(await bench.order("one"))
    await bench.advance(3)
    assert names(bench.receiver, wamid) == ["sent", "failed"]
    assert bench.receiver.statuses(wamid)[1]["errors"][0]["code"] == (code or 131026)
    assert (await bench.tally())["one"] == {
        "accepted": 1,
        "wamids": [wamid],
        "statuses": ["sent", "failed"],
        "last": "failed",
    }


async def test_receipts_may_come_before_the_answer(bench):
    await bench.dial(early_receipts=1, lost_answers=1)
    with pytest.raises(ConnectionResetError):
        await bench.order("one")
    assert names(bench.receiver) == ["sent", "delivered", "read"], "and no time has passed"
    await bench.advance(10)
    assert names(bench.receiver) == ["sent", "delivered", "read"]


async def test_early_receipts_are_answered_before_the_send_is(make_bench, receiver):
    bench = await make_bench().open()
    await bench.plain_template()
    await bench.dial(early_receipts=1)
    receiver.gate = asyncio.Event()
    before = len(receiver.posts)
    sending = await bench.slow_order("one")
    await until(lambda: len(receiver.posts) > before)
    assert not sending.done()
    receiver.gate.set()
    assert (await sending).status_code == 200
    assert names(receiver) == ["sent", "delivered", "read"]


async def test_early_receipts_that_are_refused_are_repeated(bench):
    await bench.dial(early_receipts=1)
    bench.receiver.planned.extend([500] * 3)
    assert (await bench.order("one")).status_code == 200
    assert names(bench.receiver) == []
    await bench.advance(2)
    assert sorted(names(bench.receiver)) == ["delivered", "read", "sent"]


async def test_early_failures_go_together_with_the_other_faults(bench):
    await bench.dial(early_receipts=1, failed_after_sent=1, duplicate_webhooks=1)
    await bench.order("one")
    assert names(bench.receiver) == ["sent", "failed"]
    await bench.advance(5)
    assert sorted(names(bench.receiver)) == ["failed", "failed", "sent", "sent"]


async def test_the_dial_sets_the_size_of_a_batch(bench):
    await bench.dial(webhook_batch=1)
    for number in range(5):
        await bench.order(to=f"+3361234567{number}")
    await bench.advance(0.4)
    assert len(bench.receiver.accepted) == 5
    await bench.dial(webhook_batch=1000)
    await bench.advance(10)
    assert len(bench.receiver.accepted) == 7


async def test_customers_with_hidden_numbers_have_a_user_id_only(bench):
    await bench.dial(hidden_numbers=1)
    await bench.write(profile_name="Ana", username="ana.l")
    ((_, _, value),) = bench.receiver.changes("messages")
    (message,) = value["messages"]
    user_id = message["from_user_id"]
    assert "from" not in message
    assert value["contacts"] == [{"user_id": user_id, "profile": {"name": "Ana", "username": "ana.l"}}]

    answer = await bench.send(to=None, recipient=user_id)
    assert answer.json()["contacts"] == [{"input": user_id, "user_id": user_id}]
    await bench.advance(3)
    statuses = bench.receiver.statuses(wamid_of(answer))
    assert [status["status"] for status in statuses] == ["sent", "delivered", "read"]
    assert all("recipient_id" not in status and status["recipient_user_id"] == user_id for status in statuses)
    told = json.dumps([json.loads(body) for _, _, body in bench.receiver.accepted])
    assert "33612345678" not in told


async def test_numbers_are_hidden_by_customer(bench):
    await bench.dial(hidden_numbers=0.5)
    for customer in range(40):
        for _ in range(2):
            await bench.write(f"336123450{customer:02}")
    hidden = [("from" not in message) for message in bench.receiver.messages()]
    assert hidden[::2] == hidden[1::2]
    assert 10 < sum(hidden[::2]) < 30


async def test_merged_statuses_keep_the_contacts_without_numbers(make_bench, receiver):
    bench = await make_bench(webhook_shape="statuses", faults={"hidden_numbers": 1}).open()
    await bench.plain_template()
    for number in range(3):
        await bench.order(to=f"+3361234567{number}")
    await bench.advance(0.4)
    value = receiver.changes("messages")[-1][2]
    assert len(value["statuses"]) == len(value["contacts"]) == 3


async def test_numbers_are_not_hidden_where_nothing_else_names_the_customer(make_bench, receiver):
    bench = await make_bench(bsuid=False, faults={"hidden_numbers": 1}).open()
    await bench.write()
    assert receiver.messages()[0]["from"] == "33612345678"
