"""The `webhooks` of the OpenAPI document: what endpoints receive, made from the events that there are."""

from datetime import datetime
from functools import cache
from typing import Any, Literal, get_args

from pydantic import BaseModel, Field, create_model
from pydantic.json_schema import models_json_schema

from app.callbacks.endpoint_schemas import MOST_BATCH, EndpointTestEvent
from app.callbacks.payloads import BATCH
from app.callbacks.schemas import AnyEvent

_REFERENCE = "#/components/schemas/{model}"

_HEADERS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "webhook-id",
        "The event's id, or of a batch an id that its events alone have: the same when the same is sent again.",
        {"type": "string", "examples": ["evt_019a8f3c2b7d7c31a4e5f60718293a4b"]},
    ),
    (
        "webhook-timestamp",
        "When the call was made, in seconds since 1970. Refuse what is older than some minutes.",
        {"type": "string", "pattern": "^[0-9]+$", "examples": ["1764150000"]},
    ),
    (
        "webhook-signature",
        (
            "`v1,` and the HMAC-SHA256, in Base64, of `{webhook-id}.{webhook-timestamp}.{body}` with the endpoint's "
            "secret. While a secret is being rotated there are two, separated by a space: either may be checked."
        ),
        {"type": "string", "examples": ["v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="]},
    ),
)

_ANSWERS: dict[str, Any] = {
    "2XX": {"description": "Taken. Nothing of the answer is read."},
    "410": {"description": "Gone: the endpoint is disabled at once."},
    "429": {"description": "Not now: `Retry-After` is honoured, up to an hour."},
    "default": {
        "description": "Anything else, redirects included, and no answer in time: the event is sent again, later and "
        "later, for three days unless the operator says otherwise; then it is parked and can be replayed."
    },
}

_ORDER = (
    "A contact's events come in the order in which they came about, each once the one before was taken or given up. "
    "One may come twice, with the same `id`."
)


@cache
def _callbacks() -> dict[str, type[BaseModel]]:
    """By type: the event as the feed has it, with the `timestamp` that Standard Webhooks asks for."""
    timestamp = (datetime, Field(description="As `created_at`"))
    found = {}
    for event in (*get_args(get_args(AnyEvent)[0]), EndpointTestEvent):
        (name,) = get_args(event.model_fields["type"].annotation)
        title = f"{event.__name__.removesuffix('Event')}Callback"
        found[name] = create_model(title, __base__=event, __doc__=event.__doc__, timestamp=timestamp)
    return found


class EventBatchData(BaseModel):
    events: list[dict[str, Any]] = Field(
        min_length=1, max_length=MOST_BATCH, description="In the order in which they are to be worked through"
    )


class EventBatchCallback(BaseModel):
    """Several events, for an endpoint whose `batch_size` is above 1: it gets nothing else."""

    type: Literal["events.batch"]
    timestamp: datetime = Field(description="Of the last event")
    data: EventBatchData


def _reference(model: type[BaseModel]) -> str:
    return _REFERENCE.format(model=model.__name__)


def webhook_schemas() -> dict[str, Any]:
    models = [(one, "serialization") for one in (*_callbacks().values(), EventBatchCallback)]
    _, definitions = models_json_schema(models, ref_template=_REFERENCE)  # type: ignore[arg-type]
    found: dict[str, Any] = definitions["$defs"]
    any_event = {"oneOf": [{"$ref": _reference(one)} for one in _callbacks().values()]}
    found[EventBatchData.__name__]["properties"]["events"]["items"] = any_event
    return found


def webhooks() -> dict[str, Any]:
    """By type."""
    found: dict[str, type[BaseModel]] = {**dict(sorted(_callbacks().items())), BATCH: EventBatchCallback}
    return {name: _webhook(name, model) for name, model in found.items()}


def _webhook(name: str, model: type[BaseModel]) -> dict[str, Any]:
    return {
        "post": {
            "operationId": "receive_" + name.replace(".", "_"),
            "summary": name,
            "description": _ORDER,
            "tags": ["Callbacks"],
            "security": [],
            "parameters": [
                {"name": header, "in": "header", "required": True, "description": says, "schema": schema}
                for header, says, schema in _HEADERS
            ],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"$ref": _reference(model)}}},
            },
            "responses": _ANSWERS,
        }
    }
