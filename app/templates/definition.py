"""A template as its author writes it, before Meta has seen it; the body that submits it; and the way back from what
Meta lists.

Source: Meta's pages "Templates", "Template components" and "Time-to-live". Placeholders are named: `{{order_number}}`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, assert_never

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

PLACEHOLDER = re.compile(r"\{\{\s*([a-z0-9_]+)\s*\}\}")

LINKS = "{links}"
"""Stands in a button's URL for what is fixed in it: the business's website, or the beginning of our tracked links."""

LINK_PATH = "/l"
"""Where tracked links begin, under our own public URL."""

WEBSITE = "{website}"
"""Stands in a button's URL for the business's own website, however its links are made."""

Category = Literal["UTILITY", "MARKETING", "AUTHENTICATION"]
MediaFormat = Literal["IMAGE", "DOCUMENT", "LOCATION"]
"""What events bring for a header."""

HeaderFormat = Literal[MediaFormat, "VIDEO"]
"""What a header may show: a film is the same in each message."""

TIMES_TO_LIVE: Mapping[Category, tuple[int, int]] = {
    "UTILITY": (30, 43_200),
    "AUTHENTICATION": (30, 900),
    "MARKETING": (43_200, 2_592_000),
}
"""Seconds within which Meta goes on trying to deliver: the shortest and the longest that a category allows."""

META_TIME_TO_LIVE = -1
"""Asks for Meta's own default, in the words of the wire."""

COPY_CODE_LABEL = "Copy offer code"
"""Meta's own: a button that copies a code has no label of ours."""


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def faults_at(title: str, faults: Sequence[tuple[str, Sequence[int | str], str, Any]]) -> ValidationError:
    """Type, place, message and value of each."""
    return ValidationError.from_exception_data(
        title,
        [
            InitErrorDetails(type=PydanticCustomError(kind, message), loc=tuple(place), input=value)
            for kind, place, message, value in faults
        ],
    )


def _placed(value: object, handler: ValidatorFunctionWrapHandler) -> Any:
    """Of one of several forms: faults with their places in the document, which know nothing of the form's name."""
    try:
        return handler(value)
    except ValidationError as error:
        # What a header would have to be otherwise, an object or a text, is nothing to say.
        other_form = {"string_type"} if isinstance(value, dict) else {"model_type", "model_attributes_type"}
        found = error.errors(include_url=False, include_context=False)
        told = [one for one in found if len(one["loc"]) != 1 or one["type"] not in other_form] or found
        raise faults_at(
            error.title, [(one["type"], one["loc"][1:], one["msg"], one["input"]) for one in told]
        ) from error


class UrlButton(Strict):
    kind: Literal["url"] = "url"
    text: str = Field(min_length=1, max_length=25)
    url: str = Field(min_length=1, max_length=2000, pattern=r"^[^{}]*(\{(website|links)\})?[^{}]*(\{\{1\}\})?$")
    """Fixed, or with `{{1}}` at the very end for what varies."""
    sample: str | None = None
    """What a full link looks like; needed where the URL varies."""


class MediaHeader(Strict):
    """A picture, a film, a PDF or a place above the text; what exactly is said with each message, except for a film."""

    format: HeaderFormat
    sample: str | None = None
    """The file that Meta's review sees: `med_…`, or in a template file a path beside it. Messages whose event shows
    nothing show it, too. A place has none."""

    @model_validator(mode="after")
    def _a_place_has_no_sample(self) -> "MediaHeader":
        if self.format == "LOCATION" and self.sample is not None:
            raise ValueError("a place has no sample")
        return self


class QuickReplyButton(Strict):
    kind: Literal["quick_reply"] = "quick_reply"
    text: str = Field(min_length=1, max_length=25)


class PhoneNumberButton(Strict):
    """Calls a number, the same for every customer."""

    kind: Literal["phone_number"] = "phone_number"
    text: str = Field(min_length=1, max_length=25)
    number: str = Field(max_length=20, pattern=r"^\+?[0-9][0-9() -]*$")


class CopyCodeButton(Strict):
    """Copies a code that is said with each message. Its label is Meta's own."""

    kind: Literal["copy_code"] = "copy_code"
    example: str = Field(min_length=1, max_length=15)


Button = Annotated[
    UrlButton | QuickReplyButton | PhoneNumberButton | CopyCodeButton,
    Field(discriminator="kind"),
    WrapValidator(_placed),
]

Header = Annotated[
    Annotated[str, Field(min_length=1, max_length=60)] | MediaHeader | None,
    WrapValidator(_placed),
]


class TemplateDefinition(Strict):
    event_type: str | None = Field(default=None, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=100)
    """Whose chain it belongs to: events of that type may be told by it."""
    name: str = Field(pattern=r"^[a-z0-9_]+$", max_length=512)
    language: str
    category: Category = "UTILITY"
    header: Header = None
    body: str = Field(min_length=1, max_length=1024)
    footer: str | None = Field(default=None, max_length=60)
    buttons: tuple[Button, ...] = Field(default=(), max_length=10)
    samples: dict[str, str] = Field(default_factory=dict)
    time_to_live: Annotated[int, Field(strict=True)] | None = None
    """Seconds for which Meta tries to deliver; its own default where there is none, or where it is -1."""

    @model_validator(mode="after")
    def _the_category_allows_the_time_to_live(self) -> "TemplateDefinition":
        shortest, longest = TIMES_TO_LIVE[self.category]
        if self.time_to_live in (None, META_TIME_TO_LIVE) or shortest <= self.time_to_live <= longest:
            return self
        message = f"must be {shortest} to {longest} seconds for {self.category}, or -1"
        raise faults_at("time_to_live", [("time_to_live", ["time_to_live"], message, self.time_to_live)])

    @model_validator(mode="after")
    def _every_placeholder_has_a_sample(self) -> "TemplateDefinition":
        names = set(placeholders(self.header_text) + placeholders(self.body))
        if names != set(self.samples):
            message = f"placeholders {sorted(names)} and samples {sorted(self.samples)} differ"
            raise faults_at("samples", [("samples", ["samples"], message, self.samples)])
        return self

    @property
    def header_text(self) -> str:
        return self.header if isinstance(self.header, str) else ""


def placeholders(text: str) -> list[str]:
    """Names in order of first appearance, each once."""
    return list(dict.fromkeys(PLACEHOLDER.findall(text)))


@dataclass(frozen=True, slots=True)
class Bases:
    """With what the links of a business's buttons begin."""

    website: str
    links: str
    """`website`, or the beginning of our own tracked links."""

    def resolve(self, url: str) -> str:
        return url.replace(LINKS, self.links).replace(WEBSITE, self.website)

    def recognise(self, url: str, *, varies: bool) -> str:
        """The way back. Where website and links begin alike, what varies is a link, and what is fixed the website."""
        known = [(LINKS, self.links), (WEBSITE, self.website)]
        if not varies:
            known.reverse()
        for token, base in sorted(known, key=lambda one: -len(one[1])):
            rest = url.removeprefix(base)
            if url.startswith(base) and rest[:1] in ("", "/", "?", "#"):
                return token + rest
        return url


def submission(template: TemplateDefinition, bases: Bases, header_sample: str | None = None) -> dict[str, Any]:
    """The body of POST /{waba}/message_templates. `header_sample` is the handle of an uploaded picture, film or
    PDF."""
    components: list[dict[str, Any]] = []
    if template.header is not None:
        components.append(_header(template, header_sample))
    body: dict[str, Any] = {"type": "BODY", "text": template.body}
    if names := placeholders(template.body):
        body["example"] = {"body_text_named_params": _examples(template, names)}
    components.append(body)
    if template.footer is not None:
        components.append({"type": "FOOTER", "text": template.footer})
    if template.buttons:
        buttons = [_button(button, bases) for button in template.buttons]
        components.append({"type": "BUTTONS", "buttons": buttons})
    time_to_live = {} if template.time_to_live is None else {"message_send_ttl_seconds": template.time_to_live}
    return {
        "name": template.name,
        "language": template.language,
        "category": template.category,
        "parameter_format": "NAMED",
        **time_to_live,
        "components": components,
    }


def _header(template: TemplateDefinition, sample: str | None) -> dict[str, Any]:
    if isinstance(template.header, MediaHeader):
        media: dict[str, Any] = {"type": "HEADER", "format": template.header.format}
        return media | ({"example": {"header_handle": [sample]}} if sample is not None else {})
    header: dict[str, Any] = {"type": "HEADER", "format": "TEXT", "text": template.header_text}
    if names := placeholders(template.header_text):
        header["example"] = {"header_text_named_params": _examples(template, names)}
    return header


def _examples(template: TemplateDefinition, names: list[str]) -> list[dict[str, str]]:
    return [{"param_name": name, "example": template.samples[name]} for name in names]


def _button(button: Button, bases: Bases) -> dict[str, Any]:
    match button:
        case UrlButton():
            row: dict[str, Any] = {"type": "URL", "text": button.text, "url": bases.resolve(button.url)}
            if button.sample is not None:
                row["example"] = [bases.resolve(button.sample)]
            return row
        case QuickReplyButton():
            return {"type": "QUICK_REPLY", "text": button.text}
        case PhoneNumberButton():
            return {"type": "PHONE_NUMBER", "text": button.text, "phone_number": button.number}
        case CopyCodeButton():
            return {"type": "COPY_CODE", "example": button.example}
        case _:
            assert_never(button)


def label_of(button: Button) -> tuple[str, str]:
    """Kind, as Meta names it, and label of a button."""
    text = COPY_CODE_LABEL if isinstance(button, CopyCodeButton) else button.text
    return button.kind.upper(), text


class Inexpressible(Exception):
    """Meta holds a template that a definition cannot say. `reason` tells what it is."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def definition_of(
    components: Sequence[Mapping[str, Any]],
    *,
    name: str,
    language: str,
    category: str,
    parameter_format: str = "NAMED",
    time_to_live: int | None = None,
    event_type: str | None = None,
    bases: Bases | None = None,
) -> TemplateDefinition:
    """What a template that Meta holds would be written as; raises Inexpressible.

    Types and formats come in upper or lower case. A sample that Meta does not list is the name of its placeholder; that
    of a media header is not listed at all. Positional parameters have no names that an event could fill: a template
    with them is inexpressible, and one without any is like a named one.
    """
    parts = _parts(components)
    header, samples = _header_of(parts.get("HEADER"))
    body = parts.get("BODY", {})
    if not isinstance(body.get("text"), str):
        raise Inexpressible("its body has no text of its own")
    texts = [header if isinstance(header, str) else "", body["text"]]
    names = placeholders("".join(texts))
    if names and parameter_format.upper() != "NAMED":
        raise Inexpressible("its parameters are positional, and events fill templates by name")
    samples |= _samples_of(body, "body")
    _refuse_more("footer", parts.get("FOOTER", {}), "text")
    buttons = parts.get("BUTTONS", {}).get("buttons", [])
    document = {
        "event_type": event_type,
        "name": name,
        "language": language,
        "category": category.upper(),
        "header": header,
        "body": body["text"],
        "footer": parts["FOOTER"].get("text") if "FOOTER" in parts else None,
        "buttons": tuple(_button_of(button, index, bases) for index, button in enumerate(buttons)),
        "samples": {one: samples.get(one, one) for one in names},
        "time_to_live": time_to_live,
    }
    try:
        return TemplateDefinition.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = "/".join(str(part) for part in first["loc"])
        raise Inexpressible(f"{place}: {first['msg']}" if place else first["msg"]) from error


def samples_in(components: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Of the placeholders of a template that Meta holds; of a header's file nothing."""
    found: dict[str, str] = {}
    for component in components:
        found |= _listed_samples(component, str(component.get("type", "")).lower())
    return found


def _parts(components: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    parts: dict[str, Mapping[str, Any]] = {}
    for component in components:
        kind = str(component.get("type", "")).upper()
        if kind not in ("HEADER", "BODY", "FOOTER", "BUTTONS"):
            raise Inexpressible(f"it has a component of the type {kind}")
        if kind in parts:
            raise Inexpressible(f"it has more than one component of the type {kind}")
        parts[kind] = component
    return parts


def _refuse_more(what: str, part: Mapping[str, Any], *known: str) -> None:
    """What we would leave out unseen, the next edit would take away."""
    if more := sorted(key for key, value in part.items() if key not in ("type", *known) and value not in (None, False)):
        raise Inexpressible(f"its {what} has {more[0]}")


def _header_of(part: Mapping[str, Any] | None) -> tuple[str | dict[str, Any] | None, dict[str, str]]:
    if part is None:
        return None, {}
    kind = str(part.get("format", "TEXT")).upper()
    if kind != "TEXT":
        _refuse_more("header", part, "format", "example")
        return {"format": kind}, {}
    _refuse_more("header", part, "format", "text", "example")
    return str(part.get("text", "")), _samples_of(part, "header")


def _samples_of(part: Mapping[str, Any], kind: str) -> dict[str, str]:
    if kind == "body":
        _refuse_more("body", part, "text", "example")
    return _listed_samples(part, kind)


def _listed_samples(part: Mapping[str, Any], kind: str) -> dict[str, str]:
    rows = (part.get("example") or {}).get(f"{kind}_text_named_params", ())
    return {str(row.get("param_name")): str(row.get("example")) for row in rows}


def _button_of(button: Mapping[str, Any], index: int, bases: Bases | None) -> dict[str, Any]:
    kind, text, example = str(button.get("type", "")).upper(), button.get("text"), button.get("example")
    sample = example[0] if isinstance(example, list) and example else example
    match kind:
        case "URL":
            _refuse_more(f"button {index}", button, "text", "url", "example")
            url = _URL_VARIABLE.sub("{{1}}", str(button.get("url", "")))
            varies = url.endswith("{{1}}")
            recognise = (lambda given: bases.recognise(given, varies=varies)) if bases is not None else str
            made = {"kind": "url", "text": text, "url": recognise(url)}
            return made | ({"sample": recognise(str(sample))} if varies and sample else {})
        case "QUICK_REPLY":
            _refuse_more(f"button {index}", button, "text")
            return {"kind": "quick_reply", "text": text}
        case "PHONE_NUMBER":
            _refuse_more(f"button {index}", button, "text", "phone_number")
            return {"kind": "phone_number", "text": text, "number": button.get("phone_number")}
        case "COPY_CODE":
            _refuse_more(f"button {index}", button, "text", "example")
            return {"kind": "copy_code", "example": sample}
    raise Inexpressible(f"its button {index} is of the kind {kind}")


_URL_VARIABLE = re.compile(r"\{\{[^{}]*\}\}$")
"""What varies in a link may have a number or a name at Meta; it means the same."""
