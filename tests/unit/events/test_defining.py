"""Definitions of own event types: every fault at its place, and whatever is taken works."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.consent.schemas import ContactIn
from app.core.problems import BodyTooLarge, InvalidRequest
from app.events.defining import definition_faults
from app.events.own import build, build_stored
from app.events.router import DEFINITION_MOST, _read
from app.events.schemas import EXAMPLE, EXAMPLE_NAME, EventTypeDefinition
from app.messages.bodies import adapter_of, read_body
from app.templates.compiled import compile_template
from app.templates.definition import submission
from tests.support.world import BASES

REQUEST = {
    "type": "object",
    "additionalProperties": False,
    "required": ["requested_at", "channel", "wording", "evidence"],
    "properties": {
        "requested_at": {"type": "string", "format": "date-time"},
        "channel": {"enum": ["website", "app"]},
        "wording": {"type": "string"},
        "evidence": {"type": "string"},
    },
}
ASKED = {
    "requested_at": "2026-11-20T18:05:00+03:00",
    "channel": "website",
    "wording": "Masa boşalınca haber ver",
    "evidence": "wish-1",
}


def changed(*changes: tuple[str, Any]) -> dict[str, Any]:
    """The example with these values at these pointers; `...` takes one away."""
    definition = copy.deepcopy(EXAMPLE)
    for pointer, value in changes:
        *path, last = (part.replace("~1", "/") for part in pointer.removeprefix("#/").split("/"))
        inner: Any = definition
        for part in path:
            inner = inner[int(part)] if isinstance(inner, list) else inner[part]
        key: Any = int(last) if isinstance(inner, list) else last
        if value is ...:
            del inner[key]
        elif isinstance(inner, list) and key == len(inner):
            inner.append(value)
        else:
            inner[key] = value
    return definition


def promotional(**request: Any) -> dict[str, Any]:
    return changed(
        ("#/expected_category", "MARKETING"),
        ("#/topic", "marketing_tables"),
        ("#/payload_schema/properties/request", {**REQUEST, **request}),
        ("#/payload_schema/required/3", "request"),
        ("#/examples/tr/data/request", ASKED),
        ("#/examples/en/data/request", ASKED),
    )


def faults(definition: dict[str, Any]) -> list[tuple[str, str | None]]:
    try:
        read = _read(json.dumps(definition).encode())
    except InvalidRequest as problem:
        return [(one.code, one.pointer) for one in problem.errors]
    return [(one.code, one.pointer) for one in definition_faults(EXAMPLE_NAME, read, read_body)]


def test_the_example_has_no_fault() -> None:
    assert faults(EXAMPLE) == []


def test_a_promotional_type_with_the_customers_request_has_no_fault() -> None:
    assert faults(promotional()) == []
    assert faults({**promotional(), "topic": "marketing"}) == []


def test_an_example_may_have_a_turkish_number_or_no_number() -> None:
    assert faults(changed(("#/examples/tr/contact/phone", "0532 111 22 33"))) == []
    assert faults(changed(("#/examples/tr/contact", {"bsuid": "TR.13491208655302741918"}))) == []


def test_a_definition_has_an_end() -> None:
    whole = json.dumps(EXAMPLE).encode()
    assert _read(whole.ljust(DEFINITION_MOST))
    with pytest.raises(BodyTooLarge):
        _read(whole.ljust(DEFINITION_MOST + 1))


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        (("#/title", ""), "string_too_short", "#/title"),
        (("#/title", "x" * 81), "string_too_long", "#/title"),
        (("#/description", "a\x00b"), "control_characters", "#/description"),
        (("#/colour", "red"), "extra_forbidden", "#/colour"),
        (("#/topic", "*"), "string_pattern_mismatch", "#/topic"),
        (("#/topic", ...), "missing", "#/topic"),
        (("#/topic", "marketing"), "topic_of_another_kind", "#/topic"),
        (("#/priority", "high"), "literal_error", "#/priority"),
        (("#/time_to_live_seconds", 59), "greater_than_equal", "#/time_to_live_seconds"),
        (("#/time_to_live_seconds", "900"), "int_type", "#/time_to_live_seconds"),
        (("#/unconfirmed/window_seconds", "60"), "int_type", "#/unconfirmed/window_seconds"),
        (("#/unconfirmed/window_seconds", 0), "greater_than_equal", "#/unconfirmed/window_seconds"),
        (("#/unconfirmed/then", "ask"), "literal_error", "#/unconfirmed/then"),
        (("#/quiet_hours", ...), "missing", "#/quiet_hours"),
        (("#/expected_category", "AUTHENTICATION"), "literal_error", "#/expected_category"),
        (("#/wordings", {}), "too_short", "#/wordings"),
        (("#/wordings/TR", {"body": "x"}), "string_pattern_mismatch", "#/wordings/TR"),
        (("#/wordings/tr/body", "x" * 1025), "string_too_long", "#/wordings/tr/body"),
        (("#/buttons/0/label/tr", "x" * 26), "string_too_long", "#/buttons/0/label/tr"),
        (("#/buttons/0/kind", "call"), "union_tag_invalid", "#/buttons/0"),
        (("#/buttons/0/payload", ...), "missing", "#/buttons/0/payload"),
        (("#/parameters/area/source", "area"), "string_pattern_mismatch", "#/parameters/area/source"),
        (("#/parameters/area/format", "colour"), "literal_error", "#/parameters/area/format"),
        (("#/parameters/area/labels", ...), "value_error", "#/parameters/area"),
        (("#/payload_schema", []), "dict_type", "#/payload_schema"),
        (("#/payload_schema/type", "array"), "object_type", "#/payload_schema/type"),
        (("#/payload_schema/additionalProperties", ...), "open_object", "#/payload_schema/additionalProperties"),
        (
            ("#/payload_schema/properties/table/pattern", "(?<=a)b"),
            "regex",
            "#/payload_schema/properties/table/pattern",
        ),
        (
            ("#/payload_schema/properties/table/description", "\x00"),
            "control_characters",
            "#/payload_schema/properties/table/description",
        ),
        (("#/examples/tr/reference", "a\x00"), "control_characters", "#/examples/tr/reference"),
        # languages
        (("#/examples/en", ...), "language_missing", "#/examples/en"),
        (("#/examples/de", EXAMPLE["examples"]["en"]), "language_unknown", "#/examples/de"),
        (("#/buttons/1/label/en", ...), "language_missing", "#/buttons/1/label/en"),
        (("#/parameters/note/otherwise/tr", ...), "language_missing", "#/parameters/note/otherwise/tr"),
        (("#/parameters/area/labels/en", ...), "language_missing", "#/parameters/area/labels/en"),
        # placeholders
        (("#/wordings/en/body", "For {{customer_name}}: {{colour}}."), "unknown_parameter", "#/wordings/en/body"),
        (("#/wordings/en/footer", "At {{table}} now"), "malformed_placeholder", "#/wordings/en/footer"),
        (("#/wordings/en/header", "Table {{ Table }}"), "malformed_placeholder", "#/wordings/en/header"),
        (("#/parameters/unused", {"source": "/table"}), "placeholder_missing", "#/wordings/tr/body"),
        (("#/wordings/en/header", "{{table}} in {{area}}"), "variables", "#/wordings/en/header"),
        (("#/media", {"format": "IMAGE", "source": "/picture"}), "two_headers", "#/wordings/tr/header"),
        # sources
        (("#/parameters/table/source", "/seat"), "source_unknown", "#/parameters/table/source"),
        (("#/parameters/table/source", "/table/0"), "source_unknown", "#/parameters/table/source"),
        (("#/parameters/table/format", "money"), "format_unfit", "#/parameters/table/source"),
        (("#/parameters/table/format", "date"), "format_unfit", "#/parameters/table/source"),
        (("#/parameters/held_until/format", "date"), "format_unfit", "#/parameters/held_until/source"),
        (("#/parameters/customer_name/format", "number"), "format_unfit", "#/parameters/customer_name/format"),
        (("#/parameters/note/otherwise", ...), "value_optional", "#/parameters/note/source"),
        (("#/payload_schema/required", ["area", "held_until"]), "value_optional", "#/parameters/table/source"),
        (
            ("#/payload_schema/properties/table/type", ["string", "null"]),
            "value_optional",
            "#/parameters/table/source",
        ),
        (("#/parameters/area/labels/tr/hall", ...), "label_missing", "#/parameters/area/labels/tr/hall"),
        (("#/parameters/area/labels/tr/roof", "çatı"), "label_unknown", "#/parameters/area/labels/tr/roof"),
        (
            ("#/buttons/2", {"kind": "link", "source": "/url", "label": {"tr": "Bak", "en": "See"}}),
            "source_unknown",
            "#/buttons/2/source",
        ),
        # examples
        (("#/examples/tr/data/table", 12), "type", "#/examples/tr/data/table"),
        (("#/examples/tr/data/table", "x" * 11), "max_length", "#/examples/tr/data/table"),
        (("#/examples/tr/data/colour", 1), "additional_properties", "#/examples/tr/data/colour"),
        (("#/examples/tr/data/area", ...), "required", "#/examples/tr/data/area"),
        (
            ("#/examples/tr/data/held_until", "0001-01-01T00:00:00Z"),
            "outside_the_calendar",
            "#/examples/tr/data/held_until",
        ),
        (("#/examples/tr/data/table", "  "), "string_too_short", "#/examples/tr/data/table"),
        (("#/examples/tr/contact/phone", "zzz"), "phone", "#/examples/tr/contact/phone"),
        (("#/examples/tr/contact/phone", "+905"), "phone", "#/examples/tr/contact/phone"),
        (("#/examples/tr/contact", ...), "missing", "#/examples/tr/contact"),
        (("#/examples/tr/color", 1), "extra_forbidden", "#/examples/tr/color"),
    ],
)
def test_a_fault_is_named_at_its_place(change: tuple[str, Any], code: str, pointer: str) -> None:
    assert (code, pointer) in faults(changed(change))


@pytest.mark.parametrize(
    ("definition", "code", "pointer"),
    [
        (
            changed(("#/expected_category", "MARKETING"), ("#/topic", "marketing_tables")),
            "source_unknown",
            "#/payload_schema/properties/request",
        ),
        (changed(("#/topic", "marketing_tables")), "topic_of_another_kind", "#/topic"),
        (promotional(required=["channel"]), "format_unfit", "#/payload_schema/properties/request"),
        (promotional(type=["object", "null"]), "value_optional", "#/payload_schema/properties/request"),
        ({**promotional(), "priority": "critical"}, "critical_promotion", "#/priority"),
    ],
)
def test_promotion_needs_the_customers_request(definition: dict[str, Any], code: str, pointer: str) -> None:
    assert faults(definition) == [(code, pointer)]


def test_a_request_must_be_one_by_its_values_too() -> None:
    definition = promotional(properties={**REQUEST["properties"], "channel": {"type": "string"}})
    definition["examples"]["tr"]["data"]["request"] = {**ASKED, "channel": "fax"}
    assert faults(definition) == [("literal_error", "#/examples/tr/data/request/channel")]


def test_another_language_says_what_stands_for_a_name() -> None:
    in_german = json.loads(json.dumps(EXAMPLE).replace('"en":', '"de":'))
    assert faults(in_german) == [("otherwise_missing", "#/parameters/customer_name")]
    in_german["parameters"]["customer_name"]["otherwise"] = {"tr": "misafirimiz", "de": "Gast"}
    assert faults(in_german) == []


def test_an_example_that_is_too_long_for_the_template_is_pointed_to() -> None:
    definition = changed(("#/payload_schema/properties/table/maxLength", 100), ("#/examples/en/data/table", "x" * 60))
    definition["wordings"]["en"]["header"] = "Table {{table}}"
    assert faults(definition) == [("too_long", "#/examples/en/data/table")]


def test_media_of_a_definition() -> None:
    definition = changed(
        ("#/wordings/tr/header", ...),
        ("#/wordings/en/header", ...),
        ("#/media", {"format": "LOCATION", "source": "/where"}),
        ("#/payload_schema/required/3", "where"),
    )
    assert faults(definition) == [("source_unknown", "#/media/source")]
    place = {name: {"type": "number"} for name in ("latitude", "longitude")}
    place |= {name: {"type": "string"} for name in ("name", "address")}
    definition["payload_schema"]["properties"]["where"] = {
        "type": "object",
        "additionalProperties": False,
        "required": [*place],
        "properties": place,
    }
    assert ("required", "#/examples/tr/data/where") in faults(definition)
    where = {"latitude": 36.85, "longitude": 30.78, "name": "Demo", "address": "Antalya"}
    for example in definition["examples"].values():
        example["data"]["where"] = where
    assert faults(definition) == []
    event_type = build(EXAMPLE_NAME, EventTypeDefinition.model_validate(definition))
    header = event_type.fill_example("tr").header
    assert header == {"type": "location", "location": {**where, "latitude": "36.85", "longitude": "30.78"}}
    definition["examples"]["tr"]["data"]["where"] = {**where, "latitude": 91}
    assert faults(definition) == [("less_than_equal", "#/examples/tr/data/where/latitude")]


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inner for place in _places(one, (*path, key)))]


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.text(max_size=8)
    | st.sampled_from(["/table", "contact.name", "{{table}}", "string", "tr", "#/$defs/a", "date-time", "^a$"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "$ref", "properties", "en", "tr", "a", "required"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@given(st.sampled_from(_places(EXAMPLE)[1:]), JUNK)
def test_any_change_is_refused_with_places_or_leaves_a_type_that_works(place: tuple[Any, ...], junk: Any) -> None:
    definition = copy.deepcopy(EXAMPLE)
    inner: Any = definition
    for part in place[:-1]:
        inner = inner[part]
    inner[place[-1]] = junk
    found = faults(definition)
    if found:
        assert all(code and pointer is not None and pointer.startswith("#") for code, pointer in found)
        return
    stored = EventTypeDefinition.model_validate(definition).model_dump_json()
    event_type = build_stored(EXAMPLE_NAME, stored)
    for template in event_type.templates:
        body = submission(template, BASES)
        fill = event_type.fill_example(template.language)
        assert compile_template(body["components"], body["parameter_format"]).misfits(fill) == []
        example = event_type.examples[template.language]
        assert adapter_of(event_type).validate_python(example).data.model_dump() == example["data"]
        assert ContactIn.model_validate(example["contact"])


def test_a_definition_that_is_stored_reads_as_it_was_put() -> None:
    definition = EventTypeDefinition.model_validate(EXAMPLE)
    assert EventTypeDefinition.model_validate_json(definition.model_dump_json()) == definition
    kept = EventTypeDefinition.model_validate(changed(("#/payload_schema/properties/note/default", None)))
    assert "default" in kept.model_dump(mode="json")["payload_schema"]["properties"]["note"]


def test_what_is_stored_unreadably_is_an_error_to_be_handled() -> None:
    with pytest.raises(ValidationError):
        build_stored(EXAMPLE_NAME, "{}")
