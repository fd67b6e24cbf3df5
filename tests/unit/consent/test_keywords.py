"""Wishes to stop and to start, among everything else that people answer: the labelled list is wishes.csv beside it."""

import csv
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.consent.keywords import Wish, folded, wish_of

with (Path(__file__).parent / "wishes.csv").open(encoding="utf-8", newline="") as file:
    LABELLED = [(row["language"], row["wish"], row["text"]) for row in csv.DictReader(file)]


@pytest.mark.parametrize(("language", "wish", "text"), LABELLED)
def test_an_answer_is_what_the_list_says(language: str, wish: str, text: str) -> None:
    found = wish_of(text)
    assert (found.value if found else "none") == wish, language


@pytest.mark.parametrize("language", ["tr", "en"])
def test_precision_and_recall_of_stopping(language: str) -> None:
    counts = Counter(
        (wish == "stop", wish_of(text) is Wish.STOP) for found, wish, text in LABELLED if found == language
    )
    precision = counts[True, True] / (counts[True, True] + counts[False, True])
    recall = counts[True, True] / (counts[True, True] + counts[True, False])
    print(f"{language}: {sum(counts.values())} answers, precision {precision:.3f}, recall {recall:.3f}")  # noqa: T201
    assert precision == 1.0, "nobody is silenced who asked about something else"
    assert recall >= 0.98


@pytest.mark.parametrize("text", ["İPTAL", "iptal", "IPTAL", "ıptal", "i̇ptal", "I\u0307PTAL", "\uff29PTAL", "ⓘptal"])
def test_every_form_of_i_is_one(text: str) -> None:
    assert folded(text) == "iptal"


@given(st.text(max_size=200))
def test_any_text_is_read_and_folding_twice_is_folding_once(text: str) -> None:
    wish_of(text)
    assert folded(folded(text)) == folded(text)


@given(
    st.sampled_from(["iptal", "stop", "abonelikten çık"]), st.text(st.sampled_from(" .,!…-\u200b🙏🛑❌\n"), max_size=8)
)
def test_punctuation_and_emoji_around_a_wish_change_nothing(wish: str, around: str) -> None:
    assert wish_of(around + wish + around) is Wish.STOP


@given(st.sampled_from(["iptal", "stop"]), st.sampled_from(["sipariş", "order", "randevu", "A-1001", "kargo", "iade"]))
def test_a_wish_beside_what_it_is_about_is_none(wish: str, about: str) -> None:
    assert wish_of(f"{wish} {about}") is None
    assert wish_of(f"{about} {wish}") is None
