"""What of a template's text the forecast looks at: word stems, pairs of them, placeholders by what they stand for, and
marks that a person would name too.

A stem is a word's beginning. Turkish words grow at their end, and the first letters tell them apart well enough.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.templates.phrases import (
    ABOUT_CONSENT,
    EMPTY,
    ONE_TIME_CODE,
    PERSUASIVE,
    PROMOTIONAL,
    Folded,
    fold,
    folded,
    matcher,
)
from app.templates.text import TemplateText

STEM = {"en": 6, "tr": 6}
"""Letters of a stem."""

ENDING = 3
"""Letters of an ending."""

LANGUAGES = tuple(STEM)
"""Those that the forecast has learned."""

PROMOTIONAL_PHRASE, PERSUASIVE_PHRASE, CODE_PHRASE = "rule:promotional", "rule:persuasive", "rule:one_time_code"
CONSENT_PHRASE = "rule:consent"
PERCENT_OFF, EXCLAMATION, EMOJI, CAPITALS = "rule:percent_off", "mark:exclamation", "mark:emoji", "mark:capitals"
QUESTION, PERCENT = "mark:question", "mark:percent"
NO_DETAIL, ONE_DETAIL, DETAILS = "mark:no_detail", "mark:one_detail", "mark:details"
SHORT, LONG, HAS_LINK, HAS_REPLIES = "mark:short", "mark:long", "mark:link", "mark:replies"
CODE_ALONE = "mark:code_alone"

_PHRASES = {
    language: (
        (PROMOTIONAL_PHRASE, matcher(PROMOTIONAL["en"] + (PROMOTIONAL["tr"] if language == "tr" else ()))),
        (PERSUASIVE_PHRASE, matcher(PERSUASIVE["en"] + (PERSUASIVE["tr"] if language == "tr" else ()))),
        (CONSENT_PHRASE, matcher(ABOUT_CONSENT[language])),
        (CODE_PHRASE, matcher(ONE_TIME_CODE["en"] + (ONE_TIME_CODE["tr"] if language == "tr" else ()))),
    )
    for language in LANGUAGES
}

_PERCENT_OFF = re.compile(r"(?:%|percent)\s*off\b")
_PERCENT = re.compile(r"%|\bpercent\b|\byüzde\b")
_MARKS = (
    (PERCENT_OFF, _PERCENT_OFF),
    (PERCENT, _PERCENT),
    (EXCLAMATION, re.compile(r"!")),
    (QUESTION, re.compile(r"\?")),
)
_EMOJI = re.compile("[\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]")
_CAPITALS = re.compile(r"[^\W\d_]{2,}(?:[^\w{}]+[^\W\d_]{2,}){2,}")
_TOKEN = re.compile(r"\{\{\s*(?P<name>[^{}]*?)\s*\}\}|[^\W\d_]+(?:'[^\W\d_]+)*")

_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(rf"(?:^|_)(?:{words})(?:_|$)"))
    for kind, words in (
        ("code", "code|otp|pin|passcode|password|kod|kodu|sifre|sifresi|parola"),
        ("amount", "amount|total|subtotal|price|fee|cost|balance|refund|tutar|tutari|ucret|fiyat|bakiye|toplam|limit"),
        ("date", "date|on|until|day|month|deadline|arrival|departure|tarih|tarihi|gun|gunu|ay|odeme|giris|cikis"),
        ("time", "time|at|hour|hours|minutes|saat|saati|dakika"),
        ("person", "name|customer|patient|guest|student|doctor|ad|adi|isim|musteri|hasta|ogrenci|doktor"),
        ("number", "number|no|id|reference|digits|serial|plate|numara|numarasi|plaka|haneler|order|invoice|parcel"),
        ("points", "points|puan|percent|oran|rate|count|sayi"),
    )
)
_EMPTY = frozenset(fold(word) for word in EMPTY)
_DETAILS = frozenset({"amount", "date", "time", "number", "position"})
"""Kinds of placeholders that stand for something of the customer's own transaction."""
_MANY_DETAILS = 2
_SHORT, _LONG = 6, 40
"""Words."""
_CODE_NAMES = ("booking", "rezervasyon", "pnr", "tracking", "takip", "door", "kapi", "pickup", "teslim", "promo")
"""With these beside it a code is a reference or a key, and proves nobody's identity."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A feature, and where the text has it; nowhere in particular for what is true of the whole."""

    feature: str
    place: str
    start: int | None = None
    end: int | None = None


def marks(text: TemplateText, language: str) -> list[Mark]:
    """Every feature once, where it stands first."""
    found: dict[str, Mark] = {}
    for mark in _marks(text, language):
        found.setdefault(mark.feature, mark)
    return list(found.values())


def kind_of(name: str) -> str:
    """What a placeholder stands for, as far as its name tells."""
    if name.isdigit():
        return "position"
    for kind, words in _KINDS:
        if words.search(name):
            return "number" if kind == "code" and any(one in name for one in _CODE_NAMES) else kind
    return "other"


def _marks(text: TemplateText, language: str) -> Iterator[Mark]:
    kinds: dict[str, str] = {}
    words = 0
    for place, said in text.places():
        known = folded(said)
        yield from _phrases(known, place, language)
        yield from _signs(said, known, place)
        before: tuple[str, int] | None = None
        for token in _TOKEN.finditer(known.text):
            stem, ending = _stem(token, language)
            start, end = known.span(token.start(), token.end())
            yield Mark(stem, place, start, end)
            if ending is not None:
                yield Mark(ending, place, start, end)
            if before is not None:
                yield Mark(f"{before[0]} {stem}", place, before[1], end)
            before = (stem, start)
            if token["name"] is None:
                words += 1
            else:
                kinds[token["name"]] = stem[1:-1]
    yield from _whole(text, [*kinds.values()], words)


def _stem(token: re.Match[str], language: str) -> tuple[str, str | None]:
    """And the ending, where it says something of its own: of a longer Turkish word, whether somebody is asked to do
    something or something has been done."""
    name = token["name"]
    if name is not None:
        return f"{{{kind_of(name)}}}", None
    # What comes after an apostrophe is an ending in Turkish, and half of a word in English.
    word = token[0].split("'")[0] if language == "tr" else token[0].replace("'", "")
    length = STEM[language]
    has_ending = language == "tr" and len(word) >= length + ENDING
    return word[:length], f"-{word[-ENDING:]}" if has_ending else None


def _phrases(known: Folded, place: str, language: str) -> Iterator[Mark]:
    # A placeholder's name is not said to anybody.
    said = _TOKEN.sub(lambda token: token[0] if token["name"] is None else " " * len(token[0]), known.text)
    for feature, phrases in _PHRASES[language]:
        if found := phrases.search(said):
            yield Mark(feature, place, *known.span(*found.span()))


def _signs(said: str, known: Folded, place: str) -> Iterator[Mark]:
    for feature, sign in _MARKS:
        if found := sign.search(known.text):
            yield Mark(feature, place, *known.span(*found.span()))
    if pictures := _EMOJI.search(said):
        yield Mark(EMOJI, place, *pictures.span())
    shouts = next((one for one in _CAPITALS.finditer(said) if one[0].isupper()), None)
    if shouts is not None:
        yield Mark(CAPITALS, place, *shouts.span())


def _whole(text: TemplateText, kinds: list[str], words: int) -> Iterator[Mark]:
    details = [kind for kind in kinds if kind in _DETAILS]
    yield Mark(DETAILS if len(details) >= _MANY_DETAILS else ONE_DETAIL if details else NO_DETAIL, "body")
    if "code" in kinds and not set(details) - {"time"}:
        yield Mark(CODE_ALONE, "body")
    if words <= _SHORT:
        yield Mark(SHORT, "body")
    elif words > _LONG:
        yield Mark(LONG, "body")
    buttons = {kind for kind, _ in text.buttons}
    if buttons - {"QUICK_REPLY", "OTP"}:
        yield Mark(HAS_LINK, "buttons")
    if "QUICK_REPLY" in buttons:
        yield Mark(HAS_REPLIES, "buttons")


def says_something(text: TemplateText) -> bool:
    """Whether there are words, beside those that may stand in any message, outside the placeholders."""
    said = fold(" ".join(part for _, part in text.places()))
    return any(one["name"] is None and one[0] not in _EMPTY for one in _TOKEN.finditer(said))
