"""Dates and money as a reader of the language expects them, by Babel's CLDR data."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo

from babel.core import Locale, UnknownLocaleError, get_global
from babel.dates import format_datetime
from babel.numbers import NumberPattern, get_currency_symbol, get_decimal_symbol, get_group_symbol, parse_pattern
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_KNOWN_CURRENCIES = frozenset(get_global("all_currencies"))

_MINOR_DIGITS = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0,
    "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
    "CLF": 4, "UYW": 4,
}  # fmt: skip
"""Digits after the point by ISO 4217, where they are not two. CLDR's are those in use (none for RSD, IQD, LBP): with
them an amount in minor units would come out a hundredfold."""

_MONEY = {"tr": "#,##0.00 ¤"}

_DATE_TIME = {"tr": "d MMMM y EEEE, HH:mm", "en": "EEEE, d MMMM y, HH:mm"}
_DEFAULT_DATE_TIME = "d MMMM y, HH:mm"


def _known_currency(code: str) -> str:
    if code not in _KNOWN_CURRENCIES:
        raise ValueError("must be an ISO 4217 currency")
    return code


class Money(BaseModel):
    """An amount in the minor unit of its currency (kuruş, cent): 129990 TRY is 1.299,90 ₺."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    amount: int = Field(ge=0, le=10**15, strict=True, examples=[129990])
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$"), AfterValidator(_known_currency)] = Field(examples=["TRY"])


def money(value: Money, language: str) -> str:
    form = _money_form(value.currency, language)
    if form is None:
        return _money_by_library(value, language)
    whole, minor = divmod(value.amount, 10**form.digits)
    fraction = f"{form.point}{minor:0{form.digits}}" if form.digits else ""
    return f"{form.before}{f'{whole:,}'.replace(',', form.separator)}{fraction}{form.after}"


@dataclass(frozen=True, slots=True)
class _MoneyForm:
    """What surrounds the digits of an amount: to ask the library for it takes ten times as long as to write it."""

    before: str
    after: str
    separator: str
    """Of thousands."""
    point: str
    digits: int


@lru_cache(maxsize=1000)
def _money_form(currency: str, language: str) -> _MoneyForm | None:
    """As the library writes nought; nothing where digits are not grouped by threes, as in India."""
    locale = _locale(language)
    digits = _MINOR_DIGITS.get(currency, 2)
    point, separator = get_decimal_symbol(locale), get_group_symbol(locale)
    nought = f"0{point}{'0' * digits}" if digits else "0"
    before, found, after = _money_by_library(Money(amount=0, currency=currency), language).partition(nought)
    by_threes = _money_pattern(currency, locale).grouping == (3, 3)
    return _MoneyForm(before, after, separator, point, digits) if found and by_threes else None


def _money_by_library(value: Money, language: str) -> str:
    locale = _locale(language)
    amount = Decimal(value.amount).scaleb(-_MINOR_DIGITS.get(value.currency, 2))
    pattern = _money_pattern(value.currency, locale)
    return str(pattern.apply(amount, locale, currency=value.currency, currency_digits=False))


@lru_cache(maxsize=1000)
def _money_pattern(currency: str, locale: Locale) -> NumberPattern:
    digits = _MINOR_DIGITS.get(currency, 2)
    form = _MONEY.get(locale.language, locale.currency_formats["standard"].pattern)
    if get_currency_symbol(currency, locale)[-1].isalpha():
        form = form.replace("¤#", "¤ #")  # CLDR's spacing between letters and digits, which Babel leaves out
    return parse_pattern(form.replace(".00", "." + "0" * digits if digits else ""))


def date_time(moment: datetime, time_zone: str, language: str) -> str:
    """Day, month in words, weekday and 24-hour time, on the clock of `time_zone`."""
    form = _DATE_TIME.get(language.split("_", maxsplit=1)[0], _DEFAULT_DATE_TIME)
    return format_datetime(moment, form, tzinfo=ZoneInfo(time_zone), locale=_locale(language))


@lru_cache(maxsize=1000)
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")  # of Meta's languages a few are not in CLDR as Meta spells them (prs_AF)
