"""Amounts are written as the library writes them, in every language and currency."""

from babel.localedata import locale_identifiers
from hypothesis import given
from hypothesis import strategies as st

from app.events import formatting
from app.events.formatting import KNOWN_CURRENCIES, Money, money

amounts = st.one_of(st.integers(0, 10**15), st.integers(0, 200_000))


@given(amounts, st.sampled_from(sorted(KNOWN_CURRENCIES)), st.sampled_from(sorted(locale_identifiers())))
def test_amounts_are_written_as_the_library_writes_them(amount: int, currency: str, language: str) -> None:
    value = Money(amount=amount, currency=currency)
    assert money(value, language) == formatting._money_by_library(value, language)
