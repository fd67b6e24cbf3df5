"""Which language a text is written in: by its script, and by the small words that no text of it does without."""

import re
import unicodedata
from collections import Counter

_WORD = re.compile(r"[^\W\d_]+")
_SCRIPTS = {
    "ARABIC": {"ar", "fa", "ur", "ps", "prs"},
    "CYRILLIC": {"bg", "be", "kk", "ky", "mk", "ru", "sr", "uk", "uz", "az"},
    "GREEK": {"el"},
    "HEBREW": {"he"},
    "CJK": {"zh", "ja"},
    "HIRAGANA": {"ja"},
    "KATAKANA": {"ja"},
    "HANGUL": {"ko"},
    "THAI": {"th"},
    "LAO": {"lo"},
    "GEORGIAN": {"ka"},
    "DEVANAGARI": {"hi", "mr"},
    "BENGALI": {"bn"},
    "GUJARATI": {"gu"},
    "GURMUKHI": {"pa"},
    "TAMIL": {"ta"},
    "TELUGU": {"te"},
    "KANNADA": {"kn"},
    "MALAYALAM": {"ml"},
    "SINHALA": {"si"},
}
_IN_TWO_SCRIPTS = {"sr", "uz", "az", "kk"}
_LATIN = "LATIN"
_SMALL_WORDS = {
    "en": "the is are was your you our we with for this that has have been will to of from on at and not please "
    "can if here by it be when below",
    "tr": "ve ile için bir bu olan olarak sizin size sizi lütfen veya daha gibi kadar sonra değil var yok ise "
    "aşağıdaki numaralı tarihi merhaba ne her siz biz mı mi",
    "de": "der die das und ist sind ihre ihr ihrer ihren sie wir mit für von zu nicht ein eine wird wurde haben auf "
    "bitte bei zum zur im am",
    "fr": "le la les des est sont votre vos vous nous avec pour dans une du et ne pas été sera sur merci bonjour au "
    "aux cette ce",
    "es": "el los las es son su sus usted con para por una del y no ha sido será hola gracias tu al "
    "este esta que nuestro",
    "pt": "o os as é são seu sua você com para por uma do da dos não foi será olá obrigado em no na que nosso seus",
    "it": "il lo gli è sono suo sua tuo tua lei con per una del della non stato sarà ciao grazie di che nostro nel "
    "alla",
    "nl": "de het een is zijn uw u wij we met voor van niet werd wordt hebben op aan bij dit dat kunt onze",
}
_WORDS = {language: frozenset(words.split()) for language, words in _SMALL_WORDS.items()}
_ENOUGH, _TWICE, _MANY = 3, 2, 5


def _lowered(word: str, language: str) -> str:
    turkish = word.replace("I", "ı") if language == "tr" else word
    return turkish.replace("İ", "i").lower()


def _script(letter: str) -> str:
    return unicodedata.name(letter, "?").split(" ", 1)[0]


def is_written_in(text: str, language: str) -> bool:
    """Whether nothing speaks against it: only what is plainly of another language is not.

    Variants of a language are one. Of the languages in Latin script the most frequent are told apart.
    """
    declared = language.split("_", 1)[0]
    words = [_lowered(word, declared) for word in _WORD.findall(text)]
    scripts = Counter(_script(word[0]) for word in words)
    if not scripts:
        return True
    script, count = scripts.most_common(1)[0]
    if script != _LATIN:
        return _fits(script, declared) or count * 2 <= len(words)
    if any(declared in languages for languages in _SCRIPTS.values()) and declared not in _IN_TWO_SCRIPTS:
        return count * 2 <= len(words)
    return _reads_as(set(words), declared)


def _fits(script: str, declared: str) -> bool:
    return script not in _SCRIPTS or declared in _SCRIPTS[script]


def _reads_as(words: set[str], declared: str) -> bool:
    found = {language: len(words & small) for language, small in _WORDS.items()}
    likeliest = max(found, key=found.__getitem__)
    if likeliest == declared:
        return True
    enough = _ENOUGH if declared in found else _MANY
    return found[likeliest] < enough or found[likeliest] <= _TWICE * found.get(declared, 0)
