"""Bodies of the contact and consent operations, and the contact as every event names it."""

import re
import unicodedata
from datetime import datetime
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from app.consent.rules import ALL_TOPICS

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""Unicode's category Cc."""


def no_control_characters(text: str) -> str:
    """Refuses what no person types and no database column takes (NUL) or no screen shows."""
    if _CONTROL.search(text):
        raise ValueError("must not hold control characters")
    return text


_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols by category that show nothing."""


def shows_something(text: str) -> str:
    """Refuses texts of nothing but invisible characters, which would leave a hole in a sentence."""
    if all(letter in _FILLERS or unicodedata.category(letter)[0] in "CZ" for letter in text):
        raise ValueError("must hold something that can be seen")
    return text


def known_time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("must be an IANA time zone such as Europe/Istanbul") from error
    return name


def within_the_calendar(moment: datetime) -> datetime:
    """Refuses moments at its ends, where a time zone or a time to live leads out of it."""
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError(f"must lie between the years {_FIRST_YEAR} and {_LAST_YEAR}")
    return moment


_FIRST_YEAR, _LAST_YEAR = 1970, 2999


def written_out(moment: object) -> object:
    """Refuses bare numbers, which may be seconds or milliseconds of anything."""
    if isinstance(moment, datetime) or (isinstance(moment, str) and _DATE.match(moment)):
        return moment
    raise ValueError("must be an RFC 3339 time such as 2026-11-24T14:30:00+03:00")


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]")

AnyMoment = Annotated[AwareDatetime, BeforeValidator(written_out)]
Moment = Annotated[AnyMoment, AfterValidator(within_the_calendar)]
Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1),
    AfterValidator(no_control_characters),
    AfterValidator(shows_something),
]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}([-_][A-Z][A-Za-z]{1,3})?$", examples=["tr"])]
TimeZone = Annotated[str, Field(max_length=64), AfterValidator(known_time_zone)]
Bsuid = Annotated[str, Field(pattern=r"^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$")]
Topic = Annotated[str, Field(pattern=r"^(\*|[a-z][a-z0-9_]{0,39})$", examples=["orders"])]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ContactIn(Strict):
    """Who is told: by phone, or by BSUID where the customer hides the number."""

    phone: Annotated[str, Field(max_length=40, examples=["+905321112233"])] | None = None
    bsuid: Bsuid | None = None
    name: Annotated[Line, Field(max_length=100, examples=["Ayşe Yılmaz"])] | None = None
    language: Language | None = None
    time_zone: TimeZone | None = None

    @model_validator(mode="after")
    def _identified(self) -> Self:
        if (self.phone is None) == (self.bsuid is None):
            raise ValueError("give either phone or bsuid")
        return self


class ConsentIn(Strict):
    """An act of consent as the business recorded it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "act": "opt_in",
                    "topics": ["*"],
                    "source": "checkout",
                    "place": "https://shop.example/checkout",
                    "wording": "Sipariş bilgilerimi Demo Mağaza'dan WhatsApp ile almak istiyorum.",
                    "wording_version": "2026-11",
                    "language": "tr",
                    "contact": {"name": "Ayşe Yılmaz", "language": "tr"},
                }
            ]
        },
    )

    act: Literal["opt_in", "opt_out"]
    topics: list[Topic] = Field(default=[ALL_TOPICS], min_length=1, max_length=50)
    source: Annotated[Line, Field(max_length=60, examples=["checkout"])]
    """Which door: checkout, account_settings, service_desk, sms, support_agent …"""
    place: Annotated[Line, Field(max_length=300)] | None = None
    actor: Annotated[Line, Field(max_length=120)] = "customer"
    wording: Annotated[str, Field(min_length=1, max_length=4000)] | None = Field(default=None, validate_default=True)
    wording_version: Annotated[Line, Field(max_length=60)] | None = None
    language: Language | None = None
    address: (
        Annotated[Line, Field(max_length=64, description="The customer's IP address, where there is one")] | None
    ) = None
    occurred_at: Moment | None = None
    contact: "ContactDetails | None" = None

    @field_validator("wording")
    @classmethod
    def _proven(cls, wording: str | None, info: ValidationInfo) -> str | None:
        if info.data.get("act") == "opt_in" and not any(letter.isalnum() for letter in wording or ""):
            raise ValueError("an opt-in needs exactly what the customer was shown")
        if wording is not None and "\x00" in wording:
            raise ValueError("must not hold control characters")
        return wording


class ContactDetails(Strict):
    name: Annotated[Line, Field(max_length=100)] | None = None
    language: Language | None = None
    time_zone: TimeZone | None = None


class ConsentOut(BaseModel):
    channel: str
    topic: str
    state: Literal["opted_in", "opted_out"]
    since: datetime


class ConsentActOut(BaseModel):
    id: str
    act: Literal["opt_in", "opt_out"]
    channel: str
    topic: str
    source: str
    place: str | None
    actor: str
    wording: str | None
    wording_version: str | None
    language: str | None
    occurred_at: datetime
    recorded_at: datetime


class ContactOut(BaseModel):
    id: str = Field(examples=["con_018f2c6e7a3b7c9d8e0f1a2b3c4d5e6f"])
    phone: str | None
    bsuid: str | None
    wa_id: str | None
    name: str | None
    language: str | None
    time_zone: str | None
    consents: list[ConsentOut]
    acts: list[ConsentActOut] = Field(description="The ledger of this contact, oldest first")
    created_at: datetime


class ConsentRecorded(BaseModel):
    contact_id: str
    consents: list[ConsentOut]
    canceled_messages: int = Field(description="Waiting messages that this act silenced, in the same transaction")
