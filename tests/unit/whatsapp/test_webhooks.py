"""Webhook bodies taken apart: every kind of item, and unreadable ones that spoil no other."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.whatsapp.webhook_items import (
    InboundItem,
    OtherItem,
    PreferenceItem,
    StatusItem,
    TemplateCategory,
    TemplateComponents,
    TemplateDetection,
    TemplateItem,
    TemplateQuality,
    TemplateStatus,
    UnreadableItem,
)
from app.whatsapp.webhooks import body_of, take_apart
from tests.unit.whatsapp.bodies import (
    AT,
    NUMBER,
    PRICING,
    WABA,
    body,
    change,
    entry,
    envelope,
    inbound,
    messages,
    status,
    value,
)

MOMENT = datetime.fromtimestamp(AT, UTC)

TEMPLATE = {
    "event": "REJECTED",
    "message_template_id": 1689,
    "message_template_name": "parcel_ready",
    "message_template_language": "fr",
    "reason": "INVALID_FORMAT",
    "message_template_category": "UTILITY",
    "rejection_info": {"reason": "Two variables touch.", "recommendation": "Put words between them."},
}
TEMPLATE_FIELD = "message_template_status_update"


def _items(raw: bytes) -> list[Any]:
    return list(take_apart(raw))


def _only(raw: bytes) -> Any:
    (item,) = take_apart(raw)
    return item


@pytest.mark.parametrize("name", ["sent", "delivered", "read"])
def test_a_status_is_read_with_all_that_matters(name: str) -> None:
    item = _only(messages(statuses=[status(name=name)], contacts=[{"wa_id": "33612345678"}]))
    assert isinstance(item, StatusItem)
    assert (item.phone_number_id, item.wamid, item.status, item.at) == (NUMBER, "wamid.AAA", name, MOMENT)
    assert (item.callback_data, item.recipient_id, item.recipient_user_id) == ("msg_01J9", "33612345678", "FR.88123")
    assert item.pricing is not None
    assert {key: getattr(item.pricing, key) for key in PRICING} == PRICING
    assert item.errors == []
    assert item.raw == body(status(name=name))


def test_a_failed_status_is_read_with_its_errors() -> None:
    error = {
        "code": 131026,
        "title": "Message undeliverable",
        "message": "Message undeliverable",
        "error_data": {"details": "Message Undeliverable."},
        "href": "/documentation/business-messaging/whatsapp/support/error-codes",
    }
    failed = {"id": "w", "status": "failed", "timestamp": str(AT), "recipient_id": "33699999999", "errors": [error]}
    item = _only(messages(statuses=[failed]))
    assert isinstance(item, StatusItem)
    assert item.status == "failed"
    assert (item.errors[0].code, item.errors[0].title) == (131026, "Message undeliverable")
    assert item.errors[0].error_data is not None
    assert item.errors[0].error_data.details == "Message Undeliverable."
    assert item.pricing is None


@pytest.mark.parametrize("name", ["played", "deleted", "warning", "status of a later year"])
def test_a_status_of_another_name_is_kept_apart(name: str) -> None:
    item = _only(messages(statuses=[status(name=name)]))
    assert isinstance(item, OtherItem)
    assert (item.field, item.waba_id, item.phone_number_id, item.part) == ("messages", WABA, NUMBER, "status")


@pytest.mark.parametrize(
    "oddity",
    [
        {"pricing": "free"},
        {"pricing": {"category": 7}},
        {"pricing": []},
        {"errors": "none"},
        {"errors": [{"code": "131026"}]},
        {"errors": [{"title": "no code"}]},
        {"errors": [{"code": 1, "error_data": "bare"}]},
        {"errors": None},
        {"recipient_id": 33612345678},
        {"recipient_user_id": {}},
    ],
)
def test_trimmings_of_an_unexpected_shape_still_yield_the_status(oddity: dict) -> None:
    item = _only(messages(statuses=[status(**oddity)]))
    assert isinstance(item, StatusItem)
    assert (item.wamid, item.status, item.at, item.callback_data) == ("wamid.AAA", "delivered", MOMENT, "msg_01J9")


@pytest.mark.parametrize(
    "more",
    [
        {"conversation": {"id": "c", "origin": {"type": "utility"}}},
        {"pricing": PRICING | {"tier": {"from": 1}}},
        {"pricing": None},
        {"pricing": {"type": "regular", "category": "utility"}},
        {"recipient_parent_user_id": "FR.ENT.1", "template_id": 7},
        {"recipient_id": None},
        {"new": [[{}]]},
    ],
)
def test_fields_that_are_new_or_missing_do_not_matter(more: dict) -> None:
    assert isinstance(_only(messages(statuses=[status(**more)])), StatusItem)


@pytest.mark.parametrize("timestamp", [str(AT), AT, f" {AT}", "1262304000", "4102444799"])
def test_timestamps_may_be_texts_or_integers(timestamp: str | int) -> None:
    statuses, replies = [status(timestamp=timestamp)], [inbound(timestamp=timestamp)]
    for item in _items(messages(statuses=statuses, messages=replies)):
        assert isinstance(item, StatusItem | InboundItem)
        assert item.at == datetime.fromtimestamp(int(timestamp), UTC)


@pytest.mark.parametrize(
    "timestamp",
    ["", "now", "-1", "0", "1262303999", "4102444800", str(AT * 1000), "1e9", "1795400000.5", "9" * 30, 0, -AT, 10**18],
)
def test_a_timestamp_that_makes_no_sense_is_unreadable(timestamp: str | int) -> None:
    first, second = _items(messages(statuses=[status(timestamp=timestamp)], messages=[inbound(timestamp=timestamp)]))
    assert (type(first), first.part, first.phone_number_id) == (UnreadableItem, "status", NUMBER)
    assert (type(second), second.part, second.phone_number_id) == (UnreadableItem, "message", NUMBER)


_REPLY_TO = {"from": "15550001111", "id": "wamid.AAA"}

INBOUND = {
    "text": {"text": {"body": "STOP"}},
    "button": {"button": {"payload": "STOP_PARCEL", "text": "Stop"}, "context": _REPLY_TO},
    "interactive": {"interactive": {"type": "button_reply", "button_reply": {"id": "yes", "title": "Yes"}}},
    "image": {"image": {"id": "99", "mime_type": "image/jpeg", "sha256": "x", "caption": "İ"}},
    "video": {"video": {"id": "99"}},
    "audio": {"audio": {"id": "99", "voice": True}},
    "document": {"document": {"id": "99", "filename": "a.pdf"}},
    "sticker": {"sticker": {"id": "99", "animated": False}},
    "location": {"location": {"latitude": 48.8, "longitude": 2.3}},
    "contacts": {"contacts": [{"name": {"formatted_name": "A"}, "origin": "contact_request"}]},
    "reaction": {"reaction": {"message_id": "wamid.AAA", "emoji": "👍"}},
    "order": {"order": {"catalog_id": "1", "product_items": []}},
    "system": {"system": {"type": "user_changed_number", "body": "…", "wa_id": "33711112222"}},
    "edit": {"edit": {"original_message_id": "wamid.X", "message": {"type": "text", "text": {"body": "new"}}}},
    "revoke": {"revoke": {"original_message_id": "wamid.X"}},
    "unsupported": {"errors": [{"code": 131051, "title": "Unknown"}], "unsupported": {"type": "poll_update"}},
    "request_welcome": {},
    "a type of a later year": {"content": 1},
}


@pytest.mark.parametrize("kind", INBOUND)
def test_a_reply_of_every_type_is_read(kind: str) -> None:
    message = inbound(kind=kind, **INBOUND[kind])
    item = _only(messages(messages=[message], contacts=[{"wa_id": "33612345678", "profile": {"name": "Ana"}}]))
    assert isinstance(item, InboundItem)
    assert (item.phone_number_id, item.wamid, item.type, item.at) == (NUMBER, "wamid.IN", kind, MOMENT)
    assert (item.from_wa_id, item.from_user_id) == ("33612345678", "FR.88123")
    assert item.context_wamid == ("wamid.AAA" if kind == "button" else None)
    assert item.raw == body(message)
    assert item.contacts == b'[{"wa_id": "33612345678", "profile": {"name": "Ana"}}]'


@pytest.mark.parametrize(
    "context", [{"forwarded": True}, {"frequently_forwarded": True}, {"id": None}, None, {"referred_product": {}}]
)
def test_a_context_without_a_message_answers_none(context: object) -> None:
    item = _only(messages(messages=[inbound(context=context)]))
    assert isinstance(item, InboundItem)
    assert item.context_wamid is None


@pytest.mark.parametrize("hidden", [{"from": ""}, {"from": None}])
def test_a_customer_who_hides_the_number_is_known_by_the_user_id(hidden: dict) -> None:
    item = _only(messages(messages=[inbound(**hidden)]))
    assert isinstance(item, InboundItem)
    assert (item.from_wa_id, item.from_user_id) == (None, "FR.88123")
    assert item.contacts is None


@pytest.mark.parametrize("event", ["APPROVED", "REJECTED", "PAUSED", "DISABLED", "FLAGGED", "AN_EVENT_OF_A_LATER_YEAR"])
def test_a_template_status_is_read(event: str) -> None:
    document = envelope(entry(change(TEMPLATE | {"event": event}, TEMPLATE_FIELD), time=AT))
    item = _only(body(document))
    assert isinstance(item, TemplateItem)
    assert (item.waba_id, item.at) == (WABA, MOMENT)
    assert (item.update.event, item.update.message_template_name) == (event, "parcel_ready")
    assert (item.update.message_template_language, item.update.reason) == ("fr", "INVALID_FORMAT")


@pytest.mark.parametrize("changes", [{"reason": None}, {"message_template_id": "1689"}, {"other_info": {"title": "x"}}])
def test_a_template_status_varies_in_what_does_not_matter(changes: dict) -> None:
    assert isinstance(_only(body(envelope(entry(change(TEMPLATE | changes, TEMPLATE_FIELD))))), TemplateItem)


@pytest.mark.parametrize("time", [None, "soon", 1.5, {}, -1])
def test_an_entry_of_unknown_time_is_read_all_the_same(time: object) -> None:
    item = _only(body(envelope(entry(change(TEMPLATE, TEMPLATE_FIELD), time=time))))
    assert isinstance(item, TemplateItem)
    assert item.at is None


ABOUT = {"message_template_id": 1689, "message_template_name": "parcel_ready", "message_template_language": "fr-CA"}
OF_TEMPLATES: list[tuple[str, dict, type]] = [
    ("message_template_quality_update", {"new_quality_score": "RED"}, TemplateQuality),
    ("message_template_components_update", {"message_template_element": "Votre colis est prêt."}, TemplateComponents),
    ("template_category_update", {"new_category": "UTILITY", "correct_category": "MARKETING"}, TemplateCategory),
    ("template_correct_category_detection", {"correct_category": "MARKETING"}, TemplateDetection),
]


@pytest.mark.parametrize(("field", "told", "kind"), OF_TEMPLATES)
def test_whatever_else_is_told_of_a_template_is_read(field: str, told: dict, kind: type) -> None:
    item = _only(body(envelope(entry(change(ABOUT | told | {"new": [1]}, field), time=AT))))
    assert isinstance(item, TemplateItem)
    assert (item.field, item.waba_id, item.at, item.name, item.language) == (
        field,
        WABA,
        MOMENT,
        "parcel_ready",
        "fr_CA",
    )
    assert isinstance(item.update, kind)
    assert {name: getattr(item.update, name) for name in told} == told


@pytest.mark.parametrize(
    ("field", "told", "kind"), [*OF_TEMPLATES, (TEMPLATE_FIELD, {"event": "APPROVED"}, TemplateStatus)]
)
@pytest.mark.parametrize(
    "changes",
    [
        {"message_template_name": None},
        {"message_template_language": 7},
        {"message_template_id": []},
        {"message_template_name": "a\x00"},
        {"message_template_language": "a" * 600},
    ],
)
def test_what_names_no_template_is_kept_whole(field: str, told: dict, kind: type, changes: dict) -> None:
    whole = change(ABOUT | told | changes, field)
    item = _only(body(envelope(entry(whole))))
    assert isinstance(item, UnreadableItem), kind
    assert (item.field, item.waba_id, item.part, item.raw) == (field, WABA, "change", body(whole))


@pytest.mark.parametrize(
    "odd",
    [{"other_info": "x"}, {"disable_info": [1]}, {"rejection_info": {"reason": 7}}, {"reason": {}}],
    ids=str,
)
def test_odd_trimmings_cost_a_template_no_status(odd: dict) -> None:
    item = _only(body(envelope(entry(change(TEMPLATE | odd, TEMPLATE_FIELD)))))
    assert isinstance(item, TemplateItem)
    assert isinstance(item.update, TemplateStatus)
    assert item.update.event == TEMPLATE["event"]


@pytest.mark.parametrize("field", ["account_alerts", "smb_message_echoes", "", "new"])
def test_a_field_that_is_not_acted_on_is_kept_whole(field: str) -> None:
    item = _only(body(envelope(entry(change({"any": [1]}, field)))))
    assert isinstance(item, OtherItem)
    assert (item.field, item.waba_id, item.part) == (field, WABA, "change")
    assert item.raw == body(change({"any": [1]}, field))


@pytest.mark.parametrize("parts", [{}, {"user_actions": [{}]}, {"errors": [{"code": 131031}]}, {"statuses": []}])
def test_a_messages_change_without_messages_and_statuses_is_kept_whole(parts: dict) -> None:
    item = _only(messages(**parts))
    assert isinstance(item, OtherItem)
    assert (item.phone_number_id, item.part) == (NUMBER, "change")


def test_errors_of_the_account_beside_statuses_are_kept_as_well() -> None:
    kinds = [type(item) for item in _items(messages(statuses=[status()], errors=[{"code": 131031}]))]
    assert kinds == [StatusItem, OtherItem]


def test_a_batch_comes_out_whole_and_in_its_order() -> None:
    statuses = [status(f"wamid.{number}") for number in range(1000)]
    replies = [inbound(f"wamid.in{number}") for number in range(3)]
    document = envelope(
        entry(change(value(statuses=statuses)), change(TEMPLATE, TEMPLATE_FIELD)),
        entry(change(value(messages=replies), "messages")),
    )
    items = _items(body(document))
    assert [item.wamid for item in items[:1000]] == [row["id"] for row in statuses]
    assert isinstance(items[1000], TemplateItem)
    assert [item.wamid for item in items[1001:]] == [row["id"] for row in replies]


_OK = body(status())
_BATCH = b'{"object":"w","entry":[{"id":"1022","changes":[%s]}]}'
_CHANGE = b'{"field":"messages","value":{"metadata":{"phone_number_id":"1065"},"statuses":[%s]}}'


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b"7",
        b'"text"',
        b"{}",
        b'{"object":"w"}',
        b'{"object":"w","entry":{}}',
        b'{"object":"w","entry":null}',
        b'{"object":7,"entry":[]}',
        b'{"object":"\xff","entry":[]}',
        b'{"object":"w","entry":[]} trailing',
        b'{"object":"w","entry":[',
        b"\xef\xbb\xbf{}",
        b"\x00",
        b"a=1&b=2",
        b'{"object":"w","entry":[' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
    ],
    ids=lambda raw: repr(raw[:30]),
)
def test_an_unreadable_body_is_one_unreadable_item(raw: bytes) -> None:
    item = _only(raw)
    assert isinstance(item, UnreadableItem)
    assert (item.part, item.raw) == ("body", raw)


@pytest.mark.parametrize(
    "bad",
    [
        b"null",
        b"7",
        b"[]",
        b'"text"',
        b"{}",
        b'{"id":"a","status":"sent"}',
        b'{"id":7,"status":"sent","timestamp":"1795400000"}',
        b'{"id":"a","status":null,"timestamp":"1795400000"}',
        b'{"id":"a","status":"sent","timestamp":null}',
        b'{"id":"a","status":"sent","timestamp":[]}',
        b'{"id":"a","status":"sent","timestamp":true}',
        b'{"id":"a","status":"sent","timestamp":1795400000.5}',
        b'{"id":"\xff","status":"sent","timestamp":"1795400000"}',
        b'{"id":"a","status":"sent","timestamp":"1795400000","new":"\xff"}',
        b'{"id":"a","status":"sent","timestamp":"1795400000","\xc3":1}',
        b'{"id":"a\\u0000","status":"sent","timestamp":"1795400000"}',
        b'{"id":"a","status":"sent","timestamp":"1795400000","pricing":{"category":"\\u0000"}}',
        b'{"id":"a","status":"sent","timestamp":"1795400000","recipient_id":"\\u0000"}',
    ],
    ids=repr,
)
def test_an_unreadable_status_costs_only_itself(bad: bytes) -> None:
    items = _items(_BATCH % (_CHANGE % b",".join([_OK, bad, _OK])))
    assert [type(item) for item in items] == [StatusItem, UnreadableItem, StatusItem]
    assert (items[1].part, items[1].waba_id, items[1].phone_number_id, items[1].raw) == ("status", WABA, NUMBER, bad)


@pytest.mark.parametrize(
    "bad",
    [
        {"id": None},
        {"id": 7},
        {"type": None},
        {"timestamp": None},
        {"context": "wamid"},
        {"from": 33612345678},
        {"id": "\x00"},
        {"type": "text\x00"},
        {"from": "\x00"},
        {"context": {"id": "\x00"}},
    ],
    ids=repr,
)
def test_an_unreadable_reply_costs_only_itself(bad: dict) -> None:
    items = _items(messages(messages=[inbound("a"), inbound(**bad), inbound("c")], statuses=[status()]))
    assert [type(item) for item in items] == [StatusItem, InboundItem, UnreadableItem, InboundItem]
    assert (items[2].part, items[2].phone_number_id) == ("message", NUMBER)


def test_what_a_customer_wrote_may_hold_nul() -> None:
    assert isinstance(_only(messages(messages=[inbound(text={"body": "a\x00b"})])), InboundItem)


@pytest.mark.parametrize("lost", ["statuses", "messages"])
@pytest.mark.parametrize("garbage", [None, 7, "text", {}])
def test_a_list_that_is_none_costs_only_itself(lost: str, garbage: object) -> None:
    good = {"statuses": [status()], "messages": [inbound()]}
    items = _items(messages(**good | {lost: garbage}))
    assert [type(item) for item in items] == [InboundItem if lost == "statuses" else StatusItem, UnreadableItem]
    assert items[1].part == "change"


@pytest.mark.parametrize("oddity", [{"contacts": 7}, {"contacts": None}, {"errors": None}, {"errors": "x"}, {"new": 1}])
def test_oddities_beside_the_lists_cost_nothing(oddity: dict) -> None:
    kinds = {type(item) for item in _items(messages(statuses=[status()], messages=[inbound()], **oddity))}
    assert kinds - {OtherItem} == {StatusItem, InboundItem}


@pytest.mark.parametrize(
    "bad",
    [
        None,
        7,
        [],
        {},
        {"field": "messages"},
        {"field": 7, "value": {}},
        {"field": "messages", "value": None},
        {"field": "messages", "value": {}},
        {"field": "messages", "value": {"metadata": {"phone_number_id": 1065}}},
        {"field": "messages", "value": {"metadata": {"phone_number_id": "\x00"}, "statuses": []}},
        {"field": "\x00", "value": {}},
        {"field": TEMPLATE_FIELD, "value": {}},
        {"field": TEMPLATE_FIELD, "value": TEMPLATE | {"message_template_name": None}},
        {"field": TEMPLATE_FIELD, "value": TEMPLATE | {"reason": "\x00"}},
    ],
    ids=repr,
)
def test_an_unreadable_change_costs_only_itself(bad: object) -> None:
    good = change(value(statuses=[status()]))
    items = _items(body(envelope(entry(good, bad, good), entry(good))))
    assert [type(item) for item in items] == [StatusItem, UnreadableItem, StatusItem, StatusItem]
    assert (items[1].part, items[1].waba_id, items[1].raw) == ("change", WABA, body(bad))


@pytest.mark.parametrize(
    "bad",
    [
        None,
        7,
        [],
        {},
        {"id": WABA},
        {"id": None, "changes": []},
        {"id": WABA, "changes": {}},
        {"id": "\x00", "changes": []},
    ],
    ids=repr,
)
def test_an_unreadable_entry_costs_only_itself(bad: object) -> None:
    good = entry(change(value(statuses=[status()])))
    items = _items(body(envelope(good, bad, good)))
    assert [type(item) for item in items] == [StatusItem, UnreadableItem, StatusItem]
    assert (items[1].part, items[1].raw) == ("entry", body(bad))


def test_an_integer_id_of_the_account_is_taken_as_its_text() -> None:
    item = _only(body(envelope(entry(change({}, "new"), id=1022))))
    assert item.waba_id == "1022"


@pytest.mark.parametrize(
    "document",
    [
        envelope(entry(change(value(statuses=[status(), None], messages=[inbound(), {}])))),
        envelope(entry(change(TEMPLATE, TEMPLATE_FIELD), change({}, "new"), None), None),
        envelope(entry(change(value(statuses=7)))),
    ],
)
def test_a_part_taken_again_is_read_as_it_was(document: dict) -> None:
    for item in _items(body(document)):
        if isinstance(item, StatusItem | InboundItem | TemplateItem):
            continue
        again = _items(body_of(item.part, item.raw, item.waba_id, item.phone_number_id))
        assert [(type(one), one.raw, one.part) for one in again] == [(type(item), item.raw, item.part)]


@pytest.mark.parametrize(("part", "row"), [("status", status()), ("message", inbound())])
def test_a_single_item_taken_again_belongs_to_the_same_number(part: Any, row: dict) -> None:
    item = _only(body_of(part, body(row), WABA, NUMBER))
    assert isinstance(item, StatusItem | InboundItem)
    assert (item.phone_number_id, item.raw) == (NUMBER, body(row))


def _preferences(*rows: Any, **more: Any) -> bytes:
    return body(envelope(entry(change(value(user_preferences=list(rows), **more), "user_preferences"))))


STOP = {"wa_id": "33612345678", "category": "marketing_messages", "value": "stop", "timestamp": AT, "detail": "…"}


def test_each_preference_is_an_item_of_its_own_and_one_that_is_odd_spoils_no_other() -> None:
    rows = [STOP, {"value": "stop"}, 7, {**STOP, "value": "snooze"}, {**STOP, "value": "resume", "user_id": "FR.1"}]
    first, shapeless, number, unknown, last = _items(_preferences(*rows))
    assert isinstance(first, PreferenceItem)
    assert (first.phone_number_id, first.value, first.at, first.wa_id) == (NUMBER, "stop", MOMENT, "33612345678")
    assert isinstance(shapeless, UnreadableItem)
    assert isinstance(number, UnreadableItem)
    assert isinstance(unknown, OtherItem)
    assert (last.value, last.user_id) == ("resume", "FR.1")
    again = _items(body_of("change", first.raw, WABA, NUMBER))
    assert [type(one) for one in again] == [type(one) for one in (first, shapeless, number, unknown, last)]


def test_the_contact_beside_says_what_a_row_does_not_where_it_is_the_same_customer() -> None:
    beside = [{"wa_id": "905320000000", "user_id": "TR.1"}, {"wa_id": "33612345678", "user_id": "FR.88123"}]
    assert _only(_preferences(STOP, contacts=beside)).user_id == "FR.88123"
    assert _only(_preferences(STOP, contacts=beside[:1])).user_id is None
    assert _only(_preferences(STOP, contacts="none")).user_id is None
    nameless = inbound(from_user_id=None)
    assert _only(messages(messages=[nameless], contacts=beside)).from_user_id == "FR.88123"


@pytest.mark.parametrize("oddity", [{"timestamp": 5}, {"timestamp": "soon"}, {"wa_id": 5}, {"wa_id": "\x00"}])
def test_a_preference_that_makes_no_sense_is_unreadable(oddity: dict) -> None:
    assert isinstance(_only(_preferences({**STOP, **oddity})), UnreadableItem)


@pytest.mark.parametrize("broken", [{"user_preferences": 5}, {"metadata": {}}])
def test_preferences_without_a_shape_are_unreadable(broken: dict) -> None:
    document = envelope(entry(change(value(user_preferences=[STOP]) | broken, "user_preferences")))
    assert isinstance(_only(body(document)), UnreadableItem)


def test_a_changed_number_is_read_from_a_message_of_the_system() -> None:
    told = {"type": "user_changed_number", "wa_id": "33711112222", "user_id": "FR.2", "previous_user_id": "FR.1"}
    item = _only(messages(messages=[inbound(kind="system", from_user_id=None, system=told)]))
    assert isinstance(item, InboundItem)
    assert item.renamed is not None
    assert (item.from_wa_id, item.renamed.wa_id) == ("33612345678", "33711112222")
    assert (item.renamed.previous_user_id, item.renamed.user_id) == ("FR.1", "FR.2")


@pytest.mark.parametrize(
    "system", [{"type": "customer_identity_changed"}, {"type": 5}, "changed", None, {"wa_id": "1"}]
)
def test_any_other_message_of_the_system_changes_nobodys_number(system: Any) -> None:
    item = _only(messages(messages=[inbound(kind="system", system=system)]))
    assert isinstance(item, InboundItem)
    assert item.renamed is None
    assert _only(messages(messages=[inbound(system={"type": "user_changed_number", "wa_id": "1"})])).renamed is None
