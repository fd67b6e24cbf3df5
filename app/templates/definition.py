"""A template as its author writes it, before Meta has seen it; and the body that submits it.

Source: Meta's pages "Templates" and "Template components". Placeholders are named: `{{order_number}}`.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

PLACEHOLDER = re.compile(r"\{\{\s*([a-z0-9_]+)\s*\}\}")

LINKS = "{links}"
"""Stands in a button's URL for what is fixed in it: the business's website, or the beginning of our tracked links."""

LINK_PATH = "/l"
"""Where tracked links begin, under our own public URL."""

WEBSITE = "{website}"
"""Stands in a button's URL for the business's own website, however its links are made."""

Category = Literal["UTILITY", "MARKETING", "AUTHENTICATION"]
MediaFormat = Literal["IMAGE", "DOCUMENT", "LOCATION"]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class UrlButton(Strict):
    kind: Literal["url"] = "url"
    text: str = Field(min_length=1, max_length=25)
    url: str = Field(min_length=1, max_length=2000, pattern=r"^[^{}]*(\{(website|links)\})?[^{}]*(\{\{1\}\})?$")
    """Fixed, or with `{{1}}` at the very end for what varies."""
    sample: str | None = None
    """What a full link looks like; needed where the URL varies."""


class MediaHeader(Strict):
    """A picture, a PDF or a place above the text; what exactly is said with each message."""

    format: MediaFormat


class QuickReplyButton(Strict):
    kind: Literal["quick_reply"] = "quick_reply"
    text: str = Field(min_length=1, max_length=25)


Button = Annotated[UrlButton | QuickReplyButton, Field(discriminator="kind")]


class TemplateDefinition(Strict):
    name: str = Field(pattern=r"^[a-z0-9_]+$", max_length=512)
    language: str
    category: Category = "UTILITY"
    header: Annotated[str, Field(min_length=1, max_length=60)] | MediaHeader | None = None
    body: str = Field(min_length=1, max_length=1024)
    footer: str | None = Field(default=None, max_length=60)
    buttons: tuple[Button, ...] = Field(default=(), max_length=10)
    samples: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _every_placeholder_has_a_sample(self) -> "TemplateDefinition":
        names = set(placeholders(self.header_text) + placeholders(self.body))
        if names != set(self.samples):
            raise ValueError(f"placeholders {sorted(names)} and samples {sorted(self.samples)} differ")
        return self

    @property
    def header_text(self) -> str:
        return self.header if isinstance(self.header, str) else ""


def placeholders(text: str) -> list[str]:
    """Names in order of first appearance, each once."""
    return list(dict.fromkeys(PLACEHOLDER.findall(text)))


@dataclass(frozen=True, slots=True)
class Bases:
    """With what the links of a business's buttons begin."""

    website: str
    links: str
    """`website`, or the beginning of our own tracked links."""

    def resolve(self, url: str) -> str:
        return url.replace(LINKS, self.links).replace(WEBSITE, self.website)


def submission(template: TemplateDefinition, bases: Bases, header_sample: str | None = None) -> dict[str, Any]:
    """The body of POST /{waba}/message_templates. `header_sample` is the handle of an uploaded picture or PDF."""
    components: list[dict[str, Any]] = []
    if template.header is not None:
        components.append(_header(template, header_sample))
    body: dict[str, Any] = {"type": "BODY", "text": template.body}
    if names := placeholders(template.body):
        body["example"] = {"body_text_named_params": _examples(template, names)}
    components.append(body)
    if template.footer is not None:
        components.append({"type": "FOOTER", "text": template.footer})
    if template.buttons:
        buttons = [_button(button, bases) for button in template.buttons]
        components.append({"type": "BUTTONS", "buttons": buttons})
    return {
        "name": template.name,
        "language": template.language,
        "category": template.category,
        "parameter_format": "NAMED",
        "components": components,
    }


def _header(template: TemplateDefinition, sample: str | None) -> dict[str, Any]:
    if isinstance(template.header, MediaHeader):
        media: dict[str, Any] = {"type": "HEADER", "format": template.header.format}
        return media | ({"example": {"header_handle": [sample]}} if sample is not None else {})
    header: dict[str, Any] = {"type": "HEADER", "format": "TEXT", "text": template.header_text}
    if names := placeholders(template.header_text):
        header["example"] = {"header_text_named_params": _examples(template, names)}
    return header


def _examples(template: TemplateDefinition, names: list[str]) -> list[dict[str, str]]:
    return [{"param_name": name, "example": template.samples[name]} for name in names]


def _button(button: Button, bases: Bases) -> dict[str, Any]:
    match button:
        case UrlButton():
            row: dict[str, Any] = {"type": "URL", "text": button.text, "url": bases.resolve(button.url)}
            if button.sample is not None:
                row["example"] = [bases.resolve(button.sample)]
            return row
        case QuickReplyButton():
            return {"type": "QUICK_REPLY", "text": button.text}
