"""The text that a link makes ready to be sent, and what customers make of it; codes; lengths of SMS; wordings."""

import hashlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.consent.keywords import AROUND, folded, wish_of
from app.consent.link_codes import code_in, new_code
from app.consent.link_texts import (
    WORDING_VERSION,
    Invitation,
    LeadsTo,
    chat_url,
    is_sent,
    own_wording,
    prefilled_text,
    sent_code,
)
from app.consent.sms import as_gsm7, sms_length
from app.consent.wording import missing_in
from app.core.languages import OUR_LANGUAGES, OurLanguage

CODE = "K7Q2M9X4T"
TEXT = prefilled_text("Demo Mağaza", ["*"], CODE, "tr")
LABELS = {"vip_orders": {"tr": "VIP siparişler"}}
ENGLISH = prefilled_text("Işık İletişim", ["marketing"], CODE, "en")


def test_the_text_says_to_whom_what_and_where() -> None:
    assert TEXT == "Merhaba Demo Mağaza, WhatsApp’tan bilgilendirme almak istiyorum. (Kod: K7Q2M9X4T)"
    assert ENGLISH == (
        "Hello Işık İletişim, I would like to receive updates and offers (commercial messages) on WhatsApp. Topic: "
        "Offers and promotions. (Code: K7Q2M9X4T)"
    )


@pytest.mark.parametrize("language", OUR_LANGUAGES)
def test_what_it_is_about_is_named_wherever_it_is_agreed_to(language: OurLanguage) -> None:
    topics = ["vip_orders", "appointments"]
    for said in (
        prefilled_text("Demo", topics, CODE, language, LABELS),
        own_wording("Demo", topics, language, LABELS),
        own_wording("Demo", topics[:1], language, LABELS),
        Invitation("Demo", "https://a.example", "page", topics, LABELS).sms(language),
        Invitation("Demo", "https://a.example", "page", topics, LABELS).email(language)[1],
    ):
        assert "VIP siparişler" in said
    everything = own_wording("Demo", ["*"], language)
    assert "Konu" not in everything
    assert "Topic" not in everything


def test_our_wording_says_what_the_law_asks_for() -> None:
    assert "açık rıza" in own_wording("Demo", ["orders"], "tr")
    assert "ticari elektronik ileti" in own_wording("Demo", ["marketing"], "tr")
    assert "ticari elektronik ileti" not in own_wording("Demo", ["orders"], "tr")
    assert "explicit consent" in own_wording("Demo", ["orders"], "en")


def test_a_changed_wording_has_another_version() -> None:
    """Whoever changes our wording finds this: give it another version, and its fingerprint here."""
    texts = [own_wording("B", topics, language) for topics in (["*"], ["marketing"]) for language in OUR_LANGUAGES]
    found = (WORDING_VERSION, hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16])
    assert found == ("link-1", "361c23f938e58edf")


@pytest.mark.parametrize("language", OUR_LANGUAGES)
@pytest.mark.parametrize("topics", [["*"], ["orders", "marketing"]])
def test_every_text_of_ours_is_proof_by_the_strict_rule(language: OurLanguage, topics: list[str]) -> None:
    for said in (prefilled_text("Demo Mağaza", topics, CODE, language), own_wording("Demo Mağaza", topics, language)):
        assert missing_in(said, "Demo Mağaza", "strict") is None
        assert wish_of(said) is None


@pytest.mark.parametrize(
    "sent",
    [
        TEXT,
        TEXT.lower(),
        TEXT.upper(),
        TEXT.replace("ı", "i").replace("i", "ı"),
        TEXT.replace("i", "İ"),
        TEXT.replace("’", "'"),
        TEXT.replace(", ", ",").replace(". ", "."),
        "  " + TEXT.replace(" ", "  ") + "\n",
        TEXT.replace("K7Q2M9X4T", "K7Q2 M9X4T"),
        TEXT.replace("(Kod: K7Q2M9X4T)", "kod k7q2m9x4t"),
        TEXT + " 🙂 teşekkürler!",
        "Selam! " + TEXT + " Lütfen.",
    ],
)
def test_how_it_is_written_is_nothing(sent: str) -> None:
    assert sent_code(sent) == CODE
    assert is_sent(sent, TEXT)


@pytest.mark.parametrize(
    "sent",
    [
        TEXT.replace("istiyorum", "istemiyorum"),
        TEXT.replace("almak", "artık almak"),
        TEXT + " ama kampanya istemem",
        TEXT.replace("Demo Mağaza", "Başka Mağaza"),
        TEXT.replace("Demo Mağaza, ", ""),
        TEXT.replace("WhatsApp’tan ", ""),
        "Bu ne? " + TEXT,
        f"Kod: {CODE}",
        CODE,
        "Kargom nerede?",
        "",
    ],
)
def test_a_word_more_or_fewer_may_say_something_else(sent: str) -> None:
    assert sent_code(sent) is None or not is_sent(sent, TEXT)


def test_of_another_text_no_link_is_looked_for() -> None:
    assert sent_code("siparişim nerede K7Q2M9X4T") is None
    assert sent_code("Kod: 12345") is None
    assert sent_code(TEXT.replace("K7Q2M9X4T", "K7Q2M9X4I")) is None


@given(
    st.lists(st.sampled_from(sorted(AROUND)), max_size=4),
    st.lists(st.sampled_from(sorted(AROUND)), max_size=4),
    st.text(st.sampled_from("QWRTPDFGHJKXCVNM"), min_size=1, max_size=12),
)
def test_what_is_said_around_it_changes_nothing_and_any_other_word_does(
    before: list[str], after: list[str], word: str
) -> None:
    assert is_sent(" ".join([*before, TEXT, *after]), TEXT)
    if folded(word) not in AROUND:
        assert not is_sent(f"{word} {TEXT}", TEXT)
        assert not is_sent(TEXT.replace("almak", f"{word} almak"), TEXT)


def test_codes_are_told_apart_by_eye_and_taken_in_any_case() -> None:
    codes = {new_code() for _ in range(500)}
    assert len(codes) == 500
    for code in codes:
        assert code_in(code.lower()) == code
        assert not set(code) & set("0O1ILZSBUAE")
    assert code_in("K7Q2M9X4") is None
    assert code_in("k7q2m9x4ß") is None


def test_a_chat_is_opened_by_digits_alone() -> None:
    assert chat_url("+90 850 555 10 10", "a&b ş") == "https://wa.me/908505551010?text=a%26b%20%C5%9F"


@pytest.mark.parametrize(
    ("text", "encoding", "length", "segments"),
    [
        ("", "GSM-7", 0, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("a" * 152 + "€" + "a" * 153, "GSM-7", 307, 3),
        ("ş" * 70, "UCS-2", 70, 1),
        ("ş" * 71, "UCS-2", 71, 2),
        ("🙂" * 35, "UCS-2", 70, 1),
        ("ş" * 66 + "🙂" + "ş" * 66, "UCS-2", 134, 3),
    ],
)
def test_the_length_of_an_sms(text: str, encoding: str, length: int, segments: int) -> None:
    found = sms_length(text)
    assert (found.encoding, found.length, found.segments) == (encoding, length, segments)


def test_invitations_name_the_business_and_lead_on() -> None:
    url = "https://msg.example/o/K7Q2M9X4T"
    agreeing = {
        ("tr", "whatsapp"): "WhatsApp mesajını gönderin",
        ("tr", "page"): "formu doldurun",
        ("en", "whatsapp"): "send the WhatsApp message",
        ("en", "page"): "fill in the form",
    }
    leads: tuple[LeadsTo, ...] = ("whatsapp", "page")
    for language, leads_to in itertools.product(OUR_LANGUAGES, leads):
        invitation = Invitation("Işık Mağaza", url, leads_to, ["*"])
        sms = invitation.sms(language)
        subject, text = invitation.email(language)
        for said in (sms, text):
            assert "Işık Mağaza" in said
            assert "WhatsApp" in said
            assert url in said
            assert agreeing[language, leads_to] in said, "to open the link is not yet to agree"
        assert "Işık Mağaza" in subject
        plain = as_gsm7(sms)
        assert plain is not None
        assert sms_length(plain).encoding == "GSM-7"
    assert as_gsm7("Магазин") is None
