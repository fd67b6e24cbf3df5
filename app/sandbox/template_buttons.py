"""The buttons of a template: how many of each, in which order, and what each must carry."""

import re
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from app.sandbox.errors import invalid, template_refused
from app.sandbox.settings import SandboxSettings
from app.sandbox.state import Json

_TOO_LONG = 2388040
_MOST = 10
_LABEL, _URL, _PHONE = 25, 2000, 20
_EACH = {
    "URL": 2,
    "PHONE_NUMBER": 1,
    "COPY_CODE": 1,
    "QUICK_REPLY": 10,
    "REQUEST_CONTACT_INFO": 1,
    "OTP": 1,
    "FLOW": 1,
    "VOICE_CALL": 1,
    "CATALOG": 1,
    "MPM": 1,
}
_OWN_LABEL = {"COPY_CODE": "Copy offer code", "REQUEST_CONTACT_INFO": "Share Contact Info"}


def checked_buttons(raw: Any, settings: SandboxSettings) -> list[Json]:
    if not isinstance(raw, list) or not raw or not all(isinstance(button, dict) for button in raw):
        raise invalid("Param buttons must be a non-empty array of JSON objects.")
    buttons = [button | {"type": str(button.get("type", "")).upper()} for button in raw]
    if len(buttons) > _MOST:
        raise template_refused(None, "Too many buttons", f"A template can have at most {_MOST} buttons.")
    for kind, count in Counter(button["type"] for button in buttons).items():
        if kind not in _EACH:
            raise invalid(f"Param buttons[*].type must be one of {{{', '.join(sorted(_EACH))}}} - got {kind!r}.")
        if count > _EACH[kind]:
            raise template_refused(None, "Too many buttons", f"At most {_EACH[kind]} of type {kind} are allowed.")
    _one_block([button["type"] == "QUICK_REPLY" for button in buttons])
    return [_button(button, settings) for button in buttons]


def _one_block(quick: list[bool]) -> None:
    """Quick replies stand together, before or after all others."""
    changes = sum(before != after for before, after in pairwise(quick))
    if changes > 1:
        raise template_refused(
            None, "Button order is incorrect", "Quick replies must stand together, before or after the other buttons."
        )


def _button(button: Json, settings: SandboxSettings) -> Json:
    kind = button["type"]
    if kind in _OWN_LABEL:
        button = button | {"text": _OWN_LABEL[kind]}
    label = button.get("text")
    if not isinstance(label, str) or not label.strip():
        raise template_refused(None, "Button text is missing", f"A button of type {kind} needs a text.")
    if len(label) > _LABEL:
        raise template_refused(
            _TOO_LONG, "Character limit exceeded", f"A button's text has at most {_LABEL} characters."
        )
    if "{{" in label:
        raise template_refused(None, "Button format is incorrect", "A button's text can't have variables.")
    if settings.alphanumeric_labels and not all(sign.isalnum() or sign.isspace() for sign in label):
        raise template_refused(None, "Button format is incorrect", "A button's text must be alphanumeric.")
    reader = _READERS.get(kind)
    return reader(button, settings) if reader else button


def _url(button: Json, _: SandboxSettings) -> Json:
    url = button.get("url")
    if not isinstance(url, str) or not re.match(r"https?://[^\s/{]+", url):
        raise template_refused(None, "Button URL is invalid", "A URL button needs an http(s) address.")
    if len(url) > _URL:
        raise template_refused(_TOO_LONG, "Character limit exceeded", f"A URL has at most {_URL} characters.")
    placeholders = re.findall(r"\{\{[^{}]*\}\}", url)
    if len(placeholders) > 1 or ("{{" in url and not re.search(r"\{\{[a-z0-9_]+\}\}$", url)):
        raise template_refused(None, "Button URL is invalid", "A URL can have one variable, at its very end.")
    example = button.get("example")
    # Meta's pages show an array; clients have long sent a bare string too.
    if placeholders and not (example if isinstance(example, str) else isinstance(example, list) and len(example) == 1):
        raise template_refused(None, "Button example is missing", "A URL with a variable needs one example.")
    return button | ({"example": [example]} if isinstance(example, str) else {})


def _phone(button: Json, _: SandboxSettings) -> Json:
    number = button.get("phone_number")
    if not isinstance(number, str) or not re.fullmatch(r"\+?[\d\-() ]+", number) or len(number) > _PHONE:
        raise template_refused(
            None, "Button phone number is invalid", f"A phone number has at most {_PHONE} digits and separators."
        )
    return button


def _copy_code(button: Json, settings: SandboxSettings) -> Json:
    example = button.get("example")
    code = example[0] if isinstance(example, list) and len(example) == 1 else example
    if not isinstance(code, str) or not code:
        raise template_refused(None, "Button example is missing", "A copy-code button needs an example.")
    if len(code) > settings.copy_code_length:
        raise template_refused(
            _TOO_LONG, "Character limit exceeded", f"A code has at most {settings.copy_code_length} characters."
        )
    return button


_READERS: dict[str, Callable[[Json, SandboxSettings], Json]] = {
    "URL": _url,
    "PHONE_NUMBER": _phone,
    "COPY_CODE": _copy_code,
}
