"""Phone numbers: what the caller wrote, what WhatsApp calls the customer, and the business-scoped id."""

import hashlib
import re
from functools import lru_cache

import phonenumbers

from app.sandbox.errors import bad_value
from app.sandbox.settings import SandboxSettings

_WRITTEN = re.compile(r"\+?[\d\-() ]+")
_DIGITS = range(7, 16)


@lru_cache(maxsize=65_536)
def region_of(digits: str) -> str:
    """ISO country of a number; ZZ where none is known."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(f"+{digits}", None)) or _by_code(digits)
    except phonenumbers.NumberParseException:
        return "ZZ"


def _by_code(digits: str) -> str:
    parsed = phonenumbers.parse(f"+{digits}", None)
    region = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    return region if region.isalpha() else "ZZ"


@lru_cache(maxsize=1_024)
def calling_code(digits: str) -> str:
    try:
        return str(phonenumbers.parse(f"+{digits}", None).country_code)
    except phonenumbers.NumberParseException:
        return ""


def dialled(written: str, business_digits: str, settings: SandboxSettings) -> str:
    """The digits Meta dials for `to`, which without a plus sign get the business number's own country code."""
    if not _WRITTEN.fullmatch(written):
        raise bad_value(f"to: {written!r} is not a phone number")
    digits = re.sub(r"\D", "", written)
    if not written.startswith("+") and not (settings.plus_rule == "lenient" and _international(digits)):
        digits = calling_code(business_digits) + digits
    if len(digits) not in _DIGITS:
        raise bad_value(f"to: {written!r} has {len(digits)} digits")
    return digits


def _international(digits: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(f"+{digits}", None))
    except phonenumbers.NumberParseException:
        return False


def wa_id_of(digits: str, settings: SandboxSettings) -> str:
    """WhatsApp's name for a number, which in three countries is not the number that is dialled."""
    if settings.rewrite_brazil and (match := re.fullmatch(r"55(\d{2})9(\d{8})", digits)):
        return f"55{match[1]}{match[2]}"
    if settings.rewrite_mexico and re.fullmatch(r"52(?!1)\d{10}", digits):
        return f"521{digits[2:]}"
    if settings.rewrite_argentina and re.fullmatch(r"54(?!9)\d{10}", digits):
        return f"549{digits[2:]}"
    return digits


@lru_cache(maxsize=65_536)
def bsuid_of(business_id: str, wa_id: str) -> str:
    """Opaque, and the same for one customer and one business portfolio however often it is asked."""
    digest = hashlib.sha256(f"{business_id}:{wa_id}".encode()).digest()
    return f"{region_of(wa_id)}.{int.from_bytes(digest[:10], 'big'):024d}"


@lru_cache(maxsize=65_536)
def formatted(digits: str) -> str:
    """As people write it, for the phone page."""
    try:
        number = phonenumbers.parse(f"+{digits}", None)
    except phonenumbers.NumberParseException:
        return f"+{digits}"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
