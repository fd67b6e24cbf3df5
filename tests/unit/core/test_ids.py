"""Public ids: one spelling, and only that."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.core.ids import created_at, new_id, parse_id, public_id

_ID = UUID("019a8f3c-2b7d-7c31-a4e5-f60718293a4b")
_SPELT = "msg_019a8f3c2b7d7c31a4e5f60718293a4b"


def test_an_id_is_printed_with_its_kind_and_read_back() -> None:
    assert public_id("msg", _ID) == _SPELT
    assert parse_id("msg", _SPELT) == _ID


@pytest.mark.parametrize(
    "text",
    [
        _SPELT.upper(),
        "msg_" + _SPELT.removeprefix("msg_").upper(),
        f"msg_{_ID}",
        f"msg_{{{_ID.hex[2:]}}}",
        _SPELT + " ",
        " " + _SPELT,
        _SPELT + "\n",
        _SPELT[:-1],
        _SPELT + "0",
        "msg" + _ID.hex,
        "snd_" + _ID.hex,
        "_" + _ID.hex,
        "msg__" + _ID.hex[1:],
        "msg_+" + _ID.hex[1:],
        "msg_" + _ID.hex[:-1] + "g",
        "msg_" + _ID.hex[:-1] + "٣",
        "msg_" + _ID.hex[:-1] + "²",
        "msg_0x" + _ID.hex[2:],
        "msg_" + "1_" * 16,
        "msg_",
        "",
    ],
)
def test_any_other_spelling_is_no_id(text: str) -> None:
    assert parse_id("msg", text) is None


def test_new_ids_sort_by_creation() -> None:
    made = [new_id() for _ in range(200)]
    assert made == sorted(made)
    assert len(set(made)) == 200
    assert {each.version for each in made} == {7}


def test_an_id_tells_when_it_was_made() -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    assert before <= created_at(new_id()) <= datetime.now(UTC)
