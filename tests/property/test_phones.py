"""The short way of reading phone numbers gives what the library gives, for every country."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneMetadata, PhoneNumberFormat, PhoneNumberType

from app.consent import phones
from app.consent.phones import PhoneError, normalize_phone

CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


def _by_library(text: str) -> str | None:
    try:
        return phones._parsed.__wrapped__(text, "TR")
    except PhoneError:
        return None


def _normalized(text: str) -> str | None:
    try:
        return normalize_phone(text, "TR")
    except PhoneError:
        return None


def _examples() -> list[str]:
    """A valid number of every kind and country that the library has an example of."""
    found = [
        phonenumbers.example_number_for_type(region, kind)
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        for kind in PhoneNumberType.values()
    ]
    return sorted({phonenumbers.format_number(one, PhoneNumberFormat.E164) for one in found if one is not None})


EXAMPLES = _examples()


@given(st.sampled_from(EXAMPLES), st.data())
def test_numbers_near_a_valid_one_are_read_as_the_library_reads_them(number: str, data: st.DataObject) -> None:
    digits = list(number[1:])
    for _ in range(data.draw(st.integers(0, 4))):
        digits[data.draw(st.integers(0, len(digits) - 1))] = data.draw(st.sampled_from("0123456789"))
    end = data.draw(st.sampled_from(["", "", "", "0", "7", "12"]))
    cut = data.draw(st.integers(0, 2))
    text = "+" + "".join(digits[: len(digits) - cut]) + end
    assert _normalized(text) == _by_library(text)


@given(st.sampled_from(CODES), st.text("0123456789", min_size=3, max_size=14))
def test_any_digits_after_a_calling_code_are_read_as_the_library_reads_them(code: int, digits: str) -> None:
    text = f"+{code}{digits}"
    assert _normalized(text) == _by_library(text)


def test_the_short_way_is_taken_for_most() -> None:
    one_country = [
        number
        for number in EXAMPLES
        if len(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[phonenumbers.parse(number).country_code]) == 1
    ]
    assert sum(map(phones._is_valid_e164, one_country)) > 0.85 * len(one_country)


@pytest.mark.parametrize("text", ["+905321112233\n", "+\uff1905321112233", "+90 5321112233", "905321112233", "+9", ""])
def test_only_plain_e164_takes_the_short_way(text: str) -> None:
    assert not phones._is_valid_e164(text)


def test_every_kind_of_number_is_known() -> None:
    """A kind that a later version of the library adds would make numbers valid that the short way refuses to judge."""
    metadata = PhoneMetadata.metadata_for_region("TR", None)
    described = {name for name, value in vars(metadata).items() if isinstance(value, phonenumbers.PhoneNumberDesc)}
    assert described <= {*phones._KINDS, "general_desc", "no_international_dialling"}
