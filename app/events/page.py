"""docs/events.md: every event type of the catalogue with its policy and its bubbles in both languages."""

import json
import re
from datetime import timedelta
from html import escape
from typing import Any

from app.events.catalogue import catalogue
from app.events.event_type import EventType, Industry, Priority
from app.templates.bubble import Bubble, bubble_of
from app.templates.compiled import compile_template
from app.templates.definition import Bases, TemplateDefinition, submission

_BASES = Bases("https://shop.example", "https://shop.example")
"""With which the links of the examples begin."""

_HEAD = """\
# Event types

What a backend can report, and what the customer reads. Made from the code by `make docs`; do not edit.
The examples are those of the API's description, and each of them is sent through the sandbox by the tests.

A type is told only to customers who consented to its *topic* (or to all topics). A type that Meta counts as
**marketing** needs a consent of its own: to its topic, or to `marketing`. What Meta makes of the approved template
goes before what is written here. *In doubt* says what happens when it stays unknown whether a message left.
"""

_LANGUAGES = {"tr": "Türkçe", "en": "English"}


def events_page() -> str:
    parts = [_HEAD]
    for industry in Industry:
        types = [one for one in catalogue().values() if one.industry is industry]
        if types:
            parts.append(f"## {industry.value}\n\n{industry.description}\n")
            parts += [_section(one) for one in types]
    return "\n".join(parts)


def _section(event_type: EventType[Any]) -> str:
    lines = [
        f"### {event_type.title}",
        "",
        f"`POST /v1/events/{event_type.name}` · {event_type.description}",
        "",
        _policy(event_type),
        "",
        f"| {' | '.join(_LANGUAGES.values())} |",
        f"|{'---|' * len(_LANGUAGES)}",
        f"| {' | '.join(_bubble(event_type, one) for one in event_type.templates)} |",
        "",
        "<details><summary>Request body</summary>",
        "",
        "```json",
        json.dumps(event_type.example, indent=2, ensure_ascii=False),
        "```",
        "",
        "</details>",
        "",
    ]
    return "\n".join(lines)


def _policy(event_type: EventType[Any]) -> str:
    facts = [
        f"topic `{event_type.topic}`",
        "**critical**" if event_type.priority is Priority.CRITICAL else "normal priority",
        f"stale after {_duration(event_type.time_to_live)}",
        "waits out the night" if event_type.keeps_quiet_hours else "sent at any hour",
        f"in doubt: {_doubt(event_type)}",
    ]
    if event_type.is_promotional:
        facts.append("Meta counts it as **marketing**")
    if event_type.overtakes:
        facts.append("overtakes " + ", ".join(f"`{name}`" for name in event_type.overtakes))
    if event_type.reminders is not None:
        facts.append("`remind_before` makes a series of reminders")
    return " · ".join(facts)


def _doubt(event_type: EventType[Any]) -> str:
    then = {"resend": "sent again", "fail": "given up"}[event_type.on_unconfirmed]
    return f"{then} after {_duration(event_type.unconfirmed_window)}"


def _duration(value: timedelta) -> str:
    for unit, seconds in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count, rest = divmod(int(value.total_seconds()), seconds)
        if count and not rest:
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{int(value.total_seconds())} seconds"


def _bubble(event_type: EventType[Any], template: TemplateDefinition) -> str:
    body = submission(template, _BASES)
    compiled = compile_template(body["components"], body["parameter_format"])
    return _cell(bubble_of(compiled, event_type.fill_example(template.language)))


def _cell(bubble: Bubble) -> str:
    rows = [f"**{_text(bubble.header)}**"] if bubble.header is not None else []
    if bubble.media is not None:
        rows.append(_media(bubble.media))
    rows.append(_text(bubble.body))
    if bubble.footer is not None:
        rows.append(f"<sub>{_text(bubble.footer)}</sub>")
    rows += [f"<kbd>{'↗' if button.kind == 'url' else '↩'} {_text(button.text)}</kbd>" for button in bubble.buttons]
    return "<br><br>".join(rows)


def _media(media: Any) -> str:
    kind = media["type"]
    content = media[kind]
    if kind == "location":
        return f"📍 **{_text(content['name'])}**<br>{_text(content['address'])}"
    return f"🗎 {_text(content.get('filename', kind))}"


_BOLD = re.compile(r"\*(.+?)\*")


def _text(text: str) -> str:
    """WhatsApp's bold as that of Markdown, in one cell of a table."""
    return _BOLD.sub(r"**\1**", escape(text, quote=False)).replace("|", "\\|").replace("\n", "<br>")
