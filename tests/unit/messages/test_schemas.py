"""Bodies of events: what every event has besides its data."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from app.events.catalogue import catalogue
from app.messages.bodies import adapter_of
from tests.support.world import order_confirmed

ADAPTER = adapter_of(catalogue()["order-confirmed"])


def _taken(**changes: Any) -> Any:
    return ADAPTER.validate_json(json.dumps(order_confirmed(**changes)))


def _places(**changes: Any) -> list[tuple]:
    with pytest.raises(ValidationError) as error:
        _taken(**changes)
    return [item["loc"] for item in error.value.errors()]


def test_an_event_needs_only_contact_and_data() -> None:
    body = _taken()
    assert body.contact.phone == "+905321112233"
    assert body.data.order_number == "A-1001"
    assert (body.sender, body.send_at, body.expires_at, body.metadata) == (None, None, None, None)


@pytest.mark.parametrize("missing", ["contact", "data"])
def test_contact_and_data_are_needed(missing: str) -> None:
    body = order_confirmed()
    del body[missing]
    with pytest.raises(ValidationError):
        ADAPTER.validate_json(json.dumps(body))


@pytest.mark.parametrize("unknown", ["status", "Data", "id", "template"])
def test_unknown_fields_are_refused(unknown: str) -> None:
    assert _places(**{unknown: 1}) == [(unknown,)]


@pytest.mark.parametrize(
    ("send_at", "expires_at"),
    [
        (None, None),
        ("2026-12-01T10:00:00+03:00", None),
        (None, "2026-12-01T10:00:00Z"),
        ("2026-12-01T10:00:00+03:00", "2026-12-01T10:00:00Z"),
        ("2026-12-01T10:00:00Z", "2026-12-01T10:00:01Z"),
    ],
)
def test_a_message_may_leave_before_it_expires(send_at: str | None, expires_at: str | None) -> None:
    body = _taken(send_at=send_at, expires_at=expires_at)
    assert (body.send_at is None) is (send_at is None)


@pytest.mark.parametrize(
    ("send_at", "expires_at"),
    [
        ("2026-12-01T10:00:00Z", "2026-12-01T10:00:00Z"),
        ("2026-12-01T10:00:00Z", "2026-12-01T09:59:59Z"),
        ("2026-12-01T10:00:00Z", "2026-12-01T12:00:00+03:00"),
    ],
)
def test_a_message_that_would_expire_before_it_leaves_is_refused(send_at: str, expires_at: str) -> None:
    assert _places(send_at=send_at, expires_at=expires_at) == [("expires_at",)]


@pytest.mark.parametrize("field", ["send_at", "expires_at"])
@pytest.mark.parametrize(
    "moment",
    [
        "2026-12-01T10:00:00",
        "2026-12-01",
        "tomorrow",
        "",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59Z",
        "+10000-01-01T00:00:00Z",
    ],
)
def test_a_moment_without_zone_or_sense_is_refused(field: str, moment: str) -> None:
    assert _places(**{field: moment}) == [(field,)]


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"a": ""},
        {"a" * 40: "b" * 500},
        {f"k{number}": "v" for number in range(20)},
        {"İ": "ı 🙂"},
    ],
)
def test_metadata_is_taken_within_its_limits(metadata: dict[str, str]) -> None:
    assert _taken(metadata=metadata).metadata == metadata


@pytest.mark.parametrize(
    "metadata",
    [
        {"": "x"},
        {" ": "x"},
        {"a" * 41: "x"},
        {"a": "b" * 501},
        {"a": 1},
        {"a": None},
        {"a": {"b": "c"}},
        {"a": "\x00"},
        {"a\x00": "b"},
        {f"k{number}": "v" for number in range(21)},
        [],
        "text",
    ],
    ids=ascii,
)
def test_metadata_beyond_its_limits_is_refused(metadata: object) -> None:
    assert _places(metadata=metadata)[0][0] == "metadata"


@pytest.mark.parametrize("field", ["reference", "supersedes"])
@pytest.mark.parametrize("text", ["", " ", "a" * 121, "a\nb", "\x00", 7])
def test_references_are_short_lines(field: str, text: object) -> None:
    assert _places(**{field: text}) == [(field,)]


@pytest.mark.parametrize("field", ["reference", "supersedes"])
def test_a_reference_is_taken_without_the_space_around_it(field: str) -> None:
    assert getattr(_taken(**{field: "  order-1001 "}), field) == "order-1001"


@pytest.mark.parametrize(
    "sender", ["", "snd_", "snd_" + "A" * 32, "msg_" + "a" * 32, "snd_" + "a" * 33, "snd_" + "g" * 32]
)
def test_a_sender_is_named_by_its_id(sender: str) -> None:
    assert _places(sender=sender) == [("sender",)]
    assert _taken(sender="snd_" + "a" * 32).sender == "snd_" + "a" * 32


@pytest.mark.parametrize(
    "changes", [{"reference": "\ud800"}, {"metadata": {"a": "\udfff"}}, {"metadata": {"\ud800": "a"}}]
)
def test_a_lone_surrogate_makes_the_body_malformed(changes: dict) -> None:
    with pytest.raises(ValidationError) as error:
        _taken(**changes)
    assert [item["type"] for item in error.value.errors()] == ["json_invalid"]


def test_all_faults_are_told_at_once() -> None:
    places = _places(contact={"phone": 7}, data={"order_number": ""}, sender="x", more=1)
    assert {place[0] for place in places} == {"contact", "data", "sender", "more"}
