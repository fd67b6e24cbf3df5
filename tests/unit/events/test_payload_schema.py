"""JSON Schemas from outside: what is refused of them, and what they refuse, in the catalogue's words."""

from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events.payload_schema import (
    DEPTH_MOST,
    FAULTS_MOST,
    NAME_MOST,
    NESTED_MOST,
    PATTERNS_MOST,
    REFERENCES_MOST,
    SIZE_MOST,
    TEXT_MOST,
    VALUES_MOST,
    PayloadSchema,
    schema_faults,
)


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties}


def found(schema: dict[str, Any]) -> list[tuple[str, str]]:
    return [(fault.code, "/".join(str(part) for part in fault.place)) for fault in schema_faults(schema)]


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "array", "maxItems": 2, "items": schema}
    return closed(a=schema)


def deep(depth: int) -> list[Any]:
    document: list[Any] = []
    for _ in range(depth):
        document = [document]
    return document


def doubling(times: int) -> dict[str, Any]:
    """Short to write, and of 2 to the power of `times` schemas when it is written out."""
    definitions: dict[str, Any] = {
        f"d{number}": {"type": "string", "allOf": [{"$ref": f"#/$defs/d{number + 1}"}] * 2} for number in range(times)
    }
    return closed(a={"$ref": "#/$defs/d0"}) | {"$defs": {**definitions, f"d{times}": {"type": "string"}}}


def chain(length: int) -> dict[str, Any]:
    """References that lead to each other, and to an end."""
    definitions: dict[str, Any] = {f"d{number}": {"$ref": f"#/$defs/d{number + 1}"} for number in range(1, length)}
    return closed(a={"$ref": "#/$defs/d1"}) | {"$defs": {**definitions, f"d{length}": {"type": "string"}}}


@pytest.mark.parametrize(
    "schema",
    [
        closed(),
        closed(a={"type": "string", "pattern": "^[A-ZÇĞİÖŞÜ]{1,20}$", "maxLength": 20}),
        closed(a={"$ref": "#/$defs/name"}) | {"$defs": {"name": {"type": "string"}}},
        closed(a={"$ref": "#/$defs/na-me_1.x"}) | {"$defs": {"na-me_1.x": {"type": "string"}}},
        closed(a={"$ref": "#/$defs/never"}) | {"$defs": {"never": False}},
        closed(a={"anyOf": [{"type": "string"}, {"type": "array", "maxItems": 2, "items": False}]}),
        closed(a={"type": "array", "maxItems": 900, "items": {"type": "string", "format": "date"}}),
        closed(a={"type": "array", "maxItems": 50, "items": {"enum": [*range(1000)]}}),
        chain(REFERENCES_MOST),
        closed(a=closed(b={"type": ["string", "null"]}))
        | {"$schema": "https://json-schema.org/draft/2020-12/schema", "description": "Of a parcel."},
        closed(a={"enum": ["x", "y"]}) | {"allOf": [{"required": ["a"]}, {"properties": {"a": {"minLength": 1}}}]},
        nested(DEPTH_MOST - 2),
        doubling(8),
    ],
)
def test_schemas_that_are_taken(schema: dict[str, Any]) -> None:
    assert found(schema) == []


@pytest.mark.parametrize(
    ("schema", "code", "place"),
    [
        ({"enum": ["a"]}, "object_type", "type"),
        ({"type": "array", "maxItems": 1, "items": {"type": "string"}}, "object_type", "type"),
        ({"type": "object"}, "open_object", "additionalProperties"),
        ({"type": "object", "additionalProperties": True}, "open_object", "additionalProperties"),
        (closed(a={"type": "object"}), "open_object", "properties/a/additionalProperties"),
        (
            closed(a={"type": "array", "maxItems": 1, "items": {"type": ["object", "null"]}}),
            "open_object",
            "properties/a/items/additionalProperties",
        ),
        (closed(a={"type": "strin"}), "any_of", "properties/a/type"),
        (closed(a={"type": "string", "minLength": -1}), "minimum", "properties/a/minLength"),
        (closed(a={"type": "string", "requried": ["b"]}), "unknown_keyword", "properties/a/requried"),
        (closed(a={"type": "string", "$id": "https://example.com/a"}), "unknown_keyword", "properties/a/$id"),
        (closed(a={"type": "string", "$dynamicRef": "#a"}), "unknown_keyword", "properties/a/$dynamicRef"),
        (closed() | {"$schema": "http://json-schema.org/draft-07/schema#"}, "dialect", "$schema"),
        (closed(a={"$ref": "https://example.com/schema"}), "remote_ref", "properties/a/$ref"),
        (closed(a={"$ref": "file:///etc/passwd"}), "remote_ref", "properties/a/$ref"),
        (closed(a={"$ref": "#/properties/b"}, b={"type": "string"}), "remote_ref", "properties/a/$ref"),
        (closed(a={"$ref": "#/$defs/none"}), "unknown_ref", "properties/a/$ref"),
        (closed(a={"$ref": "#/$defs/a"}) | {"$defs": {"a": {"$ref": "#/$defs/a"}}}, "recursive_ref", "$defs"),
        (
            closed()
            | {
                "$defs": {
                    "a": {"type": "string", "if": {"$ref": "#/$defs/b"}},
                    "b": {"const": 1, "not": {"$ref": "#/$defs/a"}},
                }
            },
            "recursive_ref",
            "$defs",
        ),
        (closed(a={"type": "string", "pattern": "(?=a)b"}), "regex", "properties/a/pattern"),
        (closed(a={"type": "string", "pattern": r"(a)\1"}), "regex", "properties/a/pattern"),
        (closed(a={"type": "string", "pattern": "["}), "regex", "properties/a/pattern"),
        (closed(a={"type": "string", "pattern": "^(a{1,1000}){1,1000}$"}), "regex", "properties/a/pattern"),
        (
            closed() | {"allOf": [{"maxProperties": 2, "patternProperties": {"(?!a)": {}}}]},
            "regex",
            "allOf/0/patternProperties/(?!a)",
        ),
        (closed(a={"type": "string", "format": "dat"}), "unknown_format", "properties/a/format"),
        (closed(a={"description": "x" * SIZE_MOST}), "too_large", ""),
        (nested(DEPTH_MOST), "too_deep", "properties/a" + "/items" * (DEPTH_MOST - 1)),
        (doubling(40), "too_complex", ""),
        (chain(REFERENCES_MOST + 2), "too_deep", "$defs"),
        (chain(1200), "too_deep", "$defs"),
        # references that another reader may read otherwise
        (closed(a={"$ref": "#/$defs/%41"}) | {"$defs": {"A": {"type": "string"}}}, "remote_ref", "properties/a/$ref"),
        (closed(a={"$ref": "#/$defs/a b"}) | {"$defs": {"a": {"type": "string"}}}, "remote_ref", "properties/a/$ref"),
        (closed() | {"$defs": {"%41": {"type": "string"}}}, "definition_name", "$defs/%41"),
        (closed() | {"$defs": {"a b": {"type": "string"}}}, "definition_name", "$defs/a b"),
        # what takes anything
        (closed(a=True), "type_missing", "properties/a"),
        (closed(a={}), "type_missing", "properties/a"),
        (closed(a={"properties": {"b": {"type": "string"}}}), "type_missing", "properties/a"),
        (closed(a={"allOf": [{"type": "string"}]}), "type_missing", "properties/a"),
        (closed(a={"anyOf": [{"type": "string"}, {}]}), "type_missing", "properties/a/anyOf/1"),
        (closed(a={"type": "array", "maxItems": 1}), "type_missing", "properties/a/items"),
        (closed(a={"type": "array", "maxItems": 1, "items": True}), "type_missing", "properties/a/items"),
        (
            closed() | {"maxProperties": 2, "patternProperties": {"^a": {}}},
            "type_missing",
            "patternProperties/^a",
        ),
        (closed() | {"$defs": {"a": True}}, "type_missing", "$defs/a"),
        # what has no end
        (closed(a={"type": "array", "items": {"type": "string"}}), "unbounded", "properties/a/maxItems"),
        (
            closed(a={"type": "string", "allOf": [{"items": {"enum": [1]}}]}),
            "unbounded",
            "properties/a/allOf/0/maxItems",
        ),
        (closed() | {"patternProperties": {"^a": {"type": "string"}}}, "unbounded", "maxProperties"),
        (closed() | {"allOf": [{"propertyNames": {"minLength": 2}}]}, "unbounded", "allOf/0/maxProperties"),
        (closed() | {"allOf": [{"additionalProperties": {"enum": [1]}}]}, "unbounded", "allOf/0/maxProperties"),
        # keywords that make a document's values be compared with each other's schemas without an end
        (
            closed(a={"type": "array", "maxItems": 1, "items": {"type": "string"}, "contains": {"const": 1}}),
            "unknown_keyword",
            "properties/a/contains",
        ),
        # what costs too much
        (
            closed(a={"type": "array", "maxItems": 2000, "items": {"enum": [[i] for i in range(400)]}}),
            "too_complex",
            "",
        ),
        (
            closed(a={"type": "array", "maxItems": 1000, "items": {"$ref": "#/$defs/a"}})
            | {"$defs": {"a": {"enum": [*range(200)]}}},
            "too_complex",
            "",
        ),
        (closed() | {"maxProperties": 2000, "patternProperties": {"^a": {"enum": [*range(200)]}}}, "too_complex", ""),
        (closed(a={"type": "array", "maxItems": 1000, "items": {"type": "string", "pattern": "a"}}), "too_complex", ""),
        (closed(a={"type": "string", "allOf": [{"format": "idn-hostname"}] * 1000}), "too_complex", ""),
        (closed(a={"type": "array", "maxItems": 10**400, "items": {"type": "null"}}), "too_complex", ""),
    ],
)
def test_a_fault_of_a_schema_is_named_where_it_is(schema: dict[str, Any], code: str, place: str) -> None:
    assert found(schema) == [(code, place)]


def test_patterns_are_counted() -> None:
    properties = {f"p{number}": {"type": "string", "pattern": "^a"} for number in range(PATTERNS_MOST + 1)}
    assert found(closed(**properties)) == [("too_complex", f"properties/p{PATTERNS_MOST}/pattern")]


PARCEL = PayloadSchema(
    {
        **closed(
            number={"type": "string", "minLength": 2, "maxLength": 5, "pattern": "^[A-Z]"},
            weight={"type": "number", "minimum": 0, "exclusiveMaximum": 100},
            state={"enum": ["new", "old"]},
            day={"type": "string", "format": "date"},
            items={"type": "array", "minItems": 1, "maxItems": 2, "uniqueItems": True, "items": {"type": "string"}},
            place={"$ref": "#/$defs/place"},
            any={"anyOf": [{"type": "string"}, {"type": "integer"}]},
            never=False,
        ),
        "required": ["number"],
        "dependentRequired": {"weight": ["state"]},
        "$defs": {"place": {**closed(**{"a/b~": {"type": "string"}}), "required": ["a/b~"]}},
    }
)


@pytest.mark.parametrize(
    ("data", "faults"),
    [
        ({"number": "AB"}, []),
        ({}, [("required", ("number",))]),
        (["AB"], [("type", ())]),
        ("AB", [("type", ())]),
        (None, [("type", ())]),
        ({"number": 7}, [("type", ("number",))]),
        ({"number": "A"}, [("min_length", ("number",))]),
        ({"number": "ABCDEF"}, [("max_length", ("number",))]),
        ({"number": "ab"}, [("pattern", ("number",))]),
        ({"number": "AB", "weight": -1, "state": "new"}, [("minimum", ("weight",))]),
        ({"number": "AB", "weight": 100, "state": "new"}, [("exclusive_maximum", ("weight",))]),
        ({"number": "AB", "weight": True, "state": "new"}, [("type", ("weight",))]),
        ({"number": "AB", "weight": 1}, [("required", ("state",))]),
        ({"number": "AB", "state": "used"}, [("enum", ("state",))]),
        ({"number": "AB", "day": "2026-02-30"}, [("format", ("day",))]),
        ({"number": "AB", "items": []}, [("min_items", ("items",))]),
        ({"number": "AB", "items": ["a", "b", "c"]}, [("max_items", ("items",))]),
        ({"number": "AB", "items": ["a", "a"]}, [("unique_items", ("items",))]),
        ({"number": "AB", "items": ["a", 1]}, [("type", ("items", 1))]),
        ({"number": "AB", "place": {}}, [("required", ("place", "a/b~"))]),
        ({"number": "AB", "any": []}, [("any_of", ("any",))]),
        ({"number": "AB", "never": 1}, [("false_schema", ("never",))]),
        ({"number": "AB", "x": 1, "y": 2}, [("additional_properties", ("x",)), ("additional_properties", ("y",))]),
        ({"number": "A\x00"}, [("control_characters", ("number",))]),
        ({"number": "A\n"}, [("control_characters", ("number",))]),
        ({"number": "AB", "items": ["a", "\x85"]}, [("control_characters", ("items", 1))]),
        ({"number": "AB", "\x1b": 1}, [("control_characters", ("\x1b",))]),
        ({"number": "AB", "weight": float("nan")}, [("finite_number", ("weight",))]),
        ({"number": "AB", "weight": float("inf")}, [("finite_number", ("weight",))]),
    ],
)
def test_what_does_not_fit_is_named_by_keyword_and_place(data: Any, faults: list[tuple[str, tuple[Any, ...]]]) -> None:
    assert [(one.code, one.place) for one in PARCEL.faults(data)] == faults


def test_messages_do_not_tell_what_was_given() -> None:
    secret = "Kurban"
    for data in ({"number": secret}, {"number": "AB", "state": secret}, {"number": "AB", "any": [secret]}):
        (fault,) = PARCEL.faults(data)
        assert fault.message
        assert secret not in fault.message


def test_the_same_mistake_a_thousand_times_is_not_told_a_thousand_times() -> None:
    data = {f"x{number}": "\x00" for number in range(1000)}
    assert len(PARCEL.faults(data)) == FAULTS_MOST
    assert len(PARCEL.faults(dict.fromkeys(data, 1))) == FAULTS_MOST


def test_a_long_text_meets_a_greedy_pattern_and_is_only_read_once() -> None:
    schema = PayloadSchema(closed(a={"type": "string", "pattern": "^(a+)+$"}))
    assert [one.code for one in schema.faults({"a": "a" * (TEXT_MOST - 1) + "b"})] == ["pattern"]


@pytest.mark.parametrize(
    ("document", "code", "place"),
    [
        ({"number": "A" * (TEXT_MOST + 1)}, "too_long", ("number",)),
        ({"x" * (NAME_MOST + 1): 1}, "too_long", ()),
        ({"items": ["a"] * VALUES_MOST}, "too_large", ()),
        (deep(5000), "too_deep", (0,) * NESTED_MOST),
    ],
)
def test_what_is_too_much_to_be_looked_at_is_refused_before(document: Any, code: str, place: tuple[Any, ...]) -> None:
    assert [(one.code, one.place) for one in PARCEL.faults(document)] == [(code, place)]


def test_what_a_limit_forbids_is_not_looked_at() -> None:
    """A validator names every broken keyword, and would go on to all items of a list that is too long."""
    schema = PayloadSchema(
        closed(
            list={"type": "array", "maxItems": 2, "uniqueItems": True, "items": {"enum": ["a"]}},
            text={"type": "string", "maxLength": 2, "pattern": "^a"},
            day={"type": "string", "maxLength": 10, "format": "date"},
        )
        | {"maxProperties": 2, "patternProperties": {"^x": {"type": "string"}}}
    )
    assert [one.code for one in schema.faults({"list": ["b"] * 3})] == ["max_items"]
    assert [one.code for one in schema.faults({"list": ["b"] * 2})] == ["unique_items", "enum", "enum"]
    assert [one.code for one in schema.faults({"text": "bbb"})] == ["max_length"]
    assert [one.code for one in schema.faults({"text": "b"})] == ["pattern"]
    assert [one.code for one in schema.faults({"day": "2026-11-24T"})] == ["max_length"]
    assert [one.code for one in schema.faults({"day": "2026-11-32"})] == ["format"]
    assert [one.code for one in schema.faults({"x1": 1, "x2": 2, "y": 3})] == ["max_properties"]
    assert [one.code for one in schema.faults({"x1": 1, "y": 3})] == ["type", "additional_properties"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["number", "weight", "state", "items", "place", "any", "x"])
LIKELY = st.sampled_from(["AB", "A", "new", 5, 5.5, ["a"], {"a/b~": "c"}, None])


@given(VALUES | st.dictionaries(NAMES, VALUES | LIKELY, max_size=5))
def test_it_refuses_what_another_validator_refuses_and_nothing_else(document: Any) -> None:
    """Where no text holds control characters, which only ours looks for."""
    faults = PARCEL.faults(document)
    assert len({(one.code, one.place) for one in faults}) <= len(faults)
    if all(one.code != "control_characters" for one in faults):
        assert (faults == []) == jsonschema.Draft202012Validator(PARCEL._schema).is_valid(document)


FOUND = PayloadSchema(
    {
        **closed(
            order={"$ref": "#/$defs/order"},
            maybe={**closed(a={"type": "string"}), "type": ["object", "null"], "required": ["a"]},
            word={"enum": ["a", "b", None]},
            list={"type": "array", "items": {"type": "string"}},
        ),
        "required": ["order", "maybe", "word"],
        "$defs": {
            "order": {**closed(number={"$ref": "#/$defs/code", "maxLength": 3}, extra={}), "required": ["number"]},
            "code": {"type": "string", "maxLength": 9},
        },
    }
)


@pytest.mark.parametrize(
    ("path", "required", "types"),
    [
        (("order",), True, {"object"}),
        (("order", "number"), True, {"string"}),
        (("order", "extra"), False, set()),
        (("maybe",), False, {"object"}),
        (("maybe", "a"), False, {"string"}),
        (("word",), False, {"string"}),
        (("list",), False, {"array"}),
    ],
)
def test_a_value_is_found_through_objects_and_references(path: Any, required: bool, types: set[str]) -> None:  # noqa: FBT001
    value = FOUND.find(path)
    assert value is not None
    assert (value.is_required, FOUND.types(value.schema)) == (required, types)


def test_a_reference_is_overruled_by_what_stands_beside_it() -> None:
    value = FOUND.find(("order", "number"))
    assert value is not None
    assert value.schema["maxLength"] == 3


@pytest.mark.parametrize("path", [("none",), ("order", "none"), ("list", 0), ("list", "0"), ("word", "a")])
def test_what_the_schema_does_not_name_is_not_found(path: Any) -> None:
    assert FOUND.find(path) is None
