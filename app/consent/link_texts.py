"""What customers read and send who come by an opt-in link: in Turkish and English. Pure."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args
from urllib.parse import quote

from app.consent.keywords import AROUND, folded
from app.consent.link_codes import code_at_end
from app.consent.rules import is_promotional

TextLanguage = Literal["tr", "en"]
LANGUAGES: tuple[TextLanguage, ...] = get_args(TextLanguage)


class _Texts(NamedTuple):
    greeting: str
    wish: str
    promotional_wish: str
    wording: str
    promotional_wording: str
    sms: str
    subject: str
    email: str


_TEXTS: dict[TextLanguage, _Texts] = {
    "tr": _Texts(
        greeting="Merhaba {business}, {wish} (Kod: {code})",
        wish="WhatsApp'tan bilgilendirme almak istiyorum.",
        promotional_wish="WhatsApp'tan bilgilendirme ve kampanya mesajları almak istiyorum.",
        wording="{business} işletmesinin bana WhatsApp üzerinden bilgilendirme mesajları göndermesini kabul ediyorum. "
        "Onayımı istediğim zaman geri alabilirim.",
        promotional_wording="{business} işletmesinin bana WhatsApp üzerinden bilgilendirme ve kampanya mesajları "
        "göndermesini kabul ediyorum. Onayımı istediğim zaman geri alabilirim.",
        sms="{business}: Bilgilendirmelerimizi WhatsApp'tan almak ister misiniz? Onay vermek için: {url}",
        subject="{business} bilgilendirmelerini WhatsApp'tan alın",
        email="Merhaba,\n\n{business} olarak sizi dilerseniz WhatsApp üzerinden de bilgilendirebiliriz. Onay vermek "
        "için aşağıdaki bağlantıyı açmanız yeterlidir:\n\n{url}\n\nOnay vermezseniz size WhatsApp'tan mesaj "
        "göndermeyiz. Onayınızı dilediğiniz zaman geri alabilirsiniz.\n\n{business}\n",
    ),
    "en": _Texts(
        greeting="Hello {business}, {wish} (Code: {code})",
        wish="I would like to receive updates on WhatsApp.",
        promotional_wish="I would like to receive updates and offers on WhatsApp.",
        wording="I agree to receive updates from {business} on WhatsApp. I can withdraw my consent at any time.",
        promotional_wording="I agree to receive updates and offers from {business} on WhatsApp. I can withdraw my "
        "consent at any time.",
        sms="{business}: Would you like to receive our updates on WhatsApp? To agree, open {url}",
        subject="Receive updates from {business} on WhatsApp",
        email="Hello,\n\nIf you like, {business} can also keep you informed on WhatsApp. To agree, just open this "
        "link:\n\n{url}\n\nUnless you agree, we will not send you messages on WhatsApp. You can withdraw your consent "
        "at any time.\n\n{business}\n",
    ),
}


def prefilled_text(business: str, topics: Sequence[str], code: str, language: TextLanguage) -> str:
    """What the chat is opened with, and the customer's own words once it is sent: it says to whom, what and where."""
    texts = _TEXTS[language]
    wish = texts.promotional_wish if _any_promotional(topics) else texts.wish
    return texts.greeting.format(business=business, wish=wish, code=code)


def own_wording(business: str, topics: Sequence[str], language: TextLanguage) -> str:
    """What a form asks to agree to where the link has no wording of its own in the language."""
    texts = _TEXTS[language]
    return (texts.promotional_wording if _any_promotional(topics) else texts.wording).format(business=business)


def sms_invitation(business: str, url: str, language: TextLanguage) -> str:
    return _TEXTS[language].sms.format(business=business, url=url)


def email_invitation(business: str, url: str, language: TextLanguage) -> tuple[str, str]:
    """Its subject and its text."""
    texts = _TEXTS[language]
    return texts.subject.format(business=business), texts.email.format(business=business, url=url)


def chat_url(phone_number: str, text: str) -> str:
    """Opens a chat with the number and the text ready to be sent (Meta's page "Create click to chat links")."""
    digits = "".join(filter(str.isdigit, phone_number))
    return f"https://wa.me/{digits}?text={quote(text, safe='')}"


def sent_code(text: str) -> str | None:
    """The code in what a customer sent, where it can be a prefilled text: so that of no other a link is looked for."""
    words = folded(text).split()
    for shorter in _without_trailing(words):
        joined = "".join(shorter)
        code = code_at_end(joined)
        if code is not None and joined[: -len(code)].endswith(("kod", "code")):
            return code
    return None


def is_sent(text: str, prefilled: str) -> bool:
    """Whether a customer sent the text that was ready to be sent. Case, spacing, punctuation, the dots of i and a
    greeting or thanks around it are nothing; a word more, or fewer, is: then it may say something else."""
    wanted = folded(prefilled).replace(" ", "")
    words = folded(text).split()
    return any(
        "".join(one) == wanted for shorter in _without_trailing(words) for one in _without_leading(list(shorter))
    )


def _without_trailing(words: list[str]) -> list[list[str]]:
    found = [words]
    while words and words[-1] in AROUND:
        words = words[:-1]
        found.append(words)
    return found


def _without_leading(words: list[str]) -> list[list[str]]:
    return [list(reversed(one)) for one in _without_trailing(list(reversed(words)))]


def _any_promotional(topics: Sequence[str]) -> bool:
    return any(is_promotional(topic) for topic in topics)
