"""A proof is as it was issued, or it is found out."""

import base64
import copy
import hashlib
import json
from typing import Any, get_args

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from app.consent import chain
from app.consent.fold import NOTHING, Act, Stance
from app.consent.preferences import Channel, Preferences
from app.consent.proof import NoProofError, ProofKey, PublicKey, check, read
from app.consent.proof_page import is_rendered_from, render
from app.consent.proof_words import WORDS
from app.consent.rules import META_MARKETING, ConsentState
from app.consent.sources import Source
from app.core.languages import OurLanguage
from app.core.secrets import new_secret
from app.privacy.schemas import Reason

SECRET = "00" * 32
STANCE = Stance(
    {"*": "opted_in", META_MARKETING: "stopped_at_meta", "orders": "opted_out"}, Preferences(channel=Channel.SMS)
)


def document(**more: Any) -> dict[str, Any]:
    personal = {"phone": "+905321112233", "address": "192.0.2.7"}
    sealed = chain.seal(personal)
    act = {
        "number": 1,
        "id": "act_1",
        "contact": "con_1",
        "act": "opt_in",
        "channel": "whatsapp",
        "topic": "*",
        "value": None,
        "source": "qr_till",
        "place": "Kasa 3 <script>alert(1)</script>",
        "link": None,
        "actor": "customer",
        "wording": "Demo Mağaza'nın bana WhatsApp ile haber vermesini kabul ediyorum. İıŞğ",
        "wording_version": "2026-11",
        "language": "tr",
        "subject": "ab",
        "evidence_hash": sealed.digest.hex(),
        "occurred_at": "2026-11-24T10:00:00.000000+00:00",
        "recorded_at": "2026-11-24T10:00:01.000000+00:00",
        "mac": "cd",
        "evidence": {"salt": sealed.salt.hex(), "personal": personal},
    }
    contact = {
        "id": "con_1",
        "phone": "+905321112233",
        "bsuid": None,
        "wa_id": None,
        "ended_at": None,
        "ended_by": None,
    }
    return {
        "format": "ulak-consent-proof/1",
        "business": {
            "id": "biz_1",
            "name": "Demo Mağaza & Oğulları",
            "country": "TR",
            "language": "tr",
            "time_zone": "Europe/Istanbul",
            "website": "https://shop.example",
            "colour": "#0b6b4f",
            "topics": {"orders": {"tr": "Siparişleriniz"}, "gifts": {"en": "Gift cards"}},
        },
        "mode": "live",
        "erased": False,
        "contacts": [contact],
        "consents": [
            {
                "contact": "con_1",
                "topic": "*",
                "state": "opted_in",
                "since": "2026-11-24T10:00:00.000000+00:00",
                "act": "act_1",
            }
        ],
        "preferences": {"con_1": {"channel": "sms"}},
        "acts": [act],
        "ledger": {"length": 1, "head": "cd"},
        "issued": {"at": "2026-11-25T10:00:00.000000+00:00", "key": "key_1"},
        **more,
    }


@pytest.fixture
def signed() -> dict[str, Any]:
    return ProofKey(SECRET).sign(document())


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Of everything that could be changed in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [one for key, part in inner for one in places(part, (*path, key))]
    return found or [path]


def test_what_was_issued_holds(signed: dict[str, Any]) -> None:
    checked = check(json.loads(json.dumps(signed)))
    assert checked.faults == []
    assert checked.key == ProofKey(SECRET).public
    assert check(signed, ProofKey(SECRET).public).faults == []


def test_the_order_of_members_means_nothing(signed: dict[str, Any]) -> None:
    assert check(json.loads(json.dumps(signed, sort_keys=True, indent=4))).faults == []


@pytest.mark.parametrize("path", places(document()), ids=lambda path: "/".join(map(str, path)))
def test_whatever_is_changed_is_found_out(signed: dict[str, Any], path: tuple[Any, ...]) -> None:
    changed = copy.deepcopy(signed)
    *way, last = ("proof", *path)
    place = changed
    for step in way:
        place = place[step]
    was = place[last]
    place[last] = f"{was}x" if isinstance(was, str) else 77
    try:
        faults = check(changed).faults
    except NoProofError:  # of another format
        return
    assert faults


@given(st.dictionaries(st.text(), st.one_of(st.text(), st.integers(-(2**53) + 1, 2**53 - 1), st.none(), st.booleans())))
def test_any_member_is_covered(more: dict[str, Any]) -> None:
    signed = ProofKey(SECRET).sign({**more, "format": "ulak-consent-proof/1"})
    assert check(signed).faults == []
    signed["proof"]["added"] = not signed["proof"].get("added", False)
    assert check(signed).faults


def test_another_key_signs_in_vain(signed: dict[str, Any]) -> None:
    """Whoever forges a proof can sign it, but not with the business's key."""
    forged = ProofKey(new_secret()).sign(document())
    assert check(forged).faults == [], "by itself it cannot be told"
    assert check(forged, ProofKey(SECRET).public).faults
    forged["signature"]["key"] = signed["signature"]["key"]
    forged["signature"]["fingerprint"] = signed["signature"]["fingerprint"]
    assert check(forged, ProofKey(SECRET).public).faults


def test_a_fingerprint_is_that_of_the_key(signed: dict[str, Any]) -> None:
    signed["signature"]["fingerprint"] = "00" * 32
    assert check(signed).faults


def test_evidence_that_no_line_vouches_for_is_named() -> None:
    """Even in a document that the business itself signed."""
    made_up = document()
    made_up["acts"][0]["evidence"]["personal"]["phone"] = "+905550000000"
    (fault,) = check(ProofKey(SECRET).sign(made_up)).faults
    assert "line 1" in fault


def test_a_business_has_one_key() -> None:
    assert ProofKey(SECRET).public == ProofKey(SECRET).public
    assert ProofKey(SECRET).public != ProofKey(new_secret()).public
    assert len(ProofKey(SECRET).public.raw) == 32
    assert PublicKey.parse(ProofKey(SECRET).public.text) == ProofKey(SECRET).public


def test_a_key_may_be_given_as_openssl_writes_it() -> None:
    key = ProofKey(SECRET).public
    loaded = Ed25519PublicKey.from_public_bytes(key.raw)
    written = loaded.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    text = base64.b64encode(written).decode()
    assert text.startswith("MCowBQYDK2Vw")
    assert PublicKey.parse(text) == key


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"[1]",
        b"{}",
        b"<html></html>",
        b'{"proof": {"format": "other/1"}, "signature": {"key": "AAAA", "value": ""}}',
        b'{"proof": {"format": "ulak-consent-proof/1"}, "signature": {"key": "AAAA", "value": ""}}',
        b'{"proof": 1, "proof": {"format": "ulak-consent-proof/1"}, "signature": {}}',
        b'<pre id="ulak-proof">{}</pre><pre id="ulak-proof">{}</pre>',
        b"{" * 100_000,
    ],
)
def test_what_is_no_proof_is_refused(content: bytes) -> None:
    with pytest.raises(NoProofError):
        check(read(content)[0])


@pytest.mark.parametrize("key", ["", "AAAA", "no base64!", base64.b64encode(b"x" * 31).decode()])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(NoProofError):
        PublicKey.parse(key)


@pytest.mark.parametrize("language", ["tr", "en"])
def test_a_page_holds_the_document_that_it_shows(signed: dict[str, Any], language: OurLanguage) -> None:
    page = render(signed, language).html
    read_back, text = read(page.encode())
    assert read_back == signed
    assert check(read_back).faults == []
    assert text == page
    assert is_rendered_from(page, signed)
    assert not is_rendered_from(page.replace("+905321112233", "+905550000000", 1), signed)


def test_a_page_shows_what_is_signed_and_runs_nothing(signed: dict[str, Any]) -> None:
    made = render(signed, "tr")
    for text in (
        "Demo Mağaza &amp; Oğulları",
        "+905321112233",
        "192.0.2.7",
        "kabul ediyorum. İıŞğ",
        "Kasadaki karekod",
        "24 Kasım 2026 13:00:00 GMT+03:00",
        "Tüm bilgilendirmeler",
        "Türkçe",
        signed["signature"]["fingerprint"],
    ):
        assert text in made.html
    assert "<script" not in made.html
    assert "script-src" not in made.content_security_policy
    assert made.content_security_policy.startswith("default-src 'none'")
    style = made.html.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in made.content_security_policy


@pytest.mark.parametrize(
    ("value", "turkish", "english"),
    [
        ({"most": 3, "days": 7}, "7 günde en fazla 3 mesaj", "At most 3 messages in 7 days"),
        ({"channel": "email"}, "E-posta", "E-mail"),
        ({"begins": "22:00", "ends": "08:00"}, "22:00–08:00 arası sessiz", "Quiet from 22:00 to 08:00"),
        ({"until": "2027-01-05T06:00:00+00:00"}, "5 Ocak 2027 09:00:00", "Paused until 5 January 2027 09:00:00"),
        ({"reason": "consent_withdrawn"}, "Onayın geri alınması", "Consent withdrawn"),
        ({"unforeseen": 1}, "unforeseen", "unforeseen"),
        ({"import": "imp_1", "line": 7, "source": "qr_till"}, "imp_1, 7. satır", "imp_1, line 7"),
        ({"import": "imp_1", "line": 7, "source": "phone_call"}, "Telefon görüşmesi", "Phone call"),
        ({"import": "imp_1", "line": 7, "actor": "staff:Derya"}, "<dd>Derya</dd>", "<dd>Derya</dd>"),
        ({"stance": NOTHING.as_json(), "into": "con_9"}, "con_9 kaydıyla birleştirildi", "Joined with record con_9"),
        ({"stance": NOTHING.as_json(), "to": "con_9"}, "Numara con_9 kaydına geçti", "passed to record con_9"),
        ({"stance": NOTHING.as_json(), "to": "con_9"}, "Onay yok", "No consent"),
        ({"stance": STANCE.as_json(), "from": "con_9"}, "con_9 kaydı bu kayda eklendi", "Record con_9 was added"),
        (
            {"stance": STANCE.as_json()},
            "Siparişleriniz: Onay geri alındı\nTercih edilen kanal: SMS",
            "Orders and deliveries: Opted out\nPreferred channel: SMS",
        ),
        (
            {"stance": STANCE.as_json()},
            "(WhatsApp’taki seçim): Pazarlama mesajları WhatsApp’ta durduruldu",
            "(choice on WhatsApp): Marketing stopped on WhatsApp",
        ),
    ],
)
def test_a_page_says_what_acts_say(value: dict[str, Any], turkish: str, english: str) -> None:
    told = document()
    told["acts"][0]["value"] = value
    signed = ProofKey(SECRET).sign(told)
    for language, words in (("tr", turkish), ("en", english)):
        shown = render(signed, language).html.partition("<footer>")[0]
        assert words in shown
        assert ("&#34;" in shown) == ("unforeseen" in value), "as people say it, and not as machines write it"


@pytest.mark.parametrize(
    ("member", "value", "turkish", "english"),
    [
        ("actor", "import", "<dd>Toplu aktarım</dd>", "<dd>Import</dd>"),
        ("actor", "staff:Derya", "<dd>Derya</dd>", "<dd>Derya</dd>"),
        ("topic", "orders", "<dd>Siparişleriniz</dd>", "<dd>Orders and deliveries</dd>"),
        ("topic", "gifts", "<dd>Gift cards</dd>", "<dd>Gift cards</dd>"),
        ("topic", "appointments", "<dd>Randevular</dd>", "<dd>Appointments</dd>"),
        ("topic", "never_heard_of", "<dd>Never heard of</dd>", "<dd>Never heard of</dd>"),
        ("language", "pt-BR", "<dd>Portekizce (Brezilya)</dd>", "<dd>Portuguese (Brazil)</dd>"),
        ("language", "en", "<dd>İngilizce</dd>", "<dd>English</dd>"),
        ("language", "x-none", "<dd>x-none</dd>", "<dd>x-none</dd>"),
        ("act", "pause", "Mesajlara ara verildi", "Messages paused"),
    ],
)
def test_a_page_names_things_as_people_do(member: str, value: str, turkish: str, english: str) -> None:
    told = document()
    told["acts"][0][member] = value
    signed = ProofKey(SECRET).sign(told)
    for language, words in (("tr", turkish), ("en", english)):
        assert words in render(signed, language).html


def test_every_source_and_act_has_a_name_in_both_languages() -> None:
    for words in WORDS.values():
        assert set(words.sources) == {source.value for source in Source}
        assert set(words.kinds) == {act.value for act in Act}
        assert set(words.states) == {state.value for state in ConsentState}
        assert set(words.channels) == {channel.value for channel in Channel}
        assert set(words.reasons) == set(get_args(Reason))


def test_a_page_in_english_speaks_english(signed: dict[str, Any]) -> None:
    made = render(signed, "en").html
    assert 'lang="en"' in made
    assert "Record of consent for WhatsApp" in made
    assert "Awaiting confirmation" not in made
