"""What can be told of whoever opens one of our public addresses: a person or a program, and in which language."""

import re
from collections.abc import Mapping

from app.core.languages import OurLanguage

_PREVIEWS = re.compile(
    r"^whatsapp/|facebookexternalhit|facebookcatalog|facebot|meta-external|telegrambot|twitterbot|slackbot|discordbot|"
    r"linkedinbot|skypeuripreview|bingpreview",
    re.IGNORECASE,
)
"""User agents that fetch what a link's preview shows where it is forwarded: of WhatsApp and Meta, and of where else
people forward to. WhatsApp's is told by its beginning, since browsers inside apps name their app at the end."""


def is_preview(headers: Mapping[str, str]) -> bool:
    """Whether a program looks ahead, for a preview or a browser that loads in advance, rather than a person."""
    purpose = headers.get("sec-purpose") or headers.get("purpose") or headers.get("x-moz") or ""
    return "prefetch" in purpose or _PREVIEWS.search(headers.get("user-agent", "")) is not None


def page_language(accepted: str | None) -> OurLanguage:
    """`tr` or `en` by an Accept-Language (RFC 9110 §12.5.4): Turkish where nothing is said, English where neither is
    asked for."""
    if not accepted or not accepted.strip():
        return "tr"
    wanted = sorted((_range(part) for part in accepted.split(",")), key=lambda one: -one[1])
    for tag, quality in wanted:
        primary = tag.partition("-")[0]
        if quality > 0 and primary == "en":
            return "en"
        if quality > 0 and primary in ("tr", "*"):
            return "tr"
    return "en"


def _range(part: str) -> tuple[str, float]:
    """A language range and its quality; one that cannot be read is not wanted."""
    tag, _, parameter = part.partition(";")
    name, _, value = parameter.partition("=")
    if name.strip().lower() != "q":
        return tag.strip().lower(), 1.0
    try:
        quality = float(value)
    except ValueError:
        return tag.strip().lower(), 0.0
    return tag.strip().lower(), quality if 0 <= quality <= 1 else 0.0
