"""Phone numbers: whatever a person of the business's country would write, as E.164."""

from functools import lru_cache

import phonenumbers


class PhoneError(ValueError):
    """Not a phone number that could receive a message."""


@lru_cache(maxsize=65_536)
def normalize_phone(text: str, region: str) -> str:
    """E.164. National forms (0532 111 22 33) are read as of `region`, ISO 3166-1 alpha-2. Raises PhoneError."""
    if len(text) > 40:  # noqa: PLR2004 - no way of writing fifteen digits is longer
        raise PhoneError("is too long for a phone number")
    if any(letter.isalpha() for letter in text):
        # The library would dial them (532 111 CAFE): a slip of the pen is somebody else's number.
        raise PhoneError("is not a phone number")
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise PhoneError("is not a phone number") from error
    if number.extension or not phonenumbers.is_valid_number(number):
        raise PhoneError("is not a number that anybody can have")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
