"""What the page's address asks for. What it says wrongly is left out: an address is edited by hand, too. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal, TypeVar, cast, get_args
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from app.analytics.asked import Asked, By
from app.analytics.buckets import Bucket
from app.analytics.consents.asked import AskedConsents, ConsentBy
from app.analytics.conversions.asked import AskedConversions, ConversionBy
from app.console.navigation import PATH
from app.core.ids import parse_id

FIGURES = f"{PATH}/figures"

Kind = Literal["delivery", "engagement", "conversion", "cost", "consent"]
Period = Literal["today", "7", "30", "90", "custom"]
Width = Literal["auto", "hour", "day", "week", "month"]
Choice = TypeVar("Choice")

KINDS: tuple[Kind, ...] = get_args(Kind)
PERIODS: tuple[Period, ...] = get_args(Period)
WIDTHS: tuple[Width, ...] = get_args(Width)

_OF_MESSAGES: tuple[str, ...] = get_args(By)

BYS: Mapping[Kind, tuple[str, ...]] = {
    "delivery": _OF_MESSAGES,
    "engagement": _OF_MESSAGES,
    "conversion": get_args(ConversionBy),
    "cost": _OF_MESSAGES,
    "consent": get_args(ConsentBy),
}
"""What each kind can be told apart by; the first where nothing is asked for."""

FILTERS = ("event_type", "template", "language", "sender", "type", "source", "place", "topic", "link")
"""What rows can be narrowed down to, as far as their kind is told apart by it."""

_DAYS: Mapping[Period, int] = {"today": 1, "7": 7, "30": 30, "90": 90}
_LONGEST = timedelta(days=5 * 365)
_BARS_MOST = 400
"""In one chart."""
_PER_DAY: Mapping[Bucket, float] = {"hour": 24, "day": 1, "week": 1 / 7, "month": 1 / 30}
_VALUE_MOST = 200


@dataclass(frozen=True, slots=True)
class Question:
    kind: Kind
    period: Period
    since: date
    until: date
    """The last day that is shown."""
    width: Width
    by: str | None
    """One of those of the kind."""
    filters: Mapping[str, str]
    """By name, the one value of which rows must be."""

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    @property
    def bucket(self) -> Bucket:
        """As wide as is asked for, unless that would make too many of them."""
        wanted: Bucket = _fitting(self.days) if self.width == "auto" else self.width
        order: list[Bucket] = list(_PER_DAY)
        fits = [one for one, per_day in _PER_DAY.items() if self.days * per_day <= _BARS_MOST]
        return max(wanted, fits[0], key=order.index) if fits else "month"

    @property
    def chosen(self) -> Mapping[str, str]:
        """The filters that mean something to this kind."""
        return {name: value for name, value in self.filters.items() if name in BYS[self.kind]}

    def over_time(self) -> Any:
        return self._asked(self.bucket, ())

    def broken_down(self) -> Any | None:
        return self._asked("none", (self.by,)) if self.by is not None else None

    def as_table(self) -> Any:
        """With all that is on the page, for a spreadsheet."""
        return self._asked(self.bucket, (self.by,) if self.by is not None else ())

    def _asked(self, bucket: Bucket, by: tuple[str, ...]) -> Asked | AskedConversions | AskedConsents:
        """As the figures of the kind are asked for."""
        if self.kind == "consent":
            return AskedConsents(
                since=self.since,
                until=self.until,
                bucket=bucket,
                by=cast("tuple[ConsentBy, ...]", by),
                sources=self._only("source"),
                places=self._only("place"),
                links=self._ids("link", "lnk"),
                topics=self._only("topic"),
            )
        of_messages = Asked(
            since=self.since,
            until=self.until,
            bucket=bucket,
            by=() if self.kind == "conversion" else cast("tuple[By, ...]", by),
            event_types=self._only("event_type"),
            templates=self._only("template"),
            languages=self._only("language"),
            senders=self._ids("sender", "snd"),
        )
        if self.kind == "conversion":
            return AskedConversions(of_messages, cast("tuple[ConversionBy, ...]", by), self.filters.get("type"))
        return of_messages

    def _only(self, name: str) -> tuple[str, ...]:
        return (self.filters[name],) if name in self.filters else ()

    def _ids(self, name: str, prefix: str) -> tuple[UUID, ...]:
        return tuple(found for one in self._only(name) if (found := parse_id(prefix, one)) is not None)

    def query(self) -> dict[str, str]:
        told: dict[str, str] = {"kind": self.kind, "period": self.period, "bucket": self.width}
        if self.period == "custom":
            told |= {"from": self.since.isoformat(), "to": self.until.isoformat()}
        told["by"] = self.by or ""
        return told | dict(self.filters)

    def url(self, path: str = FIGURES) -> str:
        return f"{path}?{urlencode(self.query())}"

    def of_kind(self, kind: Kind) -> "Question":
        by = self.by if self.by is None or self.by in BYS[kind] else BYS[kind][0]
        return replace(self, kind=kind, by=by)

    def within(self, name: str, value: str) -> "Question":
        """Only of rows with this value, told apart by something else than it."""
        bys = BYS[self.kind]
        following = next((one for one in bys if one != name and one not in self.filters), None)
        return replace(self, filters={**self.filters, name: value}, by=following if self.by == name else self.by)

    def without(self, name: str) -> "Question":
        return replace(self, filters={key: value for key, value in self.filters.items() if key != name})


def question_in(told: Mapping[str, str], now: datetime, zone: ZoneInfo) -> Question:
    today = now.astimezone(zone).date()
    period: Period = _one_of(told.get("period"), PERIODS, "30")
    since, until = today - timedelta(days=_DAYS.get(period, 30) - 1), today
    if period == "custom":
        since, until = _day(told.get("from")) or since, _day(told.get("to")) or until
        if since > until:
            since, until = until, since
        since = max(since, until - _LONGEST)
    kind: Kind = _one_of(told.get("kind"), KINDS, "delivery")
    by = told.get("by")
    return Question(
        kind=kind,
        period=period,
        since=since,
        until=until,
        width=_one_of(told.get("bucket"), WIDTHS, "auto"),
        by=None if by == "" else _one_of(by, BYS[kind], BYS[kind][0]),
        filters={
            name: value for name in FILTERS if (value := told.get(name, "").replace("\x00", "").strip()[:_VALUE_MOST])
        },
    )


def _one_of(given: str | None, known: Sequence[Choice], otherwise: Choice) -> Choice:
    return next((one for one in known if one == given), otherwise)


def _day(text: str | None) -> date | None:
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2999 else None  # noqa: PLR2004 - within what zones and tables know


def _fitting(days: int) -> Bucket:
    if days <= 2:  # noqa: PLR2004 - as many hours as one sees at a glance
        return "hour"
    return next(cast("Bucket", one) for most, one in ((100, "day"), (500, "week"), (10**6, "month")) if days <= most)
