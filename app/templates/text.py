"""What a template says, part by part, from whichever form it is held in: what rules of wording are asked about."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.templates.compiled import CompiledTemplate
from app.templates.definition import PLACEHOLDER, MediaHeader, TemplateDefinition, label_of

_HEADER_WITH_TEXT = "TEXT"


@dataclass(frozen=True, slots=True)
class TemplateText:
    header: str | None
    media: str | None
    """Format of a header that is no text, as Meta names it."""
    body: str
    footer: str | None
    buttons: tuple[tuple[str, str], ...]
    """Kind, as Meta names it, and label of each."""
    is_preset: bool = False
    """Meta writes the text itself, as it does for one-time codes."""

    def places(self) -> Iterator[tuple[str, str]]:
        if self.header:
            yield "header", self.header
        yield "body", self.body
        if self.footer:
            yield "footer", self.footer
        for index, (_, label) in enumerate(self.buttons):
            yield f"buttons/{index}", label

    @property
    def variables(self) -> set[str]:
        return set(PLACEHOLDER.findall(f"{self.header or ''} {self.body}"))


def read_text(template: TemplateDefinition | CompiledTemplate | Sequence[Any]) -> TemplateText:
    """Components are taken as Graph lists them, and as anybody may post them: what has a wrong type says nothing."""
    match template:
        case TemplateDefinition():
            media = template.header.format if isinstance(template.header, MediaHeader) else None
            buttons = tuple(label_of(one) for one in template.buttons)
            return TemplateText(template.header_text or None, media, template.body, template.footer, buttons)
        case CompiledTemplate():
            return TemplateText(
                template.header_text, template.media_format, template.body_text, template.footer_text, template.labels
            )
        case _:
            return _of_components(template)


def _of_components(components: Sequence[Any]) -> TemplateText:
    by_type = {str(one.get("type", "")).upper(): one for one in components if isinstance(one, Mapping)}
    header, body = by_type.get("HEADER", {}), by_type.get("BODY", {})
    shown = str(header.get("format", _HEADER_WITH_TEXT)).upper()
    buttons = by_type.get("BUTTONS", {}).get("buttons", ())
    kinds = tuple(
        (str(one.get("type", "")).upper(), _text(one)) for one in _listed(buttons) if isinstance(one, Mapping)
    )
    return TemplateText(
        header=_text(header) or None,
        media=shown if shown != _HEADER_WITH_TEXT else None,
        body=_text(body),
        footer=_text(by_type.get("FOOTER", {})) or None,
        buttons=kinds,
        is_preset="text" not in body and ("add_security_recommendation" in body or ("OTP" in dict(kinds))),
    )


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _text(part: Mapping[str, Any]) -> str:
    text = part.get("text")
    return text if isinstance(text, str) else ""
