"""The JSON Schema of a business's own payload: what such a schema may say, and what does not fit it.

A schema comes from outside and is asked about every event, so it is bounded: patterns are matched in linear time,
nothing is fetched, references neither leave the document nor come back to themselves, and what they unfold to has a
limit, and so has the work that the largest document makes.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, TypeAlias

from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError, ValidationErrorKind

from app.consent.schemas import no_control_characters

DIALECT = "https://json-schema.org/draft/2020-12/schema"

SIZE_MOST = 64 * 1024
"""Characters of a schema."""
DEPTH_MOST = 16
"""Schemas inside each other."""
UNFOLDED_MOST = 5_000
"""Schemas, each reference counted as what it refers to: a chain of doubled references grows like a power of two."""
WORK_MOST = 100_000
"""Comparisons that the largest document may cost, about a hundredth of a second: values of an enumeration, or a text's
characters by tens where a pattern is matched and by hundreds where a format is, for each of the most items that a list
may hold."""
REFERENCES_MOST = 50
"""References that lead to each other."""
PATTERNS_MOST = 100
TEXT_MOST = 10_000
NAME_MOST = 200
"""Characters of a text and of a property's name: formats and patterns read every one."""
VALUES_MOST = 10_000
"""Of one event, lists and objects counted too."""
NESTED_MOST = 100
"""Lists and objects inside each other."""
FAULTS_MOST = 50
"""Of one document: a list may hold the same mistake a thousand times."""

_PATTERN_SIZE = 100_000
"""Bytes that a compiled pattern may take: counted repetitions inside each other multiply."""

_ONE = ("additionalProperties", "else", "if", "items", "not", "propertyNames", "then")
_SEVERAL = ("allOf", "anyOf", "oneOf", "prefixItems")
_NAMED = ("$defs", "dependentSchemas", "patternProperties", "properties")
_PLAIN = (
    "$comment", "$ref", "$schema", "const", "default", "dependentRequired", "deprecated", "description", "enum",
    "examples", "exclusiveMaximum", "exclusiveMinimum", "format", "maxItems", "maxLength",
    "maxProperties", "maximum", "minItems", "minLength", "minProperties", "minimum", "multipleOf",
    "pattern", "required", "title", "type", "uniqueItems",
)  # fmt: skip
_KEYWORDS = frozenset((*_ONE, *_SEVERAL, *_NAMED, *_PLAIN))

_CLOSED_BELOW = ("items", "patternProperties", "prefixItems", "properties", "$defs")
"""Where a schema describes a value by itself; elsewhere it only adds to another one, and must not close the object."""

_EITHER = ("anyOf", "oneOf")
"""Where each schema describes the value, if the one around them does not."""

_COMPARED = ("const", "dependentRequired", "enum", "required")

_GUARDED: Mapping[str, tuple[str, ...]] = {
    "maxItems": ("items", "prefixItems", "uniqueItems"),
    "maxProperties": ("additionalProperties", "patternProperties", "properties", "propertyNames"),
    "maxLength": ("format", "pattern"),
}
"""By limit: what is asked of each part of what it limits."""

_REFERENCE = "#/$defs/"
_REFERABLE = re.compile(r"[A-Za-z0-9_.-]+")
"""Without escapes, of which a reader may know others than we do."""

_SAYS_WHAT = ("$ref", "const", "enum", "type")

Schema: TypeAlias = Mapping[str, Any]
Place: TypeAlias = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at one place of a document."""

    place: Place
    code: str
    message: str

    def under(self, *place: int | str) -> "Fault":
        return Fault((*place, *self.place), self.code, self.message)


@dataclass(frozen=True, slots=True)
class Property:
    """What a schema says of one value."""

    schema: Schema
    is_required: bool
    """Whether it is there, and not null, in every document that fits; otherwise `schema` tells of it when it is."""


class PayloadSchema:
    """To be made of a schema without `schema_faults`."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    @cached_property
    def _validator(self) -> Draft202012Validator:
        return _compiled(_guarded(self._schema))

    def faults(self, document: object) -> list[Fault]:
        """Everything that keeps a document from fitting."""
        found = list(islice(unstorable(document, most=VALUES_MOST), FAULTS_MOST))
        if found:
            return found
        errors = islice(self._validator.iter_errors(document), FAULTS_MOST)
        return [fault for error in errors for fault in _faults_of(error)][:FAULTS_MOST]

    def find(self, path: Place) -> Property | None:
        """The value at a path through objects; nothing where the schema does not name it."""
        schema, is_required = self.resolve(self._schema), True
        for name in path:
            inner = schema.get("properties", {}).get(name)
            if not isinstance(inner, Mapping) or _types(schema) - {"null"} != {"object"}:
                return None
            is_required = is_required and name in schema.get("required", ()) and "null" not in _types(schema)
            schema = self.resolve(inner)
        types = _types(schema)
        if "null" not in types:
            return Property(schema, is_required)
        return Property({**schema, "type": sorted(types - {"null"})}, is_required=False)

    def resolve(self, schema: Schema) -> Schema:
        """With what it refers to."""
        while "$ref" in schema:
            beside = {name: value for name, value in schema.items() if name != "$ref"}
            schema = {**(_referred(self._schema, schema["$ref"]) or {}), **beside}
        return schema

    def types(self, schema: Schema) -> frozenset[str]:
        """JSON types that a value may be of; none where the schema leaves that open."""
        return _types(self.resolve(schema))


def unstorable(document: object, *, most: int = 1_000_000) -> Iterator[Fault]:
    """What no person types and no database column takes, numbers that are none, and what is too long to be read: more
    than `most` values among it."""
    level: list[tuple[Place, object]] = [((), document)]
    for _ in range(NESTED_MOST):
        most -= sum(len(value) for _, value in level if isinstance(value, Mapping | list))
        if most < 0:
            yield Fault((), "too_large", "holds too many values")
            return
        below: list[tuple[Place, object]] = []
        for place, value in level:
            if isinstance(value, Mapping):
                yield from (one.under(*place) for one in map(_name_fault, value) if one is not None)
                below += [((*place, name), one) for name, one in value.items() if len(name) <= NAME_MOST]
            elif isinstance(value, list):
                below += [((*place, index), one) for index, one in enumerate(value)]
            elif (fault := _value_fault(value)) is not None:
                yield fault.under(*place)
        if not below:
            return
        level = below
    yield Fault(level[0][0], "too_deep", f"at most {NESTED_MOST} lists and objects may stand inside each other")


def _name_fault(name: str) -> Fault | None:
    if len(name) > NAME_MOST:
        return Fault((), "too_long", f"the name of a property may have at most {NAME_MOST} characters")
    fault = _value_fault(name)
    return fault.under(name) if fault is not None else None


def _value_fault(value: object) -> Fault | None:
    if isinstance(value, str):
        if len(value) > TEXT_MOST:
            return Fault((), "too_long", f"may have at most {TEXT_MOST} characters")
        try:
            no_control_characters(value)
        except ValueError as error:
            return Fault((), "control_characters", str(error))
    elif isinstance(value, float) and not math.isfinite(value):
        return Fault((), "finite_number", "must be a finite number")
    return None


def schema_faults(schema: Schema) -> list[Fault]:
    """Why a payload cannot be described like this."""
    if len(json.dumps(schema)) > SIZE_MOST:
        return [Fault((), "too_large", f"may have at most {SIZE_MOST} characters")]
    unfit = islice(_metaschema().iter_errors(schema), FAULTS_MOST)
    if found := [Fault(tuple(error.instance_path), _code(error.kind), error.message) for error in unfit]:
        return found
    found = list(islice(_Inspection(schema).faults(), FAULTS_MOST))
    return found or _unfolding_faults(schema)


def _unfolding_faults(schema: Schema) -> list[Fault]:
    try:
        unfolded = _Unfolding(schema).size(schema)
        work = _Work(schema).size(schema) if unfolded <= UNFOLDED_MOST else 0
    except _EndlessError:
        return [Fault(("$defs",), "recursive_ref", "a reference leads to itself: an event's payload has an end")]
    except _TooFarError:
        return [Fault(("$defs",), "too_deep", f"at most {REFERENCES_MOST} references may lead to each other")]
    if unfolded > UNFOLDED_MOST:
        return [Fault((), "too_complex", f"may unfold to at most {UNFOLDED_MOST} schemas")]
    if work > WORK_MOST:
        limits = "maxItems, maxProperties, maxLength beside a pattern"
        message = (
            f"the largest event may cost {WORK_MOST} comparisons, this one {work}: lower {limits}, or shorten enums"
        )
        return [Fault((), "too_complex", message)]
    return []


def _compiled(schema: Schema) -> Draft202012Validator:
    return Draft202012Validator(
        dict(schema),
        validate_formats=True,
        ignore_unknown_formats=False,
        pattern_options=RegexOptions(size_limit=_PATTERN_SIZE),
        offline=True,
        mask="the value",  # what a customer bought does not belong into messages and logs
    )


def _guarded(schema: Any) -> Any:
    """The same, but the parts of a list, an object or a text are not looked at where there are more than allowed: a
    validator goes on to the next keyword when one is broken, and would compare a million items with the rest."""
    if not isinstance(schema, Mapping):
        return schema
    found = {keyword: _guarded_inside(keyword, value) for keyword, value in schema.items()}
    guards = []
    for limit, keywords in _GUARDED.items():
        behind = {keyword: found.pop(keyword) for keyword in keywords if limit in schema and keyword in schema}
        guards += [{"if": {limit: schema[limit]}, "then": behind}] if behind else []
    return {**found, "allOf": [*found.get("allOf", ()), *guards]} if guards else found


def _guarded_inside(keyword: str, value: Any) -> Any:
    if keyword in _ONE:
        return _guarded(value)
    if keyword in _SEVERAL:
        return [_guarded(one) for one in value]
    if keyword in _NAMED:
        return {name: _guarded(one) for name, one in value.items()}
    return value


def _metaschema() -> Draft202012Validator:
    return Draft202012Validator({"$ref": DIALECT}, offline=True)


class _Inspection:
    """A walk through every schema in a schema that is valid as such."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._patterns = 0

    def faults(self) -> Iterator[Fault]:
        if self._root.get("type") != "object":
            yield Fault(("type",), "object_type", 'must be "object"')
        if self._root.get("$schema", DIALECT) != DIALECT:
            yield Fault(("$schema",), "dialect", f"must be {DIALECT}")
        yield from self._inspect(self._root, (), describes=True, depth=1)

    def _inspect(self, schema: object, place: Place, *, describes: bool, depth: int) -> Iterator[Fault]:
        if not isinstance(schema, Mapping):
            if schema is True and describes:
                yield _says_nothing(place)
            return
        if depth > DEPTH_MOST:
            yield Fault(place, "too_deep", f"at most {DEPTH_MOST} schemas may stand inside each other")
            return
        says_what = any(keyword in schema for keyword in _SAYS_WHAT)
        if describes:
            yield from _description_faults(schema, place)
        yield from _limit_faults(schema, place)
        yield from self._own_faults(schema, place)
        for keyword, name, inner in _children(schema):
            below = (*place, keyword) if name is None else (*place, keyword, name)
            inside = describes and (keyword in _CLOSED_BELOW or (keyword in _EITHER and not says_what))
            yield from self._inspect(inner, below, describes=inside, depth=depth + 1)

    def _own_faults(self, schema: Schema, place: Place) -> Iterator[Fault]:
        for keyword in schema:
            if keyword not in _KEYWORDS or (keyword == "$schema" and place):
                yield Fault((*place, keyword), "unknown_keyword", "is not a keyword that is understood here")
        for name in schema.get("$defs", ()):
            if not _REFERABLE.fullmatch(name):
                yield Fault((*place, "$defs", name), "definition_name", "may have letters, digits and _ . - alone")
        yield from self._reference_faults(schema, place)
        yield from self._pattern_faults(schema, place)
        if "format" in schema and not _compiles({"format": schema["format"]}):
            yield Fault((*place, "format"), "unknown_format", "is not a format of JSON Schema")

    def _reference_faults(self, schema: Schema, place: Place) -> Iterator[Fault]:
        reference = schema.get("$ref")
        if reference is None:
            return
        name = reference.removeprefix(_REFERENCE)
        if not reference.startswith(_REFERENCE) or not _REFERABLE.fullmatch(name):
            message = f"must be {_REFERENCE} and a name of letters, digits and _ . -"
            yield Fault((*place, "$ref"), "remote_ref", message)
        elif _referred(self._root, reference) is None:
            yield Fault((*place, "$ref"), "unknown_ref", "refers to nothing in $defs")

    def _pattern_faults(self, schema: Schema, place: Place) -> Iterator[Fault]:
        patterns: list[tuple[Place, str]] = [((*place, "pattern"), schema["pattern"])] if "pattern" in schema else []
        named = schema.get("patternProperties", ())
        patterns += [((*place, "patternProperties", pattern), pattern) for pattern in named]
        for where, pattern in patterns:
            self._patterns += 1
            if self._patterns > PATTERNS_MOST:
                yield Fault(where, "too_complex", f"at most {PATTERNS_MOST} patterns are taken")
            elif not _compiles({"pattern": pattern}):
                message = "is no regular expression, too large, or needs looking around or back, which takes too long"
                yield Fault(where, "regex", message)


def _description_faults(schema: Schema, place: Place) -> Iterator[Fault]:
    """Why it takes values that nobody has described."""
    if not any(keyword in schema for keyword in (*_SAYS_WHAT, *_EITHER)):
        yield _says_nothing(place)
    if "object" in _types(schema) and schema.get("additionalProperties") is not False:
        message = "must be false: unknown fields of an event are refused"
        yield Fault((*place, "additionalProperties"), "open_object", message)
    if _takes_any_list(schema) and "items" not in schema:
        yield _says_nothing((*place, "items"))


def _says_nothing(place: Place) -> Fault:
    return Fault(place, "type_missing", "must say what it takes, by type, const, enum or $ref: anything is too much")


def _takes_any_list(schema: Schema) -> bool:
    return "const" not in schema and "enum" not in schema and "array" in _types(schema)


def _limit_faults(schema: Schema, place: Place) -> Iterator[Fault]:
    """Where a document decides how much there is to do."""
    has_items = _takes_any_list(schema) or "items" in schema or "uniqueItems" in schema
    if has_items and "maxItems" not in schema:
        yield Fault((*place, "maxItems"), "unbounded", "must say how many items a list holds at most")
    others = isinstance(schema.get("additionalProperties"), Mapping)
    has_properties = others or "patternProperties" in schema or "propertyNames" in schema
    if has_properties and "maxProperties" not in schema:
        yield Fault((*place, "maxProperties"), "unbounded", "must say how many properties there are at most")


def _compiles(schema: Schema) -> bool:
    try:
        _compiled(schema)
    except ValidationError:
        return False
    return True


class _EndlessError(Exception):
    pass


class _TooFarError(Exception):
    pass


class _Unfolding:
    """How many schemas there are when every reference is written out."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._sizes: dict[str, int] = {}
        self._counting: set[str] = set()

    def size(self, schema: object) -> int:
        """Raises _EndlessError for a reference that leads to itself, _TooFarError for a long way."""
        if not isinstance(schema, Mapping):
            return 1
        return 1 + sum(self.size(inner) for _, _, inner in _children(schema)) + self._of_reference(schema)

    def _of_reference(self, schema: Schema) -> int:
        reference = schema.get("$ref")
        if reference is None:
            return 0
        if reference in self._counting:
            raise _EndlessError
        if len(self._counting) == REFERENCES_MOST:
            raise _TooFarError
        if reference not in self._sizes:
            self._counting.add(reference)
            self._sizes[reference] = self.size(_referred(self._root, reference))
            self._counting.remove(reference)
        return self._sizes[reference]


class _Work(_Unfolding):
    """How much there is to compare in the largest document that fits."""

    def size(self, schema: object) -> int:
        if not isinstance(schema, Mapping):
            return 1
        items, properties = (min(schema.get(one, 1), WORK_MOST + 1) for one in ("maxItems", "maxProperties"))
        times = {"items": items, "additionalProperties": properties, "propertyNames": properties, "$defs": 0}
        times["patternProperties"] = properties
        work = 1 + sum(_nodes(schema[keyword]) for keyword in _COMPARED if keyword in schema)
        work += items * ("uniqueItems" in schema)
        length = min(schema.get("maxLength", TEXT_MOST), TEXT_MOST)
        work += length // 10 * ("pattern" in schema) + length // 100 * ("format" in schema)
        work += properties * NAME_MOST // 10 * len(schema.get("patternProperties", ()))
        for keyword, _, inner in _children(schema):
            work += self.size(inner) * times.get(keyword, 1)
        return int(work) + self._of_reference(schema)


def _nodes(value: object) -> int:
    if isinstance(value, Mapping):
        return 1 + sum(map(_nodes, value.values()))
    return 1 + sum(map(_nodes, value)) if isinstance(value, list) else 1


def _children(schema: Schema) -> Iterator[tuple[str, int | str | None, object]]:
    """Keyword, name or number, and schema of everything directly inside."""
    for keyword in _ONE:
        if keyword in schema:
            yield keyword, None, schema[keyword]
    for keyword in _SEVERAL:
        yield from ((keyword, index, one) for index, one in enumerate(schema.get(keyword, ())))
    for keyword in _NAMED:
        yield from ((keyword, name, one) for name, one in schema.get(keyword, {}).items())


def _referred(root: Schema, reference: str) -> Schema | None:
    found = root.get("$defs", {}).get(reference.removeprefix(_REFERENCE))
    if isinstance(found, bool):
        return {} if found else {"not": {}}
    return found if isinstance(found, Mapping) else None


_JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}


def _types(schema: Schema) -> frozenset[str]:
    """Declared, or those of the only values that are allowed."""
    declared = schema.get("type")
    if declared is not None:
        return frozenset([declared] if isinstance(declared, str) else declared)
    return frozenset(_JSON_TYPES.get(type(value), "null") for value in only_values(schema))


def only_values(schema: Schema) -> list[Any]:
    """Those that are allowed, where a schema counts them up."""
    return [schema["const"]] if "const" in schema else [*schema.get("enum", ())]


def _faults_of(error: ValidationError) -> list[Fault]:
    """As faults of the catalogue's payloads look: at the missing or unknown field itself, one for each."""
    place = tuple(error.instance_path)
    match error.kind:
        case ValidationErrorKind.Required(missing):
            return [Fault((*place, missing), "required", "is required")]
        case ValidationErrorKind.AdditionalProperties(unknown):
            return [Fault((*place, name), "additional_properties", "is not a field of this event") for name in unknown]
    return [Fault(place, _code(error.kind), error.message)]


def _code(kind: ValidationErrorKind) -> str:
    """The keyword in snake case: `maxLength` is `max_length`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind.name)
