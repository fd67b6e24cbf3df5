"""Bodies of the operations on endpoints and on what was delivered to them."""

import re
from datetime import datetime, timedelta
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from app.callbacks.addresses import URL_LENGTH_MOST
from app.callbacks.schemas import EVENT_PREFIX, EventName
from app.core.moments import Moment

ENDPOINT_PREFIX = "cbe"
MOST_ENDPOINTS = 20
MOST_BATCH = 100
OVERLAP = timedelta(days=1)
MOST_OVERLAP = timedelta(days=7)

EndpointState = Literal["untried", "healthy", "failing", "disabled"]
DisabledReason = Literal["request", "gone", "failing"]
DeliveryStatus = Literal["pending", "delivered", "parked"]
ParkedReason = Literal["window", "endpoint_disabled"]
AttemptError = Literal["address", "dns", "connect", "tls", "timeout", "protocol", "redirect", "status", "secret"]

Given = TypeVar("Given")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _shown(text: str) -> str:
    if _CONTROL.search(text):
        raise PydanticCustomError("control_characters", "must not hold control characters")
    return text


def _unique(types: list[EventName]) -> list[EventName]:
    if len(set(types)) < len(types):
        raise PydanticCustomError("repeated", "must name each type once")
    return types


Url = Annotated[
    str,
    Field(
        max_length=URL_LENGTH_MOST,
        description="https, to a host of the public Internet; redirects are not followed",
        examples=["https://shop.example/callbacks"],
    ),
]
Description = Annotated[str, AfterValidator(_shown), Field(max_length=200, examples=["CRM"])]
Types = Annotated[
    list[EventName],
    AfterValidator(_unique),
    Field(min_length=1, description="It gets these; null: all, those of later versions included"),
]
BatchSize = Annotated[
    int,
    Field(
        ge=1,
        le=MOST_BATCH,
        strict=True,
        description="Above 1 each call carries as many events as there are, up to so many, in an envelope",
    ),
]


class EndpointIn(Strict):
    """Where a business wants to receive events."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"url": "https://shop.example/callbacks", "types": ["consent.changed"]}]},
    )

    url: Url
    description: Description | None = None
    types: Types | None = None
    batch_size: BatchSize = 1


class EndpointChange(Strict):
    """What is to be otherwise; what is missing stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"enabled": True}]})

    url: Url | None = None
    description: Description | None = None
    types: Types | None = None
    batch_size: BatchSize | None = None
    enabled: bool | None = Field(default=None, strict=True)

    @field_validator("url", "batch_size", "enabled")
    @classmethod
    def _stays(cls, given: Given) -> Given:
        if given is None:
            raise PydanticCustomError("null_not_allowed", "cannot be null: without it, it stays as it is")
        return given


class SecretRotation(Strict):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}, {"overlap_seconds": 3600}]})

    overlap_seconds: int = Field(
        default=int(OVERLAP.total_seconds()),
        ge=0,
        le=int(MOST_OVERLAP.total_seconds()),
        strict=True,
        description="How long calls are signed with the former secret, too",
    )


class EndpointHealth(BaseModel):
    """What came of its calls lately."""

    state: EndpointState
    failing_since: datetime | None = Field(description="Since when nothing but failures")
    consecutive_failures: int
    retry_at: datetime | None = Field(description="It is not called before then")
    last_success_at: datetime | None
    last_failure_at: datetime | None
    last_error: str | None = Field(examples=["answered 503"])


class EndpointOut(BaseModel):
    """An endpoint, and how it does."""

    id: str = Field(examples=["cbe_019a8f3c2b7d7c31a4e5f60718293a4b"])
    url: str = Field(description="In ASCII", examples=["https://shop.example/callbacks"])
    description: str | None
    types: list[str] | None = Field(description="Null: all")
    batch_size: int
    enabled: bool
    disabled_at: datetime | None
    disabled_reason: DisabledReason | None = Field(
        description="`request`: by you. `gone`: it answered 410. `failing`: for days nothing but failure came"
    )
    created_at: datetime
    former_secret_until: datetime | None = Field(description="Until when calls are signed with two secrets")
    health: EndpointHealth
    pending: int = Field(description="Events on their way to it, or waiting to be tried again")
    parked: int = Field(description="Events that were given up; they can be replayed")


class EndpointWithSecret(EndpointOut):
    """An endpoint with its secret, which is shown this once."""

    secret: str = Field(
        description="For any library of Standard Webhooks", examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
    )


class EndpointList(BaseModel):
    endpoints: list[EndpointOut] = Field(description="Oldest first")


class EndpointTested(BaseModel):
    event: str = Field(description="What became of it: `GET …/deliveries/{event}`", examples=["evt_" + "0" * 32])


class Attempt(BaseModel):
    """A call, and what came of it."""

    number: int = Field(description="Gaps are calls of which nothing is known: their worker died")
    callback_id: str = Field(description="The call's `webhook-id`: the event, or the batch that it was part of")
    started_at: datetime
    duration_ms: int
    status_code: int | None
    error: AttemptError | None = Field(description="Null of a success")
    detail: str | None = Field(description="Of the error, for people", examples=["answered 503"])
    answer: str | None = Field(default=None, description="Of a failure: how the answer began, for a week")


class DeliveryOut(BaseModel):
    """An event, as far as one endpoint is concerned."""

    event: str = Field(examples=["evt_019a8f3c2b7d7c31a4e5f60718293a4b"])
    type: str = Field(examples=["consent.changed"])
    contact: str | None = Field(examples=["con_019a8f3c2b7d7c31a4e5f60718293a4b"])
    message: str | None = Field(examples=[None])
    created_at: datetime = Field(description="Of the event")
    status: DeliveryStatus = Field(description="`parked`: given up, to be replayed")
    parked_reason: ParkedReason | None = Field(
        description="`window`: every try failed for as long as it is tried. `endpoint_disabled`: before its turn came"
    )
    is_being_sent: bool
    waits_for_earlier: bool = Field(description="An earlier event of the same contact is to be delivered first")
    next_attempt_at: datetime | None
    attempt_count: int
    ended_at: datetime | None


class DeliveryPage(BaseModel):
    deliveries: list[DeliveryOut] = Field(description="Newest event first")
    next_cursor: str | None


class DeliveryDetail(DeliveryOut):
    """The same with its calls."""

    attempts: list[Attempt] = Field(description="The last of them, oldest first")


class ReplayIn(Strict):
    """Which events are to be sent again."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"since": "2026-11-24T00:00:00Z", "until": "2026-11-25T00:00:00Z", "only": "undelivered"}]
        },
    )

    since: Moment
    until: Moment
    types: Types | None = Field(default=None, description="Of the endpoint's types, these alone")
    only: Literal["undelivered", "all"] = Field(
        default="undelivered",
        description="`undelivered`: those that were parked, or came while it was disabled or not there yet",
    )

    @model_validator(mode="after")
    def _has_a_length(self) -> Self:
        if self.since >= self.until:
            raise PydanticCustomError("empty_period", "since must be before until")
        return self


class Replayed(BaseModel):
    events: int = Field(description="That are on their way now")


class EndpointTest(Strict):
    """Sent on request, to one endpoint alone."""

    endpoint: str = Field(examples=["cbe_019a8f3c2b7d7c31a4e5f60718293a4b"])
    note: str = Field(examples=["This is a test. Nothing happened."])


class EndpointTestEvent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str = Field(description="The same however often it is sent", examples=[f"{EVENT_PREFIX}_" + "0" * 32])
    type: Literal["endpoint.test"]
    created_at: datetime
    data: EndpointTest
