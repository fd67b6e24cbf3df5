"""What is wrong with the definition of an event type: it is held to what the catalogue's are tested for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from app.consent.phones import PhoneError, normalize_phone
from app.consent.rules import PROMOTIONAL_BEGINNING, is_promotional
from app.core.problems import FieldError, pointer_to
from app.events.event_type import CUSTOMER_NAME, EXAMPLE_COUNTRY, EventType
from app.events.formats import FORMATS, LINK, MEDIA, REQUEST, Shape, choices
from app.events.own import REQUEST_PATH, build, path_of
from app.events.payload_schema import Fault, PayloadSchema, Place, schema_faults, unstorable
from app.events.schemas import (
    CONTACT_NAME,
    EventTypeDefinition,
    LinkButtonDefinition,
    MediaDefinition,
    ParameterDefinition,
)
from app.templates.compiled import HeaderMedia, compile_template, header_of_file
from app.templates.creation_rules import faults
from app.templates.definition import PLACEHOLDER, Bases, MediaHeader, TemplateDefinition, placeholders, submission

ReadBody = Callable[[EventType[Any], Mapping[str, Any]], object]
"""Reads a whole request body as the door does, and raises ValidationError. Given by the floor above, whose bodies they
are."""

CATALOGUE_LANGUAGES = frozenset(CUSTOMER_NAME.otherwise)
"""In which a customer without a name is addressed without being told how."""


def definition_faults(name: str, definition: EventTypeDefinition, read_body: ReadBody) -> list[FieldError]:
    """Everything, as far as it can be told: what a wrong schema hides comes after that is right."""
    found = [
        *_topic_faults(definition),
        *_unwritable(definition),
        *_language_faults(definition),
        *_placeholder_faults(definition),
    ]
    of_schema = [one.under("payload_schema") for one in schema_faults(definition.payload_schema)]
    found += of_schema or _source_faults(definition)
    if not found:
        event_type = build(name, definition)
        found = list(_example_faults(event_type, read_body)) or list(_template_faults(event_type))
    return [FieldError(pointer=pointer_to(one.place), code=one.code, message=one.message) for one in found]


def _topic_faults(definition: EventTypeDefinition) -> Iterator[Fault]:
    """Who agreed to hear of an order has not agreed to promotion: a topic's name says which of both it stands for."""
    if is_promotional(definition.topic) == (definition.expected_category == "MARKETING"):
        return
    kept = f"is kept for what is promotional, as is whatever begins with {PROMOTIONAL_BEGINNING}"
    wanted = f"must begin with {PROMOTIONAL_BEGINNING}, since its messages are promotional"
    yield Fault(("topic",), "topic_of_another_kind", kept if is_promotional(definition.topic) else wanted)


def _unwritable(definition: EventTypeDefinition) -> Iterator[Fault]:
    """NUL and its like in what was taken as any JSON."""
    for part in ("payload_schema", "examples"):
        yield from (one.under(part) for one in unstorable(getattr(definition, part)))


def _language_faults(definition: EventTypeDefinition) -> Iterator[Fault]:
    """Whatever is said by language is said in those of the wordings, no more and no fewer."""
    languages = frozenset(definition.wordings)
    spoken: list[tuple[Place, Mapping[str, Any]]] = [(("examples",), definition.examples)]
    spoken += [(("buttons", index, "label"), one.label) for index, one in enumerate(definition.buttons)]
    for name, parameter in definition.parameters.items():
        place: Place = ("parameters", name)
        spoken += [((*place, "labels"), parameter.labels)] if parameter.labels is not None else []
        if parameter.otherwise is not None:
            spoken.append(((*place, "otherwise"), parameter.otherwise))
        elif parameter.source == CONTACT_NAME and not languages <= CATALOGUE_LANGUAGES:
            yield Fault(place, "otherwise_missing", "the name is optional: say by language what stands for it")
    for place, texts in spoken:
        yield from (
            Fault((*place, one), "language_missing", "is a language of the wordings") for one in languages - {*texts}
        )
        yield from (Fault((*place, one), "language_unknown", "has no wording") for one in {*texts} - languages)


def _placeholder_faults(definition: EventTypeDefinition) -> Iterator[Fault]:
    for language, wording in definition.wordings.items():
        place: Place = ("wordings", language)
        if wording.header is not None and definition.media is not None:
            yield Fault((*place, "header"), "two_headers", "the header is a picture, a film, a PDF or a place already")
        for part in ("header", "body", "footer"):
            text = getattr(wording, part) or ""
            rest = PLACEHOLDER.sub("", text)
            if "{" in rest or "}" in rest or (part == "footer" and rest != text):
                allowed = "holds no placeholders" if part == "footer" else "holds braces that are no placeholder"
                yield Fault((*place, part), "malformed_placeholder", allowed)
            unknown = [one for one in placeholders(text) if one not in definition.parameters]
            yield from (Fault((*place, part), "unknown_parameter", f"{{{{{one}}}}} is no parameter") for one in unknown)
        shown = placeholders(f"{wording.header or ''} {wording.body}")
        for name in definition.parameters:
            if name not in shown:
                yield Fault((*place, "body"), "placeholder_missing", f"the parameter {name} is not shown")


def _source_faults(definition: EventTypeDefinition) -> list[Fault]:
    schema = PayloadSchema(definition.payload_schema)
    found: list[Fault] = []
    for name, parameter in definition.parameters.items():
        found += _parameter_faults(schema, parameter, ("parameters", name))
    for index, button in enumerate(definition.buttons):
        if isinstance(button, LinkButtonDefinition):
            found += _value_faults(schema, path_of(button.source), LINK, ("buttons", index, "source"))
    if definition.media is not None:
        found += _media_faults(schema, definition.media)
    if definition.expected_category == "MARKETING":
        found += _promotion_faults(schema, definition)
    return found


def _media_faults(schema: PayloadSchema, media: MediaDefinition) -> Iterator[Fault]:
    """That the sample is a file of the business is asked of the database."""
    if media.sample is not None and media.format == "LOCATION":
        yield Fault(("media", "sample"), "sample_unfit", "a place is no file")
    if media.source is None and media.sample is None:
        yield Fault(("media",), "source_missing", "needs a source, or a sample that each message shows")
    if media.source is None:
        return
    if media.format == "VIDEO":
        yield Fault(("media", "source"), "source_unfit", "events bring no films: each message shows the sample")
    else:
        wanted, is_optional = MEDIA[media.format], media.sample is not None
        yield from _value_faults(schema, path_of(media.source), wanted, ("media", "source"), is_optional=is_optional)


def _parameter_faults(schema: PayloadSchema, parameter: ParameterDefinition, place: Place) -> Iterator[Fault]:
    if parameter.source == CONTACT_NAME:
        if parameter.format != "text":
            yield Fault((*place, "format"), "format_unfit", "a name is text")
        return
    path, is_optional = path_of(parameter.source), parameter.otherwise is not None
    wanted = FORMATS[parameter.format]
    found = list(_value_faults(schema, path, wanted, (*place, "source"), is_optional=is_optional))
    yield from found
    value = schema.find(path)
    if found or value is None or parameter.labels is None:
        return
    for language, labels in parameter.labels.items():
        below = (*place, "labels", language)
        words = choices(value.schema)
        yield from (
            Fault((*below, one), "label_missing", "is a value of the enum") for one in words if one not in labels
        )
        yield from (
            Fault((*below, one), "label_unknown", "is no value of the enum") for one in labels if one not in words
        )


def _value_faults(
    schema: PayloadSchema, path: Place, wanted: Shape, place: Place, *, is_optional: bool = False
) -> Iterator[Fault]:
    value = schema.find(path)
    if value is None:
        yield Fault(place, "source_unknown", "is not in payload_schema, or not reached through objects alone")
    elif not wanted.fits(schema, value.schema):
        yield Fault(place, "format_unfit", f"payload_schema must say there: {wanted.wanted}")
    elif not value.is_required and not is_optional:
        yield Fault(place, "value_optional", "must be required and not null, or have texts by language in `otherwise`")


def _promotion_faults(schema: PayloadSchema, definition: EventTypeDefinition) -> Iterator[Fault]:
    """Meta counts such texts as marketing even where the customer asked; they go out only to those who did."""
    yield from _value_faults(schema, REQUEST_PATH, REQUEST, ("payload_schema", "properties", "request"))
    if definition.priority == "critical":
        yield Fault(("priority",), "critical_promotion", "nothing promotional is critical")


def _example_faults(event_type: EventType[Any], read_body: ReadBody) -> Iterator[Fault]:
    for language, example in event_type.examples.items():
        try:
            read_body(event_type, example)
            _read_phone(example["contact"].get("phone"))
        except ValidationError as error:
            for one in error.errors(include_url=False, include_input=False, include_context=False):
                yield Fault(("examples", language, *one["loc"]), one["type"], one["msg"])
        except PhoneError as error:
            yield Fault(("examples", language, "contact", "phone"), "phone", str(error))


def _read_phone(phone: str | None) -> None:
    """Raises PhoneError."""
    if phone is not None:
        normalize_phone(phone, EXAMPLE_COUNTRY)


def _template_faults(event_type: EventType[Any]) -> Iterator[Fault]:
    for language in event_type.wordings:
        try:
            template = event_type.template(language)
        except ValidationError as error:
            for one in error.errors(include_url=False, include_input=False, include_context=False):
                yield Fault(_place_in_definition(one["loc"], language), one["type"], one["msg"])
            continue
        yield from _misfits(event_type, template)
        yield from _refused_by_meta(template)


def _misfits(event_type: EventType[Any], template: TemplateDefinition) -> Iterator[Fault]:
    """Where the example does not go into the template: too long, or empty. Where its links lead is the door's matter:
    that depends on the business's website, and on whether links are tracked."""
    body = submission(template, _BASES)
    compiled = compile_template(body["components"], body["parameter_format"], _sample_of(template))
    for one in compiled.misfits(compiled.completed(event_type.fill_example(template.language))):
        if one.code != "link_outside_template":
            place = path_of(event_type.pointer(one).removeprefix("#"))
            yield Fault(("examples", template.language, *place), one.code, one.message)


def _sample_of(template: TemplateDefinition) -> HeaderMedia | None:
    """What the header shows where an event says nothing; what the file is called is of no interest here."""
    header = template.header
    if not isinstance(header, MediaHeader) or header.sample is None:
        return None
    return header_of_file(header.format.lower(), header.sample, "")


def _refused_by_meta(template: TemplateDefinition) -> Iterator[Fault]:
    """Meta's rules for creating templates. The sample of a file is given when the template is submitted."""
    body = submission(template, _BASES)
    for one in faults(body):
        if one.code == "sample_missing":
            continue
        place = _place_in_body(one.place.split("/"), body["components"])
        yield Fault(_place_in_definition(place, template.language), one.code, one.message)


def _place_in_body(place: Sequence[str], components: Sequence[Mapping[str, Any]]) -> Place:
    """Of `components/3/buttons/0/text` the part of a template that it is about: `("buttons", 0)`."""
    match place:
        case ["components", index, "buttons", button, *_]:
            return ("buttons", int(button))
        case ["components", index, *_]:
            return (str(components[int(index)]["type"]).lower(),)
    return ()


_BASES = Bases("https://example.com", "https://example.com")


def _place_in_definition(place: Place, language: str) -> Place:
    """Where in the definition a part of a template stands."""
    match place:
        case ("buttons", int() as index, *_):
            return ("buttons", index, "label", language)
        case ("buttons",):
            return ("buttons",)
        case ("header" | "body" | "footer" as part, *_):
            return ("wordings", language, part)
    return ("wordings", language)
