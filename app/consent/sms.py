"""How long a text is as an SMS (3GPP TS 23.038): what it costs depends on a single letter. Pure."""

from dataclasses import dataclass
from typing import Literal

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")
"""Each takes the place of two."""

_WITHOUT = str.maketrans("çğıİşŞĞ’–", "cgiIsSG'-")
"""Letters of Turkish, and marks that writing programs put in, of which GSM-7 has no like."""

Encoding = Literal["GSM-7", "UCS-2"]
_ONE: dict[Encoding, int] = {"GSM-7": 160, "UCS-2": 70}
_OF_SEVERAL: dict[Encoding, int] = {"GSM-7": 153, "UCS-2": 67}


@dataclass(frozen=True, slots=True)
class SmsLength:
    encoding: Encoding
    length: int
    """In places: of GSM-7 septets, of UCS-2 pairs of bytes."""
    segments: int
    """Messages that are paid for."""


def sms_length(text: str) -> SmsLength:
    encoding: Encoding = "GSM-7" if is_gsm7(text) else "UCS-2"
    places = [_places(letter, encoding) for letter in text]
    length = sum(places)
    if length <= _ONE[encoding]:
        return SmsLength(encoding, length, 1)
    segments, free = 1, _OF_SEVERAL[encoding]
    for taken in places:
        if taken > free:  # what takes two places is not torn apart
            segments, free = segments + 1, _OF_SEVERAL[encoding]
        free -= taken
    return SmsLength(encoding, length, segments)


def is_gsm7(text: str) -> bool:
    return all(letter in _BASIC or letter in _EXTENDED for letter in text)


def as_gsm7(text: str) -> str | None:
    """With the plain letters for those that GSM-7 has not; nothing where that does not do."""
    plain = text.translate(_WITHOUT)
    return plain if is_gsm7(plain) else None


def _places(letter: str, encoding: Encoding) -> int:
    if encoding == "UCS-2":
        return len(letter.encode("utf-16-be")) // 2
    return 2 if letter in _EXTENDED else 1
