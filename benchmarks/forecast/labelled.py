"""The labelled templates, and the split of them that is fixed by their groups."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from app.templates.text import TemplateText

DATA = Path(__file__).with_name("data")
HELD_OUT_OF_TEN = 3


@dataclass(frozen=True, slots=True)
class Labelled:
    language: str
    label: str
    group: str
    industry: str
    source: str
    text: TemplateText
    hard: str | None
    is_doubtful: bool

    @property
    def is_held_out(self) -> bool:
        """Texts of one group, translations among them, fall on the same side."""
        return _tenth(self.group) < HELD_OUT_OF_TEN

    @property
    def fold(self) -> int:
        """One of five parts of what is learned from."""
        return _tenth(f"fold {self.group}") % 5


def read(language: str) -> list[Labelled]:
    lines = (DATA / f"{language}.jsonl").read_text(encoding="utf-8").splitlines()
    return [_labelled(language, json.loads(line)) for line in lines]


def _labelled(language: str, row: dict) -> Labelled:
    buttons = tuple(("QUICK_REPLY", label) for label in row.get("buttons", ()))
    text = TemplateText(row.get("header"), None, row["body"], row.get("footer"), buttons)
    return Labelled(
        language=language,
        label=row["label"],
        group=row["group"],
        industry=row["industry"],
        source=row["source"],
        text=text,
        hard=row.get("hard"),
        is_doubtful=row.get("doubtful", False),
    )


def _tenth(key: str) -> int:
    return hashlib.sha256(key.encode()).digest()[0] % 10
