"""What is to be said, as a key of the words with what goes into it: said in whoever's language it is shown. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Tone = Literal["plain", "ok", "warn", "bad"]
"""How it is coloured; what it means is always said in words, too."""


@dataclass(frozen=True, slots=True)
class Phrase:
    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    """Moments, numbers, texts and phrases."""


@dataclass(frozen=True, slots=True)
class Topic:
    """Named as the business names it."""

    name: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a floor below says in English, said in the reader's language where that is known."""

    text: str


def phrase(key: str, /, **values: Any) -> Phrase:
    return Phrase(key, values)


def moment_in(text: object) -> datetime | None:
    """Of a moment as a decision keeps it."""
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
