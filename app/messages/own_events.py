"""Request bodies of event types that businesses define themselves."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic import ConfigDict, TypeAdapter, create_model

from app.events.event_type import EventType
from app.events.fields import Payload
from app.events.schemas import EXAMPLE, EXAMPLE_NAME, OWN_NAME, OWN_NAME_MOST
from app.messages.accept import ADAPTERS
from app.messages.schemas import EventIn

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


def adapter_of(event_type: EventType[Any]) -> TypeAdapter[EventIn]:
    """Reads bodies of an event type, the catalogue's or a business's own."""
    own: type[Payload] = event_type.payload
    return ADAPTERS.get(event_type.name) or _own_adapter(own)


@lru_cache(maxsize=2_000)
def _own_adapter(payload: type[Payload]) -> TypeAdapter[EventIn]:
    return TypeAdapter(create_model("OwnEvent", __base__=EventIn, data=(payload, ...)))


def read_body(event_type: EventType[Any], document: Mapping[str, Any]) -> EventIn:
    """As the door reads it. Raises ValidationError."""
    return adapter_of(event_type).validate_python(document)
