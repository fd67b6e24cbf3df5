"""Phrases said to whoever looks."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.consent.proof_words import WORDS as PROOF_WORDS
from app.consent.rules import META_MARKETING
from app.consent.topics import label_of
from app.console.formats import Formats
from app.console.phrases import Phrase, Sentence, Topic
from app.console.sentences import in_language
from app.console.visits import Visit
from app.console.words import known, say
from app.core.languages import OurLanguage
from app.pages.masking import masked

_BSUID_SHOWN = 4
_ANSWERED = re.compile(r"answered (\d{3})")


@dataclass(frozen=True, slots=True)
class Speech:
    language: OurLanguage
    formats: Formats
    topics: Mapping[str, Mapping[str, str]]
    """The business's own names of its topics."""

    @classmethod
    def to(cls, visit: Visit) -> "Speech":
        return cls(visit.language, visit.formats, visit.business.offered_topics)

    def __call__(self, said: Phrase | Sentence | Topic) -> str:
        return self._said(said)

    def _said(self, value: Any) -> str:
        if isinstance(value, Phrase):
            return self._phrase(value)
        match value:
            case Sentence():
                return in_language(self.language, value.text)
            case Topic():
                return self.topic(value.name)
            case datetime():
                return self.formats.moment(value)
            case int():
                return self.formats.number(value)
        return "–" if value is None else str(value)

    def _phrase(self, one: Phrase) -> str:
        if not known(one.key):
            return self._unknown(one)
        return say(self.language, one.key, **{name: self._said(value) for name, value in one.values.items()})

    @staticmethod
    def _unknown(value: Phrase) -> str:
        """What a newer version stored, or Meta has come up with since: by its own name."""
        return value.key.partition("_")[2].replace("_", " ")

    def code(self, group: str, code: object) -> str:
        """A word of a group (`status`, `waits`); the code itself where there is none."""
        key = f"{group}_{code}"
        return say(self.language, key) if known(key) else str(code)

    def sentence(self, text: str | None) -> str:
        return in_language(self.language, text or "")

    def topic(self, name: str) -> str:
        if name == META_MARKETING:
            return PROOF_WORDS[self.language].marketing_at_meta
        return label_of(name, self.language, self.topics)

    def topics_of(self, names: Iterable[str]) -> str:
        return ", ".join(self.topic(name) for name in names)

    def callback_error(self, detail: str) -> str:
        """Of an endpoint, as its calls are told of: an answer by its code."""
        answered = _ANSWERED.fullmatch(detail)
        return say(self.language, "callback_answered", code=answered[1]) if answered is not None else detail

    def act(self, name: str) -> str:
        return PROOF_WORDS[self.language].kinds.get(name, name)

    def state(self, name: str) -> str:
        return PROOF_WORDS[self.language].states.get(name, name)

    def source(self, name: str) -> str:
        return PROOF_WORDS[self.language].sources.get(name, name)


def hidden(recipient: str | None) -> str:
    """A recipient whom only those recognise who know it."""
    if recipient is None:
        return "–"
    if recipient.startswith("+"):
        return masked(recipient)
    return f"{recipient[:_BSUID_SHOWN]}…{recipient[-2:]}"
