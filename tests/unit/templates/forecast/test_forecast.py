"""The forecast of Meta's category: its reasons, its rules, and what holds for any text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.templates.forecast.forecast import Forecast, forecast
from app.templates.phrases import fold, folded
from app.templates.text import TemplateText, read_text

TURKISH = "Merhaba {{customer_name}}, {{order_number}} numaralı siparişiniz kargoya verildi."
ENGLISH = "Hello {{customer_name}}, your order {{order_number}} has been shipped."


def text(body: str, **more: object) -> TemplateText:
    return TemplateText(**{"header": None, "media": None, "body": body, "footer": None, "buttons": (), **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("language", "body", "category"),
    [
        ("tr", TURKISH, "UTILITY"),
        ("en", f"{ENGLISH} It is expected on {{{{delivery_date}}}} with {{{{carrier}}}}.", "UTILITY"),
        ("en_GB", "Invoice {{number}} of {{amount}} is due on {{due_date}}. Please pay it by then.", "UTILITY"),
        ("tr", f"{TURKISH} Size özel indirim.", "MARKETING"),
        ("en", "Take {{rate}}% off until Sunday.", "MARKETING"),
        ("tr", "Doğrulama kodunuz {{code}}. Kimseyle paylaşmayın.", "AUTHENTICATION"),
        ("tr", "DOĞRULAMA KODUNUZ {{code}}", "AUTHENTICATION"),
        ("en", "{{1}} is your verification code. Do not share it.", "AUTHENTICATION"),
        ("en", "Hello {{1}}, {{2}}", "MARKETING"),
        ("tr", "Sayın {{1}}, {{2}}", "MARKETING"),
    ],
)
def test_clear_texts_are_forecast_with_confidence(language: str, body: str, category: str) -> None:
    found = forecast(text(body), language)
    assert (found.category, found.confidence) == (category, "high")


def test_what_tips_it_is_marked_where_it_stands_with_its_rule() -> None:
    footer = "Sonraki siparişe ÖZEL İNDİRİM"
    found = forecast(text(TURKISH, footer=footer), "tr")
    assert found.category == "MARKETING"
    tip = found.tipping[0]
    assert (tip.place, tip.phrase, tip.towards) == ("footer", "İNDİRİM", "MARKETING")
    assert footer[tip.start : tip.end] == "İNDİRİM"
    assert "promotion" in tip.rule
    assert tip.source.startswith("https://developers.facebook.com/")


def test_a_dotted_letter_in_two_parts_does_not_move_the_marks() -> None:
    body = f"{TURKISH} Yarın I\u0307ndirim var."
    (tip,) = [one for one in forecast(text(body), "tr").tipping if one.source.startswith("https") and one.start]
    assert tip.phrase == body[tip.start : tip.end] == "I\u0307ndirim"


def test_a_name_of_a_placeholder_is_not_said() -> None:
    body = "Hello {{customer_name}}, your order {{order_number}} of {{discount}} has been shipped."
    assert not any("promotion" in one.rule for one in forecast(text(body), "en").tipping)


def test_another_language_is_not_known() -> None:
    found = forecast(text("Guten Tag {{name}}, Ihre Bestellung {{number}} ist unterwegs."), "de")
    assert found == Forecast(category=None, probability=None, probabilities=None, confidence="low", tipping=())


def test_promotion_in_english_is_understood_in_another_language() -> None:
    found = forecast(text("Guten Tag {{name}}, Black Friday Flash Sale heute."), "de")
    assert (found.category, found.confidence) == ("MARKETING", "high")
    assert found.tipping[0].phrase == "Flash Sale"


def test_texts_of_metas_own_are_codes() -> None:
    components = [
        {"type": "BODY", "add_security_recommendation": True},
        {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]},
    ]
    assert forecast(read_text(components), "tr").category == "AUTHENTICATION"


_PIECES = st.sampled_from(["sipariş", "your order", "{{code}}", "{{1}}", "{{a b}}", "{{", "İ", "I\u0307", "indirim",
                           " ", "kod", "% off", "!", "📦", "ﬁ", "’", "\n", "SHOP NOW TODAY"])  # fmt: skip
_TEXTS = st.text(max_size=40) | st.lists(_PIECES, max_size=12).map("".join)


@given(
    header=st.none() | _TEXTS,
    body=_TEXTS,
    footer=st.none() | _TEXTS,
    labels=st.lists(_TEXTS, max_size=3),
    language=st.sampled_from(["tr", "en", "tr_TR", "de", "", "_"]),
)
def test_any_text_gets_chances_that_add_up_and_marks_that_fit(
    header: str | None, body: str, footer: str | None, labels: list[str], language: str
) -> None:
    given_text = text(body, header=header, footer=footer, buttons=tuple(("QUICK_REPLY", one) for one in labels))
    found = forecast(given_text, language)
    if found.probabilities is not None:
        chances = found.probabilities.model_dump()
        assert abs(sum(chances.values()) - 1) < 0.003
        assert found.probability == max(chances.values())
        assert found.category is not None
        assert chances[found.category.lower()] == found.probability
    said = dict(given_text.places())
    for tip in found.tipping:
        if tip.start is not None and tip.end is not None:
            assert 0 <= tip.start < tip.end <= len(said[tip.place])
            assert tip.phrase == said[tip.place][tip.start : tip.end]


@given(body=_TEXTS, language=st.sampled_from(["tr", "en", "de"]))
def test_a_discount_added_leaves_nothing_but_marketing(body: str, language: str) -> None:
    found = forecast(text(f"{body} word", footer="Flash sale: 20% off"), language)
    assert found.category == "MARKETING"
    assert found.probability is not None
    assert found.probability >= 0.96


@given(labels=st.permutations(["Takip", "Evet", "Hemen al"]))
def test_the_order_of_replies_changes_no_chance(labels: list[str]) -> None:
    one = forecast(text(TURKISH, buttons=tuple(("QUICK_REPLY", label) for label in labels)), "tr")
    other = forecast(text(TURKISH, buttons=tuple(("QUICK_REPLY", label) for label in sorted(labels))), "tr")
    assert one.probabilities == other.probabilities


@given(st.text(alphabet="İIıi\u0307ğşçöüâ ’'aZ1{}") | st.text())
def test_a_folded_text_knows_where_each_letter_was(said: str) -> None:
    known = folded(said)
    assert len(known.starts) == len(known.ends) == len(known.text)
    assert list(known.starts) == sorted(known.starts)
    for at, letter in enumerate(known.text):
        start, end = known.span(at, at + 1)
        assert letter in fold(said[start:end])
