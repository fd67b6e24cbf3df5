"""Bodies of the contact and consent operations, and the contact as every event names it."""

import ipaddress
import re
import unicodedata
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from app.accounts.schemas import QuietHoursIn
from app.consent.fold import Act
from app.consent.preferences import Channel
from app.consent.rules import ALL_TOPICS, ConsentState
from app.consent.sources import REPORTABLE, WITH_STAFF
from app.core.moments import Moment

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""Unicode's category Cc."""


def no_control_characters(text: str) -> str:
    """Refuses what no person types and no database column takes (NUL) or no screen shows."""
    if _CONTROL.search(text):
        raise PydanticCustomError("control_characters", "must not hold control characters")
    return text


_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols by category that show nothing."""


def is_visible(text: str) -> bool:
    """Whether there is anything of it to be seen."""
    if "!" <= text[:1] <= "~":
        return True  # as most begin: seen at once
    return not all(letter in _FILLERS or unicodedata.category(letter)[0] in "CZ" for letter in text)


def shows_something(text: str) -> str:
    """Refuses texts of nothing but invisible characters, which would leave a hole in a sentence."""
    if not is_visible(text):
        raise PydanticCustomError("nothing_visible", "must hold something that can be seen")
    return text


def known_time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise PydanticCustomError("time_zone", "must be an IANA time zone such as Europe/Istanbul") from error
    return name


def ip_address(text: str) -> str:
    """In its shortest form. Zones (`fe80::1%eth0`) say something only on the machine that they are of."""
    try:
        if "%" not in text:
            return str(ipaddress.ip_address(text))
    except ValueError:
        pass
    raise PydanticCustomError("ip_address", "must be an IPv4 or IPv6 address such as 192.0.2.7")


Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1),
    AfterValidator(no_control_characters),
    AfterValidator(shows_something),
]
BSUID_PATTERN = r"^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$"
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}([-_][A-Z][A-Za-z]{1,3})?$", examples=["tr"])]
TimeZone = Annotated[str, Field(max_length=64), AfterValidator(known_time_zone)]
Bsuid = Annotated[str, Field(pattern=BSUID_PATTERN)]
IpAddress = Annotated[Line, Field(max_length=64, examples=["192.0.2.7"]), AfterValidator(ip_address)]
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
            raise PydanticCustomError("phone_or_bsuid", "give either phone or bsuid")
        return self


class FrequencyCapIn(Strict):
    """At most so many messages in any stretch of so many days. Critical ones (an outage, a security alert) neither
    count nor are held back."""

    most: int = Field(ge=1, le=1000, strict=True)
    days: int = Field(ge=1, le=365, strict=True)


Actor = Annotated[Line, Field(max_length=120, pattern=r"^(customer|system|staff:.*\S.*)$", examples=["customer"])]

ActName = Literal["opt_in", "opt_out", "pause", "resume", "frequency", "channel", "quiet_hours"]


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
                },
                {"act": "opt_out", "source": "support_agent", "actor": "staff:Derya"},
                {"act": "pause", "source": "account_settings", "until": "2027-01-05T09:00:00+03:00"},
                {"act": "frequency", "source": "account_settings", "cap": {"most": 3, "days": 7}},
            ]
        },
    )

    act: ActName
    topics: list[Topic] = Field(default=[ALL_TOPICS], min_length=1, max_length=50)
    source: Literal[tuple(source.value for source in REPORTABLE)]  # type: ignore[valid-type]
    """The door that it came through."""
    place: Annotated[Line, Field(max_length=300)] | None = None
    """Which page, which till, which leaflet."""
    actor: Actor = Field(default="customer", validate_default=True)
    """`customer`, `system`, or `staff:` and who."""
    wording: Annotated[str, Field(min_length=1, max_length=4000)] | None = None
    """Exactly what the customer was shown."""
    wording_version: Annotated[Line, Field(max_length=60)] | None = None
    language: Language | None = None
    address: Annotated[IpAddress, Field(description="The customer's IP address, where there is one")] | None = None
    occurred_at: Moment | None = None
    double_opt_in: bool = Field(default=False, strict=True)
    """Of an opt-in: it holds only once the customer has confirmed it on WhatsApp."""
    confirm: bool = Field(default=False, strict=True)
    """Of an opt-out of all topics: the customer gets one message on WhatsApp that confirms it and says how to come
    back."""
    until: Moment | None = None
    """Of a pause, which needs it: messages wait until then, or expire."""
    cap: FrequencyCapIn | None = None
    """Of a frequency, which needs it: null lifts the cap that there is."""
    channel: Channel | None = None
    """Of a preferred channel, which needs it: by another than WhatsApp the business is told what to say."""
    quiet_hours: QuietHoursIn | None = None
    """Of quiet hours, which need it: null lets the business's own hold again."""
    contact: "ContactDetails | None" = None

    @field_validator("actor")
    @classmethod
    def _named(cls, actor: str, info: ValidationInfo) -> str:
        if info.data.get("act") == "opt_in" and info.data.get("source") in WITH_STAFF and not is_staff(actor):
            told = "an opt-in at a desk or on the phone names who took it: staff:…"
            raise PydanticCustomError("staff_missing", told)
        return actor

    @field_validator("wording")
    @classmethod
    def _storable(cls, wording: str | None) -> str | None:
        if wording is not None and "\x00" in wording:
            raise PydanticCustomError("control_characters", "must not hold control characters")
        return wording

    @field_validator("confirm")
    @classmethod
    def _confirmable(cls, confirm: bool, info: ValidationInfo) -> bool:  # noqa: FBT001
        if confirm and info.data.get("act") == "opt_out" and ALL_TOPICS not in info.data.get("topics", [ALL_TOPICS]):
            raise PydanticCustomError("only_for_all_topics", "only an opt-out of all topics is confirmed")
        return confirm

    @field_validator("double_opt_in", "confirm", "until", "cap", "channel", "quiet_hours")
    @classmethod
    def _belongs(cls, value: object, info: ValidationInfo) -> object:
        act, field = info.data.get("act"), info.field_name or ""
        if value and act is not None and act != _ACT_OF[field]:
            raise PydanticCustomError("only_for_act", "is only for the act {of}", {"of": _ACT_OF[field]})
        return value

    @field_validator("topics")
    @classmethod
    def _divisible(cls, topics: list[str], info: ValidationInfo) -> list[str]:
        if info.data.get("act") in ("channel", "quiet_hours") and topics != [ALL_TOPICS]:
            raise PydanticCustomError("not_by_topic", "this preference is for all messages together")
        return topics

    @model_validator(mode="after")
    def _said(self) -> Self:
        """What the act is about; where null means something, it is to be written."""
        field = _SAYS.get(self.act)
        if field is None or getattr(self, field) is not None:
            return self
        if field in _LIFTED_BY_NULL and field in self.model_fields_set:
            return self
        fault = PydanticCustomError("required_for_act", "is needed for the act {of}", {"of": self.act})
        raise faulty(self, field, fault)


_ACT_OF = {
    "double_opt_in": "opt_in",
    "confirm": "opt_out",
    "until": "pause",
    "cap": "frequency",
    "channel": "channel",
    "quiet_hours": "quiet_hours",
}


_SAYS = {"pause": "until", "frequency": "cap", "channel": "channel", "quiet_hours": "quiet_hours"}
_LIFTED_BY_NULL = ("cap", "quiet_hours")


def faulty(model: BaseModel, field: str, fault: PydanticCustomError) -> ValidationError:
    """For validators of a whole model that know which field is wrong."""
    details = InitErrorDetails(type=fault, loc=(field,), input=getattr(model, field))
    return ValidationError.from_exception_data(type(model).__name__, [details])


def is_staff(actor: str) -> bool:
    return actor.startswith("staff:")


class ContactDetails(Strict):
    name: Annotated[Line, Field(max_length=100)] | None = None
    language: Language | None = None
    time_zone: TimeZone | None = None


class ConsentOut(BaseModel):
    channel: str
    topic: str = Field(
        description="`*` for all that no other row is about. `meta:marketing`: not a topic, but what the customer told "
        "Meta of all marketing by this business"
    )
    state: ConsentState = Field(
        description="`pending`: agreed to and not confirmed yet. `stopped_at_meta`: Meta takes no marketing of this "
        "business for the customer"
    )
    since: datetime


class PreferencesOut(BaseModel):
    """What the contact wants of the messages that it gets; each by topic, `*` for all together."""

    paused_until: dict[str, datetime]
    caps: dict[str, FrequencyCapIn]
    channel: Channel
    quiet_hours: QuietHoursIn | None = Field(description="Null where the business's own hold")


class ConsentActOut(BaseModel):
    """A line of the ledger."""

    id: str = Field(examples=["act_019a8f3c2b7d7c31a4e5f60718293a4b"])
    number: int | None = Field(description="In the business's chain; null for acts from before there was one")
    act: Act
    channel: str
    topic: str
    value: dict[str, Any] | None = Field(description="Of acts that say more than their topic")
    source: str
    place: str | None
    link: str | None = Field(description="The opt-in link that it came by")
    actor: str
    wording: str | None
    wording_version: str | None
    language: str | None
    address: str | None = Field(description="Null where there was none, or after an erasure")
    occurred_at: datetime
    recorded_at: datetime
    mac: str | None = Field(description="Keyed hash of the line and of the one before, hexadecimal")


class WindowOut(BaseModel):
    """Until when a customer may be answered freely by a number: 24 hours from what they last wrote to it. Outside it
    only templates go."""

    sender: str = Field(examples=["snd_019a8f3c2b7d7c31a4e5f60718293a4b"])
    is_open: bool
    opened_at: datetime = Field(description="When they first wrote of what has kept it open since")
    expires_at: datetime
    last_reply: str = Field(
        description="What kept it open last, as `GET /v1/replies/{reply}` has it",
        examples=["rep_019a8f3c2b7d7c31a4e5f60718293a4b"],
    )


class ContactOut(BaseModel):
    id: str = Field(examples=["con_018f2c6e7a3b7c9d8e0f1a2b3c4d5e6f"])
    phone: str | None
    bsuid: str | None
    wa_id: str | None
    name: str | None
    language: str | None
    time_zone: str | None
    consents: list[ConsentOut]
    preferences: PreferencesOut
    created_at: datetime


class ContactDetail(ContactOut):
    """A contact, and who may answer it freely."""

    windows: list[WindowOut] = Field(description="By number; those that are over say when they were")


class ContactConsents(BaseModel):
    """What holds for a contact, and the ledger that it follows from."""

    contact_id: str
    consents: list[ConsentOut]
    preferences: PreferencesOut
    acts: list[ConsentActOut] = Field(description="Oldest first; all of them")


class ConsentRecorded(BaseModel):
    contact_id: str
    consents: list[ConsentOut]
    preferences: PreferencesOut
    canceled_messages: int = Field(description="Waiting messages that this act silenced, in the same transaction")
