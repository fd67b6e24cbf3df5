"""What the console says, each thing in Turkish and English: a module for each page, joined here."""

import importlib
import pkgutil
from collections.abc import Mapping

from app.core.languages import OurLanguage

Word = tuple[str, str]
"""In Turkish and in English."""

_PLACES: Mapping[OurLanguage, int] = {"tr": 0, "en": 1}


def _joined() -> dict[str, Word]:
    """Of every module beside this one."""
    words: dict[str, Word] = {}
    for found in pkgutil.iter_modules(__path__):
        own: dict[str, Word] = importlib.import_module(f"{__name__}.{found.name}").WORDS
        twice = words.keys() & own.keys()
        if twice:
            raise RuntimeError(f"said twice: {', '.join(sorted(twice))}")
        words |= own
    return words


WORDS = _joined()


def say(language: OurLanguage, key: str, /, **given: object) -> str:
    text = WORDS[key][_PLACES[language]]
    return text.format(**given) if given else text


def known(key: str) -> bool:
    return key in WORDS
