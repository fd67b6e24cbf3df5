"""Types of payload fields that event types share."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from app.consent.schemas import Line, TimeZone
from app.core.moments import Moment
from app.templates.compiled import OWN_FILE, HeaderMedia

__all__ = ["Line", "Moment", "TimeZone"]

_FIRST_YEAR, _LAST_YEAR = 1970, 2999
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def _written_date(value: object) -> object:
    if isinstance(value, date) or (isinstance(value, str) and _DATE.fullmatch(value)):
        return value
    raise ValueError("must be a date such as 2026-11-24")


def _within_the_calendar(value: date) -> date:
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise ValueError(f"must lie between the years {_FIRST_YEAR} and {_LAST_YEAR}")
    return value


class Payload(BaseModel):
    """Base of every event's `data` and of what is nested in it: unknown fields are refused, surrounding white space is
    not meant."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


Day = Annotated[date, BeforeValidator(_written_date), AfterValidator(_within_the_calendar)]
Code = Annotated[Line, Field(max_length=60)]
"""A number by which the customer knows something: of an order, a booking, a bill."""
Name = Annotated[Line, Field(max_length=80)]
"""Of a person, a place, a product or a company."""
Place = Annotated[Line, Field(max_length=120, examples=["Demo Klinik, Kadıköy"])]
"""Where the customer goes, as people call it."""
Sentence = Annotated[Line, Field(max_length=200)]
"""A few words for the customer, in the customer's language."""
Service = Annotated[
    Line,
    Field(max_length=40, examples=["elektrik"], description="In the customer's language, as within a sentence"),
]
"""What is supplied: electricity, water, internet."""
AccountNumber = Annotated[
    Code,
    Field(examples=["4500123456"], description="Of the subscription, as the customer knows it from the bill"),
]
Link = Annotated[
    str,
    Field(
        max_length=2000,
        pattern=r"^https?://[^\s\x00-\x20\x7f\\]+$",
        description="Where the button leads. Must begin with the business's website, unless its links are tracked: "
        "Meta fixes the beginning of a button's link",
    ),
]
MediaLink = Annotated[str, Field(max_length=2000, pattern=r"^https://[^\s\x00-\x20\x7f\\]+$")]
MediaId = Annotated[str, Field(pattern=r"^[0-9]{1,40}$", description="Of a file uploaded to Meta, kept for 30 days")]

OwnFile = Annotated[
    str, Field(pattern=r"^med_[0-9a-f]{32}$", description="Of a file that was given to `/v1/media`, which is kept")
]


class _Media(Payload):
    link: MediaLink | None = None
    id: MediaId | None = None
    media: OwnFile | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if len(self.source) != 1:
            raise ValueError("give one of link, id and media")
        return self

    @property
    def source(self) -> dict[str, str]:
        given = {"link": self.link, "id": self.id, OWN_FILE: self.media}
        return {name: value for name, value in given.items() if value is not None}


class Image(_Media):
    """A JPEG or PNG of at most 5 MB: by an address that Meta fetches, by the id of an upload to Meta, or by our id of a
    file that is kept here."""

    def header(self) -> HeaderMedia:
        return {"type": "image", "image": self.source}


class Document(_Media):
    """A PDF of at most 100 MB: by an address that Meta fetches, by the id of an upload to Meta, or by our id of a file
    that is kept here."""

    filename: Annotated[Line, Field(max_length=100, pattern=r"\.[Pp][Dd][Ff]$", examples=["fatura.pdf"])]

    def header(self) -> HeaderMedia:
        return {"type": "document", "document": self.source | {"filename": self.filename}}


class Location(Payload):
    """A place on the map."""

    latitude: Annotated[float, Field(strict=True, ge=-90, le=90, allow_inf_nan=False, examples=[36.8529])]
    longitude: Annotated[float, Field(strict=True, ge=-180, le=180, allow_inf_nan=False, examples=[30.7894])]
    name: Annotated[Line, Field(max_length=100)]
    address: Annotated[Line, Field(max_length=200)]

    def header(self) -> HeaderMedia:
        place: dict[str, Any] = {"latitude": str(self.latitude), "longitude": str(self.longitude)}
        return {"type": "location", "location": place | {"name": self.name, "address": self.address}}


Channel = Literal["website", "app", "store", "phone", "email", "whatsapp", "sms"]
"""By which a customer told the business something."""


class CustomerRequest(Payload):
    """Evidence that the customer asked for this very message. Meta counts such texts as marketing even so; they are
    sent only as the answer to a request."""

    requested_at: Annotated[
        Moment, Field(description="When the customer asked", examples=["2026-11-20T18:05:00+03:00"])
    ]
    channel: Channel
    wording: Annotated[
        Line,
        Field(
            max_length=500,
            description="What the customer was shown, or said, when asking",
            examples=["Stoğa gelince WhatsApp’tan haber ver"],
        ),
    ]
    evidence: Annotated[
        Line,
        Field(
            max_length=200, description="Where it can be looked up: a page, a record's number", examples=["wish-8812"]
        ),
    ]


PrivateLink = Annotated[
    Link,
    Field(
        description="Where the button leads: a page that asks who is reading before it shows anything, for a message "
        "may be seen by others. Must begin with the business's website, unless its links are tracked: Meta fixes the "
        "beginning of a button's link",
    ),
]

PhoneAsShown = Annotated[
    Line, Field(max_length=30, pattern=r"^\+?[0-9(][0-9 ()/-]*[0-9]$", examples=["0216 000 00 00"])
]
"""A phone number for the customer to call, written as the customer is to read it."""


def belongs_to(state: str, *values: str, allowed: Sequence[str] = ()) -> AfterValidator:
    """For an optional field, with `validate_default`, that goes with some values of the field `state`, declared before
    it: needed where that is one of `values`, possible where it is one of `allowed`, and refused otherwise."""

    def check(value: Any, info: ValidationInfo) -> Any:
        if state not in info.data:
            return value  # the state itself is refused, which is said at its own place
        now = info.data[state]
        context = {"state": state, "value": now}
        if value is None and now in values:
            raise PydanticCustomError("missing", "is needed where {state} is {value}", context)
        if value is not None and now not in (*values, *allowed):
            raise PydanticCustomError("not_applicable", "must be left out where {state} is {value}", context)
        return value

    return AfterValidator(check)


def later_than(earlier: str, *, by_at_most: timedelta | None = None) -> AfterValidator:
    """Of a day or a moment: it comes after the one in the field `earlier`, declared before it."""

    def check(value: Any, info: ValidationInfo) -> Any:
        before = info.data.get(earlier)
        if value is None or before is None:
            return value
        if value <= before:
            raise PydanticCustomError("not_later", "must be later than {earlier}", {"earlier": earlier})
        if by_at_most is not None and value - before > by_at_most:
            context = {"earlier": earlier, "hours": by_at_most // timedelta(hours=1)}
            raise PydanticCustomError("too_late", "must be later than {earlier} by at most {hours} hours", context)
        return value

    return AfterValidator(check)
