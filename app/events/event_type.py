"""What an event type is: a typed payload, how it fills its templates, and the policy of its messages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from functools import cached_property
from typing import Any, Generic, Literal, TypeVar

from app.consent.phones import normalize_phone
from app.consent.time_zones import time_zone_of
from app.events.answers import RATING_MOST, Expected, Meaning, RatingMost
from app.events.fields import CustomerRequest, Payload
from app.events.formatting import in_language
from app.templates.chains import own_template
from app.templates.compiled import Fill, HeaderMedia, Misfit, on_the_wire
from app.templates.definition import (
    LINKS,
    Category,
    HeaderFormat,
    MediaHeader,
    QuickReplyButton,
    TemplateDefinition,
    UrlButton,
    placeholders,
)

Data = TypeVar("Data", bound=Payload)


class Industry(StrEnum):
    RETAIL = "Retail and e-commerce"
    HEALTH = "Health"
    TRAVEL = "Travel"
    UTILITIES = "Services and utilities"
    ACCOUNT = "Account"
    OPT_IN = "Opt-in management"
    FEEDBACK = "Feedback"
    CONVERSATION = "Continue on WhatsApp"
    OWN = "Own event types"

    @property
    def description(self) -> str:
        return _INDUSTRIES[self]


_INDUSTRIES = {
    Industry.RETAIL: "What shops report.",
    Industry.HEALTH: "What clinics, practices and pharmacies report. Texts keep medical detail out.",
    Industry.TRAVEL: "What airlines, hotels and travel agencies report.",
    Industry.UTILITIES: "What electricity, water, gas and telecommunications companies report.",
    Industry.ACCOUNT: "What happens to a customer's account, in any industry.",
    Industry.OPT_IN: "Confirmations of what a customer decided about messages.",
    Industry.FEEDBACK: "Questions about one order, visit or case.",
    Industry.CONVERSATION: "A conversation that began elsewhere and goes on here, because the customer asked for it.",
    Industry.OWN: "What a business defines itself: its payload, its wordings, and how it is told.",
}


class Priority(IntEnum):
    """Lower leaves first."""

    CRITICAL = 0
    ANSWER = 1
    """To somebody who wrote just now, and waits in the chat. No event type has it."""
    NORMAL = 2


@dataclass(frozen=True, slots=True)
class Occurrence(Generic[Data]):
    """One event as the parameters see it."""

    data: Data
    language: str
    """Of the chosen template."""
    customer_name: str | None
    time_zone: str
    """Of the business: where its appointments and deliveries take place."""
    reader_zone: str | None = None
    """Of the customer: where it differs, times say whose they are."""


@dataclass(frozen=True, slots=True)
class Parameter(Generic[Data]):
    """Where a value comes from, and how it is written. The functions of `mapping` make them."""

    source: str
    """JSON Pointer into the request body: what an error about this value points to."""
    write: Callable[[Occurrence[Data]], str]
    otherwise: Mapping[str, str] = field(default_factory=dict)
    """What it writes where the value is missing, by language."""


def customer_name(otherwise: Mapping[str, str]) -> Parameter[Any]:
    """How the customer is addressed."""
    return Parameter(
        _NAME, lambda event: event.customer_name or in_language(otherwise, event.language), otherwise=otherwise
    )


_NAME = "#/contact/name"

CUSTOMER_NAME: Parameter[Any] = customer_name({"tr": "değerli müşterimiz", "en": "valued customer"})


@dataclass(frozen=True, slots=True)
class Wording:
    """What the default template says in one language."""

    body: str
    header: str | None = None
    footer: str | None = None


@dataclass(frozen=True, slots=True)
class LinkButton(Generic[Data]):
    url: Parameter[Data]
    label: Mapping[str, str]
    """By language."""


@dataclass(frozen=True, slots=True)
class ReplyButton:
    payload: str
    """What comes back when it is tapped."""
    label: Mapping[str, str]
    """By language."""
    meaning: Meaning | None = None
    """What a tap on it says, where that is one of what is understood."""


@dataclass(frozen=True, slots=True)
class Attachment(Generic[Data]):
    """What a media header shows."""

    format: HeaderFormat
    source: str
    """JSON Pointer into the request body."""
    take: Callable[[Data], HeaderMedia | None]
    by_default: bool = False
    """Whether the default templates have such a header; otherwise only a business's own may."""
    sample: str | None = None
    """Our id of the file that Meta's review of the default templates sees."""


@dataclass(frozen=True, slots=True)
class Reminders(Generic[Data]):
    """How one event brings about messages that come before something else does."""

    event_type: str
    """Whose messages they are; it may be the type itself."""
    moment: Callable[[Data], datetime]
    """What they come before."""
    data: Callable[[Data], Mapping[str, Any]]
    """The payload of each."""


@dataclass(frozen=True)
class EventType(Generic[Data]):
    name: str
    """As in the address: lower case with hyphens."""
    title: str
    description: str
    industry: Industry
    payload: type[Data]
    topic: str
    """What the customer must have consented to."""
    priority: Priority
    time_to_live: timedelta
    """From acceptance or `send_at`: afterwards the message is stale and expires."""
    on_unconfirmed: Literal["resend", "fail"]
    """What happens when it stays unknown whether a message left: is telling twice worse, or not telling?"""
    unconfirmed_window: timedelta
    """How long a receipt may take to settle that before it happens."""
    quiet_hours: Literal["keep", "bypass"]
    """Whether it waits out the customer's night: `bypass` for what the customer waits for, or must know at once."""
    parameters: Mapping[str, Parameter[Data]]
    wordings: Mapping[str, Wording]
    """Of the default templates, by language; they are named as the type is."""
    examples: Mapping[str, Mapping[str, Any]]
    """A complete request body for each language; its values are the samples that Meta's review sees."""
    expected_category: Category = "UTILITY"
    """What Meta makes of such a text. MARKETING needs its own consent; what Meta finally decides is what counts."""
    consent: Literal["topic", "any_topic", "after_opt_out", "pending", "window"] = "topic"
    """What the customer must have decided. `topic`: to get messages of the type's topic. `any_topic`: to get messages
    of any topic, as what confirms that decision. `after_opt_out`: to get none at all, as the one message that confirms
    it; the only kind that reaches somebody who opted out. `pending`: to get messages of some topic, which is
    still to be confirmed, as what asks for that. `window`: nothing, since they wrote just now and this answers them."""
    buttons: tuple[LinkButton[Data] | ReplyButton, ...] = ()
    attachment: Attachment[Data] | None = None
    overtakes: tuple[str, ...] = ()
    """Event types whose waiting messages to the same contact about the same `reference` this one makes stale."""
    reminders: Reminders[Data] | None = None
    expects: tuple[Expected, ...] = ()
    """Which answers in words are understood."""
    rating_most: RatingMost = RATING_MOST
    """Where a rating is expected, and the customer names no scale."""

    @property
    def keeps_quiet_hours(self) -> bool:
        return self.quiet_hours == "keep" and self.priority is not Priority.CRITICAL

    @property
    def is_promotional(self) -> bool:
        return self.expected_category == "MARKETING"

    @property
    def template_name(self) -> str:
        return own_template(self.name)

    @property
    def operation(self) -> str:
        """The name in code generated from the API's description."""
        return self.name.replace("-", "_")

    @property
    def example(self) -> Mapping[str, Any]:
        return next(iter(self.examples.values()))

    @cached_property
    def links(self) -> tuple[Parameter[Data], ...]:
        """For the URL buttons, in their order."""
        return tuple(button.url for button in self.buttons if isinstance(button, LinkButton))

    @cached_property
    def replies(self) -> tuple[str, ...]:
        """Payloads of the quick-reply buttons, in their order."""
        return tuple(button.payload for button in self.buttons if isinstance(button, ReplyButton))

    @cached_property
    def meanings(self) -> Mapping[str, Meaning]:
        """Of the quick-reply buttons that have one, by payload."""
        replies = [button for button in self.buttons if isinstance(button, ReplyButton)]
        return {button.payload: button.meaning for button in replies if button.meaning is not None}

    @cached_property
    def templates(self) -> tuple[TemplateDefinition, ...]:
        """Default templates, one for each language, all of one name."""
        return tuple(self.template(language) for language in self.wordings)

    @cached_property
    def kept(self) -> dict[str, Any]:
        """What others make of the type at some cost, and keep as long as there is this type."""
        return {}

    @cached_property
    def _has_request(self) -> bool:
        return "request" in self.payload.model_fields or hasattr(self.payload, "request")

    def request(self, data: Data) -> CustomerRequest | None:
        """By which the customer asked for this very message, where events of the type tell of one."""
        found = getattr(data, "request", None) if self._has_request else None
        return found if isinstance(found, CustomerRequest) else None

    def fill(self, occurrence: Occurrence[Data]) -> Fill:
        """Values by the declared mapping, in the form that the wire allows."""
        return Fill(
            {name: on_the_wire(parameter.write(occurrence)) for name, parameter in self.parameters.items()},
            [link.write(occurrence) for link in self.links],
            self.replies,
            self.attachment.take(occurrence.data) if self.attachment is not None else None,
        )

    def fill_example(self, language: str) -> Fill:
        body = self.examples[language]
        data = self.payload.model_validate(body["data"])
        contact = body["contact"]
        phone = normalize_phone(contact["phone"], EXAMPLE_COUNTRY) if contact.get("phone") else None
        reader_zone = time_zone_of(contact.get("time_zone"), phone, _EXAMPLE_ZONE)
        return self.fill(Occurrence(data, language, contact.get("name"), _EXAMPLE_ZONE, reader_zone))

    def customer_name(self, texts: Mapping[str, str]) -> str | None:
        """The name that values were filled with, if there was one."""
        for name, parameter in self.parameters.items():
            nameless = [on_the_wire(one) for one in parameter.otherwise.values()]
            if parameter.source == _NAME and texts.get(name) not in nameless:
                return texts.get(name)
        return None

    def nameless(self, language: str) -> dict[str, str]:
        """What is written in the place of the name where there is none."""
        return {
            name: on_the_wire(in_language(parameter.otherwise, language))
            for name, parameter in self.parameters.items()
            if parameter.source == _NAME and parameter.otherwise
        }

    def pointer(self, misfit: Misfit) -> str:
        """Where in the request body the value stands that does not fit the template."""
        place = misfit.parameter
        if place == "header":
            return self.attachment.source if self.attachment is not None else "#/data"
        if place is not None and place.startswith("links/"):
            order = int(place.removeprefix("links/"))
            return self.links[order].source if order < len(self.links) else "#/data"
        return self.parameters[place].source if place is not None and place in self.parameters else "#/data"

    def template(self, language: str) -> TemplateDefinition:
        wording = self.wordings[language]
        texts = self.fill_example(language).texts
        header: MediaHeader | str | None = wording.header
        if self.attachment is not None and self.attachment.by_default:
            header = MediaHeader(format=self.attachment.format, sample=self.attachment.sample)
        shown = placeholders((header if isinstance(header, str) else "") + wording.body)
        return TemplateDefinition(
            event_type=self.name,
            name=self.template_name,
            language=language,
            category=self.expected_category,
            header=header,
            body=wording.body,
            footer=wording.footer,
            buttons=tuple(_button(button, language, self.template_name) for button in self.buttons),
            samples={name: texts[name] for name in shown},
        )


EXAMPLE_COUNTRY, _EXAMPLE_ZONE = "TR", "Europe/Istanbul"
"""Of examples, which belong to no business: how their phone numbers are read, and their clock."""


def _button(button: LinkButton[Any] | ReplyButton, language: str, name: str) -> UrlButton | QuickReplyButton:
    if isinstance(button, ReplyButton):
        return QuickReplyButton(text=button.label[language])
    return UrlButton(text=button.label[language], url=f"{LINKS}/{{{{1}}}}", sample=f"{LINKS}/{name}")


def turkish(data: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The body of an example in Turkish."""
    return {"contact": {"phone": "+905321112233", "name": "Ayşe Yılmaz", "language": "tr"}, "data": data, **more}


def english(data: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The body of an example in English."""
    return {"contact": {"phone": "+905321112244", "name": "Jane Smith", "language": "en"}, "data": data, **more}
