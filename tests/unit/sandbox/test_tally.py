"""The truth about messages, whatever was said of them; and that finding it does not take ever longer."""

import pytest

from tests.support.sandbox import NO_LIMITS, wamid_of


@pytest.fixture
async def bench(make_bench):
    opened = await make_bench(faults=NO_LIMITS, message_history=100).open()
    await opened.plain_template()
    return opened


async def test_the_tally_counts_what_was_really_accepted(bench):
    first, second = [wamid_of(await bench.order("one")) for _ in range(2)]
    await bench.order()
    await bench.dial(errors_after=1)
    await bench.order("two")
    await bench.dial(errors_after=0, errors_before=1)
    await bench.order("three")
    assert (await bench.tally())["one"] == {
        "accepted": 2,
        "wamids": [first, second],
        "statuses": [],
        "last": "accepted",
    }
    await bench.advance(1)
    tally = await bench.tally()
    assert set(tally) == {"one", "two"}
    assert (tally["two"]["accepted"], tally["two"]["last"]) == (1, "delivered")
    one = (await bench.http.get("/control/tally", params={"callback_data": "one"})).json()
    assert one == {"data": {"one": tally["one"]}}
    nobody = (await bench.http.get("/control/tally", params={"callback_data": "three"})).json()
    assert nobody["data"]["three"] == {"accepted": 0, "wamids": [], "statuses": [], "last": None}


async def test_one_that_arrived_counts_more_than_one_that_failed(bench):
    await bench.order("one")
    await bench.order("one", to="+905550031026")
    await bench.advance(3)
    assert (await bench.tally())["one"]["statuses"] == ["sent", "delivered", "read", "failed"]
    assert (await bench.tally())["one"]["last"] == "read"


async def test_statuses_told_in_another_order_do_not_go_back(bench):
    wamid = wamid_of(await bench.order("one"))
    for status in ("read", "sent"):
        await bench.http.post(f"/control/messages/{wamid}/status", json={"status": status})
    assert (await bench.tally())["one"]["last"] == "read"


async def test_messages_are_found_by_our_id(bench):
    wamids = [wamid_of(await bench.order(key)) for key in ("one", "two", "one")]
    found = (await bench.http.get("/control/messages", params={"callback_data": "one"})).json()
    assert [message["wamid"] for message in found["messages"]] == [wamids[0], wamids[2]]
    assert (found["total"], found["counts"]) == (2, {"33612345678": 2})
    one = (await bench.http.get("/control/messages", params={"callback_data": "one", "limit": 1})).json()
    assert [message["wamid"] for message in one["messages"]] == [wamids[2]]
    assert (await bench.http.get("/control/messages", params={"callback_data": "?"})).json()["total"] == 0


async def test_forgotten_messages_are_counted_no_more(bench):
    for number in range(150):
        await bench.order(f"msg {number % 75}", to=f"+3361234{number % 30:04}")
    await bench.write()
    tally = await bench.tally()
    assert sum(entry["accepted"] for entry in tally.values()) == 99
    listed = (await bench.http.get("/control/messages")).json()
    assert listed["total"] == sum(listed["counts"].values()) == len(listed["messages"]) == 99
    assert all(listed["counts"].values())
    none = (await bench.http.get("/control/messages", params={"limit": 0})).json()
    assert none == {"messages": [], "counts": listed["counts"], "total": 99}
    inbound = (await bench.http.get("/control/messages", params={"direction": "in", "limit": 5})).json()
    assert (inbound["total"], len(inbound["messages"])) == (1, 1)


async def test_the_tally_survives_a_restart_as_far_as_messages_do(make_bench, tmp_path):
    first = make_bench(data_dir=tmp_path)
    async with first.app.router.lifespan_context(first.app):
        await first.open()
        await first.plain_template()
        await first.order("one")
        await first.advance(3)
        tally = await first.tally()
    second = make_bench(data_dir=tmp_path)
    assert await second.tally() == tally
    assert tally["one"]["last"] == "read"


async def test_the_oldest_message_is_found_without_stepping_over_those_before(bench):
    """A dict that lost its first keys would be walked again and again."""
    archive = bench.app.state.sandbox.world.archive
    for number in range(120):
        await bench.order(to=f"+3361234{number:04}")
        assert archive.oldest() == next(iter(bench.app.state.sandbox.world.state.messages))
