"""A template as its author writes it, before Meta has seen it; and the body that submits it.

Source: Meta's pages "Templates" and "Template components". Placeholders are named: `{{order_number}}`.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

PLACEHOLDER = re.compile(r"\{\{\s*([a-z0-9_]+)\s*\}\}")

WEBSITE = "{website}"
"""Stands in a button's URL for the business's own website, which Meta wants fixed in the template."""


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class UrlButton(Strict):
    kind: Literal["url"] = "url"
    text: str = Field(min_length=1, max_length=25)
    url: str = Field(min_length=1, max_length=2000, pattern=r"^[^{}]*(\{website\})?[^{}]*(\{\{1\}\})?$")
    """Fixed, or with `{{1}}` at the very end for what varies."""
    sample: str | None = None
    """What a full link looks like; needed where the URL varies."""


class QuickReplyButton(Strict):
    kind: Literal["quick_reply"] = "quick_reply"
    text: str = Field(min_length=1, max_length=25)


Button = Annotated[UrlButton | QuickReplyButton, Field(discriminator="kind")]


class TemplateDefinition(Strict):
    name: str = Field(pattern=r"^[a-z0-9_]+$", max_length=512)
    language: str
    category: Literal["UTILITY", "MARKETING", "AUTHENTICATION"] = "UTILITY"
    header: str | None = Field(default=None, max_length=60)
    body: str = Field(min_length=1, max_length=1024)
    footer: str | None = Field(default=None, max_length=60)
    buttons: tuple[Button, ...] = Field(default=(), max_length=10)
    samples: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _every_placeholder_has_a_sample(self) -> "TemplateDefinition":
        names = set(placeholders(self.header or "") + placeholders(self.body))
        if names != set(self.samples):
            raise ValueError(f"placeholders {sorted(names)} and samples {sorted(self.samples)} differ")
        return self


def placeholders(text: str) -> list[str]:
    """Names in order of first appearance, each once."""
    return list(dict.fromkeys(PLACEHOLDER.findall(text)))


def submission(template: TemplateDefinition, website: str) -> dict[str, Any]:
    """The body of POST /{waba}/message_templates."""
    components: list[dict[str, Any]] = []
    if template.header is not None:
        header: dict[str, Any] = {"type": "HEADER", "format": "TEXT", "text": template.header}
        if names := placeholders(template.header):
            header["example"] = {"header_text_named_params": _examples(template, names)}
        components.append(header)
    body: dict[str, Any] = {"type": "BODY", "text": template.body}
    if names := placeholders(template.body):
        body["example"] = {"body_text_named_params": _examples(template, names)}
    components.append(body)
    if template.footer is not None:
        components.append({"type": "FOOTER", "text": template.footer})
    if template.buttons:
        buttons = [_button(button, website) for button in template.buttons]
        components.append({"type": "BUTTONS", "buttons": buttons})
    return {
        "name": template.name,
        "language": template.language,
        "category": template.category,
        "parameter_format": "NAMED",
        "components": components,
    }


def _examples(template: TemplateDefinition, names: list[str]) -> list[dict[str, str]]:
    return [{"param_name": name, "example": template.samples[name]} for name in names]


def _button(button: Button, website: str) -> dict[str, Any]:
    match button:
        case UrlButton():
            row: dict[str, Any] = {
                "type": "URL",
                "text": button.text,
                "url": button.url.replace(WEBSITE, website),
            }
            if button.sample is not None:
                row["example"] = [button.sample.replace(WEBSITE, website)]
            return row
        case QuickReplyButton():
            return {"type": "QUICK_REPLY", "text": button.text}
