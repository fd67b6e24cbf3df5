"""Good practice for templates, as findings: what keeps a utility template utility, and a message short and clear.

It knows Turkish and English; of texts in other languages it judges what needs no words, and the English phrases.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from app.templates.compiled import CompiledTemplate
from app.templates.definition import TemplateDefinition
from app.templates.findings import Finding, Severity
from app.templates.forecast.forecast import forecast
from app.templates.phrases import ABOUT_CONSENT, EMPTY, PERSUASIVE, PROMOTIONAL, fold, matcher
from app.templates.text import TemplateText, read_text

BODY_ADVISED = 550
"""Characters that are read: what is longer is folded away on a phone."""
BUTTONS_ON_DESKTOP = 3
"""More than these can only be seen on a phone."""

CUSTOMER_NAMES = frozenset(
    {"customer_name", "customer", "name", "first_name", "full_name", "contact_name", "ad", "adi", "isim", "musteri"}
    | {"musteri_adi", "ad_soyad"}
)

_LANGUAGES = ("en", "tr")
_PROMOTIONAL = {"en": matcher(PROMOTIONAL["en"]), "tr": matcher(PROMOTIONAL["en"] + PROMOTIONAL["tr"])}
_PERSUASIVE = {"en": matcher(PERSUASIVE["en"]), "tr": matcher(PERSUASIVE["en"] + PERSUASIVE["tr"])}
_ABOUT_CONSENT = {language: matcher(phrases) for language, phrases in ABOUT_CONSENT.items()}
_PERCENT_OFF = re.compile(r"%\s*off\b")
_EMPTY = frozenset(fold(word) for word in EMPTY)

_SENTENCE_END = re.compile(r"[.!?\n]+(?:\s|$)")
_GREETING = re.compile(r"\s*(?:[^\W\d_]+[^\S\n]+){1,3}[*_~]*\{\{(?P<name>[^{}]*)\}\}[*_~]*[^\S\n]*[,.!:;]*\s*")
"""A few words and a variable, up to the comma: `Merhaba {{customer_name}},`."""
_WORD = re.compile(r"[^\W\d_]+")
_ANY_VARIABLE = re.compile(r"\{\{[^{}]*\}\}")
_BRACE = re.compile(r"[{}]")
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_SUFFIX = re.compile(r"\{\{([^{}]*)\}\}[*_~`]*['’\u2018\u02bc\u00b4]?([^\W\d_]+)")
_EXCLAMATION = re.compile("[!¡\uff01]")
_EMOJI = re.compile("[\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u2600-\u27bf\u2b00-\u2bff\u3030\u303d\u3297\u3299\ufe0f"
                    "\U0001f000-\U0001faff]")  # fmt: skip
_KEYWORDS = frozenset(fold(word) for word in ("İPTAL", "DURDUR", "BAŞLAT", "CANCEL", "START", "HAYIR", "UNSUBSCRIBE"))
"""What customers are asked to type stands in capitals by custom."""
_POSITION = re.compile(r"[1-9][0-9]*")
_SURE = 0.99
"""More is never said."""
_HINTED, _WARNED, _CERTAIN = 0.6, 0.85, 0.95
"""Probabilities of another category than the declared one. Above the last the forecast was wrong once in 140 texts that
it had not learned from."""
_ADVICE = {
    "MARKETING": "Say only what happened; or submit it as MARKETING, which takes a consent of its own and costs more.",
    "UTILITY": "Submit it as UTILITY.",
    "AUTHENTICATION": "Meta rejects one-time codes in other categories. Submit it as AUTHENTICATION, with Meta's text.",
}
_SHOUTED = 5
"""Letters: shorter words in capitals are abbreviations (KVKK, IBAN)."""
_WORDS_OF_A_SHOUT = 3
_WORDS_OF_A_MATTER = 2

_SHOWY = {"IMAGE": "picture", "VIDEO": "film"}


def lint(
    template: TemplateDefinition | CompiledTemplate | TemplateText | Sequence[Any],
    language: str,
    category: str,
    *,
    is_positional: bool = False,
) -> list[Finding]:
    """What could be said against the text. `category` as it is, or is to be, at Meta: promotion is no fault of a
    MARKETING template. Components may be given as Graph lists them. Of positional variables it is not known what they
    stand for, and nothing is said about that."""
    base = language.replace("-", "_").split("_", maxsplit=1)[0]
    text = template if isinstance(template, TemplateText) else read_text(template)
    return list(_lint(text, language, base, category.upper(), is_positional=is_positional))


@lru_cache(maxsize=1000)
def _lint(text: TemplateText, code: str, language: str, category: str, *, is_positional: bool) -> tuple[Finding, ...]:
    """Remembered: previews ask about the same few texts again and again."""
    if text.is_preset:
        return ()
    is_marketing = category == "MARKETING"
    found = [*_placeholders(text, is_positional=is_positional), *_promotion(text, language, is_marketing=is_marketing)]
    found += _category(text, code, category, is_promotion_told=any(one.code == "promotional" for one in found))
    found += _purpose(text, language)
    found += _variables(text, language, is_marketing=is_marketing, is_positional=is_positional)
    found += [*_length(text), *_actions(text), *_tone(text)]
    if language == "tr":
        found += _suffixes(text)
    if text.media in _SHOWY and not is_marketing:
        shown = _SHOWY[text.media]
        message = f"a {shown} makes a message look like advertising"
        found.append(_hint(shown, "header", message, "Leave it out, unless it is what the message is about."))
    return tuple(found)


def _finding(severity: Severity, code: str, place: str, message: str, suggestion: str) -> Finding:
    return Finding(severity=severity, code=code, place=place, message=message, suggestion=suggestion)


def _warning(code: str, place: str, message: str, suggestion: str) -> Finding:
    return _finding("warning", code, place, message, suggestion)


def _hint(code: str, place: str, message: str, suggestion: str) -> Finding:
    return _finding("hint", code, place, message, suggestion)


def _placeholders(text: TemplateText, *, is_positional: bool) -> Iterator[Finding]:
    form = _POSITION if is_positional else _NAME
    for place, said in text.places():
        names = [found[2:-2] for found in _ANY_VARIABLE.findall(said)]
        wrong = [name for name in names if not form.fullmatch(name)]
        if wrong or _BRACE.search(_ANY_VARIABLE.sub("", said)):
            message = (
                f'"{{{{{wrong[0]}}}}}" is no placeholder' if wrong else "has a brace that belongs to no placeholder"
            )
            advice = (
                "Write placeholders as {{1}}, {{2}}, in their order."
                if is_positional
                else "Write placeholders as {{order_number}}: lower-case letters a-z and underscores."
            )
            yield _finding("error", "placeholder", place, message, advice)
        elif names and not place.startswith(("header", "body")):
            yield _finding("error", "placeholder", place, "takes no placeholder", "Put the value into the body.")


def _promotion(text: TemplateText, language: str, *, is_marketing: bool) -> Iterator[Finding]:
    spoken = language if language in _LANGUAGES else "en"
    for place, said in text.places():
        folded = fold(said)
        tipping = [*_PROMOTIONAL[spoken].findall(folded), *_PERCENT_OFF.findall(folded)]
        for phrase in dict.fromkeys(tipping):
            yield _promotes("hint" if is_marketing else "error", "promotional", place, phrase)
        for phrase in dict.fromkeys(_PERSUASIVE[spoken].findall(folded)):
            yield _promotes("hint" if is_marketing else "warning", "persuasive", place, phrase)


def _promotes(severity: Severity, code: str, place: str, phrase: str) -> Finding:
    message = f'"{" ".join(phrase.split())}" reads as promotion'
    advice = (
        "As marketing it reaches only those who asked for marketing, and costs more."
        if severity == "hint"
        else "Say only what happened; or submit it as MARKETING, which takes a consent of its own and costs more."
    )
    return _finding(severity, code, place, message, advice)


def _category(text: TemplateText, code: str, category: str, *, is_promotion_told: bool) -> Iterator[Finding]:
    """Where Meta is expected to see another category than the one that is asked for."""
    expected = forecast(text, code)
    chance = expected.probability or 0.0
    if expected.category in (None, category) or category not in _ADVICE or chance < _HINTED:
        return
    tips = [tip for tip in expected.tipping if tip.towards == expected.category]
    # The first that a person would point at.
    tip = next((one for one in tips if one.phrase is None or fold(one.phrase) not in _EMPTY), None)
    because = "" if tip is None else f', by "{tip.phrase}"' if tip.phrase else f": {tip.rule[0].lower()}{tip.rule[1:]}"
    message = f"reads as {expected.category} with a probability of {min(chance, _SURE):.2f}{because}"
    place = tip.place if tip is not None else "body"
    match category, expected.category:
        case "MARKETING", "UTILITY":
            yield _hint("category", place, message, "As UTILITY it would cost less, if nothing in it promotes.")
        case _, "MARKETING" if is_promotion_told:
            return  # the phrase has been named already, and says the same
        case _, other if chance >= _WARNED:
            severity: Severity = "error" if chance >= _CERTAIN else "warning"
            yield _finding(severity, "category", place, message, _ADVICE[other])


def _purpose(text: TemplateText, language: str) -> Iterator[Finding]:
    """Header or first sentence say what the message is about. Judged by words, so only where we know the empty ones."""
    if language not in _LANGUAGES or _matter(text.header or "") >= 1:
        return
    if _matter(_first_sentence(text.body)) < _WORDS_OF_A_MATTER:
        message = "neither the header nor the first sentence says what the message is about"
        yield _warning("purpose", "body", message, "Name the matter first: the order, the appointment, the outage.")


def _first_sentence(body: str) -> str:
    greeting = _GREETING.match(body)
    if greeting is not None and (greeting["name"] in CUSTOMER_NAMES or greeting["name"].isdigit()):
        body = body[greeting.end() :]
    return next((one for one in _SENTENCE_END.split(body) if one.strip()), "")


def _matter(text: str) -> int:
    """Words that are about something."""
    return sum(1 for word in _WORD.findall(fold(_ANY_VARIABLE.sub(" ", text))) if word not in _EMPTY and len(word) > 1)


def _variables(text: TemplateText, language: str, *, is_marketing: bool, is_positional: bool) -> Iterator[Finding]:
    names = text.variables
    consents = _ABOUT_CONSENT.get(language)
    if not names - CUSTOMER_NAMES and not (consents and consents.search(fold(f"{text.header or ''} {text.body}"))):
        message = "nothing in it is of this customer's own order, appointment or account"
        advice = "Give at least one detail by a placeholder: a number, a date, an amount."
        yield (_hint if is_marketing else _warning)("detail", "body", message, advice)
    if not names & CUSTOMER_NAMES and not (is_positional and names):
        advice = "Begin with {{customer_name}}: it tells the customer that the message is meant for them."
        yield _warning("name", "body", "the customer is not addressed by name", advice)


def _length(text: TemplateText) -> Iterator[Finding]:
    if len(text.body) > BODY_ADVISED:
        message = f"has {len(text.body)} characters, and what comes after about {BODY_ADVISED} is rarely read"
        yield _warning("long", "body", message, "Say one thing, and link to the rest.")


def _actions(text: TemplateText) -> Iterator[Finding]:
    kinds = [kind for kind, _ in text.buttons]
    others = [kind for kind in kinds if kind != "QUICK_REPLY"]
    if kinds.count("URL") > 1:
        yield _warning("actions", "buttons", "asks for more than one thing to be opened", "Keep the one that matters.")
    elif len(others) > 1:
        yield _hint("actions", "buttons", "asks for more than one thing", "Keep the action that matters.")
    if len(kinds) > BUTTONS_ON_DESKTOP:
        message = f"more than {BUTTONS_ON_DESKTOP} buttons cannot be seen on a desktop"
        yield _warning("many_buttons", "buttons", message, f"Keep to {BUTTONS_ON_DESKTOP}.")
    elif others and len(others) < len(kinds):
        message = "replies beside other buttons cannot be seen on a desktop"
        yield _hint("mixed_buttons", "buttons", message, "Keep to one kind.")


def _tone(text: TemplateText) -> Iterator[Finding]:
    for place, said in text.places():
        if _EMOJI.search(said):
            yield _warning("emoji", place, "has an emoji or a pictograph", "Say it in words.")
        if _EXCLAMATION.search(said):
            yield _warning("exclamation", place, "has an exclamation mark", "End the sentence with a full stop.")
        words = [word for word in _WORD.findall(_ANY_VARIABLE.sub(" ", said)) if fold(word) not in _KEYWORDS]
        shouted = [word for word in words if word.isupper() and len(word) > 1]
        longest = max(shouted, key=len, default="")
        if len(longest) >= _SHOUTED or (len(shouted) >= _WORDS_OF_A_SHOUT and len(shouted) == len(words)):
            yield _warning("capitals", place, f'"{longest}" is written in capitals', "Write it as in a sentence.")


def _suffixes(text: TemplateText) -> Iterator[Finding]:
    """Turkish endings follow the vowels of the word, which a template does not know."""
    for place, said in text.places():
        for name, ending in _SUFFIX.findall(said):
            message = f'the ending "{ending}" of {{{{{name}}}}} fits some values and not others'
            advice = f"Put a word with the ending after it, or the value after a colon: “Yer: {{{{{name}}}}}”."
            yield _warning("suffix", place, message, advice)
