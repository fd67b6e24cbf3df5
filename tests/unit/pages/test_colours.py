import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pages.colours import READABLE, contrast, readable_on_paper, text_on
from app.pages.rendering import style_of

COLOURS = st.integers(0, 0xFFFFFF).map(lambda one: f"#{one:06x}")


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21), ("#777777", "#ffffff", 4.48), ("#ffffff", "#ffffff", 1), ("#0000ff", "#ffffff", 8.59)],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01) == contrast(other, one)


@given(COLOURS)
def test_text_can_be_read_on_every_colour(colour: str) -> None:
    assert contrast(text_on(colour), colour) >= READABLE
    assert contrast(readable_on_paper(colour), "#ffffff") >= READABLE
    assert contrast(readable_on_paper(colour), "#f4f6f5") >= READABLE


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    assert readable_on_paper("#0b6b4f") == "#0b6b4f"
    assert readable_on_paper("#ffd400") != "#ffd400"


def test_the_policy_lets_through_the_one_style_and_nothing_else() -> None:
    style, policy = style_of("#0b6b4f")
    assert "--brand:#0b6b4f" in style
    assert "url(" not in style
    assert "@import" not in style
    assert policy.startswith("default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'")
    assert "script" not in policy
    assert "unsafe" not in policy
