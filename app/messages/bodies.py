"""Bodies of events: a model and a reader for each type, and how the API's description shows them."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, create_model
from pydantic.json_schema import models_json_schema

from app.events.catalogue import catalogue
from app.events.event_type import EventType
from app.events.fields import Payload
from app.events.schemas import EXAMPLE, EXAMPLE_NAME, OWN_NAME, OWN_NAME_MOST
from app.messages import series
from app.messages.durations import Distances
from app.messages.preview import BatchPreview, EventPreview
from app.messages.schemas import BatchOut, EventIn, MessageSummary, SeriesEventIn

BATCH_MOST = 1000

JSON = "application/json"

OWN_NAME_PARAMETER = {
    "name": "event_type",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": OWN_NAME, "maxLength": OWN_NAME_MOST},
    "example": EXAMPLE_NAME,
}
"""The name in the path, as the API's description has it."""


class OwnData(Payload):
    """As the event type's `payload_schema` says."""

    model_config = ConfigDict(extra="allow")


class OwnEvent(EventIn):
    """An event of a type that the business defined itself."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE["examples"]["tr"]]})

    data: OwnData


@cache
def body_models() -> Mapping[str, type[EventIn]]:
    """By event type of the catalogue. Made when they are asked for: of all processes only the API reads bodies."""
    return {name: _body_model(event_type) for name, event_type in catalogue().items()}


@cache
def _adapters() -> Mapping[str, TypeAdapter[EventIn]]:
    return {name: TypeAdapter(model) for name, model in body_models().items()}


def adapter_of(event_type: EventType[Any]) -> TypeAdapter[EventIn]:
    """Reads bodies of an event type, the catalogue's or a business's own."""
    return _adapters().get(event_type.name) or _own_adapter(event_type)


def _own_adapter(event_type: EventType[Any]) -> TypeAdapter[EventIn]:
    found: TypeAdapter[EventIn] | None = event_type.kept.get("adapter")
    if found is None:
        found = TypeAdapter(create_model("OwnEvent", __base__=EventIn, data=(event_type.payload, ...)))
        event_type.kept["adapter"] = found
    return found


def read_body(event_type: EventType[Any], document: Mapping[str, Any]) -> EventIn:
    """As the door reads it. Raises ValidationError."""
    return adapter_of(event_type).validate_python(document)


def _body_model(event_type: EventType[Any]) -> type[EventIn]:
    name = "".join(part.capitalize() for part in event_type.name.split("-")) + "Event"
    fields: dict[str, Any] = {"data": (event_type.payload, ...)}
    base: type[EventIn] = EventIn
    if event_type.reminders is not None:
        base, fields["remind_before"] = SeriesEventIn, (_remind_before(event_type), None)
    return create_model(name, __base__=base, __doc__=event_type.description, **fields)


def _remind_before(event_type: EventType[Any]) -> Any:
    may_have_none = series.may_have_none(event_type)
    described = "How long before the moment each reminder is sent; needs `reference`. " + (
        "Without it, reminders that wait are taken along to the new moment; an empty list ends them."
        if may_have_none
        else "They take the place of those that wait about the same `reference`."
    )
    described += " One whose time has passed is skipped; the next move finds nothing of it to take along."
    asked = Field(min_length=0 if may_have_none else 1, description=described, examples=[["PT24H", "PT1H"]])
    return Annotated[Distances, asked] | None


def request_body(schema: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    """What an operation that reads its body by itself says of it in the API's description."""
    content = {JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"parameters": list(parameters), "requestBody": {"required": True, "content": content}}


def event_schemas() -> dict[str, Any]:
    """Component schemas of the bodies that the event operations read by themselves."""
    models = [(model, "validation") for model in (*body_models().values(), OwnEvent)]
    models += [(one, "serialization") for one in (MessageSummary, BatchOut, EventPreview, BatchPreview)]
    _, schema = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    found: dict[str, Any] = schema["$defs"]
    in_batch = {name: f"{model.__name__}InBatch" for name, model in body_models().items()}
    for name, model in body_models().items():
        found[model.__name__]["examples"] = list(catalogue()[name].examples.values())
        found[in_batch[name]] = _with_type(found[model.__name__], {"const": name, "type": "string"})
    found["OwnEventInBatch"] = _with_type(found["OwnEvent"], OWN_NAME_PARAMETER["schema"])
    found["EventBatch"] = {
        "type": "object",
        "title": "EventBatch",
        "additionalProperties": False,
        "required": ["events"],
        "properties": {
            "events": {
                "type": "array",
                "minItems": 1,
                "maxItems": BATCH_MOST,
                "items": {
                    "anyOf": [
                        {
                            "oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in in_batch.values()],
                            "discriminator": {
                                "propertyName": "type",
                                "mapping": {kind: f"#/components/schemas/{name}" for kind, name in in_batch.items()},
                            },
                        },
                        {"$ref": "#/components/schemas/OwnEventInBatch"},
                    ]
                },
            },
            "dry_run": {
                "type": "boolean",
                "default": False,
                "description": "Preview each event instead of taking it: nothing is stored or sent",
            },
        },
        "examples": [{"events": [{"type": name, **event_type.example} for name, event_type in catalogue().items()]}],
    }
    return found


def _with_type(schema: dict[str, Any], kind: Any) -> dict[str, Any]:
    """An event's schema with its type as one more property: the schema is closed, so none can be added around it."""
    kept = {key: value for key, value in schema.items() if key not in ("title", "examples")}
    properties = {"type": kind, **schema["properties"]}
    return {**kept, "properties": properties, "required": ["type", *schema["required"]]}
