"""What a meter shows, in a whole message: a number, with its unit or without. Pure.

A number that can be read in two ways is none: 12.345 is twelve thousand in Turkish, and hardly more than twelve on the
meter that it was copied from. Phone numbers, dates, times and prices are none either.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from app.consent.keywords import folded

_UNITS = {
    **dict.fromkeys(("m3", "metrekup", "mk", "cubic metres", "cubic meters", "cubic metre", "cubic meter"), "m3"),
    **dict.fromkeys(("kwh", "kw h", "kilovatsaat", "kilovat saat", "kilowatt hours", "kilowatt hour"), "kWh"),
    **dict.fromkeys(("sm3", "standart metrekup"), "Sm3"),
}
_NAMES_TEXT = """
    endeks endeksi endeksim endex endeksimiz index indeks sayac sayacim sayaci sayacimiz sayacin sayacta sayacimda
    okuma okumam degeri deger son guncel yeni gosterge su gaz dogalgaz dogal elektrik rakam
    meter reading readings read current latest the my is it shows says water gas electricity value
"""
_AROUND_TEXT = """
    lutfen tesekkurler tesekkur ederim ederiz sagolun sagol merhaba merhabalar selam iyi gunler gunaydin aksamlar
    olarak okudum okundu goruyorum gorunuyor yaziyor gosteriyor su an suan
    please thanks thank you hello hi here i see good morning evening
"""
_NAMES, _AROUND = frozenset(_NAMES_TEXT.split()), frozenset(_AROUND_TEXT.split())

_PLAIN = re.compile(r"\d+")
_DECIMAL = re.compile(r"(\d+)[.,](\d{1,3})")
_GROUPED = (
    re.compile(r"(\d{1,3}(?:\.\d{3})+)(?:,(\d{1,3}))?"),
    re.compile(r"(\d{1,3}(?:,\d{3})+)(?:\.(\d{1,3}))?"),
)
_NUMBER = re.compile(r"(?<![\w+.,:/-])\d[\d.,]*\d(?![\w.,:/-]*\d)|(?<![\w+.,:/-])\d(?![\d.,:/-]*\d)")
_WITH_UNIT = re.compile(r"(\d)(?=(?:s?m3|kwh|metre|kilo)\b)", re.IGNORECASE)
_WHOLE_MOST = 8
"""Digits before the decimal sign: meters have no more, phone numbers do."""
_GROUP = 3
"""Digits between two signs of thousands."""
_SURELY = 3
"""Digits of which a number alone is taken to be what the meter shows."""
_LIKE_A_TIME = re.compile(r"\d{1,2}[.,]\d\d")


@dataclass(frozen=True, slots=True)
class MeterReading:
    number: Decimal
    unit: str | None


def reading_in(text: str) -> MeterReading | None:
    plain = _WITH_UNIT.sub(r"\1 ", unicodedata.normalize("NFKC", text))
    if "?" in plain:
        return None
    found = list(_NUMBER.finditer(_without_units(plain)))
    if len(found) != 1:
        return None
    number = _number(found[0][0])
    before, after = plain[: found[0].start()], plain[found[0].end() :]
    if number is None or _has_sign(before, after):
        return None
    words = folded(f"{before} {after}")
    unit = next((name for name in sorted(_UNITS, key=len, reverse=True) if f" {name} " in f" {words} "), None)
    if unit is not None:
        words = f" {words} ".replace(f" {unit} ", " ", 1)
    left = [word for word in words.split() if word not in _AROUND]
    if not all(word in _NAMES for word in left):
        return None
    if not left and unit is None and not _is_surely_one(found[0][0]):
        return None
    return MeterReading(number, _UNITS[unit] if unit is not None else None)


def _is_surely_one(digits: str) -> bool:
    """Of a number alone: 5 may be a choice or a rating, 14.30 a time, 24.11 a day."""
    return len(re.sub(r"[.,]", "", digits)) >= _SURELY and not _LIKE_A_TIME.fullmatch(digits)


def _without_units(text: str) -> str:
    """Of the same length: the 3 of m3 is no number."""
    return re.sub(r"(?i)\bs?m3\b", lambda found: "x" * len(found[0]), text)


def _has_sign(before: str, after: str) -> bool:
    """Of a currency, a minus, a percentage, more or less: then it is something else."""
    beside = before.rstrip()[-1:] + after.lstrip()[:1]
    return any(sign in "+-\u2212%#*/~≈<>" or unicodedata.category(sign) == "Sc" for sign in beside)


def _number(digits: str) -> Decimal | None:
    if _PLAIN.fullmatch(digits):
        return Decimal(digits) if len(digits) <= _WHOLE_MOST else None
    single = _DECIMAL.fullmatch(digits)
    if single is not None:
        whole, part = single.groups()
        is_ambiguous = len(part) == _GROUP and len(whole) <= _GROUP and not whole.startswith("0")
        return Decimal(f"{whole}.{part}") if not is_ambiguous and len(whole) <= _WHOLE_MOST else None
    for pattern in _GROUPED:
        grouped = pattern.fullmatch(digits)
        if grouped is not None:
            whole, part = re.sub(r"[.,]", "", grouped[1]), grouped[2]
            return Decimal(f"{whole}.{part}" if part else whole) if len(whole) <= _WHOLE_MOST else None
    return None
