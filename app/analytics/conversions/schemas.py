"""Bodies of the operations on conversions."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SkipValidation, model_validator
from pydantic_core import PydanticCustomError

from app.analytics.conversions.attribution import AttributedBy, NamedBy, Unattributed
from app.consent.schemas import Bsuid, Strict
from app.core.moments import Moment
from app.core.problems import ProblemDetails
from app.events.formatting import Money
from app.messages.schemas import Metadata, Reference

CONVERSION_PREFIX = "cnv"
CONVERSIONS_MOST = 1000
EVENT_TYPES_MOST = 50

ConversionType = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$", description="A word of your own", examples=["purchase", "booking"]),
]


class ConvertingContact(Strict):
    """Who did it: by one of these."""

    id: (
        Annotated[str, Field(pattern=r"^con_[0-9a-f]{32}$", examples=["con_019a8f3c2b7d7c31a4e5f60718293a4b"])] | None
    ) = None
    phone: Annotated[str, Field(max_length=40, examples=["+905321112233"])] | None = None
    bsuid: Bsuid | None = None

    @model_validator(mode="after")
    def _one_name(self) -> Self:
        if sum(one is not None for one in (self.id, self.phone, self.bsuid)) != 1:
            raise PydanticCustomError("one_name", "give one of id, phone and bsuid")
        return self


EXAMPLES: list[JsonValue] = [
    {
        "reference": "order-1002",
        "type": "purchase",
        "value": {"amount": 129990, "currency": "TRY"},
        "click": "clk_019a8f3c2b7d7c31a4e5f60718293a4b",
    },
    {"reference": "visit-77", "type": "booking", "contact": {"phone": "+905321112233"}},
]


class ConversionIn(Strict):
    """Something that a customer did, with what tells which message it came of: the click that the website was told of,
    or the message, or the contact."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": EXAMPLES})

    reference: Reference | None = Field(
        default=None,
        description="Your own id of it, such as the order's number: of one kind of key each is taken once, and the "
        "same request again gets the same conversion",
    )
    type: ConversionType
    value: Money | None = None
    occurred_at: Moment | None = Field(default=None, description="By default now; not in the future")
    click: (
        Annotated[str, Field(pattern=r"^clk_[0-9a-f]{32}$", examples=["clk_019a8f3c2b7d7c31a4e5f60718293a4b"])] | None
    ) = Field(default=None, description="As the tracked link told it to the website, see `click_parameter`")
    message: (
        Annotated[str, Field(pattern=r"^msg_[0-9a-f]{32}$", examples=["msg_019a8f3c2b7d7c31a4e5f60718293a4b"])] | None
    ) = None
    contact: ConvertingContact | None = None
    event_types: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=EVENT_TYPES_MOST)] = Field(
        default=[], description="It can have come only of messages of these; of any where the list is empty"
    )
    metadata: Annotated[Metadata, Field(max_length=20)] | None = Field(
        default=None, description="Yours, kept and returned; never a customer's name where the contact says who it was"
    )

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if sum(one is not None for one in (self.click, self.message, self.contact)) != 1:
            raise PydanticCustomError("one_of_three", "give one of click, message and contact")
        return self

    @property
    def named_by(self) -> NamedBy:
        if self.click is not None:
            return "click"
        return "message" if self.message is not None else "contact"


class ConversionOut(BaseModel):
    """A conversion, and the message that it came of."""

    id: str = Field(examples=["cnv_019a8f3c2b7d7c31a4e5f60718293a4b"])
    reference: str | None = Field(description="Null also once it was erased")
    type: str
    value: Money | None
    occurred_at: datetime
    created_at: datetime
    named_by: NamedBy
    click: str | None = Field(description="The click that was named")
    contact: str | None = Field(description="Who did it; null where nobody is known")
    message: str | None = Field(
        description="That it came of, as far as that was known when it was reported: what is learnt later of messages "
        "changes nothing of it",
        examples=["msg_019a8f3c2b7d7c31a4e5f60718293a4b"],
    )
    event_type: str | None = Field(description="Of that message")
    attributed_by: AttributedBy | None = Field(
        description="`click`: the message of the click that was named. `message`: the one that was named. "
        "`clicked_contact`: the last one that the contact clicked in the window. `contact`: clicked none; the last one "
        "that was delivered or read in it"
    )
    unattributed: Unattributed | None = Field(
        description="Why it came of no message. `unknown_contact`: nobody is known by that number or user id. "
        "`no_message`: the contact got none in the window. `outside_window`: the click or message was too long before "
        "it, or after it, or the message never left. `event_type`: there was one, of none of the `event_types`"
    )
    metadata: dict[str, str] | None
    canceled_at: datetime | None = Field(description="Since then it counts no more")
    content_erased_at: datetime | None


class ConversionPage(BaseModel):
    conversions: list[ConversionOut]
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null on the last")


class ConversionBatchIn(Strict):
    """Each for itself: one that is refused holds no other back."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"conversions": EXAMPLES}]})

    conversions: Annotated[list[SkipValidation[ConversionIn]], Field(min_length=1, max_length=CONVERSIONS_MOST)]


class ConversionTaken(BaseModel):
    index: int
    conversion: ConversionOut
    repeated: bool = Field(description="It had been reported before")


class ConversionRefused(BaseModel):
    index: int
    problem: ProblemDetails


class ConversionBatchOut(BaseModel):
    taken: int = Field(description="Those that were repeated included")
    refused: int
    results: list[ConversionTaken | ConversionRefused] = Field(description="In the order of the request")
