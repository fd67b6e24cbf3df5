"""How a value of a payload becomes the text of a template's parameter: declared, never programmed in a type.

A format reads a value as it stands in a payload, checked by the payload's own type, and writes it for the reader.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any

from app.events import formatting
from app.events.event_type import Occurrence, Parameter
from app.events.formats import WRITTEN

Labels = Mapping[str, Mapping[str, str]]
"""By language, then by value."""


def text(path: str) -> Parameter[Any]:
    """As it stands, without a full stop at its end: the text around it has its own."""
    return _parameter(path, lambda value, event: _without_full_stop(WRITTEN["text"].write(value, event)))


def link(path: str) -> Parameter[Any]:
    """As it stands, to the last character."""
    return _parameter(path, WRITTEN["text"].write)


def money(path: str) -> Parameter[Any]:
    return _parameter(path, WRITTEN["money"].write)


def day(path: str) -> Parameter[Any]:
    """A date without a time."""
    return _parameter(path, WRITTEN["date"].write)


def moment(path: str, zone: str | None = None) -> Parameter[Any]:
    """Day and time: on the clock of the business, or of the zone that stands at `zone`, if one does."""
    return Parameter(_pointer(path), partial(_at, _reader(path), _reader(zone), formatting.date_time))


def clock_time(path: str, zone: str | None = None) -> Parameter[Any]:
    """A time whose day is clear."""
    return Parameter(_pointer(path), partial(_at, _reader(path), _reader(zone), formatting.clock_time))


def number(path: str) -> Parameter[Any]:
    return _parameter(path, WRITTEN["number"].write)


def percentage(path: str) -> Parameter[Any]:
    """Of a hundred."""
    return _parameter(path, WRITTEN["percent"].write)


def counted(path: str, forms: Labels) -> Parameter[Any]:
    """A number with its noun; `forms` by language and plural category (`one`, `other`), with `{}` for the number."""
    return _parameter(path, lambda value, event: formatting.counted(value, forms, event.language))


def listing(path: str, write: Callable[[Any], str] = str, *, most: int = 3) -> Parameter[Any]:
    """The entries of a list: of a long one the first, and how many more there are."""

    def written(value: Sequence[Any], event: Occurrence[Any]) -> str:
        return _without_full_stop(formatting.listing([write(one) for one in value], event.language, most=most))

    return _parameter(path, written)


def all_of(path: str) -> Parameter[Any]:
    """Every entry of a list, kept apart by semicolons: an entry may itself say "and"."""
    return _parameter(path, lambda value, _: "; ".join(_without_full_stop(one) for one in value))


def choice(path: str, labels: Labels) -> Parameter[Any]:
    """One of a few words, said in the reader's language."""
    return _parameter(path, lambda value, event: _label(labels, value, event))


def points(path: str) -> Parameter[Any]:
    """Of a loyalty programme."""
    return counted(path, _POINTS)


_POINTS = {"tr": {"other": "{} puan"}, "en": {"one": "{} point", "other": "{} points"}}


def channel(path: str) -> Parameter[Any]:
    """By which a customer told the business something, in the business's own words: our website, our store."""
    return choice(path, _CHANNELS)


_CHANNELS = {
    "tr": {
        "website": "web sitemiz",
        "app": "uygulamamız",
        "store": "mağazamız",
        "phone": "telefon görüşmesi",
        "email": "e-posta",
        "whatsapp": "WhatsApp",
        "sms": "SMS",
    },
    "en": {
        "website": "our website",
        "app": "our app",
        "store": "our store",
        "phone": "a phone call",
        "email": "email",
        "whatsapp": "WhatsApp",
        "sms": "text message",
    },
}


def either(path: str, first: Parameter[Any], otherwise: Mapping[str, str]) -> Parameter[Any]:
    """An optional value; where it is missing, words that say so by language: a template has no empty places."""
    read = _reader(path)

    def write(event: Occurrence[Any]) -> str:
        return first.write(event) if read(event) is not None else formatting.in_language(otherwise, event.language)

    return Parameter(_pointer(path), write)


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence with places for values: `{new_time}`, filled by its own parameters."""

    texts: Mapping[str, str]
    """By language."""
    values: Mapping[str, Parameter[Any]]


def cases(path: str, by_value: Mapping[str, Case]) -> Parameter[Any]:
    """A sentence for each value of a state, with what belongs to it: a gate, a new time."""
    read = _reader(path)
    said = {value: sentence(path, case) for value, case in by_value.items()}
    return Parameter(_pointer(path), lambda event: said[read(event)].write(event))


def sentence(path: str, case: Case) -> Parameter[Any]:
    """Several values said together; an error about any of them points to `path`."""

    def write(event: Occurrence[Any]) -> str:
        values = {name: value.write(event) for name, value in case.values.items()}
        return formatting.in_language(case.texts, event.language).format_map(values)

    return Parameter(_pointer(path), write)


def _without_full_stop(text: str) -> str:
    return text.removesuffix(".") or text


def _pointer(path: str) -> str:
    return "#/data/" + path.replace(".", "/")


def _reader(path: str | None) -> Callable[[Occurrence[Any]], Any]:
    return attrgetter(f"data.{path}") if path is not None else lambda _: None


def _parameter(path: str, write: Callable[[Any, Occurrence[Any]], str]) -> Parameter[Any]:
    read = _reader(path)
    return Parameter(_pointer(path), lambda event: write(read(event), event))


def _at(
    read: Callable[[Occurrence[Any]], Any],
    zone: Callable[[Occurrence[Any]], str | None],
    write: Callable[..., str],
    event: Occurrence[Any],
) -> str:
    return write(read(event), zone(event) or event.time_zone, event.language, event.reader_zone)


def _label(labels: Labels, value: str, event: Occurrence[Any]) -> str:
    return formatting.in_language(labels, event.language)[value]
