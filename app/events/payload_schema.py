"""The JSON Schema of a business's own payload: what such a schema may say, and what does not fit it.

A schema comes from outside and is asked about every event, so it is bounded: patterns are matched in linear time,
nothing is fetched, references neither leave the document nor come back to themselves, and what they unfold to has a
limit.
"""

import json
import math
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
PATTERNS_MOST = 100
FAULTS_MOST = 50
"""Of one document: a list may hold the same mistake a thousand times."""

_PATTERN_SIZE = 100_000
"""Bytes that a compiled pattern may take: counted repetitions inside each other multiply."""

_ONE = (
    "additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then", "unevaluatedItems",
    "unevaluatedProperties",
)  # fmt: skip
_SEVERAL = ("allOf", "anyOf", "oneOf", "prefixItems")
_NAMED = ("$defs", "dependentSchemas", "patternProperties", "properties")
_PLAIN = (
    "$comment", "$ref", "$schema", "const", "default", "dependentRequired", "deprecated", "description", "enum",
    "examples", "exclusiveMaximum", "exclusiveMinimum", "format", "maxContains", "maxItems", "maxLength",
    "maxProperties", "maximum", "minContains", "minItems", "minLength", "minProperties", "minimum", "multipleOf",
    "pattern", "required", "title", "type", "uniqueItems",
)  # fmt: skip
_KEYWORDS = frozenset((*_ONE, *_SEVERAL, *_NAMED, *_PLAIN))

_CLOSED_BELOW = ("items", "prefixItems", "properties", "$defs")
"""Where a schema describes a value by itself; elsewhere it only adds to another one, and must not close the object."""

_REFERENCE = "#/$defs/"

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
        return _compiled(self._schema)

    def faults(self, document: object) -> list[Fault]:
        """Everything that keeps a document from fitting."""
        found = list(islice(unstorable(document), FAULTS_MOST))
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
            schema = {**_referred(self._schema, schema["$ref"]), **beside}
        return schema

    def types(self, schema: Schema) -> frozenset[str]:
        """JSON types that a value may be of; none where the schema leaves that open."""
        return _types(self.resolve(schema))


def unstorable(document: object, place: Place = ()) -> Iterator[Fault]:
    """What no person types and no database column takes, and numbers that are none."""
    match document:
        case str():
            try:
                no_control_characters(document)
            except ValueError as error:
                yield Fault(place, "control_characters", str(error))
        case float() if not math.isfinite(document):
            yield Fault(place, "finite_number", "must be a finite number")
        case Mapping():
            for name, value in document.items():
                yield from (Fault((*place, name), one.code, one.message) for one in unstorable(name))
                yield from unstorable(value, (*place, name))
        case list():
            for index, value in enumerate(document):
                yield from unstorable(value, (*place, index))


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
    except RecursionError as error:
        return [Fault(("$defs",), "recursive_ref", str(error))]
    if unfolded > UNFOLDED_MOST:
        return [Fault((), "too_complex", f"may unfold to at most {UNFOLDED_MOST} schemas")]
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
            return  # true or false
        if depth > DEPTH_MOST:
            yield Fault(place, "too_deep", f"at most {DEPTH_MOST} schemas may stand inside each other")
            return
        yield from self._own_faults(schema, place, describes=describes)
        for keyword, name, inner in _children(schema):
            below = (*place, keyword) if name is None else (*place, keyword, name)
            inside = describes and keyword in _CLOSED_BELOW
            yield from self._inspect(inner, below, describes=inside, depth=depth + 1)

    def _own_faults(self, schema: Schema, place: Place, *, describes: bool) -> Iterator[Fault]:
        for keyword in schema:
            if keyword not in _KEYWORDS or (keyword == "$schema" and place):
                yield Fault((*place, keyword), "unknown_keyword", "is not a keyword that is understood here")
        if describes and "object" in _types(schema) and schema.get("additionalProperties") is not False:
            yield Fault(
                (*place, "additionalProperties"), "open_object", "must be false: unknown fields of an event are refused"
            )
        reference = schema.get("$ref")
        if reference is not None and not reference.startswith(_REFERENCE):
            yield Fault((*place, "$ref"), "remote_ref", f"must begin with {_REFERENCE}")
        elif reference is not None and _referred(self._root, reference) is _NOTHING:
            yield Fault((*place, "$ref"), "unknown_ref", "refers to nothing in $defs")
        yield from self._pattern_faults(schema, place)
        if "format" in schema and not _compiles({"format": schema["format"]}):
            yield Fault((*place, "format"), "unknown_format", "is not a format of JSON Schema")

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


def _compiles(schema: Schema) -> bool:
    try:
        _compiled(schema)
    except ValidationError:
        return False
    return True


class _Unfolding:
    """How many schemas there are when every reference is written out."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._sizes: dict[str, int | None] = {}
        """By reference; nothing while it is being counted."""

    def size(self, schema: object) -> int:
        """Raises RecursionError for a reference that leads to itself."""
        if not isinstance(schema, Mapping):
            return 1
        inner = sum(self.size(one) for keyword, _, one in _children(schema) if keyword != "$defs")
        unused = sum(self.size(one) for keyword, _, one in _children(schema) if keyword == "$defs")
        return 1 + inner + unused + (self._of_reference(schema["$ref"]) if "$ref" in schema else 0)

    def _of_reference(self, reference: str) -> int:
        if reference not in self._sizes:
            self._sizes[reference] = None
            self._sizes[reference] = self.size(_referred(self._root, reference))
        size = self._sizes[reference]
        if size is None:
            raise RecursionError(f"{reference} refers to itself: an event's payload has an end")
        return size


def _children(schema: Schema) -> Iterator[tuple[str, int | str | None, object]]:
    """Keyword, name or number, and schema of everything directly inside."""
    for keyword in _ONE:
        if keyword in schema:
            yield keyword, None, schema[keyword]
    for keyword in _SEVERAL:
        yield from ((keyword, index, one) for index, one in enumerate(schema.get(keyword, ())))
    for keyword in _NAMED:
        yield from ((keyword, name, one) for name, one in schema.get(keyword, {}).items())


_NOTHING: Schema = {}


def _referred(root: Schema, reference: str) -> Schema:
    name = reference.removeprefix(_REFERENCE).replace("~1", "/").replace("~0", "~")
    found = root.get("$defs", {}).get(name, _NOTHING)
    return found if isinstance(found, Mapping) else _NOTHING


_JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}


def _types(schema: Schema) -> frozenset[str]:
    """Declared, or those of the only values that are allowed."""
    declared = schema.get("type")
    if declared is not None:
        return frozenset([declared] if isinstance(declared, str) else declared)
    only = [schema["const"]] if "const" in schema else schema.get("enum", [])
    return frozenset(_JSON_TYPES.get(type(value), "null") for value in only)


def _faults_of(error: ValidationError) -> list[Fault]:
    """As faults of the catalogue's payloads look: at the missing or unknown field itself, one for each."""
    place = tuple(error.instance_path)
    match error.kind:
        case ValidationErrorKind.Required(missing):
            return [Fault((*place, missing), "required", "is required")]
        case ValidationErrorKind.AdditionalProperties(unknown) | ValidationErrorKind.UnevaluatedProperties(unknown):
            return [Fault((*place, name), "additional_properties", "is not a field of this event") for name in unknown]
    return [Fault(place, _code(error.kind), error.message)]


def _code(kind: ValidationErrorKind) -> str:
    """The keyword in snake case: `maxLength` is `max_length`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind.name)
