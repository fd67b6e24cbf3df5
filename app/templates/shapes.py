"""Reading bodies of which nothing is known: a value of a wrong type is as none."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.templates.findings import Finding

VARIABLE = re.compile(r"\{\{(.*?)\}\}")


def fault(code: str, place: str, message: str) -> Finding:
    return Finding(severity="error", code=code, place=place, message=message)


def mapped(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def said(part: Mapping[str, Any], key: str) -> str:
    value = part.get(key)
    return value if isinstance(value, str) else ""


def upper(value: Any) -> str:
    """Meta takes its words in either case."""
    return value.upper() if isinstance(value, str) else ""


def is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
