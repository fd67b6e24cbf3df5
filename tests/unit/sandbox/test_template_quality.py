"""What customers do to a template, and what Meta does of it: quality, pauses, pacing."""

import pytest

from tests.support.sandbox import NO_LIMITS, body, error_of, wamid_of

HOUR = 3600


@pytest.fixture
async def bench(bench):
    await bench.dial(**NO_LIMITS)
    await bench.plain_template()
    bench.receiver.posts.clear()
    return bench


async def template(bench, name="plain"):
    found = (await bench.http.get("/control/templates")).json()["data"]
    return next(one for one in found if one["name"] == name)


async def control(bench, place, name="plain", method="POST", **request):
    one = await template(bench, name)
    answer = await bench.http.request(method, f"/control/templates/{one['id']}{place}", json=request or None)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def block(bench, count, **more):
    return await control(bench, "/feedback", kind="block", count=count, **more)


async def deliver(bench, count, **more):
    for number in range(count):
        assert (await bench.order(to=f"+33612{number:06d}", **more)).status_code == 200
    await bench.advance(2)


def told(bench, field):
    return [value for _, _, value in bench.receiver.changes(f"message_template_{field}_update")]


def events(bench):
    return [(value["event"], value.get("other_info", {}).get("title")) for value in told(bench, "status")]


def scores(bench):
    return [(value["previous_quality_score"], value["new_quality_score"]) for value in told(bench, "quality")]


async def test_a_template_gets_its_quality_from_what_customers_do(bench):
    await deliver(bench, 19)
    assert (await template(bench))["quality"] == "UNKNOWN"
    await deliver(bench, 6)
    assert (await template(bench))["quality"] == "GREEN"
    assert (await block(bench, 1))["quality"] == "YELLOW"
    assert (await template(bench))["assessed"] == {"delivered": 25, "blocks": 1, "reports": 0}
    await bench.advance(1)
    assert scores(bench) == [("UNKNOWN", "GREEN"), ("GREEN", "YELLOW")]
    one = await template(bench)
    read = (await bench.graph("GET", one["id"], params={"fields": "quality_score"})).json()["quality_score"]
    assert (read["score"], read["reasons"]) == ("YELLOW", ["SPAM"])
    assert read["date"] == pytest.approx(await bench.now(), abs=10)


async def test_quality_is_better_again_after_a_while_only(bench):
    await deliver(bench, 25)
    await block(bench, 1)
    await deliver(bench, 40)
    assert (await template(bench))["quality"] == "YELLOW"
    await bench.advance(HOUR)
    await deliver(bench, 1)
    assert (await template(bench))["quality"] == "GREEN"


async def test_what_was_done_a_week_ago_counts_no_more(bench):
    await block(bench, 19)
    await bench.advance(8 * 24 * HOUR)
    assert (await block(bench, 1))["quality"] == "UNKNOWN"


async def test_the_ladder_of_pauses(bench):
    """Three hours, six hours, and the end; each pause ends by itself, and quality begins anew."""
    for title, hours in (("FIRST_PAUSE", 3), ("SECOND_PAUSE", 6)):
        paused = await block(bench, 20)
        assert (paused["status"], paused["pause"], paused["quality"]) == ("PAUSED", title, "RED")
        assert error_of(await bench.order())[:2] == (400, 132015)
        await bench.advance(hours * HOUR - 10)
        assert (await template(bench))["status"] == "PAUSED"
        await bench.advance(20)
        lifted = await template(bench)
        assert (lifted["status"], lifted["quality"], lifted["pause"]) == ("APPROVED", "UNKNOWN", None)
        assert (await bench.order()).status_code == 200
    assert (await block(bench, 20))["status"] == "DISABLED"
    assert error_of(await bench.order())[:2] == (400, 132016)
    await bench.advance(1)
    assert events(bench) == [
        ("PAUSED", "FIRST_PAUSE"),
        ("APPROVED", "UNPAUSE"),
        ("PAUSED", "SECOND_PAUSE"),
        ("APPROVED", "UNPAUSE"),
        ("DISABLED", "DISABLED"),
    ]
    assert told(bench, "status")[-1]["disable_info"]["disable_date"] == pytest.approx(await bench.now(), abs=5)
    assert told(bench, "status")[0]["reason"] == "NONE"
    one = await template(bench)
    change = {"components": [body("Another parcel is waiting at the desk.", ())]}
    assert error_of(await bench.graph("POST", one["id"], json=change)) == (400, 100, 2388039)


async def test_a_disabled_template_can_be_edited_where_meta_lets_it(make_bench):
    bench = await make_bench(disabled_editable=True).open()
    await bench.plain_template()
    await control(bench, "", status="DISABLED")
    one = await template(bench)
    change = {"components": [body("Another parcel is waiting at the desk.", ())]}
    assert (await bench.graph("POST", one["id"], json=change)).status_code == 200
    await bench.advance(2)
    again = await block(bench, 20)
    assert (again["status"], again["pause"]) == ("PAUSED", "FIRST_PAUSE")


async def test_an_edit_ends_a_pause(bench):
    await block(bench, 20)
    one = await template(bench)
    change = {"components": [body("Another parcel is waiting at the desk.", ())]}
    assert (await bench.graph("POST", one["id"], json=change)).status_code == 200
    await bench.advance(2)
    assert (await template(bench))["status"] == "APPROVED"
    await bench.advance(3 * HOUR)
    assert ("APPROVED", "UNPAUSE") not in events(bench)


async def test_a_pause_that_was_lifted_does_not_shorten_the_next(bench):
    await block(bench, 20)
    one = await template(bench)
    await bench.advance(HOUR)
    assert (await bench.graph("POST", f"{one['id']}/unpause")).json() == {"success": True}
    await block(bench, 20)
    await bench.advance(2 * HOUR + 60)
    assert (await template(bench))["pause"] == "SECOND_PAUSE"


async def test_unpause_may_be_for_pacing_only(make_bench):
    bench = await make_bench(unpause_lifts="pacing").open()
    await bench.plain_template()
    await block(bench, 20)
    one = await template(bench)
    refused = (await bench.graph("POST", f"{one['id']}/unpause")).json()
    assert refused["success"] is False
    assert (await template(bench))["status"] == "PAUSED"


async def test_the_dial_makes_customers_block_and_report(bench):
    await bench.dial(blocks=0.3, reports=0.2)
    await deliver(bench, 19)
    one = (await template(bench))["assessed"]
    assert one["delivered"] == 19
    assert one["blocks"] > 0
    counts = await bench.counts()
    assert counts["blocks"] == one["blocks"]
    assert counts.get("reports", 0) == one["reports"]
    messages = (await bench.http.get("/control/messages")).json()["messages"]
    assert sum("blocks" in message["faults"] for message in messages) == one["blocks"]
    await deliver(bench, 1)
    assert (await template(bench))["status"] == "PAUSED"


async def test_one_template_may_be_worse_than_the_dial_says(bench):
    await control(bench, "", blocks=1)
    await bench.create(name="other", components=[body("A letter is waiting at the desk.", ())])
    await deliver(bench, 3)
    await bench.send_template("other")
    await bench.advance(2)
    assert (await template(bench))["assessed"]["blocks"] == 3
    assert (await template(bench, "other"))["assessed"] == {"delivered": 1, "blocks": 0, "reports": 0}
    assert (await control(bench, "", blocks=None))["blocks"] is None


async def test_words_in_the_text_ask_for_complaints(bench):
    text = "This parcel GETS_REPORTED and GETS_BLOCKED_0 by those who get it."
    await bench.create(name="bad", components=[body(text, ())])
    await bench.send_template("bad")
    await bench.advance(2)
    assert (await template(bench, "bad"))["assessed"] == {"delivered": 1, "blocks": 0, "reports": 1}


async def test_the_customer_of_one_message_blocks(bench):
    wamid = wamid_of(await bench.order())
    answer = await bench.http.post(
        f"/control/messages/{wamid}/feedback", json={"kind": "block", "reason": "NO_SIGN_UP"}
    )
    assert answer.json()["assessed"]["blocks"] == 1
    wrong = await bench.http.post("/control/messages/wamid.X/feedback", json={"kind": "block"})
    assert (wrong.status_code, wrong.json()["code"]) == (404, "unknown_message")


# Pacing


async def marketing(bench):
    await bench.create(name="sale", category="MARKETING", components=[body("Our sale begins on Friday at noon.", ())])
    bench.receiver.posts.clear()


async def sale(bench, number=0):
    return await bench.send_template("sale", to=f"+33613{number:06d}")


def statuses_of(answer):
    return answer.json()["messages"][0]["message_status"]


async def test_beyond_the_threshold_marketing_is_held_and_released_on_good_feedback(bench):
    await bench.dial(pacing_threshold=2, pacing_seconds=100)
    await marketing(bench)
    sent = [await sale(bench, number) for number in range(4)]
    assert [statuses_of(one) for one in sent] == ["accepted"] * 2 + ["held_for_quality_assessment"] * 2
    await bench.advance(99)
    assert bench.receiver.statuses(wamid_of(sent[3])) == []
    assert (await template(bench, "sale"))["held"] == 2
    assert (await bench.counts())["paced"] == 2
    await bench.advance(5)
    assert [one["status"] for one in bench.receiver.statuses(wamid_of(sent[3]))] == ["sent", "delivered", "read"]
    assert statuses_of(await sale(bench, 9)) == "accepted"
    # Utility templates are not paced.
    assert [statuses_of(await bench.order(to=f"+33614{n:06d}")) for n in range(4)] == ["accepted"] * 4


async def test_bad_feedback_pauses_and_drops_what_is_held_until_an_unpause(bench):
    await bench.dial(pacing_threshold=2, pacing_seconds=100)
    await marketing(bench)
    await control(bench, "", "sale", blocks=1)
    sent = [await sale(bench, number) for number in range(3)]
    await bench.advance(101)
    assert events(bench) == [("PAUSED", "RATE_LIMITING_PAUSE")]
    (failed,) = bench.receiver.statuses(wamid_of(sent[2]))
    assert (failed["status"], failed["errors"][0]["code"]) == ("failed", 132015)
    assert error_of(await sale(bench, 5))[1] == 132015
    one = await template(bench, "sale")
    assert (await bench.graph("POST", f"{one['id']}/unpause")).json()["success"] is False
    await bench.advance(30 * 24 * HOUR)
    assert (await template(bench, "sale"))["status"] == "PAUSED"
    assert (await bench.graph("POST", f"{one['id']}/unpause")).json() == {"success": True}
    await bench.advance(1)
    assert events(bench)[-1] == ("APPROVED", "UNPAUSE")
    assert (await sale(bench, 6)).status_code == 200


async def test_a_template_that_turns_red_while_held_does_not_climb_the_ladder(bench):
    await bench.dial(pacing_threshold=0)
    await marketing(bench)
    await sale(bench)
    paused = await control(bench, "/feedback", "sale", kind="report", count=20)
    assert (paused["pause"], paused["pauses"], paused["held"]) == ("RATE_LIMITING_PAUSE", 0, 0)


async def test_utility_is_paced_for_a_week_after_one_was_paused(bench):
    await bench.create(name="other", components=[body("A letter is waiting at the desk.", ())])
    await bench.dial(pacing_threshold=0, pacing_seconds=10)
    assert statuses_of(await bench.send_template("other")) == "accepted"
    await block(bench, 20)
    assert statuses_of(await bench.send_template("other")) == "held_for_quality_assessment"
    await bench.advance(11)
    assert statuses_of(await bench.send_template("other", to="+33615000001")) == "accepted"
    await control(bench, "", "other", status="PENDING")
    await control(bench, "", "other", status="APPROVED")
    assert statuses_of(await bench.send_template("other", to="+33615000002")) == "held_for_quality_assessment"
    await bench.advance(8 * 24 * HOUR)
    await control(bench, "", "other", status="PENDING")
    await control(bench, "", "other", status="APPROVED")
    assert statuses_of(await bench.send_template("other", to="+33615000003")) == "accepted"


@pytest.mark.parametrize(("decision", "status"), [("release", "sent"), ("drop", "failed")])
async def test_what_is_held_by_hand_is_decided_by_hand(bench, decision, status):
    await control(bench, "/pacing", decision="hold")
    sent = await bench.order()
    assert statuses_of(sent) == "held_for_quality_assessment"
    await bench.advance(7 * 24 * HOUR)
    assert bench.receiver.statuses() == []
    await control(bench, "/pacing", decision=decision)
    await bench.advance(0.4)
    assert [one["status"] for one in bench.receiver.statuses(wamid_of(sent))] == [status]


async def test_what_is_held_when_its_template_goes_is_dropped(bench):
    await bench.dial(pacing_threshold=0, pacing_seconds=10)
    await marketing(bench)
    sent = await sale(bench)
    await control(bench, "", "sale", status="REJECTED", reason="PROMOTIONAL")
    await bench.advance(11)
    (failed,) = bench.receiver.statuses(wamid_of(sent))
    assert failed["errors"][0]["code"] == 132015


async def test_what_is_held_survives_a_restart(make_bench, receiver, tmp_path):
    first = make_bench(data_dir=tmp_path, snapshot_messages=0)
    async with first.app.router.lifespan_context(first.app):
        await first.open()
        await first.plain_template()
        await control(first, "/pacing", decision="hold")
        wamid = wamid_of(await first.order())
        await first.advance(10)
    second = make_bench(data_dir=tmp_path)
    second.http.headers["Authorization"] = first.http.headers["Authorization"]
    second.account = first.account
    async with second.app.router.lifespan_context(second.app):
        assert (await template(second))["held"] == 1
        await control(second, "/pacing", decision="release")
        await second.advance(3)
    assert [one["status"] for one in receiver.statuses(wamid)] == ["sent", "delivered", "read"]
