"""Meta's webhook bodies, taken apart so that one unreadable item spoils no other.

Source: Meta's pages "Webhooks" and "messages webhook reference". Every level is decoded by itself and whatever does
not fit is handed out as its raw bytes: Meta adds fields and types without notice, and sends no webhook twice for us.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Raw

from app.whatsapp.webhook_items import (
    EMPTY,
    AccountItem,
    AccountUpdate,
    Capability,
    CapabilityItem,
    Change,
    Customer,
    Entry,
    Envelope,
    Inbound,
    InboundItem,
    Item,
    MessagesValue,
    NumberItem,
    NumberQuality,
    OtherItem,
    Part,
    PreferenceItem,
    PreferencesValue,
    Status,
    StatusCore,
    StatusItem,
    System,
    TemplateCategory,
    TemplateComponents,
    TemplateDetection,
    TemplateItem,
    TemplateQuality,
    TemplateStatus,
    TemplateStatusCore,
    TemplateUpdate,
    UnreadableItem,
    UserPreference,
)

_EPOCH_MIN = 1_262_304_000  # 2010, before WhatsApp Business
_EPOCH_MAX = 4_102_444_800  # 2100

_envelope = msgspec.json.Decoder(Envelope)
_entry = msgspec.json.Decoder(Entry)
_change = msgspec.json.Decoder(Change)
_messages = msgspec.json.Decoder(MessagesValue)
_list = msgspec.json.Decoder(list[Raw])
_status = msgspec.json.Decoder(Status)
_status_core = msgspec.json.Decoder(StatusCore)
_inbound = msgspec.json.Decoder(Inbound)
_customers = msgspec.json.Decoder(list[Customer])
_system = msgspec.json.Decoder(System)
_preferences = msgspec.json.Decoder(PreferencesValue)
_preference = msgspec.json.Decoder(UserPreference)
_template_status = msgspec.json.Decoder(TemplateStatus)
_template_status_core = msgspec.json.Decoder(TemplateStatusCore)
_OF_TEMPLATES: dict[str, Callable[[Raw], TemplateUpdate]] = {
    "message_template_quality_update": msgspec.json.Decoder(TemplateQuality).decode,
    "message_template_components_update": msgspec.json.Decoder(TemplateComponents).decode,
    "template_category_update": msgspec.json.Decoder(TemplateCategory).decode,
    "template_correct_category_detection": msgspec.json.Decoder(TemplateDetection).decode,
}
FIELDS_TAKEN = frozenset(
    {
        "messages",
        "user_preferences",
        "message_template_status_update",
        *_OF_TEMPLATES,
        "phone_number_quality_update",
        "business_capability_update",
        "account_update",
    }
)
"""Those of which something is made; whatever else an app subscribes to is kept and no more."""

_number_quality = msgspec.json.Decoder(NumberQuality)
_capability = msgspec.json.Decoder(Capability)
_account_update = msgspec.json.Decoder(AccountUpdate)

_KNOWN_STATUSES = frozenset({"sent", "delivered", "read", "failed"})

# Broken UTF-8 is found only where a text is read, endless nesting where it is skipped; neither is a DecodeError.
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


_TEXT_MOST = 512
"""Characters of an id or name: Meta's have at most some 250."""

_DEPTH_MOST = 64
"""Of a status: Meta's have four. What is nested without end could be stored, but never shown."""

_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


def _depth(raw: bytes) -> int:
    if raw.count(b"[") + raw.count(b"{") <= _DEPTH_MOST:
        return 0
    depth = deepest = 0
    for letter in _STRINGS.sub(b"", raw):
        if letter in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif letter in b"]}":
            depth -= 1
    return deepest


def _require_storable(raw: bytes, *texts: str | None) -> None:
    """Refuses what no text column takes: it would cost everything that it arrived with."""
    raw.decode()
    for text in texts:
        if text and ("\x00" in text or len(text) > _TEXT_MOST):
            raise msgspec.ValidationError("holds NUL, or a text longer than an index takes")


_ESCAPES = re.compile(rb"(\\u[dD][89abAB]..\\u[dD][c-fC-F]..)|(\\u[dD][89a-fA-F]..)|\\.", re.DOTALL)
"""Pairs of surrogates, halves of such pairs, and all other escapes, so that none is taken for the end of another."""


def _read_envelope(body: bytes) -> Envelope:
    """Half an emoji, as a phone may cut it, is no JSON text; it must not cost everything that it arrived with."""
    try:
        return _envelope.decode(body)
    except msgspec.DecodeError:
        return _envelope.decode(_ESCAPES.sub(lambda found: rb"\ufffd" if found[2] else found[0], body))


def take_apart(body: bytes) -> Iterator[Item]:
    """Every item of a webhook body, in its order. Raises nothing: an unreadable body is one unreadable item."""
    try:
        envelope = _read_envelope(body)
    except _UNREADABLE as error:
        yield UnreadableItem(None, None, None, str(error), "body", body)
        return
    for raw in envelope.entry:
        try:
            entry = _entry.decode(raw)
            waba_id = str(entry.id)
            _require_storable(b"", waba_id)
        except _UNREADABLE as error:
            yield UnreadableItem(None, None, None, str(error), "entry", bytes(raw))
            continue
        for change in entry.changes:
            yield from _take_change(waba_id, _moment(entry.time), change)


def _take_change(waba_id: str, at: datetime | None, raw: Raw) -> Iterator[Item]:
    try:
        change = _change.decode(raw)
        _require_storable(b"", change.field)
    except _UNREADABLE as error:
        yield UnreadableItem(None, waba_id, None, str(error), "change", bytes(raw))
        return
    match change.field:
        case "messages":
            yield from _take_messages(waba_id, raw, change.value)
        case "user_preferences":
            yield from _take_preferences(waba_id, raw, change.value)
        case _:
            try:
                yield _read_change(change, waba_id, at, bytes(raw))
            except _UNREADABLE as error:
                yield UnreadableItem(change.field, waba_id, None, str(error), "change", bytes(raw))


def _read_change(change: Change, waba_id: str, at: datetime | None, raw: bytes) -> Item:
    """Raises what an unreadable value raises."""
    match change.field:
        case "message_template_status_update":
            return _template_item(change.field, waba_id, _read_template_status(change.value), at, raw)
        case field if field in _OF_TEMPLATES:
            return _template_item(field, waba_id, _OF_TEMPLATES[field](change.value), at, raw)
        case "phone_number_quality_update":
            number = _number_quality.decode(change.value)
            _require_storable(raw, number.display_phone_number)
            return NumberItem(waba_id, number, raw)
        case "business_capability_update":
            return CapabilityItem(waba_id, _capability.decode(change.value), raw)
        case "account_update":
            account = _account_update.decode(change.value)
            kinds = (one.restriction_type for one in account.restriction_info)
            violation = account.violation_info.violation_type if account.violation_info else None
            _require_storable(raw, account.event, violation, *kinds)
            return AccountItem(waba_id, account, at, raw)
        case _:
            return OtherItem(change.field, waba_id, None, "change", raw)


def _read_template_status(raw: Raw) -> TemplateStatus:
    try:
        return _template_status.decode(raw)
    except msgspec.ValidationError:
        core = _template_status_core.decode(raw)
        return TemplateStatus(**msgspec.structs.asdict(core))


def _template_item(field: str, waba_id: str, update: TemplateUpdate, at: datetime | None, raw: bytes) -> TemplateItem:
    _require_storable(b"", *_texts(update))
    return TemplateItem(field, waba_id, update, at, raw)


def _texts(update: msgspec.Struct) -> Iterator[str]:
    for value in msgspec.structs.astuple(update):
        if isinstance(value, str):
            yield value
        elif isinstance(value, msgspec.Struct):
            yield from _texts(value)


def _take_messages(waba_id: str, raw_change: Raw, raw: Raw) -> Iterator[Item]:
    try:
        value = _messages.decode(raw)
        number = value.metadata.phone_number_id
        _require_storable(b"", number)
    except _UNREADABLE as error:
        yield UnreadableItem("messages", waba_id, None, str(error), "change", bytes(raw_change))
        return
    statuses, messages = _rows(value.statuses), _rows(value.messages)
    for status in statuses or ():
        yield _read_status(waba_id, number, status)
    for message in messages or ():
        yield _read_inbound(waba_id, number, message, value.contacts)
    if statuses is None or messages is None:
        reason = "statuses or messages are no list"
        yield UnreadableItem("messages", waba_id, number, reason, "change", bytes(raw_change))
    elif bytes(value.errors) != bytes(EMPTY) or not (statuses or messages):
        yield OtherItem("messages", waba_id, number, "change", bytes(raw_change))


def _rows(raw: Raw) -> list[Raw] | None:
    try:
        return _list.decode(raw)
    except _UNREADABLE:
        return None


def _read_status(waba_id: str, number: str, part: Raw) -> Item:
    raw = bytes(part)
    try:
        status = _decode_status(raw)
        pricing = status.pricing.category if status.pricing else None
        names = (status.recipient_id, status.recipient_user_id, status.recipient_parent_user_id)
        _require_storable(raw, status.id, *names, pricing)
        if _depth(raw) > _DEPTH_MOST:
            raise msgspec.ValidationError("is nested too deep")
    except _UNREADABLE as error:
        return UnreadableItem("messages", waba_id, number, str(error), "status", raw)
    at = _moment(status.timestamp)
    if at is None:
        return UnreadableItem("messages", waba_id, number, "timestamp out of range", "status", raw)
    if status.status not in _KNOWN_STATUSES:
        return OtherItem("messages", waba_id, number, "status", raw)
    return StatusItem(
        number,
        status.id,
        status.status,  # type: ignore[arg-type] # checked against the known ones
        at,
        status.biz_opaque_callback_data,
        status.recipient_id,
        status.recipient_user_id,
        status.pricing,
        status.errors,
        raw,
        status.recipient_parent_user_id,
    )


def _decode_status(raw: bytes) -> Status:
    try:
        return _status.decode(raw)
    except msgspec.ValidationError:
        core = _status_core.decode(raw)
        return Status(core.id, core.status, core.timestamp, biz_opaque_callback_data=core.biz_opaque_callback_data)


def _read_inbound(waba_id: str, number: str, raw: Raw, contacts: Raw) -> Item:
    try:
        message = _inbound.decode(raw)
        context = message.context.id if message.context else None
        who = _sender_of(message, contacts)
        _require_storable(bytes(raw), message.id, message.type, who.wa_id, who.user_id, who.parent_user_id, context)
        renamed = _renamed(message)
    except _UNREADABLE as error:
        return UnreadableItem("messages", waba_id, number, str(error), "message", bytes(raw))
    at = _moment(message.timestamp)
    if at is None:
        return UnreadableItem("messages", waba_id, number, "timestamp out of range", "message", bytes(raw))
    return InboundItem(
        number,
        message.id,
        message.type,
        at,
        who.wa_id,
        who.user_id,
        context,
        bytes(raw),
        bytes(contacts) or None,
        who.parent_user_id,
        renamed,
    )


def _sender_of(message: Inbound, contacts: Raw) -> Customer:
    """What the message itself does not say, the contact beside it may, where it surely is the same customer."""
    who = Customer(message.from_ or None, message.from_user_id or None, message.from_parent_user_id or None)
    return _completed(who, contacts)


def _completed(who: Customer, contacts: Raw) -> Customer:
    for one in _beside(contacts):
        if (who.wa_id and one.wa_id == who.wa_id) or (who.user_id and one.user_id == who.user_id):
            return Customer(
                who.wa_id or one.wa_id or None,
                who.user_id or one.user_id or None,
                who.parent_user_id or one.parent_user_id or None,
            )
    return who


def _beside(contacts: Raw) -> list[Customer]:
    try:
        return _customers.decode(contacts) if bytes(contacts) else []
    except _UNREADABLE:
        return []


_RENAMING = frozenset({"user_changed_number", "customer_changed_number", "user_changed_user_id"})


def _renamed(message: Inbound) -> System | None:
    """Raises what an unreadable text raises; a shape of another year is no more than a message."""
    if message.type != "system":
        return None
    try:
        system = _system.decode(message.system)
    except _UNREADABLE:
        return None
    if system.type not in _RENAMING:
        return None
    _require_storable(b"", *msgspec.structs.astuple(system))
    return system


def _take_preferences(waba_id: str, raw_change: Raw, raw: Raw) -> Iterator[Item]:
    """Each row by itself; one that cannot be used keeps the whole change, which can be taken again as often as one
    likes."""
    kept = bytes(raw_change)
    try:
        value = _preferences.decode(raw)
        number = value.metadata.phone_number_id
        _require_storable(b"", number)
    except _UNREADABLE as error:
        yield UnreadableItem("user_preferences", waba_id, None, str(error), "change", kept)
        return
    for row in value.user_preferences:
        try:
            preference = _preference.decode(row)
            who = _completed(Customer(preference.wa_id, preference.user_id, preference.parent_user_id), value.contacts)
            _require_storable(kept, who.wa_id, who.user_id, who.parent_user_id)
            at = _moment(preference.timestamp)
            if at is None:
                raise msgspec.ValidationError("timestamp out of range")
        except _UNREADABLE as error:
            yield UnreadableItem("user_preferences", waba_id, number, str(error), "change", kept)
            continue
        match preference.category, preference.value:
            case "marketing_messages", ("stop" | "resume") as said:
                yield PreferenceItem(waba_id, number, said, at, who.wa_id, who.user_id, who.parent_user_id, kept)
            case _:
                yield OtherItem("user_preferences", waba_id, number, "change", kept)


def body_of(part: Part, raw: bytes, waba_id: str | None, phone_number_id: str | None) -> bytes:
    """A webhook body that holds just this part, so that what could not be used once can be taken again."""
    waba = msgspec.json.encode(waba_id or "")
    match part:
        case "body":
            return raw
        case "entry":
            change = None
        case "change":
            change = raw
        case "status" | "message":
            items = b'"statuses"' if part == "status" else b'"messages"'
            number = msgspec.json.encode({"phone_number_id": phone_number_id or ""})
            change = b'{"field":"messages","value":{"metadata":%b,%b:[%b]}}' % (number, items, raw)
    entry = raw if change is None else b'{"id":%b,"changes":[%b]}' % (waba, change)
    return b'{"object":"whatsapp_business_account","entry":[%b]}' % entry


def _moment(timestamp: Any) -> datetime | None:
    """Unix seconds, as a number or as a string; nothing where that makes no sense."""
    try:
        seconds = int(timestamp)
    except (TypeError, ValueError, OverflowError):
        return None
    return datetime.fromtimestamp(seconds, UTC) if _EPOCH_MIN <= seconds < _EPOCH_MAX else None
