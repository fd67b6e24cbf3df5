"""Dates, money, numbers and lists as a reader of the language expects them, by Babel's CLDR data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

from babel.core import Locale, UnknownLocaleError, get_global
from babel.dates import format_date, format_datetime, get_timezone_gmt
from babel.lists import format_list
from babel.numbers import (
    NumberPattern,
    format_decimal,
    format_percent,
    get_currency_symbol,
    get_decimal_symbol,
    get_group_symbol,
    parse_pattern,
)
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Said = TypeVar("Said")

_SHARED_CURRENCIES = frozenset({"XAF", "XCD", "XCG", "XOF", "XPF"})
"""Of those whose code begins with X the ones that people pay with; the others are metals, bonds, and none at all."""

KNOWN_CURRENCIES = frozenset(
    code for code in get_global("all_currencies") if code[0] != "X" or code in _SHARED_CURRENCIES
)

_MINOR_DIGITS = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0,
    "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
    "CLF": 4, "UYW": 4,
}  # fmt: skip
"""Digits after the point by ISO 4217, where they are not two. CLDR's are those in use (none for RSD, IQD, LBP): with
them an amount in minor units would come out a hundredfold."""

_MONEY = {"tr": "#,##0.00 ¤"}

_DATE = {"tr": "d MMMM y EEEE", "en": "EEEE, d MMMM y"}
_DEFAULT_DATE = "d MMMM y"
_TIME = "HH:mm"

_MORE = {"tr": "{} tane daha", "en": "{} more"}


def minor_digits(currency: str) -> int:
    """How many digits an amount in the currency has after the point."""
    return _MINOR_DIGITS.get(currency, 2)


def _known_currency(code: str) -> str:
    if code not in KNOWN_CURRENCIES:
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


def day(value: date, language: str) -> str:
    """Day, month in words and weekday."""
    return format_date(value, _DATE.get(_base(language), _DEFAULT_DATE), locale=_locale(language))


def date_time(moment: datetime, time_zone: str, language: str, reader_zone: str | None = None) -> str:
    """Day, month in words, weekday and 24-hour time, on the clock of `time_zone`; with its distance from Greenwich
    where the reader's own clock shows another time."""
    form = f"{_DATE.get(_base(language), _DEFAULT_DATE)}, {_TIME}"
    written = format_datetime(moment, form, tzinfo=ZoneInfo(time_zone), locale=_locale(language))
    return written + _zone(moment, time_zone, language, reader_zone)


def clock_time(moment: datetime, time_zone: str, language: str, reader_zone: str | None = None) -> str:
    """As `date_time`, without the day."""
    written = format_datetime(moment, _TIME, tzinfo=ZoneInfo(time_zone), locale=_locale(language))
    return written + _zone(moment, time_zone, language, reader_zone)


def _zone(moment: datetime, time_zone: str, language: str, reader_zone: str | None) -> str:
    there = moment.astimezone(ZoneInfo(time_zone))
    if reader_zone is None or there.utcoffset() == moment.astimezone(ZoneInfo(reader_zone)).utcoffset():
        return ""
    return f" ({get_timezone_gmt(there, locale=_locale(language))})"


def number(value: Decimal | int, language: str) -> str:
    return format_decimal(value, locale=_locale(language))


def percentage(value: Decimal | int, language: str) -> str:
    """Of a hundred: 80 is %80 in Turkish."""
    return format_percent(Decimal(value) / 100, locale=_locale(language), decimal_quantization=False)


def counted(count: int, forms: Mapping[str, Mapping[str, str]], language: str) -> str:
    """A number with its noun; `forms` by language and plural category of CLDR, with `{}` for the number."""
    locale = _locale(language)
    by_category = in_language(forms, language)
    return by_category.get(locale.plural_form(count), by_category["other"]).format(number(count, language))


def listing(items: Sequence[str], language: str, *, most: int = 3, more: Mapping[str, str] = _MORE) -> str:
    """All of a short list; of a long one the first, and how many more there are."""
    locale = _locale(language)
    if len(items) <= most:
        return str(format_list(items, locale=locale))
    shown, rest = items[: most - 1], len(items) - most + 1
    form = in_language(more, language)
    return str(format_list([*shown, form.format(number(rest, language))], locale=locale))


def in_language(texts: Mapping[str, Said], language: str) -> Said:
    """A template may exist in a language that its event type does not speak: then English, or any, goes into it."""
    known = (one for one in (language, _base(language), "en") if one in texts)
    return texts[next(known, next(iter(texts)))]


def _base(language: str) -> str:
    return language.replace("-", "_").split("_", maxsplit=1)[0]


@lru_cache(maxsize=1000)
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")  # of Meta's languages a few are not in CLDR as Meta spells them (prs_AF)
