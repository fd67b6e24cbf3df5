"""The forecast: what Meta will file a template under, how sure that is, and which words tip it.

What was learned from labelled texts is added up word by word; where a rule of Meta's is absolute it has the last say.
It knows Turkish and English. Of a text in another language only the rules are asked, and where none holds it says that
it does not know.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.templates.definition import Category
from app.templates.forecast.features import (
    LANGUAGES,
    PERCENT_OFF,
    PROMOTIONAL_PHRASE,
    Mark,
    marks,
    says_something,
)
from app.templates.forecast.linear import CATEGORIES, Three, learned
from app.templates.forecast.rules import ABSOLUTE, LEARNED, PRESET, SAYS_NOTHING, Rule, rule_of
from app.templates.text import TemplateText

Confidence = Literal["high", "medium", "low"]

RULED = 0.96
"""Probability that an absolute rule gives its category at least."""
_HIGH, _MEDIUM = 0.85, 0.6
_TIPPING_MOST = 6
_TIPPING_LEAST = 0.25
"""Weights below this tip nothing."""


class Probabilities(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    utility: float = Field(ge=0, le=1, examples=[0.03])
    marketing: float = Field(ge=0, le=1, examples=[0.96])
    authentication: float = Field(ge=0, le=1, examples=[0.01])


class Tipping(BaseModel):
    """Something that speaks for or against the forecast category."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    place: str = Field(description="`header`, `body`, `footer` or `buttons/0`", examples=["footer"])
    start: int | None = Field(description="Where it begins in the text of the place, in characters (code points); null "
                              "for what is true of the whole", examples=[20])  # fmt: skip
    end: int | None = Field(description="Behind its last character", examples=[27])
    phrase: str | None = Field(description="As the text has it", examples=["indirim"])
    towards: Category = Field(description="The category that it speaks for")
    weight: float = Field(description="How much; the more the stronger", examples=[3.2])
    rule: str = Field(examples=["Discounts, gifts, invitations and other promotion make a template marketing"])
    source: str = Field(description="Where the rule is from: a page of Meta, or what was learned from labelled texts")


class Forecast(BaseModel):
    """Which category Meta is expected to file a template under. A forecast, no promise: Meta decides."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    category: Category | None = Field(description="The likeliest; null where the language is not known")
    probability: float | None = Field(description="Of that category", examples=[0.96])
    probabilities: Probabilities | None
    confidence: Confidence = Field(description="`high` from 0.85 on, `medium` from 0.6 on, else `low`")
    tipping: tuple[Tipping, ...] = Field(description="What tips it, the strongest first")


@lru_cache(maxsize=1000)
def forecast(text: TemplateText, language: str) -> Forecast:
    """`language` as Meta names it. Remembered: previews ask about the same few texts again and again."""
    base = language.replace("-", "_").split("_", maxsplit=1)[0]
    if text.is_preset:
        return _certain("AUTHENTICATION", PRESET)
    if base not in LANGUAGES:
        return _of_unknown(text)
    found = marks(text, base)
    if not says_something(text):
        return _certain("MARKETING", SAYS_NOTHING)
    model = learned(base)
    chances = model.probabilities(mark.feature for mark in found)
    ruled = [mark for mark in found if mark.feature in ABSOLUTE]
    if ruled:
        chances = _at_least(chances, CATEGORIES.index("MARKETING"), RULED)
    return _answer(chances, _tipping(text, found, chances, model.weights))


def _of_unknown(text: TemplateText) -> Forecast:
    """English promotion is understood in every language, as is a discount in per cent."""
    found = [mark for mark in marks(text, "en") if mark.feature in (PROMOTIONAL_PHRASE, PERCENT_OFF)]
    if not found:
        return Forecast(category=None, probability=None, probabilities=None, confidence="low", tipping=())
    chances = _at_least((0.5, 0.5, 0.0), CATEGORIES.index("MARKETING"), RULED)
    return _answer(chances, tuple(_of_rule(text, mark, RULED) for mark in found))


def _certain(category: Category, rule: Rule) -> Forecast:
    chances = _at_least((1 / 3, 1 / 3, 1 / 3), CATEGORIES.index(category), RULED)
    tip = Tipping(place="body", start=None, end=None, phrase=None, towards=category, weight=RULED, rule=rule.words,
                  source=rule.source)  # fmt: skip
    return _answer(chances, (tip,))


def _at_least(chances: Three, index: int, least: float) -> Three:
    """The others share in proportion what is left."""
    if chances[index] >= least:
        return chances
    share = (1 - least) / (1 - chances[index])
    utility, marketing, authentication = (least if at == index else one * share for at, one in enumerate(chances))
    return utility, marketing, authentication


def _answer(chances: Three, tipping: tuple[Tipping, ...]) -> Forecast:
    index = max(range(len(CATEGORIES)), key=chances.__getitem__)
    most = chances[index]
    utility, marketing, authentication = (round(one, 3) for one in chances)
    return Forecast(
        category=CATEGORIES[index],
        probability=round(most, 3),
        probabilities=Probabilities(utility=utility, marketing=marketing, authentication=authentication),
        confidence="high" if most >= _HIGH else "medium" if most >= _MEDIUM else "low",
        tipping=tipping,
    )


def _tipping(
    text: TemplateText, found: list[Mark], chances: Three, weights: Mapping[str, Three]
) -> tuple[Tipping, ...]:
    """What speaks for the category, and what speaks for the next: by how much each moves the one against the other."""
    first, second, _ = sorted(range(len(CATEGORIES)), key=chances.__getitem__, reverse=True)
    tips: list[Tipping] = []
    for mark in found:
        weight = weights.get(mark.feature, (0.0, 0.0, 0.0))
        pull = weight[first] - weight[second]
        if mark.feature in ABSOLUTE:
            tips.append(_of_rule(text, mark, max(abs(pull), RULED)))
        elif abs(pull) >= _TIPPING_LEAST:
            tips.append(_tip(text, mark, CATEGORIES[first if pull > 0 else second], abs(pull), LEARNED))
    tips.sort(key=lambda tip: (tip.source == LEARNED.source, -tip.weight, tip.place, tip.start or 0))
    return tuple(_apart(tips)[:_TIPPING_MOST])


def _apart(tips: list[Tipping]) -> list[Tipping]:
    """Of those that overlap the strongest alone: a word is a part of two pairs, and one mark on it is enough."""
    kept: list[Tipping] = []
    for tip in tips:
        if not any(_overlap(tip, other) for other in kept):
            kept.append(tip)
    return kept


def _overlap(one: Tipping, other: Tipping) -> bool:
    if one.place != other.place or one.start is None or other.start is None or one.end is None or other.end is None:
        return False
    return one.start < other.end and other.start < one.end


def _of_rule(text: TemplateText, mark: Mark, weight: float) -> Tipping:
    return _tip(text, mark, "MARKETING", weight, ABSOLUTE[mark.feature])


def _tip(text: TemplateText, mark: Mark, towards: Category, weight: float, rule: Rule) -> Tipping:
    said = dict(text.places()).get(mark.place, "")
    shown = rule_of(mark.feature) or rule
    return Tipping(
        place=mark.place,
        start=mark.start,
        end=mark.end,
        phrase=said[mark.start : mark.end] if mark.start is not None else None,
        towards=towards,
        weight=round(weight, 2),
        rule=shown.words,
        source=shown.source,
    )
