"""WhatsApp's marks (`*bold*`, `_slanted_`, `~struck~`) as HTML, at the edges of words alone, as there. Pure."""

import re

from markupsafe import Markup, escape

_MARKS = (("```", "code"), ("*", "strong"), ("_", "em"), ("~", "s"))

_FORMATTED = tuple(
    (re.compile(rf"(?<![\w/{mark}]){re.escape(mark)}(?=\S)([^\n]+?)(?<=\S){re.escape(mark)}(?![\w/{mark}])"), element)
    for mark, element in _MARKS
)


def as_on_whatsapp(text: str) -> Markup:
    """Escaped first: nothing of the text itself becomes HTML."""
    shown = str(escape(text))
    for pattern, element in _FORMATTED:
        shown = pattern.sub(rf"<{element}>\1</{element}>", shown)
    return Markup(shown)  # noqa: S704 - escaped above
