"""What the customer sees of a template with values in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.templates.compiled import CompiledTemplate, Fill
from app.templates.definition import PLACEHOLDER


@dataclass(frozen=True, slots=True)
class BubbleButton:
    kind: Literal["url", "quick_reply", "phone_number", "request_contact_info"]
    text: str
    value: str
    """The whole link, or the payload that comes back: the label, where the event type has none for the button. Or the
    number that is called."""


@dataclass(frozen=True, slots=True)
class Bubble:
    header: str | None
    media: Mapping[str, Any] | None
    """In the place of the header's text: a picture, a film, a PDF or a place, as the wire has it."""
    body: str
    footer: str | None
    buttons: tuple[BubbleButton, ...]


_OTHERS: Mapping[str, Literal["phone_number", "request_contact_info"]] = {
    "PHONE_NUMBER": "phone_number",
    "REQUEST_CONTACT_INFO": "request_contact_info",
}


def bubble_of(template: CompiledTemplate, fill: Fill) -> Bubble:
    """To be asked only where there are no misfits."""
    buttons: list[tuple[int, BubbleButton]] = [
        *(
            (index, BubbleButton("url", label, fill.links[order]))
            for order, (index, label, _) in enumerate(template.url_prefixes)
        ),
        *((index, BubbleButton("url", label, url)) for index, label, url in template.static_urls),
        *(
            (index, BubbleButton("quick_reply", label, fill.replies[order] if order < len(fill.replies) else label))
            for order, (index, label) in enumerate(template.quick_replies)
        ),
        *(
            (index, BubbleButton(_OTHERS[kind], label, number))
            for index, kind, label, number in template.other_buttons
            if kind in _OTHERS
        ),
    ]
    return Bubble(
        header=_filled(template.header_text, fill) if template.header_text is not None else None,
        media=fill.header if template.media_format is not None else None,
        body=_filled(template.body_text, fill),
        footer=template.footer_text,
        buttons=tuple(button for _, button in sorted(buttons, key=lambda placed: placed[0])),
    )


def _filled(text: str, fill: Fill) -> str:
    return PLACEHOLDER.sub(lambda found: fill.texts[found[1]], text)
