"""Whether a row of a list can prove what it says, by itself, whatever the ledger holds. Pure."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError

from app.accounts.directory import BusinessAccount
from app.accounts.topics import UNKNOWN_TOPIC, UNKNOWN_TOPIC_TOLD
from app.consent.fold import Act
from app.consent.imports.columns import Column, act_called
from app.consent.imports.moments import moment_in
from app.consent.imports.reading import Row
from app.consent.phones import PhoneError, normalize_phone
from app.consent.rules import ALL_TOPICS
from app.consent.schemas import Actor, Bsuid, IpAddress, Language, Line, Strict, Topic, is_staff
from app.consent.sources import WITH_STAFF
from app.consent.wording import missing_in
from app.core.problems import field_errors

_SEPARATORS = str.maketrans("|,;/", "    ")
"""Between topics of one cell."""


class Given(Strict):
    """What a list may say about each act; and for the whole list, where its rows say nothing."""

    original_source: Annotated[Line, Field(max_length=120)] | None = None
    """Where the customer agreed: one of the sources of the ledger, or the business's own word for it."""
    place: Annotated[Line, Field(max_length=300)] | None = None
    wording: Annotated[str, Field(min_length=1, max_length=4000, pattern=r"^[^\x00]*$")] | None = None
    wording_version: Annotated[Line, Field(max_length=60)] | None = None
    language: Language | None = None
    topics: list[Topic] = Field(default=[ALL_TOPICS], min_length=1, max_length=50)


class _Checked(Given):
    """The cells of a row, but for those that are read by hand."""

    bsuid: Bsuid | None = None
    actor: Actor = "customer"
    name: Annotated[Line, Field(max_length=100)] | None = None
    address: IpAddress | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row is refused. The message repeats nothing personal."""

    column: Column | None
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """A row that could be recorded."""

    line: int
    kind: str
    """`phone` or `bsuid`."""
    value: str
    act: Act
    topics: tuple[str, ...]
    occurred_at: datetime
    original_source: str | None
    place: str | None
    actor: str
    wording: str | None
    wording_version: str | None
    language: str | None
    name: str | None
    address: str | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        at = datetime.fromisoformat(told["occurred_at"])
        return cls(**{**told, "act": Act(told["act"]), "topics": tuple(told["topics"]), "occurred_at": at})

    def digests(self, import_id: UUID) -> dict[str, bytes]:
        """By topic, by what it is known whether another row says something of the same contact and topic."""
        return {
            topic: hashlib.blake2b(
                f"{self.kind}:{self.value}\n{topic}".encode(), digest_size=16, key=import_id.bytes
            ).digest()
            for topic in self.topics
        }


class Judge:
    """Of the rows of one list. Remembers what it said of wordings, which are few."""

    def __init__(
        self,
        business: BusinessAccount,
        columns: Sequence[Column],
        given: Given,
        topics: Collection[str],
        now: datetime,
    ) -> None:
        """`topics`: those that the business may name."""
        self._business = business
        self._columns = columns
        self._given = {name: value for name, value in given.model_dump().items() if value is not None}
        self._topics = topics
        self._zone = ZoneInfo(business.time_zone)
        self._now = now
        self._wordings: dict[str | None, tuple[str, str] | None] = {}

    def judge(self, row: Row) -> JudgedRow | Fault:
        if len(row.cells) > len(self._columns):
            told = f"has {len(row.cells)} cells, and the header {len(self._columns)}; is a delimiter not in quotes?"
            return Fault(None, "too_many_cells", told)
        cells = {column: text for column, cell in zip(self._columns, row.cells, strict=False) if (text := cell.strip())}
        try:
            return self._judged(row.line, cells)
        except _RefusedError as refused:
            return refused.fault

    def _judged(self, line: int, cells: dict[Column, str]) -> JudgedRow:
        act = self._act(cells)
        checked = self._checked(cells)
        kind, value = self._contact(cells, checked)
        occurred_at = self._occurred_at(cells, act)
        if act is Act.OPT_IN:
            self._must_prove(checked)
        given = checked.model_dump(exclude={"bsuid", "topics"})
        return JudgedRow(line, kind, value, act, tuple(dict.fromkeys(checked.topics)), occurred_at=occurred_at, **given)

    def _act(self, cells: Mapping[Column, str]) -> Act:
        if Column.ACT not in cells:
            return Act.OPT_IN
        act = act_called(cells[Column.ACT])
        if act is None:
            raise _RefusedError(Column.ACT, "unknown_act", "must be opt_in (onay) or opt_out (ret)")
        return act

    def _checked(self, cells: Mapping[Column, str]) -> _Checked:
        own: dict[str, Any] = {column.value: text for column, text in cells.items() if column in _CHECKED}
        if Column.TOPICS in cells:
            own["topics"] = cells[Column.TOPICS].translate(_SEPARATORS).split()
        if Column.LANGUAGE in own:
            own["language"] = _language(own["language"])
        try:
            checked = _Checked.model_validate({**self._given, **own})
        except ValidationError as error:
            details = error.errors(include_url=False, include_context=False, include_input=False)
            (fault, *_) = field_errors(details)
            column = Column(str(details[0]["loc"][0]))
            raise _RefusedError(column, fault.code, fault.message) from error
        if not all(topic in self._topics for topic in checked.topics):
            raise _RefusedError(Column.TOPICS, UNKNOWN_TOPIC, UNKNOWN_TOPIC_TOLD)
        return checked

    def _contact(self, cells: Mapping[Column, str], checked: _Checked) -> tuple[str, str]:
        phone = cells.get(Column.PHONE)
        if (phone is None) == (checked.bsuid is None):
            said = "gives neither phone nor bsuid" if phone is None else "gives both phone and bsuid"
            raise _RefusedError(Column.PHONE, "contact", said)
        if phone is None:
            return "bsuid", checked.bsuid or ""
        try:
            return "phone", normalize_phone(phone, self._business.country)
        except PhoneError as error:
            raise _RefusedError(Column.PHONE, "phone", str(error)) from error

    def _occurred_at(self, cells: Mapping[Column, str], act: Act) -> datetime:
        """A date alone is read against sending: a refusal counts to the end of its day."""
        text = cells.get(Column.OCCURRED_AT)
        if text is None and act is Act.OPT_OUT:
            return self._now
        if text is None:
            raise _RefusedError(Column.OCCURRED_AT, "date_missing", "an opt-in needs the day on which it was given")
        try:
            found = moment_in(text, self._zone, ends_day=act is Act.OPT_OUT)
        except (ValueError, OverflowError) as error:
            told = "must be a date such as 2024-05-31, 31.05.2024 14:30 or 2024-05-31T14:30:00+03:00"
            raise _RefusedError(Column.OCCURRED_AT, "date", told) from error
        if found > self._now and act is Act.OPT_OUT and _same_day(found, self._now, self._zone):
            return self._now
        if found > self._now:
            raise _RefusedError(Column.OCCURRED_AT, "in_the_future", "must not lie in the future")
        return found

    def _must_prove(self, checked: _Checked) -> None:
        if checked.original_source is None:
            raise _RefusedError(
                Column.ORIGINAL_SOURCE, "source_missing", "an opt-in needs where it was given: checkout, a form, a shop"
            )
        if checked.original_source in WITH_STAFF and not is_staff(checked.actor):
            told = "an opt-in at a desk or on the phone names who took it: staff:…"
            raise _RefusedError(Column.ACTOR, "staff_missing", told)
        if checked.wording not in self._wordings:
            self._wordings[checked.wording] = missing_in(
                checked.wording, self._business.name, self._business.wording_check
            )
        missing = self._wordings[checked.wording]
        if missing is not None:
            raise _RefusedError(Column.WORDING, *missing)


class _RefusedError(Exception):
    def __init__(self, column: Column | None, code: str, message: str) -> None:
        super().__init__(message)
        self.fault = Fault(column, code, message)


_CHECKED = frozenset(column for column in Column if column.value in _Checked.model_fields and column != Column.TOPICS)


def _language(text: str) -> str:
    """`TR` and `tr-tr` are what people write for `tr` and `tr-TR`."""
    language, joint, region = text.replace("_", "-").partition("-")
    return language.lower() + joint + (region.upper() if len(region) == 2 else region)  # noqa: PLR2004 - a country


def _same_day(one: datetime, other: datetime, zone: ZoneInfo) -> bool:
    return one.astimezone(zone).date() == other.astimezone(zone).date()


@dataclass(frozen=True, slots=True)
class Claim:
    """That a row is the one that counts for its contact and topic."""

    line: int
    occurred_at: datetime
    refuses: bool

    @property
    def rank(self) -> tuple[datetime, bool, int]:
        """What was said last counts; of what was said at once, the refusal; of what is the same, the first line."""
        return self.occurred_at.astimezone(UTC), self.refuses, -self.line


def claims_of(rows: Iterable[JudgedRow], import_id: UUID) -> dict[bytes, Claim]:
    """The best claim among these rows by digest of contact and topic."""
    best: dict[bytes, Claim] = {}
    for row in rows:
        claim = Claim(row.line, row.occurred_at, row.act is Act.OPT_OUT)
        for digest in row.digests(import_id).values():
            if digest not in best or claim.rank > best[digest].rank:
                best[digest] = claim
    return best


def without_lost(row: JudgedRow, winners: Mapping[bytes, int], import_id: UUID) -> JudgedRow | Fault:
    """The row with the topics of which no other row counts more; a fault where none is left."""
    digests = row.digests(import_id)
    kept = tuple(topic for topic, digest in digests.items() if winners[digest] == row.line)
    if not kept:
        (winner, *_) = (winners[digest] for digest in digests.values())
        return Fault(Column.PHONE, "duplicate", f"line {winner} says it of the same contact, and counts")
    return row if kept == row.topics else replace(row, topics=kept)
