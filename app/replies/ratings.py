"""A rating in a whole message: points, stars, or a number in words. Pure.

Half a point, a number beside a comment, and one that the scale does not have are no ratings: they stay text.
"""

import re
import unicodedata
from dataclasses import dataclass

from app.consent.keywords import folded

SCALES = (5, 10)


@dataclass(frozen=True, slots=True)
class Rating:
    points: int
    most: int


_TURKISH = "bir iki uc dort bes alti yedi sekiz dokuz on"
_ENGLISH = "one two three four five six seven eight nine ten"
_NUMBERS = {word: number for words in (_TURKISH, _ENGLISH) for number, word in enumerate(words.split(), 1)}
_STARS = frozenset("⭐★🌟✨")
_STAR_LIKE = frozenset("☆ \u200d\ufe0e\ufe0f")
"""Stars that are not given, and what is around those that are."""

_AROUND_TEXT = """
    lutfen tesekkurler tesekkur ederim ederiz sagolun sagol merhaba selam iyi gunler gunaydin aksamlar
    puanim puanimiz puan notum degerlendirmem yildiz yildizdir
    please thanks thank you hello hi my rating score is stars star points point rate it i give you would
    veriyorum veririm verdim verdik veriyoruz benden size tam tane a an
"""
_AROUND = frozenset(_AROUND_TEXT.split())
_FULL = frozenset({"tam puan", "tam not", "tam puan veriyorum", "full marks", "full points", "top marks"})
_FRACTION = re.compile(r"(\d{1,2})\s*/\s*(\d{1,2})")
_OUT_OF = re.compile(r"(\w+) (?:out of|of) (\w+)")
_UZERINDEN = re.compile(r"(\w+) (?:uzerinden|de|da|ta|te) (\w+)")
_DIGITS = re.compile(r"\d+")
_DIGITS_MOST = 3
_NO_POINTS = re.compile(r"-|\d[.,]\d|[$€£₺%#<>~]|(?<!\w)[:;=]\d")
"""Less than nothing, from one number to another, a part of a point, a price or a share, the first of all, a heart or a
face (<3, :3)."""


def rating_in(text: str, most: int) -> Rating | None:
    """`most`: of the scale that was asked for, where the message names none."""
    plain = unicodedata.normalize("NFKC", text)
    stars = _stars(plain)
    if stars is not None:
        return _on_scale(stars, most)
    bare = "".join(letter for letter in plain if letter not in _STARS)
    if "?" in bare or _NO_POINTS.search(bare):
        return None
    if folded(bare) in _FULL:
        return Rating(most, most)
    fraction = _FRACTION.search(bare)
    if fraction is None:
        return _in_words(folded(bare), most) if "/" not in bare else None
    rest = _words(bare.replace(fraction[0], " "))
    return _on_scale(int(fraction[1]), int(fraction[2])) if not rest else None


def _stars(text: str) -> int | None:
    """Of a message of nothing else."""
    bare = "".join(letter for letter in text if letter not in _STAR_LIKE and not letter.isspace())
    if bare and all(letter in _STARS for letter in bare) and len(set(bare)) == 1:
        return len(bare)
    return None


def _in_words(said: str, most: int) -> Rating | None:
    for pattern, points, scale in ((_OUT_OF, 1, 2), (_UZERINDEN, 2, 1)):
        found = pattern.search(said)
        if found is not None:
            rest = _words(said.replace(found[0], " "))
            first, second = _number(found[points]), _number(found[scale])
            return _on_scale(first, second) if first is not None and second is not None and not rest else None
    numbers = [number for word in said.split() if (number := _number(word)) is not None]
    return _on_scale(numbers[0], most) if len(numbers) == 1 and not _words(said, numbers=True) else None


def _words(text: str, *, numbers: bool = False) -> list[str]:
    """What is left beside what people say around a rating."""
    return [word for word in folded(text).split() if word not in _AROUND and not (numbers and _number(word))]


def _number(word: str) -> int | None:
    """Nought where it is on no scale."""
    if _DIGITS.fullmatch(word):
        return int(word) if len(word) <= _DIGITS_MOST else 0
    return _NUMBERS.get(word)


def _on_scale(points: int, most: int) -> Rating | None:
    return Rating(points, most) if most in SCALES and 1 <= points <= most else None
