"""What customers answer: kept once, tied to its message, understood, told and shown."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import orjson
import pytest
import respx

from app.core.clock import ManualClock
from app.messages.dispatch import Dispatcher
from app.provider_events import service
from tests.integration.replies.talking import METER, SURVEY, Customer, asked
from tests.support.driving import PHONE, Driver, blocked, copy_sender, problem, rows
from tests.support.world import webhook


@pytest.fixture
def customer(driver: Driver, clock: ManualClock) -> Customer:
    return Customer(driver, clock)


SENT: list[tuple[dict[str, Any], str, Any, dict[str, Any]]] = [
    ({"type": "text", "text": {"body": "Kapıyı bulamadım"}}, "text", None, {"text": "Kapıyı bulamadım"}),
    (
        {"type": "button", "button": {"payload": "appointment.confirmed", "text": "Geleceğim"}},
        "confirmed",
        None,
        {"text": "Geleceğim", "button": {"payload": "appointment.confirmed", "label": "Geleceğim"}},
    ),
    (
        {"type": "button", "button": {"payload": "never.heard.of", "text": "Belki"}},
        "button",
        {"payload": "never.heard.of"},
        {"text": "Belki", "button": {"payload": "never.heard.of", "label": "Belki"}},
    ),
    ({"type": "button", "button": {"payload": "Evet", "text": "Evet"}}, "confirmed", None, {"text": "Evet"}),
    (
        {"type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"id": "a", "title": "A"}}},
        "button",
        {"payload": "a"},
        {"button": {"payload": "a", "label": "A"}},
    ),
    (
        {
            "type": "interactive",
            "interactive": {"type": "list_reply", "list_reply": {"id": "r1", "title": "Sabah", "description": "8-12"}},
        },
        "choice",
        {"id": "r1"},
        {"text": "Sabah", "choice": {"id": "r1", "title": "Sabah", "description": "8-12"}},
    ),
    (
        {
            "type": "interactive",
            "interactive": {"type": "nfm_reply", "nfm_reply": {"name": "flow", "response_json": '{"size": "M"}'}},
        },
        "form",
        None,
        {"form": {"name": "flow", "answers": {"size": "M"}}},
    ),
    (
        {
            "type": "interactive",
            "interactive": {"type": "call_permission_reply", "call_permission_reply": {"response": "accept"}},
        },
        "call_permission",
        {"allowed": True},
        {"call_allowed": True},
    ),
    (
        {"type": "image", "image": {"id": "99", "mime_type": "image/jpeg", "sha256": "b", "caption": "Sayaç"}},
        "media",
        None,
        {"text": "Sayaç"},
    ),
    ({"type": "location", "location": {"latitude": 40.99, "longitude": 29.02}}, "location", None, {}),
    (
        {
            "type": "contacts",
            "contacts": [
                {"name": {"formatted_name": "Can"}, "phones": [{"phone": "+905320000000"}], "origin": "other"}
            ],
        },
        "contacts",
        None,
        {"contacts": [{"name": "Can", "phones": [{"phone": "+905320000000", "wa_id": None}], "requested": False}]},
    ),
    (
        {
            "type": "order",
            "order": {"catalog_id": "1", "text": "", "product_items": [{"product_retailer_id": "sku", "quantity": 1}]},
        },
        "order",
        None,
        {"text": None},
    ),
    ({"type": "unsupported", "errors": [{"code": 131051}], "unsupported": {"type": "poll"}}, "unsupported", None, {}),
    ({"type": "never_seen", "never_seen": {"a": 1}}, "other", None, {}),
    ({"type": "image", "image": "of another shape"}, "media", None, {"media": None}),
]


async def test_every_type_is_kept_tied_understood_and_told_once(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, customer: Customer, connection: asyncpg.Connection
) -> None:
    reminder = await asked(driver, dispatcher, graph, reference="appointment-77", metadata={"room": "4"})
    context = {"context": {"from": "908505551010", "id": f"wamid.{reminder}"}}
    messages = [customer.message(after=number, **sent, **context) for number, (sent, *_) in enumerate(SENT)]
    for _ in range(2):
        await customer.sends(*messages)
        await customer.sends(messages[3])
    found = {one["payload"]["id"]: one for one in await customer.replies(limit=200)}
    told = {one["reply"]: one for one in await customer.told()}
    assert len(found) == len(told) == len(SENT) == len(await customer.told())
    contact = (await customer.contact())["id"]
    answered = {
        "id": reminder,
        "event_type": "appointment-reminder",
        "reference": "appointment-77",
        "metadata": {"room": "4"},
    }
    for message, (_, kind, value, content) in zip(messages, SENT, strict=True):
        shown = found[message["id"]]
        assert (shown["kind"], shown["value"], shown["type"]) == (kind, value, message["type"])
        assert {name: shown["content"][name] for name in content} == content
        assert (shown["contact"], shown["sender"], shown["message"], shown["tied_by"]) == (
            contact,
            driver.world.sender,
            answered,
            "context",
        )
        assert shown["payload"] == message
        heard = told[shown["id"]]
        assert (heard["kind"], heard["value"], heard["message"], heard["tied_by"]) == (kind, value, answered, "context")
        assert (heard["contact"]["phone"], heard["text"]) == (PHONE, shown["content"]["text"])
        assert heard["window_expires_at"] is not None
    one = (await driver.request("GET", f"/v1/replies/{shown['id']}")).json()
    assert one == shown
    story = await driver.story(reminder)
    assert [one["id"] for one in story["replies"]] == [found[one["id"]]["id"] for one in messages]
    assert await connection.fetchval("SELECT count(*) FROM service_windows") == 1


async def test_what_names_no_message_is_tied_to_the_last_one_for_a_while(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, customer: Customer, clock: ManualClock
) -> None:
    first = await asked(driver, dispatcher, graph)
    clock.advance(timedelta(minutes=1))
    last = await asked(driver, dispatcher, graph, "meter-reading-reminder", METER)
    clock.advance(timedelta(hours=1))
    await customer.sends(customer.text("12.345,6 m³"))
    reading = await customer.last()
    assert (reading["tied_by"], reading["message"]["id"]) == ("last_message", last)
    assert (reading["kind"], reading["value"]) == ("meter_reading", {"reading": "12345.6", "unit": "m3"})
    tap = {"type": "button", "button": {"payload": "appointment.declined", "text": "Gelemeyeceğim"}}
    await customer.sends(customer.message(**tap, context={"id": "wamid.whose.answer.was.lost"}))
    tapped = await customer.last()
    assert (tapped["tied_by"], tapped["message"]["id"], tapped["kind"]) == ("button", first, "declined")
    await customer.sends(customer.text("Evet", context={"id": "wamid.in.1"}))
    assert (await customer.last())["tied_by"] is None, "it answers one of the customer's own"
    thumb = {"type": "reaction", "reaction": {"message_id": f"wamid.{first}", "emoji": "👍"}}
    await customer.sends(customer.message(**thumb))
    reaction = await customer.last()
    assert (reaction["tied_by"], reaction["message"]["id"]) == ("reaction", first)
    assert (reaction["kind"], reaction["value"]) == ("reaction", {"emoji": "👍"})
    await customer.sends(customer.message(type="reaction", reaction={"message_id": f"wamid.{first}"}))
    assert (await customer.last())["value"] == {"emoji": None}, "taken back"
    clock.advance(timedelta(hours=72))
    await customer.sends(customer.text("12350"))
    late = await customer.last()
    assert (late["message"], late["tied_by"], late["kind"]) == (None, None, "text")


async def test_words_are_understood_only_where_they_were_asked_for(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, customer: Customer, clock: ManualClock
) -> None:
    reminder = await asked(driver, dispatcher, graph)
    order = await driver.accepted()
    clock.advance(timedelta(minutes=1))
    survey = await asked(driver, dispatcher, graph, "feedback-request", SURVEY)
    clock.advance(timedelta(minutes=1))
    meter = await asked(driver, dispatcher, graph, "meter-reading-reminder", METER)
    expected = [
        (reminder, "Evet, geliyorum 🙏", "confirmed", None),
        (reminder, "GELEMİYORUM maalesef", "declined", None),
        (reminder, "Başka gün olur mu?", "reschedule_wanted", None),
        (reminder, "evet ama geç kalırım", "text", None),
        (reminder, "5", "text", None),
        (order, "evet", "text", None),
        (survey, "4 yıldız", "rating", {"rating": 4, "most": 5}),
        (survey, "hayır", "text", None),
        (meter, "70318842", "text", None),
        (meter, "12345", "meter_reading", {"reading": "12345", "unit": None}),
        # Which says of whatever it answers that it is to be cancelled; customers are asked, too, what they meant.
        (reminder, "iptal edin", "declined", None),
        (reminder, "mesaj atmayın", "opt_out", None),
        (reminder, "BAŞLAT", "opt_in", None),
    ]
    for message, words, kind, value in expected:
        await customer.sends(customer.text(words, to=message))
        found = await customer.last()
        assert (found["kind"], found["value"]) == (kind, value), words


async def test_an_own_event_type_says_what_its_buttons_mean_and_what_it_expects(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, customer: Customer
) -> None:
    listed = (await driver.request("GET", "/v1/event-types")).json()["event_types"]
    shown = {one["name"]: (one["expects"], one["reply_meanings"]) for one in listed}
    meanings = {"table.coming": "confirmed", "table.released": "declined"}
    assert shown["x-table-ready"] == (["confirmation"], meanings)
    assert shown["appointment-reminder"][0] == ["confirmation", "rescheduling"]
    assert shown["order-confirmed"] == ([], {})
    data = {"table": "12", "area": "garden", "held_until": "2026-12-24T20:15:00+03:00"}
    table = await asked(driver, dispatcher, graph, "x-table-ready", data)
    tap = {"type": "button", "button": {"payload": "table.released", "text": "Vazgeçtim"}}
    await customer.sends(customer.message(**tap, context={"id": f"wamid.{table}"}))
    assert (await customer.last())["kind"] == "declined"
    await customer.sends(customer.text("geliyoruz", to=table))
    assert (await customer.last())["kind"] == "confirmed"


@pytest.mark.parametrize("order", ["as it was", "edit first", "deletion first", "all at once, backwards"])
async def test_edits_and_deletions_hold_in_whatever_order_they_come(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    customer: Customer,
    connection: asyncpg.Connection,
    order: str,
) -> None:
    reminder = await asked(driver, dispatcher, graph)
    yes = customer.text("Geliyorum", to=reminder)
    about = {"original_message_id": yes["id"]}
    said = {"type": "text", "text": {"body": "Gelemiyorum"}}
    edit = customer.message(after=10, type="edit", edit={**about, "message": said})
    early = customer.message(
        after=5, type="edit", edit={**about, "message": {"type": "text", "text": {"body": "Geliriz"}}}
    )
    gone = customer.message(after=20, type="revoke", revoke=about)
    orders = {
        "as it was": [[yes], [edit], [early], [gone]],
        "edit first": [[edit], [yes], [gone]],
        "deletion first": [[gone], [edit], [yes]],
        "all at once, backwards": [[gone, edit, early, yes]],
    }
    for bodies in orders[order]:
        for _ in range(2):
            await customer.sends(*bodies)
        stored = {one["payload"].get("id", one["kind"]): one for one in await customer.replies()}
        if bodies in ([early], [yes]) and order in ("as it was", "edit first") and edit["id"] in stored:
            original = stored[yes["id"]]
            assert (original["kind"], original["content"]["text"]) == ("declined", "Gelemiyorum")
            assert original["edited_at"] is not None
            changed = stored[edit["id"]]
            assert (changed["kind"], changed["changes"]) == ("edited", original["id"])
    (original,) = await customer.replies(type="text")
    assert (original["deleted_at"] is not None, original["payload"], original["value"]) == (True, {}, None)
    assert original["content"] == dict.fromkeys(original["content"])
    told = await customer.told()
    assert len({one["reply"] for one in told}) == len(told)
    kinds = [one["kind"] for one in told]
    assert kinds.count("deleted") == 1
    expected = {
        "as it was": ["confirmed", "edited", "deleted"],
        "edit first": ["edited", "declined", "deleted"],
        "deletion first": ["deleted"],
        "all at once, backwards": ["confirmed", "edited", "edited", "deleted"],
    }
    assert kinds == expected[order]
    everything = orjson.dumps([await customer.replies(), told]).decode()
    tables = await rows(connection, "replies", "callback_events")
    if order != "deletion first":
        assert told[-1]["changes"] == original["id"]
    for words in ("Geliyorum", "Gelemiyorum", "Geliriz"):
        assert words not in everything
        assert words not in str(tables), "its content is erased"


async def test_an_edit_that_comes_at_the_same_time_as_its_reply_is_not_missed(
    driver: Driver, customer: Customer
) -> None:
    pairs = []
    for number in range(8):
        first = customer.text(f"Eski {number}")
        said = {"type": "text", "text": {"body": f"Yeni {number}"}}
        edit = {"original_message_id": first["id"], "message": said}
        pairs.append((first, customer.message(after=1, type="edit", edit=edit)))
    await asyncio.gather(*(customer.sends(message) for pair in pairs for message in (*pair, *reversed(pair))))
    found = [one["content"]["text"] for one in await customer.replies(type="text", limit=200)]
    assert sorted(found) == [f"Yeni {number}" for number in range(8)]
    told = await customer.told()
    assert len(told) == len({one["reply"] for one in told}) == 16


async def test_bodies_that_tell_of_the_same_customers_crosswise_wait_for_each_other(
    driver: Driver, customer: Customer, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Each body has met its first customer, and gone as far as the window, when both may go on."""
    numbers = ("905321110001", "905321110002")
    await customer.sends(*({**customer.text("Merhaba"), "from": number} for number in numbers))
    holder = await asyncpg.connect(database_url)
    try:
        async with holder.transaction():
            await holder.execute("SELECT FROM service_windows FOR UPDATE")
            bodies = [
                [{**customer.text("Evet", after=after), "from": number} for after, number in enumerate(order, 1)]
                for order in (numbers, numbers[::-1])
            ]
            crossing = [asyncio.create_task(customer.sends(*body)) for body in bodies]
            await blocked(database_url, transactions=2)
        await asyncio.gather(*crossing)
    finally:
        await holder.close()
    assert len(await customer.replies()) == len(await customer.told()) == 6
    assert "webhook collided" not in caplog.text


async def test_a_body_full_of_replies_is_taken_in_parts(
    driver: Driver, customer: Customer, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_REPLIES_AT_ONCE", 2)
    await driver.world.opt_in(PHONE)
    said = [customer.text("BAŞLAT", after=-1), customer.text("DUR", after=-9)]
    said += [customer.text(f"Cümle {number}", after=-number) for number in (3, 7, 5)]
    broken = {"id": "wamid.in.broken", "type": "text", "timestamp": "never"}
    for _ in range(2):
        await customer.sends(broken, *said)
    words = [one["content"]["text"] for one in reversed(await customer.replies())]
    assert words == ["DUR", "Cümle 7", "Cümle 5", "Cümle 3", "BAŞLAT"]
    assert await connection.fetchval("SELECT count(DISTINCT xmin::text) FROM callback_events") == 4, "and the opt-in"
    assert [one["state"] for one in (await customer.contact())["consents"]] == ["opted_in"]
    assert await connection.fetchval("SELECT count(*) FROM kept_webhook_items") == 2, "of each body what is broken"


async def test_a_customer_who_taps_many_times_at_once_is_answered_once(
    driver: Driver,
    dispatcher: Dispatcher,
    graph: respx.MockRouter,
    customer: Customer,
    connection: asyncpg.Connection,
    caplog: pytest.LogCaptureFixture,
) -> None:
    answers = {"answers": {"confirmed": {"text": {"tr": "Teşekkürler"}}}}
    answer = await driver.request("PUT", "/v1/event-types/appointment-reminder/answers", json=answers)
    assert answer.status_code == 200, answer.text
    reminder = await asked(driver, dispatcher, graph)
    await asyncio.gather(*(customer.sends(customer.text("Evet", to=reminder)) for _ in range(6)))
    assert await connection.fetchval("SELECT count(*) FROM messages WHERE template_name IS NULL") == 1
    assert len(await customer.told()) == 6
    assert "webhook collided" not in caplog.text


async def test_a_wish_that_is_edited_in_is_heard(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, customer: Customer
) -> None:
    reminder = await asked(driver, dispatcher, graph)
    first = customer.text("Geliyorum", to=reminder)
    await customer.sends(first)
    stop = {"type": "text", "text": {"body": "DUR"}}
    edit = {"original_message_id": first["id"], "message": stop}
    await customer.sends(customer.message(after=1, type="edit", edit=edit))
    assert [one["state"] for one in (await customer.contact())["consents"]] == ["opted_out"]
    (changed, original) = await customer.replies()
    assert (changed["kind"], changed["value"]) == ("edited", {"kind": "opt_out", "value": None})
    assert (original["kind"], original["content"]["text"]) == ("opt_out", "DUR")


async def test_another_number_is_told_and_ends_what_was_open_to_the_old_one(driver: Driver, customer: Customer) -> None:
    await driver.world.opt_in(PHONE)
    await customer.sends(customer.text("Merhaba"))
    before = await customer.contact()
    assert [one["is_open"] for one in before["windows"]] == [True]
    changed = {"type": "user_changed_number", "wa_id": "905329998877"}
    await customer.sends(customer.message(after=1, type="system", system=changed))
    answer = await driver.request("GET", "/v1/contacts/+905329998877")
    assert (answer.json()["id"], answer.json()["windows"]) == (before["id"], [])
    told = (await customer.told())[-1]
    assert (told["kind"], told["contact"]["phone"], told["window_expires_at"]) == (
        "number_changed",
        "+905329998877",
        None,
    )
    later = {**customer.text("Yeni numaram bu", after=2), "from": "905329998877"}
    await customer.sends(later)
    assert (await customer.last())["contact"] == before["id"]


async def test_the_window_follows_metas_time_by_number_and_customer(
    driver: Driver, customer: Customer, clock: ManualClock, connection: asyncpg.Connection
) -> None:
    world = driver.world
    await copy_sender(world.container, world, mode=world.mode, phone_number_id="100000000000009")

    async def windows() -> list[tuple[bool, timedelta]]:
        return [
            (
                one["is_open"],
                datetime.fromisoformat(one["expires_at"]).replace(microsecond=0) - clock.now().replace(microsecond=0),
            )
            for one in (await customer.contact())["windows"]
        ]

    day = timedelta(hours=24)
    await customer.sends(customer.text("Merhaba", after=-3600))
    assert await windows() == [(True, day - timedelta(hours=1))]
    await customer.sends(customer.text("Daha eskisi", after=-7200))
    assert await windows() == [(True, day - timedelta(hours=1))], "never shortened"
    clock.advance(timedelta(hours=2))
    thumb = {"type": "reaction", "reaction": {"message_id": "wamid.in.1", "emoji": "👍"}}
    await customer.sends(customer.message(**thumb), customer.message(type="system", system={"type": "other"}))
    assert await windows() == [(True, day - timedelta(hours=3))], "neither is a message of theirs"
    await customer.sends(customer.message(after=60, type="request_welcome"))
    assert await windows() == [(True, day)], "no clock of Meta's opens it longer"
    clock.advance(day + timedelta(minutes=1))
    assert [one for one, _ in await windows()] == [False]
    assert (await customer.last())["window_expires_at"] is None
    await customer.sends(customer.text("Sesimi duyan var mı?", after=-25 * 3600))
    assert [one for one, _ in await windows()] == [False], "it was over before it came"
    assert (await customer.told())[-1]["window_expires_at"] is None
    body = webhook(world, messages=[customer.text("Bu numaraya da")])
    body["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "100000000000009"
    assert (await driver.webhook(body)).status_code == 200
    found = await connection.fetch("SELECT * FROM service_windows ORDER BY expires_at")
    assert [one["opened_at"] < clock.now() - timedelta(hours=20) for one in found] == [True, False]


async def test_replies_are_filtered_and_paged(
    driver: Driver, dispatcher: Dispatcher, graph: respx.MockRouter, customer: Customer
) -> None:
    reminder = await asked(driver, dispatcher, graph, reference="appointment-77")
    said = ["Evet", "Hayır", "Nasıl geleceğim?"]
    await customer.sends(*(customer.text(words, to=reminder, after=number) for number, words in enumerate(said)))
    stranger = {**customer.message(type="sticker", sticker={"id": "7"}), "from": "905329998877"}
    await customer.sends(stranger)
    everything = await customer.replies()
    mine = everything[1:]
    contact = mine[0]["contact"]
    found = {
        "kind": (["confirmed", "declined"], mine[1:]),
        "type": ("sticker", everything[:1]),
        "contact": (contact, mine),
        "message": (reminder, mine),
        "sender": (driver.world.sender, everything),
        "event_type": ("appointment-reminder", mine),
        "reference": ("appointment-77", mine),
        "unread": ("true", everything),
        "received_from": ("2999-01-01T00:00:00Z", []),
        "received_to": ("2999-01-01T00:00:00Z", everything),
    }
    for name, (value, expected) in found.items():
        assert await customer.replies(**{name: value}) == expected, name
    assert await customer.replies(unread="false") == []
    assert await customer.replies(contact=PHONE) == mine
    assert await customer.replies(contact="+905320000000", reference="another") == []
    paged: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await driver.request("GET", "/v1/replies", params={"limit": 3, **cursor})).json()
        paged += page["replies"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert paged == everything
    for params in ({"kind": "never"}, {"message": "msg_1"}, {"contact": "nobody"}, {"cursor": "?"}, {"colour": "red"}):
        answer = await driver.request("GET", "/v1/replies", params=params)
        assert (answer.status_code, answer.json()["status"]) == (422, 422), params
    problem(await driver.request("GET", "/v1/replies/rep_1"), 404, "not_found")


async def test_windows_and_replies_go_with_the_person_and_one_person_has_them_all(
    driver: Driver, customer: Customer, connection: asyncpg.Connection
) -> None:
    """Known by number and by user id as two, until Meta says both in one breath."""
    await customer.sends(customer.text("Selamünaleyküm", after=-600))
    hidden = {**customer.text("Kargom nerede?"), "from_user_id": "TR.88123"}
    del hidden["from"]
    await customer.sends(hidden)
    assert len({one["contact"] for one in await customer.replies()}) == 2
    both = {**customer.text("Buradayım", after=-60), "from_user_id": "TR.88123"}
    await customer.sends(both)
    contact = await customer.contact()
    assert len(await customer.replies(contact=contact["id"])) == 3
    (window,) = contact["windows"]
    newest = next(one for one in await customer.replies() if one["payload"]["id"] == hidden["id"])
    assert (window["expires_at"], window["last_reply"]) == (newest["window_expires_at"], newest["id"])
    exported = (await driver.request("GET", f"/v1/contacts/{PHONE}/export")).json()
    assert (len(exported["replies"]), exported["windows"]) == (3, [window])
    erased = await driver.request("DELETE", f"/v1/contacts/{PHONE}")
    assert (erased.json()["erased"]["replies"], erased.json()["erased"]["windows"]) == (3, 1)
    held = str(await rows(connection))
    assert not [words for words in ("Selamün", "Kargom", "Buradayım", "TR.88123", "wamid.in") if words in held]
    await customer.sends(both, hidden)
    assert str(await rows(connection)) == held, "nothing of before comes back"
