"""The labelled texts, that the weights are what is learned from them, and that the figures do not fall."""

from collections import Counter

import pytest

from app.cli.run import ROOT
from app.templates.forecast.features import LANGUAGES
from benchmarks.forecast import figures
from benchmarks.forecast.labelled import DATA, read
from benchmarks.forecast.train import WEIGHTS, train

each_language = pytest.mark.parametrize("language", LANGUAGES)


@each_language
def test_the_labelled_texts_are_many_and_balanced(language: str) -> None:
    rows = read(language)
    numbers = Counter(row.label for row in rows)
    assert len(rows) >= 300
    assert min(numbers.values()) >= 100
    assert max(numbers.values()) <= 1.6 * min(numbers.values())
    assert len({row.text for row in rows}) == len(rows)
    assert sum(row.hard is not None for row in rows) >= 100
    assert all(row.source for row in rows)
    assert len({row.industry for row in rows}) >= 8


@each_language
def test_the_split_keeps_groups_together_and_leaves_enough_on_each_side(language: str) -> None:
    rows = read(language)
    sides = {(row.group, row.is_held_out) for row in rows}
    assert len(sides) == len({row.group for row in rows})
    share = sum(row.is_held_out for row in rows) / len(rows)
    assert 0.25 <= share <= 0.35


def test_translations_fall_on_the_same_side() -> None:
    sides = [{row.group: row.is_held_out for row in read(language)} for language in LANGUAGES]
    assert all(sides[0][group] == sides[1][group] for group in sides[0].keys() & sides[1].keys())


def test_no_template_of_the_catalogue_is_learned_from() -> None:
    learned = {row.text.body for language in LANGUAGES for row in read(language)}
    templates = [one.body for event_type in figures.catalogue().values() for one in event_type.templates]
    assert not learned & set(templates)


@each_language
def test_the_weights_are_what_is_learned_from_the_texts(language: str) -> None:
    assert train(language) == (WEIGHTS / f"weights_{language}.json").read_bytes()


@pytest.mark.parametrize(("language", "right", "most_brier"), [("en", 0.9, 0.13), ("tr", 0.87, 0.18)])
def test_what_was_held_out_is_forecast_as_well_as_stated(language: str, right: float, most_brier: float) -> None:
    rows = figures.held_out(language)
    assert figures.accuracy(rows) >= right
    assert figures.brier(rows) <= most_brier
    for category in ("UTILITY", "MARKETING", "AUTHENTICATION"):
        assert figures.recall(rows, category) >= 0.75
        assert figures.precision(rows, category) >= 0.75


def test_the_page_shows_the_figures_of_these_weights() -> None:
    page = (ROOT / "docs" / "template-forecast.md").read_text(encoding="utf-8")
    assert figures.report().strip() in page
    assert DATA.name in page
