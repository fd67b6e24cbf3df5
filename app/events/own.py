"""An event type made of a business's definition: the same kind of thing as one of the catalogue."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from pydantic import ValidationError, model_serializer, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from app.events.event_type import (
    CUSTOMER_NAME,
    Attachment,
    EventType,
    Industry,
    LinkButton,
    Occurrence,
    Parameter,
    Priority,
    ReplyButton,
    Wording,
    customer_name,
)
from app.events.fields import CustomerRequest, Payload
from app.events.formats import FORMATS, LINK, MEDIA, REQUEST, WRITTEN, Format, Shape
from app.events.formatting import in_language
from app.events.payload_schema import Fault, PayloadSchema, Place
from app.events.schemas import (
    CONTACT_NAME,
    EventTypeDefinition,
    LinkButtonDefinition,
    ParameterDefinition,
    ReplyButtonDefinition,
)

REQUEST_PATH: Place = ("request",)
"""Where a promotional event proves that the customer asked for it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What is asked of a payload beyond its schema: values that can be written, by the key of who writes them."""

    schema: PayloadSchema
    values: Mapping[str, tuple[Place, Shape]]

    def read(self, document: Any) -> tuple[dict[str, Any], list[Fault]]:
        """The values that are there; or what is wrong."""
        if faults := self.schema.faults(document):
            return {}, faults
        found: dict[str, Any] = {}
        for key, (path, shape) in self.values.items():
            value = _at(document, path)
            if value is None:
                continue
            try:
                found[key] = shape.reader.validate_python(value)
            except ValidationError as error:
                faults += _faults(error, path)
        return found, list(dict.fromkeys(faults))


class OwnPayload(Payload):
    """The `data` of a business's own event type: JSON that fits its schema. Each type has a subclass."""

    reading: ClassVar[Reading]

    document: Any
    """As it was given, and as it is stored."""
    values: Any
    """What is written into the template, read."""

    @property
    def request(self) -> CustomerRequest | None:
        """Of a promotional event."""
        found = self.values.get(_REQUEST_KEY)
        return found if isinstance(found, CustomerRequest) else None

    @model_validator(mode="before")
    @classmethod
    def _read(cls, document: Any) -> dict[str, Any]:
        values, faults = cls.reading.read(document)
        if faults:
            raise ValidationError.from_exception_data(
                cls.__name__,
                [
                    InitErrorDetails(
                        type=PydanticCustomError(fault.code, fault.message),
                        loc=fault.place,
                        input=document,
                    )
                    for fault in faults
                ],
            )
        return {"document": document, "values": values}

    @model_serializer
    def _as_given(self) -> Any:
        return self.document


def build(name: str, definition: EventTypeDefinition) -> EventType[OwnPayload]:
    """Of a definition without faults."""
    links = [button for button in definition.buttons if isinstance(button, LinkButtonDefinition)]
    return EventType(
        name=name,
        title=definition.title,
        description=definition.description,
        industry=Industry.OWN,
        payload=_payload(definition, links),
        topic=definition.topic,
        priority=Priority.CRITICAL if definition.priority == "critical" else Priority.NORMAL,
        time_to_live=timedelta(seconds=definition.time_to_live_seconds),
        on_unconfirmed=definition.unconfirmed.then,
        unconfirmed_window=timedelta(seconds=definition.unconfirmed.window_seconds),
        quiet_hours=definition.quiet_hours,
        parameters={key: _parameter(key, one) for key, one in definition.parameters.items()},
        wordings={  # sorted, since the database keeps no order
            language: Wording(one.body, one.header, one.footer) for language, one in sorted(definition.wordings.items())
        },
        examples=dict(sorted(definition.examples.items())),
        expected_category=definition.expected_category,
        buttons=tuple(
            ReplyButton(one.payload, one.label, one.meaning)
            if isinstance(one, ReplyButtonDefinition)
            else LinkButton(Parameter(_pointer(path_of(one.source)), _link(_link_key(links.index(one)))), one.label)
            for one in definition.buttons
        ),
        attachment=_attachment(definition),
        expects=tuple(dict.fromkeys(definition.expects)),
        rating_most=definition.rating_most,
    )


def build_stored(name: str, definition: str) -> EventType[OwnPayload]:
    """Of the JSON text that the database holds. Raises ValidationError where an older version took what this one does
    not."""
    return build(name, EventTypeDefinition.model_validate_json(definition))


def path_of(pointer: str) -> Place:
    """The names in a JSON Pointer (RFC 6901)."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def _payload(definition: EventTypeDefinition, links: list[LinkButtonDefinition]) -> type[OwnPayload]:
    values: dict[str, tuple[Place, Shape]] = {
        key: (path_of(one.source), FORMATS[one.format])
        for key, one in definition.parameters.items()
        if one.source != CONTACT_NAME
    }
    values |= {_link_key(order): (path_of(link.source), LINK) for order, link in enumerate(links)}
    media = definition.media
    if media is not None and media.source is not None and media.format != "VIDEO":
        values[_MEDIA_KEY] = (path_of(media.source), MEDIA[media.format])
    if definition.expected_category == "MARKETING":
        values[_REQUEST_KEY] = (REQUEST_PATH, REQUEST)
    reading = Reading(PayloadSchema(definition.payload_schema), values)
    return type("Data", (OwnPayload,), {"reading": reading, "__module__": __name__})


_MEDIA_KEY, _REQUEST_KEY = "@media", "@request"


def _link_key(order: int) -> str:
    """No parameter can be named so."""
    return f"@links/{order}"


def _parameter(key: str, one: ParameterDefinition) -> Parameter[OwnPayload]:
    otherwise = one.otherwise or {}
    if one.source == CONTACT_NAME:
        return customer_name(otherwise) if otherwise else CUSTOMER_NAME
    write = _said(key, one.labels) if one.labels is not None else _written(key, WRITTEN[one.format])

    def write_or_say(event: Occurrence[OwnPayload]) -> str:
        return write(event) if key in event.data.values else in_language(otherwise, event.language)

    return Parameter(_pointer(path_of(one.source)), write_or_say if otherwise else write, otherwise)


def _written(key: str, format_: Format) -> Callable[[Occurrence[OwnPayload]], str]:
    return lambda event: format_.write(event.data.values[key], event)


def _link(key: str) -> Callable[[Occurrence[OwnPayload]], str]:
    return lambda event: str(event.data.values[key])


def _said(key: str, labels: Mapping[str, Mapping[str, str]]) -> Callable[[Occurrence[OwnPayload]], str]:
    return lambda event: in_language(labels, event.language)[event.data.values[key]]


def _attachment(definition: EventTypeDefinition) -> Attachment[OwnPayload] | None:
    if definition.media is None:
        return None
    source = definition.media.source
    return Attachment(
        definition.media.format,
        _pointer(path_of(source)) if source is not None else "#/data",
        lambda data: data.values[_MEDIA_KEY].header() if _MEDIA_KEY in data.values else None,
        by_default=True,
        sample=definition.media.sample,
    )


def _pointer(path: Place) -> str:
    return "#/data" + "".join("/" + str(name).replace("~", "~0").replace("/", "~1") for name in path)


def _at(document: Any, path: Place) -> Any:
    for name in path:
        if not isinstance(document, Mapping):
            return None
        document = document.get(name)
    return document


def _faults(error: ValidationError, path: Place) -> list[Fault]:
    details = error.errors(include_url=False, include_input=False, include_context=False)
    return [Fault((*path, *one["loc"]), one["type"], one["msg"]) for one in details]
