"""Of which country a customer's number or user id is. It says who is charged what, not where anybody is."""

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

_BSUID = re.compile(r"([A-Z]{2})\.")
_NOWHERE = "001"
"""The library's region of numbers that belong to no country."""


def country_of(recipient: str | None) -> str | None:
    """ISO 3166-1 alpha-2; nothing where it does not tell. Of a phone in E.164, or a BSUID, which begins with it."""
    if recipient is None:
        return None
    if not recipient.startswith("+"):
        found = _BSUID.match(recipient)
        return found[1] if found is not None else None
    for length in (2, 3, 4):  # with the sign; no calling code is the beginning of another
        regions = COUNTRY_CODE_TO_REGION_CODE.get(_digits(recipient[1:length]))
        if regions is not None:
            region = regions[0] if len(regions) == 1 else _region_of(recipient)
            return region if region != _NOWHERE else None
    return None


def _digits(text: str) -> int:
    return int(text) if text.isdecimal() else 0


@lru_cache(maxsize=65_536)
def _region_of(phone: str) -> str | None:
    """Several countries share the code: the library asks for the patterns of each."""
    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return None
    return str(region) if region is not None else None
