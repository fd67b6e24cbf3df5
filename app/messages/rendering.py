"""A message as it is shown to people: in its parts, and as plain text for channels that know nothing else."""

import re

from app.callbacks.schemas import RenderedButton, RenderedHeader, RenderedMessage
from app.templates.bubble import Bubble, BubbleButton

_FORMATTED = tuple(
    re.compile(rf"(?<![\w/{mark}]){re.escape(mark)}(?=\S)([^\n]+?)(?<=\S){re.escape(mark)}(?![\w/{mark}])")
    for mark in ("```", "*", "_", "~")
)
"""WhatsApp's marks stand at the edges of words; in the middle of one, or of a link, they are what they are."""


def rendered(bubble: Bubble) -> RenderedMessage:
    header = None
    if bubble.media is not None:
        kind = bubble.media["type"]
        header = RenderedHeader(type=kind, text=None, media=dict(bubble.media[kind]))
    elif bubble.header is not None:
        header = RenderedHeader(type="text", text=bubble.header, media=None)
    buttons = [_button(button) for button in bubble.buttons]
    return RenderedMessage(header=header, body=bubble.body, footer=bubble.footer, buttons=buttons)


def _button(button: BubbleButton) -> RenderedButton:
    return RenderedButton(
        type=button.kind,
        label=button.text,
        url=button.value if button.kind == "url" else None,
        payload=button.value if button.kind == "quick_reply" else None,
        phone_number=button.value if button.kind == "phone_number" else None,
    )


def plain_text(bubble: Bubble) -> str:
    """Header, text, links and footer below each other, without WhatsApp's marks. What can only be tapped on WhatsApp is
    left out."""
    leading = [f"{one.text}: {one.value}" for one in bubble.buttons if one.kind in ("url", "phone_number")]
    parts = [unmarked(bubble.header or ""), unmarked(bubble.body), "\n".join(leading), bubble.footer]
    return "\n\n".join(part for part in parts if part)


def unmarked(text: str) -> str:
    for mark in _FORMATTED:
        text = mark.sub(r"\1", text)
    return text
