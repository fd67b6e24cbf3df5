"""What a customer was shown must name the business and WhatsApp, in the ways in which Turkish and English do."""

import pytest

from app.consent.wording import missing_in


@pytest.mark.parametrize(
    "wording",
    [
        "Demo Mağaza'nın bana WhatsApp ile haber vermesini kabul ediyorum.",
        "DEMO MAĞAZA'DAN WHATSAPP MESAJI ALMAK İSTİYORUM",
        "Demo Mağazanın WhatsApp'tan yazmasına izin veriyorum",
        "I agree to get Demo Magaza's updates on Whats App.",
        "“Demo Mağaza” — WhatsApp ✅",
        "Whatsapp'ta, demo mag\u0306aza",
    ],
)
def test_a_wording_that_names_both_is_enough(wording: str) -> None:
    assert missing_in(wording, "Demo Mağaza", "strict") is None


@pytest.mark.parametrize(
    ("wording", "code"),
    [
        (None, "wording_missing"),
        ("", "wording_missing"),
        (" .✅ ", "wording_missing"),
        ("Demo Mağaza haber versin", "wording_without_whatsapp"),
        ("WhatsApp ile haber verin", "wording_without_business"),
        ("Mağaza WhatsApp'tan yazsın", "wording_without_business"),
        ("Demo'dan, Mağaza'dan WhatsApp", "wording_without_business"),
    ],
)
def test_what_is_missing_is_named(wording: str | None, code: str) -> None:
    missing = missing_in(wording, "Demo Mağaza", "strict")
    assert missing is not None
    assert missing[0] == code


@pytest.mark.parametrize(
    "wording",
    [
        "Demo WhatsApp'tan yazsın",
        "Demo'nun WhatsApp mesajları",
        "Demo’lardan WhatsApp",
        "Demonun WhatsApp mesajları",
        "demoya WhatsApp izni",
        "Demoyla WhatsApp'ta",
        "Demodaki WhatsApp",
        "WhatsApp messages of demo's",
        "WhatsApp: Demo",
    ],
)
def test_a_suffix_leaves_the_name_what_it_is(wording: str) -> None:
    assert missing_in(wording, "Demo", "strict") is None


@pytest.mark.parametrize("word", ["Demokratik", "Demograf", "Demolar", "Demonte", "Vedemo", "Demo1", "Demosu"])
def test_a_longer_word_is_another_name(word: str) -> None:
    missing = missing_in(f"{word} WhatsApp'tan yazsın", "Demo", "strict")
    assert missing is not None
    assert missing[0] == "wording_without_business"


def test_a_name_may_have_an_apostrophe_of_its_own() -> None:
    for wording in ("Ali'nin Yeri WhatsApp'tan yazsın", "Alinin Yerinden WhatsApp", "ALİ’NİN YERİ’NDEN WHATSAPP"):
        assert missing_in(wording, "Ali'nin Yeri", "strict") is None


def test_strictness_is_a_setting() -> None:
    assert missing_in("Evet", "Demo Mağaza", "shown") is None
    assert missing_in("✅", "Demo Mağaza", "shown") is not None
    assert missing_in(None, "Demo Mağaza", "off") is None
