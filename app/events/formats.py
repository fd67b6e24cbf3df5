"""How a value of a business's own payload is written into a template: what it must be, and how a reader expects it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias, cast

from pydantic import BeforeValidator, Field, TypeAdapter

from app.events import formatting
from app.events.event_type import Occurrence
from app.events.fields import CustomerRequest, Day, Document, Image, Line, Link, Location, Moment
from app.events.formatting import Money
from app.events.payload_schema import PayloadSchema, Schema, only_values
from app.templates.definition import MediaFormat

FormatName: TypeAlias = Literal["text", "money", "date", "date_time", "time", "number", "percent", "list", "choice"]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a value must be."""

    wanted: str
    """What the schema must say of the value, for people."""
    fits: Callable[[PayloadSchema, Schema], bool]
    """Whether the schema says it."""
    reader: TypeAdapter[Any]
    """Reads the value at the door: a schema cannot say all that is needed to write it."""


@dataclass(frozen=True, slots=True)
class Format(Shape):
    write: Callable[[Any, Occurrence[Any]], str]


def _of_types(*types: str, format: str | None = None) -> Callable[[PayloadSchema, Schema], bool]:  # noqa: A002 - the keyword
    def fits(payload: PayloadSchema, schema: Schema) -> bool:
        found = payload.types(schema)
        return bool(found) and found <= {*types} and (format is None or schema.get("format") == format)

    return fits


def _is_list(payload: PayloadSchema, schema: Schema) -> bool:
    items = schema.get("items")
    if payload.types(schema) != {"array"} or "prefixItems" in schema or not isinstance(items, Mapping):
        return False
    return _TEXT(payload, payload.resolve(items))


def _is_choice(payload: PayloadSchema, schema: Schema) -> bool:
    return payload.types(schema) == {"string"} and bool(choices(schema))


def choices(schema: Schema) -> list[str]:
    """The words among which a value is chosen."""
    return [value for value in only_values(schema) if isinstance(value, str)]


def _is_object(required: Mapping[str, tuple[str, ...]], optional: Mapping[str, tuple[str, ...]] | None = None) -> Any:
    """An object of no other fields than these, each of its types."""

    def fits(payload: PayloadSchema, schema: Schema) -> bool:
        properties = schema.get("properties", {})
        known = {**required, **(optional or {})}
        return (
            payload.types(schema) == {"object"}
            and bool(properties)
            and set(properties) <= set(known)
            and set(required) <= set(schema.get("required", ()))
            and set(required) <= set(properties)
            and all(_of_types(*known[name])(payload, payload.resolve(one)) for name, one in properties.items())
        )

    return fits


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) else value


_Word = Annotated[Line, BeforeValidator(_as_text)]

_NUMBER_MOST = 10**15
_Number = Annotated[Decimal, Field(ge=-_NUMBER_MOST, le=_NUMBER_MOST)]
"""Beyond it a number is no longer one that a reader takes in, and has more digits than the formatting reckons with."""


_DIGITS_MOST, _PERCENT_DIGITS_MOST = 3, 6


def _rounded(value: Decimal | int, digits: int) -> Decimal:
    """Without digits that only a binary fraction has, and without the sign that nought may have."""
    return round(Decimal(value), digits).normalize() + 0


_TEXT = _of_types("string", "integer")
_NUMBER = _of_types("integer", "number")

WRITTEN: Mapping[str, Format] = {
    "text": Format("a string or an integer", _TEXT, TypeAdapter(_Word), lambda value, _: str(value)),
    "money": Format(
        "an object of `amount` (integer, in minor units) and `currency` (string), both required",
        _is_object({"amount": ("integer",), "currency": ("string",)}),
        TypeAdapter(Money),
        lambda value, event: formatting.money(value, event.language),
    ),
    "date": Format(
        "a string of the format date",
        _of_types("string", format="date"),
        TypeAdapter(Day),
        lambda value, event: formatting.day(value, event.language),
    ),
    "date_time": Format(
        "a string of the format date-time",
        _of_types("string", format="date-time"),
        TypeAdapter(Moment),
        lambda value, event: formatting.date_time(value, event.time_zone, event.language, event.reader_zone),
    ),
    "time": Format(
        "a string of the format date-time",
        _of_types("string", format="date-time"),
        TypeAdapter(Moment),
        lambda value, event: formatting.clock_time(value, event.time_zone, event.language, event.reader_zone),
    ),
    "number": Format(
        "a number",
        _NUMBER,
        TypeAdapter(_Number),
        lambda value, event: formatting.number(_rounded(value, _DIGITS_MOST), event.language),
    ),
    "percent": Format(
        "a number, of a hundred",
        _NUMBER,
        TypeAdapter(_Number),
        lambda value, event: formatting.percentage(_rounded(value, _PERCENT_DIGITS_MOST), event.language),
    ),
    "list": Format(
        "an array of strings or integers",
        _is_list,
        TypeAdapter(Annotated[list[_Word], Field(min_length=1)]),
        lambda value, event: formatting.listing(value, event.language),
    ),
}
"""Formats by name, the catalogue's too, but for the choice, which is written by its labels."""

FORMATS: Mapping[FormatName, Shape] = {
    "choice": Shape("a string with an enum", _is_choice, TypeAdapter(str)),
    **cast("Mapping[FormatName, Shape]", WRITTEN),
}

LINK = Shape("a string", _of_types("string"), TypeAdapter(Link))

_MEDIUM = {"link": ("string",), "id": ("string",), "media": ("string",)}

MEDIA: Mapping[MediaFormat, Shape] = {
    "IMAGE": Shape(
        "an object of `link`, `id` or `media` (strings)",
        _is_object({}, _MEDIUM),
        TypeAdapter(Image),
    ),
    "DOCUMENT": Shape(
        "an object of `link`, `id` or `media`, and `filename`, which is required (strings)",
        _is_object({"filename": ("string",)}, _MEDIUM),
        TypeAdapter(Document),
    ),
    "LOCATION": Shape(
        "an object of `latitude` and `longitude` (numbers), `name` and `address` (strings), all required",
        _is_object(
            {
                "latitude": ("number", "integer"),
                "longitude": ("number", "integer"),
                "name": ("string",),
                "address": ("string",),
            }
        ),
        TypeAdapter(Location),
    ),
}

REQUEST = Shape(
    "an object of `requested_at`, `channel`, `wording` and `evidence` (strings), all required",
    _is_object(dict.fromkeys(CustomerRequest.model_fields, ("string",))),
    TypeAdapter(CustomerRequest),
)
"""That the customer asked for this very message, which a promotional one must prove."""
