"""Everything customers do in a chat, as Meta's webhooks tell of it and as a public client reads them."""

import base64
import json

import pytest
from pywa import WhatsApp
from pywa.types import (
    CallbackButton,
    CallbackSelection,
    CallPermissionUpdate,
    DeletedMessage,
    EditedMessage,
    FlowCompletion,
    Message,
    PhoneNumberChange,
)
from pywa.types.others import ContactsOrigin

from tests.support.sandbox import NO_LIMITS, body, error_of, wamid_of

CUSTOMER = "33612345678"
SHA = base64.b64encode(bytes(32)).decode()
CHOICE = {
    "type": "button",
    "body": {"text": "When?"},
    "action": {"buttons": [{"type": "reply", "reply": {"id": "am", "title": "Morning"}}]},
}
ROWS = [{"id": "am", "title": "Morning", "description": "8-12"}, {"id": "pm", "title": "Afternoon"}]
LIST = {"type": "list", "body": {"text": "When?"}, "action": {"button": "Times", "sections": [{"rows": ROWS}]}}
NUMBER_WANTED = {
    "type": "request_contact_info",
    "body": {"text": "May we call you?"},
    "action": {"name": "request_contact_info"},
}
IMAGE = {"id": "99", "mime_type": "image/jpeg", "sha256": SHA, "caption": "Look"}
PLACE = {"latitude": 41.0256, "longitude": 28.9744, "name": "Galata Kulesi", "address": "Bereketzade"}
ORDER = {
    "catalog_id": "7",
    "text": "",
    "product_items": [{"product_retailer_id": "sku", "quantity": 2, "item_price": 9.5, "currency": "EUR"}],
}
CARD = {"name": {"formatted_name": "Ana", "first_name": "Ana"}, "phones": [{"phone": f"+{CUSTOMER}"}]}
UNSUPPORTED = {
    "errors": [
        {
            "code": 131051,
            "title": "Message type unknown",
            "message": "Message type unknown",
            "error_data": {"details": "Message type is currently not supported."},
        }
    ],
    "unsupported": {"type": "poll_update"},
}
PERMISSION = {"response": "accept", "is_permanent": True, "response_source": "user_action"}


@pytest.fixture
async def bench(make_bench):
    return await make_bench(faults=NO_LIMITS).open(display_phone_number="+908505550100")


@pytest.fixture
async def chat(bench):
    """A chat with an open window, and what the business asked in it."""
    mine = (await bench.write(profile_name="Ana")).json()["wamid"]
    asked = [wamid_of(await bench.send("interactive", each)) for each in (CHOICE, LIST, NUMBER_WANTED)]
    await bench.advance(3)
    return dict(zip(("choice", "list", "number"), asked, strict=True)) | {"mine": mine}


def told(bench):
    """The last message, without its envelope."""
    envelope = {"from", "from_user_id", "id", "timestamp"}
    return {key: value for key, value in bench.receiver.messages()[-1].items() if key not in envelope}


async def seen(bench, wa_id=CUSTOMER):
    key = f"{bench.account['phone_number_id']}:{wa_id}"
    return (await bench.http.get("/phone/state", params={"chat": key})).json()["chat"]


async def shown(bench, wamid):
    (bubble,) = [each for each in (await seen(bench))["messages"] if each["wamid"] == wamid]
    return bubble


def cases(chat):
    """What is asked for, what Meta would tell of it, and the class by which a public client reads that."""
    button = {"id": "am", "title": "Morning"}
    row = button | {"description": "8-12"}
    flow = {"name": "flow", "body": "Sent", "response_json": '{"flow_token": "t", "size": "küçük"}'}
    return [
        ({"kind": "text", "text": "STOP"}, "text", {"text": {"body": "STOP"}}, Message),
        (
            {"kind": "button", "text": "Stop", "payload": "END", "context": chat["choice"]},
            "button",
            {"button": {"payload": "END", "text": "Stop"}},
            CallbackButton,
        ),
        (
            {"kind": "button_reply", "id": "am", "context": chat["choice"]},
            "interactive",
            {"interactive": {"type": "button_reply", "button_reply": button}},
            CallbackButton,
        ),
        (
            {"kind": "list_reply", "id": "am", "context": chat["list"]},
            "interactive",
            {"interactive": {"type": "list_reply", "list_reply": row}},
            CallbackSelection,
        ),
        (
            {"kind": "nfm_reply", "content": {"response_json": {"flow_token": "t", "size": "küçük"}}},
            "interactive",
            {"interactive": {"type": "nfm_reply", "nfm_reply": flow}},
            FlowCompletion,
        ),
        (
            {"kind": "call_permission_reply", "content": {"response": "accept", "is_permanent": True}},
            "interactive",
            {"interactive": {"type": "call_permission_reply", "call_permission_reply": PERMISSION}},
            CallPermissionUpdate,
        ),
        ({"kind": "image", "content": IMAGE}, "image", {"image": IMAGE}, Message),
        (
            {"kind": "audio", "content": {"id": "9", "mime_type": "audio/ogg", "sha256": SHA, "voice": True}},
            "audio",
            {"audio": {"id": "9", "mime_type": "audio/ogg", "sha256": SHA, "voice": True}},
            Message,
        ),
        (
            {"kind": "document", "content": IMAGE | {"filename": "a.jpg"}},
            "document",
            {"document": IMAGE | {"filename": "a.jpg"}},
            Message,
        ),
        (
            {"kind": "sticker", "content": {"id": "9", "mime_type": "image/webp", "sha256": SHA}},
            "sticker",
            {"sticker": {"id": "9", "mime_type": "image/webp", "sha256": SHA, "animated": False}},
            Message,
        ),
        ({"kind": "location", "content": PLACE}, "location", {"location": PLACE}, Message),
        ({"kind": "contacts", "content": [CARD]}, "contacts", {"contacts": [{"origin": "other"} | CARD]}, Message),
        (
            {"kind": "contacts", "content": [CARD], "context": chat["number"]},
            "contacts",
            {"contacts": [{"origin": "contact_request"} | CARD]},
            Message,
        ),
        (
            {"kind": "reaction", "content": {"message_id": chat["choice"], "emoji": "👍"}},
            "reaction",
            {"reaction": {"message_id": chat["choice"], "emoji": "👍"}},
            Message,
        ),
        (
            {"kind": "reaction", "content": {"message_id": chat["choice"], "emoji": ""}},
            "reaction",
            {"reaction": {"message_id": chat["choice"]}},
            Message,
        ),
        ({"kind": "order", "content": ORDER}, "order", {"order": ORDER}, Message),
        ({"kind": "unsupported", "content": {"type": "poll_update"}}, "unsupported", UNSUPPORTED, Message),
        ({"kind": "request_welcome"}, "request_welcome", {}, None),
        (
            {"kind": "system", "content": {"type": "user_changed_number", "body": "changed", "wa_id": "33711112222"}},
            "system",
            {"system": {"type": "user_changed_number", "body": "changed", "wa_id": "33711112222"}},
            PhoneNumberChange,
        ),
        (
            {"kind": "edit", "content": {"original_message_id": chat["mine"]}, "text": "Hey"},
            "edit",
            {"edit": {"original_message_id": chat["mine"], "message": {"type": "text", "text": {"body": "Hey"}}}},
            EditedMessage,
        ),
        (
            {"kind": "revoke", "content": {"original_message_id": chat["mine"]}},
            "revoke",
            {"revoke": {"original_message_id": chat["mine"]}},
            DeletedMessage,
        ),
    ]


async def test_every_kind_is_told_in_meta_s_shape_and_read_by_a_public_client(bench, chat):
    client = WhatsApp(phone_id="1", token="x")
    for asked, kind, expected, read in cases(chat):
        answer = await bench.write(**asked)
        assert answer.status_code == 201, answer.text
        context = asked.get("context")
        quoted = {"context": {"from": "908505550100", "id": context}} if context else {}
        assert told(bench) == {"type": kind} | expected | quoted, asked
        *_, (_, _, post) = bench.receiver.accepted
        value = json.loads(post)["entry"][0]["changes"][0]["value"]
        assert ("contacts" in value) is (kind != "system")
        if read is not None:
            update = read.from_update(client, json.loads(post))
            assert update.id == answer.json()["wamid"]
            if kind == "contacts":
                assert update.contacts.origin == ContactsOrigin(expected["contacts"][0]["origin"])


async def test_contexts_name_the_author_and_tell_of_forwards_and_products(bench, chat):
    product = {"catalog_id": "7", "product_retailer_id": "sku"}
    for asked, context in [
        ({"context": chat["mine"]}, {"from": CUSTOMER, "id": chat["mine"]}),
        ({"forwarded": "once"}, {"forwarded": True}),
        ({"forwarded": "often"}, {"frequently_forwarded": True}),
        ({"referred_product": product}, {"referred_product": product}),
    ]:
        wamid = (await bench.write(**asked)).json()["wamid"]
        assert told(bench)["context"] == context
        assert (await shown(bench, wamid))["forwarded"] == asked.get("forwarded", "")
    await bench.http.put(f"/control/customers/{CUSTOMER}/privacy", json={"hidden": True})
    await bench.write(context=chat["mine"])
    assert told(bench)["context"] == {"id": chat["mine"]}


REFUSED = [
    ({"kind": "parcel"}, "invalid_request", ["kind"]),
    ({"kind": ["text"]}, "invalid_request", ["kind"]),
    ({"from": "Ana"}, "invalid_request", ["from"]),
    ({"text": ""}, "invalid_request", ["text"]),
    ({"text": "x" * 4097}, "invalid_request", ["text"]),
    ({"surprise": 1}, "invalid_request", ["surprise"]),
    ({"context": "wamid.X"}, "unknown_context", ["context"]),
    ({"context": "{foreign}"}, "unknown_context", ["context"]),
    ({"context": "{mine}", "forwarded": "once"}, "invalid_request", []),
    ({"kind": "button", "text": "x"}, "invalid_request", ["context"]),
    ({"kind": "button_reply", "id": "later", "context": "{choice}"}, "unknown_choice", ["id"]),
    ({"kind": "nfm_reply", "content": {"response_json": "["}}, "invalid_request", ["content", "response_json"]),
    ({"kind": "image", "content": {"caption": "Look"}}, "invalid_request", ["content"]),
    ({"kind": "image", "content": {"data": "?"}}, "invalid_request", ["content", "data"]),
    (
        {"kind": "image", "content": {"data": "aGk=", "mime_type": "text/plain"}},
        "unfit_medium",
        ["content", "mime_type"],
    ),
    ({"kind": "image", "content": {"data": ""}}, "unfit_medium", ["content", "data"]),
    ({"kind": "sticker", "content": {"id": "9", "caption": "x"}}, "invalid_request", ["content", "caption"]),
    ({"kind": "location", "content": PLACE | {"latitude": 91}}, "invalid_request", ["content", "latitude"]),
    ({"kind": "contacts", "content": [{"name": {}}]}, "invalid_request", ["content", 0, "name", "formatted_name"]),
    (
        {"kind": "order", "content": ORDER | {"product_items": []}},
        "invalid_request",
        ["content", "product_items"],
    ),
    (
        {"kind": "reaction", "content": {"message_id": "{foreign}", "emoji": "👍"}},
        "unknown_context",
        ["content", "message_id"],
    ),
    (
        {"kind": "edit", "content": {"original_message_id": "{choice}"}, "text": "x"},
        "not_own",
        ["content", "original_message_id"],
    ),
    (
        {"kind": "revoke", "content": {"original_message_id": "{foreign}"}},
        "unknown_context",
        ["content", "original_message_id"],
    ),
    ({"kind": "edit", "content": {"original_message_id": "{mine}"}, "text": ""}, "invalid_request", ["text"]),
]


async def test_what_no_phone_could_send_is_refused_and_changes_nothing(bench, chat):
    chat["foreign"] = (await bench.write("905551112233")).json()["wamid"]

    def filled(value):
        if isinstance(value, dict):
            return {key: filled(inner) for key, inner in value.items()}
        return chat[value[1:-1]] if isinstance(value, str) and value.startswith("{") else value

    async def everything():
        listed = (await bench.http.get("/control/messages", params={"direction": "in"})).json()
        return listed, (await bench.http.get("/phone/state")).json()["chats"], len(bench.receiver.posts)

    before = await everything()
    for asked, code, path in REFUSED:
        answer = await bench.write(**filled(asked))
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (422, code), (asked, problem)
        assert answer.headers["content-type"] == "application/problem+json"
        assert ["body", *path] in [fault["path"] for fault in problem["errors"]], (asked, problem)
    assert (await bench.write(phone_number_id="404")).status_code == 404
    assert await everything() == before
    assert bench.app.state.sandbox.world.state.media == {}


async def test_a_customer_changes_a_message_and_takes_it_back(bench, chat):
    answer = (await bench.write(text="At 5", context=chat["choice"])).json()["wamid"]
    change = {"kind": "edit", "content": {"original_message_id": answer}}
    for text in ("At 6", "At 7"):
        await bench.write(**change, text=text)
        message = {"type": "text", "text": {"body": text}, "context": {"id": chat["choice"]}}
        assert told(bench)["edit"] == {"original_message_id": answer, "message": message}
    bubble = await shown(bench, answer)
    assert (bubble["view"]["body"], bubble["edited"], bubble["revoked"]) == ("At 7", True, False)
    state = await seen(bench)
    assert state["text"] == "At 7"

    picture = (await bench.write(kind="image", content=IMAGE)).json()["wamid"]
    await bench.write(kind="edit", content={"original_message_id": picture}, text="Better")
    assert told(bench)["edit"]["message"] == {"type": "image", "image": IMAGE | {"caption": "Better"}}
    uncaptioned = (await bench.write(kind="audio", content={"id": "9"})).json()["wamid"]
    refused = await bench.write(kind="edit", content={"original_message_id": uncaptioned}, text="x")
    assert refused.json()["code"] == "not_editable"
    refused = await bench.write(kind="edit", content={"original_message_id": picture}, text="x" * 1025)
    assert refused.json()["code"] == "caption_too_long"

    back = {"kind": "revoke", "content": {"original_message_id": answer}}
    await bench.write(**back)
    bubble = await shown(bench, answer)
    assert (bubble["view"], bubble["revoked"]) == ({"event": "revoked"}, True)
    assert (await bench.write(**back)).json()["code"] == "revoked"
    assert (await bench.write(**change, text="x")).json()["code"] == "revoked"
    reaction = {"message_id": answer, "emoji": "👍"}
    assert (await bench.write(kind="reaction", content=reaction)).json()["code"] == "no_reaction"
    own = wamid_of(await bench.send("reaction", reaction))
    await bench.advance(3)
    assert bench.receiver.statuses(own)[0]["errors"][0]["code"] == 131009
    listed = (await bench.http.get("/control/messages", params={"direction": "in"})).json()["messages"]
    (original,) = [message for message in listed if message["wamid"] == answer]
    assert original["content"] == {"text": {"body": "At 5"}}
    assert original["edited_at"] < original["revoked_at"]


async def test_second_thoughts_come_too_late_and_open_no_window(bench, chat):
    last = (await bench.write()).json()["wamid"]
    await bench.advance(15 * 60)
    late = await bench.write(kind="edit", content={"original_message_id": last}, text="x")
    assert late.json()["code"] == "too_late"
    until = (await seen(bench))["window_until"]
    await bench.advance(until - await bench.now() - 2)
    await bench.write(kind="revoke", content={"original_message_id": last})
    assert (await seen(bench))["window_until"] == until
    inside = wamid_of(await bench.send())
    await bench.advance(2)
    outside = wamid_of(await bench.send())
    await bench.advance(3)
    assert [status["status"] for status in bench.receiver.statuses(inside)] == ["sent", "delivered", "read"]
    assert bench.receiver.statuses(outside)[0]["errors"][0]["code"] == 131047
    await bench.write(kind="reaction", content={"message_id": chat["choice"], "emoji": "👍"})
    assert (await seen(bench))["window_until"] > await bench.now()
    await bench.advance(2 * 86_400)
    forgotten = await bench.write(kind="revoke", content={"original_message_id": chat["mine"]})
    assert forgotten.json()["code"] == "too_late"


@pytest.mark.parametrize("amendments", ["unsupported", "untold"])
async def test_not_every_number_hears_of_second_thoughts(make_bench, amendments):
    bench = await make_bench(amendments=amendments).open()
    mine = (await bench.write()).json()["wamid"]
    await bench.write(kind="edit", content={"original_message_id": mine}, text="Hey")
    last = bench.receiver.messages()[-1]
    assert last["type"] == ("unsupported" if amendments == "unsupported" else "text")
    assert last.get("unsupported", {"type": "edit"}) == {"type": "edit"}
    (bubble,) = [each for each in (await seen(bench))["messages"] if each["alone"]]
    assert bubble["view"]["body"] == "Hey"


async def test_a_form_s_button_knows_its_token(bench):
    flow = {"type": "FLOW", "text": "Choose a time", "flow_id": "7"}
    await bench.create(components=[body("A visit is planned for you.", ()), {"type": "BUTTONS", "buttons": [flow]}])
    action = {"type": "action", "action": {"flow_token": "t-1"}}
    button = {"type": "button", "sub_type": "flow", "index": "0", "parameters": [action]}
    for components, token in (([button], "t-1"), ([], "unused")):
        wamid = wamid_of(await bench.send_template("parcel_ready", *components))
        (shown_button,) = (await shown(bench, wamid))["view"]["buttons"]
        assert shown_button == {"type": "FLOW", "text": "Choose a time", "flow_token": token}
    wrong = button | {"parameters": [{"type": "payload", "payload": "t-1"}]}
    assert error_of(await bench.send_template("parcel_ready", wrong))[1] == 131009


async def test_media_can_be_fetched_for_a_week(bench):
    picture = {"data": base64.b64encode(b"jpeg").decode(), "mime_type": "image/jpeg", "caption": "Look"}
    wamid = (await bench.write(kind="image", content=picture)).json()["wamid"]
    image = told(bench)["image"]
    assert (image["mime_type"], image["caption"]) == ("image/jpeg", "Look")
    assert "data" not in image
    for address in (image["url"], (await bench.graph("GET", image["id"])).json()["url"]):
        assert (await bench.http.get(address)).content == b"jpeg"
    assert (await bench.http.get(image["url"], headers={"Authorization": ""})).status_code == 401
    header = (await shown(bench, wamid))["view"]["header"]
    assert (await bench.http.get(f"/phone/media/{header['media_id']}")).content == b"jpeg"
    await bench.advance(301)
    assert (await bench.http.get(image["url"])).status_code == 404
    await bench.advance(7 * 86_400)
    assert error_of(await bench.graph("GET", image["id"])) == (400, 100, 33)


async def test_files_of_any_type_come_as_documents_and_cannot_run_on_the_page(make_bench):
    bench = await make_bench(inbound_media_url=False).open()
    page = base64.b64encode(b"<script src=/x></script>").decode()
    content = {"data": page, "mime_type": "text/html", "filename": "a.html"}
    await bench.write(kind="document", content=content)
    document = told(bench)["document"]
    assert document.keys() == {"id", "mime_type", "sha256", "filename"}
    file = await bench.http.get(f"/phone/media/{document['id']}")
    assert file.headers["content-disposition"].startswith("attachment")


async def test_reactions_are_one_for_each_side_and_can_be_taken_back(bench, chat):
    async def react(emoji, wamid=chat["choice"]):
        await bench.write(kind="reaction", content={"message_id": wamid, "emoji": emoji})

    await react("👍")
    await react("❤️")
    await bench.send("reaction", {"message_id": chat["mine"], "emoji": "🙏"})
    assert (await shown(bench, chat["choice"]))["reactions"] == [{"direction": "in", "emoji": "❤️"}]
    assert (await shown(bench, chat["mine"]))["reactions"] == [{"direction": "out", "emoji": "🙏"}]
    await react("")
    await bench.send("reaction", {"message_id": chat["mine"], "emoji": ""})
    assert (await shown(bench, chat["choice"]))["reactions"] == []
    assert (await shown(bench, chat["mine"]))["reactions"] == []


async def test_the_first_opening_of_a_chat_can_be_reported(make_bench):
    bench = await make_bench(request_welcome=True).open()
    for _ in range(2):
        await bench.http.post(f"/phone/chats/{bench.account['phone_number_id']}/{CUSTOMER}/open")
        await bench.advance(1)
    assert [message["type"] for message in bench.receiver.messages()] == ["request_welcome"]
    assert (await seen(bench))["window_until"] > await bench.now()
