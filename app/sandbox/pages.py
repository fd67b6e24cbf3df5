"""What the sandbox's pages have in common: their files, their language, and that nothing comes from elsewhere."""

import html
import json
from pathlib import Path
from string import Template as Text
from typing import Any

from fastapi import Request
from starlette.responses import HTMLResponse

STATIC = Path(__file__).parent / "static"
FILES = {
    name: ((STATIC / name).read_bytes(), kind)
    for name, kind in {
        "common.css": "text/css",
        "common.js": "text/javascript",
        "phone.css": "text/css",
        "phone.js": "text/javascript",
        "phone_acts.js": "text/javascript",
        "phone_bubbles.js": "text/javascript",
        "faults.css": "text/css",
        "faults.js": "text/javascript",
        "templates.css": "text/css",
        "templates.js": "text/javascript",
    }.items()
}
HEADERS = {
    # Nothing is loaded from elsewhere, and nothing a business sends can run.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; media-src 'self'; "
        "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
LANGUAGES = ("en", "tr")


def template(name: str) -> Text:
    return Text((STATIC / name).read_text("utf-8"))


def language_of(request: Request, asked: str | None) -> str:
    return choose_language(asked, request.headers.get("accept-language", ""))


def page(text: Text, language: str, words: dict[str, str], **data: Any) -> HTMLResponse:
    """The words stand in the page itself, and with the data where its script finds them."""
    # In a script element only "<" can end the data.
    told = json.dumps({"lang": language, "words": words} | data, ensure_ascii=False).replace("<", "\\u003c")
    escaped = {name: html.escape(word) for name, word in words.items()}
    return HTMLResponse(text.substitute(escaped, lang=language, data=told), headers=HEADERS)


def choose_language(asked: str | None, accept: str) -> str:
    """The one asked for by name, else the first of the browser's that is known, else English."""
    if asked in LANGUAGES:
        return asked
    wanted = []
    for place, part in enumerate(accept.split(",")):
        tag, _, quality = part.partition(";")
        try:
            weight = float(quality.strip().removeprefix("q=") or 1)
        except ValueError:
            weight = 0.0
        wanted.append((-weight, place, tag.strip().split("-")[0].lower()))
    return next((tag for _, _, tag in sorted(wanted) if tag in LANGUAGES), "en")
