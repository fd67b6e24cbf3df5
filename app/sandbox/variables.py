"""Placeholders in the text of a template."""

import re
from functools import lru_cache

_BRACED = re.compile(r"\{\{([^{}]*)\}\}")
_WORD = re.compile(r"\w+")


class PlaceholderError(Exception):
    pass


@lru_cache(maxsize=4_096)
def names_in(text: str, *, named: bool, digits: bool = True) -> tuple[str, ...]:
    """Names in order of first appearance; refuses mismatched braces, illegal names and gaps in the numbering."""
    found = [name.strip() for name in _BRACED.findall(text)]
    if "{{" in _BRACED.sub("", text) or "}}" in _BRACED.sub("", text):
        raise PlaceholderError("The braces of a variable do not match.")
    legal = re.compile(r"[a-z_][a-z0-9_]*" if digits else r"[a-z_]+") if named else re.compile(r"[1-9]\d*")
    for name in found:
        if not legal.fullmatch(name):
            kind = "lowercase letters and underscores" if named else "a whole number"
            raise PlaceholderError(f"Variable {{{{{name}}}}} must be {kind}.")
    unique = tuple(dict.fromkeys(found))
    if not named and unique != tuple(str(place) for place in range(1, len(unique) + 1)):
        raise PlaceholderError("Variables must be numbered from {{1}} in order of appearance, without gaps.")
    if named and len(unique) != len(found):
        raise PlaceholderError("The name of each variable must be unique.")
    return unique


def fill(text: str, values: dict[str, str]) -> str:
    return _BRACED.sub(lambda match: values.get(match[1].strip(), match[0]), text)


def touches_edge(text: str) -> bool:
    stripped = text.strip()
    return bool(re.match(r"\{\{[^{}]*\}\}", stripped) or re.search(r"\{\{[^{}]*\}\}$", stripped))


def adjacent(text: str) -> bool:
    return bool(re.search(r"\}\}\s*\{\{", text))


def words(text: str) -> int:
    """Of the fixed text."""
    return len(_WORD.findall(_BRACED.sub(" ", text)))
