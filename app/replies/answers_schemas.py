"""Bodies of automatic answers: what goes back by itself to whoever answers a message so."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.consent.schemas import Language, Line, Strict
from app.events.fields import Link
from app.messages.free_schemas import Content, Label, Written

AnswerKind = Literal["confirmed", "declined", "reschedule_wanted", "rating", "meter_reading", "text", "media"]
"""Answers that may bring one. Wishes about consent never do: they are answered, or asked about, by themselves."""

PLACEHOLDERS = ("customer_name", "reference", "business")

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

LONGEST = 600
"""Of a text before its names are filled in, which fit into what Meta takes beside that."""


def _known_placeholders(text: str) -> str:
    names = _PLACEHOLDER.findall(text)
    for name in names:
        if name not in PLACEHOLDERS:
            known = ", ".join(f"{{{one}}}" for one in PLACEHOLDERS)
            raise PydanticCustomError("unknown_placeholder", "may hold {known} and no others", {"known": known})
        if names.count(name) > 1:
            raise PydanticCustomError("placeholder_twice", "may hold {name} once", {"name": f"{{{name}}}"})
    if re.search(r"[{}]", _PLACEHOLDER.sub("", text)):
        raise PydanticCustomError("unpaired_brace", "must not hold braces but around placeholders")
    return text


AnswerText = Annotated[Written, Field(max_length=LONGEST), AfterValidator(_known_placeholders)]

ByLanguage = Annotated[
    dict[Language, AnswerText],
    Field(
        min_length=1, max_length=20, description="By language; placeholders: {customer_name}, {reference}, {business}"
    ),
]
LabelByLanguage = Annotated[dict[Language, Label], Field(min_length=1, max_length=20)]


class AutomaticButton(Strict):
    id: Annotated[Line, Field(max_length=256, description="Comes back when it is tapped", examples=["parking.info"])]
    title: LabelByLanguage


class AutomaticLink(Strict):
    label: LabelByLanguage
    url: Link


class AutomaticAnswer(Strict):
    """One text, with up to three buttons or one link."""

    text: ByLanguage
    buttons: Annotated[list[AutomaticButton], Field(min_length=1, max_length=3)] | None = None
    link_button: AutomaticLink | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.buttons is not None and self.link_button is not None:
            raise PydanticCustomError("buttons_or_link", "give either buttons or link_button")
        labels = [one.title for one in self.buttons or ()]
        if self.link_button is not None:
            labels.append(self.link_button.label)
        if any(one.keys() != self.text.keys() for one in labels):
            raise PydanticCustomError("languages", "must say everything in the same languages")
        ids = [one.id for one in self.buttons or ()]
        if len(set(ids)) < len(ids):
            raise PydanticCustomError("not_unique", "must have different ids")
        for language in self.text:
            titles = [one[language] for one in labels]
            if len(set(titles)) < len(titles):
                raise PydanticCustomError("not_unique", "must have different titles in each language")
        return self

    def content(self, language: str, values: Mapping[str, str]) -> Content:
        """In one of its languages, with the names filled in."""
        body = _PLACEHOLDER.sub(lambda found: values[found[1]], self.text[language])
        if self.buttons is not None:
            buttons = [{"id": one.id, "title": one.title[language]} for one in self.buttons]
            return Content.model_validate({"buttons": {"body": body, "buttons": buttons}})
        if self.link_button is not None:
            label, url = self.link_button.label[language], self.link_button.url
            return Content.model_validate({"link_button": {"body": body, "label": label, "url": url}})
        return Content.model_validate({"text": {"body": body}})


class AnswersIn(Strict):
    """By what the customer answered."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "answers": {
                        "confirmed": {
                            "text": {
                                "tr": "Teşekkürler {customer_name}, randevunuz onaylandı. Sizi bekliyoruz.",
                                "en": "Thank you, {customer_name}. Your appointment is confirmed; see you then.",
                            }
                        },
                        "reschedule_wanted": {
                            "text": {
                                "tr": "Yeni bir gün seçmek için aşağıdaki düğmeye dokunabilirsiniz.",
                                "en": "Please tap the button below to choose another day.",
                            },
                            "link_button": {
                                "label": {"tr": "Gün seç", "en": "Choose a day"},
                                "url": "https://shop.example/appointments",
                            },
                        },
                    }
                }
            ]
        },
    )

    answers: Annotated[dict[AnswerKind, AutomaticAnswer], Field(min_length=1, max_length=len(get_args(AnswerKind)))]


class AnswersOut(BaseModel):
    event_type: str = Field(examples=["appointment-reminder"])
    answers: dict[str, dict[str, Any]] = Field(description="By what the customer answered; empty where none was set")
    updated_at: datetime | None
