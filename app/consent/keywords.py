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
    iptal | iptal et | iptal edin | iptal ediniz | iptal ediyorum | iptal olsun | izin iptal | onay iptal
    dur | durdur | durdurun | durdurunuz | durdurur musunuz | ret | red | cik | cikis | cikar | cikarin | ayril
    abonelikten cik | abonelikten cikar | abonelikten ayril | aboneligi iptal et | aboneligimi iptal et
    abonelik iptal | uyelikten cik | listeden cik | listeden cikar | listeden cikarin | listenizden cikarin
    beni cikar | beni cikarin | beni listeden cikar | beni listeden cikarin | beni listenizden cikarin
    mesaj istemiyorum | mesaj almak istemiyorum | mesajlari istemiyorum | mesajlarinizi istemiyorum
    mesajlarinizi almak istemiyorum | bana mesaj atma | bana mesaj atmayin | mesaj atma | mesaj atmayin
    bana mesaj gonderme | bana mesaj gondermeyin | mesaj gonderme | mesaj gondermeyin | mesaj yok
    bildirim istemiyorum | bildirim almak istemiyorum | bildirimleri istemiyorum | bildirim gondermeyin
    bildirimleri kapat | bildirimleri kapatin | bildirimleri durdur | bildirimleri durdurun | bildirimleri iptal et
    mesajlari durdur | mesajlari durdurun | mesajlari kapat | mesajlari kes | mesajlari iptal et
    whatsapp mesaji istemiyorum | whatsapptan mesaj istemiyorum | bana yazma | bana yazmayin | rahatsiz etmeyin
    stop | stop all | stopall | stop it | unsubscribe | unsubscribe me | optout | opt out | opt me out | cancel
    end | quit | revoke | remove | remove me | remove me from the list | remove me from your list
    stop messages | stop messaging | stop messaging me | stop texting me | stop sending messages
    stop sending me messages | stop the messages | stop these messages | no more messages | no messages
    dont message me | do not message me | dont text me | do not text me | dont send me messages
    do not send me messages | i dont want messages | i do not want messages | i dont want these messages
    i do not want these messages | i want to unsubscribe | i want to opt out
"""
_START = """
    baslat | basla | baslatin | yeniden baslat | tekrar baslat | geri baslat | devam et | abone ol | uye ol
    bildirimleri ac | bildirimleri baslat | mesajlari baslat | mesaj almak istiyorum | bildirim almak istiyorum
    tekrar mesaj almak istiyorum | yeniden mesaj almak istiyorum
    start | unstop | resume | restart | subscribe | opt in | optin | opt me in | start again | start messages
    i want messages | i want messages again | send me messages again
"""
_UNSURE = """
    iptal etmek istiyorum | iptal edebilir miyim | iptal etmek istiyoruz | vazgectim | istemiyorum | yeter
    cikmak istiyorum | artik istemiyorum | i want to cancel | can i cancel | enough | leave me alone
    hayir istemiyorum | gerek yok
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


AROUND = frozenset(_AROUND.split())
_WISHES = {
    phrase: wish
    for wish, phrases in ((Wish.UNSURE, _UNSURE), (Wish.START, _START), (Wish.STOP, _STOP))
    for phrase in _phrases(phrases)
}
_ANSWERS = {phrase: is_yes for is_yes, phrases in ((True, _YES), (False, _NO)) for phrase in _phrases(phrases)}
_MOST_WORDS = 16

_APOSTROPHES = re.compile(r"[\u0027\u2018\u2019\u02bc\u00b4`]")
_NO_WORD = re.compile(r"[\W_]+")


@lru_cache(maxsize=10_000)
def wish_of(text: str) -> Wish | None:
    """Of a whole message; nothing where it says something else, or more. What is asked is not yet wished."""
    words = folded(text).split()
    if len(words) > _MOST_WORDS:
        return None
    if len(words) > 1 and all(len(word) == 1 for word in words):
        words = ["".join(words)]  # spelt out
    said = tuple(word for word in words if word not in AROUND)
    wish = _WISHES.get(_once(said))
    return Wish.UNSURE if wish is Wish.STOP and "?" in unicodedata.normalize("NFKC", text) else wish


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
    decomposed = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text))
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    small = bare.replace("ı", "i").replace("I", "i").casefold()
    visible = "".join(letter for letter in small if unicodedata.category(letter) != "Cf")
    return _NO_WORD.sub(" ", visible).strip()
