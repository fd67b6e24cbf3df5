"""A template as Meta holds it, compiled into what it demands and how it is filled.

The rules of the wire (page "Template messages"): a value has no new line, no tab, no more than four spaces in a row and
is not empty; the filled body holds at most 1,024 characters; a URL button takes only what follows its fixed beginning.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import orjson

from app.templates.definition import PLACEHOLDER, placeholders
from app.whatsapp.payloads import quick_reply_button, text_parameters, url_button

BODY_MAX = 1024
HEADER_MAX = 60
URL_MAX = 2000

_MEDIA = {
    "IMAGE": "a picture",
    "VIDEO": "a film, which is submitted as its sample",
    "DOCUMENT": "a PDF",
    "LOCATION": "a place",
}

_FILES = ("IMAGE", "VIDEO", "DOCUMENT")

_COMPONENTS = ("HEADER", "BODY", "FOOTER", "BUTTONS")

_BUTTONS = ("URL", "QUICK_REPLY", "PHONE_NUMBER", "REQUEST_CONTACT_INFO")

_SPACES = re.compile(r"[\s\u0000-\u001f\u0085\u2028\u2029]+")


HeaderMedia = Mapping[str, Any]
"""The parameter of a media header as the wire has it: `{"type": "image", "image": {"link": …}}`; or, of a file that the
business keeps with us, with `media` and our own id of it, which becomes Meta's when the message leaves."""

OWN_FILE = "media"
"""Where that id stands, beside Meta's `id` and `link`."""


def header_of_file(kind: str, own_id: str, name: str) -> HeaderMedia:
    """`kind`: `image`, `video`, or `document`, whose name the customer sees."""
    return {"type": kind, kind: {OWN_FILE: own_id} | ({"filename": name} if kind == "document" else {})}


def own_file(header: HeaderMedia | None) -> str | None:
    """Our id of the file that a header shows, if it is one of ours."""
    if header is None:
        return None
    found: str | None = header[header["type"]].get(OWN_FILE)
    return found


def with_id_at_meta(header: HeaderMedia, meta_id: str) -> HeaderMedia:
    """The same header as the wire takes it."""
    kind = header["type"]
    rest = {name: value for name, value in header[kind].items() if name != OWN_FILE}
    return {"type": kind, kind: {"id": meta_id, **rest}}


@dataclass(frozen=True, slots=True)
class Fill:
    """What an event offers a template: named texts, full links in the order of the URL buttons, reply payloads, and a
    picture, PDF or place for the header; a film is the template's."""

    texts: Mapping[str, str]
    links: Sequence[str] = ()
    replies: Sequence[str] = ()
    header: HeaderMedia | None = None

    def as_json(self) -> str:
        """As it is stored, and as a claim reads it."""
        stored: dict[str, Any] = {"texts": self.texts, "links": self.links, "replies": self.replies}
        if self.header is not None:
            stored["header"] = self.header
        return orjson.dumps(stored).decode()

    @classmethod
    def from_json(cls, stored: str) -> "Fill":
        return cls(**orjson.loads(stored))


@dataclass(frozen=True, slots=True)
class Misfit:
    """One reason why a fill does not go into a template. `parameter` is a text's name, `links/0` or `header`."""

    parameter: str | None
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class CompiledTemplate:
    header_text: str | None
    body_text: str
    footer_text: str | None
    header_names: tuple[str, ...]
    body_names: tuple[str, ...]
    url_prefixes: tuple[tuple[int, str, str], ...]
    """Index, label and fixed beginning of each URL button that varies."""
    static_urls: tuple[tuple[int, str, str], ...]
    """Index, label and link of each URL button that does not."""
    quick_replies: tuple[tuple[int, str], ...]
    """Index and label."""
    unsupported: tuple[str, ...] = field(default=())
    """What the template asks for that cannot be filled; it makes the template unusable, with this reason."""
    media_format: str | None = None
    """Of a header that is no text: IMAGE, VIDEO, DOCUMENT or LOCATION."""
    other_buttons: tuple[tuple[int, str, str, str], ...] = ()
    """Index, kind as Meta names it, label and number (if it has one) of each button of another kind."""
    fixed_header: HeaderMedia | None = None
    """What a media header shows where the event says nothing, or is not asked: the file that Meta's review saw."""

    @property
    def labels(self) -> tuple[tuple[str, str], ...]:
        """Kind (as Meta names it) and label of every button, in their order."""
        placed = [
            *((index, "URL", label) for index, label, _ in (*self.url_prefixes, *self.static_urls)),
            *((index, "QUICK_REPLY", label) for index, label in self.quick_replies),
            *((index, kind, label) for index, kind, label, _ in self.other_buttons),
        ]
        return tuple((kind, label) for _, kind, label in sorted(placed))

    def completed(self, fill: Fill) -> Fill:
        """With the picture or PDF that is always the same, where the event has none of its own; and with the film,
        which no event brings."""
        if self.fixed_header is None or (fill.header is not None and self.media_format != "VIDEO"):
            return fill
        return replace(fill, header=self.fixed_header)

    def misfits(self, fill: Fill) -> list[Misfit]:
        """Everything that Meta would refuse, found before it is asked. An empty list means that the fill goes in."""
        found = [Misfit(None, "template_unsupported", reason) for reason in self.unsupported]
        wanted = dict.fromkeys((*self.header_names, *self.body_names))
        found += [
            Misfit(name, "parameter_missing", f"the template needs a text for {{{{{name}}}}}")
            for name in wanted
            if not fill.texts.get(name)
        ]
        found += self._header_misfits(fill)
        for order, (_, label, prefix) in enumerate(self.url_prefixes):
            found += self._link_misfits(fill, order, label, prefix)
        if not found:
            found += self._length_misfits(fill)
        return found

    def _header_misfits(self, fill: Fill) -> list[Misfit]:
        if self.media_format is None:
            return []
        given = str(fill.header["type"]).upper() if fill.header is not None else None
        if given == self.media_format:
            return []
        wanted = f"the header of the template needs {_MEDIA[self.media_format]}"
        return [Misfit("header", "parameter_missing" if given is None else "header_format", wanted)]

    def _link_misfits(self, fill: Fill, order: int, label: str, prefix: str) -> list[Misfit]:
        place = f"links/{order}"
        if order >= len(fill.links):
            return [Misfit(place, "parameter_missing", f'the template needs a link for its button "{label}"')]
        link = fill.links[order]
        if not link.startswith(prefix) or len(link) == len(prefix):
            return [Misfit(place, "link_outside_template", f"the link must begin with {prefix} and go on")]
        if len(link) > URL_MAX:
            return [Misfit(place, "too_long", f"the link may have at most {URL_MAX} characters")]
        return []

    def _length_misfits(self, fill: Fill) -> list[Misfit]:
        found = []
        if self.header_text is not None and _filled_length(self.header_text, fill.texts) > HEADER_MAX:
            name = self.header_names[0] if self.header_names else None
            found.append(Misfit(name, "too_long", f"the filled header may have at most {HEADER_MAX} characters"))
        if (length := _filled_length(self.body_text, fill.texts)) > BODY_MAX:
            longest = max(self.body_names, key=lambda name: len(fill.texts[name])) if self.body_names else None
            message = f"the filled body has {length} characters, at most {BODY_MAX} are allowed"
            found.append(Misfit(longest, "too_long", message))
        return found

    def components(self, fill: Fill) -> list[dict[str, Any]]:
        """The `components` of a send; to be asked only where there are no misfits."""
        rows: list[dict[str, Any]] = []
        if self.media_format is not None:
            rows.append({"type": "header", "parameters": [fill.header]})
        if self.header_names:
            texts = {name: fill.texts[name] for name in self.header_names}
            rows.append({"type": "header", "parameters": text_parameters(texts)})
        if self.body_names:
            texts = {name: fill.texts[name] for name in self.body_names}
            rows.append({"type": "body", "parameters": text_parameters(texts)})
        rows += [
            url_button(index, link[len(prefix) :])
            for (index, _, prefix), link in zip(self.url_prefixes, fill.links, strict=False)
        ]
        rows += [
            quick_reply_button(index, payload)
            for (index, _), payload in zip(self.quick_replies, fill.replies, strict=False)
        ]
        return rows


def on_the_wire(text: str) -> str:
    """White space of every kind becomes single spaces, as Meta demands of values."""
    if text.isprintable():  # then the only white space in it are plain spaces
        return " ".join(text.split())
    return _SPACES.sub(" ", text).strip()


def _filled_length(text: str, values: Mapping[str, str]) -> int:
    fixed, names = _measure(text)
    return fixed + sum(len(values[name]) for name in names)


@lru_cache(maxsize=10_000)
def _measure(text: str) -> tuple[int, tuple[str, ...]]:
    """Characters beside the placeholders, and the name in each placeholder."""
    return len(PLACEHOLDER.sub("", text)), tuple(PLACEHOLDER.findall(text))


def compile_template(
    components: Sequence[Mapping[str, Any]], parameter_format: str, fixed_header: HeaderMedia | None = None
) -> CompiledTemplate:
    """Reads components as Graph lists them; types and formats come in upper or lower case."""
    by_type = {str(component.get("type", "")).upper(): component for component in components}
    header = by_type.get("HEADER", {})
    body_text = str(by_type.get("BODY", {}).get("text", ""))
    footer_text = by_type.get("FOOTER", {}).get("text")
    header_text = header.get("text")
    unsupported = [f"it has a component of the type {kind}" for kind in by_type if kind not in _COMPONENTS]
    header_format = str(header.get("format", "TEXT")).upper()
    if header_format not in ("TEXT", *_MEDIA):
        unsupported.append(f"its header is of the format {header['format']}")
    header_names = tuple(placeholders(header_text or ""))
    body_names = tuple(placeholders(body_text))
    if (header_names or body_names) and parameter_format.upper() != "NAMED":
        unsupported.append("its parameters are positional, not named")
    urls, static, replies, others = [], [], [], []
    for index, button in enumerate(by_type.get("BUTTONS", {}).get("buttons", [])):
        kind, label = str(button.get("type", "")).upper(), str(button.get("text", ""))
        url = str(button.get("url", ""))
        if kind == "URL" and PLACEHOLDER.search(url):
            urls.append((index, label, PLACEHOLDER.split(url)[0]))
        elif kind == "URL":
            static.append((index, label, url))
        elif kind == "QUICK_REPLY":
            replies.append((index, label))
        else:
            others.append((index, kind, label, str(button.get("phone_number", ""))))
        if kind not in _BUTTONS:
            unsupported.append(f"its button {index} is of the kind {kind}")
    return CompiledTemplate(
        header_text=str(header_text) if header_text else None,
        body_text=body_text,
        footer_text=str(footer_text) if footer_text else None,
        header_names=header_names,
        body_names=body_names,
        url_prefixes=tuple(urls),
        static_urls=tuple(static),
        quick_replies=tuple(replies),
        unsupported=tuple(unsupported),
        media_format=header_format if header_format in _MEDIA else None,
        other_buttons=tuple(others),
        fixed_header=fixed_header if header_format in _FILES else None,
    )
