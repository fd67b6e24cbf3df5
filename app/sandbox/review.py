"""The judgement on a template: its category, and why it is rejected if it is. Each finding carries its points, so that
one doubtful word decides nothing that an outright one would.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from app.sandbox import magic, reading
from app.sandbox import review_words as w
from app.sandbox.state import Json
from app.sandbox.variables import adjacent

ENOUGH = 3
"""Points that decide."""
_OUTRIGHT, _STRONG, _SLIGHT = 3, 2, 1
_UNDERSTOOD = {"en", "tr"}
"""Languages whose texts can be found to say nothing."""

_PROMOTION, _PERSUASION, _TRANSACTION, _NO_MORE, _CODES, _MAYBE_CODES, _EXPIRES, _NOT_TO_TELL, _NEVER_ASKED = map(
    w.matcher,
    (
        [phrase for phrase in w.PROMOTION if phrase[0].isalpha()],
        w.PERSUASION,
        w.TRANSACTION,
        w.NO_MORE,
        w.CODES,
        w.MAYBE_CODES,
        w.EXPIRES,
        w.NOT_TO_TELL,
        w.NEVER_ASKED,
    ),
)
_INSULTS, _SECRETS, _ASKED_FOR, _NOT_ASKED, _LURES, _HOOKS, _FORBIDDEN = map(
    w.matcher, (w.INSULTS, w.SECRETS, w.ASKED_FOR, w.NOT_ASKED, w.LURES, w.HOOKS, w.FORBIDDEN)
)
_REBATE = re.compile(
    r"\d+\s?%\s?(?:off|indirim)|%\s?\d+['\w]*\s?(?:off|indirim)|\}\}\s?%\s?off|%\s?\{\{[^{}]*\}\}\s?indirim"
)
_PARTY = re.compile("[\U0001f381\U0001f389\U0001f38a\U0001f525\U0001f4a5\U0001f6cd\U0001f911\U0001f929]")
_SHOUTING = re.compile(r"!{2,}|![^!]*![^!]*!", re.DOTALL)
_SENTENCE_END = re.compile(r"[.!?\n]+(?=\s|$)|\n")
_VARIABLE = re.compile(r"\{\{[^{}]*\}\}")
_CODE_SHAPED = re.compile(r"\{\{[^{}]*\}\}|(?<!\d)\d{4,8}(?!\d)")
_WORD = re.compile(r"[^\W\d_]{2,}")
_BLANK_LINES = re.compile(r"\n\s*\n\s*\n\s*\n")
_SAYS_SOMETHING = 2


@dataclass(frozen=True, slots=True)
class Evidence:
    points: int
    tells: str
    """`MARKETING`, or the reason of a rejection."""
    found: str

    def __str__(self) -> str:
        return f"{self.tells} +{self.points}: {self.found}"


@dataclass(frozen=True, slots=True)
class Verdict:
    reason: str | None = None
    cause: str = ""
    """What made the format invalid."""
    evidence: tuple[Evidence, ...] = ()


@dataclass(slots=True)
class _Text:
    components: Sequence[Json]
    language: str
    sentences: list[str] = field(default_factory=list)
    """Folded, of every part."""

    def __post_init__(self) -> None:
        for part in self.parts():
            self.sentences += [one for one in _SENTENCE_END.split(w.fold(part)) if one.strip()]

    def parts(self) -> Iterable[str]:
        for component in self.components:
            if component.get("text"):
                yield str(component["text"])
            for button in component.get("buttons", ()):
                yield str(button.get("text", ""))

    def part(self, kind: str) -> str:
        return next((str(each.get("text", "")) for each in self.components if each["type"] == kind), "")

    @property
    def whole(self) -> str:
        return "\n".join(self.parts())


def text_of(components: Sequence[Json]) -> str:
    return "\n".join(str(component["text"]) for component in components if component.get("text"))


def _first(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return " ".join(match[0].split()) if match else ""


def points(evidence: Iterable[Evidence], tells: str) -> int:
    return sum(each.points for each in evidence if each.tells == tells)


# Category


def evidence_of_promotion(components: Sequence[Json], language: str) -> list[Evidence]:
    text = _Text(components, language)
    found = []
    for sentence in text.sentences:
        if _NO_MORE.search(sentence):
            continue
        found += [Evidence(_OUTRIGHT, "MARKETING", phrase) for phrase in _each(_PROMOTION, sentence)]
        found += [Evidence(_OUTRIGHT, "MARKETING", rebate) for rebate in _each(_REBATE, sentence)]
        found += [Evidence(_SLIGHT, "MARKETING", phrase) for phrase in _each(_PERSUASION, sentence)]
    whole = text.whole
    found += [Evidence(_SLIGHT, "MARKETING", emoji) for emoji in dict.fromkeys(_PARTY.findall(whole))]
    if _SHOUTING.search(whole):
        found.append(Evidence(_SLIGHT, "MARKETING", "!!!"))
    return found + _unclear(text, persuasive=bool(found))


def _each(pattern: re.Pattern[str], sentence: str) -> list[str]:
    return list(dict.fromkeys(" ".join(match[0].split()) for match in pattern.finditer(sentence)))


def _unclear(text: _Text, *, persuasive: bool) -> list[Evidence]:
    """What is about nothing in particular is marketing, too: a lone variable, congratulations, thanks for nothing."""
    body = w.fold(_VARIABLE.sub(" ", text.part("BODY")))
    if _TRANSACTION.search(w.fold(_VARIABLE.sub(" ", text.whole))):
        return []
    if persuasive:
        return [Evidence(_STRONG, "MARKETING", "names no transaction")]
    telling = {word for word in _WORD.findall(body) if word not in w.EMPTY}
    understood = text.language.split("_", 1)[0] in _UNDERSTOOD
    if understood and len(telling) < _SAYS_SOMETHING:
        return [Evidence(_OUTRIGHT, "MARKETING", "says nothing in particular")]
    return []


def judged_category(submitted: str, components: Sequence[Json], language: str) -> str:
    """Since April 2025 Meta decides: what reads as promotion is approved as marketing."""
    if submitted != "UTILITY":
        return submitted
    promotional = points(evidence_of_promotion(components, language), "MARKETING") >= ENOUGH
    return "MARKETING" if promotional or magic.MARKETING_WORD in text_of(components) else submitted


# Rejection


def judge(
    components: Sequence[Json],
    *,
    category: str,
    language: str,
    duplicate: bool,
    judge_language: bool,
    reject_short_links: bool,
) -> Verdict:
    """`category` as judged; `duplicate`: another template says the same."""
    text = _Text(components, language)
    if match := magic.REJECT_WORD.search(text.whole):
        return Verdict(match[1], "magic", (Evidence(_OUTRIGHT, match[1], match[0]),))
    if category == "AUTHENTICATION":
        # Its text is Meta's own.
        return Verdict()
    promotion = evidence_of_promotion(components, language)
    found = [*_codes(text), *_abuse(text), *_scam(text), *_forbidden(text, category), *promotion]
    for reason in ("ABUSIVE_CONTENT", "SCAM", "INCORRECT_CATEGORY", "PROMOTIONAL"):
        if points(found, reason) >= ENOUGH:
            return Verdict(reason, "", tuple(found))
    cause = _malformed(text, duplicate=duplicate, reject_short_links=reject_short_links)
    if cause:
        return Verdict("INVALID_FORMAT", cause, (*found, Evidence(_OUTRIGHT, "INVALID_FORMAT", cause)))
    if judge_language and not reading.is_written_in(_VARIABLE.sub(" ", text.whole), language):
        mismatch = Evidence(_OUTRIGHT, "TAG_CONTENT_MISMATCH", language)
        return Verdict("TAG_CONTENT_MISMATCH", "", (*found, mismatch))
    return Verdict(evidence=tuple(found))


def _malformed(text: _Text, *, duplicate: bool, reject_short_links: bool) -> str:
    """The cause, if any."""
    body = text.part("BODY")
    checks = {
        "adjacent": adjacent(text.whole),
        "only_variables": not _WORD.search(_VARIABLE.sub(" ", body)),
        "blank_lines": bool(_BLANK_LINES.search(body)),
        "sample": any("{{" in sample for sample in _samples(text.components)),
        "short_link": reject_short_links and any(_is_short(address) for address in _addresses(text.components)),
        "duplicate": duplicate,
    }
    return next((cause for cause, present in checks.items() if present), "")


def _samples(components: Sequence[Json]) -> Iterable[str]:
    for component in components:
        example = component.get("example")
        if not isinstance(example, dict):
            continue
        for key, values in example.items():
            if key == "header_handle" or not isinstance(values, list):
                continue
            for value in values:
                inner = value if isinstance(value, list) else [value]
                yield from (str(one.get("example", "")) if isinstance(one, dict) else str(one) for one in inner)


def _addresses(components: Sequence[Json]) -> Iterable[str]:
    return (str(button["url"]) for each in components for button in each.get("buttons", ()) if button.get("url"))


def _is_short(address: str) -> bool:
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return False
    return host.removeprefix("www.") in w.SHORTENERS


def _codes(text: _Text) -> list[Evidence]:
    """What reads as a one-time code belongs to another category; a warning that names codes does not."""
    found = []
    whole = " ".join(text.sentences)
    for sentence in text.sentences:
        if _NEVER_ASKED.search(sentence):
            continue
        if phrase := _first(_CODES, sentence):
            named = Evidence(_STRONG, "INCORRECT_CATEGORY", phrase)
        elif phrase := _first(_MAYBE_CODES, sentence):
            named = Evidence(_SLIGHT, "INCORRECT_CATEGORY", phrase)
        else:
            continue
        shown = _first(_CODE_SHAPED, sentence)
        expires = _first(_EXPIRES, whole)
        if not shown and not expires:
            continue
        found.append(named)
        found += [Evidence(_SLIGHT, "INCORRECT_CATEGORY", each) for each in (shown, expires) if each]
        if warned := _first(_NOT_TO_TELL, whole):
            found.append(Evidence(_SLIGHT, "INCORRECT_CATEGORY", warned))
    return found


def _abuse(text: _Text) -> list[Evidence]:
    return [Evidence(_OUTRIGHT, "ABUSIVE_CONTENT", each) for one in text.sentences for each in _each(_INSULTS, one)]


def _scam(text: _Text) -> list[Evidence]:
    """Who is asked for a secret, or lured by money."""
    found = []
    for sentence in text.sentences:
        secret, asked = _first(_SECRETS, sentence), _first(_ASKED_FOR, sentence)
        if secret and asked and not _NOT_ASKED.search(sentence):
            found.append(Evidence(_OUTRIGHT, "SCAM", f"{asked} … {secret}"))
        found += [Evidence(_STRONG, "SCAM", lure) for lure in _each(_LURES, sentence)]
    if found:
        found += [Evidence(_SLIGHT, "SCAM", hook) for one in text.sentences for hook in _each(_HOOKS, one)]
    return found


def _forbidden(text: _Text, category: str) -> list[Evidence]:
    """Goods that nobody may promote; an order of them may be spoken of."""
    if category != "MARKETING":
        return []
    return [Evidence(_OUTRIGHT, "PROMOTIONAL", each) for one in text.sentences for each in _each(_FORBIDDEN, one)]
