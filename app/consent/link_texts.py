"""What customers read and send who come by an opt-in link: in Turkish and English. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple
from urllib.parse import quote

from app.consent.keywords import AROUND, folded
from app.consent.link_codes import code_at_end
from app.consent.rules import ALL_TOPICS, is_promotional
from app.consent.topics import label_of
from app.core.languages import OurLanguage

LeadsTo = Literal["whatsapp", "page"]

WORDING_VERSION = "link-1"
"""Of `own_wording`: whoever changes a word of it changes this."""


class _Texts(NamedTuple):
    one_topic: str
    topics: str
    chosen_topics: str
    greeting: str
    wish: str
    promotional_wish: str
    wording: str
    promotional_wording: str
    agreeing: Mapping[LeadsTo, str]
    """What is to be done once the link is open: to open it is not yet to agree."""
    sms: str
    subject: str
    email: str


_TEXTS: dict[OurLanguage, _Texts] = {
    "tr": _Texts(
        one_topic=" Konu: {topics}.",
        topics=" Konular: {topics}.",
        chosen_topics=" Konular (yalnızca seçtiklerim): {topics}.",
        greeting="Merhaba {business}, {wish}{topics} (Kod: {code})",
        wish="WhatsApp’tan bilgilendirme almak istiyorum.",
        promotional_wish="WhatsApp’tan bilgilendirme ve kampanya mesajları (ticari elektronik ileti) almak istiyorum.",
        wording="{business} işletmesinin bana WhatsApp üzerinden bilgilendirme mesajları göndermesini kabul ediyor, "
        "telefon numaramın bu amaçla işlenmesine açık rıza veriyorum.{topics} Onayımı dilediğim zaman geri alabilirim.",
        promotional_wording="{business} işletmesinin bana WhatsApp üzerinden bilgilendirme ve kampanya mesajları "
        "(ticari elektronik ileti) göndermesini kabul ediyor, telefon numaramın bu amaçla işlenmesine açık rıza "
        "veriyorum.{topics} Onayımı dilediğim zaman geri alabilirim.",
        agreeing={"whatsapp": "WhatsApp mesajını gönderin", "page": "formu doldurun"},
        sms="{business}: Bilgilendirmelerimizi WhatsApp’tan almak ister misiniz?{topics} Onay vermek isterseniz "
        "bağlantıyı açıp {agreeing}: {url}",
        subject="{business} bilgilendirmelerini WhatsApp’tan alın",
        email="Merhaba,\n\n{business} olarak sizi dilerseniz WhatsApp üzerinden de bilgilendirebiliriz.{topics} Onay "
        "vermek isterseniz aşağıdaki bağlantıyı açıp {agreeing}:\n\n{url}\n\nBağlantıyı açmak tek başına "
        "onay değildir. Onay vermezseniz size WhatsApp’tan mesaj göndermeyiz. Onayınızı dilediğiniz zaman geri "
        "alabilirsiniz.\n\n{business}\n",
    ),
    "en": _Texts(
        one_topic=" Topic: {topics}.",
        topics=" Topics: {topics}.",
        chosen_topics=" Topics (only those that I choose): {topics}.",
        greeting="Hello {business}, {wish}{topics} (Code: {code})",
        wish="I would like to receive updates on WhatsApp.",
        promotional_wish="I would like to receive updates and offers (commercial messages) on WhatsApp.",
        wording="I agree to receive updates from {business} on WhatsApp, and give my explicit consent to the "
        "processing of my phone number for this purpose.{topics} I can withdraw my consent at any time.",
        promotional_wording="I agree to receive updates and offers (commercial messages) from {business} on WhatsApp, "
        "and give my explicit consent to the processing of my phone number for this purpose.{topics} I can withdraw my "
        "consent at any time.",
        agreeing={"whatsapp": "send the WhatsApp message", "page": "fill in the form"},
        sms="{business}: Would you like to receive our updates on WhatsApp?{topics} To agree, open the link and "
        "{agreeing}: {url}",
        subject="Receive updates from {business} on WhatsApp",
        email="Hello,\n\nIf you like, {business} can also keep you informed on WhatsApp.{topics} To agree, open this "
        "link and {agreeing}:\n\n{url}\n\nOpening the link is not yet an agreement. Unless you agree, we will not send "
        "you messages on WhatsApp. You can withdraw your consent at any time.\n\n{business}\n",
    ),
}

_NO_LABELS: Mapping[str, Mapping[str, str]] = {}


def prefilled_text(
    business: str,
    topics: Sequence[str],
    code: str,
    language: OurLanguage,
    labels: Mapping[str, Mapping[str, str]] = _NO_LABELS,
) -> str:
    """What the chat is opened with, and the customer's own words once it is sent: it says to whom, what, of what and
    where. `labels`: the business's own of its topics."""
    texts = _TEXTS[language]
    wish = texts.promotional_wish if _any_promotional(topics) else texts.wish
    named = _named(topics, language, labels, texts.topics)
    return texts.greeting.format(business=business, wish=wish, topics=named, code=code)


def own_wording(
    business: str,
    topics: Sequence[str],
    language: OurLanguage,
    labels: Mapping[str, Mapping[str, str]] = _NO_LABELS,
) -> str:
    """What a form asks to agree to where the link has no wording of its own in the language."""
    texts = _TEXTS[language]
    wording = texts.promotional_wording if _any_promotional(topics) else texts.wording
    return wording.format(business=business, topics=_named(topics, language, labels, texts.chosen_topics))


@dataclass(frozen=True, slots=True)
class Invitation:
    """What it asks for: to follow a link, for these topics."""

    business: str
    url: str
    leads_to: LeadsTo
    topics: Sequence[str]
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def sms(self, language: OurLanguage) -> str:
        return self._filled(_TEXTS[language].sms, language)

    def email(self, language: OurLanguage) -> tuple[str, str]:
        """Its subject and its text."""
        texts = _TEXTS[language]
        return texts.subject.format(business=self.business), self._filled(texts.email, language)

    def _filled(self, text: str, language: OurLanguage) -> str:
        texts = _TEXTS[language]
        named = _named(self.topics, language, self.labels, texts.topics)
        agreeing = texts.agreeing[self.leads_to]
        return text.format(business=self.business, url=self.url, topics=named, agreeing=agreeing)


def _named(topics: Sequence[str], language: OurLanguage, labels: Mapping[str, Mapping[str, str]], several: str) -> str:
    """Of all topics nothing need be said."""
    if list(topics) == [ALL_TOPICS]:
        return ""
    form = _TEXTS[language].one_topic if len(topics) == 1 else several
    return form.format(topics="; ".join(label_of(topic, language, labels) for topic in topics))


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
