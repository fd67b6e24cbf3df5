"""Addresses, masks, words and tokens of the pages."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from app.consent.topics import LABELS, label_of
from app.consent.wording import missing_in
from app.core.clock import ManualClock
from app.core.ids import new_id
from app.core.languages import OUR_LANGUAGES, known_language
from app.core.secrets import SecretBox, new_secret
from app.events.catalogue import catalogue
from app.pages import words
from app.pages.addresses import client_address, network_of
from app.pages.done import done_in, done_mark
from app.pages.masking import masked
from app.pages.tokens import FormTokens, PreferenceToken, open_preferences, seal_preferences
from app.pages.words import WORDS, said_moment, say

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("connection", "forwarded", "address"),
    [
        ("192.0.2.7", [], "192.0.2.7"),
        ("192.0.2.7", ["198.51.100.1"], "192.0.2.7"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["203.0.113.9, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["203.0.113.9, 198.51.100.1, 10.2.0.1"], "198.51.100.1"),
        ("10.0.0.1", ["203.0.113.9", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.2"], "10.0.0.2"),
        ("fd00::1", ["2001:db8::5"], "2001:db8::5"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        (None, ["198.51.100.1"], None),
        ("/run/ulak.sock", ["198.51.100.1"], None),
    ],
)
def test_only_our_own_proxies_are_believed(connection: str | None, forwarded: list[str], address: str | None) -> None:
    assert client_address(connection, forwarded, PROXIES) == address


def test_one_household_counts_once() -> None:
    assert network_of("192.0.2.7") == "192.0.2.7"
    assert network_of("2001:db8:1:2:3::1") == network_of("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("+905321112233", "+90 5•• ••• •• 33"),
        ("+14155550132", "+1 4••-•••-••32"),
        ("+447400123456", "+44 7••• ••••56"),
    ],
)
def test_a_masked_phone_is_known_to_its_owner_alone(phone: str, shown: str) -> None:
    assert masked(phone) == shown


def test_both_languages_say_the_same_things() -> None:
    assert WORDS["tr"].keys() == WORDS["en"].keys()
    for key, text in WORDS["tr"].items():
        places = {part.partition("}")[0] for part in text.split("{")[1:]}
        assert places == {part.partition("}")[0] for part in WORDS["en"][key].split("{")[1:]}, key


def test_words_promise_what_there_is() -> None:
    assert "DUR yazarak" in WORDS["tr"]["opt_in_intro"]
    assert "writing STOP" in WORDS["en"]["opt_in_intro"]
    assert "Acil bildirimler de bekletilir." in WORDS["tr"]["pause_text"]
    assert "Urgent ones wait, too." in WORDS["en"]["pause_text"]
    assert not [text for words in WORDS.values() for text in words.values() if "'" in text]


def test_everything_that_can_be_said_is_said_somewhere() -> None:
    folder = Path(words.__file__).parent
    source = "".join(
        path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.suffix in (".py", ".html") and path.name != "words.py"
    )
    made = ("done_", "error_", "channel_", "now_", "held_")
    whole = ("opted_in_", "requested_", "expired_", "unknown_", "closed_", "no_link_", "no_number_", "unavailable_")
    unsaid = [key for key in WORDS["tr"] if f'"{key}"' not in source and not key.startswith((*made, *whole))]
    assert unsaid == []


@pytest.mark.parametrize("language", OUR_LANGUAGES)
@pytest.mark.parametrize("key", ["topics", "back_wording"])
def test_what_is_agreed_to_proves_an_opt_in(language: str, key: str) -> None:
    assert {"tr": "açık rıza", "en": "explicitly consent"}[language] in WORDS[language][key]  # type: ignore[index]
    assert missing_in(say(language, key, business="Işıl Çınar A.Ş."), "Işıl Çınar A.Ş.", "strict") is None  # type: ignore[arg-type]


def test_every_topic_of_the_catalogue_has_a_name() -> None:
    topics = {event_type.topic for event_type in catalogue().values()} - {"consent"}
    assert topics <= LABELS.keys()
    assert all(labels.keys() == {"tr", "en"} for labels in LABELS.values())
    assert label_of("orders", "tr", {"orders": {"tr": "Siparişim"}}) == "Siparişim"
    assert label_of("orders", "en", {"orders": {"tr": "Siparişim"}}) == "Orders and deliveries"
    assert label_of("marketing_shoes", "en", {"marketing_shoes": {"tr": "Ayakkabılar"}}) == "Ayakkabılar"
    assert label_of("marketing_shoes", "tr", {}) == "Marketing shoes"


def test_moments_are_said_as_people_say_them() -> None:
    assert said_moment(datetime(2026, 12, 3, tzinfo=UTC), "tr") == "3 Aralık 2026, Perşembe"
    assert said_moment(datetime(2026, 12, 3, 9, 30, tzinfo=UTC), "en") == "3 December 2026 09:30"
    assert [known_language(tag) for tag in ("tr-TR", "en_GB", "de", None)] == ["tr", "en", None, None]


def test_what_was_done_is_said_for_one_page_and_a_while() -> None:
    clock, secret = ManualClock(), new_secret()
    mark = done_mark(secret, "K7Q2M9XBC", "opted_in", clock.now())
    assert len(mark) < 50
    assert done_in(secret, "K7Q2M9XBC", mark, clock.now()) == "opted_in"
    assert done_in(secret, "OTHER", mark, clock.now()) is None
    assert done_in(new_secret(), "K7Q2M9XBC", mark, clock.now()) is None
    for other in ("", ".", "opted_in", mark[:-1], mark.replace("opted_in", "requested"), mark + "ş", "ş.1.ş"):
        assert done_in(secret, "K7Q2M9XBC", other, clock.now()) is None
    clock.advance(timedelta(minutes=30))
    assert done_in(secret, "K7Q2M9XBC", mark, clock.now()) is None


OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_a_preference_token_tells_nothing_and_survives_the_rotation_of_keys() -> None:
    business, contact = new_id(), new_id()
    token = PreferenceToken(business, "test", contact, datetime(2027, 1, 1, tzinfo=UTC), "tr")
    sealed = seal_preferences(SecretBox([OLD]), token)
    assert sealed.isascii()
    assert "=" not in sealed
    assert contact.hex not in sealed
    assert open_preferences(SecretBox([NEW, OLD]), sealed) == token
    assert open_preferences(SecretBox([NEW]), sealed) is None
    for other in ("", "x", sealed[:-2], sealed[:40] + ("A" if sealed[40] != "A" else "B") + sealed[41:], "ş" * 20):
        assert open_preferences(SecretBox([OLD]), other) is None


def test_a_form_token_is_good_for_its_link_once_and_in_time() -> None:
    clock, box = ManualClock(), SecretBox([OLD])
    tokens = FormTokens(box, clock, life=timedelta(hours=1), least_fill=timedelta(seconds=2))
    token = tokens.issue("K7Q2M9XBC")
    assert tokens.refusal("K7Q2M9XBC", token) == "form_too_fast"
    clock.advance(timedelta(seconds=2))
    assert tokens.refusal("K7Q2M9XBC", token) is None
    assert tokens.refusal("OTHER", token) == "form_token_invalid"
    assert tokens.refusal("K7Q2M9XBC", token + "A") == "form_token_invalid"
    preferences = PreferenceToken(new_id(), "test", new_id(), clock.now(), "tr")
    assert tokens.refusal("K7Q2M9XBC", seal_preferences(box, preferences)) == "form_token_invalid"
    assert open_preferences(box, token) is None
    tokens.use_up(token)
    assert tokens.refusal("K7Q2M9XBC", token) == "form_token_used"
    tokens.give_back(token)
    assert tokens.refusal("K7Q2M9XBC", token) is None
    clock.advance(timedelta(hours=1))
    assert tokens.refusal("K7Q2M9XBC", token) == "form_token_expired"


def test_used_tokens_are_forgotten_once_they_are_too_old_to_be_used() -> None:
    clock = ManualClock()
    tokens = FormTokens(SecretBox([OLD]), clock, life=timedelta(hours=1), least_fill=timedelta(0))
    for _ in range(5):
        tokens.use_up(tokens.issue("K7Q2M9XBC"))
        clock.advance(timedelta(minutes=40))
    assert len(tokens._used) == 2
