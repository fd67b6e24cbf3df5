"""Whether a whole message is a wish to get no more messages, or to get them again. Pure.

A word inside an answer is none: who asks how to cancel an order must not be silenced for it. So a message counts only
if nothing is left of it beside one known phrase and what people say around it (please, thank you, a greeting).
"""

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache


class Wish(StrEnum):
    STOP = "stop"
    START = "start"
    UNSURE = "unsure"
    """It may be one to stop: the customer is not silenced, and should be asked."""


_STOP = """
    iptal | iptall | iptal et | iptal etmenizi | iptal edin | iptal ediniz
    izin iptal | onay iptal
    dur | durdur | durdurun | durdurunuz | durdurur musunuz | ret | cik | cikis | cikar | cikarin | ayril
    abonelikten cik | abonelikten cikar | abonelikten ayril | aboneligi iptal et | aboneligimi iptal et
    abonelik iptal | uyelikten cik | listeden cik | listeden cikar | listeden cikarin | listenizden cikarin
    beni cikar | beni cikarin | beni listeden cikar | beni listeden cikarin | beni listenizden cikarin
    numarami sil | numarami silin | numarami listeden silin | numarami listeden cikarin
    mesaj istemiyorum | mesaj almak istemiyorum | mesajlari istemiyorum | mesajlarinizi istemiyorum
    mesajlarinizi almak istemiyorum | bana mesaj atma | bana mesaj atmayin | mesaj atma | mesaj atmayin
    bana mesaj gonderme | bana mesaj gondermeyin | mesaj gonderme | mesaj gondermeyin | mesaj yok
    bildirim istemiyorum | bildirim almak istemiyorum | bildirimleri istemiyorum | bildirim gondermeyin
    bildirimleri kapat | bildirimleri kapatin | bildirimleri durdur | bildirimleri durdurun | bildirimleri iptal et
    mesajlari durdur | mesajlari durdurun | mesajlari kapat | mesajlari kes | mesajlari iptal et
    whatsapp mesaji istemiyorum | whatsapptan mesaj istemiyorum | bana yazma | bana yazmayin | rahatsiz etmeyin
    stop texting | stop messaging | no more texts | no texts | leave me off your list
    stop | stopp | stop all | stopall | stop it | unsubscribe | unsubscribe me | optout | opt out | opt me out | cancel
    end | quit | remove me | remove me from the list | remove me from your list
    stop messages | stop messaging | stop messaging me | stop texting me | stop sending messages
    stop sending me messages | stop the messages | stop these messages | no more messages | no messages
    dont message me | do not message me | dont text me | do not text me | dont send me messages
    do not send me messages | i dont want messages | i do not want messages | i dont want these messages
    i do not want these messages | i want to unsubscribe | i want to opt out
"""
_STOP_WHAT = """
    mesaj | mesaji | mesajlar | mesajlari | mesajlarini | mesajlarinizi | bu mesajlari | bu mesaji
    bildirim | bildirimi | bildirimler | bildirimleri | bildirimlerinizi | bu bildirimleri
    sms | smsleri | reklam | reklamlari | reklam mesaji | reklam mesajlari | kampanya mesaji | kampanya mesajlari
    whatsapp mesaji | whatsapp mesajlari | whatsapptan mesaj | whatsapptan bildirim
"""
_STOP_HOW = """
    istemiyorum | istemiyoruz | almak istemiyorum | almak istemiyoruz | istemem | gelmesin | gelmesin bana
    durdur | durdurun | durdurunuz | durdurur musun | durdurur musunuz | kapat | kapatin | kapatir misiniz
    kes | kesin | kesiniz | iptal et | iptal edin | iptal ediniz | birakin | kesilsin | dursun
    atma | atmayin | atmayiniz | yollama | yollamayin | gonderme | gondermeyin | gondermeyiniz
    atmayin bana | gondermeyin bana | yollamayin bana | atma bana
    atmayi birak | atmayi birakin | atmayi kes | atmayi kesin | gondermeyi birak | gondermeyi birakin
    gondermeyi kes | gondermeyi kesin | gondermeyi durdurun | yollamayi birakin | yollamayi kesin
"""
_STOP_TO_WHOM = "bana | bize | beni | numarama"
_STOP_FROM = """
    listeden | listenizden | listelerden | listelerinizden | abonelikten | uyelikten
"""
_STOP_OUT = """
    cik | cikar | cikarin | cikariniz | sil | silin | siliniz | ayril | cikmak istiyorum | ayrilmak istiyorum
    cikarir misiniz | cikarmanizi
"""
_STOP_OURS = "aboneligi | aboneligimi | aboneligimizi | uyeligi | uyeligimi"
_STOP_END = """
    iptal et | iptal edin | iptal ediniz | sonlandir | sonlandirin | sonlandiriniz | bitir | bitirin | durdur
    durdurun | kapat | kapatin
"""
_STOP_SENDING = """
    stop sending | stop messaging | stop texting | stop contacting | quit messaging | quit texting | quit sending
    dont send | do not send | dont message | do not message | dont text | do not text | dont contact | do not contact
"""
_STOP_SENT = """
    me | us | me messages | me these messages | me any messages | me any more messages | me more messages | messages
    these messages | any messages | any more messages | me texts | me any more texts | texts | any more texts
    messages to me | me again | me anymore | me any more
"""
_STOP_NOT_WANTED = """
    i dont want | i do not want | we dont want | i no longer want | i dont want to receive | i do not want to receive
    i no longer want to receive | i dont want to get | i do not want to get | i dont wish to receive
"""
_STOP_UNWANTED = """
    messages | these messages | any messages | any more messages | your messages | more messages | texts | these texts
    these messages anymore | messages anymore | any messages anymore | messages from you
"""
_STOP_REMOVE = "remove | take | delete"
_STOP_REMOVED = """
    me from the list | me from your list | me from this list | my number | my number from the list
    my number from your list | me off the list | me off your list | me off this list | my number off your list
"""
_MAY_ANSWER = """
    iptal et | iptal etmenizi | iptal edin | iptal ediniz | ret | cik | cikar | cikarin | ayril | cancel | end
"""
"""Wishes to stop, unless they are said to a message that asked something else, of an appointment."""
_START = """
    baslat | tekrar abone olmak istiyorum | yeniden abone olmak istiyorum | bildirimleri tekrar ac
    bildirimleri tekrar acin | bildirimleri yeniden acin | bildirimleri acin | abone ol
    bildirimleri ac | bildirimleri baslat | mesajlari baslat | mesaj almak istiyorum | bildirim almak istiyorum
    tekrar mesaj almak istiyorum | yeniden mesaj almak istiyorum
    start | unstop | subscribe | opt in | optin | opt me in | start messages
    subscribe me | subscribe me again | resubscribe | i want messages | i want messages again | send me messages again
"""
"""Each says by itself what it is about, or is a word that we tell customers to write. Who goes on, resumes or begins
again may mean anything: an opt-in that is not sure is none."""
_UNSURE = """
    iptal etmek istiyorum | iptal edebilir miyim | iptal etmek istiyoruz | vazgectim | istemiyorum | yeter
    cikmak istiyorum | artik istemiyorum | i want to cancel | can i cancel | enough | leave me alone
    iptal ediyorum | iptal olsun | red | remove | revoke
    hayir istemiyorum | gerek yok | iptal istiyorum | almak istemiyorum | biktim | biktim mesajlarinizdan
    beni arayip durmayin | im done | not interested | go away | stop this nonsense | leave me
"""
_YES = """
    evet onayliyorum | onayliyorum | evet kabul ediyorum | kabul ediyorum | yes i confirm | i confirm | i do confirm
    yes confirm | confirm | onay veriyorum | evet onay veriyorum | yes i agree | i agree
"""
_NO = """
    hayir | hayir istemiyorum | istemiyorum | onaylamiyorum | hayir onaylamiyorum | kabul etmiyorum | gerek yok
    vazgectim | hayir kabul etmiyorum | hayir gerek yok | no | no i do not | i do not | no i dont | i dont confirm
    i do not confirm | no i do not confirm | no thank you | no thanks | it was not me | it wasnt me | ben degildim
"""
"""To the question whether an opt-in is confirmed, where one waits for the answer; otherwise they say nothing to us. A
mere yes is none: it may be the answer to anything."""
_AROUND = """
    lutfen rica ederim ederiz acilen hemen simdi artik bir daha bundan boyle tesekkurler tesekkur sagol sagolun
    merhaba merhabalar selam selamlar iyi gunler aksamlar geceler hayirli isler kolay gelsin sayin yetkili
    please pls plz kindly now right away thanks thank you thx ty hi hello hey dear sir madam good morning evening day
"""
"""What people say around a wish."""


def _phrases(text: str) -> frozenset[tuple[str, ...]]:
    """Without what is around them, as messages are compared."""
    return frozenset(
        tuple(word for word in phrase.split() if word not in AROUND)
        for line in text.strip().splitlines()
        for phrase in line.split("|")
    )


def _composed() -> frozenset[tuple[str, ...]]:
    """Wishes to stop that are put together from a few parts each: of what, how, to whom."""
    what, how, to_whom = _phrases(_STOP_WHAT), _phrases(_STOP_HOW), _phrases(_STOP_TO_WHOM)
    messages = {(*one, *other) for one in what for other in how}
    return frozenset(
        {
            *messages,
            *((*whom, *rest) for whom in to_whom for rest in messages),
            *((*whom, *how) for whom in to_whom for how in _phrases("yazma | yazmayin | bi yazmayin | yazmayiniz")),
            *((*source, *out) for source in _phrases(_STOP_FROM) for out in _phrases(_STOP_OUT)),
            *(("beni", *source, *out) for source in _phrases(_STOP_FROM) for out in _phrases(_STOP_OUT)),
            *((*ours, *end) for ours in _phrases(_STOP_OURS) for end in _phrases(_STOP_END)),
            *((*stop, *sent) for stop in _phrases(_STOP_SENDING) for sent in _phrases(_STOP_SENT)),
            *((*no, *what) for no in _phrases(_STOP_NOT_WANTED) for what in _phrases(_STOP_UNWANTED)),
            *((*remove, *what) for remove in _phrases(_STOP_REMOVE) for what in _phrases(_STOP_REMOVED)),
        }
    )


AROUND = frozenset(_AROUND.split())
_ANSWERING = _phrases(_MAY_ANSWER)
_WISHES = {
    phrase: wish
    for wish, phrases in (
        (Wish.UNSURE, _phrases(_UNSURE)),
        (Wish.START, _phrases(_START)),
        (Wish.STOP, _phrases(_STOP) | _composed()),
    )
    for phrase in phrases
}
_ANSWERS = {phrase: is_yes for is_yes, phrases in ((True, _YES), (False, _NO)) for phrase in _phrases(phrases)}
_MOST_WORDS = 16

APOSTROPHES = re.compile(r"[\u0027\u2018\u2019\u02bc\u00b4`]")
_NO_WORD = re.compile(r"[\W_]+")


@lru_cache(maxsize=10_000)
def wish_of(text: str) -> Wish | None:
    """Of a whole message; nothing where it says something else, or more. What is asked is not yet wished."""
    wish = _WISHES.get(_said(text))
    return Wish.UNSURE if wish is Wish.STOP and "?" in unicodedata.normalize("NFKC", text) else wish


def may_answer(text: str) -> bool:
    """Whether a wish to stop may as well be the answer to what a message asked: it is one of those that say of
    whatever they answer that it is to be cancelled."""
    return _said(text) in _ANSWERING


def _said(text: str) -> tuple[str, ...]:
    """Nothing of what is too long to be one phrase."""
    words = folded(text).split()
    if len(words) > _MOST_WORDS:
        return ()
    if len(words) > 1 and all(len(word) == 1 for word in words):
        words = ["".join(words)]  # spelt out
    return _once(tuple(word for word in words if word not in AROUND))


@lru_cache(maxsize=10_000)
def answer_of(text: str) -> bool | None:
    """Whether a whole message is a yes or a no to the question whether an opt-in is confirmed; nothing where it is
    neither."""
    words = folded(text).split()
    if not words or len(words) > _MOST_WORDS or "?" in unicodedata.normalize("NFKC", text):
        return None
    return _ANSWERS.get(tuple(word for word in words if word not in AROUND))


def _once(words: tuple[str, ...]) -> tuple[str, ...]:
    """Of what is said several times in a row, the first."""
    for length in range(1, len(words) // 2 + 1):
        if len(words) % length == 0 and words == words[:length] * (len(words) // length):
            return words[:length]
    return words


def folded(text: str) -> str:
    """Words in plain small letters: of İ, I, ı and i in all their Unicode forms one, ç as c, full width as half, and
    without punctuation, emoji and what is invisible."""
    decomposed = unicodedata.normalize("NFKD", APOSTROPHES.sub("", text))
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    small = bare.replace("ı", "i").replace("I", "i").casefold()
    visible = "".join(letter for letter in small if unicodedata.category(letter) != "Cf")
    return _NO_WORD.sub(" ", visible).strip()
