"""Event types made of definitions: what is read at the door, how it is written, and what is kept."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.core.database import Database
from app.core.ids import new_id
from app.events.catalogue import catalogue
from app.events.event_type import Occurrence
from app.events.own import OwnPayload, build
from app.events.schemas import EXAMPLE, EXAMPLE_NAME, EventTypeDefinition
from app.events.service import EventTypes
from app.messages.bodies import adapter_of

MONEY = {
    "type": "object",
    "additionalProperties": False,
    "required": ["amount", "currency"],
    "properties": {"amount": {"type": "integer"}, "currency": {"type": "string"}},
}
PROPERTIES: dict[str, Any] = {
    "code": {"type": ["string", "integer"]},
    "total": MONEY,
    "day": {"type": "string", "format": "date"},
    "at": {"type": "string", "format": "date-time"},
    "weight": {"type": "number"},
    "share": {"type": "number"},
    "names": {"type": "array", "items": {"type": ["string", "integer"]}},
    "state": {"enum": ["new", "old"]},
    "url": {"type": "string"},
    "deep": {
        "type": "object",
        "additionalProperties": False,
        "properties": {"a/b": {"type": "string"}},
        "required": ["a/b"],
    },
}
DATA: dict[str, Any] = {
    "code": 1001,
    "total": {"amount": 129990, "currency": "TRY"},
    "day": "2026-11-24",
    "at": "2026-11-24T11:30:00Z",
    "weight": 1234.5,
    "share": 12.5,
    "names": ["elma", "armut", 3, "ayva"],
    "state": "old",
    "url": "https://shop.example/x",
    "deep": {"a/b": "iç"},
}
PARAMETERS: dict[str, Any] = {
    "name": {"source": "contact.name", "otherwise": {"tr": "misafirimiz", "en": "dear  guest"}},
    "code": {"source": "/code"},
    "total": {"source": "/total", "format": "money"},
    "day": {"source": "/day", "format": "date"},
    "at": {"source": "/at", "format": "date_time"},
    "hour": {"source": "/at", "format": "time"},
    "weight": {"source": "/weight", "format": "number"},
    "share": {"source": "/share", "format": "percent"},
    "names": {"source": "/names", "format": "list"},
    "state": {
        "source": "/state",
        "format": "choice",
        "labels": {"tr": {"new": "yeni", "old": "eski"}, "en": {"new": "new", "old": "old"}},
    },
    "deep": {"source": "/deep/a~1b"},
}
DEFINITION = EventTypeDefinition.model_validate(
    {
        **EXAMPLE,
        "payload_schema": {
            "type": "object",
            "additionalProperties": False,
            "required": [*PROPERTIES],
            "properties": PROPERTIES,
        },
        "parameters": PARAMETERS,
        "buttons": [{"kind": "link", "source": "/url", "label": {"tr": "Bak", "en": "See"}}],
    }
)
EVENT_TYPE = build("x-everything", DEFINITION)


def filled(data: dict[str, Any], language: str, name: str | None = "Ayşe") -> dict[str, str]:
    occurrence = Occurrence(EVENT_TYPE.payload.model_validate(data), language, name, "Europe/Istanbul")
    return dict(EVENT_TYPE.fill(occurrence).texts)


def test_values_are_written_for_a_turkish_reader() -> None:
    assert filled(DATA, "tr") == {
        "name": "Ayşe",
        "code": "1001",
        "total": "1.299,90 ₺",
        "day": "24 Kasım 2026 Salı",
        "at": "24 Kasım 2026 Salı, 14:30",
        "hour": "14:30",
        "weight": "1.234,5",
        "share": "%12,5",
        "names": "elma, armut ve 2 tane daha",
        "state": "eski",
        "deep": "iç",
    }


def test_values_are_written_for_an_english_reader() -> None:
    texts = filled(DATA, "en_GB", None)
    assert texts["name"] == "dear guest"
    assert (texts["total"], texts["weight"], texts["share"]) == ("TRY 1,299.90", "1,234.5", "12.5%")
    assert (texts["names"], texts["state"]) == ("elma, armut and 2 more", "old")


def test_a_language_without_words_gets_english_ones() -> None:
    assert filled(DATA, "de")["state"] == "old"


def test_links_and_pointers() -> None:
    assert EVENT_TYPE.fill(Occurrence(EVENT_TYPE.payload.model_validate(DATA), "tr", None, "UTC")).links == [
        DATA["url"]
    ]
    assert [link.source for link in EVENT_TYPE.links] == ["#/data/url"]
    assert EVENT_TYPE.parameters["deep"].source == "#/data/deep/a~1b"
    assert EVENT_TYPE.parameters["name"].source == "#/contact/name"


def test_the_name_is_found_again_in_the_texts_that_were_filled() -> None:
    assert EVENT_TYPE.customer_name(filled(DATA, "tr")) == "Ayşe"
    for language in ("tr", "en"):
        assert EVENT_TYPE.customer_name(filled(DATA, language, None)) is None


def test_an_optional_value_that_is_missing_or_null_is_said_otherwise() -> None:
    event_type = build(EXAMPLE_NAME, EventTypeDefinition.model_validate(EXAMPLE))
    data = {key: value for key, value in EXAMPLE["examples"]["tr"]["data"].items() if key != "note"}
    for language, said in (("tr", "yok"), ("en", "none"), ("de", "none")):
        occurrence = Occurrence(event_type.payload.model_validate(data), language, None, "UTC")
        assert event_type.fill(occurrence).texts["note"] == said


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        ({"total": {"amount": 1, "currency": "XQQ"}}, "value_error", ("total", "currency")),
        ({"total": {"amount": 1, "currency": "XXX"}}, "value_error", ("total", "currency")),
        ({"total": {"amount": 1, "currency": "XTS"}}, "value_error", ("total", "currency")),
        ({"total": {"amount": -1, "currency": "TRY"}}, "greater_than_equal", ("total", "amount")),
        ({"day": "0001-01-01"}, "value_error", ("day",)),
        ({"at": "9999-12-31T23:59:59Z"}, "outside_the_calendar", ("at",)),
        ({"code": " "}, "string_too_short", ("code",)),
        ({"weight": 1e16}, "less_than_equal", ("weight",)),
        ({"share": -(10**30)}, "greater_than_equal", ("share",)),
        ({"names": []}, "too_short", ("names",)),
        ({"names": ["a", ""]}, "string_too_short", ("names", 1)),
        ({"url": "javascript:alert(1)"}, "string_pattern_mismatch", ("url",)),
        ({"deep": {"a/b": "\x07"}}, "control_characters", ("deep", "a/b")),
    ],
)
def test_what_a_schema_cannot_say_is_refused_at_the_door_too(
    change: dict[str, Any], code: str, place: tuple[Any, ...]
) -> None:
    with pytest.raises(ValidationError) as refused:
        EVENT_TYPE.payload.model_validate({**DATA, **change})
    assert [(one["type"], one["loc"]) for one in refused.value.errors()] == [(code, place)]


def test_a_body_shows_its_own_faults_beside_those_of_its_data() -> None:
    body = {"contact": {"phone": "+905321112233"}, "data": {**DATA, "state": "used", "more": 1}, "colour": "red"}
    with pytest.raises(ValidationError) as refused:
        adapter_of(EVENT_TYPE).validate_json(orjson.dumps(body))
    assert {(one["type"], one["loc"]) for one in refused.value.errors()} == {
        ("enum", ("data", "state")),
        ("additional_properties", ("data", "more")),
        ("extra_forbidden", ("colour",)),
    }


def test_data_is_kept_as_it_was_given() -> None:
    given = {**DATA, "code": "  7 ", "names": ["b", "a"]}
    body = adapter_of(EVENT_TYPE).validate_json(orjson.dumps({"contact": {"phone": "+905321112233"}, "data": given}))
    assert isinstance(body.data, OwnPayload)
    assert orjson.loads(body.data.model_dump_json()) == given
    again = EVENT_TYPE.payload.model_validate_json(body.data.model_dump_json())
    assert again.values == body.data.values


@pytest.mark.parametrize(
    ("share", "written"),
    [
        (-0.0, "%0"),
        (-1e-9, "%0"),
        (0.1 + 0.2, "%0,3"),
        (100, "%100"),
        (1e-300, "%0"),
        (10**15, "%1.000.000.000.000.000"),
    ],
)
def test_percentages_have_the_digits_that_were_meant(share: float, written: str) -> None:
    assert filled({**DATA, "share": share}, "tr")["share"] == written


@pytest.mark.parametrize(
    ("weight", "written"),
    [(-0.0, "0"), (-0.0004, "0"), (-0.001, "-0,001"), (0.1 + 0.2, "0,3"), (10**15, "1.000.000.000.000.000")],
)
def test_nought_has_no_sign(weight: float, written: str) -> None:
    assert filled({**DATA, "weight": weight}, "tr")["weight"] == written


ANY_NUMBER = st.integers(-(10**40), 10**40) | st.floats()
ANY_TEXT = st.text(max_size=8) | st.sampled_from(["TRY", "JPY", "new", "2026-11-24", "https://shop.example/x"])
ANY_MOMENT = st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat()) | ANY_TEXT


@given(
    st.fixed_dictionaries(
        {
            "code": ANY_TEXT | ANY_NUMBER,
            "total": st.fixed_dictionaries({"amount": ANY_NUMBER, "currency": st.sampled_from(["TRY", "JPY", "XQQ"])}),
            "day": st.dates().map(str) | ANY_TEXT,
            "at": ANY_MOMENT,
            "weight": ANY_NUMBER,
            "share": ANY_NUMBER,
            "names": st.lists(ANY_TEXT | ANY_NUMBER, max_size=5),
            "state": st.sampled_from(["new", "old", "used"]),
            "url": ANY_TEXT,
        }
    ),
    st.lists(st.sampled_from(sorted(DATA)), min_size=1, max_size=3),
)
def test_what_the_door_takes_can_be_written(drawn: dict[str, Any], places: list[str]) -> None:
    """A value is refused, or has its text in every language; nothing is left to fail when the message is made."""
    data = {**DATA, **{place: drawn[place] for place in places if place in drawn}}
    refused: set[Any] = set()
    try:
        EVENT_TYPE.payload.model_validate(data)
    except ValidationError as error:
        refused = {one["loc"][0] for one in error.errors()}
    assert refused <= {*places}
    if refused:
        return
    for language in ("tr", "en", "ar"):
        texts = filled(data, language)
        assert all(texts[name] for name in PARAMETERS)


async def test_the_catalogues_types_are_found_without_a_database() -> None:
    event_types = EventTypes(Database("postgresql://nobody@127.0.0.1:1/nothing", pool_size=1))
    for name, event_type in catalogue().items():
        assert await event_types.find(new_id(), name) is event_type
    assert await event_types.find(new_id(), "no-such-event") is None
    with pytest.raises(OSError, match="Connect"):
        await event_types.find(new_id(), EXAMPLE_NAME)
