import pytest

from tests.support.sandbox import NO_LIMITS, body, error_of

NAMED = {
    "parameter_format": "NAMED",
    "components": [
        {
            "type": "header",
            "format": "text",
            "text": "Parcel {{parcel_no}}",
            "example": {"header_text_named_params": [{"param_name": "parcel_no", "example": "P-77"}]},
        },
        {
            "type": "body",
            "text": "Hello {{first_name}}, your parcel is waiting at the desk until {{last_day}} included.",
            "example": {
                "body_text_named_params": [
                    {"param_name": "first_name", "example": "Ana"},
                    {"param_name": "last_day", "example": "Friday"},
                ]
            },
        },
        {"type": "footer", "text": "Reply STOP to end parcel messages"},
        {
            "type": "buttons",
            "buttons": [
                {"type": "url", "text": "See parcel", "url": "https://ex.org/p/{{1}}", "example": ["P-77"]},
                {"type": "quick_reply", "text": "Stop updates"},
            ],
        },
    ],
}
HEADER = {"type": "header", "parameters": [{"type": "text", "parameter_name": "parcel_no", "text": "P-9"}]}
BODY = {
    "type": "body",
    "parameters": [
        {"type": "text", "parameter_name": "last_day", "text": "Monday"},
        {"type": "text", "parameter_name": "first_name", "text": "Zoé"},
    ],
}
URL = {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "P-9"}]}
QUICK = {
    "type": "button",
    "sub_type": "quick_reply",
    "index": 1,
    "parameters": [{"type": "payload", "payload": "STOP"}],
}


def words(*values, **more):
    return {"type": "body", "parameters": [{"type": "text", "text": value} | more for value in values]}


async def listed(bench, **params):
    return (await bench.http.get("/control/messages", params=params)).json()


async def test_template_is_accepted_rendered_and_lives_until_read(bench):
    template = (await bench.create(**NAMED)).json()
    answer = await bench.send_template(
        "parcel_ready", HEADER, BODY, URL, QUICK, to="+33 6 12-34(56)78", biz_opaque_callback_data="msg_1"
    )
    assert answer.status_code == 200
    wamid = answer.json()["messages"][0]["id"]
    assert answer.json() == {
        "messaging_product": "whatsapp",
        "contacts": [{"input": "+33 6 12-34(56)78", "wa_id": "33612345678"}],
        "messages": [{"id": wamid, "message_status": "accepted"}],
    }
    assert wamid.startswith("wamid.")
    assert bench.receiver.statuses() == []

    await bench.advance(3)
    statuses = bench.receiver.statuses(wamid)
    assert [status["status"] for status in statuses] == ["sent", "delivered", "read"]
    assert {status["biz_opaque_callback_data"] for status in statuses} == {"msg_1"}
    assert {status["recipient_id"] for status in statuses} == {"33612345678"}
    assert all(status["recipient_user_id"].startswith("FR.") for status in statuses)
    price = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "utility"}
    assert [status.get("pricing") for status in statuses] == [price, price, None]
    assert all(isinstance(status["timestamp"], str) and status["timestamp"].isdigit() for status in statuses)

    waba, _, value = bench.receiver.changes("messages")[0]
    assert waba == bench.account["waba_id"]
    assert value["messaging_product"] == "whatsapp"
    assert value["metadata"] == {
        "display_phone_number": "908505550100",
        "phone_number_id": bench.account["phone_number_id"],
    }
    assert value["contacts"] == [{"wa_id": "33612345678", "user_id": statuses[0]["recipient_user_id"]}]

    message = (await listed(bench, to="+33612345678"))["messages"][0]
    assert message["text"] == (
        "Parcel P-9\nHello Zoé, your parcel is waiting at the desk until Monday included.\n"
        "Reply STOP to end parcel messages\n[See parcel]\n[Stop updates]"
    )
    assert message["view"]["buttons"][0]["url"] == "https://ex.org/p/P-9"
    assert message["view"]["buttons"][1]["payload"] == "STOP"
    assert message["template_id"] == template["id"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"messaging_product": "sms"}, 100),
        ({"messaging_product": None}, 100),
        ({"surprise": 1}, 100),
        ({"to": None}, 100),
        ({"to": "+33 abc"}, 131009),
        ({"to": "+123"}, 131009),
        ({"to": "+908505550100"}, 131021),
        ({"recipient_type": "crowd"}, 131009),
        ({"type": "parcel"}, 100),
        ({"type": "image"}, 100),  # the text object is then an unknown key
        ({"text": None}, 131008),
        ({"text": {"body": ""}}, 131008),
        ({"text": {"body": "x" * 4097}}, 100),
        ({"text": "Hello"}, 100),
        ({"biz_opaque_callback_data": "x" * 513}, 100),
        ({"category": "utility"}, 100),
    ],
)
async def test_a_bad_envelope_is_refused(bench, change, code):
    answer = await bench.send(**{"to": "+33612345678"} | {"text": {"body": "Hello"}} | change)
    assert error_of(answer)[:2] == (400, code)
    assert (await listed(bench))["total"] == 0


async def test_opaque_data_of_512_code_points_is_kept(bench):
    await bench.write()
    answer = await bench.send(biz_opaque_callback_data="ş" * 512)
    await bench.advance(3)
    assert bench.receiver.statuses(answer.json()["messages"][0]["id"])[0]["biz_opaque_callback_data"] == "ş" * 512


async def test_the_error_envelope_is_graph_s(bench):
    answer = await bench.send_template("unheard_of")
    error = answer.json()["error"]
    assert answer.status_code == 404
    assert error.pop("fbtrace_id")
    assert error == {
        "message": "(#132001) Template name does not exist in the translation",
        "type": "OAuthException",
        "code": 132001,
        "error_data": {
            "messaging_product": "whatsapp",
            "details": "template name (unheard_of) does not exist in en",
        },
    }


async def test_http_status_of_a_code_can_be_set(make_bench):
    bench = await make_bench(http_statuses={132001: 400}).open()
    assert (await bench.send_template("unheard_of")).status_code == 400


@pytest.mark.parametrize(
    ("components", "code"),
    [
        ([words("Ana")], 132000),
        ([], 132000),
        ([words("Ana", "P-1", "more")], 132000),
        ([words("Ana\nB", "P-1")], 132018),
        ([words("Ana", "a\tb")], 132018),
        ([words("Ana", "a     b")], 132018),
        ([words("Ana", "  ")], 132018),
        ([words("Ana", "x" * 1000)], 132005),
        ([words("Ana", "P-1", parameter_name="first")], 132012),
        ([words("Ana", "P-1"), words("Ana", "P-1")], 131009),
        (
            [{"type": "body", "parameters": [{"type": "image", "image": {"id": "1"}}, {"type": "text", "text": "x"}]}],
            132012,
        ),
        ([{"type": "body", "parameters": [{"type": "text"}, {"type": "text", "text": "x"}]}], 131008),
        ([{"type": "header", "parameters": [{"type": "text", "text": "x"}]}, words("Ana", "P-1")], 132000),
        ([{"type": "banner"}], 131009),
        ([words("Ana", "P-1"), URL], 132012),
    ],
)
async def test_parameters_that_do_not_fit_are_refused(bench, components, code):
    await bench.create()
    assert error_of(await bench.send_template("parcel_ready", *components))[:2] == (400, code)


async def test_four_spaces_in_a_row_pass_and_old_versions_have_the_old_code(bench):
    await bench.create()
    assert (await bench.send_template("parcel_ready", words("a    b", "P-1"))).status_code == 200
    old = await bench.send_template("parcel_ready", words("a\nb", "P-1"), version="v22.0")
    assert error_of(old)[1] == 132012


@pytest.mark.parametrize(
    ("components", "code"),
    [
        ([HEADER, BODY], 131008),  # the dynamic button has no parameter
        ([BODY, URL], 132000),
        ([HEADER, words("Zoé", "Monday"), URL], 131008),  # NAMED needs parameter_name
        ([HEADER, words("Zoé", "Monday", parameter_name="first_name"), URL], 132012),
        ([HEADER, words("Zoé", "Monday", parameter_name="nobody"), URL], 132012),
        ([HEADER, BODY, URL | {"index": "1"}], 132012),
        ([HEADER, BODY, URL | {"index": "12"}], 131009),
        ([HEADER, BODY, URL, URL], 131009),
        ([HEADER, BODY, URL | {"sub_type": "quick_reply"}], 132012),
        ([HEADER, BODY, URL, QUICK | {"parameters": [{"type": "payload", "payload": "x" * 129}]}], 100),
    ],
)
async def test_named_parameters_and_buttons_that_do_not_fit_are_refused(bench, components, code):
    await bench.create(**NAMED)
    answer = await bench.send_template("parcel_ready", *components)
    assert error_of(answer)[:2] == (400, code)
    if components == [HEADER, BODY]:
        details = answer.json()["error"]["error_data"]["details"]
        assert details == "buttons: Button at index 0 of type Url requires a parameter"


async def test_currency_and_date_show_their_fallback(bench):
    await bench.create()
    money = {"type": "currency", "currency": {"fallback_value": "12,50 EUR", "code": "EUR", "amount_1000": 12500}}
    date = {"type": "date_time", "date_time": {"fallback_value": "24 Nov 2026"}}
    assert (await bench.send_template("parcel_ready", {"type": "body", "parameters": [money, date]})).status_code == 200
    assert "Hello 12,50 EUR, your parcel 24 Nov 2026" in (await listed(bench))["messages"][0]["text"]


@pytest.mark.parametrize(
    ("status", "code", "http"),
    [("PAUSED", 132015, 400), ("DISABLED", 132016, 400), ("REJECTED", 132001, 404), ("PENDING", 132001, 404)],
)
async def test_a_template_that_is_not_approved_is_not_sent(bench, status, code, http):
    template = (await bench.create()).json()
    await bench.http.post(f"/control/templates/{template['id']}", json={"status": status})
    assert error_of(await bench.send_template("parcel_ready", words("Ana", "P-1")))[:2] == (http, code)


async def test_languages_have_no_fallback(bench):
    await bench.create()
    assert error_of(await bench.send_template("parcel_ready", words("a", "b"), language="en_GB"))[1] == 132001


async def test_free_form_outside_the_window_is_accepted_and_fails(bench):
    answer = await bench.send()
    assert answer.status_code == 200
    assert "message_status" not in answer.json()["messages"][0]
    await bench.advance(3)
    (status,) = bench.receiver.statuses()
    assert status["status"] == "failed"
    (error,) = status["errors"]
    assert error["code"] == 131047
    assert error["title"] == error["message"] == "Re-engagement message"
    assert error["error_data"]["details"]
    assert "pricing" not in status
    assert "contacts" not in bench.receiver.changes("messages")[0][2]


async def test_the_window_closes_after_a_day(bench):
    await bench.write()
    await bench.advance(86_000)
    inside = (await bench.send()).json()["messages"][0]["id"]
    await bench.advance(1_000)
    outside = (await bench.send()).json()["messages"][0]["id"]
    await bench.advance(3)
    assert [status["status"] for status in bench.receiver.statuses(inside)] == ["sent", "delivered", "read"]
    assert [status["status"] for status in bench.receiver.statuses(outside)] == ["failed"]


async def test_a_closed_window_can_be_refused_at_once(make_bench):
    bench = await make_bench(closed_window="sync").open()
    assert error_of(await bench.send())[:2] == (400, 131047)


async def price_in_window(bench, kind):
    await bench.write()
    if kind == "template":
        await bench.create()
        answer = await bench.send_template("parcel_ready", words("Ana", "P-1"))
    else:
        answer = await bench.send()
    await bench.advance(3)
    price = bench.receiver.statuses(answer.json()["messages"][0]["id"])[0]["pricing"]
    return price["billable"], price["type"], price["category"]


@pytest.mark.parametrize(
    ("settings", "kind", "price"),
    [
        ({}, "template", (True, "regular", "utility")),
        ({}, "text", (False, "free_customer_service", "service")),
        ({"free_service_messages": 0}, "text", (True, "regular", "service")),
        ({"pricing_since": "2999-01-01"}, "template", (False, "free_customer_service", "utility")),
        ({"pricing_since": "2999-01-01"}, "text", (False, "free_customer_service", "service")),
    ],
)
async def test_prices_follow_the_rule_of_their_date(make_bench, settings, kind, price):
    assert await price_in_window(await make_bench(**settings).open(), kind) == price


async def test_an_advertisement_makes_everything_free_once_answered(bench):
    await bench.create()
    await bench.write(referral={"source_type": "ad", "source_id": "1"})
    await bench.send()
    answer = await bench.send_template("parcel_ready", words("Ana", "P-1"))
    await bench.advance(3)
    pricing = bench.receiver.statuses(answer.json()["messages"][0]["id"])[0]["pricing"]
    assert pricing["type"] == "free_entry_point"
    assert bench.receiver.messages()[0]["referral"]["source_id"] == "1"


FREE = [
    ("image", {"link": "https://ex.org/a.png", "caption": "A"}),
    ("video", {"link": "https://ex.org/a.mp4"}),
    ("audio", {"link": "https://ex.org/a.ogg"}),
    ("sticker", {"link": "https://ex.org/a.webp"}),
    ("document", {"link": "https://ex.org/a.pdf", "filename": "a.pdf"}),
    ("location", {"latitude": "48.8", "longitude": 2.3, "name": "Desk"}),
    ("contacts", [{"name": {"formatted_name": "Ana"}, "phones": [{"phone": "+33612345678"}]}]),
    ("text", {"body": "https://ex.org", "preview_url": True}),
    (
        "interactive",
        {
            "type": "button",
            "body": {"text": "When?"},
            "footer": {"text": "Tap"},
            "header": {"type": "text", "text": "Visit"},
            "action": {"buttons": [{"type": "reply", "reply": {"id": "y", "title": "Yes"}}]},
        },
    ),
    (
        "interactive",
        {
            "type": "list",
            "body": {"text": "When?"},
            "action": {"button": "Times", "sections": [{"rows": [{"id": "1", "title": "Morning"}]}]},
        },
    ),
    (
        "interactive",
        {
            "type": "cta_url",
            "body": {"text": "See"},
            "action": {"name": "cta_url", "parameters": {"display_text": "Open", "url": "https://ex.org"}},
        },
    ),
    (
        "interactive",
        {"type": "location_request_message", "body": {"text": "Where?"}, "action": {"name": "send_location"}},
    ),
]


@pytest.mark.parametrize(("kind", "content"), FREE, ids=[f"{kind}{n}" for n, (kind, _) in enumerate(FREE)])
async def test_every_free_form_type_is_delivered_in_the_window(bench, kind, content):
    await bench.write()
    wamid = (await bench.send(kind, content)).json()["messages"][0]["id"]
    await bench.advance(3)
    assert [status["status"] for status in bench.receiver.statuses(wamid)] == ["sent", "delivered", "read"]


def buttons(*titles):
    return {
        "type": "button",
        "body": {"text": "When?"},
        "action": {"buttons": [{"type": "reply", "reply": {"id": str(n), "title": t}} for n, t in enumerate(titles)]},
    }


def link(url, label):
    action = {"name": "cta_url", "parameters": {"display_text": label, "url": url}}
    return {"type": "cta_url", "body": {"text": "See"}, "action": action}


def rows(count):
    sections = [{"title": "S", "rows": [{"id": str(n), "title": f"Row {n}"} for n in range(count)]}]
    return {"type": "list", "body": {"text": "When?"}, "action": {"button": "Times", "sections": sections}}


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        ("image", {"caption": "A"}, 131008),
        ("image", {"link": "ftp://ex.org/a.png"}, 131009),
        ("image", {"link": "https://ex.org/a.png", "id": "1"}, 131009),
        ("image", {"id": "404"}, 100),
        ("image", {"link": "https://ex.org/a.png", "caption": "x" * 1025}, 100),
        ("location", {"latitude": 91, "longitude": 2}, 131009),
        ("location", {"longitude": 2}, 131008),
        ("contacts", [{"name": {}}], 131008),
        ("contacts", [{"name": {"formatted_name": "A"}, "birthday": "1.1.1990"}], 131009),
        ("reaction", {"emoji": "👍"}, 131008),
        ("interactive", buttons(), 131009),
        ("interactive", buttons("a", "b", "c", "d"), 131009),
        ("interactive", buttons("a", "a"), 131009),
        ("interactive", buttons("x" * 21), 100),
        ("interactive", rows(11), 131009),
        ("interactive", {"type": "carousel", "body": {"text": "x"}}, 131009),
        ("interactive", {"type": "button", "body": {"text": "x"}}, 131008),
        ("interactive", buttons("x") | {"body": {"text": "x" * 1025}}, 100),
        ("interactive", buttons("x") | {"footer": {"text": "x" * 61}}, 100),
        ("interactive", buttons("x") | {"action": {"buttons": [{"type": "reply", "reply": {"id": "1"}}]}}, 131008),
        ("interactive", buttons("x") | {"action": buttons("x")["action"] | {"button": "Times"}}, 100),
        ("interactive", rows(10) | {"header": {"type": "image", "image": {"id": "1"}}}, 131009),
        ("interactive", rows(10) | {"body": {"text": "x" * 4097}}, 100),
        ("interactive", rows(1) | {"action": {"button": "Times", "sections": [{"title": "S", "rows": []}]}}, 131008),
        ("interactive", link("ftp://ex.org", "Open"), 131009),
        ("interactive", link("https://ex.org", "x" * 21), 100),
        ("interactive", link("https://ex.org", "Open") | {"header": {"type": "text", "text": "A", "id": "1"}}, 100),
        ("audio", {"link": "https://ex.org/a.ogg", "caption": "A"}, 100),
        ("audio", {"link": "https://ex.org/a.ogg", "voice": "yes"}, 100),
        ("document", {"link": "https://ex.org/a.pdf", "caption": "x" * 1025}, 100),
        ("text", {"body": "Hello", "preview_url": "yes"}, 100),
    ],
)
async def test_bad_free_form_content_is_refused(bench, kind, content, code):
    await bench.write()
    assert error_of(await bench.send(kind, content))[1] == code


async def test_reactions_are_only_ever_sent_and_need_a_message_of_the_chat(bench):
    inbound = (await bench.write()).json()["wamid"]
    good = (await bench.send("reaction", {"message_id": inbound, "emoji": "👍"})).json()["messages"][0]["id"]
    bad = (await bench.send("reaction", {"message_id": "wamid.X", "emoji": "👍"})).json()["messages"][0]["id"]
    await bench.advance(3)
    assert [status["status"] for status in bench.receiver.statuses(good)] == ["sent"]
    assert bench.receiver.statuses(bad)[0]["errors"][0]["code"] == 131009


async def test_only_a_message_of_the_chat_can_be_quoted(bench):
    """A template is sent with its quote, and the phone does not show it."""
    inbound = (await bench.write()).json()["wamid"]
    foreign = (await bench.write("905551112233")).json()["wamid"]
    for context, code in [
        ({"message_id": "wamid.X"}, 131009),
        ({"message_id": foreign}, 131009),
        ({}, 131008),
        ({"message_id": inbound, "from": "1"}, 100),
        ([inbound], 100),
    ]:
        assert error_of(await bench.send(context=context))[1] == code
    assert (await listed(bench))["total"] == 0
    await bench.create()
    await bench.send(context={"message_id": inbound})
    await bench.send_template("parcel_ready", words("Ana", "P-1"), context={"message_id": inbound})
    assert [message["context"] for message in (await listed(bench))["messages"]] == [inbound, inbound]
    key = f"{bench.account['phone_number_id']}:33612345678"
    _, text, template = (await bench.http.get("/phone/state", params={"chat": key})).json()["chat"]["messages"]
    assert text["quote"]["wamid"] == inbound
    assert "quote" not in template


async def test_an_unknown_quote_can_be_left_out(make_bench):
    bench = await make_bench(unknown_context="drop").open()
    assert (await bench.send(context={"message_id": "wamid.X"})).status_code == 200
    assert (await listed(bench))["messages"][0]["context"] is None


async def test_what_the_business_marks_as_read_is_seen_so_by_the_customer(make_bench):
    bench = await make_bench(faults=NO_LIMITS).open()
    wamids = [(await bench.write()).json()["wamid"] for _ in range(3)]
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": wamids[1]}

    async def seen():
        found = await listed(bench, direction="in")
        return [message["seen"] for message in found["messages"]]

    sent = (await bench.send()).json()["messages"][0]["id"]
    for fault in [
        {"message_id": "wamid.X"},
        {"message_id": sent},
        {"typing_indicator": {"type": "voice"}},
        {"status": "delivered"},
        {"to": "+33612345678"},
    ]:
        assert error_of(await bench.graph("POST", "{pnid}/messages", json=read | fault))[1] in {100, 131009}
    other = (await bench.http.post("/control/accounts", json={"business_id": bench.account["business_id"]})).json()
    foreign = await bench.http.post(f"/v25.0/{other['phone_number_id']}/messages", json=read)
    assert error_of(foreign)[1] == 100
    assert await seen() == [False, False, False]
    answer = await bench.graph("POST", "{pnid}/messages", json=read | {"typing_indicator": {"type": "text"}})
    assert answer.json() == {"success": True}
    assert await seen() == [True, True, False]
    await bench.advance(30 * 86_400)
    assert error_of(await bench.graph("POST", "{pnid}/messages", json=read | {"message_id": wamids[2]}))[1] == 100


@pytest.mark.parametrize(
    ("to", "wa_id"),
    [
        ("+5511987654321", "551187654321"),
        ("+525512345678", "5215512345678"),
        ("+541112345678", "5491112345678"),
        ("+33612345678", "33612345678"),
        ("0555 111 22 33", "9005551112233"),
        ("905551112233", "90905551112233"),
    ],
)
async def test_wa_id_is_not_always_what_was_dialled(bench, to, wa_id):
    (contact,) = (await bench.send(to=to)).json()["contacts"]
    assert contact == {"input": to, "wa_id": wa_id}


async def test_rewriting_and_the_plus_rule_can_be_turned_off(make_bench):
    off = {"rewrite_brazil": False, "rewrite_mexico": False, "rewrite_argentina": False, "plus_rule": "lenient"}
    bench = await make_bench(**off).open(display_phone_number="+908505550100")
    for to in ("5511987654321", "525512345678", "541112345678"):
        assert (await bench.send(to=to)).json()["contacts"][0]["wa_id"] == to


async def test_a_customer_can_be_named_by_user_id(bench):
    await bench.write()
    user_id = bench.receiver.messages()[0]["from_user_id"]
    answer = await bench.send(to=None, recipient=user_id)
    assert answer.json()["contacts"] == [{"input": user_id, "user_id": user_id}]
    await bench.advance(3)
    assert bench.receiver.statuses()[0]["recipient_id"] == "33612345678"
    unknown = await bench.send(to=None, recipient="FR.1")
    await bench.advance(3)
    assert bench.receiver.statuses(unknown.json()["messages"][0]["id"])[0]["errors"][0]["code"] == 131026


async def test_magic_numbers_choose_the_error_and_where_it_shows(bench):
    await bench.create()
    for case in (await bench.http.get("/control/magic-numbers")).json()["errors"]:
        answer = await bench.send_template("parcel_ready", words("Ana", "P-1"), to=case["example"])
        assert answer.status_code == case["http_status"], case
        if case["shown"] == "HTTP answer":
            assert error_of(answer)[1] == case["code"]
            continue
        await bench.advance(3)
        (status,) = bench.receiver.statuses(answer.json()["messages"][0]["id"])
        assert (status["status"], status["errors"][0]["code"]) == ("failed", case["code"])


@pytest.mark.parametrize(
    ("ending", "seconds", "expected"),
    [
        ("91001", 60, ["sent"]),
        ("91002", 60, ["sent", "delivered"]),
        ("91003", 4, ["sent"]),
        ("91003", 60, ["sent", "delivered", "read"]),
        ("91004", 60, []),
    ],
)
async def test_magic_numbers_choose_the_course(bench, ending, seconds, expected):
    await bench.create()
    await bench.send_template("parcel_ready", words("Ana", "P-1"), to=f"+9055500{ending}")
    await bench.advance(seconds)
    assert [status["status"] for status in bench.receiver.statuses()] == expected


async def test_magic_can_be_turned_off(make_bench):
    bench = await make_bench(magic_pattern="").open()
    assert (await bench.send(to="+905550090190")).status_code == 200


async def test_reading_can_be_left_to_the_customer(make_bench):
    bench = await make_bench(auto_read=False).open()
    await bench.create(components=[body()])
    await bench.send_template("parcel_ready", words("Ana", "P-1"))
    await bench.advance(60)
    assert [status["status"] for status in bench.receiver.statuses()] == ["sent", "delivered"]
    await bench.http.post(f"/phone/chats/{bench.account['phone_number_id']}/33612345678/open")
    await bench.advance(1)
    assert bench.receiver.statuses()[-1]["status"] == "read"


async def test_direct_send_is_a_switch(make_bench):
    bench = await make_bench(direct_send=True).open()
    assert error_of(await bench.send(category="gossip"))[1] == 100
    await bench.send(category="utility")
    await bench.advance(3)
    assert [status["status"] for status in bench.receiver.statuses()] == ["sent", "delivered", "read"]
