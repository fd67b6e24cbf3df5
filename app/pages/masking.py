"""A phone number that its owner recognises and nobody else learns. Pure."""

import phonenumbers

_DOT = "•"
_SHOWN_FIRST, _SHOWN_LAST = 1, 2


def masked(phone: str) -> str:
    """`+90 5•• ••• •• 33`: country, first digit and last two of an E.164 number, grouped as it is usually written."""
    number = phonenumbers.parse(phone)
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    country, _, rest = written.partition(" ")
    digits = sum(letter.isdigit() for letter in rest)
    shown, seen = [], 0
    for letter in rest:
        if letter.isdigit():
            seen += 1
            hidden = _SHOWN_FIRST < seen <= digits - _SHOWN_LAST
            shown.append(_DOT if hidden else letter)
        else:
            shown.append(letter)
    return f"{country} {''.join(shown)}"
