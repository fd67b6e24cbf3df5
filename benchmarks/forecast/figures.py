"""What the forecast is worth: on the held-out texts, on the hard ones among them, and on the catalogue."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from time import process_time

from app.events.catalogue import catalogue
from app.templates.forecast.features import LANGUAGES
from app.templates.forecast.forecast import Forecast, forecast
from app.templates.forecast.linear import CATEGORIES
from app.templates.text import TemplateText, read_text
from benchmarks.forecast.labelled import read

_BINS = (0.0, 0.5, 0.7, 0.85, 0.95, 1.01)


@dataclass(frozen=True, slots=True)
class Judged:
    label: str
    forecast: Forecast

    @property
    def is_right(self) -> bool:
        return self.forecast.category == self.label

    def brier(self) -> float:
        chances = self.forecast.probabilities
        return sum((getattr(chances, one.lower()) - (one == self.label)) ** 2 for one in CATEGORIES)


def judged(rows: Sequence[tuple[TemplateText, str, str]]) -> list[Judged]:
    return [Judged(label, forecast(text, language)) for text, language, label in rows]


def held_out(language: str) -> list[Judged]:
    return judged([(row.text, language, row.label) for row in read(language) if row.is_held_out])


def hard(language: str) -> list[Judged]:
    return judged([(row.text, language, row.label) for row in read(language) if row.is_held_out and row.hard])


def of_the_catalogue(language: str) -> list[Judged]:
    """Their own categories are what the catalogue expects, no verdict of Meta's."""
    templates = [one for event_type in catalogue().values() for one in event_type.templates]
    return judged([(read_text(one), language, one.category) for one in templates if one.language == language])


def accuracy(rows: Sequence[Judged]) -> float:
    return sum(one.is_right for one in rows) / len(rows)


def recall(rows: Sequence[Judged], category: str) -> float:
    return _share(one.is_right for one in rows if one.label == category)


def precision(rows: Sequence[Judged], category: str) -> float:
    return _share(one.is_right for one in rows if one.forecast.category == category)


def brier(rows: Sequence[Judged]) -> float:
    """Between 0, all certain and right, and 2, all certain and wrong."""
    return sum(one.brier() for one in rows) / len(rows)


def _share(truths: Iterator[bool]) -> float:
    found = list(truths)
    return sum(found) / len(found) if found else float("nan")


def report() -> str:
    return "\n".join(line for language in LANGUAGES for line in _report(language))


def _report(language: str) -> Iterator[str]:
    rows = held_out(language)
    yield f"\n## {'English' if language == 'en' else 'Turkish'}\n"
    yield "| set | texts | accuracy | Brier |\n|---|---|---|---|"
    for name, some in (
        ("held out", rows),
        ("hard ones of these", hard(language)),
        ("catalogue", of_the_catalogue(language)),
    ):
        yield f"| {name} | {len(some)} | {accuracy(some):.3f} | {brier(some):.3f} |"
    yield "\nHeld out, by category (rows: what it is; columns: what was forecast):\n"
    yield "| | utility | marketing | authentication | precision | recall |\n|---|---|---|---|---|---|"
    table = Counter((one.label, one.forecast.category) for one in rows)
    for label in CATEGORIES:
        counts = " | ".join(str(table[label, other]) for other in CATEGORIES)
        yield f"| {label.lower()} | {counts} | {precision(rows, label):.3f} | {recall(rows, label):.3f} |"
    yield "\nHeld out, by how sure the forecast was:\n"
    yield "| probability | texts | said on average | right |\n|---|---|---|---|"
    for least, most in pairwise(_BINS):
        some = [one for one in rows if least <= (one.forecast.probability or 0) < most]
        if some:
            said = sum(one.forecast.probability or 0 for one in some) / len(some)
            yield f"| {least:.2f} to {min(most, 1):.2f} | {len(some)} | {said:.3f} | {accuracy(some):.3f} |"


def seconds_each() -> float:
    """Of the processor, for one forecast that is not remembered."""
    rows = [row for language in LANGUAGES for row in read(language)]
    forecast.cache_clear()
    began = process_time()
    for row in rows:
        forecast(row.text, row.language)
    return (process_time() - began) / len(rows)
