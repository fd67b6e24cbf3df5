"""What a template says, without what only its review sees: how two are told to be the same. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

_SPELLED = ("type", "format")
"""Meta takes these in upper and lower case, and lists them in either."""

_NOT_SAID = frozenset({"example"})


def content_of(components: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Components as they are compared: samples left out, kinds in upper case, in Meta's order."""
    return sorted((_said(component) for component in components), key=lambda one: _ORDER.get(one.get("type", ""), 9))


_ORDER = {"HEADER": 0, "BODY": 1, "FOOTER": 2, "BUTTONS": 3}


def same_content(one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> bool:
    return content_of(one) == content_of(other)


def _said(part: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for key, value in part.items():
        if key in _NOT_SAID or value is None:
            continue
        if key in _SPELLED:
            said[key] = str(value).upper()
        elif key == "buttons":
            said[key] = [_said(button) for button in value]
        else:
            said[key] = value
    if said.get("type") == "HEADER":
        said.setdefault("format", "TEXT")
    return said
