"""What an event type is: a typed payload, how it fills its templates, and the policy of its messages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum, StrEnum
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from app.templates.compiled import Fill, Misfit, on_the_wire
from app.templates.definition import TemplateDefinition


class Payload(BaseModel):
    """Base of every event's `data`: unknown fields are refused, surrounding white space is not meant."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


Data = TypeVar("Data", bound=Payload)


class Industry(StrEnum):
    RETAIL = "Retail and e-commerce"
    HEALTH = "Health"
    UTILITIES = "Services and utilities"

    @property
    def description(self) -> str:
        return _INDUSTRIES[self]


_INDUSTRIES = {
    Industry.RETAIL: "What shops report.",
    Industry.HEALTH: "What clinics, practices and pharmacies report. Texts keep medical detail out.",
    Industry.UTILITIES: "What electricity, water, gas and telecommunications companies report.",
}


class Priority(IntEnum):
    """Lower leaves first."""

    CRITICAL = 0
    NORMAL = 1


@dataclass(frozen=True, slots=True)
class Occurrence(Generic[Data]):
    """One event as the parameters see it."""

    data: Data
    language: str
    """Of the chosen template."""
    customer_name: str | None
    time_zone: str
    """Of the business: where its appointments and deliveries take place."""


@dataclass(frozen=True, slots=True)
class Parameter(Generic[Data]):
    """Where a value comes from, and how it is written."""

    source: str
    """JSON Pointer into the request body: what an error about this value points to."""
    write: Callable[[Occurrence[Data]], str]


_NAMELESS = {"tr": "değerli müşterimiz", "en": "valued customer"}


def _address(occurrence: Occurrence[Any]) -> str:
    return occurrence.customer_name or _NAMELESS.get(occurrence.language.split("_")[0], _NAMELESS["en"])


CUSTOMER_NAME: Parameter[Any] = Parameter("#/contact/name", _address)


@dataclass(frozen=True, slots=True)
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
    templates: tuple[TemplateDefinition, ...]
    """Default templates, one for each language, all of one name."""
    example: Mapping[str, Any]
    """A complete request body."""
    links: tuple[Parameter[Data], ...] = ()
    """For the URL buttons, in their order."""
    replies: tuple[str, ...] = field(default=())
    """Payloads of the quick-reply buttons, in their order: what comes back when one is tapped."""

    @property
    def keeps_quiet_hours(self) -> bool:
        return self.quiet_hours == "keep" and self.priority is not Priority.CRITICAL

    @property
    def template_name(self) -> str:
        return self.templates[0].name

    @property
    def operation(self) -> str:
        """The name in code generated from the API's description."""
        return self.name.replace("-", "_")

    def fill(self, occurrence: Occurrence[Data]) -> Fill:
        """Values by the declared mapping, in the form that the wire allows."""
        return Fill(
            {name: on_the_wire(parameter.write(occurrence)) for name, parameter in self.parameters.items()},
            [link.write(occurrence) for link in self.links],
            self.replies,
        )

    def customer_name(self, texts: Mapping[str, str]) -> str | None:
        """The name that values were filled with, if there was one."""
        names = [texts.get(name) for name, parameter in self.parameters.items() if parameter is CUSTOMER_NAME]
        return next((name for name in names if name not in _NAMELESS.values()), None)

    def pointer(self, misfit: Misfit) -> str:
        """Where in the request body the value stands that does not fit the template."""
        place = misfit.parameter
        if place is not None and place.startswith("links/"):
            order = int(place.removeprefix("links/"))
            return self.links[order].source if order < len(self.links) else "#/data"
        return self.parameters[place].source if place is not None and place in self.parameters else "#/data"
