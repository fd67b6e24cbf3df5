"""Calls on several templates at once, as plain requests; a public client makes them in test_pywa."""

import pytest

from tests.support.sandbox import body, error_of

OTP = {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]}
CODE = {"name": "code", "category": "AUTHENTICATION", "components": [{"type": "BODY"}, OTP]}
REMINDER = {"name": "mine", "category": "UTILITY", "language": "tr", "library_template_name": "delivery_update_1"}


async def names(bench, **filters):
    answer = await bench.graph("GET", "message_template_library", params=filters)
    return [(one["name"], one["language"]) for one in answer.json()["data"]]


async def listed(bench):
    return (await bench.graph("GET", "{waba}/message_templates")).json()["data"]


async def test_the_library_is_searched(bench):
    assert len(await names(bench)) == len(set(await names(bench)))
    assert await names(bench, search="sipariş", topic="order_management") == [
        ("shipment_confirmation_1", "tr"),
        ("delivery_update_1", "tr"),
    ]
    assert await names(bench, usecase="FRAUD_ALERT") == [("fraud_alert_1", "en")]
    assert await names(bench, name="feedback_survey_1", industry="FINANCIAL_SERVICES", language="en") != []
    assert await names(bench, language="fr") == []


async def test_a_template_of_the_library_is_approved_at_once(bench):
    answer = await bench.graph("POST", "{waba}/message_templates", json=REMINDER)
    assert answer.json()["status"] == "APPROVED"
    await bench.advance(1)
    assert [value["event"] for _, _, value in bench.receiver.changes()] == ["APPROVED"]
    assert error_of(await bench.graph("POST", "{waba}/message_templates", json=REMINDER)) == (400, 100, 2388024)
    edit = {"components": [body("Merhaba {{1}}, {{2}} numaralı siparişiniz yarın gelecek.", ("Ayşe", "A-1"))]}
    await bench.graph("POST", answer.json()["id"], json=edit)
    fields = {"fields": "status,library_template_name"}
    read = (await bench.graph("GET", answer.json()["id"], params=fields)).json()
    assert read == {"id": answer.json()["id"], "status": "PENDING"}


@pytest.mark.parametrize(
    "change",
    [
        {"library_template_name": "unheard_of"},
        {"language": "fr"},
        {"category": "MARKETING"},
        {"components": []},
        {"library_template_button_inputs": [{"type": "URL", "url": {"base_url": "https://ex.org"}}]},
        {"library_template_button_inputs": "{"},
        {"library_template_button_inputs": {"type": "URL"}},
        {"library_template_name": "shipment_confirmation_1"},
        {
            "library_template_name": "shipment_confirmation_1",
            "library_template_button_inputs": [{"type": "URL", "url": "https://ex.org"}],
        },
        {
            "library_template_name": "shipment_confirmation_1",
            "library_template_button_inputs": [{"type": "URL", "url": {"base_url": "ftp://ex.org"}}],
        },
    ],
)
async def test_what_the_library_cannot_make_is_refused(bench, change):
    answer = await bench.graph("POST", "{waba}/message_templates", json=REMINDER | change)
    assert error_of(answer)[:2] == (400, 100)
    assert await listed(bench) == []


async def test_bulk_changes_all_languages_or_none(bench):
    path = "{waba}/upsert_message_templates"
    made = await bench.graph("POST", path, json=CODE | {"languages": ["en", "tr"]})
    assert [one["language"] for one in made.json()["data"]] == ["en", "tr"]
    before = await listed(bench)
    # Still in review, the first two cannot be edited, so the third is not made either.
    assert error_of(await bench.graph("POST", path, json=CODE | {"languages": ["de", "tr"]})) == (400, 100, 2388039)
    assert error_of(await bench.graph("POST", path, json=CODE | {"languages": ["de", "xx"]}))[:2] == (400, 100)
    for change in ({"languages": []}, {"category": "UTILITY"}, {"components": 5}, {"components": [5]}):
        answer = await bench.graph("POST", path, json=CODE | {"languages": ["de"]} | change)
        assert error_of(answer)[:2] == (400, 100)
    assert await listed(bench) == before


async def test_another_business_s_templates_do_not_move(bench):
    stranger = (await bench.http.post("/control/accounts", json={})).json()
    await bench.create()
    path = f"{stranger['waba_id']}/migrate_message_templates"
    answer = await bench.graph("POST", path, params={"source_waba_id": bench.account["waba_id"]})
    assert error_of(answer) == (400, 100, 33)
    for source in (stranger["waba_id"], "", bench.account["waba_id"]):
        answer = await bench.graph("POST", "{waba}/migrate_message_templates", params={"source_waba_id": source})
        assert error_of(answer)[:2] == (400, 100)
    taken = {"business_id": stranger["business_id"], "waba_id": bench.account["waba_id"]}
    assert (await bench.http.post("/control/accounts", json=taken)).status_code == 409


async def test_what_is_there_already_does_not_move_twice(bench):
    other = await bench.http.post("/control/accounts", json={"business_id": bench.account["business_id"]})
    await bench.create()
    source = {"source_waba_id": bench.account["waba_id"]}
    path = f"{other.json()['waba_id']}/migrate_message_templates"
    assert len((await bench.graph("POST", path, params=source)).json()["migrated_templates"]) == 1
    again = (await bench.graph("POST", path, params=source)).json()
    assert again["migrated_templates"] == []
    assert "already" in again["failed_templates"][0]["reason"]
    later = await bench.graph("POST", path, params=source | {"page_number": "1"})
    assert later.json() == {"migrated_templates": []}


@pytest.mark.parametrize("days", [7, 30, 60, 90])
async def test_too_little_was_sent_to_be_compared(bench, days):
    one = (await bench.create()).json()["id"]
    two = (await bench.create(language="en_GB")).json()["id"]
    now = int(await bench.now())
    frame = {"start": now - days * 86_400, "end": now}
    answer = await bench.graph("GET", f"{one}/compare", params=frame | {"template_ids": f"[{two}]"})
    assert "must have been 1000" in answer.json()["error"]["message"]
    for ids in ("", one, f"{two},{one}"):
        answer = await bench.graph("GET", f"{one}/compare", params=frame | {"template_ids": ids})
        assert "one other template" in answer.json()["error"]["message"]
