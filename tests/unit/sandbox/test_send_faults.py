"""What goes wrong between a send and its answer."""

import pytest

from tests.support.sandbox import error_of, wamid_of


@pytest.fixture
async def bench(make_bench):
    opened = await make_bench().open(display_phone_number="+908505550100")
    await opened.plain_template()
    return opened


async def test_a_lost_answer_leaves_the_message(bench):
    await bench.dial(lost_answers=1)
    with pytest.raises(ConnectionResetError):
        await bench.order("one")
    await bench.advance(3)
    assert (await bench.tally())["one"]["last"] == "read"
    assert [status["biz_opaque_callback_data"] for status in bench.receiver.statuses()] == ["one"] * 3
    assert await bench.counts() == {"lost_answers": 1}


@pytest.mark.parametrize("fault", ["errors_before", "errors_after"])
async def test_bare_errors_are_a_gateway_s_page(bench, fault):
    await bench.dial(**{fault: 1})
    answers = [await bench.order(f"msg {number}") for number in range(30)]
    assert {answer.status_code for answer in answers} == {502, 503}
    assert {answer.headers["content-type"] for answer in answers} == {"text/html; charset=utf-8"}
    assert "Bad Gateway" in next(answer.text for answer in answers if answer.status_code == 502)
    assert len(await bench.tally()) == (30 if fault == "errors_after" else 0)
    assert await bench.counts() == {fault: 30}


@pytest.mark.parametrize("fault", ["errors_before", "errors_after"])
async def test_graph_errors_have_its_envelope(bench, fault):
    await bench.dial(**{fault: 1, "error_shape": "graph"})
    answers = [error_of(await bench.order(f"msg {number}"))[:2] for number in range(30)]
    assert set(answers) == {(500, 131000), (503, 2)}


async def test_a_slow_answer_comes_after_its_time(bench):
    await bench.dial(slow_answers=1, slow_answer_seconds=30)
    sending = await bench.slow_order("one")
    await bench.advance(29)
    assert not sending.done()
    assert [status["status"] for status in bench.receiver.statuses()] == ["sent", "delivered", "read"]
    await bench.advance(1)
    assert wamid_of(await sending) == (await bench.tally())["one"]["wamids"][0]


async def test_a_reset_lets_slow_answers_go(bench):
    await bench.dial(slow_answers=1, lost_answers=1)
    sending = await bench.slow_order("one")
    await bench.http.post("/control/reset")
    with pytest.raises(ConnectionResetError):
        await sending


@pytest.mark.parametrize(
    ("code", "status"), [(190, 401), (132000, 400), (132012, 400), (132015, 400), (132016, 400), (132018, 400)]
)
async def test_codes_are_answered_where_they_show_in_the_answer(bench, code, status):
    await bench.dial(codes={code: 1})
    answer = await bench.order("one")
    assert error_of(answer) == (status, code, 463 if code == 190 else None)
    assert await bench.tally() == {}
    assert await bench.counts() == {f"code_{code}": 1}


@pytest.mark.parametrize("code", [131026, 130472, 131049])
async def test_codes_are_reported_where_they_show_in_a_status(bench, code):
    await bench.dial(codes={code: 1})
    wamid = wamid_of(await bench.order("one"))
    await bench.advance(3)
    (status,) = bench.receiver.statuses(wamid)
    assert (status["status"], status["errors"][0]["code"]) == ("failed", code)
    (message,) = (await bench.http.get("/control/messages")).json()["messages"]
    assert message["faults"] == [f"code_{code}"]


async def test_each_code_has_its_own_chance(bench):
    await bench.dial(codes={131016: 0.3, 131026: 0.3}, throughput=None)
    answers = [await bench.order(f"msg {number}", to=f"+3361{number:07}") for number in range(300)]
    await bench.advance(3)
    refused = sum(answer.status_code == 500 for answer in answers)
    failed = sum(status["status"] == "failed" for status in bench.receiver.statuses())
    assert 60 < refused < 120
    assert 35 < failed < 95, "of those that were not refused"
    assert await bench.counts() == {"code_131016": refused, "code_131026": failed}


async def test_a_held_message_waits_for_its_release(bench):
    await bench.dial(held=1, held_seconds=100)
    answer = await bench.order("one")
    assert answer.json()["messages"][0]["message_status"] == "held_for_quality_assessment"
    await bench.advance(99)
    assert bench.receiver.statuses() == []
    assert (await bench.tally())["one"]["last"] == "accepted"
    await bench.advance(3)
    assert [status["status"] for status in bench.receiver.statuses()] == ["sent", "delivered", "read"]


async def test_a_held_message_may_be_dropped(bench):
    await bench.dial(held=1, held_dropped=1)
    wamid = wamid_of(await bench.order("one"))
    await bench.advance(61)
    (status,) = bench.receiver.statuses(wamid)
    assert (status["status"], status["errors"][0]["code"]) == ("failed", 132015)
    assert await bench.counts() == {"held": 1, "held_dropped": 1}


async def test_only_templates_that_go_well_are_held(bench):
    await bench.write()
    await bench.dial(held=1)
    answer = await bench.send()
    assert "message_status" not in answer.json()["messages"][0]
    await bench.dial(codes={131026: 1})
    assert (await bench.order()).json()["messages"][0]["message_status"] == "accepted"
    assert await bench.counts() == {"code_131026": 1}


async def test_a_held_message_keeps_its_course(bench):
    await bench.dial(held=1)
    await bench.order(to="+905550091002")
    await bench.advance(70)
    assert [status["status"] for status in bench.receiver.statuses()] == ["sent", "delivered"]


async def test_a_held_message_is_released_after_a_restart(make_bench, receiver, tmp_path):
    first = make_bench(data_dir=tmp_path, snapshot_messages=0)
    async with first.app.router.lifespan_context(first.app):
        await first.open()
        await first.plain_template()
        await first.dial(held=1)
        await first.order("one")
    second = make_bench(data_dir=tmp_path)
    async with second.app.router.lifespan_context(second.app):
        await second.advance(70)
    assert [status["status"] for status in receiver.statuses()] == ["sent", "delivered", "read"]


async def test_reading_marks_are_no_sends(bench):
    wamid = (await bench.write()).json()["wamid"]
    await bench.dial(errors_before=1, lost_answers=1, slow_answers=1, codes={131000: 1})
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
    assert (await bench.graph("POST", "{pnid}/messages", json=read)).json() == {"success": True}
    assert await bench.counts() == {}
