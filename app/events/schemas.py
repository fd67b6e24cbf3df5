"""Bodies of the operations on event types."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.consent.schemas import Line, no_control_characters
from app.events.answers import RATING_MOST, Expected, Meaning, RatingMost
from app.events.event_type import Industry
from app.events.fields import OwnFile
from app.events.formats import FormatName
from app.templates.definition import HeaderFormat

CONTACT_NAME = "contact.name"
"""The one source outside an event's data."""

OWN_NAME = r"^x-[a-z0-9]+(-[a-z0-9]+)*$"
"""`x-` keeps clear of names that the catalogue may take later."""
OWN_NAME_MOST = 60


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _lines(text: str) -> str:
    for line in text.split("\n"):
        no_control_characters(line)
    return text


TemplateLanguage = Annotated[str, Field(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$", examples=["tr"])]
"""As Meta writes them."""
Pointer = Annotated[str, Field(pattern=r"^(/[^/\x00-\x1f]+)+$", max_length=200, examples=["/order/number"])]
Label = Annotated[Line, Field(max_length=25)]
Value = Annotated[Line, Field(max_length=200)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_lines)]


class UnconfirmedIn(Strict):
    """What happens when it stays unknown whether a message left: Cloud API has no idempotency key."""

    then: Literal["resend", "fail"] = Field(description="Is telling twice worse (`fail`), or not telling (`resend`)?")
    window_seconds: int = Field(ge=10, le=86_400, strict=True, description="How long a receipt may take to settle it")


class ParameterDefinition(Strict):
    """Where the value of a placeholder comes from, and how it is written."""

    source: Annotated[str, Field(pattern=r"^(contact\.name|(/[^/\x00-\x1f]+)+)$", max_length=200)] = Field(
        description="JSON Pointer into `data`, through objects, or `contact.name`", examples=["/order/number"]
    )
    format: FormatName = Field(
        default="text",
        description="`text`: a string or an integer as it stands. `money`: an object of `amount` in minor units and "
        "`currency`. `date`: a day. `date_time` and `time`: of a moment, on the clock of the business. `number`, "
        "`percent` (of a hundred). `list`: of strings; of a long one the first, and how many more there are. `choice`: "
        "one of an enum's strings, said by `labels`",
    )
    labels: dict[TemplateLanguage, dict[str, Value]] | None = Field(
        default=None, description="Of a choice: by language, then by value"
    )
    otherwise: dict[TemplateLanguage, Value] | None = Field(
        default=None,
        description="What stands where an optional value is missing, by language: a template has no empty places",
    )

    @model_validator(mode="after")
    def _labels_of_a_choice(self) -> Self:
        if (self.labels is not None) != (self.format == "choice"):
            raise ValueError("labels belong to a choice, and a choice needs them")
        return self


class LinkButtonDefinition(Strict):
    kind: Literal["link"]
    source: Pointer = Field(description="JSON Pointer into `data`: a full link, required")
    label: dict[TemplateLanguage, Label] = Field(description="By language")


class ReplyButtonDefinition(Strict):
    kind: Literal["reply"]
    payload: Annotated[Line, Field(max_length=128)] = Field(description="What comes back when it is tapped")
    label: dict[TemplateLanguage, Label] = Field(description="By language")
    meaning: Meaning | None = Field(
        default=None,
        description="What a tap says, where that is one of these: the `kind` of the reply",
        examples=[None],
    )


class WordingDefinition(Strict):
    """What the template says in one language. Placeholders are names of parameters: `{{order_number}}`."""

    body: Annotated[Text, Field(max_length=1024)]
    header: Annotated[Line, Field(max_length=60)] | None = None
    footer: Annotated[Line, Field(max_length=60)] | None = None


class MediaDefinition(Strict):
    """A header that is a picture, a film, a PDF or a place: said with each event, or always the same file, as a film
    is."""

    format: HeaderFormat
    source: Pointer | None = Field(
        default=None,
        description="JSON Pointer into `data`: an object of `link`, `id` or `media`; of a document with `filename`; of "
        "a location with `latitude`, `longitude`, `name` and `address`. Null where each message shows the sample, "
        "as with a `VIDEO`",
    )
    sample: OwnFile | None = Field(
        default=None,
        description="The file that Meta's review sees, as `/v1/media` calls it; messages whose event says nothing show "
        "it, too. Without one Meta takes no template with a picture, film or PDF",
        examples=["med_019a8f3c2b7d7c31a4e5f60718293a4b"],
    )


def _show_example(schema: dict[str, Any]) -> None:
    schema["examples"] = [EXAMPLE]


class EventTypeDefinition(Strict):
    """An event type of a business's own: what is reported, how the template says it, and its messages' policy."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=_show_example)

    title: Annotated[Line, Field(max_length=80)]
    description: Annotated[Line, Field(max_length=500)]
    topic: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")] = Field(
        description="What the customer must have consented to", examples=["reservations"]
    )
    priority: Literal["critical", "normal"] = Field(
        default="normal", description="Critical messages leave first, at any hour"
    )
    time_to_live_seconds: int = Field(
        ge=60,
        le=2_592_000,
        strict=True,
        description="From acceptance or `send_at`: afterwards a message is stale and expires",
    )
    unconfirmed: UnconfirmedIn
    quiet_hours: Literal["keep", "bypass"] = Field(
        description="Whether it waits out the customer's night: `bypass` for what the customer waits for"
    )
    expected_category: Literal["UTILITY", "MARKETING"] = Field(
        default="UTILITY",
        description="What Meta makes of such a text. MARKETING needs a topic that begins with `marketing_`, and in the "
        "payload the evidence that the customer asked: a required object `request`",
    )
    payload_schema: dict[str, Any] = Field(
        description="JSON Schema 2020-12 of `data`: an object, closed by `additionalProperties: false` as is every "
        "object in it; each value says its type, each list its `maxItems`; references only to `#/$defs/…`"
    )
    parameters: Annotated[
        dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")], ParameterDefinition], Field(max_length=30)
    ] = Field(description="By placeholder")
    buttons: Annotated[
        list[Annotated[LinkButtonDefinition | ReplyButtonDefinition, Field(discriminator="kind")]],
        Field(max_length=10),
    ] = []
    media: MediaDefinition | None = None
    expects: Annotated[list[Expected], Field(max_length=len(Expected))] = Field(
        default=[],
        description="Which answers in words are understood: yes and no, a wish for another time, a rating, what a "
        "meter shows; see docs/replies.md",
    )
    rating_most: RatingMost = Field(
        default=RATING_MOST, description="Of the best rating, where one is expected and the customer names no scale"
    )
    wordings: Annotated[dict[TemplateLanguage, WordingDefinition], Field(min_length=1, max_length=20)] = Field(
        description="By language"
    )
    examples: dict[TemplateLanguage, dict[str, Any]] = Field(
        description="A whole request body for each language of the wordings: its values are the samples that Meta's "
        "review sees"
    )


class UnconfirmedPolicy(BaseModel):
    """What happens when it stays unknown whether a message left: Cloud API has no idempotency key."""

    window_seconds: int = Field(description="How long a receipt may take to settle it")
    then: Literal["resend", "fail"] = Field(description="What happens when none does")


class EventTypeOut(BaseModel):
    name: str = Field(examples=["order-confirmed"])
    title: str
    description: str
    industry: Industry
    own: bool = Field(description="Whether the business defined it itself")
    topic: str = Field(description="What the customer must have consented to")
    expected_category: Literal["UTILITY", "MARKETING", "AUTHENTICATION"] = Field(
        description="What Meta makes of such a text; what it made of the template counts"
    )
    priority: Literal["critical", "normal"] = Field(description="Critical messages leave first, at any hour")
    time_to_live_seconds: int = Field(description="From acceptance or `send_at`, unless `expires_at` says otherwise")
    quiet_hours: Literal["keep", "bypass"] = Field(description="Whether it waits out the customer's night")
    unconfirmed: UnconfirmedPolicy
    template: str
    languages: list[str]
    expects: list[Expected] = Field(description="Which answers in words are understood")
    reply_meanings: dict[str, Meaning] = Field(
        description="By payload of the quick-reply buttons whose taps say something that is understood",
        examples=[{"appointment.confirmed": "confirmed", "appointment.declined": "declined"}],
    )
    test_list: str | None = Field(
        default=None, description="The only contacts who get it, for this kind of key; null where everybody does"
    )


class EventTypeDetail(EventTypeOut):
    """An event type; one of the business's own with its definition."""

    definition: dict[str, Any] | None = Field(default=None, description="As it was put; null for the catalogue's")
    revision: int | None = Field(default=None, description="Counts the changes of the definition, from 1")
    updated_at: datetime | None = None
    retired_at: datetime | None = Field(default=None, description="Since then no event of it is taken")


class EventTypesOut(BaseModel):
    event_types: list[EventTypeOut]


def _example_body(name: str, language: str, **data: Any) -> dict[str, Any]:
    phone = "+905321112233" if language == "tr" else "+905321112244"
    held_until = "2026-11-24T20:15:00+03:00"
    data = {"table": "12", "area": "garden", "held_until": held_until, **data}
    return {"contact": {"phone": phone, "name": name, "language": language}, "data": data, "reference": "booking-311"}


EXAMPLE_NAME = "x-table-ready"

EXAMPLE: dict[str, Any] = {
    "title": "Table ready",
    "description": "The table that a guest waits for is free, and until when it is kept.",
    "topic": "reservations",
    "time_to_live_seconds": 900,
    "unconfirmed": {"then": "resend", "window_seconds": 60},
    "quiet_hours": "bypass",
    "payload_schema": {
        "type": "object",
        "additionalProperties": False,
        "required": ["table", "area", "held_until"],
        "properties": {
            "table": {"type": "string", "minLength": 1, "maxLength": 10},
            "area": {"enum": ["garden", "hall"]},
            "held_until": {"type": "string", "format": "date-time"},
            "note": {"type": "string", "maxLength": 80},
        },
    },
    "parameters": {
        "customer_name": {"source": CONTACT_NAME},
        "table": {"source": "/table"},
        "area": {
            "source": "/area",
            "format": "choice",
            "labels": {"tr": {"garden": "bahçe", "hall": "salon"}, "en": {"garden": "garden", "hall": "hall"}},
        },
        "held_until": {"source": "/held_until", "format": "time"},
        "note": {"source": "/note", "otherwise": {"tr": "yok", "en": "none"}},
    },
    "buttons": [
        {
            "kind": "reply",
            "payload": "table.coming",
            "label": {"tr": "Geliyorum", "en": "On my way"},
            "meaning": "confirmed",
        },
        {
            "kind": "reply",
            "payload": "table.released",
            "label": {"tr": "Vazgeçtim", "en": "Release it"},
            "meaning": "declined",
        },
    ],
    "expects": ["confirmation"],
    "wordings": {
        "tr": {
            "header": "Masanız hazır",
            "body": "Merhaba {{customer_name}}, beklediğiniz masa hazır. Masa: {{table}}, bölüm: {{area}}. "
            "Sizin için {{held_until}} saatine kadar tutuyoruz. Not: {{note}}. Bizi aşağıdan bilgilendirin.",
        },
        "en": {
            "header": "Your table is ready",
            "body": "Hello {{customer_name}}, the table that you are waiting for is ready. Table: {{table}}, "
            "area: {{area}}. We keep it for you until {{held_until}}. Note: {{note}}. Please let us know below.",
        },
    },
    "examples": {
        "tr": _example_body("Ayşe Yılmaz", "tr", note="bebek sandalyesi"),
        "en": _example_body("Jane Smith", "en", note="high chair"),
    },
}
"""What the API's description shows."""
