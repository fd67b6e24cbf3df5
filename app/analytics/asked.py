"""What is asked of figures: from when to when, in which buckets, by what, and of which messages only."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from app.analytics.buckets import SLOT, Bucket, is_on_slot, midnight, starts_of
from app.consent.schemas import no_control_characters
from app.core.ids import parse_id
from app.core.moments import Moment, within_the_calendar
from app.core.problems import FieldError, InvalidRequest

By = Literal["event_type", "template", "variant", "language", "sender"]

DAYS_BY_DEFAULT = 30
YEARS_MOST = 5
ROWS_MOST = 5_000
"""In one answer."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)


def _day_or_moment(given: object) -> date | datetime:
    if isinstance(given, str) and _DAY.fullmatch(given):
        try:
            found = date.fromisoformat(given)
        except ValueError as error:
            raise PydanticCustomError("date", "is not a day of the calendar") from error
        within_the_calendar(datetime.combine(found, time(), UTC))
        return found
    try:
        return _MOMENT.validate_python(given)
    except ValidationError as error:
        text = "must be a day such as 2026-11-24, or an RFC 3339 time such as 2026-11-24T14:30:00+03:00"
        raise PydanticCustomError("date_or_time", text) from error


DayOrMoment = Annotated[
    date | datetime,
    PlainValidator(_day_or_moment),
    WithJsonSchema({"type": "string", "examples": ["2026-11-01", "2026-11-24T14:30:00+03:00"]}),
]


Plain = Annotated[str, AfterValidator(no_control_characters)]


class TimesQuery(BaseModel):
    """Parameters that all figures take."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    since: DayOrMoment | None = Field(
        default=None,
        alias="from",
        description="A day on the business's clock, or a moment on a quarter of an hour. By default so that 30 days "
        "are shown",
    )
    until: DayOrMoment | None = Field(
        default=None,
        alias="to",
        description="A day, which is shown, too, or a moment, up to which is shown. By default today",
    )
    bucket: Bucket = Field(
        default="none",
        description="What each row is of, on the business's clock: an `hour`, a `day`, a `week` from its Monday, a "
        "`month`; `none` for all the time in one",
    )
    format: Literal["json", "csv"] | None = Field(
        default=None, description="`csv` like the header `Accept: text/csv`: the same rows as a table"
    )


class FiguresQuery(TimesQuery):
    """Parameters that all figures of messages take."""

    by: list[By] = Field(
        default=[],
        max_length=3,
        description="What rows are told apart by, up to three. `variant` is an arm of an experiment",
    )
    event_type: list[Plain] = Field(default=[], max_length=50, description="Only of these")
    template: list[Plain] = Field(default=[], max_length=50, description="Only with these templates, by name")
    language: list[Plain] = Field(default=[], max_length=50, description="Only in these languages")
    sender: list[Plain] = Field(default=[], max_length=50, description="Only from these numbers, `snd_…`")
    experiment: str | None = Field(default=None, description="Only of the arms of this one, `exp_…`")
    arm: list[Plain] = Field(default=[], max_length=50, description="Only of these arms")

    def asked(self) -> "Asked":
        """Raises InvalidRequest."""
        return Asked(
            since=self.since,
            until=self.until,
            bucket=self.bucket,
            by=tuple(dict.fromkeys(self.by)),
            event_types=tuple(self.event_type),
            templates=tuple(self.template),
            languages=tuple(self.language),
            senders=tuple(_id("snd", "sender", one) for one in self.sender),
            experiment=_id("exp", "experiment", self.experiment) if self.experiment is not None else None,
            arms=tuple(self.arm),
        )


def _id(prefix: str, parameter: str, given: str) -> UUID:
    found = parse_id(prefix, given)
    if found is None:
        raise refusal(parameter, "id", f"must be an id that begins with {prefix}_")
    return found


def refusal(parameter: str, code: str, message: str) -> InvalidRequest:
    return InvalidRequest.from_faults([FieldError(parameter=parameter, code=code, message=message)])


@dataclass(frozen=True, slots=True)
class Asked:
    since: date | datetime | None = None
    """A day on the business's clock, from its beginning, or a moment."""
    until: date | datetime | None = None
    """A day, with its end, or a moment."""
    bucket: Bucket = "none"
    by: tuple[By, ...] = ()
    event_types: Sequence[str] = ()
    templates: Sequence[str] = ()
    languages: Sequence[str] = ()
    senders: Sequence[UUID] = ()
    experiment: UUID | None = None
    arms: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """The time that is asked for, on the business's clock, cut into buckets."""

    zone: ZoneInfo
    since: datetime
    until: datetime
    bucket: Bucket
    starts: Sequence[datetime] = field(default=())
    """Of the buckets, on the business's clock; the first one's may be cut."""

    @property
    def buckets(self) -> list[tuple[datetime, datetime]]:
        return list(pairwise([*self.starts, self.until]))


def window_of(asked: Asked, time_zone: str, now: datetime) -> Window:
    """Raises InvalidRequest."""
    zone = ZoneInfo(time_zone)
    today = now.astimezone(zone).date()
    until = _moment("to", asked.until if asked.until is not None else today, zone, is_end=True)
    if asked.since is not None:
        since = _moment("from", asked.since, zone)
    else:
        last = (until.astimezone(UTC) - SLOT).astimezone(zone).date()
        since = midnight(last - timedelta(days=DAYS_BY_DEFAULT - 1), zone)
    # On one clock moments are compared by what it shows, which in an hour that comes twice says nothing of their order.
    length = until.astimezone(UTC) - since.astimezone(UTC)
    if length <= timedelta():
        raise refusal("to", "empty", "must lie after `from`")
    if length > timedelta(days=366 * YEARS_MOST):
        raise refusal("from", "too_long", f"must lie at most {YEARS_MOST} years before `to`")
    starts = starts_of(asked.bucket, since, until, zone, most=ROWS_MOST)
    if starts is None:
        raise too_many_rows()
    return Window(zone, since, until, asked.bucket, starts)


def too_many_rows() -> InvalidRequest:
    return refusal(
        "bucket",
        "too_many_rows",
        f"makes more than {ROWS_MOST} rows: ask for less time, wider buckets, fewer dimensions in `by`, or filter",
    )


def _moment(parameter: str, given: date | datetime, zone: ZoneInfo, *, is_end: bool = False) -> datetime:
    if not isinstance(given, datetime):
        return midnight(given + timedelta(days=1) if is_end else given, zone)
    if not is_on_slot(given):
        raise refusal(
            parameter, "quarter", "must be a day, or a moment on a quarter of an hour: figures are kept by it"
        )
    return given.astimezone(zone)


def group_columns(by: Sequence[By]) -> list[str]:
    """Of the tables of figures."""
    return [column for one in by for column in _COLUMNS[one]]


_COLUMNS: dict[By, Sequence[str]] = {
    "event_type": ["event_type"],
    "template": ["template_name"],
    "variant": ["experiment_id", "arm"],
    "language": ["language"],
    "sender": ["sender_id"],
}


def filters_of(asked: Asked) -> dict[str, list[Any]]:
    """By column, the values of which one must stand in a row."""
    wanted: dict[str, list[Any]] = {
        "event_type": list(asked.event_types),
        "template_name": list(asked.templates),
        "language": list(asked.languages),
        "sender_id": list(asked.senders),
        "experiment_id": [asked.experiment] if asked.experiment is not None else [],
        "arm": list(asked.arms),
    }
    return {column: values for column, values in wanted.items() if values}
