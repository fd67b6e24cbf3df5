"""Meta's webhooks with anything in them: nothing is raised, nothing vanishes, and garbage costs only itself."""

import copy
import json
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from app.whatsapp.signatures import parse_signature, sign, verify
from app.whatsapp.webhook_items import InboundItem, OtherItem, StatusItem, TemplateItem, UnreadableItem
from app.whatsapp.webhooks import body_of, take_apart
from tests.unit.whatsapp.bodies import body, change, entry, envelope, inbound, status, value

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=10) | st.sampled_from(["\x00", "a\x00b"])
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
_NAMES = (
    "object entry changes id time field value metadata phone_number_id statuses messages contacts errors status "
    "timestamp type from context pricing event code"
)
keys = texts | st.sampled_from(_NAMES.split())
documents = st.recursive(
    scalars | st.sampled_from(["messages", "sent", "1795400000", 1795400000]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=30,
)

# A value that no part of a webhook can be taken for.
garbage = (
    scalars | st.lists(scalars, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "ş"]), scalars, max_size=2)
)


def _valid() -> dict[str, Any]:
    """Two entries with two changes each, of three statuses and two replies; every item with an id of its own."""
    counter = iter(range(1000))

    def messages() -> dict[str, Any]:
        return change(
            value(
                statuses=[status(f"wamid.{next(counter)}") for _ in range(3)],
                messages=[inbound(f"wamid.{next(counter)}") for _ in range(2)],
            )
        )

    return envelope(entry(messages(), messages()), entry(messages(), messages()))


VALID = _valid()


def _rows(document: Any) -> set[str]:
    """Ids of all items below."""
    if isinstance(document, dict):
        own = {document["id"]} if str(document.get("id", "")).startswith("wamid") else set()
        return own.union(*map(_rows, document.values()))
    return set().union(*map(_rows, document)) if isinstance(document, list) else set()


def _read(raw: bytes) -> set[str]:
    return {item.wamid for item in take_apart(raw) if isinstance(item, StatusItem | InboundItem)}


_PLACES = [
    *[("entry", e) for e in range(2)],
    *[("entry", e, "changes", c) for e in range(2) for c in range(2)],
    *[("entry", e, "changes", c, "value") for e in range(2) for c in range(2)],
    *[("entry", e, "changes", c, "value", "statuses") for e in range(2) for c in range(2)],
    *[("entry", e, "changes", c, "value", "messages") for e in range(2) for c in range(2)],
    *[("entry", e, "changes", c, "value", "statuses", s) for e in range(2) for c in range(2) for s in range(3)],
    *[("entry", e, "changes", c, "value", "messages", m) for e in range(2) for c in range(2) for m in range(2)],
]  # fmt: skip
_BESIDE = [
    *[("entry", e, "time") for e in range(2)],
    *[("entry", e, "changes", 1, "value", key) for e in range(2) for key in ("contacts", "errors", "x")],
    *[("entry", 0, "changes", 0, "value", "statuses", s, key) for s in range(3) for key in ("pricing", "errors", "y")],
]  # fmt: skip


def _at(document: Any, place: tuple) -> Any:
    for part in place:
        document = document[part]
    return document


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(_PLACES), garbage, min_size=1, max_size=6))
def test_garbage_in_place_of_a_part_costs_only_that_part(spoilt: dict[tuple, Any]) -> None:
    document = copy.deepcopy(VALID)
    lost: set[str] = set()
    for place, rubbish in sorted(spoilt.items(), key=lambda each: -len(each[0])):
        lost |= _rows(_at(VALID, place))
        _at(document, place[:-1])[place[-1]] = rubbish
    assert _read(body(document)) == _rows(VALID) - lost


@given(st.dictionaries(st.sampled_from(_BESIDE), garbage, min_size=1, max_size=6))
def test_garbage_beside_the_parts_that_matter_costs_nothing(spoilt: dict[tuple, Any]) -> None:
    document = copy.deepcopy(VALID)
    for place, rubbish in spoilt.items():
        _at(document, place[:-1])[place[-1]] = rubbish
    assert _read(body(document)) == _rows(VALID)


@given(st.lists(st.tuples(st.integers(0, 10), garbage), max_size=5), st.integers(0, 3))
def test_garbage_between_items_costs_nothing(inserted: list[tuple[int, Any]], which: int) -> None:
    document = copy.deepcopy(VALID)
    rows = _at(document, ("entry", which // 2, "changes", which % 2, "value", "statuses"))
    for place, rubbish in inserted:
        rows.insert(place, rubbish)
    raw = body(document)
    assert _read(raw) == _rows(VALID)
    assert sum(isinstance(item, UnreadableItem) for item in take_apart(raw)) == len(inserted)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_one_unreadable_item(raw: bytes) -> None:
    items = list(take_apart(raw))
    assert [(type(item), item.raw) for item in items] == [(UnreadableItem, raw)]


@settings(max_examples=300)
@given(documents | st.builds(envelope, documents, documents) | st.builds(envelope, st.builds(entry, documents)))
def test_arbitrary_json_raises_nothing(document: Any) -> None:
    _check_items(body(document))


@settings(max_examples=300)
@given(st.lists(documents, max_size=3), st.lists(documents, max_size=3), documents, documents)
def test_arbitrary_items_raise_nothing_and_none_vanishes(
    statuses: list, replies: list, contacts: Any, time: Any
) -> None:
    parts = {"statuses": statuses, "messages": replies, "contacts": contacts}
    items = _check_items(body(envelope(entry(change(value(**parts)), time=time))))
    assert len(items) == max(1, len(statuses) + len(replies))


@settings(max_examples=300)
@given(
    st.sampled_from([status(), inbound()]), st.dictionaries(keys, documents, max_size=4), st.sampled_from([False, True])
)
def test_an_item_with_anything_in_its_fields_is_one_item(item: dict, changes: dict, twice: bool) -> None:  # noqa: FBT001
    kind = "statuses" if "status" in item else "messages"
    rows = [item | changes] * (1 + twice)
    assert len(_check_items(body(envelope(entry(change(value(**{kind: rows}))))))) == len(rows)


@settings(max_examples=300)
@given(st.integers(0, len(body(VALID))), st.binary(min_size=1, max_size=4), st.integers(0, 4))
def test_a_body_with_some_bytes_changed_raises_nothing(place: int, more: bytes, less: int) -> None:
    raw = body(VALID)
    _check_items(raw[:place] + more + raw[place + less :])


@given(st.sampled_from([status(), inbound()]), st.data())
def test_no_text_that_becomes_a_column_holds_nul(item: dict, data: st.DataObject) -> None:
    kind = "statuses" if "status" in item else "messages"
    place = data.draw(st.sampled_from([key for key in item if isinstance(item[key], str)]))
    _check_items(body(envelope(entry(change(value(**{kind: [item | {place: "a\x00b"}]}))))))


def _check_items(raw: bytes) -> list:
    """What every item must be good for: storing it, or keeping it and taking it again."""
    items = list(take_apart(raw))
    assert items or not _changes(raw)
    for item in items:
        match item:
            case StatusItem() | InboundItem() | TemplateItem():
                item.raw.decode()
                assert "\x00" not in "".join(text for text in _columns(item) if text)
            case OtherItem() | UnreadableItem():
                assert "\x00" not in "".join(filter(None, [item.field, item.waba_id, item.phone_number_id]))
                again = list(take_apart(body_of(item.part, item.raw, item.waba_id, item.phone_number_id)))
                assert item.raw in [one.raw for one in again]
    return items


def _changes(raw: bytes) -> list:
    return [change for entry in json.loads(raw)["entry"] for change in entry["changes"]]


def _columns(item: StatusItem | InboundItem | TemplateItem) -> list[str | None]:
    match item:
        case StatusItem():
            category = item.pricing.category if item.pricing else None
            return [item.phone_number_id, item.wamid, item.recipient_id, item.recipient_user_id, category]
        case InboundItem():
            about = [item.phone_number_id, item.wamid, item.type]
            return [*about, item.from_wa_id, item.from_user_id, item.context_wamid]
        case TemplateItem():
            told = msgspec.structs.asdict(item.update).values()
            return [item.waba_id, item.field, *(one for one in told if isinstance(one, str))]


@given(st.binary(max_size=200), st.binary(max_size=64))
def test_a_signature_holds_for_its_body_and_secret(raw: bytes, secret: bytes) -> None:
    signature = parse_signature(sign(raw, secret).encode())
    assert signature is not None
    assert verify(raw, signature, secret)


@given(st.binary(max_size=200), st.binary(max_size=200), st.binary(min_size=1, max_size=64))
def test_a_signature_holds_for_no_other_body(raw: bytes, other: bytes, secret: bytes) -> None:
    signature = parse_signature(sign(raw, secret).encode())
    assert signature is not None
    assert verify(other, signature, secret) is (raw == other)


@given(st.binary(max_size=80))
def test_arbitrary_headers_are_no_signatures(header: bytes) -> None:
    assert parse_signature(header) is None
