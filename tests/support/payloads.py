"""Strategies for payloads of an event type: drawn from its JSON Schema, so that a new type needs none of its own."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

LINKS = "https://shop.example/"
LINES = st.characters(exclude_categories=["Cs", "Cc"])
_MOMENTS = st.datetimes().map(lambda moment: moment.isoformat() + "Z") | st.sampled_from(
    ["1970-01-01T00:00:00+14:00", "2999-12-31T23:59:59-12:00", "2026-03-29T02:30:00+03:00"]
)

_ODD = st.sampled_from(["", " ", "Europe/Istanbul", "a\tb\nc     d", "{{customer_name}}", "*_~`", "I\u0307ı"])


def payloads(schema: dict[str, Any], examples: Sequence[Mapping[str, Any]]) -> st.SearchStrategy[Any]:
    """An example as it is, or with a few of its fields drawn anew, or left out; seldom one that is drawn altogether,
    since what must go together in a payload rarely does by chance. Which ones are valid is for the model to say."""
    definitions = schema.get("$defs", {})
    drawn = {name: _of(one, definitions) for name, one in schema["properties"].items()}

    @st.composite
    def changed(draw: st.DrawFn) -> dict[str, Any]:
        names = draw(st.sets(st.sampled_from(sorted(drawn)), max_size=3))
        fresh = {name: draw(st.just(_LEFT_OUT) | drawn[name] | drawn[name]) for name in sorted(names)}
        return {
            name: value
            for name, value in {**draw(st.sampled_from(examples)), **fresh}.items()
            if value is not _LEFT_OUT
        }

    return st.sampled_from(examples) | changed() | changed() | changed() | _of(schema, definitions)


_LEFT_OUT = object()


def _of(schema: dict[str, Any], definitions: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return _of(definitions[schema["$ref"].rsplit("/", maxsplit=1)[1]], definitions)
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum", [schema.get("const")]))
    if union := schema.get("anyOf", schema.get("oneOf")):
        return st.one_of([_of(one, definitions) for one in union])
    return _BY_TYPE[schema["type"]](schema, definitions)


def _array(schema: dict[str, Any], definitions: dict[str, Any]) -> st.SearchStrategy[Any]:
    least = schema.get("minItems", 0)
    most = min(schema.get("maxItems", 8), least + 12)
    return st.lists(_of(schema["items"], definitions), min_size=least, max_size=most)


def _object(schema: dict[str, Any], definitions: dict[str, Any]) -> st.SearchStrategy[Any]:
    values = {name: _of(one, definitions) for name, one in schema.get("properties", {}).items()}
    required = {name: values.pop(name) for name in schema.get("required", [])}
    return st.fixed_dictionaries(required, optional=values)


def _string(schema: dict[str, Any], _: dict[str, Any]) -> st.SearchStrategy[str]:
    match schema.get("format"):
        case "date-time":
            return _MOMENTS
        case "date":
            return st.dates().map(lambda day: day.isoformat())
        case "time":
            return st.times().map(lambda time: time.isoformat())
    longest = schema.get("maxLength", 300)
    pattern = schema.get("pattern", "")
    if pattern.startswith("^http"):
        return st.text(LINES, max_size=longest).map(lambda rest: LINKS + rest) | st.from_regex(pattern, fullmatch=True)
    if pattern:
        examples = schema.get("examples")
        drawn = st.from_regex(pattern, fullmatch=True)
        return st.sampled_from(examples) | st.sampled_from(examples) | drawn if examples else drawn
    # The longest are what makes a text too long; the short ones are what people write.
    return st.text(LINES, max_size=40) | st.text(LINES, min_size=longest, max_size=longest) | _ODD


_BY_TYPE: dict[str, Callable[[dict[str, Any], dict[str, Any]], st.SearchStrategy[Any]]] = {
    "object": _object,
    "array": _array,
    "string": _string,
    "integer": lambda schema, _: st.integers(schema.get("minimum", -(10**15)), schema.get("maximum", 10**15)),
    "number": lambda schema, _: st.floats(schema.get("minimum", -1e9), schema.get("maximum", 1e9), allow_nan=False),
    "boolean": lambda *_: st.booleans(),
    "null": lambda *_: st.none(),
}
