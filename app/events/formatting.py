"""Dates and money as a reader of the language expects them, by Babel's CLDR data."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo

from babel.core import get_global
from babel.dates import format_datetime
from babel.numbers import format_currency, get_currency_precision
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_KNOWN_CURRENCIES = frozenset(get_global("all_currencies"))

_DATE_TIME = {"tr": "d MMMM y EEEE, HH:mm", "en": "EEEE, d MMMM y, HH:mm"}
_DEFAULT_DATE_TIME = "d MMMM y, HH:mm"


def _known_currency(code: str) -> str:
    if code not in _KNOWN_CURRENCIES:
        raise ValueError("must be an ISO 4217 currency")
    return code


class Money(BaseModel):
    """An amount in the minor unit of its currency (kuruş, cent): 129990 TRY is 1.299,90 ₺."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    amount: int = Field(ge=0, le=10**15, examples=[129990])
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$"), AfterValidator(_known_currency)] = Field(examples=["TRY"])


def money(value: Money, language: str) -> str:
    digits = get_currency_precision(value.currency)
    return format_currency(Decimal(value.amount).scaleb(-digits), value.currency, locale=_locale(language))


def date_time(moment: datetime, time_zone: str, language: str) -> str:
    """Day, month in words, weekday and 24-hour time, on the clock of `time_zone`."""
    form = _DATE_TIME.get(language.split("_", maxsplit=1)[0], _DEFAULT_DATE_TIME)
    return format_datetime(moment, form, tzinfo=ZoneInfo(time_zone), locale=_locale(language))


def _locale(language: str) -> str:
    return language.replace("-", "_")
