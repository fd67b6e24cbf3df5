"""Phones and the digits by which Meta knows them, which in three countries are not the same. Pure.

Meta names Brazil and Mexico as countries where it changes the prefix; of Argentina it is common experience.
"""

import re

_DIGITS = re.compile(r"[1-9][0-9]{6,14}")
_BRAZILIAN_MOBILE = re.compile(r"55([1-9][0-9])9?([6-9][0-9]{7})")
_MEXICAN = re.compile(r"521?([0-9]{10})")
_ARGENTINE = re.compile(r"54(9?)([0-9]{10})")


def is_wa_id(text: str | None) -> bool:
    """Not so: a group's id, or what Meta may come to write there one day."""
    return text is not None and _DIGITS.fullmatch(text) is not None


def phones_of(wa_id: str) -> tuple[str, ...]:
    """In E.164, the phones of which these may be the digits: the one that people write today first."""
    if match := _BRAZILIAN_MOBILE.fullmatch(wa_id):  # mobile numbers got a ninth digit, and Meta's may lack it
        area, number = match.groups()
        return f"+55{area}9{number}", f"+55{area}{number}"
    if match := _MEXICAN.fullmatch(wa_id):  # the 1 of mobile numbers is gone since 2019, and Meta's may have it
        return f"+52{match[1]}", f"+521{match[1]}"
    if match := _ARGENTINE.fullmatch(wa_id):  # the 9 of mobile numbers is left out by many
        mobile, number = match.groups()
        both = f"+549{number}", f"+54{number}"
        return both if mobile else both[::-1]
    return (f"+{wa_id}",)


def other_phones(phone: str) -> tuple[str, ...]:
    """Other ways in which the same number may have been written before."""
    return tuple(one for one in phones_of(phone.removeprefix("+")) if one != phone)
