"""Numbers, money and times as people read them, in their language and the business's time zone. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.numbers import format_compact_decimal, format_currency, format_decimal, format_percent

from app.core.languages import OurLanguage

_NOTHING = "–"
_LOCALES = {"tr": "tr_TR", "en": "en_GB"}
_SHORT_FROM = 100_000
_JUST_NOW = timedelta(seconds=45)


@dataclass(frozen=True, slots=True)
class Formats:
    language: OurLanguage
    zone: ZoneInfo
    now: datetime

    @property
    def _locale(self) -> str:
        return _LOCALES[self.language]

    def number(self, value: float | Decimal | None) -> str:
        return _NOTHING if value is None else format_decimal(value, locale=self._locale)

    def short(self, value: float | None) -> str:
        """Of great numbers about how much it is."""
        if value is None or value < _SHORT_FROM:
            return self.number(value)
        return format_compact_decimal(value, fraction_digits=1, locale=self._locale)

    def percent(self, share: float | None, digits: int = 1) -> str:
        if share is None:
            return _NOTHING
        pattern = {"tr": "%#,##0.", "en": "#,##0."}[self.language] + "#" * digits + {"tr": "", "en": "%"}[self.language]
        return format_percent(share, format=pattern.replace(".%", "%").rstrip("."), locale=self._locale)

    def money(self, amount: float | Decimal | None, currency: str) -> str:
        """`amount` in the currency's units."""
        return _NOTHING if amount is None else format_currency(amount, currency, locale=self._locale)

    def day(self, moment: datetime | date | None) -> str:
        if moment is None:
            return _NOTHING
        local = moment.astimezone(self.zone).date() if isinstance(moment, datetime) else moment
        return format_date(local, "d MMM y", locale=self._locale)

    def moment(self, moment: datetime | None) -> str:
        """To the minute; today's without their date."""
        if moment is None:
            return _NOTHING
        local = moment.astimezone(self.zone)
        today = self.now.astimezone(self.zone).date()
        if local.date() == today:
            return format_time(local.time(), "HH:mm", locale=self._locale)
        pattern = "d MMM HH:mm" if local.year == today.year else "d MMM y HH:mm"
        return format_datetime(local, pattern, locale=self._locale)

    def exactly(self, moment: datetime | None) -> str:
        """To the second, with its date."""
        if moment is None:
            return _NOTHING
        return format_datetime(moment.astimezone(self.zone), "d MMM y HH:mm:ss", locale=self._locale)

    def ago(self, moment: datetime | None) -> str:
        """How long ago, or in how long."""
        if moment is None:
            return _NOTHING
        since = moment - self.now
        if abs(since) < _JUST_NOW:
            return {"tr": "az önce", "en": "just now"}[self.language] if since <= timedelta(0) else self._soon()
        return format_timedelta(since, add_direction=True, locale=self._locale)

    def lasting(self, duration: timedelta | None) -> str:
        return _NOTHING if duration is None else format_timedelta(duration, locale=self._locale)

    def _soon(self) -> str:
        return {"tr": "birazdan", "en": "any moment"}[self.language]
