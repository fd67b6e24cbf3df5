"""A template's life at Meta apart from its quality: how long a review takes, categories, archival, deletion."""

import json
from datetime import UTC, datetime

import pytest

from app.sandbox.state import State
from app.sandbox.store import Store
from tests.support.sandbox import NO_LIMITS, body, error_of, until, wamid_of

DAY = 86_400
OTHER = {"components": [body("Another parcel is waiting at the desk.", ())]}
TEMPLATE = {
    "name": "plain",
    "language": "en",
    "category": "UTILITY",
    "components": [body("A parcel is waiting at the desk.", ())],
}


async def listed(bench):
    return (await bench.http.get("/control/templates")).json()["data"]


async def template(bench, name="plain"):
    return next((one for one in await listed(bench) if one["name"] == name), None)


async def control(bench, place, name="plain", method="POST", code=200, **request):
    one = await template(bench, name)
    answer = await bench.http.request(method, f"/control/templates/{one['id']}{place}", json=request or None)
    assert answer.status_code == code, answer.text
    return answer.json()


async def read(bench, name="plain"):
    one = await template(bench, name)
    fields = "status,category,previous_category,correct_category,message_send_ttl_seconds,rejected_reason"
    return (await bench.graph("GET", one["id"], params={"fields": fields})).json()


def told(bench, field="message_template_status_update"):
    return [value for _, _, value in bench.receiver.changes(field)]


def events(bench):
    return [value["event"] for value in told(bench)]


# Review


async def test_the_dial_says_how_long_a_review_takes(bench):
    await bench.dial(review_seconds=7200)
    await bench.create(approve=False)
    assert (await template(bench, "parcel_ready"))["due"] == {"review": pytest.approx(await bench.now() + 7200, abs=5)}
    await bench.advance(7199)
    assert events(bench) == []
    await bench.advance(2)
    assert events(bench) == ["APPROVED"]


async def test_reviews_differ_in_length_and_not_from_run_to_run(make_bench):
    dues = []
    for _ in range(2):
        bench = await make_bench(delay_jitter=0.5, review_delay=1000).open()
        for name in ("one", "two"):
            await bench.create(name=name, approve=False)
        now = await bench.now()
        dues.append([round(one["due"]["review"] - now, 3) for one in await listed(bench)])
    assert dues[0] == dues[1]
    assert dues[0][0] != dues[0][1]
    assert all(500 <= due <= 1500 for due in dues[0])


async def test_a_review_is_ended_by_hand_and_an_older_one_decides_nothing(bench):
    await bench.dial(review_seconds=100)
    await bench.create(name="plain", components=[body("A parcel is waiting at the desk.", ())], approve=False)
    assert (await control(bench, "/review"))["status"] == "APPROVED"
    assert (await control(bench, "/review", code=409))["code"] == "not_in_review"
    await bench.advance(50)
    await bench.graph("POST", (await template(bench))["id"], json=OTHER)
    await bench.advance(60)
    assert (await template(bench))["status"] == "PENDING"
    await bench.advance(60)
    assert events(bench) == ["APPROVED", "APPROVED"]


async def test_what_was_approved_cannot_be_sent_while_its_edit_is_in_review(bench):
    await bench.plain_template()
    await bench.graph("POST", (await template(bench))["id"], json=OTHER)
    assert error_of(await bench.order())[1] == 132001
    await bench.advance(2)
    assert (await bench.order()).status_code == 200


async def test_an_edit_may_cost_the_category_and_its_time_to_live(bench):
    ttl = {"message_send_ttl_seconds": 3600}
    await bench.create(name="plain", components=[body("A parcel is waiting at the desk.", ())], **ttl)
    edit = {"components": [body("A parcel is waiting at the desk, with 10% off the next.", ())]}
    await bench.graph("POST", (await template(bench))["id"], json=edit)
    await bench.advance(2)
    found = await read(bench)
    assert (found["category"], found["previous_category"], found["status"]) == ("MARKETING", "UTILITY", "APPROVED")
    assert "message_send_ttl_seconds" not in found
    assert told(bench)[-1]["message_template_category"] == "MARKETING"


async def test_a_rejected_template_goes_back_in_another_category_and_form(bench):
    await bench.create(name="plain", components=[body("Please REJECT_PROMOTIONAL this parcel.", ())])
    named = {"type": "BODY", "text": "Hello {{name}}, a parcel is waiting at the desk."}
    named["example"] = {"body_text_named_params": [{"param_name": "name", "example": "Ana"}]}
    one = (await template(bench))["id"]
    edit = {"category": "MARKETING", "components": [named], "parameter_format": "named"}
    answer = (await bench.graph("POST", one, json=edit)).json()
    assert answer == {"success": True, "id": one, "name": "plain", "category": "MARKETING"}
    await bench.advance(2)
    found = await read(bench)
    assert (found["status"], found["category"], found["rejected_reason"]) == ("APPROVED", "MARKETING", "NONE")
    assert "previous_category" not in found
    parameter = {"type": "text", "parameter_name": "name", "text": "Zoé"}
    sent = await bench.send_template("plain", {"type": "body", "parameters": [parameter]})
    assert sent.status_code == 200


async def test_what_the_review_found_can_be_read(bench):
    await bench.create(
        name="plain", language="fr", components=[body("Your parcel is waiting at the desk for you.", ())]
    )
    one = await template(bench)
    assert (one["status"], one["rejected_reason"]) == ("REJECTED", "TAG_CONTENT_MISMATCH")
    assert one["judgement"] == ["TAG_CONTENT_MISMATCH +3: fr"]
    assert "rejection_info" not in told(bench)[0]


async def test_a_cause_is_told_with_an_invalid_format(bench):
    link = {"type": "URL", "text": "Track", "url": "https://bit.ly/x"}
    buttons = {"type": "BUTTONS", "buttons": [link]}
    await bench.create(name="plain", components=[body("A parcel is waiting at the desk.", ()), buttons])
    assert told(bench)[0]["rejection_info"]["reason"] == "A button leads to a link shortener or back to WhatsApp."


# Categories


async def test_a_notice_and_a_day_later_its_effect(bench):
    ttl = {"message_send_ttl_seconds": 3600}
    await bench.create(name="plain", components=[body("A parcel is waiting at the desk.", ())], **ttl)
    await control(bench, "/category", correct_category="MARKETING")
    await bench.advance(1)
    (notice,) = told(bench, "template_category_update")
    assert notice == {
        "message_template_id": int((await template(bench))["id"]),
        "message_template_name": "plain",
        "message_template_language": "en",
        "new_category": "UTILITY",
        "correct_category": "MARKETING",
        "category_update_timestamp": pytest.approx(await bench.now() + DAY, abs=5),
    }
    found = await read(bench)
    assert (found["category"], found["correct_category"], found["status"]) == ("UTILITY", "MARKETING", "APPROVED")
    filtered = await bench.graph("GET", "{waba}/message_templates", params={"correct_category": "MARKETING"})
    assert len(filtered.json()["data"]) == 1
    await bench.advance(DAY)
    effect = told(bench, "template_category_update")[1]
    assert (effect["previous_category"], effect["new_category"]) == ("UTILITY", "MARKETING")
    assert "correct_category" not in effect
    found = await read(bench)
    assert (found["category"], found["previous_category"]) == ("MARKETING", "UTILITY")
    assert "correct_category" not in found
    assert "message_send_ttl_seconds" not in found
    assert (await bench.order()).status_code == 200
    await bench.advance(2)
    assert bench.receiver.statuses()[0]["pricing"]["category"] == "marketing"


async def test_a_notice_comes_true_at_once_or_never(bench):
    await bench.plain_template()
    assert (await control(bench, "/category/effect", code=409))["code"] == "no_notice"
    assert (await control(bench, "/category", code=409, correct_category="UTILITY"))["code"] == "same_category"
    await control(bench, "/category", correct_category="MARKETING")
    assert (await control(bench, "/category", method="DELETE"))["correct_category"] is None
    await bench.advance(2 * DAY)
    assert (await template(bench))["category"] == "UTILITY"
    await control(bench, "/category", correct_category="MARKETING")
    assert (await control(bench, "/category/effect"))["category"] == "MARKETING"
    await bench.advance(2 * DAY)
    assert len(told(bench, "template_category_update")) == 3


async def test_a_notice_that_was_withdrawn_does_not_hasten_the_next(bench):
    await bench.plain_template()
    await control(bench, "/category", correct_category="MARKETING")
    await bench.advance(DAY / 2)
    await control(bench, "/category", method="DELETE")
    await control(bench, "/category", correct_category="MARKETING")
    await bench.advance(DAY / 2 + 60)
    assert (await template(bench))["category"] == "UTILITY"


async def test_after_a_warning_there_is_no_notice(bench):
    await bench.plain_template()
    waba = bench.account["waba_id"]
    assert (await bench.http.put(f"/control/wabas/{waba}/warning", json={"misuse": True})).json()["misuse"] is True
    assert (await control(bench, "/category", correct_category="MARKETING"))["category"] == "MARKETING"
    await bench.advance(1)
    (update,) = told(bench, "template_category_update")
    assert update["previous_category"] == "UTILITY"
    unknown = await bench.http.put("/control/wabas/1/warning", json={"misuse": True})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_account")


async def test_what_is_to_be_authentication_is_rejected_on_the_first_of_the_month(bench):
    await bench.plain_template()
    noted = await control(bench, "/category", correct_category="AUTHENTICATION")
    due = datetime.fromtimestamp(noted["due"]["category"], UTC)
    assert (due.day, due.hour) == (1, 0)
    await bench.advance(31 * DAY + 60)
    found = await read(bench)
    assert (found["status"], found["rejected_reason"]) == ("REJECTED", "INCORRECT_CATEGORY")
    assert "correct_category" not in found


async def test_a_detection_has_no_date(bench):
    await bench.plain_template()
    assert (await control(bench, "/detection", correct_category="MARKETING"))["due"].keys() == {"archival"}
    await bench.advance(2 * DAY)
    (value,) = told(bench, "template_correct_category_detection")
    assert (value["category"], value["correct_category"]) == ("UTILITY", "MARKETING")
    assert (await template(bench))["category"] == "UTILITY"


# Archival


async def test_a_year_without_use_archives_and_four_weeks_more_delete(bench):
    await bench.plain_template()
    await bench.advance(300 * DAY)
    await bench.order()
    await bench.advance(360 * DAY)
    assert (await template(bench))["status"] == "APPROVED"
    await bench.advance(7 * DAY)
    assert (await template(bench))["status"] == "ARCHIVED"
    assert events(bench) == ["APPROVED", "ARCHIVED"]
    assert error_of(await bench.order())[1] == 132001
    await bench.advance(29 * DAY)
    assert await template(bench) is None
    assert events(bench)[-1] == "DELETED"
    assert error_of(await bench.graph("POST", "{waba}/message_templates", json=TEMPLATE)) == (400, 100, 2388023)


@pytest.mark.parametrize("version", ["/v25.0", ""])
async def test_archive_and_unarchive_are_called_with_and_without_a_version(bench, version):
    await bench.plain_template()
    one = (await template(bench))["id"]
    path = f"{version}/{bench.account['waba_id']}/message_templates"
    answer = await bench.http.post(f"{path}/archive", json={"hsm_ids": f"{one},404"})
    assert answer.json() == {"archived_templates": [one], "failed_templates": {"404": "The template does not exist."}}
    assert (await template(bench))["status"] == "ARCHIVED"
    await bench.advance(20 * DAY)
    assert list((await template(bench))["due"]) == ["removal"]
    answer = await bench.http.post(f"{path}/unarchive", json={"hsm_ids": [one]})
    assert answer.json() == {"unarchived_templates": [one], "failed_templates": {}}
    again = await bench.http.post(f"{path}/unarchive", json={"hsm_ids": one})
    assert again.json() == {"unarchived_templates": [], "failed_templates": {one: "The template is not archived."}}
    await bench.advance(300 * DAY)
    assert events(bench) == ["APPROVED", "ARCHIVED", "UNARCHIVED"]
    assert (await bench.order()).status_code == 200


@pytest.mark.parametrize(("paths", "version"), [("versioned", ""), ("bare", "/v25.0")])
async def test_the_other_way_to_archive_may_be_closed(make_bench, paths, version):
    bench = await make_bench(archive_paths=paths).open()
    path = f"{version}/{bench.account['waba_id']}/message_templates/archive"
    assert error_of(await bench.http.post(path, json={"hsm_ids": "1"}))[1] == 2500


async def test_archive_names_templates_and_not_too_many(bench):
    path = "{waba}/message_templates/archive"
    assert error_of(await bench.graph("POST", path, json={}))[:2] == (400, 100)
    ids = ",".join(str(number) for number in range(101))
    assert error_of(await bench.graph("POST", path, json={"hsm_ids": ids}))[:2] == (400, 100)


async def test_control_archives_and_brings_back_what_it_was(bench):
    await bench.create(name="plain", components=[body("Please REJECT_SCAM this parcel.", ())])
    assert (await control(bench, "/archive"))["status"] == "ARCHIVED"
    assert (await control(bench, "/archive", code=409))["code"] == "not_archivable"
    assert (await control(bench, "/unarchive"))["status"] == "REJECTED"
    assert (await control(bench, "/unarchive", code=409))["code"] == "not_archived"


# Deletion


async def test_a_deletion_waits_for_what_is_on_its_way(bench):
    await bench.plain_template()
    await bench.order()
    path = "{waba}/message_templates"
    assert (await bench.graph("DELETE", path, params={"name": "plain"})).json() == {"success": True}
    assert (await template(bench))["status"] == "PENDING_DELETION"
    assert error_of(await bench.order())[1] == 132001
    assert error_of(await bench.graph("POST", path, json=TEMPLATE)) == (400, 100, 2388023)
    await bench.advance(2)
    assert await template(bench) is None
    assert [(value["event"], value["reason"]) for value in told(bench)][1:] == [
        ("PENDING_DELETION", None),
        ("DELETED", None),
    ]
    assert [status["status"] for status in bench.receiver.statuses()] == ["sent", "delivered", "read"]


async def test_a_deletion_waits_thirty_days_at_most(bench):
    await bench.plain_template()
    await bench.order(to="+905550091001")
    await bench.advance(10)
    await bench.graph("DELETE", "{waba}/message_templates", params={"name": "plain"})
    await bench.advance(29 * DAY)
    assert (await template(bench))["status"] == "PENDING_DELETION"
    await bench.advance(2 * DAY)
    assert await template(bench) is None


async def test_what_failed_keeps_no_deletion_waiting(bench):
    await bench.plain_template()
    await bench.order(to="+905550031026")
    await bench.graph("DELETE", "{waba}/message_templates", params={"name": "plain"})
    await bench.advance(1)
    assert await template(bench) is None


# Control, time, and what is kept


@pytest.mark.parametrize(
    ("place", "request_body", "code"),
    [
        ("", {"status": "DELETED"}, 422),
        ("", {"reason": "SCAM"}, 422),
        ("", {"blocks": 1.5}, 422),
        ("/feedback", {"kind": "praise"}, 422),
        ("/feedback", {"kind": "block", "count": 0}, 422),
        ("/pacing", {"decision": "think"}, 422),
        ("/category", {"correct_category": "GOSSIP"}, 422),
        ("/unpause", None, 409),
    ],
)
async def test_bad_control_changes_nothing(bench, place, request_body, code):
    await bench.plain_template()
    before = await template(bench)
    answer = await bench.http.post(f"/control/templates/{before['id']}{place}", json=request_body)
    assert (answer.status_code, answer.headers["content-type"]) == (code, "application/problem+json")
    assert answer.json()["code"]
    assert await template(bench) == before


@pytest.mark.parametrize("place", ["", "/review", "/unpause", "/category/effect", "/archive", "/unarchive"])
async def test_control_of_an_unknown_template(bench, place):
    answer = await bench.http.post(f"/control/templates/1{place}", json={})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_template")


async def test_an_appeal_counts_as_use_and_is_decided_by_hand(bench):
    await bench.create(name="plain", components=[body("Please REJECT_SCAM this parcel.", ())])
    await control(bench, "", status="IN_APPEAL")
    assert (await control(bench, "", status="APPROVED"))["status"] == "APPROVED"
    await bench.advance(1)
    assert events(bench) == ["REJECTED", "IN_APPEAL", "APPROVED"]


async def test_time_that_is_let_pass_hastens_what_real_time_brings(make_bench, receiver):
    bench = make_bench(clock="real", review_delay=1000, webhook_flush=0)
    async with bench.app.router.lifespan_context(bench.app):
        await bench.open()
        await bench.graph("POST", "{waba}/message_templates", json=TEMPLATE)
        # Who waits in real time must not sleep out what was to be a thousand seconds.
        await bench.advance(999.999)
        await until(lambda: events(bench))
    assert events(bench) == ["APPROVED"]


async def test_the_calendar_of_templates_keeps_nobody_waiting(bench):
    await bench.plain_template()
    await control(bench, "/category", correct_category="MARKETING")
    await control(bench, "", status="PAUSED")
    await bench.advance(5)
    assert (await bench.http.get("/healthz")).json()["jobs"] == 0


async def test_what_is_due_survives_a_restart(make_bench, receiver, tmp_path):
    first = make_bench(data_dir=tmp_path)
    async with first.app.router.lifespan_context(first.app):
        await first.open()
        await first.plain_template()
        await control(first, "/category", correct_category="MARKETING")
        await control(first, "", status="PAUSED")
    second = make_bench(data_dir=tmp_path)
    async with second.app.router.lifespan_context(second.app):
        await second.advance(3 * 3600 + 60)
        assert (await template(second))["status"] == "APPROVED"
        await second.advance(DAY)
        assert (await template(second))["category"] == "MARKETING"
        await second.advance(366 * DAY)
        assert (await template(second))["status"] == "ARCHIVED"


async def test_an_older_snapshot_is_read_and_its_templates_live_on(make_bench, tmp_path):
    """One from before templates had a calendar."""
    first = make_bench(data_dir=tmp_path)
    async with first.app.router.lifespan_context(first.app):
        await first.open()
        await first.plain_template()
    kept = json.loads((tmp_path / "sandbox.json").read_bytes())
    known = {"template_id", "waba_id", "name", "language", "category", "parameter_format", "components", "status"}
    known |= {"created_at", "updated_at"}
    kept["templates"] = {
        key: {name: value for name, value in one.items() if name in known} for key, one in kept["templates"].items()
    }
    for waba in kept["wabas"].values():
        del waba["misuse_warned"], waba["utility_paused_at"]
    kept["jobs"] = []
    (tmp_path / "sandbox.json").write_text(json.dumps(kept))
    assert isinstance(Store(tmp_path).load(), State)
    second = make_bench(data_dir=tmp_path)
    second.http.headers["Authorization"] = first.http.headers["Authorization"]
    second.account = first.account
    async with second.app.router.lifespan_context(second.app):
        await second.dial(**NO_LIMITS)
        assert (await template(second))["status"] == "APPROVED"
        assert wamid_of(await second.order())
        await second.advance(2 * DAY)
        assert (await template(second))["status"] == "APPROVED"
        await second.advance(366 * DAY)
        assert (await template(second))["status"] == "ARCHIVED"
