"""Which of the numbers of an order is written to. Pure."""

from collections.abc import Iterable

import phonenumbers
from phonenumbers import PhoneNumberType

from app.consent.phones import PhoneError, normalize_phone
from app.integrations.facts import Candidate

_MOBILE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
"""In North America nobody can tell them apart."""


def choose_phone(candidates: Iterable[Candidate], *countries: str | None) -> tuple[str | None, str | None]:
    """The first mobile number, as E.164, or why there is none: `no_phone`, `phone_invalid`, `no_mobile_phone`.

    `countries`: in whose way a national number is read, after the country that it came with.
    """
    reason = "no_phone"
    for candidate in candidates:
        phone = _normalized(candidate, countries)
        if phone is None:
            reason = "phone_invalid" if reason == "no_phone" else reason
        elif phonenumbers.number_type(phonenumbers.parse(phone)) in _MOBILE:
            return phone, None
        else:
            reason = "no_mobile_phone"
    return None, reason


def _normalized(candidate: Candidate, countries: tuple[str | None, ...]) -> str | None:
    for country in dict.fromkeys((candidate.country, *countries)):
        if country is None:
            continue
        try:
            return normalize_phone(candidate.text, country.upper())
        except PhoneError:
            continue
    return None
