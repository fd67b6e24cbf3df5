"""Bodies of the operations on opt-in links."""

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.consent.link_texts import LeadsTo
from app.consent.rules import ALL_TOPICS
from app.consent.schemas import Line, Strict, Topic, faulty
from app.consent.sms import Encoding
from app.consent.sources import LINKABLE
from app.core.languages import OurLanguage

LINK_PREFIX = "lnk"

_STORABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def _origin(text: str) -> str:
    """As browsers send it (RFC 6454 §6.2): no path, no port that goes without saying, small letters."""
    parts = urlsplit(text)
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError("must be an origin such as https://shop.example") from error
    plain = parts._replace(netloc="", scheme="").geturl() in ("", "/")
    if parts.scheme not in ("http", "https") or not host or not plain or parts.username is not None:
        raise ValueError("must be an origin such as https://shop.example")
    if not re.fullmatch(r"[a-z0-9.-]+|[0-9a-f:]+", host):
        raise ValueError("must be written as browsers send it: its host in Punycode")
    shown = f"[{host}]" if ":" in host else host
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{shown}" + (f":{port}" if port not in (None, usual) else "")


def _different(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _printable(text: str) -> str:
    if _STORABLE.search(text):
        raise ValueError("must not hold control characters")
    return text


if TYPE_CHECKING:
    LinkSource = str
else:
    LinkSource = Literal[tuple(source.value for source in LINKABLE)]
LinkPlace = Annotated[Line, Field(max_length=300, examples=["Kadıköy, till 3"])]
LinkTopics = Annotated[list[Topic], Field(min_length=1, max_length=50), AfterValidator(_different)]
Wordings = dict[OurLanguage, Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_printable)]]
WordingVersion = Annotated[Line, Field(max_length=60)]
Origins = Annotated[
    list[Annotated[str, Field(max_length=200), AfterValidator(_origin)]],
    Field(max_length=50),
    AfterValidator(_different),
]


class OptInLinkIn(Strict):
    """A door through which customers are to come."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"source": "qr_till", "place": "Kadıköy mağazası, 3. kasa"},
                {
                    "source": "website_form",
                    "place": "https://shop.example/whatsapp",
                    "leads_to": "page",
                    "topics": ["orders", "marketing"],
                    "wordings": {"tr": "Demo Mağaza'nın bana WhatsApp'tan yazmasını kabul ediyorum."},
                    "wording_version": "2026-11",
                    "double_opt_in": True,
                    "origins": ["https://shop.example"],
                },
            ]
        },
    )

    source: LinkSource
    place: LinkPlace | None = None
    """Which till, which leaflet, which page: what comes is counted for it."""
    leads_to: LeadsTo = "whatsapp"
    """`whatsapp`: a chat with a text ready to be sent. `page`: the form."""
    topics: LinkTopics = Field(default=[ALL_TOPICS])
    """Those that the customer agrees to, or chooses among on the page."""
    wordings: Wordings = Field(default={})
    """By language, what the page asks to agree to; our own wording where a language is missing."""
    wording_version: WordingVersion | None = None
    """Of `wordings`: what is agreed to in other words, by our own or in the chat, does not bear it."""
    double_opt_in: bool = Field(default=False, strict=True)
    """What is agreed to on the page holds only once the customer has confirmed it on WhatsApp. Who sends the text of
    a link does so from the number itself, which leaves nothing to confirm."""
    sender: str | None = Field(default=None, max_length=64, examples=["snd_019a8f3c2b7d7c31a4e5f60718293a4b"])
    """The number that the chat is opened with; the business's first where nothing is said."""
    origins: Origins = Field(default=[])
    """Websites on which the snippet may stand."""
    language: OurLanguage | None = None
    """Of the text that a customer sends, and of the invitations; the business's where nothing is said."""


class OptInLinkChange(Strict):
    """Only what is given changes; the code stays, so that what is printed goes on."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"place": "Kadıköy mağazası, 4. kasa"}, {"topics": ["orders"]}]}
    )

    place: LinkPlace | None = None
    leads_to: LeadsTo | None = None
    topics: LinkTopics | None = None
    wordings: Wordings | None = None
    """All of them: it replaces."""
    wording_version: WordingVersion | None = None
    double_opt_in: bool | None = Field(default=None, strict=True)
    sender: str | None = Field(default=None, max_length=64)
    """Null for the business's first."""
    origins: Origins | None = None
    language: OurLanguage | None = None

    @model_validator(mode="after")
    def _not_emptied(self) -> Self:
        emptied = [
            name
            for name in ("leads_to", "topics", "wordings", "double_opt_in", "origins", "language")
            if name in self.model_fields_set and getattr(self, name) is None
        ]
        if emptied:
            raise faulty(self, emptied[0], PydanticCustomError("null_not_allowed", "cannot be null"))
        return self


class QrOut(BaseModel):
    """Where the code is had as a picture; `size_mm` and `dpi` make it fit the print."""

    svg_url: str
    png_url: str


class SmsOut(BaseModel):
    text: str
    encoding: Encoding
    length: int = Field(description="In places of the encoding")
    segments: int = Field(description="Messages that a gateway will count")


class EmailOut(BaseModel):
    subject: str
    text: str


class InvitationsOut(BaseModel):
    """Ready to be sent by the business's own means to customers who may be asked there."""

    sms: SmsOut
    sms_gsm7: SmsOut | None = Field(
        description="The same in letters of which more fit into a message; null where the business's name has others"
    )
    email: EmailOut


class LinkCounts(BaseModel):
    scans: int = Field(description="Times that the link was opened by a person, as far as can be told")
    opt_ins: int = Field(description="Opt-ins that came by it; those to be confirmed count once they are")


class DayCounts(LinkCounts):
    day: date = Field(description="In UTC")


class OptInLinkHead(BaseModel):
    """An opt-in link with what came of it."""

    id: str = Field(examples=["lnk_019a8f3c2b7d7c31a4e5f60718293a4b"])
    code: str = Field(examples=["K7Q2M9X4T"])
    source: str
    place: str | None
    leads_to: LeadsTo
    topics: list[str]
    wordings: dict[str, str]
    wording_version: str | None
    double_opt_in: bool
    sender: str | None = Field(description="Null for the business's first")
    origins: list[str]
    language: OurLanguage
    url: str = Field(description="What is printed and sent: it counts who comes, and leads on")
    counts: LinkCounts
    created_at: datetime
    disabled_at: datetime | None = Field(description="Since then who comes is told that it is no longer valid")


class LinkWarning(BaseModel):
    """What is missing at a door that works all the same."""

    code: Literal["privacy_url_missing", "wording_version_missing", "sender_missing"]
    message: str


class OptInLinkOut(OptInLinkHead):
    """All that is needed to put up the door."""

    prefilled_text: str = Field(description="What the chat is opened with; sent as it is, it is the opt-in")
    whatsapp_url: str | None = Field(
        description="Leads to the chat at once, past the counting of scans; null while the business has no number"
    )
    qr: QrOut
    invitations: InvitationsOut
    warnings: list[LinkWarning] = Field(description="What ought to be mended before customers come; empty where all is")
    snippet: str = Field(description="For the pages of `origins`: one tag")


class OptInLinkPage(BaseModel):
    opt_in_links: list[OptInLinkHead] = Field(description="Newest first")
    next_cursor: str | None


class OptInLinkCountsOut(BaseModel):
    total: LinkCounts
    days: list[DayCounts] = Field(description="Those on which something came of it, newest first; at most 400")
