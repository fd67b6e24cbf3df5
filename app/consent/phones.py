"""Phone numbers: whatever a person of the business's country would write, as E.164."""

import re
from functools import cache, lru_cache

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

_E164 = re.compile(r"\+([1-9][0-9]{6,14})")
_KINDS = (
    "premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail", "fixed_line",
    "mobile",
)  # fmt: skip
"""What makes a number valid in the library's eyes: that it is of one of these kinds."""


class PhoneError(ValueError):
    """Not a phone number that could receive a message."""


def normalize_phone(text: str, region: str) -> str:
    """E.164. National forms (0532 111 22 33) are read as of `region`, ISO 3166-1 alpha-2. Raises PhoneError."""
    return text if _is_valid_e164(text) else _parsed(text, region)


def _is_valid_e164(text: str) -> bool:
    """Whether the library would surely give the text back as it is: most are, and to ask it takes 30 times as long."""
    written = _E164.fullmatch(text)
    if written is None:
        return False
    digits = written[1]
    for length in (1, 2, 3):  # no calling code is the beginning of another
        code = int(digits[:length])
        if code in COUNTRY_CODE_TO_REGION_CODE:
            pattern = _national_numbers(code)
            return pattern is not None and pattern.fullmatch(digits, length) is not None
    return False


@cache
def _national_numbers(code: int) -> re.Pattern[str] | None:
    """The valid numbers of a calling code by the library's own patterns; nothing where those are not the whole story
    (several countries share the code). Left to the library: what begins with a zero or may begin with a prefix."""
    regions = COUNTRY_CODE_TO_REGION_CODE[code]
    metadata = PhoneMetadata.metadata_for_region(regions[0], None) if len(regions) == 1 else None
    if metadata is None:
        return None
    prefix = metadata.national_prefix_for_parsing
    kinds = [desc for kind in _KINDS if (desc := getattr(metadata, kind)) and desc.national_number_pattern]
    valid = "|".join(f"{_lengths(desc)}(?:{desc.national_number_pattern})" for desc in kinds)
    general = metadata.general_desc
    if general is None:
        return None
    begins = f"(?!0{f'|(?:{prefix})' if prefix else ''})"
    return re.compile(f"{begins}(?={_lengths(general)}(?:{general.national_number_pattern})$)(?:{valid})")


def _lengths(desc: phonenumbers.PhoneNumberDesc) -> str:
    return f"(?={'|'.join(f'[0-9]{{{length}}}$' for length in desc.possible_length)})" if desc.possible_length else ""


@lru_cache(maxsize=65_536)
def _parsed(text: str, region: str) -> str:
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
