import pytest

from tests.support.sandbox import body, error_of

PLAIN = "Your parcel is waiting at the desk until Friday included."


def plain(text=PLAIN):
    return {"type": "BODY", "text": text}


def header(text, *examples):
    return {"type": "HEADER", "format": "TEXT", "text": text} | (
        {"example": {"header_text": list(examples)}} if examples else {}
    )


def buttons(*made):
    return {"type": "BUTTONS", "buttons": list(made)}


def quick(text="Stop"):
    return {"type": "QUICK_REPLY", "text": text}


def url(address="https://ex.org", **more):
    return {"type": "URL", "text": "Open", "url": address} | more


async def stored(bench, template_id, fields=""):
    return (await bench.graph("GET", template_id, params={"fields": fields} if fields else {})).json()


async def test_a_template_waits_for_its_review(bench):
    answer = await bench.create(approve=False)
    assert answer.status_code == 200
    assert answer.json() == {"id": answer.json()["id"], "status": "PENDING", "category": "UTILITY"}
    await bench.advance(0.9)
    assert bench.receiver.changes() == []
    await bench.advance(0.2)
    ((waba, field, value),) = bench.receiver.changes()
    assert (waba, field) == (bench.account["waba_id"], "message_template_status_update")
    assert value == {
        "event": "APPROVED",
        "message_template_id": int(answer.json()["id"]),
        "message_template_name": "parcel_ready",
        "message_template_language": "en",
        "reason": "NONE",
        "message_template_category": "UTILITY",
    }
    assert (await stored(bench, answer.json()["id"], "status"))["status"] == "APPROVED"


@pytest.mark.parametrize(
    ("change", "subcode"),
    [
        ({"name": "Parcel"}, None),
        ({"name": "x" * 513}, None),
        ({"name": None}, None),
        ({"language": "xx"}, None),
        ({"language": "fr_FR"}, None),
        ({"category": "GOSSIP"}, None),
        ({"surprise": 1}, None),
        ({"parameter_format": "ORDERED"}, None),
        ({"message_send_ttl_seconds": 10}, None),
        ({"components": []}, None),
        ({"components": [{"type": "POEM"}]}, None),
        ({"components": [header("Parcel")]}, 2388072),
        ({"components": [plain(), plain()]}, None),
        ({"components": [plain("x" * 1025)]}, 2388040),
        ({"components": [plain("")]}, 2388072),
        ({"components": [header("x" * 61), plain()]}, 2388040),
        ({"components": [header("*Parcel*"), plain()]}, 2388047),
        ({"components": [header("{{1}} of {{2}}", "a", "b"), plain()]}, 2388047),
        ({"components": [header("Parcel {{1}}"), plain()]}, 2388047),
        ({"components": [{"type": "HEADER", "format": "IMAGE"}, plain()]}, 2388047),
        (
            {"components": [{"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::no"]}}, plain()]},
            2388047,
        ),
        ({"components": [{"type": "HEADER", "format": "SMELL"}, plain()]}, None),
        ({"components": [plain(), {"type": "FOOTER", "text": "x" * 61}]}, 2388040),
        ({"components": [plain(), {"type": "FOOTER", "text": "Bye {{1}}"}]}, 2388073),
        ({"components": [body(examples=())]}, 2388072),
        ({"components": [body(examples=("Ana",))]}, 2388072),
        ({"components": [body("{{1}} is waiting at the desk today", ("P",))]}, 2388299),
        ({"components": [body("At the desk today waits {{1}}", ("P",))]}, 2388299),
        ({"components": [body("Hello {{2}}, here is your parcel, thank you.", ("P",))]}, 2388072),
        ({"components": [body("Hello {{name}}, here is your parcel, thank you.", ("P",))]}, 2388072),
        ({"components": [body("Hello {{1}, here is your parcel, thank you.", ())]}, 2388072),
        ({"components": [body("Hi {{1}} and {{2}} and {{3}} ok", ("a", "b", "c"))]}, 2388293),
        ({"components": [plain(), buttons()]}, None),
        ({"components": [plain(), buttons(*[quick(str(n)) for n in range(11)])]}, None),
        ({"components": [plain(), buttons(url(), url(), url())]}, None),
        ({"components": [plain(), buttons(quick("a"), url(), quick("b"))]}, None),
        ({"components": [plain(), buttons(quick("x" * 26))]}, 2388040),
        ({"components": [plain(), buttons(quick("Hi {{1}}"))]}, None),
        ({"components": [plain(), buttons(url("https://ex.org/{{1}}"))]}, None),
        ({"components": [plain(), buttons(url("https://ex.org/{{1}}/x", example=["a"]))]}, None),
        ({"components": [plain(), buttons(url("ex.org"))]}, None),
        ({"components": [plain(), buttons(url("https://ex.org/" + "x" * 2000))]}, 2388040),
        ({"components": [plain(), buttons({"type": "PHONE_NUMBER", "text": "Call", "phone_number": "0" * 21})]}, None),
        ({"components": [plain(), buttons({"type": "COPY_CODE", "example": "x" * 16})]}, 2388040),
        ({"components": [plain(), buttons({"type": "DANCE", "text": "x"})]}, None),
    ],
)
async def test_structural_faults_are_refused_at_once(bench, change, subcode):
    answer = await bench.create(approve=False, **change)
    assert error_of(answer) == (400, 100, subcode)
    if subcode is not None:
        assert answer.json()["error"]["error_user_title"]
        assert answer.json()["error"]["error_user_msg"]
    assert (await bench.graph("GET", "{waba}/message_templates")).json()["data"] == []


@pytest.mark.parametrize(
    "components",
    [
        [plain(), buttons(quick("a"), quick("b"), url(), url())],
        [plain(), buttons(url("https://ex.org/{{1}}", example=["a"]), quick("a"))],
        [plain(), buttons({"type": "COPY_CODE", "example": "SAVE-15"})],
        [plain(), buttons({"type": "phone_number", "text": "Call", "phone_number": "+33612345678"})],
        [{"type": "header", "format": "location"}, plain()],
        [header("Parcel {{1}}", "P-1"), body()],
        [plain("Merhaba, siparişiniz yola çıktı.")],
    ],
)
async def test_legal_structures_pass(bench, components):
    assert (await bench.create(components=components)).status_code == 200
    assert bench.receiver.changes()[0][2]["event"] == "APPROVED"


async def test_name_and_language_are_unique_together(bench):
    await bench.create()
    assert error_of(await bench.create()) == (400, 100, 2388024)
    assert (await bench.create(language="en_GB")).status_code == 200


async def test_the_account_s_limit(make_bench):
    bench = await make_bench(templates_per_waba=1).open()
    await bench.create()
    assert error_of(await bench.create(name="other")) == (400, 100, 2388019)


@pytest.mark.parametrize(
    "text",
    [
        "Your order is ready, and here is 10% off for the next one.",
        "Siparişiniz hazır, %15 indirim sizi bekliyor bugün.",
        "Büyük KAMPANYA başladı, mağazamıza bekliyoruz sizi.",
        "BÜYÜK İNDİRİM başladı, mağazamıza bekliyoruz sizi.",
        "Anything at all MAKE_MARKETING in the text.",
    ],
)
async def test_promotion_is_approved_as_marketing(bench, text):
    answer = await bench.create(components=[plain(text)])
    assert answer.json()["category"] == "MARKETING"
    value = bench.receiver.changes()[0][2]
    assert (value["event"], value["message_template_category"]) == ("APPROVED", "MARKETING")


@pytest.mark.parametrize(
    ("text", "reason", "explained"),
    [
        ("Please REJECT_SCAM this text for me today.", "SCAM", False),
        ("Please REJECT_INVALID_FORMAT this text for me.", "INVALID_FORMAT", True),
        ("Your one-time code for the desk is 1234 today.", "INCORRECT_CATEGORY", False),
    ],
)
async def test_rejections_have_a_reason(bench, text, reason, explained):
    template = (await bench.create(components=[plain(text)])).json()
    value = bench.receiver.changes()[0][2]
    assert (value["event"], value["reason"]) == ("REJECTED", reason)
    assert ("rejection_info" in value) is explained
    found = await stored(bench, template["id"], "status,rejected_reason")
    assert found == {"id": template["id"], "status": "REJECTED", "rejected_reason": reason}


async def test_variables_that_touch_are_rejected_by_the_review(bench):
    await bench.create(components=[body("Hello {{1}} {{2}}, your parcel is here at the desk.", ("a", "b"))])
    value = bench.receiver.changes()[0][2]
    assert value["reason"] == "INVALID_FORMAT"
    assert value["rejection_info"]["reason"] == "Two variables touch each other."


async def test_a_copy_of_another_template_is_rejected_but_not_another_language(bench):
    await bench.create()
    await bench.create(language="en_GB")
    await bench.create(name="copy")
    assert [value["event"] for _, _, value in bench.receiver.changes()] == ["APPROVED", "APPROVED", "REJECTED"]


async def test_a_review_can_be_made_to_never_end(bench):
    await bench.create(components=[plain("This one shall STAY_PENDING for ever, please.")])
    await bench.advance(86_400)
    assert bench.receiver.changes() == []


async def test_edits_go_back_to_review_and_are_limited(bench):
    template = (await bench.create(approve=False)).json()["id"]
    other = {"components": [plain("Your parcel has arrived at the desk.")]}
    assert error_of(await bench.graph("POST", template, json=other)) == (400, 100, 2388039)
    await bench.advance(2)
    assert (await bench.graph("POST", template, json=other)).json()["success"] is True
    assert (await stored(bench, template))["status"] == "PENDING"
    await bench.advance(2)
    assert (await stored(bench, template))["components"] == other["components"]
    assert "message_template_components_update" in [field for _, field, _ in bench.receiver.changes()]
    assert error_of(await bench.graph("POST", template, json=other)) == (400, 100, 2388039)
    assert error_of(await bench.graph("POST", template, json={"category": "MARKETING"})) == (400, 100, 2388039)
    await bench.advance(86_401)
    assert (await bench.graph("POST", template, json=other)).status_code == 200


async def test_delete_one_language_or_all_and_wait_for_the_name(bench):
    french = (await bench.create()).json()["id"]
    await bench.create(language="en_GB")
    await bench.create(language="en_US")
    gone = await bench.graph("DELETE", "{waba}/message_templates", params={"name": "parcel_ready", "hsm_id": french})
    assert gone.json() == {"success": True}
    assert error_of(await bench.create()) == (400, 100, 2388023)
    left = (await bench.graph("GET", "{waba}/message_templates")).json()["data"]
    assert {template["language"] for template in left} == {"en_GB", "en_US"}
    await bench.graph("DELETE", "{waba}/message_templates", params={"name": "parcel_ready"})
    assert (await bench.graph("GET", "{waba}/message_templates")).json()["data"] == []
    assert error_of(await bench.create(language="en_IE")) == (400, 100, 2388023)
    await bench.advance(31 * 86_400)
    assert (await bench.create()).status_code == 200
    assert error_of(await bench.graph("GET", french)) == (400, 100, 33)


async def test_delete_several_is_all_or_nothing(bench):
    one = (await bench.create()).json()["id"]
    two = (await bench.create(language="en_GB")).json()["id"]
    path = "{waba}/message_templates"
    assert error_of(await bench.graph("DELETE", path, params={"hsm_ids": f"[{one},404]"})) == (400, 100, 33)
    assert error_of(await bench.graph("DELETE", path, params={"hsm_ids": f"[{one}]", "name": "x"}))[1] == 100
    assert (await bench.graph("DELETE", path, params={"hsm_ids": f"[{one},{two}]"})).json() == {"success": True}
    assert error_of(await bench.graph("DELETE", path, params={"name": "parcel_ready"}))[1] == 100


async def test_list_pages_filters_and_chooses_fields(bench):
    for number in range(7):
        await bench.create(name=f"parcel_{number}", components=[plain(f"Your parcel number {number} is here now.")])
    path = "{waba}/message_templates"
    seen, answer = [], (await bench.graph("GET", path, params={"limit": 3, "fields": "name,status"})).json()
    while True:
        assert all(set(template) == {"name", "status", "id"} for template in answer["data"])
        seen += [template["name"] for template in answer["data"]]
        if "next" not in answer["paging"]:
            break
        answer = (await bench.http.get(answer["paging"]["next"])).json()
    assert seen == [f"parcel_{number}" for number in range(7)]
    assert "previous" in answer["paging"]
    back = (await bench.graph("GET", path, params={"limit": 3, "before": answer["paging"]["cursors"]["before"]})).json()
    assert [template["name"] for template in back["data"]] == ["parcel_3", "parcel_4", "parcel_5"]

    async def names(**filters):
        return [template["name"] for template in (await bench.graph("GET", path, params=filters)).json()["data"]]

    assert await names(name="parcel_3") == ["parcel_3"]
    assert len(await names(name="parcel")) == 7
    assert await names(status="REJECTED") == []
    assert len(await names(status="APPROVED", category="utility", language="en")) == 7
    assert await names(content="number 5") == ["parcel_5"]
    assert await names(name_or_content="parcel_6") == ["parcel_6"]
    assert error_of(await bench.graph("GET", path, params={"after": "x"}))[1] == 100
    assert error_of(await bench.graph("GET", path, params={"limit": "all"}))[1] == 100
    assert error_of(await bench.graph("GET", path, params={"fields": "colour"}))[1] == 100


async def test_default_fields(bench):
    template = (await bench.create()).json()["id"]
    found = await stored(bench, template)
    assert set(found) == {"name", "parameter_format", "components", "language", "status", "category", "id"}
    wide = await stored(bench, template, "quality_score,rejected_reason,health_status,last_updated_time")
    assert wide["quality_score"]["score"] == "UNKNOWN"
    assert wide["rejected_reason"] == "NONE"
    assert wide["health_status"]["can_send_message"] == "AVAILABLE"


async def test_meta_s_decisions_are_told(bench):
    template = (await bench.create()).json()["id"]
    change = {"quality": "RED", "status": "PAUSED", "category": "MARKETING"}
    assert (await bench.http.post(f"/control/templates/{template}", json=change)).status_code == 200
    await bench.advance(1)
    told = {field: value for _, field, value in bench.receiver.changes()[1:]}
    assert told["message_template_quality_update"]["new_quality_score"] == "RED"
    category = told["template_category_update"]
    assert (category["previous_category"], category["new_category"]) == ("UTILITY", "MARKETING")
    assert told["message_template_status_update"]["other_info"]["title"] == "FIRST_PAUSE"
    assert (await bench.graph("POST", f"{template}/unpause")).json() == {"success": True}
    assert (await bench.graph("POST", f"{template}/unpause")).json()["success"] is False


async def test_authentication_templates_have_meta_s_text(bench):
    otp = {"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy"}
    components = [{"type": "BODY", "add_security_recommendation": True}, buttons(otp)]
    template = (await bench.create(category="AUTHENTICATION", components=components)).json()["id"]
    text = (await stored(bench, template))["components"][0]["text"]
    assert text == "*{{1}}* is your verification code. For your security, do not share this code."
    assert error_of(await bench.create(name="b", category="AUTHENTICATION", components=[plain()]))[1] == 100
    code = {"type": "text", "text": "123456"}
    sent = await bench.send_template(
        "parcel_ready",
        {"type": "body", "parameters": [code]},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [code]},
    )
    assert sent.status_code == 200


async def test_a_refused_edit_changes_nothing(bench):
    template = (await bench.create(components=[plain("Please REJECT_SCAM this text for me today.")])).json()["id"]
    before = await stored(bench, template)
    bad = {"category": "MARKETING", "components": [plain("x" * 1025)]}
    assert error_of(await bench.graph("POST", template, json=bad)) == (400, 100, 2388040)
    assert await stored(bench, template) == before
    assert (await bench.graph("POST", template, json={"category": "MARKETING"})).status_code == 200
    assert (await stored(bench, template))["status"] == "PENDING"
